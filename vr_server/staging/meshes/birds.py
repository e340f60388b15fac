"""A bird's parts: body, legs, and wings of two pieces with spread feathers. Unit: metres, facing -Z."""

from functools import lru_cache

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import rot_y, vec
from vr_server.staging.scene import Mesh

from .core import Part, capsule, ellipsoid, finish, lathe, merge, mix, times
from .shapes import AHEAD, loft_z, mirrored, prism

_BEAK: Rgb = (0.62, 0.42, 0.08)


@lru_cache(maxsize=24)
def bird_meshes(span: float, length: float, main: Rgb, second: Rgb, *, white_head: bool) -> dict[str, Mesh]:
    """Body, legs and both wings' two pieces, which point to +X (right) or -X from their joints."""
    inner, outer = _wing(span, length, main, second)
    return {
        "torso": finish("bird-torso", *_body(length, main, second, white_head=white_head)),
        "legs": finish("bird-legs", _legs(length)),
        "inner_r": finish("wing", *inner),
        "outer_r": finish("wing", *outer),
        "inner_l": finish("wing", *(p.scaled(-1.0, 1.0, 1.0) for p in inner)),
        "outer_l": finish("wing", *(p.scaled(-1.0, 1.0, 1.0) for p in outer)),
    }


def _body(length: float, main: Rgb, second: Rgb, *, white_head: bool) -> list[Part]:
    d = length
    head = second if white_head else main
    rows = [
        (-0.36, 0.03, 0.03, 0.03),
        (-0.26, 0.085, 0.09, 0.025),
        (-0.08, 0.125, 0.13, 0.0),
        (0.12, 0.105, 0.105, 0.0),
        (0.3, 0.04, 0.045, 0.02),
        (0.4, 0.02, 0.015, 0.025),
    ]
    body = loft_z([(z * d, a * d, b * d, c * d) for z, a, b, c in rows], main, 14, 2.0).tinted(
        lambda _, n: 0.9 + 0.12 * n[:, 1]
    )
    skull = ellipsoid((0.07 * d, 0.075 * d, 0.085 * d), head, (0.0, 0.085 * d, -0.36 * d), 2)
    neck = capsule(vec(0, 0.02 * d, -0.24 * d), vec(0, 0.075 * d, -0.35 * d), 0.075 * d, 0.06 * d, head, 10)
    beak = lathe([(0.032 * d, 0.0), (0.024 * d, 0.05 * d), (0.003 * d, 0.1 * d)], _BEAK, 8).moved(
        (0.0, 0.08 * d, -0.425 * d), AHEAD
    )
    eyes = mirrored(ellipsoid((0.014 * d,) * 3, (0.02, 0.02, 0.02), (0.055 * d, 0.1 * d, -0.4 * d), 1))
    tail = [
        prism(
            [(-0.03 * d, 0.3 * d), (0.03 * d, 0.3 * d), (0.05 * d, 0.54 * d), (-0.05 * d, 0.54 * d)],
            0.015 * d,
            0.026 * d,
            second if white_head or i % 2 else main,
            "y",
        ).moved((0, 0, 0), rot_y(0.2 * i))
        for i in (-2, -1, 0, 1, 2)
    ]
    return [body, skull, neck, beak, eyes, *tail]


def _wing(span: float, length: float, main: Rgb, second: Rgb) -> tuple[list[Part], list[Part]]:
    d, w = length, span
    inner = prism(
        [(0.0, -0.16 * d), (0.2 * w, -0.2 * d), (0.22 * w, 0.08 * d), (0.0, 0.14 * d)],
        -0.012 * d,
        0.012 * d,
        main,
        "y",
        0.005 * d,
    )
    coverts = prism(
        [(0.01 * w, -0.17 * d), (0.2 * w, -0.205 * d), (0.2 * w, -0.09 * d), (0.01 * w, -0.06 * d)],
        -0.02 * d,
        0.02 * d,
        mix(main, second, 0.35),
        "y",
        0.008 * d,
    )
    feathers = []
    for i in range(6):
        reach = (0.12 + 0.026 * i) * w
        blade = prism(
            [(0.0, -0.035 * d), (reach, -0.02 * d), (reach * 1.04, 0.02 * d), (0.0, 0.05 * d)],
            -0.006 * d,
            0.006 * d,
            times(main, 0.8) if i > 2 else mix(main, second, 0.15),
            "y",
        )
        feathers.append(blade.moved((0.008 * w * i, -0.002 * d * i, (0.05 - 0.04 * i) * d), rot_y(-1.15 + 0.22 * i)))
    hand = prism(
        [(0.0, -0.2 * d), (0.1 * w, -0.19 * d), (0.08 * w, 0.04 * d), (0.0, 0.09 * d)],
        -0.009 * d,
        0.009 * d,
        main,
        "y",
        0.004 * d,
    )
    return [inner, coverts], [hand, *feathers]


def _legs(length: float) -> Part:
    d = length
    return mirrored(
        merge(
            [
                capsule(
                    vec(0.05 * d, -0.06 * d, 0.04 * d),
                    vec(0.055 * d, -0.2 * d, 0.02 * d),
                    0.03 * d,
                    0.012 * d,
                    _BEAK,
                    6,
                ),
                prism(
                    [(-0.05 * d, 0.0), (0.01 * d, 0.0), (0.01 * d, 0.014 * d), (-0.05 * d, 0.008 * d)],
                    0.03 * d,
                    0.08 * d,
                    _BEAK,
                    "x",
                ).moved((0.0, -0.215 * d, 0.0)),
            ]
        )
    )
