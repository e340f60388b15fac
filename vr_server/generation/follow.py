"""Where a mask is in each frame of a clip: it follows what it covers on the frame it was drawn on. Pure.

Masks are bool [h, w]; pixel centres lie at whole coordinates.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import CameraPose, Frame
from vr_server.layering.depth.flow import DenseFlow, grey

from .masks import U8, Bits

F64 = npt.NDArray[np.float64]

WHOLE = 0.5
"""An object with at least this share of its visible pixels under the mask is meant as a whole."""
_MEANT = 0.25
"""Whole objects that fill at least this share of the mask are what it is about: the ground beside them is not followed."""
_MINOR = 0.2
"""What is smaller than this share of the largest of them was only in the way of the hand."""
_PART = 0.02
"""Less than this share of the mask is a slip of the hand."""
_SAMPLES = 40_000
_FLOW_HEIGHT_PX = 180
_FLOW_POINTS = 1500
_FLOW_LEAST = 12


class Follower(Protocol):
    """Where the mask is in each frame. Frames come in order; the note's frame was shown at the start."""

    def at(self, frame: Frame) -> Bits: ...


class Fixed:
    """The mask stays where it is in the picture."""

    def __init__(self, mask: Bits) -> None:
        self._mask = mask

    def at(self, frame: Frame) -> Bits:  # noqa: ARG002 - it is the same everywhere
        return self._mask


@dataclass(frozen=True, slots=True)
class Covered:
    """What a mask covers: ids meant as a whole, and the parts of moving ones that it covers with their boxes."""

    whole: tuple[int, ...]
    parts: dict[int, tuple[Bits, "Box"]]
    rest: Bits


Box = tuple[int, int, int, int]
"""Left, top, right, bottom, the last two not included."""


def covered_by(mask: Bits, ids: npt.NDArray[np.uint16], moving: Collection[int]) -> Covered:
    """`ids` uint16 [h, w] of the mask's frame, weighed by how much of each is under the mask. `moving`: of subjects."""
    every = np.bincount(ids.reshape(-1), minlength=1)
    under = np.bincount(ids[mask], minlength=every.size)
    whole: list[int] = []
    parts: dict[int, tuple[Bits, Box]] = {}
    rest = mask.copy()
    for number in np.flatnonzero(under):
        if number == 0:
            continue
        name = int(number)
        if under[number] >= WHOLE * every[number]:
            whole.append(name)
            rest &= ids != number
        elif name in moving and under[number] >= _PART * mask.sum():
            parts[name] = (mask & (ids == number), _box(ids == number))
            rest &= ids != number
    sizes = {name: int(under[name]) for name in (*whole, *parts)}
    if sum(sizes.values()) >= _MEANT * mask.sum():
        least = _MINOR * max(sizes.values())
        whole = [name for name in whole if sizes[name] >= least]
        parts = {name: part for name, part in parts.items() if sizes[name] >= least}
        rest[:] = False
    elif rest.sum() < _PART * mask.sum():
        rest[:] = False
    return Covered(tuple(whole), parts, rest)


class FollowsObjects:
    """Follows by object ids: whole objects by all their pixels, parts of moving ones in their box, and whatever stands
    still by its place in metres as the camera goes (a perspective; else it stays in the picture)."""

    def __init__(self, mask: Bits, shown: Frame, moving: Collection[int], *, perspective: bool = True) -> None:
        """`shown`: the frame that the mask was drawn on, with ids. Raise ValueError without ids."""
        if shown.ids is None:
            raise ValueError("objects can only be followed where their ids are known")
        self.covered = covered_by(mask, shown.ids, moving)
        self._drawn, self._frame = mask, shown.index
        self._still = _StillPoints(self.covered.rest, shown) if perspective and self.covered.rest.any() else None

    def at(self, frame: Frame) -> Bits:
        ids = frame.ids
        if ids is None or ids.shape != self._drawn.shape:
            raise ValueError(f"frame {frame.index} does not go with the mask")
        mask = np.isin(ids, self.covered.whole)
        for number, (part, box) in self.covered.parts.items():
            here = ids == number
            if here.any():
                mask |= _moved(part, box, _box(here)) & here
        if not self.covered.rest.any():
            return np.asarray(mask, np.bool_)
        if frame.index == self._frame:
            return np.asarray(mask | self._drawn, np.bool_)
        mask |= self._still.at(frame.camera) if self._still is not None else self.covered.rest
        return np.asarray(mask, np.bool_)


class _StillPoints:
    """Points of a mask on what does not move, as places in metres (or directions, of the sky)."""

    def __init__(self, mask: Bits, shown: Frame) -> None:
        self._shape = mask.shape
        self._step = max(1, math.ceil(math.sqrt(mask.sum() / _SAMPLES)))
        grid = np.zeros_like(mask)
        grid[:: self._step, :: self._step] = True
        y, x = np.nonzero(mask & grid)
        if not y.size:
            y, x = np.nonzero(mask)
        depth = shown.depth[y, x].astype(np.float64)
        rays = _rays(x, y, self._shape, shown.camera)
        self._far = ~np.isfinite(depth)
        local = rays * np.where(self._far, 1.0, depth)[:, None]
        m = shown.camera.t_world_camera
        self._places = local @ m[:3, :3].T + np.where(self._far[:, None], 0.0, m[:3, 3])
        self._depth = np.where(self._far, 1.0, depth)

    def at(self, camera: CameraPose) -> Bits:
        height, width = self._shape
        m = camera.t_world_camera
        local = (self._places - np.where(self._far[:, None], 0.0, m[:3, 3])) @ m[:3, :3]
        ahead = -local[:, 2]
        seen = ahead > 1e-3
        focal = 0.5 * height / math.tan(0.5 * camera.yfov_rad)
        x = (width - 1) / 2 + focal * local[seen, 0] / ahead[seen]
        y = (height - 1) / 2 - focal * local[seen, 1] / ahead[seen]
        step = self._step
        small = np.zeros((-(-height // step) + 2, -(-width // step) + 2), np.uint8)
        column, row = np.floor(x / step).astype(np.int64) + 1, np.floor(y / step).astype(np.int64) + 1
        inside = (column >= 0) & (column < small.shape[1]) & (row >= 0) & (row < small.shape[0])
        small[row[inside], column[inside]] = 1
        nearer = float(np.median(self._depth[seen] / ahead[seen])) if seen.any() else 1.0
        reach = 2 * math.ceil(min(max(nearer, 1.0), 20.0)) + 1
        small = _filled(np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))))
        large = np.repeat(np.repeat(small, step, axis=0), step, axis=1)[step : step + height, step : step + width]
        return np.asarray(large > 0, np.bool_)


class FollowsPicture:
    """Follows what the mask covers where nothing is known but the picture: it is shifted, turned and scaled as most of the
    dense optical flow under it says, from frame to frame."""

    def __init__(self, mask: Bits, pictures: list[U8], frame: int) -> None:
        """`pictures`: the clip's, small and grey (`small_grey`); `frame`: the one that the mask was drawn on."""
        self._mask = mask
        self._flow = DenseFlow(fine=True)
        height, width = pictures[frame].shape
        self._size = (width, height)
        self._drawn = np.asarray(cv2.resize(mask.astype(np.uint8) * 255, self._size), np.uint8)
        self._ways: dict[int, F64] = {frame: np.eye(3)}
        for order in (range(frame + 1, len(pictures)), range(frame - 1, -1, -1)):
            last = frame
            for index in order:
                self._ways[index] = self._step(pictures[last], pictures[index], self._ways[last]) @ self._ways[last]
                last = index

    def at(self, frame: Frame) -> Bits:
        height, width = self._mask.shape
        scale = np.diag([width / self._size[0], height / self._size[1], 1.0])
        way = scale @ self._ways[frame.index] @ np.linalg.inv(scale)
        return np.asarray(cv2.warpAffine(self._mask.astype(np.uint8) * 255, way[:2], (width, height)) > 127, np.bool_)

    def _step(self, first: U8, second: U8, way: F64) -> F64:
        """float64 [3, 3]: how what is under the mask goes from the first picture to the second."""
        under = cv2.warpAffine(self._drawn, way[:2], self._size) > 127
        y, x = np.nonzero(under)
        every = max(1, y.size // _FLOW_POINTS)
        y, x = y[::every], x[::every]
        if y.size < _FLOW_LEAST:
            return np.eye(3)  # it has left the picture
        points = np.stack([x, y], axis=1).astype(np.float32)
        moved = points + self._flow(first, second)[y, x]
        found, _ = cv2.estimateAffinePartial2D(points, moved, method=cv2.RANSAC, ransacReprojThreshold=1.0)
        return np.eye(3) if found is None else np.vstack([found, [0.0, 0.0, 1.0]])


def small_grey(picture: U8) -> U8:
    """uint8 [h, w] of an RGB picture, small enough to be followed quickly."""
    height = min(_FLOW_HEIGHT_PX, picture.shape[0])
    return grey(picture, (max(16, round(picture.shape[1] * height / picture.shape[0])), height))


def _rays(x: npt.NDArray[np.int64], y: npt.NDArray[np.int64], shape: tuple[int, ...], camera: CameraPose) -> F64:
    """float64 [n, 3] in the camera's axes, one metre deep."""
    height, width = shape
    focal = 0.5 * height / math.tan(0.5 * camera.yfov_rad)
    ones = np.ones(x.size)
    return np.stack([(x - (width - 1) / 2) / focal, ((height - 1) / 2 - y) / focal, -ones], axis=1)


def _box(mask: Bits) -> Box:
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _moved(part: Bits, old: Box, new: Box) -> Bits:
    """The mask stretched from one box into another."""
    sx, sy = (new[2] - new[0]) / (old[2] - old[0]), (new[3] - new[1]) / (old[3] - old[1])
    matrix = np.array([[sx, 0, new[0] - sx * old[0]], [0, sy, new[1] - sy * old[1]]], np.float64)
    size = (part.shape[1], part.shape[0])
    return np.asarray(cv2.warpAffine(part.astype(np.uint8) * 255, matrix, size) > 127, np.bool_)


def _filled(mask: U8) -> U8:
    """The mask without holes."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(mask.copy(), outlines, -1, 1, cv2.FILLED), np.uint8)
