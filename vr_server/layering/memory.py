"""What other frames saw of a place that is hidden now: real background for the hidden layer ("temporal", layers.md).

Each hidden sample that was grown is a guess of depth and colour. The guess is looked up in other pictures of the shot: if
the camera of one of them saw that very point (its depth there agrees), its colour is the real one, and its depth too.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import CameraPose, Frame
from vr_server.media.jit import compiled

from .grow import HELD, KEEP_RATIO

U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_EVERY = 8
"""A picture is kept every so many frames."""
_MOST = 6
AGREES = 0.04
"""Share by which the depth that a picture saw may differ from the one looked for."""
TRIES = 3
_AROUND_PX, _SAME_SURFACE = 2, 0.08
_ALIKE = 30.0
"""Sum of the channels' differences, sRGB codes, within which two pictures show the same."""
FIRST_STILL_ID = 1000
"""Object ids from here on are set pieces, below (but 0, the ground) are subjects, which move (staging)."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A picture that is kept, at half size: 1/m, colour, and 1 where what it shows may have moved since."""

    frame: int
    inverse: F32
    rgb: U8
    moves: U8
    camera: CameraPose


class Memory:
    """A few pictures of one shot, around the frame that is taken apart. `recall` looks up what that hides, `keep` adds what
    has been seen."""

    def __init__(self) -> None:
        self._seen: deque[_Seen] = deque(maxlen=_MOST)
        self._frames = 0

    def recall(self, frame: int, camera: CameraPose, inverse1: F32, inverse2: F32, rgb2: U8, held: U8) -> U8:
        """Put real depth and colour into `inverse2`, `rgb2` (half size, where `held`) of `frame` as far as other pictures have
        them.

        Return uint8 [h, w]: 1 where that is so, 2 where only the colour is taken, and is to be softened like a guess: among
        leaves and wires nothing stands twice in the same place. The picture farthest away in time is asked first: it saw from
        farthest aside.
        """
        real = np.zeros_like(held)
        heard: F32 = np.zeros((*held.shape, 4), np.float32)
        others = (seen for seen in self._seen if seen.frame != frame)
        for seen in sorted(others, key=lambda seen: -abs(seen.frame - frame)):
            there = np.linalg.inv(seen.camera.t_world_camera) @ camera.t_world_camera
            lens = np.array([np.tan(camera.yfov_rad / 2), np.tan(seen.camera.yfov_rad / 2)])
            self._look(inverse1, inverse2, rgb2, held, real, heard, seen.inverse, seen.rgb, seen.moves, there, lens)
        return real

    def _look(
        self, inverse1: F32, inverse2: F32, rgb2: U8, held: U8, real: U8, heard: F32,
        inverse: F32, rgb: U8, moves: U8, there: F64, lens: F64,
    ) -> None:  # fmt: skip
        """One kept picture, through the lens of this kind of clip: see `_look_up`."""
        _look_up(inverse1, inverse2, rgb2, held, real, heard, inverse, rgb, moves, there, lens)

    def keep(self, frame: Frame, inverse: F32, rgb: U8) -> None:
        """Remember `frame` (its half-size inverse depth and colour) if its turn has come."""
        if self._frames % _EVERY == 0:
            self._seen.append(_Seen(frame.index, inverse, rgb, _movers(frame, inverse.shape), frame.camera))
        self._frames += 1


def _movers(frame: Frame, shape: tuple[int, ...]) -> U8:
    """1 at subjects; without ids nothing is known to move."""
    if frame.ids is None:
        return np.zeros(shape, np.uint8)
    ids = frame.ids[: 2 * shape[0] : 2, : 2 * shape[1] : 2]
    return ((ids > 0) & (ids < FIRST_STILL_ID)).astype(np.uint8)


@compiled
def _look_up(
    inverse1: F32,
    inverse2: F32,
    rgb2: U8,
    held: U8,
    real: U8,
    heard: F32,
    inverse: F32,
    rgb: U8,
    moves: U8,
    there: F64,
    lens: F64,
) -> None:
    """One kept picture. `there`: from the present camera's frame to the kept one's (WebXR axes); `lens`: tan(yfov / 2) of
    both; `heard` float32 [h, w, 4]: what an earlier picture said, 1/z and colour, 0 where none has yet."""
    sample = np.empty(4, np.float32)
    height, width = held.shape
    aspect = width / height
    for y in range(height):
        ray_y = (1.0 - 2.0 * (y + 0.5) / height) * lens[0]
        for x in range(width):
            if held[y, x] != HELD or real[y, x]:
                continue
            ray_x = (2.0 * (x + 0.5) / width - 1.0) * lens[0] * aspect
            guess = max(float(inverse2[y, x]), 1e-4)
            for _ in range(TRIES):
                # the point at the guessed depth, in the kept camera's frame, times 1/z
                px = there[0, 0] * ray_x + there[0, 1] * ray_y - there[0, 2] + there[0, 3] * guess
                py = there[1, 0] * ray_x + there[1, 1] * ray_y - there[1, 2] + there[1, 3] * guess
                pz = there[2, 0] * ray_x + there[2, 1] * ray_y - there[2, 2] + there[2, 3] * guess
                if pz > -1e-3:
                    break
                u = (px / -pz / (lens[1] * aspect) + 1.0) * 0.5 * width - 0.5
                v = (1.0 - py / -pz / lens[1]) * 0.5 * height - 0.5
                if not (0.0 <= u <= width - 1 and 0.0 <= v <= height - 1):
                    break
                i, j = int(u + 0.5), int(v + 0.5)
                if moves[j, i]:
                    break
                # 1/z there of the guess, against what was seen there
                wanted = guess / -pz
                saw = max(float(inverse[j, i]), 1e-4)
                if abs(saw - wanted) <= AGREES * max(saw, wanted) + 1e-4:
                    if guess < KEEP_RATIO * inverse1[y, x]:
                        sample[0] = guess
                        read_color(rgb, u, v, sample)
                        sure = 1 if is_flat(inverse, j, i) else 2
                        hear(sample, heard, y, x, inverse2, rgb2, real, sure)
                    break
                if saw > wanted and saw * -pz >= KEEP_RATIO * inverse1[y, x]:
                    break  # the front layer's own thing stood before it there, too
                guess = saw * -pz


@compiled
def is_flat(inverse: F32, j: int, i: int) -> bool:
    """Whether (j, i) lies within one surface: leaves and wires are never the same twice."""
    height, width = inverse.shape
    here = inverse[j, i]
    for v in range(max(j - _AROUND_PX, 0), min(j + _AROUND_PX + 1, height)):
        for u in range(max(i - _AROUND_PX, 0), min(i + _AROUND_PX + 1, width)):
            if abs(inverse[v, u] - here) > _SAME_SURFACE * here + 1e-4:
                return False
    return True


@compiled
def hear(sample: F32, heard: F32, y: int, x: int, inverse2: F32, rgb2: U8, real: U8, sure: int) -> None:
    """Two pictures that say the same are believed: what flutters or walks is told otherwise by each."""
    first = heard[y, x]
    apart = abs(first[1] - sample[1]) + abs(first[2] - sample[2]) + abs(first[3] - sample[3])
    if first[0] > 0 and apart < _ALIKE and abs(first[0] - sample[0]) <= AGREES * first[0] + 1e-4:
        if sure == 1:
            inverse2[y, x] = sample[0] if sample[0] > 1.5e-4 else 0.0
        for c in range(3):
            rgb2[y, x, c] = np.uint8(0.5 * (first[1 + c] + sample[1 + c]) + 0.5)
        real[y, x] = sure
    else:
        heard[y, x] = sample


@compiled
def read_color(rgb: U8, u: float, v: float, out: F32) -> None:
    """Bilinear colour at (u, v) into out[1:4]."""
    height, width = rgb.shape[0], rgb.shape[1]
    i, j = min(int(u), width - 2), min(int(v), height - 2)
    a, b = u - i, v - j
    for c in range(3):
        upper = (1 - a) * rgb[j, i, c] + a * rgb[j, i + 1, c]
        lower = (1 - a) * rgb[j + 1, i, c] + a * rgb[j + 1, i + 1, c]
        out[1 + c] = (1 - b) * upper + b * lower
