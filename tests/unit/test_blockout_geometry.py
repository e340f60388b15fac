"""Depth and ids against analytic ray casting, clipping and watertightness."""

import math
from fractions import Fraction

import numpy as np
import pytest

from vr_server import blockout
from vr_server.blockout.tiny import LEVEL, staging, tiny_scene
from vr_server.domain.errors import InvalidInput
from vr_server.domain.frame import Frame
from vr_server.domain.staging import CameraKey, CameraPath, Staging
from vr_server.staging.scene import Mesh, Scene, StaticNode

WIDTH, HEIGHT = 128, 96


def first_frame(scene: Scene, width: int = WIDTH, height: int = HEIGHT) -> Frame:
    clip = blockout.render(scene, width_px=width, height_px=height, fps=Fraction(2), quality="final")
    return next(iter(clip))


def rays(stage: Staging) -> np.ndarray:
    """float64 [h, w, 3] through pixel centres, with unit planar depth; the camera is level and looks to -Z."""
    focal = 0.5 * HEIGHT / math.tan(0.5 * stage.camera.keys[0].yfov_rad)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    return np.stack([(x - WIDTH / 2) / focal, -(y - HEIGHT / 2) / focal, np.full_like(x, -1.0)], axis=-1)


def cast(stage: Staging) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Analytic depth, ids and a mask of pixels clear of the cube's silhouette by a thousandth of a metre."""
    origin = np.array(stage.camera.keys[0].position_m)
    d = rays(stage)
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = np.where(d[..., 1] < 0, -origin[1] / d[..., 1], np.inf)
        hit = origin + d * floor[..., None]
        floor = np.where(np.abs(hit[..., [0, 2]]).max(axis=-1) < 200, floor, np.inf)

        def box(grow: float) -> np.ndarray:
            low = np.array([-0.5 - grow, -grow, -0.5 - grow])
            high = np.array([0.5 + grow, 1 + grow, 0.5 + grow])
            a, b = (low - origin) / d, (high - origin) / d
            enter, leave = np.minimum(a, b).max(axis=-1), np.maximum(a, b).min(axis=-1)
            return np.where((enter < leave) & (enter > 0), enter, np.inf)

        cube = box(0.0)
        sure = np.isfinite(box(1e-3)) == np.isfinite(box(-1e-3))
    depth = np.minimum(floor, cube)
    return depth, np.where(cube < floor, 7, 0), sure


@pytest.mark.parametrize("camera_m", [(0.0, 1.6, 4.0), (1.3, 0.4, 2.0), (-0.2, 3.0, 9.0)])
def test_depth_and_ids_are_those_of_a_ray_through_the_pixel_centre(camera_m):
    stage = staging(camera_m=camera_m)
    frame = first_frame(tiny_scene(stage, moving=False))
    depth, ids, sure = cast(stage)
    assert sure.mean() > 0.97
    np.testing.assert_array_equal(frame.ids[sure], ids[sure])
    seen = sure & (depth < 90)
    assert seen.mean() > 0.4
    np.testing.assert_allclose(frame.depth[seen], depth[seen], rtol=2e-6)
    assert np.isinf(frame.depth[sure & np.isinf(depth)]).all()


def test_depth_is_planar_not_radial():
    stage = staging(camera_m=(0.0, 0.5, 4.0), yfov_rad=0.26)
    frame = first_frame(tiny_scene(stage, moving=False))
    face = frame.ids == 7
    assert face.sum() > 500
    np.testing.assert_allclose(frame.depth[face], 3.5, rtol=1e-6)


def grid_floor(cells: int, half_m: float) -> Mesh:
    """A floor of many triangles with jittered corners: every inner edge is shared by two of them."""
    rng = np.random.default_rng(3)
    line = np.linspace(-half_m, half_m, cells + 1)
    x, z = np.meshgrid(line, line)
    inner = np.zeros_like(x)
    inner[1:-1, 1:-1] = 0.3 * half_m / cells
    positions = np.stack([x + inner * rng.uniform(-1, 1, x.shape), 0 * x, z + inner * rng.uniform(-1, 1, x.shape)], -1)
    n = np.arange((cells + 1) ** 2).reshape(cells + 1, cells + 1)
    a, b, c, d = n[:-1, :-1].ravel(), n[1:, :-1].ravel(), n[1:, 1:].ravel(), n[:-1, 1:].ravel()
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    count = positions.size // 3
    return Mesh(
        "grid",
        positions.reshape(-1, 3).astype(np.float32),
        np.tile(np.float32([0, 1, 0]), (count, 1)),
        np.full((count, 3), 0.5, np.float32),
        triangles.astype(np.int32),
    )


@pytest.mark.parametrize("roll", [0.0, 0.7])
def test_a_floor_cut_by_the_near_plane_has_no_holes(roll):
    down = -0.9  # steep enough that no sky is left in the picture, with floor before and behind the camera plane
    pitch = np.array([math.sin(down / 2), 0, 0, math.cos(down / 2)])
    turn = np.array([0, 0, math.sin(roll / 2), math.cos(roll / 2)])
    x1, y1, z1, w1 = pitch
    x2, y2, z2, w2 = turn
    q = (
        w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
        w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
        w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
    )
    key = CameraKey(t_s=0, position_m=(0.1, 0.12, 0.2), rotation=q, yfov_rad=1.0)
    stage = staging().model_copy(update={"camera": CameraPath(keys=(key,), lens_mm=20)})
    scene = Scene(stage, (StaticNode(grid_floor(60, 12.0), 5, "floor", np.eye(4)),))
    frame = first_frame(scene)
    assert (frame.ids == 5).all()
    assert np.isfinite(frame.depth).all()


def test_what_moves_is_where_its_time_says():
    clip = blockout.render(tiny_scene(), width_px=WIDTH, height_px=HEIGHT, fps=Fraction(10), quality="draft")
    first, *_, last = clip
    assert first.index == 0
    assert last.index == clip.plan.frame_count - 1 == 4
    near, far = first.depth[first.ids == 9].min(), last.depth[last.ids == 9].min()
    assert near - far == pytest.approx(0.4, abs=1e-3)  # it comes 1 m/s towards the camera


def test_the_plan_bounds_every_depth_and_knows_every_camera():
    keys = tuple(
        CameraKey(t_s=t, position_m=(0.0, 1.0 + t, 4.0 - t), rotation=LEVEL, yfov_rad=0.8 + 0.1 * t) for t in (0.0, 1.0)
    )
    stage = staging(duration_s=1.0).model_copy(update={"camera": CameraPath(keys=keys, lens_mm=28)})
    clip = blockout.render(tiny_scene(stage), width_px=64, height_px=48, fps=Fraction(8), quality="draft")
    plan = clip.plan
    assert plan.frame_count == len(plan.cameras) == 8
    assert plan.cameras[4].yfov_rad == pytest.approx(0.85)
    np.testing.assert_allclose(plan.cameras[4].t_world_camera[:3, 3], (0.0, 1.5, 3.5))
    for frame in clip:
        finite = frame.depth[np.isfinite(frame.depth)]
        assert plan.near_m <= finite.min()
        assert finite.max() <= plan.far_m


@pytest.mark.parametrize("size", [(127, 96), (128, 95), (8, 96)])
def test_a_size_that_cannot_be_rendered_is_refused(size):
    with pytest.raises(InvalidInput, match=f"{size[0]}x{size[1]}"):
        blockout.render(tiny_scene(), width_px=size[0], height_px=size[1], fps=Fraction(24), quality="draft")
