"""One frame taken apart into its two layers."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import Frame

from .grow import grow, nearest_of_four

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

_SOFTEN_PX = 5
_BEYOND_BOX = 1.5
"""Grown this much farther than the head box needs: beyond it the view fades, but no foreground may stretch there."""


@dataclass(frozen=True, slots=True)
class Layers:
    """`color`: uint8 [h, w, 3], the front layer (L1). At half size: `inverse1` float32 (1/m, 0 = sky) of L1;
    `color2` uint8 [.., .., 3] and `inverse2` of the hidden layer (L2); `held` uint8, 1 where L2 is no copy of L1."""

    color: U8
    inverse1: F32
    color2: U8
    inverse2: F32
    held: U8


def split(frame: Frame, *, head_box_m: float) -> Layers:
    """Take `frame` apart for a head that moves `head_box_m` from the camera."""
    height, width = frame.depth.shape[0] // 2, frame.depth.shape[1] // 2
    inverse1 = np.empty((height, width), np.float32)
    nearest_of_four(frame.depth, inverse1)
    color = np.ascontiguousarray(frame.color)
    half = np.asarray(cv2.resize(color, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    inverse2, color2, held = np.empty_like(inverse1), np.empty_like(half), np.empty((height, width), np.uint8)
    focal_px = height / 2 / np.tan(frame.camera.yfov_rad / 2)
    grow(inverse1, half, float(focal_px * head_box_m * _BEYOND_BOX), inverse2, color2, held)
    return Layers(color, inverse1, _soften(color2, held), inverse2, held)


def _soften(color2: U8, held: U8) -> U8:
    """Mean colour of the held samples around each held one: grown colours run in streaks, which read as objects and
    cost bits; softened they read as out of focus (+0.4 dB at 25 cm)."""
    weight = held.astype(np.float32)
    total = cv2.blur(color2 * weight[:, :, None], (_SOFTEN_PX, _SOFTEN_PX))
    share = cv2.blur(weight, (_SOFTEN_PX, _SOFTEN_PX))
    softened = color2.copy()
    inside = held > 0
    softened[inside] = np.rint(total[inside] / share[inside][:, None])
    return softened
