"""The ground in a depth of unknown unit: the lowest level plane, how high the camera is over it, what stands on it how tall.

A plane n . p = -h in the camera's frame shows as inverse depth m . ray with m = -n / h and ray = (x, y, -1): linear over the
picture, so that it is fitted to inverse depth itself and one number is left unknown, the unit.
"""

from dataclasses import dataclass

import numpy as np

from .port import F32, F64, Bool

_LOWER = 0.4
"""The ground is looked for below this share of the picture's height."""
_EVERY_PX, _TRIES = 4, 200
_NEAR = 0.04
_LEVEL = 0.75
"""Least cosine between the ground's normal and the picture's up: cameras look up and down, but seldom further."""
_ROLLED = 0.25
_LEAST_SHARE, _MOST_BELOW = 0.2, 0.15


@dataclass(frozen=True, slots=True)
class Level:
    """A ground plane. `normal`: float64 [3], up, in the camera's axes; `height`: the camera's over it, in the depth's unit;
    `share`: of the lower picture that lies on it."""

    normal: F64
    height: float
    share: float


def rays(height: int, width: int, yfov_rad: float) -> F64:
    """Float64 [height, width, 3]: each pixel's ray, z = -1 (WebXR axes)."""
    tan = np.tan(yfov_rad / 2)
    x = ((np.arange(width) + 0.5) / width * 2 - 1) * tan * width / height
    y = (1 - (np.arange(height) + 0.5) / height * 2) * tan
    return np.stack([*np.meshgrid(x, y), np.full((height, width), -1.0)], axis=-1)


def find_level(inverse: F32, yfov_rad: float) -> Level | None:
    """The ground under one picture, from its inverse depth float32 [h, w]; None where none is seen."""
    height, width = inverse.shape
    lower = np.s_[int(height * _LOWER) :: _EVERY_PX, ::_EVERY_PX]
    ray = rays(height, width, yfov_rad)[lower].reshape(-1, 3)
    seen = inverse[lower].reshape(-1).astype(np.float64)
    rng = np.random.default_rng(1)  # the same clip, the same answer
    best, most = None, -np.inf
    for _ in range(_TRIES):
        three = rng.integers(0, len(seen), 3)
        plane = _plane(ray[three], seen[three])
        if plane is None:
            continue
        on, below = _on(plane, ray, seen)
        score = float(on.sum()) - 2.0 * float(below.sum())
        if score > most:
            best, most = plane, score
    if best is None:
        return None
    for _ in range(3):
        on, below = _on(best, ray, seen)
        closer = _plane(ray[on], seen[on]) if on.sum() >= 12 else None
        best = best if closer is None else closer
    on, below = _on(best, ray, seen)
    if on.mean() < _LEAST_SHARE or below.mean() > _MOST_BELOW:
        return None
    length = float(np.linalg.norm(best))
    return Level(-best / length, 1 / length, float(on.mean()))


def _plane(ray: F64, seen: F64) -> F64 | None:
    """m float64 [3] with m . ray nearest to `seen`; None unless it lies level under the camera."""
    m, *_ = np.linalg.lstsq(ray, seen, rcond=None)
    length = float(np.linalg.norm(m))
    if length < 1e-9:
        return None
    up = -m / length
    return np.asarray(m) if up[1] > _LEVEL and abs(up[0]) < _ROLLED else None


def _on(plane: F64, ray: F64, seen: F64) -> tuple[Bool, Bool]:
    """Which points lie on the plane, and which below it, where nothing can be."""
    wanted = ray @ plane
    room = _NEAR * np.maximum(wanted, 0.02 * float(seen.max()))
    ahead = wanted > 0
    on: Bool = ahead & (np.abs(seen - wanted) < room)
    below: Bool = ahead & (seen < wanted - 2.5 * room)
    return on, below
