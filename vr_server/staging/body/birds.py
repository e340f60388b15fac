"""Birds: wings in two pieces that beat and glide in the air, folded on the ground."""

import math
from collections.abc import Callable

import numpy as np

from vr_server.domain.staging import Rgb, Subject
from vr_server.staging.geometry import affine, ramp, rot_x, rot_y, rot_z, turn_between, vec, wobble
from vr_server.staging.kinds import KINDS
from vr_server.staging.meshes.birds import bird_meshes
from vr_server.staging.scene import Matrix, MovingNode

from .track import Track

_PLUMES: tuple[tuple[Rgb, Rgb], ...] = (
    ((0.045, 0.043, 0.05), (0.1, 0.1, 0.11)), ((0.62, 0.60, 0.57), (0.25, 0.24, 0.24)), ((0.22, 0.13, 0.07), (0.5, 0.42, 0.3)), ((0.10, 0.2, 0.34), (0.5, 0.3, 0.16)),
)  # fmt: skip
_EAGLE: tuple[Rgb, Rgb] = ((0.13, 0.075, 0.04), (0.68, 0.64, 0.55))
_GLIDES = {"eagle"}
_AIRBORNE_M = 0.3


class _Bird:
    """Where body, wings and legs are; pure in `t`."""

    def __init__(self, subject: Subject) -> None:
        kind = KINDS[subject.kind]
        scale = subject.size_m[1] / kind.size_m[1]
        self.span, self.length = kind.size_m[0] * scale, kind.size_m[2] * scale
        self.eagle = subject.kind in _GLIDES
        self.track = Track(subject.path, 1.0)
        self.seed = subject.seed % 31
        self._hz = 1.1 if self.eagle else min(3.4, 1.6 / math.sqrt(self.span))

    def aloft(self, t: float) -> float:
        return ramp(float(self.track.position(t)[1]), 0.05, _AIRBORNE_M)

    def effort(self, t: float) -> float:
        """How hard it beats: an eagle glides half of the time, whatever climbs or hovers beats fully."""
        speed = float(np.linalg.norm(self.track.position(t + 0.1) - self.track.position(t - 0.1))) / 0.2
        gliding = self.eagle and speed > 1.5
        glide = ramp(math.sin(2 * math.pi * 0.22 * t + self.seed), -0.2, 0.5) if gliding else 0.0
        return self.aloft(t) * (1 - 0.85 * glide)

    def _phase(self, t: float) -> float:
        return 2 * math.pi * self._hz * t + self.seed

    def torso(self, t: float) -> Matrix:
        up, beat, track = self.aloft(t), math.sin(self._phase(t)), self.track
        v = (track.position(t + 0.1) - track.position(t - 0.1)) / 0.2
        climb = math.atan2(float(v[1]), max(math.hypot(float(v[0]), float(v[2])), 1.5))
        bank = min(max(0.5 * turn_between(track.yaw(t - 0.2), track.yaw(t + 0.2)) / 0.4, -0.7), 0.7)
        high = (1 - up) * 0.245 * self.length - 0.05 * self.span * beat * self.effort(t)
        perched = (1 - up) * (0.35 + 0.05 * wobble(t, self.seed, 0.8))
        turn = rot_y(track.yaw(t)) @ rot_x(up * 0.6 * climb + perched) @ rot_z(up * bank)
        return affine(turn, track.position(t) + vec(0.0, high, 0.0))

    def inner(self, side: float, t: float) -> Matrix:
        up = self.aloft(t)
        lift = up * (0.14 + 0.62 * self.effort(t) * math.sin(self._phase(t))) - (1 - up) * 0.35
        turn = rot_y(-side * 1.35 * (1 - up)) @ rot_z(side * lift) @ rot_x((1 - up) * 1.0)
        return self.torso(t) @ affine(turn, vec(side * 0.07 * self.length, 0.05 * self.length, -0.08 * self.length))

    def outer(self, side: float, t: float) -> Matrix:
        up = self.aloft(t)
        lift = up * (-0.1 + 0.55 * self.effort(t) * math.sin(self._phase(t) - 0.9))
        folded = 1 - 0.45 * (1 - up)
        turn = rot_y(side * 0.3 * (1 - up)) @ rot_z(side * lift) @ np.diag([folded, 1.0, folded])
        return self.inner(side, t) @ affine(turn, vec(side * 0.205 * self.span, 0.0, 0.0))

    def legs(self, t: float) -> Matrix:
        """Upright under a body that leans when it stands; drawn up in flight."""
        tuck = self.aloft(t)
        turn = rot_x(-0.35 * (1 - tuck) + 1.2 * tuck) @ np.diag([1.0, 1.0 - 0.5 * tuck, 1.0])
        return self.torso(t) @ affine(turn, vec(0.0, 0.0, 0.0))


def bird_nodes(subject: Subject) -> list[MovingNode]:
    """Body, legs (tucked in flight) and wings. Small birds beat fast, eagles beat a little and glide."""
    bird = _Bird(subject)
    main, second = _EAGLE if bird.eagle else _PLUMES[subject.seed % len(_PLUMES)]
    colours = subject.colours
    main, second = colours[0] if colours else main, colours[1] if len(colours) > 1 else second
    meshes = bird_meshes(bird.span, bird.length * 0.98, main, second, white_head=bird.eagle)
    places: dict[str, Callable[[float], Matrix]] = {
        "torso": bird.torso,
        "legs": bird.legs,
        "inner_r": lambda t: bird.inner(1.0, t),
        "inner_l": lambda t: bird.inner(-1.0, t),
        "outer_r": lambda t: bird.outer(1.0, t),
        "outer_l": lambda t: bird.outer(-1.0, t),
    }
    return [MovingNode(meshes[p], subject.object_id, subject.label, p, at) for p, at in places.items()]
