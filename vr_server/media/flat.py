"""A flat video with its depth beside it: what `bake CLIP.mp4 --depth FILE.npz` reads."""

import math
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import CameraPose, ClipPlan, ClipProjection, Frame

from .clip import probe, read_camera_file
from .codec import as_i420, decode_video
from .colour import i420_to_rgb

F32 = npt.NDArray[np.float32]
USUAL_YFOV_RAD: dict[ClipProjection, float] = {"perspective": 0.75, "fisheye": math.pi, "equirectangular": math.pi}
"""Assumed where no camera file says otherwise: a 28 mm lens on 16:9 Super 35, near enough; a fisheye of 180 degrees over
the frame's height."""


def read_flat_clip(
    clip: Path, *, depth: Path, camera: Path | None = None, projection: ClipProjection = "perspective"
) -> "FlatClip":
    """A video with depth from an .npz: `depth` float32 [n, h, w], metres, +inf = sky; planar Z, or radial where the
    `projection` is not a perspective.

    Without `camera` (a camera.json) the camera is taken to stand still with the field of view of `USUAL_YFOV_RAD`.
    Raise InvalidMedia with one line when the files are damaged or do not go together.
    """
    width, height, fps = probe(clip)
    depths = _read_depth(depth)
    if depths.shape[1:] != (height, width):
        raise InvalidMedia(
            f"{depth.name} holds depth of {depths.shape[2]}x{depths.shape[1]}, {clip.name} is {width}x{height}."
        )
    cameras = _cameras(camera, depths.shape[0], projection)
    finite = depths[np.isfinite(depths)]
    if not finite.size:
        raise InvalidMedia(f"{depth.name} holds no finite depth.")
    near, far = float(finite.min()), float(finite.max())
    far = max(far, near * 1.001)
    plan = ClipPlan(width, height, fps, depths.shape[0], near, far, cameras, projection=projection)
    return FlatClip(clip, depths, plan)


class FlatClip:
    """A FrameSource over a video file and an array of depth."""

    def __init__(self, clip: Path, depths: F32, plan: ClipPlan) -> None:
        self._clip, self._depths, self._plan = clip, depths, plan

    @property
    def plan(self) -> ClipPlan:
        return self._plan

    def __iter__(self) -> Iterator[Frame]:
        """Frames in order. Raise InvalidMedia when the video is damaged or shorter than its depth."""
        plan = self._plan
        with closing(decode_video(self._clip)) as frames:
            for index, camera in enumerate(plan.cameras):
                frame = next(frames, None)
                if frame is None:
                    raise InvalidMedia(f"{self._clip.name} ends after {index} of {plan.frame_count} frames.")
                color = i420_to_rgb(as_i420(frame), plan.width_px, plan.height_px)
                yield Frame(index, color, self._depths[index], None, camera)


def _read_depth(path: Path) -> F32:
    try:
        with np.load(path) as archive:
            depths = np.asarray(archive["depth"])
    except FileNotFoundError as error:
        raise InvalidMedia(f"{path.name} is missing.") from error
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidMedia(f"{path.name} is not an .npz with an array `depth`.") from error
    if depths.ndim != 3 or not len(depths) or not np.issubdtype(depths.dtype, np.floating):
        raise InvalidMedia(f"{path.name}: `depth` must be float32 [n, h, w], not {depths.dtype} {depths.shape}.")
    if not (depths > 0).all():
        raise InvalidMedia(f"{path.name}: every depth must be above 0 (+inf for the sky).")
    return depths.astype(np.float32, copy=False)


def _cameras(path: Path | None, count: int, projection: ClipProjection) -> tuple[CameraPose, ...]:
    if path is None:
        return (CameraPose(np.eye(4), USUAL_YFOV_RAD[projection]),) * count
    cameras = read_camera_file(path)[1]
    if len(cameras) != count:
        raise InvalidMedia(f"{path.name} has {len(cameras)} poses for {count} frames of depth.")
    return cameras
