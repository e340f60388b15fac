"""`generate` with a panorama and in several readings: files that say what they are, and what `bake` makes of a sphere."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from vr_server.cli import cli
from vr_server.domain.errors import PrevisError
from vr_server.layering import read_manifest, render_view
from vr_server.media import PANORAMA_FILES, read_clip

PROMPT = "A woman walks through the forest."


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("takes")
    options = ["--size", "128x72", "--seconds", "0.5", "--draft", "--panorama", "--variants", "2", "--json"]
    done = CliRunner().invoke(cli, ["generate", "--prompt", PROMPT, *options, "--out", str(folder)])
    assert done.exit_code == 0, done.output
    assert [Path(take["out"]).name for take in json.loads(done.stdout)["takes"]] == ["a", "b"]
    return folder


def test_a_panorama_is_a_sphere_with_radial_depth_round_the_shots_camera(takes: Path) -> None:
    said = json.loads((takes / "a" / "take.json").read_text("utf-8"))["panorama"]
    assert (said["projection"], said["depthKind"]) == ("equirectangular", "radial")
    sphere, shot = read_clip(takes / "a", PANORAMA_FILES), read_clip(takes / "a")
    assert (sphere.plan.width_px, sphere.plan.height_px, sphere.plan.frame_count) == (1024, 512, 12)
    assert sphere.plan.projection == said["projection"]
    first, seen = next(iter(sphere)), next(iter(shot))
    pose = seen.camera.t_world_camera
    np.testing.assert_allclose(first.camera.t_world_camera[:3, 3], pose[:3, 3], atol=1e-6)
    assert np.isinf(first.depth[0]).all(), "straight up is sky"
    assert np.isfinite(first.depth[-1]).all(), "straight down is ground"
    # a piece of ground near the frame's lower edge is as far away on the sphere, in the same direction
    row, column, tan = 66, 64, np.tan(seen.camera.yfov_rad / 2)
    local = np.array([(column + 0.5 - 64) / 36 * tan, (36 - row - 0.5) / 36 * tan, -1.0])
    away = float(seen.depth[row, column]) * np.linalg.norm(local)
    ray = first.camera.t_world_camera[:3, :3].T @ pose[:3, :3] @ local / np.linalg.norm(local)
    y = (0.5 - np.arcsin(ray[1]) / np.pi) * 512
    x = (0.5 + np.arctan2(ray[0], -ray[2]) / (2 * np.pi)) * 1024
    assert first.depth[int(y), int(x)] == pytest.approx(away, rel=0.03)


def test_a_panoramas_file_says_that_it_is_a_sphere_and_still_plays(takes: Path) -> None:
    data = (takes / "a" / PANORAMA_FILES.color).read_bytes()
    for box in (b"st3d", b"sv3d", b"svhd", b"GSpherical:ProjectionType>equirectangular"):
        assert data.count(box) == 1
    assert b"sv3d" not in (takes / "a" / "clip.mp4").read_bytes()
    with av.open(str(takes / "a" / PANORAMA_FILES.color)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.duration == pytest.approx(0.5 * av.time_base, rel=0.01)
    assert len(pictures) == 12
    assert pictures[0].std() > 20


def test_readings_lie_side_by_side_with_one_sheet(takes: Path) -> None:
    a, b = (next(iter(read_clip(takes / name))) for name in "ab")
    assert np.abs(a.camera.t_world_camera - b.camera.t_world_camera).max() > 0.5
    specs = [json.loads((takes / name / "take.json").read_text("utf-8"))["spec"] for name in "ab"]
    assert [spec["variant"] for spec in specs] == [0, 1]
    assert specs[0]["subjects"] == specs[1]["subjects"]
    sheet = cv2.imread(str(takes / "variants.png"))
    assert sheet is not None
    assert sheet.shape[1] > 4 * 480


def _said(*arguments: object) -> dict:
    done = CliRunner().invoke(cli, [*(str(a) for a in arguments), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def _refused(*arguments: object) -> str:
    done = CliRunner().invoke(cli, [str(a) for a in arguments])
    assert isinstance(done.exception, PrevisError), done.exception
    return str(done.exception)


def test_a_folders_panorama_is_baked_as_a_sphere(takes: Path, tmp_path: Path) -> None:
    out = tmp_path / "layered"
    said = _said("bake", takes / "a", "--panorama", "--sphere-width", 512, "--out", out)
    assert said["report"]["depth"]["estimator"] == "known"
    manifest = read_manifest(out)
    assert manifest.projection.type == "equirectangular"
    assert manifest.projection.depth_measure == "radial"
    assert (manifest.source_width, manifest.source_height, manifest.depth.scale) == (512, 256, "metric")
    assert set(manifest.files) <= {path.name for path in out.iterdir()}
    poster = cv2.imread(str(out / "poster.jpg"))
    assert poster is not None
    assert poster.shape == (720, 1280, 3)
    sphere, cameras = next(iter(read_clip(takes / "a", PANORAMA_FILES))), manifest.poses
    np.testing.assert_allclose(cameras[0].position, sphere.camera.t_world_camera[:3, 3], atol=1e-6)
    # straight down, a flat ground's planar depth is the eye's height all over the picture
    rgb, depth = render_view(out, 0, offset_m=(0.1, 0.0, 0.0), pitch_rad=-np.pi / 2)
    assert rgb.shape == (720, 1280, 3)
    middle = depth[300:420, 580:700]
    assert float(np.median(middle)) == pytest.approx(float(sphere.depth[-1].mean()), rel=0.04)
    seen = _said("view", out, "--frame", 3, "--yaw", 3.1, "--yfov", 1.5, "--out", tmp_path / "back.png")
    assert (seen["width"], seen["height"]) == (1280, 720)


def test_a_flat_file_that_says_it_is_a_sphere_is_taken_as_one(takes: Path, tmp_path: Path) -> None:
    clip = takes / "a" / PANORAMA_FILES.color
    out = tmp_path / "ground"
    depth = _said("bake", clip, "--sphere-width", 256, "--out", out)["report"]["depth"]
    assert (depth["estimator"], depth["approximate"], depth["metric"]) == ("level-ground", True, False)
    manifest = read_manifest(out)
    assert (manifest.projection.type, manifest.depth.scale) == ("equirectangular", "relative")
    known = np.stack([frame.depth for frame in read_clip(takes / "a", PANORAMA_FILES)])
    np.savez(tmp_path / "depth.npz", depth=known)
    told = _said(
        "bake", clip, "--depth", tmp_path / "depth.npz", "--sphere-width", 256, "--out", tmp_path / "known"
    )  # fmt: skip
    assert told["report"]["depth"]["estimator"] == "known"
    assert read_manifest(tmp_path / "known").projection.type == "equirectangular"


def test_what_cannot_be_layered_as_a_sphere_is_refused_in_words(takes: Path, tmp_path: Path) -> None:
    clip, flat = takes / "a" / PANORAMA_FILES.color, takes / "a" / "clip.mp4"
    out = ("--out", tmp_path / "out")
    assert "finds no depth in a picture that is equirectangular" in _refused("bake", clip, "--depth", "parallax", *out)
    assert "twice as wide" in _refused("bake", flat, "--projection", "equirectangular", *out)
    assert "leave --projection out" in _refused("bake", takes / "a", "--projection", "fisheye", *out)
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "clip.mp4").write_bytes(flat.read_bytes())
    assert "holds no panorama" in _refused("bake", bare, "--panorama", *out)
    stereo = tmp_path / "stereo.mp4"
    data = bytearray(clip.read_bytes())
    data[data.index(b"st3d") + 8] = 1
    stereo.write_bytes(data)
    assert "one eye" in _refused("bake", stereo, *out)
    cropped = tmp_path / "cropped.mp4"
    data = bytearray(clip.read_bytes())
    data[data.index(b"equi") + 8] = 64
    cropped.write_bytes(data)
    assert "part of the sphere" in _refused("bake", cropped, *out)


def test_a_fisheyes_folder_is_laid_on_the_sphere(tmp_path: Path) -> None:
    options = ["--size", "192x108", "--seconds", "0.25", "--draft"]
    said = _said("generate", "--prompt", "Fisheye shot of a man in a street.", *options, "--out", tmp_path / "take")
    assert said["projection"] == "fisheye"
    _said("bake", tmp_path / "take", "--out", tmp_path / "layered")
    manifest = read_manifest(tmp_path / "layered")
    assert manifest.projection.type == "equirectangular"
    assert 0.1 < manifest.projection.projection_bounds_left < 0.35
    flat = _said("bake", tmp_path / "take" / "clip.mp4", "--projection", "fisheye", "--out", tmp_path / "told")
    assert flat["report"]["depth"]["estimator"] == "level-ground"
    assert read_manifest(tmp_path / "told").projection.type == "equirectangular"
