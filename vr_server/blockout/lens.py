"""How a camera's pose becomes the pictures that are drawn, and these the picture that is shown."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vr_server.domain.frame import CameraPose, ClipProjection
from vr_server.domain.staging import CameraPath

from .jit import F32, U8, U16
from .renderer import BAND
from .sphere import FACES, MARGIN, face_pose, faces_seen, join_rows
from .workers import Workers

Drawn = tuple[U8, F32, U16]
"""Colour uint8 [h, w, 3], depth float32 [h, w], ids uint16 [h, w]."""


class Lens(Protocol):
    """`drawn_size`: (width, height) of each picture that is drawn; `reach`: most that a depth grows in joining."""

    @property
    def projection(self) -> ClipProjection: ...

    @property
    def drawn_size(self) -> tuple[int, int]: ...

    @property
    def reach(self) -> float: ...

    def eyes(self, pose: CameraPose) -> list[CameraPose]:
        """The perspective poses to draw for one frame."""

    def join(self, pose: CameraPose, pictures: list[Drawn], workers: Workers, /) -> Drawn:
        """The frame from what its eyes saw, in their order."""


@dataclass(frozen=True)
class FlatLens:
    """A picture as it is drawn."""

    drawn_size: tuple[int, int]
    projection: ClipProjection = "perspective"
    reach: float = 1.0

    def eyes(self, pose: CameraPose) -> list[CameraPose]:
        return [pose]

    def join(self, _pose: CameraPose, pictures: list[Drawn], _workers: Workers, /) -> Drawn:
        return pictures[0]


class CubeLens:
    """A sphere or a fisheye of `size` from the faces of a cube that it needs. `widest_rad`: see `sphere.faces_seen`."""

    reach = math.sqrt(3.0) * (1.0 + MARGIN)

    def __init__(self, size: tuple[int, int], *, equirectangular: bool, widest_rad: float) -> None:
        self.projection: ClipProjection = "equirectangular" if equirectangular else "fisheye"
        self._size, self._round = size, equirectangular
        seen = np.zeros(6, dtype=np.uint8)
        faces_seen(*size, equirectangular, widest_rad, np.empty(3), seen)
        self._faces = [int(k) for k in np.flatnonzero(seen)]
        # as many pixels to the radian ahead as the joined picture has
        side = size[1] / min(widest_rad, math.pi) * 2.0 * (1.0 + MARGIN)
        side = max(16, 2 * round(side / 2))
        self.drawn_size = (side, side)

    def eyes(self, pose: CameraPose) -> list[CameraPose]:
        return [face_pose(pose, k) for k in self._faces]

    def join(self, pose: CameraPose, pictures: list[Drawn], workers: Workers, /) -> Drawn:
        side, (w, h) = self.drawn_size[0], self._size
        colors = np.zeros((6, side, side, 3), np.uint8)
        depths, names = np.full((6, side, side), np.inf, np.float32), np.zeros((6, side, side), np.uint16)
        for k, (color, depth, ids) in zip(self._faces, pictures, strict=True):
            colors[k], depths[k], names[k] = color, depth, ids
        color, depth, ids = np.empty((h, w, 3), np.uint8), np.empty((h, w), np.float32), np.empty((h, w), np.uint16)

        def rows(band: int) -> None:
            join_rows(
                colors, depths, names, FACES, self._round, pose.yfov_rad, np.empty(3),
                band * BAND, min(band * BAND + BAND, h), color, depth, ids,
            )  # fmt: skip

        workers.each(rows, range(-(-h // BAND)))
        return color, depth, ids


def lens_for(path: CameraPath, size: tuple[int, int]) -> Lens:
    """The lens that a camera path asks for."""
    if path.projection == "fisheye":
        return CubeLens(size, equirectangular=False, widest_rad=max(key.yfov_rad for key in path.keys))
    return FlatLens(size)
