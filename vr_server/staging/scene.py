"""A Staging as meshes: what the renderer draws and what becomes glTF. World frame as in domain/staging.py."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vr_server.domain.staging import Staging

Matrix = npt.NDArray[np.float64]
"""float64 [4, 4], column vectors (p_world = M @ p_local)."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles in local metres.

    `positions`, `normals` (unit), `colours` (linear albedo 0..1): float32 [v, 3]; `triangles`: int32 [t, 3],
    counter-clockwise seen from outside. `two_sided`: leaves, cloth. `emission`: radiance added, in units of albedo.
    """

    name: str
    positions: npt.NDArray[np.float32]
    normals: npt.NDArray[np.float32]
    colours: npt.NDArray[np.float32]
    triangles: npt.NDArray[np.int32]
    two_sided: bool = False
    emission: float = 0.0


@dataclass(frozen=True, eq=False)
class StaticNode:
    """A mesh that never moves. Many nodes may share one mesh."""

    mesh: Mesh
    object_id: int  # 0 = ground
    label: str
    world: Matrix


@dataclass(frozen=True, eq=False)
class MovingNode:
    """A mesh whose place depends on time: one rigid part of a stand-in, a vehicle, a falling leaf."""

    mesh: Mesh
    object_id: int
    label: str
    part: str  # "pelvis", "upper_arm_l", "hull", ...
    world_at: Callable[[float], Matrix]  # seconds from the start of the shot


Puffs = npt.NDArray[np.float64]
"""float64 [n, 8]: centre (world metres), radius in metres, alpha, linear albedo r, g, b."""


def no_puffs(_time_s: float) -> Puffs:
    return np.zeros((0, 8))


@dataclass(frozen=True, eq=False)
class Scene:
    """`static` includes the ground (object id 0); `puffs_at`: dust in the air, seconds from the start of the shot
    -> soft balls without a surface. Build with `vr_server.staging.build_scene`."""

    staging: Staging
    static: tuple[StaticNode, ...]
    moving: tuple[MovingNode, ...] = field(default=())
    puffs_at: Callable[[float], Puffs] = no_puffs
