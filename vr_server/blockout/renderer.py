"""One shot's renderer: geometry, lights and buffers, and the passes of a frame."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vr_server.domain.take import Quality
from vr_server.staging.scene import Scene

from .geometry import Geometry
from .jit import F32, F64, I32, U8, U16
from .lighting import SHADOWED, Shadows, make_lights
from .occlusion import occlude, smooth
from .raster import RECORD, bin_rows, draw_band, set_up, to_camera
from .shade import View, Visibility, shade_band
from .sky import make_sky
from .workers import Workers

BAND = 16
"""Rows per unit of work (even, since occlusion works on half rows)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What quality buys. `offsets`: sample positions in the pixel; the first is its centre."""

    offsets: tuple[tuple[float, float], ...]
    shadow_side: int
    shadow_taps: int
    occlusion_taps: int


# a rotated grid shifted so that one sample is the pixel's centre: depth and ids are exact there
SETTINGS: dict[Quality, Settings] = {
    "draft": Settings(((0.0, 0.0), (0.5, 0.5)), 1024, 2, 5),
    "final": Settings(((0.0, 0.0), (0.5, 0.25), (0.25, -0.25), (-0.25, 0.5)), 2048, 3, 9),
}


def srgb_curve() -> U8:
    """uint8 [4096]: display light 0..1 in 4096 steps -> sRGB code."""
    x = np.arange(4096) / 4095
    return np.round(255 * np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)).astype(np.uint8)


class Rasteriser:
    """Visibility of a geometry from one view: buffers that are used again frame after frame."""

    def __init__(self, geometry: Geometry, width: int, height: int, offsets: npt.ArrayLike, workers: Workers) -> None:
        self.offsets: F64 = np.ascontiguousarray(offsets, dtype=np.float64)
        samples = len(self.offsets)
        self.width, self.height = width, height
        self.inverse: F32 = np.zeros((samples, height, width), dtype=np.float32)
        self.seen: I32 = np.zeros((samples, height, width), dtype=np.int32)
        self.bands = -(-height // BAND)
        self._geometry, self._workers = geometry, workers
        triangles = len(geometry.surfaces.tri)
        self._cam: F64 = np.empty((len(geometry.positions), 3))
        self.rec: F64 = np.empty((2 * triangles + 2, RECORD))  # pages that are not written cost nothing
        self.src: I32 = np.empty(2 * triangles + 2, dtype=np.int32)
        self._heads: I32 = np.zeros(self.bands + 1, dtype=np.int32)
        self._order: I32 = np.empty(1 << 16, dtype=np.int32)

    def draw(self, view: View) -> None:
        """Fill `inverse` and `seen` for `view`."""
        geometry, workers = self._geometry, self._workers
        tri = geometry.surfaces.tri
        vertices, chunks = workers.parts(len(self._cam)), workers.parts(len(tri))
        counts = np.zeros(len(chunks), dtype=np.int32)

        def transform(i: int) -> None:
            to_camera(geometry.positions, view.rows, view.origin, self._cam, *vertices[i])

        def project(i: int) -> None:
            counts[i] = set_up(
                self._cam, tri, geometry.two_sided, view.lens, (self.width, self.height), *chunks[i], self.rec, self.src
            )  # fmt: skip

        workers.each(transform, range(len(vertices)))
        workers.each(project, range(len(chunks)))
        starts = np.array([2 * first for first, _ in chunks], dtype=np.int32)
        entries = bin_rows(self.rec, starts, counts, self.height, BAND, self._heads, self._order)
        if entries > len(self._order):
            self._order = np.empty(entries + entries // 4, dtype=np.int32)
            bin_rows(self.rec, starts, counts, self.height, BAND, self._heads, self._order)
        workers.each(self._draw_band, range(self.bands))

    def rows(self, band: int) -> tuple[int, int]:
        return band * BAND, min(band * BAND + BAND, self.height)

    def _draw_band(self, band: int) -> None:
        first, last = int(self._heads[band]), int(self._heads[band + 1])
        draw_band(self.rec, self._order, first, last, self.offsets, *self.rows(band), self.inverse, self.seen)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a shot shows: bounds of the planar depth, and world points float64 [n, 3] near and far."""

    near_m: float
    far_m: float
    near_points: F64
    far_points: F64


class Picture:
    """Draws pictures of a scene: `draw(view, time_s)` -> colour, depth, ids."""

    def __init__(
        self,
        scene: Scene,
        geometry: Geometry,
        survey: Survey,
        size: tuple[int, int],
        settings: Settings,
        workers: Workers,
    ) -> None:
        staging = scene.staging
        self._geometry, self._survey, self._settings, self._workers = geometry, survey, settings, workers
        self._raster = Rasteriser(geometry, *size, settings.offsets, workers)
        self._lights = make_lights(staging.sky, SHADOWED)
        self._shadows = Shadows(
            geometry, self._lights, survey.near_points, survey.far_points,
            side=settings.shadow_side, taps=settings.shadow_taps,
        )  # fmt: skip
        self._sky = make_sky(staging.sky, staging.weather)
        self._curve = srgb_curve()
        half = (size[1] // 2, size[0] // 2)
        self._raw, self._half_z, self._open = (np.ones(half, dtype=np.float32) for _ in range(3))

    def draw(self, view: View, time_s: float) -> tuple[U8, F32, U16]:
        """Colour uint8 [h, w, 3] sRGB, depth float32 [h, w] metres, ids uint16 [h, w]; fresh arrays each time."""
        raster, workers = self._raster, self._workers
        self._geometry.move(time_s)
        workers.each(self._shadows.move, range(self._shadows.layers))
        raster.draw(view)
        half_rows = [(a // 2, b // 2) for a, b in map(raster.rows, range(raster.bands))]
        taps = self._settings.occlusion_taps

        def openness(band: int) -> None:
            occlude(
                raster.inverse, raster.seen, raster.rec, view.lens, taps, *half_rows[band], self._raw, self._half_z
            )  # fmt: skip

        workers.each(openness, range(raster.bands))
        workers.each(lambda band: smooth(self._raw, self._half_z, *half_rows[band], self._open), range(raster.bands))
        color = np.empty((raster.height, raster.width, 3), dtype=np.uint8)
        depth = np.empty((raster.height, raster.width), dtype=np.float32)
        ids = np.empty((raster.height, raster.width), dtype=np.uint16)
        seen = Visibility(raster.inverse, raster.seen, raster.rec, raster.src, self._open, self._half_z)

        def colour(band: int) -> None:
            shade_band(
                seen, self._geometry.surfaces, view, self._lights, self._shadows.maps, self._sky, raster.offsets,
                self._curve, self._survey.near_m, self._survey.far_m, *raster.rows(band), color, depth, ids,
            )  # fmt: skip

        workers.each(colour, range(raster.bands))
        return color, depth, ids
