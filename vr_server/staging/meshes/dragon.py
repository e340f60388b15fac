"""A dragon's parts: trunk, links of neck and tail, head and jaw, legs, wings of bone and skin. Unit: metres."""

import math
from functools import lru_cache

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import rot_x, vec
from vr_server.staging.scene import Mesh

from .core import Part, capsule, ellipsoid, finish, lathe, merge, mix, times, tube
from .shapes import grid_part, loft_z, mirrored, prism

SCALES: tuple[tuple[Rgb, Rgb], ...] = (
    ((0.30, 0.035, 0.03), (0.50, 0.30, 0.10)), ((0.05, 0.14, 0.08), (0.44, 0.40, 0.16)), ((0.055, 0.06, 0.09), (0.30, 0.08, 0.06)), ((0.07, 0.12, 0.26), (0.46, 0.44, 0.40)),
)  # fmt: skip
_HORN: Rgb = (0.42, 0.36, 0.26)
NECK, TAIL = 6, 11
"""Links."""
NECK_M, TAIL_M = 3.3, 6.0
ARM_M = 2.7
SOLE_M = 0.14


@lru_cache(maxsize=8)
def dragon_meshes(main: Rgb, second: Rgb) -> dict[str, Mesh]:
    rows = [
        (-1.7, 0.3, 0.34, 0.18),
        (-1.3, 0.58, 0.66, 0.06),
        (-0.6, 0.74, 0.8, 0.0),
        (0.3, 0.66, 0.68, 0.04),
        (1.1, 0.56, 0.56, 0.1),
        (1.8, 0.34, 0.36, 0.16),
    ]
    trunk = loft_z(rows, main, 18, 2.1)
    ratio = np.array(second) / np.maximum(np.array(main), 1e-3)
    trunk = trunk.tinted(
        lambda p, n: (
            (0.88 + 0.12 * n[:, 1:2])
            * np.where((n[:, 1:2] < -0.45), 0.7 * ratio, 1.0)
            * np.where(np.abs(np.sin(p[:, 2:3] * 9)) < 0.25, 0.8, 1.0)
        )
    )
    spikes = [_spike(0.32).moved((0.0, 0.62 + 0.05 * (z < 0), z)) for z in (-1.2, -0.7, -0.2, 0.3, 0.8, 1.3)]
    found = {"trunk": finish("dragon-trunk", trunk, *spikes), "head": _head(main), "jaw": _jaw(main, second)}
    for i in range(NECK):
        found[f"neck_{i}"] = _link(NECK_M / NECK, 0.4 - 0.036 * i, 0.4 - 0.036 * (i + 1), main, second, 0.2)
    for i in range(TAIL):
        a, b = (0.4 * (1 - k / TAIL) ** 0.9 + 0.03 for k in (i, i + 1))
        found[f"tail_{i}"] = _link(TAIL_M / TAIL, a, b, main, second, 0.24 * (1 - i / TAIL) + 0.05)
    blade = prism([(0.0, -0.05), (0.26, 0.25), (0.0, 0.75), (-0.26, 0.25)], -0.04, 0.04, second, "z", 0.015)
    found["tail_tip"] = finish("dragon-tip", blade)
    thigh = merge(
        [
            capsule(vec(0, 0.1, 0), vec(0, -0.8, 0), 0.3, 0.16, main, 12),
            ellipsoid((0.26, 0.44, 0.36), main, (0.0, -0.1, 0.0), 2),
        ]
    )
    found["upper_leg"] = finish("dragon-thigh", thigh)
    found["lower_leg"] = finish("dragon-shank", capsule(vec(0, 0, 0), vec(0, -0.75, 0), 0.16, 0.11, main, 10))
    claws = [
        lathe([(0.05, 0.0), (0.035, 0.12), (0.004, 0.24)], _HORN, 6).moved((x, -0.06, -0.24), rot_x(-1.75))
        for x in (-0.12, 0.0, 0.12)
    ]
    found["foot"] = finish("dragon-foot", ellipsoid((0.2, SOLE_M * 0.95, 0.32), main, (0.0, 0.0, -0.05), 2), *claws)
    for side, name in ((1.0, "r"), (-1.0, "l")):
        found[f"arm_{name}"], found[f"hand_{name}"] = _wing(side, main, mix(second, main, 0.35))
    return found  # fmt: skip


def _spike(high: float) -> Part:
    return prism([(-0.14, 0.0), (0.12, high), (0.16, 0.0)], -0.035, 0.035, _HORN, "x", 0.012)


def _link(length: float, a: float, b: float, main: Rgb, second: Rgb, spike: float) -> Mesh:
    """One vertebra from the origin along -Y, its back to +Z, overlapping the next."""
    body = lathe([(b * 0.7, -length - 0.5 * b), (b, -length), (a, 0.0), (a * 0.75, 0.45 * a)], main, 14).scaled(
        1.0, 1.0, 1.0
    )
    belly = (
        lathe([(b * 0.8, -length), (a * 0.8, 0.0)], second, 10)
        .moved((0.0, 0.0, -0.24 * (a + b) / 2))
        .scaled(0.9, 1.0, 1.0)
    )
    thorn = prism(
        [(a * 0.85, -0.1 * length), (a * 0.85 + spike, -0.7 * length), (b * 0.85, -0.75 * length)],
        -0.03,
        0.03,
        _HORN,
        "x",
        0.01,
    )
    return finish("dragon-link", body, belly, thorn)


def _head(main: Rgb) -> Mesh:
    """Skull facing -Z, joint at the origin."""
    skull = loft_z(
        [
            (-1.25, 0.1, 0.06, -0.06),
            (-1.1, 0.2, 0.13, -0.04),
            (-0.6, 0.25, 0.19, 0.0),
            (-0.25, 0.34, 0.3, 0.05),
            (0.1, 0.32, 0.32, 0.04),
            (0.3, 0.2, 0.22, 0.02),
        ],
        main,
        16,
        2.4,
    )
    brow = mirrored(
        prism([(-0.5, 0.14), (-0.3, 0.36), (0.1, 0.34), (0.0, 0.2)], 0.14, 0.3, times(main, 0.7), "x", 0.03)
    )
    horns = mirrored(
        tube(
            np.array([vec(0.18, 0.25, 0.1), vec(0.3, 0.42, 0.5), vec(0.32, 0.46, 0.95), vec(0.28, 0.6, 1.3)]),
            [0.1, 0.08, 0.05, 0.012],
            _HORN,
            8,
        )
    )
    cheek = mirrored(
        tube(
            np.array([vec(0.28, -0.02, 0.1), vec(0.42, -0.02, 0.4), vec(0.46, 0.02, 0.7)]), [0.07, 0.05, 0.01], _HORN, 6
        )
    )
    teeth = mirrored(
        merge(
            [
                lathe([(0.03, 0.0), (0.004, -0.12)][::-1], (0.75, 0.72, 0.62), 6).moved(
                    (0.17 + 0.02 * i, -0.1, -1.05 + 0.22 * i)
                )
                for i in range(4)
            ]
        )
    )
    eyes = mirrored(ellipsoid((0.05, 0.06, 0.08), (1.0, 0.62, 0.05), (0.27, 0.16, -0.36), 1))
    nose = mirrored(ellipsoid((0.04, 0.03, 0.05), (0.02, 0.01, 0.01), (0.1, 0.08, -1.16), 1))
    return finish("dragon-head", skull, brow, horns, cheek, teeth, eyes, nose)


def _jaw(main: Rgb, second: Rgb) -> Mesh:
    jaw = loft_z(
        [(-1.1, 0.08, 0.04, -0.02), (-0.9, 0.16, 0.07, -0.02), (-0.3, 0.22, 0.1, -0.02), (0.1, 0.2, 0.12, 0.0)],
        mix(main, second, 0.4),
        14,
        2.4,
    )
    teeth = mirrored(
        merge(
            [
                lathe([(0.026, 0.0), (0.003, 0.1)], (0.75, 0.72, 0.62), 6).moved(
                    (0.11 + 0.02 * i, 0.03, -0.95 + 0.22 * i)
                )
                for i in range(3)
            ]
        )
    )
    return finish("dragon-jaw", jaw, teeth)


def _wing(side: float, main: Rgb, skin: Rgb) -> tuple[Mesh, Mesh]:
    """Arm with its web, and the hand's fan of fingers with theirs, both towards side * X; the web trails to +Z."""
    n = 7
    u, v = np.meshgrid(np.linspace(0.0, 1.0, n), np.linspace(0.0, 1.0, n), indexing="ij")
    depth = 2.3 + 0.5 * u - 0.5 * np.sin(math.pi * u)
    web = np.stack([u * ARM_M, 0.12 * np.sin(math.pi * v) * np.sin(math.pi * u), 0.1 + depth * v], axis=-1)
    bone = tube(np.array([vec(0, 0, 0), vec(ARM_M * 0.5, 0.08, -0.16), vec(ARM_M, 0, 0)]), [0.17, 0.12, 0.09], main, 8)
    claw = lathe([(0.05, 0.0), (0.004, 0.34)], _HORN, 6).moved((ARM_M, 0.05, -0.08), rot_x(-0.9))
    arm = merge([grid_part(web, skin), bone, claw])
    angles, lengths = np.linspace(0.0, 1.5, 5), np.array([4.3, 4.2, 3.7, 3.2, 2.85])
    a = np.interp(np.linspace(0, 4, 17), np.arange(5), angles)
    r = np.interp(np.linspace(0, 4, 17), np.arange(5), lengths) * (
        1 - 0.13 * np.sin(math.pi * (np.linspace(0, 4, 17) % 1)) ** 2
    )
    s = np.linspace(0.0, 1.0, 7)
    fan = np.stack(
        [
            np.outer(np.cos(a) * r, s),
            -0.25 * np.outer(np.sin(math.pi * (np.linspace(0, 4, 17) % 1)) ** 2, s * s),
            np.outer(np.sin(a) * r, s),
        ],
        axis=-1,
    )
    fingers = [
        tube(
            np.array(
                [
                    vec(0, 0, 0),
                    vec(math.cos(k) * q * 0.5, 0.06, math.sin(k) * q * 0.5),
                    vec(math.cos(k) * q, 0, math.sin(k) * q),
                ]
            ),
            [0.075, 0.05, 0.015],
            main,
            6,
        )
        for k, q in zip(angles, lengths, strict=True)
    ]
    hand = merge([grid_part(fan, skin), *fingers])
    flip = (side, 1.0, 1.0)
    return finish("dragon-arm", arm.scaled(*flip), two_sided=True), finish(
        "dragon-hand", hand.scaled(*flip), two_sided=True
    )
