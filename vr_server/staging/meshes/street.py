"""Street furniture, lanterns, crates, a parked car, roads and kerbs. Unit: metres, base at y = 0."""

from dataclasses import replace

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import vec
from vr_server.staging.scene import Mesh

from .core import Part, box, ellipsoid, finish, lathe, merge, times, tube
from .road import car as saloon

_IRON: Rgb = (0.05, 0.055, 0.06)
_GLOW: Rgb = (1.0, 0.78, 0.50)
_WOOD: Rgb = (0.30, 0.19, 0.10)
CAR_COLOURS: tuple[Rgb, ...] = (
    (0.42, 0.05, 0.04),
    (0.06, 0.13, 0.24),
    (0.55, 0.55, 0.53),
    (0.10, 0.11, 0.12),
    (0.35, 0.33, 0.1),
)


def street_lamp(_seed: int, height: float = 5.2) -> tuple[Mesh, ...]:
    """Cast-iron post with a shouldered base, an arm's crown and a glowing head."""
    post = lathe(
        [
            (0.2, 0.0),
            (0.2, 0.12),
            (0.12, 0.3),
            (0.09, 0.9),
            (0.11, 1.0),
            (0.06, 1.1),
            (0.045, height * 0.86),
            (0.1, height * 0.875),
            (0.05, height * 0.89),
        ],
        _IRON,
        10,
    )
    cage = lathe([(0.16, height * 0.89), (0.25, height * 0.965), (0.28, height * 0.97), (0.06, height)], _IRON, 8)
    glow = lathe([(0.13, height * 0.9), (0.21, height * 0.962)], _GLOW, 8).scaled(1.12, 1.0, 1.12)
    return finish("lamp-post", post, cage), finish("lamp-glow", glow, emission=2.5)


def lantern(_seed: int, height: float = 2.6) -> tuple[Mesh, ...]:
    """A red paper lantern hanging from a bent pole."""
    pole = tube(
        np.array([vec(0, 0, 0), vec(0, height * 0.9, 0), vec(0.12, height, 0), vec(0.45, height * 0.985, 0)]),
        [0.05, 0.035, 0.03, 0.02],
        _WOOD,
        6,
    )
    paper = lathe([(0.1, -0.24), (0.21, -0.15), (0.25, 0.0), (0.21, 0.15), (0.1, 0.24)], (0.75, 0.10, 0.04), 12).moved(
        (0.45, height * 0.985 - 0.42, 0.0)
    )
    caps = merge(
        [
            lathe([(0.11, y), (0.11, y + 0.05)], (0.5, 0.36, 0.1), 10).moved((0.45, height * 0.985 - 0.42, 0.0))
            for y in (-0.28, 0.23)
        ]
    )
    # the paper only shows; what lights the ground is the flame in it, and that is warm and not red
    flame = ellipsoid((0.06, 0.08, 0.06), (1.0, 0.58, 0.26), (0.45, height * 0.985 - 0.42, 0.0), 1)
    return (
        finish("lantern-pole", pole, caps),
        finish("lantern-paper", paper, emission=0.98),
        finish("lantern-flame", flame, emission=7.0),
    )


def crates(seed: int, height: float = 1.3) -> tuple[Mesh, ...]:
    """Three boarded crates, one on top."""
    rng = np.random.default_rng(seed)
    parts: list[Part] = []
    for x, y, z, s in ((-0.38, 0.0, 0.0, 0.68), (0.36, 0.0, 0.1, 0.6), (-0.2, 0.68, 0.05, 0.55)):
        tone = times(_WOOD, float(rng.uniform(0.85, 1.25)))
        parts.append(box((s * 0.94, s * 0.94, s * 0.94), times(tone, 0.75), (x, y + s / 2, z)))
        parts += [box((s, s * 0.1, s), tone, (x, y + s * dy, z)) for dy in (0.06, 0.5, 0.94)]
        corners = [(x + s * dx, z + s * dz) for dx in (-0.46, 0.46) for dz in (-0.46, 0.46)]
        parts += [box((s * 0.11, s, s * 0.11), tone, (cx, y + s / 2, cz)) for cx, cz in corners]
    return (finish("crates", merge(parts).scaled(height / 1.25, height / 1.25, height / 1.25)),)


def parked_car(seed: int, _height: float = 1.45) -> tuple[Mesh, ...]:
    """The saloon of `road.car`, standing still with its lamps off: its wheels are one mesh."""
    pieces = saloon((CAR_COLOURS[seed % len(CAR_COLOURS)], _IRON))
    wheels = [_part(p.mesh).moved(p.pivot) for p in pieces if p.motion == "wheel"]
    still = [replace(p.mesh, emission=0.0) for p in pieces if p.motion == "fixed"]
    return (*still, finish("car-wheels", *wheels))


def _part(mesh: Mesh) -> Part:
    positions, normals, colours = (a.astype(np.float64) for a in (mesh.positions, mesh.normals, mesh.colours))
    return Part(positions, normals, colours, mesh.triangles)


def road(_seed: int, size: tuple[float, float, float]) -> tuple[Mesh, ...]:
    """A carriageway along Z with kerbs, pavements and a broken centre line. Thin: it lies on flat ground."""
    w, _, d = size
    lane = w * 0.56
    side = (w - lane) / 2
    parts = [box((lane, 0.02, d), (0.15, 0.148, 0.15), (0.0, 0.0, 0.0))]
    for s in (-1.0, 1.0):
        parts.append(box((0.22, 0.16, d), (0.42, 0.41, 0.39), (s * (lane / 2 + 0.11), 0.05, 0.0)))
        parts.append(box((side - 0.22, 0.14, d), (0.30, 0.285, 0.26), (s * (lane / 2 + 0.11 + side / 2), 0.045, 0.0)))
    dashes = np.arange(-d / 2 + 2, d / 2 - 2, 6.0)
    parts += [box((0.14, 0.01, 2.6), (0.62, 0.60, 0.52), (0.0, 0.012, float(z))) for z in dashes]
    return (finish("road", *parts),)


def path_strip(seed: int, size: tuple[float, float, float]) -> tuple[Mesh, ...]:
    """Flagstones along Z with irregular joints."""
    rng = np.random.default_rng(seed)
    w, _, d = size
    parts = []
    z = -d / 2
    while z < d / 2:
        step = float(rng.uniform(0.8, 1.3))
        cut = float(rng.uniform(-0.25, 0.25)) * w
        for lo, hi in ((-w / 2, cut), (cut, w / 2)):
            tone = times((0.36, 0.33, 0.28), float(rng.uniform(0.8, 1.12)))
            parts.append(box((hi - lo - 0.05, 0.03, step - 0.05), tone, ((lo + hi) / 2, 0.005, z + step / 2)))
        z += step
    return (finish("path", *parts),)


def placeholder(_seed: int, size: tuple[float, float, float]) -> tuple[Mesh, ...]:
    """A plain rounded block of the given size: something the asset library does not have."""
    w, h, d = size
    return (finish("placeholder", box((w, h, d), (0.42, 0.42, 0.46), (0.0, h / 2, 0.0))),)
