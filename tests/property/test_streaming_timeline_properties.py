"""Whatever a room does, its spans tell the frame of every counter, and time on the wire goes one way."""

from dataclasses import dataclass
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from streaming.timeline import Span, Step, Timeline, rtp_timestamp

FPS = [Fraction(24), Fraction(25), Fraction(30), Fraction(24000, 1001)]


@dataclass
class Clip:
    frame_count: int
    available: int
    gop: int
    fps: Fraction

    def keyframe_at_or_before(self, frame: int) -> int:
        if not 0 <= frame < self.available:
            raise IndexError(frame)
        return frame - frame % self.gop


@st.composite
def clips(draw: st.DrawFn) -> Clip:
    count = draw(st.integers(1, 60))
    return Clip(count, draw(st.integers(0, count)), draw(st.integers(1, 13)), draw(st.sampled_from(FPS)))


commands = st.lists(
    st.one_of(
        st.tuples(st.just("load"), clips(), st.integers(-2, 70), st.booleans()),
        st.tuples(st.just("seek"), st.integers(-2, 70)),
        st.tuples(st.just("play"), st.booleans()),
        st.tuples(st.just("grow"), st.integers(0, 30)),
        st.tuples(st.just("end")),
        st.tuples(st.just("repeat")),
        st.tuples(st.just("tick"), st.integers(1, 40)),
    ),
    max_size=40,
)


class Wire:
    """A client: it knows the spans and the counters that arrive, and nothing else."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.truth: dict[int, int] = {}
        self.times: list[Fraction] = []

    def take(self, step: Step | None, timeline: Timeline) -> None:
        if step is None:
            return
        assert timeline.clip is not None
        for span in step.spans:
            assert not self.spans or span.counter >= self.spans[-1].counter
            self.spans.append(span)
        for index, frame in enumerate(step.frames):
            counter = step.counter + index
            assert counter not in self.truth
            assert not self.truth or counter > max(self.truth)
            assert 0 <= frame < timeline.clip.available
            self.truth[counter] = frame
            self.times.append(Fraction(counter) / step.fps)
            assert rtp_timestamp(counter, step.fps) == int(self.times[-1] * 90_000) % 2**32
        assert list(step.frames) == list(range(step.frames[0], step.frames[0] + len(step.frames)))

    def frame_at(self, counter: int) -> int:
        return [span for span in self.spans if span.counter <= counter][-1].frame_at(counter)


def run(steps: list[tuple]) -> tuple[Timeline, Wire]:
    timeline, wire = Timeline(), Wire()
    for name, *arguments in steps:
        wanted = timeline.wanted_clip
        match name:
            case "load":
                timeline.load(arguments[0], "take", arguments[1], playing=arguments[2])
            case "seek":
                timeline.seek(arguments[0])
            case "play":
                wire.spans.extend(timeline.set_playing(arguments[0]))
            case "grow" if wanted is not None:
                wanted.available = min(wanted.frame_count, wanted.available + arguments[0])
            case "end" if wanted is not None:
                wanted.frame_count = max(1, wanted.available)
            case "repeat":
                wire.take(timeline.repeat(), timeline)
            case "tick":
                wire.take(timeline.jump(), timeline)
                for _ in range(arguments[0] if timeline.playing and not timeline.jumping else 0):
                    wire.take(timeline.advance(), timeline)
    return timeline, wire


@given(commands)
def test_spans_tell_the_frame_of_every_counter(steps):
    _, wire = run(steps)
    assert {counter: wire.frame_at(counter) for counter in wire.truth} == wire.truth


@given(commands)
def test_time_on_the_wire_only_goes_forward(steps):
    _, wire = run(steps)
    assert all(later > earlier for earlier, later in zip(wire.times, wire.times[1:], strict=False))


@given(commands)
def test_a_late_joiner_begins_with_a_keyframe_and_ends_with_what_is_shown(steps):
    timeline, wire = run(steps)
    shown = timeline.shown()
    if shown is None:
        assert not wire.truth
        return
    assert timeline.clip is not None
    assert timeline.clip.keyframe_at_or_before(shown.frames[0]) == shown.frames[0]
    assert shown.counter + len(shown.frames) - 1 == max(wire.truth)
    assert all(wire.truth[shown.counter + index] == frame for index, frame in enumerate(shown.frames))
