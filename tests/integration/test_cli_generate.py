"""`generate` with a panorama and in several readings: files that say what they are."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from vr_server.cli import cli
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
