"""Four-legged and winged stand-ins: simple, but they stand, trot and fly."""

import math
from collections.abc import Callable

from vr_server.domain.staging import Rgb, Subject
from vr_server.staging.geometry import Array, affine, rot_x, rot_y, rot_z, vec
from vr_server.staging.meshes.core import box, capsule, ellipsoid, finish, merge, times
from vr_server.staging.scene import Matrix, Mesh, MovingNode

from .track import Track

_COATS: tuple[Rgb, ...] = ((0.20, 0.10, 0.05), (0.10, 0.07, 0.05), (0.42, 0.38, 0.32), (0.30, 0.18, 0.09))


def quadruped_nodes(subject: Subject) -> list[MovingNode]:
    """A horse or a dog by its size: barrel, neck and head, tail, four two-jointed legs in a trot driven by distance."""
    h, length = subject.size_m[1], subject.size_m[2]
    coat = _COATS[subject.seed % len(_COATS)]
    horse = subject.kind == "horse"
    back = h * (0.74 if horse else 0.76)
    track = Track(subject.path, h)
    leg = back * 0.56
    stride = leg * 2.1

    def body(t: float) -> Matrix:
        bob = 0.015 * h * math.sin(4 * math.pi * track.distance(t) / stride)
        return affine(rot_y(track.yaw(t)), track.position(t) + vec(0.0, back * 0.82 + bob, 0.0))

    rise = h - back * 0.82 - 0.08 * h
    barrel = merge(
        [
            ellipsoid((0.135 * length, 0.24 * back, 0.34 * length), coat, (0, 0, 0), 3),
            ellipsoid((0.12 * length, 0.2 * back, 0.15 * length), coat, (0, 0.02 * back, 0.2 * length)),
            capsule(
                vec(0, 0.05 * back, -0.24 * length), vec(0, rise, -0.44 * length), 0.12 * length, 0.07 * length, coat
            ),
            capsule(
                vec(0, rise + 0.02 * h, -0.43 * length),
                vec(0, rise - 0.11 * h, -0.63 * length),
                0.068 * length,
                0.038 * length,
                coat,
            ),
            capsule(
                vec(0, 0.1 * back, 0.33 * length),
                vec(0, -0.28 * back, 0.42 * length),
                0.028 * length,
                0.02 * length,
                times(coat, 0.5),
            ),
            *(
                ellipsoid(
                    (0.012 * length, 0.05 * length, 0.02 * length),
                    coat,
                    (s * 0.03 * length, rise + 0.075 * h, -0.42 * length),
                    1,
                )
                for s in (-1, 1)
            ),
        ]
    )
    upper = finish("upper-leg", capsule(vec(0, 0, 0), vec(0, -leg * 0.55, 0), 0.075 * length, 0.036 * length, coat))
    lower = finish(
        "lower-leg", capsule(vec(0, 0, 0), vec(0, -leg * 0.52, 0), 0.03 * length, 0.02 * length, times(coat, 0.8))
    )
    nodes = [MovingNode(finish("barrel", barrel), subject.object_id, subject.label, "barrel", body)]
    for i, (x, z) in enumerate(((-0.09, -0.24), (0.09, -0.24), (-0.09, 0.24), (0.09, 0.24))):
        hip = vec(x * length, -0.02 * back + leg * 1.05 - back * 0.82 + 0.02 * back, z * length)
        phase = math.pi * ((i % 2) ^ (i // 2))
        nodes += _leg(subject, track, body, hip, phase, stride, leg, (upper, lower), i)
    return nodes


def _leg(
    subject: Subject,
    track: Track,
    body: Callable[[float], Matrix],
    hip: Array,
    phase: float,
    stride: float,
    leg: float,
    meshes: tuple[Mesh, Mesh],
    index: int,
) -> list[MovingNode]:
    def thigh(t: float) -> Matrix:
        moving = 1.0 if track.walk_at(t) is not None else 0.0
        return body(t) @ affine(rot_x(0.45 * moving * math.sin(2 * math.pi * track.distance(t) / stride + phase)), hip)

    def shank(t: float) -> Matrix:
        moving = 1.0 if track.walk_at(t) is not None else 0.0
        fold = max(0.0, math.cos(2 * math.pi * track.distance(t) / stride + phase)) * 0.8 * moving
        return thigh(t) @ affine(rot_x(-fold), vec(0.0, -leg * 0.53, 0.0))

    return [
        MovingNode(meshes[0], subject.object_id, subject.label, f"upper_leg_{index}", thigh),
        MovingNode(meshes[1], subject.object_id, subject.label, f"lower_leg_{index}", shank),
    ]


def bird_nodes(subject: Subject) -> list[MovingNode]:
    """Body and two beating wings, about a kite's size times `size_m`."""
    w, _, d = subject.size_m
    track = Track(subject.path, 1.0)
    colour = times(_COATS[subject.seed % len(_COATS)], 0.9)

    def body(t: float) -> Matrix:
        beat = math.sin(2 * math.pi * 2.2 * t)
        return affine(rot_y(track.yaw(t)), track.position(t) + vec(0.0, -0.04 * beat * w, 0.0))

    torso = merge(
        [
            ellipsoid((0.09 * w, 0.08 * w, 0.4 * d), colour),
            ellipsoid((0.06 * w,) * 3, colour, (0, 0.05 * w, -0.42 * d)),
            box((0.16 * w, 0.01 * w, 0.25 * d), colour, (0, 0, 0.5 * d)),
        ]
    )
    nodes = [MovingNode(finish("torso", torso), subject.object_id, subject.label, "torso", body)]
    for side in (-1.0, 1.0):
        wing = ellipsoid((0.27 * w, 0.012 * w, 0.2 * d), colour, (side * 0.26 * w, 0.0, 0.0))

        def at(t: float, side: float = side) -> Matrix:
            return body(t) @ affine(
                rot_z(side * (0.25 + 0.6 * math.sin(2 * math.pi * 2.2 * t))), vec(0.0, 0.03 * w, 0.0)
            )

        nodes.append(MovingNode(finish("wing", wing), subject.object_id, subject.label, f"wing_{side:+.0f}", at))
    return nodes
