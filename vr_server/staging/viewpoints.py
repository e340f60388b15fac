"""The camera in somebody's place: behind a shoulder, or at the eyes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vr_server.domain.shot import CameraIntent, ShotSize

from .framing import Body, smoothed
from .geometry import Array
from .lenses import ASPECT, SIZES

_BEHIND_M = 0.8
_SHOULDER_THIRD, _FACE_THIRD = 0.66, 0.3
"""Where the near head and the far face stand, shares of half the frame's width off its middle, on either side."""
_TAN_LIMITS = (0.14, 0.46)
_EYES_SMOOTH_S, _ROUND_S = 0.18, 0.8


@dataclass(frozen=True, eq=False)
class Seen:
    """`eye` and `aim` [n, 3] metres; `pan` [n] radians off the aim; `tan` of half the vertical angle of view."""

    eye: Array
    aim: Array
    pan: Array
    tan: float


def over_the_shoulder(viewer: Body, focus: Body, size: ShotSize, times: Array, intent: CameraIntent) -> Seen:
    """Behind the viewer's shoulder on the camera's own side of the line between the two, so that the action axis is kept;
    the far face at the size asked for, on the other third of the frame from the near head."""
    step = float(times[1] - times[0])
    near, far = (smoothed(b.tell, 0.5 / step) for b in (viewer, focus))
    line = far - near
    line[:, 1] = 0.0
    apart = np.maximum(np.linalg.norm(line, axis=1, keepdims=True), 0.3)
    # past each other they may go: the camera comes round, it is not flung round
    line = smoothed(line / apart, _ROUND_S / step)
    line = line / np.maximum(np.linalg.norm(line, axis=1, keepdims=True), 1e-3)
    right = np.stack([-line[:, 2], np.zeros(len(line)), line[:, 0]], axis=1)
    side = 1.0 if float(right[:, 2].mean()) >= 0 else -1.0  # the side of +Z
    behind = _BEHIND_M * viewer.height_m / 1.72 * intent.distance_scale
    shape = SIZES[size]
    distance = float(apart.mean()) + behind
    frame = max(shape.shows, SIZES["medium_close_up"].shows if intent.lens_mm is None else 0.1) * focus.unit_m
    tan = 12.0 / intent.lens_mm if intent.lens_mm else frame / (2 * distance)
    tan = min(max(tan, _TAN_LIMITS[0]), _TAN_LIMITS[1])
    half = tan * ASPECT
    spread = math.atan(_SHOULDER_THIRD * half) + math.atan(_FACE_THIRD * half)
    aside = _aside(spread, behind, float(apart.mean()))
    eye = near - line * behind + right * (side * aside)
    eye[:, 1] = near[:, 1] + 0.05 * viewer.height_m + intent.height_offset_m
    drop = 0.936 - min(shape.centre, 0.9)
    aim = far + focus.down * (drop * focus.height_m if focus.person else 0.0)
    # the near head is on the side that the camera is not: the far face goes to the camera's own
    pan = np.full(len(times), side * math.atan(_FACE_THIRD * half))
    return Seen(eye, aim, pan, tan)


def _aside(spread: float, behind: float, apart: float) -> float:
    """How far off the line a camera sees the near head and the far one `spread` radians apart."""
    low, high = 0.0, 1.2
    for _ in range(24):
        mid = 0.5 * (low + high)
        if math.atan(mid / behind) - math.atan(mid / (behind + apart)) < spread:
            low = mid
        else:
            high = mid
    return 0.5 * (low + high)


def eyes_of(viewer: Body, focus: Body | None, times: Array) -> Seen:
    """A hand's breadth before the viewer's eyes, so that the head is behind the camera; looks at the focus while that is
    before the viewer, else where the body faces."""
    step = float(times[1] - times[0])
    eyes = smoothed(viewer.tell, _EYES_SMOOTH_S / step)
    nose = np.stack([-np.sin(viewer.yaw), np.zeros(len(times)), -np.cos(viewer.yaw)], axis=1)
    nose = smoothed(nose, 0.3 / step)
    eye = eyes + nose * (0.09 * viewer.height_m)
    ahead = eyes + nose * 6.0 + np.array([0.0, -0.35, 0.0])
    if focus is None:
        return Seen(eye, ahead, np.zeros(len(times)), 0.0)
    told = focus.tell if focus.person else 0.5 * (focus.tell + focus.points.mean(axis=1))
    line = told - eyes
    flat = line / np.maximum(np.linalg.norm(line, axis=1, keepdims=True), 1e-6)
    before = np.clip(((flat * nose).sum(axis=1) + 0.1) / 0.5, 0.0, 1.0)[:, None]
    aim = smoothed(told * before + ahead * (1 - before), 0.35 / step)
    return Seen(eye, np.asarray(aim), np.zeros(len(times)), 0.0)
