"""Choreography: key poses joined by Catmull-Rom splines, so that arms sweep and never stop between figures."""

import math

import numpy as np

from .skeleton import FIELDS, HIP_YAW, Pose, pose

_TURN = 2 * math.pi

_SWORD: tuple[tuple[float, Pose], ...] = (
    # an opening stance: sword level to the right, left hand's two fingers raised
    (0.0, pose(feet_turn=1.0, lift=-0.05, lf_x=-0.08, rf_x=0.08, hip_yaw=0.2, waist_yaw=-0.2, head_yaw=-0.7, r_out=1.5, r_twist=-0.3, r_elbow=0.1, r_wrist=0.1,
               l_out=1.0, l_flex=0.4, l_elbow=1.2, l_twist=-0.5)),
    # a low lunge to the left, sword swept behind and up
    (0.9, pose(feet_turn=1.0, lift=-0.15, lf_x=-0.26, rf_x=0.16, shift_x=-0.09, hip_yaw=0.35, waist_yaw=0.3, waist_roll=0.18, head_yaw=0.5, r_out=2.1, r_flex=-0.3,
               r_elbow=0.25, l_out=1.35, l_flex=0.35, l_elbow=0.1, head_pitch=0.05)),
    # rising, the sword draws a high arc overhead, weight on one leg
    (1.7, pose(feet_turn=1.0, lift=0.0, lf_x=0.02, lf_y=0.17, lf_z=-0.1, rf_x=0.0, hip_yaw=0.6, waist_pitch=0.14, head_pitch=0.3, head_yaw=-0.2, r_flex=2.85, r_out=0.25,
               r_elbow=0.15, l_out=1.25, l_flex=0.2, l_elbow=0.35)),
    # the spin: arms open, sleeves flying
    (2.65, pose(feet_turn=1.0, lift=-0.02, rf_x=-0.03, lf_x=-0.06, lf_y=0.03, lf_z=0.05, hip_yaw=0.55 * _TURN, waist_roll=-0.12, r_out=1.55, r_elbow=0.12, l_out=1.45,
                l_elbow=0.12, head_yaw=0.2, head_pitch=0.1)),
    # out of the spin into a thrust to the front
    (3.7, pose(feet_turn=1.0, lift=-0.1, lf_z=-0.2, rf_z=0.12, shift_z=-0.05, hip_yaw=_TURN - 0.3, waist_yaw=0.35, waist_pitch=-0.12, r_flex=1.5, r_out=0.1, r_elbow=0.08,
                l_flex=-0.5, l_out=0.9, l_elbow=0.5, head_pitch=0.05)),
    # gathering: sword vertical before the chest, free hand at its wrist
    (4.6, pose(feet_turn=1.0, lift=-0.03, lf_z=-0.06, rf_z=0.03, hip_yaw=_TURN + 0.1, waist_yaw=0.1, r_flex=0.95, r_elbow=1.2, r_twist=0.5, l_flex=0.9, l_elbow=1.3, l_twist=0.8,
               head_pitch=-0.08)),
)  # fmt: skip
_SWORD_S = 5.5

_DANCE: tuple[tuple[float, Pose], ...] = (
    (0.0, pose(lift=-0.02, shift_x=-0.03, hip_roll=0.1, waist_roll=-0.14, l_out=1.3, l_elbow=0.4, r_out=0.5, r_elbow=1.2, head_yaw=0.2)),
    (0.6, pose(lift=-0.05, waist_pitch=-0.05, l_out=0.9, l_elbow=0.9, r_out=0.9, r_elbow=0.9)),
    (1.2, pose(lift=-0.02, shift_x=0.03, hip_roll=-0.1, waist_roll=0.14, r_out=1.3, r_elbow=0.4, l_out=0.5, l_elbow=1.2, head_yaw=-0.2)),
    (1.8, pose(lift=-0.05, waist_pitch=0.08, l_out=2.4, l_elbow=0.5, r_out=2.4, r_elbow=0.5, head_pitch=0.15)),
)  # fmt: skip
_DANCE_S = 2.4


def _spline(keys: tuple[tuple[float, Pose], ...], period_s: float, t_s: float, turn_rad: float) -> Pose:
    """Cyclic Catmull-Rom over unevenly spaced keys; each round adds `turn_rad` to the hips' yaw."""
    n = len(keys)
    rounds, t = divmod(t_s, period_s)
    i = max(j for j in range(n) if keys[j][0] <= t + 1e-9)

    def key(j: int) -> tuple[float, Pose]:
        lap, k = divmod(j, n)
        value = keys[k][1].copy()
        value[HIP_YAW] += turn_rad * (lap + rounds)
        return keys[k][0] + lap * period_s, value

    (t0, p0), (t1, p1), (t2, p2), (t3, p3) = (key(i + d) for d in (-1, 0, 1, 2))
    u = (t - t1) / (t2 - t1)
    m1 = (p2 - p0) * ((t2 - t1) / (t2 - t0))
    m2 = (p3 - p1) * ((t2 - t1) / (t3 - t1))
    u2, u3 = u * u, u * u * u
    found: Pose = (2 * u3 - 3 * u2 + 1) * p1 + (u3 - 2 * u2 + u) * m1 + (3 * u2 - 2 * u3) * p2 + (u3 - u2) * m2
    return found


def sword_dance(t_s: float, weight: float) -> Pose:
    """Six figures in 5.5 s, with one spin; `weight` eases in from standing."""
    found = _spline(_SWORD, _SWORD_S, t_s, _TURN)
    found[:] *= np.where(np.arange(len(FIELDS)) == HIP_YAW, 1.0, weight)
    return found


def dance(t_s: float) -> Pose:
    """A swaying dance in 2.4 s rounds."""
    return _spline(_DANCE, _DANCE_S, t_s, 0.0)
