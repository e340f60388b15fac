"""What of a shot's words is told of a stretch of its time."""

from pathlib import Path

import pytest

from vr_server.domain.shot import CameraBeat
from vr_server.language import parse_spec
from vr_server.language.moments import spans_of, told_between
from vr_server.language.text import fold

_FACTS = Path(__file__).with_name("language_prompts.txt").read_text(encoding="utf-8").splitlines()
PROMPTS = [line for line in _FACTS if line.strip() and line[0] not in "# "]
TIES = {"then", "and", "after", "he", "she", "they", "until", "before", "next", *"然后随接着最再于是他她它,、。"}
TALE = "a woman in red walks to the table, sits down and reads a letter, then a man enters and waves to her"


def acted(text: str, start_s: float, end_s: float, seconds: float = 12.0) -> str:
    return told_between(parse_spec(text, duration_s=seconds), start_s, end_s).slots.subject_action


def test_beats_share_the_time_by_their_weights():
    assert spans_of((2, 1), 9) == ((0, 6), (6, 9))


def test_the_whole_shot_is_told_as_it_is():
    spec = parse_spec(TALE, duration_s=12)
    assert told_between(spec, 0, 12) is spec


def test_each_stretch_is_told_its_own_actions_and_who_does_them():
    assert acted(TALE, 0, 3) == "a woman in red walks to the table"
    assert acted(TALE, 3.1, 5.5) == "a woman in red sits down"
    assert acted(TALE, 5.5, 7.5) == "a woman in red reads a letter"


def test_what_began_before_is_told_as_going_on_and_what_follows_as_following():
    assert acted(TALE, 4, 8) == "the action continues: a woman in red sits down, then reads a letter, then a man enters"
    assert acted("a man walks through the door", 6, 12) == "the action continues: a man walks through the door"


def test_chinese_is_told_in_chinese():
    tale = "一位白衣女子缓缓舞剑\uff0c随后转身离开"
    assert acted(tale, 0, 4) == "一位白衣女子缓缓舞剑"
    assert acted(tale, 4, 7.8) == "动作继续\uff1a一位白衣女子缓缓舞剑"
    assert acted(tale, 8, 12) == "一位白衣女子转身离开"


def test_a_pronoun_is_told_as_who_it_means_and_the_place_stays():
    tale = "A locksmith runs down the alley. She stops and looks back."
    assert acted(tale, 4, 8) == "A locksmith stops, setting: alley"


@pytest.mark.parametrize(
    ("tale", "there"),
    [
        ("飞船降落在红色星球\uff0c舱门打开\uff0c走出一位宇航员\uff0c他环顾四周", "画面中还有飞船"),
        ("a spaceship lands, then a woman walks in the street", "also there: a spaceship"),
    ],
)
def test_who_has_acted_and_stays_is_still_there(tale, there):
    assert there in acted(tale, 9, 12)


def test_who_has_left_or_not_come_yet_is_not_told_of():
    assert "woman" not in acted(TALE.replace("a woman in red", "a nurse"), 0, 4)
    assert "man enters" not in acted(TALE, 0, 4)
    assert "also there" not in acted("a man leaves, then a woman dances", 9, 12)


def test_camera_moves_fall_into_their_time_with_the_size_they_have_by_then():
    spec = parse_spec(
        "a man stands in the rain, low angle close-up, the camera slowly pushes in, then pans left", duration_s=12
    )
    assert [beat.move for beat in spec.camera.beats] == ["dolly_in", "pan_left"]
    first, both, last = (told_between(spec, *stretch) for stretch in ((0, 4), (4, 8), (8, 12)))
    assert (first.camera.move, first.camera.beats) == ("dolly_in", ())
    assert both.camera.beats == spec.camera.beats
    assert (last.camera.move, last.camera.shot_size, last.camera.angle) == ("pan_left", "close_up", "low")
    assert first.slots.camera_language == "low angle close-up, the camera slowly pushes in"
    assert last.slots.camera_language == "low angle close-up, pans left"


def test_a_revised_camera_is_told_as_it_was_revised():
    spec = parse_spec("a man stands, the camera pushes in", duration_s=12)
    beats = (CameraBeat(move="crane_up", shot_size="wide"), CameraBeat(move="orbit_left", shot_size="close_up"))
    spec = spec.model_copy(update={"camera": spec.camera.model_copy(update={"beats": beats})})
    assert told_between(spec, 7, 12).camera.model_dump(include={"move", "shot_size", "beats"}) == {
        "move": "orbit_left", "shot_size": "close_up", "beats": (),
    }  # fmt: skip


def test_verbs_that_the_spec_no_longer_has_are_told_as_going_on():
    spec = parse_spec("a man walks", duration_s=12)
    stands = spec.subjects[0].model_copy(update={"beats": spec.subjects[0].beats[:0]})
    told = told_between(spec.model_copy(update={"subjects": (stands,)}), 6, 12)
    assert told.slots.subject_action == "the action continues: a man walks"


def test_every_prompt_is_told_in_parts_without_losing_a_word_of_what_happens():
    for prompt in PROMPTS:
        spec = parse_spec(prompt, duration_s=12.0)
        parts = [told_between(spec, start, start + 4) for start in (0.0, 4.0, 8.0)]
        assert parts == [told_between(spec, start, start + 4) for start in (0.0, 4.0, 8.0)]
        for part in parts:
            assert part.slots.environment == spec.slots.environment
            assert bool(part.slots.subject_action) == bool(spec.slots.subject_action), prompt
        told = fold(" ".join(part.slots.subject_action for part in parts))
        for clause in fold(spec.slots.subject_action).split():
            words = [clause.strip(",.")] if clause.isascii() else list(clause)
            assert [word for word in words if word not in TIES and word not in told] == [], prompt
