"""Panoramas and fisheyes against analytic rays: radial depth, ids, seams, and a level horizon."""

import math
from fractions import Fraction

import numpy as np
import pytest

from vr_server import blockout
from vr_server.blockout.tiny import LEVEL, staging, tiny_scene
from vr_server.domain.errors import InvalidInput
from vr_server.domain.frame import Frame
from vr_server.domain.staging import CameraKey, CameraPath, Staging

EYE = (0.9, 1.4, 2.6)
HEIGHT = 96


def looking(rotation: tuple[float, float, float, float] = LEVEL, **more) -> Staging:
    key = CameraKey(t_s=0, position_m=EYE, rotation=rotation, yfov_rad=more.pop("yfov_rad", 0.8))
    return staging(fog_density_per_m=0.0).model_copy(update={"camera": CameraPath(keys=(key,), lens_mm=28, **more)})


def panorama(stage: Staging, height: int = HEIGHT) -> Frame:
    scene = tiny_scene(stage, moving=False)
    return next(iter(blockout.panorama(scene, height_px=height, fps=Fraction(2), quality="final")))


def sphere_rays(height: int) -> np.ndarray:
    """float64 [h, 2h, 3], unit, of an equirectangular picture that looks to -Z."""
    y, x = np.mgrid[0:height, 0 : 2 * height] + 0.5
    lon, lat = (x / height - 1) * np.pi, (0.5 - y / height) * np.pi
    return np.stack([np.sin(lon) * np.cos(lat), np.sin(lat), -np.cos(lon) * np.cos(lat)], axis=-1)


def fisheye_rays(width: int, height: int, yfov_rad: float) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width] + 0.5
    u, v = x - width / 2, height / 2 - y
    radius = np.hypot(u, v)
    theta = radius * yfov_rad / height
    return np.stack([u / radius * np.sin(theta), v / radius * np.sin(theta), -np.cos(theta)], axis=-1)


def cast(d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Radial depth and ids of `tiny_scene` (no slider) from EYE along unit rays."""
    origin = np.array(EYE)
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = np.where(d[..., 1] < 0, -origin[1] / d[..., 1], np.inf)
        hit = origin + d * np.where(np.isfinite(floor), floor, 0)[..., None]
        floor = np.where(np.abs(hit[..., [0, 2]]).max(axis=-1) < 200, floor, np.inf)
        a, b = (np.array([-0.5, 0, -0.5]) - origin) / d, (np.array([0.5, 1, 0.5]) - origin) / d
    enter, leave = np.minimum(a, b).max(axis=-1), np.maximum(a, b).min(axis=-1)
    cube = np.where((enter < leave) & (enter > 0), enter, np.inf)
    return np.minimum(floor, cube), np.where(cube < floor, 7, 0)


def check(frame: Frame, rays: np.ndarray) -> None:
    depth, ids = cast(rays)
    assert (frame.ids == ids).mean() > 0.985  # the cube's outline falls within a pixel of where it should
    near = (depth < 6) & (frame.ids == ids)
    assert near.mean() > 0.1
    error = np.abs(frame.depth[near] / depth[near] - 1)
    assert np.quantile(error, 0.99) < 0.03
    assert np.median(error) < 1e-4
    assert np.isinf(frame.depth[rays[..., 1] > 0.02][ids[rays[..., 1] > 0.02] == 0]).all()


def test_a_panorama_has_the_radial_depth_and_ids_of_the_whole_sphere():
    frame = panorama(looking())
    assert frame.color.shape == (HEIGHT, 2 * HEIGHT, 3)
    check(frame, sphere_rays(HEIGHT))


@pytest.mark.parametrize("yfov_rad", [1.4, 2.8])
def test_a_fisheye_is_equidistant_with_radial_depth(yfov_rad):
    scene = tiny_scene(looking(projection="fisheye", yfov_rad=yfov_rad), moving=False)
    clip = blockout.render(scene, width_px=96, height_px=96, fps=Fraction(2), quality="final")
    assert clip.plan.projection == "fisheye"
    check(next(iter(clip)), fisheye_rays(96, 96, yfov_rad))


def test_a_panorama_stays_level_and_faces_where_the_camera_does():
    turn, pitch = math.pi / 4, -0.6
    yaw = np.array([0, math.sin(turn), 0, math.cos(turn)])  # a quarter to the left
    tilt = np.array([math.sin(pitch / 2), 0, 0, math.cos(pitch / 2)])
    x1, y1, z1, w1 = yaw
    x2, y2, z2, w2 = tilt
    q = (
        w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
        w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
        w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
    )
    plain, turned = panorama(looking()), panorama(looking(q))
    np.testing.assert_array_equal(np.roll(plain.ids, HEIGHT // 2, axis=1), turned.ids)
    clip = blockout.panorama(tiny_scene(looking(q)), height_px=32, fps=Fraction(4), quality="draft")
    assert clip.plan.projection == "equirectangular"
    assert all(c.t_world_camera[1, 1] == 1.0 and c.yfov_rad == math.pi for c in clip.plan.cameras)


def test_no_seam_shows_where_faces_meet():
    frame = panorama(looking(), 160)
    ground = sphere_rays(160)[..., 1] < -0.15
    color = frame.color.astype(np.float64).mean(axis=-1)
    step = np.abs(np.diff(color, axis=1))
    plain = ground[:, 1:] & (cast(sphere_rays(160))[1][:, 1:] == 0)
    seams = [k * 40 - 1 + 20 for k in range(8) if k % 2 == 0]  # at 45, 135, ... degrees
    across = np.array([step[:, s][plain[:, s]].mean() for s in seams])
    assert across.max() < step[plain].mean() + 2.0


def test_the_plan_of_a_panorama_bounds_its_radial_depth():
    clip = blockout.panorama(tiny_scene(looking()), height_px=48, fps=Fraction(4), quality="draft")
    for frame in clip:
        finite = frame.depth[np.isfinite(frame.depth)]
        assert clip.plan.near_m <= finite.min() <= finite.max() <= clip.plan.far_m


def test_a_panorama_of_odd_height_is_refused():
    with pytest.raises(InvalidInput, match="130x65"):
        blockout.panorama(tiny_scene(), height_px=65, fps=Fraction(24), quality="draft")
