"""Small things in the air: leaves that drift down. Pure functions of time."""

from collections.abc import Callable

import numpy as np

from vr_server.domain.staging import Rgb, Staging

from .geometry import Array, affine, rot_x, rot_y, rot_z, vec, wobble
from .meshes.core import finish, leaf
from .scene import Matrix, MovingNode

_LEAFY = {"bamboo_grove", "forest", "street", "courtyard"}
_LEAVES = 46


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
