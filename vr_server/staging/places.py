"""Layouts by lexicon id: what stands where. Candidates come from the seed alone; what is in the way is left out."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb, SetPiece

from .meshes.ground import ground_height
from .meshes.library import ASSETS, measured

Generator = np.random.Generator


@dataclass(frozen=True)
class Candidate:
    """A set piece before it has an object id. Positions in metres; `y` is added to the ground's height."""

    asset: str
    label: str
    x: float
    z: float
    size_m: Vec3
    yaw_rad: float = 0.0
    seed: int = 0
    y: float = 0.0


@dataclass(frozen=True)
class Place:
    ground: str
    colour: Rgb
    layout: Callable[[Generator], Iterator[Candidate]]
    haze: float = 0.006  # fog density per metre in clear weather


def _scaled(asset: str, label: str, x: float, z: float, height: float, rng: Generator, sink: float = 0.0) -> Candidate:
    seed = int(rng.integers(2**16))
    return Candidate(
        asset, label, x, z, measured(asset, seed, round(height, 3)), float(rng.uniform(0, 2 * math.pi)), seed, -sink
    )


def _ring(rng: Generator, count: int, near: float, far: float, apart: float) -> Iterator[tuple[float, float]]:
    """Random points in a ring, no two closer than `apart` (dart throwing)."""
    kept: list[tuple[float, float]] = []
    for _ in range(count * 12):
        if len(kept) == count:
            return
        r = math.sqrt(float(rng.uniform(near * near, far * far)))
        a = float(rng.uniform(0, 2 * math.pi))
        p = (r * math.sin(a), r * math.cos(a))
        if all((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2 > apart * apart for q in kept):
            kept.append(p)
            yield p


def _rocks(
    rng: Generator, asset: str, count: int, near: float, far: float, low: float, high: float
) -> Iterator[Candidate]:
    for x, z in _ring(rng, count, near, far, 1.6):
        height = float(low + (high - low) * rng.uniform() ** 2.5)
        yield _scaled(asset, "rock", x, z, height, rng, 0.12 * height)


def _mesas(rng: Generator, asset: str, count: int) -> Iterator[Candidate]:
    for x, z in _ring(rng, count, 130.0, 300.0, 55.0):
        yield _scaled(asset, "rock tower", x, z, float(rng.uniform(14, 38)), rng, 2.0)


def _red_planet(rng: Generator) -> Iterator[Candidate]:
    yield from _rocks(rng, "red_rock", 60, 6.0, 46.0, 0.12, 1.5)
    yield from _rocks(rng, "red_rock", 26, 34.0, 110.0, 1.2, 5.5)
    yield from _mesas(rng, "red_mesa", 9)


def _desert(rng: Generator) -> Iterator[Candidate]:
    yield from _rocks(rng, "sand_rock", 26, 8.0, 70.0, 0.15, 1.6)
    yield from _mesas(rng, "sand_mesa", 7)
    for x, z in _ring(rng, 40, 4.0, 40.0, 2.0):
        yield _scaled("grass", "dry grass", x, z, float(rng.uniform(0.25, 0.5)), rng)


def _bamboo_grove(rng: Generator) -> Iterator[Candidate]:
    """A clearing of 3.4 m; culms grow in loose clumps, denser away from it."""
    for x, z in _ring(rng, 125, 3.3, 25.0, 1.2):
        clump = int(rng.integers(1, 4)) if math.hypot(x, z) > 5 else int(rng.integers(1, 3))
        for _ in range(clump):
            dx, dz = rng.normal(scale=0.3, size=2)
            yield _scaled("bamboo", "bamboo", x + float(dx), z + float(dz), float(rng.uniform(7.5, 12.5)), rng)
    for x, z in _ring(rng, 60, 2.6, 14.0, 0.9):
        yield _scaled("grass", "grass", x, z, float(rng.uniform(0.2, 0.45)), rng)
    yield from _rocks(rng, "rock", 12, 3.2, 14.0, 0.2, 0.7)
    yield from (
        _scaled("shrub", "shrub", x, z, float(rng.uniform(0.4, 0.8)), rng) for x, z in _ring(rng, 14, 6.0, 18.0, 2.0)
    )


def _forest(rng: Generator) -> Iterator[Candidate]:
    for n, (x, z) in enumerate(_ring(rng, 62, 5.5, 55.0, 3.6)):
        kind, low, high = ("conifer", 9.0, 15.0) if n % 3 else ("tree", 7.0, 11.0)
        yield _scaled(kind, kind, x, z, float(rng.uniform(low, high)), rng)
    for x, z in _ring(rng, 16, 4.0, 24.0, 2.2):
        yield _scaled("shrub", "shrub", x, z, float(rng.uniform(0.5, 1.1)), rng)
    for x, z in _ring(rng, 70, 2.0, 18.0, 0.8):
        yield _scaled("grass", "grass", x, z, float(rng.uniform(0.2, 0.5)), rng)
    yield from _rocks(rng, "rock", 12, 5.0, 25.0, 0.25, 1.2)


def _street(rng: Generator) -> Iterator[Candidate]:
    """Along Z: carriageway, trees and lamps on the pavements, a row of houses on either side."""
    yield Candidate("road", "street", 0.0, -25.0, (13.0, 0.12, 150.0), 0.0, 1, 0.01)
    for side in (-1.0, 1.0):
        z = 34.0
        while z > -100.0:
            w = float(rng.uniform(8.5, 13.0))
            size = (round(w, 2), round(float(rng.uniform(9.0, 16.5)), 2), 9.0)
            yield Candidate(
                "building",
                "building",
                side * 12.6,
                round(z - w / 2, 3),
                size,
                -side * math.pi / 2,
                int(rng.integers(2**16)),
            )
            z -= w + 0.12
        for n in range(12):
            zt = 22.0 - 8.0 * n
            yield _scaled(
                "tree", "tree", side * 5.1, zt + float(rng.uniform(-0.5, 0.5)), float(rng.uniform(5.6, 7.2)), rng
            )
            if n % 2 == (side > 0):
                lamp = _scaled("street_lamp", "street lamp", side * 4.35, zt - 4.0, 5.2, rng)
                yield lamp
    yield _scaled_car(rng, 3.0, -13.0, math.pi)
    yield _scaled_car(rng, -3.0, -28.0, 0.0)


def _scaled_car(rng: Generator, x: float, z: float, yaw: float) -> Candidate:
    seed = int(rng.integers(2**16))
    return Candidate("car", "car", x, z, measured("car", seed, 1.45), yaw, seed)


def _courtyard(rng: Generator) -> Iterator[Candidate]:
    yield Candidate("path", "paved way", 0.0, -1.0, (4.2, 0.04, 38.0), 0.0, int(rng.integers(2**16)), 0.02)
    yield Candidate("chinese_hall", "hall", 0.0, -21.0, (20.0, 10.5, 11.0), 0.0, 0)
    for side in (-1.0, 1.0):
        yield Candidate("chinese_hall", "side hall", side * 15.5, -6.0, (15.0, 7.6, 8.0), -side * math.pi / 2, 1)
        yield Candidate("wall", "wall", side * 19.0, 12.0, (22.0, 3.2, 0.5), math.pi / 2, 0)
        for z in (-12.0, -4.0, 4.0, 12.0):
            yield _scaled("lantern", "lantern", side * 3.4, z, 2.6, rng)
        yield _scaled("tree", "tree", side * 8.0, 3.0 + float(rng.uniform(-1, 1)), float(rng.uniform(5.5, 7.0)), rng)
        yield _scaled("tree", "tree", side * 10.5, -13.0, float(rng.uniform(6.0, 8.0)), rng)
    yield Candidate("wall", "wall", 0.0, 26.0, (40.0, 3.2, 0.5), 0.0, 1)


def _ancient_city(rng: Generator) -> Iterator[Candidate]:
    """A street of halls with a great one at its end."""
    yield Candidate("path", "paved way", 0.0, -12.0, (7.0, 0.04, 90.0), 0.0, int(rng.integers(2**16)), 0.02)
    yield Candidate("chinese_hall", "gate hall", 0.0, -62.0, (30.0, 17.0, 14.0), 0.0, 0)
    for side in (-1.0, 1.0):
        for n in range(6):
            z = 22.0 - 14.0 * n
            size = (round(float(rng.uniform(11.0, 13.0)), 2), round(float(rng.uniform(6.4, 8.8)), 2), 8.0)
            yield Candidate("chinese_hall", "house", side * 11.5, z, size, -side * math.pi / 2, n % 2)
            yield _scaled("lantern", "lantern", side * 4.4, z - 6.5, 2.8, rng)


def _ruins(rng: Generator) -> Iterator[Candidate]:
    for n, (x, z) in enumerate(_ring(rng, 9, 7.0, 26.0, 6.5)):
        size = (round(float(rng.uniform(5.0, 9.0)), 2), round(float(rng.uniform(3.0, 6.5)), 2), 0.9)
        yield Candidate(
            "ruin",
            "ruined wall",
            x,
            z,
            size,
            float(rng.uniform(-0.5, 0.5)) + (math.pi / 2) * (n % 2),
            int(rng.integers(2**16)),
        )
    for side in (-1.0, 1.0):
        for n in range(5):
            yield _scaled(
                "column",
                "column",
                side * 4.4,
                6.0 - 5.4 * n + float(rng.uniform(-0.4, 0.4)),
                float(rng.uniform(3.6, 6.2)),
                rng,
            )
    yield from _rocks(rng, "sand_rock", 30, 4.5, 34.0, 0.2, 1.1)
    for x, z in _ring(rng, 50, 3.0, 24.0, 1.0):
        yield _scaled("grass", "grass", x, z, float(rng.uniform(0.25, 0.55)), rng)
    yield from _mesas(rng, "sand_mesa", 5)


def _room(rng: Generator) -> Iterator[Candidate]:
    yield Candidate("wall", "wall", 0.0, -4.5, (10.0, 3.2, 0.3), 0.0, 0)
    for side in (-1.0, 1.0):
        yield Candidate("wall", "wall", side * 5.0, 0.0, (9.0, 3.2, 0.3), math.pi / 2, 1)
    yield _scaled("crates", "crates", 3.4, -3.2, 1.2, rng)


def _snowfield(rng: Generator) -> Iterator[Candidate]:
    yield from _rocks(rng, "rock", 18, 8.0, 60.0, 0.3, 2.2)
    for x, z in _ring(rng, 16, 18.0, 80.0, 6.0):
        yield _scaled("conifer", "conifer", x, z, float(rng.uniform(7, 13)), rng)


def _plain(rng: Generator) -> Iterator[Candidate]:
    for x, z in _ring(rng, 70, 3.0, 30.0, 1.2):
        yield _scaled("grass", "grass", x, z, float(rng.uniform(0.2, 0.45)), rng)
    for x, z in _ring(rng, 9, 22.0, 90.0, 9.0):
        yield _scaled("tree", "tree", x, z, float(rng.uniform(6, 9)), rng)
    yield from _rocks(rng, "rock", 10, 7.0, 40.0, 0.2, 1.0)


def _cliff(rng: Generator) -> Iterator[Candidate]:
    yield from _rocks(rng, "rock", 22, 5.0, 30.0, 0.3, 2.4)
    yield from _rocks(rng, "rock", 14, 30.0, 90.0, 4.0, 14.0)


PLACES: dict[str, Place] = {
    "red_planet": Place("red_soil", (0.37, 0.15, 0.075), _red_planet, 0.0062),
    "desert": Place("sand", (0.58, 0.42, 0.25), _desert, 0.006),
    "bamboo_grove": Place("leaf_litter", (0.17, 0.155, 0.07), _bamboo_grove, 0.009),
    "forest": Place("leaf_litter", (0.13, 0.12, 0.06), _forest, 0.007),
    "street": Place("asphalt", (0.17, 0.165, 0.16), _street, 0.006),
    "alley": Place("asphalt", (0.15, 0.145, 0.14), _street, 0.008),
    "courtyard": Place("stone", (0.40, 0.37, 0.31), _courtyard, 0.006),
    "ancient_city": Place("stone", (0.36, 0.33, 0.27), _ancient_city, 0.007),
    "ruins": Place("sand", (0.42, 0.34, 0.22), _ruins, 0.007),
    "room": Place("stone", (0.34, 0.27, 0.20), _room, 0.006),
    "cliff": Place("stone", (0.30, 0.28, 0.25), _cliff, 0.006),
    "snowfield": Place("snow", (0.80, 0.82, 0.86), _snowfield, 0.007),
    "plain": Place("grass", (0.20, 0.23, 0.085), _plain, 0.006),
}
_NEAREST = {"river": "plain", "sea": "plain"}


def find_place(name: str) -> tuple[Place, tuple[str, ...]]:
    """The layout of a lexicon id; an unknown one is a plain, and says so."""
    if name in PLACES:
        return PLACES[name], ()
    return PLACES[_NEAREST.get(name, "plain")], (
        f"The place “{name}” has no layout yet: an open plain takes its place.",
    )


_DRESSING: dict[str, tuple[str, int, tuple[float, float], tuple[float, float]]] = {  # asset, count, heights, ring
    "trees": ("tree", 14, (5.5, 8.5), (7.0, 30.0)), "rocks": ("rock", 18, (0.3, 1.4), (4.5, 24.0)), "lamps": ("street_lamp", 8, (5.2, 5.2), (5.0, 22.0)),
    "car": ("car", 1, (1.45, 1.45), (5.0, 8.0)), "crates": ("crates", 6, (0.9, 1.4), (4.0, 12.0)), "lanterns": ("lantern", 10, (2.4, 2.8), (3.6, 14.0)),
    "columns": ("column", 8, (3.6, 6.0), (5.0, 16.0)), "bamboo": ("bamboo", 60, (7.5, 12.0), (5.0, 18.0)),
}  # fmt: skip
_BUILT: dict[str, tuple[str, int, Vec3]] = {
    "buildings": ("building", 6, (11.0, 12.0, 9.0)), "bridge": ("bridge", 1, (4.0, 3.0, 14.0)), "wall": ("wall", 3, (12.0, 2.8, 0.5)),
}  # fmt: skip
_ALREADY = {
    "trees": {"street", "forest", "plain", "courtyard"}, "rocks": {"red_planet", "desert", "cliff"}, "lamps": {"street"}, "car": {"street"},
    "lanterns": {"courtyard", "ancient_city"}, "columns": {"ruins"}, "bamboo": {"bamboo_grove"}, "buildings": {"street", "alley", "ancient_city"},
    "wall": {"courtyard", "room"},
}  # fmt: skip


def dressing(name: str, place: str, rng: Generator) -> tuple[list[Candidate], str | None]:
    """Extra pieces for a set-dressing id, unless the place has them anyway; the remark names what is unknown."""
    if place in _ALREADY.get(name, set()):
        return [], None
    if name in _DRESSING:
        asset, count, (low, high), (near, far) = _DRESSING[name]
        asset = "red_rock" if asset == "rock" and place == "red_planet" else asset
        return [
            _scaled(asset, name, x, z, float(rng.uniform(low, high)), rng) for x, z in _ring(rng, count, near, far, 2.0)
        ], None
    asset, count, size = _BUILT.get(name, ("placeholder", 1, (1.5, 1.5, 1.5)))
    found = []
    for n in range(count):
        a = math.pi * (0.62 + 0.76 * (n + 0.5) / count)
        r = 24.0 if count > 1 else 9.0
        found.append(
            Candidate(asset, name, r * math.sin(a), r * math.cos(a), size, a + math.pi, int(rng.integers(2**16)))
        )
    known = name in _BUILT
    return (
        found,
        None if known else f"Set dressing “{name}” is not in the asset library: a labelled box takes its place.",
    )


_LARGE_M = 12.0
_RIM = np.array([(0.0, 0.0), *((math.sin(a), math.cos(a)) for a in np.arange(8) * math.pi / 4)])


def as_piece(c: Candidate, object_id: int, ground: str) -> SetPiece:
    """The candidate on the ground, with an id."""
    # what is wide stands on the lowest ground under it, or it would float over a slope
    half = 0.5 * max(c.size_m[0], c.size_m[2]) if c.size_m[1] > _LARGE_M else 0.0
    under = ground_height(ground, c.x + half * _RIM[:, 0], c.z + half * _RIM[:, 1])
    y = float(under.min()) + c.y
    asset = c.asset if c.asset in ASSETS else "placeholder"
    return SetPiece(
        object_id=object_id, asset=asset, label=c.label, position_m=(round(c.x, 4), round(y, 4), round(c.z, 4)), yaw_rad=round(c.yaw_rad, 5),
        size_m=c.size_m, seed=c.seed,
    )  # fmt: skip
