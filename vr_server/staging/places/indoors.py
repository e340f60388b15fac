"""Rooms: four walls as pieces of their own, so that the one the camera needs away can be left out, and a ceiling."""

import math
from collections.abc import Iterator

from .base import Candidate, Generator, Interior, Place, pick, placed, scaled

_THICK_M = 0.16


def _shell(
    room: Interior, finish: int, walls: str, floor: str = "floor", ceiling: str = "ceiling", panel_m: float = 99.0
) -> Iterator[Candidate]:
    """Floor, ceiling and walls; `walls` names an asset for back, left, right and front, by their initials.

    i: inner_wall, w: window_wall, d: door_wall, s: ship_wall, v: ship_window.
    """
    names = {"i": "inner_wall", "w": "window_wall", "d": "door_wall", "s": "ship_wall", "v": "ship_window"}
    (x0, x1), (z0, z1), h = room.x_m, room.z_m, room.height_m
    xc, zc, w, d, t = (x0 + x1) / 2, (z0 + z1) / 2, x1 - x0, z1 - z0, _THICK_M
    yield placed(floor, "floor", xc, zc, (w, 0.01, d), 0.0, finish, 0.012)
    yield placed(ceiling, "ceiling", xc, zc, (w + 2 * t, 0.12, d + 2 * t), 0.0, finish, h, level=True)
    sides: tuple[tuple[str, float, float, float, float], ...] = (
        (walls[0], xc, z0 - t / 2, w, 0.0), (walls[1], x0 - t / 2, zc, d, -math.pi / 2 + math.pi), (walls[2], x1 + t / 2, zc, d, -math.pi / 2),
        (walls[3], xc, z1 + t / 2, w, math.pi),
    )  # fmt: skip
    for n, (kind, x, z, long, yaw) in enumerate(sides):
        # long sides of panels, so that one can be left out for a shot and the others stay
        count = max(1, round(long / panel_m)) if n in {1, 2} else 1
        for k in range(count):
            at = z + long * ((k + 0.5) / count - 0.5) if count > 1 else z
            yield placed(names[kind], "wall", x, at, (long / count, h, t), yaw, finish)


_ROOM = Interior((-3.5, 3.5), (-3.4, 5.6), 2.9, math.pi / 2)
_OFFICE = Interior((-5.2, 5.2), (-7.5, 6.0), 2.9, math.pi / 2)
_BAR = Interior((-4.6, 4.6), (-5.0, 6.2), 3.3)
_CORRIDOR = Interior((-1.5, 1.5), (-22.0, 9.0), 2.7)
_SHIP = Interior((-3.4, 3.4), (-9.4, 9.0), 3.1)
_STAGE = Interior((-7.5, 7.5), (-6.0, 9.0), 7.5)


def room(rng: Generator) -> Iterator[Candidate]:
    """A living room: windows to the left, books, a sofa, a lamp, pictures, a rug."""
    yield from _shell(_ROOM, 0, "dwii")
    yield placed("rug", "rug", 0.0, -0.6, (2.6, 0.012, 3.6), 0.0, 0, 0.02)
    yield placed("sofa", "sofa", 2.75, -0.9, (2.0, 0.85, 0.9), -math.pi / 2, pick(rng))
    yield placed("bookshelf", "bookshelf", -2.4, -3.2, (1.7, 2.2, 0.32), 0.0, pick(rng))
    yield placed("bookshelf", "bookshelf", 2.4, -3.2, (1.7, 2.2, 0.32), 0.0, pick(rng))
    yield placed("picture", "picture", 3.44, -0.9, (1.3, 0.85, 0.06), -math.pi / 2, pick(rng), 1.35, level=True)
    yield placed("picture", "picture", 3.44, 2.6, (0.7, 0.9, 0.06), -math.pi / 2, pick(rng), 1.35, level=True)
    yield scaled("standard_lamp", "lamp", 2.9, -2.5, 1.65, rng)
    yield scaled("plant_pot", "potted plant", -2.9, -2.4, 1.35, rng)
    yield placed("cabinet", "chest of drawers", 3.2, 2.6, (1.1, 0.85, 0.5), -math.pi / 2, 0)
    yield _hung("pendant", "lamp", 0.0, -0.9, 0.75, _ROOM.height_m)


def _hung(asset: str, label: str, x: float, z: float, long: float, ceiling: float) -> Candidate:
    """A lamp on its cord under the ceiling."""
    return placed(asset, label, x, z, (0.6 * long, long, 0.6 * long), 0.0, 0, ceiling - long, level=True)


def office(rng: Generator) -> Iterator[Candidate]:
    """Rows of desks under light panels, a wall of windows to the left, cabinets and plants."""
    yield from _shell(_OFFICE, 1, "dwii")
    for z in (-5.6, -3.2, 2.6):
        for x in (-3.6, -1.75, 1.75, 3.6):
            yield placed("desk", "desk", x, z, (1.6, 1.2, 1.6), math.pi, pick(rng))
    for x in (-2.6, 0.0, 2.6):
        for z in (-5.4, -2.2, 1.0, 4.2):
            yield placed(
                "light_panel", "light panel", x, z, (1.1, 0.03, 0.5), 0.0, 0, _OFFICE.height_m - 0.05, level=True
            )
    for k in range(4):
        yield placed("cabinet", "filing cabinet", 4.9, -6.6 + 0.62 * k, (0.55, 1.32, 0.5), -math.pi / 2, 1)
    for x, z in ((-4.7, -6.9), (4.6, 0.2)):
        yield scaled("plant_pot", "potted plant", x, z, 1.5, rng)
    yield placed("picture", "picture", 5.13, 2.4, (1.6, 1.0, 0.06), -math.pi / 2, pick(rng), 1.25, level=True)


def bar(rng: Generator) -> Iterator[Candidate]:
    """A counter along the back wall before lit bottles, stools, pendant lamps, booths with candles along the sides."""
    yield from _shell(_BAR, 2, "iiid")
    yield placed("back_bar", "bottles", -0.4, -4.75, (7.2, 2.75, 0.45), 0.0, pick(rng))
    yield placed("bar_counter", "bar", -0.4, -3.25, (7.0, 1.1, 0.62), 0.0, 0)
    for k in range(7):
        x = -3.3 + 0.98 * k
        if abs(x) > 0.5:
            yield scaled("bar_stool", "bar stool", x, -2.4, 0.78, rng)
    for x in (-2.9, -1.3, 0.5, 2.2):
        yield _hung("pendant", "lamp", x, -3.1, 1.15, _BAR.height_m)
    for x, z in ((-1.5, 0.9), (1.6, 1.5), (0.0, 4.2)):
        yield _hung("pendant", "lamp", x, z, 0.85, _BAR.height_m)
    for side in (-1.0, 1.0):
        for z in (-0.6, 1.9, 4.3):
            yield placed("booth", "booth", side * 3.55, z, (1.9, 1.15, 1.1), math.pi / 2, 0)
            yield placed(
                "picture", "picture", side * 4.54, z, (0.9, 0.65, 0.06), -side * math.pi / 2, pick(rng), 1.6, level=True
            )
    yield placed("neon_sign", "neon sign", 3.9, -4.85, (1.1, 0.55, 0.1), 0.0, pick(rng), 2.2, level=True)


def corridor(rng: Generator) -> Iterator[Candidate]:
    """Long and narrow, doors on both sides, one light panel after another."""
    (x0, x1), (z0, z1), h = _CORRIDOR.x_m, _CORRIDOR.z_m, _CORRIDOR.height_m
    t = _THICK_M
    yield placed("floor", "floor", 0.0, (z0 + z1) / 2, (x1 - x0, 0.01, z1 - z0), 0.0, 3, 0.012)
    yield placed("door_wall", "end wall", 0.0, z0 - t / 2, (x1 - x0, h, t), 0.0, 3)
    yield placed("inner_wall", "end wall", 0.0, z1 + t / 2, (x1 - x0, h, t), math.pi, 3)
    z = z1
    while z > z0 + 0.1:
        long = min(3.1, z - z0)
        yield placed("ceiling", "ceiling", 0.0, z - long / 2, (x1 - x0 + 2 * t, 0.12, long), 0.0, 3, h, level=True)
        yield placed("light_panel", "light panel", 0.0, z - long / 2, (0.42, 0.03, 1.2), 0.0, 0, h - 0.05, level=True)
        for side in (-1.0, 1.0):
            door = rng.uniform() < 0.6
            yield placed(
                "door_wall" if door else "inner_wall",
                "wall",
                side * (x1 + t / 2),
                z - long / 2,
                (long, h, t),
                -side * math.pi / 2,
                3,
            )
        z -= long


def spaceship_interior(rng: Generator) -> Iterator[Candidate]:
    """The bridge of a ship: a window on the stars over consoles, ribbed walls, lines of light in the deck."""
    yield from _shell(_SHIP, int(rng.integers(4)), "vsss", "ship_floor", "ship_ceiling", 3.2)
    yield placed("space_view", "space", 0.0, -150.0, (330.0, 190.0, 1.0), 0.0, pick(rng), -90.0, level=True)
    for x in (-1.5, 1.5):
        yield placed("pilot_seat", "seat", x, -7.0, (0.8, 1.35, 0.8), 0.0, 0)


def stage(_rng: Generator) -> Iterator[Candidate]:
    """A theatre's stage seen from the stalls: boards, red curtains, gilded frame, bars of lamps."""
    yield placed("stage_floor", "stage", 0.0, -1.4, (13.4, 0.9, 10.0), 0.0, 0, -0.9 + 0.012, level=True)
    yield placed("proscenium", "proscenium", 0.0, 2.9, (14.6, 7.4, 0.8), 0.0, 0)
    yield placed("curtain", "back curtain", 0.0, -5.9, (12.6, 6.6, 0.4), 0.0, 0, 0.02)
    for side in (-1.0, 1.0):
        yield placed("curtain", "curtain", side * 5.4, 2.2, (2.6, 6.3, 0.4), 0.0, 0, 0.02)
        for z in (-0.8, -3.6):
            yield placed("curtain", "wing", side * 6.2, z, (1.6, 6.6, 0.3), 0.0, 1, 0.02)
    yield placed("curtain", "pelmet", 0.0, 2.35, (10.4, 1.3, 0.4), 0.0, 0, 5.3, level=True)
    for n, z in enumerate((2.0, -2.4)):
        yield placed("spot_bar", "lamps", 0.0, z, (9.0, 0.6, 0.4), 0.0, n, 5.0 + 0.25 * n, level=True)


INDOORS: dict[str, Place] = {
    "room": Place("boards", (0.24, 0.15, 0.085), room, 0.0006, interior=_ROOM),
    "office": Place("carpet", (0.18, 0.2, 0.23), office, 0.0006, interior=_OFFICE),
    "bar": Place("boards", (0.10, 0.06, 0.04), bar, 0.0006, interior=_BAR, ambient=(0.13, 0.085, 0.06), lit=0.45),
    "corridor": Place("concrete", (0.3, 0.3, 0.29), corridor, 0.0006, interior=_CORRIDOR, ambient=(0.16, 0.18, 0.19), lit=0.7),
    "spaceship_interior": Place("metal", (0.10, 0.105, 0.115), spaceship_interior, 0.0006, interior=_SHIP, ambient=(0.035, 0.05, 0.075), lit=0.42),
    "stage": Place("boards", (0.04, 0.03, 0.03), stage, 0.0006, interior=_STAGE, ambient=(0.08, 0.06, 0.065), lit=0.3),
}  # fmt: skip
