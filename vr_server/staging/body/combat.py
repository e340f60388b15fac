"""Bodies against each other: blows and guards, guns, throws, shoves."""

import math

from vr_server.staging.geometry import ramp, wobble

from .clock import Clock
from .skeleton import Pose, pose, reach

_ROUND_S = 1.6
_SHOT_S = 0.7


def _bump(t: float, start: float, top: float, end: float) -> float:
    return ramp(t, start, top) * (1 - ramp(t, top, end))


def fight(c: Clock) -> Pose:
    """Rounds of 1.6 s: who begins strikes twice while the other guards and sways back, then the other way about.
    Every third attack is a kick."""
    t = c.t_s * c.speed
    turn = int(t // _ROUND_S) + c.role
    u = t % _ROUND_S
    ready = ramp(c.t_s, 0.0, 0.4)
    stance = pose(lift=-0.055, lf_z=-0.12, rf_z=0.12, lf_x=-0.01, rf_x=0.02, rf_yaw=-0.5, hip_yaw=-0.3, waist_pitch=-0.12, head_yaw=0.25, head_pitch=0.05, l_out=0.2, r_out=0.2)  # fmt: skip
    bob = 0.012 * math.sin(2 * math.pi * 1.25 * t)
    if turn % 2:
        return ready * (stance + pose(lift=bob) + _guarding(u, c.armed))
    if c.armed:
        return ready * (stance + pose(lift=bob) + _slashing(u))
    if turn % 6 == 4:
        return ready * (stance + pose(lift=bob) + _kicking(u))
    return ready * (stance + pose(lift=bob) + _punching(u))


def _guarding(u: float, armed: bool) -> Pose:
    hit = _bump(u, 0.22, 0.38, 0.7) + _bump(u, 0.8, 0.96, 1.4)
    found = pose(shift_z=0.035 * hit, waist_pitch=0.2 * hit, head_pitch=0.14 * hit, waist_yaw=-0.15 * hit)
    if armed:
        return found + reach("r", 0.02, 0.74 + 0.12 * hit, -0.24) + reach("l", -0.2, 0.55, -0.05)
    return found + reach("l", -0.07, 0.77 + 0.07 * hit, -0.2 + 0.05 * hit) + reach("r", 0.07, 0.78 + 0.07 * hit, -0.16 + 0.04 * hit)  # fmt: skip


def _punching(u: float) -> Pose:
    left, right = _bump(u, 0.18, 0.36, 0.6), _bump(u, 0.76, 0.94, 1.25)
    return (
        pose(shift_z=-0.03 * (left + right), waist_yaw=-0.3 * left + 0.62 * right, waist_pitch=-0.08 * (left + right), l_out=0.3, r_out=0.3)
        + reach("l", -0.07 + 0.05 * left, 0.76 + 0.03 * left, -0.17 - 0.2 * left)
        + reach("r", 0.07 - 0.08 * right, 0.75 + 0.04 * right, -0.13 - 0.24 * right)
    )  # fmt: skip


def _kicking(u: float) -> Pose:
    up, out = _bump(u, 0.2, 0.5, 1.15), _bump(u, 0.42, 0.62, 0.9)
    return (
        pose(rf_y=0.17 * up + 0.12 * out, rf_z=-0.24 * up - 0.2 * out, rf_x=-0.06 * up, shift_z=0.03 * up, shift_x=-0.03 * up, waist_pitch=0.25 * up,
             hip_pitch=0.16 * up, rf_pitch=0.25 * up)
        + reach("l", -0.1, 0.73, -0.15) + reach("r", 0.14, 0.68, -0.08)
    )  # fmt: skip


def _slashing(u: float) -> Pose:
    """A cut from over the right shoulder down to the left, then a backhand."""
    raised, cut = _bump(u, 0.0, 0.24, 0.5), _bump(u, 0.28, 0.5, 0.9)
    back = _bump(u, 0.8, 1.0, 1.45)
    return (
        pose(waist_yaw=-0.35 * raised + 0.45 * cut - 0.2 * back, shift_z=-0.03 * (cut + back), waist_pitch=0.06 * raised - 0.16 * cut, r_wrist=-0.5 * raised + 0.3 * cut)
        + reach("r", 0.12 + 0.06 * raised - 0.22 * cut + 0.14 * back, 0.66 + 0.3 * raised - 0.02 * cut + 0.1 * back, -0.2 + 0.14 * raised - 0.1 * cut - 0.1 * back)
        + reach("l", -0.2, 0.58 + 0.1 * cut, -0.08)
    )  # fmt: skip


_AIM = (
    pose(lf_x=-0.02, lf_z=-0.09, rf_z=0.09, rf_x=0.02, rf_yaw=-0.35, lift=-0.03, waist_pitch=-0.04, head_pitch=-0.04, l_out=0.25, r_out=0.2, r_wrist=-0.42, l_wrist=-0.25)
    + reach("r", 0.04, 0.805, -0.305) + reach("l", 0.0, 0.785, -0.285)
)  # fmt: skip


def draw_gun(c: Clock) -> Pose:
    """Hand to the holster, up and out, the other hand to it; the feet take a stance."""
    fetch, out = ramp(c.t_s, 0.0, 0.4), ramp(c.t_s, 0.45, 0.9)
    at_hip = reach("r", 0.155, 0.47, 0.03) + pose(r_out=0.3, head_pitch=-0.1, waist_pitch=-0.05, waist_yaw=-0.1)
    return (
        _easy(c) * (1 - out)
        + at_hip * (fetch * (1 - out))
        + _AIM * out
        + 0.004 * wobble(c.t_s, c.seed, 0.8) * pose(waist_yaw=1.0)
    )


def aim(c: Clock) -> Pose:
    up = 1.0 if c.before in {"draw_gun", "aim", "shoot"} else ramp(c.t_s, 0.0, 0.6)
    return _easy(c) * (1 - up) + _AIM * up + up * pose(waist_yaw=0.015 * wobble(c.t_s, c.seed, 0.5))


def shoot(c: Clock) -> Pose:
    """A shot every 0.7 s; the hands jump and come back."""
    kick = sum(math.exp(-(c.t_s - t) / 0.12) for t in shots(c.length_s) if t <= c.t_s <= t + 0.6)
    return aim(c) + kick * (pose(waist_pitch=0.05, r_wrist=-0.25) + pose(r_hy=0.025, r_hz=0.03, l_hy=0.022, l_hz=0.03))


def shots(length_s: float) -> tuple[float, ...]:
    """When it goes off, seconds from the action's start."""
    count = max(1, min(int((length_s - 0.8) / _SHOT_S) + 1, 8))
    return tuple(min(0.8, 0.6 * length_s) + _SHOT_S * n for n in range(count))


def push(c: Clock) -> Pose:
    """Both hands to the chest of whoever stands there, and the weight behind them."""
    load, shove = _bump(c.share, 0.0, 0.22, 0.36), _bump(c.share, 0.22, 0.36, 0.8)
    step = ramp(c.share, 0.1, 0.4) * (1 - ramp(c.share, 0.75, 1.0))
    return _easy(c) * (1 - max(load, shove)) + pose(
        lf_z=-0.13 * step, rf_z=0.08 * step, lift=-0.035 * step, shift_z=-0.06 * shove + 0.03 * load, waist_pitch=-0.22 * shove + 0.06 * load,
    ) + max(load, shove) * (
        reach("l", -0.09, 0.72, -0.14 - 0.22 * shove) + reach("r", 0.09, 0.72, -0.14 - 0.22 * shove) + pose(l_out=0.35, r_out=0.35)
    )  # fmt: skip


def stagger(c: Clock) -> Pose:
    """Thrown back by a blow or a push: arms up, trunk behind the hips."""
    hit = _bump(c.t_s, 0.0, 0.2, 1.1)
    return _easy(c) + hit * pose(waist_pitch=0.25, head_pitch=-0.25, l_out=0.7, r_out=0.75, l_flex=0.5, r_flex=0.5, l_elbow=0.8, r_elbow=0.7)  # fmt: skip


def throw(c: Clock) -> Pose:
    wind, let = _bump(c.share, 0.05, 0.4, 0.56), _bump(c.share, 0.42, 0.58, 0.95)
    return _easy(c) * (1 - max(wind, let)) + pose(
        lf_z=-0.16 * ramp(c.share, 0.2, 0.5), rf_z=0.06 * ramp(c.share, 0.1, 0.3), waist_yaw=-0.55 * wind + 0.5 * let, waist_pitch=0.12 * wind - 0.25 * let,
    ) + wind * (reach("r", 0.22, 0.92, 0.1) + pose(l_flex=1.1, l_out=0.3)) + let * reach("r", -0.02, 0.78, -0.34)  # fmt: skip


def _easy(c: Clock) -> Pose:
    sway = wobble(c.t_s, c.seed, 0.11)
    return pose(shift_x=0.008 * sway, l_flex=0.04, r_flex=0.06, l_out=0.1, r_out=0.1, l_elbow=0.22, r_elbow=0.26, l_twist=0.25, r_twist=0.25)  # fmt: skip
