"""The reference re-projector: what a head beside the camera sees of a baked frame. The client's shader follows it.

Layer pixel (i, j) of a w x h grid, depth z, stands in the camera's frame (WebXR axes, -Z forward) at

    x = (2 (i + 0.5) / w - 1) z tan(yfov / 2) w / h      y = (1 - 2 (j + 0.5) / h) z tan(yfov / 2)      -z

The head stands at `offset` in the camera's own axes and is turned by R = Ry(yaw) Rx(pitch): p' = R^T (p - offset).
The background (L2) is one continuous mesh. The foreground (L1) is cut where neighbours lie on different surfaces;
vertices beside a cut become splats of their own 2x2 source pixels, so that wires survive the cutting.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.media.jit import compiled

from .decode import DecodedLayers, decode_frame, read_manifest
from .grow import KEEP_RATIO
from .raster import triangle
from .surround import heading_rad, read_surround, rotation_of, seen, turned

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_SKY_INVERSE = 1e-5
_SAMPLES = 2  # a pixel's side: edges as smooth as a headset's multisampling draws them
_NEAR_CLIP_M = 0.05
_STEP_BACK = 0.99, 0.6, 1.2  # L2 stands back: share of 1/z; steps of coded depth, of a real sample and of a copy
_CUT_PX = 0.5  # neighbours that parallax pulls apart by less stay joined
_HEAD_BOX_M = 0.25
_STRETCHED = 3.0  # a cell pulled to more than so many times its own size reads as a streak
_SPLAT_HALF_PX = 0.55  # half a grid cell and a little: no hairline between splats


@dataclass(frozen=True, slots=True)
class View:
    """What a head sees. `rgb`: uint8 [h, w, 3]; `depth_m`: planar, float32 [h, w], +inf = sky, NaN where no layer
    reaches; `stretched`: bool [h, w], pixels that only a torn-out cell covers."""

    rgb: U8
    depth_m: F32
    stretched: npt.NDArray[np.bool_]


def render_view(
    folder: Path,
    frame: int,
    *,
    offset_m: tuple[float, float, float],
    yaw_rad: float = 0.0,
    pitch_rad: float = 0.0,
    tier: str | None = None,
) -> tuple[U8, F32]:
    """Re-project the decoded atlas of `frame`.

    `offset_m`: the head, metres in the camera's own axes (x right, y up, z back); `yaw_rad` turns left,
    `pitch_rad` up. Return colour uint8 [h, w, 3] and planar depth float32 [h, w] in metres of that view at the
    source's size: +inf = sky, NaN where no layer reaches; there the surround shows, if the clip has one. Raise
    InvalidMedia when the frame cannot be read.
    """
    layers = decode_frame(folder, frame, tier=tier)
    rgb, depth = reproject(layers, offset_m=offset_m, yaw_rad=yaw_rad, pitch_rad=pitch_rad)
    manifest = read_manifest(folder)
    surround, empty = read_surround(folder, manifest.surround), np.isnan(depth)
    if surround is not None and empty.any():
        first = turned(heading_rad(rotation_of(manifest.poses[0])))
        t_pan_view = first.T @ rotation_of(manifest.poses[frame]) @ _turn(yaw_rad, pitch_rad)
        around = seen(surround, t_pan_view, layers.yfov_rad, (rgb.shape[1], rgb.shape[0]))
        rgb[empty] = around[empty]
    return rgb, depth


def reproject(
    layers: DecodedLayers, *, offset_m: tuple[float, float, float], yaw_rad: float = 0.0, pitch_rad: float = 0.0
) -> tuple[U8, F32]:
    """`render_view` of layers in hand."""
    seen = look(layers, offset_m=offset_m, yaw_rad=yaw_rad, pitch_rad=pitch_rad)
    return seen.rgb, seen.depth_m


def look(
    layers: DecodedLayers, *, offset_m: tuple[float, float, float], yaw_rad: float = 0.0, pitch_rad: float = 0.0
) -> View:
    """`reproject`, and which pixels are stretched."""
    source_width = layers.color1.shape[1]
    height, width = (_SAMPLES * side for side in layers.color1.shape[:2])
    rotation = _turn(yaw_rad, pitch_rad)
    tan = float(np.tan(layers.yfov_rad / 2))
    rgb = np.zeros((height, width, 3), np.uint8)
    inverse = np.full((height, width), np.nan, np.float32)
    marks = np.zeros((height, width), np.uint8)
    offset = np.array(offset_m, np.float64)
    behind = _stepped_back(layers)
    back = _project(behind, offset, rotation, tan, width, height, 0.0, 0.0)
    share = layers.color2.shape[1] / source_width  # 1/2 as baked: grid points are its pixel centres
    back[:, :, 3:] = (back[:, :, 3:] + 0.5) * share - 0.5
    _draw_mesh(back, behind, layers.color2, np.inf, rgb, inverse, marks)
    ahead = np.maximum(layers.inverse1, np.float32(_SKY_INVERSE))
    front = _project(ahead, offset, rotation, tan, width, height, 0.0, 0.0)
    pull_px_m = layers.inverse1.shape[0] / 2 / tan * _HEAD_BOX_M
    _draw_mesh(front, ahead, layers.color1, pull_px_m, rgb, inverse, marks)
    corners = np.stack(
        [
            _project(ahead, offset, rotation, tan, width, height, dx * _SPLAT_HALF_PX, dy * _SPLAT_HALF_PX)
            for dy, dx in ((-1, -1), (-1, 1), (1, 1), (1, -1))
        ]
    )
    _draw_splats(corners, ahead, layers.color1, pull_px_m, rgb, inverse, marks)
    return _developed(rgb, inverse, marks)


def _developed(rgb: U8, inverse: F32, marks: U8) -> View:
    """`_SAMPLES` x `_SAMPLES` samples made one pixel: colours averaged, of the depths the nearest; a pixel that is not
    wholly covered counts as empty."""
    height, width = (side // _SAMPLES for side in rgb.shape[:2])
    blocks = inverse.reshape(height, _SAMPLES, width, _SAMPLES)
    nearest = blocks.max(axis=(1, 3))  # NaN where any is
    with np.errstate(divide="ignore"):
        depth = np.where(nearest <= 2 * _SKY_INVERSE, np.inf, 1 / nearest).astype(np.float32)
    depth[np.isnan(nearest)] = np.nan
    stretched = marks.reshape(height, _SAMPLES, width, _SAMPLES).mean(axis=(1, 3)) >= 0.5
    return View(np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8), depth, stretched)


def _stepped_back(layers: DecodedLayers) -> F32:
    """1/z of L2 a little farther than it says: where both layers hold the same surface the sharper front one shows,
    and the code's noise must not decide (+0.2 dB at 25 cm). A copy of L1 is only there to be hidden."""
    share, real, copy = _STEP_BACK
    steps = np.where(layers.held > 0, np.float32(real), np.float32(copy)) * np.float32(layers.step)
    stepped = np.maximum(share * layers.inverse2 - steps, 0.5 * layers.inverse2)
    return np.asarray(np.maximum(stepped, 0.5 * _SKY_INVERSE), np.float32)


def _turn(yaw_rad: float, pitch_rad: float) -> F64:
    cy, sy, cp, sp = np.cos(yaw_rad), np.sin(yaw_rad), np.cos(pitch_rad), np.sin(pitch_rad)
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return np.asarray(yaw @ np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]]))


@compiled
def _project(
    grid: F32, offset: F64, rotation: F64, tan: float, width: int, height: int, shift_x: float, shift_y: float
) -> F32:
    """Vertices float32 [gh, gw, 5] for `triangle`: screen x, y, 1/z' (0 = behind the head), full-size texture x, y.

    `shift_x`, `shift_y` move each point within its own depth plane, in grid cells (a splat's corners). A mesh's
    outermost points (no shift) move out to the frame's border.
    """
    rows, columns = grid.shape
    out = np.empty((rows, columns, 5), np.float32)
    aspect = width / height
    reach_border = 1.0 if shift_x == 0 and shift_y == 0 else 0.0
    for j in range(rows):
        for i in range(columns):
            z = 1.0 / grid[j, i]
            at_x = i + shift_x + (0.5 if i == columns - 1 else -0.5 if i == 0 else 0.0) * reach_border
            at_y = j + shift_y + (0.5 if j == rows - 1 else -0.5 if j == 0 else 0.0) * reach_border
            px = (2 * (at_x + 0.5) / columns - 1) * z * tan * aspect - offset[0]
            py = (1 - 2 * (at_y + 0.5) / rows) * z * tan - offset[1]
            pz = -z - offset[2]
            x = rotation[0, 0] * px + rotation[1, 0] * py + rotation[2, 0] * pz
            y = rotation[0, 1] * px + rotation[1, 1] * py + rotation[2, 1] * pz
            ahead = -(rotation[0, 2] * px + rotation[1, 2] * py + rotation[2, 2] * pz)
            if ahead < _NEAR_CLIP_M:
                out[j, i, 2] = 0.0
                continue
            out[j, i, 0] = (x / (ahead * tan * aspect) + 1) / 2 * width - 0.5
            out[j, i, 1] = (1 - y / (ahead * tan)) / 2 * height - 0.5
            out[j, i, 2] = 1.0 / ahead
            out[j, i, 3] = 2 * at_x + 0.5
            out[j, i, 4] = 2 * at_y + 0.5
    return out


@compiled
def _is_cut(grid: F32, j: int, i: int, pull_px_m: float) -> bool:
    """Whether the cell between (j, i) and (j + 1, i + 1) spans two surfaces."""
    low = min(grid[j, i], grid[j, i + 1], grid[j + 1, i], grid[j + 1, i + 1])
    high = max(grid[j, i], grid[j, i + 1], grid[j + 1, i], grid[j + 1, i + 1])
    return bool(low < KEEP_RATIO * high and (high - low) * pull_px_m > _CUT_PX)


@compiled
def _draw_mesh(points: F32, grid: F32, texture: U8, pull_px_m: float, rgb: U8, inverse: F32, marks: U8) -> None:
    """Draw the cells of one layer; `pull_px_m` infinite: all of them, else only those that are not cut."""
    box = np.array([0, 0, texture.shape[1] - 1, texture.shape[0] - 1], np.float32)
    longest = _STRETCHED * inverse.shape[1] / grid.shape[1]
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
