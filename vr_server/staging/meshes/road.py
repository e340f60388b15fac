"""What drives on roads: car, truck, bus, motorcycle, bicycle, carriage, tank. They face -Z, wheels on y = 0."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import vec

from .core import Part, box, ellipsoid, finish, lathe, merge, mix, times, tube
from .model import Model, Paint, Piece
from .shapes import ALONG_X, ALONG_Z, DARK, GLASS, RUBBER, STEEL, bevelled, hexa, mirrored, prism, ring, rod, wheel

_LAMP: Rgb = (1.0, 0.95, 0.8)
COACH_BACK_M = 1.35
"""How far behind the middle of coach and horse the coach's own middle is."""
_TAIL: Rgb = (0.85, 0.03, 0.02)
HEAD_EMISSION = 1.4
_CHROME: Rgb = (0.55, 0.56, 0.58)


def _arches(bottom: float, wheels: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The underside of a body from back (+Z) to front with round cuts of (centre z, radius) at axle height."""
    found = []
    for z, r in sorted(wheels, reverse=True):
        lift = math.asin(min((bottom - r * 0.84) / r, 0.9))
        for k in range(9):
            a = lift + (math.pi - 2 * lift) * k / 8
            found.append((z + r * math.cos(a), r * 0.84 + r * math.sin(a)))
    return found


def _wheels(radius: float, width: float, track: float, axles: Sequence[float], rim: Rgb = STEEL) -> Model:
    mesh = finish("wheel", wheel(radius, width, rim))
    return tuple(
        Piece(f"wheel_{i}{'lr'[k]}", mesh, "wheel", (x, radius, z), radius)
        for i, z in enumerate(axles)
        for k, x in enumerate((-track, track))
    )


def _lights(front: float, back: float, x: float, y: float, size: tuple[float, float]) -> Model:
    """Head lamps, which light the road at night, and tail lamps, which only show; `x`, `y`: the right head lamp's place."""
    w, h = size
    head = mirrored(bevelled((w, h, 0.08), _LAMP, (x, y, front), 0.02))
    tail = mirrored(bevelled((w, h, 0.06), _TAIL, (x, y + 0.08, back), 0.02))
    return (
        Piece("headlights", finish("car-lights", head, emission=HEAD_EMISSION)),
        Piece("taillights", finish("car-lights", tail, emission=0.6)),
    )


def car(paint: Paint) -> Model:
    """A saloon 4.4 m long: arched body, dark glass in a coloured frame, bumpers, mirrors, lamps."""
    main = paint[0]
    side = [
        (-2.12, 0.3), (-2.2, 0.42), (-2.19, 0.6), (-2.02, 0.72), (-1.05, 0.88), (-0.2, 0.93), (1.5, 0.97), (2.08, 0.94), (2.17, 0.78), (2.18, 0.42), (2.08, 0.3),
    ]  # fmt: skip
    outline = [*side, *_arches(0.24, ((1.36, 0.4), (-1.34, 0.4)))]
    body = prism(outline, -0.9, 0.9, main, "x", 0.09)
    wells = [box((1.4, 0.62, 0.84), DARK, (0.0, 0.43, z)) for z in (-1.34, 1.36)]
    cabin = hexa((0.78, -1.02, 1.68, 0.9), (0.6, -0.28, 0.98, 1.4), GLASS)
    roof = bevelled((1.22, 0.075, 1.3), main, (0.0, 1.41, 0.35), 0.03)
    posts = [
        mirrored(rod(a, b, 0.035, main, 6))
        for a, b in (
            ((0.775, 0.9, -1.0), (0.6, 1.41, -0.28)), ((0.775, 0.9, 1.66), (0.6, 1.41, 0.98)), ((0.79, 0.9, 0.3), (0.61, 1.41, 0.33)),
        )
    ]  # fmt: skip
    mirrors = mirrored(bevelled((0.17, 0.12, 0.09), main, (0.9, 0.98, -0.68), 0.03))
    bumpers = [bevelled((1.62, 0.16, 0.12), times(main, 0.45), (0.0, 0.38, z), 0.05) for z in (-2.15, 2.14)]
    grille = bevelled((0.9, 0.13, 0.05), DARK, (0.0, 0.6, -2.18), 0.02)
    seams = [mirrored(box((0.012, 0.42, 0.014), times(main, 0.35), (0.896, 0.68, z))) for z in (-0.74, 0.32, 1.0)]
    handles = [mirrored(box((0.03, 0.03, 0.14), _CHROME, (0.895, 0.8, z))) for z in (0.12, 0.8)]
    plates = [box((0.46, 0.11, 0.02), (0.6, 0.6, 0.58), (0.0, 0.46, z)) for z in (-2.215, 2.205)]
    return (
        Piece("body", finish("car-body", body, roof, *posts, mirrors, *bumpers)),
        Piece("trim", finish("car-trim-metal", *wells, grille, *seams, *handles, *plates)),
        Piece("glass", finish("car-glass", cabin)),
        *_lights(-2.17, 2.15, 0.66, 0.64, (0.36, 0.13)),
        *_wheels(0.335, 0.22, 0.78, (-1.34, 1.36)),
    )


def truck(paint: Paint) -> Model:
    """A cab-over lorry with a box body, three axles."""
    main, second = paint
    cab = prism(
        [(-4.16, 0.55), (-4.2, 1.5), (-4.02, 2.5), (-3.85, 2.75), (-2.4, 2.8), (-2.4, 1.0), (-2.75, 0.95), (-3.0, 1.2), (-3.5, 1.2), (-3.78, 0.9), (-3.86, 0.55)],
        -1.2, 1.2, main, "x", 0.1,
    )  # fmt: skip
    deflector = hexa((1.05, -3.6, -2.45, 2.78), (0.9, -2.9, -2.45, 3.32), main)
    glass = [
        prism([(-4.215, 1.6), (-4.045, 2.46), (-3.98, 2.46), (-4.1, 1.6)], -1.02, 1.02, GLASS, "x"),
        mirrored(prism([(-3.95, 1.65), (-3.8, 2.45), (-2.95, 2.45), (-2.95, 1.65)], 1.17, 1.215, GLASS, "x")),
    ]
    chassis = [
        bevelled((0.9, 0.28, 7.6), DARK, (0.0, 0.82, 0.25), 0.04),
        box((2.3, 0.2, 0.25), DARK, (0.0, 0.62, 4.05)),
    ]
    guards = [mirrored(bevelled((0.36, 0.08, 1.15), DARK, (1.0, 1.13, z), 0.03)) for z in (1.75, 2.95)]
    cargo = bevelled((2.5, 2.38, 6.15), second, (0.0, 2.3, 1.1), 0.06)
    ribs = [mirrored(box((0.03, 2.2, 0.06), times(second, 0.8), (1.255, 2.3, z))) for z in np.linspace(-1.6, 3.8, 9)]
    frame = [box((2.54, 0.1, 6.2), times(main, 0.8), (0.0, y, 1.1)) for y in (1.16, 3.46)]
    doors = [box((0.05, 2.2, 0.03), times(second, 0.6), (x, 2.3, 4.19)) for x in (-0.5, 0.0, 0.5)]
    bumper = bevelled((2.45, 0.4, 0.2), times(main, 0.4), (0.0, 0.55, -4.12), 0.06)
    grille = [box((1.5, 0.055, 0.05), DARK, (0.0, 0.95 + 0.11 * i, -4.2)) for i in range(5)]
    tanks = mirrored(
        lathe([(0.28, -0.5), (0.3, -0.45), (0.3, 0.45), (0.28, 0.5)], _CHROME, 14).moved((0.95, 0.72, -0.7), ALONG_Z)
    )
    mirrors = mirrored(bevelled((0.12, 0.5, 0.2), DARK, (1.33, 2.05, -3.95), 0.03))
    steps = mirrored(box((0.3, 0.06, 0.4), DARK, (1.1, 0.55, -2.6)))
    return (
        Piece("cab", finish("car-cab", cab, deflector, bumper, *frame)),
        Piece("glass", finish("car-glass", *glass)),
        Piece("chassis", finish("car-chassis-metal", *chassis, *guards, *grille, tanks, mirrors, steps)),
        Piece("cargo", finish("car-cargo", cargo, *ribs, *doors)),
        *_lights(-4.2, 4.18, 0.88, 0.66, (0.34, 0.2)),
        *_wheels(0.5, 0.34, 1.0, (-3.25,)),
        *(
            Piece(p.part.replace("_", "_rear_"), p.mesh, p.motion, p.pivot, p.gain)
            for p in _wheels(0.5, 0.5, 0.95, (1.75, 2.95))
        ),
    )


def bus(paint: Paint) -> Model:
    """A city bus 11 m long: a band of windows, two doors on its right, a lit sign over the windscreen."""
    main, second = paint
    side = [
        (-5.42, 0.36),
        (-5.5, 0.8),
        (-5.48, 1.6),
        (-5.36, 2.9),
        (-5.2, 3.05),
        (5.3, 3.05),
        (5.46, 2.9),
        (5.5, 0.8),
        (5.44, 0.36),
    ]
    outline = [*side, *_arches(0.36, ((3.3, 0.58), (-2.9, 0.58)))]
    body = prism(outline, -1.28, 1.28, main, "x", 0.12)
    skirt = [mirrored(box((0.03, 0.34, 10.6), second, (1.275, 1.22, 0.0)))]
    wells = [box((1.9, 0.9, 1.1), DARK, (0.0, 0.6, z)) for z in (-2.9, 3.3)]
    glass = [mirrored(bevelled((0.05, 0.98, 1.16), GLASS, (1.27, 2.1, z), 0.02)) for z in np.arange(-3.05, 5.2, 1.28)]
    glass.append(
        prism([(-5.52, 1.05), (-5.5, 1.65), (-5.41, 2.45), (-5.3, 2.45), (-5.3, 1.05)], -1.14, 1.14, GLASS, "x")
    )
    glass.append(bevelled((1.9, 0.8, 0.05), GLASS, (0.0, 2.2, 5.48), 0.02))
    glass.append(box((0.05, 0.98, 0.85), GLASS, (-1.275, 2.1, -4.6)))
    doors = [
        bevelled((0.06, 2.1, 0.56), times(GLASS, 1.3), (1.275, 1.5, z + d), 0.02)
        for z in (-4.65, 0.75)
        for d in (-0.3, 0.3)
    ]
    rails = [box((0.08, 2.16, 0.05), second, (1.275, 1.5, z + d)) for z in (-4.65, 0.75) for d in (-0.6, 0.0, 0.6)]
    sign = bevelled((1.6, 0.3, 0.06), (1.0, 0.62, 0.15), (0.0, 2.72, -5.4), 0.02)
    mirrors = mirrored(bevelled((0.1, 0.36, 0.16), DARK, (1.4, 2.2, -5.45), 0.03))
    roof = bevelled((1.5, 0.14, 2.6), times(main, 0.85), (0.0, 3.06, 2.2), 0.05)
    bumpers = [bevelled((2.5, 0.26, 0.12), DARK, (0.0, 0.5, z), 0.04) for z in (-5.46, 5.46)]
    return (
        Piece("body", finish("car-body", body, *skirt, roof)),
        Piece("trim", finish("car-trim-metal", *wells, *rails, mirrors, *bumpers)),
        Piece("glass", finish("car-glass", *glass, *doors)),
        *_lights(-5.48, 5.47, 0.95, 0.78, (0.34, 0.2)),
        Piece("sign", finish("bus-sign", sign, emission=0.8)),
        *_wheels(0.49, 0.34, 1.06, (-2.9, 3.3)),
    )


def motorcycle(paint: Paint) -> Model:
    """A road bike: tank, seat, engine with fins, fork, exhaust."""
    main, second = paint
    tank = ellipsoid((0.15, 0.15, 0.3), main, (0.0, 0.86, -0.2), 2)
    seat = prism(
        [(0.02, 0.74), (0.05, 0.82), (0.4, 0.83), (0.66, 0.95), (0.72, 0.88), (0.42, 0.72)],
        -0.13,
        0.13,
        RUBBER,
        "x",
        0.04,
    )
    tail = prism([(0.3, 0.7), (0.72, 0.86), (0.9, 0.9), (0.86, 0.8), (0.5, 0.62)], -0.1, 0.1, main, "x", 0.03)
    engine = [bevelled((0.28, 0.26, 0.36), STEEL, (0.0, 0.46, 0.0), 0.05)]
    engine += [box((0.3, 0.018, 0.24), times(STEEL, 0.6), (0.0, 0.6 + 0.035 * i, -0.08)) for i in range(4)]
    engine.append(mirrored(lathe([(0.12, 0.0), (0.1, 0.03)], _CHROME, 14).moved((0.14, 0.44, 0.06), ALONG_X)))
    frame = [
        mirrored(rod(a, b, 0.022, second, 6))
        for a, b in (
            ((0.05, 0.86, -0.5), (0.1, 0.34, -0.12)),
            ((0.1, 0.34, -0.12), (0.12, 0.34, 0.3)),
            ((0.12, 0.34, 0.3), (0.1, 0.76, 0.3)),
            ((0.12, 0.36, 0.2), (0.12, 0.32, 0.72)),
        )
    ]
    fork = [
        mirrored(rod((0.1, 0.98, -0.46), (0.1, 0.32, -0.74), 0.025, _CHROME)),
        rod((-0.36, 1.06, -0.34), (0.36, 1.06, -0.34), 0.016, DARK),
    ]
    fork += [
        mirrored(rod((0.25, 1.06, -0.34), (0.4, 1.03, -0.28), 0.022, RUBBER)),
        mirrored(rod((0.26, 1.06, -0.36), (0.32, 1.17, -0.36), 0.008, DARK, 5)),
    ]
    glasses = mirrored(ellipsoid((0.06, 0.045, 0.015), _CHROME, (0.33, 1.15, -0.36), 1))
    fender = prism(
        [(-1.0, 0.52), (-0.86, 0.66), (-0.66, 0.67), (-0.5, 0.55), (-0.66, 0.63), (-0.85, 0.62)],
        -0.06,
        0.06,
        main,
        "x",
        0.01,
    )
    pipe = tube(
        np.array([vec(0.14, 0.5, -0.2), vec(0.17, 0.3, -0.12), vec(0.19, 0.27, 0.3), vec(0.2, 0.36, 0.95)]),
        [0.03, 0.035, 0.045, 0.055],
        _CHROME,
        8,
        cap=True,
    )
    lamp = ellipsoid((0.1, 0.1, 0.07), _LAMP, (0.0, 0.92, -0.56), 1)
    back = bevelled((0.14, 0.06, 0.04), _TAIL, (0.0, 0.86, 0.9), 0.015)
    mesh = finish("wheel", wheel(0.32, 0.15, _CHROME, 6, 0.24))
    return (
        Piece("body", finish("car-body", tank, tail, fender)),
        Piece("frame", finish("car-frame-metal", seat, *engine, *frame, *fork, glasses, pipe)),
        Piece("headlights", finish("car-lights", lamp, emission=HEAD_EMISSION)),
        Piece("taillights", finish("car-lights", back, emission=0.6)),
        Piece("wheel_0", mesh, "wheel", (0.0, 0.32, -0.74), 0.32),
        Piece("wheel_1", mesh, "wheel", (0.0, 0.32, 0.72), 0.32),
    )  # fmt: skip


def bicycle(paint: Paint) -> Model:
    main, second = paint
    axle_f, axle_b, crank, head, seat = (
        (0.0, 0.34, -0.53),
        (0.0, 0.34, 0.5),
        (0.0, 0.29, 0.06),
        (0.0, 0.86, -0.36),
        (0.0, 0.86, 0.16),
    )
    low = (0.0, 0.74, -0.4)
    tubes = [rod(a, b, 0.017, main, 7) for a, b in ((head, seat), (low, crank), (seat, crank), (head, low))]
    tubes += [
        mirrored(rod((0.03, *a[1:]), (0.045, *b[1:]), 0.011, main, 6))
        for a, b in ((seat, axle_b), (crank, axle_b), (low, axle_f))
    ]
    post = [rod(seat, (0.0, 0.95, 0.19), 0.013, _CHROME, 6), rod(head, (0.0, 1.0, -0.32), 0.013, _CHROME, 6)]
    bar = tube(
        np.array(
            [
                vec(-0.28, 1.03, -0.2),
                vec(-0.2, 1.04, -0.32),
                vec(0.0, 1.02, -0.33),
                vec(0.2, 1.04, -0.32),
                vec(0.28, 1.03, -0.2),
            ]
        ),
        [0.013] * 5,
        second,
        6,
        cap=True,
    )
    saddle = prism([(0.04, -0.02), (0.04, 0.02), (0.3, 0.05), (0.32, -0.04)], -0.03, 0.03, RUBBER, "x", 0.01).moved(
        (0.0, 0.97, 0.02)
    )
    wide = ellipsoid((0.085, 0.035, 0.07), RUBBER, (0.0, 0.985, 0.27), 1)
    tyre = ring(0.322, 0.018, RUBBER, 26, 6).moved((0, 0, 0), ALONG_X)
    spokes = [
        rod((0.0, 0.0, 0.0), (0.0, 0.31 * math.sin(a), 0.31 * math.cos(a)), 0.004, _CHROME, 3)
        for a in np.arange(12) * math.pi / 6
    ]
    hub = lathe([(0.022, -0.045), (0.022, 0.045)], _CHROME, 8).moved((0, 0, 0), ALONG_X)
    mesh = finish("wheel", tyre, *spokes, hub)
    pedals = [box((0.02, 0.15, 0.025), _CHROME, (s * 0.06, s * 0.08, 0.0)) for s in (-1, 1)]
    pedals += [box((0.1, 0.02, 0.08), RUBBER, (s * 0.11, s * 0.155, 0.0)) for s in (-1, 1)]
    cog = lathe([(0.09, -0.006), (0.09, 0.006)], second, 16).moved((0.05, 0, 0), ALONG_X)
    return (
        Piece("frame", finish("car-frame-metal", *tubes, *post, bar, saddle, wide)),
        Piece("wheel_0", mesh, "wheel", axle_f, 0.34),
        Piece("wheel_1", mesh, "wheel", axle_b, 0.34),
        Piece("crank", finish("metal-crank", *pedals, cog), "wheel", crank, 0.9),
    )  # fmt: skip


def _spoked(radius: float, wood: Rgb) -> Part:
    rim = ring(radius * 0.93, radius * 0.07, wood, 24, 6)
    iron = lathe([(radius, -0.03), (radius, 0.03)], STEEL, 24, cap=False)
    hub = lathe([(radius * 0.13, -0.12), (radius * 0.18, 0.0), (radius * 0.13, 0.12)], times(wood, 0.7), 12)
    spokes = [
        rod((0.0, 0.0, 0.0), (radius * 0.9 * math.cos(a), 0.0, radius * 0.9 * math.sin(a)), radius * 0.035, wood, 6)
        for a in np.arange(12) * math.pi / 6
    ]
    return merge([rim, iron, hub, *spokes]).moved((0, 0, 0), ALONG_X)


def carriage(paint: Paint) -> Model:
    """A closed coach with a driver's box behind the place of its horse; the shafts reach to the horse's girth."""
    main, second = paint
    cabin = prism(
        [(-0.55, 0.85), (-0.75, 1.3), (-0.78, 2.2), (0.98, 2.2), (0.95, 1.3), (0.7, 0.85), (0.1, 0.7)],
        -0.68,
        0.68,
        main,
        "x",
        0.06,
    )
    roof = bevelled((1.6, 0.14, 2.1), times(main, 0.5), (0.0, 2.27, 0.1), 0.06)
    glass = [mirrored(bevelled((0.04, 0.5, 0.5), GLASS, (0.68, 1.8, z), 0.015)) for z in (-0.4, 0.62)]
    door = mirrored(bevelled((0.04, 1.2, 0.62), mix(main, second, 0.35), (0.685, 1.45, 0.11), 0.02))
    trims = [mirrored(box((0.05, 0.05, 1.74), second, (0.68, y, 0.1))) for y in (1.4, 2.16)]
    bench = [
        bevelled((1.1, 0.1, 0.45), (0.12, 0.05, 0.03), (0.0, 1.5, -1.05), 0.04),
        bevelled((1.1, 0.5, 0.1), (0.12, 0.05, 0.03), (0.0, 1.72, -0.84), 0.04),
    ]
    bench.append(
        prism(
            [(-0.8, 0.9), (-0.85, 1.45), (-1.3, 1.45), (-1.55, 1.05), (-1.5, 0.95), (-1.2, 1.2), (-0.95, 0.85)],
            -0.5,
            0.5,
            main,
            "x",
            0.03,
        )
    )
    under = [
        box((0.14, 0.14, 2.7), DARK, (0.0, 0.72, -0.1)),
        *(rod((-0.75, y, z), (0.75, y, z), 0.04, DARK) for y, z in ((0.42, -1.15), (0.55, 0.95))),
    ]
    under += [
        mirrored(
            tube(
                np.array([vec(0.4, 0.62, -1.2), vec(0.52, 0.8, -2.0), vec(0.42, 1.02, -3.7)]),
                [0.035, 0.03, 0.025],
                second,
                6,
                cap=True,
            )
        )
    ]
    under += [rod((0.0, y, z), (0.0, 0.75, z), 0.05, DARK) for y, z in ((0.42, -1.15), (0.55, 0.95))]
    lamps = mirrored(bevelled((0.12, 0.2, 0.12), (1.0, 0.75, 0.4), (0.78, 1.75, -0.82), 0.02))
    small, large = finish("wheel", _spoked(0.42, second)), finish("wheel", _spoked(0.55, second))
    wheels = [Piece(f"wheel_0{n}", small, "wheel", (s * 0.8, 0.42, -1.15), 0.42) for n, s in (("l", -1), ("r", 1))]
    wheels += [Piece(f"wheel_1{n}", large, "wheel", (s * 0.8, 0.55, 0.95), 0.55) for n, s in (("l", -1), ("r", 1))]
    whole: Model = (
        Piece("body", finish("carriage-body", cabin, roof, door, *trims, *bench, *under)),
        Piece("glass", finish("carriage-glass", *glass)),
        Piece("lamps", finish("carriage-lamps", lamps, emission=1.6)),
        *wheels,
    )  # fmt: skip
    return tuple(replace(p, pivot=(p.pivot[0], p.pivot[1], p.pivot[2] + COACH_BACK_M)) for p in whole)


def tank(paint: Paint) -> Model:
    """A battle tank: tracks round seven road wheels, sloped hull, turret and gun."""
    main, second = paint
    hull = prism(
        [(-3.1, 1.0), (-2.3, 1.5), (3.0, 1.5), (3.3, 0.95), (2.9, 0.45), (-2.6, 0.45)], -1.05, 1.05, main, "x", 0.05
    )
    deck = hexa((1.62, -2.5, 3.05, 1.1), (1.55, -2.2, 2.95, 1.52), main)
    skirts = [
        mirrored(bevelled((0.06, 0.5, 1.02), mix(main, second, 0.25), (1.66, 1.12, z), 0.02))
        for z in np.arange(-2.1, 2.9, 1.06)
    ]
    loop = [(-3.15, 0.72), (-2.9, 1.1), (2.9, 1.1), (3.25, 0.75), (2.7, 0.0), (-2.5, 0.0)]
    tracks = mirrored(prism(loop, 1.08, 1.62, RUBBER, "x", 0.04))
    cleats = [mirrored(box((0.56, 0.05, 0.1), DARK, (1.35, 0.02, z))) for z in np.arange(-2.4, 2.7, 0.3)]
    turret = hexa((1.25, -1.3, 1.7, 1.5), (0.92, -0.7, 1.3, 2.22), main)
    cheek = mirrored(
        prism([(-1.55, 1.6), (-0.8, 2.15), (0.2, 2.15), (0.2, 1.58)], 0.25, 1.2, mix(main, second, 0.2), "x", 0.05)
    )
    hatch = [
        lathe([(0.36, 2.2), (0.36, 2.34), (0.3, 2.4)], times(main, 0.8), 14).moved((x, 0.0, 0.5)) for x in (-0.45, 0.45)
    ]
    gun = [
        rod((0.0, 1.85, -1.2), (0.0, 1.85, -5.2), 0.085, times(main, 0.8), 12),
        rod((0.0, 1.85, -2.6), (0.0, 1.85, -3.4), 0.125, times(main, 0.8), 12),
    ]
    mantlet = bevelled((0.7, 0.5, 0.4), times(main, 0.9), (0.0, 1.85, -1.25), 0.1)
    aerial = rod((0.7, 2.2, 1.1), (0.7, 2.48, 1.25), 0.012, DARK, 5)
    mesh = finish("wheel", wheel(0.32, 0.2, times(main, 0.8), 6, 0.2))
    wheels = [
        Piece(f"wheel_{i}{n}", mesh, "wheel", (s * 1.58, 0.34, z), 0.32)
        for i, z in enumerate(np.linspace(-2.3, 2.3, 7))
        for n, s in (("l", -1), ("r", 1))
    ]
    back = [Piece(p.part, p.mesh, p.motion, p.pivot, p.gain) for p in wheels]
    return (
        Piece("hull", finish("metal-hull", hull, deck, *skirts)),
        Piece("tracks", finish("tracks", tracks, *cleats)),
        Piece("turret", finish("metal-turret", turret, cheek, *hatch, *gun, mantlet, aerial), "turret", (0.0, 0.0, 0.0)),
        *back,
    )  # fmt: skip
