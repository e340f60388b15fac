"""A sphere taken apart into its two layers: `layers.split` where pixels are angles and the picture has no left end."""

import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import Frame
from vr_server.media.jit import compiled

from .grow import HELD, KEEP_RATIO, Reach, grow
from .layers import BEYOND_BOX, Halved, Layers, halved, soften
from .memory import AGREES, TRIES, Memory, hear, is_flat, read_color
from .sphere import T, Window, wrapped

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_LEAST_PX, _MARGIN_PX = 0.45, 3.5
"""A sphere has few pixels for each radian, so that parallax opens few of them: also a part of one is seen, and where the
foreground is cut the hidden layer must not be. (Level ground a metre and a half below the eye opens by 0.25 from row to row.) The sheet that a client draws of it has cells of two: its edges must lie
well under the foreground's, or it stands out beside them."""
_SOFTENING_PX = 24
"""How far colours are softened beyond what is grown."""


def split_sphere(frame: Frame, window: Window, *, head_box_m: float, memory: Memory | None = None) -> Layers:
    """`part_sphere` of a frame in hand, which `memory` keeps from now on."""
    seen = halved(frame)
    layers = part_sphere(seen, window, head_box_m=head_box_m, memory=memory)
    if memory is not None:
        memory.keep(frame, seen.inverse, seen.rgb)
    return layers


def part_sphere(seen: Halved, window: Window, *, head_box_m: float, memory: Memory | None = None) -> Layers:
    """Take an equirectangular frame (radial depth) apart for a head that moves `head_box_m` from its middle.

    Parallax is an angle here: a head beside the middle by d sees what stands at r turned by d / r, whatever the direction.
    An all-round picture is carried on over its seam before anything grows, so that the seam is a column like any other.
    `memory` as for `layers.parted`: a `SphereMemory`.
    """
    inverse1, (height, width) = seen.inverse, seen.inverse.shape
    reach = Reach(float(head_box_m * BEYOND_BOX / window.pixel_rad(height)), _LEAST_PX, _MARGIN_PX)
    pad = 0
    if window.all_round:
        pad = min(int(np.ceil(reach.px_m * float(inverse1.max()))) + _SOFTENING_PX, width // 2)
    inverse, rgb = wrapped(inverse1, pad, pad), wrapped(seen.rgb, pad, pad)
    inverse2, color2, held = np.empty_like(inverse), np.empty_like(rgb), np.empty(inverse.shape, np.uint8)
    owner = wrapped(seen.owner, pad, pad)
    grow(inverse, rgb, owner, reach, window.row_widths(height), inverse2, color2, held)
    inverse2, color2, held = (_within(inverse2, pad), _within(color2, pad), _within(held, pad))
    guessed = held
    if memory is not None:
        real = memory.recall(seen.index, seen.camera, inverse1, inverse2, color2, held)
        guessed = held & (real != 1).astype(np.uint8)
    softened = soften(wrapped(color2, pad, pad), wrapped(guessed, pad, pad))
    return Layers(seen.color, inverse1, _within(softened, pad), inverse2, held)


def _within(picture: npt.NDArray[T], pad: int) -> npt.NDArray[T]:
    """`picture` without what was carried on over its seam."""
    return np.ascontiguousarray(picture[:, pad : picture.shape[1] - pad])


class SphereMemory(Memory):
    """`Memory` of an equirectangular shot: every picture kept has seen every direction of its `window`."""

    def __init__(self, window: Window) -> None:
        super().__init__()
        self._window = np.array([window.left_rad, window.top_rad, window.width_rad, window.height_rad])
        self._all_round = window.all_round

    def _look(
        self, inverse1: F32, inverse2: F32, rgb2: U8, held: U8, real: U8, heard: F32,
        inverse: F32, rgb: U8, moves: U8, there: F64, lens: F64,
    ) -> None:  # fmt: skip
        del lens
        around = 1 if self._all_round else 0
        _look_up_sphere(
            inverse1, inverse2, rgb2, held, real, heard, inverse, rgb, moves, there, self._window, around
        )  # fmt: skip


@compiled
def _look_up_sphere(
    inverse1: F32, inverse2: F32, rgb2: U8, held: U8, real: U8, heard: F32,
    inverse: F32, rgb: U8, moves: U8, there: F64, window: F64, around: int,
) -> None:  # fmt: skip
    """`memory._look_up` with radial depth. `window` float64 [4]: left, top, width, height, radians; `around`: 1 where the
    picture has no left and right end."""
    sample = np.empty(4, np.float32)
    height, width = held.shape
    for y in range(height):
        lat = window[1] - (y + 0.5) / height * window[3]
        for x in range(width):
            if held[y, x] != HELD or real[y, x]:
                continue
            lon = window[0] + (x + 0.5) / width * window[2]
            ray_x, ray_y, ray_z = np.sin(lon) * np.cos(lat), np.sin(lat), -np.cos(lon) * np.cos(lat)
            guess = max(float(inverse2[y, x]), 1e-4)
            for _ in range(TRIES):
                # the point at the guessed depth, in the kept camera's frame, times 1/r
                px = there[0, 0] * ray_x + there[0, 1] * ray_y + there[0, 2] * ray_z + there[0, 3] * guess
                py = there[1, 0] * ray_x + there[1, 1] * ray_y + there[1, 2] * ray_z + there[1, 3] * guess
                pz = there[2, 0] * ray_x + there[2, 1] * ray_y + there[2, 2] * ray_z + there[2, 3] * guess
                away = np.sqrt(px * px + py * py + pz * pz)
                if away < 1e-3:
                    break
                u = (np.arctan2(px, -pz) - window[0]) / window[2] * width - 0.5
                v = (window[1] - np.arcsin(py / away)) / window[3] * height - 0.5
                if around:
                    u = min(max(u, 0.0), width - 1.0)  # the seam's own half pixel
                if not (0.0 <= u <= width - 1 and 0.0 <= v <= height - 1):
                    break
                i, j = int(u + 0.5), int(v + 0.5)
                if moves[j, i]:
                    break
                wanted = guess / away
                saw = max(float(inverse[j, i]), 1e-4)
                if abs(saw - wanted) <= AGREES * max(saw, wanted) + 1e-4:
                    if guess < KEEP_RATIO * inverse1[y, x]:
                        sample[0] = guess
                        read_color(rgb, u, v, sample)
                        hear(sample, heard, y, x, inverse2, rgb2, real, 1 if is_flat(inverse, j, i) else 2)
                    break
                if saw > wanted and saw * away >= KEEP_RATIO * inverse1[y, x]:
                    break  # the front layer's own thing stood before it there, too
                guess = saw * away
