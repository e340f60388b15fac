"""Water mirrors what stands behind it, puddles do where the ground is wet, and ripples move."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from vr_server import blockout
from vr_server.blockout.geometry import wetness
from vr_server.blockout.tiny import box, floor, staging, sun, tiny_scene
from vr_server.domain.staging import PathKey, Subject
from vr_server.staging.scene import Scene, StaticNode

SIGN = replace(box((-0.6, 0.0, -1.2), (0.6, 1.6, -1.0), (1.0, 0.05, 0.05)), name="neon-board", emission=2.0)


def scene(ground: str, *, wet: float = 0.0, sign: bool = True) -> Scene:
    stage = staging(camera_m=(0.0, 0.8, 4.0), bodies=(sun((0.5, 0.8, 0.3), illuminance=0.2),), fog_density_per_m=0.0)
    night = stage.sky.model_copy(update={"time_of_day": "night", "zenith": (0.02, 0.03, 0.06), "horizon": (0.05,) * 3})
    stage = stage.model_copy(update={"wetness": wet, "sky": night, "duration_s": 1.0})
    nodes = [StaticNode(replace(floor(200.0, (0.1, 0.1, 0.1)), name=ground), 0, "ground", np.eye(4))]
    nodes += [StaticNode(SIGN, 7, "sign", np.eye(4))] if sign else []
    return Scene(stage, tuple(nodes))


def pictures(of: Scene) -> list[np.ndarray]:
    clip = blockout.render(of, width_px=192, height_px=128, fps=Fraction(2), quality="draft")
    return [f.color.astype(np.float64) for f in clip]


def redness(picture: np.ndarray) -> float:
    """How much redder the ground before the sign is than the ground beside it."""
    red = picture[..., 0] - picture[..., 1:].mean(axis=-1)
    return float(red[96:112, 80:112].mean() - red[96:112, 8:40].mean())


@pytest.mark.parametrize(("ground", "wet"), [("water", 0.0), ("ground", 1.0)])
def test_water_and_wet_ground_mirror_a_sign(ground, wet):
    mirrored, dry = (redness(pictures(scene(g, wet=w))[0]) for g, w in ((ground, wet), ("ground", 0.0)))
    assert mirrored > dry + 8


def test_ripples_move_while_dry_ground_stands_still():
    first, last = pictures(scene("water"))
    still, same = pictures(scene("ground"))
    assert np.abs(first - last)[70:].max() > 6
    np.testing.assert_array_equal(still, same)


def test_rain_on_stone_is_wet_in_stagings_that_do_not_say_so():
    stage = staging().model_copy(update={"weather": ("rain",)})
    assert wetness(stage) > 0.5
    assert wetness(stage.model_copy(update={"ground": "sand"})) == 0.0
    assert wetness(stage.model_copy(update={"ground": "sand", "wetness": 0.4})) == 0.4


def test_a_face_in_a_dark_room_can_be_read():
    room = tiny_scene(staging(bodies=()), moving=False)
    dark = room.staging.sky.model_copy(
        update={"time_of_day": "night", "zenith": (0.01,) * 3, "horizon": (0.01,) * 3, "ground_bounce": (0.01,) * 3}
    )
    lamp = replace(box((1.5, 2.0, -0.1), (1.7, 2.2, 0.1), (1.0, 0.8, 0.5)), name="bulb", emission=3.0)
    nodes = (*room.static, StaticNode(lamp, 21, "lamp", np.eye(4)))
    stage = room.staging.model_copy(update={"sky": dark})

    def face(actor: bool) -> float:
        path = (PathKey(t_s=0, position_m=(0, 0, 0), yaw_rad=0),)
        person = Subject(object_id=7, key="a", kind="man", label="a", size_m=(1, 1, 1), path=path)
        shown = stage.model_copy(update={"subjects": (person,) if actor else ()})
        clip = blockout.render(replace(room, staging=shown, static=nodes), width_px=192, height_px=128, fps=Fraction(2), quality="draft")  # fmt: skip
        frame = next(iter(clip))
        return float(frame.color[frame.ids == 7].mean())

    assert face(True) > face(False) + 5
