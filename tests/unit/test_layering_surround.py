"""The still picture around the frame, and the thumbnails beside it."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.scenes import SyntheticClip, pose, render
from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import CameraPose
from vr_server.layering import Baker, BakeSettings, TierSettings, read_manifest, render_view
from vr_server.layering.describe import quaternion_xyzw
from vr_server.layering.surround import extended, heading_rad, read_surround, rotation_of, seen, turned, write_surround
from vr_server.layering.thumbs import planned

SIZE = (320, 180)


def spin(camera: CameraPose) -> np.ndarray:
    return camera.t_world_camera[:3, :3]


@pytest.mark.parametrize(("yaw", "pitch"), [(0.0, 0.0), (2.5, 0.1), (-1.2, -0.5)])
def test_through_the_camera_itself_the_surround_is_its_picture(yaw: float, pitch: float) -> None:
    frame = render(pose(-0.2, 1.5, 0.3, yaw, pitch), *SIZE)
    assert heading_rad(spin(frame.camera)) == pytest.approx(yaw)
    t_pan_view = turned(yaw).T @ spin(frame.camera)
    around = extended(frame, 512)
    shown = seen(around, t_pan_view, frame.camera.yfov_rad, SIZE)
    inner = np.s_[10:-10, 10:-10]
    assert np.abs(shown[inner].astype(int) - frame.color[inner]).mean() < 6
    # to the left of the frame the picture goes on where it ends
    left = seen(around, t_pan_view @ turned(0.65), frame.camera.yfov_rad, SIZE)
    assert np.abs(left[40:-40, 150:170].mean(axis=(0, 1)) - frame.color[40:-40, :40].mean(axis=(0, 1))).max() < 40


def test_nothing_around_is_black_and_nothing_tears_behind() -> None:
    around = extended(render(pose(0, 1.5, 0, 0.4, -0.2), *SIZE), 128).astype(int)
    assert around.shape == (128, 256, 3)
    assert around.min() > 15
    assert np.abs(around[:, 0] - around[:, -1]).max() < 12


@pytest.mark.parametrize("angles", [(0.3, 0.2), (3.0, -1.0), (-1.5, 0.4)])
def test_a_pose_in_the_manifest_turns_as_the_camera_did(angles: tuple[float, float]) -> None:
    class Pose:
        rotation = quaternion_xyzw(spin(pose(0, 0, 0, *angles)))

    np.testing.assert_allclose(rotation_of(Pose), spin(pose(0, 0, 0, *angles)), atol=1e-9)


def test_what_no_layer_reaches_shows_the_surround(tmp_path: Path) -> None:
    clip = SyntheticClip(*SIZE, 3, samples=1)
    settings = BakeSettings(tiers=(TierSettings("high", 4000),))
    baker = Baker(tmp_path, clip.plan, shot_id="s", take_id="t", settings=settings)
    for frame in clip:
        baker.add(frame)
    own = np.full((64, 128, 3), (10, 200, 10), np.uint8)
    baker.surround(own)
    baker.finish()
    manifest = read_manifest(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == set(manifest.files)
    assert manifest.surround is not None
    rgb, depth = render_view(tmp_path, 2, offset_m=(0, 0, 0), yaw_rad=0.5)
    empty = np.isnan(depth)
    assert 0.2 < empty.mean() < 0.8
    assert np.abs(rgb[empty].astype(int) - (10, 200, 10)).max() < 8
    (tmp_path / manifest.surround).unlink()
    dark, _ = render_view(tmp_path, 2, offset_m=(0, 0, 0), yaw_rad=0.5)
    assert np.median(dark[empty]) == 0


def test_thumbnails_show_the_frames_that_the_manifest_names(tmp_path: Path) -> None:
    clip = SyntheticClip(*SIZE, 25, Fraction(12), samples=1)
    baker = Baker(
        tmp_path, clip.plan, shot_id="s", take_id="t", settings=BakeSettings(tiers=(TierSettings("low", 500),))
    )
    shown = {}
    for frame in clip:
        baker.add(frame)
        shown[frame.index] = frame.color
    baker.finish()
    thumbs = read_manifest(tmp_path).thumbs
    assert thumbs is not None
    assert len(thumbs.frames) == 10
    strip = cv2.imread(str(tmp_path / thumbs.file))
    assert strip is not None
    assert strip.shape == (thumbs.height, thumbs.width * 10, 3)
    for i, index in enumerate(thumbs.frames):
        cell = strip[:, i * thumbs.width : (i + 1) * thumbs.width, ::-1].astype(int)
        errors = {n: np.abs(cell - cv2.resize(shown[n], (160, 90), interpolation=cv2.INTER_AREA)).mean() for n in shown}
        assert min(errors, key=errors.__getitem__) == index


@pytest.mark.parametrize("count", [1, 3, 10, 11, 384])
def test_a_strip_never_names_a_frame_twice(count: int) -> None:
    frames = planned(count, 1280, 720).frames
    assert len(set(frames)) == len(frames) == min(count, 10)
    assert 0 <= frames[0] <= frames[-1] < count


def test_a_surround_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidMedia, match="twice as wide"):
        write_surround(tmp_path, np.zeros((64, 64, 3), np.uint8))
    assert read_surround(tmp_path, "surround.jpg") is None
    assert read_surround(tmp_path, None) is None
