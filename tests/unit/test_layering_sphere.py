"""Spheres: their seam and poles, a fisheye laid on one, and what earlier frames saw."""

import math
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from benchmarks.scenes import pose, render, render_sphere
from vr_server.domain.frame import CameraPose, ClipPlan, Frame
from vr_server.domain.manifest import Equirectangular, Manifest
from vr_server.layering.decode import DecodedLayers
from vr_server.layering.depth import LevelGround
from vr_server.layering.shapes import FisheyeShape, SphereShape, shape_of
from vr_server.layering.sphere import Window, bounds_of, fisheye_rays, looked_into, places, window_of
from vr_server.layering.sphere_layers import SphereMemory, split_sphere
from vr_server.layering.sphere_surround import surround_of
from vr_server.layering.view import Lens, look

HEIGHT = 128
EYE = pose(0.0, 1.5, 0.0)
LENS = Lens(1.0, 160, 90)


def sphere(height: int = HEIGHT, camera: CameraPose = EYE) -> Frame:
    return render_sphere(camera, height)


def rolled(frame: Frame, columns: int) -> Frame:
    """The same sphere with its seam elsewhere."""
    color, depth = np.roll(frame.color, columns, axis=1), np.roll(frame.depth, columns, axis=1)
    assert frame.ids is not None
    ids = np.ascontiguousarray(np.roll(frame.ids, columns, axis=1))
    return replace(frame, color=np.ascontiguousarray(color), depth=np.ascontiguousarray(depth), ids=ids)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(np.mean((a.astype(float) - b) ** 2), 1e-9)))


def layered(frame: Frame, window: Window = Window()) -> DecodedLayers:  # noqa: B008
    found = split_sphere(frame, window, head_box_m=0.25)
    return DecodedLayers(
        found.color, found.inverse1, found.color2, found.inverse2, found.held, math.pi, window=window
    )  # fmt: skip


def plan_of(frame: Frame, projection="equirectangular", count: int = 1) -> ClipPlan:
    height, width = frame.depth.shape
    return ClipPlan(width, height, Fraction(24), count, 1.0, 60.0, (frame.camera,) * count, projection=projection)


@pytest.mark.parametrize(
    "window", [Window(), Window(-1.6, 0.9, 3.2, 1.8), Window(-math.pi, 0.5, math.tau, 0.7), Window(0.3, 1.2, 1.0, 0.4)]
)
def test_the_manifests_bounds_give_the_window_back(window: Window) -> None:
    again = window_of(Equirectangular.model_validate_json(bounds_of(window).model_dump_json()))
    for name in ("left_rad", "top_rad", "width_rad", "height_rad"):
        assert getattr(again, name) == pytest.approx(getattr(window, name), abs=1e-9)
    assert again.all_round == window.all_round
    ray = window.directions(40, 20)
    x, y = places(window, ray, (40, 20))
    np.testing.assert_allclose(x, np.broadcast_to(np.arange(40), (20, 40)), atol=1e-3)
    np.testing.assert_allclose(y, np.broadcast_to(np.arange(20)[:, None], (20, 40)), atol=1e-3)


def test_bounds_that_leave_nothing_are_refused() -> None:
    with pytest.raises(ValidationError, match="leave nothing"):
        Equirectangular(projection_bounds_left=0.5, projection_bounds_right=0.5)
    schema = Manifest.model_json_schema()["properties"]["projection"]
    assert schema["discriminator"]["propertyName"] == "type"


def test_where_the_seam_lies_makes_no_difference() -> None:
    frame = sphere()
    here = split_sphere(frame, Window(), head_box_m=0.25)
    shift = 2 * HEIGHT // 4 * 2 - 6  # the seam falls into what stands ahead
    there = split_sphere(rolled(frame, shift), Window(), head_box_m=0.25)
    assert here.held.sum() > 150
    np.testing.assert_array_equal(np.roll(here.held, shift // 2, axis=1), there.held)
    np.testing.assert_array_equal(np.roll(here.inverse2, shift // 2, axis=1), there.inverse2)
    close = np.abs(np.roll(here.color2, shift // 2, axis=1).astype(int) - there.color2)
    assert close.max() <= 12  # the wide mean is taken over every fourth sample
    assert close.mean() < 0.05


def test_nothing_is_torn_or_hidden_in_an_empty_room_without_edges() -> None:
    height = 256
    rays = Window().directions(2 * height, height)
    with np.errstate(divide="ignore"):
        depth = np.min(np.where(np.abs(rays) > 0, np.array([3.0, 1.5, 4.0]) / np.abs(rays), np.inf), axis=-1)
    color = np.full((height, 2 * height, 3), 128, np.uint8)
    layers = layered(Frame(0, color, depth.astype(np.float32), None, EYE))
    assert not layers.held.any()
    for yaw, pitch in ((0.0, 0.0), (math.pi, 0.0), (0.5, 1.5), (0.5, -1.5)):
        seen = look(layers, offset_m=(0.2, 0.1, -0.1), yaw_rad=yaw, pitch_rad=pitch, lens=LENS)
        assert np.isfinite(seen.depth_m).all(), (yaw, pitch)
        assert np.abs(seen.rgb.astype(int) - 128).max() <= 1, (yaw, pitch)


@pytest.mark.parametrize(("yaw", "pitch"), [(0.0, 0.0), (math.pi, 0.1), (0.3, -1.4), (0.3, 1.4)])
def test_from_the_middle_a_view_is_the_picture_itself(yaw: float, pitch: float) -> None:
    frame = sphere(256)
    seen = look(layered(frame), offset_m=(0, 0, 0), yaw_rad=yaw, pitch_rad=pitch, lens=LENS)
    truth = render(replace_yfov(pose(0, 1.5, 0, yaw, pitch)), LENS.width_px, LENS.height_px).color
    assert not np.isnan(seen.depth_m).any()
    assert psnr(seen.rgb, truth) > 26


def replace_yfov(camera: CameraPose) -> CameraPose:
    return CameraPose(camera.t_world_camera, LENS.yfov_rad)


def test_beside_the_middle_two_layers_beat_one_mesh_and_depths_are_right() -> None:
    frame = sphere(256)
    layers = layered(frame)
    none = np.zeros_like(layers.inverse1)
    mesh = replace(
        layers, inverse2=layers.inverse1, color2=layers.color1, inverse1=none, held=none.astype(np.uint8)
    )  # fmt: skip
    for offset in ((0.25, 0.0, 0.0), (-0.2, 0.15, 0.0)):
        camera = replace_yfov(pose(offset[0], 1.5 + offset[1], offset[2]))
        truth = render(camera, LENS.width_px, LENS.height_px)
        ours = look(layers, offset_m=offset, lens=LENS)
        theirs = look(mesh, offset_m=offset, lens=LENS)
        assert psnr(ours.rgb, truth.color) > psnr(theirs.rgb, truth.color) + 1.0
        off = np.abs(1 / ours.depth_m - 1 / truth.depth)
        assert np.median(off) < 0.002
        assert np.quantile(off, 0.9) < 0.03


@pytest.mark.parametrize("moves", [0.0, 0.012])
def test_what_somebody_walked_away_from_is_known_in_a_sphere(moves: float) -> None:
    """A striped wall all round, and before it a grey card that walks, over the seam too."""
    height, stripes = 64, np.random.default_rng(7).integers(0, 256, (97, 3))
    rays = Window().directions(2 * height, height)

    def shot(n: int, *, card: bool = True) -> Frame:
        eye = np.array([moves * n, 0.0, 0.0])
        across = np.hypot(rays[..., 0], rays[..., 2])
        along = eye[0] * rays[..., 0] / across
        wall = (-along + np.sqrt(along**2 - eye[0] ** 2 + 64)) / across  # a cylinder of 8 m
        at = eye + rays * wall[..., None]
        color = stripes[np.floor(np.arctan2(at[..., 0], -at[..., 2]) * 9).astype(int) % 97].astype(np.uint8)
        depth = wall.copy()
        if card:
            turn = (np.arctan2(rays[..., 0], -rays[..., 2]) - (math.pi - 0.9 + 0.04 * n) + math.pi) % math.tau - math.pi
            on = (np.abs(turn) < 0.2) & (np.abs(rays[..., 1]) < 0.5)
            color[on], depth[on] = 128, 2.0
        camera = np.eye(4)
        camera[:3, 3] = eye
        return Frame(n, color, depth.astype(np.float32), None, CameraPose(camera, math.pi))

    memory, last = SphereMemory(Window()), 39
    for n in range(last):
        split_sphere(shot(n), Window(), head_box_m=0.25, memory=memory)
    alone = split_sphere(shot(last), Window(), head_box_m=0.25)
    remembered = split_sphere(shot(last), Window(), head_box_m=0.25, memory=memory)
    truth = cv2.resize(shot(last, card=False).color, (height, height // 2), interpolation=cv2.INTER_AREA).astype(float)
    held = alone.held > 0
    assert held.sum() > 50
    errors = [float(np.abs(found.color2 - truth)[held].mean()) for found in (alone, remembered)]
    assert errors[1] < 0.6 * errors[0], errors


def test_a_large_panorama_is_made_smaller_and_its_depth_is_never_averaged() -> None:
    frame = sphere(256)
    shape = shape_of(plan_of(frame), sphere_width_px=320)
    assert isinstance(shape, SphereShape)
    taken = shape.taken(frame)
    assert taken.color.shape == (160, 320, 3)
    assert (shape.plan.width_px, shape.plan.height_px) == (320, 160)
    assert set(np.unique(taken.depth)) <= set(np.unique(frame.depth))
    assert shape.projection == Equirectangular()


@pytest.mark.parametrize("yfov_rad", [1.8, 2.9])
def test_a_fisheye_lies_on_the_sphere_where_its_lens_saw_it(yfov_rad: float) -> None:
    full = sphere(256)
    rays = fisheye_rays((256, 144), yfov_rad)
    x, y = places(Window(), rays, (512, 256))
    color = cv2.remap(full.color, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    depth = cv2.remap(full.depth, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_WRAP)
    frame = Frame(0, color, depth, None, CameraPose(EYE.t_world_camera, yfov_rad))
    shape = shape_of(plan_of(frame, "fisheye"))
    assert isinstance(shape, FisheyeShape)
    window, taken = shape.window, shape.taken(frame)
    assert window.height_rad == pytest.approx(yfov_rad)
    assert window.width_rad == pytest.approx(min(yfov_rad * 16 / 9, math.tau), rel=1e-6)
    assert (taken.depth.shape[1], taken.depth.shape[0]) == (shape.plan.width_px, shape.plan.height_px)
    ours = look(layered(taken, window), offset_m=(0, 0, 0), lens=LENS)
    truth = render(replace_yfov(EYE), LENS.width_px, LENS.height_px).color
    inner = (slice(8, -8), slice(8, -8))
    assert psnr(ours.rgb[inner], truth[inner]) > 24
    assert psnr(shape.front(taken)[::8, ::8], cv2.resize(truth, (160, 90))) > 22
    around = shape.surround(taken)
    assert around.shape[1] == 2 * around.shape[0]


def test_the_surround_of_a_turned_part_has_its_middle_where_the_camera_heads() -> None:
    window = Window(-0.5, 0.4, 1.0, 0.8)
    color = np.full((80, 100, 3), (200, 30, 30), np.uint8)
    turn = pose(0, 1.5, 0, yaw_rad=0.7, pitch_rad=0.5)
    frame = Frame(0, color, np.full((80, 100), 3, np.float32), None, turn)
    around = surround_of(frame, window, 90)
    assert tuple(around[45 - int(0.5 / math.pi * 90), 90]) == (200, 30, 30)
    whole = surround_of(sphere(), Window(), HEIGHT)
    assert np.abs(whole.astype(int) - sphere().color).max() <= 2


class Grey:
    """Three grey pictures."""

    width_px, height_px, fps, frame_count = 128, 64, Fraction(24), 3

    def __iter__(self):
        return iter([np.full((64, 128, 3), 90, np.uint8)] * 3)


@pytest.mark.parametrize("projection", ["equirectangular", "fisheye"])
def test_without_depth_the_ground_is_level_and_nothing_claims_metres(projection) -> None:
    clip = LevelGround(Grey(), projection, None, math.pi)
    frames = list(clip)
    assert len(frames) == clip.plan.frame_count == 3
    assert not clip.plan.metric
    assert clip.found.approximate
    assert "level ground" in clip.found.reason
    rays = Window().directions(128, 64) if projection == "equirectangular" else fisheye_rays((128, 64), math.pi)
    ground = rays[..., 1] < -0.2
    np.testing.assert_allclose((frames[0].depth * -rays[..., 1])[ground], 1.6, rtol=1e-4)
    assert clip.plan.near_m <= frames[0].depth.min() <= frames[0].depth.max() <= clip.plan.far_m


def test_a_view_over_the_seam_is_the_view_without_it() -> None:
    frame = sphere()
    ahead = look(layered(frame), offset_m=(0.1, 0.0, 0.0), lens=LENS).rgb
    back = look(layered(rolled(frame, HEIGHT)), offset_m=(-0.1, 0.0, 0.0), yaw_rad=math.pi, lens=LENS).rgb
    assert psnr(back, ahead) > 45
    glance = looked_into(frame.color, Window(), 1.0, (160, 90))
    assert psnr(looked_into(np.roll(frame.color, 40, axis=1), Window(), 1.0, (160, 90)), glance) < 30
    assert psnr(glance, look(layered(frame), offset_m=(0, 0, 0), lens=LENS).rgb) > 28
