"""Real background for the hidden layer: what earlier frames saw where somebody stands now."""

import numpy as np
import pytest

from vr_server.domain.frame import CameraPose, Frame
from vr_server.layering.layers import split
from vr_server.layering.memory import Memory

SIZE = (96, 160)
TAN = np.tan(0.35)
WALL_M, CARD_M = 8.0, 3.0


COLOURS = np.random.default_rng(7).integers(0, 256, (97, 3))


def wall(x, flutter):
    """Colour of the wall at x metres: stripes that no smooth guess could draw, others for each `flutter`. uint8 [..., 3]"""
    return COLOURS[(np.floor(x * 2.0).astype(int) + 31 * flutter) % 97].astype(np.uint8)


def frame(index: int, camera_x: float, card_x: float | None, *, ids: bool = True, flutter: int = 0) -> Frame:
    """A wall at 8 m, and before it at 3 m a grey card, 0.9 m wide, of a subject; seen from `camera_x`."""
    height, width = SIZE
    u = ((np.arange(width) + 0.5) / width * 2 - 1) * TAN * width / height
    x = np.broadcast_to(camera_x + u * WALL_M, SIZE)
    color, depth = wall(x, flutter), np.full(SIZE, WALL_M, np.float32)
    names = np.full(SIZE, 1000, np.uint16)
    if card_x is not None:
        card = np.broadcast_to(np.abs(camera_x + u * CARD_M - card_x) < 0.45, SIZE).copy()
        card[:20] = False
        color[card], depth[card], names[card] = 128, CARD_M, 1
    pose = np.eye(4)
    pose[0, 3] = camera_x
    return Frame(index, color, depth, names if ids else None, CameraPose(pose, 2 * float(np.arctan(TAN))))


def hidden_error(frames: list[Frame]) -> tuple[float, float]:
    """Mean error of the hidden layer's colour behind the card in the last frame: without and with the frames before."""
    memory = Memory()
    for before in frames[:-1]:
        split(before, head_box_m=0.25, memory=memory)
    last = frames[-1]
    alone, remembered = split(last, head_box_m=0.25), split(last, head_box_m=0.25, memory=memory)
    truth = frame(0, last.camera.t_world_camera[0, 3], None).color[::2, ::2].astype(float)
    held = (alone.held > 0) & (last.depth[::2, ::2] == CARD_M)
    assert held.sum() > 200
    assert np.array_equal(alone.held, remembered.held)
    return tuple(float(np.abs(found.color2 - truth)[held].mean()) for found in (alone, remembered))


def walk(still_x: float = 0.0, step: float = 0.0, **kind):
    """Forty frames of a card that walks to the right; the camera goes `step` a frame."""
    return [frame(n, still_x + step * n, -1.6 + 0.045 * n, **kind) for n in range(40)]


@pytest.mark.parametrize("step", [0.0, 0.01])
def test_what_somebody_walked_away_from_is_known(step):
    alone, remembered = hidden_error(walk(step=step))
    assert remembered < 0.45 * alone


def test_a_travelling_camera_remembers_behind_things_that_stand():
    frames = [frame(n, -0.8 + 0.02 * n, 0.1, ids=False) for n in range(40)]
    alone, remembered = hidden_error(frames)
    assert remembered < 0.85 * alone


def test_subjects_leave_no_ghosts():
    """The card itself is never taken for the wall behind it: nothing grey comes into the hidden layer."""
    memory = Memory()
    frames = walk()
    for before in frames[:-1]:
        split(before, head_box_m=0.25, memory=memory)
    layers = split(frames[-1], head_box_m=0.25, memory=memory)
    grey = (np.abs(layers.color2.astype(int) - 128).max(axis=2) < 25) & (layers.held > 0)
    assert grey.sum() < 0.05 * layers.held.sum()


def test_what_each_frame_tells_otherwise_is_not_believed():
    """A wall whose stripes jump from frame to frame (leaves in the wind): the soft guess stays."""
    frames = [frame(n, 0.0, -1.6 + 0.045 * n, flutter=n) for n in range(40)]
    memory = Memory()
    for before in frames[:-1]:
        split(before, head_box_m=0.25, memory=memory)
    alone, remembered = split(frames[-1], head_box_m=0.25), split(frames[-1], head_box_m=0.25, memory=memory)
    changed = (alone.color2 != remembered.color2).any(axis=2) & (alone.held > 0)
    assert changed.mean() < 0.35 * (alone.held > 0).mean()


def test_the_hidden_layer_stays_behind_the_front_one():
    memory = Memory()
    for each in walk(step=0.01):
        layers = split(each, head_box_m=0.25, memory=memory)
        held = layers.held > 0
        assert (layers.inverse2[held] < 0.951 * layers.inverse1[held]).all()
