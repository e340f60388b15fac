"""Shot sizes and lenses: how much of a body a frame shows, from how far, and where a point falls in the frame."""

import math
from dataclasses import dataclass

import numpy as np

from vr_server.domain.shot import Projection, ShotSize

from .geometry import Array

ASPECT = 16 / 9
SENSOR_HEIGHT_MM = 24.0
FISHEYE_RAD = 1.8
"""Angle of a fisheye frame's height: its width then spans 183 degrees."""


@dataclass(frozen=True)
class Size:
    """`shows`: the frame's height in heights of a standing body; `centre`: where on that body the frame's middle is;
    `lens_mm`: the usual lens. After film practice: eyes and mouth, head and shoulders, chest, waist, knees, whole."""

    shows: float
    centre: float
    lens_mm: float


SIZES: dict[ShotSize, Size] = {
    "extreme_close_up": Size(0.115, 0.928, 85.0),
    "close_up": Size(0.27, 0.905, 65.0),
    "medium_close_up": Size(0.40, 0.865, 50.0),
    "medium": Size(0.56, 0.80, 40.0),
    "medium_full": Size(0.84, 0.66, 35.0),
    "full": Size(1.27, 0.515, 35.0),
    "wide": Size(2.4, 0.62, 28.0),
    "extreme_wide": Size(5.0, 0.80, 24.0),
}
GROUP_SIZES: frozenset[ShotSize] = frozenset({"full", "wide", "extreme_wide"})
"""Sizes that hold everybody; the others are about one."""


def yfov_of(lens_mm: float) -> float:
    return 2 * math.atan(SENSOR_HEIGHT_MM / 2 / lens_mm)


def lens_of(yfov_rad: float) -> float:
    return SENSOR_HEIGHT_MM / 2 / math.tan(yfov_rad / 2)


def stand_off(frame_m: float, seen_m: float, yfov_rad: float, projection: Projection) -> float:
    """Distance in metres from which the frame's height is `frame_m` (of which a body takes up `seen_m`)."""
    if projection == "perspective":
        return frame_m / (2 * math.tan(yfov_rad / 2))
    seen = min(seen_m, frame_m)
    return seen / (2 * math.tan(0.5 * yfov_rad * seen / frame_m))


def project(
    eye: Array,
    rotation: Array,
    yfov_rad: float,
    points: Array,
    projection: Projection = "perspective",
    aspect: float = ASPECT,
) -> Array:
    """Where `points` float64 [..., 3] fall: [..., 3] of x right and y up (-1..1 is the frame) and the distance ahead
    along the view axis in metres; behind a perspective camera x and y are +-inf."""
    local = (points - eye) @ rotation
    ahead = -local[..., 2]
    if projection == "fisheye":
        aside = np.hypot(local[..., 0], local[..., 1])
        radius = np.arctan2(aside, ahead) / (yfov_rad / 2)  # equidistant: 1 at the frame's upper edge
        k = radius / np.maximum(aside, 1e-12)
        return np.stack([local[..., 0] * k / aspect, local[..., 1] * k, ahead], axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        k = 1.0 / (math.tan(yfov_rad / 2) * np.where(ahead > 1e-6, ahead, np.nan))
        flat = np.stack([local[..., 0] * k / aspect, local[..., 1] * k], axis=-1)
    flat = np.where(np.isnan(flat), np.copysign(np.inf, local[..., :2]), flat)
    return np.concatenate([flat, ahead[..., None]], axis=-1)
