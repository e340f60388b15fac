"""The lexicon's data, and what a production adds to it."""

import re
from pathlib import Path

import pytest
from language_facts import facts

from vr_server.domain.errors import InvalidInput
from vr_server.language import load_lexicon, parse_spec
from vr_server.staging.kinds import KINDS
from vr_server.staging.palette import COLOURS

DOCUMENT = Path(__file__).parents[2] / "docs" / "lexicon.md"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example of docs/lexicon.md as a file."""
    (toml,) = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "our_film.toml"
    path.write_text(toml, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Captain Vex clobbers a grimbeast under a blood moon, the camera rockets up",
            [
                "captain_vex=soldier crimson coat +sword: fight grimbeast",
                "grimbeast=wolf size 2: fight captain_vex",
                "plain night moons 1",
                "move=crane_up",
            ],
        ),
        (
            "血月下,维克斯船长追赶一头孔雀蓝的影兽",
            [
                "captain_vex=soldier crimson coat +sword: chase grimbeast",
                "grimbeast=wolf size 2 teal: stand",
                "plain night moons 1",
            ],
        ),
    ],
)
def test_a_production_adds_its_own_words(example: Path, text: str, expected: list[str]) -> None:
    assert facts(parse_spec(text, lexicon=load_lexicon(example))) == expected
    assert facts(parse_spec(text)) != expected


def test_the_built_in_words_stay(example: Path) -> None:
    extended = load_lexicon(example)

    assert facts(parse_spec("A knight fights a dragon", lexicon=extended)) == facts(
        parse_spec("A knight fights a dragon")
    )
    assert extended.refer("action:fight").name("en") == "fight"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[subject.a]\nen = 3", r"bad\.toml: en"),
        ("[subject.a\n", r"bad\.toml is not valid TOML"),
        ('[subject.a]\nen = ["!"]', r"\[subject\.a\] has an English word without letters"),
        ('[subject.a]\nscales = 2\nen = ["a1"]', r"bad\.toml: scales"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")

    with pytest.raises(InvalidInput, match=line):
        load_lexicon(tmp_path / "bad.toml")


def test_colours_are_the_palettes() -> None:
    assert set(load_lexicon().ids("colour")) <= set(COLOURS)


def test_every_subject_is_of_a_kind_that_can_be_built() -> None:
    """But for a few whose stand-in is all there is."""
    lexicon = load_lexicon()
    kinds = {lexicon.refer(f"subject:{i}").meant for i in lexicon.ids("subject")}

    assert kinds - set(KINDS) <= {"flower", "ball"}


def test_what_entries_refer_to_exists() -> None:
    lexicon = load_lexicon()
    for category in lexicon.categories():
        for entry_id in lexicon.ids(category):
            entry = lexicon.refer(f"{category}:{entry_id}")
            for reference in entry.implies:
                assert lexicon.get(*reference.split(":")), f"{category}.{entry_id} implies {reference}"
            assert set(entry.colours) <= set(lexicon.ids("colour"))
            assert entry.mount is None or lexicon.get("subject", entry.mount)
