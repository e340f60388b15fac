"""What stands in the way: set pieces as oriented boxes, and whether a path runs through them."""

import math
from dataclasses import dataclass

import numpy as np

from vr_server.domain.staging import SetPiece

from .geometry import Array
from .meshes.library import ASSETS

WALKED_OVER = frozenset(id_ for id_, asset in ASSETS.items() if asset.open)


@dataclass(frozen=True)
class Box:
    """Centre of the base, half width and half depth, bottom and top, all in metres; turned by `yaw_rad`."""

    x: float
    z: float
    yaw_rad: float
    half_x: float
    half_z: float
    bottom: float
    top: float

    def holds(self, points: Array, margin_m: float) -> bool:
        """Whether any of `points` [n, 3] is inside or closer than `margin_m`."""
        c, s = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        dx, dz = points[:, 0] - self.x, points[:, 2] - self.z
        u, v = c * dx - s * dz, s * dx + c * dz
        y = points[:, 1]
        inside = (np.abs(u) < self.half_x + margin_m) & (np.abs(v) < self.half_z + margin_m)
        return bool(np.any(inside & (y > self.bottom - margin_m) & (y < self.top + margin_m)))


def solids(piece: SetPiece) -> tuple[Box, ...]:
    """One box; trunk and crown where a body fits under the leaves; piers and lintel of a gate; nothing for floors."""
    if piece.asset in WALKED_OVER:
        return ()
    x, y, z = piece.position_m
    w, h, d = piece.size_m
    kind = ASSETS.get(piece.asset, ASSETS["placeholder"])
    if kind.gap:
        c, s_ = math.cos(piece.yaw_rad), math.sin(piece.yaw_rad)
        off, half = (1 + kind.gap) * w / 4, (1 - kind.gap) * w / 4
        piers = [Box(x + k * off * c, z - k * off * s_, piece.yaw_rad, half, d / 2, y, y + h) for k in (-1, 1)]
        return (*piers, Box(x, z, piece.yaw_rad, w / 2, d / 2, y + kind.canopy * h, y + h))
    if not kind.trunk:
        return (Box(x, z, piece.yaw_rad, w / 2, d / 2, y, y + h),)
    half = kind.trunk * h
    trunk = Box(x, z, piece.yaw_rad, half, half, y, y + h)
    if kind.canopy >= 1:
        return (trunk,)
    return trunk, Box(x, z, piece.yaw_rad, w / 2, d / 2, y + kind.canopy * h, y + h)


def in_the_way(piece: SetPiece, points: Array, margin_m: float) -> bool:
    return any(box.holds(points, margin_m) for box in solids(piece))
