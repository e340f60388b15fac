"""What stands out of doors: tent, campfire, statue, barrel, crate, cannon, gravestone, chest, flags. Fronts face -Z."""

import math

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import rot_x, rot_z, vec

from .core import Part, boulder, box, capsule, ellipsoid, finish, flat_part, lathe, loft, merge, mix, times
from .model import Model, Paint, Piece
from .shapes import AHEAD, ALONG_X, DARK, bevelled, mirrored, prism, ring, rod

_GOLD: Rgb = (0.55, 0.40, 0.12)
_IRON: Rgb = (0.09, 0.092, 0.10)
_STONE: Rgb = (0.40, 0.39, 0.36)
_WOOD: Rgb = (0.30, 0.18, 0.09)


def _whole(name: str, *parts: Part) -> Model:
    return (Piece("body", finish(name, *parts)),)


def tent(paint: Paint) -> Model:
    """A ridge tent, its door flaps tied open to the front."""
    main, second = paint
    w, h, d = 1.55, 2.1, 1.6
    corners = np.array(
        [(-w, 0, -d), (w, 0, -d), (w, 0, d), (-w, 0, d), (0, h, -d * 0.92), (0, h, d * 0.92)], dtype=float
    )
    cloth = [
        flat_part(corners, np.array(f, dtype=np.int32), c)
        for f, c in (
            ([(0, 4, 5), (0, 5, 3)], main),
            ([(1, 2, 5), (1, 5, 4)], times(main, 0.9)),
            ([(2, 3, 5)], times(main, 0.8)),
        )
    ]
    flaps = []
    for s in (-1.0, 1.0):
        p = np.array([(s * w, 0.0, -d), (s * 0.55, 0.0, -d - 0.12), (0.0, h, -d * 0.92)])
        flaps.append(
            flat_part(p, np.array([(0, 1, 2) if s < 0 else (2, 1, 0)], dtype=np.int32), mix(main, second, 0.4))
        )
    inside = flat_part(
        np.array([(-w * 0.97, 0.02, -d * 0.9), (w * 0.97, 0.02, -d * 0.9), (0.0, h * 0.95, -d * 0.85)]),
        np.array([(0, 2, 1)], dtype=np.int32),
        times(main, 0.12),
    )
    poles = [rod((0.0, 0.0, z), (0.0, h + 0.1, z * 0.92), 0.03, _WOOD) for z in (-d - 0.02, d)] + [
        rod((0.0, h, -d * 0.95), (0.0, h, d * 0.95), 0.025, _WOOD)
    ]
    ropes = [
        rod((s * w * 0.5, h * 0.5, z), (s * (w + 0.05), 0.0, z * 1.02), 0.01, (0.5, 0.45, 0.35), 4)
        for s in (-1, 1)
        for z in (-d * 0.9, 0.0, d * 0.9)
    ]
    return (
        Piece("body", finish("tent-cloth", *cloth, *flaps, inside, two_sided=True)),
        Piece("poles", finish("tent-poles", *poles, *ropes)),
    )


def campfire(paint: Paint) -> Model:
    stones = [
        boulder((0.13, 0.1, 0.12), times(_STONE, 0.7 + 0.05 * (i % 5)), 11 + i, 0.25, 1).moved(
            (0.55 * math.sin(a), 0.075, 0.55 * math.cos(a))
        )
        for i, a in enumerate(np.arange(10) * math.pi / 5)
    ]
    logs = [
        merge(
            [
                rod(
                    (0.42 * math.sin(a), 0.06, 0.42 * math.cos(a)),
                    (-0.08 * math.sin(a), 0.42, -0.08 * math.cos(a)),
                    0.055,
                    (0.13, 0.08, 0.05),
                ),
                rod(
                    (0.4 * math.sin(a), 0.075, 0.4 * math.cos(a)),
                    (0.44 * math.sin(a), 0.045, 0.44 * math.cos(a)),
                    0.05,
                    (0.4, 0.27, 0.14),
                ),
            ]
        )
        for a in np.arange(6) * math.pi / 3
    ]
    ash = lathe([(0.45, 0.0), (0.3, 0.03), (0.0, 0.05)], (0.05, 0.045, 0.04), 16)
    embers = [
        boulder((0.07, 0.05, 0.07), (1.0, 0.24, 0.04), 40 + i, 0.3, 1).moved(
            (0.2 * math.sin(a), 0.06, 0.2 * math.cos(a))
        )
        for i, a in enumerate(np.arange(7) * 0.9)
    ]
    flames = [
        Piece(
            f"flame_{i}",
            finish("fire-flame", _flame(high, (1.0, 0.30 + 0.1 * (i % 3), 0.05)), emission=2.6),
            "flame",
            at,
            float(i),
        )
        for i, (at, high) in enumerate(
            (
                ((0.0, 0.06, 0.0), 0.8),
                ((0.14, 0.05, 0.05), 0.55),
                ((-0.12, 0.05, 0.08), 0.5),
                ((0.02, 0.05, -0.15), 0.58),
                ((-0.04, 0.05, 0.16), 0.42),
            )
        )
    ]
    core = Piece(
        "core",
        finish("fire-core", _flame(0.5, (1.0, 0.74, 0.3)).scaled(0.8, 1.0, 0.8), emission=4.5),
        "flame",
        (0.0, 0.05, 0.0),
        7.0,
    )
    _ = paint
    return (
        Piece("body", finish("campfire", *stones, *logs, ash)),
        Piece("embers", finish("fire-embers", *embers, emission=1.6)),
        *flames,
        core,
    )


def _flame(high: float, colour: Rgb) -> Part:
    rows = [(0.3, 0.0), (0.38, 0.16), (0.3, 0.38), (0.16, 0.66), (0.03, 0.95), (0.004, 1.0)]
    tongue = lathe([(r * 0.36 * high, y * high) for r, y in rows], colour, 9)
    bent = tongue.positions + np.stack(
        [
            0.1 * high * np.sin(5 * tongue.positions[:, 1] / high),
            0 * tongue.positions[:, 1],
            0.05 * high * np.sin(4 * tongue.positions[:, 1] / high + 1),
        ],
        axis=1,
    ) * (tongue.positions[:, 1:2] / high)
    return Part(bent, tongue.normals, tongue.colours, tongue.triangles).tinted(
        lambda p, _: 0.7 + 0.3 * (1 - p[:, 1:2] / high) * (1.0, 1.4, 1.6)
    )


def statue(paint: Paint) -> Model:
    """A robed figure with a raised hand, on a plinth."""
    main, second = paint
    plinth = [
        bevelled((1.3, 0.22, 1.3), second, (0.0, 0.11, 0.0), 0.03),
        hexa_plinth(second),
        bevelled((1.1, 0.12, 1.1), second, (0.0, 1.16, 0.0), 0.03),
    ]
    robe = loft(
        [
            (1.2, 0.36, 0.32, 0.0),
            (1.35, 0.34, 0.3, 0.0),
            (1.9, 0.25, 0.21, 0.0),
            (2.25, 0.19, 0.15, 0.0),
            (2.5, 0.25, 0.16, 0.0),
            (2.72, 0.24, 0.14, 0.0),
            (2.8, 0.09, 0.08, 0.0),
        ],
        main,
        24,
        2.2,
    )
    folds = robe.positions.copy()
    turn = np.arctan2(folds[:, 0], folds[:, 2])
    deep = 1 + 0.07 * np.sin(9 * turn) * np.clip((2.3 - folds[:, 1]) / 1.0, 0, 1)
    folds[:, 0] *= deep
    folds[:, 2] *= deep
    cloth = flat_part(folds, robe.triangles, main)
    head = [
        ellipsoid((0.115, 0.15, 0.13), main, (0.0, 3.0, -0.01), 2),
        capsule(vec(0, 2.76, 0), vec(0, 2.92, 0), 0.07, 0.06, main),
        ellipsoid((0.125, 0.12, 0.13), times(main, 0.85), (0.0, 3.06, 0.03), 2),
    ]
    arm = [
        capsule(vec(0.24, 2.66, 0), vec(0.4, 2.9, -0.12), 0.085, 0.065, main),
        capsule(vec(0.4, 2.9, -0.12), vec(0.36, 3.22, -0.2), 0.062, 0.05, main),
        ellipsoid((0.05, 0.09, 0.04), main, (0.36, 3.3, -0.21), 1),
    ]
    other = [
        capsule(vec(-0.25, 2.64, 0), vec(-0.3, 2.3, -0.06), 0.085, 0.065, main),
        capsule(vec(-0.3, 2.3, -0.06), vec(-0.1, 2.22, -0.26), 0.06, 0.05, main),
        bevelled((0.2, 0.26, 0.07), times(main, 0.9), (-0.06, 2.26, -0.28), 0.02),
    ]
    whole = merge([cloth, *head, *arm, *other]).tinted(
        lambda p, n: 0.8 + 0.2 * n[:, 1] - 0.08 * np.sin(7 * p[:, 1]) ** 2
    )
    return _whole("statue", *plinth, whole)


def hexa_plinth(colour: Rgb) -> Part:
    return bevelled((0.96, 0.9, 0.96), times(colour, 0.92), (0.0, 0.66, 0.0), 0.03)


def barrel(paint: Paint) -> Model:
    main, second = paint
    staves = lathe(
        [(0.26, 0.0), (0.31, 0.22), (0.33, 0.475), (0.31, 0.73), (0.26, 0.95), (0.235, 0.93), (0.235, 0.9)], main, 20
    ).tinted(lambda p, _: np.where(np.sin(10 * np.arctan2(p[:, 0], p[:, 2])) > 0, 1.0, 0.82))
    lid = lathe([(0.24, 0.88), (0.24, 0.915)], times(main, 0.8), 20)
    hoops = [
        lathe([(r, y - 0.025), (r + 0.004, y + 0.025)], second, 20, cap=False)
        for y, r in ((0.07, 0.288), (0.28, 0.326), (0.67, 0.326), (0.88, 0.288))
    ]
    return _whole("barrel", staves, lid, *hoops)


def crate(paint: Paint) -> Model:
    main, second = paint
    s = 0.9
    core = box((s * 0.93, s * 0.93, s * 0.93), times(main, 0.7), (0.0, s / 2, 0.0))
    planks = [bevelled((s, s * 0.1, s), main, (0.0, s * y, 0.0), 0.01) for y in (0.05, 0.95)] + [
        bevelled(
            (s * 0.975, s * 0.16, s * 0.975), times(main, 0.9 + 0.08 * (i % 2)), (0.0, s * (0.2 + 0.2 * i), 0.0), 0.006
        )
        for i in range(4)
    ]
    posts = [
        bevelled((s * 0.12, s, s * 0.12), second, (sx * s * 0.445, s / 2, sz * s * 0.445), 0.01)
        for sx in (-1, 1)
        for sz in (-1, 1)
    ]
    braces = [
        box((s * 1.05, s * 0.09, 0.03), second, (0.0, 0.0, 0.0)).moved((0.0, s / 2, z), rot_z(0.78))
        for z in (-s * 0.49, s * 0.49)
    ]
    return _whole("crate", core, *planks, *posts, *braces)


def cannon(paint: Paint) -> Model:
    """A field gun on two wheels, muzzle to the front."""
    main, second = paint
    barrel_ = lathe(
        [
            (0.06, -0.82),
            (0.09, -0.78),
            (0.07, -0.72),
            (0.19, -0.66),
            (0.2, -0.3),
            (0.165, 0.1),
            (0.135, 1.0),
            (0.17, 1.05),
            (0.17, 1.14),
            (0.1, 1.16),
            (0.095, 0.9),
        ],
        main,
        20,
    ).moved((0.0, 0.86, -0.1), rot_x(0.1) @ AHEAD)
    bands = [
        lathe([(r, y), (r, y + 0.05)], times(main, 0.75), 20, cap=False).moved((0.0, 0.86, -0.1), rot_x(0.1) @ AHEAD)
        for y, r in ((-0.32, 0.212), (0.1, 0.178), (0.6, 0.16))
    ]
    cheeks = mirrored(
        prism(
            [(-0.62, 0.62), (-0.55, 0.9), (0.1, 0.88), (0.55, 0.5), (1.45, 0.08), (1.45, 0.0), (1.3, 0.0), (0.3, 0.42)],
            0.2,
            0.29,
            second,
            "x",
            0.015,
        )
    )
    axle = [
        rod((-0.74, 0.55, -0.3), (0.74, 0.55, -0.3), 0.05, _IRON),
        box((0.5, 0.08, 0.12), second, (0.0, 0.5, 0.3)),
        box((0.5, 0.08, 0.12), second, (0.0, 0.12, 1.3)),
    ]
    rim = [
        ring(0.5, 0.05, second, 24, 6),
        lathe([(0.555, -0.035), (0.555, 0.035)], _IRON, 24, cap=False),
        lathe([(0.08, -0.1), (0.1, 0.0), (0.08, 0.1)], second, 12),
    ]
    rim += [
        rod((0.0, 0.0, 0.0), (0.48 * math.cos(a), 0.0, 0.48 * math.sin(a)), 0.025, second, 6)
        for a in np.arange(10) * math.pi / 5
    ]
    wheels = [merge(rim).moved((s * 0.66, 0.555, -0.3), ALONG_X) for s in (-1, 1)]
    balls = [
        ellipsoid((0.1,) * 3, _IRON, p, 1)
        for p in ((0.62, 0.1, 0.75), (0.4, 0.1, 0.78), (0.51, 0.1, 0.58), (0.51, 0.27, 0.7))
    ]
    return _whole("metal-cannon", barrel_, *bands, cheeks, *axle, *wheels, *balls)


def gravestone(paint: Paint) -> Model:
    main, second = paint
    arch = [(0.36 * math.cos(a), 0.78 + 0.36 * math.sin(a)) for a in np.linspace(0, math.pi, 11)]
    slab = prism([(0.36, 0.1), *arch, (-0.36, 0.1)], -0.07, 0.09, main, "z", 0.02)
    base = [bevelled((0.85, 0.16, 0.4), times(main, 0.85), (0.0, 0.08, 0.0), 0.02)]
    cross = [
        box((0.05, 0.3, 0.02), times(main, 0.5), (0.0, 0.86, -0.075)),
        box((0.2, 0.05, 0.02), times(main, 0.5), (0.0, 0.92, -0.075)),
    ]
    lines = [
        box((0.42 - 0.1 * (i % 2), 0.022, 0.02), times(main, 0.5), (0.0, 0.56 - 0.08 * i, -0.075)) for i in range(4)
    ]
    mound = ellipsoid((0.4, 0.05, 0.22), mix(second, (0.12, 0.16, 0.05), 0.5), (0.0, 0.02, -0.02), 2)
    whole = merge([slab, *base]).tinted(lambda p, _: 0.88 + 0.12 * np.sin(9 * p[:, 0] + 5 * p[:, 1]))
    return _whole("gravestone", whole, *cross, *lines, mound)


def chest(paint: Paint) -> Model:
    main, second = paint
    body = [
        bevelled((0.96, 0.44, 0.58), main, (0.0, 0.22, 0.0), 0.015),
        *(box((0.97, 0.012, 0.585), times(main, 0.55), (0.0, y, 0.0)) for y in (0.15, 0.3)),
    ]
    arc = [(0.3 * math.cos(a), 0.44 + 0.29 * math.sin(a)) for a in np.linspace(0, math.pi, 11)]
    lid = prism(arc, -0.485, 0.485, main, "x", 0.01)
    bands = [
        prism([(z * 1.035, 0.44 + (y - 0.44) * 1.05) for z, y in arc], x - 0.035, x + 0.035, second, "x")
        for x in (-0.38, 0.38)
    ]
    bands += [box((0.07, 0.44, 0.605), second, (x, 0.22, 0.0)) for x in (-0.38, 0.38)] + [
        box((1.0, 0.05, 0.61), second, (0.0, 0.43, 0.0))
    ]
    lock = [
        bevelled((0.13, 0.16, 0.05), second, (0.0, 0.42, -0.31), 0.015),
        lathe([(0.02, 0.0), (0.02, 0.01)], DARK, 8).moved((0.0, 0.41, -0.335), AHEAD),
    ]
    return _whole("chest", *body, lid, *bands, *lock)


def rock(paint: Paint) -> Model:
    main, _ = paint
    stones = [
        boulder((1.0, 0.72, 0.8), main, 5, 0.28, 2).moved((0.0, 0.5, 0.0)),
        boulder((0.4, 0.32, 0.42), times(main, 0.9), 6, 0.3, 1).moved((0.62, 0.2, -0.42)),
        boulder((0.3, 0.22, 0.28), times(main, 1.05), 8, 0.3, 1).moved((-0.75, 0.12, -0.4)),
    ]
    part = merge(stones).tinted(lambda p, n: 0.86 + 0.1 * np.sin(9 * p[:, 1] + 1.7 * p[:, 0]) + 0.12 * n[:, 1])
    flat = part.positions.copy()
    flat[:, 1] = np.maximum(flat[:, 1], 0.0)
    return _whole("rock", Part(flat, part.normals, part.colours, part.triangles))


def ball(paint: Paint) -> Model:
    """A football: twelve dark patches at the corners of an icosahedron."""
    main, second = paint
    g = (1 + math.sqrt(5)) / 2
    corners = np.array([p for a in (-1, 1) for b in (-g, g) for p in ((0, a, b), (a, b, 0), (b, 0, a))]) / math.hypot(
        1, g
    )
    whole = ellipsoid((0.115, 0.115, 0.115), main, (0.0, 0.115, 0.0), 3)
    near = ((whole.normals @ corners.T).max(axis=1) > 0.945)[:, None]
    colours = np.where(near, np.array(second), whole.colours)
    return _whole("ball", Part(whole.positions, whole.normals, colours, whole.triangles))
