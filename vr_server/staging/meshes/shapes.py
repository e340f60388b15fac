"""Shapes that machines and furniture are made of: bevelled blocks, prisms, lofts along Z, wheels. Unit: metres."""

import math
from collections.abc import Sequence

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import Array, rot_z, vec

from .core import Ints, Part, box, flat_part, lathe, merge, smooth_part, times

Outline = Sequence[tuple[float, float]]
"""Corners of a simple polygon, either way round."""
DARK: Rgb = (0.05, 0.052, 0.058)
STEEL: Rgb = (0.42, 0.43, 0.45)
GLASS: Rgb = (0.035, 0.05, 0.062)
RUBBER: Rgb = (0.022, 0.022, 0.024)


def bevelled(
    size: tuple[float, float, float],
    colour: Rgb,
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0),
    bevel: float = 0.05,
) -> Part:
    """A box whose edges are cut by `bevel` metres (at most two fifths of its thinnest side): 44 triangles."""
    half = np.array(size) / 2
    cut = min(bevel, 0.4 * float(half.min()))
    signs = [np.array((x, y, z), dtype=np.float64) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    # three points at each corner, one for each face that meets there
    points = np.array([s * (half - cut * (np.arange(3) != axis)) for s in signs for axis in range(3)])
    quads: list[tuple[int, ...]] = [(3 * i, 3 * i + 1, 3 * i + 2) for i in range(8)]
    for axis, bit in ((0, 4), (1, 2), (2, 1)):
        a, b = (k for k in (4, 2, 1) if k != bit)
        for side in (0, bit):
            quads += [tuple(3 * (side + c) + axis for c in (0, a, a + b, b))]
        for u in (0, a):
            for v in (0, b):
                low, high = u + v, u + v + bit
                others = [k for k in range(3) if k != axis]
                quads.append((3 * low + others[0], 3 * low + others[1], 3 * high + others[1], 3 * high + others[0]))
    return flat_part(points, _outwards(points, quads), colour).moved(centre)


def _outwards(points: Array, faces: Sequence[tuple[int, ...]]) -> Ints:
    """Convex faces as triangles, counter-clockwise from outside of a body about the origin; int32 [t, 3]."""
    found = []
    for face in faces:
        a, b, c = points[list(face[:3])]
        turned = face if np.cross(b - a, c - a) @ points[list(face)].mean(axis=0) > 0 else face[::-1]
        found += [(turned[0], turned[i], turned[i + 1]) for i in range(1, len(turned) - 1)]
    return np.array(found, dtype=np.int32)


def _area(outline: Array) -> float:
    x, y = outline[:, 0], outline[:, 1]
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def _ears(outline: Array) -> list[tuple[int, int, int]]:
    """Triangles of a simple counter-clockwise polygon, float64 [n, 2], by ear clipping (Meisters 1975)."""
    left, found = list(range(len(outline))), []
    while len(left) > 3:
        for k in range(len(left)):
            i, j, m = left[k - 1], left[k], left[(k + 1) % len(left)]
            a, b, c = outline[i], outline[j], outline[m]
            if _cross(b - a, c - a) <= 1e-12:
                continue
            rest = [outline[r] for r in left if r not in (i, j, m)]
            if not any(min(_cross(b - a, p - a), _cross(c - b, p - b), _cross(a - c, p - c)) > -1e-12 for p in rest):
                found.append((i, j, m))
                del left[k]
                break
        else:
            break  # only slivers are left
    return [*found, (left[0], left[1], left[2])]


def _cross(a: Array, b: Array) -> float:
    return float(a[0] * b[1] - a[1] * b[0])


def prism(
    outline: Outline,
    low: float,
    high: float,
    colour: Rgb,
    axis: str = "x",
    bevel: float = 0.0,
    taper: float = 1.0,
) -> Part:
    """A polygon drawn out from `low` to `high` along an axis, flat-shaded.

    Outline coordinates: axis x: (z, y); y: (x, z); z: (x, y). `bevel` metres shrink both ends about the outline's middle;
    `taper` scales the far end.
    """
    flat = np.array(outline, dtype=np.float64)
    if _area(flat) < 0:
        flat = flat[::-1].copy()
    middle = (flat.min(axis=0) + flat.max(axis=0)) / 2
    size = float(np.ptp(flat, axis=0).min()) / 2
    shrink = 1 - min(bevel / max(size, 1e-9), 0.8)
    rows = [(low, shrink), (low + bevel, 1.0), (high - bevel, taper), (high, shrink * taper)]
    rows = rows if bevel > 0 else [(low, 1.0), (high, taper)]
    n = len(flat)
    points = np.concatenate([np.column_stack([middle + (flat - middle) * k, np.full(n, w)]) for w, k in rows])
    faces = []
    for j in range(len(rows) - 1):
        for i in range(n):
            a, b = j * n + i, j * n + (i + 1) % n
            faces += [(a, b, b + n), (a, b + n, a + n)]
    top = (len(rows) - 1) * n
    for i, j, m in _ears(flat):
        faces += [(m, j, i), (top + i, top + j, top + m)]
    part = flat_part(points, np.array(faces, dtype=np.int32), colour)
    order = {"x": ((0, 0, 1), (0, 1, 0), (1, 0, 0)), "y": ((1, 0, 0), (0, 0, 1), (0, 1, 0)), "z": np.eye(3)}[axis]
    return part.moved((0.0, 0.0, 0.0), np.array(order, dtype=np.float64))


def loft_z(
    rows: Sequence[tuple[float, float, float, float]], colour: Rgb, segments: int = 22, power: float = 2.5
) -> Part:
    """Superelliptic sections (z, half width, half height, centre y) joined from nose (-Z) to tail, closed at both ends."""
    angle = np.arange(segments) * (2 * math.pi / segments)
    c, s = np.cos(angle), np.sin(angle)
    x, y = np.sign(c) * np.abs(c) ** (2 / power), np.sign(s) * np.abs(s) ** (2 / power)
    points = np.concatenate([np.stack([x * hw, y * hh + cy, np.full(segments, z)], 1) for z, hw, hh, cy in rows])
    n = segments
    faces = [
        t
        for j in range(len(rows) - 1)
        for i in range(n)
        for t in (
            (j * n + i, j * n + (i + 1) % n, (j + 1) * n + (i + 1) % n),
            (j * n + i, (j + 1) * n + (i + 1) % n, (j + 1) * n + i),
        )
    ]
    side = smooth_part(points, np.array(faces, dtype=np.int32), colour)
    last = (len(rows) - 1) * n
    caps = [(0, i + 1, i) for i in range(1, n - 1)] + [(last, last + i, last + i + 1) for i in range(1, n - 1)]
    return merge([side, flat_part(points, np.array(caps, dtype=np.int32), colour)])


ALONG_X: Array = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
"""Turns what stands along +Y to lie along +X."""
ALONG_Z: Array = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Turns what stands along +Y to lie along +Z, towards the back."""
AHEAD: Array = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""Turns what stands along +Y to lie along -Z, towards the front."""


def wheel(radius: float, width: float, rim: Rgb = STEEL, spokes: int = 5, tyre: float = 0.28) -> Part:
    """A wheel about X: rounded tyre of share `tyre` of the radius, dished rim, spokes that show its turning."""
    inner, w = radius * (1 - tyre), width / 2
    rows = [
        (inner, -w),
        (radius * 0.97, -0.82 * w),
        (radius, -0.4 * w),
        (radius, 0.4 * w),
        (radius * 0.97, 0.82 * w),
        (inner, w),
    ]
    parts = [lathe(rows, RUBBER, 15, cap=False)]
    parts.append(lathe([(inner, -0.7 * w), (inner, 0.7 * w)], DARK, 15))
    for face in (-1.0, 1.0):
        for i in range(spokes):
            bar = box((inner * 0.24, 0.12 * w + 0.006, inner * 0.92), rim, (0.0, face * 0.74 * w, inner * 0.48))
            turn = 2 * math.pi * i / spokes
            c, s = math.cos(turn), math.sin(turn)
            parts.append(bar.moved((0.0, 0.0, 0.0), np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])))
    parts.append(lathe([(inner * 0.3, -0.86 * w), (inner * 0.3, 0.86 * w)], times(rim, 0.8), 10))
    return merge(parts).moved((0.0, 0.0, 0.0), ALONG_X)


def ring(radius: float, thick: float, colour: Rgb, segments: int = 18, round_: int = 6) -> Part:
    """A torus about +Y."""
    angle = -np.arange(round_ + 1) * (2 * math.pi / round_)
    profile = [(radius - thick * math.cos(a), thick * math.sin(-a) * -1.0) for a in angle]
    return lathe(profile, colour, segments, cap=False)


def rod(
    a: tuple[float, float, float], b: tuple[float, float, float], radius: float, colour: Rgb, segments: int = 8
) -> Part:
    """A closed cylinder from `a` to `b`."""
    start, line = np.array(a), np.array(b) - np.array(a)
    length = float(np.linalg.norm(line))
    y = line / length
    hint = vec(0.0, 0.0, 1.0) if abs(y[2]) < 0.9 else vec(1.0, 0.0, 0.0)
    x = np.cross(y, hint)
    x /= np.linalg.norm(x)
    turn = np.column_stack([x, y, np.cross(x, y)])
    return lathe([(radius, 0.0), (radius, length)], colour, segments).moved(
        (float(start[0]), float(start[1]), float(start[2])), turn
    )


def mirrored(part: Part) -> Part:
    """The part and its twin on the other side of x = 0."""
    return merge([part, part.scaled(-1.0, 1.0, 1.0)])


def spun(part: Part, count: int) -> list[Part]:
    """Copies of a part about Z, as blades of a propeller are."""
    return [part.moved((0.0, 0.0, 0.0), rot_z(2 * math.pi * i / count)) for i in range(count)]


def hexa(low: tuple[float, float, float, float], high: tuple[float, float, float, float], colour: Rgb) -> Part:
    """A block between two level rectangles, each (half width, z front, z back, y): cabins, bonnets, cushions."""
    points = np.array([(s * w, y, z) for w, a, b, y in (low, high) for s, z in ((-1, a), (1, a), (1, b), (-1, b))])
    middle = points.mean(axis=0)
    faces = [(0, 1, 2, 3), (4, 5, 6, 7), *((i, (i + 1) % 4, (i + 1) % 4 + 4, i + 4) for i in range(4))]
    return flat_part(points, _outwards(points - middle, faces), colour)


def grid_part(points: Array, colour: Rgb) -> Part:
    """A smooth sheet through a grid of points, float64 [rows, columns, 3]: sails, cloth, membranes. Give it two sides."""
    rows, columns = points.shape[:2]
    index = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    a, b, c, d = (g.reshape(-1) for g in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)
    return smooth_part(points.reshape(-1, 3), triangles, colour)
