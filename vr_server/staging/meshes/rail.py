"""A steam train: locomotive, tender and three carriages, with the track it runs on. It faces -Z; railheads at y = 0.16."""

import math

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.scene import Mesh

from .core import Part, box, finish, lathe, merge, mix, times
from .model import Model, Paint, Piece
from .shapes import AHEAD, ALONG_X, ALONG_Z, DARK, GLASS, STEEL, bevelled, mirrored, prism, spun

RAIL_M = 0.16
CHIMNEY = (0.0, 4.0, -19.5)
"""Where smoke leaves, in the train's frame."""
_BLACK: Rgb = (0.035, 0.037, 0.042)
_BRASS: Rgb = (0.58, 0.42, 0.13)
_DRIVER_R, _SMALL_R = 0.78, 0.42


def _rail_wheel(radius: float, colour: Rgb, segments: int) -> Mesh:
    rows = [(0.86, -0.07), (1.06, -0.07), (1.06, -0.04), (1.0, -0.03), (1.0, 0.07), (0.86, 0.07)]
    tyre = lathe([(radius * r, y) for r, y in rows], STEEL, segments, cap=False)
    hub = lathe([(radius * 0.2, -0.09), (radius * 0.2, 0.09)], colour, 10)
    bar = box((radius * 0.1, radius * 0.9, 0.06), colour, (0.0, radius * 0.46, 0.0))
    spokes = merge(spun(bar, segments // 3 + 2)).moved((0, 0, 0), np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]]))
    return finish("metal-wheel", merge([tyre, hub, spokes]).moved((0, 0, 0), ALONG_X))


def _engine(main: Rgb, second: Rgb) -> tuple[list[Part], list[Part]]:
    """Boiler, cab, tender: painted parts and metal."""
    y = 2.35
    boiler = lathe([(0.86, -20.6), (0.9, -20.5), (0.92, -14.2), (1.02, -14.0), (1.02, -12.4)], _BLACK, 24).moved(
        (0, y, 0), ALONG_Z
    )
    bands = [
        lathe([(0.935, z - 0.05), (0.935, z + 0.05)], _BRASS, 24, cap=False).moved((0, y, 0), ALONG_Z)
        for z in (-19.2, -17.4, -15.6, -14.1)
    ]
    door = lathe([(0.3, -20.72), (0.8, -20.6)], times(_BLACK, 1.6), 20).moved((0, y, 0), ALONG_Z)
    chimney = lathe([(0.34, 3.1), (0.26, 3.3), (0.25, 3.8), (0.36, 3.98), (0.34, 4.05), (0.24, 4.0)], _BLACK, 16).moved(
        (0, 0, -19.5)
    )
    dome = [
        lathe([(0.42, 3.1), (0.4, 3.5), (0.26, 3.72), (0.02, 3.8)], _BRASS, 16).moved((0, 0, z)) for z in (-17.2, -15.3)
    ]
    frame = bevelled((1.7, 0.3, 9.4), _BLACK, (0.0, 1.25, -16.0), 0.05)
    running = bevelled((2.8, 0.1, 8.4), second, (0.0, 1.62, -16.6), 0.03)
    cab = [
        prism([(-12.6, 1.6), (-12.6, 3.75), (-10.5, 3.75), (-10.5, 1.6)], -1.4, 1.4, main, "x", 0.06),
        bevelled((3.0, 0.14, 2.9), times(main, 0.6), (0.0, 3.85, -11.5), 0.06),
    ]
    cylinders = mirrored(
        lathe([(0.36, -0.7), (0.4, -0.6), (0.4, 0.6), (0.36, 0.7)], main, 16).moved((1.22, 0.95, -19.0), ALONG_Z)
    )
    buffers = [
        bevelled((2.7, 0.4, 0.2), (0.5, 0.06, 0.05), (0.0, 1.1, -20.7), 0.04),
        mirrored(lathe([(0.1, 0.0), (0.2, 0.26), (0.2, 0.32)], _BLACK, 12).moved((0.9, 1.1, -20.65), AHEAD)),
    ]
    catcher = prism([(-20.75, 0.95), (-21.0, 0.22), (-20.5, 0.22), (-20.5, 0.95)], -1.1, 1.1, second, "x", 0.04)
    tender = [
        prism([(-10.2, 1.2), (-10.2, 3.0), (-5.6, 3.0), (-5.6, 1.2)], -1.35, 1.35, main, "x", 0.08),
        bevelled((2.2, 0.5, 4.0), _BLACK, (0.0, 3.1, -7.9), 0.2),
    ]
    stripes = [
        mirrored(box((0.03, 0.06, w), _BRASS, (x, h, z)))
        for x, h, z, w in (
            (1.405, 1.85, -11.55, 1.9),
            (1.405, 3.6, -11.55, 1.9),
            (1.355, 1.5, -7.9, 4.4),
            (1.355, 2.8, -7.9, 4.4),
        )
    ]
    return [*cab, cylinders, *tender, *buffers, catcher, running, *stripes], [
        boiler,
        *bands,
        door,
        chimney,
        *dome,
        frame,
    ]


def _coach(z: float, main: Rgb, second: Rgb) -> tuple[list[Part], list[Part], list[Part]]:
    body = prism([(-4.0, 1.15), (-4.0, 3.2), (4.0, 3.2), (4.0, 1.15)], -1.4, 1.4, main, "x", 0.08)
    upper = mirrored(box((0.03, 1.0, 7.7), second, (1.395, 2.55, 0.0)))
    angle = np.linspace(0.0, math.pi, 9)
    roof = prism([(1.46 * math.cos(a), 3.2 + 0.62 * math.sin(a)) for a in angle], -4.1, 4.1, times(second, 0.45), "z")
    under = [
        box((2.0, 0.3, 7.4), _BLACK, (0.0, 1.0, 0.0)),
        *(bevelled((1.9, 0.36, 2.1), DARK, (0.0, 0.7, s * 2.6), 0.06) for s in (-1, 1)),
    ]
    glass = [
        mirrored(bevelled((0.05, 0.72, 0.62), GLASS, (1.4, 2.55, k * 0.92), 0.02)) for k in (-3, -2, -1, 0, 1, 2, 3)
    ]
    ends = [bevelled((1.0, 1.9, 0.3), DARK, (0.0, 2.1, s * 4.1), 0.05) for s in (-1, 1)]
    move = (0.0, 0.0, z)
    return (
        [p.moved(move) for p in (body, upper, roof)],
        [p.moved(move) for p in (*under, *ends)],
        [p.moved(move) for p in glass],
    )


def train(paint: Paint) -> Model:
    main, second = paint
    painted, metal = _engine(main, second)
    glass = [mirrored(bevelled((0.05, 0.6, 0.6), GLASS, (1.4, 2.95, z), 0.02)) for z in (-12.0, -11.1)]
    coaches = (-1.2, 7.6, 16.4)
    for z in coaches:
        a, b, c = _coach(z, mix(main, (0.30, 0.05, 0.04), 0.35), second)
        painted, metal, glass = painted + a, metal + b, glass + c
    lamps = [lathe([(0.2, 0.0), (0.22, 0.16)], (1.0, 0.93, 0.75), 14).moved((0.0, 3.42, -20.3), AHEAD)]
    driver, small = _rail_wheel(_DRIVER_R, times(main, 0.8), 24), _rail_wheel(_SMALL_R, times(main, 0.6), 12)
    wheels = [
        Piece(f"driver_{i}{n}", driver, "wheel", (s * 0.95, RAIL_M + _DRIVER_R, z), _DRIVER_R)
        for i, z in enumerate((-17.4, -15.6, -13.8))
        for n, s in (("l", -1), ("r", 1))
    ]
    rest = [-19.9, -18.9, -9.4, -8.0, -6.6, *(c + d for c in coaches for d in (-3.1, -2.1, 2.1, 3.1))]
    wheels += [
        Piece(f"wheel_{i}{n}", small, "wheel", (s * 0.85, RAIL_M + _SMALL_R, z), _SMALL_R)
        for i, z in enumerate(rest)
        for n, s in (("l", -1), ("r", 1))
    ]
    bar = finish("metal-rod", bevelled((0.07, 0.14, 4.0), STEEL, (0.0, 0.0, 0.0), 0.02))
    rods = [
        Piece(f"rod_{n}", bar, "crank", (s * 1.12, RAIL_M + _DRIVER_R, -15.6), _DRIVER_R)
        for n, s in (("l", -1), ("r", 1))
    ]
    return (
        Piece("body", finish("car-body-train", *painted)),
        Piece("boiler", finish("metal-boiler", *metal)),
        Piece("glass", finish("train-glass", *glass)),
        Piece("lamps", finish("train-lamps", *lamps, emission=2.5)),
        *wheels,
        *rods,
    )


def track(half_m: float) -> Mesh:
    """Rails, sleepers and ballast along Z, `half_m` metres to both sides."""
    ballast = prism([(-1.9, 0.0), (-1.5, 0.06), (1.5, 0.06), (1.9, 0.0)], -half_m, half_m, (0.20, 0.18, 0.165), "z")
    rails = mirrored(box((0.08, 0.1, 2 * half_m), (0.30, 0.27, 0.25), (0.72, 0.11, 0.0)))
    sleepers = [
        box((2.4, 0.05, 0.24), (0.13, 0.09, 0.06), (0.0, 0.07, float(z)))
        for z in np.arange(-half_m + 0.4, half_m, 0.75)
    ]
    return finish("rails-metal", ballast, rails, *sleepers)
