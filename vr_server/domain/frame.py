"""Frames in flight between an engine, a clip folder and the baker."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from .errors import InvalidMedia

ClipProjection = Literal["perspective", "fisheye", "equirectangular"]
"""`perspective`: depth is planar Z. `fisheye`: equidistant, r = f * theta, yfov the whole angle of the frame's height;
`equirectangular`: the whole sphere, -Z in the centre, yfov pi. Depth of both is radial."""


_WIDEST_PERSPECTIVE_RAD = 2.9
"""166 degrees: beyond, a plane's edges are stretched without end."""
_SLOWEST_FPS, _FASTEST_FPS = 1, 240
_POSE_TOLERANCE = 0.01


def is_rigid(t_world_camera: npt.NDArray[np.floating]) -> bool:
    """Whether float [4, 4] is a place and a rotation: finite, without scale, shear or mirroring."""
    if t_world_camera.shape != (4, 4) or not np.isfinite(t_world_camera).all():
        return False
    turn = t_world_camera[:3, :3]
    return bool(
        np.allclose(t_world_camera[3], (0, 0, 0, 1), atol=_POSE_TOLERANCE)
        and np.allclose(turn @ turn.T, np.eye(3), atol=_POSE_TOLERANCE)
        and np.linalg.det(turn) > 0
    )


@dataclass(frozen=True, slots=True)
class CameraPose:
    """`t_world_camera`: float64 [4, 4], metres, WebXR axes; `yfov_rad`: vertical field of view."""

    t_world_camera: npt.NDArray[np.float64]
    yfov_rad: float


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """What is known of a clip before its first frame.

    `cameras` has one pose per frame. `near_m` and `far_m` bound the finite depth over the whole shot (margin not
    included): planar Z, or radial where the `projection` is not a perspective. `metric` is False when the depth's scale is only relative.
    """

    width_px: int
    height_px: int
    fps: Fraction
    frame_count: int
    near_m: float
    far_m: float
    cameras: tuple[CameraPose, ...]
    metric: bool = True
    projection: ClipProjection = "perspective"

    def __post_init__(self) -> None:
        if self.width_px < 16 or self.height_px < 16 or self.width_px % 2 or self.height_px % 2:
            raise InvalidMedia(
                f"A picture of {self.width_px}x{self.height_px} cannot be baked: both sides must be even and at least 16 px."
            )
        if self.frame_count < 1 or len(self.cameras) != self.frame_count:
            raise InvalidMedia(f"The clip says {self.frame_count} frames but brings {len(self.cameras)} camera poses.")
        if not 0 < self.near_m < self.far_m < math.inf:
            raise InvalidMedia(f"The depth range {self.near_m}..{self.far_m} m is empty.")
        if not _SLOWEST_FPS <= self.fps <= _FASTEST_FPS:
            raise InvalidMedia(
                f"{float(self.fps):g} frames a second cannot be baked: it takes {_SLOWEST_FPS} to {_FASTEST_FPS}."
            )
        widest = max(camera.yfov_rad for camera in self.cameras)
        if self.projection == "perspective" and widest > _WIDEST_PERSPECTIVE_RAD:
            raise InvalidMedia(
                f"A perspective picture shows no {widest:.2f} rad of height: at most {_WIDEST_PERSPECTIVE_RAD}, or it is a fisheye."
            )


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture with what is known about it.

    `color`: uint8 [h, w, 3], sRGB, RGB order. `depth`: float32 [h, w], planar Z in metres (radial: see
    `ClipProjection`), +inf = sky.
    `ids`: uint16 [h, w], the staging's object ids, 0 = sky or ground; of a flat clip the people that were found, 0 = anything
    else; None where unknown.
    `planes`: the same picture as uint8 [h * 3/2, w], I420, where it comes from a video: coded again, it is not converted.
    `drawn`: float32 [h, w], of a redrawn take: how much of each pixel is new (0: the parent's); None: all of it is.
    """

    index: int
    color: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.float32]
    ids: npt.NDArray[np.uint16] | None
    camera: CameraPose
    planes: npt.NDArray[np.uint8] | None = None
    drawn: npt.NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.color.dtype != np.uint8 or self.color.ndim != 3 or self.color.shape[2] != 3:
            raise InvalidMedia(
                f"Frame {self.index}: colour must be uint8 [h, w, 3], not {self.color.dtype} {self.color.shape}."
            )
        if self.depth.dtype != np.float32 or self.depth.shape != self.color.shape[:2]:
            raise InvalidMedia(
                f"Frame {self.index}: depth must be float32 {self.color.shape[:2]}, not {self.depth.dtype} {self.depth.shape}."
            )
        if self.ids is not None and (self.ids.dtype != np.uint16 or self.ids.shape != self.depth.shape):
            raise InvalidMedia(
                f"Frame {self.index}: ids must be uint16 {self.depth.shape}, not {self.ids.dtype} {self.ids.shape}."
            )


class FrameSource(Protocol):
    """A clip that is read once, front to back: a renderer at work or a folder on disk."""

    @property
    def plan(self) -> ClipPlan: ...

    def __iter__(self) -> Iterator[Frame]: ...
