"""A flat clip whose depth was found: a FrameSource for the baker, and what the report says of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from vr_server.domain.frame import CameraPose, ClipPlan, Frame

from .auto import bounds
from .edges import sharpen
from .port import F32, CameraTrack, DepthTrack, Pictures

UNIT_NEAR = 2.0
"""Where the nearest thing of a relative depth is put where nothing speaks for any size."""


@dataclass(frozen=True, slots=True)
class Found:
    """Lines for report.json. `cuts`: frames that begin a new shot; reasons then tell them apart."""

    estimator: str
    reason: str
    scale_reason: str
    approximate: bool
    metric: bool
    camera_reason: str
    camera_confidence: float
    cuts: tuple[int, ...] = ()


KNOWN = Found(
    "known", "every frame came with its depth", "metres of the clip's own", False, True, "came with the clip", 1.0
)
"""A clip that brings its depth and its camera."""


@dataclass(frozen=True, slots=True)
class FoundShot:
    """What was found of the shot that begins at frame `first`. `unit_m`: metres that the depth's and the way's unit most
    likely stands for, None where nothing speaks for any; 1 where the track is metric."""

    first: int
    camera: CameraTrack
    depth: DepthTrack
    unit_m: float | None


class EstimatedClip:
    """Implements `FrameSource`. The unit is metres as far as they are known; it is called metric only when every shot is."""

    def __init__(self, pictures: Pictures, shots: Sequence[FoundShot]) -> None:
        """`shots`: one or more, first to last, that fill the clip."""
        ranges = [bounds(shot.depth.inverse) for shot in shots]
        self._scales = [_scale(shot, near) for shot, (near, _) in zip(shots, ranges, strict=True)]
        self._pictures, self._shots = pictures, tuple(shots)
        cameras = tuple(
            _scaled(camera, scale)
            for shot, scale in zip(shots, self._scales, strict=True)
            for camera in shot.camera.cameras[: len(shot.depth.inverse)]
        )
        near = min(near * scale for (near, _), scale in zip(ranges, self._scales, strict=True))
        far = max(far * scale for (_, far), scale in zip(ranges, self._scales, strict=True))
        size = (pictures.width_px // 2 * 2, pictures.height_px // 2 * 2)
        self.found = _told(self._shots, pictures.frame_count)
        self._plan = ClipPlan(
            *size, pictures.fps, len(cameras), near * 0.95, far * 1.05, cameras, self.found.metric
        )  # fmt: skip

    @property
    def plan(self) -> ClipPlan:
        return self._plan

    def __iter__(self) -> Iterator[Frame]:
        plan = self._plan
        size = (plan.width_px, plan.height_px)
        inverses = (
            (inverse, scale)
            for shot, scale in zip(self._shots, self._scales, strict=True)
            for inverse in shot.depth.inverse
        )
        for index, (picture, (inverse, scale)) in enumerate(zip(self._pictures, inverses, strict=True)):
            color = np.ascontiguousarray(picture[: size[1], : size[0]])
            whole = np.asarray(cv2.resize(inverse.astype(np.float32), size, interpolation=cv2.INTER_LINEAR), np.float32)
            yield Frame(index, color, self._depth(sharpen(whole, color), scale), None, plan.cameras[index])

    def _depth(self, inverse: F32, scale: float) -> F32:
        far = np.float32(1 / self._plan.far_m)
        unit = inverse / np.float32(scale)
        return np.asarray(np.where(unit > far, 1 / np.maximum(unit, far), np.float32(self._plan.far_m)), np.float32)


def _scale(shot: FoundShot, near: float) -> float:
    if shot.depth.metric:
        return 1.0
    return UNIT_NEAR / near if shot.unit_m is None else shot.unit_m


def _scaled(camera: CameraPose, scale: float) -> CameraPose:
    pose = camera.t_world_camera.copy()
    pose[:3, 3] *= scale
    return CameraPose(pose, camera.yfov_rad)


def _told(shots: Sequence[FoundShot], frame_count: int) -> Found:
    """One report of all shots; what they say alike is said once."""
    ends = [*(shot.first for shot in shots), frame_count]

    def line(said: Sequence[str]) -> str:
        if len(set(said)) == 1:
            return said[0]
        return " | ".join(f"frames {a}-{b - 1}: {text}" for (a, b), text in zip(pairwise(ends), said, strict=True))

    return Found(
        estimator=" | ".join(dict.fromkeys(shot.depth.estimator for shot in shots)),
        reason=line([shot.depth.reason for shot in shots]),
        scale_reason=line([shot.depth.scale_reason for shot in shots]),
        approximate=any(shot.depth.approximate for shot in shots),
        metric=all(shot.depth.metric for shot in shots),
        camera_reason=line([shot.camera.reason for shot in shots]),
        camera_confidence=round(min(shot.camera.confidence for shot in shots), 3),
        cuts=tuple(shot.first for shot in shots[1:]),
    )
