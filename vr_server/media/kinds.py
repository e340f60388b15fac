"""What a file is by its first bytes, where it cannot be opened as a video: one line that says what is wrong with it."""

import struct
from pathlib import Path

from vr_server.domain.errors import InvalidMedia

CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,obu,ivf,ogg,flv,asf,mxf,gif,apng,"
    "image2,png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe"
)
"""FFmpeg's names of what may be opened: containers that hold their pictures themselves. Playlists (hls, dash, concat) and
session descriptions name other files and hosts, which a stranger's file must not make anybody read."""

_HEAD_BYTES = 512
_POINTERS = (
    b"#EXTM3U",
    b"ffconcat",
    b"<?xml",
    b"<MPD",
    b"<smil",
    b"v=0",
    b"[playlist]",
    b"[Reference]",
    b"[InternetShortcut]",
)
_MP4_BOXES = frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"sidx"})
_MATROSKA = b"\x1a\x45\xdf\xa3"
_MOST_BOXES = 4096


def why_no_video(path: Path) -> str:
    """One line on a file that no container could be found in."""
    try:
        head = _head(path)
    except OSError as error:
        return f"{path.name} cannot be read: {error.strerror or error}."
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"#!"):
        return f"{path.name} is not a video but a script."
    if start.startswith(_POINTERS):
        return f"{path.name} is not a video but a list that names others: give the video itself."
    if not any(head):
        return f"{path.name} is not a video: it begins with nothing but zeros."
    if is_mp4(head):
        return cut_short(path) or f"{path.name} is a damaged mp4: its index cannot be read."
    if head.startswith(_MATROSKA):
        return f"{path.name} is cut short or damaged: its Matroska header cannot be read."
    if _is_text(head):
        return f"{path.name} is not a video but text."
    return f"{path.name} is not a video of a kind that can be read."


def is_mp4(head: bytes) -> bool:
    """Whether a file that begins so is an mp4 or a mov."""
    return head[4:8] in _MP4_BOXES


def cut_short(path: Path) -> str | None:
    """One line where `path` is an mp4 or a mov of which the end is missing."""
    try:
        walk_boxes(path)
    except InvalidMedia as error:
        return str(error) if is_mp4(_head(path)) else None
    return None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def walk_boxes(path: Path) -> None:
    """An mp4's top-level boxes must fill the file exactly (ISO/IEC 14496-12, 4.2); a cut file's last one does not.

    Raise InvalidMedia with one line where they do not, where there is no index, or where it begins with anything else.
    """
    size = path.stat().st_size
    kinds: list[bytes] = []
    with path.open("rb") as file:
        at = 0
        while at < size and len(kinds) < _MOST_BOXES:
            file.seek(at)
            head = file.read(16)
            if len(head) < 8:
                raise InvalidMedia(f"{path.name} is cut short.")
            length, kind = struct.unpack(">I4s", head[:8])
            if not kinds and kind not in _MP4_BOXES:
                raise InvalidMedia(f"{path.name} is no mp4.")
            if length == 1 and len(head) == 16:
                length = struct.unpack(">Q", head[8:])[0]
            elif length == 0:  # to the end of the file
                length = size - at
            if length < 8 or at + length > size:
                raise InvalidMedia(
                    f"{path.name} is cut short: its {kind.decode('latin-1')!r} box ends beyond the file."
                )
            kinds.append(kind)
            at += length
    if b"moov" not in kinds:
        raise InvalidMedia(f"{path.name} is cut short: it has no index.")


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # not just a letter that the head ends in
            return False
        text = head[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter in "\t\r\n\f" for letter in text)
