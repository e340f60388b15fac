"""A dragon: chest on four planted legs or on two beating wings, a neck and a tail of many links."""

import math
from collections.abc import Callable

import numpy as np

from vr_server.domain.staging import Subject
from vr_server.staging.geometry import Array, affine, frame_along, ramp, rot_x, rot_y, rot_z, vec, wobble
from vr_server.staging.kinds import KINDS
from vr_server.staging.meshes.dragon import ARM_M, NECK, NECK_M, SCALES, SOLE_M, TAIL, TAIL_M, dragon_meshes
from vr_server.staging.scene import Matrix, MovingNode

from .gait import LEGS, Footing, Gait, two_bone
from .track import Track

_BODY_M = 1.75
"""Height of the trunk's middle when it stands."""
_LEG_M = 1.5
_HIPS: Array = np.array([(-0.62, -0.95), (0.62, -0.95), (-0.62, 1.15), (0.62, 1.15)])
_AIRBORNE_M = 0.5
_BEAT_HZ = 0.75
_FLYING = {"fly", "hover", "take_off", "land"}

Pose = dict[str, Matrix]


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
        k = np.linspace(0.0, 1.0, NECK + 1)[:-1] + 0.5 / NECK
        rise = (0.55 + 0.75 * np.sin(math.pi * np.clip(k * 1.15, 0, 1))) * (1 - 0.72 * up) + 0.1 * wobble(
            t, seed + 1, 0.2
        )
        yaw = side * k
        steps = np.stack([-np.sin(yaw) * np.cos(rise), np.sin(rise), -np.cos(yaw) * np.cos(rise)], axis=1) * (
            NECK_M / NECK
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
        k = np.linspace(0.0, 1.0, TAIL)
        wave = 0.75 * k * np.sin(2 * math.pi * (0.38 * t - 0.8 * k) + seed)
        # on the ground it hangs in a bow and trails above the soil; in the air it streams out behind
        drop = (1 - up) * (-0.62 * np.exp(-((k - 0.18) ** 2) / 0.03) + 0.02) + up * (
            -0.12 + 0.22 * np.sin(2 * math.pi * (_BEAT_HZ * t - 0.7 * k)) * k
        )
        steps = np.stack([np.sin(wave) * np.cos(drop), np.sin(drop), np.cos(wave) * np.cos(drop)], axis=1) * (
            TAIL_M / TAIL
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
            vec(side * ARM_M, 0.0, 0.0),
        )

    def _leg(self, pose: Pose, trunk: Matrix, name: str, foot: Footing, hip: Array, up: float) -> None:
        k = self.scale
        ahead = rot_y(foot.yaw_rad) @ vec(0.0, 0.0, -1.0)
        hind = name.endswith("h")
        top = (trunk @ np.array([*hip, 1.0]))[:3]
        tucked = (trunk @ np.array([hip[0] * 0.9, hip[1] - 0.75, hip[2] + (0.75 if hind else 0.5), 1.0]))[:3]
        ankle = (foot.at + vec(0.0, SOLE_M * k, 0.0)) * (1 - up) + tucked * up
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
    main, second = SCALES[subject.seed % len(SCALES)]
    colours = subject.colours
    meshes = dragon_meshes(colours[0] if colours else main, colours[1] if len(colours) > 1 else second)

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
