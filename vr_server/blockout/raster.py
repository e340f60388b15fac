"""Visibility: which triangle each sample of the picture sees.

Camera space here is X right, Y up, Z = planar depth (positive in front). Pixel coordinates count from the
centre of the first pixel. Depth and barycentric planes are those of homogeneous rasterisation (Olano and
Greer 1997): they come from the unclipped triangle, so that clipping only decides coverage. Coverage is by
scanline spans; a span's end depends only on its edge, so neighbours leave neither holes nor overlaps.
"""

import math

import numpy as np

from .jit import F32, F64, I32, U8, kernel

RECORD = 18
"""float64 per visible triangle: x0 y0 x1 y1 x2 y2 (by rising y), slopes 02 01 12, planes of 1/Z, b1/Z, b2/Z."""
SHORT_SPAN = 4
"""Spans of fewer samples are drawn one by one: setting up a vector loop costs more."""
NEAR_M = 0.05
"""What is closer to the camera plane than this is cut away."""


@kernel
def to_camera(world: F32, rows: F64, origin: F64, out: F64, start: int, end: int) -> None:
    """world float32 [v, 3] -> camera float64 [v, 3]; `rows` float64 [3, 3]: right, up, forward."""
    for i in range(start, end):
        x = world[i, 0] - origin[0]
        y = world[i, 1] - origin[1]
        z = world[i, 2] - origin[2]
        for k in range(3):
            out[i, k] = rows[k, 0] * x + rows[k, 1] * y + rows[k, 2] * z


@kernel
def _emit(rec: F64, n: int, ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> None:
    """Write one screen triangle, corners by rising y, with its edge slopes."""
    if by < ay:
        ax, ay, bx, by = bx, by, ax, ay
    if cy < ay:
        ax, ay, cx, cy = cx, cy, ax, ay
    if cy < by:
        bx, by, cx, cy = cx, cy, bx, by
    rec[n, 0], rec[n, 1], rec[n, 2], rec[n, 3], rec[n, 4], rec[n, 5] = ax, ay, bx, by, cx, cy
    rec[n, 6] = (cx - ax) / (cy - ay)
    rec[n, 7] = (bx - ax) / (by - ay)
    rec[n, 8] = (cx - bx) / (cy - by)


@kernel
def _clip_near(cam: F64, tri: I32, t: int, poly: F64) -> int:
    """Cut triangle t at the near plane into `poly` float64 [4, 3]; returns the number of corners."""
    n = 0
    for k in range(3):
        i, j = tri[t, k], tri[t, (k + 1) % 3]
        zi, zj = cam[i, 2], cam[j, 2]
        if zi > NEAR_M:
            poly[n, 0], poly[n, 1], poly[n, 2] = cam[i, 0], cam[i, 1], zi
            n += 1
        if (zi > NEAR_M) != (zj > NEAR_M):
            # always from the corner in front to the one behind: the neighbour gets the same point
            if zi < zj:
                i, j = j, i
            s = (cam[i, 2] - NEAR_M) / (cam[i, 2] - cam[j, 2])
            poly[n, 0] = cam[i, 0] + s * (cam[j, 0] - cam[i, 0])
            poly[n, 1] = cam[i, 1] + s * (cam[j, 1] - cam[i, 1])
            poly[n, 2] = NEAR_M
            n += 1
    return n


@kernel
def _planes(cam: F64, tri: I32, t: int, two_sided: bool, lens: F64, out: F64) -> bool:
    """Planes of 1/Z, b1/Z and b2/Z over the picture into out[0:9]; False: back side or seen edge-on."""
    a, b, c = tri[t, 0], tri[t, 1], tri[t, 2]
    ux, uy, uz = cam[b, 0] - cam[a, 0], cam[b, 1] - cam[a, 1], cam[b, 2] - cam[a, 2]
    vx, vy, vz = cam[c, 0] - cam[a, 0], cam[c, 1] - cam[a, 1], cam[c, 2] - cam[a, 2]
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    det = nx * cam[a, 0] + ny * cam[a, 1] + nz * cam[a, 2]
    if det <= 0.0 and not two_sided:
        return False
    if abs(det) < 1e-18:
        return False
    inv = 1.0 / det
    f, mx, my = lens[0], lens[1], lens[2]
    for k in range(3):
        if k == 0:
            px, py, pz = nx * inv, ny * inv, nz * inv
        else:
            p, q = (c, a) if k == 1 else (a, b)
            px = (cam[p, 1] * cam[q, 2] - cam[p, 2] * cam[q, 1]) * inv
            py = (cam[p, 2] * cam[q, 0] - cam[p, 0] * cam[q, 2]) * inv
            pz = (cam[p, 0] * cam[q, 1] - cam[p, 1] * cam[q, 0]) * inv
        out[3 * k] = px / f
        out[3 * k + 1] = -py / f
        out[3 * k + 2] = pz - (px * mx - py * my) / f
    return True


@kernel
def set_up(
    cam: F64,
    tri: I32,
    two_sided: U8,
    lens: F64,
    size: tuple[int, int],
    start: int,
    end: int,
    rec: F64,
    src: I32,
    poly: F64,
    plane: F64,
) -> int:
    """Project triangles [start, end) and write what can be seen from row 2 * start of `rec` and `src` on.

    `lens` float64 [3]: focal length and principal point in px. `size`: (width, height). `rec` float64
    [2 * t, RECORD], `src` int32 [2 * t]: the triangle each record comes from. `poly` float64 [4, 3] and `plane` [9]: scratch. Returns the number of records.
    """
    first = n = 2 * start
    w, h = size
    f, mx, my = lens[0], lens[1], lens[2]
    for t in range(start, end):
        z0, z1, z2 = cam[tri[t, 0], 2], cam[tri[t, 1], 2], cam[tri[t, 2], 2]
        if max(z0, z1, z2) <= NEAR_M:
            continue
        if min(z0, z1, z2) > NEAR_M:
            corners = 3
            for k in range(3):
                poly[k, 0], poly[k, 1], poly[k, 2] = cam[tri[t, k], 0], cam[tri[t, k], 1], cam[tri[t, k], 2]
        else:
            corners = _clip_near(cam, tri, t, poly)
        x_min = y_min = 1e30
        x_max = y_max = -1e30
        for k in range(corners):
            x, y = mx + f * poly[k, 0] / poly[k, 2], my - f * poly[k, 1] / poly[k, 2]
            poly[k, 0], poly[k, 1] = x, y
            x_min, x_max, y_min, y_max = min(x_min, x), max(x_max, x), min(y_min, y), max(y_max, y)
        if x_max < -0.5 or y_max < -0.5 or x_min > w or y_min > h:
            continue
        if not _planes(cam, tri, t, two_sided[t] != 0, lens, plane):
            continue
        for k in range(1, corners - 1):
            _emit(rec, n, poly[0, 0], poly[0, 1], poly[k, 0], poly[k, 1], poly[k + 1, 0], poly[k + 1, 1])
            for j in range(9):
                rec[n, 9 + j] = plane[j]
            src[n] = t
            n += 1
    return int(n - first)


@kernel
def bin_rows(rec: F64, starts: I32, counts: I32, band: int, heads: I32, order: I32) -> int:
    """List the records that touch each band of `band` rows.

    Chunk c of records is [starts[c], starts[c] + counts[c]). Band b's records are order[heads[b]:heads[b + 1]],
    heads int32 [bands + 1]. Returns the number of entries; where `order` is too short, nothing is listed.
    """
    bands = heads.size - 1
    heads[:] = 0
    for c in range(starts.size):
        for n in range(starts[c], starts[c] + counts[c]):
            for b in range(_band(rec[n, 1] - 1.0, band, bands), _band(rec[n, 5] + 1.0, band, bands) + 1):
                heads[b + 1] += 1
    for b in range(bands):
        heads[b + 1] += heads[b]
    total = int(heads[bands])
    if total > order.size:
        return total
    for c in range(starts.size):
        for n in range(starts[c], starts[c] + counts[c]):
            for b in range(_band(rec[n, 1] - 1.0, band, bands), _band(rec[n, 5] + 1.0, band, bands) + 1):
                order[heads[b]] = n
                heads[b] += 1
    for b in range(bands, 0, -1):
        heads[b] = heads[b - 1]
    heads[0] = 0
    return total


@kernel
def _band(y: float, band: int, bands: int) -> int:
    return int(min(max(y, 0.0) / band, bands - 1.0))


@kernel
def draw_band(
    rec: F64, order: I32, first: int, last: int, offsets: F64, y0: int, y1: int, inverse: F32, seen: I32
) -> None:
    """Clear rows [y0, y1) and draw the records order[first:last] into them.

    `inverse` float32 [s, h, w]: 1/Z per sample, 0 = sky. `seen` int32 [s, h, w]: the record, valid where
    inverse > 0. `offsets` float64 [s, 2]: where in the pixel sample s lies, x and y from the centre.
    """
    samples, _, w = inverse.shape
    for s in range(samples):
        inverse[s, y0:y1, :] = 0.0
    for entry in range(first, last):
        n = order[entry]
        ax, ay, bx, by, cy = rec[n, 0], rec[n, 1], rec[n, 2], rec[n, 3], rec[n, 5]
        long_slope, top_slope, low_slope = rec[n, 6], rec[n, 7], rec[n, 8]
        pa, pb, pc = rec[n, 9], rec[n, 10], rec[n, 11]
        step = np.float32(pa)
        for s in range(samples):
            dx, dy = offsets[s, 0], offsets[s, 1]
            row_first = math.ceil(min(max(ay - dy, float(y0)), float(y1)))
            row_end = math.ceil(max(min(cy - dy, float(y1)), float(y0)))
            for row in range(row_first, row_end):
                y = row + dy
                x_long = ax + (y - ay) * long_slope
                x_short = ax + (y - ay) * top_slope if y < by else bx + (y - by) * low_slope
                left, right = min(x_long, x_short) - dx, max(x_long, x_short) - dx
                i0 = math.ceil(min(max(left, 0.0), float(w)))
                i1 = math.ceil(max(min(right, float(w)), 0.0))
                if i0 >= i1:
                    continue
                base = np.float32(pa * (i0 + dx) + pb * y + pc)
                if i1 - i0 < SHORT_SPAN:
                    for i in range(i0, i1):
                        value = base + step * np.float32(np.int32(i - i0))
                        if value > inverse[s, row, i]:
                            inverse[s, row, i], seen[s, row, i] = value, np.int32(n)
                    continue
                line, ids = inverse[s, row, i0:i1], seen[s, row, i0:i1]
                # both are always written, so that the loop runs on vectors
                for i in range(line.size):
                    value, before = base + step * np.float32(np.int32(i)), line[i]
                    nearer = value > before
                    line[i] = value if nearer else before
                    ids[i] = np.int32(n) if nearer else ids[i]
