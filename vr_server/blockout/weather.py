"""What falls or drifts through the air: rain, snow, leaves, dust.

Particles fill a box that travels with the camera and wraps round, so that there are always as many in the picture.
They are painted on the colour only: depth and ids stay those of the scene, or each drop would tear a hole in it.
"""

from dataclasses import dataclass

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.shot import TimeOfDay

from .exposure import LIGHT_OF_CODE, MEAN_CODE
from .grades import Print, printed
from .inputs import View
from .jit import F32, F64, U8, kernel

BOX_M = 16.0
NEAREST_M = 1.5


@dataclass(frozen=True, slots=True)
class Fall:
    """`count` particles; `velocity_m_s`; `sway_m` to and fro; streak of `shutter_s`; `tint` of the light."""

    count: int
    velocity_m_s: Vec3
    sway_m: float
    radius_m: float
    shutter_s: float
    alpha: float
    tint: Vec3


FALLS: dict[str, Fall] = {
    "rain": Fall(4000, (0.8, -9.0, 0.0), 0.0, 0.003, 1 / 40, 0.5, (0.95, 0.97, 1.0)),
    "storm": Fall(5500, (4.0, -10.0, 0.0), 0.0, 0.003, 1 / 40, 0.55, (0.95, 0.97, 1.0)),
    "snow": Fall(5000, (0.3, -1.0, 0.1), 0.15, 0.012, 1 / 96, 0.85, (1.0, 1.0, 1.0)),
    "leaves": Fall(160, (0.5, -0.9, 0.2), 0.35, 0.025, 1 / 60, 0.9, (0.72, 0.78, 0.22)),
    "dust": Fall(900, (1.6, 0.05, 0.4), 0.2, 0.006, 1 / 60, 0.18, (1.0, 0.86, 0.7)),
    "sand": Fall(2500, (5.0, -0.1, 0.8), 0.1, 0.005, 1 / 48, 0.22, (1.0, 0.84, 0.6)),
}


@kernel
def draw_streaks(streaks: F64, light: F64, alpha: float, depth: F32, color: U8) -> None:
    """Blend capsules into `color` uint8 [h, w, 3] where the scene (`depth`) lies behind them.

    `streaks` float64 [n, 6]: both ends in px (x0 y0 x1 y1), radius in px, metres away. `light` float64 [3]: sRGB code.
    """
    h, w = depth.shape
    for n in range(streaks.shape[0]):
        ax, ay, bx, by, radius, away = streaks[n]
        reach = radius + 1.0
        x0, x1 = max(int(min(ax, bx) - reach), 0), min(int(max(ax, bx) + reach) + 1, w)
        y0, y1 = max(int(min(ay, by) - reach), 0), min(int(max(ay, by) + reach) + 1, h)
        dx, dy = bx - ax, by - ay
        length2 = dx * dx + dy * dy + 1e-9
        # what is thinner than a pixel lets the rest of the pixel through
        strength = alpha * min(radius / 0.7, 1.0)
        for y in range(y0, y1):
            for x in range(x0, x1):
                if depth[y, x] < away:
                    continue
                s = min(max(((x - ax) * dx + (y - ay) * dy) / length2, 0.0), 1.0)
                ex, ey = x - ax - s * dx, y - ay - s * dy
                cover = min(max(max(radius, 0.7) + 0.5 - (ex * ex + ey * ey) ** 0.5, 0.0), 1.0) * strength
                for k in range(3):
                    color[y, x, k] = np.uint8(color[y, x, k] * (1.0 - cover) + light[k] * cover + 0.5)


class Weather:
    """The particles of a shot, the same for the same seed."""

    def __init__(self, names: tuple[str, ...], time_of_day: TimeOfDay, seed: int) -> None:
        rng = np.random.default_rng((seed, 77))
        self._falls = [(FALLS[n], rng.uniform(0.0, 1.0, (FALLS[n].count, 4))) for n in names if n in FALLS]
        self._code = 255 * min(1.0, 1.65 * MEAN_CODE[time_of_day])

    def draw(self, view: View, time_s: float, prints: Print, depth: F32, color: U8) -> None:
        """Paint the particles of `time_s` over `color`; those behind the scene stay hidden."""
        for fall, seeds in self._falls:
            ends = [self._project(fall, seeds, view, t) for t in (time_s, time_s + fall.shutter_s)]
            away = np.minimum(ends[0][:, 2], ends[1][:, 2])
            jumped = np.abs(ends[0][:, :2] - ends[1][:, :2]).max(axis=1) > 0.25 * depth.shape[0]
            seen = (away > NEAREST_M) & ~jumped
            radius = fall.radius_m * view.lens[0] / np.maximum(away, NEAREST_M)
            streaks = np.concatenate([ends[0][:, :2], ends[1][:, :2], radius[:, None], away[:, None]], axis=1)[seen]
            light = printed(prints, LIGHT_OF_CODE[np.rint(np.array([fall.tint]) * self._code).astype(np.int64)])[0]
            draw_streaks(np.ascontiguousarray(streaks), light, fall.alpha, depth, color)

    def _project(self, fall: Fall, seeds: F64, view: View, time_s: float) -> F64:
        """float64 [n, 3]: x and y in px, and planar depth in metres."""
        path = seeds[:, :3] * BOX_M + np.array(fall.velocity_m_s) * time_s
        phase = 2 * np.pi * (seeds[:, 3] + 0.35 * time_s)
        path[:, 0] += fall.sway_m * np.sin(phase)
        path[:, 2] += fall.sway_m * np.cos(1.3 * phase)
        about = np.mod(path - view.origin + BOX_M / 2, BOX_M) - BOX_M / 2
        local = about @ view.rows.T
        z = np.where(np.abs(local[:, 2]) < 1e-6, 1e-6, local[:, 2])
        f, cx, cy = view.lens
        return np.stack([cx + f * local[:, 0] / z, cy - f * local[:, 1] / z, local[:, 2]], axis=1)
