"""What is worn on the head, in body heights about the skull's base (see head.py); a spacesuit's helmet in metres."""

import math

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import rot_x, vec
from vr_server.staging.meshes.core import Part, box, capsule, ellipsoid, finish, lathe, loft, merge, times, tube
from vr_server.staging.scene import Mesh

from .wardrobe import Wardrobe

_STEEL: Rgb = (0.40, 0.41, 0.43)
_GOLD: Rgb = (0.60, 0.40, 0.10)
_STRAW: Rgb = (0.50, 0.37, 0.16)


def hat_parts(w: Wardrobe) -> list[Part]:
    """Nothing for a bare head."""
    build = {
        "helmet": _helmet,
        "closed": _closed,
        "hat": _hat,
        "straw_hat": _straw,
        "crown": _crown,
        "mask": _mask,
        "cap": _cap,
    }.get(w.hat)
    return [] if build is None else build(w)


def _oval(profile: list[tuple[float, float]], colour: Rgb, segments: int = 24, *, cap: bool = True) -> Part:
    """A lathe drawn out along the head, its middle a little behind the ears."""
    return lathe(profile, colour, segments, cap=cap).moved((0.0, 0.0, -0.001), np.diag([1.0, 1.0, 1.16]))


def _helmet(_w: Wardrobe) -> list[Part]:
    """An open helmet: a bowl to the brow, a neck guard, cheek plates, a crest."""
    bowl = _oval(
        [(0.050, 0.078), (0.0515, 0.094), (0.049, 0.112), (0.041, 0.128), (0.026, 0.139), (0.006, 0.144)], _STEEL
    )
    brim = _oval([(0.0505, 0.076), (0.0535, 0.079), (0.0535, 0.084), (0.0505, 0.087)], times(_STEEL, 0.8), cap=False)
    crest = box((0.005, 0.022, 0.1), _GOLD, (0.0, 0.136, 0.0))
    guard = ellipsoid((0.046, 0.03, 0.02), times(_STEEL, 0.85), (0.0, 0.05, 0.044), 2)
    cheeks = [ellipsoid((0.005, 0.026, 0.017), _STEEL, (s * 0.0475, 0.052, -0.012), 2) for s in (-1.0, 1.0)]
    return [bowl, brim, crest, guard, *cheeks]


def _closed(w: Wardrobe) -> list[Part]:
    """A knight's: the whole head behind a beaked visor with a slit."""
    rows = [(-0.014, 0.036, 0.05, -0.002), (0.004, 0.041, 0.057, -0.004), (0.03, 0.0465, 0.062, -0.005), (0.058, 0.0495, 0.063, -0.003), (0.09, 0.0505, 0.0605, 0.0), (0.115, 0.047, 0.055, 0.002), (0.132, 0.034, 0.040, 0.003), (0.1415, 0.014, 0.018, 0.003)]  # fmt: skip
    shell = loft(rows, _STEEL, 24)
    beak = lathe([(0.004, -0.03), (0.026, -0.006), (0.030, 0.022), (0.026, 0.03)], times(_STEEL, 1.12), 4).moved((0.0, 0.046, -0.034), rot_x(-math.pi / 2) @ np.diag([1.25, 1.0, 0.85]))  # fmt: skip
    slit = box((0.058, 0.005, 0.02), (0.008, 0.008, 0.01), (0.0, 0.0765, -0.0565))
    rim = tube(
        np.array([vec(x, 0.0815, -0.066 + 16 * x * x) for x in (-0.04, -0.02, 0.0, 0.02, 0.04)]),
        [0.002] * 5,
        times(_STEEL, 0.8),
        6,
    )
    plume = capsule(vec(0, 0.137, -0.02), vec(0, 0.15, 0.05), 0.006, 0.012, times(w.accent, 0.5), 8)
    return [shell, beak, slit, rim, plume]


def _hat(w: Wardrobe) -> list[Part]:
    felt = times(w.top, 0.55) if max(w.top) > 0.12 else (0.10, 0.08, 0.06)
    crown = _oval([(0.052, 0.1), (0.051, 0.12), (0.047, 0.145), (0.040, 0.152), (0.02, 0.148)], felt)
    band = _oval([(0.0535, 0.1), (0.0535, 0.112)], times(felt, 0.4), cap=False)
    brim = _oval([(0.05, 0.1), (0.088, 0.098), (0.09, 0.101), (0.05, 0.104)], felt, 28, cap=False)
    return [crown, band, brim]


def _straw(_w: Wardrobe) -> list[Part]:
    cone = lathe([(0.175, 0.088), (0.177, 0.092), (0.10, 0.128), (0.03, 0.165), (0.004, 0.176)], _STRAW, 28, cap=False)
    under = lathe([(0.004, 0.168), (0.03, 0.157), (0.10, 0.121), (0.175, 0.088)], times(_STRAW, 0.6), 28, cap=False)
    rings = [
        lathe([(r, y), (r + 0.002, y + 0.002)], times(_STRAW, 0.72), 28, cap=False)
        for r, y in ((0.13, 0.115), (0.085, 0.137), (0.05, 0.155))
    ]
    return [cone.tinted(lambda p, _: 0.9 + 0.12 * np.sin(40 * np.arctan2(p[:, 0], p[:, 2]))), under, *rings]


def _crown(_w: Wardrobe) -> list[Part]:
    ring = _oval([(0.0485, 0.104), (0.0505, 0.106), (0.0505, 0.12), (0.0485, 0.122)], _GOLD, cap=False)
    parts = [ring]
    for k in range(8):
        a = 2 * math.pi * k / 8
        x, z = 0.05 * math.sin(a), -0.001 + 0.058 * math.cos(a)
        parts.append(capsule(vec(x, 0.118, z), vec(x * 1.08, 0.142, z * 1.08), 0.006, 0.0012, _GOLD, 6))
        parts.append(
            ellipsoid(
                (0.003, 0.003, 0.003), (0.5, 0.03, 0.04) if k % 2 else (0.05, 0.2, 0.45), (x * 1.03, 0.113, z * 1.03), 1
            )
        )
    return parts


def _mask(_w: Wardrobe) -> list[Part]:
    face = ellipsoid((0.041, 0.05, 0.03), (0.62, 0.60, 0.55), (0.0, 0.057, -0.0335), 3)
    eyes = [
        ellipsoid((0.0085, 0.0045, 0.006), (0.01, 0.01, 0.01), (s * 0.0175, 0.072, -0.0605), 1) for s in (-1.0, 1.0)
    ]
    mouth = ellipsoid((0.011, 0.0022, 0.005), (0.3, 0.02, 0.02), (0.0, 0.034, -0.0605), 1)
    return [face, *eyes, mouth]


def _cap(w: Wardrobe) -> list[Part]:
    """A peaked cap, as police and officers wear it."""
    cloth = times(w.top, 0.9)
    band = _oval([(0.0515, 0.1), (0.0525, 0.116)], times(cloth, 0.5), cap=False)
    top = _oval([(0.0525, 0.114), (0.064, 0.126), (0.064, 0.131), (0.03, 0.137), (0.004, 0.138)], cloth)
    peak = ellipsoid((0.042, 0.003, 0.024), (0.012, 0.012, 0.014), (0.0, 0.101, -0.066), 2)
    return [band, top, peak, ellipsoid((0.007, 0.007, 0.003), _GOLD, (0.0, 0.113, -0.0615), 1)]


def spacesuit_helmet(h: float, w: Wardrobe) -> tuple[Mesh, ...]:
    shell = ellipsoid((0.083 * h, 0.084 * h, 0.088 * h), w.top, (0.0, 0.064 * h, 0.004 * h), 3)
    rim = ellipsoid((0.071 * h, 0.064 * h, 0.05 * h), w.accent, (0.0, 0.066 * h, -0.042 * h), 3)
    visor = ellipsoid((0.067 * h, 0.06 * h, 0.053 * h), (0.34, 0.20, 0.06), (0.0, 0.066 * h, -0.046 * h), 3)
    lamp = [
        lathe([(0.016 * h, 0.0), (0.016 * h, 0.035 * h)], times(w.top, 0.6), 12).moved(
            (s * 0.088 * h, 0.066 * h, -0.01 * h)
        )
        for s in (-1.0, 1.0)
    ]
    bulbs = merge(
        [
            ellipsoid((0.009 * h, 0.012 * h, 0.008 * h), (1.0, 0.95, 0.85), (s * 0.088 * h, 0.086 * h, -0.027 * h), 1)
            for s in (-1.0, 1.0)
        ]
    )
    return finish("helmet", shell, rim, visor, *lamp), finish("helmet-lamps", bulbs, emission=2.5)
