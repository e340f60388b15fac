"""A flat clip whose depth was found: a FrameSource for the baker, and what the report says of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from vr_server.domain.frame import CameraPose, ClipPlan, Frame

from .auto import bounds
from .edges import sharpen
from .port import F32, CameraTrack, DepthTrack, Pictures

UNIT_NEAR = 2.0
"""Where the nearest thing of a relative depth is put: relative units are scaled so that it stands here."""


@dataclass(frozen=True, slots=True)
class Found:
    """Lines for report.json."""

    estimator: str
    reason: str
    scale_reason: str
    approximate: bool
    metric: bool
    camera_reason: str
    camera_confidence: float


KNOWN = Found(
    "known", "every frame came with its depth", "metres of the clip's own", False, True, "came with the clip", 1.0
)
"""A clip that brings its depth and its camera."""


class EstimatedClip:
    """Implements `FrameSource`. The unit is metres when the track is metric; else the nearest thing stands at `UNIT_NEAR`,
    and the camera's way, which shares the depth's unit, is scaled with it."""

    def __init__(self, pictures: Pictures, camera: CameraTrack, track: DepthTrack) -> None:
        near, far = bounds(track.inverse)
        scale = 1.0 if track.metric else UNIT_NEAR / near
        self._pictures, self._inverse, self._scale = pictures, track.inverse, scale
        cameras = tuple(_scaled(c, scale) for c in camera.cameras[: len(track.inverse)])
        size = (pictures.width_px // 2 * 2, pictures.height_px // 2 * 2)
        self._plan = ClipPlan(
            *size, pictures.fps, len(track.inverse), near * scale * 0.95, far * scale * 1.05, cameras, track.metric
        )  # fmt: skip
        self.found = Found(
            track.estimator, track.reason, track.scale_reason, track.approximate, track.metric, camera.reason, round(camera.confidence, 3)
        )  # fmt: skip

    @property
    def plan(self) -> ClipPlan:
        return self._plan

    def __iter__(self) -> Iterator[Frame]:
        plan = self._plan
        size = (plan.width_px, plan.height_px)
        for index, picture in enumerate(self._pictures):
            color = np.ascontiguousarray(picture[: size[1], : size[0]])
            inverse = np.asarray(
                cv2.resize(self._inverse[index].astype(np.float32), size, interpolation=cv2.INTER_LINEAR), np.float32
            )
            yield Frame(index, color, self._depth(sharpen(inverse, color)), None, plan.cameras[index])

    def _depth(self, inverse: F32) -> F32:
        far = np.float32(1 / self._plan.far_m)
        unit = inverse / np.float32(self._scale)
        return np.asarray(np.where(unit > far, 1 / np.maximum(unit, far), np.float32(self._plan.far_m)), np.float32)


def _scaled(camera: CameraPose, scale: float) -> CameraPose:
    pose = camera.t_world_camera.copy()
    pose[:3, 3] *= scale
    return CameraPose(pose, camera.yfov_rad)
