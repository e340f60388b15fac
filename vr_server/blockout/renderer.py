"""One shot's renderer: geometry, lights and buffers, and the passes of a frame."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vr_server.domain.take import Quality
from vr_server.staging.scene import Puffs, Scene

from .geometry import Geometry, wetness
from .grades import PLAIN, Grade, Print, make_print
from .inputs import Lights, View, Visibility
from .jit import F32, F64, I32, U8, U16
from .lamps import Lamps
from .lighting import SHADOWED, Shadows, make_lights, tinted
from .occlusion import occlude, smooth, spirals
from .puffs import paint_puffs
from .raster import RECORD, bin_rows, draw_band, set_up, to_camera
from .shade import shade_band
from .sky import SkyMap, make_sky
from .weather import Weather
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
    sky_side: int


# a rotated grid shifted so that one sample is the pixel's centre: depth and ids are exact there
SETTINGS: dict[Quality, Settings] = {
    "draft": Settings(((0.0, 0.0), (0.5, 0.5)), 1024, 2, 5, 512),
    "final": Settings(((0.0, 0.0), (0.5, 0.25), (0.25, -0.25), (-0.25, 0.5)), 2048, 3, 5, 768),
}


METER = Settings(((0.0, 0.0),), 0, 1, 4, 0)
"""For the light meter: one sample; shadow maps and sky are those of the look."""


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
                self._cam, tri, geometry.two_sided, view.lens, (self.width, self.height), *chunks[i], self.rec, self.src, np.empty((4, 3)), np.empty(9)
            )  # fmt: skip

        workers.each(transform, range(len(vertices)))
        workers.each(project, range(len(chunks)))
        starts = np.array([2 * first for first, _ in chunks], dtype=np.int32)
        entries = bin_rows(self.rec, starts, counts, BAND, self._heads, self._order)
        if entries > len(self._order):
            self._order = np.empty(entries + entries // 4, dtype=np.int32)
            bin_rows(self.rec, starts, counts, BAND, self._heads, self._order)
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


@dataclass(frozen=True, slots=True)
class Look:
    """What all pictures of a shot share: its lights, lamps, shadow maps, sky, weather, dust and print."""

    lights: Lights
    lamps: Lamps
    shadows: Shadows
    sky: SkyMap
    weather: Weather
    puffs_at: Callable[[float], Puffs]
    prints: Print


def make_look(
    scene: Scene, geometry: Geometry, survey: Survey, settings: Settings, grade: Grade, workers: Workers
) -> Look:
    """The look of a scene lit for `grade`, on a plain print and at a guessed exposure until it is metered."""
    sky = tinted(scene.staging.sky, grade)
    lights = make_lights(sky, SHADOWED)
    lights = lights._replace(fill=lights.fill * grade.fill, wet=wetness(scene.staging))
    # through leaves the sun's disc paints soft rounds
    taps = 4 if geometry.leafy else settings.shadow_taps
    shadows = Shadows(
        geometry, lights, survey.near_points, survey.far_points, side=settings.shadow_side, taps=taps, workers=workers
    )
    staging = scene.staging
    weather = Weather(staging)
    return Look(
        lights,
        Lamps(scene),
        shadows,
        make_sky(sky, staging.weather, settings.sky_side, workers),
        weather,
        scene.puffs_at,
        make_print(PLAIN),
    )


class Picture:
    """Draws pictures of a scene at one size: `move(time_s)`, then `draw(view)` -> colour, depth, ids."""

    def __init__(
        self,
        geometry: Geometry,
        look: Look,
        survey: Survey,
        size: tuple[int, int],
        settings: Settings,
        workers: Workers,
    ) -> None:
        self._geometry, self._look, self._survey = geometry, look, survey
        self._workers = workers
        self._raster = Rasteriser(geometry, *size, settings.offsets, workers)
        self._taps = spirals(settings.occlusion_taps)
        half = (size[1] // 2, size[0] // 2)
        self._raw, self._half_z, self._open = (np.ones(half, dtype=np.float32) for _ in range(3))
        self._lights, self._time_s = look.lights, 0.0

    def move(self, time_s: float) -> None:
        """Bring the scene, its shadows and lamps to `time_s`."""
        look = self._look
        self._time_s = time_s
        self._geometry.move(time_s)
        self._workers.each(look.shadows.move, range(look.shadows.layers))
        self._lights = look.lights._replace(lamps=look.lamps.at(time_s), time_s=time_s)

    def draw(self, view: View) -> tuple[U8, F32, U16]:
        """Colour uint8 [h, w, 3] sRGB, depth float32 [h, w] metres, ids uint16 [h, w]; fresh arrays each time."""
        raster, workers, shadows = self._raster, self._workers, self._look.shadows
        raster.draw(view)
        workers.each(lambda band: self._occlude(band, view), range(raster.bands))
        workers.each(self._smooth, range(raster.bands))
        size = (raster.height, raster.width)
        color, depth, ids = np.empty((*size, 3), np.uint8), np.empty(size, np.float32), np.empty(size, np.uint16)
        seen = Visibility(raster.inverse, raster.seen, raster.rec, raster.src, self._open, self._half_z)
        surfaces, look, survey = self._geometry.surfaces, self._look, self._survey
        lights, time_s = self._lights, self._time_s

        def shade(band: int) -> None:
            group = np.empty(len(raster.offsets), dtype=np.int64)
            shade_band(
                seen, surfaces, view, lights, shadows.maps, look.sky, raster.offsets, look.prints, group,
                survey.near_m, survey.far_m, *raster.rows(band), color, depth, ids,
            )  # fmt: skip

        workers.each(shade, range(raster.bands))
        paint_puffs(look.puffs_at(time_s), view, lights, look.prints, depth, color)
        look.weather.draw(view, time_s, look.prints, depth, color)
        return color, depth, ids

    def _half_rows(self, band: int) -> tuple[int, int]:
        start, end = self._raster.rows(band)
        return start // 2, end // 2

    def _occlude(self, band: int, view: View) -> None:
        raster, rows = self._raster, self._half_rows(band)
        occlude(raster.inverse, raster.seen, raster.rec, view.lens, self._taps, *rows, self._raw, self._half_z)

    def _smooth(self, band: int) -> None:
        smooth(self._raw, self._half_z, *self._half_rows(band), self._open)
