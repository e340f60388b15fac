"""Fittings of rooms, offices and bars. Unit: metres; footprint centred, front at +Z, base at y = 0."""

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import vec
from vr_server.staging.scene import Mesh

from .core import box, finish, lathe, leaf, times

_WOOD: Rgb = (0.26, 0.145, 0.07)
_DARK_WOOD: Rgb = (0.10, 0.045, 0.025)
_STEEL: Rgb = (0.30, 0.31, 0.33)
_WARM: Rgb = (1.0, 0.74, 0.42)


def bookshelf(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    rng = np.random.default_rng(seed)
    w, h, d = size
    parts = [box((w, h, 0.03), _DARK_WOOD, (0.0, h / 2, -d / 2 + 0.015))]
    parts += [box((0.04, h, d), _WOOD, (x, h / 2, 0.0)) for x in (-w / 2 + 0.02, w / 2 - 0.02)]
    shelves = max(3, round(h / 0.42))
    for i in range(shelves + 1):
        y = min(0.08 + (h - 0.1) * i / shelves, h - 0.02)
        parts.append(box((w, 0.035, d), _WOOD, (0.0, y, 0.0)))
        if i == shelves:
            continue
        x = -w / 2 + 0.06
        while x < w / 2 - 0.12:
            thick, tall = float(rng.uniform(0.03, 0.065)), float(rng.uniform(0.2, 0.31))
            tone = ((0.34, 0.06, 0.05), (0.08, 0.14, 0.22), (0.42, 0.33, 0.18), (0.1, 0.18, 0.1), (0.3, 0.3, 0.28))[int(rng.integers(5))]  # fmt: skip
            if rng.uniform() < 0.85:
                parts.append(box((thick * 0.92, tall, d * 0.7), tone, (x + thick / 2, y + tall / 2 + 0.02, 0.02)))
            x += thick
    return (finish("bookshelf", *parts),)


def picture(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A framed landscape: sky, hills, foreground in flat tones."""
    w, h, d = size
    rng = np.random.default_rng(seed)
    z = d / 2
    parts = [
        box((w, h, d), (0.32, 0.22, 0.08), (0.0, h / 2, 0.0)),
        box((w - 0.1, h - 0.1, 0.02), (0.62, 0.60, 0.52), (0.0, h / 2, z)),
    ]
    y = 0.12 * h
    for tone in ((0.16, 0.2, 0.12), (0.24, 0.3, 0.28), (0.4, 0.44, 0.46)):
        tall = h * float(rng.uniform(0.12, 0.2))
        parts.append(box((w - 0.2, tall, 0.02), tone, (0.0, y + tall / 2, z + 0.01)))
        y += tall
    return (finish("picture", *parts),)


def rug(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    w, h, d = size
    rims = [(1.0, (0.25, 0.05, 0.04)), (0.9, (0.48, 0.36, 0.2)), (0.84, (0.30, 0.06, 0.05)), (0.4, (0.12, 0.12, 0.2)), (0.34, (0.42, 0.3, 0.18))]  # fmt: skip
    return (finish("rug", *(box((w * k, h, d - w * (1 - k)), c, (0.0, h / 2 + 0.001 * i, 0.0)) for i, (k, c) in enumerate(rims))),)  # fmt: skip


def desk(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """An office desk 0.74 m high with a screen (on), a keyboard, papers and a swivel chair behind it."""
    w, h, d = size
    top = h * 0.62
    tall = h / 1.28
    rng = np.random.default_rng(seed)
    parts = [box((w, 0.04, d * 0.55), (0.46, 0.37, 0.26), (0.0, top, d * 0.2))]
    parts += [box((0.04, top, d * 0.5), _STEEL, (x, top / 2, d * 0.2)) for x in (-w / 2 + 0.05, w / 2 - 0.05)]
    parts.append(box((0.4, top * 0.8, d * 0.45), (0.36, 0.37, 0.38), (w / 2 - 0.3, top * 0.4, d * 0.2)))
    parts.append(box((0.05, 0.2, 0.05), _STEEL, (-0.1, top + 0.1, d * 0.3)))
    parts.append(box((0.62, 0.36 * tall, 0.03), (0.04, 0.04, 0.045), (-0.1, top + 0.36 * tall, d * 0.3)))
    parts.append(box((0.44, 0.02, 0.15), (0.06, 0.06, 0.07), (-0.1, top + 0.03, d * 0.1)))
    for _ in range(3):
        parts.append(box((0.21, 0.015, 0.3), (0.7, 0.69, 0.66), (float(rng.uniform(0.25, 0.5)), top + 0.03 + float(rng.uniform(0, 0.01)), d * 0.18)))  # fmt: skip
    seat = d * -0.25
    parts += [
        box((0.48, 0.08, 0.46), (0.07, 0.08, 0.1), (0.0, 0.47, seat)),
        box((0.44, 0.55, 0.07), (0.07, 0.08, 0.1), (0.0, 0.82, seat - 0.24)),
        lathe([(0.3, 0.0), (0.28, 0.05), (0.03, 0.09), (0.03, 0.43)], _STEEL, 10).moved((0.0, 0.0, seat)),
    ]
    screen = box((0.58, 0.32 * tall, 0.01), (0.32, 0.52, 0.75), (-0.1, top + 0.36 * tall, d * 0.3 - 0.022))
    return finish("desk", *parts), finish("screen", screen, emission=0.9)


def bar_counter(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A long counter: panelled front, brass foot rail, thick polished top; taps and glasses on it."""
    w, h, d = size
    parts = [box((w, h * 0.92, d * 0.8), _DARK_WOOD, (0.0, h * 0.46, 0.0))]
    parts.append(box((w + 0.12, 0.07, d), (0.22, 0.1, 0.05), (0.0, h - 0.035, 0.02)))
    count = max(3, round(w / 0.85))
    parts += [box((w / count * 0.74, h * 0.6, 0.04), times(_DARK_WOOD, 1.7), (-w / 2 + w * (i + 0.5) / count, h * 0.48, d * 0.41)) for i in range(count)]  # fmt: skip
    turn = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    rail = lathe([(0.025, -w / 2), (0.025, w / 2)], (0.62, 0.42, 0.14), 8).moved((0.0, 0.2, d * 0.55), turn)
    for x in (-w * 0.22, w * 0.3):
        parts += [
            lathe([(0.05, 0.0), (0.03, 0.04), (0.025, 0.32), (0.045, 0.36), (0.02, 0.42)], (0.62, 0.45, 0.18), 8).moved((x + k * 0.14, h, -0.06))
            for k in (-1, 0, 1)
        ]  # fmt: skip
    glasses = [
        lathe([(0.035, 0.0), (0.04, 0.11)], (0.5, 0.55, 0.55), 8).moved((x, h, 0.12))
        for x in np.arange(-w * 0.42, w * 0.44, 0.9)
    ]
    return finish("bar-counter", *parts), finish("bar-glass", rail, *glasses)


_BOTTLES: tuple[Rgb, ...] = (
    (0.35, 0.14, 0.03),
    (0.06, 0.2, 0.08),
    (0.5, 0.45, 0.36),
    (0.42, 0.05, 0.04),
    (0.05, 0.12, 0.3),
    (0.55, 0.36, 0.06),
)


def back_bar(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """Shelves of bottles before a lit back: strips under the shelves make them glow."""
    w, h, d = size
    rng = np.random.default_rng(seed)
    parts = [
        box((w, 0.95, d), _DARK_WOOD, (0.0, 0.475, 0.0)),
        box((w, h, 0.05), (0.2, 0.12, 0.07), (0.0, h / 2, -d / 2 + 0.02)),
    ]
    parts += [box((0.08, h, d * 0.8), _DARK_WOOD, (x, h / 2, -d * 0.1)) for x in np.linspace(-w / 2 + 0.04, w / 2 - 0.04, max(2, round(w / 1.8) + 1))]  # fmt: skip
    parts.append(box((w + 0.1, 0.16, d), times(_DARK_WOOD, 1.6), (0.0, h - 0.08, 0.0)))
    bottles, strips = [], []
    rows = max(1, int((h - 1.25) // 0.46))
    for r in range(rows):
        y = 1.0 + 0.46 * r
        parts.append(box((w, 0.03, d * 0.62), _WOOD, (0.0, y, -d * 0.15)))
        strips.append(box((w - 0.2, 0.02, 0.02), _WARM, (0.0, y + 0.025, -d / 2 + 0.07)))
        x = -w / 2 + 0.16
        while x < w / 2 - 0.12:
            tall = float(rng.uniform(0.22, 0.34))
            tone = _BOTTLES[int(rng.integers(len(_BOTTLES)))]
            bottles.append(lathe([(0.037, 0.0), (0.038, tall * 0.6), (0.014, tall * 0.75), (0.014, tall)], tone, 6).moved((x, y + 0.02, -d * 0.12)))  # fmt: skip
            x += float(rng.uniform(0.1, 0.17))
    return finish("bar-shelf", *parts), finish("bar-glass", *bottles, emission=0.35), finish("bar-strip", *strips, emission=2.2)  # fmt: skip


def bar_stool(_seed: int, height: float = 0.78) -> tuple[Mesh, ...]:
    seat = lathe([(0.17, height - 0.09), (0.19, height - 0.05), (0.16, height)], (0.30, 0.04, 0.03), 12)
    leg = lathe([(0.22, 0.0), (0.21, 0.025), (0.03, 0.05), (0.028, height - 0.09)], (0.45, 0.44, 0.42), 12)
    foot = lathe([(0.15, height * 0.36), (0.16, height * 0.38), (0.15, height * 0.4)], (0.45, 0.44, 0.42), 12)
    return (finish("bar-stool", seat, leg, foot),)


def booth(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A table with a bench on either side, and a candle."""
    w, h, d = size
    parts = [
        box((w * 0.34, 0.05, d), times(_DARK_WOOD, 1.7), (0.0, 0.74, 0.0)),
        box((0.1, 0.72, d * 0.5), _DARK_WOOD, (0.0, 0.36, 0.0)),
    ]
    for s in (-1, 1):
        parts.append(box((w * 0.24, 0.44, d), (0.26, 0.05, 0.04), (s * w * 0.36, 0.22, 0.0)))
        parts.append(box((0.1, h, d), (0.22, 0.04, 0.035), (s * w * 0.46, h / 2, 0.0)))
    flame = lathe([(0.03, 0.77), (0.035, 0.83), (0.0, 0.9)], _WARM, 6)
    return finish("booth", *parts), finish("lamp-candle", flame, emission=2.5)


def cabinet(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A filing cabinet or a chest of drawers."""
    w, h, d = size
    base = _STEEL if seed % 2 else _WOOD
    rows = max(2, round(h / 0.3))
    parts = [box((w, h, d), base, (0.0, h / 2, 0.0))]
    for i in range(rows):
        y = h * (i + 0.5) / rows
        parts.append(box((w * 0.9, h / rows * 0.84, 0.03), times(base, 1.2), (0.0, y, d / 2)))
        parts.append(box((w * 0.22, 0.025, 0.05), (0.5, 0.45, 0.3), (0.0, y + 0.04, d / 2 + 0.02)))
    return (finish("cabinet", *parts),)


def sofa(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    w, h, d = size
    cloth = ((0.20, 0.22, 0.26), (0.34, 0.16, 0.08), (0.12, 0.2, 0.16))[seed % 3]
    parts = [
        box((w, 0.3, d), times(cloth, 0.8), (0.0, 0.2, 0.0)),
        box((w, h - 0.2, 0.24), cloth, (0.0, (h + 0.2) / 2, -d / 2 + 0.12)),
    ]
    parts += [box((0.22, 0.58, d), cloth, (x, 0.32, 0.0)) for x in (-w / 2 + 0.11, w / 2 - 0.11)]
    parts += [box((w / 2 - 0.26, 0.14, d - 0.3), times(cloth, 1.2), (s * (w / 4 - 0.1), 0.42, 0.1)) for s in (-1, 1)]
    parts.append(box((0.4, 0.34, 0.12), (0.55, 0.3, 0.1), (-w * 0.28, 0.6, -d * 0.14)))
    return (finish("sofa", *parts),)


def plant_pot(seed: int, height: float = 1.2) -> tuple[Mesh, ...]:
    """A broad-leaved plant in a pot."""
    rng = np.random.default_rng(seed)
    pot = lathe([(0.13, 0.0), (0.19, 0.3), (0.17, 0.3)], (0.42, 0.22, 0.12), 10)
    blades = []
    for i in range(15):
        a = 2.4 * i
        out = vec(np.sin(a), 0.0, np.cos(a))
        rise = float(rng.uniform(0.8, 2.2))
        length = (height - 0.3) * float(rng.uniform(0.6, 1.0))
        blades.append(leaf(vec(0, 0.26, 0), (out + vec(0, rise, 0)) / np.hypot(1, rise), out, length, 0.16, times((0.08, 0.22, 0.06), float(rng.uniform(0.7, 1.4))), out * 0.4 + vec(0, 0.9, 0)))  # fmt: skip
    return finish("pot", pot), finish("pot-leaves", *blades, two_sided=True)
