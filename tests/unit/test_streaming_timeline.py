"""The playhead's arithmetic, case by case; the property test covers the sequences."""

from dataclasses import dataclass
from fractions import Fraction

import pytest

from streaming.timeline import Playhead, Span, Timeline, rtp_timestamp


@dataclass
class Clip:
    """Keyframes every `gop` frames; `frame_count` planned, `available` there."""

    frame_count: int = 48
    available: int = 48
    gop: int = 12
    fps: Fraction = Fraction(24)

    def keyframe_at_or_before(self, frame: int) -> int:
        if not 0 <= frame < self.available:
            raise IndexError(frame)
        return frame - frame % self.gop


def playing(clip: Clip, *, frame: int = 0) -> Timeline:
    timeline = Timeline()
    timeline.load(clip, "take", frame, playing=True)
    assert timeline.jump() is not None
    return timeline


def test_starts_with_nothing():
    timeline = Timeline()
    assert timeline.playhead == Playhead(None, 0, -1, playing=False)
    assert (timeline.jump(), timeline.advance(), timeline.repeat(), timeline.shown()) == (None, None, None, None)
    timeline.seek(7)
    assert timeline.playhead == Playhead(None, 0, -1, playing=False)


def test_load_bursts_from_the_keyframe_to_the_frame():
    timeline = Timeline()
    timeline.load(Clip(), "take", 15, playing=True)
    step = timeline.jump()
    assert (step.counter, step.frames) == (0, (12, 13, 14, 15))
    assert step.spans == (Span(0, "take", 12, 48, Fraction(24), playing=True),)
    assert timeline.playhead == Playhead("take", 15, 3, playing=True)


def test_a_seek_consumes_fresh_counters_and_says_so():
    timeline = playing(Clip())
    for _ in range(5):
        timeline.advance()
    timeline.seek(26)
    assert timeline.playhead.frame == 26
    step = timeline.jump()
    assert (step.counter, step.frames) == (6, (24, 25, 26))
    assert [step.spans[0].frame_at(6 + i) for i in range(3)] == [24, 25, 26]


def test_a_seek_while_paused_names_the_frame_that_is_held():
    timeline = playing(Clip())
    timeline.set_playing(False)
    timeline.seek(26)
    step = timeline.jump()
    assert [(span.counter, span.frame, span.playing) for span in step.spans] == [(1, 24, False), (3, 26, False)]


def test_looping_needs_no_span():
    timeline = playing(Clip(frame_count=3, available=3, gop=3))
    frames = [timeline.advance() for _ in range(5)]
    assert [step.frames for step in frames] == [(1,), (2,), (0,), (1,), (2,)]
    assert all(step.spans == () for step in frames)
    assert timeline.span.frame_at(5) == 2


def test_a_growing_clip_is_waited_for():
    clip = Clip(available=2)
    timeline = playing(clip)
    assert timeline.advance().frames == (1,)
    assert timeline.advance() is None
    assert timeline.advance() is None
    clip.available = 3
    step = timeline.advance()
    assert (step.counter, step.frames) == (2, (2,))


def test_a_seek_beyond_what_is_there_waits_for_it():
    clip = Clip(available=12)
    timeline = playing(clip)
    timeline.seek(30)
    assert timeline.jump() is None
    assert timeline.jumping
    clip.available = 36
    assert timeline.jump().frames == tuple(range(24, 31))


def test_a_clip_that_ends_early_loops_at_its_real_end_with_a_new_span():
    clip = Clip(frame_count=48, available=14)
    timeline = playing(clip, frame=13)
    assert timeline.advance() is None
    clip.frame_count = 14
    step = timeline.advance()
    assert step.frames == (0,)
    assert [(span.frame, span.frame_count) for span in step.spans] == [(0, 14)]


@pytest.mark.parametrize(("wanted", "shown"), [(-5, 0), (0, 0), (47, 47), (48, 47), (10**9, 47)])
def test_seeks_are_clamped(wanted, shown):
    timeline = playing(Clip())
    timeline.seek(wanted)
    timeline.jump()
    assert timeline.playhead.frame == shown


def test_pause_and_play_announce_themselves_once():
    timeline = playing(Clip())
    timeline.advance()
    assert timeline.set_playing(False) == (Span(1, "take", 1, 48, Fraction(24), playing=False),)
    assert timeline.set_playing(False) == ()
    assert timeline.set_playing(True) == (Span(1, "take", 1, 48, Fraction(24), playing=True),)


def test_a_late_joiner_gets_the_counters_that_the_others_had():
    timeline = playing(Clip())
    sent = {}
    for _ in range(17):
        step = timeline.advance()
        sent[step.counter] = step.frames[0]
    shown = timeline.shown()
    assert shown.spans == ()
    assert shown.frames == tuple(range(12, 18))
    assert {shown.counter + i: frame for i, frame in enumerate(shown.frames)}.items() <= sent.items()


def test_a_repeat_shows_the_same_frame_under_fresh_counters():
    timeline = playing(Clip(), frame=13)
    step = timeline.repeat()
    assert (step.counter, step.frames) == (2, (12, 13))
    assert timeline.playhead == Playhead("take", 13, 3, playing=True)


@pytest.mark.parametrize("rates", [(24, 30), (30, 24), (24, Fraction(24000, 1001)), (60, 12)])
def test_wire_time_never_goes_back_when_the_rate_changes(rates):
    timeline = playing(Clip(fps=Fraction(rates[0])))
    for _ in range(400):
        timeline.advance()
    before = timeline.playhead.counter
    timeline.load(Clip(fps=Fraction(rates[1])), "other", 0, playing=True)
    step = timeline.jump()
    assert step.counter > before
    assert rtp_timestamp(step.counter, Fraction(rates[1])) > rtp_timestamp(before, Fraction(rates[0]))


def test_wire_time_wraps_at_32_bits():
    assert rtp_timestamp(24 * 60, Fraction(24)) == 60 * 90_000
    assert rtp_timestamp(2**32 // 3750 + 1, Fraction(24)) == 3750 - 2**32 % 3750
