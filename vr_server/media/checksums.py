"""Damage in lossless planes: FFV1 of version 3 ends every slice with a checksum, over which libavcodec only grumbles.

A slice ends with its own length (24 bits), a status (8 bits) and a CRC-32 (RFC 9043, 4.9): the checksum of a whole slice,
its own included, is 0.
"""

import zlib
from pathlib import Path

from vr_server.domain.errors import InvalidMedia

from .codec import open_video

_FOOTER = 8
_STARTS = (0, 0x7A8C4079)
"""What the CRC starts from: 0, or since version 4 of the error correction this."""
_MIRRORED = bytes(int(f"{n:08b}"[::-1], 2) for n in range(256))


def check_planes(path: Path) -> None:
    """Raise InvalidMedia with one line where a packet of an FFV1 file is damaged. A file without checksums passes."""
    with open_video(path) as (container, stream):
        if stream.codec_context.name != "ffv1":
            return
        whole = [intact(bytes(packet)) for packet in container.demux(stream) if packet.size]
    if any(whole) and not all(whole):
        raise InvalidMedia(f"{path.name} is damaged at frame {whole.index(False)}: its checksum is wrong.")


def intact(packet: bytes) -> bool:
    """Whether every slice of an FFV1 packet has the checksum that it says."""
    end = len(packet)
    while end > 0:
        length = int.from_bytes(packet[end - _FOOTER : end - _FOOTER + 3], "big") + _FOOTER
        if length > end or end < _FOOTER:
            return False
        part = packet[end - length : end].translate(_MIRRORED)
        if all(_crc(part, start) for start in _STARTS):
            return False
        end -= length
    return True


def _crc(mirrored: bytes, start: int) -> int:
    """The most-significant-bit-first CRC-32 without inversions, mirrored, which zlib has the other way round."""
    first = int(f"{start:032b}"[::-1], 2)
    return zlib.crc32(mirrored, first ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
