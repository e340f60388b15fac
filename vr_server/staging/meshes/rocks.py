"""Rocks, ruins' stones and mesas: displaced icospheres. Unit: metres, base a little under y = 0."""

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.scene import Mesh

from .core import boulder, finish, merge

ROCK_COLOURS: dict[str, Rgb] = {
    "rock": (0.30, 0.28, 0.25),
    "red_rock": (0.36, 0.135, 0.065),
    "sand_rock": (0.50, 0.36, 0.22),
}


def _strata(p: np.ndarray, n: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]  # float64 [v, 3] each
    shade: np.ndarray = 0.86 + 0.1 * np.sin(p[:, 1] * 9.0 + p[:, 0] * 1.7) + 0.12 * n[:, 1]  # type: ignore[type-arg]  # as above
    return shade


def rock(kind: str, seed: int, height: float = 1.0) -> tuple[Mesh, ...]:
    """One boulder with two lesser ones at its foot, `height` metres over the ground."""
    rng = np.random.default_rng(seed)
    colour = ROCK_COLOURS[kind]
    wide = float(rng.uniform(0.8, 1.25))
    main = boulder((0.85 * wide, 0.72, 0.8), colour, seed, 0.3, 3).moved((0.0, 0.32, 0.0))
    side = boulder((0.34, 0.28, 0.38), colour, seed + 7, 0.3, 2).moved(
        (0.85 * wide, 0.08, float(rng.uniform(-0.4, 0.5)))
    )
    chip = boulder((0.2, 0.16, 0.17), colour, seed + 9, 0.3, 1).moved((-0.6 * wide, 0.05, 0.72))
    whole = merge([main, side, chip]).tinted(_strata)
    return (finish(kind, whole.scaled(height, height, height)),)


def mesa(kind: str, seed: int, height: float = 30.0) -> tuple[Mesh, ...]:
    """A far rock tower or table mountain for the horizon."""
    rng = np.random.default_rng(seed)
    colour = ROCK_COLOURS[kind]
    parts = []
    for i in range(3):
        size = (
            float(rng.uniform(0.8, 1.7)),
            float(rng.uniform(0.55, 1.0)) * (1.0 if i == 0 else 0.65),
            float(rng.uniform(0.6, 1.1)),
        )
        stone = boulder(size, colour, seed + i, 0.28, 3).moved(
            (float(rng.uniform(-1, 1)) * (i > 0), 0.0, float(rng.uniform(-0.6, 0.6)))
        )
        parts.append(stone)
    return (finish("mesa", merge(parts).tinted(_strata).scaled(height, height, height)),)
