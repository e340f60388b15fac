"""Joint angles to part matrices: forward kinematics, and analytic two-bone IK for legs and for hands that reach."""

import math
from dataclasses import dataclass

import numpy as np

from vr_server.staging.geometry import Array, affine, frame_along, rot_x, rot_y, rot_z, unit, vec

from .limits import LIMITS, held

FIELDS = (
    "lift", "shift_x", "shift_z", "hip_yaw", "hip_pitch", "hip_roll",
    "waist_yaw", "waist_pitch", "waist_roll", "head_yaw", "head_pitch", "head_roll",
    "l_flex", "l_out", "l_twist", "l_elbow", "l_wrist", "l_reach", "l_hx", "l_hy", "l_hz",
    "r_flex", "r_out", "r_twist", "r_elbow", "r_wrist", "r_reach", "r_hx", "r_hy", "r_hz",
    "lf_x", "lf_y", "lf_z", "lf_yaw", "lf_pitch", "rf_x", "rf_y", "rf_z", "rf_yaw", "rf_pitch",
    "feet_turn",
)  # fmt: skip
_INDEX = {name: i for i, name in enumerate(FIELDS)}
HIP_YAW = _INDEX["hip_yaw"]


def _field_limits() -> dict[str, tuple[float, float]]:
    """Limits of the fields that are joint angles. A forward bend is a negative pitch."""
    found: dict[str, tuple[float, float]] = {}
    for part, joint in (("head", "neck"), ("waist", "trunk")):
        lo, hi = LIMITS[f"{joint}_flexion"]
        found |= {f"{part}_pitch": (-hi, -lo), f"{part}_yaw": LIMITS[f"{joint}_rotation"], f"{part}_roll": LIMITS[f"{joint}_side"]}  # fmt: skip
    for s in "lr":
        found |= {f"{s}_elbow": LIMITS["elbow"], f"{s}_wrist": LIMITS["wrist"], f"{s}_reach": (0.0, 1.0)}
    return found


_LIMITS = _field_limits()

Pose = Array
"""float64 [len(FIELDS)]: angles in radians; lift, shifts, foot offsets and hand targets in body heights. Linear: poses blend.
`feet_turn` 0..1: how far the feet follow `hip_yaw` (spins). `l_reach` 0..1: how far the left wrist is drawn from where the
angles put it to the point `l_hx, l_hy, l_hz`, from the ground between the feet: right, up, back. The point is kept times the
reach, so that blends of poses stay true. `lf_pitch`: the heel's rise about the ball of the foot."""


def pose(**fields: float) -> Pose:
    """A pose from named fields; the rest is zero (arms straight down, standing)."""
    p = np.zeros(len(FIELDS))
    for name, value in fields.items():
        p[_INDEX[name]] = value
    return p


def reach(side: str, x: float, y: float, z: float) -> Pose:
    """A pose whose wrist of `side` ("l", "r") is at a point: body heights right, up and back of the ground between the feet."""
    return pose(**{f"{side}_reach": 1.0, f"{side}_hx": x, f"{side}_hy": y, f"{side}_hz": z})


def get(p: Pose, name: str) -> float:
    """A field, held within what a human joint can do."""
    value = float(p[_INDEX[name]])
    limit = _LIMITS.get(name)
    return value if limit is None else min(max(value, limit[0]), limit[1])


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
            0.098 * h * breadth,
            0.25 * h,
            0.268 * h,
            0.17 * h,
            0.148 * h,
        )

    @property
    def leg(self) -> float:
        return self.shin + self.thigh

    @property
    def hip_height(self) -> float:
        """Of the hip joints when standing at ease."""
        return self.ankle + self.leg * 0.996


@dataclass(frozen=True)
class Foot:
    """Where an ankle is (world metres) and how its sole lies: `rotation` [3, 3], -Z towards the toes."""

    ankle: Array
    rotation: Array


Joints = dict[str, Array]
"""Part name -> float64 [4, 4] world matrix; limbs hang along their own -Y from their joint."""


def solve(build: Build, root: Array, yaw_rad: float, p: Pose, feet: tuple[Foot, Foot]) -> Joints:
    """All part matrices. `root`: the point between the feet on the ground; the pelvis sinks where a leg would not reach,
    and tips where a hip would stretch too far back or fold too far."""
    tip = 0.0
    joints = _lower(build, root, yaw_rad, p, feet, tip)
    for _ in range(10):
        over = _strained_hips(joints)
        if over == 0.0:
            break
        tip += over + math.copysign(0.01, over)
        joints = _lower(build, root, yaw_rad, p, feet, tip)
    _upper(joints, build, root, yaw_rad, p)
    return joints


def _strained_hips(joints: Joints) -> float:
    """How far a hip is extended past its limit (more than 0) or flexed past it (less), radians."""
    low, high = LIMITS["hip_flexion"]
    pelvis = joints["pelvis"][:3, :3]
    bent = []
    for s in "lr":
        d = -pelvis.T @ joints[f"thigh_{s}"][:3, 1]
        bent.append(math.atan2(-float(d[2]), -float(d[1])))
    stretched, folded = max(low - min(bent), 0.0), max(max(bent) - high, 0.0)
    return stretched if stretched >= folded else -folded


def _lower(build: Build, root: Array, yaw_rad: float, p: Pose, feet: tuple[Foot, Foot], tip: float) -> Joints:
    facing = rot_y(yaw_rad)
    h = build.height_m
    pelvis_r = facing @ rot_y(get(p, "hip_yaw")) @ rot_x(get(p, "hip_pitch") - tip) @ rot_z(get(p, "hip_roll"))
    origin = root + facing @ vec(get(p, "shift_x") * h, 0.0, get(p, "shift_z") * h)
    wanted = root[1] + build.hip_height + get(p, "lift") * h
    hips = [pelvis_r @ vec(side * build.hip_half, 0.0, 0.0) for side in (-1.0, 1.0)]
    high = [_highest(build, origin + hip, foot.ankle) - hip[1] for hip, foot in zip(hips, feet, strict=True)]
    origin[1] = _soft_min(_soft_min(high[0], high[1]), wanted)
    joints: Joints = {"pelvis": affine(pelvis_r, origin)}
    for name, hip, foot in zip(("l", "r"), hips, feet, strict=True):
        _leg(joints, build, name, origin + hip, foot, pelvis_r, float(root[1]))
    return joints


def _upper(joints: Joints, build: Build, root: Array, yaw_rad: float, p: Pose) -> None:
    pelvis_r, origin = joints["pelvis"][:3, :3], joints["pelvis"][:3, 3]
    chest_r = pelvis_r @ rot_y(get(p, "waist_yaw")) @ rot_x(get(p, "waist_pitch")) @ rot_z(get(p, "waist_roll"))
    waist = origin + pelvis_r @ vec(0.0, build.waist, 0.0)
    joints["chest"] = affine(chest_r, waist)
    look = rot_y(get(p, "head_yaw")) @ rot_x(get(p, "head_pitch")) @ rot_z(get(p, "head_roll"))
    half = rot_y(0.5 * get(p, "head_yaw")) @ rot_x(0.4 * get(p, "head_pitch"))
    neck = waist + chest_r @ vec(0.0, build.neck_up, 0.0)
    joints["neck"] = affine(chest_r @ half, neck)
    joints["head"] = affine(chest_r @ look, neck + chest_r @ half @ vec(0.0, build.head_up - build.neck_up, 0.0))
    for name, side in (("l", -1.0), ("r", 1.0)):
        shoulder = waist + chest_r @ vec(side * build.shoulder_half, build.shoulder_up, 0.0)
        drawn = get(p, f"{name}_reach")
        target = None
        if drawn > 1e-3:
            share = float(p[_INDEX[f"{name}_reach"]])
            local = np.array([p[_INDEX[f"{name}_h{axis}"]] for axis in "xyz"]) * (build.height_m / share)
            target = root + rot_y(yaw_rad) @ local
        _arm(joints, build, name, shoulder, chest_r, side, p, target, drawn)
        wrist, floor = joints[f"hand_{name}"][:3, 3], float(root[1]) + 0.022 * build.height_m
        if wrist[1] < floor and not p[_INDEX[f"{name}_hy"]] < 0:
            _arm(
                joints,
                build,
                name,
                shoulder,
                chest_r,
                side,
                p,
                vec(float(wrist[0]), floor + 0.005, float(wrist[2])),
                1.0,
            )


def _highest(build: Build, hip: Array, ankle: Array) -> float:
    """The greatest height at which a hip over this place still reaches the ankle with a barely bent knee."""
    flat = math.hypot(hip[0] - ankle[0], hip[2] - ankle[2])
    limit = 0.997 * build.leg
    return float(ankle[1]) + math.sqrt(max(limit * limit - flat * flat, (0.02 * build.leg) ** 2))


def _soft_min(a: float, b: float, width: float = 0.02) -> float:
    """Smooth minimum (Quilez's polynomial form), never above the true one."""
    k = max(width - abs(a - b), 0.0) / width
    return min(a, b) - k * k * width * 0.25


_LEAST_REACH = math.sin((math.pi - LIMITS["knee"][1]) / 2) * 1.01
"""Hip to ankle, in leg lengths, with the knee bent as far as it goes."""


def _leg(joints: Joints, build: Build, name: str, hip: Array, foot: Foot, pelvis_r: Array, ground_m: float) -> None:
    """Two bones to the ankle; where the shin leans further over the foot than an ankle allows, the heel comes up."""
    if pelvis_r[1, 1] > 0.8:
        foot = _untwisted(foot, pelvis_r, build)
    for _ in range(3):
        toward = -(0.65 * pelvis_r[:, 2] + 0.35 * foot.rotation[:, 2])
        line = foot.ankle - hip
        length = float(np.linalg.norm(line))
        span = min(max(length, _LEAST_REACH * build.leg), 0.9995 * build.leg)
        axis = line / max(length, 1e-9)
        cosine = (build.thigh**2 + span**2 - build.shin**2) / (2 * build.thigh * span)
        pole = toward - axis * float(toward @ axis)
        front = unit(pole)
        knee = hip + axis * (build.thigh * cosine) + front * (build.thigh * math.sqrt(max(1 - cosine * cosine, 0)))
        ankle = hip + axis * span
        shin_r = frame_along(knee - ankle, front)
        toes = -shin_r.T @ foot.rotation[:, 2]
        up = math.atan2(float(toes[1]), math.hypot(float(toes[0]), float(toes[2])))
        over = up - held("ankle_up", up)
        if abs(over) < 1e-3:
            break
        foot = heel_raised(foot, over + math.copysign(0.01, over), build)
    joints[f"thigh_{name}"] = affine(frame_along(hip - knee, front), hip)
    joints[f"shin_{name}"] = affine(shin_r, knee)
    joints[f"foot_{name}"] = affine(foot.rotation, ankle)
    joints[f"toes_{name}"] = _toes(build, foot.rotation, ankle, ground_m)


def _untwisted(foot: Foot, pelvis_r: Array, build: Build) -> Foot:
    """A foot turned on its ball, heel off the ground, where the body has turned further than a leg twists."""
    apart = pelvis_r.T @ foot.rotation
    twist = math.atan2(float(apart[0, 2]), float(apart[2, 2]))
    over = twist - held("leg_twist", twist)
    if over == 0.0:
        return foot
    ball = ball_of(build)
    rotation = rot_y(-over * 1.02) @ foot.rotation
    return heel_raised(Foot(foot.ankle + foot.rotation @ ball - rotation @ ball, rotation), 0.12, build)


def _toes(build: Build, rotation: Array, ankle: Array, ground_m: float) -> Array:
    """The toes' frame at the ball of the foot: they stay on the ground while the heel is up, as far as toes bend."""
    ball = ankle + rotation @ ball_of(build)
    down = math.asin(min(max(float(rotation[1, 2]), -1.0), 1.0))  # how steeply the foot points down
    near = min(max(1 - (float(ball[1]) - ground_m) / (0.03 * build.height_m), 0.0), 1.0)
    return affine(rotation @ rot_x(min(max(down, 0.0), LIMITS["toes"][1]) * near), ball)


def ball_of(build: Build) -> Array:
    """The ball of a foot in the ankle's frame, float64 [3]."""
    return vec(0.0, -build.ankle, -0.078 * build.height_m)


def heel_raised(foot: Foot, angle_rad: float, build: Build) -> Foot:
    """The foot turned about its ball, which stays where it is."""
    ball = ball_of(build)
    rotation = foot.rotation @ rot_x(-angle_rad)
    return Foot(foot.ankle + foot.rotation @ ball - rotation @ ball, rotation)


def _arm(
    joints: Joints, build: Build, name: str, shoulder: Array, chest_r: Array, side: float, p: Pose,
    target: Array | None, drawn: float,
) -> None:  # fmt: skip
    """Angles first; then the wrist is drawn to `target`, the elbow staying on the side where the angles have it."""
    r = (
        chest_r
        @ rot_z(side * get(p, f"{name}_out"))
        @ rot_x(get(p, f"{name}_flex"))
        @ rot_y(side * get(p, f"{name}_twist"))
    )
    r = _in_socket(r, chest_r, side)
    fore = r @ rot_x(get(p, f"{name}_elbow"))
    elbow = shoulder + r @ vec(0.0, -build.upper_arm, 0.0)
    wrist = elbow + fore @ vec(0.0, -build.forearm, 0.0)
    if target is not None:
        goal = wrist + (target - wrist) * drawn
        line = goal - shoulder
        longest = 0.999 * (build.upper_arm + build.forearm)
        span = min(max(float(np.linalg.norm(line)), 0.32 * longest), longest)
        axis = unit(line)
        cosine = (build.upper_arm**2 + span**2 - build.forearm**2) / (2 * build.upper_arm * span)
        # an elbow hangs below the line to the hand and a little outwards
        hang = (elbow - shoulder) * 0.4 + chest_r @ vec(side * 0.11, -0.2, 0.08)
        pole = unit(hang - axis * float(hang @ axis))
        upper = axis * cosine + pole * math.sqrt(max(1 - cosine * cosine, 0.0))
        r = _in_socket(frame_along(-upper, axis), chest_r, side)
        elbow = shoulder - r[:, 1] * build.upper_arm
        ahead = unit(r.T @ (goal - elbow))
        bend = min(max(math.atan2(-float(ahead[2]), -float(ahead[1])), 0.0), LIMITS["elbow"][1])
        fore = r @ rot_x(bend)
        wrist = elbow - fore[:, 1] * build.forearm
    joints[f"upper_arm_{name}"] = affine(r, shoulder)
    joints[f"forearm_{name}"] = affine(fore, elbow)
    joints[f"hand_{name}"] = affine(fore @ rot_x(get(p, f"{name}_wrist")), wrist)


def _in_socket(r: Array, chest_r: Array, side: float) -> Array:
    """The upper arm's frame with its direction held within the shoulder's limits."""
    local = -chest_r.T @ r[:, 1]
    back, across = math.sin(LIMITS["shoulder_back"][1]) - 1e-6, math.sin(LIMITS["shoulder_across"][1]) - 1e-6
    if local[2] <= back and -side * local[0] <= across:
        return r
    held_x = side * max(side * float(local[0]), -across)
    held_z = min(float(local[2]), back)
    high = math.sqrt(max(1 - held_x * held_x - held_z * held_z, 0.0))
    if high == 0.0:
        held_z = math.copysign(math.sqrt(max(1 - held_x * held_x, 0.0)), held_z)
    direction = chest_r @ vec(held_x, math.copysign(high, float(local[1]) or -1.0), held_z)
    return frame_along(-direction, -r[:, 2])
