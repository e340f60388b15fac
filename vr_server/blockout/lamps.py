"""Lamps: what glows lights its surroundings, as point lights without shadows (range after Karis, "Real Shading in
Unreal Engine 4", 2013)."""

import math

import numpy as np

from vr_server.domain.shot import TimeOfDay
from vr_server.staging.scene import Mesh, Scene

from .jit import F64, part

GLOWS = 1.0
"""Meshes of at least this emission are lamps; fainter ones only show."""
WIDEST_M = 1.5
"""What is larger than this is a row of lights, not a point."""
MOST = 16
GAIN = 55.0
STRONGEST = 22.0
PALER, PALE = 0.4, np.array([1.0, 0.82, 0.6])
_FAINTEST = 0.012
_BY_HOUR: dict[TimeOfDay, float] = {"dawn": 0.6, "day": 0.0, "sunset": 0.6, "dusk": 1.0, "night": 1.0}


@part
def lamp_light(
    lamps: F64, px: float, py: float, pz: float, nx: float, ny: float, nz: float
) -> tuple[float, float, float]:
    """Light of all lamps on a surface; `lamps` float64 [n, 7]: place, light at one metre, squared reach."""
    er = eg = eb = 0.0
    for n in range(lamps.shape[0]):
        vx, vy, vz = lamps[n, 0] - px, lamps[n, 1] - py, lamps[n, 2] - pz
        d2 = vx * vx + vy * vy + vz * vz
        if d2 > lamps[n, 6]:
            continue
        edge = 1.0 - d2 / lamps[n, 6]
        # a lamp has a size: near to it the light wraps round and does not grow without bound
        slope = 0.8 * (nx * vx + ny * vy + nz * vz) / math.sqrt(d2 + 1e-4) + 0.2
        power = max(slope, 0.0) * edge * edge / (d2 + 0.6)
        er += power * lamps[n, 3]
        eg += power * lamps[n, 4]
        eb += power * lamps[n, 5]
    return er, eg, eb


class Lamps:
    """The lamps of a scene: up to `MOST`, those that move first, then those that do most for what the shot looks at."""

    def __init__(self, scene: Scene) -> None:
        sky = scene.staging.sky
        hour = _BY_HOUR[sky.time_of_day] if sky.bodies else 1.0  # where no sky is seen lamps are on all day
        self._moving = [
            (node, *found) for node in scene.moving if hour > 0 and (found := _glow(node.mesh, hour)) is not None
        ]
        still = [
            _row(node.world, *found)
            for node in scene.static
            if hour > 0 and (found := _glow(node.mesh, hour)) is not None
        ]
        at = np.array([row[:3] for row in still]).reshape(-1, 3)
        bright = np.array([row[3:6].max() for row in still])
        away = np.linalg.norm(at[:, None] - _looked_at(scene)[None], axis=2).min(axis=1, initial=np.inf)
        order = np.argsort(-bright / (away**2 + 4.0), kind="stable")
        nearest = order[: max(MOST - len(self._moving), 0)]
        self._still = np.array([still[i] for i in nearest], dtype=np.float64).reshape(-1, 7)

    def at(self, time_s: float) -> F64:
        """float64 [n, 7] as `lamp_light` wants it."""
        moving = [_row(node.world_at(time_s), centre, light) for node, centre, light in self._moving[:MOST]]
        return np.ascontiguousarray(np.concatenate([np.array(moving, dtype=np.float64).reshape(-1, 7), self._still]))


def _looked_at(scene: Scene) -> F64:
    """float64 [n, 3]: points before the camera all along the shot, and its subjects."""
    points = [np.array(k.position_m, dtype=np.float64) for s in scene.staging.subjects for k in s.path]
    for key in scene.staging.camera.keys:
        x, y, z, w = key.rotation
        forward = -np.array([2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y)])
        points += [np.array(key.position_m) + away * forward for away in (2.0, 7.0)]
    return np.array(points)


def _glow(mesh: Mesh, hour: float) -> tuple[F64, F64] | None:
    """Centre (local metres) and light at one metre, both float64 [3], of a mesh that is a lamp."""
    if mesh.emission < GLOWS or float(np.ptp(mesh.positions, axis=0).max()) > 2 * WIDEST_M:
        return None
    corners = mesh.positions[mesh.triangles].astype(np.float64)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = 0.5 * np.linalg.norm(across, axis=1)
    total = max(float(area.sum()), 1e-9)
    centre = (corners.mean(axis=1) * area[:, None]).sum(axis=0) / total
    colour = (mesh.colours[mesh.triangles].mean(axis=1) * area[:, None]).sum(axis=0) / total
    # what glows through paper or glass is paler on its surroundings than it looks itself
    share = 0.1 if "neon" in mesh.name else PALER
    colour = (1 - share) * colour + share * float(colour.max()) * PALE
    light = colour * min(GAIN * hour * mesh.emission * total**1.5, STRONGEST)
    return centre, light


def _row(world: F64, centre: F64, light: F64) -> F64:
    size = abs(float(np.linalg.det(world[:3, :3])))
    shining = light * min(size, 1.0)
    reach = min(max(math.sqrt(float(shining.max()) / _FAINTEST), 0.5), 16.0)
    return np.array([*(world[:3, :3] @ centre + world[:3, 3]), *shining, reach * reach])
