"""Suns and moons counted in the sky of a picture: bright round patches, found without asking the staging where they are."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import Frame
from vr_server.domain.staging import CelestialBody

F32 = npt.NDArray[np.float32]

LUMA = np.array([0.2126, 0.7152, 0.0722])
_STANDS_OUT = 14.0
"""sRGB codes by which a disc is brighter than the sky around it."""
_ROUND = 0.55
"""Share of its bounding circle that a disc fills."""


def discs(frame: Frame, least_radius_px: float, largest_radius_px: float) -> list[tuple[float, float, float]]:
    """Bright discs in the sky part of the picture: x, y and radius in pixels.

    What is brighter than the sky opened by a disc larger than any body (white top-hat) and about round is one.
    """
    sky = np.isinf(frame.depth)
    if not sky.any():
        return []
    filled = _filled((frame.color @ LUMA).astype(np.float32), sky, 2 * largest_radius_px)
    side = 2 * math.ceil(1.6 * largest_radius_px) + 1
    around = cv2.morphologyEx(filled, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    bright = ((filled - around > _STANDS_OUT) & sky).astype(np.uint8)
    found = []
    for label in range(1, (labels := cv2.connectedComponents(bright, connectivity=8))[0]):
        ys, xs = np.nonzero(labels[1] == label)
        radius = (max(float(np.ptp(xs)), float(np.ptp(ys))) + 1) / 2
        full = len(xs) / (math.pi * radius**2)
        if radius >= 0.6 * least_radius_px and full >= _ROUND:
            found.append((float(xs.mean()), float(ys.mean()), radius))
    return found


def _filled(luma: F32, sky: npt.NDArray[np.bool_], reach_px: float) -> F32:
    """The sky carried on behind what stands before it, so that gaps in leaves are no discs."""
    weight = sky.astype(np.float32)
    near = cv2.GaussianBlur(weight, (0, 0), max(reach_px, 1.0))
    carried = cv2.GaussianBlur(luma * weight, (0, 0), max(reach_px, 1.0)) / np.maximum(near, 1e-3)
    return np.where(sky, luma, np.maximum(carried, 0)).astype(np.float32)


def place_px(body: CelestialBody, frame: Frame) -> tuple[float, float, float] | None:
    """Where a body's middle is in a perspective frame, and its radius, pixels; None behind the camera."""
    height, width = frame.depth.shape
    x, y, z = frame.camera.t_world_camera[:3, :3].T @ np.array(body.direction)
    if z >= -1e-6:
        return None
    focal = height / 2 / math.tan(min(frame.camera.yfov_rad, 3.1) / 2)
    return width / 2 + focal * x / -z, height / 2 - focal * y / -z, focal * math.tan(body.angular_radius_rad)


def in_sky(body: CelestialBody, frame: Frame) -> bool:
    """Whether the body's middle is in the frame with nothing before it."""
    height, width = frame.depth.shape
    place = place_px(body, frame)
    if place is None:
        return False
    x, y = math.floor(place[0]), math.floor(place[1])
    return 0 <= x < width and 0 <= y < height and not math.isfinite(frame.depth[y, x])
