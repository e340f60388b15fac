"""What a body does with itself, action by action: registries of pose functions. Angles after everyday footage."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from vr_server.staging.geometry import ramp, smooth, wobble

from .dance import dance, sword_dance
from .skeleton import Pose, pose


@dataclass(frozen=True)
class Clock:
    """Where in its action a body is: seconds since its start, share of it (0..1), its length, and the body's own seed."""

    t_s: float
    share: float
    length_s: float
    seed: int
    speed: float = 1.0


def idle(clock: Clock) -> Pose:
    """Breathing, a slow shift of weight, a glance: nobody stands like a post."""
    breath = math.sin(2 * math.pi * 0.27 * clock.t_s + clock.seed)
    sway = wobble(clock.t_s, clock.seed, 0.11)
    return pose(
        lift=-0.004, shift_x=0.009 * sway, hip_roll=0.02 * sway, waist_pitch=0.012 * breath, waist_roll=-0.025 * sway,
        head_yaw=0.14 * wobble(clock.t_s, clock.seed + 3, 0.13), head_pitch=0.04 * wobble(clock.t_s, clock.seed + 5, 0.17),
        l_flex=0.04 + 0.015 * breath, r_flex=0.06 - 0.015 * breath, l_out=0.1, r_out=0.1, l_elbow=0.22, r_elbow=0.26,
        l_twist=0.25, r_twist=0.25, l_wrist=0.1, r_wrist=0.1,
    )  # fmt: skip


def walking(steps: float, height_m: float, step_m: float) -> Pose:
    """Upper body of a walk after `steps` steps; the left leg is foremost at 0.5, 2.5, ..."""
    reach = min(step_m / (0.42 * height_m), 1.15)
    swing = math.cos(math.pi * (steps - 0.5)) * reach
    over = math.sin(math.pi * (steps - 0.5))
    return pose(
        lift=-0.006, shift_x=-0.012 * over, hip_yaw=-0.11 * swing, hip_roll=0.035 * over, hip_pitch=-0.02, waist_yaw=0.2 * swing,
        waist_pitch=-0.025, waist_roll=-0.04 * over, head_yaw=-0.09 * swing, head_pitch=0.03,
        l_flex=-0.38 * swing + 0.03, r_flex=0.38 * swing + 0.03, l_out=0.07, r_out=0.07, l_twist=0.2, r_twist=0.2,
        l_elbow=0.28 - 0.16 * swing, r_elbow=0.28 + 0.16 * swing, l_wrist=0.08, r_wrist=0.08,
    )  # fmt: skip


def running(steps: float) -> Pose:
    swing = math.cos(math.pi * (steps - 0.5))
    hop = math.cos(2 * math.pi * steps)
    return pose(
        lift=-0.035 - 0.022 * hop, hip_yaw=-0.2 * swing, hip_pitch=-0.12, waist_yaw=0.36 * swing, waist_pitch=-0.1, head_yaw=-0.14 * swing,
        head_pitch=0.18, l_flex=-0.75 * swing + 0.05, r_flex=0.75 * swing + 0.05, l_out=0.14, r_out=0.14, l_twist=0.35, r_twist=0.35,
        l_elbow=1.55, r_elbow=1.55,
    )  # fmt: skip


def _wave(c: Clock) -> Pose:
    up = ramp(c.t_s, 0.0, 0.5) * (1 - ramp(c.t_s, c.length_s - 0.4, c.length_s))
    beat = math.sin(2 * math.pi * 1.5 * c.t_s)
    return idle(c) + up * pose(r_out=1.7, r_twist=-1.7, r_elbow=1.0 + 0.32 * beat, waist_roll=0.05, head_pitch=0.08)


def _point(c: Clock) -> Pose:
    up = ramp(c.t_s, 0.0, 0.6)
    return idle(c) + up * pose(r_flex=1.42, r_out=0.05, r_elbow=-0.18, r_twist=-0.2, waist_yaw=0.18, head_pitch=0.02)


def _sit(c: Clock) -> Pose:
    down = ramp(c.t_s, 0.0, min(1.3, c.length_s))
    return _seated(c, down)


def _stand_up(c: Clock) -> Pose:
    return _seated(c, 1 - ramp(c.t_s, 0.0, min(1.3, c.length_s)))


def _seated(c: Clock, down: float) -> Pose:
    lean = math.sin(math.pi * down) * 0.45
    return idle(c) + pose(
        lift=-0.26 * down,
        shift_z=0.19 * down,
        waist_pitch=-lean,
        l_flex=0.5 * down,
        r_flex=0.5 * down,
        l_elbow=0.75 * down,
        r_elbow=0.75 * down,
    )


def _fall(c: Clock) -> Pose:
    """To the knees, then forward onto the hands."""
    knees, over = ramp(c.share, 0.05, 0.5), ramp(c.share, 0.4, 0.95)
    return idle(c) + pose(
        lift=-0.26 * knees - 0.02 * over, shift_z=-0.05 * over, hip_pitch=-0.75 * over, waist_pitch=-0.5 * over, head_pitch=-0.3 * over,
        lf_z=0.12 * knees, rf_z=0.16 * knees, l_flex=1.5 * over + 0.5 * knees, r_flex=1.35 * over + 0.5 * knees, l_elbow=0.4 * over, r_elbow=0.5 * over,
    )  # fmt: skip


def _jump(c: Clock) -> Pose:
    crouch = ramp(c.share, 0.0, 0.25) - ramp(c.share, 0.25, 0.38)
    air = max(0.0, 1 - ((c.share - 0.52) / 0.2) ** 2)
    landing = ramp(c.share, 0.66, 0.76) - ramp(c.share, 0.78, 1.0)
    bend = -0.13 * (crouch + landing)
    return idle(c) + pose(
        lift=bend + 0.2 * air, waist_pitch=-0.35 * (crouch + landing), lf_y=0.2 * air, rf_y=0.2 * air,
        l_flex=-0.7 * crouch + 2.2 * air, r_flex=-0.7 * crouch + 2.2 * air, l_out=0.3 * air, r_out=0.3 * air,
    )  # fmt: skip


def _talk(c: Clock) -> Pose:
    a, b = wobble(c.t_s, c.seed, 0.7), wobble(c.t_s, c.seed + 11, 0.6)
    return idle(c) + pose(
        r_flex=0.16 + 0.14 * a, r_elbow=1.1 + 0.32 * b, r_twist=0.15, l_flex=0.06 + 0.1 * b, l_elbow=0.5 + 0.28 * a, head_pitch=0.07 * a,
        head_yaw=0.1 * b, waist_pitch=-0.03,
    )  # fmt: skip


def _look_around(c: Clock) -> Pose:
    side = math.sin(2 * math.pi * c.share) * min(1.0, c.length_s)
    return idle(c) + pose(head_yaw=0.75 * side, waist_yaw=0.28 * side, head_pitch=0.12)


def _draw(c: Clock) -> Pose:
    reach, aim = ramp(c.share, 0.0, 0.3), ramp(c.share, 0.35, 0.65)
    return idle(c) + pose(
        r_flex=-0.25 * reach * (1 - aim) + 1.45 * aim, r_elbow=0.9 * reach * (1 - aim), l_flex=1.3 * aim, l_elbow=0.35 * aim, l_twist=0.7 * aim,
        lf_x=-0.05 * aim, rf_z=0.1 * aim, lift=-0.03 * aim,
    )  # fmt: skip


def _fight(c: Clock) -> Pose:
    beat = 2 * math.pi * 0.8 * c.speed * c.t_s + c.seed
    left, right = max(math.sin(beat), 0.0) ** 3, max(math.sin(beat + math.pi), 0.0) ** 3
    guard = ramp(c.t_s, 0.0, 0.4)
    return idle(c) + guard * pose(
        lift=-0.06, lf_z=-0.13, rf_z=0.12, hip_yaw=-0.35 + 0.3 * (right - left), feet_turn=0.0, waist_yaw=0.35 * (right - left), waist_pitch=-0.12,
        l_flex=0.75 + 0.8 * left, r_flex=0.7 + 0.85 * right, l_elbow=1.7 * (1 - left), r_elbow=1.7 * (1 - right), l_twist=0.3, r_twist=0.3,
    )  # fmt: skip


def _embrace(c: Clock) -> Pose:
    up = ramp(c.share, 0.0, 0.5)
    return idle(c) + up * pose(
        l_flex=1.1, r_flex=1.25, l_elbow=0.75, r_elbow=0.7, l_twist=0.9, r_twist=0.9, waist_pitch=-0.12, head_yaw=0.3
    )


def _ride(c: Clock) -> Pose:
    trot = math.sin(2 * math.pi * 1.6 * c.t_s)
    return pose(
        lift=0.02 * trot,
        lf_x=-0.1,
        rf_x=0.1,
        lf_y=0.2,
        rf_y=0.2,
        l_flex=0.5,
        r_flex=0.5,
        l_elbow=0.8,
        r_elbow=0.8,
        waist_pitch=-0.06,
    )


def _climb(c: Clock) -> Pose:
    a = math.sin(2 * math.pi * 0.6 * c.t_s)
    return pose(
        l_flex=2.3 + 0.5 * a,
        r_flex=2.3 - 0.5 * a,
        l_elbow=0.8 - 0.4 * a,
        r_elbow=0.8 + 0.4 * a,
        lf_y=0.1 + 0.1 * a,
        rf_y=0.1 - 0.1 * a,
        head_pitch=0.3,
    )


ACTS: dict[str, Callable[[Clock], Pose]] = {
    "stand": idle, "look_around": _look_around, "turn": idle, "sit": _sit, "stand_up": _stand_up, "fall": _fall, "jump": _jump,
    "climb": _climb, "fight": _fight, "sword_dance": lambda c: sword_dance(c.t_s * c.speed, ramp(c.t_s, 0.0, 0.5)),
    "dance": lambda c: dance(c.t_s * c.speed), "draw_gun": _draw, "point": _point, "wave": _wave, "talk": _talk, "embrace": _embrace,
    "ride": _ride, "drive": idle, "hidden": idle,
}  # fmt: skip


def carrying(prop: str | None, upper: Pose) -> Pose:
    """Bend the right arm for what the hand holds; `upper` is the pose without it."""
    if prop in {"lantern", "torch", "umbrella"}:
        arm = {"lantern": (0.5, 0.95), "torch": (0.95, 1.1), "umbrella": (0.7, 1.45)}[prop]
        held = upper.copy()
        keep = pose(r_flex=1, r_out=1, r_twist=1, r_elbow=1, r_wrist=1) > 0
        held[keep] = 0.15 * upper[keep]
        return held + pose(r_flex=arm[0], r_elbow=arm[1], r_out=0.12)
    return upper


def settle(t_s: float, length_s: float, fade_s: float = 0.35) -> float:
    """Weight of an action `t_s` after its start against the one before it."""
    return smooth((t_s + fade_s / 2) / min(fade_s, max(length_s, 1e-3)))
