"""Filling depth where nothing was measured: what is hidden takes its farther neighbour, what moves stands on the ground."""

import cv2
import numpy as np

from .port import F32, Bool

_SMALL_SHARE = 0.002


def fill(inverse: F32, seen: Bool) -> F32:
    """`inverse` float32 [h, w] with every pixel that is not `seen` bool [h, w] given a depth.

    Small gaps take the farther of what is left and right of them (they are mostly what another frame hid); large ones are
    taken for upright things and get the inverse depth of the ground at their feet.
    """
    filled = _sideways(inverse, seen)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~seen).astype(np.uint8), connectivity=8)
    for n in range(1, count):
        x, y, w, h, area = stats[n]
        if area < _SMALL_SHARE * inverse.size:
            continue
        feet = min(y + h, inverse.shape[0] - 1)
        below = inverse[feet : feet + 3, x : x + w][seen[feet : feet + 3, x : x + w]]
        if below.size:
            part = labels[y : y + h, x : x + w] == n
            filled[y : y + h, x : x + w][part] = np.maximum(filled[y : y + h, x : x + w][part], np.median(below))
    return filled


def _sideways(inverse: F32, seen: Bool) -> F32:
    """Each gap of a row takes the smaller (farther) of its two ends; rows with nothing take the row above."""
    height, width = inverse.shape
    at = np.arange(width)
    left = np.maximum.accumulate(np.where(seen, at, -1), axis=1)
    right = np.minimum.accumulate(np.where(seen, at, width)[:, ::-1], axis=1)[:, ::-1]
    rows = np.arange(height)[:, None]
    a = np.where(left >= 0, inverse[rows, np.maximum(left, 0)], np.inf)
    b = np.where(right < width, inverse[rows, np.minimum(right, width - 1)], np.inf)
    found = np.minimum(a, b)
    bare = np.logical_not(np.isfinite(found).any(axis=1))
    known = np.flatnonzero(~bare)
    if not len(known):
        return np.zeros_like(inverse)
    nearest = known[np.abs(known[None] - np.arange(height)[:, None]).argmin(axis=1)]
    return np.asarray(np.where(bare[:, None], found[nearest], found), np.float32)
