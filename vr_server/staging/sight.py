"""What a camera can stand in or look through: boxes in one table, asked for many points and many lines at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vr_server.domain.staging import SetPiece

from .geometry import Array
from .solids import Box, solids

LOOSE = {
    "tree", "conifer", "bamboo", "shrub", "grass", "rock", "red_rock", "sand_rock", "street_lamp", "lantern", "crates", "car", "placeholder",
    "column", "pillar", "ruin", "reeds", "flowers", "cactus", "stall", "fence", "basalt_rock", "campfire", "gravestone", "bins", "dumpster", "stalagmite",
    "stalactites", "crystal", "plant_pot", "standard_lamp", "bar_stool", "desk", "booth", "sofa", "cabinet", "pilot_seat", "incense_burner",
    "stone_lantern", "bollard", "boat", "roof_unit", "water_tank", "neon_post", "neon_sign", "lantern_string", "cables", "pendant", "light_panel", "pipes",
    "fire_escape", "wall_lamp", "picture", "curtain", "spot_bar", "pond",
}  # fmt: skip
"""Dressing that a set decorator moves aside for a shot; anything else is built and stays."""
Flags = npt.NDArray[np.bool_]


def is_loose(piece: SetPiece) -> bool:
    return piece.asset in LOOSE


@dataclass(frozen=True, eq=False)
class Boxes:
    """`m` upright boxes: `at` [m, 2] centres (x, z), `turn` [m, 2] cosine and sine of the yaw, `half` [m, 2], `low` and
    `high` [m] in metres, `owner` [m] the index of the piece each belongs to. Float64."""

    at: Array
    turn: Array
    half: Array
    low: Array
    high: Array
    owner: npt.NDArray[np.int64]

    @staticmethod
    def of(boxes: Iterable[tuple[int, Box]]) -> Boxes:
        found = list(boxes)
        b = np.array(
            [(b.x, b.z, np.cos(b.yaw_rad), np.sin(b.yaw_rad), b.half_x, b.half_z, b.bottom, b.top) for _, b in found]
        ).reshape(-1, 8)
        owner = np.array([n for n, _ in found], dtype=np.int64)
        return Boxes(b[:, 0:2], b[:, 2:4], b[:, 4:6], b[:, 6], b[:, 7], owner)

    @staticmethod
    def of_pieces(pieces: Iterable[SetPiece]) -> Boxes:
        return Boxes.of((n, box) for n, piece in enumerate(pieces) for box in solids(piece))

    def __len__(self) -> int:
        return len(self.owner)

    def near(self, low: Array, high: Array) -> Boxes:
        """Those that reach into the upright block from `low` to `high` (float64 [3])."""
        reach = np.hypot(self.half[:, 0], self.half[:, 1])
        kept = (
            (self.at[:, 0] + reach > low[0]) & (self.at[:, 0] - reach < high[0])
            & (self.at[:, 1] + reach > low[2]) & (self.at[:, 1] - reach < high[2])
            & (self.high > low[1]) & (self.low < high[1])
        )  # fmt: skip
        return Boxes(*(part[kept] for part in (self.at, self.turn, self.half, self.low, self.high, self.owner)))

    def _local(self, points: Array) -> Array:
        """Points [n, 3] in each box's own axes, [n, m, 3], from the box's middle."""
        d = points[:, None, [0, 2]] - self.at
        c, s = self.turn[:, 0], self.turn[:, 1]
        u, v = c * d[..., 0] - s * d[..., 1], s * d[..., 0] + c * d[..., 1]
        return np.stack([u, points[:, None, 1] - 0.5 * (self.low + self.high), v], axis=-1)

    def _halves(self, margin_m: float) -> Array:
        return np.stack([self.half[:, 0], 0.5 * (self.high - self.low), self.half[:, 1]], axis=-1) + margin_m

    def hold(self, points: Array, margin_m: float) -> Flags:
        """Whether each of `points` [n, 3] is inside a box or closer than `margin_m` to it, [n, m]."""
        return np.asarray((np.abs(self._local(points)) < self._halves(margin_m)).all(axis=-1))

    def along(self, start: Array, end: Array, margin_m: float) -> tuple[Array, Array]:
        """Where lines from `start` to `end` [n, 3] enter and leave each box grown by `margin_m`, [n, m] as shares of the
        line (slab method, Kay and Kajiya 1986); enter > leave where a line misses."""
        a, b = self._local(start), self._local(end)
        d = b - a
        d = np.where(np.abs(d) < 1e-9, 1e-9, d)
        half = self._halves(margin_m)
        t0, t1 = (-half - a) / d, (half - a) / d
        return np.asarray(np.minimum(t0, t1).max(axis=-1)), np.asarray(np.maximum(t0, t1).min(axis=-1))

    def cut(self, start: Array, end: Array, margin_m: float) -> Flags:
        """Whether the lines from `start` to `end` [n, 3] run through each box grown by `margin_m`, [n, m]."""
        enter, leave = self.along(start, end, margin_m)
        return np.asarray((enter < leave) & (leave > 0) & (enter < 1))
