"""The ground: a disc, flat where people act, rolling beyond; the same height function serves everybody."""

import math

import numpy as np
import numpy.typing as npt

from vr_server.domain.staging import Rgb
from vr_server.staging.scene import Mesh

from .core import finish, smooth_part

RADIUS_M = 400.0
FLAT_M = 45.0
_RELIEF: dict[str, tuple[float, float]] = {  # height of far hills, of near unevenness, metres
    "red_soil": (16.0, 0.0), "sand": (12.0, 0.0), "grass": (9.0, 0.0), "leaf_litter": (8.0, 0.0), "snow": (14.0, 0.0),
    "asphalt": (0.0, 0.0), "stone": (3.0, 0.0),
}  # fmt: skip
Heights = npt.NDArray[np.float64]


def ground_height(ground: str, x: Heights, z: Heights) -> Heights:
    """Height in metres, float64 of x's shape: 0 within `FLAT_M` of the origin, hills from there on."""
    far, _ = _RELIEF.get(ground, (4.0, 0.0))
    r = np.hypot(x, z)
    k = np.clip((r - FLAT_M) / 160.0, 0.0, 1.0)
    rise = k * k * (3 - 2 * k)
    waves = (
        0.5
        + 0.28 * np.sin(x * 0.021 + 1.3) * np.cos(z * 0.017)
        + 0.16 * np.sin(x * 0.047 - z * 0.039 + 0.7)
        + 0.06 * np.sin(z * 0.11 + x * 0.09)
    )
    return np.asarray(far * rise * waves)


def ground_mesh(ground: str, colour: Rgb, seed: int) -> Mesh:
    """12,800 triangles: cells grow from half a metre at the middle; colours are mottled at several scales."""
    n = 80
    u, v = np.meshgrid(np.linspace(-1, 1, n + 1), np.linspace(-1, 1, n + 1), indexing="xy")
    x, z = u * np.sqrt(1 - v * v / 2), v * np.sqrt(1 - u * u / 2)  # square to disc (Fong's elliptical grid mapping)
    r = np.hypot(x, z)
    stretch = RADIUS_M * (0.045 + 0.955 * r**1.8)
    x, z = (x * stretch).reshape(-1), (z * stretch).reshape(-1)
    positions = np.stack([x, ground_height(ground, x, z), z], axis=1)
    grid = np.arange((n + 1) ** 2, dtype=np.int32).reshape(n + 1, n + 1)
    a, b, c, d = (g.reshape(-1) for g in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]))
    triangles = np.concatenate([np.stack([a, d, c], -1), np.stack([a, c, b], -1)])
    part = smooth_part(positions, triangles, colour).tinted(lambda p, n: _mottle(p, n, seed))
    return finish("ground", part)


def _mottle(p: Heights, n: Heights, seed: int) -> Heights:
    rng = np.random.default_rng(seed)
    shade = np.ones(len(p))
    for wavelength, depth in ((1.7, 0.035), (5.0, 0.05), (14.0, 0.06), (45.0, 0.06)):
        turn, phase = rng.uniform(0, math.pi), rng.uniform(0, 6.28, 2)
        u = (p[:, 0] * math.cos(turn) + p[:, 2] * math.sin(turn)) * 2 * math.pi / wavelength
        v = (p[:, 2] * math.cos(turn) - p[:, 0] * math.sin(turn)) * 2 * math.pi / wavelength
        shade += depth * np.sin(u + phase[0] + np.sin(v * 0.7)) * np.sin(v + phase[1])
    return np.asarray(shade * (0.8 + 0.2 * n[:, 1]))
