"""Ground truth for layers: a few solids with exact colour and depth from any camera, ray by ray in numpy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import CameraPose, ClipPlan, Frame

F64 = npt.NDArray[np.float64]
YFOV_RAD = 0.75


def pose(x: float, y: float, z: float, yaw_rad: float = 0.0, pitch_rad: float = 0.0) -> CameraPose:
    """A camera at (x, y, z) metres, turned left by `yaw_rad`, then up by `pitch_rad`."""
    cy, sy, cp, sp = np.cos(yaw_rad), np.sin(yaw_rad), np.cos(pitch_rad), np.sin(pitch_rad)
    t = np.eye(4)
    t[:3, :3] = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]]) @ np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    t[:3, 3] = x, y, z
    return CameraPose(t, YFOV_RAD)


def _texture(p: F64, base: tuple[float, float, float]) -> F64:
    """Smooth checks in world space, a colour float64 [..., 3] in 0..1."""
    wave = np.sin(5.0 * p[..., 0] + 0.7) * np.sin(4.0 * p[..., 1]) * np.sin(5.0 * p[..., 2] + 0.3)
    fine = np.sin(17.0 * p[..., 0]) * np.sin(15.0 * p[..., 1] + 0.4) * np.sin(16.0 * p[..., 2])
    shade = 0.75 + 0.2 * np.tanh(4 * wave) + 0.05 * fine
    return np.asarray(np.clip(shade[..., None] * np.array(base), 0, 1))


@dataclass(frozen=True)
class Box:
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    base: tuple[float, float, float]

    def hit(self, origin: F64, ray: F64) -> F64:
        """Distance along `ray` [..., 3] to the surface; inf where it misses."""
        with np.errstate(divide="ignore", invalid="ignore"):
            a, b = (np.array(self.low) - origin) / ray, (np.array(self.high) - origin) / ray
        enter, leave = np.minimum(a, b).max(axis=-1), np.maximum(a, b).min(axis=-1)
        return np.asarray(np.where((leave >= enter) & (enter > 0), enter, np.inf))


@dataclass(frozen=True)
class Sphere:
    center: tuple[float, float, float]
    radius_m: float
    base: tuple[float, float, float]

    def hit(self, origin: F64, ray: F64) -> F64:
        """Distance along `ray` [..., 3] to the surface; inf where it misses."""
        to = np.array(self.center) - origin
        a, b = (ray * ray).sum(-1), (ray * to).sum(-1)
        root = b * b - a * (to @ to - self.radius_m**2)
        t = (b - np.sqrt(np.maximum(root, 0))) / a
        return np.where((root > 0) & (t > 0), t, np.inf)


SOLIDS: tuple[Box | Sphere, ...] = (
    Box((-60, -1, -60), (60, 0, 60), (0.62, 0.6, 0.56)),  # ground
    Box((-60, 0, -15), (-1, 6, -14), (0.55, 0.5, 0.7)),  # far wall, sky beside it
    Box((1.2, 0, -8), (3.4, 2.4, -6.5), (0.8, 0.35, 0.3)),  # crate
    Box((-3.0, 0, -6.2), (-2.92, 4, -6.12), (0.3, 0.28, 0.25)),  # post
    Box((0.62, 0, -3.7), (0.68, 3, -3.64), (0.28, 0.25, 0.22)),  # near pole
    Sphere((-0.75, 1.25, -2.9), 0.42, (0.3, 0.45, 0.9)),  # near
    Box((-1.0, 0, -3.1), (-0.5, 1.0, -2.7), (0.25, 0.3, 0.5)),
    Sphere((0.3, 1.5, -9), 0.8, (0.35, 0.75, 0.35)),
)
NEAR_M, FAR_M = 1.6, 60.0


def render(camera: CameraPose, width_px: int, height_px: int, index: int = 0, samples: int = 2) -> Frame:
    """The scene from `camera`: colour from `samples`**2 rays a pixel, depth from the pixel centre's own ray."""
    tan = np.tan(camera.yfov_rad / 2)

    def rays(dx: float, dy: float) -> F64:
        x = ((np.arange(width_px) + dx) / width_px * 2 - 1) * tan * width_px / height_px
        y = (1 - (np.arange(height_px) + dy) / height_px * 2) * tan
        # z = -1: the distance along a ray is planar depth
        return np.stack([*np.meshgrid(x, y), np.full((height_px, width_px), -1.0)], axis=-1)

    return _sampled(camera, rays, index, samples)


def render_sphere(camera: CameraPose, height_px: int, index: int = 0, samples: int = 2) -> Frame:
    """All that is around `camera`, equirectangular, `2 * height_px` wide, with radial depth."""

    def rays(dx: float, dy: float) -> F64:
        lon = ((np.arange(2 * height_px) + dx) / height_px - 1) * np.pi
        lat = (0.5 - (np.arange(height_px) + dy) / height_px) * np.pi
        lon, lat = np.meshgrid(lon, lat)
        return np.stack([np.sin(lon) * np.cos(lat), np.sin(lat), -np.cos(lon) * np.cos(lat)], axis=-1)

    return _sampled(CameraPose(camera.t_world_camera, np.pi), rays, index, samples)


def _sampled(camera: CameraPose, rays: Callable[[float, float], F64], index: int, samples: int) -> Frame:
    color, depth, ids = _trace(camera, rays(0.5, 0.5))
    if samples > 1:
        steps = (np.arange(samples) + 0.5) / samples
        color = np.mean([_trace(camera, rays(dx, dy))[0] for dy in steps for dx in steps], axis=0)
    shown = np.round(255 * color).astype(np.uint8)
    return Frame(index, shown, depth, ids, camera)


def _trace(camera: CameraPose, local: F64) -> tuple[F64, npt.NDArray[np.float32], npt.NDArray[np.uint16]]:
    """Colour, depth (in lengths of the rays) and ids along `local` float64 [h, w, 3], in the camera's axes."""
    ray = local @ camera.t_world_camera[:3, :3].T
    origin = camera.t_world_camera[:3, 3]
    hits = np.stack([solid.hit(origin, ray) for solid in SOLIDS])
    nearest = hits.argmin(axis=0)
    depth = hits.min(axis=0)
    depth = np.where(depth <= FAR_M, depth, np.inf)
    point = origin + np.where(np.isfinite(depth), depth, 0)[..., None] * ray
    up = np.clip(ray[..., 1] / np.linalg.norm(ray, axis=-1), 0, 1)[..., None]
    color = np.array([0.75, 0.85, 0.95]) * (1 - up) + np.array([0.35, 0.55, 0.85]) * up
    for i, solid in enumerate(SOLIDS):
        mine = (nearest == i) & np.isfinite(depth)
        color[mine] = _texture(point[mine], solid.base)
    ids = np.where(np.isfinite(depth), nearest, 0).astype(np.uint16)
    return color, depth.astype(np.float32), ids


@dataclass(frozen=True)
class SyntheticClip:
    """A FrameSource: the camera slides right and forward and turns a little."""

    width_px: int = 1280
    height_px: int = 720
    frame_count: int = 48
    fps: Fraction = Fraction(24)
    samples: int = 2

    @property
    def plan(self) -> ClipPlan:
        cameras = tuple(self._camera(i) for i in range(self.frame_count))
        return ClipPlan(self.width_px, self.height_px, self.fps, self.frame_count, NEAR_M, FAR_M, cameras)

    def __iter__(self) -> Iterator[Frame]:
        for i, camera in enumerate(self.plan.cameras):
            yield render(camera, self.width_px, self.height_px, i, self.samples)

    def _camera(self, index: int) -> CameraPose:
        t = index / float(self.fps)
        return pose(-0.2 + 0.25 * t, 1.5, 0.3 - 0.2 * t, yaw_rad=0.03 * t)
