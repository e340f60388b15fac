"""Depth where nothing can be measured: a level ground under a person's eye, a far wall, and what moves standing upright.

A layout, not a measurement: it is always labelled approximate, and its metres are a guess that is never called metric.
"""

import cv2
import numpy as np

from .flow import DenseFlow, greys
from .parallax import work_size
from .port import F16, F32, F64, U8, CameraTrack, DepthTrack, Pictures, Report

EYE_M = 1.6
_WALL_M = 40.0
_MOVES_PX = 0.7
_LEAST_SHARE = 0.001


class GroundPlane:
    """Implements `DepthEstimator`: never refuses."""

    name = "ground-plane"

    def estimate(self, clip: Pictures, camera: CameraTrack, report: Report) -> DepthTrack:
        pictures = greys(clip, work_size(clip.width_px, clip.height_px))
        height, width = pictures[0].shape
        found: F16 = np.zeros((len(pictures), height, width), np.float16)
        for n in range(len(pictures)):
            report("laying out depth", n / len(pictures))
            pose = camera.cameras[n]
            found[n] = stood_up(
                layout(height, width, pose.yfov_rad, _pitch(pose.t_world_camera)),
                _movers(n, pictures) if not camera.moves else np.zeros((height, width), np.uint8),
            )
        return DepthTrack(
            inverse=found,
            metric=False,
            approximate=True,
            estimator=self.name,
            reason=f"nothing can be measured ({camera.reason}): a level ground and a far wall are assumed",
            scale_reason=f"a guess: the camera is taken to be {EYE_M} m above the ground",
        )


def layout(height: int, width: int, yfov_rad: float, pitch_rad: float) -> F32:
    """Inverse depth float32 [height, width] of a ground `EYE_M` under a camera pitched up by `pitch_rad`, and of a far wall."""
    y = (1 - (np.arange(height) + 0.5) / height * 2) * np.tan(yfov_rad / 2)
    # a ray (x, y, -1) turned by the pitch falls by -(y cos + sin) a metre of planar depth
    falls = -(y * np.cos(pitch_rad) + np.sin(pitch_rad))
    inverse = np.maximum(falls / EYE_M, 1 / _WALL_M)
    return np.repeat(inverse[:, None], width, axis=1).astype(np.float32)


def stood_up(inverse: F32, movers: U8) -> F32:
    """Every blob of `movers` uint8 [h, w] as an upright card where its feet meet the ground."""
    out = inverse.copy()
    count, labels, stats, _ = cv2.connectedComponentsWithStats(movers, connectivity=8)
    for n in range(1, count):
        x, y, w, h, area = stats[n]
        if area < _LEAST_SHARE * inverse.size:
            continue
        feet = float(inverse[min(y + h - 1, inverse.shape[0] - 1), x : x + w].mean())
        part = labels[y : y + h, x : x + w] == n
        out[y : y + h, x : x + w][part] = np.maximum(out[y : y + h, x : x + w][part], feet)
    return out


def _movers(n: int, pictures: list[U8]) -> U8:
    """uint8 [h, w]: 1 where the picture moves against a camera that stands (the median motion taken out)."""
    m = n + 2 if n + 2 < len(pictures) else n - 2
    if not 0 <= m < len(pictures):
        return np.zeros_like(pictures[n])
    flow = DenseFlow(fine=False)(pictures[n], pictures[m])
    moved = np.linalg.norm(flow - np.median(flow.reshape(-1, 2), axis=0), axis=2)
    mask = (moved > _MOVES_PX).astype(np.uint8)
    kernel = np.ones((5, 5), np.uint8)
    return np.asarray(
        cv2.morphologyEx(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8)),
        np.uint8,
    )


def _pitch(t_world_camera: F64) -> float:
    return float(np.arcsin(np.clip(-t_world_camera[1, 2], -1, 1)))
