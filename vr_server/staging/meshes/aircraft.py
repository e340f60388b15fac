"""What flies with rotors, propellers and wings; and the hovercraft, which flies a hand's breadth high. They face -Z."""

import math

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import rot_x, rot_z

from .core import Part, box, ellipsoid, finish, flat_part, lathe, merge, mix, times
from .model import Model, Paint, Piece
from .shapes import (
    AHEAD,
    ALONG_Z,
    DARK,
    GLASS,
    RUBBER,
    STEEL,
    bevelled,
    loft_z,
    mirrored,
    prism,
    ring,
    rod,
    spun,
    wheel,
)

_RED: Rgb = (1.0, 0.08, 0.05)
_GREEN: Rgb = (0.1, 1.0, 0.25)


def _foil(
    root: tuple[float, float, float],
    tip: tuple[float, float, float],
    span: tuple[float, float],
    y: tuple[float, float],
    colour: Rgb,
) -> Part:
    """One wing towards +X: `root` and `tip` are (leading z, trailing z, thickness), `span` and `y` inner and outer."""
    (za, zb, ta), (zc, zd, tc) = root, tip
    rows = []
    for (a, b, t), x, h in (((za, zb, ta), span[0], y[0]), ((zc, zd, tc), span[1], y[1])):
        c = b - a
        for u, v in ((0.0, 0.0), (0.12, 0.5), (0.4, 0.62), (1.0, 0.03), (0.5, -0.38), (0.12, -0.4)):
            rows.append((x, h + v * t, a + u * c))
    points = np.array(rows)

    n = 6
    faces = [t for i in range(n) for t in ((i, i + n, (i + 1) % n + n), (i, (i + 1) % n + n, (i + 1) % n))]
    faces += [(0, i, i + 1) for i in range(1, n - 1)] + [(n, n + i + 1, n + i) for i in range(1, n - 1)]
    return flat_part(points, np.array(faces, dtype=np.int32)[:, ::-1].copy(), colour)


def _propeller(radius: float, blades: int, colour: Rgb = DARK) -> Part:
    blade = prism(
        [
            (-0.03, 0.1 * radius),
            (0.05, 0.1 * radius),
            (0.09 * radius, 0.5 * radius),
            (0.045 * radius, radius),
            (-0.02 * radius, radius),
        ],
        -0.012,
        0.012,
        colour,
        "z",
    )
    tip = box((0.09 * radius, 0.08 * radius, 0.03), (0.75, 0.55, 0.08), (0.02 * radius, 0.95 * radius, 0.0))
    cone = lathe(
        [(0.15 * radius, -0.12 * radius), (0.12 * radius, 0.05 * radius), (0.01, 0.22 * radius)], STEEL, 12
    ).moved((0, 0, 0), AHEAD)
    return merge([*spun(merge([blade, tip]), blades), cone])


def aircraft(paint: Paint) -> Model:
    """A twin-propeller aeroplane, 12 m across, on its three legs."""
    main, second = paint
    rows = [
        (-5.3, 0.1, 0.1, 1.75),
        (-5.0, 0.36, 0.34, 1.78),
        (-4.3, 0.62, 0.6, 1.84),
        (-3.4, 0.76, 0.82, 1.95),
        (-1.0, 0.8, 0.88, 2.0),
        (1.6, 0.78, 0.86, 2.02),
        (3.4, 0.52, 0.6, 2.2),
        (5.0, 0.2, 0.28, 2.42),
        (5.6, 0.06, 0.12, 2.5),
    ]
    body = loft_z(rows, main, 20, 2.2).tinted(
        lambda p, n: np.where((np.abs(p[:, 1] - 2.0) < 0.0), 0.9, 0.9 + 0.1 * n[:, 1])
    )
    stripe = mirrored(
        prism([(-4.2, 1.72), (-3.4, 1.66), (3.2, 1.86), (3.3, 1.98), (-3.4, 1.84)], 0.66, 0.815, second, "x")
    )
    wing = mirrored(_foil((-1.3, 0.75, 0.3), (-0.65, 0.35, 0.14), (0.3, 6.1), (1.55, 1.95), main))
    tips = mirrored(prism([(-0.65, 1.9), (0.4, 1.9), (0.55, 2.3), (0.1, 2.3)], 6.03, 6.1, second, "x"))
    tail = mirrored(_foil((4.5, 5.5, 0.16), (4.85, 5.55, 0.08), (0.1, 2.2), (2.55, 2.6), main))
    fin = prism([(3.3, 2.5), (4.6, 3.85), (5.5, 3.9), (5.6, 2.5)], -0.07, 0.07, second, "x", 0.03)
    nacelle = [
        (-2.6, 0.12, 0.12, 1.75),
        (-2.5, 0.3, 0.3, 1.75),
        (-1.4, 0.36, 0.4, 1.72),
        (0.4, 0.24, 0.26, 1.72),
        (1.0, 0.06, 0.06, 1.74),
    ]
    pods = mirrored(loft_z(nacelle, second, 14, 2.2).moved((2.0, 0.0, 0.0)))
    glass = [ellipsoid((0.6, 0.36, 0.8), GLASS, (0.0, 2.36, -3.78), 2)]
    glass += [mirrored(bevelled((0.04, 0.3, 0.34), GLASS, (0.785, 2.24, z), 0.01)) for z in np.arange(-2.5, 2.1, 0.68)]
    door = box((0.03, 1.1, 0.7), times(main, 0.75), (-0.79, 2.0, 2.35))
    legs, tyre = [], wheel(0.3, 0.18, STEEL, 5)
    for x, z in ((0.0, -4.2), (-2.0, -0.2), (2.0, -0.2)):
        legs += [rod((x, 0.3, z), (x, 1.6, z), 0.06, STEEL), tyre.moved((x, 0.3, z))]
    lamps = merge([box((0.08, 0.08, 0.2), _RED, (-6.08, 2.0, -0.4)), box((0.08, 0.08, 0.2), _GREEN, (6.08, 2.0, -0.4))])
    prop = finish("metal-propeller", _propeller(1.05, 4))
    return (
        Piece("body", finish("metal-hull-plane", body, stripe, wing, tips, tail, fin, pods, door)),
        Piece("glass", finish("plane-glass", *glass)),
        Piece("legs", finish("metal-legs", *legs), "gear", (0.0, 1.0, 0.0)),
        Piece("lamps", finish("plane-lamps", lamps, emission=1.5)),
        Piece("prop_l", prop, "propeller", (-2.0, 1.75, -2.62), 7.0),
        Piece("prop_r", prop, "propeller", (2.0, 1.75, -2.62), 7.0),
    )  # fmt: skip


def _rotor_blades() -> list[Part]:
    """Four, 11 m across, about +Y."""
    blade = prism([(0.25, -0.13), (5.4, -0.15), (5.45, 0.1), (0.25, 0.15)], -0.02, 0.02, DARK, "y")
    tips = prism([(4.9, -0.15), (5.46, -0.152), (5.46, 0.105), (4.9, 0.11)], -0.022, 0.022, (0.75, 0.55, 0.08), "y")
    quarter = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    blades: list[Part] = []
    turn = np.eye(3)
    for _ in range(4):
        blades.append(merge([blade, tips]).moved((0.0, 0.0, 0.0), turn))
        turn = turn @ quarter
    return blades


def helicopter(paint: Paint) -> Model:
    """A light helicopter: glass nose, tail boom, skids; main rotor 11 m across, tail rotor."""
    main, second = paint
    rows = [
        (-3.3, 0.12, 0.12, 1.3),
        (-3.1, 0.55, 0.5, 1.36),
        (-2.4, 0.85, 0.8, 1.5),
        (-1.0, 0.95, 0.95, 1.6),
        (0.6, 0.9, 0.92, 1.66),
        (1.7, 0.45, 0.5, 1.95),
        (2.2, 0.26, 0.28, 2.05),
    ]
    body = loft_z(rows, main, 20, 2.5)
    boom = loft_z([(2.0, 0.28, 0.3, 2.05), (6.6, 0.13, 0.15, 2.3)], main, 12, 2.1)
    fin = prism(
        [(5.9, 2.2), (6.5, 3.3), (7.1, 3.3), (6.8, 2.1), (6.9, 1.5), (6.4, 1.5)], -0.06, 0.06, second, "x", 0.02
    )
    stab = mirrored(prism([(0.1, 5.3), (1.1, 5.45), (1.1, 5.85), (0.1, 5.9)], 2.18, 2.24, second, "y"))
    hump = loft_z(
        [(-1.2, 0.3, 0.1, 2.55), (-0.6, 0.5, 0.4, 2.6), (0.8, 0.46, 0.36, 2.55), (1.6, 0.2, 0.15, 2.4)], second, 14, 2.4
    )
    mast = rod((0.0, 2.7, 0.0), (0.0, 3.42, 0.0), 0.09, STEEL)
    stripe = mirrored(
        prism([(-2.2, 1.22), (1.0, 1.28), (1.6, 1.66), (1.3, 1.75), (0.6, 1.45), (-2.2, 1.4)], 0.86, 0.965, second, "x")
    )
    nose = loft_z(
        [
            (-3.36, 0.1, 0.1, 1.5),
            (-3.16, 0.5, 0.42, 1.6),
            (-2.5, 0.84, 0.64, 1.74),
            (-1.75, 0.93, 0.72, 1.82),
            (-1.7, 0.5, 0.4, 1.82),
        ],
        GLASS,
        20,
        2.5,
    )
    glass = [nose, mirrored(bevelled((0.06, 0.66, 0.95), GLASS, (0.93, 1.92, -0.55), 0.03))]
    struts = [
        rod((0.0, 2.45, -1.7), (0.0, 1.1, -3.3), 0.03, main),
        mirrored(rod((0.9, 2.2, -1.72), (0.9, 1.2, -1.72), 0.03, main)),
    ]
    skids = [
        mirrored(rod((1.15, 0.06, -2.5), (1.15, 0.06, 1.5), 0.06, DARK)),
        mirrored(rod((1.15, 0.06, -2.5), (1.15, 0.3, -2.9), 0.06, DARK)),
    ]
    skids += [mirrored(rod((1.15, 0.06, z), (0.6, 0.9, z), 0.05, DARK)) for z in (-1.6, 0.7)]
    blades = _rotor_blades()
    hub = lathe([(0.22, -0.12), (0.24, 0.0), (0.12, 0.12)], STEEL, 12)
    tail = merge(
        [
            *(box((0.03, 0.16, 1.5), DARK).moved((0, 0, 0), rot_x(i * math.pi / 2)) for i in range(2)),
            ellipsoid((0.08, 0.1, 0.1), STEEL, level=1),
        ]
    )
    lamps = merge(
        [
            ellipsoid((0.07,) * 3, _RED, (0.0, 3.36, 6.8), 1),
            ellipsoid((0.12, 0.1, 0.1), (1.0, 0.95, 0.85), (0.0, 0.92, -2.6), 1),
        ]
    )
    return (
        Piece("body", finish("metal-hull-copter", body, boom, fin, stab, hump, mast, stripe, *struts)),
        Piece("glass", finish("copter-glass", *glass)),
        Piece("skids", finish("metal-skids", *skids)),
        Piece("lamps", finish("copter-lamps", lamps, emission=1.5)),
        Piece("rotor", finish("metal-rotor", *blades, hub), "rotor", (0.0, 3.48, 0.0), 4.3),
        Piece("tail_rotor", finish("metal-tail-rotor", tail), "tail_rotor", (0.17, 2.5, 6.55), 9.0),
    )  # fmt: skip


def drone(paint: Paint) -> Model:
    main, second = paint
    body = [
        bevelled((0.22, 0.09, 0.3), main, (0.0, 0.13, 0.0), 0.03),
        bevelled((0.14, 0.04, 0.16), second, (0.0, 0.185, 0.02), 0.015),
    ]
    arms = [rod((0.0, 0.14, 0.0), (sx * 0.28, 0.17, sz * 0.28), 0.02, DARK) for sx in (-1, 1) for sz in (-1, 1)]
    pods = [
        lathe([(0.035, 0.12), (0.035, 0.2)], DARK, 10).moved((sx * 0.28, 0.0, sz * 0.28))
        for sx in (-1, 1)
        for sz in (-1, 1)
    ]
    legs = [mirrored(rod((0.08, 0.1, z), (0.16, 0.0, z), 0.012, DARK)) for z in (-0.09, 0.09)]
    eye = [
        lathe([(0.03, 0.0), (0.035, 0.05)], DARK, 10).moved((0.0, 0.1, -0.14), AHEAD),
        ellipsoid((0.025,) * 3, GLASS, (0.0, 0.1, -0.155), 1),
    ]
    lamps = merge([ellipsoid((0.015,) * 3, c, (sx * 0.28, 0.12, -0.28), 1) for sx, c in ((-1, _RED), (1, _GREEN))])
    blade = finish("metal-blades", box((0.32, 0.006, 0.026), DARK), lathe([(0.02, -0.01), (0.02, 0.02)], STEEL, 8))
    rotors = [
        Piece(f"rotor_{i}", blade, "rotor", (sx * 0.28, 0.215, sz * 0.28), 7.0 + i)
        for i, (sx, sz) in enumerate(((-1, -1), (1, -1), (-1, 1), (1, 1)))
    ]
    return (Piece("body", finish("metal-hull-drone", *body, *arms, *pods, *legs, *eye)), Piece("lamps", finish("drone-lamps", lamps, emission=1.5)), *rotors)  # fmt: skip


def hovercraft(paint: Paint) -> Model:
    """A cabin on an inflated skirt, two ducted propellers and rudders astern."""
    main, second = paint
    outline = [(-2.0, -3.2), (-1.2, -4.2), (1.2, -4.2), (2.0, -3.2), (2.2, 3.6), (1.8, 4.2), (-1.8, 4.2), (-2.2, 3.6)]
    skirt = prism([(x * 1.04, z * 1.02) for x, z in outline], 0.0, 0.85, RUBBER, "y", 0.3)
    fingers = [
        mirrored(bevelled((0.16, 0.55, 0.34), times(RUBBER, 1.6), (2.2, 0.36, z), 0.08))
        for z in np.arange(-2.7, 3.6, 0.6)
    ]
    deck = prism(outline, 0.8, 1.05, main, "y", 0.06)
    cabin = prism([(-3.1, 1.0), (-2.3, 2.15), (0.9, 2.25), (1.3, 1.0)], -1.35, 1.35, main, "x", 0.14)
    band = prism([(-2.72, 1.56), (-2.36, 2.05), (0.9, 2.1), (1.02, 1.56)], -1.365, 1.365, GLASS, "x")
    front = prism([(-3.08, 1.12), (-2.42, 2.08), (-2.3, 2.0), (-2.9, 1.12)], -1.16, 1.16, GLASS, "x")
    stripe = prism([(x * 1.015, z * 1.008) for x, z in outline], 0.86, 0.96, second, "y")
    posts = [mirrored(box((0.06, 0.56, 0.1), main, (1.36, 1.82, z))) for z in (-1.6, -0.6, 0.3)]
    rails = [mirrored(rod((1.9, 1.4, -2.8), (1.98, 1.4, 3.0), 0.025, STEEL, 6))] + [
        mirrored(rod((1.92, 1.0, z), (1.92, 1.4, z), 0.02, STEEL, 5)) for z in np.arange(-2.6, 3.0, 1.1)
    ]
    ducts = mirrored(ring(0.95, 0.1, second, 24, 6).scaled(1.0, 2.6, 1.0).moved((1.05, 2.0, 2.9), ALONG_Z))
    stands = [
        mirrored(bevelled((0.5, 1.0, 0.7), times(main, 0.8), (1.05, 1.5, 2.75), 0.08)),
        mirrored(rod((1.05, 1.05, 2.9), (1.05, 2.92, 2.9), 0.04, STEEL)),
    ]
    rudders = [mirrored(bevelled((0.05, 1.5, 0.5), second, (1.05 + dx, 2.0, 3.55), 0.02)) for dx in (-0.4, 0.0, 0.4)]
    lamps = mirrored(bevelled((0.3, 0.14, 0.08), (1.0, 0.95, 0.8), (0.9, 1.02, -4.16), 0.03))
    prop = finish("metal-propeller", _propeller(0.82, 5))
    return (
        Piece("hull", finish("metal-hull-hover", deck, cabin, stripe, *posts, *rails, ducts, *stands, *rudders)),
        Piece("skirt", finish("skirt", skirt, *fingers), "skirt"),
        Piece("glass", finish("hover-glass", band, front)),
        Piece("lamps", finish("hover-lamps", lamps, emission=1.2)),
        *(Piece(f"prop_{i}", prop, "propeller", (x, 2.0, 2.85), 5.0) for i, x in enumerate((-1.05, 1.05))),
    )  # fmt: skip


WING_PAIRS = ((-1.5, 2.75, 0.92, 6.2), (0.2, 2.5, 0.38, 7.4), (1.9, 2.25, -0.12, 5.6))
"""Of the winged craft, fore to aft: shoulder z and y, dihedral when spread (rad), reach in metres."""


def _feathers(reach: float, main: Rgb, second: Rgb) -> tuple[Part, list[Part]]:
    """An inner arm with blades like a bird's hand, towards +X; and the lit edges."""
    arm = prism(
        [(0.0, -0.45), (0.52 * reach, -0.22), (0.56 * reach, 0.12), (0.5 * reach, 0.5), (0.0, 1.0)],
        -0.09,
        0.09,
        main,
        "y",
        0.05,
    )
    spar = rod((0.0, 0.02, -0.3), (0.53 * reach, 0.02, -0.1), 0.11, second)
    joint = ellipsoid((0.24, 0.18, 0.28), second, (0.53 * reach, 0.0, 0.0), 1)
    blades = [arm, spar, joint]
    for i, (start, length, sweep) in enumerate(
        ((0.1, 0.4, 1.3), (0.22, 0.48, 1.05), (0.34, 0.54, 0.8), (0.44, 0.58, 0.52), (0.52, 0.6, 0.2))
    ):
        tip = length * reach
        outline = [(0.0, -0.16), (tip * 0.62, -0.36), (tip * 0.88, -0.24), (tip, 0.06), (tip * 0.7, 0.3), (0.0, 0.2)]
        blade = prism(outline, -0.03, 0.03, mix(main, second, 0.08 + 0.1 * i), "y", 0.014)
        c, s = math.cos(-sweep), math.sin(-sweep)
        turn = np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])
        blades.append(blade.moved((start * reach, -0.03 - 0.03 * i, 0.12), turn))
        rib = rod((0.0, 0.0, 0.0), (tip * 0.86, 0.0, -0.08), 0.035, second, 5)
        blades.append(rib.moved((start * reach, -0.03 * i, 0.12), turn))
    outline = [(0.05, -0.5), (0.5 * reach, -0.255), (0.5 * reach, -0.2), (0.05, -0.43)]
    return merge(blades), [prism(outline, -0.035, 0.035, (0.35, 0.85, 1.0), "y")]


def winged_craft(paint: Paint) -> Model:
    """A slender craft with six wings of metal feathers, folded along its sides until they spread."""
    main, second = paint
    rows = [
        (-6.0, 0.05, 0.05, 2.0),
        (-5.2, 0.32, 0.26, 2.08),
        (-3.6, 0.72, 0.6, 2.2),
        (-1.6, 1.0, 0.95, 2.4),
        (1.0, 1.05, 1.0, 2.45),
        (3.0, 0.8, 0.75, 2.4),
        (4.6, 0.5, 0.5, 2.4),
        (5.2, 0.42, 0.42, 2.4),
    ]
    body = loft_z(rows, main, 22, 2.6).tinted(
        lambda p, n: (0.84 + 0.16 * n[:, 1]) * np.where(np.abs(np.sin(p[:, 2] * 2.6)) < 0.2, 0.75, 1.0)
    )
    spine = prism(
        [(-2.4, 3.1), (-0.6, 3.75), (2.6, 3.6), (5.3, 4.5), (5.7, 4.4), (4.6, 2.9), (2.0, 3.1)],
        -0.09,
        0.09,
        second,
        "x",
        0.04,
    )
    keel = prism([(-3.4, 1.9), (-1.0, 1.35), (2.6, 1.45), (4.4, 2.0)], -0.3, 0.3, second, "x", 0.1)
    tails = mirrored(
        prism([(3.2, 0.0), (4.6, 1.5), (5.6, 1.7), (5.0, 0.0)], -0.05, 0.05, main, "x", 0.02).moved(
            (0.5, 2.5, 0.0), rot_z(-0.75)
        )
    )
    collars = [ellipsoid((0.3, 0.36, 0.46), second, (s * 1.0, y, z), 1) for z, y, _, _ in WING_PAIRS for s in (-1, 1)]
    intake = mirrored(bevelled((0.3, 0.42, 1.3), DARK, (0.92, 1.95, -2.2), 0.1))
    bell = lathe([(0.42, -0.3), (0.5, 0.3), (0.44, 0.34)], DARK, 18, cap=False).moved((0.0, 2.4, 5.3), ALONG_Z)
    legs = [
        merge(
            [
                rod((x, 0.12, z), (x * 0.6, 1.9, z * 0.9), 0.09, STEEL),
                lathe([(0.34, 0.0), (0.3, 0.1), (0.1, 0.2)], DARK, 10).moved((x, 0.0, z)),
            ]
        )
        for x, z in ((0.0, -3.3), (-1.0, 2.4), (1.0, 2.4))
    ]
    canopy = ellipsoid((0.5, 0.42, 1.25), GLASS, (0.0, 2.86, -3.1), 2)
    core = lathe([(0.38, 0.0), (0.34, 0.04)], (0.55, 0.9, 1.0), 16).moved((0.0, 2.4, 5.25), ALONG_Z)
    strips = mirrored(
        prism([(-4.4, 2.24), (-1.6, 2.5), (-1.6, 2.54), (-4.4, 2.28)], 0.66, 1.03, (0.35, 0.85, 1.0), "x")
    )
    pieces = [
        Piece("hull", finish("ship-hull-winged", body, spine, keel, tails, *collars, intake)),
        Piece("nozzle", finish("metal-nozzle", bell, two_sided=True)),
        Piece("legs", finish("metal-legs", *legs), "gear", (0.0, 1.2, 0.0)),
        Piece("glass", finish("craft-glass", canopy)),
        Piece("core", finish("craft-core", core, strips, emission=2.4)),
    ]
    for n, (z, y, _, reach) in enumerate(WING_PAIRS):
        wing, edge = _feathers(reach, main, second)
        for side, name in ((1.0, "r"), (-1.0, "l")):
            solid = finish("ship-hull-wing", wing.scaled(side, 1.0, 1.0))
            lit = finish("wing-edge", *(e.scaled(side, 1.0, 1.0) for e in edge), emission=1.8)
            pieces.append(Piece(f"wing_{n}{name}", solid, "wing", (side * 0.95, y, z), side * (n + 1)))
            pieces.append(Piece(f"edge_{n}{name}", lit, "wing", (side * 0.95, y, z), side * (n + 1)))
    return tuple(pieces)  # fmt: skip
