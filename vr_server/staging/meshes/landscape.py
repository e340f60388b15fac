"""Mountains, caves, what grows by water and in deserts, fires, graves, gates and stairs.

Unit: metres; footprint centred, front at +Z, base at y = 0.
"""

import math

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import unit, vec
from vr_server.staging.scene import Mesh

from .core import (
    finish,
    flat_part,
    lathe,
    times,
    tube,
)

_STONE: Rgb = (0.40, 0.37, 0.32)
_ROCKS: tuple[Rgb, ...] = ((0.23, 0.235, 0.24), (0.36, 0.14, 0.07), (0.075, 0.06, 0.058), (0.50, 0.37, 0.23))
"""Grey, red, basalt, sandstone."""
_FLAME: Rgb = (1.0, 0.42, 0.08)


def mountain(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A ridged massif for the horizon, snow on its heights where it is grey (seed a multiple of four)."""
    w, h, d = size
    rng = np.random.default_rng(seed)
    kind = seed % 4
    n, rings = 84, 20
    a, t = np.meshgrid(np.arange(n) * 2 * math.pi / n, np.linspace(1, 0, rings) ** 1.15, indexing="xy")
    x, z = np.sin(a) * t, np.cos(a) * t
    crest = np.zeros_like(x)
    for octave in range(6):
        turn, phase, wave = float(rng.uniform(0, 6.28)), rng.uniform(0, 6.28, 2), 2.1 * 1.9**octave
        u, v = x * math.cos(turn) + z * math.sin(turn), z * math.cos(turn) - x * math.sin(turn)
        bend = np.sin(wave * u + phase[0] + 0.8 * np.sin(0.7 * wave * v + phase[1]))
        crest += 0.6**octave * (1 - np.abs(bend)) ** 1.1
    crest = crest / crest.max()
    envelope = np.clip(1 - t**1.4, 0, 1)
    height = envelope**1.15 * (0.5 + 0.5 * crest)
    height = height / height.max() * h
    height[0] = -0.06 * h
    points = np.stack([x * w / 2, height, z * d / 2], -1).reshape(-1, 3)
    i = np.arange(n)
    j = (i + 1) % n
    strips = [
        np.stack([k + i, k + j, k + n + j, k + i, k + n + j, k + n + i], 1).reshape(-1, 3)
        for k in range(0, (rings - 1) * n, n)
    ]
    part = flat_part(points, np.concatenate(strips).astype(np.int32), _ROCKS[kind])
    points = part.positions
    if kind == 0:
        level = points[:, 1] / h + 0.7 * (part.normals[:, 1] - 0.66)
        snow = np.clip((level - 0.5) * 5, 0, 1)[:, None]
        wood = np.clip((0.24 - points[:, 1] / h) * 8, 0, 1)[:, None]
        part.colours[:] = part.colours * (1 - wood) + np.array([0.09, 0.12, 0.07]) * wood
        part.colours[:] = part.colours * (1 - snow) + np.array([0.84, 0.87, 0.92]) * snow
    else:
        part.colours[:] *= (0.86 + 0.16 * np.sin(points[:, 1] / h * 26 + 2 * points[:, 0] / w))[:, None]
    return (finish("mountain", part),)


def cave_shell(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A rock hall along Z seen from inside: rough vault down to the ground, its far end (-Z) open to the sky."""
    w, h, d = size
    rng = np.random.default_rng(seed)
    n, m = 26, 22
    a = np.linspace(-0.06, math.pi + 0.06, n + 1)
    z = np.linspace(d / 2, -d / 2, m + 1)
    phase = rng.uniform(0, 6.28, 8)
    aa, zz = np.meshgrid(a, z, indexing="xy")
    rough = (
        1
        + 0.1 * np.sin(3 * aa + 0.5 * zz + phase[0])
        + 0.09 * np.sin(5 * aa - 0.9 * zz + phase[1])
        + 0.06 * np.sin(1.7 * zz + phase[2])
    )
    rough += rng.normal(scale=0.035, size=aa.shape)
    # the mouth is narrower than the hall; behind the camera the hall closes
    mouth = 1 - 0.42 * np.clip((-zz / d - 0.22) / 0.28, 0, 1) - 0.9 * np.clip((zz / d - 0.4) / 0.1, 0, 1) ** 2
    x, y = np.cos(aa) * w / 2 * rough * mouth, np.sin(aa) * h * rough * mouth
    points = np.stack([x, y, zz], -1).reshape(-1, 3)
    grid = np.arange((n + 1) * (m + 1), dtype=np.int32).reshape(m + 1, n + 1)
    p, q, r, s = (g.reshape(-1) for g in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]))
    tri = np.concatenate([np.stack([p, q, r], 1), np.stack([p, r, s], 1)])
    shell = flat_part(points, tri, (0.22, 0.195, 0.17)).tinted(
        lambda pp, nn: 0.8 + 0.16 * np.sin(pp[:, 1] * 3.1 + pp[:, 2]) + 0.2 * nn[:, 1]
    )
    # a second skin outside, so that light does not leak in and the hall is a solid seen from anywhere
    outer = flat_part(points * (1.12, 1.12, 1.0) + (0, 0.3, 0), tri[:, ::-1], (0.2, 0.18, 0.16))
    return (finish("cave-shell", shell, outer),)


def stalactites(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A cluster hanging from y = size's height down."""
    w, h, d = size
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(5):
        x, z, tall = float(rng.uniform(-w, w)) / 2, float(rng.uniform(-d, d)) / 2, h * float(rng.uniform(0.4, 1.0))
        r = 0.13 * tall
        rows = [(0.012, h - tall), (0.3 * r, h - tall * 0.7), (0.6 * r, h - tall * 0.3), (r, h)]
        parts.append(lathe(rows, times((0.26, 0.22, 0.18), float(rng.uniform(0.8, 1.2))), 7).moved((x, 0.0, z)))
    return (finish("stalactites", *parts),)


def stalagmite(seed: int, height: float = 1.4) -> tuple[Mesh, ...]:
    rng = np.random.default_rng(seed)
    parts = []
    for k, (x, z) in enumerate(((0.0, 0.0), (0.34, 0.2), (-0.22, 0.3))):
        tall = height * (1.0, 0.55, 0.35)[k]
        rows = [(0.24 * tall, -0.05), (0.15 * tall, 0.25 * tall), (0.09 * tall, 0.6 * tall), (0.012, tall)]
        parts.append(
            lathe(rows, times((0.27, 0.23, 0.19), float(rng.uniform(0.85, 1.15))), 8).moved(
                (x * height, 0.0, z * height)
            )
        )
    return (finish("stalagmite", *parts),)


def crystal(seed: int, height: float = 0.8) -> tuple[Mesh, ...]:
    """Pale crystals that glow a little in the dark of a cave."""
    rng = np.random.default_rng(seed)
    parts = []
    for k in range(5):
        tall, turn = height * float(rng.uniform(0.45, 1.0)) if k else height, float(rng.uniform(0, 6.28))
        tip = unit(vec(0.55 * math.sin(turn) * (k > 0), 1.0, 0.55 * math.cos(turn) * (k > 0))) * tall
        parts.append(
            tube(np.array([vec(0, 0, 0), tip * 0.75, tip]), [0.1 * tall, 0.12 * tall, 0.005], (0.25, 0.75, 0.95), 6)
        )
    return (finish("crystal", *parts, emission=1.2),)
