"""A Staging's meshes: set pieces share them, subjects move them."""

from collections.abc import Callable

import numpy as np

from vr_server.domain.staging import Staging, Subject

from .blasts import shattered
from .body.animals import quadruped_nodes
from .body.birds import bird_nodes
from .body.craft import spaceship_nodes
from .body.dragon import dragon_nodes
from .body.dress import person_nodes
from .body.machines import MACHINES, machine_nodes
from .body.mecha import mecha_nodes
from .body.swimmers import fish_nodes, snake_nodes
from .body.things import thing_nodes
from .body.track import Track
from .effects import effect_nodes, puffs_of
from .geometry import Array, affine, as_vec3, rot_y, vec
from .kinds import KINDS, UNKNOWN
from .meshes.ground import ground_mesh, litter_mesh
from .meshes.lettering import labelled_block
from .meshes.library import DISTANT_M, meshes_of
from .scene import Matrix, MovingNode, Scene, StaticNode

_BREEZE_M_S = 5.0
"""A wind that is told and no storm: the measure of how much hangs and flutters."""


def build_scene(staging: Staging) -> Scene:
    """Ground (object id 0), set pieces as static nodes, every part of every subject as a moving node."""
    ground = ground_mesh(staging.ground, staging.ground_colour, staging.seed % 9973)
    static = [StaticNode(ground, 0, "ground", np.eye(4))]
    litter = litter_mesh(staging.ground, staging.seed % 9973)
    static += [StaticNode(litter, 0, "ground", np.eye(4))] if litter is not None else []
    eyes = np.array([key.position_m for key in staging.camera.keys])
    for piece in staging.set_pieces:
        away = float(np.linalg.norm(eyes - np.array(piece.position_m), axis=1).min())
        meshes, scale = meshes_of(piece.asset, piece.seed, piece.size_m, distant=away > DISTANT_M)
        world = affine(rot_y(piece.yaw_rad) * scale, np.array(piece.position_m))
        static += [StaticNode(mesh, piece.object_id, piece.label, world) for mesh in meshes]
    blows = vec(*staging.wind_m_s)
    wind = min(max(float(np.linalg.norm(blows)) / _BREEZE_M_S, 0.08), 1.6)
    moving = [node for subject in staging.subjects for node in subject_nodes(subject, wind, blows)]
    return Scene(staging, tuple(static), (*moving, *effect_nodes(staging)), puffs_of(staging))


def _box_nodes(subject: Subject, _wind: float) -> list[MovingNode]:
    track = Track(subject.path, subject.size_m[1])

    def at(t: float) -> Matrix:
        return affine(rot_y(track.yaw(t)), track.position(t))

    size = as_vec3(np.array(subject.size_m))
    meshes = labelled_block(subject.label, subject.object_id, size)
    return [
        MovingNode(m, subject.object_id, subject.label, "box" if i == 0 else "label", at) for i, m in enumerate(meshes)
    ]


_BUILDERS: dict[str, Callable[[Subject, float], list[MovingNode]]] = {
    "mecha": lambda s, _: mecha_nodes(s),
    "quadruped": lambda s, _: quadruped_nodes(s),
    "bird": lambda s, _: bird_nodes(s),
    "dragon": lambda s, _: dragon_nodes(s),
    "fish": lambda s, _: fish_nodes(s),
    "snake": lambda s, _: snake_nodes(s),
    "spaceship": lambda s, _: spaceship_nodes(s),
    **dict.fromkeys(MACHINES, machine_nodes),
    "thing": thing_nodes,
    "box": _box_nodes,
}


def subject_nodes(subject: Subject, wind: float, toward: Array | None = None) -> list[MovingNode]:
    """Every part of one subject; `wind` 0 (still air) to about 1.6 (a storm), `toward` float64 [3]: where it blows."""
    builder = KINDS.get(subject.kind, UNKNOWN).builder
    if builder == "person":
        return shattered(subject, person_nodes(subject, wind, toward))
    return shattered(subject, _BUILDERS.get(builder, _box_nodes)(subject, wind))
