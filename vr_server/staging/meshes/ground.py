"""The ground: a disc, flat where people act, rolling or falling away beyond; one height function serves everybody."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vr_server.domain.staging import Rgb
from vr_server.staging.scene import Mesh

from .core import Part, finish, flat_part, merge, smooth_part

RADIUS_M = 400.0
FLAT_M = 45.0
_RELIEF: dict[str, float] = {  # height of far hills, metres
    "red_soil": 16.0, "sand": 12.0, "grass": 9.0, "leaf_litter": 8.0, "snow": 14.0, "asphalt": 0.0, "stone": 3.0, "boards": 0.0,
    "concrete": 0.0, "carpet": 0.0, "metal": 0.0, "cliff": 3.0, "river": 9.0, "beach": 7.0, "seabed": 0.0, "quay": 0.0, "gorge": 6.0,
    "rooftop": 0.0, "basalt": 13.0,
}  # fmt: skip
Heights = npt.NDArray[np.float64]
_WATER: dict[str, float] = {
    "river": -0.16, "beach": -0.16, "seabed": 0.0, "quay": -0.55, "gorge": -7.2, "basalt": -0.45,
}  # fmt: skip


@dataclass(frozen=True)
class Ledge:
    """Where a ground breaks off: the edge runs across z = `edge_z_m` at x = 0, and beyond it, towards -Z, it is
    `drop_m` down to the foot, which lies `reach_m` away from the edge."""

    edge_z_m: float
    drop_m: float
    reach_m: float


_CLIFF = Ledge(-2.4, 58.0, 12.0)
_ROOF = Ledge(-7.6, 32.0, 0.05)
_GORGE = Ledge(-60.0, 9.0, 2.0)
LEDGES: dict[str, Ledge] = {"cliff": _CLIFF, "rooftop": _ROOF}
ROOF_HALF_M = 7.6


def ledge(ground: str) -> Ledge | None:
    """The edge that somebody can jump off, if this ground has one."""
    return LEDGES.get(ground)


def water_level(ground: str) -> float | None:
    """Height of the water's (or lava's) surface in metres, None for dry ground."""
    return _WATER.get(ground)


def cliff_edge(x: Heights) -> Heights:
    """The z of the cliff's edge: a bay, so that its walls are seen from the brink."""
    bay = 34.0 * (1 - np.exp(-((x / 15.0) ** 4))) + 5.0 * (1 - np.exp(-((x / 6.0) ** 2)))
    jag = 0.5 * np.sin(1.3 * x + 0.4) * np.sin(0.45 * x) + 2.6 * np.sin(0.21 * x) ** 2
    return np.asarray(_CLIFF.edge_z_m - bay - jag * np.clip(np.abs(x) / 6.0, 0.12, 1.0))


_CLIFF_S = np.array([0.0, 0.25, 0.9, 1.6, 2.2, 4.2, 5.0, 7.5, 12.0, 40.0, 170.0, 260.0, 420.0])
_CLIFF_H = np.array([0.0, -1.2, -9.0, -18.0, -20.5, -38.0, -40.0, -54.0, -58.0, -61.0, -62.0, -20.0, 26.0])


def cliff_profile(out_m: Heights) -> Heights:
    """Height in metres of the face and the valley, `out_m` metres beyond the edge."""
    return np.asarray(np.interp(out_m, _CLIFF_S, _CLIFF_H))


def _cliff(x: Heights, z: Heights) -> Heights:
    return cliff_profile(cliff_edge(x) - z)


def _trench(
    middle: float, half: float, depth: float, bank: float, bend: float
) -> Callable[[Heights, Heights], Heights]:
    """A bed along X that bends, with banks of width `bank`."""

    def height(x: Heights, z: Heights) -> Heights:
        away = np.abs(z - middle - bend * np.sin(x * 0.07 + 0.6))
        return np.asarray(-depth * (1 - np.clip((away - half) / bank, 0.0, 1.0) ** 1.5))

    return height


def _shore(x: Heights, z: Heights) -> Heights:
    out = -4.2 + 0.8 * np.sin(x * 0.06 + 0.5) - z
    return np.asarray(-np.clip(out * 0.16, 0.0, 7.0) + np.clip(-(out + 30.0) * 0.03, 0.0, 1.5))


def _quay(_x: Heights, z: Heights) -> Heights:
    return np.asarray(np.where(z < -5.0, -6.0, 0.0))


def _roof(x: Heights, z: Heights) -> Heights:
    on = (np.abs(x) <= ROOF_HALF_M) & (np.abs(z) <= ROOF_HALF_M + 1.4)
    return np.asarray(np.where(on, 0.0, -_ROOF.drop_m))


def _gorge(x: Heights, z: Heights) -> Heights:
    """A river far below: its bed runs along X under the bridge."""
    away = np.abs(z + 6.0 + 2.0 * np.sin(x * 0.05))
    return np.asarray(-9.0 * (1 - np.clip((away - 15.0) / 8.0, 0.0, 1.0) ** 1.2))


_SHAPES: dict[str, Callable[[Heights, Heights], Heights]] = {
    "cliff": _cliff, "river": _trench(-12.5, 5.6, 1.5, 2.4, 1.2), "beach": _shore, "seabed": lambda x, _z: np.full_like(x, -7.0),
    "quay": _quay, "gorge": _gorge, "rooftop": _roof, "basalt": _trench(-11.0, 2.6, 1.4, 1.5, 1.0),
}  # fmt: skip


def ground_height(ground: str, x: Heights, z: Heights) -> Heights:
    """Height in metres, float64 of x's shape: 0 where people act, hills from `FLAT_M` on, and the ground's own shape."""
    x, z = np.asarray(x, dtype=np.float64), np.asarray(z, dtype=np.float64)
    r = np.hypot(x, z)
    k = np.clip((r - FLAT_M) / 160.0, 0.0, 1.0)
    rise = k * k * (3 - 2 * k)
    waves = (
        0.5
        + 0.28 * np.sin(x * 0.021 + 1.3) * np.cos(z * 0.017)
        + 0.16 * np.sin(x * 0.047 - z * 0.039 + 0.7)
        + 0.06 * np.sin(z * 0.11 + x * 0.09)
    )
    hills = _RELIEF.get(ground, 4.0) * rise * waves
    shape = _SHAPES.get(ground)
    if shape is None:
        return np.asarray(hills)
    own = shape(x, z)
    return np.asarray(own + hills * (own > -0.02) if ground in {"river", "basalt", "beach", "gorge"} else own + hills)


def ground_mesh(ground: str, colour: Rgb, seed: int) -> Mesh:
    """12,800 triangles and more: cells grow from half a metre at the middle; colours are mottled at several scales."""
    part = _rows(_cliff_rows(), seed) if ground == "cliff" else _disc(ground, seed)
    if ground == "quay":
        part = _rows([-400.0, -120.0, -40.0, -5.02, -5.0, -2.0, 2.0, 8.0, 20.0, 60.0, 400.0], seed, ground)
    whole = Part(part.positions, part.normals, part.colours * np.array(colour), part.triangles)
    return finish("ground", whole.tinted(lambda p, n: _mottle(p, n, seed)))


def _quads(rows: int, columns: int) -> npt.NDArray[np.int32]:
    grid = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    a, b, c, d = (g.reshape(-1) for g in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]))
    return np.concatenate([np.stack([a, d, c], -1), np.stack([a, c, b], -1)])


def _disc(ground: str, _seed: int) -> Part:
    """White, of the ground's height; what a shape cuts steeply gets a finer net where people look."""
    n = 80 if ground not in _SHAPES else 150
    u, v = np.meshgrid(np.linspace(-1, 1, n + 1), np.linspace(-1, 1, n + 1), indexing="xy")
    x, z = u * np.sqrt(1 - v * v / 2), v * np.sqrt(1 - u * u / 2)  # square to disc (Fong's elliptical grid mapping)
    r = np.hypot(x, z)
    stretch = RADIUS_M * (0.045 + 0.955 * r**1.8)
    x, z = (x * stretch).reshape(-1), (z * stretch).reshape(-1)
    height = ground_height(ground, x, z) if ground != "rooftop" else np.full_like(x, -_ROOF.drop_m)
    return smooth_part(np.stack([x, height, z], axis=1), _quads(n + 1, n + 1), (1.0, 1.0, 1.0))


def _cliff_rows() -> list[float]:
    near = [0.0, -0.35, -0.9, -1.7, -3.0, -5.0, -8.0, -12.0, -18.0, -28.0, -45.0, -80.0, -150.0, -260.0, -420.0]
    return [*(float(s) for s in _CLIFF_S[::-1]), *near[1:]]


def _columns() -> Heights:
    k = np.linspace(-1, 1, 121)
    return np.asarray(np.sign(k) * (26.0 * np.abs(k) + (RADIUS_M - 26.0) * np.abs(k) ** 3.5))


def _rows(rows: list[float], seed: int, ground: str = "cliff") -> Part:
    """A net whose rows follow the edge, so that it breaks off sharply: face of bare rock, smooth above and below.

    `rows`: for the cliff metres beyond its edge, from far to near; else z.
    """
    x = _columns()
    edge = cliff_edge(x) if ground == "cliff" else np.zeros_like(x)
    parts = []
    rng = np.random.default_rng(seed)
    s = np.array(rows)
    z = edge[None, :] - s[:, None] if ground == "cliff" else np.repeat(s[:, None], len(x), 1)
    xs = np.repeat(x[None, :], len(rows), 0)
    y = ground_height(ground, xs, z)
    if ground == "cliff":
        # ledges and gullies of the face: nobody stands there
        face = (s > 0.1) & (s < 30.0)
        rough = rng.normal(size=y.shape) * np.where(face, 0.55, 0.0)[:, None]
        gully = np.sin(xs * 0.55 + 2 * np.sin(xs * 0.13)) * np.where(face, np.minimum(1.4, 0.5 * s), 0.0)[:, None]
        z = z + rough + gully
    points = np.stack([xs, y, z], axis=-1)
    steep = np.abs(np.diff(y[:, len(x) // 2])) > 1.1 * np.maximum(np.abs(np.diff(s)), 1e-3)
    start = 0
    for i in range(1, len(steep) + 1):
        if i == len(steep) or steep[i] != steep[start]:
            block = points[start : i + 1].reshape(-1, 3)
            make = flat_part if steep[start] else smooth_part
            parts.append(make(block, _quads(i - start + 1, len(x)), (1.0, 1.0, 1.0)))
            start = i
    return merge(parts)


def _mottle(p: Heights, n: Heights, seed: int) -> Heights:
    rng = np.random.default_rng(seed)
    shade = np.ones(len(p))
    for wavelength, depth in ((1.7, 0.05), (5.0, 0.07), (14.0, 0.07), (45.0, 0.06)):
        turn, phase = rng.uniform(0, math.pi), rng.uniform(0, 6.28, 2)
        u = (p[:, 0] * math.cos(turn) + p[:, 2] * math.sin(turn)) * 2 * math.pi / wavelength
        v = (p[:, 2] * math.cos(turn) - p[:, 0] * math.sin(turn)) * 2 * math.pi / wavelength
        shade += depth * np.sin(u + phase[0] + np.sin(v * 0.7)) * np.sin(v + phase[1])
    return np.asarray(shade * (0.8 + 0.2 * n[:, 1]))


_LITTER: dict[str, tuple[str, int, tuple[float, float], tuple[Rgb, ...]]] = {  # what, how many, sizes, tones
    "red_soil": ("pebble", 420, (0.02, 0.09), ((0.30, 0.11, 0.055), (0.20, 0.075, 0.04))), "sand": ("pebble", 260, (0.015, 0.06), ((0.42, 0.31, 0.2), (0.3, 0.24, 0.17))),
    "grass": ("blade", 900, (0.05, 0.16), ((0.17, 0.24, 0.06), (0.26, 0.28, 0.09), (0.12, 0.19, 0.05))), "leaf_litter": ("leaf", 700, (0.05, 0.12), ((0.26, 0.17, 0.06), (0.30, 0.22, 0.07), (0.13, 0.10, 0.05))),
    "cliff": ("pebble", 480, (0.02, 0.12), ((0.22, 0.2, 0.18), (0.34, 0.31, 0.27))), "river": ("blade", 900, (0.05, 0.16), ((0.17, 0.24, 0.06), (0.25, 0.27, 0.09))),
    "beach": ("pebble", 320, (0.015, 0.05), ((0.7, 0.66, 0.58), (0.36, 0.33, 0.29))), "basalt": ("pebble", 480, (0.03, 0.14), ((0.05, 0.045, 0.042), (0.1, 0.085, 0.08))),
    "snow": ("pebble", 90, (0.02, 0.07), ((0.7, 0.73, 0.78), (0.3, 0.29, 0.28))), "stone": ("pebble", 130, (0.01, 0.035), ((0.3, 0.28, 0.25), (0.22, 0.2, 0.17))),
    "asphalt": ("pebble", 90, (0.008, 0.022), ((0.24, 0.23, 0.22), (0.1, 0.1, 0.1))),
}  # fmt: skip
LITTER_M = 15.0
"""How far from the middle small things lie about."""


def litter_mesh(ground: str, seed: int) -> Mesh | None:
    """Pebbles, blades or fallen leaves strewn over the near ground, denser at its middle; None where it is swept."""
    if ground not in _LITTER:
        return None
    what, count, (small, large), tones = _LITTER[ground]
    rng = np.random.default_rng((seed, 9))
    far, turn = LITTER_M * rng.uniform(0.02, 1.0, count) ** 0.75, rng.uniform(0, 2 * math.pi, count)
    x, z = far * np.sin(turn), far * np.cos(turn)
    y = ground_height(ground, x, z)
    level = water_level(ground)
    dry = (y > -0.05) if level is not None or ground == "cliff" else np.ones(count, dtype=bool)
    size = small + (large - small) * rng.uniform(size=count) ** 2
    spin = rng.uniform(0, 2 * math.pi, count)
    corners = {"pebble": _PEBBLE, "blade": _BLADE, "leaf": _FLAKE}[what]
    c, s = np.cos(spin)[:, None], np.sin(spin)[:, None]
    local = corners[0][None] * size[:, None, None]
    local = np.stack([local[..., 0] * c + local[..., 2] * s, local[..., 1], local[..., 2] * c - local[..., 0] * s], -1)
    points = (local + np.stack([x, y, z], 1)[:, None])[dry]
    faces = corners[1]
    triangles = (np.arange(len(points))[:, None, None] * len(corners[0]) + faces[None]).reshape(-1, 3).astype(np.int32)
    tone = np.array(tones)[rng.integers(len(tones), size=count)] * rng.uniform(0.75, 1.25, (count, 1))
    part = smooth_part(points.reshape(-1, 3), triangles, (1.0, 1.0, 1.0))
    colours = np.repeat(tone[dry], len(corners[0]), axis=0)
    normals = part.normals if what == "pebble" else np.tile((0.0, 1.0, 0.0), (len(part.positions), 1))
    return finish("litter", Part(part.positions, normals, colours, triangles), two_sided=what != "pebble")


_PEBBLE = (
    np.array([(-1, -0.1, -0.6), (0.9, -0.1, -0.7), (0.8, -0.1, 0.7), (-0.8, -0.1, 0.8), (0.1, 0.55, 0.0)]),
    np.array([(0, 4, 1), (1, 4, 2), (2, 4, 3), (3, 4, 0)]),
)
_BLADE = (
    np.array(
        [
            (-0.14, 0, 0),
            (0.14, 0, 0),
            (0.3, 1, 0.25),
            (0.3, 0, 0.35),
            (0.5, 0, 0.2),
            (0.1, 0.8, 0.7),
            (-0.3, 0, 0.3),
            (-0.15, 0, 0.5),
            (-0.7, 0.75, 0.6),
        ]
    ),
    np.array([(0, 1, 2), (3, 4, 5), (6, 7, 8)]),
)
_FLAKE = (
    np.array([(0, 0.02, -1), (0.42, 0.16, 0), (0, 0.05, 1), (-0.42, 0.12, 0)]),
    np.array([(0, 3, 1), (1, 3, 2)]),
)
