"""A small picture that a stranger sent, made one of ours: looked at before it is decoded, and coded anew."""

import struct

import cv2
import numpy as np

_MOST_SIDE_PX = 2048
_SHOWN_PX = 480
_QUALITY = 80
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""JPEG markers that begin a frame and say its size (ITU-T T.81, table B.1)."""


def small_jpeg(data: bytes) -> bytes | None:
    """A JPEG of at most 480 px a side of a JPEG or PNG; None where it is neither, is damaged or says that it is huge.

    Nothing of the file itself is passed on, so that it cannot be two things at once or bring anything along.
    """
    size = size_of(data)
    if size is None or not all(1 <= side <= _MOST_SIDE_PX for side in size):
        return None
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        return None
    height, width = picture.shape[:2]
    scale = min(1.0, _SHOWN_PX / max(width, height))
    if scale < 1:
        shown = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = cv2.resize(picture, shown, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1])


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height that a JPEG's or PNG's head says, px; None for anything else."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
        return width, height
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        if length < 2 or marker in {0xD9, 0xDA}:
            return None
        at += 2 + length
    return None
