"""The layers' meshes drawn on a CPU: what a view of a frame and a view into a sphere have in common."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.media.jit import compiled

from .decode import DecodedLayers
from .grow import KEEP_RATIO
from .raster import triangle

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

SKY_INVERSE = 1e-5
SAMPLES = 2  # a pixel's side: edges as smooth as a headset's multisampling draws them
NEAR_CLIP_M = 0.05
HEAD_BOX_M = 0.25
SPLAT_HALF_PX = 0.55  # half a grid cell and a little: no hairline between splats
SPLAT_CORNERS = ((-1, -1), (-1, 1), (1, 1), (1, -1))
"""y, x of a splat's corners, in halves."""
_STEP_BACK = 0.99, 0.6, 1.2  # L2 stands back: share of 1/z; steps of coded depth, of a real sample and of a copy
_CUT_PX = 0.5  # neighbours that parallax pulls apart by less stay joined
STRETCHED = 3.0  # a cell pulled to more than so many times its own size reads as a streak


@dataclass(frozen=True, slots=True)
class View:
    """What a head sees. `rgb`: uint8 [h, w, 3]; `depth_m`: planar, float32 [h, w], +inf = sky, NaN where no layer
    reaches; `stretched`: bool [h, w], pixels that only a torn-out cell covers."""

    rgb: U8
    depth_m: F32
    stretched: npt.NDArray[np.bool_]


class Canvas:
    """What is drawn to: `SAMPLES` x `SAMPLES` samples for each of `width_px` x `height_px` pixels."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self.height, self.width = SAMPLES * height_px, SAMPLES * width_px
        self.rgb = np.zeros((self.height, self.width, 3), np.uint8)
        self.inverse = np.full((self.height, self.width), np.nan, np.float32)
        self.marks = np.zeros((self.height, self.width), np.uint8)

    def mesh(self, points: F32, grid: F32, texture: U8, pull_px_m: float, cell_px: float) -> None:
        """Draw a layer's cells; `points`: see `triangle`; `pull_px_m`: how far parallax pulls a step of inverse depth,
        in pixels of the grid, infinite for a continuous sheet; `cell_px`: a cell's usual size in samples."""
        _draw_mesh(points, grid, texture, pull_px_m, STRETCHED * cell_px, self.rgb, self.inverse, self.marks)

    def splats(self, corners: F32, grid: F32, texture: U8, pull_px_m: float) -> None:
        """Draw the vertices beside cut cells; `corners` float32 [4, gh, gw, 5]."""
        _draw_splats(corners, grid, texture, pull_px_m, self.rgb, self.inverse, self.marks)

    def developed(self) -> View:
        """Samples made pixels."""
        return _developed(self.rgb, self.inverse, self.marks)


def _developed(rgb: U8, inverse: F32, marks: U8) -> View:
    """`SAMPLES` x `SAMPLES` samples made one pixel: colours averaged, of the depths the nearest; a pixel that is not
    wholly covered counts as empty."""
    height, width = (side // SAMPLES for side in rgb.shape[:2])
    blocks = inverse.reshape(height, SAMPLES, width, SAMPLES)
    nearest = blocks.max(axis=(1, 3))  # NaN where any is
    with np.errstate(divide="ignore"):
        depth = np.where(nearest <= 2 * SKY_INVERSE, np.inf, 1 / nearest).astype(np.float32)
    depth[np.isnan(nearest)] = np.nan
    stretched = marks.reshape(height, SAMPLES, width, SAMPLES).mean(axis=(1, 3)) >= 0.5
    return View(np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8), depth, stretched)


def stepped_back(layers: DecodedLayers) -> F32:
    """1/z of L2 a little farther than it says: where both layers hold the same surface the sharper front one shows,
    and the code's noise must not decide (+0.2 dB at 25 cm). A copy of L1 is only there to be hidden."""
    share, real, copy = _STEP_BACK
    steps = np.where(layers.held > 0, np.float32(real), np.float32(copy)) * np.float32(layers.step)
    stepped = np.maximum(share * layers.inverse2 - steps, 0.5 * layers.inverse2)
    return np.asarray(np.maximum(stepped, 0.5 * SKY_INVERSE), np.float32)


def turn(yaw_rad: float, pitch_rad: float) -> F64:
    cy, sy, cp, sp = np.cos(yaw_rad), np.sin(yaw_rad), np.cos(pitch_rad), np.sin(pitch_rad)
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return np.asarray(yaw @ np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]]))


@compiled
def _is_cut(grid: F32, j: int, i: int, pull_px_m: float) -> bool:
    """Whether the cell between (j, i) and (j + 1, i + 1) spans two surfaces."""
    low = min(grid[j, i], grid[j, i + 1], grid[j + 1, i], grid[j + 1, i + 1])
    high = max(grid[j, i], grid[j, i + 1], grid[j + 1, i], grid[j + 1, i + 1])
    return bool(low < KEEP_RATIO * high and (high - low) * pull_px_m > _CUT_PX)


@compiled
def _draw_mesh(
    points: F32, grid: F32, texture: U8, pull_px_m: float, longest: float, rgb: U8, inverse: F32, marks: U8
) -> None:  # fmt: skip
    """Draw the cells of one layer; `pull_px_m` infinite: all of them, else only those that are not cut."""
    box = np.array([0, 0, texture.shape[1] - 1, texture.shape[0] - 1], np.float32)
    for j in range(grid.shape[0] - 1):
        for i in range(grid.shape[1] - 1):
            if np.isfinite(pull_px_m) and _is_cut(grid, j, i, pull_px_m):
                continue
            a, b, c, d = points[j, i], points[j, i + 1], points[j + 1, i + 1], points[j + 1, i]
            if min(a[2], b[2], c[2], d[2]) > 0:
                mark = 1 if _is_stretched(a, b, c, d, longest) else 0
                triangle(a, b, c, texture, box, mark, rgb, inverse, marks)
                triangle(a, c, d, texture, box, mark, rgb, inverse, marks)


@compiled
def _is_stretched(a: F32, b: F32, c: F32, d: F32, longest_px: float) -> bool:
    """Whether the cell a b c d is wider or higher on the screen than `longest_px`."""
    wide = max(abs(b[0] - a[0]), abs(c[0] - d[0]), abs(b[1] - a[1]), abs(c[1] - d[1]))
    high = max(abs(d[1] - a[1]), abs(c[1] - b[1]), abs(d[0] - a[0]), abs(c[0] - b[0]))
    return bool(max(wide, high) > longest_px)


@compiled
def _draw_splats(corners: F32, grid: F32, texture: U8, pull_px_m: float, rgb: U8, inverse: F32, marks: U8) -> None:
    """Draw the vertices beside cut cells as squares of their own 2x2 source pixels."""
    rows, columns = grid.shape
    box = np.empty(4, np.float32)
    for j in range(rows):
        for i in range(columns):
            beside_cut = False
            for cj in range(max(j - 1, 0), min(j + 1, rows - 1)):
                for ci in range(max(i - 1, 0), min(i + 1, columns - 1)):
                    beside_cut = beside_cut or _is_cut(grid, cj, ci, pull_px_m)
            a, b, c, d = corners[0, j, i], corners[1, j, i], corners[2, j, i], corners[3, j, i]
            if beside_cut and min(a[2], b[2], c[2], d[2]) > 0:
                box[0], box[1], box[2], box[3] = 2 * i, 2 * j, 2 * i + 1, 2 * j + 1
                triangle(a, b, c, texture, box, 0, rgb, inverse, marks)
                triangle(a, c, d, texture, box, 0, rgb, inverse, marks)
