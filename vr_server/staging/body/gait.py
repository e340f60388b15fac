"""Four legs on a path: which gait, where each foot is planted, and two-bone legs between hip and foot.

Footfalls after Hildebrand, "Symmetrical gaits of horses" (Science 150, 1965); the gait is chosen by the Froude number
v^2 / (g * leg) as animals of all sizes do (Alexander and Jayes, J. Zool. 201, 1983).
"""

import math
from dataclasses import dataclass

import numpy as np

from vr_server.staging.geometry import Array, affine, frame_along, rot_y, smooth, unit, vec
from vr_server.staging.scene import Matrix

from .track import Track, Walk

LEGS = ("lf", "rf", "lh", "rh")
_GAITS = (
    # Froude number up to, offsets of lf rf lh rh in strides, share of the stride on the ground, bounce
    (0.4, (0.25, 0.75, 0.0, 0.5), 0.66, 0.012),
    (1.7, (0.0, 0.5, 0.5, 0.0), 0.48, 0.03),
    (math.inf, (0.45, 0.57, 0.0, 0.12), 0.34, 0.05),
)


@dataclass(frozen=True, eq=False)
class Footing:
    """Where a foot is (world metres, on its sole), and how it points (yaw)."""

    at: Array
    yaw_rad: float
    lift_m: float


@dataclass(frozen=True)
class _Stride:
    length_m: float
    offsets: tuple[float, ...]
    duty: float
    bounce: float
    gallop: bool


class Gait:
    """Feet of a four-legged body on a track. `hips` float64 [4, 2]: x and z of each foot under the body at rest, metres,
    in the order of `LEGS`; `leg_m`: height of the hip."""

    def __init__(self, track: Track, hips: Array, leg_m: float) -> None:
        self._track, self._hips, self._leg = track, hips, leg_m
        self._strides = {walk: self._stride(walk) for walk in track.walks}

    def _stride(self, walk: Walk) -> _Stride:
        froude = (walk.length_m / (walk.end_s - walk.start_s)) ** 2 / (9.81 * self._leg)
        n, (_, offsets, duty, bounce) = next((n, g) for n, g in enumerate(_GAITS) if froude < g[0])
        usual = self._leg * (1.3 + 1.25 * math.sqrt(froude))
        length = walk.length_m / max(1, round(walk.length_m / usual))
        return _Stride(length, offsets, min(duty, 1.1 * self._leg / length), bounce, n == 2)

    def feet(self, t: float) -> tuple[Footing, ...]:
        walk = self._track.walk_at(t)
        if walk is None:
            point, yaw = self._track.position(t), self._track.yaw(t)
            return tuple(Footing(point + rot_y(yaw) @ vec(x, 0.0, z), yaw, 0.0) for x, z in self._hips)
        return tuple(self._foot(t, walk, i) for i in range(4))

    def _foot(self, t: float, walk: Walk, leg: int) -> Footing:
        """A planted foot is a function of its number alone, so it cannot slide."""
        stride = self._strides[walk]
        gone = self._track.distance(t) - walk.from_m
        first = -math.inf if walk.open_start else 0.0
        last = math.inf if walk.open_end else walk.length_m
        phase = gone / stride.length_m - stride.offsets[leg]
        k = math.floor(phase)
        here = self._plant(walk, leg, k, first, last)
        if phase - k <= stride.duty:
            return here
        a = max((k + stride.offsets[leg] + stride.duty) * stride.length_m, first)
        b = min((k + 1 + stride.offsets[leg]) * stride.length_m, last)
        u = smooth((gone - a) / (b - a)) if b - a > 1e-6 else 1.0
        there = self._plant(walk, leg, k + 1, first, last)
        high = (0.2 if stride.gallop else 0.13) * self._leg * math.sin(math.pi * u)
        high *= min(float(np.linalg.norm(there.at - here.at)) / (0.5 * self._leg), 1.0)
        place = here.at + (there.at - here.at) * u
        return Footing(place + vec(0.0, high, 0.0), here.yaw_rad + (there.yaw_rad - here.yaw_rad) * u, high)

    def _plant(self, walk: Walk, leg: int, k: int, first: float, last: float) -> Footing:
        stride = self._strides[walk]
        s = min(max((k + stride.offsets[leg] + stride.duty / 2) * stride.length_m, first), last)
        point, yaw = self._track.at_distance(walk.from_m + s)
        x, z = self._hips[leg]
        return Footing(point + rot_y(yaw) @ vec(float(x), 0.0, float(z)), yaw, 0.0)

    def sway(self, t: float) -> tuple[float, float, float]:
        """Bounce (metres), pitch (rad) of the trunk, and the phase of the stride (turns)."""
        walk = self._track.walk_at(t)
        if walk is None:
            return 0.0, 0.0, 0.0
        stride = self._strides[walk]
        gone = self._track.distance(t) - walk.from_m
        ends = [1.0 if walk.open_start else gone, 1.0 if walk.open_end else walk.length_m - gone]
        strength = smooth(min(ends) / (0.4 * stride.length_m))
        turn = 2 * math.pi * gone / stride.length_m
        if stride.gallop:
            return strength * stride.bounce * self._leg * math.sin(turn), strength * 0.09 * math.cos(turn), turn
        return strength * stride.bounce * self._leg * math.cos(2 * turn), strength * 0.012 * math.sin(2 * turn), turn


def two_bone(top: Array, foot: Array, upper: float, lower: float, pole: Array) -> tuple[Matrix, Matrix]:
    """Frames of the upper and the lower bone, each hanging along -Y from its joint; the joint between leans to `pole`."""
    line = foot - top
    length = float(np.linalg.norm(line))
    reach = min(max(length, abs(upper - lower) * 1.01 + 1e-6), (upper + lower) * 0.999)
    axis = line / max(length, 1e-9)
    cosine = min(max((upper**2 + reach**2 - lower**2) / (2 * upper * reach), -1.0), 1.0)
    side = unit(pole - axis * float(pole @ axis))
    joint = top + axis * (upper * cosine) + side * (upper * math.sqrt(1 - cosine * cosine))
    end = top + axis * reach
    return affine(frame_along(top - joint, pole), top), affine(frame_along(joint - end, pole), joint)
