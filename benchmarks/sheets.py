"""Contact sheets: pictures in a grid with captions in any script that an installed font can draw."""

import functools
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

U8 = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont

PAPER, INK, DIM, GOOD, BAD = (24, 24, 26), (236, 236, 232), (150, 150, 150), (120, 200, 130), (240, 120, 100)
_GAP_PX = 6
_KNOWN_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)


@dataclass(frozen=True)
class Line:
    text: str
    colour: Colour = INK


def han_font() -> Path | None:
    """A font that draws Chinese: what fontconfig offers, else one of the usual places; None where there is none."""
    if tool := shutil.which("fc-list"):
        listed = subprocess.run([tool, ":lang=zh-cn", "file"], capture_output=True, text=True, check=False).stdout
        found = sorted(line.rstrip(": ") for line in listed.splitlines() if line.strip())
        # a plain weight reads best when it is small
        found.sort(key=lambda path: "regular" not in path.lower())
        if found:
            return Path(found[0])
    return next((path for name in _KNOWN_FONTS if (path := Path(name)).is_file()), None)


def _plain(size_px: int) -> Font:
    font = ImageFont.load_default(size_px)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow was built without FreeType"
    return font


@functools.cache
def _fonts(size_px: int) -> tuple[Font, Font | None]:
    """The plain font, and the Chinese one where there is one."""
    path = han_font()
    return _plain(size_px), ImageFont.truetype(str(path), size_px) if path else None


def _runs(text: str, size_px: int) -> list[tuple[str, Font]]:
    """The text in runs of one font each: plain for Latin, the Chinese one for the rest (it may have no Latin)."""
    plain, han = _fonts(size_px)
    runs: list[tuple[str, Font]] = []
    for c in text:
        font = han if han is not None and ord(c) > 0x2E7F else plain
        if runs and runs[-1][1] is font:
            runs[-1] = (runs[-1][0] + c, font)
        else:
            runs.append((c, font))
    return runs


def _length(text: str, size_px: int) -> float:
    return sum(font.getlength(run) for run, font in _runs(text, size_px))


def wrapped(text: str, size_px: int, width_px: int) -> list[str]:
    """The text in lines no wider than `width_px`, broken at spaces or between Chinese characters."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and _length(line + piece.rstrip(), size_px) > width_px:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    pieces, word = [], ""
    for c in text:
        word += c
        if c == " " or ord(c) > 0x2E80:
            pieces.append(word)
            word = ""
    return [*pieces, word] if word else pieces


def sheet(pictures: Sequence[U8], columns: int, head: Sequence[Line], foot: Sequence[Line] = ()) -> U8:
    """Pictures of one size, uint8 [h, w, 3], in rows of `columns`, captions above and below: uint8 [h', w', 3]."""
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    full = columns * width + (columns + 1) * _GAP_PX
    above, below = _caption(head, full, 20), _caption(foot, full, 15)
    canvas = np.full((rows * height + (rows + 1) * _GAP_PX, full, 3), PAPER, np.uint8)
    for n, picture in enumerate(pictures):
        y, x = _GAP_PX + n // columns * (height + _GAP_PX), _GAP_PX + n % columns * (width + _GAP_PX)
        canvas[y : y + height, x : x + width] = picture
    return np.concatenate([part for part in (above, canvas, below) if len(part)])


def _caption(lines: Sequence[Line], width_px: int, size_px: int) -> U8:
    if not lines:
        return np.empty((0, width_px, 3), np.uint8)
    laid = [(text, line.colour) for line in lines for text in wrapped(line.text, size_px, width_px - 4 * _GAP_PX)]
    step = round(size_px * 1.35)
    image = Image.new("RGB", (width_px, step * len(laid) + 2 * _GAP_PX), PAPER)
    draw = ImageDraw.Draw(image)
    for n, (text, colour) in enumerate(laid):
        x = 2.0 * _GAP_PX
        for run, font in _runs(text, size_px):
            draw.text((x, _GAP_PX + n * step + size_px), run, font=font, fill=colour, anchor="ls")
            x += font.getlength(run)
    return np.asarray(image)


def save(picture: U8, path: Path) -> None:
    Image.fromarray(picture).save(path, optimize=False, compress_level=4)


def shrunk(picture: U8, width_px: int) -> U8:
    """The picture `width_px` wide, uint8 [h, w, 3]."""
    image = Image.fromarray(picture)
    return np.asarray(image.resize((width_px, round(image.height * width_px / image.width)), Image.Resampling.BOX))
