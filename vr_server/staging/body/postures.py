"""Bodies off their feet: sitting, kneeling, lying, falling, crawling, riding. Places are in body heights (see skeleton.FIELDS)."""

import itertools
import math

from vr_server.staging.geometry import ramp, smooth, wobble

from .clock import Clock
from .skeleton import Pose, pose, reach

SEAT_DROP = 0.26
"""How far the hips sink onto a seat, in body heights."""
_ON_TOES = 1.4

_SQUAT = pose(lift=-0.28, shift_z=0.03, hip_pitch=-0.02, waist_pitch=-0.6, head_pitch=0.3, l_flex=0.7, r_flex=0.7, l_elbow=0.5, r_elbow=0.5)  # fmt: skip
_KNEES = pose(lift=-0.228, shift_z=-0.34, lf_pitch=_ON_TOES, rf_pitch=_ON_TOES, l_elbow=0.3, r_elbow=0.3, l_out=0.1, r_out=0.1)  # fmt: skip
_ALL_FOURS = (
    pose(lift=-0.24, shift_z=-0.36, lf_pitch=_ON_TOES, rf_pitch=_ON_TOES, hip_pitch=-1.1, waist_pitch=-0.2, head_pitch=0.4)
    + reach("l", -0.13, 0.05, -0.66) + reach("r", 0.13, 0.05, -0.66)
)  # fmt: skip
_DIVING = (
    pose(lift=-0.345, shift_z=-0.56, lf_pitch=_ON_TOES, rf_pitch=_ON_TOES, hip_pitch=-1.38, waist_pitch=-0.1, head_yaw=0.3, head_pitch=0.3, l_out=0.6, r_out=0.6)
    + reach("l", -0.18, 0.05, -0.85) + reach("r", 0.17, 0.05, -0.8)
)  # fmt: skip
_PRONE = (
    pose(lift=-0.458, shift_z=-0.585, lf_pitch=_ON_TOES, rf_pitch=_ON_TOES, hip_pitch=-1.52, waist_pitch=-0.04, head_yaw=0.8, head_pitch=0.1,
         l_out=0.9, r_out=0.9)
    + reach("l", -0.22, 0.04, -0.98) + reach("r", 0.2, 0.04, -0.9)
)  # fmt: skip
_ON_GROUND = (
    pose(lift=-0.452, shift_z=0.22, hip_pitch=0.46, waist_pitch=-0.35, head_pitch=-0.05, lf_z=-0.16, rf_z=-0.16)
    + reach("l", -0.17, 0.05, 0.36) + reach("r", 0.17, 0.05, 0.36)
)  # fmt: skip
_SUPINE = pose(
    lift=-0.458, shift_z=0.235, hip_pitch=1.53, head_pitch=-0.12, lf_z=-0.3, rf_z=-0.3, lf_pitch=-1.2, rf_pitch=-1.2,
    l_out=0.22, r_out=0.22, l_elbow=0.12, r_elbow=0.12,
)  # fmt: skip
_ONE_KNEE = pose(
    lift=-0.226, shift_z=0.03, lf_z=-0.205, rf_z=0.372, rf_pitch=_ON_TOES, waist_pitch=-0.08, l_flex=0.55, l_elbow=0.7, l_twist=0.3,
    r_out=0.1, r_elbow=0.25,
)  # fmt: skip


def through(share: float, *keys: tuple[float, Pose]) -> Pose:
    """Key poses at shares of an action, eased from each to the next."""
    found = keys[0][1]
    for (a, _), (b, p) in itertools.pairwise(keys):
        k = ramp(share, a, b)
        if k > 0:
            found = found * (1 - k) + p * k
    return found


def breathing(c: Clock) -> Pose:
    return pose(waist_pitch=0.012 * math.sin(2 * math.pi * 0.27 * c.t_s + c.seed), head_yaw=0.1 * wobble(c.t_s, c.seed + 3, 0.13))  # fmt: skip


def seated(c: Clock, down: float) -> Pose:
    """Onto a seat: back, down, and upright again."""
    lean = math.sin(math.pi * down) * 0.45
    return breathing(c) + pose(
        lift=-SEAT_DROP * down, shift_z=0.19 * down, waist_pitch=-lean, l_flex=0.04 + 0.46 * down, r_flex=0.06 + 0.44 * down,
        l_elbow=0.22 + 0.65 * down, r_elbow=0.26 + 0.6 * down, l_out=0.1, r_out=0.1, l_twist=0.25, r_twist=0.25,
    )  # fmt: skip


def sit(c: Clock) -> Pose:
    """Seated from the start where nothing else was told before; else down onto the seat."""
    return seated(c, 1.0 if c.before in {"sit", ""} else ramp(c.t_s, 0.0, min(1.3, c.length_s)))


def stand_up(c: Clock) -> Pose:
    """From a seat, or from the ground over hands, knees and one knee."""
    stand = breathing(c) + pose(l_flex=0.04, r_flex=0.06, l_out=0.1, r_out=0.1, l_elbow=0.22, r_elbow=0.26)
    k = min(c.t_s / min(2.6, max(c.length_s, 0.1)), 1.0)
    if c.before == "fall":
        return breathing(c) + through(
            k, (0.0, _PRONE), (0.2, _DIVING), (0.42, _ALL_FOURS), (0.68, _KNEES), (1.0, stand)
        )
    if c.before == "lie_down":
        return breathing(c) + through(k, (0.0, _SUPINE), (0.4, _ON_GROUND), (0.68, _SQUAT), (1.0, stand))
    if c.before in {"kneel", "crawl"}:
        low = _ONE_KNEE if c.before == "kneel" else _KNEES
        return breathing(c) + through(min(c.t_s / min(1.4, max(c.length_s, 0.1)), 1.0), (0.0, low), (1.0, stand))
    return seated(c, 1 - ramp(c.t_s, 0.0, min(1.3, c.length_s)))


def kneel(c: Clock) -> Pose:
    k = 1.0 if c.before == "kneel" else ramp(c.t_s, 0.1, min(1.5, max(c.length_s, 0.2)))
    return breathing(c) + _ONE_KNEE * k + pose(waist_pitch=-0.3 * math.sin(math.pi * k))


def lie_down(c: Clock) -> Pose:
    """Squats, sits on the ground, lies back and stretches the legs; who has fallen stays as he lies."""
    if c.before == "fall":
        return breathing(c) * 0.3 + _PRONE
    k = 1.0 if c.before == "lie_down" else min(c.t_s / min(3.2, max(c.length_s, 0.2)), 1.0)
    return breathing(c) + through(k, (0.0, pose(l_out=0.1, r_out=0.1)), (0.32, _SQUAT), (0.6, _ON_GROUND), (1.0, _SUPINE))  # fmt: skip


def fall(c: Clock) -> Pose:
    """To the knees, onto the hands, flat: done within two seconds, however long the beat is."""
    k = 1.0 if c.before == "fall" else min(c.t_s / min(2.0, max(c.length_s, 0.3)), 1.0)
    start = pose(l_out=0.1, r_out=0.1, l_elbow=0.25, r_elbow=0.25)
    reel = pose(l_out=0.9, r_out=0.7, l_elbow=0.6, r_elbow=0.5, waist_pitch=-0.15, lift=-0.04, head_pitch=0.2)
    return breathing(c) * (1 - k) + through(
        k, (0.0, start), (0.22, reel), (0.5, _KNEES), (0.7, _ALL_FOURS), (0.84, _DIVING), (1.0, _PRONE)
    )


def crawl(c: Clock) -> Pose:
    """On hands and knees: each hand and each knee rests on its spot for half a round of 0.36 body heights."""
    rounds = c.way_m / (0.36 * c.height_m)
    found = pose(
        lift=-0.233, hip_pitch=-1.32, waist_pitch=-0.06, head_pitch=0.55, lf_pitch=_ON_TOES, rf_pitch=_ON_TOES, hip_roll=0.05 * math.sin(2 * math.pi * rounds),
    )  # fmt: skip
    for s, side, off in (("l", -1, 0.0), ("r", 1, 0.5)):
        back, high = _crept(rounds + off + 0.5)
        found = found + pose(**{f"{s}f_z": 0.34 + 0.18 * back, f"{s}f_y": 0.004 + 0.03 * high})
        back, high = _crept(rounds + off)
        found = found + reach(s, side * 0.12, 0.05 + 0.05 * high, -0.27 + 0.18 * back)
    return found


def _crept(rounds: float) -> tuple[float, float]:
    """How far back of its middle a hand or knee is (-0.5..0.5 of a rest) and how high it is lifted (0..1)."""
    p = rounds % 1.0
    if p < 0.5:
        return 2 * p - 0.5, 0.0
    u = 2 * p - 1
    return 0.5 - smooth(u), math.sin(math.pi * u)


def bow(c: Clock) -> Pose:
    k = ramp(c.t_s, 0.0, 0.9) * (1 - ramp(c.t_s, max(c.length_s - 0.9, 1.0), max(c.length_s, 1.9)))
    return (
        breathing(c)
        + pose(l_out=0.08, r_out=0.08, l_elbow=0.15, r_elbow=0.15)
        + k
        * (
            pose(hip_pitch=-0.62, waist_pitch=-0.35, shift_z=0.07, head_pitch=-0.15)
            + 0.6 * pose(l_flex=0.5, r_flex=0.5)
        )
    )


def ride(c: Clock) -> Pose:
    """Astride, hands at the reins, hips going with the horse."""
    beat = 2 * math.pi * c.way_m / 2.1
    moving = min(c.way_m, 1.0)
    return pose(
        lift=0.012 * moving * math.sin(beat), hip_pitch=0.05 * moving * math.sin(beat + 0.8), waist_pitch=-0.1 - 0.06 * moving * math.sin(beat + 0.8),
        head_pitch=0.08, lf_x=-0.1, rf_x=0.1, lf_y=0.2, rf_y=0.2, lf_z=-0.08, rf_z=-0.08, lf_yaw=0.25, rf_yaw=-0.25,
    ) + reach("l", -0.05, 0.63, -0.2) + reach("r", 0.05, 0.63, -0.2)  # fmt: skip


def drive(c: Clock) -> Pose:
    """Seated low, legs forward, hands at the wheel."""
    turn = 0.02 * wobble(c.t_s, c.seed, 0.3)
    return pose(
        lift=-0.27, shift_z=0.12, hip_pitch=0.12, waist_pitch=-0.06, lf_z=-0.22, rf_z=-0.22, lf_y=0.02, rf_y=0.02, lf_pitch=-0.5, rf_pitch=-0.5,
    ) + reach("l", -0.1, 0.5 + turn, -0.2) + reach("r", 0.1, 0.5 - turn, -0.2)  # fmt: skip


def climb(c: Clock) -> Pose:
    """Hand over hand, the feet following."""
    a = math.sin(2 * math.pi * 0.7 * c.t_s)
    return pose(
        lf_y=0.1 + 0.09 * a, rf_y=0.1 - 0.09 * a, lf_z=-0.1, rf_z=-0.1, lf_x=-0.03, rf_x=0.03, lift=-0.04, shift_z=0.02, head_pitch=0.4, waist_roll=0.06 * a,
    ) + reach("l", -0.1, 0.98 - 0.1 * a, -0.16) + reach("r", 0.1, 0.98 + 0.1 * a, -0.16)  # fmt: skip


def swim(c: Clock) -> Pose:
    """A crawl at the surface: the ground of the path is the water's."""
    a = 2 * math.pi * 0.6 * c.t_s
    kick = math.sin(3 * a)
    found = pose(lift=-0.5, hip_pitch=-1.45, head_pitch=0.5, lf_z=0.47, rf_z=0.47, lf_y=0.02 + 0.05 * kick, rf_y=0.02 - 0.05 * kick, lf_pitch=1.9, rf_pitch=1.9)  # fmt: skip
    for s, side, phase in (("l", -1, 0.0), ("r", 1, math.pi)):
        found = found + reach(s, side * 0.15, 0.06 + 0.16 * math.sin(a + phase), -0.3 - 0.28 * math.cos(a + phase))
    return found


def fly(c: Clock) -> Pose:
    sway = wobble(c.t_s, c.seed, 0.35)
    return pose(
        hip_pitch=-0.95, hip_roll=0.12 * sway, lf_z=0.36, rf_z=0.4, lf_y=0.2, rf_y=0.16, lf_pitch=1.5, rf_pitch=1.5, head_pitch=0.6,
        l_out=0.7, r_out=0.7, l_flex=-0.3, r_flex=-0.3,
    )  # fmt: skip


def jump_off(c: Clock) -> Pose:
    """A crouch, a spring, then the air: arms wide, legs apart, the body leaning into the fall."""
    crouch = ramp(c.t_s, 0.0, 0.32) - ramp(c.t_s, 0.34, 0.5)
    air = ramp(c.t_s, 0.4, 0.85)
    a, b = wobble(c.t_s, c.seed, 0.9), wobble(c.t_s, c.seed + 7, 0.8)
    return pose(lift=-0.13 * crouch, waist_pitch=-0.4 * crouch - 0.15 * air, l_flex=-0.7 * crouch, r_flex=-0.7 * crouch, l_out=0.1, r_out=0.1) + air * pose(
        hip_pitch=-0.3, head_pitch=0.15, l_out=1.25 + 0.3 * a, r_out=1.15 + 0.3 * b, l_flex=0.3, r_flex=0.3, l_elbow=0.4, r_elbow=0.45,
        lf_z=-0.14 + 0.05 * a, rf_z=0.17 + 0.05 * b, lf_y=0.12, rf_y=0.06, lf_pitch=0.5, rf_pitch=0.9,
    )  # fmt: skip


def land(c: Clock) -> Pose:
    """A landing: deep into the knees, then up."""
    deep = ramp(c.t_s, -0.1, 0.16) * (1 - ramp(c.t_s, 0.35, max(min(1.3, c.length_s), 0.6)))
    return (
        breathing(c)
        + pose(l_out=0.1, r_out=0.1, l_elbow=0.25, r_elbow=0.25)
        + deep * (_SQUAT * 0.8 + pose(l_out=0.6, r_out=0.6))
    )
