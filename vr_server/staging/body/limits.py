"""How far human joints go, as data, and the angles of a solved body to hold against it.

Ranges are the normal adult ones of the American Academy of Orthopaedic Surgeons (Joint Motion: Method of Measuring and
Recording, 1965) as tabled by Norkin and White (Measurement of Joint Motion, 5th ed.), with three that depend on load:
the knee of who kneels (Norkin and White: 150 degrees), the ankle with weight on it (Bennell and others, 1998: 38
degrees of dorsiflexion in a lunge), and a leg's twist, which hip (45) and shin (30) share.
"""

import math

import numpy as np

from vr_server.staging.geometry import Array

_DEGREES: dict[str, tuple[float, float]] = {
    "neck_flexion": (-45, 45), "neck_rotation": (-60, 60), "neck_side": (-45, 45),
    "trunk_flexion": (-25, 80), "trunk_rotation": (-45, 45), "trunk_side": (-35, 35),
    "shoulder_back": (-90, 60), "shoulder_across": (-90, 45), "elbow": (0, 150), "wrist": (-70, 80),
    "hip_flexion": (-30, 120), "hip_out": (-30, 45), "knee": (0, 150), "ankle_up": (-50, 38), "leg_twist": (-75, 75), "toes": (0, 70),
}  # fmt: skip
LIMITS: dict[str, tuple[float, float]] = {k: (math.radians(lo), math.radians(hi)) for k, (lo, hi) in _DEGREES.items()}
"""Radians, from the anatomical position. `shoulder_back`: how far the upper arm points behind the frontal plane;
`shoulder_across`: how far past the middle of the chest (horizontal adduction); `hip_out`: abduction; `ankle_up`:
dorsiflexion; `neck_flexion` and `trunk_flexion`: forward."""


def held(name: str, value: float) -> float:
    """`value` within the limits of the joint `name`."""
    lo, hi = LIMITS[name]
    return min(max(value, lo), hi)


def measure(joints: dict[str, Array]) -> dict[str, float]:
    """Anatomical angles in radians of a body's part matrices: limits' names, limbs with `_l` and `_r` behind."""
    r = {name: m[:3, :3] for name, m in joints.items()}
    found: dict[str, float] = {}
    for part, base, name in (("chest", "pelvis", "trunk"), ("head", "chest", "neck")):
        turn = r[base].T @ r[part]
        found[f"{name}_rotation"] = math.atan2(turn[0, 2], turn[2, 2])
        found[f"{name}_flexion"] = math.asin(_cut(turn[1, 2]))
        found[f"{name}_side"] = math.atan2(turn[1, 0], turn[1, 1])
    for s, side in (("l", -1.0), ("r", 1.0)):
        arm = -r["chest"].T @ r[f"upper_arm_{s}"][:, 1]
        found[f"shoulder_back_{s}"] = math.asin(_cut(arm[2]))
        found[f"shoulder_across_{s}"] = math.asin(_cut(-side * arm[0]))
        fore = -r[f"upper_arm_{s}"].T @ r[f"forearm_{s}"][:, 1]
        found[f"elbow_{s}"] = math.atan2(-fore[2], -fore[1])
        hand = -r[f"forearm_{s}"].T @ r[f"hand_{s}"][:, 1]
        found[f"wrist_{s}"] = math.atan2(-hand[2], -hand[1])
        thigh = -r["pelvis"].T @ r[f"thigh_{s}"][:, 1]
        found[f"hip_flexion_{s}"] = math.atan2(-thigh[2], -thigh[1]) if thigh[1] < 0.7 else math.pi
        found[f"hip_out_{s}"] = math.asin(_cut(side * thigh[0]))
        shin = -r[f"thigh_{s}"].T @ r[f"shin_{s}"][:, 1]
        found[f"knee_{s}"] = math.atan2(shin[2], -shin[1])
        toes = -r[f"shin_{s}"].T @ r[f"foot_{s}"][:, 2]
        found[f"ankle_up_{s}"] = math.atan2(toes[1], math.hypot(toes[0], toes[2]))
        if r["pelvis"][1, 1] > 0.85:
            apart = r["pelvis"].T @ r[f"foot_{s}"]
            found[f"leg_twist_{s}"] = math.atan2(apart[0, 2], apart[2, 2])
    return found


def beyond(joints: dict[str, Array], slack_rad: float = 0.0) -> dict[str, float]:
    """The joints that are bent past their limits by more than `slack_rad`, and by how much."""
    over = {}
    for name, value in measure(joints).items():
        lo, hi = LIMITS[name.removesuffix("_l").removesuffix("_r")]
        past = max(lo - value, value - hi)
        if past > slack_rad:
            over[name] = past
    return over


def _cut(x: float) -> float:
    return float(np.clip(x, -1.0, 1.0))
