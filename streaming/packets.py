"""A packet log: annex-B access units of one video, appended while it is baked and read while it grows.

File layout, little-endian: the magic ``VRPK0001``, then per access unit a 12-byte head
(``u32 length, u32 frame, u8 flags, 3 bytes zero``) and the payload. Flag 1: keyframe. Flag 2: the clip ends
with this record (length 0). A record that is cut short is simply not there yet.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

MAGIC = b"VRPK0001"
_HEAD = struct.Struct("<IIB3x")
_KEY = 1
_END = 2
_RECORD_LIMIT_BYTES = 16 * 1024 * 1024


class PacketLogError(ValueError):
    """The file is not a packet log, or it was written out of order."""


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded picture, annex B, parameter sets included on keyframes."""

    frame: int
    keyframe: bool
    data: bytes


class PacketWriter:
    """Appends access units in frame order, starting with a keyframe. Flushes at each keyframe and at the end."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._file.write(MAGIC)
        self._next = 0

    def append(self, unit: AccessUnit) -> None:
        """Raise PacketLogError when the frame is not the next one or the first is no keyframe."""
        if unit.frame != self._next or (unit.frame == 0 and not unit.keyframe):
            raise PacketLogError(
                f"expected frame {self._next}{' as a keyframe' if not self._next else ''}, got {unit.frame}"
            )
        if unit.keyframe:
            self._file.flush()
        self._file.write(_HEAD.pack(len(unit.data), unit.frame, _KEY if unit.keyframe else 0))
        self._file.write(unit.data)
        self._next += 1

    def flush(self) -> None:
        self._file.flush()

    def finish(self) -> None:
        """Mark the clip as complete and close."""
        self._file.write(_HEAD.pack(0, self._next, _END))
        self.close()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class PacketReader:
    """Random access to a packet log that may still be growing. Not thread-safe."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._offsets: list[tuple[int, int, bool]] = []  # offset of payload, length, keyframe
        self._position = len(MAGIC)
        self.complete = False
        magic = self._file.read(len(MAGIC))
        if magic != MAGIC[: len(magic)]:
            self._file.close()
            raise PacketLogError(f"{path.name} is not a packet log")
        try:
            self.refresh()
        except PacketLogError:
            self._file.close()
            raise

    def refresh(self) -> int:
        """Index what was appended since; return the number of frames now available."""
        end = self._file.seek(0, 2)
        while not self.complete and self._position + _HEAD.size <= end:
            self._file.seek(self._position)
            length, frame, flags = _HEAD.unpack(self._file.read(_HEAD.size))
            if length > _RECORD_LIMIT_BYTES or frame != len(self._offsets) or flags not in {0, _KEY, _END}:
                raise PacketLogError(f"damaged at byte {self._position}")
            if flags == _END:
                self.complete = True
                break
            payload = self._position + _HEAD.size
            if payload + length > end:
                break
            self._offsets.append((payload, length, bool(flags & _KEY)))
            self._position = payload + length
        return len(self._offsets)

    @property
    def available(self) -> int:
        """Frames indexed so far."""
        return len(self._offsets)

    @property
    def payload_bytes(self) -> int:
        """Coded bytes of the frames indexed so far."""
        return self._position - len(MAGIC) - _HEAD.size * len(self._offsets)

    def read(self, frame: int) -> AccessUnit:
        """Raise IndexError when the frame is not there (yet)."""
        if not 0 <= frame < len(self._offsets):
            raise IndexError(f"frame {frame} of {len(self._offsets)}")
        offset, length, keyframe = self._offsets[frame]
        self._file.seek(offset)
        return AccessUnit(frame, keyframe, self._file.read(length))

    def keyframe_at_or_before(self, frame: int) -> int:
        """The nearest keyframe not after `frame`. Raise IndexError when the frame is not there."""
        if not 0 <= frame < len(self._offsets):
            raise IndexError(f"frame {frame} of {len(self._offsets)}")
        while not self._offsets[frame][2]:
            frame -= 1
        return frame

    def close(self) -> None:
        self._file.close()
