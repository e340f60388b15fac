"""What a shot is about, seen from the camera's side: how tall, how wide, where, and whether the camera goes along."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import Subject

from .geometry import Array, rot_y, vec
from .kinds import KINDS
from .subjects import path_at

GROUP_SIZES = {"full", "wide", "extreme_wide"}
_ALONG = {"follow", "handheld"}
_PANNED = {"static", "dolly_in", "dolly_out", "crane_up", "crane_down"}
_SHARES = np.linspace(0.0, 1.0, 13)

Mode = Literal["still", "pan", "track"]
"""still: framed where it is at mid shot; pan: the camera turns after it; track: the camera goes along."""


@dataclass(frozen=True, eq=False)
class Target:
    """`height_m` and `half_width_m` of what must be seen; `foot`: its place on the ground at mid shot; `nearer_m`: how far
    it comes towards the camera after that; `depth_m`: how far a vehicle or an animal sticks out towards the camera; `upright`: framed by its head, not by its middle; `drift` [13, 3]: how its
    place differs from `foot` at thirteen evenly spaced moments."""

    height_m: float
    half_width_m: float
    foot: Array
    nearer_m: float
    depth_m: float
    upright: bool
    mode: Mode
    drift: Array

    def foot_at(self, share: float) -> Array:
        """The place on the ground at a share of the shot, float64 [3]."""
        return np.asarray(self.foot + [np.interp(share, _SHARES, self.drift[:, i]) for i in range(3)])


def target_of(spec: ShotSpec, subjects: tuple[Subject, ...]) -> Target:
    """The one that a close shot is about, or the group that a full or wide shot holds."""
    if not subjects:
        return Target(3.2, 3.0, vec(0.0, 0.0, -4.0), 0.0, 0.0, upright=False, mode="still", drift=np.zeros((13, 3)))
    people = tuple(s for s in subjects if s.kind in KINDS and KINDS[s.kind].family == "person")
    close = spec.camera.shot_size not in GROUP_SIZES
    shown = (people or subjects)[:1] if close else subjects
    # rows are moments, then subjects; columns x = to the camera's right, y = up, z = towards the camera
    turn = rot_y(spec.camera.yaw_offset_rad)
    at = np.array([[path_at(s.path, share * spec.duration_s)[0] for s in shown] for share in _SHARES]) @ turn
    reach = np.array([max(s.size_m[0], s.size_m[2] * 0.8) / 2 + (0.35 if s in people else 0.0) for s in shown])
    tall = max(
        s.size_m[1] + min(float(at[:, n, 1].max() - at[:, n, 1].min()), 0.22 * s.size_m[1]) for n, s in enumerate(shown)
    )
    mode = _mode(spec, at, max(tall, float(reach.max())), close=close)
    middle = at[:, :, :].mean(axis=1)
    low, high = (at[:, :, 0] - reach).min(), (at[:, :, 0] + reach).max()
    if mode == "still":
        across, half = (low + high) / 2, (high - low) / 2
    else:
        across = middle[6, 0]
        half = float((np.abs(at[:, :, 0] - middle[:, None, 0]) + reach).max())
    lead = max(float(at[6, :, 2].mean()), float(at[6, 0, 2]) if not people else float(at[6, shown.index(people[0]), 2]))
    floor = float(at[:, :, 1].min(axis=1)[6]) if mode != "track" or close else float(at[6, :, 1].min())
    nearer = 0.0 if mode == "track" else max(0.0, float((at[6:, :, 2] - at[6, :, 2]).max()))
    drift = (middle - middle[6]) @ turn.T if mode != "still" else np.zeros((13, 3))
    upright = tall < 3 or all(s in people for s in shown)
    depth = max((s.size_m[2] / 2 for s in shown if s not in people and s.size_m[1] < 3), default=0.0)
    foot = turn @ vec(float(across), floor, lead)
    return Target(tall, float(half), foot, nearer, depth, upright, mode, drift)


def _mode(spec: ShotSpec, at: Array, size_m: float, *, close: bool) -> Mode:
    move = spec.camera.move
    way = at.mean(axis=1)
    gone = float(np.linalg.norm((way[-1] - way[0])[[0, 2]]))
    if close or move in _ALONG or gone > 4 * size_m:
        return "track"
    aside = float(np.ptp(way[:, 0]))
    if move not in _PANNED or aside <= 1.2 * size_m:
        return "still"
    # straight down there is no turning after anybody: the picture would spin
    return "track" if spec.camera.angle == "overhead" else "pan"
