"""Plain block letters as flat boxes, and the labelled stand-in for what nobody has a model of."""

import math
from functools import lru_cache

import cv2
import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import rot_y
from vr_server.staging.scene import Mesh

from .core import Part, box, finish, merge, mix, times
from .shapes import bevelled

_ROWS = 22
_TONES: tuple[Rgb, ...] = (
    (0.16, 0.27, 0.40),
    (0.36, 0.22, 0.14),
    (0.18, 0.32, 0.22),
    (0.34, 0.18, 0.32),
    (0.40, 0.34, 0.14),
    (0.22, 0.22, 0.26),
)
_INK: Rgb = (0.02, 0.02, 0.025)
_CARD: Rgb = (0.78, 0.77, 0.73)


def writable(text: str) -> str:
    """What of `text` the letters can show: printable ASCII in capitals, at most 14 characters; empty for Chinese."""
    kept = "".join(c for c in text.upper() if 32 <= ord(c) < 127).strip()
    return kept[:14] if len(kept) >= 0.6 * len(text.strip()) else ""


def letters(text: str, width_m: float, height_m: float, colour: Rgb) -> Part | None:
    """`text` in the plane z = 0, facing -Z, centred, as large as fits; the strokes of OpenCV's Hershey font (Hershey 1967)
    gathered into boxes. None where nothing can be written."""
    if not text:
        return None
    (w, h), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, _ROWS / 30, 2)
    picture = np.zeros((h + base + 4, w + 4), dtype=np.uint8)
    cv2.putText(picture, text, (2, h + 2), cv2.FONT_HERSHEY_DUPLEX, _ROWS / 30, 255, 2)
    size = min(width_m / picture.shape[1], height_m / picture.shape[0])
    found = []
    for x0, x1, y0, y1 in _rectangles(picture > 127):
        centre = ((picture.shape[1] / 2 - (x0 + x1) / 2) * size, (picture.shape[0] / 2 - (y0 + y1) / 2) * size, 0.0)
        found.append(box(((x1 - x0) * size, (y1 - y0) * size, 0.012), colour, centre))
    return merge(found) if found else None


def _rectangles(ink: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[tuple[int, int, int, int]]:
    """Runs of a row that repeat in the rows below are one rectangle: x0, x1, y0, y1 (ends excluded)."""
    done: list[tuple[int, int, int, int]] = []
    standing: dict[tuple[int, int], int] = {}
    for y in range(len(ink) + 1):
        row = np.zeros(ink.shape[1] + 2, dtype=np.int8)
        if y < len(ink):
            row[1:-1] = ink[y]
        edges = np.flatnonzero(np.diff(row))
        runs = {(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)}
        done += [(*run, top, y) for run, top in standing.items() if run not in runs]
        standing = {run: standing.get(run, y) for run in sorted(runs)}
    return done


@lru_cache(maxsize=64)
def labelled_block(label: str, number: int, size: Vec3) -> tuple[Mesh, ...]:
    """A tidy block of `size` on a plinth; the label on all four sides, or its number where the letters lack its script."""
    w, h, d = size
    tone = _TONES[number % len(_TONES)]
    low = min(0.12 * h, 0.25)
    cut = 0.04 * min(w, h, d)
    parts = [
        bevelled((w, low, d), times(tone, 0.5), (0.0, low / 2, 0.0), cut),
        bevelled((w * 0.92, h - low, d * 0.92), tone, (0.0, (h + low) / 2, 0.0), cut * 1.5),
        bevelled((w * 0.7, 0.02 * h, d * 0.7), mix(tone, _CARD, 0.4), (0.0, h * 0.992, 0.0), cut),
    ]
    text = writable(label) or f"#{number}"
    ink = []
    for i in range(4):
        across, out = (w, d) if i % 2 == 0 else (d, w)
        turn = rot_y(i * math.pi / 2)
        high = min(0.34 * (h - low), 0.5 * across)
        card = box((across * 0.8, high, 0.01), _CARD, (0.0, low + 0.6 * (h - low), -out * 0.46 - 0.004))
        parts.append(card.moved((0.0, 0.0, 0.0), turn))
        written = letters(text, across * 0.72, high * 0.7, _INK)
        if written is not None:
            ink.append(written.moved((0.0, low + 0.6 * (h - low), -out * 0.46 - 0.012)).moved((0.0, 0.0, 0.0), turn))
    return (finish("placeholder", *parts), *((finish("placeholder-label", *ink),) if ink else ()))
