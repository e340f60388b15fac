"""Molten rock: streams and cracks that glow. Unit: metres; the surface is at y = 0."""

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.staging.geometry import Array, vec
from vr_server.staging.scene import Mesh

from .core import Part, ellipsoid, finish, flat_part, smooth_part
from .ground import cliff_profile
from .water import _net


def lava(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A stream of molten rock along X: glowing, with darker rafts of crust, and bright boils that light the banks."""
    w, _, d = size
    rng = np.random.default_rng(seed)
    x, z = np.meshgrid(
        np.linspace(-w / 2, w / 2, max(24, round(w * 1.1))), np.linspace(-d / 2, d / 2, 15), indexing="xy"
    )
    heat = 0.5 + 0.5 * np.sin(0.9 * x + 2.2 * np.sin(0.5 * z + 0.3 * x)) * np.cos(1.1 * z + np.sin(0.7 * x))
    heat = np.clip(heat + rng.uniform(-0.22, 0.22, heat.shape), 0, 1)
    points, tri = _net(x, z, 0.05 * heat)
    part = flat_part(points, tri, (1.0, 1.0, 1.0))
    h = np.repeat(heat.reshape(-1)[tri].mean(axis=1), 3)
    colours = np.stack([0.25 + 0.75 * h, 0.01 + 0.2 * h**2, 0.003 + 0.03 * h**4], axis=1)
    # rafts of crust hardly glow
    rafts = np.repeat(rng.uniform(size=len(tri)) < 0.16, 3)
    colours[rafts] *= 0.05
    boils = [
        finish("lava-boil", ellipsoid((0.3, 0.09, 0.3), (1.0, 0.36, 0.05), (float(px), 0.05, float(rng.uniform(-0.3, 0.3) * d)), 1), emission=1.7)
        for px in np.arange(-min(w, 44.0) / 2 + 2, min(w, 44.0) / 2, 3.6)
    ]  # fmt: skip
    return (finish("lava", Part(part.positions, part.normals, colours, part.triangles), emission=3.2), *boils)


def lava_crack(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A jagged glowing split in the ground along X, with lifted dark lips and side branches."""
    w, h, d = size
    rng = np.random.default_rng(seed)
    glow: list[Part] = []
    lips: list[Part] = []

    def split(start: Array, angle: float, length: float, wide: float) -> Array:
        n = max(4, round(length / 0.5))
        turn = angle + np.cumsum(rng.normal(scale=0.28, size=n))
        step = length / n
        line = start + np.concatenate(
            [np.zeros((1, 2)), np.cumsum(np.stack([np.cos(turn), np.sin(turn)], 1) * step, axis=0)]
        )
        t = np.linspace(0, 1, n + 1)
        half = wide * (0.25 + 0.75 * np.sin(np.pi * np.clip(t, 0.03, 0.97)) ** 0.7) * rng.uniform(0.6, 1.1, n + 1)
        tangent = np.gradient(line, axis=0)
        normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        rows = []
        for off, y in ((-1.0, 0.03), (0.0, 0.06), (1.0, 0.03)):
            p = line + normal * half[:, None] * off
            rows.append(np.stack([p[:, 0], np.full(n + 1, y), p[:, 1]], 1))
        g = np.array(rows)
        points, tri = _net(g[:, :, 0], g[:, :, 2], g[:, :, 1])
        part = smooth_part(points, tri, (1.0, 0.11, 0.008))
        core = np.repeat([0.35, 1.0, 0.35], n + 1)[:, None]
        glow.append(
            Part(
                part.positions,
                np.tile(vec(0, 1, 0), (len(points), 1)),
                np.clip(part.colours * (0.45 + 0.55 * core) + core * np.array([0, 0.09, 0.0]), 0, 1),
                tri,
            )
        )
        for s in (-1.0, 1.0):
            inner, outer = line + normal * half[:, None] * s, line + normal * (half * 1.25 + 0.12)[:, None] * s
            lift = 0.45 * h * rng.uniform(0.25, 1.0, n + 1)
            g = np.array([
                np.stack([inner[:, 0], 0 * lift, inner[:, 1]], 1), np.stack([inner[:, 0], lift, inner[:, 1]], 1) + 0.05 * s * np.stack([normal[:, 0], 0 * lift, normal[:, 1]], 1),
                np.stack([outer[:, 0], 0 * lift - 0.02, outer[:, 1]], 1),
            ])  # fmt: skip
            points, tri = _net(g[:, :, 0], g[:, :, 2], g[:, :, 1])
            lips.append(flat_part(points, tri if s > 0 else tri[:, ::-1], (0.055, 0.045, 0.042)))
        return np.asarray(line)

    main = split(np.array([-w / 2, 0.0]), 0.0, w, 0.27)
    for i in range(2, len(main) - 2, max(2, len(main) // 6)):
        split(main[i], float(rng.choice([-1, 1]) * rng.uniform(0.6, 1.2)), float(rng.uniform(0.25, 0.5)) * d, 0.13)
    lamps = [
        finish("lava-boil", ellipsoid((0.13, 0.035, 0.13), (1.0, 0.34, 0.05), (float(p[0]), 0.03, float(p[1])), 0), emission=2.6)
        for p in main[2 :: max(2, len(main) // 4)]
    ]  # fmt: skip
    return (
        finish("lava-lips", *lips, two_sided=True),
        finish("lava-crack", *glow, emission=2.4, two_sided=True),
        *lamps,
    )


def lava_fall(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """Molten rock that runs down the cliff's face (see meshes.ground): its lip at the origin, falling towards -Z."""
    w, _, _ = size
    rng = np.random.default_rng(seed)
    s = np.concatenate([[-2.2, -0.6, 0.2], np.linspace(0.5, 17.0, 44)])
    down = np.where(s < 0, 0.0, cliff_profile(s))
    rows = []
    sway = np.cumsum(rng.normal(scale=0.14, size=len(s))) * (s > 0)
    for k in (-1.0, -0.5, 0.0, 0.5, 1.0):
        wide = w / 2 * (0.6 + 0.8 * np.clip(-down / 58.0, 0, 1)) * rng.uniform(0.55, 1.3, len(s))
        rows.append(np.stack([k * wide + sway, down + 0.12, -s - np.where(s > 0, 1.3, 0.0)], 1))
    g = np.array(rows)
    points, tri = _net(g[:, :, 0], g[:, :, 2], g[:, :, 1])
    heat = np.repeat(rng.uniform(0.35, 1.0, len(tri)), 3)
    part = flat_part(points, tri, (1.0, 1.0, 1.0))
    colours = np.stack([0.35 + 0.65 * heat, 0.01 + 0.2 * heat**2, 0.003 + 0.03 * heat**4], axis=1)
    return (
        finish("lava-fall", Part(part.positions, part.normals, colours, part.triangles), two_sided=True, emission=3.0),
    )
