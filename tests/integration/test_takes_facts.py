"""What a director asked for is in the take: every prompt of the gallery, measured on its staging and its pictures."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import gallery
from benchmarks.facts import facts_of
from benchmarks.prompts import Prompt, load_prompts, look_at
from benchmarks.sheets import wrapped
from vr_server.domain.take import QUALITIES

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


def test_a_draft_shows_what_the_final_shows() -> None:
    spec = next(p for p in PROMPTS if p.name == "script-ruins").spec()
    draft, final = (look_at(spec, frames=[0, 40], size=SIZE, quality=quality) for quality in QUALITIES)
    assert draft.staging == final.staging
    for a, b in zip(draft.frames, final.frames, strict=True):
        assert a.ids is not None
        np.testing.assert_array_equal(a.ids, b.ids)
        np.testing.assert_array_equal(a.depth, b.depth)
        assert np.abs(a.color.astype(int) - b.color).mean() < 4


def test_the_gallery_writes_a_sheet_for_each_prompt_and_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = ["--only", "brief-tense", "script-ruins", "--frames", "2", "--size", "96x54", "--draft", "--json"]
    monkeypatch.setattr(sys, "argv", ["gallery", "--out", str(tmp_path), *only])

    gallery.main()

    assert {p.name for p in tmp_path.iterdir()} == {
        "brief-tense.png",
        "script-ruins.png",
        "overview-1.png",
        "report.json",
    }
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["prompts"] == 2
    assert report["held"] + sum(len(t["not_held"]) for t in report["takes"].values()) == report["facts"] > 10
    sheet = cv2.imread(str(tmp_path / "brief-tense.png"))
    assert sheet is not None
    assert sheet.shape[0] > 54 + 60, "the words stand above and the facts below the pictures"


def test_captions_are_broken_to_the_width_of_the_sheet() -> None:
    text = "紫色风暴席卷天际,机甲骑士纵身跃下悬崖, and a knight rides across the snowfield with a banner in his hand."
    lines = wrapped(text, 20, 300)
    assert len(lines) > 3
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
