"""What is known of a clip's metres before it is looked at: what was planned of the shot. Pure; made by whoever has the plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

import numpy as np

from vr_server.domain.frame import CameraPose
from vr_server.domain.staging import CameraPath, Staging, Subject

from .port import F64

_ON_GROUND_M = 0.15
_LOW = frozenset({
    "sit", "sit_down", "kneel", "bow", "lie_down", "crawl", "fall", "jump", "jump_off", "climb", "climb_out", "exit_hatch", "embrace",
    "pick_up", "put_down", "ride", "drive", "land", "take_off", "fly", "hover", "sink", "swim", "explode", "type_keys",
})  # fmt: skip
"""What nobody does at full height on the ground."""


@dataclass(frozen=True, slots=True)
class PlannedFigure:
    """Somebody or something of a known height. `base_m`: float64 [n, 3], where it stands in each frame, plan's world;
    `upright`: bool [n], whether it stands on the ground at full height then."""

    label: str
    height_m: float
    width_m: float
    base_m: F64
    upright: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class ScaleHints:
    """`cameras`: the planned way, metres over a ground at y = 0, one a frame, or none; `figures`: who is on it. Without
    either only what people are like says how large things are."""

    cameras: tuple[CameraPose, ...] = ()
    figures: tuple[PlannedFigure, ...] = ()

    @classmethod
    def planned(cls, staging: Staging, frame_count: int, fps: Fraction) -> Self:
        """What `staging` says of a clip of `frame_count` frames. A clip longer than the plan holds its last moment."""
        times = np.arange(frame_count) / float(fps)
        figures = tuple(_figure(subject, times) for subject in staging.subjects if not subject.placeholder)
        cameras = _way(staging.camera, times) if staging.camera.projection == "perspective" else ()
        return cls(cameras, figures)

    def of_people(self) -> Self:
        """Without the plan of the camera: a clip that cuts has gone its own way."""
        return type(self)((), self.figures)


def _figure(subject: Subject, times: F64) -> PlannedFigure:
    at = [key.t_s for key in subject.path]
    base = np.stack([np.interp(times, at, [key.position_m[axis] for key in subject.path]) for axis in range(3)], axis=1)
    low = [(a.start_s, a.end_s) for a in subject.actions if a.action in _LOW]
    upright = tuple(
        abs(float(y)) < _ON_GROUND_M and not any(start <= t <= end for start, end in low)
        for t, y in zip(times, base[:, 1], strict=True)
    )
    return PlannedFigure(subject.label, subject.size_m[1], max(subject.size_m[0], subject.size_m[2]), base, upright)


def _way(path: CameraPath, times: F64) -> tuple[CameraPose, ...]:
    """The planned poses; keys are so close that the nearer one's rotation does."""
    at = np.array([key.t_s for key in path.keys])
    places = np.stack([np.interp(times, at, [key.position_m[axis] for key in path.keys]) for axis in range(3)], axis=1)
    lenses = np.interp(times, at, [key.yfov_rad for key in path.keys])
    cameras = []
    for t, place, yfov in zip(times, places, lenses, strict=True):
        pose = np.eye(4)
        pose[:3, :3] = _turn(path.keys[int(np.abs(at - t).argmin())].rotation)
        pose[:3, 3] = place
        cameras.append(CameraPose(pose, float(yfov)))
    return tuple(cameras)


def _turn(quaternion: Sequence[float]) -> F64:
    """Rotation matrix float64 [3, 3] of a quaternion xyzw."""
    x, y, z, w = np.array(quaternion, np.float64) / np.linalg.norm(quaternion)
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
