"""Extra pieces by set-dressing id, on top of what a place has anyway."""

import math
from collections.abc import Iterator

from vr_server.domain.base import Vec3
from vr_server.staging.meshes.ground import cliff_edge

from .base import Candidate, Generator, pick, placed, ring, scaled
from .indoors import INDOORS

_SCATTERED: dict[str, tuple[str, int, tuple[float, float], tuple[float, float]]] = {  # asset, count, heights, ring
    "trees": ("tree", 14, (5.5, 8.5), (7.0, 30.0)), "rocks": ("rock", 18, (0.3, 1.4), (4.5, 24.0)), "lamps": ("street_lamp", 8, (5.2, 5.2), (5.0, 22.0)),
    "car": ("car", 1, (1.45, 1.45), (5.0, 8.0)), "crates": ("crates", 6, (0.9, 1.4), (4.0, 12.0)), "lanterns": ("lantern", 10, (2.4, 2.8), (3.6, 14.0)),
    "columns": ("column", 8, (3.6, 6.0), (5.0, 16.0)), "bamboo": ("bamboo", 60, (7.5, 12.0), (5.0, 18.0)), "flowers": ("flowers", 60, (0.25, 0.5), (1.8, 14.0)),
    "graves": ("gravestone", 18, (0.8, 1.3), (3.6, 20.0)), "fires": ("campfire", 5, (0.9, 1.7), (3.8, 16.0)), "cacti": ("cactus", 12, (1.4, 3.4), (5.0, 30.0)),
    "reeds": ("reeds", 34, (1.1, 1.9), (3.5, 16.0)),
}  # fmt: skip
_BUILT: dict[str, tuple[str, int, Vec3]] = {
    "buildings": ("building", 6, (11.0, 12.0, 9.0)), "bridge": ("bridge", 1, (4.0, 3.0, 14.0)), "wall": ("wall", 3, (12.0, 2.8, 0.5)),
    "fence": ("fence", 4, (9.0, 1.2, 0.14)), "stalls": ("stall", 5, (2.6, 2.6, 1.7)), "gate": ("gate", 1, (9.5, 7.0, 1.2)), "stairs": ("stairs", 1, (6.0, 2.2, 4.6)),
    "pond": ("pond", 1, (4.6, 0.3, 3.8)), "waterfall": ("waterfall", 1, (16.0, 15.0, 8.0)), "mountains": ("mountain", 9, (170.0, 78.0, 105.0)),
}  # fmt: skip
_FAR_M = {
    "buildings": 24.0,
    "wall": 16.0,
    "fence": 9.0,
    "stalls": 8.5,
    "gate": 11.0,
    "stairs": 10.0,
    "pond": 7.5,
    "waterfall": 24.0,
    "mountains": 290.0,
    "bridge": 9.0,
}
_ALREADY = {
    "trees": {"street", "forest", "plain", "courtyard", "river", "bridge"}, "rocks": {"red_planet", "desert", "cliff", "lava", "sea", "cave"},
    "lamps": {"street", "room", "bar"}, "car": {"street"}, "lanterns": {"courtyard", "ancient_city", "night_market"}, "columns": {"ruins"},
    "bamboo": {"bamboo_grove"}, "buildings": {"street", "alley", "ancient_city", "night_market", "rooftop"}, "wall": {"courtyard", *INDOORS},
    "bridge": {"bridge"}, "lava_river": {"lava"}, "lava_cracks": {"lava"}, "stalls": {"night_market"}, "neon_signs": {"night_market"},
    "gate": {"temple", "ancient_city", "night_market"}, "stairs": {"temple"}, "flowers": set(), "pond": {"courtyard"},
    "mountains": {"snowfield", "river", "cliff"}, "reeds": {"river"}, "crates": {"harbour"},
}  # fmt: skip


def dressing(name: str, place: str, rng: Generator) -> tuple[list[Candidate], str | None]:
    """Extra pieces for a set-dressing id, unless the place has them anyway; the remark names what is unknown."""
    if place in _ALREADY.get(name, set()):
        return [], None
    if place == "cliff" and name in {"lava_river", "lava_cracks"}:
        return list(_lava_on_a_cliff(rng, name)), None
    if name in _SPECIAL:
        return list(_SPECIAL[name](rng)), None
    if name in _SCATTERED:
        asset, count, (low, high), (near, far) = _SCATTERED[name]
        asset = {"red_planet": "red_rock", "desert": "sand_rock"}.get(place, asset) if asset == "rock" else asset
        if place in INDOORS:
            count, far = max(1, count // 5), min(far, 5.0)
        apart = 2.0 if asset not in {"flowers", "reeds"} else 0.8
        return [
            scaled(asset, name, x, z, float(rng.uniform(low, high)), rng) for x, z in ring(rng, count, near, far, apart)
        ], None
    asset, count, size = _BUILT.get(name, ("placeholder", 1, (1.5, 1.5, 1.5)))
    known = name in _BUILT
    return (
        list(_arc(asset, name, count, size, _FAR_M.get(name, 9.0), rng)),
        None if known else f"Set dressing “{name}” is not in the asset library: a labelled box takes its place.",
    )


def _arc(asset: str, name: str, count: int, size: Vec3, r: float, rng: Generator) -> Iterator[Candidate]:
    """Side by side behind the mark, facing it."""
    for n in range(count):
        a = math.pi * (0.62 + 0.76 * (n + 0.5) / count)
        seed = 4 * int(rng.integers(3)) if asset == "mountain" else pick(rng)
        yield placed(
            asset, name, r * math.sin(a), r * math.cos(a), size, a + math.pi, seed, -2.0 if asset == "mountain" else 0.0
        )


def _lava_cracks(rng: Generator) -> Iterator[Candidate]:
    """The ground splits about the mark: long cracks that run away from the camera's side, glowing."""
    for n, (x, z, turn) in enumerate(
        ((-2.9, -1.6, 0.9), (3.2, -0.6, -0.7), (0.3, -4.6, 0.15), (-6.5, -5.2, 0.3), (6.8, -5.0, -0.3), (-5.6, 2.4, 1.1), (5.4, 3.0, -1.2), (0.0, -9.5, 0.0))
    ):  # fmt: skip
        size = (round(float(rng.uniform(4.6, 8.0)), 1), 0.16, 3.4)
        yield placed("lava_crack", "lava crack", x, z, size, turn + float(rng.uniform(-0.2, 0.2)), 40 + n % 5)


def _lava_river(rng: Generator) -> Iterator[Candidate]:
    yield placed("lava", "lava river", 0.0, -13.0, (130.0, 0.1, 5.0), float(rng.uniform(-0.15, 0.15)), pick(rng), 0.03)
    for x, z in ring(rng, 40, 8.0, 30.0, 1.0):
        if 2.2 < abs(z + 13.0) < 4.0:
            yield scaled("basalt_rock", "rock", x, z, float(rng.uniform(0.3, 0.9)), rng, 0.1)
    yield from _lava_cracks(rng)


def _lava_on_a_cliff(rng: Generator, name: str) -> Iterator[Candidate]:
    """Cracks on the brink; the river runs over it, down the face and along the foot."""
    if name == "lava_cracks":
        for n, (x, z, turn) in enumerate(
            ((-2.6, -1.0, 0.7), (3.0, -0.6, -0.5), (-5.2, 1.8, 0.3), (5.6, 2.4, -0.9), (0.9, 3.4, 0.1))
        ):
            yield placed(
                "lava_crack", "lava crack", x, z, (round(float(rng.uniform(3.6, 5.4)), 1), 0.16, 2.4), turn, 40 + n
            )
        return
    for x in (-6.4, 5.6, -11.0):
        edge = float(cliff_edge(x))  # type: ignore[arg-type]  # a float is an array of no axes
        yield placed(
            "lava_fall",
            "lava fall",
            x,
            edge,
            (float(rng.uniform(1.6, 2.8)), 58.0, 15.0),
            0.0,
            pick(rng),
            0.05,
            level=True,
        )
    yield placed("lava", "lava river", 0.0, -46.0, (220.0, 0.1, 26.0), 0.0, pick(rng), -60.6, level=True)


def _puddles(rng: Generator) -> Iterator[Candidate]:
    for x, z in ring(rng, 9, 1.0, 12.0, 2.2):
        wide = round(float(rng.uniform(1.4, 3.2)), 1)
        yield placed("puddle", "puddle", x, z, (wide, 0.02, wide * 0.6), float(rng.uniform(0, 3)), pick(rng), 0.012)


def _neon_signs(rng: Generator) -> Iterator[Candidate]:
    for side in (-1.0, 1.0):
        for n in range(4):
            tall = round(float(rng.uniform(1.8, 3.0)), 1)
            yield placed(
                "neon_post",
                "neon sign",
                side * (4.6 + 0.3 * n),
                -3.0 - 6.5 * n,
                (0.9, 3.0 + tall, 0.24),
                0.0,
                pick(rng),
            )


_SPECIAL = {"lava_cracks": _lava_cracks, "lava_river": _lava_river, "puddles": _puddles, "neon_signs": _neon_signs}
"""Layouts of their own."""
