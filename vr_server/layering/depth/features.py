"""Corner tracks through a clip: what camera estimation reads."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from .flow import grey
from .port import F32, F64, U8, Bool

LONG_SIDE_PX = 640
"""Pictures are tracked at this size: enough for a tenth of a pixel, cheap enough for every frame."""
_MOST, _FEWEST = 500, 280
_ROUND_TRIP_PX = 0.7
_WINDOW_PX, _LEVELS = (17, 17), 3


@dataclass(frozen=True, slots=True)
class Tracks:
    """`xy`: float32 [n, m, 2], place of m points in n frames in px of the tracked size; nan where a point is not seen.

    `width_px`, `height_px`: that size.
    """

    xy: F32
    width_px: int
    height_px: int

    def both(self, first: int, second: int) -> tuple[F64, F64, npt.NDArray[np.intp]]:
        """Places float64 [k, 2] in two frames of the points seen in both, and their numbers."""
        seen: Bool = np.isfinite(self.xy[first, :, 0]) & np.isfinite(self.xy[second, :, 0])
        which = np.flatnonzero(seen)
        return self.xy[first, which].astype(np.float64), self.xy[second, which].astype(np.float64), which


def tracked_size(width_px: int, height_px: int) -> tuple[int, int]:
    scale = min(1.0, LONG_SIDE_PX / max(width_px, height_px))
    return max(2, round(width_px * scale)), max(2, round(height_px * scale))


def track(pictures: Iterable[U8], width_px: int, height_px: int) -> Tracks:
    """Follow corners from frame to frame; a point that cannot be followed back to where it came from is let go."""
    size = tracked_size(width_px, height_px)
    rows: list[dict[int, tuple[float, float]]] = []
    points: F32 = np.zeros((0, 2), np.float32)
    names: list[int] = []
    born = 0
    last: U8 | None = None
    for picture in pictures:
        shown = grey(picture, size)
        if last is not None and len(points):
            points, kept = _followed(last, shown, points)
            names = [name for name, keep in zip(names, kept, strict=True) if keep]
            points = points[kept]
        if len(points) < _FEWEST:
            fresh = _corners(shown, points)
            names += range(born, born + len(fresh))
            born += len(fresh)
            points = np.concatenate([points, fresh])
        rows.append({name: (float(x), float(y)) for name, (x, y) in zip(names, points, strict=True)})
        last = shown
    xy = np.full((len(rows), born, 2), np.nan, np.float32)
    for n, row in enumerate(rows):
        if row:
            xy[n, list(row)] = list(row.values())
    return Tracks(xy, *size)


def _followed(last: U8, shown: U8, points: F32) -> tuple[F32, Bool]:
    guess = points.copy()
    there, ok, _ = cv2.calcOpticalFlowPyrLK(last, shown, points, guess, None, None, _WINDOW_PX, _LEVELS)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(shown, last, there, points.copy(), None, None, _WINDOW_PX, _LEVELS)
    height, width = shown.shape
    near = np.linalg.norm(back - points, axis=1) < _ROUND_TRIP_PX
    inside = (there[:, 0] >= 0) & (there[:, 1] >= 0) & (there[:, 0] < width) & (there[:, 1] < height)
    kept: Bool = (ok.ravel() > 0) & (ok_back.ravel() > 0) & near & inside
    return np.asarray(there, np.float32), kept


def _corners(shown: U8, taken: F32) -> F32:
    """New corners away from those that are followed already, float32 [k, 2]."""
    mask = np.full(shown.shape, 255, np.uint8)
    for x, y in taken:
        cv2.circle(mask, (int(x), int(y)), 9, 0, -1)
    found = cv2.goodFeaturesToTrack(shown, _MOST - len(taken), 0.008, 9, mask=mask)
    return np.zeros((0, 2), np.float32) if found is None else np.asarray(found, np.float32).reshape(-1, 2)
