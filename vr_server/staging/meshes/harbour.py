"""What lies and stands at a quay. Unit: metres; base at y = 0."""

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import vec
from vr_server.staging.scene import Mesh

from .core import Part, box, finish, lathe, smooth_part, tube
from .water import _net


def boat(seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A wooden fishing boat afloat, its bow at -Z; the waterline is at y = 0."""
    w, h, d = size
    tone = ((0.10, 0.2, 0.26), (0.32, 0.08, 0.05), (0.3, 0.26, 0.2))[seed % 3]
    s = np.linspace(-1, 1, 13)
    beam = w / 2 * np.sqrt(np.clip(1 - np.clip(-s, -0.75, 1) ** 2, 0, 1))
    deck = h * (0.28 + 0.12 * s**2)
    rows = []
    for share, y in ((0.25, -0.25 * h), (0.85, 0.0), (1.0, None), (0.9, None), (0.85, 0.12 * h)):
        line = deck if y is None else np.full_like(s, y)
        for_sign = [np.stack([k * beam * share, line, s * d / 2], 1) for k in (-1.0, 1.0)]
        rows.append(for_sign)
    parts: list[Part] = []
    for k in (0, 1):
        g = np.array([r[k] for r in rows])
        points, tri = _net(g[:, :, 0], g[:, :, 2], g[:, :, 1])
        parts.append(smooth_part(points, tri if k == 0 else tri[:, ::-1], tone))
    floor_ = [box((w * 0.72, 0.05, d * 0.7), (0.3, 0.2, 0.11), (0.0, 0.12 * h, 0.05 * d))]
    cabin = [
        box((w * 0.55, h * 0.42, d * 0.22), (0.55, 0.54, 0.5), (0.0, h * 0.36, d * 0.22)),
        box((w * 0.62, h * 0.05, d * 0.26), tone, (0.0, h * 0.59, d * 0.22)),
    ]
    cabin.append(box((w * 0.4, h * 0.16, d * 0.23), (0.04, 0.06, 0.08), (0.0, h * 0.44, d * 0.218)))
    mast = tube(np.array([vec(0, 0.1 * h, -d * 0.1), vec(0, h, -d * 0.1)]), [0.06, 0.04], (0.28, 0.18, 0.1), 6)
    boom = tube(np.array([vec(0, h * 0.45, -d * 0.1), vec(0, h * 0.6, d * 0.12)]), [0.04, 0.03], (0.28, 0.18, 0.1), 6)
    return finish("boat-hull", *parts, two_sided=True), finish("boat", *floor_, *cabin, mast, boom)


def bollard(_seed: int, height: float = 0.6) -> tuple[Mesh, ...]:
    post = lathe(
        [(0.2, 0.0), (0.17, 0.08), (0.13, height * 0.6), (0.2, height * 0.75), (0.2, height * 0.9), (0.1, height)],
        (0.06, 0.06, 0.065),
        12,
    )
    return (finish("bollard", post),)


def dock_crane(_seed: int, size: Vec3) -> tuple[Mesh, ...]:
    """A harbour crane on four legs, its jib out over the water (-Z)."""
    w, h, d = size
    tone: Rgb = (0.62, 0.30, 0.05)
    legs = [
        tube(np.array([vec(x, 0, z), vec(x * 0.5, h * 0.5, z * 0.5)]), [0.25, 0.2], tone, 5)
        for x in (-w / 2, w / 2)
        for z in (-w / 2, w / 2)
    ]
    house = [
        box((w * 0.6, h * 0.14, w * 0.8), (0.5, 0.5, 0.46), (0.0, h * 0.57, 0.0)),
        box((w * 0.62, 0.3, w * 0.9), tone, (0.0, h * 0.5, 0.0)),
    ]
    jib = [tube(np.array([vec(k, h * 0.6, 0), vec(k * 0.3, h, -d * 0.6)]), [0.16, 0.08], tone, 4) for k in (-0.8, 0.8)]
    rungs = [tube(np.array([vec(-0.8 * (1 - 0.7 * t), h * (0.6 + 0.4 * t), -d * 0.6 * t), vec(0.8 * (1 - 0.7 * t), h * (0.6 + 0.4 * t), -d * 0.6 * t)]), [0.06, 0.06], tone, 4) for t in np.linspace(0.08, 0.95, 9)]  # fmt: skip
    rope = tube(np.array([vec(0, h, -d * 0.6), vec(0, h * 0.35, -d * 0.6)]), [0.04, 0.04], (0.05, 0.05, 0.05), 3)
    hook = box((0.5, 0.7, 0.4), (0.1, 0.1, 0.1), (0.0, h * 0.33, -d * 0.6))
    return (finish("dock-crane", *legs, *house, *jib, *rungs, rope, hook),)
