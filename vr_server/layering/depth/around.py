"""Depth of a sphere that brings none: level ground at an eye's height, and a dome over it. A layout, and said to be one.

The estimators look through a perspective lens; what they would say of a sphere cut into faces does not meet at the edges.
A ground that lies where the feet are is what a viewer notices first: it is right wherever the floor is level and free.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import CameraPose, ClipPlan, ClipProjection, Frame

from ..sphere import Window, fisheye_rays
from .clip import Found
from .port import F32, F64, Pictures

EYE_M = 1.6
DOME_M = 25.0
"""Where walls and trees are put, of which nothing is known."""

FOUND = Found(
    estimator="level-ground",
    reason=f"no depth came with it: level ground {EYE_M:g} m below the camera, all else on a dome of {DOME_M:g} m",
    scale_reason="assumed eye height",
    approximate=True,
    metric=False,
    camera_reason="taken to stand still and level",
    camera_confidence=0.0,
)


class LevelGround:
    """Implements `FrameSource` over the pictures of a sphere or a fisheye; depth is radial and the same in every frame.

    Raise InvalidMedia where there are other than `len(pictures)` cameras.
    """

    def __init__(
        self, pictures: Pictures, projection: ClipProjection, cameras: tuple[CameraPose, ...] | None, yfov_rad: float
    ) -> None:
        count = pictures.frame_count
        told = cameras
        cameras = told or (CameraPose(np.eye(4), yfov_rad),) * count
        if len(cameras) != count:
            raise InvalidMedia(f"The camera file has {len(cameras)} poses for {count} pictures.")
        size = (pictures.width_px, pictures.height_px)
        self._pictures = pictures
        self.found = FOUND if told is None else replace(FOUND, camera_reason="the camera came with the clip")
        plan = ClipPlan(*size, pictures.fps, count, EYE_M, DOME_M, cameras, False, projection)
        self.plan = replace(plan, near_m=EYE_M * 0.95, far_m=DOME_M * 1.05)

    def __iter__(self) -> Iterator[Frame]:
        size = (self.plan.width_px, self.plan.height_px)
        depth, last = None, None
        for index, (picture, camera) in enumerate(zip(self._pictures, self.plan.cameras, strict=False)):
            if depth is None or camera is not last:
                depth, last = ground_depth(self._rays(size, camera), camera), camera
            yield Frame(index, np.ascontiguousarray(picture), depth, None, camera)

    def _rays(self, size: tuple[int, int], camera: CameraPose) -> F64:
        if self.plan.projection == "fisheye":
            return fisheye_rays(size, camera.yfov_rad)
        return Window().directions(*size)


def ground_depth(rays: F64, camera: CameraPose) -> F32:
    """Radial metres, float32 [h, w], along unit `rays` [h, w, 3] in the camera's axes: to the ground, at most to the dome."""
    down = -(rays @ camera.t_world_camera[1, :3])
    with np.errstate(divide="ignore"):
        ground = np.where(down > 0, EYE_M / np.maximum(down, 1e-6), np.inf)
    return np.minimum(ground, DOME_M).astype(np.float32)
