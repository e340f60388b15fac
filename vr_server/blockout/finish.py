"""What a picture gets last and as a whole: glow of what shines, ink outlines, the lens's dark corners, film grain.

It works on codes, after faces of a sphere are joined, so that nothing of it shows a seam.
"""

import math

import cv2
import numpy as np

from .grades import Grade
from .grain import grained
from .jit import F32, F64, U8, U16, kernel, part
from .sky import hash01
from .workers import Workers

BAND = 16
GLOW_FROM = 0.86
"""Codes 0..1 above this spill over."""
_GLOW_TABLE = np.clip((np.arange(256) / 255 - GLOW_FROM) / (1 - GLOW_FROM), 0, 1)
GLOW_TABLE: U8 = np.rint(255 * _GLOW_TABLE * np.arange(256) / 255).astype(np.uint8)
CELL = 8
"""Pixels across one cell of the glow."""
GLOW_RADII = (0.012, 0.05)
"""Standard deviations of the two blurs, as shares of the picture's height."""
GLOW_SHARES = (0.5, 0.6)
INK_REACH_M = 8.0
"""Lines are full up to here and fade with the square of the distance beyond."""


def spill(color: U8, *, around: bool) -> F32:
    """The glow of `color` uint8 [h, w, 3] at an eighth of its size, float32 codes; `around`: the sides meet."""
    h, w = color.shape[:2]
    # what shines is told at half size: a small lamp must not drown in the mean of its cell
    half = np.asarray(cv2.resize(color, (max(w // 2, 1), max(h // 2, 1)), interpolation=cv2.INTER_AREA))
    shining, size = np.asarray(cv2.LUT(half, GLOW_TABLE)), (max(w // CELL, 2), max(h // CELL, 2))
    bright = np.asarray(cv2.resize(shining, size, interpolation=cv2.INTER_AREA)).astype(np.float32)
    wide = min(max(1, round(3 * GLOW_RADII[1] * h / CELL)), bright.shape[1])
    if around:
        bright = np.concatenate([bright[:, -wide:], bright, bright[:, :wide]], axis=1)
    total = np.zeros_like(bright)
    if bright.any():
        for radius, share in zip(GLOW_RADII, GLOW_SHARES, strict=True):
            total += share * np.asarray(cv2.GaussianBlur(bright, (0, 0), max(radius * h / CELL, 0.5)))
    return np.ascontiguousarray(total[:, wide:-wide] if around else total)


@kernel
def outline_rows(depth: F32, ids: U16, y0: int, y1: int, out: F32) -> None:
    """Rows [y0, y1) of the half-size `out` float32: 0..1 where a line is to be drawn.

    On a plane 1/Z is linear in the picture: its second difference tells creases and steps from slopes.
    """
    h, w = depth.shape
    for j in range(y0, y1):
        for i in range(out.shape[1]):
            x, y = min(max(2 * i, 2), w - 3), min(max(2 * j, 2), h - 3)
            here = 1.0 / depth[y, x]
            most = max(here, 1e-4)
            line = 0.0
            for k in range(2):
                dx, dy = (2, 0) if k == 0 else (0, 2)
                a, b = 1.0 / depth[y - dy, x - dx], 1.0 / depth[y + dy, x + dx]
                bend = abs(a + b - 2.0 * here) / max(most, a, b)
                line = max(line, min(bend * 14.0 - 0.35, 1.0))
                if ids[y - dy, x - dx] != ids[y + dy, x + dx]:
                    line = max(line, 0.55)
            # far lines fade into the paper
            near = min(max(most, 1.0 / depth[y - 2, x], 1.0 / depth[y, x - 2]) * INK_REACH_M, 1.0)
            out[j, i] = max(line, 0.0) * near * near


@part
def _between(field: F32, x: float, y: float) -> float:
    h, w = field.shape
    x, y = min(max(x, 0.0), w - 1.001), min(max(y, 0.0), h - 1.001)
    ix, iy = int(x), int(y)
    fx, fy = x - ix, y - iy
    upper = field[iy, ix] + (field[iy, ix + 1] - field[iy, ix]) * fx
    lower = field[iy + 1, ix] + (field[iy + 1, ix + 1] - field[iy + 1, ix]) * fx
    return float(upper + (lower - upper) * fy)


@kernel
def glow_rows(color: U8, glow: F32, share: float, y0: int, y1: int) -> None:
    """Add `share` of `glow` float32 [h / 8, w / 8, 3] (see `spill`) to rows [y0, y1) of `color`, screened.

    Eight pixels lie between the centres of two cells; where neither cell glows there is nothing to do.
    """
    w = color.shape[1]
    gh, gw = glow.shape[0], glow.shape[1]
    for y in range(y0, y1):
        v = min(max((y + 0.5) / CELL - 0.5, 0.0), gh - 1.001)
        j = int(v)
        f = v - j
        for i in range(-1, gw):
            p, q = max(i, 0), min(i + 1, gw - 1)
            for k in range(3):
                left = glow[j, p, k] + (glow[j + 1, p, k] - glow[j, p, k]) * f
                right = glow[j, q, k] + (glow[j + 1, q, k] - glow[j, q, k]) * f
                if left + right < 1.0:
                    continue
                for n in range(CELL):
                    x = CELL * i + CELL // 2 + n
                    if x < 0 or x >= w:
                        continue
                    value = float(color[y, x, k])
                    more = share * (left + (right - left) * ((n + 0.5) / CELL))
                    color[y, x, k] = np.uint8(min(value + more * (1.0 - value * (1.0 / 290.0)), 255.0))


@kernel
def finish_rows(color: U8, lines: F32, table: F32, amounts: F64, frame: int, y0: int, y1: int) -> None:
    """Finish rows [y0, y1) of `color` uint8 [h, w, 3] in place.

    `lines` float32 [h / 2, w / 2], `table`: see `grain.grain_table`; `amounts` float64 [3]: of vignette, grain, ink.
    """
    h, w = color.shape[:2]
    dark, grit, ink = amounts[0], amounts[1] * 255.0, amounts[2]
    reach = 4.0 / (w * w + h * h)
    for y in range(y0, y1):
        for x in range(w):
            keep = 1.0
            if dark > 0.0:
                dx, dy = x + 0.5 - 0.5 * w, y + 0.5 - 0.5 * h
                away = (dx * dx + dy * dy) * reach
                keep = 1.0 - dark * away * (0.35 + 0.65 * away)
            noise = 0.0
            if grit > 0.0:
                noise = grit * 2.45 * (hash01(x + 4099 * frame, y) + hash01(x, y + 3001 * frame + 17) - 1.0)
            if ink > 0.0:
                line = _between(lines, 0.5 * x - 0.25, 0.5 * y - 0.25)
                wet = 0.75 + 1.6 * grained(table, x * 0.02, y * 0.02)
                keep *= 1.0 - ink * min(line * wet, 1.0) * 0.9
                noise += ink * 16.0 * grained(table, x * 0.07, y * 0.07)
            for k in range(3):
                value = color[y, x, k] * keep + noise
                color[y, x, k] = np.uint8(min(max(value, 0.0), 255.0) + 0.499)


class Finish:
    """The last touches of a grade: `apply` changes a picture in place."""

    def __init__(self, grade: Grade, table: F32, *, flat: bool) -> None:
        """`flat`: the picture has corners that a lens would darken; else it is a sphere, whose sides meet."""
        self._flat = flat
        self._table = table
        self._glow = grade.glow
        self._amounts = np.array([grade.vignette if flat else 0.0, grade.grain, grade.ink])

    def apply(self, color: U8, depth: F32, ids: U16, index: int, workers: Workers) -> None:
        """Finish `color` uint8 [h, w, 3] of frame `index`; `depth` and `ids` say where ink draws its lines."""
        h = len(color)
        bands = range(math.ceil(h / BAND))

        def rows(band: int) -> tuple[int, int]:
            return band * BAND, min(band * BAND + BAND, h)

        if self._glow > 0:
            glow = spill(color, around=not self._flat)
            workers.each(lambda band: glow_rows(color, glow, self._glow, *rows(band)), bands)
        if self._amounts.any():
            lines = self._lines(depth, ids, workers) if self._amounts[2] > 0 else np.zeros((2, 2), np.float32)
            workers.each(lambda band: finish_rows(color, lines, self._table, self._amounts, index, *rows(band)), bands)

    def _lines(self, depth: F32, ids: U16, workers: Workers) -> F32:
        h, w = depth.shape[0] // 2, depth.shape[1] // 2
        lines = np.empty((h, w), np.float32)
        workers.each(
            lambda band: outline_rows(depth, ids, band * BAND, min(band * BAND + BAND, h), lines),
            range(math.ceil(h / BAND)),
        )
        soft = np.asarray(cv2.GaussianBlur(lines, (0, 0), max(h / 480, 0.5)))
        return np.ascontiguousarray(np.minimum(1.4 * soft, 1.0), dtype=np.float32)
