"""Depth edges on colour edges, depth held steady in time, gaps filled, and a layout where nothing is measured."""

import cv2
import numpy as np
from depth_fixtures import Stills, filmed

from benchmarks import ground_truth, novel_view, scenes
from vr_server.domain.frame import CameraPose, Frame
from vr_server.layering import DecodedLayers, reproject
from vr_server.layering.depth import CameraTrack, GroundPlane, silent
from vr_server.layering.depth.edges import sharpen
from vr_server.layering.depth.steady import scale_and_shift, steady
from vr_server.layering.depth.upright import fill
from vr_server.layering.layers import split

SIZE = (640, 360)


def mono_like(depth):
    """What a network would give: blurred by 3 px (at 1280) and warped by 5 % of low frequency; inverse depth."""
    inverse = np.where(np.isfinite(depth), 1 / depth, 0).astype(np.float32)
    warp = np.random.default_rng(1).normal(0, 0.05, (4, 6)).astype(np.float32)
    return cv2.GaussianBlur(inverse, (0, 0), 3 * SIZE[0] / 1280) * (
        1 + cv2.resize(warp, SIZE, interpolation=cv2.INTER_CUBIC)
    )


def from_beside(frame: Frame, inverse) -> float:
    """Mean PSNR of views from 25 cm to the right and left."""
    depth = np.where(inverse > 1 / 400, 1 / np.maximum(inverse, 1e-6), np.inf).astype(np.float32)
    layers = split(Frame(0, frame.color, depth, None, frame.camera), head_box_m=0.25)
    decoded = DecodedLayers(layers.color, layers.inverse1, layers.color2, layers.inverse2, layers.held, scenes.YFOV_RAD)
    found = []
    for offset in ((0.25, 0.0, 0.0), (-0.25, 0.0, 0.0)):
        truth = scenes.render(ground_truth.beside(frame.camera, offset), *SIZE)
        seen, _ = reproject(decoded, offset_m=offset)
        found.append(novel_view.psnr_db(seen, truth.color, ground_truth.within_source(truth, frame.camera)))
    return float(np.mean(found))


def test_sharpened_edges_win_back_what_a_blurred_depth_lost():
    frame = filmed([scenes.pose(0.0, 1.5, 0.0)], SIZE)[0]
    blurred = mono_like(frame.depth)
    gain = from_beside(frame, sharpen(blurred, frame.color)) - from_beside(frame, blurred)
    assert gain > 1.5


def test_smooth_depth_is_left_alone():
    slope = np.repeat(np.linspace(0.02, 0.5, 90, dtype=np.float32)[:, None], 160, axis=1)
    color = np.random.default_rng(2).integers(0, 256, (90, 160, 3), dtype=np.uint8)
    inner = np.s_[8:-8]
    assert np.array_equal(sharpen(slope, color)[inner], slope[inner])


def test_scale_and_shift_survive_a_fifth_of_outliers():
    rng = np.random.default_rng(3)
    source = rng.uniform(0, 1, (50, 60)).astype(np.float32)
    target = 1.7 * source + 0.2
    target[:10] = rng.uniform(0, 5, (10, 60))
    a, b = scale_and_shift(source, target.astype(np.float32))
    assert abs(a - 1.7) < 0.01
    assert abs(b - 0.2) < 0.01


def _grey(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (45, 80), dtype=np.uint8)
    return cv2.resize(cv2.GaussianBlur(noise, (0, 0), 2), (160, 90))


def test_flicker_goes():
    base = np.linspace(0.1, 0.9, 90 * 160, dtype=np.float32).reshape(90, 160)
    flicker = np.random.default_rng(4).uniform(0.8, 1.25, 6)
    held = steady(np.stack([base * f for f in flicker]).astype(np.float16), [_grey(1)] * 6, align=True).astype(float)
    assert np.abs(held[1:] - held[0]).max() < 0.02


def test_what_comes_nearer_does_not_lag():
    """A wall that comes 2 % nearer each frame: smoothed without a notion of it, it would be 2.4 % late."""
    base = np.linspace(0.3, 0.6, 90 * 160, dtype=np.float32).reshape(90, 160)
    true = np.stack([base * 1.02**n for n in range(24)])
    held = steady(true.astype(np.float16), [_grey(1)] * 24, align=False).astype(float)
    assert np.abs(held / true - 1)[12:].max() < 0.008


def test_what_moves_does_not_drag_its_depth_along():
    """A bright square jumps over a plain wall: where it was is wall at once, where it is it is near at once."""
    pictures, inverse = [], []
    for n in range(5):
        picture, depth = _grey(1).copy(), np.full((90, 160), 0.1, np.float16)
        picture[30:60, 20 + 25 * n : 40 + 25 * n], depth[30:60, 20 + 25 * n : 40 + 25 * n] = 255, 0.8
        pictures.append(picture)
        inverse.append(depth)
    held = steady(np.stack(inverse), pictures, align=False).astype(float)
    assert (np.abs(held - np.stack(inverse)) < 0.05).mean() > 0.999


def test_gaps_take_the_far_side_and_large_ones_stand_on_the_ground():
    ground = np.repeat(np.linspace(0.0, 1.0, 100, dtype=np.float32)[:, None], 200, axis=1)
    seen = np.ones((100, 200), bool)
    seen[20:80, 90:110] = False
    filled = fill(np.where(seen, ground, 0).astype(np.float32), seen)
    assert np.allclose(filled[30:75, 95:105], ground[81, 0], atol=0.03)


def test_a_layout_has_a_ground_a_wall_and_movers_that_stand_up():
    rng = np.random.default_rng(5)
    wall = cv2.resize(rng.integers(0, 256, (45, 80, 3), dtype=np.uint8), (320, 180))
    mover = cv2.resize(rng.integers(0, 256, (9, 4, 3), dtype=np.uint8), (40, 90))
    pictures = []
    for n in range(6):
        picture = wall.copy()
        picture[60:150, 60 + 6 * n : 100 + 6 * n] = mover
        pictures.append(picture)
    still = CameraTrack(
        (CameraPose(np.eye(4), 0.75),) * 6, moves=False, metric=False, confidence=0.9, reason="it stands"
    )
    found = GroundPlane().estimate(Stills(pictures), still, silent)
    assert found.approximate
    assert not found.metric
    depth = found.inverse[2].astype(float)
    assert depth[-1].mean() > 3 * depth[100].mean() > depth[20, 250]
    on_mover, beside = depth[100, 85], depth[100, 280]
    assert on_mover > 1.5 * beside
