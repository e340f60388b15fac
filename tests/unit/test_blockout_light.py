"""What the light does: shadows, suns, edges, brightness, and the same picture every time."""

import os
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from vr_server import blockout
from vr_server.blockout.exposure import MEAN_CODE
from vr_server.blockout.grades import GRADES, PLAIN, make_print
from vr_server.blockout.jit import prepare_cache
from vr_server.blockout.tiny import box, staging, sun, tiny_scene
from vr_server.domain.frame import Frame
from vr_server.domain.staging import PathKey, Subject
from vr_server.staging.scene import Scene, StaticNode


def first_frame(scene: Scene, width: int = 192, height: int = 128, quality: str = "final") -> Frame:
    clip = blockout.render(scene, width_px=width, height_px=height, fps=Fraction(2), quality=quality)
    return next(iter(clip))


def luma(frame: Frame) -> np.ndarray:
    return frame.color.astype(np.float64) @ (0.2126, 0.7152, 0.0722)


def world_of(frame: Frame) -> np.ndarray:
    """float64 [h, w, 3] world metres of each pixel of a level camera."""
    h, w = frame.depth.shape
    focal = 0.5 * h / np.tan(0.5 * frame.camera.yfov_rad)
    y, x = np.mgrid[0:h, 0:w] + 0.5
    z = np.where(np.isfinite(frame.depth), frame.depth, 0)
    local = np.stack([(x - w / 2) / focal * z, -(y - h / 2) / focal * z, -z], axis=-1)
    return local + frame.camera.t_world_camera[:3, 3]


@pytest.mark.parametrize("quality", ["draft", "final"])
def test_ground_in_the_cubes_shadow_is_darker_and_open_ground_is_evenly_lit(quality):
    stage = staging(camera_m=(0.0, 2.0, 5.0), bodies=(sun((-1.0, 1.0, 0.0)),), fog_density_per_m=0.0)
    frame = first_frame(tiny_scene(stage, moving=False), quality=quality)
    p, bright = world_of(frame), luma(frame)
    ground = (frame.ids == 0) & np.isfinite(frame.depth)
    # the light falls to the right at 45 degrees: the cube darkens x 0.5..1.5, z -0.5..0.5
    shade = ground & (p[..., 0] > 0.7) & (p[..., 0] < 1.3) & (np.abs(p[..., 2]) < 0.3)
    open_ground = ground & (p[..., 0] < -0.9) & (p[..., 0] > -2.0) & (np.abs(p[..., 2]) < 1.5)
    assert shade.sum() > 30
    assert open_ground.sum() > 100
    assert bright[shade].mean() < 0.75 * bright[open_ground].mean()
    assert bright[open_ground].min() > 0.8 * bright[open_ground].mean()  # no acne


def test_two_suns_are_two_bright_discs():
    bodies = (sun((-0.25, 0.2, -1.0), radius_rad=0.03), sun((0.25, 0.25, -1.0), radius_rad=0.03, illuminance=1.0))
    frame = first_frame(tiny_scene(staging(bodies=bodies)), 320, 200)
    sky = np.isinf(frame.depth)
    discs = (sky & (luma(frame) > 0.97 * luma(frame)[sky].max())).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(discs)
    assert count - 1 == 2
    assert (stats[1:, cv2.CC_STAT_AREA] > 40).all()


def test_colour_edges_stand_where_ids_and_depth_change():
    stage = staging(camera_m=(0.0, 0.5, 4.0), bodies=(sun((0.3, 0.8, 0.6)),))
    frame = first_frame(tiny_scene(stage, moving=False), 256, 192)
    row = 192 // 2 + 8
    red = frame.color[row].astype(np.float64) @ (1.0, -0.5, -0.5)  # the cube is red, what lies behind is not
    inside = frame.ids[row] == 7
    steps = np.flatnonzero(np.diff(inside.astype(int)))
    assert len(steps) == 2
    assert np.abs(np.diff(frame.depth[row].clip(max=1e3)))[steps].min() > 1.0
    halfway = (red[inside].mean() + red[~inside].mean()) / 2
    for step, crossing in zip(steps, np.flatnonzero(np.diff((red > halfway).astype(int))), strict=True):
        assert abs(int(step) - int(crossing)) <= 1


def test_silhouettes_are_antialiased():
    frame = first_frame(tiny_scene(staging(camera_m=(1.5, 2.2, 4.0)), moving=False), 256, 192)
    inside = (frame.ids == 7).astype(np.uint8)
    rim = cv2.dilate(inside, np.ones((3, 3), np.uint8)) - cv2.erode(inside, np.ones((3, 3), np.uint8))
    red = frame.color.astype(np.float64) @ (1.0, -0.5, -0.5)
    low, high = np.quantile(red[(rim == 1)], (0.1, 0.9))
    between = (red > low + 0.25 * (high - low)) & (red < high - 0.25 * (high - low)) & (rim == 1)
    assert between.sum() > 0.1 * rim.sum()


def test_the_same_scene_gives_the_same_bytes_twice():
    clip = blockout.render(tiny_scene(), width_px=64, height_px=48, fps=Fraction(4), quality="final")
    for a, b in zip(clip, clip, strict=True):
        np.testing.assert_array_equal(a.color, b.color)
        np.testing.assert_array_equal(a.depth, b.depth)
        np.testing.assert_array_equal(a.ids, b.ids)


@pytest.mark.parametrize("illuminance", [0.3, 12.0])
def test_the_exposure_follows_the_light(illuminance):
    bodies = (sun((0.5, 0.8, 0.3), illuminance=illuminance),)
    frame = first_frame(tiny_scene(staging(bodies=bodies)))
    assert luma(frame).mean() / 255 == pytest.approx(MEAN_CODE["day"], abs=0.12)
    assert (frame.color == 255).all(axis=-1).mean() < 0.02


@pytest.mark.parametrize("style", [None, *GRADES])
def test_the_curves_of_a_print_rise_from_dark_to_bright(style):
    curves = make_print(GRADES.get(style, PLAIN)).curves
    assert curves.shape == (3, 4096)
    assert (np.diff(curves, axis=1) >= -1e-3).all()
    assert curves[:, 0].max() < 30
    assert curves[:, -1].min() > 195


def test_compiled_kernels_older_than_their_sources_are_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr("numba.config.CACHE_DIR", "")
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    (tmp_path / "kernels.py").write_text("")
    old, new = cache / "kernels.old.nbi", cache / "kernels.new.nbi"
    old.write_text("")
    new.write_text("")
    stamp = (tmp_path / "kernels.py").stat().st_mtime
    os.utime(old, (stamp - 10, stamp - 10))
    os.utime(new, (stamp + 10, stamp + 10))
    assert prepare_cache(tmp_path) == cache
    assert not old.exists()
    assert new.exists()


@pytest.mark.parametrize("weather", ["rain", "snow", "leaves", "sparks"])
def test_weather_is_in_the_picture_but_not_in_its_depth(weather):
    dry = staging(camera_m=(0.0, 1.6, 6.0))
    wet = dry.model_copy(update={"weather": (weather,)})
    a, b = (first_frame(tiny_scene(stage, moving=False), 320, 180) for stage in (dry, wet))
    np.testing.assert_array_equal(a.depth, b.depth)
    np.testing.assert_array_equal(a.ids, b.ids)
    changed = np.abs(a.color.astype(int) - b.color).max(axis=-1) > 5
    assert 0.0005 < changed.mean() < 0.2


def test_a_brighter_sky_is_a_brighter_picture():
    plain = staging()
    bright = plain.model_copy(update={"sky": plain.sky.model_copy(update={"exposure": 1.6})})
    a, b = (luma(first_frame(tiny_scene(stage))).mean() for stage in (plain, bright))
    assert b > 1.15 * a


def glowing(scene: Scene) -> Scene:
    """The scene with a small lamp one metre over the ground, two metres to the cube's left."""
    bulb = replace(box((-2.1, 1.0, -0.1), (-1.9, 1.3, 0.1), (1.0, 0.7, 0.4)), name="bulb", emission=3.0)
    return replace(scene, static=(*scene.static, StaticNode(bulb, 21, "lamp", np.eye(4))))


@pytest.mark.parametrize(("hour", "lit"), [("night", True), ("day", False)])
def test_lamps_light_what_is_near_them_after_dark(hour, lit):
    plain = staging(camera_m=(0.0, 2.0, 6.0), fog_density_per_m=0.0)
    stage = plain.model_copy(update={"sky": plain.sky.model_copy(update={"time_of_day": hour})})
    dark, bright = (first_frame(s) for s in (tiny_scene(stage), glowing(tiny_scene(stage))))
    p, ground = world_of(dark), (dark.ids == 0) & (bright.ids == 0) & np.isfinite(dark.depth)
    near = ground & (np.hypot(p[..., 0] + 2, p[..., 2]) < 1)
    far = ground & (np.hypot(p[..., 0] - 3, p[..., 2]) < 1)
    assert min(near.sum(), far.sum()) > 50
    gain = [luma(bright)[where].mean() / luma(dark)[where].mean() for where in (near, far)]
    assert (gain[0] > 1.25 * gain[1]) == lit


def test_an_actor_against_the_light_is_not_black():
    stage = staging(camera_m=(0.0, 1.0, 4.0), bodies=(sun((0.0, 0.3, -1.0)),), fog_density_per_m=0.0)
    path = (PathKey(t_s=0, position_m=(0, 0, 0), yaw_rad=0),)
    actor = Subject(object_id=7, key="a", kind="man", label="a", size_m=(1, 1, 1), path=path)
    thing, person = (
        first_frame(tiny_scene(s, moving=False)) for s in (stage, stage.model_copy(update={"subjects": (actor,)}))
    )
    face = thing.ids == 7
    assert luma(person)[face].mean() > 1.15 * luma(thing)[face].mean()


def test_dust_is_in_the_picture_but_not_in_its_depth():
    ball = np.array([[0.0, 0.8, 1.5, 0.8, 0.6, 0.9, 0.2, 0.1]])
    clear = tiny_scene(staging(), moving=False)
    a, b = first_frame(clear), first_frame(replace(clear, puffs_at=lambda _: ball))
    np.testing.assert_array_equal(a.depth, b.depth)
    np.testing.assert_array_equal(a.ids, b.ids)
    changed = np.abs(a.color.astype(int) - b.color).max(axis=-1) > 8
    assert 0.01 < changed.mean() < 0.4
