"""A look at media that strangers sent: is it what it says, and whole? Reads little and trusts nothing."""

from dataclasses import dataclass
from pathlib import Path

import av.error

from vr_server.domain.errors import InvalidMedia

from .codec import open_video
from .kinds import walk_boxes

_MAX_SIDE_PX = 8192
_MAX_DURATION_S = 600.0
_MAX_STREAMS = 8
_LOST_FRAMES = 0.02
"""Share of announced frames that may be missing: containers miscount at the end."""


@dataclass(frozen=True, slots=True)
class VideoFacts:
    width_px: int
    height_px: int
    fps: float
    frame_count: int
    duration_s: float


def inspect_video(path: Path) -> VideoFacts:
    """Read a strange mp4's boxes, walk all its packets and decode its first picture.

    Raise InvalidMedia with one line when it is no mp4, is cut short, holds no picture that decodes or is absurd.
    """
    walk_boxes(path)
    with open_video(path) as (container, stream):
        if len(container.streams) > _MAX_STREAMS:
            raise InvalidMedia(f"{path.name} has {len(container.streams)} streams.")
        width, height = stream.width, stream.height
        if not 16 <= width <= _MAX_SIDE_PX or not 16 <= height <= _MAX_SIDE_PX:
            raise InvalidMedia(f"{path.name} says its picture is {width}x{height}.")
        seconds = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        if seconds > _MAX_DURATION_S:
            raise InvalidMedia(f"{path.name} says it lasts {seconds:.0f} s.")
        stream.codec_context.thread_count = 1
        packets, decoded = 0, False
        try:
            for packet in container.demux(stream):
                packets += packet.size > 0
                if not decoded:
                    decoded = bool(packet.decode())
        except (av.error.FFmpegError, ValueError) as error:
            raise InvalidMedia(f"{path.name} is damaged after frame {packets}.") from error
        if not decoded:
            raise InvalidMedia(f"{path.name} holds no picture that can be decoded.")
        if stream.frames and packets < stream.frames * (1 - _LOST_FRAMES) - 1:
            raise InvalidMedia(f"{path.name} is cut short: {packets} of {stream.frames} frames are there.")
        rate = float(stream.average_rate or 0)
        seconds = seconds or (packets / rate if rate else 0.0)
        return VideoFacts(width, height, rate or (packets / seconds if seconds else 0.0), packets, seconds)


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height in px of a picture or a video's first stream. Raise InvalidMedia."""
    with open_video(path) as (_, stream):
        return stream.width, stream.height
