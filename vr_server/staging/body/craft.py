"""A spaceship in motion: it lands, opens its door and takes off."""

import math
from collections.abc import Callable

from vr_server.domain.staging import Subject
from vr_server.staging.geometry import affine, ramp, rot_y, rot_z, vec, wobble
from vr_server.staging.meshes import craft
from vr_server.staging.scene import Matrix, MovingNode

from .track import Track

import numpy as np  # isort: skip

_SHUT_TO_DOWN_RAD = math.pi / 2 + math.atan2(
    float(craft.DOOR_HINGE[1]), float(craft.RAMP_FOOT[0] - craft.DOOR_HINGE[0])
)
_RAMP_LENGTH_M = math.hypot(float(craft.DOOR_HINGE[1]), float(craft.RAMP_FOOT[0] - craft.DOOR_HINGE[0])) + 0.05


def spaceship_nodes(subject: Subject) -> list[MovingNode]:
    """Hull, legs, ramp and four flames. The door opens during `open_hatch`; flames burn while the ship rises or sinks."""
    track = Track(subject.path, subject.size_m[1])
    meshes = craft.spaceship()
    opening = next((a for a in subject.actions if a.action == "open_hatch"), None)
    scale = subject.size_m[1] / craft.HEIGHT_M

    def hull(t: float) -> Matrix:
        height = float(track.position(t)[1])
        calm = min(height / 4, 1.0)
        lean = rot_z(0.012 * calm * wobble(t, subject.seed, 0.4))
        drift = vec(wobble(t, subject.seed + 1, 0.3), 0.0, wobble(t, subject.seed + 2, 0.27)) * (0.06 * calm)
        return affine(rot_y(track.yaw(t)) @ lean * scale, track.position(t) + drift)

    def legs(t: float) -> Matrix:
        out = 1 - ramp(float(track.position(t)[1]), 6.0, 14.0)
        return hull(t) @ affine(np.eye(3), vec(0.0, 1.3 * (1 - out), 0.0))

    def door(t: float) -> Matrix:
        k = 0.0 if opening is None else ramp(t, opening.start_s, opening.end_s)
        length = craft.DOOR_HEIGHT_M + (_RAMP_LENGTH_M - craft.DOOR_HEIGHT_M) * k
        return hull(t) @ affine(rot_z(-_SHUT_TO_DOWN_RAD * k) @ np.diag([1.0, length, 1.0]), craft.DOOR_HINGE)

    def flame(index: int) -> Callable[[float], Matrix]:
        def at(t: float) -> Matrix:
            rate = abs(float(track.position(t + 0.1)[1] - track.position(t - 0.1)[1])) / 0.2
            height = float(track.position(t)[1])
            burn = min(1.0, rate / 0.6) * min(1.0, max(height - 0.05, 0.0) / 0.5)
            flicker = 1 + 0.15 * wobble(t, subject.seed + index, 5.0)
            length = max(0.001, burn * (1.9 if index > 1 else 2.6) * flicker)
            return hull(t) @ affine(
                np.diag([max(burn, 0.001) * 1.4, length, max(burn, 0.001) * 1.4]), meshes.nozzles[index]
            )

        return at

    def node(part: str, mesh_index: int) -> MovingNode:
        return MovingNode(meshes.hull[mesh_index], subject.object_id, subject.label, part, hull)

    parts = ("hull", "lights", "nozzles", "lock", "lock_lamps")
    nodes = [node(part, i) for i, part in enumerate(parts)]
    nodes.append(MovingNode(meshes.legs, subject.object_id, subject.label, "legs", legs))
    nodes.append(MovingNode(meshes.ramp, subject.object_id, subject.label, "ramp", door))
    nodes += [MovingNode(meshes.flame, subject.object_id, subject.label, f"flame_{i}", flame(i)) for i in range(4)]
    return nodes
