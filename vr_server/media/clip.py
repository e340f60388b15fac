"""A clip on disk: colour as H.264, inverse depth and ids as FFV1, cameras as JSON. One writer, one reader.

clip.mp4     H.264, yuv420p, BT.709 limited
depth.mkv    FFV1 gray16le: round(65535 u), ``1/z = u (1/near - 1/far) + 1/far``; 0 = sky, finite depth >= 1
ids.mkv      FFV1 gray16le: the staging's object ids (absent where unknown)
mask.mkv     FFV1 gray16le: of a redrawn take, 65535 times how much of each pixel is new; 0 = the parent's (absent otherwise)
camera.json  {"fps":[24,1],"near":..,"far":..,"metric":true,"projection":"perspective",
              "frames":[{"tWorldCamera":[16, row-major],"yfov":..}]}

A panorama of the same shot lies beside them as panorama.mp4, panorama_depth.mkv (radial depth) and panorama_camera.json.
"""

import json
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast, get_args

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import CameraPose, ClipPlan, ClipProjection, Frame, is_rigid

from .checksums import check_planes
from .codec import H264Encoder, H264Settings, Packet, as_i420, decode_video, open_video, write_mp4
from .colour import i420_to_rgb, rgb_to_i420
from .spherical import mark_equirectangular

U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]
F32 = npt.NDArray[np.float32]

CLIP, DEPTH, IDS, CAMERA, MASK = "clip.mp4", "depth.mkv", "ids.mkv", "camera.json", "mask.mkv"
_STEPS = 65535
_PLANE = "gray16le"
_CRF = 18
_FAITHFUL_CRF = 6
_FAITHFUL = ("psy=0:aq-mode=0:chroma-qp-offset=-8:trellis=0:deadzone-inter=6:deadzone-intra=6",)
"""The cheapest that surely keeps 99 % of the pixels within two codes in red, green and blue: 0.996 of a rainy street at
night at three times the bytes of `_CRF`. A step of chroma is two codes of blue, so that chroma needs the bits; x264's own
way (psy, adaptive quantisation) keeps 0.956 at this factor."""
_WIDEST_YFOV_RAD = 3.2
"""A fisheye may see a little behind itself."""


@dataclass(frozen=True, slots=True)
class ClipFiles:
    """What a clip's files are called in its folder."""

    color: str = CLIP
    depth: str = DEPTH
    ids: str = IDS
    camera: str = CAMERA


SHOT_FILES = ClipFiles()
PANORAMA_FILES = ClipFiles("panorama.mp4", "panorama_depth.mkv", "panorama_ids.mkv", "panorama_camera.json")


def depth_to_code(depth: F32, near_m: float, far_m: float) -> U16:
    """uint16 code of `depth` (m, +inf = sky); see the module's head."""
    with np.errstate(divide="ignore"):
        u = (1 / depth - 1 / far_m) / (1 / near_m - 1 / far_m)
    code = np.clip(np.rint(_STEPS * u), 1, _STEPS)
    return cast("U16", np.where(np.isfinite(depth), code, 0).astype(np.uint16))


def mask_code(drawn: F32) -> U16:
    """uint16 code of how much of each pixel is new, float32 [h, w], 0 to 1: what is new at all is above 0."""
    return cast("U16", np.ceil(drawn * _STEPS).astype(np.uint16))


def code_to_depth(code: U16, near_m: float, far_m: float) -> F32:
    """Inverse of `depth_to_code`: float32 metres, +inf where the code is 0."""
    inverse = code.astype(np.float32) / _STEPS * (1 / near_m - 1 / far_m) + 1 / far_m
    return cast("F32", np.where(code > 0, 1 / inverse, np.inf).astype(np.float32))


def color_encoder(width_px: int, height_px: int, fps: Fraction, *, faithful: bool = False) -> H264Encoder:
    """What codes clip.mp4. `faithful`: for pictures that were coded before and must stay as they are, see `_FAITHFUL`."""
    return H264Encoder(
        H264Settings(
            width_px=width_px,
            height_px=height_px,
            fps=fps,
            keyframe_interval=max(1, round(fps)),
            crf=_FAITHFUL_CRF if faithful else _CRF,
            preset="veryfast",
            profile="high",
            options=_FAITHFUL if faithful else (),
        )
    )


class PlaneWriter:
    """A lossless video of 16-bit planes, uint16 [h, w]."""

    def __init__(self, path: Path, width_px: int, height_px: int, fps: Fraction) -> None:
        self._container: OutputContainer = av.open(str(path), "w", format="matroska")
        self._stream: VideoStream = self._container.add_stream("ffv1", rate=fps, options={"level": "3"})
        self._stream.width, self._stream.height, self._stream.pix_fmt = width_px, height_px, _PLANE
        self._stream.codec_context.thread_count = 1
        self._stream.time_base = 1 / fps
        self._base = 1 / fps

    def add(self, plane: U16, index: int) -> None:
        picture = VideoFrame.from_ndarray(np.ascontiguousarray(plane), format=_PLANE)
        picture.pts, picture.time_base = index, self._base
        self._container.mux(self._stream.encode(picture))

    def finish(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def close(self) -> None:
        self._container.close()


class ClipWriter:
    """Writes a clip into `folder` frame by frame; `ids`: whether frames bring object ids; `redrawn`: whether they
    say what of them is new, and keep the rest. Not thread-safe.

    The colour's packets are held in memory (about 1 MB a second) and become clip.mp4 in `finish`.
    """

    def __init__(
        self, folder: Path, plan: ClipPlan, *, ids: bool, redrawn: bool = False, files: ClipFiles = SHOT_FILES
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._plan, self._color = plan, folder / files.color
        size = (plan.width_px, plan.height_px, plan.fps)
        self._encoder = color_encoder(*size, faithful=redrawn)
        self._packets: list[Packet] = []
        self._depth = PlaneWriter(folder / files.depth, *size)
        self._ids = PlaneWriter(folder / files.ids, *size) if ids else None
        self._mask = PlaneWriter(folder / MASK, *size) if redrawn else None
        self._next = 0
        write_cameras(folder / files.camera, plan)

    def add(self, frame: Frame) -> None:
        """Append the next frame. Raise InvalidMedia when it is out of order, of another size or without its ids."""
        plan = self._plan
        if frame.index != self._next or self._next >= plan.frame_count:
            raise InvalidMedia(f"Frame {frame.index} came where frame {self._next} of {plan.frame_count} was due.")
        if frame.depth.shape != (plan.height_px, plan.width_px):
            raise InvalidMedia(f"Frame {frame.index} is not {plan.width_px}x{plan.height_px} as the clip's plan says.")
        self._packets += self._encoder.encode(rgb_to_i420(frame.color) if frame.planes is None else frame.planes)
        self._depth.add(depth_to_code(frame.depth, plan.near_m, plan.far_m), frame.index)
        if self._ids is not None:
            if frame.ids is None:
                raise InvalidMedia(f"Frame {frame.index} brings no object ids, but the clip was opened with them.")
            self._ids.add(frame.ids, frame.index)
        if self._mask is not None:
            drawn = np.ones(frame.depth.shape, np.float32) if frame.drawn is None else frame.drawn
            self._mask.add(mask_code(drawn), frame.index)
        self._next += 1

    def finish(self) -> None:
        """Complete the folder. Raise InvalidMedia when frames are missing."""
        if self._next != self._plan.frame_count:
            self.abort()
            raise InvalidMedia(f"The clip ended after {self._next} of {self._plan.frame_count} frames.")
        self._packets += self._encoder.flush()
        for planes in (self._depth, self._ids, self._mask):
            if planes is not None:
                planes.finish()
        plan = self._plan
        write_mp4(self._color, iter(self._packets), width_px=plan.width_px, height_px=plan.height_px, fps=plan.fps)
        if plan.projection == "equirectangular":
            mark_equirectangular(self._color)

    def abort(self) -> None:
        """Stop and close every file; what is there is not a whole clip."""
        self._packets.clear()
        for planes in (self._depth, self._ids, self._mask):
            if planes is not None:
                planes.close()


def write_cameras(path: Path, plan: ClipPlan) -> None:
    """Write camera.json."""
    frames = [
        {"tWorldCamera": [float(v) for v in c.t_world_camera.reshape(-1)], "yfov": c.yfov_rad} for c in plan.cameras
    ]
    head = {"fps": [plan.fps.numerator, plan.fps.denominator], "near": plan.near_m, "far": plan.far_m}
    value = {**head, "metric": plan.metric, "projection": plan.projection, "frames": frames}
    path.write_text(json.dumps(value), encoding="utf-8")


def read_camera_file(path: Path) -> tuple[dict[str, Any], tuple[CameraPose, ...]]:
    """camera.json as it stands, and its poses. Raise InvalidMedia when it is missing or not one."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        poses = tuple(_camera(entry) for entry in data["frames"])
    except FileNotFoundError as error:
        raise InvalidMedia(f"{path.name} is missing: the clip's camera is not known.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidMedia(f"{path.name} is not a camera file: {error}.") from error
    return data, poses


def _camera(entry: dict[str, Any]) -> CameraPose:
    pose = np.array(entry["tWorldCamera"], np.float64)
    yfov = float(entry["yfov"])
    if pose.size != 16 or not is_rigid(pose.reshape(4, 4)) or not 0 < yfov <= _WIDEST_YFOV_RAD:
        raise ValueError(
            f"a frame needs the 16 finite numbers of a rotation and a place, without scale, and a field of view from 0 to {_WIDEST_YFOV_RAD} rad"
        )
    return CameraPose(pose.reshape(4, 4), yfov)


def probe(path: Path) -> tuple[int, int, Fraction]:
    """Width, height and frame rate of a video. Raise InvalidMedia when it is none."""
    with open_video(path) as (_, stream):
        rate = stream.average_rate or stream.guessed_rate
        if not rate or not stream.width or not stream.height:
            raise InvalidMedia(f"{path.name} does not say its size and frame rate.")
        return stream.width, stream.height, Fraction(rate)


def _projection(data: dict[str, Any]) -> ClipProjection:
    told = data.get("projection", "perspective")
    if told not in get_args(ClipProjection):
        raise ValueError(f"{told!r} is no projection")
    return cast("ClipProjection", told)


class ClipFolder:
    """A clip folder as a FrameSource; reading checks that colour, depth and ids go together."""

    def __init__(self, folder: Path, files: ClipFiles = SHOT_FILES) -> None:
        data, cameras = read_camera_file(folder / files.camera)
        try:
            near, far = float(data["near"]), float(data["far"])
            fps = Fraction(*(int(n) for n in data["fps"]))
            metric, projection = bool(data.get("metric", True)), _projection(data)
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise InvalidMedia(f"{files.camera} lacks near, far or fps, or names an unknown projection.") from error
        width, height, _ = probe(folder / files.color)
        if projection == "equirectangular" and width != 2 * height:
            raise InvalidMedia(
                f"{files.color} is {width}x{height}: an equirectangular picture is twice as wide as high."
            )
        for name in (files.depth, files.ids):
            if name == files.depth or (folder / name).exists():
                self._check_plane(folder / name, width, height, files.color)
        self._folder, self._files = folder, files
        self._plan = ClipPlan(width, height, fps, len(cameras), near, far, cameras, metric, projection)

    @property
    def plan(self) -> ClipPlan:
        return self._plan

    def __iter__(self) -> Iterator[Frame]:
        """Frames in order. Raise InvalidMedia when a file is damaged, or not as long as the camera file says."""
        plan, files = self._plan, self._files
        with ExitStack() as stack:
            colors = self._open(files.color, stack)
            depths = self._open(files.depth, stack)
            ids = self._open(files.ids, stack) if (self._folder / files.ids).exists() else None
            for index, camera in enumerate(plan.cameras):
                picture = as_i420(self._next(colors, files.color, index))
                depth = _plane(self._next(depths, files.depth, index))
                names = _plane(self._next(ids, files.ids, index)) if ids is not None else None
                yield Frame(
                    index,
                    i420_to_rgb(picture, plan.width_px, plan.height_px),
                    code_to_depth(depth, plan.near_m, plan.far_m),
                    names,
                    camera,
                    picture,
                )
            for frames, name in ((colors, files.color), (depths, files.depth), (ids, files.ids)):
                if frames is not None and next(frames, None) is not None:
                    raise InvalidMedia(f"{name} goes on after the {plan.frame_count} frames of {files.camera}.")

    def _open(self, name: str, stack: ExitStack) -> Generator[VideoFrame]:
        frames = decode_video(self._folder / name)
        stack.callback(frames.close)
        return frames

    def _next(self, frames: Iterator[VideoFrame], name: str, index: int) -> VideoFrame:
        frame = next(frames, None)
        if frame is None:
            raise InvalidMedia(f"{name} ends after {index} of {self._plan.frame_count} frames.")
        return frame

    @staticmethod
    def _check_plane(path: Path, width_px: int, height_px: int, like: str) -> None:
        with open_video(path) as (_, stream):
            if (stream.width, stream.height) != (width_px, height_px):
                raise InvalidMedia(f"{path.name} is not {width_px}x{height_px} like {like}.")
            if stream.pix_fmt != _PLANE:
                raise InvalidMedia(f"{path.name} is no plane of 16 bits but {stream.pix_fmt}.")
        check_planes(path)


def read_ids(folder: Path) -> Generator[U16]:
    """The object ids of a clip's frames, uint16 [h, w] each. Raise InvalidMedia where it brings none or is damaged."""
    for frame in decode_video(folder / IDS):
        yield _plane(frame)


def _plane(frame: VideoFrame) -> U16:
    return cast("U16", frame.to_ndarray(format=_PLANE))


def read_planes(path: Path) -> Iterator[U16]:
    """uint16 [h, w] of a lossless file, frame by frame. Raise InvalidMedia when it is damaged."""
    with closing(decode_video(path)) as frames:
        yield from (_plane(frame) for frame in frames)


def read_rgb(path: Path) -> Iterator[U8]:
    """uint8 [h, w, 3] of a clip's colour as it decodes, frame by frame. Raise InvalidMedia when it is damaged."""
    with closing(decode_video(path)) as frames:
        yield from (i420_to_rgb(as_i420(frame), frame.width, frame.height) for frame in frames)


def read_clip(path: Path, files: ClipFiles = SHOT_FILES) -> ClipFolder:
    """Open a folder that ClipWriter wrote; `files` of PANORAMA_FILES: its panorama. Raise InvalidMedia with one line when it is not a whole clip."""
    if not path.is_dir():
        raise InvalidMedia(f"{path} is not a clip folder.")
    return ClipFolder(path, files)
