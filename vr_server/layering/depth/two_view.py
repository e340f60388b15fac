"""Two pictures of a still scene from two places: how the camera went, and how far each pixel is.

Frames: pictures in OpenCV's axes (x right, y down, z ahead) inside this module; `to_webxr` turns poses into the
product's axes. After Hartley and Zisserman, "Multiple View Geometry", 2nd ed., chapters 9 and 12.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .port import F32, F64, Bool

_RANSAC_PX = 1.0
FLIP = np.diag([1.0, -1.0, -1.0, 1.0])
"""OpenCV's camera axes to WebXR's and back."""


@dataclass(frozen=True, slots=True)
class Motion:
    """From the first camera's frame to the second's: p2 = rotation @ p1 + translation (unit length where scale is unknown).

    `inliers` bool [n]: which of the points agree.
    """

    rotation: F64
    translation: F64
    inliers: Bool


def intrinsics(width_px: int, height_px: int, yfov_rad: float) -> F64:
    """K, float64 [3, 3]: square pixels, principal point in the middle (pixel centres at integers)."""
    f = height_px / 2 / np.tan(yfov_rad / 2)
    return np.array([[f, 0.0, (width_px - 1) / 2], [0.0, f, (height_px - 1) / 2], [0.0, 0.0, 1.0]])


def to_webxr(rotation: F64, translation: F64) -> F64:
    """T_world_camera, float64 [4, 4], of a camera with world-to-camera `rotation` [3, 3] and `translation` [3]."""
    pose = np.eye(4)
    pose[:3, :3] = rotation.T
    pose[:3, 3] = -rotation.T @ translation
    turned: F64 = FLIP @ pose @ FLIP
    return turned


def from_webxr(first: F64, second: F64) -> tuple[F64, F64]:
    """Rotation and translation from camera `first` to `second`, both T_world_camera float64 [4, 4]."""
    moved = FLIP @ np.linalg.inv(second) @ first @ FLIP
    return moved[:3, :3], moved[:3, 3]


def relative_motion(first: F64, second: F64, k: F64) -> Motion | None:
    """The camera's way between matched points float64 [n, 2] (px); None where the points do not tell."""
    if len(first) < 12:
        return None
    cv2.setRNGSeed(1)  # RANSAC: the same clip, the same answer
    essential, mask = cv2.findEssentialMat(first, second, k, method=cv2.USAC_MAGSAC, prob=0.999, threshold=_RANSAC_PX)
    if essential is None or essential.shape != (3, 3):
        return None
    count, rotation, translation, found = cv2.recoverPose(essential, first, second, k, mask=mask)
    if count < 12:
        return None
    return Motion(np.asarray(rotation, np.float64), np.asarray(translation, np.float64).reshape(3), found.ravel() > 0)


def inverse_depth(flow: F32, k: F64, rotation: F64, translation: F64) -> tuple[F32, F32]:
    """Inverse depth of every pixel of the first picture, in units of 1 / |translation|'s unit, and how far in px the
    flow float32 [h, w, 2] leaves the epipolar line (what moves by itself does). Both float32 [h, w].

    With x2 ~ K (R ray + w t): two equations linear in w, solved by least squares in px.
    """
    height, width = flow.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
    rays = np.stack([(x - k[0, 2]) / k[0, 0], (y - k[1, 2]) / k[1, 1], np.ones_like(x)], axis=-1)
    turned = rays @ (k @ rotation).T
    push = k @ translation
    at_x, at_y = x + flow[..., 0], y + flow[..., 1]
    # (turned_xy + w push_xy) = at_xy (turned_z + w push_z)
    ax, bx = push[0] - at_x * push[2], at_x * turned[..., 2] - turned[..., 0]
    ay, by = push[1] - at_y * push[2], at_y * turned[..., 2] - turned[..., 1]
    square = np.maximum(ax * ax + ay * ay, 1e-12)
    w = (ax * bx + ay * by) / square
    aside = np.abs(ax * by - ay * bx) / np.sqrt(square)
    return w.astype(np.float32), aside.astype(np.float32)


def disparity_of(inverse: F32, k: F64, rotation: F64, translation: F64) -> F32:
    """Where each pixel goes in the second picture, as a flow float32 [h, w, 2] px: the reverse of `inverse_depth`."""
    height, width = inverse.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
    rays = np.stack([(x - k[0, 2]) / k[0, 0], (y - k[1, 2]) / k[1, 1], np.ones_like(x)], axis=-1)
    seen = rays @ (k @ rotation).T + inverse[..., None].astype(np.float64) * (k @ translation)
    z = np.where(np.abs(seen[..., 2]) < 1e-9, 1e-9, seen[..., 2])
    return np.stack([seen[..., 0] / z - x, seen[..., 1] / z - y], axis=-1).astype(np.float32)
