"""Heads: a face with direction, hair, a helmet. Origin at the skull's base, nose towards -Z, metres."""

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import vec
from vr_server.staging.meshes.core import Part, capsule, ellipsoid, finish, lathe, merge, smooth_part, times
from vr_server.staging.scene import Mesh

from .wardrobe import Wardrobe


def _skull(h: float, skin: Rgb) -> Part:
    """One egg: the lower face narrows to a chin, the back of the head draws in to the neck."""
    ball = ellipsoid((1.0, 1.0, 1.0), skin, level=3)
    p = ball.positions
    low = np.clip(-p[:, 1], 0, 1)
    x = p[:, 0] * (1 - 0.34 * low**1.4)
    back = p[:, 2] > 0
    z = np.where(back, p[:, 2] * (1 - 0.55 * low), p[:, 2] * (1 - 0.06 * low)) - 0.05 * low
    shaped = np.stack([x * 0.0445, p[:, 1] * 0.066 + 0.068, z * 0.055 - 0.004], axis=1) * h
    return smooth_part(shaped, ball.triangles, skin)


def head(h: float, w: Wardrobe) -> tuple[Mesh, ...]:
    """Origin at the skull's base; the crown is 0.145 h above the neck joint, nose towards -Z."""
    skull = _skull(h, w.skin)
    nose = ellipsoid((0.0075 * h, 0.0145 * h, 0.012 * h), times(w.skin, 0.93), (0.0, 0.061 * h, -0.058 * h), 1)
    dark = times(w.hair_colour, 0.8)
    parts = [skull, nose]
    for s in (-1.0, 1.0):
        parts.append(
            ellipsoid(
                (0.0085 * h, 0.0048 * h, 0.005 * h), (0.75, 0.73, 0.70), (s * 0.0185 * h, 0.073 * h, -0.0515 * h), 1
            )
        )
        parts.append(
            ellipsoid(
                (0.0042 * h, 0.0046 * h, 0.003 * h), (0.02, 0.016, 0.014), (s * 0.0185 * h, 0.073 * h, -0.0555 * h), 1
            )
        )
        parts.append(ellipsoid((0.0125 * h, 0.0026 * h, 0.005 * h), dark, (s * 0.019 * h, 0.084 * h, -0.0525 * h), 1))
        parts.append(
            ellipsoid((0.006 * h, 0.015 * h, 0.01 * h), times(w.skin, 0.9), (s * 0.046 * h, 0.068 * h, 0.004 * h), 1)
        )
    lips = (w.skin[0] * 0.8, w.skin[1] * 0.5, w.skin[2] * 0.5)
    parts.append(ellipsoid((0.0135 * h, 0.0036 * h, 0.005 * h), lips, (0.0, 0.0385 * h, -0.0535 * h), 1))
    if w.armour:
        parts.append(ellipsoid((0.055 * h, 0.055 * h, 0.064 * h), (0.42, 0.42, 0.45), (0.0, 0.097 * h, 0.006 * h), 2))
    elif w.hair != "none":
        parts += _hair(h, w)
    return (finish("head", *parts),)


def _hair(h: float, w: Wardrobe) -> list[Part]:
    cap = ellipsoid((0.0505 * h, 0.053 * h, 0.0565 * h), w.hair_colour, (0.0, 0.091 * h, 0.006 * h), 2)
    nape = ellipsoid((0.0455 * h, 0.052 * h, 0.035 * h), w.hair_colour, (0.0, 0.066 * h, 0.024 * h), 1)
    parts = [cap, nape]
    if w.hair in {"long", "bun"}:
        parts += [
            ellipsoid((0.008 * h, 0.034 * h, 0.022 * h), w.hair_colour, (s * 0.0425 * h, 0.078 * h, -0.008 * h), 2)
            for s in (-1.0, 1.0)
        ]
        parts.append(ellipsoid((0.024 * h, 0.024 * h, 0.024 * h), w.hair_colour, (0.0, 0.15 * h, 0.016 * h), 1))
        pin = capsule(
            vec(-0.045 * h, 0.152 * h, 0.018 * h),
            vec(0.045 * h, 0.148 * h, 0.012 * h),
            0.0035 * h,
            0.003 * h,
            w.accent,
            6,
        )
        parts.append(pin)
    return parts


def helmet(h: float, w: Wardrobe) -> tuple[Mesh, ...]:
    shell = ellipsoid((0.083 * h, 0.084 * h, 0.088 * h), w.top, (0.0, 0.064 * h, 0.004 * h), 3)
    rim = ellipsoid((0.071 * h, 0.064 * h, 0.05 * h), w.accent, (0.0, 0.066 * h, -0.042 * h), 2)
    visor = ellipsoid((0.067 * h, 0.06 * h, 0.053 * h), (0.34, 0.20, 0.06), (0.0, 0.066 * h, -0.046 * h), 3)
    lamp = [
        lathe([(0.016 * h, 0.0), (0.016 * h, 0.035 * h)], times(w.top, 0.6), 8).moved(
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
