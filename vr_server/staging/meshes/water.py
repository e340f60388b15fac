"""Water and molten rock: sheets that lie level, falls, boats at a quay. Unit: metres; the surface is at y = 0."""

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import Array
from vr_server.staging.scene import Mesh

from .core import Ints, Part, boulder, ellipsoid, finish, smooth_part

_WATERS: tuple[Rgb, ...] = ((0.10, 0.20, 0.20), (0.05, 0.17, 0.24), (0.07, 0.10, 0.12))
"""River, sea, harbour."""


def _net(x: Array, z: Array, height: Array) -> tuple[Array, Ints]:
    points = np.stack([x, height, z], axis=-1)
    n, m = x.shape
    grid = np.arange(n * m, dtype=np.int32).reshape(n, m)
    a, b, c, d = (g.reshape(-1) for g in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]))
    return points.reshape(-1, 3), np.concatenate([np.stack([a, d, c], -1), np.stack([a, c, b], -1)])


def _waves(x: Array, z: Array, kind: int) -> Array:
    """Of the open sea a swell that runs to the shore; of a river a mere shiver."""
    if kind == 1:
        return np.asarray(
            0.11 * np.sin(0.85 * z + 0.5 * np.sin(0.12 * x))
            + 0.05 * np.sin(1.9 * z + 0.7 * x)
            + 0.04 * np.sin(0.5 * x - 1.3 * z)
        )
    return np.asarray(0.018 * np.sin(2.3 * x + 0.9 * z) + 0.014 * np.sin(3.7 * z - 1.1 * x))


def water(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A sheet of water; a finer net about its near middle. `seed` picks river, sea or harbour."""
    w, _, d = size
    kind = seed % len(_WATERS)
    k = np.linspace(-1, 1, 97)
    near = np.linspace(0, 1, 97)
    x = np.sign(k) * np.abs(k) ** 2.2 * w / 2
    z = d / 2 - d * near**2.2
    xs, zs = np.meshgrid(x, z[::-1], indexing="xy")
    fade = 1 / (1 + (np.hypot(xs, zs - d / 2) / 45.0) ** 2)
    points, tri = _net(xs, zs, _waves(xs, zs, kind) * fade)
    part = smooth_part(points, tri, _WATERS[kind])
    crest = np.clip((points[:, 1] - 0.1) / 0.1, 0, 1)[:, None] * (kind == 1)
    return (finish("water", Part(part.positions, part.normals, part.colours * (1 - crest) + 0.75 * crest, tri)),)


def foam(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """The white line where waves run out on sand: a ragged ribbon along X."""
    w, _, d = size
    rng = np.random.default_rng(seed)
    n = 140
    x = np.linspace(-w / 2, w / 2, n)
    a = 0.25 * np.sin(0.8 * x + 1) + 0.18 * np.sin(2.1 * x) + rng.normal(scale=0.05, size=n)
    wide = d * (0.4 + 0.3 * np.sin(1.3 * x + 2) ** 2 + rng.uniform(0, 0.2, n))
    xs, zs = np.stack([x, x]), np.stack([a - wide / 2, a + wide / 2])
    points, tri = _net(xs, zs, np.full_like(xs, 0.015))
    return (finish("foam", smooth_part(points, tri, (0.82, 0.85, 0.85)), two_sided=True),)


def waterfall(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """White water down a rock wall, strands of several tones, and spray at its foot."""
    w, h, d = size
    rng = np.random.default_rng(seed)
    rockface = [boulder((w * 0.3, h * 0.5, d * 0.4), (0.20, 0.19, 0.17), seed + i, 0.35, 2).moved((x, h * 0.44, -d * 0.1)) for i, x in enumerate((-w * 0.34, w * 0.34, 0.0))]  # fmt: skip
    strands = []
    for i in range(14):
        x = w * 0.2 * (-1 + 2 * (i + 0.5) / 14)
        tone = float(rng.uniform(0.55, 0.9))
        y = np.linspace(1, 0, 8)
        z = d * (0.18 + 0.26 * (1 - y) ** 0.5)
        half = w * 0.016 * (1 + 0.8 * (1 - y))
        xs = np.stack([x - half, x + half]) + 0.03 * np.sin(9 * y + i)
        points, tri = _net(xs, np.stack([z, z]) + 0.02 * i % 0.1, np.stack([y * h * 0.93, y * h * 0.93]))
        strands.append(smooth_part(points, tri, (tone * 0.92, tone * 0.97, tone)))
    spray = [ellipsoid((w * 0.06, w * 0.035, w * 0.05), (0.8, 0.84, 0.86), (float(rng.uniform(-0.22, 0.22)) * w, w * 0.015, d * 0.46), 1) for _ in range(9)]  # fmt: skip
    return (
        finish("rock-face", *rockface),
        finish("fall-strands", *strands, two_sided=True),
        finish("fall-spray", *spray),
    )
