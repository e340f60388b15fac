"""A flat video of a paid engine becomes a rendition that can be streamed."""

import json
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from person_networks import mask_network
from remote_fixtures import flat_clip

from vr_server.domain.errors import Cancelled, InvalidMedia
from vr_server.domain.shot import ShotSpec
from vr_server.generation.flat import bake_video
from vr_server.generation.progress import MakingProgress
from vr_server.jobs.remote import BakeTask
from vr_server.layering import render_view
from vr_server.layering.depth import PersonModel
from vr_server.review.aids import Aids
from vr_server.review.bar import QualityBar

SPEC = ShotSpec(text="a man walks down a street", language="en", duration_s=0.5)


def bake(tmp_path: Path, video: Path, cancelled: bool = False) -> list[MakingProgress]:
    told: list[MakingProgress] = []
    made = bake_video(
        video, tmp_path / "final", spec=SPEC, seed=1, shot_id="s", take_id="t",
        estimators="remote_fixtures:flat_depth", report=told.append, cancelled=lambda: cancelled,
    )  # fmt: skip
    assert (made.quality, made.width_px, made.height_px, made.frame_count) == ("final", 128, 72, 8)
    return told


def test_depth_is_found_and_the_clip_is_baked_with_its_planned_stage(tmp_path: Path) -> None:
    told = bake(tmp_path, flat_clip(tmp_path / "engine.mp4"))
    folder = tmp_path / "final"
    assert {p.name for p in folder.iterdir()} >= {"manifest.json", "staging.json", "stage.glb", "poster.jpg", "clip"}
    assert (folder / "clip" / "clip.mp4").stat().st_size > 1000
    assert json.loads((folder / "manifest.json").read_text())["takeId"] == "t"
    assert told[-1].frames_done == told[-1].frame_count == 8
    depth = json.loads((folder / "report.json").read_text())["depth"]
    assert "as high above the ground as was planned" in depth["scale_reason"]
    assert not depth["metric"]
    color, _ = render_view(folder, 4, offset_m=(0, 0, 0))
    assert color[:, 32:48].mean() > color[:, 80:].mean() + 60  # the bright bar is where the video has it


def test_the_task_of_a_worker_looks_at_the_take_and_leaves_its_report(tmp_path: Path) -> None:
    task = BakeTask(
        flat_clip(tmp_path / "engine.mp4"), tmp_path / "final", SPEC, 1, "s", "t", "remote_fixtures:flat_depth",
        QualityBar(sharpness=10_000), Aids(stills=3),
    )  # fmt: skip
    made = pickle.loads(pickle.dumps(task))({}, lambda _: None, lambda: False)
    assert "sharpness" in {finding.check for finding in made.findings}
    report = json.loads((tmp_path / "final" / "blocking_check.json").read_text(encoding="utf-8"))
    stills = [cv2.imread(str(tmp_path / "final" / "stills" / f"{n}.jpg")) for n in (1, 2, 3)]
    assert [still.shape[1] for still in stills] == [512] * 3
    assert np.abs(stills[0].astype(int) - stills[2]).max() > 60  # the bar has gone on
    assert {"camera_path", "framing", "horizon"} <= {measure["check"] for measure in report}


@pytest.mark.parametrize("body", [b"", b"not a video" * 400])
def test_what_is_no_video_leaves_nothing_behind(tmp_path: Path, body: bytes) -> None:
    video = tmp_path / "engine.mp4"
    video.write_bytes(body)
    with pytest.raises(InvalidMedia):
        bake(tmp_path, video)
    assert not (tmp_path / "final").exists()


def test_a_cancelled_bake_leaves_nothing_behind(tmp_path: Path) -> None:
    video = flat_clip(tmp_path / "engine.mp4")
    with pytest.raises(Cancelled):
        bake(tmp_path, video, cancelled=True)
    assert not (tmp_path / "final").exists()


@pytest.mark.parametrize("there", [True, False])
def test_people_are_cut_out_by_the_network_that_is_set_up_or_it_is_said_why_not(tmp_path: Path, there: bool) -> None:
    net = tmp_path / "red.onnx"
    if there:
        mask_network(net, "two classes")
    task = BakeTask(
        flat_clip(tmp_path / "engine.mp4", frames=4), tmp_path / "final", SPEC, 1, "s", "t", "remote_fixtures:flat_depth",
        QualityBar(), Aids(people_model=PersonModel(net, "red")),
    )  # fmt: skip
    pickle.loads(pickle.dumps(task))({}, lambda _: None, lambda: False)
    depth = json.loads((tmp_path / "final" / "report.json").read_text())["depth"]
    if there:
        assert (depth["people"], depth["people_found"]) == ("cut out by the masks of the network red", 0)
    else:
        assert depth["people"].startswith("no masks of people: red.onnx cannot be read")
        assert depth["people_found"] is None
