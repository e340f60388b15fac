"""Where a rider sits: the seat of whatever can be ridden, as a frame that moves with it."""

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Subject
from vr_server.staging.geometry import affine, vec
from vr_server.staging.kinds import KINDS
from vr_server.staging.meshes.animals import BREEDS
from vr_server.staging.meshes.road import COACH_BACK_M
from vr_server.staging.scene import Matrix

from .animals import Animal
from .dragon import Dragon
from .machines import Machine

_SEATS: dict[str, Vec3] = {
    # of the machine's frame, or of the dragon's trunk: metres at its usual size
    "motorcycle": (0.0, 0.84, 0.22), "bicycle": (0.0, 1.0, 0.25), "carriage": (0.0, 1.56, -1.05 + COACH_BACK_M), "boat": (0.0, 0.33, 0.3), "dragon": (0.0, 0.62, -1.0),
    "car": (-0.36, 0.52, 0.1), "truck": (-0.6, 1.5, -3.2), "tank": (-0.45, 2.1, 0.5), "hovercraft": (0.0, 1.3, -1.4), "aircraft": (-0.3, 1.7, -3.5),
    "helicopter": (-0.4, 1.2, -1.9),
}  # fmt: skip


def rideable(kind: str) -> bool:
    """Whether somebody can sit on or in it."""
    return kind in BREEDS or kind in _SEATS


class Saddle:
    """The seat of one subject: make it once, ask it for many times."""

    def __init__(self, subject: Subject) -> None:
        self._animal = Animal(subject) if subject.kind in BREEDS else None
        self._dragon = Dragon(subject) if subject.kind == "dragon" else None
        known = subject.kind in KINDS and subject.kind in _SEATS and subject.kind != "dragon"
        self._machine = Machine(subject) if known else None
        self._seat = _SEATS.get(subject.kind, (0.0, subject.size_m[1], 0.0))
        self._path = subject.path

    def at(self, t: float) -> Matrix:
        """float64 [4, 4], not scaled: the origin is the seat's top under a rider's hips, -Z ahead, +Y up."""
        if self._animal is not None:
            b = self._animal.breed
            return _rigid(self._animal.trunk(t), (0.0, 0.97 * b.barrel[1], -0.06 * b.trunk))
        if self._dragon is not None:
            return _rigid(self._dragon.trunk(t), self._seat)
        if self._machine is not None:
            return _rigid(self._machine.root(t), self._seat)
        return affine(np.eye(3), vec(*self._path[0].position_m) + vec(*self._seat))


def saddle_at(subject: Subject, t: float) -> Matrix:
    """`Saddle(subject).at(t)` for a single moment."""
    return Saddle(subject).at(t)


def _rigid(frame: Matrix, seat: Vec3) -> Matrix:
    turn = frame[:3, :3] / np.linalg.norm(frame[:3, :3], axis=0)
    return affine(turn, (frame @ np.array([*seat, 1.0]))[:3])
