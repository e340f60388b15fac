"""The arithmetic of a room's playhead: which frame each wire counter carries. Pure, without clock or network.

The wire counter counts pictures put on the wire and never goes back: not on seek, loop or load. A `Span` maps
counters to frames. Every jump starts at a keyframe, so the pictures from the last keyframe to the one shown always
carry the latest counters, one after another: that is what a late joiner is sent.

Wire timestamps have one origin, zero, for all viewers of all rooms: `rtp_timestamp(counter, fps)`. When a clip of
another rate is loaded, counters skip ahead as far as it takes for timestamps not to go back.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

RTP_CLOCK_HZ = 90_000
_RTP_MODULUS = 1 << 32


@dataclass(frozen=True, slots=True)
class Span:
    """From `counter` on, `frame + (c - counter)` of clip `tag` is on the wire, looping at `frame_count`."""

    counter: int
    tag: str
    frame: int
    frame_count: int
    fps: Fraction
    playing: bool

    def frame_at(self, counter: int) -> int:
        return (self.frame + counter - self.counter) % self.frame_count


@dataclass(frozen=True, slots=True)
class Playhead:
    """Where the room is: `counter` is that of the last picture sent (-1: none yet); no tag: nothing loaded."""

    tag: str | None
    frame: int
    counter: int
    playing: bool


@dataclass(frozen=True, slots=True)
class Step:
    """Pictures to send now: frame `frames[i]` carries `counter + i`. Spans go out first."""

    spans: tuple[Span, ...]
    counter: int
    frames: tuple[int, ...]
    fps: Fraction


class ClipIndex(Protocol):
    """What the playhead must know of a clip."""

    @property
    def fps(self) -> Fraction: ...
    @property
    def available(self) -> int: ...
    @property
    def frame_count(self) -> int: ...
    def keyframe_at_or_before(self, frame: int) -> int: ...


def rtp_timestamp(counter: int, fps: Fraction) -> int:
    """The wire timestamp of a counter: 90 kHz ticks modulo 2**32, origin zero."""
    return (counter * RTP_CLOCK_HZ * fps.denominator // fps.numerator) % _RTP_MODULUS


class Timeline:
    """The playhead. Commands change what is wanted; `jump` and `advance` say what to send for it."""

    def __init__(self) -> None:
        self.clip: ClipIndex | None = None  # the clip of the last picture sent
        self.span: Span | None = None  # the span of the last picture sent
        self.playing = False
        self._frame = 0
        self._counter = -1
        self._target: tuple[ClipIndex, str, int] | None = None  # a jump not yet carried out

    @property
    def playhead(self) -> Playhead:
        if self._target is not None:
            return Playhead(self._target[1], self._target[2], self._counter, self.playing)
        return Playhead(self.span.tag if self.span else None, self._frame, self._counter, self.playing)

    @property
    def jumping(self) -> bool:
        """A load or seek waits to be carried out."""
        return self._target is not None

    @property
    def wanted_clip(self) -> ClipIndex | None:
        """The clip that the next picture comes from."""
        return self._target[0] if self._target is not None else self.clip

    def load(self, clip: ClipIndex, tag: str, frame: int, *, playing: bool) -> None:
        self.playing = playing
        self._target = (clip, tag, max(0, min(frame, clip.frame_count - 1)))

    def seek(self, frame: int) -> None:
        """Out of range is clamped. Without a clip nothing happens."""
        if self._target is not None:
            clip, tag, _ = self._target
        elif self.clip is not None and self.span is not None:
            clip, tag = self.clip, self.span.tag
        else:
            return
        self._target = (clip, tag, max(0, min(frame, clip.frame_count - 1)))

    def set_playing(self, playing: bool) -> tuple[Span, ...]:
        """The span to announce; empty when nothing changes now."""
        if playing == self.playing:
            return ()
        self.playing = playing
        if self.span is None or self._target is not None:
            return ()
        self.span = replace(self.span, counter=self._counter, frame=self._frame, playing=playing)
        return (self.span,)

    def jump(self) -> Step | None:
        """Carry out the load or seek that waits; None while its frame is not there yet."""
        if self._target is None:
            return None
        clip, tag, frame = self._target
        frame = min(frame, clip.frame_count - 1)  # the clip may have ended early
        if frame >= clip.available:
            return None
        self._target = None
        return self._burst(clip, tag, frame)

    def repeat(self) -> Step | None:
        """The pictures from the last keyframe to the one shown, under fresh counters: for a decoder that lost its way."""
        if self.clip is None or self.span is None:
            return None
        return self._burst(self.clip, self.span.tag, self._frame)

    def shown(self) -> Step | None:
        """The pictures from the last keyframe to the one shown, under the counters they had: for a late joiner."""
        if self.clip is None or self.span is None:
            return None
        key = self.clip.keyframe_at_or_before(self._frame)
        first = self._counter - (self._frame - key)
        return Step((), first, tuple(range(key, self._frame + 1)), self.span.fps)

    def advance(self) -> Step | None:
        """The next picture, looping; None while it is not there yet, or when there is no clip."""
        if self.clip is None or self.span is None:
            return None
        count = self.clip.frame_count
        frame = (self._frame + 1) % count
        if frame >= self.clip.available:
            return None
        self._counter += 1
        self._frame = frame
        spans: tuple[Span, ...] = ()
        if self.span.frame_count != count or self.span.frame_at(self._counter) != frame:
            self.span = replace(self.span, counter=self._counter, frame=frame, frame_count=count)
            spans = (self.span,)
        return Step(spans, self._counter, (frame,), self.span.fps)

    def _burst(self, clip: ClipIndex, tag: str, frame: int) -> Step:
        key = clip.keyframe_at_or_before(frame)
        frames = tuple(range(key, frame + 1))
        first = self._first_counter(clip.fps)
        self._counter = first + len(frames) - 1
        self._frame = frame
        self.clip = clip
        span = Span(first, tag, key, clip.frame_count, clip.fps, self.playing)
        spans: tuple[Span, ...] = (span,)
        if not self.playing and key != frame:  # the same mapping, and the frame that is held
            spans = (span, replace(span, counter=self._counter, frame=frame))
        self.span = spans[-1]
        return Step(spans, first, frames, clip.fps)

    def _first_counter(self, fps: Fraction) -> int:
        """The next counter, further on where a new rate would turn wire timestamps back."""
        following = self._counter + 1
        if self.span is None or self.span.fps == fps:
            return following
        seconds = Fraction(following) / self.span.fps
        return max(following, -(-seconds * fps // 1))
