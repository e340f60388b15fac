"""Back streets: brickwork, iron stairs, pipes, bins, wires. Unit: metres; footprint centred, front at +Z, base at y = 0."""

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import as_vec3, vec
from vr_server.staging.scene import Mesh

from .core import Part, box, ellipsoid, finish, lathe, times, tube

_IRON: Rgb = (0.045, 0.045, 0.05)
_BRICKS: tuple[Rgb, ...] = ((0.27, 0.115, 0.075), (0.20, 0.15, 0.13), (0.30, 0.21, 0.14))
_BULB: Rgb = (1.0, 0.72, 0.36)


def _wall_net(w: float, h: float, brick: tuple[float, float], colour: Rgb, rng: np.random.Generator, z: float) -> Part:
    """Blocks in running bond, each a flat quad with a tone of its own, facing +Z."""
    bw, bh = brick
    rows, parts, k = round(h / bh), [], 0
    for r in range(rows):
        edges = np.concatenate([[-w / 2], np.arange(-w / 2 + bw * (0.5 if r % 2 else 1.0), w / 2 - 0.05, bw), [w / 2]])
        tone = rng.uniform(0.72, 1.2, len(edges) - 1)
        y0, y1 = r * h / rows, (r + 1) * h / rows
        for a, b, t in zip(edges[:-1], edges[1:], tone, strict=True):
            parts.append(((a, y0), (b, y0), (b, y1), (a, y1), float(t)))
            k += 1
    gap = 0.012
    p = np.array([q for a, b, c, e, _ in parts for q in ((a[0] + gap, a[1] + gap, z), (b[0] - gap, b[1] + gap, z), (c[0] - gap, c[1] - gap, z), (e[0] + gap, e[1] - gap, z))])  # fmt: skip
    colours = np.repeat(np.array([np.array(colour) * q[4] for q in parts]), 4, axis=0)
    i = 4 * np.arange(k, dtype=np.int32)[:, None]
    tri = np.concatenate([i + np.array([[0, 1, 2]], dtype=np.int32), i + np.array([[0, 2, 3]], dtype=np.int32)])
    return Part(p, np.tile(vec(0, 0, 1), (4 * k, 1)), colours, tri.astype(np.int32))


def brick_wall(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """The back of a tenement: brickwork, windows with lintels (a third of them lit), a coping."""
    rng = np.random.default_rng(seed)
    w, h, d = size
    colour = _BRICKS[seed % len(_BRICKS)]
    front = d / 2
    parts = [
        box((w, h, d), times(colour, 0.5), (0.0, h / 2, 0.0)),
        _wall_net(w, h - 0.25, (0.5, 0.21), colour, rng, front + 0.012),
    ]
    parts.append(box((w + 0.1, 0.25, d + 0.2), (0.3, 0.28, 0.25), (0.0, h - 0.125, 0.0)))
    dark, lit = [], []
    for y in np.arange(3.6, h - 1.6, 3.0):
        for x in np.arange(-w / 2 + 1.5, w / 2 - 1.0, 2.6):
            pane = box((0.95, 1.35, 0.05), (0.03, 0.04, 0.05), (float(x), float(y), front + 0.02))
            parts.append(box((1.25, 0.16, 0.16), (0.36, 0.33, 0.29), (float(x), float(y) - 0.76, front + 0.06)))
            parts.append(box((1.25, 0.2, 0.08), (0.36, 0.33, 0.29), (float(x), float(y) + 0.77, front + 0.03)))
            parts += [
                box((0.06, 1.35, 0.08), (0.22, 0.2, 0.17), (float(x) + k, float(y), front + 0.03))
                for k in (-0.46, 0.0, 0.46)
            ]
            parts.append(box((0.95, 0.06, 0.08), (0.22, 0.2, 0.17), (float(x), float(y) + 0.05, front + 0.03)))
            if rng.uniform() < 0.34:
                warm = ((1.0, 0.66, 0.30), (1.0, 0.78, 0.46), (0.7, 0.85, 1.0))[int(rng.integers(3))]
                lit.append(finish("window-lit", Part(pane.positions, pane.normals, np.tile(np.array(warm), (len(pane.positions), 1)), pane.triangles), emission=1.15))  # fmt: skip
            else:
                dark.append(pane)
    return (finish("brick-wall", *parts), *((finish("window-dark", *dark),) if dark else ()), *lit)


def fire_escape(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """Iron landings with railings and ladders, hung on a wall behind them (-Z)."""
    w, h, d = size
    parts = []
    for n, y in enumerate(np.arange(0.0, h - 1.2, 3.0)):
        parts += [box((w, 0.05, 0.06), _IRON, (0.0, float(y), float(z))) for z in np.linspace(-d / 2, d / 2, 9)]
        parts += [box((0.05, 0.08, d), _IRON, (x, float(y), 0.0)) for x in (-w / 2, 0.0, w / 2)]
        parts += [box((w, 0.04, 0.04), _IRON, (0.0, float(y) + k, d / 2)) for k in (0.5, 1.0)]
        parts += [box((0.04, 0.04, d), _IRON, (x, float(y) + 1.0, 0.0)) for x in (-w / 2, w / 2)]
        parts += [
            box((0.03, 1.0, 0.03), _IRON, (float(x), float(y) + 0.5, d / 2)) for x in np.linspace(-w / 2, w / 2, 9)
        ]
        side = -1 if n % 2 else 1
        a, b = vec(side * w * 0.4, float(y), 0.1), vec(-side * w * 0.25, float(y) + 3.0, 0.1)
        if y + 3.0 < h - 1.2:
            for z in (-0.25, 0.25):
                parts.append(tube(np.array([a + vec(0, 0, z), b + vec(0, 0, z)]), [0.03, 0.03], _IRON, 4))
            parts += [box((0.2, 0.03, 0.5), _IRON, as_vec3(a + (b - a) * k)) for k in np.linspace(0.06, 0.94, 11)]
    return (finish("fire-escape", *parts),)


def pipes(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """Downpipes and a conduit with a meter box, against the wall behind them (-Z)."""
    w, h, d = size
    parts = []
    for x, r, tone in (
        (-w * 0.35, 0.07, (0.16, 0.17, 0.17)),
        (w * 0.1, 0.05, (0.22, 0.12, 0.08)),
        (w * 0.35, 0.03, (0.2, 0.2, 0.2)),
    ):
        parts.append(lathe([(r, 0.0), (r, h)], tone, 8, cap=False).moved((x, 0.0, -d / 2 + 0.12)))
        parts += [lathe([(r * 1.35, y), (r * 1.35, y + 0.1)], times(tone, 0.7), 8).moved((x, 0.0, -d / 2 + 0.12)) for y in np.arange(0.6, h, 1.9)]  # fmt: skip
    parts.append(box((0.5, 0.7, 0.24), (0.24, 0.27, 0.27), (w * 0.35, 1.5, -d / 2 + 0.14)))
    parts.append(box((0.9, 0.55, 0.42), (0.42, 0.43, 0.42), (-w * 0.05, 2.7 + 0.4 * (seed % 2), -d / 2 + 0.26)))
    return (finish("pipes-metal", *parts),)


def dumpster(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    w, h, d = size
    tone = ((0.05, 0.16, 0.09), (0.08, 0.12, 0.2), (0.2, 0.1, 0.05))[seed % 3]
    parts = [
        box((w, h * 0.74, d), tone, (0.0, h * 0.45, 0.0)),
        box((w + 0.08, 0.06, d + 0.08), times(tone, 1.5), (0.0, h * 0.82, 0.0)),
    ]
    lid = box((w, 0.05, d), (0.05, 0.05, 0.055))
    tilt = np.array([[1.0, 0, 0], [0, 0.97, -0.24], [0, 0.24, 0.97]])
    parts.append(lid.moved((0.0, h * 0.93, 0.0), tilt))
    parts += [
        box((0.06, h * 0.66, d + 0.08), times(tone, 1.3), (float(x), h * 0.45, 0.0))
        for x in np.linspace(-w / 2 + 0.1, w / 2 - 0.1, 5)
    ]
    parts += [
        lathe([(0.08, 0.0), (0.08, 0.12)], _IRON, 8).moved((x, 0.0, z))
        for x in (-w * 0.4, w * 0.4)
        for z in (-d * 0.35, d * 0.35)
    ]
    return (finish("dumpster", *parts),)


def bins(seed: int, height: float = 0.95) -> tuple[Mesh, ...]:
    """Two dustbins and a few full bags."""
    rng = np.random.default_rng(seed)
    parts = []
    for x in (-0.32, 0.3):
        parts.append(lathe([(0.21, 0.0), (0.26, height * 0.86)], (0.30, 0.31, 0.31), 14).moved((x, 0.0, 0.0)))
        parts.append(
            lathe([(0.29, height * 0.86), (0.25, height * 0.94), (0.04, height)], (0.36, 0.37, 0.37), 14).moved(
                (x, 0.0, 0.0)
            )
        )
    for k in range(4):
        r = float(rng.uniform(0.2, 0.3))
        parts.append(
            ellipsoid((r, r * 0.85, r), (0.03, 0.03, 0.035), (-0.7 + 0.42 * k, r * 0.72, 0.5 + 0.1 * (k % 2)), 1)
        )
    return (finish("bins", *parts),)


def wall_lamp(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A lamp on an arm from the wall behind it (-Z), shining down."""
    _, h, d = size
    arm = tube(
        np.array([vec(0, h * 0.5, -d / 2), vec(0, h * 0.95, -d * 0.1), vec(0, h * 0.7, d * 0.2)]), [0.03] * 3, _IRON, 6
    )
    shade = lathe([(0.26, h * 0.35), (0.2, h * 0.5), (0.06, h * 0.72)], (0.06, 0.09, 0.08), 12, cap=False).moved(
        (0, 0, d * 0.2)
    )
    bulb = lathe([(0.03, h * 0.26), (0.1, h * 0.36), (0.06, h * 0.5)], _BULB, 10).moved((0, 0, d * 0.2))
    return finish("lamp-arm", arm), finish("lamp-shade", shade, two_sided=True), finish("lamp-bulb", bulb, emission=3.2)


def cables(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """Wires that sag along X."""
    w, h, d = size
    rng = np.random.default_rng(seed)
    found = []
    x = np.linspace(-w / 2, w / 2, 13)
    for _ in range(4):
        sag, z = float(rng.uniform(0.4, 1.0)) * h, float(rng.uniform(-0.5, 0.5)) * d
        y = h - sag * (1 - (2 * x / w) ** 2)
        found.append(tube(np.stack([x, y, np.full_like(x, z)], 1), [0.014] * 13, (0.02, 0.02, 0.02), 3))
    return (finish("cables", *found),)
