"""One unit for a shot's depth and its camera's way: where a network gives the depth, parallax says how the two compare."""

from dataclasses import replace

import cv2
import numpy as np

from vr_server.domain.frame import CameraPose

from .flow import greys
from .parallax import best_look, work_size
from .port import F16, F32, TRUSTED, CameraTrack, DepthTrack, Pictures
from .steady import scale_and_shift
from .two_view import intrinsics

_LOOKS = 5
_LEAST_SEEN = 0.2
_MOST_APART = 0.3
"""Median share by which the network's depth may differ from the parallax that it is fitted to."""


def in_one_unit(clip: Pictures, camera: CameraTrack, depth: DepthTrack) -> tuple[CameraTrack, DepthTrack]:
    """The same in one unit. Where none can be found the camera's place is held: depth without its way is better than a way
    that does not belong to it."""
    if depth.of_way or not _travels(camera):
        return camera, depth
    if depth.metric and camera.metric:
        return camera, depth
    pairs = _pairs(clip, camera, depth) if camera.confidence >= TRUSTED and not depth.approximate else None
    if pairs is None:
        return _held(camera, "its way shares no unit with the depth and is left out"), depth
    theirs, parallax = pairs
    if depth.metric:
        factor = _factor(theirs, parallax)
        apart = np.median(np.abs(parallax - factor * theirs) / parallax)
        if not apart < _MOST_APART:
            return _held(camera, "its way does not agree with the depth and is left out"), depth
        return rescaled(camera, factor, metric=True), depth
    a, b = scale_and_shift(theirs, parallax)
    if not np.median(np.abs(a * theirs + b - parallax) / parallax) < _MOST_APART:
        return _held(camera, "its way does not agree with the depth and is left out"), depth
    fitted: F16 = np.maximum(np.float32(a) * depth.inverse.astype(np.float32) + np.float32(b), 0).astype(np.float16)
    told = "the camera's own way" if camera.metric else depth.scale_reason
    return camera, replace(depth, inverse=fitted, metric=camera.metric, scale_reason=told, of_way=True)


def _factor(theirs: F32, parallax: F32) -> float:
    """The factor that brings `theirs` nearest to `parallax`: near things, which parallax tells best, count most."""
    keep = np.ones(len(theirs), bool)
    factor = 1.0
    for _ in range(4):
        x, y = theirs[keep].astype(np.float64), parallax[keep].astype(np.float64)
        factor = float((x * y).sum() / max(float((x * x).sum()), 1e-12))
        apart = np.abs(parallax - factor * theirs)
        keep = apart <= max(2.0 * float(np.median(apart)), 1e-9)
    return factor


def rescaled(camera: CameraTrack, unit_m: float, *, metric: bool) -> CameraTrack:
    """The way with its unit taken for `unit_m`."""
    cameras = tuple(_placed(c, unit_m) for c in camera.cameras)
    return replace(camera, cameras=cameras, metric=metric)


def _placed(camera: CameraPose, factor: float) -> CameraPose:
    pose = camera.t_world_camera.copy()
    pose[:3, 3] *= factor
    return CameraPose(pose, camera.yfov_rad)


def _held(camera: CameraTrack, why: str) -> CameraTrack:
    return replace(
        camera, cameras=tuple(_placed(c, 0.0) for c in camera.cameras), moves=False, reason=f"{camera.reason}; {why}"
    )


def _travels(camera: CameraTrack) -> bool:
    return any(bool(np.any(c.t_world_camera[:3, 3] != camera.cameras[0].t_world_camera[:3, 3])) for c in camera.cameras)


def _pairs(clip: Pictures, camera: CameraTrack, depth: DepthTrack) -> tuple[F32, F32] | None:
    """Inverse depth by the network and by parallax, float32 [n] each, where parallax is seen; None where it hardly is."""
    size = work_size(clip.width_px, clip.height_px)
    pictures = greys(clip, size)
    theirs, parallax = [], []
    asked = np.unique(np.linspace(0, len(pictures) - 1, _LOOKS).astype(int))
    for n in asked:
        k = intrinsics(*size, camera.cameras[n].yfov_rad)
        look = best_look(int(n), 1 if n < len(pictures) / 2 else -1, pictures, camera, k)
        if look is None or look.seen < _LEAST_SEEN:
            continue
        given = np.asarray(cv2.resize(depth.inverse[n].astype(np.float32), size, interpolation=cv2.INTER_LINEAR))
        seen = (look.weight > 0) & (look.inverse > 0)
        theirs.append(given[seen].astype(np.float32))
        parallax.append(look.inverse[seen])
    if not theirs:
        return None
    return np.concatenate(theirs), np.concatenate(parallax)
