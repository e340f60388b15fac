"""Frames that wait for those after them: what one hides and a later one shows is real background too."""

from fractions import Fraction

import numpy as np
from test_layering_memory import CARD_M, SIZE, frame, walk

from vr_server.domain.frame import ClipPlan, Frame
from vr_server.layering.ahead import AHEAD, Ahead
from vr_server.layering.layers import Layers, split
from vr_server.layering.shapes import FlatShape


def ahead_of(frames: list[Frame], *, at_once: int = 4, cuts: tuple[int, ...] = ()) -> Ahead:
    cameras = tuple(f.camera for f in frames)
    plan = ClipPlan(SIZE[1], SIZE[0], Fraction(24), len(frames), 2.0, 10.0, cameras)
    return Ahead(FlatShape(plan), 0.25, at_once=at_once, cuts=cuts)


def layers_of(frames: list[Frame], **settings) -> dict[int, Layers]:
    ahead = ahead_of(frames, **settings)
    return dict([*(one for f in frames for one in ahead.push(f)), *ahead.flush()])


def error(shown: Frame, layers: Layers) -> float:
    """Mean error of the hidden layer's colour behind the card."""
    truth = frame(0, shown.camera.t_world_camera[0, 3], None).color[::2, ::2].astype(float)
    held = (layers.held > 0) & (shown.depth[::2, ::2] == CARD_M)
    assert held.sum() > 200
    return float(np.abs(layers.color2 - truth)[held].mean())


def test_the_first_come_at_once_and_all_come_in_order() -> None:
    frames = walk()
    ahead = ahead_of(frames)
    seen: list[int] = []
    for pushed, one in enumerate(frames):
        seen += [index for index, _ in ahead.push(one)]
        assert len(seen) == max(min(pushed + 1, 4), pushed + 1 - AHEAD)
    assert seen + [index for index, _ in ahead.flush()] == list(range(len(frames)))


def test_what_somebody_will_walk_away_from_is_known() -> None:
    frames = walk()
    found = layers_of(frames)
    assert error(frames[6], found[6]) < 0.45 * error(frames[6], split(frames[6], head_box_m=0.25))


def test_what_a_travelling_camera_will_see_behind_things_is_known() -> None:
    frames = [frame(n, -0.8 + 0.04 * n, 0.1, ids=False) for n in range(40)]
    found = layers_of(frames)
    assert error(frames[8], found[8]) < 0.9 * error(frames[8], split(frames[8], head_box_m=0.25))


def test_nothing_is_looked_up_across_a_cut() -> None:
    """After the cut the wall has other stripes: what the frames before it hide is not told by them."""
    frames = walk()[:20] + [frame(n, 0.0, -1.6 + 0.045 * n, flutter=1) for n in range(20, 40)]
    alone, joined = layers_of(frames[:20]), layers_of(frames, cuts=(20,))
    for index in range(20):
        assert np.array_equal(joined[index].color2, alone[index].color2)
    assert sorted(joined) == list(range(40))
