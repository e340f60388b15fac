"""Scripts broken down into shots."""

import pytest

from vr_server.domain.errors import InvalidScript
from vr_server.script import SCRIPT_LIMIT_BYTES, SHOT_LIMIT, Breakdown, ShotDraft, breakdown, sample_script


def read(text: str, filename: str = "test.fountain") -> Breakdown:
    return breakdown(text.encode(), filename=filename)


def shots(text: str, filename: str = "test.fountain") -> list[ShotDraft]:
    return [shot for scene in read(text, filename).scenes for shot in scene.shots]


def slates(text: str) -> list[str]:
    return [shot.slate for shot in shots(text)]


def test_the_sample_opens_with_the_spaceship_and_holds_both_prompts() -> None:
    sample = breakdown(sample_script(), filename="demo.fountain")

    drafts = [shot for scene in sample.scenes for shot in scene.shots]
    assert sample.title == "Four Doors 四扇门"
    assert [d.slate for d in drafts] == ["1A", "2A", "3A", "4A", "4B"]
    assert drafts[0].spec.text == (
        "一艘银色宇宙飞船缓缓降落在荒凉的红色星球表面,舱门打开后走出一位戴头盔的宇航员,背景中有两个太阳正在落下。"
    )
    assert drafts[1].spec.text == (
        "一位穿汉服的女子在竹林间舞剑,风吹动她的发丝与衣袂,镜头从低角度仰拍缓缓上升,阳光透过叶隙洒落。"
    )
    assert [d.spec.language for d in drafts] == ["zh", "zh", "en", "en", "en"]
    assert [d.spec.place for d in drafts] == ["red_planet", "bamboo_grove", "street", "ruins", "ruins"]
    assert [d.spec.time_of_day for d in drafts] == ["sunset", "day", "sunset", "dusk", "dusk"]
    assert all(d.spec.subjects and not d.spec.unknown_words for d in drafts)


def test_the_heading_gives_place_and_time_unless_the_paragraph_says_otherwise() -> None:
    first, second = shots("EXT. FOREST - NIGHT\n\nA man walks.\n\nA woman runs across the desert at dawn.")

    assert (first.spec.place, first.spec.time_of_day) == ("forest", "night")
    assert (second.spec.place, second.spec.time_of_day) == ("desert", "dawn")
    assert first.heading == "EXT. FOREST - NIGHT"


@pytest.mark.parametrize(
    ("heading", "place", "time"),
    [
        ("内景 客栈 - 夜", "bar", "night"),
        ("外景 竹林 日", "bamboo_grove", "day"),
        ("外景。古城 - 黄昏", "ancient_city", "dusk"),
        ("1. 外景 沙漠 - 日落", "desert", "sunset"),
        ("第3场 内景 房间 - 清晨", "room", "dawn"),
        ("INT./EXT. CAR, STREET - DUSK", "street", "dusk"),
        ("int. kitchen - day", "room", "day"),
        (".SNOWFIELD", "snowfield", "day"),
        ("EST. CITY - NIGHT #12#", "street", "night"),
    ],
)
def test_headings(heading: str, place: str, time: str) -> None:
    (shot,) = shots(f"{heading}\n\nA man waits." if heading.isascii() else f"{heading}\n\n一个男人等待。")

    assert (shot.spec.place, shot.spec.time_of_day) == (place, time)


def test_slates_skip_i_and_o_and_go_on_after_z() -> None:
    letters = [s.removeprefix("1") for s in slates("EXT. STREET\n\n" + "\n\n".join(["A man walks."] * 26))]

    assert letters[:3] == ["A", "B", "C"]
    assert letters[7:9] == ["H", "J"]
    assert letters[12:14] == ["N", "P"]
    assert letters[23:] == ["Z", "AA", "AB"]


def test_scene_numbers_of_the_script_are_kept_and_slates_stay_unique() -> None:
    text = "EXT. STREET #12#\n\nA man walks.\n\nEXT. SEA\n\nA man runs.\n\nEXT. CLIFF #12#\n\nA man jumps."

    assert slates(text) == ["12A", "2A", "3A"]


def test_a_scene_without_a_shot_takes_no_number() -> None:
    assert slates("EXT. STREET\n\nEXT. SEA\n\nA man runs.") == ["1A"]


def test_dialogue_makes_the_shot_before_talk() -> None:
    text = "INT. ROOM\n\nA woman sits.\n\nWOMAN (O.S.)\n(softly)\nCome in.\nSit down.\n\nA man enters."
    first, second = shots(text)

    assert [b.action for b in first.spec.subjects[0].beats] == ["sit", "talk"]
    assert [b.action for b in second.spec.subjects[0].beats] == ["enter"]


def test_the_named_speaker_talks() -> None:
    (shot,) = shots("INT. ROOM\n\nA man and a woman stand.\n\nMAN\nHello.")

    talking = [s.key for s in shot.spec.subjects if any(b.action == "talk" for b in s.beats)]
    assert talking == ["man"]


def test_dialogue_over_a_machine_brings_its_speaker() -> None:
    (shot,) = shots("EXT. DESERT\n\nA spaceship lands.\n\nPILOT\nWe are down.")

    assert [(s.kind, s.label) for s in shot.spec.subjects] == [("spaceship", "spaceship"), ("person", "PILOT")]


def test_dialogue_first_is_a_shot_of_its_own() -> None:
    (shot,) = shots("EXT. FOREST - NIGHT\n\nANNA\nWho is there?")

    assert shot.spec.subjects[0].label == "ANNA"
    assert [b.action for b in shot.spec.subjects[0].beats] == ["talk"]
    assert (shot.spec.place, shot.spec.time_of_day) == ("forest", "night")


def test_chinese_dialogue_forced_or_with_a_colon() -> None:
    text = "内景 房间 - 夜\n\n一位女子坐着。\n\n女子:请进。\n\n一个男人走进来。\n\n@男人\n你好。"
    first, second = shots(text)

    assert [b.action for b in first.spec.subjects[0].beats] == ["sit", "talk"]
    assert second.spec.subjects[0].beats[-1].action == "talk"


def test_a_pronoun_means_the_person_of_the_shot_before() -> None:
    _, second = shots("EXT. RUINS\n\nA knight with a torch walks.\n\nHe turns and runs.")

    assert (second.spec.subjects[0].kind, second.spec.subjects[0].props) == ("knight", ("torch",))
    assert [b.action for b in second.spec.subjects[0].beats][:2] == ["turn", "run"]


def test_what_is_not_shot_is_left_out() -> None:
    text = (
        "Title: _**Night**_ Train\n    a film\nAuthor: Somebody\n\n# Act one\n\n= What happens here.\n\n"
        "EXT. STREET - NIGHT\n\nFADE IN:\n\nA *man* walks [[is he old?]] slowly.\n\n/* A dragon flies.\n\n"
        "EXT. SEA */\n\nSilence.\n\n> CUT TO:\n\n===\n\n!A car drives.\n"
    )
    found = read(text)

    assert found.title == "Night Train a film"
    assert [s.spec.text for scene in found.scenes for s in scene.shots] == ["A man walks  slowly.", "A car drives."]


def test_an_open_comment_or_note_is_plain_text() -> None:
    assert [s.spec.text for s in shots("A man /* walks.\n\nA dog [[ runs.\n\nA bird ]] flies.")] == [
        "A man /* walks.",
        "A dog [[ runs.",
        "A bird ]] flies.",
    ]


def test_text_before_the_first_heading_and_text_without_any() -> None:
    found = read("A man walks.\n\nA dog\nruns.", "notes.txt")

    assert found.title == "notes"
    assert [s.heading for s in found.scenes] == [""]
    assert [s.spec.text for s in found.scenes[0].shots] == ["A man walks.", "A dog runs."]


def test_plain_sentences_line_by_line_are_shots() -> None:
    assert len(shots("一个男人走路。\n一位女子跳舞。\n飞船降落。", "a.txt")) == 3


FDX = """<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<FinalDraft DocumentType="Script" Template="No" Version="5"><Content>
<Paragraph Number="7" Type="Scene Heading"><Text>EXT. DESERT - </Text><Text>NIGHT</Text></Paragraph>
<Paragraph Type="Action"><Text>A knight &amp; a horse </Text><Text Style="Bold">walk</Text><Text>.</Text></Paragraph>
<Paragraph Type="Character"><Text>KNIGHT</Text></Paragraph>
<Paragraph Type="Dialogue"><Text>Onward.</Text></Paragraph>
<Paragraph Type="Action"><Text>一位女子跳舞。</Text></Paragraph>
</Content><TitlePage><Content><Paragraph><Text>The Ride</Text></Paragraph></Content></TitlePage></FinalDraft>"""


def test_fdx() -> None:
    found = read(FDX, "ride.fdx")

    first, second = found.scenes[0].shots
    assert found.title == "The Ride"
    assert (first.slate, second.slate) == ("7A", "7B")
    assert (first.spec.place, first.spec.time_of_day) == ("desert", "night")
    assert first.spec.text == "A knight & a horse walk."
    assert "talk" in [b.action for b in first.spec.subjects[0].beats]
    assert second.spec.language == "zh"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, ending: str) -> None:
    text = "外景 竹林 - 夜\n\n一位穿汉服的女子舞剑。\n\n风吹过竹林。\n".replace("\n", ending)

    (scene,) = breakdown(text.encode(encoding), filename="剧本.txt").scenes
    assert scene.heading == "外景 竹林 - 夜"
    assert scene.shots[0].spec.text == "一位穿汉服的女子舞剑。"


BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><FinalDraft>&b;</FinalDraft>'


@pytest.mark.parametrize(
    ("data", "filename", "says"),
    [
        (b"", "a.fountain", "a.fountain is empty"),
        (b" \n\t\r\n ", "a.fountain", "is empty"),
        (b"\xef\xbb\xbf", "a.fountain", "is empty"),
        (b"\x00" * 100, "a.fountain", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a.png", "zero bytes"),
        (b"A man\x01 walks.", "a.txt", "control characters"),
        (b"\xff\xff\xff\xff", "a.txt", "not text in UTF-8"),
        (b"\xff\xfeA", "a.txt", "not text in UTF-8"),
        (b"a" * (SCRIPT_LIMIT_BYTES + 1), "a.txt", "2097152"),
        (b"x" * 3_000_000, "a.fdx", "3000000 bytes"),
        (b"EXT. STREET - NIGHT\n\n", "a.fountain", "nothing to shoot"),
        (b"Title: A\nAuthor: B\n", "a.fountain", "nothing to shoot"),
        (b"/* A man walks. */", "a.fountain", "nothing to shoot"),
        (b"A man walks.\n\n" * (SHOT_LIMIT + 1), "a.txt", "more than 2000 shots"),
        (b"<html><body>A man walks.</body></html>", "a.fdx", "not FDX"),
        (b"<?xml version='1.0'?><FinalDraft><Content>", "a.fdx", "not well-formed"),
        (b"<?xml version='1.0'?><FinalDraft/>", "a.fdx", "nothing to shoot"),
        (BOMB.encode(), "a.fdx", "DTD"),
        (BOMB.encode(), "a.txt", "DTD"),
        (b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><FinalDraft/>", "a.fdx", "DTD"),
        (b"<FinalDraft>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</FinalDraft>", "a.fdx", "deeper than 64"),
    ],
)
def test_what_cannot_be_read_says_why_in_one_line(data: bytes, filename: str, says: str) -> None:
    with pytest.raises(InvalidScript) as caught:
        breakdown(data, filename=filename)

    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["/*" * 400_000, "[[" * 400_000, "*" * 800_000, "_a" * 400_000, "(" * 800_000, "<" * 800_000, "@" * 800_000],
    ids=["boneyards", "notes", "stars", "underscores", "brackets", "angles", "ats"],
)
def test_hostile_repetition_is_refused_not_chewed(text: str) -> None:
    with pytest.raises(InvalidScript):
        breakdown(text.encode(), filename="a.txt")


def test_folders_in_the_name_are_not_shown() -> None:
    with pytest.raises(InvalidScript, match=r"^a\.txt is empty"):
        breakdown(b"", filename="C:\\home\\me/a.txt")


def test_a_paragraph_too_long_for_one_shot_says_what_was_left_out() -> None:
    (scene,) = breakdown(b"EXT. SEA\n\nThe man walks." + b" The man walks." * 400, filename="a.fountain").scenes

    (shot,) = scene.shots
    assert "characters" in shot.spec.left_out[0]
    assert [s.kind for s in shot.spec.subjects] == ["man"]
