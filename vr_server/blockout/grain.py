"""The grain of ground and walls: a small table of noise that repeats, since a table is cheaper than arithmetic."""

import math
from functools import lru_cache

import numpy as np

from .jit import F32, part

CELLS = 64
"""Waves until the table repeats."""
PER_CELL = 8
SIDE = CELLS * PER_CELL


@part
def grained(table: F32, u: float, v: float) -> float:
    """Two octaves of noise about 0 at (u, v), in waves; `table` float32 [SIDE + 1, SIDE + 1]."""
    x, y = u * PER_CELL, v * PER_CELL
    left, top = math.floor(x), math.floor(y)
    ix, iy = int(left) & (SIDE - 1), int(top) & (SIDE - 1)
    fx, fy = x - left, y - top
    a, b = table[iy, ix], table[iy, ix + 1]
    c, d = table[iy + 1, ix], table[iy + 1, ix + 1]
    upper = a + (b - a) * fx
    return float(upper + (c + (d - c) * fx - upper) * fy)


def _octave(rng: np.random.Generator, cells: int) -> F32:
    """Value noise -0.5..0.5 of `cells` waves over the table, float32 [SIDE, SIDE], without a seam."""
    lattice = rng.uniform(-0.5, 0.5, (cells, cells))
    at = np.arange(SIDE) * cells / SIDE
    low = at.astype(np.int64)
    k = at - low
    k = k * k * (3 - 2 * k)
    high = (low + 1) % cells
    rows = lattice[low] * (1 - k[:, None]) + lattice[high] * k[:, None]
    return np.asarray(rows[:, low] * (1 - k) + rows[:, high] * k, dtype=np.float32)


@lru_cache(maxsize=1)
def grain_table() -> F32:
    """float32 [SIDE + 1, SIDE + 1], last row and column as the first; the same every time."""
    rng = np.random.default_rng(5)
    table = 0.16 * _octave(rng, CELLS) + 0.15 * _octave(rng, 3 * CELLS)
    return np.ascontiguousarray(np.pad(table, ((0, 1), (0, 1)), mode="wrap"), dtype=np.float32)
