"""The night side of a town: neon signs, market stalls, strings of lanterns, brick alleys with their pipes and stairs.

Unit: metres; footprint centred, front at +Z, base at y = 0. Glowing meshes are separate: the renderer takes small ones for lamps.
"""

from dataclasses import replace

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import vec
from vr_server.staging.scene import Mesh

from .core import Part, box, ellipsoid, finish, lathe, merge, mix, smooth_part, times, tube

NEON: tuple[Rgb, ...] = (
    (1.0, 0.06, 0.32),
    (0.05, 0.75, 1.0),
    (1.0, 0.42, 0.05),
    (0.62, 0.12, 1.0),
    (0.1, 1.0, 0.45),
    (1.0, 0.16, 0.08),
)
_IRON: Rgb = (0.045, 0.045, 0.05)
_BRICKS: tuple[Rgb, ...] = ((0.27, 0.115, 0.075), (0.20, 0.15, 0.13), (0.30, 0.21, 0.14))
_PAPER: Rgb = (0.85, 0.10, 0.035)
_BULB: Rgb = (1.0, 0.72, 0.36)


def _glyph(rng: np.random.Generator, x: float, y: float, side: float, z: float, colour: Rgb) -> list[Part]:
    """Strokes that read as one character of no known script, in a square."""
    t = side * 0.12
    rows = [y + side * k for k in (-0.4, -0.13, 0.14, 0.4)]
    parts = [
        box((side * float(rng.uniform(0.55, 0.95)), t, 0.05), colour, (x, r, z)) for r in rows if rng.uniform() < 0.75
    ]
    for k in (-0.36, 0.0, 0.36):
        if rng.uniform() < 0.6:
            a, b = sorted(rng.choice(4, 2, replace=False))
            parts.append(box((t, rows[b] - rows[a] + t, 0.05), colour, (x + side * k, (rows[a] + rows[b]) / 2, z)))
    return parts or [box((side * 0.8, t, 0.05), colour, (x, y, z))]


def neon_sign(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A dark board with glowing characters on both faces and a glowing rim: a blade over the street, or a fascia."""
    rng = np.random.default_rng(seed)
    w, h, d = size
    colour = NEON[seed % len(NEON)]
    other = NEON[(seed // 7 + 1 + seed) % len(NEON)]
    board = box((w, h, d), (0.02, 0.02, 0.03), (0.0, h / 2, 0.0))
    strokes: list[Part] = []
    upright = h > w
    count = max(1, round((h / w if upright else w / h) * 0.95))
    side = 0.66 * (w if upright else h)
    for i in range(count):
        k = (i + 0.5) / count
        x, y = (0.0, h * (1 - k)) if upright else (-w / 2 + w * k, h / 2)
        glyph = _glyph(
            rng, x, y, min(side, 0.8 * (h if upright else w) / count), d / 2 + 0.03, mix(colour, (1, 1, 1), 0.12)
        )
        strokes += glyph
        strokes += [
            Part(p.positions * (1, 1, -1), p.normals * (1, 1, -1), p.colours, p.triangles[:, ::-1].copy())
            for p in glyph
        ]
    rim = [box((w + 0.04, 0.05, d * 1.3), other, (0.0, y, 0.0)) for y in (0.03, h - 0.03)]
    rim += [box((0.05, h, d * 1.3), other, (x, h / 2, 0.0)) for x in (-w / 2, w / 2)]
    return (
        finish("neon-board", board),
        finish("neon-glyph", *strokes, emission=2.6),
        finish("neon-rim", *rim, emission=1.7),
    )


def _awning(w: float, d: float, low: float, high: float, a: Rgb, b: Rgb) -> Part:
    """Striped cloth sloping down to the front (+Z), with a scalloped valance, seen from both sides."""
    n = max(4, round(w / 0.28))
    parts = []
    for i in range(n):
        x0, x1 = -w / 2 + w * i / n, -w / 2 + w * (i + 1) / n
        p = np.array([(x0, high, -d / 2), (x0, low, d / 2), (x1, low, d / 2), (x1, high, -d / 2), (x0, low - 0.2, d / 2), ((x0 + x1) / 2, low - 0.27, d / 2), (x1, low - 0.2, d / 2)])  # fmt: skip
        tri = np.array([(0, 1, 2), (0, 2, 3), (1, 4, 5), (1, 5, 2), (2, 5, 6)], dtype=np.int32)
        corners = p[tri.reshape(-1)]
        parts.append(smooth_part(corners, np.arange(15, dtype=np.int32).reshape(-1, 3), a if i % 2 else b))
    return merge(parts)


def neon_post(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A neon blade on a post: for grounds without walls to hang one on."""
    w, h, d = size
    tall = max(h - 2.8, 0.4 * h)
    board, *glows = neon_sign(seed, (w, tall, d))
    post = lathe([(0.09, 0.0), (0.06, 0.2), (0.05, h - tall)], _IRON, 8)
    base = finish(
        "neon-board",
        post,
        Part(
            board.positions.astype(np.float64) + vec(0, h - tall, 0),
            board.normals.astype(np.float64),
            board.colours.astype(np.float64),
            board.triangles,
        ),
    )
    return (base, *(replace(m, positions=m.positions + np.array([0, h - tall, 0], dtype=np.float32)) for m in glows))


_CLOTHS: tuple[tuple[Rgb, Rgb], ...] = (
    ((0.52, 0.04, 0.03), (0.70, 0.64, 0.52)), ((0.04, 0.16, 0.34), (0.68, 0.66, 0.6)), ((0.06, 0.26, 0.12), (0.66, 0.6, 0.42)),
    ((0.6, 0.24, 0.03), (0.62, 0.1, 0.04)), ((0.3, 0.05, 0.3), (0.6, 0.45, 0.2)),
)  # fmt: skip


def stall(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A market stall: counter with baskets of goods, poles, a striped awning, bulbs and a small lit sign; open at +Z."""
    rng = np.random.default_rng(seed)
    w, h, d = size
    a, b = _CLOTHS[seed % len(_CLOTHS)]
    top = 0.86
    parts = [box((w * 0.94, top, d * 0.45), (0.24, 0.14, 0.075), (0.0, top / 2, d * 0.2))]
    parts.append(box((w, 0.06, d * 0.52), (0.36, 0.23, 0.12), (0.0, top, d * 0.2)))
    parts.append(box((w * 0.94, top * 0.7, 0.03), times(a, 0.8), (0.0, top * 0.46, d * 0.44)))
    parts += [box((0.07, h * 0.95, 0.07), (0.12, 0.08, 0.05), (x, h * 0.475, z)) for x in (-w / 2 + 0.06, w / 2 - 0.06) for z in (-d / 2 + 0.08, d / 2 - 0.08)]  # fmt: skip
    parts.append(box((w * 0.92, h * 0.62, 0.04), (0.16, 0.10, 0.07), (0.0, h * 0.36, -d / 2 + 0.06)))
    parts += [box((w * 0.9, 0.04, 0.25), (0.3, 0.2, 0.1), (0.0, y, -d / 2 + 0.2)) for y in (1.1, 1.5)]
    for x in np.arange(-w / 2 + 0.3, w / 2 - 0.2, 0.42):
        tone = ((0.7, 0.12, 0.05), (0.75, 0.45, 0.05), (0.2, 0.42, 0.08), (0.6, 0.5, 0.3), (0.5, 0.08, 0.2))[int(rng.integers(5))]  # fmt: skip
        parts.append(lathe([(0.13, 0.0), (0.19, 0.12)], (0.4, 0.27, 0.13), 8).moved((float(x), top + 0.03, d * 0.2)))
        parts += [
            ellipsoid((0.055, 0.05, 0.055), times(tone, float(rng.uniform(0.8, 1.2))), (float(x) + 0.085 * np.sin(k * 1.9), top + 0.17 + 0.04 * (k % 3), d * 0.2 + 0.085 * np.cos(k * 1.9)), 0)
            for k in range(7)
        ]  # fmt: skip
        if rng.uniform() < 0.7:
            tall = float(rng.uniform(0.16, 0.3))
            parts.append(box((0.16, tall, 0.14), times(tone, 0.8), (float(x), 1.12 + tall / 2, -d / 2 + 0.2)))
    cloth = _awning(w + 0.3, d + 0.5, h * 0.8, h, a, b).moved((0.0, 0.0, 0.1))
    bulbs = [lathe([(0.03, -0.09), (0.065, 0.0), (0.03, 0.08)], _BULB, 8).moved((x, h * 0.76, d * 0.34)) for x in (-w * 0.27, w * 0.27)]  # fmt: skip
    return (
        finish("stall", *parts), finish("stall-awning", cloth, two_sided=True), finish("lamp-bulbs", *bulbs, emission=3.4),
    )  # fmt: skip


def lantern_string(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """Paper lanterns on a sagging line along X, hung between two walls; the line's ends are at the top."""
    w, h, _ = size
    n = max(3, round(w / 0.85))
    x = np.linspace(-w / 2, w / 2, n * 2 + 1)
    y = h - (h - 0.62) * (1 - (2 * x / w) ** 2)
    line = tube(np.stack([x, y, 0 * x], 1), [0.012] * len(x), (0.03, 0.025, 0.02), 4)
    colour = _PAPER if seed % 3 else (1.0, 0.55, 0.14)
    paper, caps = [], []
    for i in range(1, 2 * n, 2):
        at = (float(x[i]), float(y[i]) - 0.34, 0.0)
        paper.append(
            lathe([(0.09, -0.2), (0.18, -0.12), (0.215, 0.0), (0.18, 0.12), (0.09, 0.2)], colour, 10).moved(at)
        )
        caps += [lathe([(0.095, k), (0.095, k + 0.05)], (0.5, 0.34, 0.08), 8).moved(at) for k in (-0.25, 0.2)]
        caps.append(box((0.03, 0.2, 0.03), (0.6, 0.1, 0.03), (at[0], at[1] - 0.34, 0.0)))
    glow = finish("lantern-paper", *paper, emission=0.98)
    # what lights the lane is two flames within the paper
    warm = (1.0, 0.56, 0.26) if colour == _PAPER else (1.0, 0.66, 0.3)
    flames = [
        finish("lantern-flame", ellipsoid((0.06, 0.08, 0.06), warm, (float(x[i]), float(y[i]) - 0.34, 0.0), 1), emission=7.0)
        for i in (2 * (n // 3) + 1, 2 * n - 2 * (n // 3) - 1)
    ]  # fmt: skip
    return (finish("lantern-line", line, *caps), glow, *flames)


def shop_front(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A narrow town house with a lit shop below: window, door, fascia, upper windows (some lit), a coping."""
    rng = np.random.default_rng(seed)
    w, h, d = size
    wall = ((0.26, 0.24, 0.23), (0.30, 0.19, 0.14), (0.17, 0.19, 0.21), (0.34, 0.29, 0.22))[seed % 4]
    front = d / 2
    parts = [
        box((w, h, d), wall, (0.0, h / 2, 0.0)),
        box((w + 0.2, 0.3, d + 0.2), times(wall, 1.3), (0.0, h - 0.15, 0.0)),
    ]
    parts.append(box((w, 0.5, 0.35), times(wall, 0.5), (0.0, 3.05, front + 0.1)))
    parts += [
        box((0.14, 3.0, 0.2), times(wall, 0.6), (x, 1.5, front + 0.05)) for x in (-w / 2 + 0.07, w * 0.14, w / 2 - 0.07)
    ]
    parts.append(box((w * 0.62, 0.55, 0.18), times(wall, 0.7), (-w * 0.18, 0.28, front + 0.05)))
    inside = ((1.0, 0.70, 0.36), (1.0, 0.50, 0.24), (0.62, 0.85, 1.0))[int(rng.integers(3))]
    shop = [finish("window-lit", box((w * 0.58, 2.2, 0.05), inside, (-w * 0.18, 1.65, front + 0.01)), emission=0.9)]
    goods = [box((0.3, float(rng.uniform(0.3, 1.2)), 0.05), times(inside, float(rng.uniform(0.1, 0.4))), (float(x), 0.9, front + 0.05)) for x in np.arange(-w * 0.42, w * 0.08, 0.45)]  # fmt: skip
    parts += goods
    parts.append(box((w * 0.26, 2.5, 0.06), (0.12, 0.06, 0.04), (w * 0.31, 1.25, front + 0.01)))
    for y in np.arange(4.7, h - 1.0, 2.9):
        for x in np.linspace(-w / 2 + 1.0, w / 2 - 1.0, max(2, round(w / 2.2))):
            glow = rng.uniform() < 0.4
            pane = box((0.95, 1.5, 0.05), inside if glow else (0.03, 0.04, 0.055), (float(x), float(y), front + 0.01))
            parts.append(box((1.2, 0.12, 0.22), times(wall, 1.4), (float(x), float(y) - 0.8, front + 0.06)))
            parts += [
                box((0.05, 1.5, 0.08), times(wall, 1.4), (float(x) + k, float(y), front + 0.02))
                for k in (-0.48, 0, 0.48)
            ]
            shop.append(finish("window-lit" if glow else "window-dark", pane, emission=0.8 if glow else 0.0))
        if rng.uniform() < 0.6:
            parts.append(
                box(
                    (0.85, 0.6, 0.4),
                    (0.5, 0.5, 0.48),
                    (float(rng.uniform(-w / 3, w / 3)), float(y) - 1.15, front + 0.22),
                )
            )
    return (finish("shop-front", *parts), *shop)
