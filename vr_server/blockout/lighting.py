"""From a staging's sky to the lights of the kernels, the shot's exposure and its shadow maps."""

import numpy as np

from vr_server.domain.staging import Rgb, Sky

from .exposure import LUMA
from .geometry import Geometry
from .grades import Grade
from .inputs import Lights
from .jit import F64, I32
from .shadow import BLOCK, ShadowMaps, bound_blocks, draw_casters, to_light
from .workers import Workers

GRADED_FOG_PER_M = 0.016
"""A grade thickens the air up to here."""
SHADOWED = 2
"""How many bodies cast shadows; further ones only fill."""


def make_lights(sky: Sky, shadowed: int) -> Lights:
    """Lights of a sky without lamps; the exposure is a guess until a picture is metered.

    `fill` and `shine` are what a crew would bring: a bounce board for faces against the light, a silk over metal.
    """
    direction = np.array([b.direction for b in sky.bodies], dtype=np.float64).reshape(-1, 3)
    radiance = np.array([np.array(b.colour) * b.illuminance for b in sky.bodies], dtype=np.float64).reshape(-1, 3)
    zenith, horizon = np.array(sky.zenith), np.array(sky.horizon)
    # what lies flat sees the whole dome, the pale rim as much as the deep top
    ambient = np.array([1.25 * (0.55 * zenith + 0.45 * horizon), 0.6 * horizon + 0.2 * zenith, sky.ground_bounce])
    fog = np.array([sky.fog_density_per_m, *sky.fog_colour], dtype=np.float64)
    key = radiance[0] if len(radiance) else np.zeros(3)
    bright = 0.3 * ambient[1] @ LUMA + 0.2 * key @ LUMA
    fill = bright * (0.65 + 0.35 * (ambient[1] + 0.3 * key) / max(float((ambient[1] + 0.3 * key) @ LUMA), 1e-6))
    shine = float(1.25 * ambient[0] @ LUMA + 0.35 * key @ LUMA)
    return Lights(
        direction,
        radiance,
        min(shadowed, len(sky.bodies)),
        ambient,
        fog,
        fill,
        shine,
        np.zeros((0, 7)),
        0.9 / max(float(ambient[0] @ LUMA + key @ LUMA), 0.05),
        0.0,
        0.0,
        True,
    )


def tinted(sky: Sky, grade: Grade) -> Sky:
    """The sky as a crew would light it for a grade."""

    def times(colour: Rgb, factor: Rgb) -> Rgb:
        r, g, b = (a * k for a, k in zip(colour, factor, strict=True))
        return (r, g, b)

    zenith, horizon, fog, cloud = (
        times(c, grade.ambient) for c in (sky.zenith, sky.horizon, sky.fog_colour, sky.cloud_colour)
    )
    if grade.air is not None:
        # the air is the paper: it takes the sky and whatever is far
        paper = times(grade.air, (max(horizon),) * 3)
        zenith, horizon, fog, cloud = paper, paper, paper, times(paper, (0.8, 0.8, 0.8))
    return sky.model_copy(
        update={
            "zenith": zenith,
            "horizon": horizon,
            "fog_colour": fog,
            "cloud_colour": cloud,
            "ground_bounce": times(sky.ground_bounce, grade.ambient),
            "fog_density_per_m": min(sky.fog_density_per_m * grade.fog, max(sky.fog_density_per_m, GRADED_FOG_PER_M)),
            "bodies": tuple(b.model_copy(update={"colour": times(b.colour, grade.key)}) for b in sky.bodies),
        }
    )


def _axes(direction: F64) -> F64:
    """float64 [3, 3]: two axes across the light and the way it travels."""
    along = -direction / np.linalg.norm(direction)
    up = np.array([0.0, 1.0, 0.0]) if abs(along[1]) < 0.95 else np.array([0.0, 0.0, 1.0])
    right = np.cross(up, along)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(along, right), along])


class Shadows:
    """The shadow maps of one shot: static casters drawn once, moving ones per frame."""

    def __init__(
        self, geometry: Geometry, lights: Lights, near: F64, far: F64, *, side: int, taps: int, workers: Workers
    ) -> None:
        """`near`, `far`: float64 [n, 3] world points the two maps of each light must cover."""
        layers = max(2 * lights.shadowed, 1)
        basis, texel = np.zeros((layers, 3, 4)), np.ones(layers)
        for layer in range(2 * lights.shadowed):
            axes = _axes(lights.direction[layer // 2])
            basis[layer], texel[layer] = _fit(axes, far if layer % 2 else near, side)
        blocks = side // BLOCK
        self._still = np.full((layers, side, side), np.inf, dtype=np.float32)
        low = np.full((layers, blocks, blocks), np.inf, dtype=np.float32)
        self.maps = ShadowMaps(basis, texel, self._still, low, low.copy(), taps)
        self.layers = 2 * lights.shadowed
        self._geometry = geometry
        self._points = np.empty((layers, len(geometry.positions), 3))
        self._dirty = [_nothing(side) for _ in range(layers)]
        workers.each(self._draw_still, range(self.layers))
        if geometry.static_triangles < len(geometry.surfaces.tri):
            self.maps = self.maps._replace(depth=self._still.copy())

    def _draw_still(self, layer: int) -> None:
        """Draw the casters that never move, once a shot."""
        geometry, maps, points = self._geometry, self.maps, self._points[layer]
        to_light(geometry.positions, maps.basis[layer], points, 0, geometry.static_vertices)
        side = len(self._still[layer])
        draw_casters(
            points,
            geometry.surfaces.tri,
            geometry.casts,
            0,
            geometry.static_triangles,
            self._still[layer],
            _nothing(side),
        )
        whole = np.array([0, 0, side, side], dtype=np.int32)
        bound_blocks(self._still[layer], whole, maps.low[layer], maps.high[layer])

    def move(self, layer: int) -> None:
        """Redraw the moving casters of one layer where the geometry has them now."""
        geometry, maps = self._geometry, self.maps
        if geometry.static_triangles == len(geometry.surfaces.tri):
            return
        before = self._dirty[layer]
        x0, y0, x1, y1 = before
        if x0 < x1:
            maps.depth[layer, y0:y1, x0:x1] = self._still[layer, y0:y1, x0:x1]
        dirty = _nothing(maps.depth.shape[1])
        to_light(
            geometry.positions,
            maps.basis[layer],
            self._points[layer],
            geometry.static_vertices,
            len(geometry.positions),
        )
        draw_casters(
            self._points[layer], geometry.surfaces.tri, geometry.casts, geometry.static_triangles,
            len(geometry.surfaces.tri), maps.depth[layer], dirty,
        )  # fmt: skip
        self._dirty[layer] = dirty
        for rectangle in (before, dirty):
            if rectangle[0] < rectangle[2]:
                bound_blocks(maps.depth[layer], rectangle, maps.low[layer], maps.high[layer])


def _nothing(side: int) -> I32:
    return np.array([side, side, 0, 0], dtype=np.int32)


def _fit(axes: F64, points: F64, side: int) -> tuple[F64, float]:
    """The square across the light that holds all points, as (basis float64 [3, 4], texel in metres)."""
    across = points @ axes[:2].T
    low, high = across.min(axis=0), across.max(axis=0)
    texel = max(float((high - low).max()) * 1.02, 2.0) / (side - 16)
    centre = (low + high) / 2
    basis = np.zeros((3, 4))
    basis[:2, :3] = axes[:2] / texel
    basis[:2, 3] = side / 2 - centre / texel
    basis[2, :3] = axes[2]
    return basis, texel
