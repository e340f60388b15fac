"""Birds: wings in two pieces that beat and glide in the air, folded on the ground."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from vr_server.domain.staging import Rgb, Subject
from vr_server.staging.geometry import affine, ramp, rot_x, rot_y, rot_z, turn_between, vec, wobble
from vr_server.staging.kinds import KINDS
from vr_server.staging.meshes.core import capsule, ellipsoid, finish, lathe, merge, mix, times
from vr_server.staging.meshes.shapes import AHEAD, loft_z, mirrored, prism
from vr_server.staging.scene import Matrix, Mesh, MovingNode

from .track import Track

_PLUMES: tuple[tuple[Rgb, Rgb], ...] = (
    ((0.045, 0.043, 0.05), (0.1, 0.1, 0.11)), ((0.62, 0.60, 0.57), (0.25, 0.24, 0.24)), ((0.22, 0.13, 0.07), (0.5, 0.42, 0.3)), ((0.10, 0.2, 0.34), (0.5, 0.3, 0.16)),
)  # fmt: skip
_EAGLE: tuple[Rgb, Rgb] = ((0.13, 0.075, 0.04), (0.68, 0.64, 0.55))
_BEAK: Rgb = (0.62, 0.42, 0.08)
_GLIDES = {"eagle"}
_AIRBORNE_M = 0.3


@lru_cache(maxsize=24)
def _meshes(span: float, length: float, main: Rgb, second: Rgb, eagle: bool) -> dict[str, Mesh]:
    """Body, legs and the right wing's two pieces; wings point to +X from their joints."""
    d, w = length, span
    head = second if eagle else main
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
            second if eagle or i % 2 else main,
            "y",
        ).moved((0, 0, 0), rot_y(0.2 * i))
        for i in (-2, -1, 0, 1, 2)
    ]
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
    legs = mirrored(
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
    return {
        "torso": finish("bird-torso", body, skull, neck, beak, eyes, *tail),
        "legs": finish("bird-legs", legs),
        "inner_r": finish("wing", inner, coverts),
        "outer_r": finish("wing", hand, *feathers),
        "inner_l": finish("wing", *(p.scaled(-1.0, 1.0, 1.0) for p in (inner, coverts))),
        "outer_l": finish("wing", *(p.scaled(-1.0, 1.0, 1.0) for p in (hand, *feathers))),
    }  # fmt: skip


def bird_nodes(subject: Subject) -> list[MovingNode]:
    """Body, legs (tucked in flight) and wings. Small birds beat fast, eagles beat a little and glide."""
    kind = KINDS[subject.kind]
    scale = subject.size_m[1] / kind.size_m[1]
    span, length = kind.size_m[0] * scale, kind.size_m[2] * scale
    eagle = subject.kind in _GLIDES
    main, second = _EAGLE if eagle else _PLUMES[subject.seed % len(_PLUMES)]
    colours = subject.colours
    meshes = _meshes(
        span, length * 0.98, colours[0] if colours else main, colours[1] if len(colours) > 1 else second, eagle
    )
    track = Track(subject.path, 1.0)
    hz = 1.1 if eagle else min(3.4, 1.6 / math.sqrt(span))
    seed = subject.seed % 31

    def aloft(t: float) -> float:
        return ramp(float(track.position(t)[1]), 0.05, _AIRBORNE_M)

    def effort(t: float) -> float:
        """How hard it beats: an eagle glides half of the time, whatever climbs or hovers beats fully."""
        speed = float(np.linalg.norm(track.position(t + 0.1) - track.position(t - 0.1))) / 0.2
        glide = ramp(math.sin(2 * math.pi * 0.22 * t + seed), -0.2, 0.5) if eagle and speed > 1.5 else 0.0
        return aloft(t) * (1 - 0.85 * glide)

    def torso(t: float) -> Matrix:
        up, beat = aloft(t), math.sin(2 * math.pi * hz * t + seed)
        v = (track.position(t + 0.1) - track.position(t - 0.1)) / 0.2
        climb = math.atan2(float(v[1]), max(math.hypot(float(v[0]), float(v[2])), 1.5))
        bank = min(max(0.5 * turn_between(track.yaw(t - 0.2), track.yaw(t + 0.2)) / 0.4, -0.7), 0.7)
        high = (1 - up) * 0.215 * length - 0.05 * span * beat * effort(t)
        perched = (1 - up) * (0.35 + 0.05 * wobble(t, seed, 0.8))
        turn = rot_y(track.yaw(t)) @ rot_x(up * 0.6 * climb + perched) @ rot_z(up * bank)
        return affine(turn, track.position(t) + vec(0.0, high + (1 - up) * 0.03 * length, 0.0))

    def inner(side: float) -> Callable[[float], Matrix]:
        def at(t: float) -> Matrix:
            up, phase = aloft(t), 2 * math.pi * hz * t + seed
            lift = up * (0.14 + 0.62 * effort(t) * math.sin(phase)) - (1 - up) * 0.35
            turn = rot_y(-side * 1.35 * (1 - up)) @ rot_z(side * lift) @ rot_x((1 - up) * 1.0)
            return torso(t) @ affine(turn, vec(side * 0.07 * length, 0.05 * length, -0.08 * length))

        return at

    def outer(side: float) -> Callable[[float], Matrix]:
        def at(t: float) -> Matrix:
            up, phase = aloft(t), 2 * math.pi * hz * t + seed - 0.9
            lift = up * (-0.1 + 0.55 * effort(t) * math.sin(phase))
            folded = 1 - 0.45 * (1 - up)
            return inner(side)(t) @ affine(
                rot_y(side * 0.3 * (1 - up)) @ rot_z(side * lift) @ np.diag([folded, 1.0, folded]),
                vec(side * 0.205 * span, 0.0, 0.0),
            )

        return at

    def legs(t: float) -> Matrix:
        tuck = aloft(t)
        # upright feet under a body that leans when it stands; drawn up in flight
        return torso(t) @ affine(
            rot_x(-0.35 * (1 - tuck) + 1.2 * tuck) @ np.diag([1.0, 1.0 - 0.5 * tuck, 1.0]), vec(0.0, 0.0, 0.0)
        )

    places = {
        "torso": torso,
        "legs": legs,
        "inner_r": inner(1.0),
        "inner_l": inner(-1.0),
        "outer_r": outer(1.0),
        "outer_l": outer(-1.0),
    }
    return [MovingNode(meshes[part], subject.object_id, subject.label, part, at) for part, at in places.items()]
