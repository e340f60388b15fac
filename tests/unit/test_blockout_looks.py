"""Grades: eight looks that differ, keep their blacks, and do to the picture what they are named for."""

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from vr_server import blockout
from vr_server.blockout.finish import spill
from vr_server.blockout.grades import GRADES
from vr_server.blockout.tiny import box, staging, tiny_scene
from vr_server.domain.frame import Frame
from vr_server.staging.scene import Scene, StaticNode


def shot(style: str | None, hour: str = "day", scene: Scene | None = None) -> Frame:
    stage = staging(camera_m=(1.0, 1.2, 3.5))
    stage = stage.model_copy(update={"style": style, "sky": stage.sky.model_copy(update={"time_of_day": hour})})
    scene = replace(scene or tiny_scene(moving=False), staging=stage)
    return next(iter(blockout.render(scene, width_px=192, height_px=128, fps=Fraction(2), quality="draft")))


@pytest.fixture(scope="module")
def pictures() -> dict[str | None, np.ndarray]:
    return {style: shot(style).color.astype(np.float64) for style in (None, *GRADES)}


def test_there_are_the_eight_looks_a_director_can_name():
    assert set(GRADES) == {
        "blue_grey", "warm_golden", "noir", "ink_wash", "neon", "bleached", "moonlit", "overcast"
    }  # fmt: skip


def test_every_look_differs_from_every_other_at_a_glance(pictures):
    for a, b in itertools.combinations(pictures, 2):
        assert np.abs(pictures[a] - pictures[b]).mean() > 8, (a, b)


def test_no_look_crushes_blacks_or_burns_out(pictures):
    for style, picture in pictures.items():
        luma = picture @ (0.2126, 0.7152, 0.0722)
        assert (luma < 4).mean() < 0.02, style
        assert (luma > 253).mean() < 0.1, style
        assert luma.std() > 8, style


def test_looks_do_what_they_are_named_for(pictures):
    def colour(style: str | None) -> np.ndarray:
        return pictures[style].mean(axis=(0, 1)) / pictures[style].mean()

    plain = colour(None)
    assert np.ptp(pictures["noir"], axis=-1).max() <= 2
    assert colour("warm_golden")[0] > plain[0] + 0.05
    assert colour("warm_golden")[2] < plain[2] - 0.1
    for cold in ("blue_grey", "moonlit"):
        assert colour(cold)[2] - colour(cold)[0] > plain[2] - plain[0] + 0.05
    assert pictures["moonlit"].mean() < 0.85 * pictures[None].mean()

    def chroma(style: str | None) -> float:
        return float(np.ptp(pictures[style], axis=-1).mean())

    for pale in ("ink_wash", "bleached", "overcast"):
        assert chroma(pale) < 0.8 * chroma(None)
    assert chroma("neon") > chroma(None)


def test_ink_draws_the_outline_of_things():
    frame = shot("ink_wash")
    luma = frame.color.astype(np.float64) @ (0.2126, 0.7152, 0.0722)
    inside = frame.ids == 7
    rim = inside & ~(np.roll(inside, 2, 1) & np.roll(inside, -2, 1))
    assert luma[rim].mean() < 0.75 * luma[inside & ~rim].mean()


def test_a_style_that_is_no_look_leaves_the_picture_plain():
    np.testing.assert_array_equal(shot("no_such_look").color, shot(None).color)


def test_what_shines_spills_over_its_edge():
    scene = tiny_scene(moving=False)
    bulb = replace(box((0.9, 1.4, -0.1), (1.1, 1.6, 0.1), (1.0, 0.2, 0.7)), name="neon", emission=8.0)
    frame = shot("neon", "night", replace(scene, static=(*scene.static, StaticNode(bulb, 21, "sign", np.eye(4)))))
    plain = spill(frame.color, around=False)
    at = frame.ids == 21
    y, x = (int(v.mean()) // 8 for v in np.nonzero(at))
    assert plain[y, x].max() > 5 * plain[1, 1].max()
    assert plain[y, x, 0] > plain[y, x, 1]  # in the colour of the sign


def test_a_glow_runs_on_where_the_sides_of_a_sphere_meet():
    picture = np.zeros((64, 128, 3), np.uint8)
    picture[24:40, 112:] = 255
    assert spill(picture, around=False)[4, 0].max() < 1 < spill(picture, around=True)[4, 0].max()
