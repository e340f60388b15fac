"""One frame taken apart into its two layers."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import CameraPose, Frame
from vr_server.media.jit import compiled

from .grow import Reach, grow, nearest_of_four, owners_of_four
from .memory import FIRST_STILL_ID, Memory

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
U16 = npt.NDArray[np.uint16]

_NEAR_SOFTEN_PX, _FAR_SOFTEN_PX = 5, 41
_COARSE = 4  # the wide mean is taken over every fourth sample
_DEEP_PX = 12  # that far from seen picture the wide mean has taken over
BEYOND_BOX = 1.5
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


@dataclass(frozen=True, slots=True)
class Halved:
    """A frame on its way to its layers. `color`: uint8 [h, w, 3]; at half size: `inverse` float32 (1/m, 0 = sky) of what is
    nearest, `rgb` uint8 [.., .., 3], `owner` uint16 (`owners`)."""

    index: int
    camera: CameraPose
    color: U8
    inverse: F32
    rgb: U8
    owner: U16


def halved(frame: Frame) -> Halved:
    """What the layers of `frame` are made of."""
    height, width = frame.depth.shape[0] // 2, frame.depth.shape[1] // 2
    inverse = np.empty((height, width), np.float32)
    nearest_of_four(frame.depth, inverse)
    color = np.ascontiguousarray(frame.color)
    rgb = np.asarray(cv2.resize(color, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return Halved(frame.index, frame.camera, color, inverse, rgb, owners(frame, inverse))


def split(frame: Frame, *, head_box_m: float, memory: Memory | None = None) -> Layers:
    """`parted` of a frame in hand, which `memory` keeps from now on."""
    seen = halved(frame)
    layers = parted(seen, head_box_m=head_box_m, memory=memory)
    if memory is not None:
        memory.keep(frame, seen.inverse, seen.rgb)
    return layers


def parted(seen: Halved, *, head_box_m: float, memory: Memory | None = None) -> Layers:
    """Take a frame apart for a head that moves `head_box_m` from the camera. Where it brought ids a subject is cut as a subject:
    nobody's colour runs into somebody else or the set, and what is behind somebody is held, however near. `memory`: of the
    shot's other frames, which may have seen what this one hides."""
    height, width = seen.inverse.shape
    inverse2, color2 = np.empty_like(seen.inverse), np.empty_like(seen.rgb)
    held = np.empty((height, width), np.uint8)
    focal_px = height / 2 / np.tan(seen.camera.yfov_rad / 2)
    reach = Reach(float(focal_px * head_box_m * BEYOND_BOX))
    grow(seen.inverse, seen.rgb, seen.owner, reach, np.ones(height, np.float32), inverse2, color2, held)
    guessed = held
    if memory is not None:
        real = memory.recall(seen.index, seen.camera, seen.inverse, inverse2, color2, held)
        guessed = held & (real != 1).astype(np.uint8)
    return Layers(seen.color, seen.inverse, soften(color2, guessed), inverse2, held)


def owners(frame: Frame, inverse1: F32) -> U16:
    """Whose the samples of `inverse1` are, uint16 of its shape: object ids of subjects; 0 where they are nobody's, or the
    frame knows of none."""
    owner = np.zeros(inverse1.shape, np.uint16)
    if frame.ids is not None:
        owners_of_four(frame.depth, frame.ids, FIRST_STILL_ID, owner)
    return owner


def soften(color2: U8, held: U8) -> U8:
    """Mean colour of the held samples around each held one, over more of them the farther it lies from seen picture.

    Grown colours run in streaks, which read as objects and cost bits; softened they read as out of focus, which is
    what is known of them (+0.4 dB at 25 cm; in a grove the wide mean adds 0.2).
    """
    height, width = held.shape
    masked = color2 * held[:, :, None]
    near = (_NEAR_SOFTEN_PX, _NEAR_SOFTEN_PX)
    far = (_FAR_SOFTEN_PX // _COARSE | 1, _FAR_SOFTEN_PX // _COARSE | 1)
    small = (max(width // _COARSE, 1), max(height // _COARSE, 1))

    def wide(plane: U8) -> F32:
        coarse = cv2.resize(plane, small, interpolation=cv2.INTER_AREA).astype(np.float32)
        return np.asarray(cv2.resize(cv2.blur(coarse, far), (width, height)), np.float32)

    hidden_px = np.asarray(cv2.distanceTransform(held, cv2.DIST_L2, 3), np.float32)
    softened = color2.copy()
    mask = held * np.uint8(255)
    _mix_means(
        np.asarray(cv2.boxFilter(masked, cv2.CV_32F, near), np.float32),
        np.asarray(cv2.boxFilter(mask, cv2.CV_32F, near), np.float32),
        wide(masked),
        wide(mask),
        hidden_px,
        softened,
    )
    return softened


@compiled
def _mix_means(near: F32, near_share: F32, far: F32, far_share: F32, hidden_px: F32, color: U8) -> None:
    """Write into `color`, where `hidden_px` > 0, the near mean going over into the far one with depth of hiding.

    Means float32 [h, w, 3] are not normalised yet: `near_share`, `far_share` (255 = all samples held) divide them.
    """
    for y in range(color.shape[0]):
        for x in range(color.shape[1]):
            if hidden_px[y, x] == 0:
                continue
            deep = min(max((hidden_px[y, x] - _NEAR_SOFTEN_PX / 2) / _DEEP_PX, 0.0), 1.0)
            a = 255 * (1 - deep) / max(near_share[y, x], 1.0)
            b = 255 * deep / max(far_share[y, x], 1.0)
            for c in range(3):
                color[y, x, c] = np.uint8(min(a * near[y, x, c] + b * far[y, x, c] + 0.5, 255.0))
