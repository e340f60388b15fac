"""A dragon: chest on four planted legs or on two beating wings, a neck and a tail of many links."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from vr_server.domain.staging import Rgb, Subject
from vr_server.staging.geometry import Array, affine, frame_along, ramp, rot_x, rot_y, rot_z, vec, wobble
from vr_server.staging.kinds import KINDS
from vr_server.staging.meshes.core import Part, capsule, ellipsoid, finish, lathe, merge, mix, times, tube
from vr_server.staging.meshes.shapes import grid_part, loft_z, mirrored, prism
from vr_server.staging.scene import Matrix, Mesh, MovingNode

from .gait import LEGS, Footing, Gait, two_bone
from .track import Track

_SCALES: tuple[tuple[Rgb, Rgb], ...] = (
    ((0.30, 0.035, 0.03), (0.50, 0.30, 0.10)), ((0.05, 0.14, 0.08), (0.44, 0.40, 0.16)), ((0.055, 0.06, 0.09), (0.30, 0.08, 0.06)), ((0.07, 0.12, 0.26), (0.46, 0.44, 0.40)),
)  # fmt: skip
_HORN: Rgb = (0.42, 0.36, 0.26)
_NECK, _TAIL = 6, 11
_NECK_M, _TAIL_M = 3.3, 6.0
_BODY_M = 1.75
"""Height of the trunk's middle when it stands."""
_LEG_M, _SOLE_M = 1.5, 0.14
_HIPS: Array = np.array([(-0.62, -0.95), (0.62, -0.95), (-0.62, 1.15), (0.62, 1.15)])
_ARM_M = 2.7
_AIRBORNE_M = 0.5
_BEAT_HZ = 0.75
_FLYING = {"fly", "hover", "take_off", "land"}

Pose = dict[str, Matrix]


@lru_cache(maxsize=8)
def _meshes(main: Rgb, second: Rgb) -> dict[str, Mesh]:
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
    for i in range(_NECK):
        found[f"neck_{i}"] = _link(_NECK_M / _NECK, 0.4 - 0.036 * i, 0.4 - 0.036 * (i + 1), main, second, 0.2)
    for i in range(_TAIL):
        a, b = (0.4 * (1 - k / _TAIL) ** 0.9 + 0.03 for k in (i, i + 1))
        found[f"tail_{i}"] = _link(_TAIL_M / _TAIL, a, b, main, second, 0.24 * (1 - i / _TAIL) + 0.05)
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
    found["foot"] = finish("dragon-foot", ellipsoid((0.2, _SOLE_M * 0.95, 0.32), main, (0.0, 0.0, -0.05), 2), *claws)
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
    web = np.stack([u * _ARM_M, 0.12 * np.sin(math.pi * v) * np.sin(math.pi * u), 0.1 + depth * v], axis=-1)
    bone = tube(
        np.array([vec(0, 0, 0), vec(_ARM_M * 0.5, 0.08, -0.16), vec(_ARM_M, 0, 0)]), [0.17, 0.12, 0.09], main, 8
    )
    claw = lathe([(0.05, 0.0), (0.004, 0.34)], _HORN, 6).moved((_ARM_M, 0.05, -0.08), rot_x(-0.9))
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


class Dragon:
    """Part matrices at a time; pure in `t`, the last moment is kept."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.scale = subject.size_m[1] / KINDS[subject.kind].size_m[1]
        self.track = Track(subject.path, subject.size_m[1])
        self._gait = Gait(self.track, _HIPS * self.scale, _LEG_M * self.scale)
        self._flies = bool({a.action for a in subject.actions} & _FLYING)
        self._kept: tuple[float, Pose] | None = None

    def at(self, t: float) -> Pose:
        if self._kept is None or self._kept[0] != t:
            self._kept = (t, self._solve(t))
        return self._kept[1]

    def aloft(self, t: float) -> float:
        return ramp(float(self.track.position(t)[1]), 0.1, _AIRBORNE_M)

    def trunk(self, t: float) -> Matrix:
        up = self.aloft(t)
        bounce, pitch, _ = self._gait.sway(t)
        v = (self.track.position(t + 0.1) - self.track.position(t - 0.1)) / 0.2
        slow = 1 - min(math.hypot(float(v[0]), float(v[2])) / 6.0, 1.0)
        climb = math.atan2(float(v[1]), 6.0)
        beat = math.sin(2 * math.pi * _BEAT_HZ * t)
        high = _BODY_M * self.scale + (1 - up) * bounce - up * 0.35 * self.scale * beat
        turn = rot_y(self.track.yaw(t)) @ rot_x((1 - up) * pitch + up * (0.5 * slow + 0.5 * climb + 0.04 * beat))
        return affine(turn * self.scale, self.track.position(t) + vec(0.0, high, 0.0))

    def _solve(self, t: float) -> Pose:
        trunk, up = self.trunk(t), self.aloft(t)
        pose: Pose = {"trunk": trunk}
        self._neck(pose, trunk, t, up)
        self._tail(pose, trunk, t, up)
        for side, name in ((1.0, "r"), (-1.0, "l")):
            self._wing(pose, trunk, t, up, side, name)
        for name, foot, (x, z) in zip(LEGS, self._gait.feet(t), _HIPS, strict=True):
            self._leg(pose, trunk, name, foot, vec(float(x), _LEG_M - _BODY_M, float(z)), up)
        return pose

    def _chain(self, pose: Pose, base: Matrix, points: Array, back: Array, part: str) -> Matrix:
        """Links along `points` [n + 1, 3] of the trunk's frame; gives the last link's frame at its end."""
        for i in range(len(points) - 1):
            frame = frame_along(points[i] - points[i + 1], -back)
            pose[f"{part}_{i}"] = base @ affine(frame, points[i])
        return base @ affine(frame, points[-1])

    def _neck(self, pose: Pose, trunk: Matrix, t: float, up: float) -> None:
        seed = self.subject.seed % 89
        side = 0.35 * wobble(t, seed, 0.13)
        k = np.linspace(0.0, 1.0, _NECK + 1)[:-1] + 0.5 / _NECK
        rise = (0.55 + 0.75 * np.sin(math.pi * np.clip(k * 1.15, 0, 1))) * (1 - 0.72 * up) + 0.1 * wobble(
            t, seed + 1, 0.2
        )
        yaw = side * k
        steps = np.stack([-np.sin(yaw) * np.cos(rise), np.sin(rise), -np.cos(yaw) * np.cos(rise)], axis=1) * (
            _NECK_M / _NECK
        )
        points = np.concatenate([[[0.0, 0.25, -1.45]], steps]).cumsum(axis=0)
        end = self._chain(pose, trunk, points, vec(0.0, 0.2, 1.0), "neck")
        look = affine(
            rot_y(self.track.yaw(t) + 1.5 * side)
            @ rot_x(-0.12 - 0.1 * up + 0.08 * wobble(t, seed + 2, 0.3))
            * self.scale,
            end[:3, 3],
        )
        pose["head"] = look
        gape = 0.12 + 0.3 * max(wobble(t, seed + 4, 0.23), 0.0)
        pose["jaw"] = look @ affine(rot_x(-gape), vec(0.0, -0.14, 0.0))

    def _tail(self, pose: Pose, trunk: Matrix, t: float, up: float) -> None:
        seed = self.subject.seed % 89
        k = np.linspace(0.0, 1.0, _TAIL)
        wave = 0.75 * k * np.sin(2 * math.pi * (0.38 * t - 0.8 * k) + seed)
        # on the ground it hangs in a bow and trails above the soil; in the air it streams out behind
        drop = (1 - up) * (-0.62 * np.exp(-((k - 0.18) ** 2) / 0.03) + 0.02) + up * (
            -0.12 + 0.22 * np.sin(2 * math.pi * (_BEAT_HZ * t - 0.7 * k)) * k
        )
        steps = np.stack([np.sin(wave) * np.cos(drop), np.sin(drop), np.cos(wave) * np.cos(drop)], axis=1) * (
            _TAIL_M / _TAIL
        )
        points = np.concatenate([[[0.0, 0.16, 1.55]], steps]).cumsum(axis=0)
        pose["tail_tip"] = self._chain(pose, trunk, points, vec(0.0, 1.0, 0.0), "tail") @ affine(
            rot_x(math.pi), vec(0.0, 0.0, 0.0)
        )

    def _wing(self, pose: Pose, trunk: Matrix, t: float, up: float, side: float, name: str) -> None:
        beat = 2 * math.pi * _BEAT_HZ * t
        lift = up * (0.15 + 0.6 * math.sin(beat)) + (1 - up) * (0.78 + 0.05 * wobble(t, self.subject.seed % 89, 0.2))
        sweep = (1 - up) * 0.75 + up * (0.1 - 0.12 * math.cos(beat))
        arm = trunk @ affine(
            rot_y(-side * sweep) @ rot_z(side * lift) @ rot_x(0.3 * (1 - up)), vec(side * 0.5, 0.55, -0.75)
        )
        bend = up * (-0.1 + 0.5 * math.sin(beat - 1.0)) - (1 - up) * 1.5
        fold = 1 - 0.35 * (1 - up)
        pose[f"arm_{name}"] = arm
        pose[f"hand_{name}"] = arm @ affine(
            rot_y(-side * 0.55 * (1 - up)) @ rot_z(side * bend) @ np.diag([fold, 1.0, fold]),
            vec(side * _ARM_M, 0.0, 0.0),
        )

    def _leg(self, pose: Pose, trunk: Matrix, name: str, foot: Footing, hip: Array, up: float) -> None:
        k = self.scale
        ahead = rot_y(foot.yaw_rad) @ vec(0.0, 0.0, -1.0)
        hind = name.endswith("h")
        top = (trunk @ np.array([*hip, 1.0]))[:3]
        tucked = (trunk @ np.array([hip[0] * 0.9, hip[1] - 0.75, hip[2] + (0.75 if hind else 0.5), 1.0]))[:3]
        ankle = (foot.at + vec(0.0, _SOLE_M * k, 0.0)) * (1 - up) + tucked * up
        upper, lower = two_bone(top, ankle, 0.78 * k, 0.72 * k, -ahead if hind else ahead)
        grown = np.diag([k, k, k, 1.0])
        pose[f"upper_leg_{name}"], pose[f"lower_leg_{name}"] = upper @ grown, lower @ grown
        end = (lower @ np.array([0.0, -0.72 * k, 0.0, 1.0]))[:3]
        pose[f"foot_{name}"] = affine(
            rot_y(foot.yaw_rad) @ rot_x(-0.9 * up - 0.7 * min(foot.lift_m / (0.2 * k), 1.0)) * k, end
        )


def dragon_nodes(subject: Subject) -> list[MovingNode]:
    """Trunk, neck, head, jaw, tail, wings and legs, all rigid."""
    dragon = Dragon(subject)
    main, second = _SCALES[subject.seed % len(_SCALES)]
    colours = subject.colours
    meshes = _meshes(colours[0] if colours else main, colours[1] if len(colours) > 1 else second)

    def follow(part: str) -> Callable[[float], Matrix]:
        return lambda t: dragon.at(t)[part]

    parts = [p for p in meshes if p not in {"upper_leg", "lower_leg", "foot"}]
    nodes = [MovingNode(meshes[p], subject.object_id, subject.label, p, follow(p)) for p in parts]
    for name in LEGS:
        nodes += [
            MovingNode(meshes[p], subject.object_id, subject.label, f"{p}_{name}", follow(f"{p}_{name}"))
            for p in ("upper_leg", "lower_leg", "foot")
        ]
    return nodes
