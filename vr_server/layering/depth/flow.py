"""Grey pictures and dense optical flow (DIS: Kroeger et al., "Fast optical flow using dense inverse search", 2016)."""

from typing import Any

import cv2
import numpy as np

from .port import F32, U8, Pictures

_CV: Any = cv2  # OpenCV's stubs do not know DISOpticalFlow_create


def grey(picture: U8, size: tuple[int, int]) -> U8:
    """uint8 [h, w] of an RGB picture at `size` (width, height)."""
    return np.asarray(
        cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY), np.uint8
    )


def greys(clip: Pictures, size: tuple[int, int]) -> list[U8]:
    return [grey(picture, size) for picture in clip]


class DenseFlow:
    """Flow between two grey pictures uint8 [h, w]: where each pixel of the first is in the second, float32 [h, w, 2] px."""

    def __init__(self, *, fine: bool) -> None:
        preset = _CV.DISOPTICAL_FLOW_PRESET_MEDIUM if fine else _CV.DISOPTICAL_FLOW_PRESET_FAST
        self._dis = _CV.DISOpticalFlow_create(preset)

    def __call__(self, first: U8, second: U8) -> F32:
        return np.asarray(self._dis.calc(first, second, None), np.float32)
