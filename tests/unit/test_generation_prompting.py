"""What an engine is told of a shot: camera first, moods as light, within the budget, nothing dropped unsaid."""

import pytest

from vr_server.domain.errors import InvalidPrompt
from vr_server.domain.shot import CameraBeat
from vr_server.generation.engines.dashscope import DashScopeEngine, DashScopeSettings
from vr_server.generation.fitting import count_words
from vr_server.generation.prompting import _vocabulary, compile_for
from vr_server.language import parse_spec

ABLE = DashScopeEngine(DashScopeSettings()).capabilities()
STREET = parse_spec(
    "Tense atmosphere. A detective in a grey coat draws his gun and turns, a rainy street at night, neon reflections, "
    "low angle close-up, camera slowly pushes in, blue-grey tones"
)
GROVE = parse_spec("黄昏的竹林,氛围肃杀,一位白衣女子缓缓舞剑,镜头从低角度仰拍缓缓上升")


def test_camera_words_come_first_and_moods_become_light():
    told = compile_for(STREET, ABLE)
    assert told.text.startswith(
        "Close-up shot, low angle shot, the camera slowly pushes in. A detective in a grey coat"
    )
    assert "ense atmosphere" not in told.text
    assert "night time, practical lighting, cool colors, hard lighting" in told.text.lower()
    assert "mood, told as light and colour: Tense atmosphere" in told.dropped
    assert "light and colour: side lighting" in told.dropped  # the fifth term


def test_chinese_is_told_in_chinese():
    told = compile_for(GROVE, ABLE)
    assert told.text.startswith(
        "全景\uff0c全身入画\uff0c低角度拍摄\uff0c镜头缓缓升高\u3002一位白衣女子缓缓舞剑\u3002黄昏的竹林\u3002"
    )
    assert "肃杀" not in told.text
    assert not any(c.isascii() and c.isalpha() for c in told.text)
    assert "水印" in told.negative


def test_revisions_are_in_the_text_and_old_words_are_not():
    night = GROVE.model_copy(update={"time_of_day": "night"})
    told = compile_for(night, ABLE)
    assert "黄昏" not in told.text
    assert "夜晚" in told.text
    assert "another time of day than the shot's: 黄昏" in told.dropped
    camera = STREET.camera.model_copy(
        update={"move": "orbit_left", "move_speed": 2.0, "beats": (
            CameraBeat(move="orbit_left"), CameraBeat(move="crane_up", shot_size="wide"))}
    )  # fmt: skip
    told = compile_for(STREET.model_copy(update={"camera": camera}), ABLE)
    assert "the camera quickly orbits to the left, then the camera quickly rises, Wide shot" in told.text


def test_at_most_four_aesthetic_terms_of_the_closed_vocabulary():
    vocabulary = _vocabulary("wan")
    closed = {
        w[0].lower()
        for slot in ("time", "source", "quality", "light_angle", "colour")
        for w in vocabulary[slot].values()
    }
    for style in (None, *vocabulary["styles"]):
        for time in ("dawn", "day", "sunset", "dusk", "night"):
            told = compile_for(STREET.model_copy(update={"style": style, "time_of_day": time}), ABLE)
            clauses = [c.strip().lower() for c in told.text.replace(". ", ", ").rstrip(".").split(",")]
            assert 1 <= sum(c in closed for c in clauses) <= 4


@pytest.mark.parametrize("limit", [800, 200, 150, 110])
def test_the_budget_is_kept_and_what_has_no_room_is_said(limit):
    told = compile_for(STREET, ABLE.model_copy(update={"prompt_limit_chars": limit}))
    assert len(told.text) <= limit
    assert "draws his gun" in told.text
    missing = [line for line in told.dropped if line.startswith("no room for")]
    assert bool(missing) == (limit < 300)
    for line in missing:
        assert line.partition(": ")[2].lower() not in told.text.lower() or "blue-grey" in line


def test_words_are_counted_too():
    told = compile_for(STREET, ABLE.model_copy(update={"prompt_limit_words": 25}))
    assert count_words(told.text) <= 25
    long = parse_spec(". ".join(f"A knight rides past tower number {n}" for n in range(90)), duration_s=8)
    told = compile_for(long, ABLE.model_copy(update={"prompt_limit_chars": 4000}))
    assert count_words(told.text) <= 200
    assert any("tower number 89" in line for line in told.dropped)


def test_a_first_action_that_has_no_room_is_refused():
    with pytest.raises(InvalidPrompt, match="fewer words"):
        compile_for(STREET, ABLE.model_copy(update={"prompt_limit_chars": 40}))


def test_a_plain_engine_gets_the_directors_own_words():
    plain = ABLE.model_copy(update={"dialect": "plain", "negative_limit_chars": 0})
    told = compile_for(STREET, plain)
    assert "Tense atmosphere" in told.text
    assert "A detective in a grey coat draws his gun and turns" in told.text
    assert told.negative == ""


def test_the_same_shot_compiles_the_same():
    assert compile_for(STREET, ABLE) == compile_for(STREET.model_copy(), ABLE)


def test_the_vocabulary_knows_every_word_of_a_spec():
    from typing import get_args

    from vr_server.domain.shot import CameraAngle, CameraMove, ShotSize, TimeOfDay
    from vr_server.language import load_lexicon

    vocabulary = _vocabulary("wan")
    assert set(get_args(CameraMove)) <= set(vocabulary["move"])
    assert set(get_args(ShotSize)) == set(vocabulary["shot_size"])
    assert set(get_args(CameraAngle)) - {"eye"} == set(vocabulary["angle"])
    assert set(get_args(TimeOfDay)) == set(vocabulary["times"])
    assert set(load_lexicon().ids("style")) <= set(vocabulary["styles"])
    for table in (
        *vocabulary["times"].values(),
        *vocabulary["styles"].values(),
        *(m["terms"] for m in vocabulary["moods"].values()),
    ):
        assert all(term in vocabulary[slot] for slot, term in table.items() if slot != "say")
