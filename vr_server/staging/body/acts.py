"""What a body does with itself, action by action: a registry of pose functions. Angles after everyday footage."""

import math
from collections.abc import Callable

import numpy as np

from vr_server.staging.geometry import ramp, wobble

from . import combat, postures
from .clock import Clock
from .dance import dance, sword_dance
from .skeleton import FIELDS, Pose, pose, reach


def idle(clock: Clock) -> Pose:
    """Breathing, a slow shift of weight, a glance: nobody stands like a post."""
    breath = math.sin(2 * math.pi * 0.27 * clock.t_s + clock.seed)
    sway = wobble(clock.t_s, clock.seed, 0.11)
    return pose(
        lift=-0.002, shift_x=0.009 * sway, hip_roll=0.02 * sway, waist_pitch=0.012 * breath, waist_roll=-0.025 * sway,
        head_yaw=0.14 * wobble(clock.t_s, clock.seed + 3, 0.13), head_pitch=0.04 * wobble(clock.t_s, clock.seed + 5, 0.17),
        l_flex=0.04 + 0.015 * breath, r_flex=0.06 - 0.015 * breath, l_out=0.09, r_out=0.09, l_elbow=0.22, r_elbow=0.26,
        l_twist=0.25, r_twist=0.25, l_wrist=0.1, r_wrist=0.1,
    )  # fmt: skip


def walking(steps: float, height_m: float, step_m: float) -> Pose:
    """Upper body of a walk after `steps` steps; the left leg is foremost at 0.5, 2.5, ..."""
    far = min(step_m / (0.42 * height_m), 1.15)
    swing = math.cos(math.pi * (steps - 0.5)) * far
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


_POSTURES: dict[str, Callable[[Clock], Pose]] = {
    "sit": postures.sit, "kneel": postures.kneel, "lie_down": postures.lie_down, "fall": postures.fall, "crawl": postures.crawl,
    "ride": postures.ride, "drive": postures.drive, "type_keys": postures.sit, "swim": postures.swim,
}  # fmt: skip


def _base(c: Clock) -> Pose:
    """The posture a gesture is made in, already taken."""
    if c.base == "stand":
        return idle(c)
    kept = Clock(c.t_s, 1.0, c.length_s, c.seed, base=c.base, before="sit" if c.base == "type_keys" else c.base, way_m=c.way_m, height_m=c.height_m)  # fmt: skip
    return _POSTURES[c.base](kept)


_ARMS = np.array([name[:2] in {"l_", "r_"} for name in FIELDS])


def _hands_free(p: Pose, share: float) -> Pose:
    """The pose with its arms let down by `share`, for a gesture to take them."""
    return np.where(_ARMS, p * (1 - share), p)


def _held(c: Clock, rise_s: float = 0.6, fall_s: float = 0.5) -> float:
    """In and out of a gesture."""
    return ramp(c.t_s, 0.0, rise_s) * (1 - ramp(c.t_s, c.length_s - fall_s, c.length_s))


def _wave(c: Clock) -> Pose:
    beat = math.sin(2 * math.pi * 1.5 * c.t_s)
    return _base(c) + _held(c, 0.5, 0.4) * pose(
        r_out=1.7, r_twist=-1.7, r_elbow=1.0 + 0.32 * beat, waist_roll=0.05, head_pitch=0.08
    )


def _point(c: Clock) -> Pose:
    return _base(c) + ramp(c.t_s, 0.0, 0.6) * (reach("r", 0.07, 0.83, -0.31) + pose(waist_yaw=0.12, r_out=0.15))


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
    """Speaks in turns of 2.4 s with hands and head; listens in between with a nod now and then."""
    turn, u = divmod(c.t_s + (0.0 if c.role == 0 else 2.4), 4.8)
    speaks = ramp(u, 0.0, 0.35) * (1 - ramp(u, 2.1, 2.5))
    a, b = wobble(c.t_s, c.seed, 0.75), wobble(c.t_s, c.seed + 11, 0.65)
    nod = math.exp(-(((u - 3.4) / 0.18) ** 2)) + math.exp(-(((u - 4.0) / 0.18) ** 2))
    lead = "r" if int(turn) % 2 == c.role else "l"
    other = "l" if lead == "r" else "r"
    hands = pose(**{
        f"{lead}_flex": 0.3 + 0.2 * a, f"{lead}_elbow": 1.15 + 0.4 * b, f"{lead}_twist": 0.1 - 0.3 * b, f"{lead}_out": 0.12 + 0.1 * a,
        f"{other}_flex": 0.12 + 0.12 * b, f"{other}_elbow": 0.6 + 0.35 * a,
    })  # fmt: skip
    return _base(c) + speaks * (hands + pose(head_pitch=0.08 * a, head_yaw=0.1 * b, waist_pitch=-0.04 + 0.03 * a, waist_yaw=0.06 * b)) - pose(head_pitch=0.16 * nod)  # fmt: skip


def _look_around(c: Clock) -> Pose:
    side = math.sin(2 * math.pi * c.share) * min(1.0, c.length_s)
    return _base(c) + pose(head_yaw=0.75 * side, waist_yaw=0.28 * side, head_pitch=0.06)


def _look_up(c: Clock) -> Pose:
    up = ramp(c.t_s, 0.1, 1.0)
    return _base(c) + up * pose(head_pitch=0.62, waist_pitch=0.14, l_out=0.06, r_out=0.06)


def _embrace(c: Clock) -> Pose:
    """Arms around the other: one over the shoulder, one under; heads side by side."""
    up = ramp(c.t_s, 0.0, min(1.1, 0.6 * c.length_s))
    pat = 0.012 * math.sin(2 * math.pi * 1.3 * c.t_s) * ramp(c.t_s, 1.4, 2.0)
    return idle(c) * (1 - 0.7 * up) + up * (
        pose(shift_x=0.03, shift_z=-0.02, waist_pitch=-0.07, head_yaw=0.35, head_roll=-0.12, head_pitch=-0.1, l_out=0.9, r_out=0.9, l_flex=0.6, r_flex=0.8)
        + reach("l", -0.02, 0.62, -0.215) + reach("r", 0.0, 0.745 + pat, -0.21)
    )  # fmt: skip


def _hand_over(c: Clock) -> Pose:
    """Out with it to the middle between the two, and back without."""
    out = ramp(c.share, 0.05, 0.4) * (1 - ramp(c.share, 0.62, 0.95))
    return _base(c) + out * (reach("r", 0.03, 0.63, -0.26) + pose(waist_pitch=-0.06, head_pitch=-0.12, r_out=0.15))


def _receive(c: Clock) -> Pose:
    out = ramp(c.share, 0.18, 0.46)
    home = ramp(c.share, 0.62, 0.95)
    there = reach("r", 0.03, 0.6, -0.26) * (1 - home) + reach("r", 0.07, 0.6, -0.14) * home
    return _base(c) + out * (there + pose(waist_pitch=-0.05 * (1 - home), head_pitch=-0.12, r_out=0.15))


def _stoop_to(c: Clock, lift_at: float) -> Pose:
    down = ramp(c.share, 0.05, lift_at) * (1 - ramp(c.share, lift_at + 0.12, 0.9))
    return idle(c) * (1 - down) + down * (
        pose(lift=-0.24, shift_z=0.05, hip_pitch=-0.55, waist_pitch=-0.5, head_pitch=0.1, l_flex=0.6, l_elbow=0.4)
        + reach("r", 0.06, 0.07, -0.2)
    )


def _cry(c: Clock) -> Pose:
    up = ramp(c.t_s, 0.0, 0.9)
    sob = abs(wobble(c.t_s, c.seed, 1.6))
    return _hands_free(_base(c), up) + up * (
        pose(
            waist_pitch=-0.25 - 0.05 * sob,
            head_pitch=-0.5 - 0.06 * sob,
            l_flex=1.0,
            r_flex=1.0,
            l_elbow=2.35,
            r_elbow=2.35,
            l_twist=0.75,
            r_twist=0.75,
        )
    )


def _laugh(c: Clock) -> Pose:
    up = ramp(c.t_s, 0.0, 0.5)
    shake = math.sin(2 * math.pi * 3.2 * c.t_s) * (0.6 + 0.4 * wobble(c.t_s, c.seed, 0.5))
    return _base(c) + up * (
        pose(waist_pitch=0.1 + 0.025 * shake, head_pitch=0.32 + 0.04 * shake, l_out=0.15) + reach("r", 0.02, 0.6, -0.12)
    )


def _eat_drink(c: Clock) -> Pose:
    """To the mouth and down again, every 2.6 s."""
    u = (c.t_s % 2.6) / 2.6
    up = ramp(u, 0.1, 0.38) * (1 - ramp(u, 0.62, 0.9))
    return _base(c) + pose(
        r_flex=0.35 + 0.42 * up,
        r_elbow=1.05 + 1.15 * up,
        r_twist=0.35 + 0.35 * up,
        head_pitch=-0.08 + 0.22 * up,
        l_elbow=0.5,
    )


def _read(c: Clock) -> Pose:
    up = ramp(c.t_s, 0.0, 0.8)
    scan = wobble(c.t_s, c.seed, 0.5)
    return _hands_free(_base(c), up) + up * pose(
        head_pitch=-0.36, head_yaw=0.08 * scan, waist_pitch=-0.05, l_flex=0.55, r_flex=0.55, l_elbow=1.5, r_elbow=1.5, l_twist=0.35, r_twist=0.35,
    )  # fmt: skip


def _type_keys(c: Clock) -> Pose:
    at = ramp(c.t_s, 0.4, 1.3) if c.before not in {"sit", "type_keys"} else ramp(c.t_s, 0.0, 0.7)
    a, b = wobble(c.t_s, c.seed, 2.6), wobble(c.t_s, c.seed + 5, 2.9)
    hands = reach("l", -0.06 + 0.012 * b, 0.43 + 0.008 * a, -0.07) + reach(
        "r", 0.06 + 0.012 * a, 0.43 + 0.008 * b, -0.07
    )
    return postures.sit(c) + at * (hands + pose(waist_pitch=-0.1, head_pitch=-0.2))


def _play_instrument(c: Clock) -> Pose:
    a, b = wobble(c.t_s, c.seed, 1.8), wobble(c.t_s, c.seed + 9, 1.1)
    return _base(c) + ramp(c.t_s, 0.0, 0.7) * (
        reach("l", -0.17, 0.7 + 0.02 * b, -0.17) + reach("r", 0.07 + 0.03 * a, 0.55 + 0.015 * b, -0.13) + pose(head_pitch=-0.2, head_yaw=0.2, waist_roll=0.05 * b)
    )  # fmt: skip


def _open_door(c: Clock) -> Pose:
    out = ramp(c.share, 0.05, 0.35)
    pull = ramp(c.share, 0.4, 0.85)
    return idle(c) + out * (1 - ramp(c.share, 0.85, 1.0)) * (
        reach("r", 0.1 + 0.06 * pull, 0.55, -0.3 + 0.14 * pull) + pose(waist_yaw=-0.12 * pull)
    )


ACTS: dict[str, Callable[[Clock], Pose]] = {
    "stand": idle, "turn": idle, "hidden": idle, "look_at": _base, "look_around": _look_around, "look_up": _look_up,
    "sit": postures.sit, "stand_up": postures.stand_up, "kneel": postures.kneel, "bow": postures.bow, "lie_down": postures.lie_down,
    "fall": postures.fall, "crawl": postures.crawl, "ride": postures.ride, "drive": postures.drive, "climb": postures.climb,
    "swim": postures.swim, "fly": postures.fly, "hover": postures.fly, "take_off": postures.fly, "jump": _jump, "jump_off": postures.jump_off,
    "land": postures.land, "explode": postures.fall,
    "fight": combat.fight, "draw_gun": combat.draw_gun, "aim": combat.aim, "shoot": combat.shoot, "push": combat.push, "stagger": combat.stagger,
    "throw": combat.throw, "sword_dance": lambda c: sword_dance(c.t_s * c.speed, ramp(c.t_s, 0.0, 0.5)), "dance": lambda c: dance(c.t_s * c.speed),
    "point": _point, "wave": _wave, "talk": _talk, "embrace": _embrace, "hand_over": _hand_over, "receive": _receive,
    "pick_up": lambda c: _stoop_to(c, 0.42), "put_down": lambda c: _stoop_to(c, 0.42), "cry": _cry, "laugh": _laugh, "eat_drink": _eat_drink,
    "read": _read, "type_keys": _type_keys, "play_instrument": _play_instrument, "open_door": _open_door,
}  # fmt: skip
LOW = frozenset({"sit", "kneel", "lie_down", "fall", "crawl", "type_keys", "ride", "drive", "swim"})
"""Postures off the feet: kept while gestures are made in them."""
GESTURES = frozenset(
    {"look_at", "look_around", "look_up", "point", "wave", "talk", "hand_over", "receive", "cry", "laugh", "eat_drink", "read", "play_instrument"}
)  # fmt: skip
CARRIED = frozenset({"ride", "drive", "climb", "swim", "fly", "hover", "take_off", "jump_off", "crawl", "hidden"})
"""The feet hang on the body and are not planted."""
FOOTED = CARRIED | {
    "kneel",
    "lie_down",
    "jump",
    "sword_dance",
    "dance",
    "fight",
    "draw_gun",
    "aim",
    "shoot",
    "push",
    "throw",
}
"""Actions that put the feet elsewhere than under the body."""


def carrying(prop: str | None, upper: Pose) -> Pose:
    """Bend the right arm for what the hand holds; `upper` is the pose without it."""
    if prop in {"lantern", "torch", "umbrella"}:
        arm = {"lantern": (0.5, 0.95), "torch": (0.95, 1.1), "umbrella": (0.7, 1.45)}[prop]
        held = upper.copy()
        keep = pose(r_flex=1, r_out=1, r_twist=1, r_elbow=1, r_wrist=1) > 0
        held[keep] = 0.15 * upper[keep]
        return held + pose(r_flex=arm[0], r_elbow=arm[1], r_out=0.12)
    return upper
