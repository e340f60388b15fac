"""Water, open or as a film on the ground: what stands behind it is mirrored from the picture's own depth, the rest is sky.

The mirrored ray is followed through the visibility buffer in growing steps; what it meets shows its own colour in the
light of lamps and sky. What is out of the picture cannot be met: the sky and the lamps' streaks stand in for it.
"""

import math

from .gloss import lamp_glint
from .inputs import Lights, Surfaces, View, Visibility
from .jit import part
from .lamps import lamp_light
from .sky import SkyMap, look_up, noise

STEPS = 18
FIRST_M = 0.12
GROWTH = 1.38
RIM_SHARE = 0.1
"""Mirror images fade out towards the picture's sides over this share of it."""


@part
def fresnel(cosine: float) -> float:
    """Share of light that water sends back (Schlick 1994)."""
    c = 1.0 - min(max(cosine, 0.0), 1.0)
    c2 = c * c
    return 0.03 + 0.97 * c2 * c2 * c


@part
def met(
    vis: Visibility, view: View, px: float, py: float, pz: float, rx: float, ry: float, rz: float
) -> tuple[int, float]:
    """The record that a ray from a point meets in the picture, or -1, and how sure that is 0..1."""
    h, w = vis.inverse.shape[1], vis.inverse.shape[2]
    k = view.rows
    ox, oy, oz = px - view.origin[0], py - view.origin[1], pz - view.origin[2]
    x, y, z = (
        k[0, 0] * ox + k[0, 1] * oy + k[0, 2] * oz,
        k[1, 0] * ox + k[1, 1] * oy + k[1, 2] * oz,
        k[2, 0] * ox + k[2, 1] * oy + k[2, 2] * oz,
    )
    dx, dy, dz = (
        k[0, 0] * rx + k[0, 1] * ry + k[0, 2] * rz,
        k[1, 0] * rx + k[1, 1] * ry + k[1, 2] * rz,
        k[2, 0] * rx + k[2, 1] * ry + k[2, 2] * rz,
    )
    t = FIRST_M
    f = view.lens[0]
    for _ in range(STEPS):
        step = t * (GROWTH - 1.0)
        t += step
        qz = z + dz * t
        if qz < 0.1:
            return -1, 0.0
        i, j = int(view.lens[1] + f * (x + dx * t) / qz + 0.5), int(view.lens[2] - f * (y + dy * t) / qz + 0.5)
        if i < 0 or j < 0 or i >= w or j >= h:
            return -1, 0.0
        inverse = vis.inverse[0, j, i]
        if inverse <= 0.0:
            continue
        behind = qz - 1.0 / inverse
        if behind > 0.01 * qz and behind < 0.5 + 1.3 * step:
            rim = min(i / (w * RIM_SHARE), (w - 1 - i) / (w * RIM_SHARE), j / (h * RIM_SHARE), 1.0)
            return int(vis.seen[0, j, i]), rim
    return -1, 0.0


@part
def mirrored(
    vis: Visibility, surfaces: Surfaces, view: View, sky: SkyMap, lights: Lights,
    px: float, py: float, pz: float, rx: float, ry: float, rz: float,
) -> tuple[float, float, float]:  # fmt: skip
    """Light that comes to a point along a unit direction that rises."""
    a = lights.ambient
    r, g, b = look_up(sky, rx, ry, rz, 2.0 / view.lens[0])
    n, sure = -1, 0.0
    if lights.mirrors:
        n, sure = met(vis, view, px, py, pz, rx, ry, rz)
    if n < 0:
        lr, lg, lb = lamp_glint(lights.lamps, px, py, pz, rx, ry, rz)
        return r + 0.25 * lr, g + 0.25 * lg, b + 0.25 * lb
    t = vis.src[n]
    corner = surfaces.tri[t, 0]
    m, c = surfaces.normals, surfaces.colours
    nx, ny, nz = m[corner, 0], m[corner, 1], m[corner, 2]
    # where the ray met it matters little for its light: take the place at a usual height over the near end
    away = 2.0
    lr, lg, lb = lamp_light(lights.lamps, px + rx * away, py + ry * away, pz + rz * away, nx, ny, nz)
    key = 0.0
    if lights.direction.shape[0] > 0:
        d = lights.direction
        key = 0.5 * max(nx * d[0, 0] + ny * d[0, 1] + nz * d[0, 2], 0.0)
    glow = surfaces.emission[t]
    hr = c[corner, 0] * (0.8 * a[1, 0] + lr + glow + (key * lights.radiance[0, 0] if key > 0.0 else 0.0))
    hg = c[corner, 1] * (0.8 * a[1, 1] + lg + glow + (key * lights.radiance[0, 1] if key > 0.0 else 0.0))
    hb = c[corner, 2] * (0.8 * a[1, 2] + lb + glow + (key * lights.radiance[0, 2] if key > 0.0 else 0.0))
    return r + (hr - r) * sure, g + (hg - g) * sure, b + (hb - b) * sure


@part
def _rising(dx: float, dy: float, dz: float, sx: float, sz: float) -> tuple[float, float, float]:
    """The unit direction mirrored by a surface of slopes `sx`, `sz`; never below the horizon."""
    s = 1.0 / math.sqrt(1.0 + sx * sx + sz * sz)
    nx, ny, nz = -sx * s, s, -sz * s
    twice = 2.0 * (dx * nx + dy * ny + dz * nz)
    rx, ry, rz = dx - twice * nx, max(dy - twice * ny, 0.004), dz - twice * nz
    s = 1.0 / math.sqrt(rx * rx + ry * ry + rz * rz)
    return rx * s, ry * s, rz * s


@part
def wetted(
    r: float, g: float, b: float, vis: Visibility, surfaces: Surfaces, view: View, sky: SkyMap, lights: Lights,
    px: float, py: float, pz: float, dx: float, dy: float, dz: float, z: float,
) -> tuple[float, float, float]:  # fmt: skip
    """Ground of light (r, g, b) under water: puddles that mirror, between them a film that smears."""
    wet = lights.wet
    puddle = min(max((noise(px * 0.45 + 3.1, pz * 0.45) - 1.0 + 0.72 * wet) * 6.0, 0.0), 1.0)
    gloss = wet * (0.5 + 0.5 * puddle)
    share = (fresnel(-dy) + 0.05) * gloss
    if share < 0.01:
        return r, g, b
    # the film lies on a rough road, the puddle is smooth but for the drops
    rough = (0.16 - 0.13 * puddle) / (1.0 + 0.3 * z)
    sx = rough * (noise(px * 6.0, pz * 6.0 + 4.0 * lights.time_s) - 0.5)
    sz = rough * (noise(px * 6.0 + 71.0, pz * 6.0 - 3.0 * lights.time_s) - 0.5)
    rx, ry, rz = _rising(dx, dy, dz, sx, sz)
    wr, wg, wb = mirrored(vis, surfaces, view, sky, lights, px, py, pz, rx, ry, rz)
    keep = 1.0 - 0.4 * wet * (0.6 + 0.4 * puddle)
    return r * keep + wr * share, g * keep + wg * share, b * keep + wb * share


@part
def water(
    r: float, g: float, b: float, vis: Visibility, surfaces: Surfaces, view: View, sky: SkyMap, lights: Lights,
    px: float, py: float, pz: float, dx: float, dy: float, dz: float, ny: float, z: float,
) -> tuple[float, float, float]:  # fmt: skip
    """Open water whose depths have light (r, g, b): two trains of ripples cross it, fading where pixels are wider."""
    if ny < 0.5:
        return r, g, b
    t = lights.time_s
    still = 1.0 / (1.0 + 0.035 * z)
    u, v = px * 0.55 + 0.35 * t, pz * 0.9 - 0.5 * t
    p, q = px * 2.3 - 0.9 * t, pz * 3.1 + 0.7 * t
    here, fine = noise(u, v), noise(p, q)
    sx = still * (0.16 * (noise(u + 0.3, v) - here) + 0.1 * (noise(p + 0.3, q) - fine)) * 2.0
    sz = still * (0.3 * (noise(u, v + 0.3) - here) + 0.16 * (noise(p, q + 0.3) - fine)) * 2.0
    rx, ry, rz = _rising(dx, dy, dz, sx, sz)
    s = 1.0 / math.sqrt(1.0 + sx * sx + sz * sz)
    share = fresnel((dx * sx - dy + dz * sz) * s)
    wr, wg, wb = mirrored(vis, surfaces, view, sky, lights, px, py, pz, rx, ry, rz)
    d = lights.direction
    for n in range(d.shape[0]):
        c = max(rx * d[n, 0] + ry * d[n, 1] + rz * d[n, 2], 0.0)
        c = c * c * c * c
        c = c * c * c * c
        c = c * c * c * c
        glint = 1.6 * c * c
        wr, wg, wb = (
            wr + lights.radiance[n, 0] * glint,
            wg + lights.radiance[n, 1] * glint,
            wb + lights.radiance[n, 2] * glint,
        )
    keep = 1.0 - share
    return r * keep + wr * share, g * keep + wg * share, b * keep + wb * share
