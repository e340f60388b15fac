"""What shines: bare metal and wet ground, by a reflection of the sky instead of a mirror image."""

import math

from .inputs import Lights
from .jit import F64, part


@part
def sheen(
    rx: float, ry: float, rz: float, direction: F64, radiance: F64, ambient: F64, level: float, neutral: float
) -> tuple[float, float, float]:
    """Light met along a reflected unit direction: bright band over the horizon, dark below it, soft suns.

    `neutral` 0..1: how far the sky's own colour gives way to a cool grey of brightness `level`. Polished metal
    on film stands under a white silk, whatever the colour of the day.
    """
    rise = min(max(0.5 + 2.2 * ry, 0.0), 1.0)
    rise = rise * rise * (3.0 - 2.0 * rise)
    band = (ry - 0.16) * 6.0
    grey = level * (0.3 + 0.75 * rise + 0.75 / (1.0 + band * band))
    k = 1.0 - neutral
    up = rise
    r = neutral * grey * 0.95 + k * (ambient[0, 0] * up + ambient[2, 0] * (1.0 - up))
    g = neutral * grey * 1.0 + k * (ambient[0, 1] * up + ambient[2, 1] * (1.0 - up))
    b = neutral * grey * 1.08 + k * (ambient[0, 2] * up + ambient[2, 2] * (1.0 - up))
    for n in range(direction.shape[0]):
        c = max(rx * direction[n, 0] + ry * direction[n, 1] + rz * direction[n, 2], 0.0)
        c = c * c
        c = c * c
        c = c * c
        glint = 0.35 * c + 1.3 * c * c * c * c
        r += radiance[n, 0] * glint
        g += radiance[n, 1] * glint
        b += radiance[n, 2] * glint
    return r, g, b


@part
def polished(
    dx: float, dy: float, dz: float, nx: float, ny: float, nz: float, lights: Lights, neutral: float
) -> tuple[float, float, float]:
    """Light that a polished surface sends on: see `sheen`."""
    twice = 2.0 * (dx * nx + dy * ny + dz * nz)
    rx, ry, rz = dx - twice * nx, dy - twice * ny, dz - twice * nz
    return sheen(rx, ry, rz, lights.direction, lights.radiance, lights.ambient, lights.shine, neutral)


@part
def lamp_glint(
    lamps: F64, px: float, py: float, pz: float, rx: float, ry: float, rz: float
) -> tuple[float, float, float]:
    """Lamps mirrored in wet ground, drawn out along the line of sight as ripples do; `lamps` as in `lamp_light`."""
    er = eg = eb = 0.0
    for n in range(lamps.shape[0]):
        vx, vy, vz = lamps[n, 0] - px, lamps[n, 1] - py, lamps[n, 2] - pz
        flat = math.sqrt(vx * vx + vz * vz + 1e-6)
        along = math.sqrt(rx * rx + rz * rz + 1e-6)
        # across the line of sight the image is sharp, along it smeared
        c = (vx * rx + vz * rz) / (flat * along)
        if c < 0.9:
            continue
        steep = abs(vy / (flat + 0.3) - ry / along)
        share = max(1.0 - (1.0 - c) * 260.0, 0.0) / (1.0 + 60.0 * steep * steep)
        fade = 1.0 / (1.0 + 0.004 * flat * flat)
        er += lamps[n, 3] * share * fade
        eg += lamps[n, 4] * share * fade
        eb += lamps[n, 5] * share * fade
    return er, eg, eb
