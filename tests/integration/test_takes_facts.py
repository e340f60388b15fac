"""What a director asked for is in the take: every prompt of the gallery, measured on its staging and its pictures."""

import pytest

from benchmarks.facts import facts_of
from benchmarks.prompts import Prompt, load_prompts, look_at

PROMPTS = load_prompts()
SIZE = (256, 144)


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda p: p.name)
def test_a_takes_facts_hold(prompt: Prompt) -> None:
    look = look_at(prompt.spec(), frames=3, size=SIZE, quality="draft")

    facts = [fact for fact in facts_of(prompt.facts, look) if fact.name not in prompt.pending]

    assert facts
    assert [f"{f.name}: {f.told}, found {f.found}" for f in facts if not f.held] == []


def test_the_prompts_are_half_chinese_and_cover_the_shot_sizes_angles_and_looks() -> None:
    texts = [prompt.spec().text for prompt in PROMPTS]
    chinese = [text for text in texts if any("\u4e00" <= c <= "\u9fff" for c in text)]
    assert len(texts) >= 30
    assert 0.4 <= len(chinese) / len(texts) <= 0.6
    for field, least in (("size", 7), ("angle", 3), ("style", 8), ("place", 18), ("time", 5)):
        named = {getattr(p.facts, field) for p in PROMPTS} - {None}
        assert len(named) >= least, f"{field}: {named}"
    assert len({move for p in PROMPTS for move in p.facts.moves}) >= 14
    assert len({action for p in PROMPTS for _, action in p.facts.actions}) >= 20
    assert len({kind for p in PROMPTS for kind in p.facts.subjects}) >= 20
