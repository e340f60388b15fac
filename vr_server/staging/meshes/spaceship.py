"""The inside of a ship: ribbed walls, a window on space, deck and consoles. Unit: metres; front at +Z, base at y = 0."""

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import Array, vec
from vr_server.staging.scene import Mesh

from .core import box, ellipsoid, finish, lathe, smooth_part, times, tube
from .interiors import pierced

_HULL: Rgb = (0.25, 0.265, 0.29)
_DARK: Rgb = (0.06, 0.065, 0.075)
_ICE: Rgb = (0.55, 0.85, 1.0)
_AMBER: Rgb = (1.0, 0.55, 0.15)


def ship_wall(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A deck's side: panels that lean in at the top, ribs, conduits, strips of light and little status lamps."""
    w, h, d = size
    rng = np.random.default_rng(seed)
    bays = max(2, round(w / 1.6))
    pitch = w / bays
    z = d / 2
    parts = [box((w, h, d), times(_HULL, 0.7), (0.0, h / 2, 0.0))]
    strips, dots = [], []
    for i in range(bays):
        x = -w / 2 + pitch * (i + 0.5)
        for y, hh, t in ((0.42, 0.7, 0.06), (1.32, 0.86, 0.1), (2.3, 0.78, 0.07)):
            if y + hh / 2 > h:
                continue
            tone = times(_HULL, float(rng.uniform(0.82, 1.12)))
            parts.append(box((pitch - 0.34, hh, t), tone, (x, y, z + t / 2)))
            parts += [
                box((float(rng.uniform(0.15, 0.5)), float(rng.uniform(0.06, 0.2)), 0.04), times(tone, float(rng.uniform(0.5, 0.8))), (x + float(rng.uniform(-0.3, 0.3)), y + float(rng.uniform(-0.2, 0.2)), z + t + 0.01))
                for _ in range(2)
            ]  # fmt: skip
        strips.append(box((pitch - 0.5, 0.05, 0.04), _ICE, (x, 1.83, z + 0.05)))
        dots += [
            box((0.05, 0.03, 0.02), _AMBER if rng.uniform() < 0.5 else (0.3, 1.0, 0.5), (x - 0.25 + 0.1 * k, 1.55, z + 0.12))
            for k in range(4)
        ]  # fmt: skip
    for i in range(bays + 1):
        x = -w / 2 + pitch * i
        rib = tube(
            np.array([vec(x, 0, z + 0.14), vec(x, h * 0.62, z + 0.1), vec(x, h * 0.86, z + 0.28), vec(x, h, z + 0.62)]),
            [0.15, 0.13, 0.13, 0.15],
            times(_HULL, 1.1),
            6,
        )
        parts.append(rib)
    parts += [box((w, 0.09, 0.16), _DARK, (0.0, y, z + 0.06)) for y in (0.9, 2.76) if y < h]
    return (
        finish("ship-wall", *parts), finish("strip-light", *strips, emission=1.9), finish("strip-dots", *dots, emission=1.4),
    )  # fmt: skip


def ship_window(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """The forward wall: a wide window on space with thick mullions, consoles with lit screens below it."""
    w, h, d = size
    rng = np.random.default_rng(seed)
    low, high = 1.05, h - 0.45
    third = (w - 0.7) / 3
    openings = [(-w / 2 + 0.35 + third * i + 0.1, -w / 2 + 0.35 + third * (i + 1) - 0.1, low, high) for i in range(3)]
    parts = pierced(size, times(_HULL, 0.75), openings)
    for x0, x1, y0, y1 in openings:
        parts += [box((0.14, y1 - y0 + 0.2, d + 0.3), _DARK, (x, (y0 + y1) / 2, 0.05)) for x in (x0, x1)]
        parts += [box((x1 - x0, 0.12, d + 0.3), _DARK, ((x0 + x1) / 2, y, 0.05)) for y in (y0, y1)]
    console = box((w * 0.86, 0.8, 0.7), times(_HULL, 0.6), (0.0, 0.4, d / 2 + 0.35))
    tilt = np.array([[1.0, 0, 0], [0, 0.87, -0.5], [0, 0.5, 0.87]])
    top = box((w * 0.86, 0.06, 0.72), _DARK, (0.0, 0.0, 0.0)).moved((0.0, 0.9, d / 2 + 0.42), np.linalg.inv(tilt))
    screens, keys = [], []
    for i in range(max(3, round(w / 0.9))):
        x = -w * 0.38 + w * 0.76 * i / max(2, round(w / 0.9) - 1)
        tone = ((0.15, 0.55, 0.8), (0.1, 0.6, 0.35), (0.8, 0.4, 0.1))[int(rng.integers(3))]
        screens.append(
            box((0.52, 0.02, 0.3), tone, (x, 0.04, -0.12)).moved((0.0, 0.9, d / 2 + 0.42), np.linalg.inv(tilt))
        )
        keys += [
            box((0.05, 0.03, 0.04), _AMBER, (x - 0.2 + 0.1 * k, 0.045, 0.16)).moved(
                (0.0, 0.9, d / 2 + 0.42), np.linalg.inv(tilt)
            )
            for k in range(5)
        ]
    return (
        finish("ship-wall", *parts, console, top), finish("screen", *screens, emission=1.1), finish("strip-dots", *keys, emission=1.4),
    )  # fmt: skip


def space_view(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """What a ship's window shows: black, stars, and the lit limb of a planet low on the left; seen from +Z."""
    w, h, _ = size
    rng = np.random.default_rng(seed)
    back = box((w, h, 1.0), (0.0, 0.0, 0.0), (0.0, h / 2, 0.0))
    stars = []
    for _ in range(420):
        r = 0.16 + 0.4 * float(rng.uniform(0, 1)) ** 4
        x, y = 0.15 * w * float(rng.normal()), h * (0.51 + 0.1 * float(rng.normal()))
        tone = ((1.0, 1.0, 1.0), (0.8, 0.9, 1.0), (1.0, 0.86, 0.7))[int(rng.integers(3))]
        corners = np.array([(x - r, y, 0.6), (x, y - r, 0.6), (x + r, y, 0.6), (x, y + r, 0.6)])
        stars.append(smooth_part(corners, np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32), tone))
    planet = ellipsoid(
        (0.026 * w, 0.026 * w, 0.026 * w), (0.20, 0.36, 0.55), (0.076 * w, h * 0.505, 0.03 * w), 4
    ).tinted(_limb)
    return finish("space", back), finish("stars", *stars, emission=3.0), finish("planet", planet, emission=2.4)


def _limb(p: Array, n: Array) -> Array:
    """Bands of cloud, and day on its right side only."""
    bands = (
        0.7
        + 0.22 * np.sin(p[:, 1] * 0.5 + 1.4 * np.sin(p[:, 0] * 0.17))
        + 0.16 * np.sin(p[:, 0] * 0.31 + p[:, 1] * 0.7)
    )
    return np.asarray(bands * np.clip(0.2 + 1.1 * n[:, 0] + 0.5 * n[:, 1], 0.02, 1.1))


def ship_floor(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """Deck plates with a grating down the middle and lines of light along it."""
    w, _, d = size
    parts = [box((w, 0.02, d), _DARK, (0.0, -0.012, 0.0))]
    n = round(d / 1.2)
    for i in range(n):
        z = -d / 2 + d * (i + 0.5) / n
        for x, wide in ((-w * 0.33, w * 0.3), (w * 0.33, w * 0.3)):
            parts.append(
                box((wide - 0.03, 0.012, d / n - 0.03), times(_HULL, 0.55 + 0.08 * ((i + int(x > 0)) % 2)), (x, 0.0, z))
            )
        parts += [
            box((w * 0.34 - 0.06, 0.012, 0.035), times(_HULL, 0.45), (0.0, 0.0, z + k * d / n))
            for k in (-0.36, -0.12, 0.12, 0.36)
        ]
    lines = [box((0.05, 0.02, d), _ICE, (x, 0.0, 0.0)) for x in (-w * 0.175, w * 0.175)]
    return finish("floor", *parts), finish("strip-light", *lines, emission=1.2)


def ship_ceiling(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    w, h, d = size
    parts = [box((w, h, d), times(_HULL, 0.55), (0.0, h / 2, 0.0))]
    parts += [
        tube(np.array([vec(x, -0.14, -d / 2), vec(x, -0.14, d / 2)]), [r, r], tone, 6)
        for x, r, tone in (
            (-w * 0.3, 0.09, _DARK),
            (-w * 0.22, 0.05, (0.4, 0.2, 0.08)),
            (w * 0.28, 0.11, times(_HULL, 0.8)),
        )
    ]
    n = round(d / 1.6)
    lamps = []
    for i in range(n):
        z = -d / 2 + d * (i + 0.5) / n
        parts.append(box((w, 0.16, 0.2), times(_HULL, 0.9), (0.0, -0.08, z + d / n / 2)))
        lamps.append(
            finish(
                "lamp-panel",
                box((w * 0.16, 0.05, 0.6), (0.9, 0.94, 1.0) if i % 2 else _AMBER, (0.0, -0.04, z)),
                emission=1.6,
            )
        )
    return (finish("ceiling", *parts), *lamps)


def pilot_seat(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A high-backed seat on a pedestal, facing -Z."""
    w, h, d = size
    parts = [
        lathe([(0.28, 0.0), (0.24, 0.06), (0.09, 0.12), (0.09, 0.4)], _DARK, 10),
        box((w * 0.7, 0.14, d * 0.7), (0.10, 0.11, 0.13), (0.0, 0.46, 0.0)),
        box((w * 0.66, h - 0.5, 0.14), (0.10, 0.11, 0.13), (0.0, 0.5 + (h - 0.5) / 2, d * 0.32)),
        *(box((0.1, 0.08, d * 0.6), times(_HULL, 0.7), (x, 0.68, 0.0)) for x in (-w * 0.42, w * 0.42)),
    ]
    return (finish("pilot-seat", *parts),)
