"""Layers into one I420 picture: tiles are written straight into its planes."""

import numpy as np
import numpy.typing as npt

from vr_server.domain.manifest import Equirectangular, Manifest
from vr_server.media.colour import NEUTRAL, crispen, rgb_into_planes, split_i420

from .depth_code import coarse_luma, encode_u, fine_luma
from .layers import Layers
from .layout import AtlasLayout
from .sphere import window_of
from .strip import draw_barcode, draw_calibration

U8 = npt.NDArray[np.uint8]


class AtlasPainter:
    """Draws the atlas of each frame of one clip.

    Gutters repeat the tile's border, so that coding cannot ring into it; to the right of an all-round picture they hold
    its first columns, so that colours can be filtered across the seam.
    """

    def __init__(self, layout: AtlasLayout, manifest: Manifest) -> None:
        self._layout, self._manifest = layout, manifest
        projection = manifest.projection
        self._all_round = isinstance(projection, Equirectangular) and window_of(projection).all_round
        self._blank = np.full((layout.height_px * 3 // 2, layout.width_px), NEUTRAL, np.uint8)
        luma = split_i420(self._blank, layout.width_px, layout.height_px)[0]
        luma[:] = 16
        draw_calibration(luma, manifest.atlas.calibration)

    def paint(self, layers: Layers, frame: int) -> U8:
        """The tight I420 atlas of `frame`, uint8 [atlas height * 3/2, atlas width]."""
        image = self._blank.copy()
        luma, cb, cr = split_i420(image, self._layout.width_px, self._layout.height_px)
        code = self._manifest.depth
        for name, rgb in (("C1", layers.color), ("C2", layers.color2)):
            x, y = self._layout.tiles[name][:2]
            rgb_into_planes(_even(rgb), luma, cb, cr, x, y)
            if name == "C1":  # the hidden layer is soft as it is
                for plane in (cb, cr):
                    crispen(plane[y // 2 : (y + rgb.shape[0]) // 2, x // 2 : (x + rgb.shape[1]) // 2])
            self._fill_gutter(name, cb, 2)
            self._fill_gutter(name, cr, 2)
        u1, u2 = encode_u(layers.inverse1, code), encode_u(layers.inverse2, code)
        tiles = self._layout.tiles
        coarse_luma(u1, luma, *tiles["D1"][:2])
        coarse_luma(u2, luma, *tiles["D2"][:2])
        fine_luma(u1, code.fine_folds, luma, *tiles["F1"][:2])
        for name in tiles:
            self._fill_gutter(name, luma, 1)
        draw_barcode(luma, self._manifest.atlas.barcode, frame)
        return image

    def _fill_gutter(self, name: str, plane: U8, subsampling: int) -> None:
        """Fill the rest of the tile's cell."""
        x, y, w, h = (-(-v // subsampling) for v in self._layout.tiles[name])
        _, _, cell_w, cell_h = (v // subsampling for v in self._layout.cells[name])
        first = x if self._all_round else x + w - 1
        plane[y : y + h, x + w : x + cell_w] = plane[y : y + h, first : first + (cell_w - w if self._all_round else 1)]
        plane[y + h : y + cell_h, x : x + cell_w] = plane[y + h - 1, x : x + cell_w]


def _even(rgb: U8) -> U8:
    """`rgb` with its last row or column repeated where a side is odd."""
    odd_rows, odd_columns = rgb.shape[0] % 2, rgb.shape[1] % 2
    if not odd_rows and not odd_columns:
        return rgb
    return np.pad(rgb, ((0, odd_rows), (0, odd_columns), (0, 0)), mode="edge")
