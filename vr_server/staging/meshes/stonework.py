"""Gates, stairs and terraces. Unit: metres; footprint centred, front at +Z, base at y = 0."""

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb
from vr_server.staging.scene import Mesh

from .core import (
    box,
    ellipsoid,
    finish,
    lathe,
    loft,
    smooth_part,
    times,
)

_STONE: Rgb = (0.40, 0.37, 0.32)


def gate(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A paifang: red posts, beams and tiled roofs over an open way."""
    w, h, d = size
    red: Rgb = (0.36, 0.05, 0.03)
    parts = []
    for x in (-w * 0.44, -w * 0.2, w * 0.2, w * 0.44):
        tall = h * (0.78 if abs(x) < w * 0.3 else 0.58)
        parts.append(lathe([(0.2, 0.0), (0.18, tall)], red, 10).moved((x, 0, 0)))
        parts.append(box((0.6, 0.8, d), _STONE, (x, 0.4, 0)))
    roofs = (
        (0.0, h * 0.78, w * 0.5, h * 0.2),
        (-w * 0.33, h * 0.58, w * 0.3, h * 0.14),
        (w * 0.33, h * 0.58, w * 0.3, h * 0.14),
    )
    for x, y, wide, rise in roofs:
        parts.append(box((wide * 0.98, 0.3, 0.3), times(red, 0.8), (x, y - 0.75, 0)))
        parts.append(box((wide * 0.98, 0.42, 0.2), (0.06, 0.16, 0.2), (x, y - 0.35, 0)))
        rows = [(-0.12, 1.0), (0.05, 0.86), (0.4, 0.55), (1.0, 0.16)]
        roof = loft(
            [(y + rise * v, wide * 0.56 * (0.35 + 0.65 * k), d * 0.85 * k, 0.0) for v, k in rows],
            (0.12, 0.13, 0.14),
            24,
            6.0,
        )
        lift = (
            np.clip(np.abs(roof.positions[:, 0] - 0.0) / (wide * 0.56), 0, 1) ** 4
            * rise
            * 0.5
            * (roof.positions[:, 1] < y + rise * 0.3)
        )
        parts.append(
            smooth_part(
                roof.positions + np.stack([0 * lift, lift, 0 * lift], 1), roof.triangles, (0.12, 0.13, 0.14)
            ).moved((x, 0, 0))
        )
        parts.append(box((wide * 0.4, 0.2, 0.2), (0.18, 0.19, 0.2), (x, y + rise, 0)))
    plaque = box((w * 0.2, 0.6, 0.1), (0.05, 0.08, 0.12), (0.0, h * 0.74, d * 0.2 + 0.1))
    return (finish(f"gate-{seed % 2}", *parts, plaque),)


def stairs(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A flight of stone steps that rises towards -Z, with cheeks."""
    w, h, d = size
    n = max(3, round(h / 0.17))
    parts = [
        box(
            (w * 0.86, h * (i + 1) / n, d / n),
            times(_STONE, 0.9 + 0.1 * (i % 2)),
            (0, h * (i + 1) / n / 2, d / 2 - d * (i + 0.5) / n),
        )
        for i in range(n)
    ]
    for x in (-w * 0.465, w * 0.465):
        parts += [
            box(
                (w * 0.07, h * (i + 1) / n + 0.3, d / n),
                times(_STONE, 0.8),
                (x, (h * (i + 1) / n + 0.3) / 2, d / 2 - d * (i + 0.5) / n),
            )
            for i in range(n)
        ]
    return (finish("stairs", *parts),)


def terrace(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A platform of dressed stone with a balustrade along its front, open in the middle."""
    w, h, d = size
    parts = [
        box((w, h, d), times(_STONE, 0.85), (0, h / 2, 0)),
        box((w + 0.3, 0.2, d + 0.3), times(_STONE, 1.1), (0, h - 0.1, 0)),
    ]
    n = round(w / 2.0)
    for i in range(n + 1):
        x = -w / 2 + w * i / n
        if abs(x) > w * 0.13:
            parts.append(box((0.24, 1.0, 0.24), times(_STONE, 1.15), (x, h + 0.5, d / 2 - 0.15)))
            parts.append(ellipsoid((0.16, 0.16, 0.16), times(_STONE, 1.15), (x, h + 1.08, d / 2 - 0.15), 1))
    for s in (-1, 1):
        parts += [
            box((w * 0.37, 0.12, 0.14), times(_STONE, 1.05), (s * w * 0.315, h + y, d / 2 - 0.15)) for y in (0.4, 0.8)
        ]
    return (finish("terrace", *parts),)
