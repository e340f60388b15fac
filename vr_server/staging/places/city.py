"""Modern town: street, night market, alley, rooftop."""

import math
from collections.abc import Iterator

from vr_server.staging.meshes.library import measured

from .base import Candidate, Generator, Place, pick, placed, scaled


def street(rng: Generator) -> Iterator[Candidate]:
    """Along Z: carriageway, trees and lamps on the pavements, a row of houses on either side."""
    yield Candidate("road", "street", 0.0, -25.0, (13.0, 0.12, 150.0), 0.0, 1, 0.01)
    for side in (-1.0, 1.0):
        z = 34.0
        while z > -100.0:
            w = float(rng.uniform(8.5, 13.0))
            high = float(rng.uniform(9.0, 16.5))
            yield placed("building", "building", side * 12.6, z - w / 2, (w, high, 9.0), -side * math.pi / 2, pick(rng))
            z -= w + 0.12
        for n in range(12):
            zt = 22.0 - 8.0 * n
            yield scaled(
                "tree", "tree", side * 5.1, zt + float(rng.uniform(-0.5, 0.5)), float(rng.uniform(5.6, 7.2)), rng
            )
            if n % 2 == (side > 0):
                lamp = scaled("street_lamp", "street lamp", side * 4.35, zt - 4.0, 5.2, rng)
                yield lamp
    yield _car(rng, 3.0, -13.0, math.pi)
    yield _car(rng, -3.0, -28.0, 0.0)
    for n in range(7):
        x = float(rng.uniform(-70, 70))
        yield placed("tower", "tower", x, -150.0 - 18.0 * n, (18.0, float(rng.uniform(26, 60)), 18.0), 0.0, pick(rng))


def _car(rng: Generator, x: float, z: float, yaw: float) -> Candidate:
    seed = int(rng.integers(2**16))
    return Candidate("car", "car", x, z, measured("car", seed, 1.45), yaw, seed)


def night_market(rng: Generator) -> Iterator[Candidate]:
    """A lane along Z between stalls; shops and neon blades behind them, lanterns strung across."""
    for side in (-1.0, 1.0):
        z = 14.0
        while z > -44.0:
            w = float(rng.uniform(4.6, 6.4))
            high = float(rng.uniform(6.5, 12.0))
            yaw = -side * math.pi / 2
            yield placed("shop_front", "shop", side * 9.2, z - w / 2, (w, high, 6.0), yaw, pick(rng))
            if rng.uniform() < 0.9:
                tall = float(rng.uniform(1.8, 3.0))
                y = float(rng.uniform(3.4, max(3.5, high - tall - 0.6)))
                yield placed(
                    "neon_sign", "neon sign", side * 5.35, z - w * 0.2, (0.8, tall, 0.22), 0.0, pick(rng), y, level=True
                )
            if rng.uniform() < 0.7:
                yield placed(
                    "neon_sign",
                    "neon sign",
                    side * 6.1,
                    z - w / 2,
                    (w * 0.56, 0.7, 0.14),
                    yaw,
                    pick(rng),
                    3.35,
                    level=True,
                )
            z -= w + 0.06
        z = 8.0
        while z > -34.0:
            w = float(rng.uniform(2.3, 3.0))
            yield placed(
                "stall", "stall", side * 4.15, z - w / 2, (w, 2.65, 1.7), -side * math.pi / 2, int(rng.integers(40))
            )
            z -= w + float(rng.uniform(0.2, 1.2))
    for n in range(9):
        z = 4.0 - 4.4 * n
        yield placed(
            "lantern_string",
            "lanterns",
            0.0,
            z,
            (10.6, 2.0, 0.5),
            0.0,
            int(rng.integers(6)),
            3.7 + 0.25 * (n % 2),
            level=True,
        )
    for x, z in ((-2.5, -6.5), (2.4, -10.5), (-2.3, -15.0)):
        yield scaled("crates", "crates", x, z, float(rng.uniform(0.7, 1.0)), rng)
    yield placed("gate", "market gate", 0.0, -40.0, (11.0, 8.5, 1.2), 0.0, 0)
    for n in range(5):
        yield placed(
            "tower", "tower", -44.0 + 22.0 * n, -92.0, (16.0, float(rng.uniform(26, 58)), 16.0), 0.0, pick(rng)
        )
    for n in range(4):
        yield placed("puddle", "puddle", float(rng.uniform(-1.8, 1.8)), 1.5 - 4.0 * n, (float(rng.uniform(1.4, 2.6)), 0.02, 1.1), float(rng.uniform(0, 3)), pick(rng), 0.012)  # fmt: skip


def alley(rng: Generator) -> Iterator[Candidate]:
    """Four metres between brick walls: fire escapes, pipes, bins, lamps over back doors; a lit street at its end."""
    wide = 2.2
    for side in (-1.0, 1.0):
        yaw = -side * math.pi / 2
        z = 13.0
        while z > -30.0:
            w = float(rng.uniform(8.0, 12.0))
            yield placed(
                "brick_wall",
                "brick wall",
                side * (wide + 0.4),
                z - w / 2,
                (w, float(rng.uniform(9.5, 13.5)), 0.8),
                yaw,
                pick(rng),
            )
            if rng.uniform() < 0.75:
                yield placed(
                    "fire_escape",
                    "fire escape",
                    side * (wide - 0.5),
                    z - w / 2,
                    (3.2, 7.5, 0.9),
                    yaw,
                    0,
                    3.2,
                    level=True,
                )
            yield placed("pipes", "pipes", side * (wide - 0.22), z - w * 0.16, (1.8, 8.5, 0.44), yaw, pick(rng))
            z -= w
    for side, z in ((1.0, -3.4), (-1.0, -8.5), (1.0, -15.5), (-1.0, 2.2)):
        yield placed(
            "wall_lamp", "wall lamp", side * (wide - 0.35), z, (0.5, 0.7, 0.7), -side * math.pi / 2, 0, 2.75, level=True
        )
    yield placed("dumpster", "dumpster", -1.55, -5.6, (1.7, 1.35, 1.0), math.pi / 2, pick(rng))
    yield placed("dumpster", "dumpster", 1.6, -11.5, (1.7, 1.35, 1.0), -math.pi / 2, pick(rng))
    for x, z in ((1.5, -2.6), (-1.6, -10.0), (1.6, -17.0), (-1.55, 1.6)):
        yield scaled("bins", "dustbins", x, z, 0.95, rng)
    yield scaled("crates", "crates", 1.5, -7.4, 1.15, rng)
    for n, z in enumerate((-4.0, -9.0, -16.0)):
        yield placed("cables", "cables", 0.0, z, (4.4, 1.4, 2.0), 0.0, pick(rng), 5.6 + 0.8 * n, level=True)
    yield placed("neon_sign", "neon sign", 1.75, -19.0, (0.7, 2.3, 0.2), 0.0, pick(rng), 3.4, level=True)
    yield placed("neon_sign", "neon sign", -1.75, -12.8, (0.6, 1.7, 0.2), 0.0, pick(rng), 3.6, level=True)
    # the street that the alley opens on
    yield placed("shop_front", "shop", -2.2, -44.0, (7.0, 9.0, 4.0), 0.0, pick(rng))
    yield placed("shop_front", "shop", 4.9, -44.0, (7.0, 11.0, 4.0), 0.0, pick(rng))
    yield placed("shop_front", "shop", -9.3, -44.0, (7.0, 10.0, 4.0), 0.0, pick(rng))
    yield scaled("street_lamp", "street lamp", -1.2, -33.5, 5.2, rng)
    for n in range(3):
        yield placed("puddle", "puddle", float(rng.uniform(-0.9, 0.9)), 0.8 - 4.2 * n, (float(rng.uniform(1.2, 2.2)), 0.02, 1.2), float(rng.uniform(0, 3)), pick(rng), 0.012)  # fmt: skip


def rooftop(rng: Generator) -> Iterator[Candidate]:
    """The flat top of a tower, open on the far side; the town's skyline about it."""
    yield placed("roof_slab", "roof", 0.0, 0.0, (15.2, 32.0, 18.0), 0.0, 0, -32.0, level=True)
    yield placed("roof_unit", "stair head", -5.2, -4.4, (3.0, 2.7, 2.6), 0.35, 0)
    yield placed("roof_unit", "ventilation plant", 5.0, -5.0, (2.6, 1.5, 1.5), 0.0, 1)
    yield placed("roof_unit", "ventilation plant", 5.4, 2.6, (2.2, 1.2, 1.3), math.pi / 2, 3)
    yield scaled("water_tank", "water tank", 4.9, -1.6, 5.2, rng)
    for n in range(64):
        a = 2 * math.pi * (n + float(rng.uniform(-0.4, 0.4))) / 64
        r = float(rng.uniform(34, 215))
        high = float(rng.uniform(12, 40)) + 24.0 * (r > 90) * float(rng.uniform(0, 1))
        w = float(rng.uniform(11, 20))
        yield placed(
            "tower", "tower", r * math.sin(a), r * math.cos(a), (w, high, w), round(a, 1) + math.pi, 11 * (n % 6)
        )


CITY: dict[str, Place] = {
    "street": Place("asphalt", (0.17, 0.165, 0.16), street, 0.006),
    "night_market": Place("asphalt", (0.13, 0.125, 0.125), night_market, 0.006, wetness=0.55),
    "alley": Place("asphalt", (0.13, 0.125, 0.12), alley, 0.008, wetness=0.3),
    "rooftop": Place("rooftop", (0.15, 0.15, 0.155), rooftop, 0.0035),
}
