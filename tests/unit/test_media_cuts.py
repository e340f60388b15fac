"""Cuts, told from fast motion, flashes and fades; and what a cut begins anew."""

from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from depth_fixtures import Stills, network
from test_layering_memory import frame, walk

from vr_server.domain.frame import ClipPlan, Frame
from vr_server.layering import Baker, decode_frame
from vr_server.layering.depth import KNOWN, GroundPlane, NetworkDepth, find_depth
from vr_server.media.cuts import find_cuts, small_grey

YFOV_RAD, SIZE = 0.65, (320, 180)


@cache
def backdrop(seed: int) -> np.ndarray:
    """Blots of several sizes, uint8 [720, 2560, 3]."""
    rng = np.random.default_rng(seed)
    blots = [cv2.resize(rng.integers(0, 256, (45 // k, 160 // k, 3), np.uint8), (2560, 720)) for k in (1, 3, 6)]
    return np.mean(blots, axis=0).astype(np.uint8)


def turning(first_yaw: float, step: float, count: int = 12, seed: int = 1) -> list[np.ndarray]:
    """A camera before a far backdrop, turned left by `step` a frame."""
    f = SIZE[1] / 2 / np.tan(YFOV_RAD / 2)
    shown = np.array([[f, 0, SIZE[0] / 2], [0, f, SIZE[1] / 2], [0, 0, 1]])
    hung = np.array([[600.0, 0, 1280], [0, 600, 360], [0, 0, 1]])
    pictures = []
    for n in range(count):
        c, s = np.cos(first_yaw + step * n), np.sin(first_yaw + step * n)
        turn = np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])  # picture axes: x right, y down, z ahead
        way = hung @ turn @ np.linalg.inv(shown)
        pictures.append(cv2.warpPerspective(backdrop(seed), way, SIZE, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP))
    return pictures


def moments(pictures) -> list[int]:
    return [cut.frame for cut in find_cuts(small_grey(p) for p in pictures)]


def test_a_cut_within_the_same_set_is_found_and_a_fast_pan_is_none():
    here, there = turning(-0.3, 0.05), turning(0.9, 0.0, 8)
    assert moments(here) == []
    assert moments([*here, *there]) == [12]
    assert moments([*here[:6], *there, *here[6:]]) == [6, 14]


def test_a_flash_a_fade_and_black_frames_are_no_cuts():
    here = turning(0.0, 0.01)
    bright = np.clip(here[5].astype(int) * 3 + 90, 0, 255).astype(np.uint8)
    assert moments([*here[:5], bright, np.full_like(bright, 255), *here[7:]]) == []
    assert moments([*here[:4], *[np.zeros_like(bright)] * 4, *here[8:]]) == []
    assert moments([(p * (n / 12)).astype(np.uint8) for n, p in enumerate(here)]) == []


@pytest.fixture(scope="module")
def joined() -> Stills:
    """A camera that turns left, then one that turns right, elsewhere."""
    return Stills([*turning(0.0, 0.012), *turning(0.2, -0.012, seed=2)])


def test_a_camera_starts_anew_at_a_cut_and_the_report_says_where(joined):
    clip = find_depth(joined, (GroundPlane(),))
    assert clip.found.cuts == (12,)
    assert "turns on the spot" in clip.found.camera_reason
    for first, sign in ((0, 1), (12, -1)):
        poses = [c.t_world_camera for c in clip.plan.cameras[first : first + 12]]
        assert np.array_equal(poses[0], np.eye(4))
        turned = np.arctan2(poses[-1][0, 2], poses[-1][2, 2])
        assert sign * turned == pytest.approx(0.012 * 11, abs=0.03)


def test_depth_is_neither_smoothed_nor_scaled_across_a_cut(tmp_path, joined):
    """What is found of the second shot is what is found of it alone."""
    net = (NetworkDepth(network(tmp_path / "n.onnx", ["b", "t", 3, "h", "w"]), name="tiny", side=56),)
    both, alone = find_depth(joined, net), find_depth(Stills(joined.pictures[12:]), net)
    ratio = [a.depth / b.depth for a, b in zip([*both][12:], alone, strict=True)]
    assert np.ptp(np.quantile(ratio, (0.05, 0.95))) < 0.02


def baked(tmp_path: Path, frames: list[Frame], cuts: tuple[int, ...]):
    plan = ClipPlan(160, 96, Fraction(24), len(frames), 2.9, 8.1, tuple(f.camera for f in frames))
    baker = Baker(tmp_path, plan, shot_id="s", take_id="t", depth=replace(KNOWN, cuts=cuts))
    for n, each in enumerate(frames):
        baker.add(replace(each, index=n))
    baker.finish()
    return decode_frame(tmp_path, len(frames) - 1).color2.astype(float)


def test_what_was_seen_before_a_cut_is_not_remembered_after_it(tmp_path):
    """The wall of the first shot is no background for the second, though it hangs at the same distance."""
    before, after = walk(), [frame(n, 0.0, -0.2, flutter=5) for n in range(2)]
    alone = baked(tmp_path / "alone", after, ())
    told = baked(tmp_path / "told", [*before, *after], (len(before),))
    untold = baked(tmp_path / "untold", [*before, *after], ())
    behind = np.s_[12:, 20:60]
    assert np.abs(told - alone)[behind].mean() < 0.25 * np.abs(untold - alone)[behind].mean()


def test_pictures_of_any_size_and_few_of_them_are_taken():
    assert find_cuts([]) == ()
    assert find_cuts([np.zeros((4, 6), np.uint8)] * 3) == ()
    noise = np.random.default_rng(1).integers(0, 256, (9, 90, 160), dtype=np.uint8)
    assert find_cuts(cv2.GaussianBlur(p, (0, 0), 2) for p in noise) == ()  # it changes like that all the time
