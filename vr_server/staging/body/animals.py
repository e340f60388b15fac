"""Four-legged animals: a trunk carried over planted feet, a head that looks about, a tail that swings."""

import math
from collections.abc import Callable

import numpy as np

from vr_server.domain.staging import Subject
from vr_server.staging.geometry import affine, rot_x, rot_y, vec, wobble
from vr_server.staging.kinds import KINDS
from vr_server.staging.meshes.animals import BREEDS, Breed, animal_meshes
from vr_server.staging.scene import Matrix, MovingNode

from .gait import LEGS, Footing, Gait, two_bone
from .track import Track

Pose = dict[str, Matrix]


def hips_of(breed: Breed) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Where the feet stand under the trunk: x and z of lf, rf, lh, rh in metres, float64 [4, 2]."""
    x, z = breed.barrel[0] * 0.66, breed.trunk / 2 * 0.92
    return np.array([(-x, -z), (x, -z), (-x, z), (x, z)])


class Animal:
    """A quadruped's part matrices at a time; pure in `t`, the last moment is kept."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.breed = BREEDS[subject.kind]
        self.scale = subject.size_m[1] / KINDS[subject.kind].size_m[1]
        main, second = self.breed.coats[subject.seed % len(self.breed.coats)]
        colours = subject.colours
        self.meshes = animal_meshes(
            subject.kind, colours[0] if colours else main, colours[1] if len(colours) > 1 else second
        )
        self.track = Track(subject.path, subject.size_m[1])
        self._hips = hips_of(self.breed) * self.scale
        self._gait = Gait(self.track, self._hips, self.breed.hip * self.scale)
        self._kept: tuple[float, Pose] | None = None

    def at(self, t: float) -> Pose:
        if self._kept is None or self._kept[0] != t:
            self._kept = (t, self._solve(t))
        return self._kept[1]

    def trunk(self, t: float) -> Matrix:
        """The barrel's middle; scaled to the subject."""
        bounce, pitch, _ = self._gait.sway(t)
        high = self.breed.centre * self.scale + bounce
        seed = self.subject.seed % 97
        breath = 1 + 0.012 * math.sin(2 * math.pi * 0.3 * t + seed)
        turn = rot_y(self.track.yaw(t)) @ rot_x(pitch)
        return affine(turn @ np.diag([breath, 1.0, 1.0]) * self.scale, self.track.position(t) + vec(0.0, high, 0.0))

    def _solve(self, t: float) -> Pose:
        trunk, b = self.trunk(t), self.breed
        _, pitch, phase = self._gait.sway(t)
        still = self.track.walk_at(t) is None
        seed = self.subject.seed % 97
        nod = -0.06 * math.sin(2 * phase) - pitch if not still else 0.05 * wobble(t, seed, 0.15)
        look = (0.32 if still else 0.06) * wobble(t, seed + 3, 0.16)
        root = vec(0.0, 0.42 * b.barrel[1], -0.52 * b.trunk)
        rump = vec(0.0, 0.45 * b.barrel[1], 0.64 * b.trunk)
        swish = 0.3 * wobble(t, seed + 5, 0.5)
        pose = {
            "trunk": trunk,
            "head": trunk @ affine(rot_y(look) @ rot_x(nod), root),
            "tail": trunk @ affine(rot_y(swish) @ rot_x(-0.1 + 0.12 * abs(swish)), rump),
        }
        for name, foot, (x, z) in zip(LEGS, self._gait.feet(t), self._hips / self.scale, strict=True):
            self._leg(pose, name, foot, trunk @ np.array([x, b.hip - b.centre, z, 1.0]))
        return pose

    def _leg(self, pose: Pose, name: str, foot: Footing, hip: Matrix) -> None:
        m, k = self.meshes, self.scale
        ahead = rot_y(foot.yaw_rad) @ vec(0.0, 0.0, -1.0)
        hind = name.endswith("h")
        # the carpus of a foreleg bends forwards, the hock of a hind leg backwards
        pole = -ahead if hind else ahead
        ankle = foot.at + vec(0.0, m.sole_m * k, 0.0)
        upper, lower = two_bone(hip[:3], ankle, m.upper_m * k, m.lower_m * k, pole)
        grown = np.diag([k, k, k, 1.0])
        pose[f"upper_leg_{name}"], pose[f"lower_leg_{name}"] = upper @ grown, lower @ grown
        curl = rot_x(-min(foot.lift_m / (0.13 * self.breed.hip * k), 1.3) * 0.9)
        end = lower @ np.array([0.0, -m.lower_m * k, 0.0, 1.0])
        turn = rot_y(foot.yaw_rad) @ curl
        pose[f"foot_{name}"] = affine(turn * k, end[:3] - turn @ vec(0.0, m.sole_m * k, 0.0))


def quadruped_nodes(subject: Subject) -> list[MovingNode]:
    """Trunk, head, tail and four legs of three pieces each."""
    animal = Animal(subject)
    m = animal.meshes

    def follow(part: str) -> Callable[[float], Matrix]:
        return lambda t: animal.at(t)[part]

    pieces = [("trunk", m.trunk), ("head", m.head), ("tail", m.tail)]
    for name in LEGS:
        upper, lower = m.legs[1 if name.endswith("h") else 0]
        pieces += [(f"upper_leg_{name}", upper), (f"lower_leg_{name}", lower), (f"foot_{name}", m.foot)]
    return [MovingNode(mesh, subject.object_id, subject.label, part, follow(part)) for part, mesh in pieces]
