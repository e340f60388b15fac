"""A flat clip whose depth was found: a FrameSource for the baker, and what the report says of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from vr_server.domain.frame import CameraPose, ClipPlan, Frame

from .auto import bounds
from .edges import sharpen
from .people import PeopleTrack, cut_out
from .port import F32, U8, U16, CameraTrack, DepthTrack, Pictures

UNIT_NEAR = 2.0
"""Where the nearest thing of a relative depth is put where nothing speaks for any size."""


NO_MASKS = "no masks of people: no network that gives them was named"


@dataclass(frozen=True, slots=True)
class Found:
    """Lines for report.json. `cuts`: frames that begin a new shot; reasons then tell them apart. `people`: whether people were
    cut out by masks, and by whose or why not; `people_found`: how many, each counted once a shot; None: not looked for."""

    estimator: str
    reason: str
    scale_reason: str
    approximate: bool
    metric: bool
    camera_reason: str
    camera_confidence: float
    cuts: tuple[int, ...] = ()
    people: str = NO_MASKS
    people_found: int | None = None


KNOWN = Found(
    "known", "every frame came with its depth", "metres of the clip's own", False, True, "came with the clip", 1.0,
    people="no masks of people: the clip's own ids are used, where it brings them",
)  # fmt: skip
"""A clip that brings its depth and its camera."""


@dataclass(frozen=True, slots=True)
class FoundShot:
    """What was found of the shot that begins at frame `first`. `unit_m`: metres that the depth's and the way's unit most
    likely stands for, None where nothing speaks for any; 1 where the track is metric. `people`: who is in it, where masks are known."""

    first: int
    camera: CameraTrack
    depth: DepthTrack
    unit_m: float | None
    people: PeopleTrack | None = None


class EstimatedClip:
    """Implements `FrameSource`. The unit is metres as far as they are known; it is called metric only when every shot is."""

    def __init__(self, pictures: Pictures, shots: Sequence[FoundShot], people: str = NO_MASKS) -> None:
        """`shots`: one or more, first to last, that fill the clip. `people`: what the report says of their masks."""
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
        self.found = _told(self._shots, pictures.frame_count, people)
        self._plan = ClipPlan(
            *size, pictures.fps, len(cameras), near * 0.95, far * 1.05, cameras, self.found.metric
        )  # fmt: skip

    @property
    def plan(self) -> ClipPlan:
        return self._plan

    def __iter__(self) -> Iterator[Frame]:
        plan = self._plan
        size = (plan.width_px, plan.height_px)
        frames = (
            (shot, n, scale)
            for shot, scale in zip(self._shots, self._scales, strict=True)
            for n in range(len(shot.depth.inverse))
        )
        for index, (picture, (shot, n, scale)) in enumerate(zip(self._pictures, frames, strict=True)):
            color = np.ascontiguousarray(picture[: size[1], : size[0]])
            inverse, ids = _edged(shot, n, color)
            yield Frame(index, color, self._depth(inverse, scale), ids, plan.cameras[index])

    def _depth(self, inverse: F32, scale: float) -> F32:
        far = np.float32(1 / self._plan.far_m)
        unit = inverse / np.float32(scale)
        return np.asarray(np.where(unit > far, 1 / np.maximum(unit, far), np.float32(self._plan.far_m)), np.float32)


def _edged(shot: FoundShot, n: int, color: U8) -> tuple[F32, U16 | None]:
    """Inverse depth of the shot's frame `n` at the picture's size, its edges where they belong; and who is where."""
    size = color.shape[1], color.shape[0]
    whole = np.asarray(
        cv2.resize(shot.depth.inverse[n].astype(np.float32), size, interpolation=cv2.INTER_LINEAR), np.float32
    )
    if shot.people is None:
        return sharpen(whole, color), None
    return cut_out(whole, color, shot.people.ids(n), shot.people.sure(n))


def _scale(shot: FoundShot, near: float) -> float:
    if shot.depth.metric:
        return 1.0
    return UNIT_NEAR / near if shot.unit_m is None else shot.unit_m


def _scaled(camera: CameraPose, scale: float) -> CameraPose:
    pose = camera.t_world_camera.copy()
    pose[:3, 3] *= scale
    return CameraPose(pose, camera.yfov_rad)


def _told(shots: Sequence[FoundShot], frame_count: int, people: str) -> Found:
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
        people=people,
        people_found=sum(found) if (found := [s.people.found for s in shots if s.people is not None]) else None,
    )
