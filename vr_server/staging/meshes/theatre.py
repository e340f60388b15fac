"""A theatre's stage: boards, gilded frame, lamps. Unit: metres; front at +Z, base at y = 0."""

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import vec
from vr_server.staging.scene import Mesh

from .core import box, ellipsoid, finish, lathe, times, tube

_DARK: Rgb = (0.06, 0.065, 0.075)


def stage_floor(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A theatre's boards, wide across, with a front edge that drops to the pit and footlights along it (+Z)."""
    w, h, d = size
    rng = np.random.default_rng(5)
    parts = []
    n = round(d / 0.2)
    for i in range(n):
        x = -w / 2
        while x < w / 2 - 1e-6:
            step = min(float(rng.uniform(2.5, 5.0)), w / 2 - x)
            parts.append(
                box(
                    (step - 0.01, 0.02, d / n - 0.008),
                    times((0.30, 0.18, 0.09), float(rng.uniform(0.8, 1.15))),
                    (x + step / 2, h - 0.01, -d / 2 + d * (i + 0.5) / n),
                )
            )
            x += step
    parts.append(box((w, h - 0.02, d), (0.05, 0.03, 0.02), (0.0, h / 2 - 0.02, 0.0)))
    parts.append(box((w, 0.12, 0.1), (0.55, 0.4, 0.12), (0.0, h - 0.06, d / 2)))
    shells = [
        lathe([(0.13, 0.0), (0.09, 0.16)], _DARK, 8).moved((float(x), h, d / 2 - 0.12))
        for x in np.arange(-w / 2 + 0.8, w / 2, 1.4)
    ]
    foot = [
        finish(
            "footlight",
            ellipsoid((0.07, 0.05, 0.05), (1.0, 0.8, 0.5), (float(x), h + 0.07, d / 2 - 0.22), 0),
            emission=2.6,
        )
        for x in np.arange(-w / 2 + 0.8, w / 2, 2.8)
    ]
    return (finish("stage-floor", *parts, *shells), *foot)


def proscenium(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """The golden frame of a stage: two piers and a lintel with a crest."""
    w, h, d = size
    gold: Rgb = (0.52, 0.36, 0.12)
    parts = []
    for s in (-1, 1):
        parts.append(box((1.2, h, d), (0.30, 0.05, 0.05), (s * (w / 2 - 0.6), h / 2, 0.0)))
        parts += [
            lathe([(0.2, 0.0), (0.16, 0.3), (0.15, h * 0.78), (0.22, h * 0.82)], gold, 12).moved(
                (s * (w / 2 - 0.35 - k), 0.0, d / 2 + 0.1)
            )
            for k in (0.0, 0.7)
        ]
    parts.append(box((w, h * 0.16, d), (0.30, 0.05, 0.05), (0.0, h * 0.92, 0.0)))
    parts += [box((w, 0.14, d + 0.2), gold, (0.0, y, 0.0)) for y in (h * 0.845, h - 0.07)]
    parts.append(ellipsoid((0.7, 0.5, 0.2), gold, (0.0, h * 0.92, d / 2 + 0.05), 2))
    return (finish("proscenium", *parts),)


def spot_bar(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A lighting bar with lamps pointing down and forwards; its glowing lenses light the stage."""
    w, h, _ = size
    bar = tube(np.array([vec(-w / 2, h, 0), vec(w / 2, h, 0)]), [0.035, 0.035], _DARK, 6)
    tilt = np.array([[1.0, 0, 0], [0, 0.86, 0.5], [0, -0.5, 0.86]])
    tones: tuple[Rgb, ...] = ((1.0, 0.9, 0.72), (1.0, 0.55, 0.25), (0.45, 0.6, 1.0), (1.0, 0.35, 0.5))
    cans, lenses = [], []
    xs = np.linspace(-w / 2 + 0.6, w / 2 - 0.6, max(3, round(w / 1.7)))
    for i, x in enumerate(xs):
        can = lathe([(0.17, -0.32), (0.15, 0.0), (0.1, 0.16)], _DARK, 10).moved((float(x), h - 0.28, 0.0), tilt)
        cans += [can, box((0.05, 0.2, 0.05), _DARK, (float(x), h - 0.1, 0.0))]
        tone = tones[0] if (i + seed) % 2 == 0 else tones[1 + (i // 2) % 3]
        lens = ellipsoid((0.14, 0.05, 0.14), tone, (0.0, -0.33, 0.0), 1).moved((float(x), h - 0.28, 0.0), tilt)
        lenses.append(finish("spot-lens", lens, emission=4.0))
    return (finish("spot-bar", bar, *cans), *lenses)
