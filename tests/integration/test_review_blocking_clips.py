"""Blockout clips held against the blocking they were made with, and against another; with their ids and as a flat video."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from benchmarks.blocking_check import (
    BAR,
    FPS,
    SIZE,
    Clip,
    backwards,
    frozen,
    larger,
    measured,
    mirrored,
    panned,
    rendered,
    tilted,
    write_video,
)  # fmt: skip
from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import Staging
from vr_server.language import parse_spec
from vr_server.review.watching import REPORT, look_at_take
from vr_server.staging import compose

RUNNER = "Wide shot: a child in a red coat runs across a grass meadow, with a dog on the left. Static camera."
PANNED = "Full shot: two men talk at a table in an office. Pan left."


@cache
def take(text: str) -> tuple[ShotSpec, Staging, Clip]:
    spec = parse_spec(text, duration_s=2.0)
    staging = compose(spec, 1)
    return spec, staging, rendered(staging)


def missed(clip: Clip, staging: Staging, *, exact: bool) -> set[str]:
    return {m.check for m in measured(clip, staging, exact=exact) if not m.held}


@pytest.mark.parametrize("text", [RUNNER, PANNED])
@pytest.mark.parametrize("exact", [True, False])
def test_a_take_as_it_was_planned_has_no_findings(text: str, exact: bool) -> None:
    _, staging, clip = take(text)
    assert missed(clip, staging, exact=exact) == set()


def test_the_takes_own_ids_tell_side_size_and_place() -> None:
    _, staging, clip = take(RUNNER)
    held = {m.check: m.value for m in measured(clip, staging, exact=True) if m.value is not None}
    assert held["framing"] > 0.5
    assert held["shot_size"] < 1.3
    assert {"screen_side"} <= missed(mirrored(clip), staging, exact=True)
    assert {"shot_size"} <= missed(larger(clip), staging, exact=True)
    _, elsewhere, _ = take(PANNED)
    assert "framing" in missed(Clip(clip.colors, np.zeros_like(clip.ids)), elsewhere, exact=True)


def test_pictures_alone_tell_the_move_the_horizon_and_that_nobody_moves() -> None:
    _, staging, clip = take(PANNED)
    assert "camera_path" in missed(backwards(clip), staging, exact=False)
    assert "camera_path" in missed(mirrored(clip), staging, exact=False)
    assert "horizon" in missed(tilted(clip), staging, exact=False)
    assert {"camera_path"} <= missed(frozen(clip), staging, exact=False)
    _, still, runner = take(RUNNER)
    assert "own_motion" in missed(frozen(runner), still, exact=False)
    assert "camera_path" in missed(panned(runner), still, exact=False)


def written(folder: Path, clip: Clip, staging: str) -> Path:
    """A take's folder with a flat clip and its staging.json."""
    (folder / "clip").mkdir(parents=True)
    write_video(folder / "clip" / "clip.mp4", clip.colors, size=SIZE, fps=FPS)
    (folder / "staging.json").write_text(staging, encoding="utf-8")
    return folder


def test_a_flat_video_is_held_against_its_staging_and_the_report_says_what_was_not_measured(tmp_path: Path) -> None:
    spec, staging, clip = take(PANNED)
    plan = staging.model_dump_json(by_alias=True)
    right = written(tmp_path / "right", clip, plan)
    assert [f.check for f in look_at_take(right, right / "clip", spec, BAR)] == []
    report = json.loads((right / REPORT).read_text(encoding="utf-8"))
    assert {m["check"] for m in report} == {
        "camera_path",
        "horizon",
        "framing",
        "screen_side",
        "shot_size",
        "own_motion",
    }
    assert all(m["reason"].startswith("not measured: ") for m in report if m["value"] is None)
    wrong = written(tmp_path / "wrong", backwards(clip), plan)
    found = {f.check: f for f in look_at_take(wrong, wrong / "clip", spec, BAR)}
    assert set(found) == {"camera_path"}  # the plan's word for it, and not the check by the asked word besides
    assert found["camera_path"].reason == "The camera was planned to go left; it goes right."


def test_a_take_whose_staging_is_missing_or_damaged_is_judged_by_its_pictures(tmp_path: Path) -> None:
    spec, _, clip = take(PANNED)
    folder = written(tmp_path / "take", backwards(clip), "{no staging")
    notes: list[str] = []
    assert [f.check for f in look_at_take(folder, folder / "clip", spec, BAR, note=notes.append)] == ["camera"]
    assert len(notes) == 1
    (folder / "staging.json").unlink()
    assert [f.check for f in look_at_take(folder, folder / "clip", spec, BAR, note=notes.append)] == ["camera"]
    assert len(notes) == 1
    assert not (folder / REPORT).exists()
