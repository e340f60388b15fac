"""The camera path frame by frame."""

import math
from fractions import Fraction

import numpy as np

from vr_server.domain.frame import CameraPose
from vr_server.domain.staging import CameraPath

from .inputs import View
from .jit import F64


def _slerp(a: F64, b: F64, s: float) -> F64:
    """Unit quaternions float64 [4], the shorter way (Shoemake 1985)."""
    dot = float(a @ b)
    if dot < 0.0:
        b, dot = -b, -dot
    if dot > 0.9995:
        q = a + s * (b - a)
    else:
        angle = math.acos(min(dot, 1.0))
        q = (math.sin((1.0 - s) * angle) * a + math.sin(s * angle) * b) / math.sin(angle)
    return np.asarray(q / np.linalg.norm(q))


def rotation_matrix(q: F64) -> F64:
    """Unit quaternion xyzw -> float64 [3, 3]."""
    x, y, z, w = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def pose_at(path: CameraPath, time_s: float) -> CameraPose:
    """Position and lens linear between keys, rotation by slerp; held before the first and after the last key."""
    keys = path.keys
    k = next((i for i, key in enumerate(keys) if key.t_s > time_s), len(keys))
    a, b = keys[max(k - 1, 0)], keys[min(k, len(keys) - 1)]
    s = (time_s - a.t_s) / (b.t_s - a.t_s) if b.t_s > a.t_s else 0.0
    s = min(max(s, 0.0), 1.0)
    pose = np.eye(4)
    qa, qb = np.array(a.rotation), np.array(b.rotation)
    pose[:3, :3] = rotation_matrix(_slerp(qa / np.linalg.norm(qa), qb / np.linalg.norm(qb), s))
    pose[:3, 3] = (1.0 - s) * np.array(a.position_m) + s * np.array(b.position_m)
    return CameraPose(pose, (1.0 - s) * a.yfov_rad + s * b.yfov_rad)


def poses(path: CameraPath, fps: Fraction, frame_count: int) -> tuple[CameraPose, ...]:
    return tuple(pose_at(path, float(i / fps)) for i in range(frame_count))


def view_of(pose: CameraPose, width_px: int, height_px: int) -> View:
    """The pose as the kernels want it. Square pixels; pixel coordinates count from the first pixel's centre."""
    m = pose.t_world_camera
    rows = np.ascontiguousarray(np.stack([m[:3, 0], m[:3, 1], -m[:3, 2]]))
    focal = 0.5 * height_px / math.tan(0.5 * pose.yfov_rad)
    return View(rows, np.ascontiguousarray(m[:3, 3]), np.array([focal, (width_px - 1) / 2, (height_px - 1) / 2]))
