"""The commands of the README, as a shell runs them."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from vr_server.domain.manifest import Manifest
from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import Staging
from vr_server.media import read_clip
from vr_server.script import sample_script

LANDING = "一艘银色宇宙飞船缓缓降落在荒凉的红色星球表面,舱门打开后走出一位戴头盔的宇航员,背景中有两个太阳正在落下。"


def previs(*arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own; its exit status must be `expect`."""
    done = subprocess.run(
        [sys.executable, "-m", "vr_server.cli", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == expect, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("take")
    size = ("--size", "320x180", "--seconds", "1", "--seed", "7")
    said = json.loads(previs("generate", "--prompt", LANDING, *size, "--out", str(folder), "--json").stdout)
    assert said["frameCount"] == 24
    return folder


@pytest.fixture(scope="module")
def layered(take: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layered")
    said = json.loads(previs("bake", str(take), "--depth", "known", "--out", str(folder), "--json").stdout)
    assert said["report"]["frames"] == 24
    return folder


def test_generate_writes_a_clip_with_depth_ids_camera_and_stage(take: Path) -> None:
    names = {p.name for p in take.iterdir()}
    assert names >= {"clip.mp4", "take.json", "depth.mkv", "ids.mkv", "camera.json", "staging.json", "stage.glb"}
    said = json.loads((take / "take.json").read_text("utf-8"))
    spec = ShotSpec.model_validate(said["spec"])
    assert (spec.place, spec.suns, spec.language) == ("red_planet", 2, "zh")
    assert 0 < said["near"] < said["far"]
    staging = Staging.model_validate_json((take / "staging.json").read_text("utf-8"))
    assert {s.kind for s in staging.subjects} == {"spaceship", "astronaut"}
    assert (take / "stage.glb").read_bytes()[:4] == b"glTF"
    frames = list(read_clip(take))
    ship = next(s.object_id for s in staging.subjects if s.kind == "spaceship")
    assert frames[0].ids is not None
    assert np.count_nonzero(frames[0].ids == ship) > 200, "the spaceship is not in the picture"
    assert np.isinf(frames[0].depth).any(), "there is no sky"


def test_the_same_seed_gives_the_same_take(take: Path, tmp_path: Path) -> None:
    size = ("--size", "320x180", "--seconds", "1", "--seed", "7")
    previs("generate", "--prompt", LANDING, *size, "--out", str(tmp_path), "--json")
    again, first = next(iter(read_clip(tmp_path))), next(iter(read_clip(take)))
    assert np.array_equal(again.color, first.color)


def test_bake_finds_the_depth_of_a_flat_clip_and_says_how(take: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat.mp4"
    flat.write_bytes((take / "clip.mp4").read_bytes())
    said = json.loads(previs("bake", str(flat), "--out", str(tmp_path / "out"), "--json").stdout)
    depth = said["report"]["depth"]
    assert depth["estimator"] in {"parallax", "ground-plane"}
    assert not depth["metric"]
    assert 0 <= depth["camera_confidence"] <= 1
    manifest = Manifest.model_validate_json((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert manifest.depth.scale == "relative"
    assert manifest.frame_count == 24
    told = previs(
        "bake", str(flat), "--depth", "ground-plane", "--take", str(take / "take.json"), "--out", str(tmp_path / "b")
    )
    assert "as high above the ground as was planned" in told.stdout
    refused = previs("bake", str(flat), "--depth", "known", "--out", str(tmp_path / "x"), expect=1)
    assert "brings no depth of its own" in refused.stderr


def test_bake_writes_a_folder_that_any_server_could_serve(layered: Path) -> None:
    manifest = Manifest.model_validate_json((layered / "manifest.json").read_text("utf-8"))
    assert (manifest.frame_count, manifest.source_width) == (24, 320)
    for tier in manifest.tiers:
        assert (layered / tier.packets).stat().st_size > 1000
        assert tier.media is not None
        assert (layered / tier.media).stat().st_size > 1000
    assert (layered / "poster.jpg").exists()
    assert json.loads((layered / "report.json").read_text("utf-8"))["frames"] == 24


def test_view_shows_the_frame_and_moves_near_things_more(layered: Path, take: Path, tmp_path: Path) -> None:
    still, aside, depth = tmp_path / "still.png", tmp_path / "aside.png", tmp_path / "depth.npy"
    previs("view", str(layered), "--frame", "12", "--out", str(still), "--depth-out", str(depth))
    previs("view", str(layered), "--frame", "12", "--offset", "0.2,0,0", "--out", str(aside))
    source = list(read_clip(take))[12]
    seen = cv2.cvtColor(cv2.imread(str(still), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    assert seen.shape == source.color.shape
    assert cv2.PSNR(seen, source.color) > 28
    depths = np.load(depth)
    solid = np.isfinite(source.depth) & np.isfinite(depths)
    assert np.median(np.abs(1 / depths[solid] - 1 / source.depth[solid])) < 0.01
    # from 20 cm to the right everything stands further left, by an amount that goes with 1/z
    gray = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in (still, aside)]
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(gray[0], gray[1], None)
    inverse = np.where(solid, 1 / source.depth, 0.0)
    near = np.median(flow[inverse > np.quantile(inverse, 0.9), 0])
    far = np.median(flow[~np.isfinite(source.depth), 0])
    assert near < -1, f"near things moved {near:.2f} px"
    assert abs(near) > 3 * abs(far), f"near {near:.2f} px, sky {far:.2f} px"


@pytest.mark.parametrize("text", ["make it slower and move the camera closer", "慢一点,镜头再近一些"])
def test_interpret_gives_typed_changes_in_both_languages(text: str, take: Path) -> None:
    said = json.loads(previs("interpret", text, "--spec", str(take / "take.json"), "--json").stdout)
    assert {c["kind"] for c in said["changes"]} == {"speed", "distance"}
    assert all(c["factor"] < 1 for c in said["changes"])
    assert "camera.distanceScale" in {d["path"] for d in said["diff"]}


def test_script_lists_the_shots(tmp_path: Path) -> None:
    file = tmp_path / "demo.fountain"
    file.write_bytes(sample_script())
    said = json.loads(previs("script", str(file), "--json").stdout)
    assert len(said["shots"]) >= 4
    assert {s["spec"]["language"] for s in said["shots"]} == {"en", "zh"}


def test_a_prompt_of_ten_thousand_characters_is_read_in_part_and_says_so(tmp_path: Path) -> None:
    size = ("--size", "64x36", "--seconds", "0.5", "--draft")
    prompt = "A man walks. " + "He waits. " * 1000
    said = json.loads(previs("generate", "--prompt", prompt, *size, "--out", str(tmp_path / "x"), "--json").stdout)
    assert any("the rest is left out" in line for line in said["remarks"]), said["remarks"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("generate", "--prompt", "  ", "--out", "x"), "prompt"),
        (("generate", "--prompt", "a man", "--engine", "sora", "--out", "x"), "sora"),
        (("generate", "--prompt", "a man", "--seconds", "90", "--out", "x"), "16"),
        (("bake", "nowhere", "--out", "x"), "nowhere"),
        (("view", "nowhere", "--frame", "0", "--out", "x.png"), "nowhere"),
        (("script", "nowhere.fountain"), "nowhere.fountain"),
        (("interpret", "slower", "--spec", "nowhere.json"), "nowhere.json"),
    ],
)
def test_bad_input_is_one_clear_line(
    arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = previs(*arguments, expect=1)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
