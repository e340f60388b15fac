"""The hidden layer: what stands behind an edge, and only there."""

from dataclasses import replace

import cv2
import numpy as np

from vr_server.domain.frame import CameraPose, Frame
from vr_server.layering import DecodedLayers, reproject
from vr_server.layering.grow import Reach, grow, nearest_of_four
from vr_server.layering.layers import split

REACH_PX_M = 60.0


def _grown(inverse: np.ndarray, rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    inverse2, rgb2, held = np.empty_like(inverse), np.empty_like(rgb), np.empty(inverse.shape, np.uint8)
    row_width = np.ones(len(inverse), np.float32)
    grow(inverse, rgb, np.zeros(inverse.shape, np.uint16), Reach(REACH_PX_M), row_width, inverse2, rgb2, held)
    return inverse2, rgb2, held


def _card_before_a_slanted_floor() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = np.linspace(0.05, 0.15, 60, dtype=np.float32)[:, None]
    floor = np.broadcast_to(rows, (60, 80)).copy()
    inverse = floor.copy()
    inverse[10:50, 30:50] = 0.5
    rgb = np.full((60, 80, 3), (200, 180, 160), np.uint8)
    rgb[10:50, 30:50] = (0, 0, 250)
    return inverse, rgb, floor


def test_the_far_side_is_carried_on_under_a_card() -> None:
    inverse, rgb, floor = _card_before_a_slanted_floor()
    inverse2, rgb2, held = _grown(inverse, rgb)
    card = np.zeros_like(held)
    card[10:50, 30:50] = 1
    np.testing.assert_array_equal(held, card)  # 10 px to its middle, and parallax opens more than 20
    assert np.abs(inverse2 - floor)[card == 1].max() < 0.01
    assert np.abs(rgb2[card == 1].astype(int) - (200, 180, 160)).max() <= 1


def test_nothing_is_hidden_where_parallax_cannot_reach() -> None:
    inverse, rgb, _ = _card_before_a_slanted_floor()
    wide = inverse.copy()
    wide[:, 15:] = 0.12  # 60 px/m * (0.12 - 0.05..) opens 4 px at most
    _, _, held = _grown(wide, rgb)
    assert held[:20, 15].all()
    assert not held[:, 24:].any()


def test_a_copy_of_the_front_layer_where_there_is_no_edge() -> None:
    inverse = np.broadcast_to(np.linspace(0.05, 0.4, 60, dtype=np.float32)[:, None], (60, 80)).copy()
    rgb = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    inverse2, rgb2, held = _grown(inverse, rgb)
    assert not held.any()
    np.testing.assert_array_equal(inverse2, inverse)
    np.testing.assert_array_equal(rgb2, rgb)


def test_a_held_sample_is_always_well_behind() -> None:
    rng = np.random.default_rng(5)
    inverse = np.repeat(np.repeat(rng.uniform(0, 1, (6, 8)), 10, 0), 10, 1).astype(np.float32)
    inverse2, _, held = _grown(inverse, np.zeros((60, 80, 3), np.uint8))
    assert held.any()
    assert (inverse2[held == 1] < 0.95 * inverse[held == 1]).all()
    np.testing.assert_array_equal(inverse2[held == 0], inverse[held == 0])


def test_halving_keeps_a_wire_and_the_sky() -> None:
    depth = np.full((8, 8), np.inf, np.float32)
    depth[:, 3] = 2.0
    inverse = np.empty((4, 4), np.float32)
    nearest_of_four(depth, inverse)
    np.testing.assert_array_equal(inverse[:, 1], np.full(4, 0.5, np.float32))
    np.testing.assert_array_equal(inverse[:, [0, 2, 3]], np.zeros((4, 3), np.float32))


def _red_card_with_soft_edges() -> Frame:
    """A red card 1 m away before a wall of grey stripes; its edge mixes both over a pixel, as a renderer's."""
    cover = np.zeros((720, 1280), np.float32)
    cover[200:520, 160:320] = 1
    depth = np.where(cover > 0, 1.0, 4.0).astype(np.float32)
    wall = np.full((720, 1280, 3), 120, np.float32)
    wall[np.arange(720) // 12 % 2 == 0] = 60
    share = cv2.blur(cover, (3, 3))[:, :, None]
    color = np.rint(share * (230, 20, 20) + (1 - share) * wall).astype(np.uint8)
    half = (slice(120, 600), slice(0, 640))
    return Frame(0, color[half].copy(), depth[half].copy(), None, CameraPose(np.eye(4), 0.75))


def test_no_colour_of_the_foreground_is_left_behind_it() -> None:
    layers = split(_red_card_with_soft_edges(), head_box_m=0.25)
    hidden = layers.color2[layers.held == 1].astype(int)
    assert len(hidden) > 4000
    assert (hidden[:, 0] - hidden[:, 1]).max() <= 6  # the wall is grey; the card's red is 210 above its green


def test_deep_behind_the_edge_no_streaks_are_left() -> None:
    layers = split(_red_card_with_soft_edges(), head_box_m=0.25)
    deep = cv2.distanceTransform(layers.held, cv2.DIST_L2, 3) > 15
    assert deep.sum() > 500
    steps = np.abs(np.diff(layers.color2[:, :, 0].astype(int), axis=0))[deep[1:]]
    assert steps.max() <= 2


def test_noise_in_the_coded_depth_does_not_bring_the_back_layer_forward() -> None:
    size, step = (36, 64), 0.005
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, size) * step
    inverse = np.full(size, 0.2, np.float32)
    white, black = np.full((72, 128, 3), 255, np.uint8), np.zeros((*size, 3), np.uint8)
    same = np.zeros(size, np.uint8)
    shown, _ = reproject(
        DecodedLayers(white, inverse, black, (inverse + noise).astype(np.float32), same, 0.75, step),
        offset_m=(0.05, 0, 0),
    )
    assert (shown[8:-8, 8:-8] == 255).all()


def _people(far_m: float, wall_m: float, right: int) -> Frame:
    """A green person 4 m away before a grey wall, and a red one at `far_m` who shows up to column `right` of the picture."""
    depth, ids = np.full((360, 640), wall_m, np.float32), np.full((360, 640), 1000, np.uint16)
    color = np.full((360, 640, 3), 120, np.uint8)
    for name, columns, away, rgb in (
        (2, slice(200, right), far_m, (210, 30, 30)),
        (1, slice(290, 410), 4.0, (20, 160, 20)),
    ):
        depth[80:340, columns], ids[80:340, columns], color[80:340, columns] = away, name, rgb
    return Frame(0, color, depth, ids, CameraPose(np.eye(4), 0.75))


def _rims(frame: Frame) -> list[np.ndarray]:
    """Red over green behind the green person's edge, away from head and feet, without and with ids: 180 for the red person,
    0 for the wall, nan where nothing is."""
    layers = [split(f, head_box_m=0.25) for f in (replace(frame, ids=None), frame)]
    for found in layers:
        held = found.held > 0
        assert (found.inverse2[held] < 0.951 * found.inverse1[held]).all()
    shown = [np.where(k.held > 0, k.color2[..., 0].astype(float) - k.color2[..., 1], np.nan) for k in layers]
    return [s[60:150, 145:147] for s in shown]


def test_behind_somebody_is_who_stands_there_however_near() -> None:
    """15 cm apart is less than a depth edge: without ids nothing is behind the nearer person."""
    blind, told = _rims(_people(4.15, 8.0, 290))
    assert np.isnan(blind).all()
    assert (told > 150).all()


def test_the_wall_between_two_people_does_not_take_their_colour() -> None:
    """Four pixels of wall show between them, and the farther one leans on it: without ids both are one surface."""
    blind, told = _rims(_people(4.6, 4.85, 286))
    assert (blind > 150).all()
    assert (np.abs(told) < 30).all()
