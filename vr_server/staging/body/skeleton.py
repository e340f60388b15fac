"""Joint angles to part matrices: forward kinematics, and analytic two-bone IK for the legs."""

import math
from dataclasses import dataclass

import numpy as np

from vr_server.staging.geometry import Array, affine, frame_along, rot_x, rot_y, rot_z, unit, vec

FIELDS = (
    "lift", "shift_x", "shift_z", "hip_yaw", "hip_pitch", "hip_roll",
    "waist_yaw", "waist_pitch", "waist_roll", "head_yaw", "head_pitch", "head_roll",
    "l_flex", "l_out", "l_twist", "l_elbow", "l_wrist",
    "r_flex", "r_out", "r_twist", "r_elbow", "r_wrist",
    "lf_x", "lf_y", "lf_z", "lf_yaw", "rf_x", "rf_y", "rf_z", "rf_yaw",
    "feet_turn",
)  # fmt: skip
_INDEX = {name: i for i, name in enumerate(FIELDS)}
_LIMITS = {
    "l_elbow": (0.0, 2.5),
    "r_elbow": (0.0, 2.5),
    "head_yaw": (-1.2, 1.2),
    "head_pitch": (-0.8, 0.8),
    "waist_yaw": (-0.8, 0.8),
}

Pose = Array
"""float64 [len(FIELDS)]: angles in radians; lift and shifts and foot offsets in body heights. Linear: poses blend.
`feet_turn` 0..1: how far the feet follow `hip_yaw` (spins)."""


def pose(**fields: float) -> Pose:
    """A pose from named fields; the rest is zero (arms straight down, standing)."""
    p = np.zeros(len(FIELDS))
    for name, value in fields.items():
        p[_INDEX[name]] = value
    return p


def get(p: Pose, name: str) -> float:
    """A field, held within what a human joint can do."""
    value = float(p[_INDEX[name]])
    lo, hi = _LIMITS.get(name, (-math.inf, math.inf))
    return min(max(value, lo), hi)


@dataclass(frozen=True)
class Build:
    """Segment lengths in metres for a body of `height_m` (ratios after Drillis and Contini, 1966); `breadth` 1 = average."""

    height_m: float
    ankle: float
    shin: float
    thigh: float
    hip_half: float
    waist: float  # pelvis to waist joint
    shoulder_up: float  # waist joint to shoulder line
    shoulder_half: float
    neck_up: float
    head_up: float
    upper_arm: float
    forearm: float

    @staticmethod
    def of(height_m: float, breadth: float = 1.0) -> "Build":
        h = height_m
        return Build(
            h,
            0.043 * h,
            0.237 * h,
            0.245 * h,
            0.05 * h,
            0.065 * h,
            0.198 * h,
            0.1 * h * breadth,
            0.25 * h,
            0.274 * h,
            0.17 * h,
            0.148 * h,
        )

    @property
    def leg(self) -> float:
        return self.shin + self.thigh

    @property
    def hip_height(self) -> float:
        """Of the hip joints when standing at ease."""
        return self.ankle + self.leg * 0.988


@dataclass(frozen=True)
class Foot:
    """Where an ankle is (world metres) and how its sole lies: `rotation` [3, 3], -Z towards the toes."""

    ankle: Array
    rotation: Array


Joints = dict[str, Array]
"""Part name -> float64 [4, 4] world matrix; limbs hang along their own -Y from their joint."""


def solve(build: Build, root: Array, yaw_rad: float, p: Pose, feet: tuple[Foot, Foot]) -> Joints:
    """All part matrices. `root`: the point between the feet on the ground; the pelvis sinks where a leg would not reach."""
    facing = rot_y(yaw_rad)
    h = build.height_m
    pelvis_r = facing @ rot_y(get(p, "hip_yaw")) @ rot_x(get(p, "hip_pitch")) @ rot_z(get(p, "hip_roll"))
    origin = root + facing @ vec(get(p, "shift_x") * h, 0.0, get(p, "shift_z") * h)
    wanted = root[1] + build.hip_height + get(p, "lift") * h
    hips = [pelvis_r @ vec(side * build.hip_half, 0.0, 0.0) for side in (-1.0, 1.0)]
    reach = [_highest(build, origin + hip, foot.ankle) - hip[1] for hip, foot in zip(hips, feet, strict=True)]
    origin[1] = _soft_min(_soft_min(reach[0], reach[1]), wanted)
    joints: Joints = {"pelvis": affine(pelvis_r, origin)}
    for name, hip, foot in zip(("l", "r"), hips, feet, strict=True):
        _leg(joints, build, name, origin + hip, foot, pelvis_r)
    chest_r = pelvis_r @ rot_y(get(p, "waist_yaw")) @ rot_x(get(p, "waist_pitch")) @ rot_z(get(p, "waist_roll"))
    waist = origin + pelvis_r @ vec(0.0, build.waist, 0.0)
    joints["chest"] = affine(chest_r, waist)
    look = rot_y(get(p, "head_yaw")) @ rot_x(get(p, "head_pitch")) @ rot_z(get(p, "head_roll"))
    half = rot_y(0.5 * get(p, "head_yaw")) @ rot_x(0.4 * get(p, "head_pitch"))
    neck = waist + chest_r @ vec(0.0, build.neck_up, 0.0)
    joints["neck"] = affine(chest_r @ half, neck)
    joints["head"] = affine(chest_r @ look, neck + chest_r @ half @ vec(0.0, build.head_up - build.neck_up, 0.0))
    for name, side in (("l", -1.0), ("r", 1.0)):
        _arm(
            joints,
            build,
            name,
            waist + chest_r @ vec(side * build.shoulder_half, build.shoulder_up, 0.0),
            chest_r,
            side,
            p,
        )
    return joints


def _highest(build: Build, hip: Array, ankle: Array) -> float:
    """The greatest height at which a hip over this place still reaches the ankle with a barely bent knee."""
    flat = math.hypot(hip[0] - ankle[0], hip[2] - ankle[2])
    limit = 0.992 * build.leg
    return float(ankle[1]) + math.sqrt(max(limit * limit - flat * flat, (0.35 * build.leg) ** 2))


def _soft_min(a: float, b: float, width: float = 0.02) -> float:
    """Smooth minimum (Quilez's polynomial form), never above the true one."""
    k = max(width - abs(a - b), 0.0) / width
    return min(a, b) - k * k * width * 0.25


def _leg(joints: Joints, build: Build, name: str, hip: Array, foot: Foot, pelvis_r: Array) -> None:
    toward = -(0.65 * pelvis_r[:, 2] + 0.35 * foot.rotation[:, 2])
    line = foot.ankle - hip
    length = float(np.linalg.norm(line))
    reach = min(max(length, 0.25 * build.leg), 0.9995 * build.leg)
    axis = line / max(length, 1e-9)
    cosine = (build.thigh**2 + reach**2 - build.shin**2) / (2 * build.thigh * reach)
    pole = toward - axis * float(toward @ axis)
    knee = hip + axis * (build.thigh * cosine) + unit(pole) * (build.thigh * math.sqrt(max(1 - cosine * cosine, 0.0)))
    ankle = hip + axis * reach
    joints[f"thigh_{name}"] = affine(frame_along(hip - knee, toward), hip)
    joints[f"shin_{name}"] = affine(frame_along(knee - ankle, toward), knee)
    joints[f"foot_{name}"] = affine(foot.rotation, ankle)


def _arm(joints: Joints, build: Build, name: str, shoulder: Array, chest_r: Array, side: float, p: Pose) -> None:
    r = (
        chest_r
        @ rot_z(side * get(p, f"{name}_out"))
        @ rot_x(get(p, f"{name}_flex"))
        @ rot_y(side * get(p, f"{name}_twist"))
    )
    elbow = shoulder + r @ vec(0.0, -build.upper_arm, 0.0)
    fore = r @ rot_x(get(p, f"{name}_elbow"))
    wrist = elbow + fore @ vec(0.0, -build.forearm, 0.0)
    joints[f"upper_arm_{name}"] = affine(r, shoulder)
    joints[f"forearm_{name}"] = affine(fore, elbow)
    joints[f"hand_{name}"] = affine(fore @ rot_x(get(p, f"{name}_wrist")), wrist)
