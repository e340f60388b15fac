"""`bake` leaves a whole folder or nothing, and says what it changed in somebody else's video."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from test_media_hostile import video

from benchmarks.scenes import SyntheticClip
from vr_server.cli import cli
from vr_server.domain.errors import InvalidMedia, PrevisError
from vr_server.media import ClipWriter

CLIP = SyntheticClip(128, 72, 5, samples=1)


def bake(*arguments: object) -> None:
    cli(["bake", *(str(a) for a in arguments)], standalone_mode=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    writer = ClipWriter(tmp_path / "clip", CLIP.plan, ids=False)
    for frame in CLIP:
        writer.add(frame)
    writer.finish()
    return tmp_path / "clip"


def _one_pose_more(folder: Path) -> Path:
    told = json.loads((folder / "camera.json").read_text())
    told["frames"].append(told["frames"][0])
    (folder / "camera.json").write_text(json.dumps(told))
    return folder


def _script(folder: Path) -> Path:
    (folder / "a.mp4").write_text("#!/bin/sh\n")
    return folder / "a.mp4"


def _video(folder: Path) -> Path:
    return video(folder / "long.mp4", count=12)


@pytest.mark.parametrize(("make", "options"), [(_one_pose_more, ()), (_video, ("--depth", "no.onnx"))])
def test_what_goes_wrong_leaves_nothing_behind(
    make: Callable[[Path], Path], options: tuple[str, ...], folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(PrevisError):
        bake(make(folder), *options, "--out", tmp_path / "a" / "b")
    assert not (tmp_path / "a").exists()


def test_what_goes_wrong_leaves_an_older_bake_as_it_was(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("as it was")
    before = {p.name for p in tmp_path.iterdir()}
    with pytest.raises(InvalidMedia, match="ends after 5 of 6"):
        bake(_one_pose_more(folder), "--out", tmp_path)
    assert (tmp_path / "manifest.json").read_text() == "as it was"
    assert {p.name for p in tmp_path.iterdir()} == before


def test_a_bake_over_an_older_one_takes_its_place(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text("older")
    bake(folder, "--out", out)
    told = json.loads((out / "manifest.json").read_text())
    assert {p.name for p in out.iterdir()} == set(told["files"])


def test_what_was_changed_is_told(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A deep, odd picture, with depth of its own odd size."""
    frames = list(CLIP)
    source = video(tmp_path / "odd.mkv", codec="ffv1", pixels="yuv444p10le", count=5, size=(65, 49))
    np.savez(tmp_path / "d.npz", depth=np.stack([f.depth[:49, :65] for f in frames]))
    bake(source, "--depth", tmp_path / "d.npz", "--camera", folder / "camera.json", "--out", tmp_path / "o", "--json")
    remarks = json.loads(capsys.readouterr().out)["report"]["remarks"]
    assert [said in line for said, line in zip(("65x49", "10 bits"), remarks, strict=True)] == [True, True]
    assert json.loads((tmp_path / "o" / "report.json").read_text())["remarks"] == remarks


def test_a_strangers_video_with_depth_is_decoded_by_the_limited_process(folder: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", depth=np.stack([f.depth for f in CLIP]))
    bake(folder / "clip.mp4", "--depth", tmp_path / "d.npz", "--out", tmp_path / "o")
    assert (tmp_path / "o" / "source.mp4").exists(), "it was not taken in"
    with pytest.raises(InvalidMedia, match="a script"):
        bake(_script(folder), "--depth", tmp_path / "d.npz", "--out", tmp_path / "p")
    assert not (tmp_path / "p").exists()
