"""Ambient occlusion from the depth buffer at half size (McGuire et al., "The Alchemy Screen-Space Ambient
Obscurance Algorithm", 2011), with the face's own normal and a range check, then blurred without crossing edges."""

import math

import numpy as np

from .jit import F32, F64, I32, shading

RADIUS_M = 0.9
GOLDEN_ANGLE = 2.399963
UNKNOWN = -1.0


def spirals(count: int) -> F64:
    """float64 [16, count, 2]: offsets within the unit disc, turned differently for each pixel of a 4 x 4 tile."""
    k = np.arange(count)
    angle = (np.arange(16)[:, None] * 1.7 + k) * GOLDEN_ANGLE
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1) * np.sqrt((k + 0.5) / count)[:, None]


@shading
def occlude(inverse: F32, seen: I32, rec: F64, lens: F64, taps: F64, y0: int, y1: int, raw: F32, half_z: F32) -> None:
    """Rows [y0, y1) of the half-size `raw` float32 (1 = open) and `half_z` float32 metres (1e9 = sky).

    Every other sample, as on a chessboard, is left `UNKNOWN`: smoothing takes it from its neighbours. `taps` float64 [16, n, 2]: see `spirals`.
    """
    h, w = inverse.shape[1], inverse.shape[2]
    f, count = lens[0], taps.shape[1]
    for j in range(y0, y1):
        for i in range(raw.shape[1]):
            x, y = 2 * i, 2 * j
            iz = inverse[0, y, x]
            if iz <= 0.0:
                raw[j, i], half_z[j, i] = 1.0, 1e9
                continue
            z = 1.0 / iz
            half_z[j, i] = z
            if (i + j) & 1:
                raw[j, i] = UNKNOWN
                continue
            radius_px = min(RADIUS_M * f / z, 0.09 * w)
            if radius_px < 1.5:
                raw[j, i] = 1.0
                continue
            n = seen[0, y, x]
            # 1/Z = A x + B y + C is the face's plane: its coefficients are its normal
            nx, ny = rec[n, 9] * f, -rec[n, 10] * f
            nz = rec[n, 11] + rec[n, 9] * lens[1] + rec[n, 10] * lens[2]
            s = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz)
            nx, ny, nz = -nx * s, -ny * s, -nz * s
            px, py = (x - lens[1]) / f * z, (lens[2] - y) / f * z
            spiral = taps[(i & 3) * 4 + (j & 3)]
            total = 0.0
            for k in range(count):
                qx, qy = int(x + radius_px * spiral[k, 0]), int(y + radius_px * spiral[k, 1])
                if qx < 0 or qy < 0 or qx >= w or qy >= h:
                    continue
                other = inverse[0, qy, qx]
                if other <= 0.0:
                    continue
                qz = 1.0 / other
                vx, vy, vz = (qx - lens[1]) / f * qz - px, (lens[2] - qy) / f * qz - py, qz - z
                d2 = vx * vx + vy * vy + vz * vz
                if d2 > RADIUS_M * RADIUS_M:
                    continue
                up = vx * nx + vy * ny + vz * nz - 0.002 * z - 0.01
                if up > 0.0:
                    fall = 1.0 - d2 / (RADIUS_M * RADIUS_M)
                    total += fall * fall * up / math.sqrt(d2 + 0.001)
            raw[j, i] = max(1.0 - 1.5 * total / count, 0.15)


@shading
def smooth(raw: F32, half_z: F32, y0: int, y1: int, out: F32) -> None:
    """4 x 4 box (the period of the turned taps) over samples of about the same depth."""
    h, w = raw.shape
    for j in range(y0, y1):
        for i in range(w):
            z = half_z[j, i]
            tolerance = 0.05 * z + 0.02
            total = count = 0.0
            for y in range(max(j - 2, 0), min(j + 2, h)):
                for x in range(max(i - 2, 0), min(i + 2, w)):
                    if raw[y, x] >= 0.0 and abs(half_z[y, x] - z) < tolerance:
                        total += raw[y, x]
                        count += 1.0
            out[j, i] = total / count if count > 0.0 else 1.0
