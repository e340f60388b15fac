"""What may be sent: the lists that come along, a production's own, and ways around them."""

from pathlib import Path

import pytest

from vr_server.domain.errors import InvalidInput
from vr_server.domain.shot import Language
from vr_server.review.gate import Gate, Rules, read_rules

GATE = Gate.load()


@pytest.mark.parametrize(
    ("text", "language", "list_id"),
    [
        ("Tom Cruise runs down a street.", "en", "real-people"),
        ("TOM  CRUISE's twin", "en", "real-people"),
        ("tom-cruise", "en", "real-people"),
        ("Ｔｏｍ Ｃｒｕｉｓｅ", "en", "real-people"),
        ("T\u200bom Cruise", "en", "real-people"),
        ("Beyoncé sings", "en", "real-people"),
        ("成龙在屋顶奔跑", "zh", "real-people"),
        ("Spider-Man swings", "en", "characters"),
        ("spiderman swings", "en", "characters"),
        ("皮卡丘跳起来", "zh", "characters"),
        ("A hardcore porn scene", "en", "sexual"),
        ("画面中人被肢解", "zh", "gore"),
        ("A naked child", "en", "minors"),
        ("Jackie Chan 在街上", "zh", "real-people"),
    ],
)
def test_what_the_lists_have_is_refused_with_its_reason(text: str, language: Language, list_id: str) -> None:
    verdict = GATE.look(text, language)
    assert verdict.refused
    assert list_id in {hit.list_id for hit in verdict.hits}
    assert verdict.overridable == (list_id != "minors")
    reason = next(hit.reason for hit in verdict.hits if hit.list_id == list_id)
    assert reason in verdict.line()
    assert any("\u4e00" <= c <= "\u9fff" for c in reason) == (language == "zh")


@pytest.mark.parametrize(
    "text",
    [
        "T.o.m C.r.u.i.s.e waits", "T.o.m C.r.u.i.s.e's hat", "T o m  C r u i s e waits", "a man, Tom*Cruise", "Tom/Cruise", "Tom\u2011Cruise",
        'the man they call "Tom" (Cruise)', "Tom\u2019Cruise", "To.m Cru-ise", "Tom_Cruise",
        "Tom\u3164Cruise", "T\u115fom Cruise", "T\u034fom Cruise", "T\u200co\u2060m Cruise", "T\ufe0fom Cruise",
        "\u0422om \u0421ruise", "T\u03bfm Cruise", "\U0001d413\U0001d428\U0001d426 Cruise", "\u1d1b\u1d0f\u1d0d Cruise",
        "成 龙在屋顶", "成\u3000龙在屋顶", "成·龙", "成*龙", "成\u200b龙", "成龍在屋頂奔跑", "汤姆-克鲁斯", "湯姆·克魯斯",
    ],
)  # fmt: skip
def test_signs_blanks_and_other_scripts_hide_no_name(text: str) -> None:
    (hit,) = GATE.look(text, "zh").hits
    assert hit.list_id == "real-people"
    assert hit.found in GATE.look(hit.found).line(), "what is shown is what the list found"


def test_what_is_allowed_is_allowed_however_it_is_written() -> None:
    allowing = Gate.load(Rules(allow=("Tom Cruise", "皮卡丘")))
    for text in ("Tom Cruise", "T-o-m Cruise", "\u0422om Cruise", "皮 卡 丘"):
        assert allowing.look(text).hits == ()


@pytest.mark.parametrize(
    "text",
    [
        "Everybody knows Tom, cruise ships go by.",
        "Tom cruises along the coast.",
        "The smell of iron, man and machine at work.",
        "He is a spider: man has no place here!",
        "小鱼变成龙,飞上云端",
        "沙尘形成龙卷风",
        "人马云集的广场",
        "大功告成。龙舟下水",
        "他把舟做成,龙头高昂",
        "A and B or C go i n.",
        "A knight fights a dragon in a storm; blood on his sword.",
        "A tomcat cruises the alley.",
        "The superb man in iron armour walks.",
        "A child runs to her mother.",
        "A naked blade in the moonlight.",
        "Two lovers kiss in Essex.",
        "机甲高达十米,站在废墟中",
        "一名士兵中弹倒地",
        "",
    ],
)
def test_films_may_be_told(text: str) -> None:
    assert GATE.look(text).hits == ()


def test_every_list_has_its_reason_in_both_languages_and_words_that_it_finds() -> None:
    for words in GATE.lists:
        assert set(words.reason) == {"en", "zh"}
        for word in (*words.en, *words.zh):
            assert words.id in {hit.list_id for hit in GATE.look(f"x {word} y").hits}, word


def test_a_production_adds_words_allows_some_and_cannot_open_what_nobody_may(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(
        """
        allow = ["Godzilla"]
        [[list]]
        id = "secrets"
        action = "warn"
        reason = { en = "a working title" }
        zh = ["青鸟计划"]
        [[list]]
        id = "minors"
        overridable = true
        action = "warn"
        reason = { en = "ours" }
        [[list]]
        id = "characters"
        reason = { en = "a character of the other studio" }
        en = ["captain walnut"]
        [quality]
        flicker = 9
        """,
        encoding="utf-8",
    )
    rules = read_rules(file)
    gate = Gate.load(rules)
    assert gate.look("Godzilla rises").hits == ()
    warned = gate.look("《青鸟计划》开场", "zh")
    assert (warned.refused, [hit.found for hit in warned.hits]) == (False, ["青鸟计划"])
    minors = gate.look("A naked child")
    assert (minors.refused, minors.overridable) == (True, False)
    assert gate.look("Captain Walnut and Pikachu").line().count("the other studio") == 2
    assert rules.quality.flicker == 9
    assert Gate.load(Rules()) == GATE


@pytest.mark.parametrize(
    "text", ["[[list", "list = 3", "[[list]]\nid='x'\nreason={en='r'}\naction='maybe'", "[quality]\nx=1"]
)
def test_a_broken_file_says_where(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    with pytest.raises(InvalidInput, match=r"rules\.toml"):
        read_rules(file)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_rules(tmp_path / "none.toml")
