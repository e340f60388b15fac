"""Depth from motion parallax: dense flow between frames whose poses are known, triangulated pixel by pixel.

What moves by itself leaves its epipolar line; what is hidden in the other frame fails the round trip. Both are filled as
what they mostly are: something upright that stands on the ground under it.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from vr_server.domain.errors import NoDepth

from .flow import DenseFlow, greys
from .port import F16, F32, F64, TRUSTED, U8, Bool, CameraTrack, DepthTrack, Pictures, Report
from .two_view import disparity_of, from_webxr, intrinsics, inverse_depth
from .upright import fill

WORK_PX = 768
"""Longest side that flow is computed at."""
_LEAST_PX = 1.5
_WANTED_SHARE = 0.02
_ASIDE_PX, _ROUND_TRIP_PX = 1.5, 1.5
_LEAST_SEEN = 0.35
_REACHES = (1, 2, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class Look:
    """What one partner frame says: inverse depth and how many pixels of parallax it rests on, float32 [h, w]; 0 = nothing."""

    inverse: F32
    weight: F32
    parallax_px: float

    @property
    def seen(self) -> float:
        return float((self.weight > 0).mean())


class MotionParallax:
    """Implements `DepthEstimator`."""

    name = "parallax"

    def estimate(self, clip: Pictures, camera: CameraTrack, report: Report) -> DepthTrack:
        """Raise NoDepth when the camera does not travel or its way is not to be trusted."""
        if not camera.moves:
            raise NoDepth(f"There is no parallax in this clip: {camera.reason}.")
        if camera.confidence < TRUSTED:
            raise NoDepth(
                f"The camera's way is too uncertain to measure depth by ({camera.confidence:.2f}): {camera.reason}."
            )
        pictures = greys(clip, work_size(clip.width_px, clip.height_px))
        found: F16 = np.zeros((len(pictures), *pictures[0].shape), np.float16)
        for n in range(len(pictures)):
            report("measuring parallax", n / len(pictures))
            found[n] = _frame(n, pictures, camera)
        return DepthTrack(
            inverse=found,
            metric=camera.metric,
            approximate=False,
            estimator=self.name,
            reason=f"measured by parallax: {camera.reason}",
            scale_reason="the camera's own way" if camera.metric else "none: the camera's way has no unit",
            of_way=True,
        )


def work_size(width_px: int, height_px: int) -> tuple[int, int]:
    scale = min(1.0, WORK_PX / max(width_px, height_px))
    return max(16, round(width_px * scale)), max(16, round(height_px * scale))


def _frame(n: int, pictures: list[U8], camera: CameraTrack) -> F32:
    height, width = pictures[n].shape
    k = intrinsics(width, height, camera.cameras[n].yfov_rad)
    looks = [look for step in (1, -1) if (look := best_look(n, step, pictures, camera, k)) is not None]
    if not looks:
        raise NoDepth(
            f"Frame {n} has no other frame that shows it from far enough aside: there is too little parallax."
        )
    weight = np.sum([look.weight for look in looks], axis=0)
    inverse = np.sum([look.weight * look.inverse for look in looks], axis=0) / np.maximum(weight, 1e-9)
    seen: Bool = weight > 0
    if seen.mean() < _LEAST_SEEN:
        raise NoDepth(f"Too little of frame {n} stands still to measure depth by ({100 * seen.mean():.0f} %).")
    return fill(inverse.astype(np.float32), seen)


def best_look(n: int, step: int, pictures: list[U8], camera: CameraTrack, k: F64) -> Look | None:
    """The farthest partner in one direction of time whose flow still holds for most of the picture."""
    last = len(pictures) - 1 if step > 0 else 0
    far = abs(last - n)
    best: Look | None = None
    for away in (reach for reach in _REACHES if reach <= far):
        look = _look(n, n + step * away, pictures, camera, k)
        if look is None:
            continue
        if best is not None and look.seen < 0.9 * best.seen:
            break
        best = look
        if look.parallax_px > _WANTED_SHARE * pictures[n].shape[1]:
            break
    return best


def _look(n: int, m: int, pictures: list[U8], camera: CameraTrack, k: F64) -> Look | None:
    flow = DenseFlow(fine=True)
    ahead, back = flow(pictures[n], pictures[m]), flow(pictures[m], pictures[n])
    rotation, translation = from_webxr(camera.cameras[n].t_world_camera, camera.cameras[m].t_world_camera)
    if not np.any(translation):
        return None
    inverse, aside = inverse_depth(ahead, k, rotation, translation)
    # parallax is what is left of the flow once the camera's turning is taken out
    turned = disparity_of(np.zeros_like(inverse), k, rotation, translation)
    parallax = np.linalg.norm(ahead - turned, axis=2)
    most = float(np.quantile(parallax, 0.8))
    if most < _LEAST_PX:
        return None
    trip = _round_trip(ahead, back)
    good = (aside < _ASIDE_PX) & (trip < _ROUND_TRIP_PX) & (inverse >= 0)
    return Look(np.maximum(inverse, 0), np.where(good, parallax**2 + 0.05, 0).astype(np.float32), most)


def _round_trip(ahead: F32, back: F32) -> F32:
    """How far in px each pixel ends from its start when it follows both flows."""
    height, width = ahead.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    there = cv2.remap(
        back,
        x + ahead[..., 0],
        y + ahead[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(1e3, 1e3),
    )
    trip: F32 = np.linalg.norm(ahead + there, axis=2).astype(np.float32)
    return trip
