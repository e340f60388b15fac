"""What a director's words become."""

import re

import pytest

from vr_server.domain.errors import InvalidPrompt
from vr_server.domain.shot import PROMPT_LIMIT_CHARS, Placement, ShotSpec
from vr_server.language import compile_prompt, detect_language, parse_spec

SPACESHIP = "一艘银色宇宙飞船缓缓降落在荒凉的红色星球表面,舱门打开后走出一位戴头盔的宇航员,背景中有两个太阳正在落下。"
BAMBOO = "一位穿汉服的女子在竹林间舞剑,风吹动她的发丝与衣袂,镜头从低角度仰拍缓缓上升,阳光透过叶隙洒落。"
STORM = "紫色风暴席卷天际,机甲骑士纵身跃下悬崖,六翼飞行器在身后展开,地面裂开炽热的熔岩河流。"
TENSE = "紧张氛围,主角转身拔枪,雨夜街道反光,特写镜头推进,蓝灰色调"


def acts(spec: ShotSpec) -> dict[str, list[str]]:
    return {s.key: [b.action for b in s.beats] for s in spec.subjects}


def starts(spec: ShotSpec, key: str) -> dict[str, float]:
    """When each action of a subject begins, as a share of the shot."""
    subject = next(s for s in spec.subjects if s.key == key)
    total = sum(b.weight for b in subject.beats)
    at, found = 0.0, {}
    for beat in subject.beats:
        found[beat.action] = at / total
        at += beat.weight
    return found


@pytest.mark.parametrize(
    "text",
    [
        SPACESHIP,
        (
            "A silver spaceship slowly lands on the desolate red planet; the hatch opens and an astronaut in a helmet "
            "walks out, two suns are setting in the background."
        ),
    ],
)
def test_the_spaceship(text: str) -> None:
    spec = parse_spec(text)

    told = acts(spec)
    assert told["spaceship"][:2] == ["land", "open_hatch"]
    assert told["astronaut"] == ["stand", "exit_hatch"]
    assert starts(spec, "astronaut")["exit_hatch"] > starts(spec, "spaceship")["open_hatch"] > 0
    assert (spec.place, spec.suns, spec.time_of_day) == ("red_planet", 2, "sunset")
    assert spec.duration_s == 8.0  # a landing, a hatch and a walk want more than the 4 s of a single action
    assert spec.unknown_words == ()


@pytest.mark.parametrize(
    "text",
    [
        BAMBOO,
        (
            "A woman in a hanfu performs a sword dance in a bamboo grove, the wind moves her hair and sleeves, the camera "
            "rises slowly from a low angle, sunlight falls through the leaves."
        ),
    ],
)
def test_the_sword_dance(text: str) -> None:
    spec = parse_spec(text)

    (woman,) = spec.subjects
    assert (woman.kind, woman.wardrobe, woman.props) == ("woman", "hanfu", ("sword",))
    assert [b.action for b in woman.beats] == ["sword_dance"]
    assert (spec.place, spec.time_of_day) == ("bamboo_grove", "day")
    assert "wind" in spec.weather
    assert (spec.camera.angle, spec.camera.move) == ("low", "crane_up")
    assert spec.camera.move_speed < 1


def test_the_storm() -> None:
    spec = parse_spec(STORM)

    mecha, craft = spec.subjects
    assert (mecha.kind, mecha.label, [b.action for b in mecha.beats]) == ("mecha", "机甲骑士", ["jump_off"])
    assert (craft.kind, [b.action for b in craft.beats]) == ("winged_craft", ["unfold_wings"])
    assert craft.placement == Placement(side="behind", of="mecha")
    assert (spec.place, spec.set_dressing) == ("cliff", ("lava_cracks", "lava_river"))
    assert (spec.weather, spec.sky_colour) == (("storm",), "purple")
    assert (spec.left_out, spec.unknown_words) == ((), ())
    assert all(s.count == 1 for s in spec.subjects)  # six wings are not six aircraft


@pytest.mark.parametrize(
    "text",
    [
        TENSE,
        "[紧张氛围]+[主角转身拔枪]+[雨夜街道反光]+[特写镜头推进]+[蓝灰色调]",
        "[氛围]紧张氛围+[主体动作]主角转身拔枪+[环境细节]雨夜街道反光+[镜头语言]特写镜头推进+[色调]蓝灰色调",
        "【氛围:紧张氛围】【主体动作:主角转身拔枪】【环境细节:雨夜街道反光】【镜头语言:特写镜头推进】【色调:蓝灰色调】",
        "氛围:紧张氛围\n主体动作:主角转身拔枪\n环境细节:雨夜街道反光\n镜头语言:特写镜头推进\n色调:蓝灰色调",
    ],
)
def test_the_five_slots(text: str) -> None:
    spec = parse_spec(text)

    assert spec.slots.model_dump() == {
        "atmosphere": "紧张氛围",
        "subject_action": "主角转身拔枪",
        "environment": "雨夜街道反光",
        "camera_language": "特写镜头推进",
        "colour": "蓝灰色调",
    }
    assert acts(spec)["person"][:2] == ["turn", "draw_gun"]
    assert spec.subjects[0].label == "主角"
    assert spec.subjects[0].props == ("gun",)
    assert (spec.place, spec.time_of_day, spec.weather) == ("street", "night", ("rain",))
    assert (spec.camera.shot_size, spec.camera.move) == ("close_up", "dolly_in")
    assert spec.style == "blue_grey"
    assert compile_prompt(spec) == "特写镜头推进。主角转身拔枪。雨夜街道反光。紧张氛围。蓝灰色调。"


def test_the_template_in_english_with_slots_in_any_order() -> None:
    spec = parse_spec(
        "[camera language] wide shot, tracking shot [subject action] a woman in a red coat walks her dog "
        "[environment details] a snowy field at dawn [atmosphere] calm [colour] warm golden"
    )

    assert spec.slots.camera_language == "wide shot, tracking shot"
    assert spec.slots.atmosphere == "calm"
    assert acts(spec) == {"woman": ["walk"], "dog": ["walk"]}
    assert spec.subjects[0].wardrobe == "coat"
    assert (spec.place, spec.time_of_day, spec.style) == ("snowfield", "dawn", "warm_golden")
    assert compile_prompt(spec).startswith("wide shot, tracking shot. a woman in a red coat")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two friends walk toward the camera down a tree-lined street", {"person": ["approach"]}),
        ("A knight fights a dragon", {"knight": ["fight"], "dragon": ["fight"]}),
        ("A man and a woman embrace", {"man": ["embrace"], "woman": ["embrace"]}),
        ("A woman sits down, then stands up and waves", {"woman": ["sit_down", "stand_up", "wave"]}),
        ("Running through the forest, a child falls", {"child": ["run", "fall"]}),
        ("The horse gallops while the bird flies", {"horse": ["run"], "bird": ["fly"]}),
        ("A detective draws a gun", {"person": ["draw_gun"]}),
        ("An old man is sitting in the courtyard", {"elder": ["sit"]}),
        ("A car drives down the street in the rain", {"car": ["drive"]}),
        ("Soldiers march across the plain", {"soldier": ["walk"]}),
        ("一名骑士骑马穿过草原", {"knight": ["ride"], "horse": ["walk"]}),
        ("男子和女子拥抱", {"man": ["embrace"], "woman": ["embrace"]}),
        ("一个孩子在雪地里奔跑", {"child": ["run"]}),
        ("女孩坐在桥上,抬头看向月亮", {"girl": ["sit", "look_up"]}),
        ("巨龙从天空飞过,士兵们四处张望", {"dragon": ["fly"], "soldier": ["look_around"]}),
        ("转身拔枪", {"person": ["turn", "draw_gun"]}),
        ("A unicorn runs through the forest", {"person": ["run"]}),
        ("Anna waves", {"person": ["wave"]}),
    ],
)
def test_who_does_what(text: str, expected: dict[str, list[str]]) -> None:
    assert acts(parse_spec(text)) == expected


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("two soldiers stand", 2),
        ("a dozen tall knights run", 12),
        ("a soldier stands", 1),
        ("three sword-wielding soldiers run", 3),
        ("soldiers run", 3),
        ("三名手持长剑的士兵在雪地里奔跑", 3),
        ("两位士兵", 2),
        ("一群士兵跑过", 8),
        ("十二名士兵", 12),
        ("一位手持一把长剑的士兵", 1),
    ],
)
def test_how_many(text: str, count: int) -> None:
    (subject,) = parse_spec(text).subjects

    assert subject.count == count


@pytest.mark.parametrize(
    ("text", "place", "time"),
    [
        ("a man walks in the desert at noon", "desert", "day"),
        ("a woman in an alley at midnight", "alley", "night"),
        ("a bird over the sea at sunrise", "sea", "dawn"),
        ("the traveller crosses the ruins at dusk", "ruins", "dusk"),
        ("a dancer on a cliff under the moon", "cliff", "night"),
        ("一个人站在古城的城墙下,夕阳", "ancient_city", "sunset"),
        ("月光下,一位老人走过小巷", "alley", "night"),
        ("清晨的庭院里,少女练剑", "courtyard", "dawn"),
        ("夕阳下阳光洒在沙漠上,旅人行走", "desert", "sunset"),
        ("a knight", "plain", "day"),
    ],
)
def test_where_and_when(text: str, place: str, time: str) -> None:
    spec = parse_spec(text)

    assert (spec.place, spec.time_of_day) == (place, time)


@pytest.mark.parametrize(
    ("text", "camera"),
    [
        ("A woman dances, the camera slowly pushes in", {"move": "dolly_in", "move_speed": 0.6}),
        ("Extreme wide shot: a ship on the sea", {"shot_size": "extreme_wide"}),
        ("The camera follows a man running", {"move": "follow"}),
        ("a man runs, handheld, dutch angle", {"move": "handheld", "angle": "dutch"}),
        ("a man, 85mm, medium close-up", {"shot_size": "medium_close_up", "lens_mm": 85.0}),
        ("the camera dollies back as a dog runs", {"move": "dolly_out"}),
        ("a train passes, bird's-eye view, crane down", {"angle": "overhead", "move": "crane_down"}),
        ("一个男人走路,镜头快速拉远", {"move": "dolly_out", "move_speed": 1.6}),
        ("俯拍,近景,一位老人坐着", {"angle": "high", "shot_size": "medium_close_up"}),
        ("镜头跟随她奔跑", {"move": "follow"}),
        ("镜头环绕骑士", {"move": "orbit_left"}),
        ("三名手持长剑的士兵", {}),  # holding, not hand-held
        ("a dog follows a man", {}),
        ("the man looks into the camera", {}),
    ],
)
def test_the_camera(text: str, camera: dict[str, object]) -> None:
    assert parse_spec(text).camera.model_dump(exclude_defaults=True) == camera


def test_a_told_pace_slows_a_single_action() -> None:
    assert parse_spec("a woman walks slowly").action_speed < 1 < parse_spec("a woman walks quickly").action_speed


def test_negation_takes_things_away() -> None:
    spec = parse_spec("A man walks down the street, no trees or lamps, no rain")

    assert (spec.set_dressing, spec.weather) == ((), ())
    assert parse_spec("森林里没有树,一个男人走路").set_dressing == ()
    assert parse_spec("a man in the desert, no sun").suns == 0


@pytest.mark.parametrize("text", ["An empty street at night in the rain", "空无一人的古城,大雪", "红色星球,风沙"])
def test_an_empty_place_has_nobody(text: str) -> None:
    assert parse_spec(text).subjects == ()


@pytest.mark.parametrize("text", ["hello there", "你好", "12345", "Something wonderful happens"])
def test_anything_else_has_somebody(text: str) -> None:
    assert len(parse_spec(text).subjects) == 1


def test_an_unknown_noun_is_a_stand_in_and_is_listed() -> None:
    spec = parse_spec("A unicorn runs through the forest")

    assert (spec.subjects[0].kind, spec.subjects[0].label) == ("person", "unicorn")
    assert spec.unknown_words == ("unicorn",)
    assert parse_spec("一头独角兽在森林里奔跑").unknown_words == ("独角兽",)


@pytest.mark.parametrize(
    ("text", "asked", "duration"),
    [
        ("a man walks", None, 4.0),
        ("a man walks for 6 seconds", None, 6.0),
        ("一个男人走路,8秒", None, 8.0),
        ("一个男人走路,三秒", None, 3.0),
        ("a man walks for 90 seconds", None, 10.0),
        ("a man walks for 6 seconds", 2.5, 2.5),
        ("a man walks", 60.0, 16.0),
        ("a man walks", 0.0, 0.5),
    ],
)
def test_the_duration(text: str, asked: float | None, duration: float) -> None:
    assert parse_spec(text, duration_s=asked).duration_s == duration


def test_the_language_is_told_from_the_characters() -> None:
    assert detect_language("a man walks") == "en"
    assert detect_language("一个男人") == "zh"
    assert detect_language("镜头 dolly in 缓缓推进") == "zh"
    assert detect_language("") == "en"
    assert parse_spec("a man walks", language="zh").language == "zh"


def test_keys_are_unique_when_a_kind_comes_twice() -> None:
    spec = parse_spec("A woman walks to another woman")

    assert [s.key for s in spec.subjects] == ["woman", "woman-2"]


def test_the_same_person_told_again_is_one_subject() -> None:
    assert acts(parse_spec("A woman walks. The woman turns.")) == {"woman": ["walk", "turn"]}
    assert len(parse_spec("一位女子走来,女子转身").subjects) == 1


@pytest.mark.parametrize("text", ["", "   \n\t ", "a\x00b", "\x01\x02\x03", "!!! ...", "a\ud800b"])
def test_what_is_no_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidPrompt):
        parse_spec(text)


@pytest.mark.parametrize(
    ("sentence", "line"),
    [
        ("The man walks down the street. ", r"10\d\d\d characters: the first 39\d\d"),
        ("男人走过街道。", r"10\d\d\d字:只读取前39\d\d字"),
    ],
)
def test_of_a_prompt_too_long_the_whole_sentences_that_fit_are_read(sentence: str, line: str) -> None:
    spec = parse_spec(sentence * (10_000 // len(sentence) + 5))

    assert spec.text == (sentence * (PROMPT_LIMIT_CHARS // len(sentence))).strip()
    assert acts(spec) == {"man": ["walk"]}
    assert re.search(line, spec.left_out[0])
    assert parse_spec("a man walks " + "x" * (PROMPT_LIMIT_CHARS - 12)).left_out == ()


def test_the_compiled_prompt_is_the_whole_text_without_slots() -> None:
    spec = ShotSpec(text="Something.", language="en")

    assert compile_prompt(spec) == "Something."
    assert compile_prompt(parse_spec(BAMBOO)) == compile_prompt(parse_spec(BAMBOO))
    assert compile_prompt(parse_spec(BAMBOO)).startswith("镜头从低角度仰拍缓缓上升")
