"""Small things in the air: leaves that drift down, dust that a landing blows away. Pure functions of time."""

from collections.abc import Callable

import numpy as np

from vr_server.domain.staging import Rgb, Staging, Subject

from .blasts import subject_puffs
from .geometry import Array, affine, rot_x, rot_y, rot_z, vec, wobble
from .kinds import KINDS
from .meshes.core import finish, leaf
from .scene import Matrix, MovingNode, Puffs, no_puffs
from .subjects import path_at

_LEAFY = {"bamboo_grove", "forest", "street", "courtyard"}
_LEAVES = 46
_DUSTY = {"sand", "red_soil", "snow", "leaf_litter", "grass"}
_PUFFS = 130
_PUFF_S = 3.2
_BLOWN_M = 5.0
"""Engines lift dust below this height."""


def effect_nodes(staging: Staging) -> list[MovingNode]:
    """Leaves where there are trees and wind."""
    nodes: list[MovingNode] = []
    if staging.place in _LEAFY and {"wind", "leaves", "storm"} & set(staging.weather):
        nodes += _leaves(staging)
    return nodes


def _leaves(staging: Staging) -> list[MovingNode]:
    rng = np.random.default_rng((staging.seed, 41))
    tones: tuple[Rgb, ...] = ((0.34, 0.42, 0.10), (0.45, 0.40, 0.10), (0.24, 0.34, 0.08))
    blades = [
        finish(
            "falling-leaf",
            leaf(vec(-0.06, 0, 0), vec(1, 0, 0), vec(0, 1, 0), 0.12, 0.035, tone, vec(0, 1, 0)),
            two_sided=True,
        )
        for tone in tones
    ]
    nodes = []
    for n in range(_LEAVES):
        start = vec(float(rng.uniform(-6, 6)), float(rng.uniform(0, 6)), float(rng.uniform(-6, 3.5)))
        nodes.append(MovingNode(blades[n % len(blades)], 0, "leaf", f"leaf_{n}", _fluttering(start, n)))
    return nodes


def _fluttering(start: Array, seed: int) -> Callable[[float], Matrix]:
    """Falls 0.55 m/s, drifts with the wind, tumbles; begins again at the top when it has reached the ground."""

    def at(t: float) -> Matrix:
        height = (float(start[1]) - 0.55 * t) % 6.0
        drift = vec(0.5 * t + 0.35 * wobble(t, seed, 0.4), 0.0, 0.15 * t + 0.35 * wobble(t, seed + 3, 0.35))
        place = start + drift
        place[0] = (place[0] + 6.0) % 12.0 - 6.0
        place[1] = height + 0.03
        spin = rot_y(2.1 * t + seed) @ rot_x(0.9 * wobble(t, seed, 1.1)) @ rot_z(0.8 * wobble(t, seed + 1, 0.9))
        return affine(spin, place)

    return at


def puffs_of(staging: Staging) -> Callable[[float], Puffs]:
    """All that hangs in the air: dust under landing craft, and what subjects raise, burn and smoke (blasts.py)."""
    found = [*landing_dust(staging), *subject_puffs(staging)]
    if not found:
        return no_puffs
    return lambda t: np.concatenate([puffs(t) for puffs in found])


def landing_dust(staging: Staging) -> list[Callable[[float], Puffs]]:
    """Dust that spreads over the ground from under a craft that lands or takes off on loose soil."""
    if staging.ground not in _DUSTY:
        return []
    crafts = [s for s in staging.subjects if _blows(s)]
    return [dust for craft in crafts if (dust := _dust_of(craft, staging)) is not None]


def _blows(subject: Subject) -> bool:
    kind = KINDS.get(subject.kind)
    return kind is not None and (kind.family == "spaceship" or kind.body in {"helicopter", "winged_craft", "dragon"})


def _dust_of(craft: Subject, staging: Staging) -> Callable[[float], Puffs] | None:
    """Puffs are born under the engines while these blow, run outwards, slow down, swell and thin out."""
    times = np.arange(-1.0, staging.duration_s, 0.05)
    heights = np.array([path_at(craft.path, max(float(t), 0.0))[0][1] for t in times])
    blown = times[(heights < _BLOWN_M) & (np.abs(np.gradient(heights, times)) > 0.06)]
    if not len(blown):
        return None
    rng = np.random.default_rng((staging.seed, craft.object_id, 43))
    born = np.sort(rng.choice(blown, _PUFFS)) + rng.uniform(0, 0.05, _PUFFS)
    strength = np.array([max(0.0, 1 - path_at(craft.path, max(float(b), 0.0))[0][1] / _BLOWN_M) for b in born])
    angle, far = rng.uniform(0, 2 * np.pi, _PUFFS), rng.uniform(2.5, 7.5, _PUFFS)
    size, tone = rng.uniform(0.7, 1.3, _PUFFS), rng.uniform(0.85, 1.1, _PUFFS)
    # dust is paler than the soil it comes from
    soil = np.array(staging.ground_colour)
    colour = np.minimum(0.55 * 1.5 * soil + 0.45 * 1.9 * soil.mean(), 0.9)
    start = np.array([path_at(craft.path, max(float(b), 0.0))[0] for b in born])
    spread = np.array([0.8, 0.0, 1.4]) * craft.size_m[0] / 8

    def at(t: float) -> Puffs:
        age = (t - born) / _PUFF_S
        alive = (age > 0) & (age < 1)
        k = np.clip(age, 0.0, 1.0)
        way = 1.0 + far * (1 - np.exp(-2.6 * k))
        centre = start + np.stack([np.sin(angle), 0 * angle, np.cos(angle)], axis=1) * (way[:, None] + spread)
        radius = size * (0.35 + 1.9 * np.sqrt(k))
        centre[:, 1] = 0.45 * radius + 0.5 * k
        alpha = 0.5 * strength * np.minimum(k / 0.06, 1.0) * (1 - k) ** 1.5
        return np.column_stack([centre, radius, alpha, tone[:, None] * colour])[alive]

    return at
