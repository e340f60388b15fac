"""Rocks, ruins' stones and mesas: displaced icospheres. Unit: metres, base a little under y = 0."""

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import Array
from vr_server.staging.scene import Mesh

from .core import boulder, finish, flat_part, loft, merge

ROCK_COLOURS: dict[str, Rgb] = {
    "rock": (0.30, 0.28, 0.25),
    "red_rock": (0.36, 0.135, 0.065),
    "sand_rock": (0.50, 0.36, 0.22),
    "basalt_rock": (0.065, 0.056, 0.054),
}


def _strata(p: Array, n: Array) -> Array:
    shade: Array = 0.86 + 0.1 * np.sin(p[:, 1] * 9.0 + p[:, 0] * 1.7) + 0.12 * n[:, 1]
    return shade


def rock(kind: str, seed: int, height: float = 1.0) -> tuple[Mesh, ...]:
    """One boulder with two lesser ones at its foot, `height` metres over the ground."""
    rng = np.random.default_rng(seed)
    colour = ROCK_COLOURS[kind]
    wide = float(rng.uniform(0.8, 1.25))
    main = boulder((0.85 * wide, 0.72, 0.8), colour, seed, 0.3, 2).moved((0.0, 0.32, 0.0))
    side = boulder((0.34, 0.28, 0.38), colour, seed + 7, 0.3, 1).moved(
        (0.85 * wide, 0.08, float(rng.uniform(-0.4, 0.5)))
    )
    chip = boulder((0.2, 0.16, 0.17), colour, seed + 9, 0.3, 1).moved((-0.6 * wide, 0.05, 0.72))
    whole = merge([main, side, chip]).tinted(_strata)
    return (finish(kind, whole.scaled(height, height, height)),)


def mesa(kind: str, seed: int, height: float = 30.0) -> tuple[Mesh, ...]:
    """A butte for the horizon: scree below, banded cliffs above, a broken flat top."""
    rng = np.random.default_rng(seed)
    colour = ROCK_COLOURS[kind]
    parts = []
    for i in range(3):
        wide, tall = float(rng.uniform(0.45, 1.0)), 1.0 if i == 0 else float(rng.uniform(0.35, 0.75))
        rows = (
            (-0.1, 1.75),
            (0.12, 1.4),
            (0.3, 1.12),
            (0.36, 1.0),
            (0.55, 0.95),
            (0.58, 0.86),
            (0.8, 0.82),
            (0.84, 0.7),
            (0.97, 0.66),
            (1.0, 0.5),
            (1.01, 0.02),
        )
        turret = loft([(y * tall, wide * r, wide * r, 0.0) for y, r in rows], colour, 26, 2.0)
        turn = np.arctan2(turret.positions[:, 0], turret.positions[:, 2])
        phase = rng.uniform(0, 6.28, 4)
        ridge = (
            1
            + 0.14 * np.sin(2 * turn + phase[0])
            + 0.1 * np.sin(5 * turn + phase[1])
            + 0.07 * np.sin(9 * turn + phase[2] + 3 * turret.positions[:, 1])
        )
        shaped = turret.positions * np.stack([ridge, 1 + 0.05 * np.sin(3 * turn + phase[3]), ridge], axis=1)
        stone = flat_part(shaped, turret.triangles, colour)
        parts.append(
            stone.moved((float(rng.uniform(0.8, 1.6)) * (0, 1, -1)[i], 0.0, float(rng.uniform(-0.6, 0.6)) * (i > 0)))
        )
    return (finish("mesa", merge(parts).tinted(_strata).scaled(height, height, height)),)
