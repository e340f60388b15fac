"""Prompts as directors write them, and every fact that each must become (language_prompts.txt)."""

from pathlib import Path

import pytest
from language_facts import facts

from vr_server.language import parse_spec


def _prompts() -> list[tuple[str, list[str]]]:
    text = (Path(__file__).parent / "language_prompts.txt").read_text(encoding="utf-8")
    blocks = [block.split("\n") for block in text.strip().split("\n\n")[1:]]
    return [(lines[0], [line.strip() for line in lines[1:]]) for lines in blocks]


PROMPTS = _prompts()


@pytest.mark.parametrize(("text", "expected"), PROMPTS, ids=[text for text, _ in PROMPTS])
def test_what_a_prompt_becomes(text: str, expected: list[str]) -> None:
    assert facts(parse_spec(text)) == expected


def test_the_table_is_large_and_in_both_languages() -> None:
    chinese = [text for text, _ in PROMPTS if any("\u4e00" <= c <= "\u9fff" for c in text)]

    assert len(PROMPTS) >= 80
    assert 0.4 < len(chinese) / len(PROMPTS) < 0.6
