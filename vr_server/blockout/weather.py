"""What falls or drifts through the air: rain with its splashes, snow, leaves, sand, sparks; and lightning.

Particles fill a box that travels with the camera and wraps round, so that there are always as many in the picture.
They are painted on the colour only: depth and ids stay those of the scene, or each drop would tear a hole in it.
None is inside a room: rain is seen through its windows.
"""

from dataclasses import dataclass

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Staging
from vr_server.staging.places import PLACES

from .exposure import LIGHT_OF_CODE, MEAN_CODE
from .grades import Print, printed
from .inputs import View
from .jit import F32, F64, U8, kernel

BOX_M = 16.0
NEAREST_M = 1.5


@dataclass(frozen=True, slots=True)
class Fall:
    """`count` particles; `velocity_m_s` in still air; `wind`: share of the wind that carries it; `sway_m` to and fro;
    streak of `shutter_s`; `tint` of the light; `glows`: has a light of its own."""

    count: int
    velocity_m_s: Vec3
    wind: float
    sway_m: float
    radius_m: float
    shutter_s: float
    alpha: float
    tint: Vec3
    glows: bool = False


FALLS: dict[str, Fall] = {
    "rain": Fall(4200, (0.0, -9.0, 0.0), 0.6, 0.0, 0.003, 1 / 40, 0.55, (0.95, 0.97, 1.0)),
    "storm": Fall(5600, (0.0, -10.0, 0.0), 0.45, 0.0, 0.003, 1 / 40, 0.55, (0.95, 0.97, 1.0)),
    "snow": Fall(5200, (0.0, -1.0, 0.0), 0.3, 0.15, 0.013, 1 / 96, 0.9, (1.0, 1.0, 1.0)),
    "leaves": Fall(200, (0.0, -0.9, 0.0), 0.25, 0.35, 0.028, 1 / 60, 0.9, (0.80, 0.52, 0.16)),
    "dust": Fall(1100, (0.0, 0.05, 0.0), 0.33, 0.2, 0.006, 1 / 60, 0.24, (1.0, 0.86, 0.7)),
    "sand": Fall(3600, (0.0, -0.1, 0.0), 0.6, 0.1, 0.005, 1 / 40, 0.36, (1.0, 0.88, 0.66)),
    "sparks": Fall(520, (0.1, 1.0, 0.0), 0.3, 0.3, 0.010, 1 / 48, 1.0, (1.0, 0.62, 0.16), True),
    "embers": Fall(190, (0.1, 0.7, 0.0), 0.3, 0.3, 0.011, 1 / 60, 1.0, (1.0, 0.48, 0.10), True),
}
EMBERS_FROM = {"lava", "lava_crack", "campfire"}
"""Set pieces that send up embers."""
SPLASHES = 900
SPLASH_S = 0.16
FLASH_S = 0.34
BOLT_M = 380.0


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

    def __init__(self, staging: Staging) -> None:
        rng = np.random.default_rng((staging.seed, 77))
        names = [*dict.fromkeys(staging.weather)]
        if any(piece.asset in EMBERS_FROM for piece in staging.set_pieces):
            names.append("embers")
        if "storm" in names and "rain" in names:
            names.remove("rain")
        self._falls = [(FALLS[n], rng.uniform(0.0, 1.0, (FALLS[n].count, 4))) for n in names if n in FALLS]
        self._code = 255 * min(1.0, 1.65 * MEAN_CODE[staging.sky.time_of_day])
        self._wind = np.array(staging.wind_m_s)
        place = PLACES.get(staging.place)
        self._room = place.interior if place is not None else None
        wet = {"rain", "storm"} & set(names) and self._room is None
        self._splashes = rng.uniform(0.0, 1.0, (SPLASHES, 3)) if wet else np.zeros((0, 3))
        thunder = {"storm", "lightning"} & set(names)
        self._flashes = np.cumsum(rng.uniform(1.5, 2.9, 12)) - 0.6 if thunder else np.zeros(0)
        self._bolts = [_bolt(staging, rng) for _ in self._flashes]

    def draw(self, view: View, time_s: float, prints: Print, depth: F32, color: U8) -> None:
        """Paint the particles of `time_s` over `color`; those behind the scene stay hidden."""
        self._flash(view, time_s, depth, color)
        for fall, seeds in self._falls:
            ends = [self._project(fall, seeds, view, t) for t in (time_s, time_s + fall.shutter_s)]
            code = 255.0 if fall.glows else self._code
            light = printed(prints, LIGHT_OF_CODE[np.rint(np.array([fall.tint]) * code).astype(np.int64)])[0]
            _draw(ends, fall.radius_m, fall.alpha, light, view, depth, color)
        if len(self._splashes):
            light = printed(prints, LIGHT_OF_CODE[np.full((1, 3), round(0.9 * self._code))])[0]
            for ends in self._splashing(view, time_s):
                _draw(ends, 0.005, 0.55, light, view, depth, color)

    def _splashing(self, view: View, time_s: float) -> list[list[F64]]:
        """Drops that burst on the ground near the camera: two short streaks each, thrown up and outwards."""
        turn = time_s / SPLASH_S + self._splashes[:, 2]
        age, cycle = turn % 1.0, np.floor(turn)
        at = np.mod(self._splashes[:, :2] + np.outer(cycle, (0.6180339887, 0.7548776662)), 1.0) * BOX_M
        at = np.mod(at - view.origin[[0, 2]] + BOX_M / 2, BOX_M) - BOX_M / 2 + view.origin[[0, 2]]
        found = []
        for side in (-1.0, 1.0):
            tips = [
                _seen_from(
                    view, np.stack([at[:, 0] + side * 0.07 * k, 0.05 + 0.1 * k * (1 - 0.5 * k), at[:, 1]], axis=1)
                )
                for k in (age, np.minimum(age + 0.35, 1.0))
            ]
            found.append(tips)
        return found

    def _flash(self, view: View, time_s: float, depth: F32, color: U8) -> None:
        """Two quick beats of light on everything, most on the sky, and a bolt over the land."""
        for start, bolt in zip(self._flashes, self._bolts, strict=True):
            age = (time_s - start) / FLASH_S
            if not 0.0 <= age < 1.0:
                continue
            beat = max(1 - age / 0.3, 0.0) if age < 0.36 else 0.8 * (1 - (age - 0.36) / 0.64)
            gain = np.where(np.isinf(depth), 0.42, 0.24) * beat
            cold = np.array((232.0, 238.0, 255.0))
            color[:] = (color + (np.maximum(cold - color, 0.0)) * gain[..., None]).astype(np.uint8)
            ends = [_seen_from(view, view.origin + bolt[:, k]) for k in (0, 1)]
            _draw(ends, 0.55, min(1.0, 1.6 * beat), np.array((250.0, 250.0, 255.0)), view, depth, color)

    def _project(self, fall: Fall, seeds: F64, view: View, time_s: float) -> F64:
        """float64 [n, 3]: x and y in px, and planar depth in metres; behind the camera where it would be in a room."""
        path = seeds[:, :3] * BOX_M + (np.array(fall.velocity_m_s) + fall.wind * self._wind) * time_s
        phase = 2 * np.pi * (seeds[:, 3] + 0.35 * time_s)
        path[:, 0] += fall.sway_m * np.sin(phase)
        path[:, 2] += fall.sway_m * np.cos(1.3 * phase)
        world = np.mod(path - view.origin + BOX_M / 2, BOX_M) - BOX_M / 2 + view.origin
        found = _seen_from(view, world)
        if self._room is not None and not fall.glows:
            (x0, x1), (z0, z1) = self._room.x_m, self._room.z_m
            inside = (
                (world[:, 0] > x0 - 0.3)
                & (world[:, 0] < x1 + 0.3)
                & (world[:, 2] > z0 - 0.3)
                & (world[:, 2] < z1 + 0.3)
            )
            found[inside, 2] = -1.0
        return np.asarray(found)


def _seen_from(view: View, world: F64) -> F64:
    """float64 [n, 3]: x and y in px, and planar depth in metres."""
    local = (world - view.origin) @ view.rows.T
    z = np.where(np.abs(local[:, 2]) < 1e-6, 1e-6, local[:, 2])
    f, cx, cy = view.lens
    return np.stack([cx + f * local[:, 0] / z, cy - f * local[:, 1] / z, local[:, 2]], axis=1)


def _draw(ends: list[F64], radius_m: float, alpha: float, light: F64, view: View, depth: F32, color: U8) -> None:
    """Streaks from `ends[0]` to `ends[1]` (`_seen_from`) in front of the scene, none that jumps across the picture."""
    away = np.minimum(ends[0][:, 2], ends[1][:, 2])
    jumped = np.abs(ends[0][:, :2] - ends[1][:, :2]).max(axis=1) > 0.25 * depth.shape[0]
    seen = (away > NEAREST_M) & ~jumped
    radius = radius_m * view.lens[0] / np.maximum(away, NEAREST_M)
    streaks = np.concatenate([ends[0][:, :2], ends[1][:, :2], radius[:, None], away[:, None]], axis=1)[seen]
    draw_streaks(np.ascontiguousarray(streaks), light, alpha, depth, color)


def _bolt(staging: Staging, rng: np.random.Generator) -> F64:
    """A jagged path of lightning with a few branches, float64 [n, 2, 3]: both ends of its pieces from the camera.

    It strikes where the shot looks at its start, a little to one side.
    """
    x, y, z, w = staging.camera.keys[0].rotation
    forward = -np.array([2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y)])
    yaw = np.arctan2(forward[0], forward[2]) + rng.uniform(0.12, 0.32) * rng.choice((-1.0, 1.0))
    foot = BOLT_M * np.array([np.sin(yaw), 0.0, np.cos(yaw)])
    side = np.array([np.cos(yaw), 0.0, -np.sin(yaw)])
    pieces = []

    def strike(top: F64, high: float, count: int, lean: float) -> F64:
        steps = rng.normal(scale=high * 0.045, size=count) + lean * high / count
        across = np.concatenate([[0.0], np.cumsum(steps)])
        line = top + across[:, None] * side - np.linspace(0.0, high, count + 1)[:, None] * np.array([0.0, 1.0, 0.0])
        pieces.append(np.stack([line[:-1], line[1:]], axis=1))
        return np.asarray(line)

    main = strike(foot + np.array([0.0, 210.0, 0.0]), 212.0, 22, rng.uniform(-0.2, 0.2))
    for i in (6, 11, 15):
        strike(main[i], float(rng.uniform(35.0, 80.0)), 7, rng.uniform(0.5, 1.1) * rng.choice((-1.0, 1.0)))
    return np.asarray(np.concatenate(pieces))
