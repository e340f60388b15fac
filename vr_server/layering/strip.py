"""The strip that tells a frame who it is: barcode and grey patches, drawn in luma (domain/manifest.py)."""

import zlib
from functools import cache

import numpy as np
import numpy.typing as npt

from vr_server.domain.manifest import Barcode, Calibration

U8 = npt.NDArray[np.uint8]
_BLACK, _WHITE = 16, 235


@cache
def _crc8(data: bytes) -> int:
    """CRC-8, polynomial 0x07, initial value 0."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc


def barcode_word(frame: int, tag: int) -> int:
    """``frame (16) | tag (8) | crc8 (8)``."""
    head = frame.to_bytes(2, "big") + bytes([tag])
    return int.from_bytes(head + bytes([_crc8(head)]), "big")


def rendition_tag(take_id: str, width_px: int, height_px: int) -> int:
    """0..255: tells a take's renditions (and most other takes) apart on the wire."""
    return zlib.crc32(f"{take_id} {width_px}x{height_px}".encode()) & 0xFF


def draw_calibration(luma: U8, calibration: Calibration) -> None:
    """Fill the grey patches into `luma`, the atlas's Y plane."""
    for (x, y, w, h), value in zip(calibration.rects, calibration.luma, strict=True):
        luma[y : y + h, x : x + w] = value


def draw_barcode(luma: U8, barcode: Barcode, frame: int) -> None:
    """Write the word of `frame` into `luma`: the upper row as it is, the lower row inverted."""
    word, cell = barcode_word(frame, barcode.tag), barcode.cell
    bits = np.array([word >> (barcode.bits - 1 - i) & 1 for i in range(barcode.bits)], np.uint8)
    row = np.repeat(np.where(bits, _WHITE, _BLACK).astype(np.uint8), cell)
    x, y = barcode.rect[:2]
    luma[y : y + cell, x : x + row.size] = row
    luma[y + cell : y + 2 * cell, x : x + row.size] = _WHITE + _BLACK - row


def read_word(luma: U8, barcode: Barcode) -> int:
    """The 32 bits as they stand, unchecked: each is its upper cell's mean against its lower cell's."""
    x, y = barcode.rect[:2]
    cell, inner = barcode.cell, slice(2, barcode.cell - 2)
    block = luma[y : y + 2 * cell, x : x + barcode.bits * cell].astype(np.int32)
    cells = block.reshape(2, cell, barcode.bits, cell)[:, inner, :, inner].mean(axis=(1, 3))
    return int("".join("1" if up > low else "0" for up, low in zip(cells[0], cells[1], strict=True)), 2)


def read_barcode(luma: U8, barcode: Barcode) -> int | None:
    """The frame number that the picture says, or None when crc or tag do not hold."""
    word = read_word(luma, barcode)
    frame = word >> 16
    return frame if word == barcode_word(frame, barcode.tag) else None


def read_levels(luma: U8, calibration: Calibration) -> tuple[float, float]:
    """Gain and offset that bring decoded luma back to the luma written (least squares over the patches)."""
    seen = [float(luma[y + 4 : y + h - 4, x + 4 : x + w - 4].mean()) for x, y, w, h in calibration.rects]
    gain, offset = np.polyfit(seen, calibration.luma, 1)
    return float(gain), float(offset)
