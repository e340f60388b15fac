"""What rooms are made of: walls with openings, floors, ceilings, and the fittings of an office, a bar, a corridor.

Unit: metres; footprint centred, front at +Z, base at y = 0. `seed` picks the finish.
"""

from collections.abc import Sequence

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import vec
from vr_server.staging.scene import Mesh

from .core import Part, box, finish, lathe, merge, times, tube

Opening = tuple[float, float, float, float]
"""x from, x to, y from, y to, in metres of the wall's own frame."""

_PAINTS: tuple[Rgb, ...] = (
    (0.56, 0.50, 0.40),
    (0.60, 0.61, 0.60),
    (0.20, 0.075, 0.05),
    (0.34, 0.37, 0.38),
    (0.46, 0.30, 0.20),
)
"""Of walls, by seed: home, office, bar, corridor, study."""
_WOOD: Rgb = (0.26, 0.145, 0.07)
_DARK_WOOD: Rgb = (0.10, 0.045, 0.025)
_FRAME: Rgb = (0.62, 0.58, 0.52)
_STEEL: Rgb = (0.30, 0.31, 0.33)
_WARM: Rgb = (1.0, 0.74, 0.42)
_COOL: Rgb = (0.86, 0.95, 1.0)


def pierced(size: Vec3, colour: Rgb, openings: Sequence[Opening]) -> list[Part]:
    """A wall of boxes round rectangular openings that do not overlap along x."""
    w, h, d = size
    parts, x = [], -w / 2
    for x0, x1, y0, y1 in sorted(openings):
        if x0 > x:
            parts.append(box((x0 - x, h, d), colour, ((x + x0) / 2, h / 2, 0.0)))
        if y0 > 0:
            parts.append(box((x1 - x0, y0, d), colour, ((x0 + x1) / 2, y0 / 2, 0.0)))
        if y1 < h:
            parts.append(box((x1 - x0, h - y1, d), colour, ((x0 + x1) / 2, (y1 + h) / 2, 0.0)))
        x = x1
    if x < w / 2:
        parts.append(box((w / 2 - x, h, d), colour, ((x + w / 2) / 2, h / 2, 0.0)))
    return parts


def frame_of(opening: Opening, d: float, colour: Rgb, bars: int = 2) -> list[Part]:
    """Jambs, sill and glazing bars of a window."""
    x0, x1, y0, y1 = opening
    w, h, t = x1 - x0, y1 - y0, 0.07
    xc, yc = (x0 + x1) / 2, (y0 + y1) / 2
    parts = [box((t, h, d + 0.06), colour, (x, yc, 0.0)) for x in (x0 + t / 2, x1 - t / 2)]
    parts += [box((w, t, d + 0.06), colour, (xc, y, 0.0)) for y in (y0 + t / 2, y1 - t / 2)]
    parts.append(box((w + 0.2, 0.05, d + 0.3), colour, (xc, y0 - 0.02, 0.0)))
    parts += [box((0.035, h, 0.05), colour, (x0 + w * (i + 1) / bars, yc, 0.0)) for i in range(bars - 1)]
    parts.append(box((w, 0.035, 0.05), colour, (xc, y0 + h * 0.62, 0.0)))
    return parts


def _trim(w: float, h: float, d: float, paint: Rgb, kind: int) -> list[Part]:
    """Skirting and, in a bar or a study, a panelled dado; in a corridor a bumper rail."""
    front = d / 2
    parts = [box((w, 0.14, d + 0.04), times(_DARK_WOOD, 1.6) if kind != 1 else (0.3, 0.3, 0.3), (0.0, 0.07, 0.0))]
    if kind in {2, 4}:
        parts.append(box((w, 1.05, d + 0.03), _DARK_WOOD, (0.0, 0.525, 0.0)))
        parts.append(box((w, 0.07, d + 0.1), times(_DARK_WOOD, 1.5), (0.0, 1.08, 0.0)))
        count = max(2, round(w / 0.9))
        parts += [
            box((0.62, 0.66, 0.03), times(_DARK_WOOD, 1.35), (-w / 2 + w * (i + 0.5) / count, 0.56, front + 0.02))
            for i in range(count)
        ]
    elif kind == 3:
        parts.append(box((w, 0.12, d + 0.1), _STEEL, (0.0, 0.95, 0.0)))
        parts.append(box((w, 0.9, d + 0.01), times(paint, 0.62), (0.0, 0.45, 0.0)))
    else:
        parts.append(box((w, 0.08, d + 0.06), times(paint, 1.15), (0.0, h - 0.04, 0.0)))
    return parts


def inner_wall(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    w, h, d = size
    kind = seed % len(_PAINTS)
    paint = _PAINTS[kind]
    return (finish("inner-wall", *pierced(size, paint, ()), *_trim(w, h, d, paint, kind)),)


def window_wall(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A wall with a row of windows; an office (seed 1) has them from the sill to the ceiling."""
    w, h, d = size
    kind = seed % len(_PAINTS)
    low, high = (0.75, h - 0.2) if kind == 1 else (0.92, min(h - 0.55, 2.35))
    wide, gap = (1.7, 0.16) if kind == 1 else (1.35, 1.25)
    count = max(1, int((w - 0.6 + gap) // (wide + gap)))
    pitch = wide + gap
    openings = [(x - wide / 2, x + wide / 2, low, high) for x in ((i - (count - 1) / 2) * pitch for i in range(count))]
    parts = pierced(size, _PAINTS[kind], openings) + _trim(w, h, d, _PAINTS[kind], 0 if kind in {2, 4} else kind)
    for o in openings:
        parts += frame_of(o, d, _FRAME if kind != 1 else _STEEL)
    if kind == 1:
        return (finish("inner-wall", *parts),)
    cloth = [
        _folds(0.42, high - low + 0.55, 0.06, (0.34, 0.10, 0.07), 5).moved((o[k] + (-0.18, 0.18)[k], low - 0.35, d / 2 + 0.09))
        for o in openings for k in (0, 1)
    ]  # fmt: skip
    return finish("inner-wall", *parts), finish("window-curtain", *cloth, two_sided=True)


def door_wall(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A wall with a panelled door in its middle."""
    w, h, d = size
    kind = seed % len(_PAINTS)
    parts = pierced(size, _PAINTS[kind], ()) + _trim(w, h, d, _PAINTS[kind], kind)
    leaf = _DARK_WOOD if kind not in {1, 3} else (0.16, 0.22, 0.27)
    z = d / 2 + 0.02
    parts.append(box((1.12, 2.2, 0.08), times(leaf, 0.6), (0.0, 1.1, z)))
    parts.append(box((0.94, 2.08, 0.1), leaf, (0.0, 1.04, z + 0.01)))
    parts += [box((0.66, hh, 0.03), times(leaf, 1.5), (0.0, y, z + 0.065)) for y, hh in ((0.55, 0.7), (1.5, 0.85))]
    parts.append(box((0.04, 0.14, 0.09), (0.6, 0.5, 0.25), (0.38, 1.02, z + 0.09)))
    return (finish("inner-wall", *parts),)


_FLOORS = ("boards", "carpet", "dark boards", "tiles", "boards")


def floor(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """Boards along Z, carpet tiles or stone tiles, lying on the ground; seed as the walls'."""
    w, _, d = size
    kind = _FLOORS[seed % len(_FLOORS)]
    rng = np.random.default_rng(seed + 3)
    parts = []
    if kind in {"boards", "dark boards"}:
        base = _WOOD if kind == "boards" else (0.12, 0.065, 0.04)
        count = round(w / 0.22)
        for i in range(count):
            z = -d / 2
            while z < d / 2 - 1e-6:
                step = min(float(rng.uniform(1.6, 3.2)), d / 2 - z)
                tone = times(base, float(rng.uniform(0.78, 1.2)))
                parts.append(_slab(-w / 2 + w * (i + 0.5) / count, z + step / 2, w / count - 0.008, step - 0.008, tone))
                z += step
    else:
        cell = 0.5 if kind == "carpet" else 0.6
        base = (0.17, 0.19, 0.22) if kind == "carpet" else (0.40, 0.41, 0.40)
        nx, nz = round(w / cell), round(d / cell)
        for i in range(nx):
            for j in range(nz):
                tone = times(base, (0.92 if (i + j) % 2 else 1.05) * float(rng.uniform(0.95, 1.05)))
                gap = 0.0 if kind == "carpet" else 0.012
                x, z = -w / 2 + w * (i + 0.5) / nx, -d / 2 + d * (j + 0.5) / nz
                parts.append(_slab(x, z, w / nx - gap, d / nz - gap, tone))
    under = box((w, 0.02, d), (0.05, 0.045, 0.04), (0.0, -0.012, 0.0))
    name = "floor-gloss" if kind in {"tiles", "dark boards"} else "floor"
    return (finish(name, merge(parts), under),)


def _slab(x: float, z: float, w: float, d: float, colour: Rgb) -> Part:
    """A flat rectangle seen from above: two triangles."""
    p = np.array(
        [(x - w / 2, 0, z - d / 2), (x - w / 2, 0, z + d / 2), (x + w / 2, 0, z + d / 2), (x + w / 2, 0, z - d / 2)]
    )
    triangles = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)
    return Part(p, np.tile(vec(0, 1, 0), (4, 1)), np.tile(np.array(colour), (4, 1)), triangles)


def ceiling(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """Plaster; in an office a grid of tiles with light panels, in a bar dark beams."""
    w, h, d = size
    kind = seed % len(_PAINTS)
    colour: Rgb = (0.62, 0.60, 0.56) if kind not in {2, 4} else (0.13, 0.08, 0.05)
    parts = [box((w, h, d), colour, (0.0, h / 2, 0.0))]
    if kind in {2, 4}:
        parts += [box((w, 0.18, 0.16), _DARK_WOOD, (0.0, -0.09, z)) for z in np.arange(-d / 2 + 0.8, d / 2, 1.6)]
    if kind in {1, 3}:
        parts += [box((0.03, 0.02, d), (0.4, 0.4, 0.4), (float(x), -0.01, 0.0)) for x in np.arange(-w / 2, w / 2, 1.2)]
        parts += [box((w, 0.02, 0.03), (0.4, 0.4, 0.4), (0.0, -0.01, float(z))) for z in np.arange(-d / 2, d / 2, 1.2)]
    return (finish("ceiling", *parts),)


def light_panel(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A flat lamp under a ceiling, shining down."""
    w, h, d = size
    return (
        finish("lamp-frame", box((w + 0.06, h, d + 0.06), (0.5, 0.5, 0.5), (0.0, h / 2 + 0.02, 0.0))),
        finish("lamp-panel", box((w, h, d), _COOL, (0.0, h / 2, 0.0)), emission=1.5),
    )


def pendant(_seed: int, height: float = 1.0) -> tuple[Mesh, ...]:
    """A lamp that hangs on a cord `height` long, its shade at the bottom."""
    cord = tube(np.array([vec(0, 0.3, 0), vec(0, height, 0)]), [0.012, 0.012], (0.03, 0.03, 0.03), 4)
    shade = lathe([(0.24, 0.0), (0.2, 0.1), (0.07, 0.24), (0.03, 0.32)], (0.05, 0.13, 0.1), 14, cap=False)
    inner = lathe([(0.235, 0.01), (0.19, 0.1), (0.06, 0.22)], (0.7, 0.55, 0.35), 14, cap=False)
    bulb = lathe([(0.02, -0.02), (0.085, 0.02), (0.1, 0.08), (0.05, 0.17), (0.02, 0.2)], _WARM, 10)
    return finish("lamp-shade", cord, merge([shade, inner]), two_sided=True), finish("lamp-bulb", bulb, emission=3.0)


def standard_lamp(_seed: int, height: float = 1.65) -> tuple[Mesh, ...]:
    """A floor lamp with a cloth shade."""
    post = lathe([(0.17, 0.0), (0.16, 0.03), (0.02, 0.05), (0.018, height * 0.84)], _DARK_WOOD, 10)
    shade = lathe([(0.24, height * 0.78), (0.16, height)], (0.95, 0.72, 0.42), 14, cap=False)
    return finish("lamp-post", post), finish("lamp-cloth", shade, two_sided=True, emission=1.1)


def _folds(w: float, h: float, depth: float, colour: Rgb, waves: int) -> Part:
    """A hanging cloth with folds, its foot at y = 0, seen from both sides."""
    n = 4 * waves
    x = np.linspace(-w / 2, w / 2, n + 1)
    z = depth * np.sin(np.linspace(0, 2 * np.pi * waves, n + 1))
    rows = np.array([0.0, 0.5, 1.0]) * h
    p = np.array([(a, y, b * (1.15 - 0.3 * y / max(h, 1e-6))) for y in rows for a, b in zip(x, z, strict=True)])
    slope = np.gradient(z, x)
    normal = np.stack([-slope, 0 * slope, np.ones_like(slope)], 1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    shade = 0.55 + 0.45 * (z - z.min()) / max(float(np.ptp(z)), 1e-9)
    k = n + 1
    tri = [t for j in range(2) for i in range(n) for t in ((j * k + i, j * k + i + 1, (j + 1) * k + i + 1), (j * k + i, (j + 1) * k + i + 1, (j + 1) * k + i))]  # fmt: skip
    return Part(
        p, np.tile(normal, (3, 1)), np.tile(np.array(colour), (len(p), 1)) * np.tile(shade, 3)[:, None],
        np.array(tri, dtype=np.int32),
    )  # fmt: skip


def curtain(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A heavy curtain: theatre red, or black for wings (seed 1)."""
    w, h, d = size
    colour: Rgb = (0.42, 0.02, 0.03) if seed % 2 == 0 else (0.035, 0.03, 0.04)
    hem = box((w, 0.12, d * 0.5), (0.5, 0.34, 0.08) if seed % 2 == 0 else colour, (0.0, h - 0.06, 0.0))
    cloth = _folds(w, h - 0.02, d * 0.4, colour, max(2, round(w / 0.45)))
    return finish("curtain", cloth, two_sided=True), finish("curtain-rail", hem)
