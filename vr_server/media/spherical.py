"""Say in an mp4 that its picture is a whole sphere, so that players turn it with the viewer; and read what one says.

Both of the descriptions in use are written: the `st3d` and `sv3d` boxes in the sample entry (Spherical Video V2) and the
XMP in a `uuid` box of the track (Spherical Video V1.1), https://github.com/google/spatial-media/tree/master/docs.
PyAV offers no way to give a stream its spherical mapping, so the boxes are put into the finished file.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import ClipProjection

_UUID_V1 = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")
_XMP = (
    '<?xml version="1.0"?><rdf:SphericalVideo xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:GSpherical="http://ns.google.com/videos/1.0/spherical/"><GSpherical:Spherical>true</GSpherical:Spherical>'
    "<GSpherical:Stitched>true</GSpherical:Stitched>"
    "<GSpherical:StitchingSoftware>vr-previs</GSpherical:StitchingSoftware>"
    "<GSpherical:ProjectionType>equirectangular</GSpherical:ProjectionType></rdf:SphericalVideo>"
)
_TO_SAMPLES = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_STSD_HEAD, _VISUAL_ENTRY_HEAD = 16, 86  # box header, version and count; box header and VisualSampleEntry
_HEAD = 8
_MOST_INDEX, _MOST_XMP = 8 << 20, 1 << 16


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    end: int


def mark_equirectangular(path: Path) -> None:
    """Rewrite the mp4 at `path` with its first track marked as a monoscopic equirectangular sphere.

    Raise InvalidMedia when it is no mp4 with one track.
    """
    data = bytearray(path.read_bytes())
    way = _way(data)
    sample = _only(data, way[-1], b"stsd")
    (entry,) = _boxes(data, sample.start + _STSD_HEAD, sample.end) or (None,)
    if entry is None:
        raise InvalidMedia(f"{path.name} has no picture that could be marked as a sphere.")
    # later places first, so that earlier ones stay where they were found
    inner, outer = _v2(), _box(b"uuid", _UUID_V1 + _XMP.encode())
    trak = way[1]
    first_chunk = _chunk_offset_places(data, way[-1])
    moved = len(inner) + len(outer) if way[0].start < _only_top(data, b"mdat").start else 0
    for place in first_chunk:
        _add(data, place, moved)
    grown = {trak.start: len(outer), entry.start: len(inner), sample.start: len(inner)}
    for box in way:
        grown[box.start] = grown.get(box.start, 0) + len(inner) + (len(outer) if box is way[0] else 0)
    for start, more in grown.items():
        _add(data, start, more)
    data[trak.end : trak.end] = outer
    data[entry.end : entry.end] = inner
    path.write_bytes(data)


def told_projection(path: Path) -> ClipProjection | None:
    """What the mp4 at `path` says of its picture: `equirectangular` where it is a whole sphere, None where it says nothing.

    Reads the index only, and no more of it than `_MOST_INDEX`. Raise InvalidMedia with one line for a sphere that cannot be
    layered: stereoscopic, cropped, a cube map or a mesh. A file that is no mp4 says nothing.
    """
    data = _index_of(path)
    inner = data.find(b"sv3d")
    if inner < 0:
        xmp = data.find(_UUID_V1)
        words = bytes(data[xmp : xmp + _MOST_XMP]) if xmp >= 0 else b""
        if b"<GSpherical:Spherical>true" not in words:
            return None
        if b"<GSpherical:StereoMode>" in words and b"<GSpherical:StereoMode>mono" not in words:
            raise InvalidMedia(f"{path.name} is stereoscopic: give one eye's picture.")
        return "equirectangular"
    stereo = data.find(b"st3d")
    if stereo >= 0 and stereo + 9 <= len(data) and data[stereo + 8] != 0:
        raise InvalidMedia(f"{path.name} is stereoscopic: give one eye's picture.")
    whole = data.find(b"equi", inner)
    if whole < 0:
        raise InvalidMedia(f"{path.name} is a cube map or a mesh: make it equirectangular first.")
    if any(data[whole + 8 : whole + 24]):
        raise InvalidMedia(
            f"{path.name} shows a part of the sphere only: make it a whole equirectangular picture first."
        )
    return "equirectangular"


def _index_of(path: Path) -> bytes:
    """The moov box of an mp4; nothing where there is none or it is too large to be one."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            at = 0
            while at + _HEAD <= size:
                file.seek(at)
                head = file.read(16)
                length, kind = struct.unpack(">I4s", head[:_HEAD])
                if length == 1 and len(head) == 16:
                    (length,) = struct.unpack(">Q", head[_HEAD:])
                length = length or size - at
                if length < _HEAD:
                    return b""
                if kind == b"moov":
                    file.seek(at)
                    return file.read(min(length, _MOST_INDEX))
                at += length
    except FileNotFoundError as error:
        raise InvalidMedia(f"{path.name} is missing.") from error
    except OSError as error:
        raise InvalidMedia(f"{path.name} cannot be read.") from error
    return b""


def _v2() -> bytes:
    mono = _box(b"st3d", bytes(4) + b"\0")
    head = _box(b"svhd", bytes(4) + b"vr-previs\0")
    pose = _box(b"prhd", bytes(4) + bytes(12))
    whole = _box(b"equi", bytes(4) + bytes(16))
    return mono + _box(b"sv3d", head + _box(b"proj", pose + whole))


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", _HEAD + len(body), kind) + body


def _boxes(data: bytearray, start: int, end: int) -> list[_Box]:
    return list(_walk(data, start, end))


def _walk(data: bytearray, start: int, end: int) -> Iterator[_Box]:
    while start + _HEAD <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start + _HEAD)
        stop = start + size if size else end
        if stop > end or stop <= start:
            raise InvalidMedia("The mp4 is cut short or damaged.")
        yield _Box(bytes(kind), start, stop)
        start = stop


def _only_top(data: bytearray, kind: bytes) -> _Box:
    return _found(_boxes(data, 0, len(data)), kind)


def _only(data: bytearray, parent: _Box, kind: bytes) -> _Box:
    return _found(_boxes(data, parent.start + _HEAD, parent.end), kind)


def _found(boxes: list[_Box], kind: bytes) -> _Box:
    found = [box for box in boxes if box.kind == kind]
    if len(found) != 1:
        raise InvalidMedia(f"An mp4 with one {kind.decode('latin-1')} was expected, not {len(found)}.")
    return found[0]


def _way(data: bytearray) -> list[_Box]:
    """The boxes from moov down to stbl."""
    way = [_only_top(data, _TO_SAMPLES[0])]
    for kind in _TO_SAMPLES[1:]:
        way.append(_only(data, way[-1], kind))
    return way


def _chunk_offset_places(data: bytearray, samples: _Box) -> list[int]:
    """Where in the file the 32-bit chunk offsets stand."""
    table = _only(data, samples, b"stco")
    (count,) = struct.unpack_from(">I", data, table.start + 12)
    return [table.start + 16 + 4 * n for n in range(count)]


def _add(data: bytearray, place: int, more: int) -> None:
    (old,) = struct.unpack_from(">I", data, place)
    struct.pack_into(">I", data, place, old + more)
