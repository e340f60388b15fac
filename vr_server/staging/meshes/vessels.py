"""Ships and boats: y = 0 is the waterline, bows towards -Z."""

import math

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import Array, vec

from .core import Part, box, finish, lathe, merge, mix, smooth_part, times, tube
from .model import Model, Paint, Piece
from .shapes import DARK, GLASS, STEEL, bevelled, grid_part, prism, rod

_DECK: Rgb = (0.42, 0.28, 0.15)
_CANVAS: Rgb = (0.74, 0.69, 0.58)
_ROPE: Rgb = (0.12, 0.09, 0.06)
_GOLD: Rgb = (0.55, 0.40, 0.12)


def _hull(stations: list[tuple[float, float, float, float]], colours: tuple[Rgb, Rgb, Rgb], inner: float) -> Part:
    """A hull from stations (z, half beam, keel y, rail y) bow to stern; `inner`: depth of the well inside the rail.

    `colours`: below the waterline, the side, the inside.
    """
    below, side, inside = colours
    k = np.array([0.0, 0.35, 0.62, 0.85, 1.0])
    swell = np.array([0.02, 0.62, 0.9, 1.0, 0.97])
    rows = []
    for z, half, keel, rail in stations:
        y = keel + (rail - keel) * k
        right = np.stack([half * swell, y, np.full(5, z)], axis=1)
        well = np.array([(half * 0.9, rail, z), (half * 0.86, rail - inner, z)])
        ring = np.concatenate([right, well])
        rows.append(np.concatenate([ring[::-1] * (-1, 1, 1), ring]))
    grid: Array = np.array(rows)
    n, m = grid.shape[:2]
    index = np.arange(n * m, dtype=np.int32).reshape(n, m)
    nxt = np.roll(index, -1, axis=1)
    a, b, c, d = index[:-1].reshape(-1), nxt[:-1].reshape(-1), nxt[1:].reshape(-1), index[1:].reshape(-1)
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    caps = [(0, i + 1, i) for i in range(1, m - 1)] + [
        ((n - 1) * m, (n - 1) * m + i, (n - 1) * m + i + 1) for i in range(1, m - 1)
    ]
    triangles = np.concatenate([faces, np.array(caps)]).astype(np.int32)
    points = grid.reshape(-1, 3)
    p = points[triangles]
    volume = np.einsum("ij,ij->i", p[:, 0], np.cross(p[:, 1], p[:, 2])).sum()
    triangles = triangles if volume > 0 else triangles[:, ::-1].copy()
    part = smooth_part(points, triangles, side)
    column = np.tile(np.arange(m), n)
    colours_ = part.colours.copy()
    colours_[points[:, 1] < 0.12] = below
    colours_[(column == 0) | (column == m - 1)] = inside
    return Part(part.positions, part.normals, colours_, triangles)


def boat(paint: Paint) -> Model:
    """A rowing boat with thwarts and a pair of oars."""
    main, second = paint
    stations = [
        (-2.5, 0.03, 0.1, 0.62),
        (-2.2, 0.3, -0.12, 0.55),
        (-1.3, 0.66, -0.2, 0.46),
        (0.0, 0.78, -0.2, 0.42),
        (1.4, 0.72, -0.18, 0.44),
        (2.35, 0.5, -0.1, 0.5),
    ]
    hull = _hull(stations, (times(main, 0.55), main, times(second, 0.8)), 0.34)
    rail = [
        tube(
            np.array([vec(s * half * 0.97, top + 0.02, z) for z, half, _, top in stations]),
            [0.03] * 6,
            second,
            6,
            cap=True,
        )
        for s in (-1, 1)
    ]
    thwarts = [box((1.36 * w, 0.04, 0.26), _DECK, (0.0, 0.3, z)) for z, w in ((-1.0, 0.86), (0.3, 1.0), (1.6, 0.88))]
    stem = bevelled((0.08, 0.5, 0.1), second, (0.0, 0.42, -2.42), 0.02)
    locks = [rod((s * 0.76, 0.42, 0.0), (s * 0.76, 0.54, 0.0), 0.02, STEEL, 6) for s in (-1, 1)]
    oar = merge(
        [
            rod((-0.5, 0.0, 0.0), (1.35, 0.0, 0.0), 0.022, _DECK, 6),
            prism([(1.25, -0.06), (1.75, -0.08), (1.75, 0.08), (1.25, 0.06)], -0.012, 0.012, _DECK, "y"),
        ]
    )
    return (
        Piece("hull", finish("boat-hull", hull, *rail, *thwarts, stem, *locks, two_sided=True)),
        Piece("oar_r", finish("oar", oar), "oar", (0.76, 0.52, 0.0), 1.0),
        Piece("oar_l", finish("oar", oar.scaled(-1.0, 1.0, 1.0)), "oar", (-0.76, 0.52, 0.0), -1.0),
    )  # fmt: skip


def _sail(width_top: float, width_foot: float, height: float, belly: float, colour: Rgb) -> Part:
    """A square sail hanging from its yard at y = 0, filled towards -Z, with seams."""
    u, v = np.meshgrid(np.linspace(-1.0, 1.0, 11), np.linspace(0.0, 1.0, 8))
    half = (width_top * (1 - v) + width_foot * v) / 2
    full = (1 - u * u) * np.sin(math.pi * np.clip(0.15 + 0.8 * v, 0, 1)) + 0.25 * v
    points = np.stack([u * half, -height * v + 0.12 * height * (v**2) * (1 - u * u), -belly * full], axis=-1)
    return grid_part(points, colour).tinted(lambda p, _: 0.9 + 0.1 * np.cos(p[:, 0] * 2 * math.pi / (width_foot / 6)))


def _masts(sails: Rgb) -> tuple[list[Part], list[Part]]:
    spars, canvas = [], []
    for z, foot, top, wide in ((-7.6, 3.2, 20.5, 8.4), (0.6, 3.0, 23.8, 9.4), (8.6, 4.6, 19.0, 7.2)):
        spars.append(
            lathe([(0.34, foot), (0.24, foot + (top - foot) * 0.6), (0.1, top)], (0.30, 0.18, 0.09), 10).moved(
                (0.0, 0.0, z)
            )
        )
        spars.append(
            lathe([(0.5, 0.0), (0.85, 0.7), (0.8, 0.75)], (0.26, 0.15, 0.08), 10).moved(
                (0.0, foot + (top - foot) * 0.52, z)
            )
        )
        yards = [0.97, 0.72, 0.4]
        for i, share in enumerate(yards):
            y, w = foot + (top - foot) * share, wide * (1 - 0.26 * (2 - i))
            spars.append(rod((-w / 2, y, z - 0.35), (w / 2, y, z - 0.35), 0.12, (0.26, 0.15, 0.08), 6))
            if i < 2:
                drop = (top - foot) * (share - yards[i + 1]) - 0.35
                canvas.append(
                    _sail(w * 0.94, wide * (1 - 0.26 * (1 - i)) * 0.94, drop, 0.16 * w, sails).moved((0.0, y, z - 0.4))
                )
        for s in (-1, 1):
            spars += [
                rod((s * 3.5, 3.0, z + dz), (0.0, foot + (top - foot) * 0.55, z), 0.035, _ROPE, 4)
                for dz in (-0.2, 0.6, 1.4)
            ]
    for a, b in (
        ((0, 4.4, -20.0), (0, 14.5, -7.6)),
        ((0, 3.9, -17.0), (0, 19.5, -7.6)),
        ((0, 19.5, -7.6), (0, 14.5, 0.6)),
        ((0, 22.5, 0.6), (0, 13.0, 8.6)),
    ):
        spars.append(rod(a, b, 0.035, _ROPE, 4))
    return spars, canvas


def ship(paint: Paint) -> Model:
    """A three-masted ship under square sails: stern castle with windows, gun ports, bowsprit and jibs."""
    main, second = paint
    stations = [
        (-13.2, 0.12, 0.3, 4.6),
        (-12.2, 1.5, -0.7, 4.2),
        (-9.5, 3.1, -1.1, 3.6),
        (-5.0, 4.1, -1.2, 3.1),
        (1.0, 4.4, -1.2, 2.9),
        (7.0, 4.2, -1.2, 3.3),
        (11.0, 3.6, -1.0, 4.2),
        (12.8, 2.9, -0.4, 5.0),
    ]
    hull = _hull(stations, ((0.20, 0.07, 0.05), main, _DECK), 0.75)
    wales = [
        tube(
            np.array([vec(s * half * f, keel + (rail - keel) * k, z) for z, half, keel, rail in stations]),
            [0.14] * 8,
            c,
            6,
            cap=True,
        )
        for s in (-1, 1)
        for k, f, c in ((1.0, 1.0, second), (0.8, 1.0, _GOLD))
    ]
    ports = [
        box((0.1, 0.5, 0.55), DARK, (s * (4.15 + 0.1 * (abs(z) < 4)), 1.65, z))
        for s in (-1, 1)
        for z in np.arange(-5.0, 7.5, 2.0)
    ]
    castle = prism(
        [(7.4, 3.0), (7.6, 5.6), (12.9, 6.5), (13.4, 4.6), (12.8, 2.6)], -3.05, 3.05, mix(main, second, 0.25), "x", 0.25
    )
    fore = prism([(-12.1, 3.4), (-11.8, 4.9), (-9.2, 4.4), (-9.2, 2.9)], -1.7, 1.7, main, "x", 0.2)
    rails = [rod((s * 2.9, 6.2, 7.6), (s * 2.9, 7.1, 12.8), 0.08, _GOLD, 6) for s in (-1, 1)] + [
        rod((-2.9, 7.1, 12.8), (2.9, 7.1, 12.8), 0.08, _GOLD, 6)
    ]
    rails += [
        rod((x, 5.7 + 0.15 * (z - 7.6), z), (x, 6.2 + 0.17 * (z - 7.6), z), 0.05, _GOLD, 4)
        for x in (-2.9, 2.9)
        for z in (7.7, 9.4, 11.1, 12.7)
    ]
    panes = [box((0.75, 0.9, 0.1), GLASS, (x, 4.9, 13.28)) for x in (-2.0, -1.0, 0.0, 1.0, 2.0)]
    panes += [box((0.1, 0.7, 0.8), GLASS, (s * 3.06, 4.7, z)) for s in (-1, 1) for z in (9.0, 10.6)]
    frames = [box((5.4, 0.14, 0.2), _GOLD, (0.0, y, 13.25)) for y in (4.3, 5.5)]
    sprit = rod((0.0, 4.2, -11.6), (0.0, 6.6, -18.4), 0.24, (0.30, 0.18, 0.09))
    spars, canvas = _masts(mix(_CANVAS, second, 0.06))
    for a, b, c in (
        ((0, 6.4, -18.0), (0, 15.2, -8.0), (0, 5.6, -9.0)),
        ((0, 5.4, -15.2), (0, 19.0, -7.9), (0, 8.8, -8.6)),
    ):
        canvas.append(_jib(np.array(a), np.array(b), np.array(c)))
    lamp = lathe([(0.16, 0.0), (0.3, 0.35), (0.12, 0.7)], (1.0, 0.7, 0.3), 8).moved((0.0, 7.2, 13.1))
    pennant = _pennant(second)
    return (
        Piece("hull", finish("sail-hull", hull, *wales, castle, fore, *rails, *frames, sprit, *ports, two_sided=True)),
        Piece("panes", finish("ship-glass", *panes)),
        Piece("spars", finish("spars", *spars)),
        Piece("sails", finish("sails", *canvas, two_sided=True), "sails", (0.0, 3.0, 0.0)),
        Piece("lamp", finish("stern-lamp", lamp, emission=2.0)),
        Piece("pennant", finish("pennant", pennant, two_sided=True), "pennant", (0.0, 23.6, 0.6)),
    )  # fmt: skip


def _jib(a: Array, b: Array, c: Array) -> Part:
    u, v = np.meshgrid(np.linspace(0.0, 1.0, 7), np.linspace(0.0, 1.0, 7))
    points = (
        a
        + (b - a) * u[..., None]
        + (c - a) * ((1 - u) * v)[..., None]
        + 0.9 * (np.sin(math.pi * u) * v * (1 - v))[..., None] * np.array((4.0, 0, 0))
    )
    return grid_part(points, _CANVAS)


def _pennant(colour: Rgb) -> Part:
    u, v = np.meshgrid(np.linspace(0.0, 1.0, 12), np.array([-1.0, 1.0]))
    points = np.stack([0.18 * u * np.sin(9 * u), 0.55 * v * (1 - 0.85 * u) + 0.5 - 0.3 * u, -3.2 * u], axis=-1)
    return grid_part(points, colour)
