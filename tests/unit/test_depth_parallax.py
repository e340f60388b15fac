"""The camera's way and depth by parallax, against ground truth."""

import numpy as np
import pytest
from depth_fixtures import Stills, filmed
from skimage import data

from benchmarks import scenes
from vr_server.domain.errors import NoDepth
from vr_server.domain.frame import CameraPose
from vr_server.layering.depth import CameraTrack, LensPrior, MotionParallax, estimate_camera, silent
from vr_server.layering.depth.flow import DenseFlow, grey
from vr_server.layering.depth.two_view import disparity_of, from_webxr, intrinsics, relative_motion, to_webxr


@pytest.fixture(scope="module")
def sideways():
    """A camera that goes 0.8 m to the right in half a second, its frames and what is estimated of it."""
    frames = filmed([scenes.pose(-0.4 + n / 17, 1.5, 0.0) for n in range(14)], (400, 224))
    clip = Stills([f.color for f in frames])
    return frames, clip, estimate_camera(clip, LensPrior(scenes.YFOV_RAD, 0.02))


def test_the_camera_s_way_is_found_but_for_its_unit(sideways):
    frames, _, track = sideways
    assert track.moves
    assert not track.metric
    assert track.confidence > 0.6
    true = np.array([f.camera.t_world_camera[:3, 3] - frames[0].camera.t_world_camera[:3, 3] for f in frames])
    found = np.array([c.t_world_camera[:3, 3] for c in track.cameras])
    unit = (true * found).sum() / (found * found).sum()
    assert np.linalg.norm(true - unit * found) < 0.05 * np.linalg.norm(true)
    for camera in track.cameras:
        assert np.arccos(np.clip((np.trace(camera.t_world_camera[:3, :3]) - 1) / 2, -1, 1)) < np.radians(1.0)


def test_depth_by_parallax_is_right_up_to_one_factor(sideways):
    frames, clip, track = sideways
    found = MotionParallax().estimate(clip, track, silent)
    assert not found.metric
    assert not found.approximate
    true = 1 / frames[7].depth
    mine = found.inverse[7].astype(float)
    seen = np.isfinite(frames[7].depth) & (frames[7].depth < 30)
    factor = np.median(true[seen] / mine[seen])
    assert np.median(np.abs(factor * mine - true)[seen] / true[seen]) < 0.05


def test_motorcycle_pair_as_a_sideways_move():
    """Middlebury 2014: the median error of the disparity that the found depth and motion mean is within a pixel."""
    left, right, truth = data.stereo_motorcycle()
    height, width = truth.shape
    first, second = (grey(p, (width, height)) for p in (left, right))
    flow = DenseFlow(fine=True)(first, second)
    y, x = (a.ravel() for a in np.mgrid[4 : height - 4 : 7, 4 : width - 4 : 7])
    points = np.stack([x, y], axis=1).astype(float)
    k = intrinsics(width, height, 0.65)
    motion = relative_motion(points, points + flow[y, x], k)
    track = CameraTrack(
        (CameraPose(np.eye(4), 0.65), CameraPose(to_webxr(motion.rotation, motion.translation), 0.65)),
        moves=True, metric=False, confidence=1.0, reason="two views",
    )  # fmt: skip
    found = MotionParallax().estimate(Stills([left, right]), track, silent)
    rotation, way = from_webxr(*(c.t_world_camera for c in track.cameras))
    disparity = -disparity_of(found.inverse[0].astype(np.float32), k, rotation, way)[..., 0]
    known = np.isfinite(truth) & (truth > 0)
    assert np.median(np.abs(disparity - truth)[known]) <= 1.0


@pytest.mark.parametrize(("cameras", "why"), [
    ([scenes.pose(0.0, 1.5, 0.0)] * 5, "does not move"),
    ([scenes.pose(0.0, 1.5, 0.0, yaw_rad=0.012 * n) for n in range(8)], "turns on the spot"),
])  # fmt: skip
def test_without_parallax_it_refuses_and_says_so(cameras, why):
    clip = Stills([f.color for f in filmed(cameras)])
    track = estimate_camera(clip)
    assert not track.moves
    assert why in track.reason
    with pytest.raises(NoDepth, match=why):
        MotionParallax().estimate(clip, track, silent)


def test_a_turning_camera_s_turn_is_found():
    clip = Stills(
        [f.color for f in filmed([scenes.pose(0.0, 1.5, 0.0, yaw_rad=0.012 * n) for n in range(8)], (320, 180))]
    )
    track = estimate_camera(clip, LensPrior(scenes.YFOV_RAD))
    turned = track.cameras[-1].t_world_camera[:3, :3]
    assert np.arctan2(turned[0, 2], turned[2, 2]) == pytest.approx(0.012 * 7, abs=0.015)


def test_noise_is_no_camera_and_an_uncertain_way_is_refused():
    rng = np.random.default_rng(1)
    clip = Stills([rng.integers(0, 256, (90, 160, 3), dtype=np.uint8) for _ in range(6)])
    track = estimate_camera(clip)
    assert not track.moves
    assert "static camera assumed" in track.reason
    shaky = CameraTrack(track.cameras, moves=True, metric=False, confidence=0.2, reason="hardly any points agree")
    with pytest.raises(NoDepth, match="too uncertain"):
        MotionParallax().estimate(clip, shaky, silent)
