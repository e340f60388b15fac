"""Where a clip cuts from one shot to another: the frame before, moved along the flow, no longer explains the picture.

One measure for the bake (a cut begins a new shot) and for the quality check (a take was to have none). Flow is taken out
first (DIS: Kroeger et al. 2016), so that a fast pan is no cut; the light too, so that a flash of lightning is none.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

UNLIKE = 0.5
"""From here on two neighbouring frames are of two shots; a race through bamboo reaches 0.6, but in every frame."""
_SIZE = (96, 54)
_AROUND, _OFTEN = 3, 2.0
"""A change that is not this many times its neighbours' median is how the shot moves."""
_FLASH = 4
"""A picture that comes back within so many frames was never cut away from."""
_SHORTEST = 4
"""Fewer frames are no shot: a fade from black begins with one."""
_PATCH_SIGMA_PX, _NOISE = 5.0, 3.0
_CV: Any = cv2  # OpenCV's stubs do not know DISOpticalFlow_create


@dataclass(frozen=True, slots=True)
class Cut:
    """`frame` begins a new shot; `unlike`: how little of it the frame before explains, see `Unlike`."""

    frame: int
    unlike: float


class Unlike:
    """1 - the correlation of two grey pictures uint8 [h, w] once the flow between them and the light's changes are taken
    out: 0 the same, about 1 nothing in common."""

    def __init__(self) -> None:
        self._dis = _CV.DISOpticalFlow_create(_CV.DISOPTICAL_FLOW_PRESET_FAST)
        x, y = np.meshgrid(np.arange(_SIZE[0], dtype=np.float32), np.arange(_SIZE[1], dtype=np.float32))
        self._x, self._y = x, y

    def __call__(self, before: U8, now: U8) -> float:
        a, b = _small(before), _small(now)
        flow = np.asarray(self._dis.calc(b, a, None), np.float32)
        at_x, at_y = self._x + flow[..., 0], self._y + flow[..., 1]
        moved = cv2.remap(a, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        x, y = _structure(np.asarray(moved, np.uint8)), _structure(b)
        size = float(np.sqrt((x * x).sum() * (y * y).sum()))
        if size < 1e-3 * x.size:
            return float(bool((x * x).sum() + (y * y).sum() > 1e-3 * x.size))  # a plain picture and one that is not
        return float(1 - (x * y).sum() / size)


def small_grey(picture: U8) -> U8:
    """What `find_cuts` looks at of a picture uint8 [h, w, 3] RGB: uint8 [h', w'] grey."""
    return np.asarray(
        cv2.cvtColor(cv2.resize(picture, _SIZE, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY), np.uint8
    )


def find_cuts(greys: Iterable[U8], least: float = UNLIKE) -> tuple[Cut, ...]:
    """The cuts of a clip, first to last. `greys`: its frames uint8 [h, w], any size; `least`: how unlike makes a cut."""
    unlike = Unlike()
    frames = [_small(g) for g in greys]
    steps = np.array([unlike(a, b) for a, b in itertools.pairwise(frames)])
    found: list[Cut] = []
    for index in np.flatnonzero(steps >= least):
        begins = int(index) + 1
        if min(begins - (found[-1].frame if found else 0), len(frames) - begins) < _SHORTEST:
            continue
        around = np.concatenate([steps[max(0, index - _AROUND) : index], steps[index + 1 : index + 1 + _AROUND]])
        if around.size and steps[index] < _OFTEN * float(np.median(around)):
            continue
        if not _comes_back(frames, begins, 0.5 * float(steps[index]), unlike):
            found.append(Cut(begins, float(steps[index])))
    return tuple(found)


def _comes_back(frames: Sequence[U8], cut: int, alike: float, unlike: Callable[[U8, U8], float]) -> bool:
    """Whether the picture on one side of `cut` is soon found on the other: a flash, a few black frames."""
    for back in range(_FLASH + 1):
        for on in range(_FLASH + 1 - back):
            first, second = cut - 1 - back, cut + on
            if back + on and first >= 0 and second < len(frames) and unlike(frames[first], frames[second]) < alike:
                return True
    return False


def _small(grey: U8) -> U8:
    if grey.shape == _SIZE[::-1]:
        return grey
    return np.asarray(cv2.resize(grey, _SIZE, interpolation=cv2.INTER_AREA), np.uint8)


def _structure(grey: U8) -> F32:
    """The picture without its light: less its mean around each pixel, over its spread there, float32 [h, w]."""
    values = grey.astype(np.float32)
    apart = values - cv2.GaussianBlur(values, (0, 0), _PATCH_SIGMA_PX)
    spread = np.sqrt(cv2.GaussianBlur(apart * apart, (0, 0), _PATCH_SIGMA_PX)) + _NOISE
    return np.asarray(apart / spread, np.float32)
