"""What a director's notes become."""

import math

import pytest

from vr_server.domain.note import (
    AngleChange,
    CameraMoveChange,
    Change,
    DistanceChange,
    DurationChange,
    FocusChange,
    HeightChange,
    LensChange,
    PlaceChange,
    ShotSizeChange,
    SkyChange,
    SpeedChange,
    StyleChange,
    SubjectColourChange,
    SubjectCountChange,
    SubjectScaleChange,
    TimeOfDayChange,
    WeatherChange,
)
from vr_server.domain.revision import apply_changes, diff_specs
from vr_server.language import interpret, parse_spec

SPEC = parse_spec("A woman walks down the street")


def angle(degrees: float) -> AngleChange:
    return AngleChange(yaw_delta_rad=round(math.radians(degrees), 4))


@pytest.mark.parametrize(
    ("note", "changes"),
    [
        ("make it slower and move the camera closer", [SpeedChange(factor=0.7), DistanceChange(factor=0.75)]),
        ("慢一点,镜头再近一些", [SpeedChange(factor=0.7), DistanceChange(factor=0.75)]),
        ("slower", [SpeedChange(factor=0.7)]),
        ("Too fast!", [SpeedChange(factor=0.7)]),
        ("not so fast", [SpeedChange(factor=0.7)]),
        ("太快了", [SpeedChange(factor=0.7)]),
        ("不要太快", [SpeedChange(factor=0.7)]),
        ("faster please", [SpeedChange(factor=1.4)]),
        ("再快些", [SpeedChange(factor=1.4)]),
        ("half speed", [SpeedChange(factor=0.5)]),
        ("twice as fast", [SpeedChange(factor=2.0)]),
        ("twice as slow", [SpeedChange(factor=0.5)]),
        ("half as fast", [SpeedChange(factor=0.5)]),
        ("20% slower", [SpeedChange(factor=0.8)]),
        ("1.5 times faster", [SpeedChange(factor=1.5)]),
        ("快两倍", [SpeedChange(factor=2.0)]),
        ("walk slower", [SpeedChange(scope="action", factor=0.7)]),
        ("she should walk faster", [SpeedChange(scope="action", factor=1.4)]),
        ("动作慢一点", [SpeedChange(scope="action", factor=0.7)]),
        ("slower camera", [SpeedChange(scope="camera", factor=0.7)]),
        ("镜头慢一点", [SpeedChange(scope="camera", factor=0.7)]),
        (
            "动作慢一点,镜头快一点",
            [SpeedChange(scope="action", factor=0.7), SpeedChange(scope="camera", factor=1.4)],
        ),
        ("closer", [DistanceChange(factor=0.75)]),
        ("too far away", [DistanceChange(factor=0.75)]),
        ("推近", [DistanceChange(factor=0.75)]),
        ("pull back", [DistanceChange(factor=1.35)]),
        ("move the camera back", [DistanceChange(factor=1.35)]),
        ("远一点", [DistanceChange(factor=1.35)]),
        ("half the distance", [DistanceChange(factor=0.5)]),
        ("twice as close", [DistanceChange(factor=0.5)]),
        ("move the camera 1 m closer", [DistanceChange(factor=0.75)]),
        ("镜头拉远两米", [DistanceChange(factor=1.5)]),
        ("raise the camera half a metre", [HeightChange(delta_m=0.5)]),
        ("raise the camera", [HeightChange(delta_m=0.5)]),
        ("lower", [HeightChange(delta_m=-0.5)]),
        ("lower the camera by 30 cm", [HeightChange(delta_m=-0.3)]),
        ("two feet higher", [HeightChange(delta_m=0.6096)]),
        ("机位再低一点", [HeightChange(delta_m=-0.5)]),
        ("升高一米", [HeightChange(delta_m=1.0)]),
        ("机位升高一米半", [HeightChange(delta_m=1.5)]),
        ("镜头降低半米", [HeightChange(delta_m=-0.5)]),
        ("机位降低30厘米", [HeightChange(delta_m=-0.3)]),
        ("low angle", [AngleChange(angle="low")]),
        ("from above", [AngleChange(angle="high")]),
        ("overhead shot", [AngleChange(angle="overhead")]),
        ("仰拍", [AngleChange(angle="low")]),
        ("俯拍", [AngleChange(angle="high")]),
        ("orbit left 30 degrees", [angle(30)]),
        ("orbit 45° to the right", [angle(-45)]),
        ("向右环绕三十度", [angle(-30)]),
        ("from the left", [angle(45)]),
        ("从左边看", [angle(45)]),
        ("from behind", [angle(180)]),
        ("make it night", [TimeOfDayChange(time_of_day="night")]),
        ("at dusk", [TimeOfDayChange(time_of_day="dusk")]),
        ("改成黄昏", [TimeOfDayChange(time_of_day="dusk")]),
        ("close-up", [ShotSizeChange(shot_size="close_up")]),
        ("wide shot please", [ShotSizeChange(shot_size="wide")]),
        ("特写", [ShotSizeChange(shot_size="close_up")]),
        ("全景", [ShotSizeChange(shot_size="full")]),
        ("dolly in", [CameraMoveChange(move="dolly_in")]),
        ("环绕", [CameraMoveChange(move="orbit_left")]),
        ("static", [CameraMoveChange(move="static")]),
        ("don't move the camera", [CameraMoveChange(move="static")]),
        ("镜头跟随她", [CameraMoveChange(move="follow")]),
        ("make it 6 seconds", [DurationChange(duration_s=6.0)]),
        ("改为8秒", [DurationChange(duration_s=8.0)]),
        ("2 seconds longer", [DurationChange(duration_s=6.0)]),
        ("延长两秒", [DurationChange(duration_s=6.0)]),
        ("延长到八秒", [DurationChange(duration_s=8.0)]),
        ("make it 600 seconds", [DurationChange(duration_s=10.0)]),
        (
            "Close-up, low angle, at night",
            [
                ShotSizeChange(shot_size="close_up"),
                AngleChange(angle="low"),
                TimeOfDayChange(time_of_day="night"),
            ],
        ),
    ],
)
def test_a_note_becomes_changes(note: str, changes: list[Change]) -> None:
    assert list(interpret(note, SPEC).changes) == changes


@pytest.mark.parametrize(
    ("weaker", "plain", "stronger"),
    [
        ("a bit slower", "slower", "much slower"),
        ("稍微慢一点", "慢一点", "慢很多"),
        ("slightly closer", "closer", "a lot closer"),
        ("稍微近一点", "近一点", "近很多"),
        ("raise it a little", "raise it", "much higher"),
    ],
)
def test_degrees_of_strength(weaker: str, plain: str, stronger: str) -> None:
    def strength(note: str) -> float:
        (change,) = interpret(note, SPEC).changes
        match change:
            case SpeedChange(factor=factor) | DistanceChange(factor=factor):
                return abs(math.log(factor))
            case HeightChange(delta_m=delta):
                return abs(delta)
            case _:
                pytest.fail(f"{note} gave {change}")

    assert strength(weaker) < strength(plain) < strength(stronger)


@pytest.mark.parametrize(
    ("note", "last", "remark"),
    [
        ("slower, no, faster", SpeedChange(factor=1.4), "the last one counts"),
        ("近一点,不对,远一点", DistanceChange(factor=1.35), "以最后一个为准"),
        ("make it night, make it dawn", TimeOfDayChange(time_of_day="dawn"), "the last one counts"),
    ],
)
def test_in_a_contradiction_the_last_wish_wins_and_is_named(note: str, last: Change, remark: str) -> None:
    found = interpret(note, SPEC)

    assert found.changes == (last,)
    assert remark in found.explanation


def test_saying_the_same_twice_is_no_contradiction() -> None:
    found = interpret("slower, slower", SPEC)

    assert found.changes == (SpeedChange(factor=0.7),)
    assert "last one" not in found.explanation


@pytest.mark.parametrize(
    ("note", "language", "offered"),
    [
        ("I love cheese", "en", "move the camera closer"),
        ("我喜欢奶酪", "zh", "镜头再近一些"),
        ("", "en", "slower"),
        ("\x00\x01", "en", "slower"),
        ("not slower", "en", "slower"),
    ],
)
def test_a_note_not_understood_says_what_can_be_said(note: str, language: str, offered: str) -> None:
    found = interpret(note, SPEC)

    assert found.changes == ()
    assert offered in found.explanation
    assert ("慢" in found.explanation) == (language == "zh")


def test_words_not_understood_are_listed() -> None:
    assert interpret("more cheese", SPEC).unknown_words == ("cheese",)


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        (
            "make it slower and move the camera closer",
            "Slow the action and the camera move down by 30% and move the camera 25% closer.",
        ),
        ("慢一点,镜头再近一些", "动作和镜头运动放慢30%;镜头拉近25%。"),
        (
            "raise the camera half a metre, low angle",
            "Raise the camera by 0.5 m and change the camera angle to low angle.",
        ),
        ("改成黄昏,特写,8秒", "时间改为黄昏;景别改为特写;镜头时长改为8秒。"),
    ],
)
def test_the_explanation_says_the_changes_back(note: str, sentence: str) -> None:
    assert interpret(note, SPEC).explanation == sentence


def test_the_language_asked_for_is_answered_in() -> None:
    assert interpret("slower", SPEC, language="zh").explanation == "动作和镜头运动放慢30%。"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("note", ["一" * 2000, " a" * 1000, "慢" * 2000, "slower and " * 180])
def test_a_note_of_one_word_over_and_over_is_read_in_linear_time(note: str) -> None:
    assert interpret(note, SPEC).explanation


_ASKS_FOR_WHAT_IS_SO = {"no moon", "take away the rain", "把雨去掉"}
CROWDED = parse_spec("A woman in a coat walks down the street with three soldiers, a dragon flies above")


@pytest.mark.parametrize(
    ("note", "changes"),
    [
        ("make it rain", [WeatherChange(add=("rain",))]),
        ("no fog, add snow", [WeatherChange(add=("snow",), remove=("fog",))]),
        ("take away the rain", [WeatherChange(remove=("rain",))]),
        ("把雨去掉", [WeatherChange(remove=("rain",))]),
        ("换成夜景", [TimeOfDayChange(time_of_day="night")]),
        ("make it a rainy night", [TimeOfDayChange(time_of_day="night"), WeatherChange(add=("rain",))]),
        ("noir look", [StyleChange(style="noir")]),
        ("warmer colours", [StyleChange(style="warm_golden")]),
        ("换成水墨风格", [StyleChange(style="ink_wash")]),
        ("use a 50 mm", [LensChange(lens_mm=50)]),
        ("长焦镜头", [LensChange(lens_mm=135)]),
        ("move it to a desert", [PlaceChange(place="desert")]),
        ("改到竹林里", [PlaceChange(place="bamboo_grove", set_dressing=("bamboo",))]),
        ("加一个月亮", [SkyChange(moons=1)]),
        ("three moons", [SkyChange(moons=3)]),
        ("no moon", [SkyChange(moons=0)]),
        ("make her coat red", [SubjectColourChange(subject_key="woman", colours=("red",))]),
        ("她的衣服改成白色", [SubjectColourChange(subject_key="woman", colours=("white",))]),
        ("the soldiers should wear black", [SubjectColourChange(subject_key="soldier", colours=("black",))]),
        ("make the dragon bigger", [SubjectScaleChange(subject_key="dragon", factor=1.5)]),
        ("make the dragon twice as big", [SubjectScaleChange(subject_key="dragon", factor=2)]),
        ("龙再大一点", [SubjectScaleChange(subject_key="dragon", factor=1.5)]),
        ("five soldiers", [SubjectCountChange(subject_key="soldier", count=5)]),
        ("add two more soldiers", [SubjectCountChange(subject_key="soldier", count=5)]),
        ("focus on the dragon", [FocusChange(subject_key="dragon")]),
        ("聚焦在龙身上", [FocusChange(subject_key="dragon")]),
        ("slower and make it rain", [SpeedChange(factor=0.7), WeatherChange(add=("rain",))]),
        ("下雨,镜头近一点", [WeatherChange(add=("rain",)), DistanceChange(factor=0.75)]),
    ],
)
def test_a_note_on_the_look_becomes_changes(note: str, changes: list[Change]) -> None:
    found = interpret(note, CROWDED)

    assert list(found.changes) == changes
    assert diff_specs(CROWDED, apply_changes(CROWDED, found.changes)) or note in _ASKS_FOR_WHAT_IS_SO


def test_what_the_changes_of_look_do_to_a_spec() -> None:
    spec = parse_spec("An old man and three soldiers in the fog, push in, then pan left")
    for note in ("five soldiers", "no fog, snow", "85 mm", "the soldiers in black", "two moons", "noir", "close-up"):
        spec = apply_changes(spec, interpret(note, spec).changes)

    soldiers = spec.subjects[1]
    assert (soldiers.count, soldiers.colours, spec.weather, spec.moons) == (5, ("black",), ("snow",), 2)
    assert (spec.style, spec.camera.lens_mm, spec.camera.shot_size) == ("noir", 85, "close_up")
    assert [b.shot_size for b in spec.camera.beats] == ["close_up", None]
    assert apply_changes(spec, (SubjectCountChange(subject_key="nobody", count=9),)) == spec
    full = apply_changes(spec, (SubjectCountChange(subject_key="soldier", count=60),))
    assert sum(s.count for s in full.subjects) == 60


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        ("make the dragon bigger", "Make the dragon 50% bigger."),
        ("no fog, add snow", "Add snow and take fog away."),
        ("two moons and a 50 mm lens", "Show 2 moons and use a 50 mm lens."),
        ("她的衣服改成白色", "女子改为白色。"),
        ("下雨,蓝灰色调", "天气加上雨;风格改为蓝灰色。"),
    ],
)
def test_the_look_is_said_back(note: str, sentence: str) -> None:
    assert interpret(note, CROWDED).explanation == sentence
