"""By the water: river, beach, open sea, harbour, a bridge over a gorge."""

import math
from collections.abc import Iterator

from vr_server.staging.meshes.ground import water_level

from .base import Candidate, Generator, Place, pick, placed, ring, scaled, tufts
from .wilderness import massif


def _level(ground: str) -> float:
    return water_level(ground) or 0.0


def river(rng: Generator) -> Iterator[Candidate]:
    """The stream runs across the view; reeds and stones on this bank, trees and hills on the other."""
    yield placed("water", "river", 0.0, -12.5, (360.0, 0.05, 17.5), 0.0, 0, _level("river"), level=True)
    for k in range(-26, 27):
        x = float(k)
        for bank in (-5.6, -19.6):
            if rng.uniform() < 0.36:
                z = bank - 1.2 * math.sin(x * 0.07 + 0.6) + float(rng.uniform(-0.4, 0.5))
                yield scaled(
                    "reeds", "reeds", x + float(rng.uniform(-0.4, 0.4)), z, float(rng.uniform(1.0, 1.9)), rng, 0.1
                )
    for x, z in ring(rng, 26, 4.0, 26.0, 1.4):
        if z < -4.5 or z > 2.0:
            height = float(rng.uniform(0.25, 0.9))
            yield scaled("rock", "rock", x, z, height, rng, 0.2 * height)
    yield from tufts(rng, "grass", 80, 2.4, 22.0, 0.2, 0.5)
    for x, z in ring(rng, 40, 12.0, 70.0, 4.0):
        if z < -23.0 or z > 9.0:
            yield scaled("tree" if rng.uniform() < 0.7 else "conifer", "tree", x, z, float(rng.uniform(6, 11)), rng)
    yield from massif(rng, 0, 7, 330.0, 75.0)


def _sea_sheet() -> Candidate:
    return placed("water", "sea", 0.0, -203.0, (820.0, 0.2, 396.0), 0.0, 1, _level("beach"), level=True)


def beach(rng: Generator) -> Iterator[Candidate]:
    """Sand, the line of the surf, headlands to both sides."""
    yield _sea_sheet()
    for z in (-5.7, -8.6):
        yield placed("foam", "surf", 0.0, z, (90.0, 0.03, 0.9), 0.0, pick(rng), _level("beach") + 0.12, level=True)
    for x, z in ring(rng, 24, 5.0, 40.0, 2.0):
        if abs(x) > 6.0:
            height = float(0.2 + 1.7 * rng.uniform() ** 2)
            yield scaled("rock", "rock", x, z, height, rng, 0.2 * height)
    for side in (-1.0, 1.0):
        for k in range(3):
            h = float(rng.uniform(14, 34))
            yield placed("mountain", "headland", side * (95.0 + 34.0 * k), -70.0 - 45.0 * k, (h * 3.4, h, h * 2.2), float(rng.uniform(0, 3)), 0, -7.6, level=True)  # fmt: skip
    yield from tufts(rng, "grass", 22, 8.0, 30.0, 0.3, 0.6, 2.0)


def sea(rng: Generator) -> Iterator[Candidate]:
    """A rocky shore: surf among boulders and nothing but water beyond."""
    yield _sea_sheet()
    yield placed("foam", "surf", 0.0, -6.1, (90.0, 0.03, 0.9), 0.0, pick(rng), _level("beach") + 0.12, level=True)
    for x, z in ring(rng, 60, 3.4, 36.0, 1.5):
        if z < -3.0 or abs(x) > 5.0:
            height = float(0.3 + 2.2 * rng.uniform() ** 1.8)
            yield scaled("rock", "rock", x, z, height, rng, 0.3 * height)
    for n in range(5):
        x, z = float(rng.uniform(-60, 60)), float(rng.uniform(-90, -30))
        yield scaled("rock", "sea stack", x, z, float(rng.uniform(4, 9)) + n, rng, 4.5)


def open_sea(_rng: Generator) -> Iterator[Candidate]:
    """Water all round, for what floats."""
    yield placed("water", "sea", 0.0, -60.0, (820.0, 0.2, 680.0), 0.0, 1, 0.0, level=True)


def harbour(rng: Generator) -> Iterator[Candidate]:
    """A stone quay: bollards and cargo, boats moored along it, cranes, sheds and hills beyond the basin."""
    yield placed("water", "harbour basin", 0.0, -202.6, (820.0, 0.1, 395.2), 0.0, 2, _level("quay"), level=True)
    for k in range(-21, 22, 6):
        yield scaled("bollard", "bollard", k + 1.5, -4.3, 0.62, rng)
    for x, z in ((-5.2, -9.2), (6.4, -8.4), (15.5, -10.0), (-15.0, -8.6), (1.0, -24.0)):
        long = float(rng.uniform(7.5, 11.0))
        yaw = math.pi / 2 + float(rng.uniform(-0.12, 0.12))
        yield placed("boat", "boat", x, z, (long * 0.32, long * 0.6, long), yaw, pick(rng), _level("quay"), level=True)
    for x, z in ring(rng, 16, 5.0, 18.0, 2.0):
        if z > -3.2:
            yield scaled("crates", "crates", x, z, float(rng.uniform(1.0, 1.8)), rng)
    for x in (-24.0, 20.0):
        yield placed("dock_crane", "crane", x, 0.0, (5.0, 17.0, 22.0), 0.0, 0)
    for n in range(6):
        yield placed(
            "building",
            "warehouse",
            -62.0 + 25.0 * n,
            -128.0,
            (22.0, float(rng.uniform(13, 19)), 12.0),
            0.0,
            pick(rng),
            -6.2,
            level=True,
        )
    yield placed("mountain", "far shore", 0.0, -150.0, (230.0, 16.0, 50.0), 0.0, 3, -14.6, level=True)
    yield from massif(rng, 0, 9, 340.0, 60.0, -6.0)


def bridge(rng: Generator) -> Iterator[Candidate]:
    """The mark is on a long stone bridge along Z, over a river in a gorge."""
    yield placed("bridge_deck", "bridge", 0.0, -6.0, (5.0, 9.2, 66.0), 0.0, pick(rng), -9.2, level=True)
    yield placed("water", "river", 0.0, -6.0, (360.0, 0.05, 42.0), 0.0, 0, _level("gorge"), level=True)
    for x, z in ring(rng, 60, 24.0, 95.0, 4.0):
        if abs(z + 6.0) > 26.0 and abs(x) > 5.0:
            kind = "conifer" if rng.uniform() < 0.6 else "tree"
            yield scaled(kind, kind, x, z, float(rng.uniform(7, 14)), rng)
    for x, z in ring(rng, 30, 8.0, 40.0, 2.5):
        if 13.0 < abs(z + 6.0) < 24.0 and abs(x) > 4.5:
            height = float(rng.uniform(0.8, 3.0))
            yield scaled("rock", "rock", x, z, height, rng, 0.3 * height)
    yield from massif(rng, 0, 8, 300.0, 85.0)


WATERSIDE: dict[str, Place] = {
    "river": Place("river", (0.19, 0.205, 0.085), river, 0.005),
    "beach": Place("beach", (0.60, 0.50, 0.34), beach, 0.0035),
    "sea": Place("beach", (0.33, 0.30, 0.25), sea, 0.0035),
    "open_sea": Place("seabed", (0.05, 0.10, 0.12), open_sea, 0.0035),
    "harbour": Place("quay", (0.30, 0.29, 0.27), harbour, 0.0035),
    "bridge": Place("gorge", (0.22, 0.22, 0.12), bridge, 0.0045),
}
