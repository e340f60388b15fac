"""H.264 in and out through PyAV: one encoder builder, one decoder, one remuxer."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

import av
import av.error
import av.filter
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.format import VideoFormat
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from vr_server.domain.errors import InvalidMedia

from .kinds import CONTAINERS, cut_short, why_no_video

U8 = npt.NDArray[np.uint8]

_OPENING = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file", "pattern_type": "none"}
"""No file makes another one be read: neither by what it holds nor by a name with a %d in it."""

_LEVELS = ((8_704, "4.2"), (22_080, "5.0"), (36_864, "5.1"))
"""Largest picture of each H.264 level in macroblocks (ITU-T H.264, table A-1)."""


_QUANTISERS = 51
_NO_ADAPTION = "aq-mode=1:aq-strength=0.0001"
"""libavcodec leaves regions out where adaptive quantisation is off: at this strength it moves nothing."""
_START_FULLNESS = 0.4
"""How full the receiver's buffer is taken to be at the start. At x264's 0.9 two seconds of video take a fifth more than
their rate; at this one what a shot takes is its rate."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the picture, px, whose quantiser is `steps` coarser than the rest's (negative: finer)."""

    x: int
    y: int
    width: int
    height: int
    steps: int


@dataclass(frozen=True, slots=True)
class H264Settings:
    """What one encoder makes. Give `bitrate_kbps` (with a one-second buffer model) or `crf`.

    `profile`: without reordering in any of them. Constrained baseline is what everything decodes, main (with arithmetic
    coding) saves an eighth of the bits.
    `adaptive_quantisation` takes bits from edges for flat areas: right for a picture, wrong for depth.
    `motion_refinement`: x264's subme, 1 to 11, in place of the preset's. `options`: further ones of x264's, "key=value".
    `regions`: parts of the picture that want other quantisers than the rest; the rate is kept by all together.
    """

    width_px: int
    height_px: int
    fps: Fraction
    keyframe_interval: int
    bitrate_kbps: int | None = None
    crf: int | None = None
    preset: str = "superfast"
    profile: Literal["baseline", "main", "high"] = "baseline"
    adaptive_quantisation: bool = True
    motion_refinement: int | None = None
    options: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class Packet:
    """One coded picture in annex B; parameter sets stand before every keyframe."""

    frame: int
    keyframe: bool
    data: bytes


def _h264_level(width_px: int, height_px: int) -> str:
    macroblocks = -(-width_px // 16) * -(-height_px // 16)
    for limit, level in _LEVELS:
        if macroblocks <= limit:
            return level
    raise InvalidMedia(f"A picture of {width_px}x{height_px} is larger than H.264 level 5.1 allows.")


class H264Encoder:
    """libx264 on one thread, low latency, closed GOPs of exactly `keyframe_interval` frames. Not thread-safe."""

    def __init__(self, settings: H264Settings) -> None:
        self._settings = settings
        keyint = settings.keyframe_interval
        x264 = [
            f"keyint={keyint}:min-keyint={keyint}:scenecut=0:open-gop=0:bframes=0:ref=1",
            "annexb=1:repeat-headers=1:aud=0:mvrange=511:sliced-threads=0:threads=1",
            *([f"subme={settings.motion_refinement}:me=hex"] if settings.motion_refinement else []),
            *settings.options,
        ]
        options = {"preset": settings.preset, "tune": "zerolatency", "profile": settings.profile}
        if not settings.adaptive_quantisation:
            x264.append(_NO_ADAPTION if settings.regions else "aq-mode=0")
        options["level"] = _h264_level(settings.width_px, settings.height_px)
        if settings.bitrate_kbps is not None:
            rate = settings.bitrate_kbps
            x264.append(f"vbv-maxrate={rate}:vbv-bufsize={rate}:vbv-init={_START_FULLNESS}")
        else:
            options["crf"] = str(18 if settings.crf is None else settings.crf)
        options["x264-params"] = ":".join(x264)
        codec = av.CodecContext.create("libx264", "w")
        codec.width, codec.height = settings.width_px, settings.height_px
        codec.pix_fmt = "yuv420p"
        codec.framerate = settings.fps
        codec.time_base = 1 / settings.fps
        codec.gop_size = keyint
        codec.thread_count = 1
        if settings.bitrate_kbps is not None:
            codec.bit_rate = settings.bitrate_kbps * 1000
        codec.color_range = ColorRange.MPEG
        codec.colorspace = Colorspace.ITU709
        codec.color_primaries = ColorPrimaries.BT709
        codec.color_trc = ColorTrc.IEC61966_2_1
        codec.options = options
        self._codec = codec
        self._marker = _Marker(settings) if settings.regions else None
        self._next = 0

    def encode(self, i420: U8) -> list[Packet]:
        """Packets ready after this picture: a tight I420 image, uint8 [h * 3/2, w]."""
        picture = VideoFrame.from_ndarray(i420, format="yuv420p")
        picture.pts = self._next
        picture.time_base = 1 / self._settings.fps
        if self._marker is not None:
            picture = self._marker(picture)
        if self._next % self._settings.keyframe_interval == 0:
            picture.pict_type = PictureType.I
        self._next += 1
        return self._packets(picture)

    def flush(self) -> list[Packet]:
        """What the encoder still holds; it takes no picture afterwards."""
        return self._packets(None)

    def _packets(self, picture: VideoFrame | None) -> list[Packet]:
        return [Packet(int(p.pts or 0), p.is_keyframe, bytes(p)) for p in self._codec.encode(picture)]


class _Marker:
    """Marks the regions on pictures, which PyAV can only by way of a filter; the pixels are not touched."""

    def __init__(self, settings: H264Settings) -> None:
        graph = av.filter.Graph()
        last = graph.add_buffer(
            width=settings.width_px,
            height=settings.height_px,
            format=VideoFormat("yuv420p"),
            time_base=1 / settings.fps,
        )
        for r in settings.regions:
            share = r.steps / _QUANTISERS
            marked = graph.add("addroi", f"x={r.x}:y={r.y}:w={r.width}:h={r.height}:qoffset={share:.6f}")
            last.link_to(marked)
            last = marked
        last.link_to(graph.add("buffersink"))
        graph.configure()
        self._graph = graph

    def __call__(self, picture: VideoFrame) -> VideoFrame:
        self._graph.push(picture)
        return cast("VideoFrame", self._graph.pull())


def write_mp4(path: Path, packets: Iterator[Packet], *, width_px: int, height_px: int, fps: Fraction) -> None:
    """Put packets into an mp4 as they are, index first, without encoding them again."""
    base = 1 / fps
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_mux_stream("h264", rate=fps, width=width_px, height=height_px, time_base=base)
        for packet in packets:
            out = av.Packet(packet.data)
            out.stream = stream
            out.time_base = base
            out.pts = out.dts = packet.frame
            out.duration = 1
            out.is_keyframe = packet.keyframe
            container.mux(out)


class H264Decoder:
    """Annex-B packets to tight I420 images; one picture in, one picture out. Not thread-safe."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("h264", "r")
        self._codec.thread_count = 1

    def decode(self, data: bytes) -> list[U8]:
        """Images, uint8 [h * 3/2, w]. Raise InvalidMedia when the packet is damaged."""
        try:
            return [as_i420(f) for f in self._codec.decode(av.Packet(data))]
        except av.error.FFmpegError as error:
            raise InvalidMedia(f"A video packet cannot be decoded: {error.strerror}.") from error

    def flush(self) -> list[U8]:
        return [as_i420(f) for f in self._codec.decode(None)]


def as_i420(frame: VideoFrame) -> U8:
    """Tight planes of a decoded 8-bit 4:2:0 picture, uint8 [h * 3/2, w]."""
    return cast("U8", frame.to_ndarray(format="yuv420p"))


def decode_packets(packets: Sequence[bytes]) -> list[U8]:
    """All pictures of consecutive packets that begin with a keyframe."""
    decoder = H264Decoder()
    images = [image for data in packets for image in decoder.decode(data)]
    return images + decoder.flush()


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A container and its first video stream. Raise InvalidMedia with one line when `path` is not a video."""
    if not path.is_file():
        raise InvalidMedia(f"{path.name} is missing.")
    if path.stat().st_size == 0:
        raise InvalidMedia(f"{path.name} is empty.")
    try:
        container = av.open(f"file:{path}", "r", options=_OPENING)
    except (av.error.FFmpegError, UnicodeDecodeError) as error:
        raise InvalidMedia(why_no_video(path)) from error
    with closing(container):
        if not container.streams.video:
            raise InvalidMedia(f"{path.name} holds no picture.")
        yield container, container.streams.video[0]


def decode_video(path: Path) -> Generator[VideoFrame]:
    """Pictures of a file in order. Raise InvalidMedia when it is no video, is damaged or holds no picture."""
    count = 0
    with open_video(path) as (container, stream):
        stream.codec_context.thread_count = 1
        try:
            for frame in container.decode(stream):
                count += 1
                yield frame
        except av.error.FFmpegError as error:
            told = cut_short(path) or f"{path.name} is damaged after frame {count}: {error.strerror}."
            raise InvalidMedia(told) from error
    if not count:
        raise InvalidMedia(f"{path.name} holds no frames.")
