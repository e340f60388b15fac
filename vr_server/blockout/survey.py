"""A first look over a shot, small and quick: how near, how far, and where shadows will be seen."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np

from vr_server.domain.frame import CameraPose

from .camera import view_of
from .geometry import Geometry
from .jit import F64
from .lens import Lens
from .raster import NEAR_M
from .renderer import Rasteriser, Survey
from .workers import Workers

FRAMES = 9
HEIGHT_PX = 96
SHADOW_REACH_M = 160.0
"""Beyond this distance from the camera nothing needs a shadow of its own."""
_LEAST_MARGIN, _MOST_MARGIN = 0.06, 0.3
"""Shares of what is nearest by which something may come nearer between two frames that were looked at."""
_CLOSER_LOOKS = 8
_GAP_S = 0.15
"""Within so short a time nothing comes nearer by more than the least margin."""


def survey(geometry: Geometry, cameras: tuple[CameraPose, ...], fps: Fraction, lens: Lens, workers: Workers) -> Survey:
    """Look at `FRAMES` frames spread over the shot, at more of them where what is nearest changes."""
    surveyor = _Surveyor(geometry, cameras, fps, lens, workers)
    count = len(cameras)
    lows = {}
    for k in range(FRAMES):
        index = round(k * (count - 1) / (FRAMES - 1))
        if index not in lows:
            lows[index] = surveyor.look(index)
    if not surveyor.high_m:
        return Survey(0.5, 100.0, np.zeros((1, 3)), np.zeros((1, 3)))
    points, distances = np.concatenate(surveyor.points), np.concatenate(surveyor.distances)
    near_m = max(_near(surveyor, lows, round(fps * _GAP_S)), NEAR_M)
    if not len(points):
        points, distances = geometry.positions[:1].astype(np.float64), np.ones(1)
    split = max(
        float(np.quantile(distances, 0.6)), 6.0
    )  # the near map covers what is near half of the picture's points
    near_points = points[distances <= split] if (distances <= split).any() else points
    return Survey(near_m, surveyor.high_m * 1.25, near_points, points)


class _Surveyor:
    """Draws frames small and remembers what they showed: the farthest depth, world points and their depths."""

    def __init__(
        self, geometry: Geometry, cameras: tuple[CameraPose, ...], fps: Fraction, lens: Lens, workers: Workers
    ) -> None:
        self._geometry, self._cameras, self._fps, self._lens = geometry, cameras, fps, lens
        self._height = HEIGHT_PX
        self._width = max(16, round(HEIGHT_PX * lens.drawn_size[0] / lens.drawn_size[1]))
        self._raster = Rasteriser(geometry, self._width, self._height, ((0.0, 0.0),), workers)
        self.high_m = 0.0
        self.points: list[F64] = []
        self.distances: list[F64] = []

    def look(self, index: int) -> float:
        """Depth of what is nearest in frame `index`, metres; infinite where there is only sky."""
        self._geometry.move(float(index / self._fps))
        low = math.inf
        y, x = np.mgrid[0 : self._height : 2, 0 : self._width : 2]
        for eye in self._lens.eyes(self._cameras[index]):
            view = view_of(eye, self._width, self._height)
            self._raster.draw(view)
            inverse = self._raster.inverse[0]
            hit = inverse > 0
            if not hit.any():
                continue
            low = min(low, 1.0 / float(inverse[hit].max()))
            self.high_m = max(self.high_m, 1.0 / float(inverse[hit].min()))
            sub = inverse[::2, ::2]
            sub_hit = sub > 1.0 / SHADOW_REACH_M
            z = 1.0 / sub[sub_hit].astype(np.float64)
            f, cx, cy = view.lens
            local = np.stack([(x[sub_hit] - cx) / f * z, (cy - y[sub_hit]) / f * z, z], axis=1)
            self.points.append(local @ view.rows + view.origin)
            self.distances.append(z)
        return low


def _near(surveyor: _Surveyor, lows: dict[int, float], gap: int) -> float:
    """A bound of how near anything comes, metres, of what is nearest in some frames; looks at more where that changes.

    The less it changes from one frame looked at to the next, the less can have come nearer in between. Depth is coded over
    this range, so that a margin of 30 % where 6 do costs a quarter of its precision; what all the same comes nearer for a
    moment (debris, a swinging arm) is kept at the bound.
    """
    looks_left = _CLOSER_LOOKS
    while True:
        between = {
            (a, b): min(lows[a], lows[b]) - _change(lows[a], lows[b]) / 2
            for a, b in pairwise(sorted(lows))
            if b - a > gap
        }
        low = min(lows.values())
        bound, pair = min(((between[pair], pair) for pair in between), default=(low, (0, 0)))
        if bound >= low * (1 - _LEAST_MARGIN):
            return low * (1 - _LEAST_MARGIN)
        if not looks_left:
            return max(bound, low * (1 - _MOST_MARGIN))
        looks_left -= 1
        middle = sum(pair) // 2
        lows[middle] = surveyor.look(middle)


def _change(a: float, b: float) -> float:
    """How much the nearest thing changes; from the sky to a thing it comes from out of the picture."""
    return abs(a - b) if math.isfinite(a) and math.isfinite(b) else 0.0
