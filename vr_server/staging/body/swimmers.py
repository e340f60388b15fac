"""What moves by waves along its body: fish and whales, snakes."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from vr_server.domain.staging import Rgb, Subject
from vr_server.staging.geometry import Array, affine, frame_along, rot_x, rot_y, vec
from vr_server.staging.kinds import KINDS
from vr_server.staging.meshes.core import ellipsoid, finish, lathe, merge, times
from vr_server.staging.meshes.shapes import loft_z, mirrored, prism
from vr_server.staging.scene import Matrix, Mesh, MovingNode

from .track import Track

_FISH: tuple[tuple[Rgb, Rgb], ...] = (
    ((0.62, 0.20, 0.05), (0.72, 0.62, 0.42)),
    ((0.30, 0.36, 0.42), (0.66, 0.68, 0.68)),
    ((0.08, 0.22, 0.34), (0.66, 0.55, 0.2)),
)
_WHALE: tuple[Rgb, Rgb] = ((0.07, 0.09, 0.12), (0.45, 0.47, 0.48))
_SNAKES: tuple[tuple[Rgb, Rgb], ...] = (
    ((0.10, 0.15, 0.05), (0.36, 0.32, 0.10)),
    ((0.03, 0.03, 0.035), (0.30, 0.06, 0.04)),
    ((0.30, 0.19, 0.09), (0.12, 0.07, 0.035)),
)
_LINKS = 22


@lru_cache(maxsize=16)
def _fish_meshes(main: Rgb, second: Rgb, whale: bool) -> dict[str, Mesh]:
    """Built one metre long and 0.4 high. A fish beats its tail sideways, a whale up and down."""
    rows = [
        (-0.5, 0.02, 0.03, 0.0),
        (-0.44, 0.07, 0.1, 0.0),
        (-0.28, 0.11, 0.165, 0.0),
        (-0.08, 0.12, 0.18, 0.0),
        (0.1, 0.095, 0.14, 0.0),
    ]
    ratio = np.array(second) / np.maximum(np.array(main), 1e-3)

    def belly(_: Array, n: Array) -> Array:
        return np.asarray(np.where(n[:, 1:2] < -0.35, ratio, 0.9 + 0.1 * n[:, 1:2]))

    wide = 1.25 if whale else 0.75
    body = loft_z([(z, w * wide, h, c) for z, w, h, c in rows], main, 18, 2.1).tinted(belly)
    rear = loft_z(
        [(-0.02, 0.095 * wide, 0.14, 0.0), (0.12, 0.06 * wide, 0.085, 0.0), (0.26, 0.022, 0.032, 0.0)], main, 16, 2.1
    ).tinted(belly)
    eyes = mirrored(
        ellipsoid(
            (0.012, 0.016, 0.016),
            (0.02, 0.02, 0.02),
            (0.062 * wide if whale else 0.056, 0.01 if whale else 0.035, -0.44),
            1,
        )
    )
    fin = mirrored(
        prism(
            [(0.0, -0.18), (0.16, -0.02), (0.18, 0.06), (0.02, -0.06)], -0.008, 0.008, times(main, 0.8), "y", 0.003
        ).moved((0.1 * wide, -0.09, 0.0))
    )
    top = prism(
        [(-0.1, 0.15), (0.06, 0.24 if not whale else 0.2), (0.1, 0.12)], -0.006, 0.006, times(main, 0.8), "x", 0.002
    )
    outline = [(0.24, 0.0), (0.36, 0.15), (0.4, 0.16), (0.35, 0.0), (0.4, -0.16), (0.36, -0.15)]
    fluke = (
        prism([(y, z) for z, y in outline], -0.008, 0.008, main, "y", 0.003)
        if whale
        else prism(outline, -0.006, 0.006, times(second, 0.9), "x", 0.002)
    )
    return {
        "body": finish("fish-body", body, eyes, fin, top),
        "rear": finish("fish-rear", rear, fluke.moved((0.0, 0.0, -0.1))),
    }


def fish_nodes(subject: Subject) -> list[MovingNode]:
    """Two pieces that bend against each other: a slow stroke where it rests, a strong one where it swims."""
    whale = subject.kind == "whale"
    size = KINDS[subject.kind].size_m
    k = subject.size_m[1] / size[1]
    length, high = size[2] * k / 0.82, size[1] * k / 0.4
    main, second = _WHALE if whale else _FISH[subject.seed % len(_FISH)]
    colours = subject.colours
    meshes = _fish_meshes(colours[0] if colours else main, colours[1] if len(colours) > 1 else second, whale)
    track = Track(subject.path, 1.0)
    hz = 0.3 if whale else 1.6
    grown = np.diag([high if not whale else high * 0.8, high, length])
    afloat = size[1] * k * (0.12 if whale else 0.5)

    def stroke(t: float, late: float) -> float:
        speed = float(np.linalg.norm(track.position(t + 0.1) - track.position(t - 0.1))) / 0.2
        strength = 0.1 + 0.3 * min(speed / (0.4 * length), 1.0)
        return strength * math.sin(2 * math.pi * hz * t - late)

    def bend(angle: float) -> Array:
        return rot_x(angle) if whale else rot_y(angle)

    def body(t: float) -> Matrix:
        bob = 0.04 * high * math.sin(2 * math.pi * 0.25 * t)
        return affine(
            rot_y(track.yaw(t)) @ bend(0.25 * stroke(t, 1.2)), track.position(t) + vec(0.0, afloat + bob, 0.0)
        )

    def front(t: float) -> Matrix:
        return body(t) @ affine(grown, vec(0.0, 0.0, 0.0))

    def rear(t: float) -> Matrix:
        return body(t) @ affine(bend(-stroke(t, 0.0)) @ grown, vec(0.0, 0.0, 0.1 * length))

    return [
        MovingNode(meshes["body"], subject.object_id, subject.label, "body", front),
        MovingNode(meshes["rear"], subject.object_id, subject.label, "rear", rear),
    ]


@lru_cache(maxsize=8)
def _snake_meshes(main: Rgb, second: Rgb) -> dict[str, Mesh]:
    found = {}
    step = 2.6 / _LINKS
    for i in range(_LINKS):
        a, b = (0.055 * min(1.0, 0.55 + 4 * k, 3.2 * (1 - k) + 0.12) for k in (i / _LINKS, (i + 1) / _LINKS))
        link = lathe(
            [(b * 0.8, -step - 0.4 * b), (b, -step), (a, 0.0), (a * 0.8, 0.4 * a)], second if i % 4 == 3 else main, 10
        )
        found[f"link_{i}"] = finish("snake-link", link)
    head = merge(
        [
            ellipsoid((0.055, 0.036, 0.085), main, (0.0, 0.0, -0.06), 2),
            mirrored(ellipsoid((0.01,) * 3, (0.7, 0.5, 0.05), (0.04, 0.022, -0.09), 1)),
            prism(
                [(-0.006, -0.13), (0.006, -0.13), (0.014, -0.24), (0.0, -0.2), (-0.014, -0.24)],
                -0.003,
                0.003,
                (0.5, 0.03, 0.03),
                "y",
            ),
        ]
    )
    found["head"] = finish("snake-head", head)
    return found


def snake_nodes(subject: Subject) -> list[MovingNode]:
    """Links that follow the head along its own winding track; the head is raised."""
    k = subject.size_m[1] / KINDS["snake"].size_m[1]
    main, second = _SNAKES[subject.seed % len(_SNAKES)]
    meshes = _snake_meshes(
        subject.colours[0] if subject.colours else main, subject.colours[1] if len(subject.colours) > 1 else second
    )
    track = Track(subject.path, 1.0)
    step = 2.6 / _LINKS * k

    def spine(t: float) -> Array:
        """float64 [links + 1, 3] world points from the head to the tail's end."""
        moving = track.walk_at(t) is not None
        gone = track.distance(t) if moving else 0.12 * math.sin(0.8 * t) * k
        points, yaw = [], track.yaw(t)
        for i in range(_LINKS + 1):
            back = i * step - 1.15 * k
            side = 0.2 * k * min(1.0, 0.35 + i / 6) * math.sin(2 * math.pi * (gone - i * step) / (1.1 * k))
            lift = max(0.0, 0.34 * (1 - i / 5)) ** 1.4 * k
            points.append(track.position(t) + rot_y(yaw) @ vec(side, 0.052 * k + lift, back))
        return np.array(points)

    kept: dict[float, Array] = {}

    def at(t: float) -> Array:
        if t not in kept:
            kept.clear()
            kept[t] = spine(t)
        return kept[t]

    def link(i: int) -> Callable[[float], Matrix]:
        def place(t: float) -> Matrix:
            points = at(t)
            return affine(frame_along(points[i] - points[i + 1], vec(0.0, -1.0, 0.0)) * k, points[i])

        return place

    def head(t: float) -> Matrix:
        return affine(rot_y(track.yaw(t) + 0.2 * math.sin(1.3 * t)) * k, at(t)[0])

    nodes = [
        MovingNode(meshes[f"link_{i}"], subject.object_id, subject.label, f"link_{i}", link(i)) for i in range(_LINKS)
    ]
    return [*nodes, MovingNode(meshes["head"], subject.object_id, subject.label, "head", head)]
