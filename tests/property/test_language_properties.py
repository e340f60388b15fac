"""Whatever is typed, the language room answers; whatever is asked, a spec stays valid."""

from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from vr_server.domain.errors import InvalidPrompt
from vr_server.domain.note import (
    AngleChange,
    CameraMoveChange,
    Change,
    DistanceChange,
    DurationChange,
    HeightChange,
    MoveMarkChange,
    ShotSizeChange,
    SpeedChange,
    TimeOfDayChange,
)
from vr_server.domain.revision import apply_changes, diff_specs
from vr_server.domain.shot import PROMPT_LIMIT_CHARS, CameraAngle, CameraMove, ShotSize, ShotSpec, TimeOfDay
from vr_server.language import compile_prompt, interpret, load_lexicon, parse_spec

SPEC = parse_spec("一位穿汉服的女子在竹林间舞剑,镜头缓缓上升")
WORDS = sorted(
    {
        word
        for category in load_lexicon().categories()
        for entry_id in load_lexicon().ids(category)
        for word in (
            *load_lexicon().refer(f"{category}:{entry_id}").en,
            *load_lexicon().refer(f"{category}:{entry_id}").zh,
            *load_lexicon().refer(f"{category}:{entry_id}").emoji,
        )
    }
)
GLUE = [" ", ",", ",", "。", ". ", " and ", "和", "的", "[", "]", "+", ":", "\n", "3", "0.5", "十", "%"]

film_talk = st.lists(st.sampled_from(WORDS) | st.sampled_from(GLUE), max_size=24).map(" ".join) | st.lists(
    st.sampled_from(WORDS) | st.sampled_from(GLUE), max_size=24
).map("".join)
anything = st.text(max_size=200) | film_talk


def valid(spec: ShotSpec) -> bool:
    return ShotSpec.model_validate(spec.model_dump()) == spec


@given(anything)
def test_every_prompt_gives_a_valid_spec_or_is_refused(text: str) -> None:
    try:
        spec = parse_spec(text)
    except InvalidPrompt:
        return

    assert valid(spec)
    assert spec.text == text.strip()
    keys = {s.key for s in spec.subjects}
    assert len(keys) == len(spec.subjects)
    assert sum(s.count for s in spec.subjects) <= 60
    for subject in spec.subjects:
        told = [b.target for b in subject.beats] + [subject.placement.of if subject.placement else None]
        assert subject.key not in told
        assert {t for t in told if t} <= keys | set(load_lexicon().ids("set"))
    watched = [spec.camera.viewer, spec.camera.focus, *(b.focus for b in spec.camera.beats)]
    assert {k for k in watched if k} <= keys
    if beats := spec.camera.beats:
        first = spec.camera
        assert (beats[0].move, beats[0].shot_size or "full", beats[0].angle or "eye") == (
            first.move, first.shot_size, first.angle,
        )  # fmt: skip
    assert compile_prompt(spec)
    assert parse_spec(text) == spec


def test_every_word_of_the_lexicon_is_read_alone() -> None:
    for word in WORDS:
        try:
            spec = parse_spec(word)
        except InvalidPrompt:
            assert not any(c.isalnum() for c in word)
            continue
        assert sum(s.count for s in spec.subjects) <= 60


@given(anything)
def test_every_note_gives_changes_that_keep_the_spec_valid(text: str) -> None:
    found = interpret(text, SPEC)

    assert found.explanation
    assert "\n" not in found.explanation
    after = apply_changes(SPEC, found.changes)
    assert valid(after)
    assert (diff_specs(SPEC, after) == ()) == (after == SPEC)


finite = st.floats(allow_nan=False, allow_infinity=False, width=32)
vec3 = st.tuples(finite, finite, finite)
factors = st.floats(0.001, 10)
changes: st.SearchStrategy[Change] = st.one_of(
    st.tuples(st.sampled_from(["action", "camera", "both"]), factors).map(
        lambda v: SpeedChange(scope=v[0], factor=v[1])
    ),
    factors.map(lambda v: DistanceChange(factor=v)),
    st.floats(-50, 50).map(lambda v: HeightChange(delta_m=v)),
    finite.map(lambda v: AngleChange(yaw_delta_rad=v)),
    st.sampled_from(get_args(CameraAngle)).map(lambda v: AngleChange(angle=v)),
    st.sampled_from(get_args(TimeOfDay)).map(lambda v: TimeOfDayChange(time_of_day=v)),
    st.sampled_from(get_args(ShotSize)).map(lambda v: ShotSizeChange(shot_size=v)),
    st.sampled_from(get_args(CameraMove)).map(lambda v: CameraMoveChange(move=v)),
    st.floats(0.001, 16).map(lambda v: DurationChange(duration_s=v)),
    st.tuples(st.floats(0, 16), vec3).map(lambda v: MoveMarkChange(subject_key="woman", t_s=v[0], position_m=v[1])),
)


@given(st.lists(changes, max_size=8))
def test_any_changes_keep_the_spec_valid_and_the_diff_true(asked: list[Change]) -> None:
    after = apply_changes(SPEC, tuple(asked))

    assert valid(after)
    assert (diff_specs(SPEC, after) == ()) == (after == SPEC)


@settings(max_examples=20)
@given(st.sampled_from(WORDS))
def test_the_longest_prompt_is_read(word: str) -> None:
    text = (f"{word} " * PROMPT_LIMIT_CHARS)[:PROMPT_LIMIT_CHARS]

    try:
        assert valid(parse_spec(text))
    except InvalidPrompt:
        assert not any(c.isalnum() for c in word)
