"""A flat video with its depth beside it: what `bake CLIP.mp4 --depth FILE.npz` reads."""

import math
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import CameraPose, ClipPlan, ClipProjection, Frame

from .clip import read_camera_file
from .pictures import VideoPictures

F32 = npt.NDArray[np.float32]
USUAL_YFOV_RAD: dict[ClipProjection, float] = {"perspective": 0.75, "fisheye": math.pi, "equirectangular": math.pi}
"""Assumed where no camera file says otherwise: a 28 mm lens on 16:9 Super 35, near enough; a fisheye of 180 degrees over
the frame's height."""


def read_flat_clip(
    pictures: VideoPictures, *, depth: Path, camera: Path | None = None, projection: ClipProjection = "perspective"
) -> "FlatClip":
    """A video with depth from an .npz: `depth` float32 [n, h, w], metres, +inf = sky; planar Z, or radial where the
    `projection` is not a perspective. Its size is that of the pictures, or of the video before they were made even or
    smaller: the nearest samples are taken then.

    Without `camera` (a camera.json) the camera is taken to stand still with the field of view of `USUAL_YFOV_RAD`.
    Raise InvalidMedia with one line when the files are damaged or do not go together.
    """
    depths = DepthFile(depth)
    count, height, width = depths.shape
    size = (pictures.width_px, pictures.height_px)
    if (width, height) not in {size, pictures.shown_px}:
        raise InvalidMedia(f"{depth.name} holds depth of {width}x{height}, the clip is {size[0]}x{size[1]}.")
    if count != pictures.frame_count:
        raise InvalidMedia(f"{depth.name} holds depth of {count} frames, the clip has {pictures.frame_count}.")
    near, far = depths.bounds()
    cameras = _cameras(camera, count, projection)
    plan = ClipPlan(*size, pictures.fps, count, near, max(far, near * 1.001), cameras, projection=projection)
    return FlatClip(pictures, depths, plan)


class FlatClip:
    """A FrameSource over a video and a file of depth, of which one frame at a time is held."""

    def __init__(self, pictures: VideoPictures, depths: "DepthFile", plan: ClipPlan) -> None:
        self._pictures, self._depths, self._plan = pictures, depths, plan

    @property
    def plan(self) -> ClipPlan:
        return self._plan

    def __iter__(self) -> Iterator[Frame]:
        """Frames in order. Raise InvalidMedia when the video or its depth is damaged."""
        plan = self._plan
        size = (plan.width_px, plan.height_px)
        each = zip(self._pictures, self._depths, plan.cameras, strict=True)
        for index, (color, depth, camera) in enumerate(each):
            if depth.shape[::-1] != size:
                depth = np.asarray(cv2.resize(depth, size, interpolation=cv2.INTER_NEAREST), np.float32)  # noqa: PLW2901
            yield Frame(index, color, depth, None, camera)


class DepthFile:
    """The array `depth` of an .npz, [n, h, w] of floats, read frame by frame however large it is."""

    def __init__(self, path: Path) -> None:
        """Raise InvalidMedia with one line for a file that holds no such array."""
        self._path = path
        with self._array() as (_, shape, dtype, self._columns_first):
            self._dtype = dtype
        if len(shape) != 3 or not all(shape) or not np.issubdtype(dtype, np.floating):
            raise InvalidMedia(f"{path.name}: `depth` must be float32 [n, h, w], not {dtype} {shape}.")
        self.shape: tuple[int, int, int] = (shape[0], shape[1], shape[2])

    def __iter__(self) -> Iterator[F32]:
        """float32 [h, w], `shape[0]` times. Raise InvalidMedia when the file is damaged."""
        count, height, width = self.shape
        if self._columns_first:
            yield from self._turned()
            return
        with self._array() as (file, *_):
            for _ in range(count):
                data = file.read(height * width * self._dtype.itemsize)
                yield np.frombuffer(data, self._dtype).reshape(height, width).astype(np.float32)
            file.read(1)  # only then is the checksum looked at

    def bounds(self) -> tuple[float, float]:
        """Least and greatest finite depth. Raise InvalidMedia where any is NaN or not above 0, or none is finite."""
        near, far = math.inf, 0.0
        for depth in self:
            if not (depth > 0).all():
                raise InvalidMedia(f"{self._path.name}: every depth must be above 0 (+inf for the sky).")
            finite = depth[np.isfinite(depth)]
            if finite.size:
                near, far = min(near, float(finite.min())), max(far, float(finite.max()))
        if not math.isfinite(near):
            raise InvalidMedia(f"{self._path.name} holds no finite depth.")
        return near, far

    def _turned(self) -> Iterator[F32]:
        """Frames of an array that was stored columns first, which can only be had whole."""
        with self._told(), np.load(self._path) as archive:
            depths = np.asarray(archive["depth"])
        yield from (np.ascontiguousarray(depth, np.float32) for depth in depths)

    @contextmanager
    def _array(self) -> Generator[tuple[IO[bytes], tuple[int, ...], np.dtype[Any], bool]]:
        """The array's bytes, from behind its header on; its shape, its dtype, and whether columns come first."""
        with self._told(), zipfile.ZipFile(self._path) as archive, archive.open("depth.npy") as file:
            version = np.lib.format.read_magic(file)
            one = version == (1, 0)
            read = np.lib.format.read_array_header_1_0 if one else np.lib.format.read_array_header_2_0
            shape, columns_first, dtype = read(file)
            yield file, shape, dtype, columns_first

    @contextmanager
    def _told(self) -> Generator[None]:
        """What goes wrong in reading, as one line."""
        try:
            yield
        except FileNotFoundError as error:
            raise InvalidMedia(f"{self._path.name} is missing.") from error
        except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            raise InvalidMedia(
                f"{self._path.name} is not an .npz with an array `depth` of floats, or it is damaged."
            ) from error


def _cameras(path: Path | None, count: int, projection: ClipProjection) -> tuple[CameraPose, ...]:
    if path is None:
        return (CameraPose(np.eye(4), USUAL_YFOV_RAD[projection]),) * count
    cameras = read_camera_file(path)[1]
    if len(cameras) != count:
        raise InvalidMedia(f"{path.name} has {len(cameras)} poses for {count} frames of depth.")
    return cameras
