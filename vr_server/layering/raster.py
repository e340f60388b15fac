"""Textured triangles in compiled code: just enough to draw the layers' meshes on a CPU."""

import numpy as np
import numpy.typing as npt

from vr_server.media.jit import compiled

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]


@compiled
def _sample(texture: U8, x: float, y: float, box: F32, out: F32) -> None:
    """Bilinear colour at (x, y), pixel centres at whole numbers, never outside `box` (x0, y0, x1, y1 inclusive)."""
    x = min(max(x, box[0]), box[2])
    y = min(max(y, box[1]), box[3])
    x0, y0 = int(x), int(y)
    x1, y1 = min(x0 + 1, int(box[2])), min(y0 + 1, int(box[3]))
    fx, fy = x - x0, y - y0
    for c in range(3):
        upper = texture[y0, x0, c] * (1 - fx) + texture[y0, x1, c] * fx
        lower = texture[y1, x0, c] * (1 - fx) + texture[y1, x1, c] * fx
        out[c] = upper * (1 - fy) + lower * fy


@compiled
def triangle(a: F32, b: F32, c: F32, texture: U8, box: F32, mark: int, rgb: U8, inverse: F32, marks: U8) -> None:
    """Draw one triangle with depth test; `mark` goes into `marks` (uint8 [h, w]) where it shows.

    Vertices float32 [5]: x, y in output pixels (centres at whole numbers), 1/z, texture x, y. `inverse` is
    the depth buffer: the 1/z shown, NaN where nothing is; larger wins. Attributes are divided by z, hence
    linear on the screen (perspective-correct).
    """
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    if abs(area) < 1e-9:
        return
    height, width = inverse.shape
    x_from = max(int(np.ceil(min(a[0], b[0], c[0]))), 0)
    x_to = min(int(np.floor(max(a[0], b[0], c[0]))), width - 1)
    y_from = max(int(np.ceil(min(a[1], b[1], c[1]))), 0)
    y_to = min(int(np.floor(max(a[1], b[1], c[1]))), height - 1)
    color = np.empty(3, np.float32)
    for y in range(y_from, y_to + 1):
        for x in range(x_from, x_to + 1):
            wa = ((b[0] - x) * (c[1] - y) - (b[1] - y) * (c[0] - x)) / area
            wb = ((c[0] - x) * (a[1] - y) - (c[1] - y) * (a[0] - x)) / area
            wc = 1.0 - wa - wb
            if wa < -1e-5 or wb < -1e-5 or wc < -1e-5:
                continue
            w = wa * a[2] + wb * b[2] + wc * c[2]
            if w <= inverse[y, x]:
                continue
            tx = (wa * a[2] * a[3] + wb * b[2] * b[3] + wc * c[2] * c[3]) / w
            ty = (wa * a[2] * a[4] + wb * b[2] * b[4] + wc * c[2] * c[4]) / w
            _sample(texture, tx, ty, box, color)
            inverse[y, x] = w
            marks[y, x] = mark
            for i in range(3):
                rgb[y, x, i] = np.uint8(color[i] + 0.5)
