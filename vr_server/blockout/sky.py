"""The sky: painted once per shot into a map of the upper half, discs and stars drawn sharp on top.

The map is a paraboloid: direction (x, y, z) with y >= 0 lies at (x, z) / (1 + y), so that looking it up needs
no angle. Horizon detail is what the shots show, and it is where this map is densest.
"""

import math
from typing import NamedTuple

import numpy as np

from vr_server.domain.shot import TimeOfDay
from vr_server.domain.staging import Sky

from .jit import F32, F64, part, shading
from .workers import Workers

SEEN: dict[TimeOfDay, float] = {"dawn": 1.15, "day": 1.65, "sunset": 1.1, "dusk": 1.0, "night": 1.0}
"""How much brighter a sky is seen than it lights: its light in the shade is kept low, for the picture's contrast."""


class SkyMap(NamedTuple):
    """`radiance` float32 [side, side, 3]; bodies: `direction` float64 [n, 3], `cos_radius` float64 [n],
    `disc` float64 [n, 3] radiance; `moon` float64 [n]: 1 for moons, which have spots; `stars`: 0..1."""

    radiance: F32
    direction: F64
    cos_radius: F64
    disc: F64
    moon: F64
    stars: float


@part
def hash01(x: int, y: int) -> float:
    """A fixed random number 0..1 per lattice point (integer mixing after Wang)."""
    n = (x * 374761393 + y * 668265263) & 0xFFFFFFFF
    n = ((n ^ (n >> 13)) * 1274126177) & 0xFFFFFFFF
    return float(n ^ (n >> 16)) * (1.0 / 4294967296.0)


@part
def noise(x: float, y: float) -> float:
    """Value noise 0..1 with a lattice of 1."""
    ix, iy = math.floor(x), math.floor(y)
    fx, fy = x - ix, y - iy
    fx, fy = fx * fx * (3.0 - 2.0 * fx), fy * fy * (3.0 - 2.0 * fy)
    a, b = hash01(ix, iy), hash01(ix + 1, iy)
    c, d = hash01(ix, iy + 1), hash01(ix + 1, iy + 1)
    return a + (b - a) * fx + (c - a) * fy + (a - b - c + d) * fx * fy


@part
def _clouds(dx: float, dy: float, dz: float, cover: float) -> float:
    """Thickness 0..1 of a layer high above, by five octaves of noise on its plane; `cover` 0..1 of the sky."""
    u, v = dx / (dy + 0.12) * 1.3, dz / (dy + 0.12) * 2.1
    # billows: the plane is warped by its own noise
    w = noise(u * 0.7 + 31.7, v * 0.7 - 5.3)
    u, v = u + 0.9 * w, v - 0.7 * w
    total, weight = 0.0, 0.5
    for octave in range(5):
        total += weight * noise(u + 17.3 * octave, v - 9.1 * octave)
        u, v, weight = u * 2.03, v * 2.03, weight * 0.5
    amount = min(max((total - 0.74 + 0.56 * cover) * (3.4 - 1.2 * cover), 0.0), 1.0)
    return amount * amount * (3.0 - 2.0 * amount)


@shading
def paint(
    out: F32, zenith: F64, horizon: F64, directions: F64, glow: F64, cloud: F64, clarity: float, start: int, end: int
) -> None:
    """Rows [start, end) of the map: gradient, glow round each body, clouds with lit rims and darker bellies.

    `cloud` float64 [5]: cover 0..1, colour, how dark its bellies are 0..1.
    """
    side = out.shape[0]
    for j in range(start, end):
        for i in range(side):
            u, v = (i + 0.5) / side * 2.1 - 1.05, (j + 0.5) / side * 2.1 - 1.05
            r2 = u * u + v * v
            s = 2.0 / (1.0 + r2)
            dx, dy, dz = u * s, max(s - 1.0, 0.0), v * s
            up = 1.0 - math.exp(-3.2 * dy)
            veil, belly = 0.0, 0.0
            if cloud[0] > 0.0:
                veil = _clouds(dx, dy, dz, cloud[0])
                if veil > 0.0:
                    # thicker towards the light means this side of the cloud is in its own shade
                    lx, lz = (directions[0, 0], directions[0, 2]) if directions.shape[0] > 0 else (0.0, 0.0)
                    ahead = _clouds(dx + 0.035 * lx, dy + 0.02, dz + 0.035 * lz, cloud[0])
                    belly = min(max(0.5 * veil + 1.6 * (ahead - 0.55), 0.0), 1.0)
                # clouds reach down to the horizon only where the sky is closed
                veil *= min(dy * (3.5 + 9.0 * cloud[0] * cloud[0]) + 0.25 * cloud[4], 1.0) * (0.62 + 0.36 * cloud[0])
            for k in range(3):
                base = horizon[k] + (zenith[k] - horizon[k]) * up
                light = 0.0
                for n in range(directions.shape[0]):
                    c = max(dx * directions[n, 0] + dy * directions[n, 1] + dz * directions[n, 2], 0.0)
                    halo = 0.10 * c**6 + 0.35 * c**40 + 0.8 * c**400 * clarity + 1.2 * c**3000 * clarity
                    light += glow[n, k] * halo
                dark = 1.0 - (0.32 + 0.5 * cloud[4]) * belly
                white = (1.25 - 0.25 * cloud[0]) * cloud[1 + k] * dark + 0.6 * light * (1.0 - 0.7 * belly)
                out[j, i, k] = (base + light) * (1.0 - veil) + white * veil


@part
def look_up(sky: SkyMap, dx: float, dy: float, dz: float, pixel_rad: float) -> tuple[float, float, float]:
    """Radiance of the sky in a unit direction; a body's rim is as soft as a pixel is wide."""
    side = sky.radiance.shape[0]
    s = 1.0 / (1.0 + max(dy, 0.0))
    x = min(max((dx * s + 1.05) / 2.1 * side - 0.5, 0.0), side - 1.001)
    y = min(max((dz * s + 1.05) / 2.1 * side - 0.5, 0.0), side - 1.001)
    ix, iy = int(x), int(y)
    fx, fy = x - ix, y - iy
    m = sky.radiance
    w00, w10, w01, w11 = (1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy
    r = m[iy, ix, 0] * w00 + m[iy, ix + 1, 0] * w10 + m[iy + 1, ix, 0] * w01 + m[iy + 1, ix + 1, 0] * w11
    g = m[iy, ix, 1] * w00 + m[iy, ix + 1, 1] * w10 + m[iy + 1, ix, 1] * w01 + m[iy + 1, ix + 1, 1] * w11
    b = m[iy, ix, 2] * w00 + m[iy, ix + 1, 2] * w10 + m[iy + 1, ix, 2] * w01 + m[iy + 1, ix + 1, 2] * w11
    if sky.stars > 0.0 and dy > 0.02:
        star = sky.stars * _star(dx * s, dz * s) * min(dy * 4.0, 1.0)
        r, g, b = r + star, g + star, b + 1.1 * star
    for n in range(sky.direction.shape[0]):
        c = dx * sky.direction[n, 0] + dy * sky.direction[n, 1] + dz * sky.direction[n, 2]
        if c > sky.cos_radius[n] - 0.001:
            angle = math.acos(min(c, 1.0)) - math.acos(sky.cos_radius[n])
            cover = min(max(0.5 - angle / (1.5 * pixel_rad), 0.0), 1.0)
            tone = 1.0
            if sky.moon[n] > 0.0:
                # seas on the moon, and one edge in shade
                wave = 1.6 / math.acos(sky.cos_radius[n])
                spots = noise(dx * wave + 7.3, dz * wave + dy * wave)
                tilt = ((dx - sky.direction[n, 0]) + 0.7 * (dy - sky.direction[n, 1])) * wave
                tone = (1.0 - 0.42 * max(spots - 0.4, 0.0) * 1.6) * min(max(0.92 + 0.16 * tilt, 0.35), 1.05)
            r += (tone * sky.disc[n, 0] - r) * cover
            g += (tone * sky.disc[n, 1] - g) * cover
            b += (tone * sky.disc[n, 2] - b) * cover
    return r, g, b


@part
def _star(u: float, v: float) -> float:
    """Brightness of the star whose cell this is, if any: one in fourteen cells has one."""
    x, y = u * 130.0, v * 130.0
    ix, iy = math.floor(x), math.floor(y)
    chance = hash01(ix, iy)
    if chance > 0.07:
        return 0.0
    cx, cy = 0.2 + 0.6 * hash01(ix + 911, iy), 0.2 + 0.6 * hash01(ix, iy + 577)
    d2 = (x - ix - cx) ** 2 + (y - iy - cy) ** 2
    size = 0.008 + 0.01 * hash01(ix + 13, iy + 7)
    return max(0.0, 1.0 - d2 / size) * (0.25 + 10.0 * chance)


def make_sky(sky: Sky, weather: tuple[str, ...], side: int, workers: Workers) -> SkyMap:
    """Paint the sky of a staging into a map of `side` pixels; discs as many as `sky.bodies`, moons without the wide glow of a sun."""
    bodies = sky.bodies
    directions = np.array([b.direction for b in bodies], dtype=np.float64).reshape(-1, 3)
    colour = np.array([b.colour for b in bodies], dtype=np.float64).reshape(-1, 3)
    power = np.array([b.illuminance for b in bodies], dtype=np.float64)[:, None]
    sun = np.array([b.kind == "sun" for b in bodies], dtype=np.float64)[:, None]
    night = sky.time_of_day == "night"
    thick = any(w in weather for w in ("fog", "dust", "sand", "storm", "rain", "snow", "smoke"))
    bright = float(np.mean(sky.horizon)) + 1e-3
    glow = colour * (sun * np.minimum(power, 3.0) * 0.35 + (1 - sun) * 0.25 * bright)
    disc = colour * (sun * (8.0 + 2.0 * power) + (1 - sun) * (0.9 if night else 1.2))
    radius = np.array([max(b.angular_radius_rad, 0.004) for b in bodies], dtype=np.float64)
    radiance = np.empty((side, side, 3), dtype=np.float32)
    menace = 1.0 if {"storm", "lightning"} & set(weather) else 0.3 if "rain" in weather else 0.0
    seen = 1.0 + (SEEN[sky.time_of_day] - 1.0) * (1.0 - menace) * bool(len(bodies))
    cloud = np.array([sky.cloud_cover, *(seen * c for c in sky.cloud_colour), menace])
    clarity = 0.3 if thick else 1.0
    zenith, horizon = seen * np.array(sky.zenith), seen * np.array(sky.horizon)

    def rows(n: int) -> None:
        paint(radiance, zenith, horizon, directions, glow, cloud, clarity, *parts[n])

    parts = workers.parts(side)
    workers.each(rows, range(len(parts)))
    stars = sky.stars
    return SkyMap(radiance, directions, np.cos(radius), disc, 1.0 - sun[:, 0], stars)
