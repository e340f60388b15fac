"""`view` of folders and words that nobody should give it: one line each."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

from benchmarks.scenes import SyntheticClip
from vr_server.cli import cli
from vr_server.domain.errors import InvalidInput, InvalidMedia, PrevisError, StorageFailed
from vr_server.layering import Baker, BakeSettings, TierSettings

CLIP = SyntheticClip(160, 96, 4, samples=1)
Json = dict[str, Any]


def view(folder: Path, *arguments: object) -> None:
    cli(["view", str(folder), *(str(a) for a in arguments)], standalone_mode=False)


@pytest.fixture(scope="module")
def baked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("baked")
    baker = Baker(out, CLIP.plan, shot_id="s", take_id="t", settings=BakeSettings(tiers=(TierSettings("high", 4000),)))
    for frame in CLIP:
        baker.add(frame)
    baker.finish()
    return out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.update(tiers=[]), "no tier"),
        (lambda m: m["tiers"][0].update(packets="../../etc/passwd"), "no name of a file"),
        (lambda m: m["tiers"][0].update(media="/etc/passwd"), "no name of a file"),
        (lambda m: m.update(surround=".."), "no name of a file"),
        (lambda m: m["tiles"].update(C1=[0, 0, 99_999, 99_999]), "tile C1"),
        (lambda m: m["tiles"].update(D1=[0, 0, 0, 0]), "tile D1"),
        (lambda m: m["tiles"].update(D1=[0, 0, 16, 16]), "of one size"),
        (lambda m: (m["tiles"].pop("D2"), m["layers"].pop(0)), "lacks the tiles D2"),
        (lambda m: m["depth"].update(near=0), "near must be above 0"),
        (lambda m: m["depth"].update(fineFolds=10**9), "folds"),
        (lambda m: m["atlas"]["calibration"].update(luma=[16]), "calibration"),
        (lambda m: m["atlas"]["calibration"].update(rects=[[9999, 0, 32, 16]] * 5), "calibration"),
        (lambda m: m["atlas"]["barcode"].update(bits=10**9), "barcode"),
        (lambda m: m["atlas"]["barcode"].update(tag=m["atlas"]["barcode"]["tag"] ^ 1), "shows frame None"),
        (lambda m: m["poses"][0].update(rotation=[0, 0, 0, 0]), "pose 0"),
        (lambda m: m["poses"][2].update(yfov=0), "pose 2"),
        (lambda m: m.update(fps=[0, 1]), "frame rate"),
        (lambda m: m.update(frameCount=2, poses=m["poses"][:2]), "no frame 3: the clip has 2"),
        (lambda m: m.pop("shotId"), "shotId"),
    ],
)
def test_a_damaged_manifest_is_told_with_what_is_wrong_in_it(
    change: Callable[[Json], object], said: str, baked: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "f"
    shutil.copytree(baked, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InvalidMedia, match=said) as told:
        view(folder, "--frame", 3, "--out", tmp_path / "v.png")
    assert "\n" not in str(told.value)
    assert not (tmp_path / "v.png").exists()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: (f / "high.vrpk").unlink(), "high.vrpk is missing"),
        (
            lambda f: (f / "high.vrpk").write_bytes((f / "high.vrpk").read_bytes()[:-3000]),
            "no frame 3: high.vrpk holds",
        ),
        (lambda f: (f / "high.vrpk").write_bytes((f / "high.mp4").read_bytes()), "not a packet log"),
        (lambda f: (f / "manifest.json").write_bytes(b"\xff" * 99), "not a manifest"),
        (lambda f: (f / "manifest.json").unlink(), "no manifest.json"),
    ],
)
def test_a_folder_that_is_not_whole_is_told(
    spoil: Callable[[Path], object], said: str, baked: Path, tmp_path: Path
) -> None:
    shutil.copytree(baked, tmp_path / "f")
    spoil(tmp_path / "f")
    with pytest.raises(InvalidMedia, match=said):
        view(tmp_path / "f", "--frame", 3, "--out", tmp_path / "v.png")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--frame", 4), InvalidMedia),
        (("--frame", -1), click.BadParameter),
        (("--frame", 0, "--offset", "nan,0,0"), click.BadParameter),
        (("--frame", 0, "--offset", "1,2"), click.BadParameter),
        (("--frame", 0, "--yaw", "nan"), click.BadParameter),
        (("--frame", 0, "--pitch", "inf"), click.BadParameter),
        (("--frame", 0, "--yfov", "nan"), click.BadParameter),
        (("--frame", 0, "--out", "v.xyz"), InvalidInput),
        (("--frame", 0, "--out", "."), StorageFailed),
        (("--frame", 0, "--depth-out", "."), StorageFailed),
    ],
)
def test_words_that_cannot_be_followed(
    arguments: tuple[object, ...], error: type[Exception], baked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert issubclass(error, PrevisError | click.ClickException)
    with pytest.raises(error):
        view(baked, "--out", "v.png", *arguments)


def test_a_head_beyond_its_box_is_told(baked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for offset in ("0.25,0,0", "0,0,-0.3"):
        view(baked, "--frame", 0, "--offset", offset, "--out", tmp_path / "new" / "v.png", "--json")
        said.append(json.loads(capsys.readouterr().out)["insideHeadBox"])
    assert said == [True, False]
    view(baked, "--frame", 0, "--offset", "9,0,0", "--out", tmp_path / "v.png", "--depth-out", tmp_path / "d" / "depth")
    assert "beyond the head box" in capsys.readouterr().out
    assert np.load(tmp_path / "d" / "depth").shape == (96, 160)
