"""Special sets: spaceship decks, theatre stages, rooftops, bridges, skylines. Unit: metres; base at y = 0, front at +Z."""

import math

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import vec
from vr_server.staging.scene import Mesh

from .architecture import curved_roof
from .core import Part, box, ellipsoid, finish, lathe, merge, times, tube

_HULL: Rgb = (0.34, 0.36, 0.39)
_DARK: Rgb = (0.06, 0.065, 0.075)
_ICE: Rgb = (0.55, 0.85, 1.0)
_AMBER: Rgb = (1.0, 0.55, 0.15)
_CONCRETE: Rgb = (0.34, 0.335, 0.32)


def roof_slab(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """The top of a tower: its flat roof at the full height, storeys of windows below, no parapet on the far side (-Z)."""
    w, h, d = size
    parts = [
        box((w, h, d), (0.26, 0.25, 0.25), (0.0, h / 2 - 0.01, 0.0)),
        box((w, 0.02, d), (0.20, 0.195, 0.19), (0.0, h, 0.0)),
    ]
    parts += [
        box((w - 0.4, 0.012, 0.05), (0.13, 0.13, 0.13), (0.0, h + 0.012, float(z)))
        for z in np.arange(-d / 2 + 1, d / 2, 2.0)
    ]
    for x in (-w / 2 + 0.15, w / 2 - 0.15):
        parts.append(box((0.3, 1.0, d), (0.36, 0.34, 0.31), (x, h + 0.5, 0.0)))
        parts.append(box((0.42, 0.08, d), (0.46, 0.44, 0.41), (x, h + 1.0, 0.0)))
    parts.append(box((w, 0.22, 0.3), (0.40, 0.38, 0.35), (0.0, h + 0.11, -d / 2 + 0.15)))
    parts += [
        box((1.4, 1.5, 0.1), (0.05, 0.07, 0.09), (float(x), float(y), -d / 2 - 0.02))
        for x in np.arange(-w / 2 + 1.5, w / 2 - 1, 2.4)
        for y in np.arange(2, h - 2, 3.2)
    ]
    return (finish("roof-slab", *parts),)


def roof_unit(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """What stands on roofs: a ventilation plant with fans, or a stair head with a door and a lamp."""
    w, h, d = size
    if seed % 2:
        parts = [box((w, h, d), (0.42, 0.42, 0.41), (0.0, h / 2, 0.0))]
        parts += [box((w * 0.96, 0.05, d + 0.04), (0.25, 0.25, 0.25), (0.0, h * k, 0.0)) for k in (0.2, 0.4, 0.6, 0.8)]
        parts += [
            lathe([(0.34 * d, h), (0.34 * d, h + 0.14)], (0.2, 0.2, 0.2), 14).moved((x, 0.0, 0.0))
            for x in (-w / 4, w / 4)
        ]
        return (finish("roof-unit", *parts),)
    parts = [
        box((w, h, d), (0.36, 0.30, 0.26), (0.0, h / 2, 0.0)),
        box((w + 0.3, 0.15, d + 0.3), (0.3, 0.29, 0.27), (0.0, h, 0.0)),
    ]
    parts.append(box((0.95, 2.05, 0.08), (0.13, 0.2, 0.2), (0.0, 1.03, d / 2 + 0.02)))
    lamp = ellipsoid((0.1, 0.13, 0.1), (1.0, 0.75, 0.42), (0.75, 2.25, d / 2 + 0.1), 1)
    return finish("roof-unit", *parts), finish("lamp-bulb", lamp, emission=3.0)


def water_tank(_seed: int, height: float = 5.0) -> tuple[Mesh, ...]:
    """A wooden tank on legs."""
    h = height
    legs = [
        tube(np.array([vec(x, 0, z), vec(x * 0.9, h * 0.45, z * 0.9)]), [0.07, 0.07], _DARK, 5)
        for x in (-0.9, 0.9)
        for z in (-0.9, 0.9)
    ]
    legs += [
        tube(np.array([vec(-0.9, h * 0.1, z), vec(0.9, h * 0.4, z)]), [0.04, 0.04], _DARK, 4) for z in (-0.88, 0.88)
    ]
    tank = lathe([(1.3, h * 0.45), (1.3, h * 0.82)], (0.24, 0.15, 0.09), 18).tinted(
        lambda p, _: 0.85 + 0.2 * (np.sin(np.arctan2(p[:, 0], p[:, 2]) * 18) > 0)
    )
    hoops = [lathe([(1.33, h * k), (1.33, h * k + 0.05)], _DARK, 18) for k in (0.5, 0.62, 0.74)]
    cap = lathe([(1.42, h * 0.82), (0.02, h)], (0.12, 0.12, 0.12), 18)
    return (finish("water-tank", *legs, tank, *hoops, cap),)


def tower(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A high-rise for the skyline: bands of windows, some lit; few triangles."""
    w, h, d = size
    rng = np.random.default_rng(seed)
    tone = ((0.22, 0.24, 0.27), (0.30, 0.27, 0.24), (0.16, 0.18, 0.21), (0.34, 0.33, 0.31))[seed % 4]
    parts = [
        box((w, h * 0.94, d), tone, (0.0, h * 0.47, 0.0)),
        box((w * 0.7, h * 0.06, d * 0.7), times(tone, 0.8), (0.0, h * 0.97, 0.0)),
    ]
    glass: list[Part] = []
    lit: list[Part] = []
    floors = max(4, round(h / 4.2))
    for f in range(floors):
        y = h * 0.94 * (f + 0.55) / floors
        tall = h * 0.94 / floors * 0.5
        for axis in (0, 1):
            across = w if axis == 0 else d
            n = max(3, round(across / 3.0))
            for i in range(n):
                if rng.uniform() < 0.12:
                    continue
                glow = rng.uniform() < 0.2
                x = -across / 2 + across * (i + 0.5) / n
                size_ = (across / n * 0.66, tall, 0.06)
                for s in (1,) if axis == 0 else (-1, 1):
                    pane = box(size_, (1.0, 0.78, 0.45) if glow else (0.06, 0.09, 0.13), (x, y, 0.0))
                    face = Part(
                        pane.positions[20:24],
                        pane.normals[20:24],
                        pane.colours[20:24],
                        np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32),
                    )
                    turn = np.eye(3) if axis == 0 else np.array([[0.0, 0, s], [0, 1.0, 0], [-s, 0, 0]])
                    at = (0.0, 0.0, d / 2 + 0.01) if axis == 0 else (s * (w / 2 + 0.01), 0.0, 0.0)
                    (lit if glow else glass).append(face.moved(at, turn))
    return (
        finish("tower", *parts),
        finish("window-glass", merge(glass)),
        finish("window-far", merge(lit or glass[:1]), emission=0.55),
    )


def bridge_deck(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A long stone bridge along Z: its deck at the full height, parapets, piers and arches below down to y = 0."""
    w, h, d = size
    rng = np.random.default_rng(seed)
    stone: Rgb = (0.38, 0.35, 0.30)
    parts = []
    z = -d / 2
    while z < d / 2 - 1e-6:
        step = min(float(rng.uniform(0.7, 1.1)), d / 2 - z)
        cut = float(rng.uniform(-0.25, 0.25)) * w
        for lo, hi in ((-w / 2 + 0.3, cut), (cut, w / 2 - 0.3)):
            parts.append(
                box(
                    (hi - lo - 0.03, 0.1, step - 0.03),
                    times(stone, float(rng.uniform(0.8, 1.12))),
                    ((lo + hi) / 2, h - 0.05, z + step / 2),
                )
            )
        z += step
    parts.append(box((w, 0.5, d), times(stone, 0.7), (0.0, h - 0.32, 0.0)))
    for s in (-1, 1):
        parts.append(box((0.28, 0.78, d), times(stone, 0.92), (s * (w / 2 - 0.14), h + 0.3, 0.0)))
        parts.append(box((0.4, 0.12, d), times(stone, 1.1), (s * (w / 2 - 0.14), h + 0.74, 0.0)))
        parts += [
            box((0.42, 1.15, 0.42), times(stone, 1.05), (s * (w / 2 - 0.14), h + 0.45, float(k)))
            for k in np.arange(-d / 2 + 1.5, d / 2, 3.0)
        ]
        parts += [
            ellipsoid((0.2, 0.2, 0.2), times(stone, 1.05), (s * (w / 2 - 0.14), h + 1.14, float(k)), 1)
            for k in np.arange(-d / 2 + 1.5, d / 2, 3.0)
        ]
    span = 11.0
    for k in np.arange(-d / 2 + span / 2, d / 2, span):
        parts.append(box((w * 1.05, h - 0.5, 1.6), times(stone, 0.75), (0.0, (h - 0.5) / 2, float(k - span / 2))))
        n = 9
        for i in range(n):
            a = math.pi * (i + 0.5) / n
            parts.append(
                box(
                    (w * 0.96, 0.5, span * 0.2),
                    times(stone, 0.66),
                    (0.0, h - 0.7 - (1 - math.sin(a)) * min(h * 0.5, 4.0), float(k + math.cos(a) * span * 0.43)),
                )
            )
    return (finish("bridge-deck", *parts),)


def pagoda(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A tower of tiled storeys with lifted eaves, for a temple or behind an old town."""
    w, h, d = size
    storeys = 5
    parts = [box((w, h * 0.05, d), (0.45, 0.41, 0.34), (0.0, h * 0.025, 0.0))]
    y = h * 0.05
    for k in range(storeys):
        wide = w * (0.66 - 0.085 * k)
        tall = h * 0.82 / storeys
        parts.append(box((wide * 0.8, tall, wide * 0.8), (0.36, 0.09, 0.05), (0.0, y + tall / 2, 0.0)))
        for x in (-1, 1):
            parts += [
                lathe([(0.12, 0.0), (0.12, tall)], (0.3, 0.05, 0.03), 6, cap=False).moved(
                    (x * wide * 0.42, y, s * wide * 0.42)
                )
                for s in (-1, 1)
            ]
        parts += [
            box(
                (wide * 0.22, tall * 0.5, 0.06),
                (0.08, 0.04, 0.03),
                (x * wide * 0.22, y + tall * 0.4, wide * 0.4 + 0.02),
            )
            for x in (-1, 1)
        ]
        parts.append(curved_roof(wide * 0.9, wide * 0.9, tall * 0.62, wide * 0.22).moved((0.0, y + tall * 0.8, 0.0)))
        y += tall
    parts.append(
        lathe(
            [(0.3, y), (0.22, y + h * 0.04), (0.3, y + h * 0.06), (0.06, y + h * 0.08), (0.03, h)], (0.55, 0.4, 0.12), 8
        )
    )
    return (finish(f"pagoda-{seed % 2}", *parts),)


def incense_burner(_seed: int, height: float = 1.7) -> tuple[Mesh, ...]:
    """A bronze censer on three feet with a roofed lid and a glow inside."""
    h = height
    bronze: Rgb = (0.17, 0.15, 0.09)
    legs = [
        tube(
            np.array(
                [vec(0.42 * math.sin(a), 0, 0.42 * math.cos(a)), vec(0.34 * math.sin(a), h * 0.3, 0.34 * math.cos(a))]
            ),
            [0.07, 0.09],
            bronze,
            6,
        )
        for a in (0.5, 2.6, 4.7)
    ]
    bowl = lathe([(0.25, h * 0.24), (0.5, h * 0.36), (0.52, h * 0.5), (0.58, h * 0.54), (0.5, h * 0.55)], bronze, 16)
    posts = [
        tube(
            np.array(
                [
                    vec(0.36 * math.sin(a), h * 0.54, 0.36 * math.cos(a)),
                    vec(0.36 * math.sin(a), h * 0.74, 0.36 * math.cos(a)),
                ]
            ),
            [0.04, 0.04],
            bronze,
            5,
        )
        for a in (0.0, 1.57, 3.14, 4.71)
    ]
    lid = lathe([(0.6, h * 0.73), (0.3, h * 0.83), (0.1, h * 0.92), (0.03, h)], bronze, 16)
    glow = ellipsoid((0.3, 0.04, 0.3), (1.0, 0.4, 0.1), (0.0, h * 0.55, 0.0), 1)
    return finish("censer", *legs, bowl, *posts, lid), finish("censer-glow", glow, emission=1.4)
