"""Any video as plain pictures: upright, 8-bit RGB, even sides, at a constant rate; limits are told, not exceeded."""

import math
from collections.abc import Generator, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
import av.filter
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from vr_server.domain.errors import InvalidMedia

from .codec import decode_video, open_video
from .upright import upright_of

U8 = npt.NDArray[np.uint8]

LONGEST_S = 16.0
MOST_PIXELS = 3840 * 2160
LARGEST_SIDE_PX = 1920
"""Larger pictures are made smaller: a layered clip holds no more."""
FASTEST_FPS = 60
_MISSING_S = 0.25


class VideoPictures:
    """A video file as a sequence of pictures that can be read again and again.

    Frames of a variable rate are put on a constant clock (the nearest frame before each tick); rotation is applied; more
    than 8 bits are rounded, alpha is laid over black, interlaced fields become whole frames (yadif).
    `remarks`: what was changed, a line each; `shown_px`: width and height, upright, before they were made even or smaller.
    """

    def __init__(self, path: Path) -> None:
        """Raise InvalidMedia with one line for what is no video, is longer, larger or emptier than can be taken."""
        self._path = path
        with open_video(path) as (container, stream):
            rate = stream.average_rate or stream.guessed_rate
            if stream.width * stream.height > MOST_PIXELS:
                raise InvalidMedia(
                    f"{path.name} is {stream.width}x{stream.height}: more than 3840x2160 is refused, make it smaller first."
                )
            seconds = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
            if seconds is None and container.duration:
                seconds = container.duration / av.time_base
            if seconds is not None and seconds > LONGEST_S + 1:
                raise InvalidMedia(
                    f"{path.name} lasts {seconds:.0f} s: cut it into shots of at most {LONGEST_S:g} s first."
                )
            alone = bool(stream.duration) or len(container.streams) == 1  # else what lasts may be the sound
            hidden_alpha = stream.metadata.get("alpha_mode") == "1"  # of VP8 and VP9, in a stream of its own
        self.fps = _rate(rate)
        self._interlaced = False
        first, times = self._scan()
        turned = _turned(first)
        self.shown_px = (turned.shape[1], turned.shape[0])
        size = _fit(*self.shown_px)
        self.width_px, self.height_px = size
        self._times = times
        self.frame_count = max(1, round(float((times[-1] - times[0]) * self.fps)) + 1)
        self.remarks = tuple(self._remarks(first, turned, seconds if alone else None, hidden_alpha=hidden_alpha))

    def _scan(self) -> tuple[VideoFrame, list[Fraction]]:
        """The first frame, and every frame's time from the first, seconds."""
        first: VideoFrame | None = None
        times: list[Fraction] = []
        most = int(LONGEST_S * FASTEST_FPS * 2)
        with closing(self._decoded()) as frames:
            for n, frame in enumerate(frames):
                if first is None:
                    first = frame
                if n >= most:
                    raise InvalidMedia(f"{self._path.name} has more than {most} frames: cut it into shots first.")
                stamp = (
                    frame.pts * frame.time_base if frame.pts is not None and frame.time_base else Fraction(n) / self.fps
                )
                times.append(Fraction(stamp) if not times or stamp > times[-1] else times[-1] + 1 / self.fps)
        if first is None:
            raise InvalidMedia(f"{self._path.name} holds no frames.")
        if float(times[-1] - times[0]) > LONGEST_S + 1:
            raise InvalidMedia(
                f"{self._path.name} lasts {float(times[-1] - times[0]):.0f} s: cut it into shots of at most {LONGEST_S:g} s."
            )
        return first, times

    def _decoded(self) -> Generator[VideoFrame]:
        """Whole frames in order. Raise InvalidMedia for one that is larger than the file said it would be."""
        graph: av.filter.Graph | None = None
        with closing(decode_video(self._path)) as frames:
            for n, frame in enumerate(frames):
                if frame.width * frame.height > MOST_PIXELS:
                    raise InvalidMedia(
                        f"{self._path.name} holds a frame of {frame.width}x{frame.height}: it was refused."
                    )
                if n == 0 and frame.interlaced_frame:
                    graph, self._interlaced = _deinterlacer(frame), True
                if graph is None:
                    yield frame
                    continue
                graph.push(frame)
                yield from _pulled(graph)
        if graph is not None:
            graph.push(None)
            yield from _pulled(graph)

    def _remarks(self, first: VideoFrame, turned: U8, told_s: float | None, *, hidden_alpha: bool) -> Iterator[str]:
        """`told_s`: how long the file says that its pictures last."""
        if (turned.shape[1], turned.shape[0]) != (self.width_px, self.height_px):
            yield f"The picture of {turned.shape[1]}x{turned.shape[0]} is taken as {self.width_px}x{self.height_px}."
        deepest = max(component.bits for component in first.format.components)
        if deepest > 8:
            yield f"The picture has {deepest} bits a channel: they are rounded to 8."
        if any(component.is_alpha for component in first.format.components):
            yield "The picture is partly transparent: it is laid over black."
        elif hidden_alpha:
            yield "The picture has a transparency of its own: it is left out."
        if told_s is not None and told_s > self.frame_count / float(self.fps) + _MISSING_S:
            yield f"The file says that it lasts {told_s:.1f} s, but its pictures end at {self.frame_count / float(self.fps):.1f} s."
        if self._interlaced:
            yield "The picture is interlaced: its fields are made whole frames."
        turn = upright_of(first).remark
        if turn is not None:
            yield turn
        steps = np.diff([float(t) for t in self._times])
        if len(steps) and float(np.ptp(steps)) > 0.6 / float(self.fps):
            yield f"The frame rate varies: it is taken as {float(self.fps):.3g} frames a second."

    def __iter__(self) -> Iterator[U8]:
        """uint8 [height_px, width_px, 3] RGB, `frame_count` times. Raise InvalidMedia when the file is damaged."""
        made = 0
        last: U8 | None = None
        with closing(self._decoded()) as frames:
            for frame, stamp in zip(frames, self._times, strict=False):
                tick = math.ceil(float((stamp - self._times[0]) * self.fps) - 0.5)
                while last is not None and made < min(tick, self.frame_count):
                    yield last
                    made += 1
                last = self._picture(frame)
        while last is not None and made < self.frame_count:
            yield last
            made += 1

    def _picture(self, frame: VideoFrame) -> U8:
        picture = _turned(frame)
        if picture.shape[:2] != (self.height_px, self.width_px):
            small = VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                width=self.width_px, height=self.height_px, interpolation="AREA"
            )
            picture = np.asarray(small.to_ndarray(), np.uint8)
        return picture


def _deinterlacer(frame: VideoFrame) -> av.filter.Graph:
    """A graph that makes whole frames of fields (Niedermayer's yadif), as many as came."""
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    fields = graph.add("yadif", "mode=send_frame:deint=all")
    sink = graph.add("buffersink")
    source.link_to(fields)
    fields.link_to(sink)
    graph.configure()
    return graph


def _pulled(graph: av.filter.Graph) -> Generator[VideoFrame]:
    """What the graph has ready."""
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        if isinstance(frame, VideoFrame):
            yield frame


def _rate(rate: Fraction | None) -> Fraction:
    if not rate or rate <= 0:
        return Fraction(24)
    return max(Fraction(1), min(Fraction(rate).limit_denominator(1001), Fraction(FASTEST_FPS)))


def _turned(frame: VideoFrame) -> U8:
    """The frame as RGB, upright."""
    if any(component.is_alpha for component in frame.format.components):
        rgba = frame.to_ndarray(format="rgba").astype(np.uint16)
        picture = (rgba[..., :3] * rgba[..., 3:] // 255).astype(np.uint8)
    else:
        picture = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    return upright_of(frame).applied(picture)


def _fit(width: int, height: int) -> tuple[int, int]:
    """Even sides, the larger at most `LARGEST_SIDE_PX`."""
    if min(width, height) < 16:
        raise InvalidMedia(
            f"A picture of {width}x{height} is too small to be baked: both sides must be at least 16 px."
        )
    scale = min(1.0, LARGEST_SIDE_PX / max(width, height))
    return max(16, round(width * scale / 2) * 2), max(16, round(height * scale / 2) * 2)
