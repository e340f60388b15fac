"""What grows and stands about gardens, graveyards and camps. Unit: metres; footprint centred, front at +Z, base at y = 0."""

import math

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import unit, vec
from vr_server.staging.scene import Mesh

from .core import (
    Part,
    boulder,
    box,
    ellipsoid,
    finish,
    lathe,
    leaf,
    merge,
    mix,
    smooth_part,
    times,
    tube,
)

_STONE: Rgb = (0.40, 0.37, 0.32)
_FLAME: Rgb = (1.0, 0.42, 0.08)


def cactus(seed: int, height: float = 2.4) -> tuple[Mesh, ...]:
    rng = np.random.default_rng(seed)
    tone: Rgb = (0.10, 0.20, 0.08)
    r = height * 0.075
    rows = [(r * 0.9, 0.0), (r, height * 0.3), (r, height * 0.9), (r * 0.6, height * 0.98), (0.01, height)]
    parts = [lathe(rows, tone, 10)]
    for k in range(2 + seed % 2):
        turn = 2.3 * k + float(rng.uniform(0, 1))
        out = vec(math.sin(turn), 0, math.cos(turn))
        low = vec(0, height * float(rng.uniform(0.35, 0.55)), 0)
        tip = low + out * height * 0.2 + vec(0, height * float(rng.uniform(0.2, 0.35)), 0)
        knee = low + out * height * 0.2 + vec(0, height * 0.03, 0)
        parts.append(
            tube(
                np.array([low, low + out * height * 0.13, knee, tip - vec(0, 0.05, 0), tip]),
                [r * 0.6, r * 0.62, r * 0.66, r * 0.6, 0.01],
                tone,
                8,
            )
        )
    whole = merge(parts).tinted(lambda _, n: 0.75 + 0.35 * (np.sin(np.arctan2(n[:, 0], n[:, 2]) * 8) > 0))
    return (finish("cactus", whole),)


def reeds(seed: int, height: float = 1.6) -> tuple[Mesh, ...]:
    """A stand of reeds with brown heads."""
    rng = np.random.default_rng(seed)
    blades, heads = [], []
    for k in range(26):
        turn, far = float(rng.uniform(0, 6.28)), float(rng.uniform(0, 0.34)) * height
        at = vec(far * math.sin(turn), 0, far * math.cos(turn))
        up = unit(vec(float(rng.normal(scale=0.12)), 1.0, float(rng.normal(scale=0.12))))
        tall = height * float(rng.uniform(0.55, 1.0)) if k else height
        tone = times(mix((0.19, 0.27, 0.08), (0.4, 0.36, 0.16), float(rng.uniform())), float(rng.uniform(0.7, 1.2)))
        blades.append(
            leaf(
                at,
                up,
                vec(math.cos(turn), 0, math.sin(turn)),
                tall,
                0.035 * height,
                tone,
                vec(math.sin(turn), 0.6, math.cos(turn)),
            )
        )
        if k % 4 == 0:
            top = at + up * tall * 0.9
            heads.append(
                ellipsoid(
                    (0.022 * height, 0.09 * height, 0.022 * height),
                    (0.2, 0.11, 0.05),
                    (float(top[0]), float(top[1]) - 0.02, float(top[2])),
                    0,
                )
            )
    return finish("reed-leaves", *blades, two_sided=True), finish("reed-heads", *heads)


_PETALS: tuple[Rgb, ...] = ((0.75, 0.08, 0.08), (0.8, 0.55, 0.06), (0.62, 0.25, 0.6), (0.85, 0.8, 0.78))


def flowers(seed: int, height: float = 0.45) -> tuple[Mesh, ...]:
    rng = np.random.default_rng(seed)
    parts = []
    tone = _PETALS[seed % len(_PETALS)]
    for _ in range(11):
        turn, far = float(rng.uniform(0, 6.28)), float(rng.uniform(0.05, 0.7)) * height
        at = vec(far * math.sin(turn), 0, far * math.cos(turn))
        tall = height * float(rng.uniform(0.6, 1.0))
        parts.append(
            leaf(
                at,
                unit(vec(0.1 * math.sin(turn), 1, 0.1 * math.cos(turn))),
                vec(math.cos(turn), 0, math.sin(turn)),
                tall,
                0.03,
                (0.12, 0.24, 0.06),
                vec(0, 1, 0.2),
            )
        )
        for k in range(5):
            a = k * 1.257 + turn
            parts.append(
                leaf(
                    at + vec(0, tall * 0.95, 0),
                    unit(vec(math.sin(a), 0.45, math.cos(a))),
                    vec(0, 1, 0),
                    0.2 * height,
                    0.13 * height,
                    times(tone, float(rng.uniform(0.8, 1.2))),
                    vec(0.3 * math.sin(a), 1, 0.3 * math.cos(a)),
                )
            )
    return (finish("flower-leaves", *parts, two_sided=True),)


def campfire(seed: int, height: float = 1.0) -> tuple[Mesh, ...]:
    """Logs in a ring of stones, flames above."""
    rng = np.random.default_rng(seed)
    stones = [
        boulder((0.13, 0.1, 0.12), (0.2, 0.19, 0.18), seed + k, 0.3, 1).moved(
            (0.46 * math.sin(k * 0.7), 0.06, 0.46 * math.cos(k * 0.7))
        )
        for k in range(9)
    ]
    logs = [
        tube(
            np.array(
                [vec(0.38 * math.sin(a), 0.05, 0.38 * math.cos(a)), vec(-0.05 * math.sin(a), 0.36, -0.05 * math.cos(a))]
            ),
            [0.06, 0.05],
            (0.08, 0.05, 0.035),
            6,
        )
        for a in (0.2, 1.5, 2.8, 4.1, 5.3)
    ]
    tongues = []
    for k in range(7):
        a, far = 0.9 * k, 0.16 * (k > 0)
        tall = height * (1.0 if k == 0 else float(rng.uniform(0.45, 0.8)))
        lean = vec(0.1 * math.sin(a * 1.7), 0, 0.1 * math.cos(a * 1.7))
        base = vec(far * math.sin(a), 0.1, far * math.cos(a))
        tongues.append(
            tube(
                np.array(
                    [
                        base,
                        base + vec(0, tall * 0.3, 0) + lean * 0.3,
                        base + vec(0, tall * 0.6, 0) + lean,
                        base * 0.4 + vec(0, tall, 0),
                    ]
                ),
                [0.07, 0.12, 0.07, 0.004],
                mix(_FLAME, (1.0, 0.7, 0.2), k % 3 / 3),
                6,
            )
        )
    return finish("campfire", *stones, *logs), finish("flame", *tongues, emission=2.6)


def gravestone(seed: int, height: float = 1.0) -> tuple[Mesh, ...]:
    rng = np.random.default_rng(seed)
    tone = times(_STONE, float(rng.uniform(0.7, 1.05)))
    if seed % 3 == 0:
        parts = [
            box((0.16, height, 0.14), tone, (0, height / 2, 0)),
            box((0.62, 0.16, 0.14), tone, (0, height * 0.7, 0)),
        ]
    else:
        parts = [box((0.6, height * 0.8, 0.14), tone, (0, height * 0.4, 0))]
        turn = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
        parts.append(lathe([(0.3, -0.07), (0.3, 0.07)], tone, 16).moved((0, height - 0.3, 0), turn))
        parts.append(box((0.42, 0.04, 0.02), times(tone, 0.55), (0, height * 0.55, 0.075)))
    mound = ellipsoid((0.42, 0.1, 0.9), (0.16, 0.13, 0.08), (0, 0, 0.95), 1)
    return (finish("gravestone", *parts, box((0.8, 0.12, 0.34), times(tone, 0.8), (0, 0.06, 0)), mound),)


def stone_lantern(_seed: int, height: float = 1.75) -> tuple[Mesh, ...]:
    """A garden lantern of stone with a small light in it."""
    h = height
    rows = [(0.3, 0.0), (0.26, 0.12), (0.11, 0.18), (0.1, h * 0.5), (0.26, h * 0.56), (0.26, h * 0.6)]
    roof = lathe([(0.4, h * 0.8), (0.2, h * 0.9), (0.06, h * 0.95), (0.02, h)], times(_STONE, 0.8), 6)
    posts = [box((0.06, h * 0.2, 0.06), _STONE, (x, h * 0.7, z)) for x in (-0.17, 0.17) for z in (-0.17, 0.17)]
    light = ellipsoid((0.13, 0.15, 0.13), (1.0, 0.7, 0.36), (0.0, h * 0.7, 0.0), 1)
    return finish("stone-lantern", lathe(rows, _STONE, 6), roof, *posts), finish("lamp-light", light, emission=1.8)


def fence(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """Posts and rails of weathered wood."""
    w, h, d = size
    rng = np.random.default_rng(seed)
    tone: Rgb = (0.26, 0.2, 0.14)
    n = max(2, round(w / 1.6))
    parts = [
        box(
            (0.11, h * float(rng.uniform(0.92, 1.0)), d),
            times(tone, float(rng.uniform(0.8, 1.1))),
            (-w / 2 + w * i / n, h * 0.48, 0),
        )
        for i in range(n + 1)
    ]
    parts += [box((w, 0.1, d * 0.5), times(tone, 1.1), (0, h * k, d * 0.3)) for k in (0.4, 0.78)]
    return (finish("fence", *parts),)


def pond(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A round basin of stones with still water and lily pads."""
    w, _, d = size
    n = 26
    rng = np.random.default_rng(seed)
    ring_ = [
        boulder((0.32, 0.2, 0.26), times(_STONE, float(rng.uniform(0.7, 1.1))), seed + k, 0.25, 1).moved(
            (w * 0.46 * math.sin(k * 6.283 / n), 0.08, d * 0.46 * math.cos(k * 6.283 / n))
        )
        for k in range(n)
    ]
    a = np.arange(24) * 2 * math.pi / 24
    disc = np.concatenate([np.stack([np.sin(a) * w * 0.46, np.full(24, 0.1), np.cos(a) * d * 0.46], 1), [[0, 0.1, 0]]])
    tri = np.array([(24, i, (i + 1) % 24) for i in range(24)], dtype=np.int32)
    pads: list[Part] = []
    for _ in range(7):
        t, far, r = float(rng.uniform(0, 6.28)), float(rng.uniform(0.2, 0.75)), float(rng.uniform(0.14, 0.26))
        pads.append(
            lathe([(r, 0.11), (r, 0.125)], (0.08, 0.22, 0.08), 10).moved(
                (w * 0.42 * far * math.sin(t), 0.0, d * 0.42 * far * math.cos(t))
            )
        )
    return finish("pond-stones", *ring_, *pads), finish("water", smooth_part(disc, tri, (0.06, 0.12, 0.11)))


def puddle(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A flat pool of rain water of uneven outline."""
    w, _, d = size
    rng = np.random.default_rng(seed)
    n = 28
    a = np.arange(n) * 2 * math.pi / n
    r = 1 + sum(rng.uniform(-0.16, 0.16) * np.sin(k * a + rng.uniform(0, 6.28)) for k in (2, 3, 5))
    disc = np.concatenate(
        [np.stack([np.sin(a) * r * w * 0.42, np.full(n, 0.0), np.cos(a) * r * d * 0.42], 1), [[0, 0.0, 0]]]
    )
    tri = np.array([(n, i, (i + 1) % n) for i in range(n)], dtype=np.int32)
    return (finish("water-puddle", smooth_part(disc, tri, (0.10, 0.10, 0.105))),)
