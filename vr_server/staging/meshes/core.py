"""Primitives that every mesh is made of: each returns a `Part` in local metres; parts are merged into a `Mesh`."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import Array, frame_along, unit, vec
from vr_server.staging.scene import Mesh

Ints = npt.NDArray[np.int32]
Profile = Sequence[tuple[float, float]]
"""(radius, height) pairs from bottom to top."""


@dataclass(frozen=True, eq=False)
class Part:
    """`positions`, `normals`, `colours` float64 [v, 3]; `triangles` int32 [t, 3], counter-clockwise from outside."""

    positions: Array
    normals: Array
    colours: Array
    triangles: Ints

    def moved(self, offset: tuple[float, float, float], linear: Array | None = None) -> "Part":
        """Linear part first, then the offset. Normals follow the inverse transpose; mirrors turn the winding."""
        if linear is None:
            return Part(self.positions + np.array(offset), self.normals, self.colours, self.triangles)
        normals = self.normals @ np.linalg.inv(linear)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        flip = float(np.linalg.det(linear)) < 0
        triangles = np.ascontiguousarray(self.triangles[:, ::-1]) if flip else self.triangles
        return Part(self.positions @ linear.T + np.array(offset), normals, self.colours, triangles)

    def scaled(self, x: float, y: float, z: float) -> "Part":
        return self.moved((0.0, 0.0, 0.0), np.diag([x, y, z]))

    def tinted(self, shade: Callable[[Array, Array], Array]) -> "Part":
        """Colours multiplied by `shade(positions, normals)`, float64 [v] or [v, 3]."""
        factor = shade(self.positions, self.normals)
        factor = factor[:, None] if factor.ndim == 1 else factor
        return Part(self.positions, self.normals, np.clip(self.colours * factor, 0.0, 1.0), self.triangles)


def merge(parts: Iterable[Part]) -> Part:
    items = list(parts)
    starts = np.cumsum([0, *(len(p.positions) for p in items[:-1])])
    return Part(
        np.concatenate([p.positions for p in items]),
        np.concatenate([p.normals for p in items]),
        np.concatenate([p.colours for p in items]),
        np.concatenate([p.triangles + s for p, s in zip(items, starts, strict=True)]).astype(np.int32),
    )


def finish(name: str, *parts: Part, two_sided: bool = False, emission: float = 0.0) -> Mesh:
    whole = merge(parts)
    return Mesh(
        name,
        np.ascontiguousarray(whole.positions, dtype=np.float32),
        np.ascontiguousarray(whole.normals, dtype=np.float32),
        np.ascontiguousarray(np.clip(whole.colours, 0, 1), dtype=np.float32),
        np.ascontiguousarray(whole.triangles, dtype=np.int32),
        two_sided,
        emission,
    )


def _smooth_normals(positions: Array, triangles: Ints) -> Array:
    a, b, c = (positions[triangles[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    normals: Array = np.zeros_like(positions)
    for i in range(3):
        np.add.at(normals, triangles[:, i], face)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return normals


def smooth_part(positions: Array, triangles: Ints, colour: Rgb) -> Part:
    """Area-weighted vertex normals and one colour."""
    return Part(
        positions, _smooth_normals(positions, triangles), np.tile(np.array(colour), (len(positions), 1)), triangles
    )


def flat_part(positions: Array, triangles: Ints, colour: Rgb) -> Part:
    """Every triangle gets vertices of its own and its face normal."""
    corners = positions[triangles.reshape(-1)]
    return smooth_part(corners, np.arange(len(corners), dtype=np.int32).reshape(-1, 3), colour)


def _unit_box() -> tuple[Array, Array, Ints]:
    """Corners, normals and triangles of a cube of one metre about the origin: four corners to a face."""
    corners, normals = [], []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            n, u = np.zeros(3), np.zeros(3)
            n[axis], u[(axis + 1) % 3] = sign, 1.0
            v = np.cross(n, u)
            corners.append(np.array([n - u - v, n + u - v, n + u + v, n - u + v]) * 0.5)
            normals.append(np.tile(n, (4, 1)))
    triangles = np.array([[4 * f, 4 * f + i, 4 * f + i + 1] for f in range(6) for i in (1, 2)], dtype=np.int32)
    return np.concatenate(corners), np.concatenate(normals), triangles


_BOX = _unit_box()


def box(size: tuple[float, float, float], colour: Rgb, centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Part:
    """Twelve triangles with face normals."""
    corners, normals, triangles = _BOX
    return Part(corners * np.array(size) + np.array(centre), normals, np.tile(np.array(colour), (24, 1)), triangles)


def lathe(profile: Profile, colour: Rgb, segments: int = 10, *, cap: bool = True) -> Part:
    """A surface of revolution about +Y; ends closed by fans where `cap` and the radius is not zero."""
    angle = np.arange(segments) * (2 * math.pi / segments)
    ring = np.stack([np.sin(angle), np.zeros(segments), np.cos(angle)], axis=1)
    rows = [ring * r + vec(0.0, y, 0.0) for r, y in profile]
    n = segments
    triangles = [
        tri
        for j in range(len(profile) - 1)
        for i in range(n)
        for tri in (
            (j * n + i, j * n + (i + 1) % n, (j + 1) * n + (i + 1) % n),
            (j * n + i, (j + 1) * n + (i + 1) % n, (j + 1) * n + i),
        )
    ]
    side = smooth_part(np.concatenate(rows), np.array(triangles, dtype=np.int32), colour)
    parts = [side]
    if cap:
        for (r, y), up in ((profile[0], False), (profile[-1], True)):
            if r > 1e-4:
                fan = [(n, i, (i + 1) % n) if up else (n, (i + 1) % n, i) for i in range(n)]
                disc = np.concatenate([ring * r + vec(0.0, y, 0.0), vec(0.0, y, 0.0)[None]])
                parts.append(smooth_part(disc, np.array(fan, dtype=np.int32), colour))
    return merge(parts)


def loft(
    rows: Sequence[tuple[float, float, float, float]], colour: Rgb, segments: int = 20, power: float = 2.2
) -> Part:
    """Superelliptic sections (y, half width, half depth, centre z) joined from bottom to top, open at both ends."""
    angle = np.arange(segments) * (2 * math.pi / segments)
    s, c = np.sin(angle), np.cos(angle)
    x, z = np.sign(s) * np.abs(s) ** (2 / power), np.sign(c) * np.abs(c) ** (2 / power)
    points = np.concatenate([np.stack([x * w, np.full(segments, y), z * d + cz], 1) for y, w, d, cz in rows])
    i = np.arange(segments)
    j = (i + 1) % segments
    strips = [
        np.stack([k + i, k + j, k + segments + j, k + i, k + segments + j, k + segments + i], 1).reshape(-1, 3)
        for k in range(0, (len(rows) - 1) * segments, segments)
    ]
    return smooth_part(points, np.concatenate(strips).astype(np.int32), colour)


def tube(points: Array, radii: Sequence[float], colour: Rgb, segments: int = 6, *, cap: bool = False) -> Part:
    """A swept tube through `points` [n, 3]; rings are carried along without twist."""
    tangents = np.gradient(points, axis=0)
    hint = vec(0.31, 0.13, -0.94)
    rows = []
    angle = np.arange(segments) * (2 * math.pi / segments)
    for p, tangent, r in zip(points, tangents, radii, strict=True):
        frame = frame_along(tangent, hint)
        rows.append(p + r * (np.sin(angle)[:, None] * frame[:, 0] + np.cos(angle)[:, None] * frame[:, 2]))
    n = segments
    triangles = [
        tri
        for j in range(len(points) - 1)
        for i in range(n)
        for tri in (
            (j * n + i, j * n + (i + 1) % n, (j + 1) * n + (i + 1) % n),
            (j * n + i, (j + 1) * n + (i + 1) % n, (j + 1) * n + i),
        )
    ]
    positions = np.concatenate(rows)
    if cap:
        last = (len(points) - 1) * n
        triangles += [(last, last + i, last + i + 1) for i in range(1, n - 1)]
    return smooth_part(positions, np.array(triangles, dtype=np.int32), colour)


@lru_cache(maxsize=8)
def _icosphere(level: int) -> tuple[Array, Ints]:
    g = (1 + math.sqrt(5)) / 2
    points = [unit(np.array(p, dtype=np.float64)) for p in (
        (-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g),
        (0, -1, -g), (0, 1, -g), (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1),
    )]  # fmt: skip
    faces = [
        (0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2), (10, 7, 6),
        (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10),
        (8, 6, 7), (9, 8, 1),
    ]  # fmt: skip
    for _ in range(level):
        middle: dict[tuple[int, int], int] = {}

        def half(a: int, b: int, middle: dict[tuple[int, int], int] = middle) -> int:
            key = (min(a, b), max(a, b))
            if key not in middle:
                middle[key] = len(points)
                points.append(unit(points[a] + points[b]))
            return middle[key]

        finer = []
        for a, b, c in faces:
            ab, bc, ca = half(a, b), half(b, c), half(c, a)
            finer += [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
        faces = finer
    return np.array(points), np.array(faces, dtype=np.int32)


def ellipsoid(
    radii: tuple[float, float, float], colour: Rgb, centre: tuple[float, float, float] = (0.0, 0.0, 0.0), level: int = 2
) -> Part:
    """Icosphere of 20 * 4**level triangles with exact normals."""
    points, faces = _icosphere(level)
    r = np.array(radii)
    normals = points / r
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Part(points * r + np.array(centre), normals, np.tile(np.array(colour), (len(points), 1)), faces)


def boulder(radii: tuple[float, float, float], colour: Rgb, seed: int, roughness: float = 0.25, level: int = 2) -> Part:
    """Icosphere displaced by a few random planes and lumps: a rock or a clump of leaves."""
    rng = np.random.default_rng(seed)
    points, faces = _icosphere(level)
    radius = np.ones(len(points))
    for _ in range(7):
        direction = unit(rng.normal(size=3))
        radius += (
            roughness
            * rng.uniform(-0.5, 0.5)
            * np.sin(rng.uniform(1.5, 4.5) * (points @ direction) + rng.uniform(0, 6))
        )
    for _ in range(5):
        direction = unit(rng.normal(size=3))
        facing = points @ direction
        limit = rng.uniform(0.72, 0.95)
        radius = np.where(facing * radius > limit, limit / np.maximum(facing, 1e-3), radius)
    return smooth_part(points * radius[:, None] * np.array(radii), faces, colour)


def capsule(a: Array, b: Array, ra: float, rb: float, colour: Rgb, segments: int = 10) -> Part:
    """A limb from `a` to `b`: a tapered tube closed by hemispheres of radius `ra` and `rb`."""
    length = float(np.linalg.norm(b - a))
    profile = [(ra * math.sin(k), -ra * math.cos(k)) for k in (0.0, 0.55, 1.1)]
    profile += [(ra, 0.0), (rb, length)]
    profile += [(rb * math.cos(k), length + rb * math.sin(k)) for k in (0.5, 1.0, math.pi / 2)]
    part = lathe(profile, colour, segments, cap=False)
    return part.moved((float(a[0]), float(a[1]), float(a[2])), frame_along(b - a, vec(0.0, 0.1, -1.0)))


def leaf(at: Array, along: Array, normal: Array, length: float, width: float, colour: Rgb, shade_normal: Array) -> Part:
    """A two-triangle blade from `at`, widest at two fifths; `shade_normal` is what light sees."""
    rows = (np.array([v], dtype=np.float64) for v in (at, along, normal, colour, shade_normal))
    a, b, c, d, e = rows
    return leaves(a, b, c, np.array([length]), width, d, e)


def leaves(
    at: Array, along: Array, normal: Array, length: Array, width: float, colours: Array, shade_normals: Array
) -> Part:
    """Many of `leaf` at once: float64 [n, 3] each, `length` [n]."""
    side = np.cross(along, normal)
    side *= (width / 2) / np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-12)
    tip = at + along * length[:, None]
    belly = at + along * (0.4 * length[:, None]) + normal * (0.06 * length[:, None])
    positions = np.stack([at, belly + side, tip, belly - side], axis=1).reshape(-1, 3)
    shade = shade_normals / np.maximum(np.linalg.norm(shade_normals, axis=1, keepdims=True), 1e-12)
    first = 4 * np.arange(len(at), dtype=np.int32)[:, None, None]
    triangles = (first + np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)).reshape(-1, 3).astype(np.int32)
    return Part(positions, np.repeat(shade, 4, axis=0), np.repeat(colours, 4, axis=0), triangles)


def mix(a: Rgb, b: Rgb, k: float) -> Rgb:
    return (a[0] + (b[0] - a[0]) * k, a[1] + (b[1] - a[1]) * k, a[2] + (b[2] - a[2]) * k)


def times(a: Rgb, k: float) -> Rgb:
    return (min(a[0] * k, 1.0), min(a[1] * k, 1.0), min(a[2] * k, 1.0))
