"""What stands in rooms: tables, seats, beds, lamps, doors, instruments. Fronts face -Z, base at y = 0."""

import math

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import Array, rot_x, rot_z

from .core import Part, box, ellipsoid, finish, lathe, merge, mix, times
from .model import Model, Paint, Piece
from .shapes import AHEAD, DARK, GLASS, bevelled, hexa, mirrored, prism, ring, rod

_GOLD: Rgb = (0.55, 0.40, 0.12)
_PAPER: Rgb = (0.76, 0.73, 0.65)
_WARM: Rgb = (1.0, 0.80, 0.52)
_BRICK: Rgb = (0.55, 0.52, 0.47)


_ROUND: Array = np.diag([-1.0, 1.0, -1.0])


def _whole(name: str, *parts: Part) -> Model:
    return (Piece("body", finish(name, *parts)),)


def _turned(*parts: Part) -> Part:
    """About face: what was drawn with its front to +Z."""
    return merge(parts).moved((0.0, 0.0, 0.0), _ROUND)


def _four(x: float, z: float, low: float, high: float, thick: float, colour: Rgb) -> list[Part]:
    return [
        bevelled((thick, high - low, thick), colour, (sx * x, (low + high) / 2, sz * z), thick * 0.2)
        for sx in (-1, 1)
        for sz in (-1, 1)
    ]


def table(paint: Paint) -> Model:
    main, second = paint
    top = bevelled((1.6, 0.05, 0.85), main, (0.0, 0.735, 0.0), 0.015)
    apron = [box((1.4, 0.09, 0.03), second, (0.0, 0.665, s * 0.36)) for s in (-1, 1)] + [
        box((0.03, 0.09, 0.7), second, (s * 0.71, 0.665, 0.0)) for s in (-1, 1)
    ]
    return _whole("table", top, *apron, *_four(0.72, 0.36, 0.0, 0.71, 0.075, second))


def chair(paint: Paint) -> Model:
    main, second = paint
    seat = bevelled((0.46, 0.045, 0.46), main, (0.0, 0.44, 0.0), 0.015)
    legs = [rod((s * 0.19, 0.0, -0.2), (s * 0.19, 0.43, -0.18), 0.021, second) for s in (-1, 1)]
    posts = [rod((s * 0.19, 0.0, 0.23), (s * 0.19, 0.45, 0.2), 0.021, second) for s in (-1, 1)] + [
        rod((s * 0.19, 0.45, 0.2), (s * 0.2, 0.96, 0.25), 0.021, second) for s in (-1, 1)
    ]
    back = [
        bevelled((0.4, 0.09, 0.025), main, (0.0, 0.9, 0.243), 0.01),
        bevelled((0.4, 0.05, 0.022), main, (0.0, 0.68, 0.222), 0.008),
    ]
    slats = [box((0.045, 0.24, 0.014), second, (x, 0.78, 0.233)) for x in (-0.11, 0.0, 0.11)]
    bars = [
        mirrored(rod((0.19, 0.2, -0.19), (0.19, 0.2, 0.215), 0.012, second, 6)),
        rod((-0.19, 0.24, 0.0), (0.19, 0.24, 0.0), 0.012, second, 6),
    ]
    return _whole("chair", seat, *legs, *posts, *back, *slats, *bars)


def sofa(paint: Paint) -> Model:
    main, second = paint
    base = bevelled((2.0, 0.2, 0.86), times(main, 0.8), (0.0, 0.2, 0.02), 0.04)
    cushions = [bevelled((0.8, 0.16, 0.66), main, (s * 0.405, 0.38, -0.06), 0.05) for s in (-1, 1)]
    backs = [
        bevelled((0.8, 0.42, 0.18), main, (0.0, 0.0, 0.0), 0.06).moved((s * 0.405, 0.62, 0.3), rot_x(0.2))
        for s in (-1, 1)
    ]
    frame = [
        bevelled((2.04, 0.68, 0.16), times(main, 0.85), (0.0, 0.46, 0.4), 0.05),
        mirrored(bevelled((0.22, 0.5, 0.9), times(main, 0.9), (0.94, 0.36, 0.0), 0.07)),
    ]
    pillow = bevelled((0.4, 0.38, 0.14), second, (0.0, 0.0, 0.0), 0.05).moved(
        (-0.62, 0.62, 0.14), rot_x(0.3) @ rot_z(0.15)
    )
    return _whole("sofa", base, *cushions, *backs, *frame, pillow, *_four(0.88, 0.36, 0.0, 0.12, 0.06, DARK))


def bed(paint: Paint) -> Model:
    """Head towards +Z."""
    main, second = paint
    frame = [
        bevelled((1.7, 0.2, 2.1), second, (0.0, 0.26, 0.0), 0.03),
        bevelled((1.7, 1.0, 0.09), second, (0.0, 0.58, 1.03), 0.03),
        bevelled((1.7, 0.5, 0.07), second, (0.0, 0.36, -1.03), 0.02),
    ]
    mattress = bevelled((1.6, 0.2, 2.0), _PAPER, (0.0, 0.43, 0.0), 0.06)
    cover = bevelled((1.68, 0.2, 1.4), main, (0.0, 0.46, -0.3), 0.06)
    fold = bevelled((1.69, 0.06, 0.22), mix(main, _PAPER, 0.6), (0.0, 0.56, 0.42), 0.02)
    pillows = [bevelled((0.66, 0.15, 0.42), (0.74, 0.72, 0.68), (s * 0.38, 0.59, 0.74), 0.06) for s in (-1, 1)]
    return _whole("bed", *frame, mattress, cover, fold, *pillows, *_four(0.78, 0.98, 0.0, 0.2, 0.09, second))


def lamp(paint: Paint) -> Model:
    main, second = paint
    foot = lathe([(0.18, 0.0), (0.17, 0.025), (0.05, 0.045), (0.03, 0.06)], second, 18)
    pole = rod((0.0, 0.04, 0.0), (0.0, 1.3, 0.0), 0.014, second)
    shade = lathe([(0.22, 1.3), (0.14, 1.62)], mix(main, _WARM, 0.5), 20, cap=False)
    bulb = ellipsoid((0.06, 0.075, 0.06), _WARM, (0.0, 1.42, 0.0), 1)
    return (
        Piece("body", finish("lamp-stand", foot, pole)),
        Piece("shade", finish("lamp-shade", shade, two_sided=True, emission=0.9)),
        Piece("bulb", finish("lamp-bulb", bulb, emission=4.0)),
    )  # fmt: skip


def door(paint: Paint) -> Model:
    """A panelled leaf in its frame; the leaf turns on the hinge at -X when it opens."""
    main, second = paint
    frame = [bevelled((0.13, 2.24, 0.2), second, (s * 0.55, 1.12, 0.0), 0.02) for s in (-1, 1)] + [
        bevelled((1.24, 0.13, 0.22), second, (0.0, 2.23, 0.0), 0.02)
    ]
    sill = box((1.1, 0.03, 0.22), times(second, 0.7), (0.0, 0.015, 0.0))
    leaf = [bevelled((0.96, 2.12, 0.05), main, (0.48, 1.1, 0.0), 0.008)]
    leaf += [
        bevelled((0.36, h, 0.075), times(main, 0.82), (x, y, 0.0), 0.014)
        for x in (0.26, 0.7)
        for y, h in ((0.5, 0.72), (1.52, 0.98))
    ]
    knob = [
        merge(
            [
                ellipsoid((0.035,) * 3, _GOLD, (0.88, 1.04, s * 0.07), 1),
                rod((0.88, 1.04, 0.0), (0.88, 1.04, s * 0.06), 0.012, _GOLD, 6),
            ]
        )
        for s in (-1, 1)
    ]
    return (
        Piece("frame", finish("door-frame", *frame, sill)),
        Piece("leaf", finish("door-leaf", *leaf, *knob), "hinge", (-0.48, 0.0, 0.0)),
    )


def window(paint: Paint) -> Model:
    """A casement in a piece of wall, sill to the front."""
    main, second = paint
    wall = [
        box((1.5, 0.75, 0.16), _BRICK, (0.0, 0.375, 0.0)),
        box((1.5, 0.2, 0.16), _BRICK, (0.0, 2.1, 0.0)),
        *(box((0.14, 1.25, 0.16), _BRICK, (s * 0.68, 1.375, 0.0)) for s in (-1, 1)),
    ]
    frame = [bevelled((1.26, 0.08, 0.12), main, (0.0, y, 0.0), 0.015) for y in (0.79, 1.96)] + [
        bevelled((0.08, 1.24, 0.12), main, (x, 1.375, 0.0), 0.015) for x in (-0.58, 0.0, 0.58)
    ]
    bars = [box((1.1, 0.03, 0.05), main, (0.0, 1.46, 0.0))]
    sill = bevelled((1.42, 0.06, 0.3), second, (0.0, 0.75, -0.03), 0.02)
    return (
        Piece("body", finish("wall-window-frame", *wall, *frame, *bars, sill)),
        Piece("panes", finish("window-glass", box((1.14, 1.16, 0.02), times(GLASS, 2.0), (0.0, 1.375, 0.0)))),
    )


def throne(paint: Paint) -> Model:
    main, second = paint
    steps = [bevelled((1.3, 0.12, 1.2), (0.42, 0.40, 0.37), (0.0, 0.06, 0.0), 0.02)]
    seat = [
        bevelled((0.86, 0.34, 0.72), second, (0.0, 0.29, -0.02), 0.03),
        bevelled((0.72, 0.1, 0.62), main, (0.0, 0.5, -0.04), 0.04),
    ]
    outline = [
        (-0.46, 0.12),
        (-0.48, 1.75),
        (-0.3, 1.98),
        (-0.12, 2.02),
        (0.0, 2.3),
        (0.12, 2.02),
        (0.3, 1.98),
        (0.48, 1.75),
        (0.46, 0.12),
    ]
    back = [
        prism(outline, 0.34, 0.48, second, "z", 0.03),
        prism(
            [(x * 0.72, 0.55 + (y - 0.55) * 0.86) for x, y in outline[1:-1]] + [(0.33, 0.6), (-0.33, 0.6)],
            0.31,
            0.4,
            main,
            "z",
            0.02,
        ),
    ]
    arms = mirrored(
        merge(
            [
                bevelled((0.13, 0.1, 0.74), second, (0.45, 0.82, 0.0), 0.03),
                bevelled((0.11, 0.4, 0.11), second, (0.45, 0.6, -0.3), 0.02),
                ellipsoid((0.085, 0.085, 0.085), _GOLD, (0.45, 0.86, -0.38), 1),
            ]
        )
    )
    knobs = mirrored(ellipsoid((0.075, 0.1, 0.075), _GOLD, (0.47, 1.84, 0.41), 1))
    gem = ellipsoid((0.06, 0.08, 0.04), (0.55, 0.04, 0.06), (0.0, 2.06, 0.33), 1)
    return _whole("throne-metal", *steps, *seat, *back, arms, knobs, gem)


def altar(paint: Paint) -> Model:
    main, second = paint
    base = [
        bevelled((2.2, 0.14, 1.1), times(main, 0.85), (0.0, 0.07, 0.0), 0.02),
        hexa((0.85, -0.38, 0.38, 0.14), (0.95, -0.42, 0.42, 0.86), main),
        bevelled((2.1, 0.13, 0.98), main, (0.0, 0.92, 0.0), 0.03),
    ]
    cloth = [
        bevelled((0.7, 0.03, 1.0), second, (0.0, 0.995, 0.0), 0.01),
        box((0.7, 0.5, 0.02), second, (0.0, 0.74, -0.5)),
    ]
    cross = prism([(-0.12, 0.7), (0.0, 0.86), (0.12, 0.7), (0.0, 0.54)], -0.525, -0.505, _GOLD, "z")
    bowl = lathe([(0.06, 1.0), (0.03, 1.06), (0.17, 1.16), (0.18, 1.18), (0.14, 1.16)], _GOLD, 16)
    sticks = [
        lathe(
            [(0.07, 0.98), (0.02, 1.02), (0.025, 1.14), (0.035, 1.15), (0.028, 1.28), (0.01, 1.28)], _PAPER, 10
        ).moved((x, 0.0, 0.1))
        for x in (-0.75, -0.52, 0.52, 0.75)
    ]
    flames = [
        lathe([(0.016, 1.28), (0.022, 1.31), (0.002, 1.37)], (1.0, 0.72, 0.3), 8).moved((x, 0.0, 0.1))
        for x in (-0.75, -0.52, 0.52, 0.75)
    ]
    return (
        Piece("body", finish("altar", *base, *cloth, cross, bowl, *sticks)),
        Piece("flames", finish("altar-flames", *flames, emission=3.5)),
    )


def bench(paint: Paint) -> Model:
    main, second = paint
    slats = [bevelled((1.66, 0.03, 0.1), main, (0.0, 0.445, z), 0.008) for z in (-0.2, -0.08, 0.04, 0.16)]
    back = [bevelled((1.66, 0.1, 0.03), main, (0.0, y, 0.2 + 0.1 * (y - 0.5)), 0.008) for y in (0.58, 0.7, 0.82)]
    ends = mirrored(
        merge(
            [
                prism(
                    [
                        (-0.27, 0.0),
                        (-0.2, 0.42),
                        (0.18, 0.42),
                        (0.21, 0.0),
                        (0.26, 0.0),
                        (0.22, 0.45),
                        (0.27, 0.86),
                        (0.23, 0.86),
                        (0.18, 0.47),
                        (-0.25, 0.45),
                        (-0.31, 0.0),
                    ],
                    0.68,
                    0.73,
                    second,
                    "x",
                ),
                bevelled((0.06, 0.04, 0.42), second, (0.705, 0.62, -0.05), 0.012),
            ]
        )
    )
    return _whole("bench", *slats, *back, ends)


def computer(paint: Paint) -> Model:
    """A desk with a screen that is on, a keyboard and a mouse, all turned to the front."""
    main, second = paint
    desk = [
        bevelled((1.3, 0.04, 0.66), main, (0.0, 0.72, 0.0), 0.012),
        *(bevelled((0.05, 0.7, 0.6), times(main, 0.8), (s * 0.6, 0.35, 0.0), 0.01) for s in (-1, 1)),
        box((1.16, 0.3, 0.03), times(main, 0.75), (0.0, 0.55, -0.26)),
    ]
    screen = [
        bevelled((0.62, 0.38, 0.03), second, (0.0, 1.02, -0.12), 0.01),
        rod((0.0, 0.74, -0.15), (0.0, 0.95, -0.14), 0.02, second),
        bevelled((0.24, 0.015, 0.18), second, (0.0, 0.748, -0.14), 0.006),
    ]
    keys = [bevelled((0.44, 0.02, 0.15), second, (-0.02, 0.752, 0.16), 0.006)] + [
        box((0.4, 0.012, 0.02), (0.35, 0.35, 0.36), (-0.02, 0.762, 0.11 + 0.026 * i)) for i in range(4)
    ]
    mouse = ellipsoid((0.03, 0.018, 0.05), second, (0.3, 0.752, 0.17), 1)
    tower = bevelled((0.18, 0.42, 0.44), second, (0.44, 0.21, -0.02), 0.015)
    glow = [box((0.58, 0.335, 0.004), (0.12, 0.3, 0.5), (0.0, 1.025, -0.103))]
    lines = [
        box(
            (0.16 + 0.1 * ((i * 7) % 4) / 3, 0.014, 0.003),
            (0.6, 0.85, 1.0),
            (-0.15 + 0.02 * (i % 3), 1.15 - 0.036 * i, -0.0995),
        )
        for i in range(7)
    ]
    return (
        Piece("body", finish("computer-desk", _turned(*desk, *screen, *keys, mouse, tower))),
        Piece("screen", finish("computer-screen", _turned(*glow, *lines), emission=1.3)),
    )


def piano(paint: Paint) -> Model:
    """A grand, keys to the front, lid up."""
    main, second = paint
    outline = [
        (-0.74, 0.62),
        (0.74, 0.62),
        (0.74, 0.2),
        (0.6, -0.1),
        (0.3, -0.35),
        (0.12, -0.72),
        (-0.2, -0.86),
        (-0.6, -0.82),
        (-0.74, -0.6),
    ]
    case = prism(outline, 0.62, 0.92, main, "y", 0.02)
    lid = prism([*outline[2:], (-0.74, 0.2)], 0.0, 0.025, main, "y", 0.006)
    lid = lid.moved((0.74, 0.0, 0.0)).moved((-0.74, 0.93, 0.0), rot_z(0.42))
    board = prism([(x * 0.92, z * 0.9) for x, z in outline[2:]] + [(-0.68, 0.18)], 0.9, 0.925, _GOLD, "y")
    prop = rod((0.5, 0.92, 0.0), (0.42, 1.4, 0.0), 0.014, main, 6)
    keys = [box((1.24, 0.03, 0.15), (0.72, 0.70, 0.64), (0.0, 0.74, 0.68))] + [
        box((0.016, 0.03, 0.09), (0.02, 0.02, 0.02), (-0.58 + 0.0245 * i, 0.757, 0.65))
        for i in range(48)
        if i % 7 not in (2, 6)
    ]
    bed_ = [
        box((1.46, 0.1, 0.2), main, (0.0, 0.67, 0.68)),
        mirrored(bevelled((0.12, 0.24, 0.24), main, (0.68, 0.76, 0.68), 0.02)),
        prism([(0.5, 0.92), (0.56, 1.16), (0.59, 1.16), (0.54, 0.92)], -0.4, 0.4, main, "x"),
    ]
    legs = [
        lathe([(0.05, 0.0), (0.045, 0.1), (0.07, 0.5), (0.08, 0.62)], main, 12).moved((x, 0.0, z))
        for x, z in ((-0.62, 0.5), (0.62, 0.5), (-0.35, -0.6))
    ]
    felt = box((1.3, 0.008, 0.03), second, (0.0, 0.925, 0.56))
    pedals = [
        box((0.2, 0.62, 0.06), main, (0.0, 0.34, 0.45)),
        *(box((0.03, 0.012, 0.12), _GOLD, (x, 0.06, 0.53)) for x in (-0.06, 0.0, 0.06)),
    ]
    return _whole("metal-piano", _turned(case, lid, board, prop, *keys, *bed_, *legs, *pedals, felt))


def mirror(paint: Paint) -> Model:
    """A standing glass that tilts in its frame."""
    main, second = paint
    tilt = rot_x(0.08)
    glass = ellipsoid((0.32, 0.78, 0.012), (0.50, 0.56, 0.60), level=2).moved((0.0, 1.1, 0.0), tilt)
    rim = ring(0.34, 0.03, main, 28, 6).scaled(1.0, 1.0, 2.4).moved((0.0, 1.1, 0.0), tilt @ rot_x(math.pi / 2))
    posts = mirrored(
        merge(
            [
                rod((0.4, 0.05, 0.0), (0.4, 1.5, 0.0), 0.024, second),
                ellipsoid((0.035,) * 3, main, (0.4, 1.53, 0.0), 1),
                rod((0.36, 1.1, 0.0), (0.4, 1.1, 0.0), 0.02, main, 6),
                bevelled((0.06, 0.05, 0.56), second, (0.39, 0.03, 0.0), 0.02),
            ]
        )
    )
    bar = rod((-0.4, 0.18, 0.0), (0.4, 0.18, 0.0), 0.02, second)
    return (Piece("body", finish("mirror-frame", rim, posts, bar)), Piece("glass", finish("metal-mirror-glass", glass)))


def clock(paint: Paint) -> Model:
    """A long-case clock with a swinging pendulum."""
    main, second = paint
    case = [
        bevelled((0.5, 0.3, 0.34), main, (0.0, 0.15, 0.0), 0.02),
        bevelled((0.36, 1.2, 0.26), main, (0.0, 0.88, 0.02), 0.015),
        bevelled((0.48, 0.52, 0.32), main, (0.0, 1.72, 0.0), 0.02),
    ]
    case += [
        prism([(-0.27, 1.97), (0.0, 2.2), (0.27, 1.97)], -0.18, 0.18, times(main, 0.8), "z", 0.015),
        box((0.24, 1.0, 0.02), times(main, 0.25), (0.0, 0.88, -0.11)),
    ]
    face = [
        lathe([(0.19, 0.0), (0.19, 0.012)], _PAPER, 24).moved((0.0, 1.72, -0.155), AHEAD),
        ring(0.195, 0.014, _GOLD, 24, 5).moved((0.0, 1.72, -0.16), AHEAD),
    ]
    face += [
        box((0.012, 0.034, 0.006), DARK, (0.16 * math.sin(a), 1.72 + 0.16 * math.cos(a), -0.17))
        for a in np.arange(12) * math.pi / 6
    ]
    hands = [
        box((0.014, 0.1, 0.006), DARK, (0.0, 0.05, 0.0)).moved((0.0, 1.72, -0.174), rot_z(1.1)),
        box((0.01, 0.15, 0.006), DARK, (0.0, 0.07, 0.0)).moved((0.0, 1.72, -0.177), rot_z(-0.9)),
    ]
    swing = [
        rod((0.0, 0.0, 0.0), (0.0, -0.75, 0.0), 0.008, _GOLD, 6),
        lathe([(0.085, 0.0), (0.085, 0.016)], _GOLD, 18).moved((0.0, -0.78, 0.0), AHEAD),
    ]
    return (
        Piece("body", finish("clock", *case, *face, *hands, box((0.3, 0.02, 0.02), second, (0.0, 1.42, -0.12)))),
        Piece("pendulum", finish("metal-pendulum", *swing), "pendulum", (0.0, 1.36, -0.125)),
    )
