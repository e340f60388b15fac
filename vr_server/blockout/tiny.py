"""A cube on a floor under a sun: enough to compile every kernel, and known exactly enough to test against."""

import numpy as np

from vr_server.domain.base import Quat, Vec3
from vr_server.domain.staging import CameraKey, CameraPath, CelestialBody, Sky, Staging
from vr_server.staging.scene import Matrix, Mesh, MovingNode, Scene, StaticNode

from .jit import F64

LEVEL: Quat = (0.0, 0.0, 0.0, 1.0)


def box(low: Vec3, high: Vec3, colour: Vec3 = (0.6, 0.6, 0.6), name: str = "box") -> Mesh:
    """An axis-aligned box with flat faces: 24 vertices, 12 triangles."""
    positions: list[F64] = []
    normals: list[F64] = []
    triangles: list[tuple[int, int, int]] = []
    corners = np.array([low, high], dtype=np.float64)
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for side in (0, 1):
            normal = np.zeros(3)
            normal[axis] = 2.0 * side - 1.0
            first = len(positions)
            for a, b in ((0, 0), (1, 0), (1, 1), (0, 1)) if side else ((0, 0), (0, 1), (1, 1), (1, 0)):
                corner = np.empty(3)
                corner[axis], corner[u], corner[v] = corners[side, axis], corners[a, u], corners[b, v]
                positions.append(corner)
                normals.append(normal)
            triangles += [(first, first + 1, first + 2), (first, first + 2, first + 3)]
    return _mesh(name, positions, normals, triangles, colour)


def floor(half_m: float, colour: Vec3 = (0.4, 0.4, 0.4)) -> Mesh:
    """A square of two triangles at y = 0, facing up."""
    positions = [
        np.array(p) for p in ((-half_m, 0, half_m), (half_m, 0, half_m), (half_m, 0, -half_m), (-half_m, 0, -half_m))
    ]
    return _mesh("floor", positions, [np.array([0.0, 1.0, 0.0])] * 4, [(0, 1, 2), (0, 2, 3)], colour)


def _mesh(
    name: str, positions: list[F64], normals: list[F64], triangles: list[tuple[int, int, int]], colour: Vec3
) -> Mesh:
    return Mesh(
        name,
        np.array(positions, dtype=np.float32),
        np.array(normals, dtype=np.float32),
        np.tile(np.array(colour, dtype=np.float32), (len(positions), 1)),
        np.array(triangles, dtype=np.int32),
    )


def sun(direction: Vec3, *, radius_rad: float = 0.01, illuminance: float = 2.0) -> CelestialBody:
    d = np.array(direction) / np.linalg.norm(direction)
    return CelestialBody(
        kind="sun",
        direction=(float(d[0]), float(d[1]), float(d[2])),
        angular_radius_rad=radius_rad,
        colour=(1.0, 0.95, 0.85),
        illuminance=illuminance,
    )


def staging(
    *,
    camera_m: Vec3 = (0.0, 1.0, 4.0),
    yfov_rad: float = 0.8,
    bodies: tuple[CelestialBody, ...] = (sun((0.5, 0.8, 0.3)),),
    duration_s: float = 0.5,
    fog_density_per_m: float = 0.002,
) -> Staging:
    """A day outdoors, seen level towards -Z."""
    return Staging(
        duration_s=duration_s,
        place="plain",
        ground="stone",
        ground_colour=(0.4, 0.4, 0.4),
        set_pieces=(),
        subjects=(),
        camera=CameraPath(keys=(CameraKey(t_s=0, position_m=camera_m, rotation=LEVEL, yfov_rad=yfov_rad),), lens_mm=28),
        sky=Sky(
            time_of_day="day",
            bodies=bodies,
            zenith=(0.25, 0.4, 0.7),
            horizon=(0.55, 0.65, 0.75),
            ground_bounce=(0.2, 0.18, 0.15),
            fog_density_per_m=fog_density_per_m,
            fog_colour=(0.6, 0.66, 0.72),
            exposure=1.0,
        ),
        seed=1,
    )


def _slide(time_s: float) -> Matrix:
    world = np.eye(4)
    world[:3, 3] = (0.8, 0.0, time_s)
    return world


def tiny_scene(stage: Staging | None = None, *, moving: bool = True) -> Scene:
    """Floor (id 0), a one-metre cube about (0, 0.5, 0) (id 7), and a small box that slides (id 9)."""
    cube = StaticNode(box((-0.5, 0.0, -0.5), (0.5, 1.0, 0.5), (0.7, 0.3, 0.2)), 7, "cube", np.eye(4))
    ground = StaticNode(floor(200.0), 0, "ground", np.eye(4))
    slider = MovingNode(box((0, 0, 0), (0.3, 0.3, 0.3)), 9, "slider", "body", _slide)
    return Scene(stage or staging(), (ground, cube), (slider,) if moving else ())
