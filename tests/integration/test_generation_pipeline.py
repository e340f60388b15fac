"""A rendition from an engine's frames, with the real baker and writers on postage stamps."""

import errno
import json
from collections.abc import Callable
from pathlib import Path

import jobs_fixtures as fx
import pytest

from streaming.packets import PacketReader
from vr_server.domain.errors import Cancelled, InvalidPrompt, StorageFailed
from vr_server.domain.manifest import Manifest
from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import Staging
from vr_server.domain.take import Quality
from vr_server.generation import pipeline
from vr_server.generation.pipeline import make_rendition, warm
from vr_server.generation.port import ClipRequest
from vr_server.generation.progress import Made, MakingProgress


def a_request(quality: Quality, text: str = "a street") -> ClipRequest:
    return ClipRequest(ShotSpec(text=text, language="en", duration_s=1), text, 5, 64, 36, 24, quality)


def make(
    folder: Path,
    request: ClipRequest,
    *,
    heard: list[MakingProgress] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Made:
    told = [] if heard is None else heard
    return make_rendition(
        fx.TinyEngine(), request, folder, shot_id="shot-1", take_id="take-1", report=told.append, cancelled=cancelled
    )


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_draft_can_be_streamed_from_its_folder(tmp_path: Path) -> None:
    made = make(tmp_path / "draft", a_request("draft"))
    assert made == Made("draft", 64, 36, 24)
    manifest = Manifest.model_validate_json((tmp_path / "draft" / "manifest.json").read_text())
    assert (manifest.take_id, manifest.shot_id, manifest.frame_count) == ("take-1", "shot-1", 24)
    for tier in manifest.tiers:
        reader = PacketReader(tmp_path / "draft" / tier.packets)
        assert (reader.available, reader.complete) == (24, True)
        reader.close()
    staging = Staging.model_validate_json((tmp_path / "draft" / "staging.json").read_text())
    assert staging.seed == 5
    assert (tmp_path / "draft" / "stage.glb").read_bytes()[:4] == b"glTF"
    assert {"poster.jpg", "report.json"} <= names(tmp_path / "draft")
    assert not (tmp_path / "draft" / "clip").exists()


def test_a_final_brings_the_plain_clip_too(tmp_path: Path) -> None:
    make(tmp_path / "final", a_request("final"))
    clip = {"clip/clip.mp4", "clip/depth.mkv", "clip/ids.mkv", "clip/camera.json"}
    assert clip <= names(tmp_path / "final")
    assert len(json.loads((tmp_path / "final" / "clip" / "camera.json").read_text())["frames"]) == 24


def test_progress_goes_from_staging_to_the_last_frame(tmp_path: Path) -> None:
    heard: list[MakingProgress] = []
    make(tmp_path / "draft", a_request("draft"), heard=heard)
    assert heard[0] == MakingProgress("staging", 0, 0, 0)
    assert heard[-1] == MakingProgress("draft", 24, 24, 24)
    assert [p.frames_done for p in heard[1:-1]] == list(range(1, 25))
    playable = [p.playable_frames for p in heard]
    assert playable == sorted(playable)


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    answers = iter([False] * 13 + [True])
    with pytest.raises(Cancelled):
        make(tmp_path / "final", a_request("final"), cancelled=lambda: next(answers))
    assert not (tmp_path / "final").exists()


def test_a_refusal_leaves_nothing_of_an_earlier_attempt_either(tmp_path: Path) -> None:
    (tmp_path / "draft").mkdir()
    (tmp_path / "draft" / "high.vrpk").write_bytes(b"half a take")
    with pytest.raises(InvalidPrompt):
        make(tmp_path / "draft", a_request("draft", "refuse"))
    assert not (tmp_path / "draft").exists()


def test_an_earlier_attempt_is_wiped(tmp_path: Path) -> None:
    (tmp_path / "draft").mkdir()
    (tmp_path / "draft" / "left-over").write_bytes(b"half a take")
    make(tmp_path / "draft", a_request("draft"))
    assert "left-over" not in names(tmp_path / "draft")


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class FullBaker(pipeline.Baker):
        def add(self, frame: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pipeline, "Baker", FullBaker)
    with pytest.raises(StorageFailed, match="disk is full"):
        make(tmp_path / "draft", a_request("draft"))
    assert not (tmp_path / "draft").exists()


def test_warming_up_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    warm(fx.TinyEngine())
    assert list(tmp_path.iterdir()) == []
