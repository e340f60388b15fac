"""Shadow maps of distant lights: two squares of map per light, one tight around the action, one for the rest.

A map holds, per texel, how far along the light's direction the nearest caster lies (metres, +inf = none).
The ground (object 0) receives but does not cast, so that open ground costs nothing and cannot shadow itself.
The static part is drawn once a shot; each frame puts back the rectangle that moved last and draws the moving part.
"""

import math
from typing import NamedTuple

import numpy as np

from .jit import F32, F64, I32, U8, kernel, part

THIN = 2
"""How `casts` marks leaves: they cast half a shadow."""
BLOCK = 8
"""Texels per side of the blocks whose nearest and farthest caster are kept, to skip the filter away from edges."""


class ShadowMaps(NamedTuple):
    """Layers 2 * light (near) and 2 * light + 1 (far).

    `basis` float64 [n, 3, 4]: world metres -> (texel x, texel y, metres along the light). `texel_m` float64 [n].
    `depth` float32 [n, side, side]; `low`, `high` float32 [n, blocks, blocks]: nearest and farthest caster
    within a block and its eight neighbours. `taps`: width of the filter in texels (2 or 4).
    """

    basis: F64
    texel_m: F64
    depth: F32
    low: F32
    high: F32
    taps: int


@kernel
def to_light(world: F32, basis: F64, out: F64, start: int, end: int) -> None:
    """world float32 [v, 3] -> float64 [v, 3] texel x, texel y, metres along the light."""
    for i in range(start, end):
        for k in range(3):
            out[i, k] = basis[k, 0] * world[i, 0] + basis[k, 1] * world[i, 1] + basis[k, 2] * world[i, 2] + basis[k, 3]


@kernel
def draw_casters(points: F64, tri: I32, casts: U8, start: int, end: int, depth: F32, dirty: I32) -> None:
    """Draw triangles [start, end) into one map; grow `dirty` int32 [4] (x0, y0, x1, y1) by what was touched."""
    side = depth.shape[0]
    top = float(side)
    for t in range(start, end):
        if casts[t] == 0:
            continue
        a, b, c = tri[t, 0], tri[t, 1], tri[t, 2]
        if points[b, 1] < points[a, 1]:
            a, b = b, a
        if points[c, 1] < points[a, 1]:
            a, c = c, a
        if points[c, 1] < points[b, 1]:
            b, c = c, b
        ax, ay, az = points[a, 0], points[a, 1], points[a, 2]
        bx, by, bz = points[b, 0] - ax, points[b, 1] - ay, points[b, 2] - az
        cx, cy, cz = points[c, 0] - ax, points[c, 1] - ay, points[c, 2] - az
        area = bx * cy - by * cx
        if abs(area) < 1e-9 or ay + cy < 0.0 or ay > top:
            continue
        zx, zy = (bz * cy - cz * by) / area, (cz * bx - bz * cx) / area
        # a map sample stands for its texel: clamp the plane to the corners where a triangle is seen edge-on
        z_min, z_max = az + min(0.0, bz, cz), az + max(0.0, bz, cz)
        long_slope, top_slope, low_slope = cx / cy, bx / by, (cx - bx) / (cy - by)
        row_end = math.ceil(min(max(ay + cy, 0.0), top))
        for row in range(math.ceil(min(max(ay, 0.0), top)), row_end):
            y = row - ay
            x_long = ax + y * long_slope
            x_short = ax + (y * top_slope if y < by else bx + (y - by) * low_slope)
            i0 = math.ceil(min(max(min(x_long, x_short), 0.0), top))
            i1 = math.ceil(min(max(x_long, x_short, 0.0), top))
            if i0 >= i1:
                continue
            dirty[0], dirty[1] = min(dirty[0], i0), min(dirty[1], row)
            dirty[2], dirty[3] = max(dirty[2], i1), max(dirty[3], row + 1)
            # every other texel of a leaf lets the light through: the filter makes half a shadow of it
            step = 1 + (casts[t] == THIN)
            i0 += (i0 + row) % step
            for i in range(i0, i1, step):
                z = min(max(az + zx * (i - ax) + zy * y, z_min), z_max)
                depth[row, i] = min(depth[row, i], np.float32(z))


@kernel
def bound_blocks(depth: F32, dirty: I32, low: F32, high: F32) -> None:
    """Refresh `low` and `high` for the blocks that `dirty` (and its neighbours) can change."""
    blocks = low.shape[0]
    side = depth.shape[0]
    bx0, by0 = max(dirty[0] // BLOCK - 1, 0), max(dirty[1] // BLOCK - 1, 0)
    bx1, by1 = min((dirty[2] - 1) // BLOCK + 2, blocks), min((dirty[3] - 1) // BLOCK + 2, blocks)
    for by in range(by0, by1):
        for bx in range(bx0, bx1):
            near, far = np.float32(np.inf), np.float32(-np.inf)
            for y in range(max(by * BLOCK - 4, 0), min(by * BLOCK + BLOCK + 4, side)):
                for x in range(max(bx * BLOCK - 4, 0), min(bx * BLOCK + BLOCK + 4, side)):
                    near, far = min(near, depth[y, x]), max(far, depth[y, x])
            low[by, bx], high[by, bx] = near, far


@part
def _filtered(depth: F32, x: float, y: float, z: float, taps: int) -> float:
    """Share of light at texel (x, y): a tent over taps + 1 texels, each compared on its own (0..1)."""
    x0, y0 = x - 0.5 * (taps - 1), y - 0.5 * (taps - 1)
    ix, iy = math.floor(x0), math.floor(y0)
    fx, fy = x0 - ix, y0 - iy
    lit = 0.0
    for j in range(taps + 1):
        wy = 1.0 - fy if j == 0 else (fy if j == taps else 1.0)
        row = depth[iy + j]
        total = 0.0
        for i in range(taps + 1):
            wx = 1.0 - fx if i == 0 else (fx if i == taps else 1.0)
            if row[ix + i] >= z:
                total += wx
        lit += wy * total
    return lit / (taps * taps)


@part
def light_share(
    maps: ShadowMaps, light: int, px: float, py: float, pz: float, nx: float, ny: float, nz: float, slope: float
) -> float:
    """How much of `light` reaches a point with a normal (0 dark .. 1 lit); outside every map it is lit.

    `slope`: cosine between normal and light. The bias is in metres: the point is lifted along its normal by
    up to 1.6 texels where light grazes, and half a texel towards the light.
    """
    side = maps.depth.shape[1]
    for layer in range(2 * light, 2 * light + 2):
        texel = maps.texel_m[layer]
        m = maps.basis[layer]
        lift = texel * (0.5 * maps.taps * (1.0 - slope) + 0.6)
        qx, qy, qz = px + nx * lift, py + ny * lift, pz + nz * lift
        x = m[0, 0] * qx + m[0, 1] * qy + m[0, 2] * qz + m[0, 3]
        y = m[1, 0] * qx + m[1, 1] * qy + m[1, 2] * qz + m[1, 3]
        if x < 4.0 or y < 4.0 or x > side - 5.0 or y > side - 5.0:
            continue
        z = m[2, 0] * qx + m[2, 1] * qy + m[2, 2] * qz + m[2, 3] - 0.5 * texel
        bx, by = int(x) // BLOCK, int(y) // BLOCK
        if z <= maps.low[layer, by, bx]:
            return 1.0
        if z > maps.high[layer, by, bx]:
            return 0.0
        return _filtered(maps.depth[layer], x, y, z, maps.taps)
    return 1.0
