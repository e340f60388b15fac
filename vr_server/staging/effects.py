"""Small things in the air: what drifts of itself, and dust that a landing blows away. Pure functions of time."""

from collections.abc import Callable

import numpy as np

from vr_server.domain.staging import Staging, Subject

from .blasts import subject_puffs
from .drifts import banks, leaf_nodes
from .kinds import KINDS
from .scene import MovingNode, Puffs, no_puffs
from .subjects import path_at

_DUSTY = {"sand", "red_soil", "snow", "leaf_litter", "grass"}
_PUFFS = 130
_PUFF_S = 3.2
_BLOWN_M = 5.0
"""Engines lift dust below this height."""


def effect_nodes(staging: Staging) -> list[MovingNode]:
    """Small things that move by themselves: leaves."""
    return leaf_nodes(staging)


def puffs_of(staging: Staging) -> Callable[[float], Puffs]:
    """All that hangs in the air: banks of smoke and mist, dust under landing craft, and what subjects raise, burn and smoke (blasts.py)."""
    found = [*banks(staging), *landing_dust(staging), *subject_puffs(staging)]
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
