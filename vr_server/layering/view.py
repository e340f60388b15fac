"""The reference re-projector: what a head beside the camera sees of a baked frame. The client's shader follows it.

Layer pixel (i, j) of a w x h grid, depth z, stands in the camera's frame (WebXR axes, -Z forward) at

    x = (2 (i + 0.5) / w - 1) z tan(yfov / 2) w / h      y = (1 - 2 (j + 0.5) / h) z tan(yfov / 2)      -z

and of a sphere (window from `left` and `top`, `wide` x `high` radians) at distance r along

    longitude = left + (i + 0.5) / w wide      latitude = top - (j + 0.5) / h high

The head stands at `offset` in the camera's own axes and is turned by R = Ry(yaw) Rx(pitch): p' = R^T (p - offset).
The background (L2) is one continuous mesh. The foreground (L1) is cut where neighbours lie on different surfaces;
vertices beside a cut become splats of their own 2x2 source pixels, so that wires survive the cutting.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vr_server.media.jit import compiled

from .decode import DecodedLayers, decode_frame, read_manifest
from .mesh import HEAD_BOX_M, NEAR_CLIP_M, SKY_INVERSE, SPLAT_CORNERS, SPLAT_HALF_PX, Canvas, View, stepped_back, turn
from .sphere import wrapped
from .surround import heading_rad, read_surround, rotation_of, seen, turned

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lens:
    """What the head looks through: vertical field of view, and the picture's size."""

    yfov_rad: float
    width_px: int
    height_px: int


SPHERE_LENS = Lens(1.0, 1280, 720)
"""What a sphere is looked at through where nothing else is said."""


def render_view(
    folder: Path,
    frame: int,
    *,
    offset_m: tuple[float, float, float],
    yaw_rad: float = 0.0,
    pitch_rad: float = 0.0,
    tier: str | None = None,
    lens: Lens = SPHERE_LENS,
) -> tuple[U8, F32]:
    """Re-project the decoded atlas of `frame`.

    `offset_m`: the head, metres in the camera's own axes (x right, y up, z back); `yaw_rad` turns left,
    `pitch_rad` up. Return colour uint8 [h, w, 3] and planar depth float32 [h, w] in metres of that view: +inf = sky,
    NaN where no layer reaches; there the surround shows, if the clip has one. A perspective clip is seen through its
    own lens at the source's size, a sphere through `lens`. Raise InvalidMedia when the frame cannot be read.
    """
    layers = decode_frame(folder, frame, tier=tier)
    view = look(layers, offset_m=offset_m, yaw_rad=yaw_rad, pitch_rad=pitch_rad, lens=lens)
    rgb, depth = view.rgb, view.depth_m
    manifest = read_manifest(folder)
    surround, empty = read_surround(folder, manifest.surround), np.isnan(depth)
    if surround is not None and empty.any():
        first = turned(heading_rad(rotation_of(manifest.poses[0])))
        t_pan_view = first.T @ rotation_of(manifest.poses[frame]) @ turn(yaw_rad, pitch_rad)
        yfov_rad = layers.yfov_rad if layers.window is None else lens.yfov_rad
        around = seen(surround, t_pan_view, yfov_rad, (rgb.shape[1], rgb.shape[0]))
        rgb[empty] = around[empty]
    return rgb, depth


def reproject(
    layers: DecodedLayers, *, offset_m: tuple[float, float, float], yaw_rad: float = 0.0, pitch_rad: float = 0.0
) -> tuple[U8, F32]:
    """`render_view` of layers in hand."""
    view = look(layers, offset_m=offset_m, yaw_rad=yaw_rad, pitch_rad=pitch_rad)
    return view.rgb, view.depth_m


def look(
    layers: DecodedLayers,
    *,
    offset_m: tuple[float, float, float],
    yaw_rad: float = 0.0,
    pitch_rad: float = 0.0,
    lens: Lens = SPHERE_LENS,
) -> View:
    """`render_view` of layers in hand without the surround, and which pixels are stretched."""
    window = layers.window
    height, width = layers.color1.shape[:2]
    if window is None:
        lens = Lens(layers.yfov_rad, width, height)
    canvas = Canvas(lens.width_px, lens.height_px)
    tan = float(np.tan(lens.yfov_rad / 2))
    offset, rotation = np.array(offset_m, np.float64), turn(yaw_rad, pitch_rad)
    rows, columns = layers.inverse1.shape

    def placed(grid: F32, shift_x: float = 0.0, shift_y: float = 0.0) -> F32:
        if window is None:
            return _project(grid, offset, rotation, tan, canvas.width, canvas.height, shift_x, shift_y)
        shown = np.array([window.left_rad, window.top_rad, window.width_rad, window.height_rad])
        size = np.array([canvas.width, canvas.height, columns, rows])
        return _project_sphere(grid, shown, offset, rotation, tan, size, shift_x, shift_y)

    pixel_rad = tan * 2 / rows if window is None else window.pixel_rad(rows)
    # a sphere's pixels are several of a screen's wide: a cell is cut from 0.3 of one on
    pull_px_m = (1 if window is None else 5 / 3) * HEAD_BOX_M / pixel_rad
    cell_px = pixel_rad * canvas.height / 2 / tan
    seam = 1 if window is not None and window.all_round else 0  # the first column once more, after the last
    behind = _carried(stepped_back(layers), seam)
    back = placed(behind)
    share = layers.color2.shape[1] / width  # 1/2 as baked: grid points are its pixel centres
    back[:, :, 3:] = (back[:, :, 3:] + 0.5) * share - 0.5
    canvas.mesh(back, behind, np.asarray(wrapped(layers.color2, 0, 2 * seam), np.uint8), np.inf, cell_px)
    ahead = _carried(np.maximum(layers.inverse1, np.float32(SKY_INVERSE)), seam)
    color1 = np.asarray(wrapped(layers.color1, 0, 2 * seam), np.uint8)
    canvas.mesh(placed(ahead), ahead, color1, pull_px_m, cell_px)
    corners = np.stack([placed(ahead, dx * SPLAT_HALF_PX, dy * SPLAT_HALF_PX) for dy, dx in SPLAT_CORNERS])
    canvas.splats(corners, ahead, color1, pull_px_m)
    return canvas.developed()


def _carried(grid: F32, seam: int) -> F32:
    return np.asarray(wrapped(grid, 0, seam), np.float32)


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
            if ahead < NEAR_CLIP_M:
                out[j, i, 2] = 0.0
                continue
            out[j, i, 0] = (x / (ahead * tan * aspect) + 1) / 2 * width - 0.5
            out[j, i, 1] = (1 - y / (ahead * tan)) / 2 * height - 0.5
            out[j, i, 2] = 1.0 / ahead
            out[j, i, 3] = 2 * at_x + 0.5
            out[j, i, 4] = 2 * at_y + 0.5
    return out


@compiled
def _project_sphere(
    grid: F32,
    window: F64,
    offset: F64,
    rotation: F64,
    tan: float,
    size: npt.NDArray[np.int64],
    shift_x: float,
    shift_y: float,
) -> F32:
    """`_project` of a sphere: `window` float64 [4]: left, top, width, height, radians; `size`: width and height of the screen,
    columns and rows of the sphere (`grid` has one column more where it closes on itself).

    A mesh's outermost rows (no shift) move out to the window's border, which is the pole of a whole sphere; so do its
    outermost columns where it is not closed.
    """
    width, height, columns, rows = size[0], size[1], size[2], size[3]
    out = np.zeros((grid.shape[0], grid.shape[1], 5), np.float32)
    aspect = width / height
    sheet = shift_x == 0 and shift_y == 0
    sides = sheet and grid.shape[1] == columns
    for j in range(rows):
        at_y = j + shift_y
        if sheet:
            at_y += 0.5 if j == rows - 1 else -0.5 if j == 0 else 0.0
        lat = window[1] - (at_y + 0.5) / rows * window[3]
        for i in range(grid.shape[1]):
            at_x = i + shift_x
            if sides:
                at_x += 0.5 if i == columns - 1 else -0.5 if i == 0 else 0.0
            lon = window[0] + (at_x + 0.5) / columns * window[2]
            r = 1.0 / grid[j, i]
            px = np.sin(lon) * np.cos(lat) * r - offset[0]
            py = np.sin(lat) * r - offset[1]
            pz = -np.cos(lon) * np.cos(lat) * r - offset[2]
            x = rotation[0, 0] * px + rotation[1, 0] * py + rotation[2, 0] * pz
            y = rotation[0, 1] * px + rotation[1, 1] * py + rotation[2, 1] * pz
            ahead = -(rotation[0, 2] * px + rotation[1, 2] * py + rotation[2, 2] * pz)
            if ahead < NEAR_CLIP_M:
                continue
            out[j, i, 0] = (x / (ahead * tan * aspect) + 1) / 2 * width - 0.5
            out[j, i, 1] = (1 - y / (ahead * tan)) / 2 * height - 0.5
            out[j, i, 2] = 1.0 / ahead
            out[j, i, 3] = 2 * at_x + 0.5
            out[j, i, 4] = 2 * at_y + 0.5
    return out
