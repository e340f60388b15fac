"""Open country: deserts, woods, snow, the brink of a cliff, molten ground, a cave."""

import math
from collections.abc import Iterator

from vr_server.staging.meshes.ground import cliff_edge, water_level

from .base import Candidate, Generator, Interior, Place, mesas, pick, placed, ring, rocks, scaled, tufts


def red_planet(rng: Generator) -> Iterator[Candidate]:
    yield from rocks(rng, "red_rock", 60, 6.0, 46.0, 0.12, 1.5)
    yield from rocks(rng, "red_rock", 26, 34.0, 110.0, 1.2, 5.5)
    yield from mesas(rng, "red_mesa", 9)
    yield from massif(rng, 1, 6, 330.0, 60.0)


def massif(rng: Generator, kind: int, count: int, away: float, high: float, low: float = -1.0) -> Iterator[Candidate]:
    """A chain of mountains about the horizon, its foot at y = `low`; `kind` as in meshes.landscape.mountain."""
    for n in range(count):
        a = 2 * math.pi * (n + float(rng.uniform(-0.3, 0.3))) / count
        h = high * float(rng.uniform(0.6, 1.25))
        w = 2.9 * high * float(rng.uniform(0.8, 1.3))
        r = away * float(rng.uniform(0.92, 1.08))
        seed = kind + 4 * int(rng.integers(3))
        yield placed(
            "mountain", "mountain", r * math.sin(a), r * math.cos(a), (w, h, 0.6 * w), a, seed, low, level=True
        )


def desert(rng: Generator) -> Iterator[Candidate]:
    yield from rocks(rng, "sand_rock", 26, 8.0, 70.0, 0.15, 1.6)
    yield from mesas(rng, "sand_mesa", 7)
    yield from tufts(rng, "grass", 40, 4.0, 40.0, 0.25, 0.5, 2.0)
    yield from tufts(rng, "cactus", 5, 12.0, 60.0, 1.6, 3.2, 8.0)


def bamboo_grove(rng: Generator) -> Iterator[Candidate]:
    """A clearing of 3.4 m; culms grow in loose clumps, denser away from it."""
    for x, z in ring(rng, 125, 3.3, 25.0, 1.2):
        clump = int(rng.integers(1, 4)) if math.hypot(x, z) > 5 else int(rng.integers(1, 3))
        for _ in range(clump):
            dx, dz = rng.normal(scale=0.3, size=2)
            yield scaled("bamboo", "bamboo", x + float(dx), z + float(dz), float(rng.uniform(7.5, 12.5)), rng)
    # far culms close the view between the near ones
    for x, z in ring(rng, 110, 25.0, 42.0, 1.4):
        yield scaled("bamboo", "bamboo", x, z, float(rng.uniform(8.5, 12.5)), rng)
    yield from tufts(rng, "grass", 60, 2.6, 14.0, 0.2, 0.45)
    yield from rocks(rng, "rock", 12, 3.2, 14.0, 0.2, 0.7)
    yield from tufts(rng, "shrub", 14, 6.0, 18.0, 0.4, 0.8, 2.0)


def forest(rng: Generator) -> Iterator[Candidate]:
    for n, (x, z) in enumerate(ring(rng, 84, 5.5, 55.0, 3.2)):
        kind, low, high = ("conifer", 9.0, 16.0) if n % 3 else ("tree", 7.0, 11.0)
        yield scaled(kind, kind, x, z, float(rng.uniform(low, high)), rng)
    yield from tufts(rng, "shrub", 22, 4.0, 24.0, 0.5, 1.1, 2.2)
    yield from tufts(rng, "grass", 90, 2.0, 18.0, 0.2, 0.5, 0.8)
    yield from rocks(rng, "rock", 12, 5.0, 25.0, 0.25, 1.2)


def snowfield(rng: Generator) -> Iterator[Candidate]:
    yield from rocks(rng, "rock", 18, 8.0, 60.0, 0.3, 2.2)
    for x, z in ring(rng, 34, 16.0, 90.0, 4.0):
        yield scaled("conifer", "conifer", x, z, float(rng.uniform(6, 13)), rng)
    yield from massif(rng, 0, 8, 320.0, 95.0)


def plain(rng: Generator) -> Iterator[Candidate]:
    yield from tufts(rng, "grass", 150, 2.2, 30.0, 0.2, 0.5, 1.0)
    yield from tufts(rng, "flowers", 26, 2.5, 18.0, 0.25, 0.45, 1.2)
    for x, z in ring(rng, 16, 20.0, 95.0, 8.0):
        yield scaled("tree", "tree", x, z, float(rng.uniform(6, 9)), rng)
    yield from tufts(rng, "shrub", 18, 9.0, 50.0, 0.5, 1.1, 3.0)
    yield from rocks(rng, "rock", 10, 7.0, 40.0, 0.2, 1.0)
    yield from massif(rng, 0, 6, 360.0, 50.0)


def cliff(rng: Generator) -> Iterator[Candidate]:
    """A plateau that breaks off behind the mark; a valley below, a far wall of mountains."""
    for x, z in ring(rng, 34, 3.2, 34.0, 1.8):
        if z > float(cliff_edge(x)) + 0.8:  # type: ignore[arg-type]  # a float is an array of no axes
            height = float(0.15 + 1.6 * rng.uniform() ** 3)
            yield scaled("rock", "rock", x, z, height, rng, 0.15 * height)
    for x, z in ring(rng, 40, 2.0, 22.0, 1.0):
        if z > float(cliff_edge(x)) + 0.5:  # type: ignore[arg-type]  # as above
            yield scaled("grass", "dry grass", x, z, float(rng.uniform(0.2, 0.4)), rng)
    for x, z in ring(rng, 30, 60.0, 210.0, 9.0):
        if z < -45.0:
            yield scaled("conifer", "conifer", x, z, float(rng.uniform(9, 16)), rng)
    for n in range(9):
        a = math.pi + (n - 4) * 0.24 + float(rng.uniform(-0.06, 0.06))
        r, h = float(rng.uniform(300, 385)), float(rng.uniform(84, 144)) * (0.75 if n % 2 else 1.1)
        w = 3.7 * h
        at = (r * math.sin(a), r * math.cos(a))
        yield placed("mountain", "mountain", *at, (w, h, 0.6 * w), a, 4 * int(rng.integers(3)), -64.0, level=True)


def lava(rng: Generator) -> Iterator[Candidate]:
    """Black rock, split and glowing, a stream of lava across the view, cones on the horizon."""
    level = water_level("basalt") or 0.0
    yield placed("lava", "lava river", 0.0, -11.0, (150.0, 0.1, 9.2), 0.0, pick(rng), level, level=True)
    for n, (x, z, turn) in enumerate(
        ((-3.6, -3.4, 0.5), (4.2, -2.6, -0.4), (-7.5, 1.5, 1.2), (8.0, -5.5, 0.2), (0.5, -5.6, 0.1))
    ):
        size = (float(rng.uniform(4.0, 6.5)), 0.16, 3.0)
        yield placed("lava_crack", "lava crack", x, z, size, turn + float(rng.uniform(-0.2, 0.2)), 40 + n)
    for x, z in ring(rng, 46, 4.0, 60.0, 1.8):
        if abs(z + 11.0) > 5.5:
            height = float(0.2 + 2.4 * rng.uniform() ** 2.5)
            yield scaled("basalt_rock", "rock", x, z, height, rng, 0.14 * height)
    yield from massif(rng, 2, 7, 260.0, 70.0)


def cave(rng: Generator) -> Iterator[Candidate]:
    """A hall of rock whose mouth lets the day in at the far end."""
    yield placed("cave_shell", "cave", 0.0, -2.0, (16.0, 7.2, 34.0), 0.0, pick(rng), -0.3)
    for x, z in ring(rng, 9, 2.0, 7.0, 1.6):
        tall = float(rng.uniform(1.0, 2.4))
        yield placed(
            "stalactites", "stalactites", x, z, (1.4, tall, 1.4), 0.0, pick(rng), 6.9 - 0.055 * x * x - tall, level=True
        )
    yield from tufts(rng, "stalagmite", 16, 3.2, 9.0, 0.5, 1.7, 1.2)
    yield from rocks(rng, "rock", 22, 3.0, 12.0, 0.2, 1.0)
    for x, z in ((-3.6, -3.0), (3.9, -1.2), (-4.6, 1.6), (2.9, -6.0)):
        yield scaled("crystal", "crystal", x, z, float(rng.uniform(0.5, 0.95)), rng)
    yield placed("puddle", "pool", 1.6, -4.6, (3.4, 0.02, 2.2), 0.4, pick(rng), 0.012)


WILDERNESS: dict[str, Place] = {
    "red_planet": Place("red_soil", (0.37, 0.15, 0.075), red_planet, 0.0062),
    "desert": Place("sand", (0.58, 0.42, 0.25), desert, 0.006),
    "bamboo_grove": Place("leaf_litter", (0.17, 0.155, 0.07), bamboo_grove, 0.009),
    "forest": Place("leaf_litter", (0.13, 0.12, 0.06), forest, 0.007),
    "cliff": Place("cliff", (0.27, 0.25, 0.215), cliff, 0.0032),
    "snowfield": Place("snow", (0.80, 0.82, 0.86), snowfield, 0.0045),
    "plain": Place("grass", (0.20, 0.23, 0.085), plain, 0.005),
    "lava": Place("basalt", (0.06, 0.052, 0.05), lava, 0.008, lit=0.85),
    "cave": Place(
        "stone", (0.20, 0.175, 0.15), cave, 0.004, interior=Interior((-6.0, 6.0), (-13.0, 12.0), 5.5, 0.0), lit=0.8
    ),
}
