"""Town blocks, a Chinese hall, walls, columns and ruins. Unit: metres; footprint centred, front at +Z, base at y = 0."""

import math

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.scene import Mesh

from .core import Part, boulder, box, finish, lathe, merge, mix, smooth_part, times, tube

_PLASTERS: tuple[Rgb, ...] = (
    (0.58, 0.50, 0.40),
    (0.50, 0.36, 0.28),
    (0.62, 0.57, 0.50),
    (0.42, 0.30, 0.25),
    (0.52, 0.52, 0.48),
)
_GLASS: Rgb = (0.07, 0.09, 0.11)
_STONE: Rgb = (0.52, 0.47, 0.38)
_TILE: Rgb = (0.13, 0.14, 0.15)
_RED: Rgb = (0.34, 0.06, 0.035)


def _window(x: float, y: float, z: float, w: float, h: float, trim: Rgb) -> list[Part]:
    return [
        box((w, h, 0.06), _GLASS, (x, y, z - 0.01)),
        box((w + 0.28, 0.12, 0.2), trim, (x, y - h / 2 - 0.04, z + 0.04)),
        box((w + 0.2, 0.14, 0.12), trim, (x, y + h / 2 + 0.05, z + 0.02)),
        box((0.05, h, 0.08), trim, (x, y, z + 0.01)),
    ]


def building(seed: int, size: tuple[float, float, float]) -> tuple[Mesh, ...]:
    """A town house: plinth, rows of framed windows and a door on its front, string courses, cornice, parapet or roof."""
    rng = np.random.default_rng(seed)
    w, h, d = size
    wall = _PLASTERS[int(rng.integers(len(_PLASTERS)))]
    trim = mix(wall, (0.78, 0.75, 0.68), 0.55)
    pitched = bool(rng.uniform() < 0.45)
    body_h = h * (0.82 if pitched else 0.95)
    front = d / 2
    parts = [
        box((w, body_h, d), wall, (0.0, body_h / 2, 0.0)).tinted(lambda p, _: 0.86 + 0.14 * np.clip(p[:, 1] / h, 0, 1))
    ]
    parts.append(box((w + 0.16, 0.7, d + 0.16), times(wall, 0.68), (0.0, 0.35, 0.0)))
    floors = max(2, round(body_h / 3.3))
    storey = body_h / floors
    bays = max(2, round(w / 2.6))
    pitch = w / bays
    door = int(rng.integers(bays))
    for f in range(floors):
        for b in range(bays):
            x = -w / 2 + pitch * (b + 0.5)
            if f == 0 and b == door:
                parts.append(box((1.25, 2.3, 0.08), (0.16, 0.08, 0.05), (x, 1.15, front)))
                parts.append(box((1.65, 0.22, 0.5), trim, (x, 2.45, front + 0.2)))
                parts.append(box((1.9, 0.16, 0.7), _STONE, (x, 0.08, front + 0.3)))
                continue
            parts += _window(x, storey * (f + 0.55), front, pitch * 0.42, storey * 0.5, trim)
        if f:
            parts.append(box((w + 0.12, 0.14, d + 0.12), trim, (0.0, storey * f, 0.0)))
    parts.append(box((w + 0.5, 0.3, d + 0.5), trim, (0.0, body_h - 0.1, 0.0)))
    if pitched:
        parts.append(_gable(w + 0.7, h - body_h, d + 0.7).moved((0.0, body_h + 0.05, 0.0)))
        parts.append(box((0.7, 1.0, 0.7), times(wall, 0.7), (w * 0.28, h - 0.5, 0.0)))
    else:
        parts.append(box((w, h - body_h, d), times(wall, 0.92), (0.0, (h + body_h) / 2, 0.0)))
    return (finish("building", *parts),)


def _gable(w: float, h: float, d: float) -> Part:
    corners = np.array(
        [(-w / 2, 0, -d / 2), (w / 2, 0, -d / 2), (w / 2, 0, d / 2), (-w / 2, 0, d / 2), (-w / 2, h, 0), (w / 2, h, 0)]
    )
    faces = np.array(
        [(3, 2, 5), (3, 5, 4), (1, 0, 4), (1, 4, 5), (0, 3, 4), (2, 1, 5), (0, 1, 2), (0, 2, 3)], dtype=np.int32
    )
    flat = corners[faces.reshape(-1)]
    return smooth_part(flat, np.arange(len(flat), dtype=np.int32).reshape(-1, 3), (0.24, 0.11, 0.08))


def curved_roof(w: float, d: float, rise: float, overhang: float) -> Part:
    """A hipped roof whose slopes sag and whose corners lift: a grid over the plan, closed from below."""
    n = 18
    u = np.linspace(-1, 1, n + 1)
    xs, zs = np.meshgrid(u, u, indexing="xy")
    ridge = 0.5
    slope = np.maximum(np.maximum((np.abs(xs) - ridge) / (1 - ridge), 0.0), np.abs(zs))
    height = rise * (1 - slope) ** 1.7
    corner = np.clip((np.abs(xs) + np.abs(zs) - 1.35) / 0.65, 0, 1)
    lift = rise * 0.3 * corner**2
    x = xs * (w / 2 + overhang)
    z = zs * (d / 2 + overhang)
    top = np.stack([x, height + lift, z], axis=-1).reshape(-1, 3)
    under = np.stack([x, lift - 0.18, z], axis=-1).reshape(-1, 3)
    grid = np.arange((n + 1) ** 2, dtype=np.int32).reshape(n + 1, n + 1)
    a, b, c, e = (g.reshape(-1) for g in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]))
    up = np.concatenate([np.stack([a, e, c], 1), np.stack([a, c, b], 1)])
    rim = np.concatenate([grid[0, ::-1], grid[1:, 0], grid[-1, 1:], grid[-2:0:-1, -1]])
    nxt = np.roll(rim, -1)
    off = len(top)
    skirt = np.concatenate([np.stack([rim, rim + off, nxt + off], 1), np.stack([rim, nxt + off, nxt], 1)]).astype(
        np.int32
    )
    tiles = smooth_part(top, up, _TILE).tinted(lambda p, _: np.where(np.sin(p[:, 0] * 8.0) > 0, 1.15, 0.8))
    soffit = smooth_part(under, up[:, ::-1], times(_RED, 0.8))
    edge = smooth_part(np.concatenate([top, under]), skirt, (0.2, 0.17, 0.13))
    return merge([tiles, soffit, edge])


def chinese_hall(seed: int, size: tuple[float, float, float]) -> tuple[Mesh, ...]:
    """Stone terrace with steps, red columns, lattice doors, bracket course and a roof with curved eaves."""
    w, h, d = size
    over = min(w, d) * 0.14
    bw, bd = w - 2 * over, d - 2 * over
    base, column = h * 0.1, h * 0.42
    parts = [box((w * 0.96, base, d * 0.96), _STONE, (0.0, base / 2, 0.0))]
    for i in range(4):
        high = base * (1 - i / 4)
        step = box((bw * 0.3, high, 0.35), times(_STONE, 0.92), (0.0, high / 2, d * 0.48 + 0.35 * (i + 0.5)))
        parts.append(step)
    parts.append(box((bw * 0.9, column, bd * 0.8), (0.42, 0.30, 0.2), (0.0, base + column / 2, 0.0)))
    bays = max(3, round(bw / 2.8))
    for i in range(bays + 1):
        x = -bw / 2 + bw * i / bays
        for z in (bd / 2, -bd / 2):
            parts.append(lathe([(0.2, base), (0.17, base + column)], _RED, 8, cap=False).moved((x, 0.0, z)))
            parts.append(lathe([(0.32, base), (0.26, base + 0.16)], _STONE, 8).moved((x, 0.0, z)))
    for i in range(bays):
        x = -bw * 0.45 + bw * 0.9 * (i + 0.5) / bays
        wide = bw * 0.9 / bays * 0.78
        z = bd * 0.4 + 0.03
        parts.append(box((wide, column * 0.8, 0.06), (0.10, 0.045, 0.03), (x, base + column * 0.42, z)))
        bars = [x - wide / 2 + wide * k / 4 for k in range(1, 4)]
        parts += [box((0.06, column * 0.8, 0.09), _RED, (bar, base + column * 0.42, z)) for bar in bars]
        parts += [box((wide, 0.06, 0.09), _RED, (x, base + column * (0.2 + 0.2 * k), z)) for k in range(1, 3)]
    top = base + column
    parts.append(box((bw + 0.5, 0.3, bd + 0.5), (0.10, 0.16, 0.17), (0.0, top + 0.1, 0.0)))
    parts.append(box((bw + 1.0, 0.22, bd + 1.0), (0.30, 0.12, 0.05), (0.0, top + 0.34, 0.0)))
    rise = h - top - 0.6
    parts.append(curved_roof(bw, bd, rise, over).moved((0.0, top + 0.5, 0.0)))
    parts.append(box((bw * 0.5, 0.3, 0.3), times(_TILE, 1.3), (0.0, h - 0.1, 0.0)))
    return (finish(f"chinese-hall-{seed % 2}", *parts),)


def wall(seed: int, size: tuple[float, float, float]) -> tuple[Mesh, ...]:
    """A courtyard wall with a stone foot and a tiled coping."""
    w, h, d = size
    body = box((w, h * 0.86, d), (0.55, 0.50, 0.43), (0.0, h * 0.43, 0.0))
    foot = box((w, h * 0.2, d * 1.15), times(_STONE, 0.7), (0.0, h * 0.1, 0.0))
    cope = _gable(w, h * 0.14, d * 1.6).moved((0.0, h * 0.86, 0.0))
    return (finish(f"wall-{seed % 2}", body, foot, cope),)


def column(seed: int, height: float = 6.0) -> tuple[Mesh, ...]:
    """A fluted column on a base; two of three are broken."""
    rng = np.random.default_rng(seed)
    whole = seed % 3 == 0
    r = height * 0.075
    shaft = lathe([(r, 0.5), (r * 1.02, height * 0.35), (r * 0.86, height * 0.92)], _STONE, 16)
    flute = shaft.tinted(lambda p, _: 0.84 + 0.16 * (np.sin(np.arctan2(p[:, 0], p[:, 2]) * 8) > 0))
    parts = [
        box((r * 3.2, 0.25, r * 3.2), _STONE, (0.0, 0.1, 0.0)),
        lathe([(r * 1.45, 0.2), (r * 1.45, 0.38), (r * 1.1, 0.52)], _STONE, 16),
        flute,
    ]
    if whole:
        parts += [
            lathe([(r * 0.9, height * 0.9), (r * 1.4, height * 0.96)], _STONE, 16),
            box((r * 3, height * 0.04, r * 3), _STONE, (0, height * 0.98, 0)),
        ]
    else:
        parts.append(boulder((r * 0.9, r * 0.7, r * 0.9), _STONE, seed, 0.4, 1).moved((0.0, height * 0.92, 0.0)))
        parts.append(
            lathe([(r, 0.0), (r, height * 0.18)], _STONE, 12).moved(
                (r * 4.0, r, 0.6), np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
            )
        )
    return (
        finish(
            "column", merge(parts).tinted(lambda p, _: 0.85 + 0.15 * np.sin(p[:, 1] * 3.1 + float(rng.uniform(0, 6))))
        ),
    )


def ruin(seed: int, size: tuple[float, float, float]) -> tuple[Mesh, ...]:
    """A broken wall with an arch, its top eaten away, and fallen blocks."""
    rng = np.random.default_rng(seed)
    w, h, d = size
    course, parts = 0.55, []
    rows = max(3, int(h / course))
    cols = max(4, int(w / 0.9))
    profile = 0.55 + 0.45 * np.sin(np.linspace(0.3, 2.9, cols) + rng.uniform(-0.7, 0.7)) * rng.uniform(0.75, 1.0, cols)
    gate = int(cols * rng.uniform(0.3, 0.7))
    for c in range(cols):
        for r in range(int(rows * min(1.0, float(profile[c])))):
            if abs(c - gate) <= 1 and r < rows * 0.5 and not (abs(c - gate) == 1 and r >= rows * 0.5 - 1):
                continue
            shift = 0.45 if r % 2 else 0.0
            tone = times(_STONE, float(rng.uniform(0.68, 1.02)))
            x = -w / 2 + (c + 0.5) * w / cols + shift * 0.5
            parts.append(
                box(
                    (w / cols * 0.985, course * 0.985, d * float(rng.uniform(0.92, 1.02))),
                    tone,
                    (x, course * (r + 0.5), 0.0),
                )
            )
    for _ in range(7):
        s = float(rng.uniform(0.3, 0.75))
        turn = float(rng.uniform(0, math.pi))
        block = box((s * 1.4, s, s), times(_STONE, float(rng.uniform(0.6, 0.95))))
        rot = np.array([[math.cos(turn), 0, math.sin(turn)], [0, 1, 0], [-math.sin(turn), 0, math.cos(turn)]])
        parts.append(block.moved((float(rng.uniform(-w / 2, w / 2)), s * 0.42, float(rng.uniform(0.5, 1.4)) * d), rot))
    return (finish("ruin", *parts),)


def bridge(seed: int, size: tuple[float, float, float]) -> tuple[Mesh, ...]:
    """A stone arch bridge along Z with parapets."""
    w, h, d = size
    n = 12
    z = np.linspace(-d / 2, d / 2, n + 1)
    y = h * 0.75 * np.cos(z / d * math.pi)
    parts = []
    for i in range(n):
        zc, yc = (z[i] + z[i + 1]) / 2, (y[i] + y[i + 1]) / 2
        parts.append(box((w, 0.35, d / n * 1.06), _STONE, (0.0, float(yc), float(zc))))
        rail = (0.25, h * 0.3, d / n * 1.06)
        parts += [box(rail, times(_STONE, 0.9), (x, float(yc) + h * 0.17, float(zc))) for x in (-w / 2, w / 2)]
    arch = tube(np.stack([np.zeros(n + 1), y - 0.3 - w * 0.3, z], 1), [w * 0.48] * (n + 1), times(_STONE, 0.7), 4)
    return (finish(f"bridge-{seed % 2}", *parts, arch),)
