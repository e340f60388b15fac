"""The benchmarks that judge layers: what they read, and that what they call torn is torn."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import depth_coding, novel_view
from benchmarks.ground_truth import beside, from_file
from benchmarks.scenes import SyntheticClip, render
from vr_server.domain.errors import InvalidInput
from vr_server.layering import DecodedLayers
from vr_server.layering.layers import split
from vr_server.layering.view import look

SIZE = (320, 192)
OFFSETS = np.array([[0.25, 0.0, 0.0], [0.0, 0.1, 0.0]])


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six frames and two views of the synthetic scene, as anybody's file would hold them."""
    frames = list(SyntheticClip(*SIZE, 6, samples=1))
    views = [render(beside(frames[5].camera, tuple(o)), *SIZE, samples=1).color for o in OFFSETS]
    path = tmp_path_factory.mktemp("scene") / "yard.npz"
    np.savez(
        path, color=np.stack([f.color for f in frames]), depth=np.stack([f.depth for f in frames]),
        camera=np.stack([f.camera.t_world_camera for f in frames]), yfov=frames[0].camera.yfov_rad,
        views=np.stack(views), offsets=OFFSETS, view_frames=np.array([5, 5]),
    )  # fmt: skip
    return path


def test_a_scene_from_a_file_is_measured(
    scene: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["novel_view", "--json", "--scene", str(scene)])
    novel_view.main()
    report = json.loads(capsys.readouterr().out)
    assert report["ratio"] == report["yard_ratio"] == report["yard_25cm_gain_db"]
    assert report["yard_25cm_layers_psnr_db"] > report["yard_25cm_mesh_psnr_db"] + 1
    assert report["yard_25cm_mesh_psnr_db"] > report["yard_25cm_flat_psnr_db"] + 1
    assert report["yard_10cm_mesh_psnr_db"] > report["yard_25cm_mesh_psnr_db"]
    assert report["yard_25cm_mesh_torn"] > 5 * report["yard_25cm_layers_torn"]
    assert {f"yard_10cm_{kind}_ssim" for kind in novel_view.KINDS} <= set(report)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"depth": np.zeros((6, 192, 320), np.int32)}, "depth is int32"),
        ({"depth": np.full((6, 192, 320), 1e30, np.float32)}, "cannot be metres"),
        ({"yfov": np.full(3, 0.7)}, "do not go together"),
        ({"yfov": np.float64(45)}, "radians"),
        ({"yfov": np.float64(np.nan)}, "radians"),
        ({"yfov": np.array("wide")}, "radians"),
        ({"camera": np.zeros((6, 4, 4))}, "camera 0"),
        ({"camera": np.full((6, 4, 4), np.nan)}, "camera 0"),
        ({"offsets": OFFSETS * np.nan}, "offsets must be finite"),
        ({"view_frames": np.array([5, 6])}, "6 frames"),
        ({"offsets": OFFSETS[:1]}, "do not go together"),
        ({"depth": np.full((6, 192, 320), np.inf, np.float32)}, "infinite"),
        ({"camera": None}, "camera"),
    ],
)
def test_a_file_that_is_no_scene_is_told_in_one_line(
    scene: Path, tmp_path: Path, change: dict[str, np.ndarray | None], said: str
) -> None:
    held = dict(np.load(scene)) | change
    np.savez(tmp_path / "bad.npz", **{k: v for k, v in held.items() if v is not None})
    with pytest.raises(InvalidInput, match=said) as told:
        from_file(tmp_path / "bad.npz")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"PK\x03\x04"])
def test_a_file_of_another_kind_is_no_scene(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(InvalidInput, match="no scene"):
        from_file(tmp_path / "bad.npz")


def test_a_strangers_file_need_not_be_as_ours(scene: Path, tmp_path: Path) -> None:
    """A field of view for each frame, other widths of float, and depth that is missing where sky is."""
    held = dict(np.load(scene))
    depth = held["depth"].astype(np.float64)
    depth[:, :8, :8], depth[:, :8, 8:16] = np.nan, 0
    held |= {"depth": depth, "yfov": np.linspace(0.7, 0.75, 6), "offsets": OFFSETS.astype(np.float32)}
    np.savez(tmp_path / "other.npz", **held)
    read = from_file(tmp_path / "other.npz")
    assert [camera.yfov_rad for camera in read.plan.cameras] == pytest.approx(np.linspace(0.7, 0.75, 6))
    assert np.isinf(read.frames[5].depth[:8, :16]).all()
    np.testing.assert_array_equal(read.frames[5].depth[50:], held["depth"][5, 50:].astype(np.float32))


def test_means_are_over_the_scenes_that_have_a_figure_whatever_they_are_called() -> None:
    told = novel_view.summed_up({"my_yard": {"ratio": 5.0, "25cm_gain_db": 5.0}, "a_b_c": {"ratio": 7.0}})
    assert told["my_yard_ratio"] == told["mean_25cm_gain_db"] == 5
    assert (told["ratio"], told["a_b_c_ratio"]) == (6, 7)


def test_only_what_parallax_tears_is_stretched() -> None:
    frame = render(SyntheticClip(*SIZE, 2).plan.cameras[0], *SIZE, samples=1)
    found = split(frame, head_box_m=0.25)
    layers = DecodedLayers(found.color, found.inverse1, found.color2, found.inverse2, found.held, frame.camera.yfov_rad)
    mesh = replace(layers, inverse2=layers.inverse1, color2=layers.color1, inverse1=layers.inverse1 * 0)
    assert not look(mesh, offset_m=(0, 0, 0)).stretched.any()
    aside = look(mesh, offset_m=(0.25, 0, 0)).stretched
    assert 0.02 < aside.mean() < 0.3
    assert aside.mean() > 5 * look(layers, offset_m=(0.25, 0, 0)).stretched.mean()


def test_fewer_bits_show_in_what_the_depth_coding_benchmark_says() -> None:
    clip = SyntheticClip(*SIZE, 8, samples=1)
    frames = list(clip)
    rich, poor = (depth_coding.figures(depth_coding.coded(clip.plan, frames, kbps)) for kbps in (8000, 400))
    assert 0 < rich["mean_px"] < poor["mean_px"]
    assert rich["p99_px"] < poor["p99_px"]
    assert rich["flying"] < poor["flying"]
    assert rich["flying_at_edges"] > rich["flying"]
    assert rich["ratio"] == pytest.approx(rich["mean_px"] / 0.05)
