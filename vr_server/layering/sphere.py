"""The sphere about a camera: which part of it a picture shows, and directions of its pixels.

Equirectangular: longitude (to the right of -Z) and latitude (above the horizon) are linear in columns and rows.
Fisheye: equidistant, the angle from -Z is linear in the distance from the picture's middle (`ClipProjection`).
"""

import math
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import ClipPlan
from vr_server.domain.manifest import Equirectangular

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

T = TypeVar("T", np.uint8, np.uint16, np.float32)

_ALL_ROUND_RAD = math.tau - 1e-6


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the sphere that an equirectangular picture shows, radians: its left and upper border, its extent."""

    left_rad: float = -math.pi
    top_rad: float = math.pi / 2
    width_rad: float = math.tau
    height_rad: float = math.pi

    @property
    def all_round(self) -> bool:
        """Whether its left and right borders are the same line."""
        return self.width_rad >= _ALL_ROUND_RAD

    def pixel_rad(self, height_px: int) -> float:
        """The angle that a pixel of a picture `height_px` high covers at the horizon."""
        return self.height_rad / height_px

    def row_widths(self, height_px: int) -> F32:
        """How wide each row's pixels really are, as a share of one at the horizon: float32 [height_px]."""
        rows = self.top_rad - (np.arange(height_px) + 0.5) / height_px * self.height_rad
        return np.maximum(np.cos(rows), 1e-3).astype(np.float32)

    def directions(self, width_px: int, height_px: int) -> F64:
        """Unit directions of the pixels' centres in the camera's axes (-Z ahead): float64 [height_px, width_px, 3]."""
        lon = self.left_rad + (np.arange(width_px) + 0.5) / width_px * self.width_rad
        lat = self.top_rad - (np.arange(height_px) + 0.5) / height_px * self.height_rad
        lon, lat = np.meshgrid(lon, lat)
        return np.stack([np.sin(lon) * np.cos(lat), np.sin(lat), -np.cos(lon) * np.cos(lat)], axis=-1)


def window_of(projection: Equirectangular) -> Window:
    """The window that the manifest's bounds leave."""
    left, right = projection.projection_bounds_left, projection.projection_bounds_right
    top, bottom = projection.projection_bounds_top, projection.projection_bounds_bottom
    return Window(
        left_rad=math.pi * (2 * left - 1),
        top_rad=math.pi * (0.5 - top),
        width_rad=math.tau * (1 - left - right),
        height_rad=math.pi * (1 - top - bottom),
    )


def bounds_of(window: Window) -> Equirectangular:
    """`window` in the manifest's words."""
    left, top = (window.left_rad / math.pi + 1) / 2, 0.5 - window.top_rad / math.pi
    return Equirectangular(
        projection_bounds_left=_share(left),
        projection_bounds_right=_share(1 - left - window.width_rad / math.tau),
        projection_bounds_top=_share(top),
        projection_bounds_bottom=_share(1 - top - window.height_rad / math.pi),
    )


def _share(value: float) -> float:
    return max(round(value, 12), 0.0)


def fisheye_window(plan: ClipPlan) -> Window:
    """What of the sphere a fisheye clip is laid on: as wide and as high as its frame at its widest, at most all of it."""
    high = max(camera.yfov_rad for camera in plan.cameras)
    wide = min(high * plan.width_px / plan.height_px, math.tau)
    high = min(high, math.pi)
    return Window(-wide / 2, high / 2, wide, high)


def fisheye_places(window: Window, size: tuple[int, int], source: tuple[int, int], yfov_rad: float) -> tuple[F32, F32]:
    """Where in a fisheye's frame each pixel of `window` stands: x and y, float32 [h, w], pixel centres at whole numbers.

    `size`, `source`: width and height in px of the window's picture and of the frame; `yfov_rad`: the whole angle of
    the frame's height. What stands outside the frame is put on its border.
    """
    ray = window.directions(*size)
    angle = np.arccos(np.clip(-ray[..., 2], -1, 1))
    across = np.maximum(np.hypot(ray[..., 0], ray[..., 1]), 1e-9)
    scale = angle / across * source[1] / yfov_rad
    x = ray[..., 0] * scale + source[0] / 2 - 0.5
    y = source[1] / 2 - 0.5 - ray[..., 1] * scale
    # pulled in along its radius, so that the border's own colours are carried on outwards
    pulled = np.minimum(
        1,
        np.minimum(
            (source[0] - 1) / 2 / np.maximum(np.abs(x - (source[0] - 1) / 2), 1e-9),
            (source[1] - 1) / 2 / np.maximum(np.abs(y - (source[1] - 1) / 2), 1e-9),
        ),
    )
    x = (x - (source[0] - 1) / 2) * pulled + (source[0] - 1) / 2
    y = (y - (source[1] - 1) / 2) * pulled + (source[1] - 1) / 2
    return x.astype(np.float32), y.astype(np.float32)


def fisheye_rays(size: tuple[int, int], yfov_rad: float) -> F64:
    """Unit directions of the pixels' centres of a fisheye's frame of `size` (width, height): float64 [h, w, 3]."""
    width, height = size
    x, y = np.meshgrid(np.arange(width) + 0.5 - width / 2, height / 2 - np.arange(height) - 0.5)
    radius = np.maximum(np.hypot(x, y), 1e-9)
    angle = np.minimum(radius * yfov_rad / height, math.pi)
    return np.stack([x / radius * np.sin(angle), y / radius * np.sin(angle), -np.cos(angle)], axis=-1)


def places(window: Window, ray: F64, size: tuple[int, int]) -> tuple[F32, F32]:
    """Where directions (float64 [h, w, 3], unit, the camera's axes) stand in an equirectangular picture of `size`: x and y,
    float32 [h, w], pixel centres at whole numbers; beyond its border where the window does not show them."""
    middle = window.left_rad + window.width_rad / 2
    lon = np.arctan2(ray[..., 0], -ray[..., 2])
    lon = (lon - middle + math.pi) % math.tau - math.pi + middle
    lat = np.arcsin(np.clip(ray[..., 1], -1, 1))
    x = (lon - window.left_rad) / window.width_rad * size[0] - 0.5
    y = (window.top_rad - lat) / window.height_rad * size[1] - 0.5
    return x.astype(np.float32), y.astype(np.float32)


def lens_rays(yfov_rad: float, size: tuple[int, int]) -> F64:
    """Unit directions of the pixels' centres of a perspective picture of `size` (width, height): float64 [h, w, 3]."""
    width, height = size
    tan = math.tan(yfov_rad / 2)
    x, y = np.meshgrid((np.arange(width) + 0.5) / width * 2 - 1, 1 - (np.arange(height) + 0.5) / height * 2)
    ray = np.stack([x * tan * width / height, y * tan, np.full_like(x, -1.0)], axis=-1)
    return np.asarray(ray / np.linalg.norm(ray, axis=-1, keepdims=True))


def looked_into(rgb: U8, window: Window, yfov_rad: float, size: tuple[int, int]) -> U8:
    """What of the equirectangular picture `rgb` uint8 [h, w, 3] a perspective lens sees that looks ahead: uint8, of `size`."""
    source = (rgb.shape[1], rgb.shape[0])
    x, y = places(window, lens_rays(yfov_rad, size), source)
    if window.all_round:
        return np.asarray(
            cv2.remap(wrapped(rgb, 1, 1), x + 1, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
    return np.asarray(cv2.remap(rgb, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def wrapped(picture: npt.NDArray[T], before: int, after: int) -> npt.NDArray[T]:
    """`picture` [h, w, ...] carried on over the seam by so many columns to its left and right: [h, before + w + after, ...]."""
    width = picture.shape[1]
    return np.ascontiguousarray(picture[:, np.arange(-before, width + after) % width])
