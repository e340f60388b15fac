"""Chinese halls and streets, a temple on its steps, and what is left of a city."""

import math
from collections.abc import Iterator

from .base import Candidate, Generator, Place, pick, placed, ring, rocks, scaled, tufts
from .wilderness import massif


def courtyard(rng: Generator) -> Iterator[Candidate]:
    yield placed("path", "paved way", 0.0, -1.0, (4.2, 0.04, 38.0), 0.0, pick(rng), 0.02)
    yield placed("chinese_hall", "hall", 0.0, -21.0, (20.0, 10.5, 11.0), 0.0, 0)
    for side in (-1.0, 1.0):
        yield placed("chinese_hall", "side hall", side * 15.5, -6.0, (15.0, 7.6, 8.0), -side * math.pi / 2, 1)
        yield placed("wall", "wall", side * 19.0, 12.0, (22.0, 3.2, 0.5), math.pi / 2, 0)
        for z in (-12.0, -4.0, 4.0, 12.0):
            yield scaled("lantern", "lantern", side * 3.4, z, 2.6, rng)
        yield scaled("tree", "tree", side * 8.0, 3.0 + float(rng.uniform(-1, 1)), float(rng.uniform(5.5, 7.0)), rng)
        yield scaled("tree", "tree", side * 10.5, -13.0, float(rng.uniform(6.0, 8.0)), rng)
        yield scaled("plant_pot", "potted plant", side * 4.6, -13.2, 1.3, rng)
    yield placed("pond", "pond", 6.2, -6.6, (3.6, 0.3, 3.0), 0.0, pick(rng))
    yield placed("wall", "wall", 0.0, 26.0, (40.0, 3.2, 0.5), 0.0, 1)


def ancient_city(rng: Generator) -> Iterator[Candidate]:
    """A street of halls, a gate across it, a great hall at its end and a pagoda over the roofs."""
    yield placed("path", "paved way", 0.0, -12.0, (7.0, 0.04, 90.0), 0.0, pick(rng), 0.02)
    yield placed("chinese_hall", "gate hall", 0.0, -66.0, (30.0, 17.0, 14.0), 0.0, 0)
    yield placed("gate", "street gate", 0.0, -27.0, (10.0, 7.5, 1.2), 0.0, 0)
    yield placed("pagoda", "pagoda", -30.0, -72.0, (15.0, 36.0, 15.0), 0.0, 0)
    for side in (-1.0, 1.0):
        for n in range(6):
            z = 22.0 - 14.0 * n
            size = (float(rng.uniform(11.0, 13.0)), float(rng.uniform(6.4, 8.8)), 8.0)
            yield placed("chinese_hall", "house", side * 11.5, z, size, -side * math.pi / 2, n % 2)
            yield scaled("lantern", "lantern", side * 4.4, z - 6.5, 2.8, rng)
            yield placed(
                "chinese_hall",
                "house",
                side * 27.0,
                z - 4.0,
                (12.0, float(rng.uniform(7, 11)), 9.0),
                -side * math.pi / 2,
                1,
            )
    for x, z in ((-4.9, -3.0), (4.8, -9.0), (-4.7, -14.5), (4.9, 3.5)):
        yield placed("stall", "stall", x, z, (2.5, 2.5, 1.6), -math.copysign(math.pi / 2, x), int(rng.integers(40)))
    yield from massif(rng, 0, 7, 340.0, 70.0)


def ruins(rng: Generator) -> Iterator[Candidate]:
    """A street of halls long fallen in: broken walls between them, stumps of columns, dead trees, a hall at its end."""
    yield placed("path", "paved way", 0.0, -10.0, (5.0, 0.04, 56.0), 0.0, pick(rng), 0.02)
    yield placed("ruined_hall", "ruined hall", 0.0, -30.0, (22.0, 11.0, 11.0), 0.0, pick(rng))
    for side in (-1.0, 1.0):
        for n in range(3):
            size = (float(rng.uniform(10.0, 13.0)), float(rng.uniform(6.0, 8.0)), 7.5)
            z = 3.0 - 13.5 * n + float(rng.uniform(-0.8, 0.8))
            yaw = -side * math.pi / 2 + float(rng.uniform(-0.08, 0.08))
            yield placed("ruined_hall", "ruined hall", side * float(rng.uniform(11.0, 12.5)), z, size, yaw, pick(rng))
        for n in range(4):
            z = 5.0 - 6.6 * n + float(rng.uniform(-0.5, 0.5))
            yield scaled("pillar", "column", side * 4.6, z, float(rng.uniform(1.6, 4.4)), rng)
        yield scaled("dead_tree", "dead tree", side * 6.2, -9.5 - 3.0 * side, float(rng.uniform(5.0, 7.0)), rng)
        yield scaled("dead_tree", "dead tree", side * 17.0, 10.0, float(rng.uniform(6.0, 8.0)), rng)
    yield from rocks(rng, "sand_rock", 26, 4.5, 34.0, 0.2, 0.8)
    yield from tufts(rng, "grass", 50, 3.0, 24.0, 0.25, 0.55, 1.0)
    yield from massif(rng, 0, 7, 340.0, 70.0)


def temple(rng: Generator) -> Iterator[Candidate]:
    """A hall over a flight of steps, a censer before it, pagoda and old pines behind."""
    yield placed("path", "paved way", 0.0, 1.0, (6.0, 0.04, 34.0), 0.0, pick(rng), 0.02)
    yield placed("gate", "temple gate", 0.0, -9.0, (9.5, 7.0, 1.2), 0.0, 1)
    yield scaled("incense_burner", "censer", 0.0, -5.2, 1.75, rng)
    yield placed("stairs", "steps", 0.0, -17.0, (8.0, 2.4, 6.0), 0.0, 0)
    yield placed("terrace", "terrace", 0.0, -29.0, (34.0, 2.4, 18.0), 0.0, 0)
    yield placed("chinese_hall", "main hall", 0.0, -30.0, (24.0, 12.5, 12.0), 0.0, 0, 2.4, level=True)
    yield placed("pagoda", "pagoda", 25.0, -44.0, (13.0, 34.0, 13.0), 0.0, 1)
    for side in (-1.0, 1.0):
        yield placed("wall", "wall", side * 21.5, -9.0, (33.0, 3.0, 0.5), 0.0, 0)
        for z in (-13.0, -3.0, 4.0):
            yield scaled("stone_lantern", "stone lantern", side * 4.2, z, 1.75, rng)
        for x, z in ((8.5, -3.5), (12.0, -13.5), (9.5, 6.0)):
            yield scaled(
                "conifer", "pine", side * (x + float(rng.uniform(-0.8, 0.8))), z, float(rng.uniform(8, 12)), rng
            )
    for x, z in ring(rng, 26, 38.0, 80.0, 5.0):
        yield scaled("conifer", "pine", x, z, float(rng.uniform(9, 15)), rng)
    yield from massif(rng, 0, 7, 320.0, 85.0)


OLD_TOWN: dict[str, Place] = {
    "courtyard": Place("stone", (0.40, 0.37, 0.31), courtyard, 0.006),
    "ancient_city": Place("stone", (0.36, 0.33, 0.27), ancient_city, 0.006),
    "ruins": Place("sand", (0.42, 0.34, 0.22), ruins, 0.007),
    "temple": Place("stone", (0.37, 0.345, 0.29), temple, 0.006),
}
