"""Colour: deferred shading, once per pixel and distinct triangle, from the visibility samples."""

import math

import numpy as np

from .exposure import WHITE
from .gloss import polished
from .grades import STEPS, Print
from .grain import grained
from .inputs import ACTOR, FLAT, GRAIN, GROUND, METAL, TWO_SIDED, WATER, WET, Lights, Surfaces, View, Visibility
from .jit import F32, F64, I32, I64, U8, U16, part, shading
from .lamps import lamp_light
from .shadow import ShadowMaps, light_share
from .sky import SkyMap, look_up
from .water import water, wetted

GRAIN_WAVE_M = 3.1


@part
def film(r: float, g: float, b: float) -> tuple[float, float, float]:
    """Scene light to display light 0..1 per channel (Reinhard et al. 2002 with a white point of 3.5).

    The contrast that a print adds is in its curves (`grades.make_print`), where it costs nothing.
    One division serves all three channels.
    """
    p, q, s = 1.0 + r, 1.0 + g, 1.0 + b
    share = 1.0 / (p * q * s)
    r, g, b = r * (1.0 + r * WHITE), g * (1.0 + g * WHITE), b * (1.0 + b * WHITE)
    return min(r * q * s * share, 1.0), min(g * p * s * share, 1.0), min(b * p * q * share, 1.0)


@part
def _grain(
    table: F32, kind: int, px: float, py: float, pz: float, nx: float, ny: float, nz: float, footprint: float
) -> float:
    """Brightness factor from noise fixed in the world, faded out where a pixel covers more than a wave."""
    if abs(ny) > 0.6:
        u, v = px, pz
    else:
        u, v = (px * nz - pz * nx), py
    strength = 1.0 if kind & GROUND else 0.6
    total = 0.0
    wave = GRAIN_WAVE_M
    for _ in range(2):
        fade = 1.0 - footprint * 4.5 / wave
        if fade <= 0.0:
            break
        total += fade * grained(table, u / wave, v / wave)
        wave *= 0.1
    return 1.0 + strength * total


@part
def _fogged(
    r: float,
    g: float,
    b: float,
    dx: float,
    dy: float,
    dz: float,
    dist: float,
    top: float,
    bottom: float,
    lights: Lights,
) -> tuple[float, float, float]:
    """Mix in the air between the camera and a point `dist` metres away, brighter towards the key light."""
    p, q = 1.0 + max(top, 0.0) * 0.025, 1.0 + max(bottom, 0.0) * 0.025
    thin = 0.5 * (p + q) / (p * q)
    x = lights.fog[0] * thin * dist
    amount = 1.0 - 1.0 / (1.0 + x * (1.0 + x * (0.5 + x * (0.1667 + x * 0.0417))))  # 1 - exp(-x), near enough
    if amount < 0.002:
        return r, g, b
    fr, fg, fb = lights.fog[1], lights.fog[2], lights.fog[3]
    if lights.direction.shape[0] > 0:
        d = lights.direction
        c = max(dx * d[0, 0] + dy * d[0, 1] + dz * d[0, 2], 0.0)
        c = c * c * c * c * 0.22
        fr += lights.radiance[0, 0] * c
        fg += lights.radiance[0, 1] * c
        fb += lights.radiance[0, 2] * c
    return r + (fr - r) * amount, g + (fg - g) * amount, b + (fb - b) * amount


@part
def _occlusion(vis: Visibility, x: int, y: int, z: float) -> float:
    """Ambient openness at a full-size pixel: of the four half-size neighbours those of about its depth."""
    h2, w2 = vis.occlusion.shape
    jx, jy = min(x >> 1, w2 - 1), min(y >> 1, h2 - 1)
    tolerance = 0.06 * z + 0.02
    # the field is smooth: where it is fully open, so are its neighbours
    if vis.occlusion[jy, jx] > 0.998 and abs(vis.half_z[jy, jx] - z) < tolerance:
        return 1.0
    ix, iy = min(max((x - 1) >> 1, 0), w2 - 2), min(max((y - 1) >> 1, 0), h2 - 2)
    total = weight = 0.0
    for j in range(iy, iy + 2):
        for i in range(ix, ix + 2):
            w = 0.5 if i == jx and j == jy else 0.1667
            if abs(vis.half_z[j, i] - z) > tolerance:
                w *= 0.001
            total += w * vis.occlusion[j, i]
            weight += w
    return total / weight


@part
def shade_point(
    vis: Visibility,
    n: int,
    fx: float,
    fy: float,
    x: int,
    y: int,
    surfaces: Surfaces,
    view: View,
    lights: Lights,
    maps: ShadowMaps,
    sky: SkyMap,
) -> tuple[float, float, float]:
    """Light 0..1 (after the film curve) of record n at picture position (fx, fy) in pixel (x, y)."""
    rec = vis.rec[n]
    iz = max(rec[9] * fx + rec[10] * fy + rec[11], 1e-9)
    z = 1.0 / iz
    t = vis.src[n]
    kind = surfaces.kind[t]
    m, c = surfaces.normals, surfaces.colours
    i0 = surfaces.tri[t, 0]
    nx, ny, nz = m[i0, 0], m[i0, 1], m[i0, 2]
    r, g, b = c[i0, 0], c[i0, 1], c[i0, 2]
    if not kind & FLAT:
        i1, i2 = surfaces.tri[t, 1], surfaces.tri[t, 2]
        b1 = min(max((rec[12] * fx + rec[13] * fy + rec[14]) * z, 0.0), 1.0)
        b2 = min(max((rec[15] * fx + rec[16] * fy + rec[17]) * z, 0.0), 1.0)
        b0 = max(1.0 - b1 - b2, 0.0)
        nx = b0 * nx + b1 * m[i1, 0] + b2 * m[i2, 0]
        ny = b0 * ny + b1 * m[i1, 1] + b2 * m[i2, 1]
        nz = b0 * nz + b1 * m[i1, 2] + b2 * m[i2, 2]
        scale = 1.0 / math.sqrt(max(nx * nx + ny * ny + nz * nz, 1e-12))
        nx, ny, nz = nx * scale, ny * scale, nz * scale
        r = b0 * r + b1 * c[i1, 0] + b2 * c[i2, 0]
        g = b0 * g + b1 * c[i1, 1] + b2 * c[i2, 1]
        b = b0 * b + b1 * c[i1, 2] + b2 * c[i2, 2]
    u, v = (fx - view.lens[1]) / view.lens[0], (view.lens[2] - fy) / view.lens[0]
    k = view.rows
    dx, dy, dz = (
        u * k[0, 0] + v * k[1, 0] + k[2, 0],
        u * k[0, 1] + v * k[1, 1] + k[2, 1],
        u * k[0, 2] + v * k[1, 2] + k[2, 2],
    )
    px, py, pz = view.origin[0] + dx * z, view.origin[1] + dy * z, view.origin[2] + dz * z
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    dx, dy, dz = dx / length, dy / length, dz / length
    facing = nx * dx + ny * dy + nz * dz
    if kind & TWO_SIDED and facing > 0.0:
        nx, ny, nz = -nx, -ny, -nz
    if kind & GRAIN:
        footprint = z / view.lens[0] / max(abs(facing), 0.08)
        f = _grain(surfaces.grain, kind, px, py, pz, nx, ny, nz, footprint)
        r, g, b = r * f, g * f, b * f
    er, eg, eb = _lit(vis, kind, px, py, pz, nx, ny, nz, x, y, z, -facing, lights, maps)
    if kind & METAL:
        sr, sg, sb = polished(dx, dy, dz, nx, ny, nz, lights, 0.75)
        er, eg, eb = 0.45 * er + sr, 0.45 * eg + sg, 0.45 * eb + sb
    glow = surfaces.emission[t]
    r, g, b = r * (er + glow), g * (eg + glow), b * (eb + glow)
    if kind & WATER:
        r, g, b = water(r, g, b, vis, surfaces, view, sky, lights, px, py, pz, dx, dy, dz, ny, z)
    elif kind & WET and ny > 0.7:
        r, g, b = wetted(r, g, b, vis, surfaces, view, sky, lights, px, py, pz, dx, dy, dz, z)
    r, g, b = _fogged(r, g, b, dx, dy, dz, z * length, view.origin[1], py, lights)
    e = lights.exposure
    return film(r * e, g * e, b * e)


@part
def _lit(
    vis: Visibility, kind: int, px: float, py: float, pz: float, nx: float, ny: float, nz: float, x: int, y: int, z: float,
    toward: float, lights: Lights, maps: ShadowMaps,
) -> tuple[float, float, float]:  # fmt: skip
    """Light arriving at a point: hemisphere of sky and ground, dimmed by occlusion, the bodies, the lamps, and
    the fill of actors. `toward`: cosine between normal and camera."""
    ao = _occlusion(vis, x, y, z)
    a = lights.ambient
    up, down = max(ny, 0.0), max(-ny, 0.0)
    side = 1.0 - up - down
    er = (a[0, 0] * up + a[1, 0] * side * 0.8 + a[2, 0] * (down + side * 0.4)) * ao
    eg = (a[0, 1] * up + a[1, 1] * side * 0.8 + a[2, 1] * (down + side * 0.4)) * ao
    eb = (a[0, 2] * up + a[1, 2] * side * 0.8 + a[2, 2] * (down + side * 0.4)) * ao
    d = lights.direction
    key = 0.0
    for n in range(d.shape[0]):
        slope = nx * d[n, 0] + ny * d[n, 1] + nz * d[n, 2]
        power = max(slope, 0.0)
        if kind & TWO_SIDED:
            # a leaf or a cloth lets part of the light through from behind
            power = 0.75 * power + 0.45 * max(-slope, 0.0) + 0.05
        if power < 0.001:
            continue
        if n < lights.shadowed:
            power *= light_share(maps, n, px, py, pz, nx, ny, nz, max(abs(slope), 0.02))
        power *= 0.6 + 0.4 * ao
        key += power
        er += power * lights.radiance[n, 0]
        eg += power * lights.radiance[n, 1]
        eb += power * lights.radiance[n, 2]
    if kind & ACTOR:
        fill = (0.35 + 0.65 * max(toward, 0.0)) * (1.0 - 0.8 * min(key, 1.0)) * (0.4 + 0.6 * ao)
        er, eg, eb = er + fill * lights.fill[0], eg + fill * lights.fill[1], eb + fill * lights.fill[2]
    if lights.lamps.shape[0] > 0:
        lr, lg, lb = lamp_light(lights.lamps, px, py, pz, nx, ny, nz)
        share = (0.3 + 0.7 * ao) * (0.5 if kind & TWO_SIDED else 1.0)
        er, eg, eb = er + lr * share, eg + lg * share, eb + lb * share
    return er, eg, eb


@part
def _sky_point(fx: float, fy: float, view: View, sky: SkyMap, lights: Lights) -> tuple[float, float, float]:
    u, v = (fx - view.lens[1]) / view.lens[0], (view.lens[2] - fy) / view.lens[0]
    k = view.rows
    dx, dy, dz = (
        u * k[0, 0] + v * k[1, 0] + k[2, 0],
        u * k[0, 1] + v * k[1, 1] + k[2, 1],
        u * k[0, 2] + v * k[1, 2] + k[2, 2],
    )
    s = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
    dx, dy, dz = dx * s, dy * s, dz * s
    r, g, b = look_up(sky, dx, dy, dz, 1.0 / view.lens[0])
    # the haze over the horizon is the fog of a long way through air that thins out upwards
    reach = 400.0 / (1.0 + 60.0 * max(dy, 0.0))
    r, g, b = _fogged(r, g, b, dx, dy, dz, reach, view.origin[1], view.origin[1], lights)
    e = lights.exposure
    return film(r * e, g * e, b * e)


@part
def _similar(rec: F64, src: I32, surfaces: Surfaces, p: int, q: int) -> bool:
    """Whether two records belong to one smooth surface, so that one of them can stand for both."""
    if surfaces.object_id[src[p]] != surfaces.object_id[src[q]]:
        return False
    a, b = surfaces.tri[src[p], 0], surfaces.tri[src[q], 0]
    m = surfaces.normals
    dot = m[a, 0] * m[b, 0] + m[a, 1] * m[b, 1] + m[a, 2] * m[b, 2]
    if dot < 0.97:
        return False
    a0, b0 = surfaces.colours[a], surfaces.colours[b]
    if abs(a0[0] - b0[0]) + abs(a0[1] - b0[1]) + abs(a0[2] - b0[2]) > 0.02:
        return False
    da, db = rec[p, 11], rec[q, 11]
    return bool(abs(da - db) < 0.02 * max(abs(da), abs(db)))


@part
def _merge(group: I64, rec: F64, src: I32, surfaces: Surfaces) -> None:
    """Let the samples of one smooth surface name the same record."""
    for s in range(1, group.size):
        n = group[s]
        for k in range(s):
            m = group[k]
            if m == n or (m >= 0 and n >= 0 and _similar(rec, src, surfaces, m, n)):
                group[s] = m
                break


@shading
def shade_band(
    vis: Visibility, surfaces: Surfaces, view: View, lights: Lights, maps: ShadowMaps, sky: SkyMap, offsets: F64,
    prints: Print, group: I64, near: float, far: float, y0: int, y1: int, color: U8, depth: F32, ids: U16,
) -> None:  # fmt: skip
    """Fill rows [y0, y1) of `color` uint8 [h, w, 3], `depth` float32 [h, w] and `ids` uint16 [h, w].

    Depth and id are those of sample 0, the pixel's centre. `group` int64 [s]: scratch.
    """
    samples, _, w = vis.inverse.shape
    rec, src = vis.rec, vis.src
    mean_x, mean_y = offsets[:, 0].sum() / samples, offsets[:, 1].sum() / samples
    for y in range(y0, y1):
        for x in range(w):
            centre = vis.seen[0, y, x] if vis.inverse[0, y, x] > 0.0 else -1
            if centre >= 0:
                z = 1.0 / max(rec[centre, 9] * x + rec[centre, 10] * y + rec[centre, 11], 1e-9)
                depth[y, x] = min(max(z, near), far)
                ids[y, x] = surfaces.object_id[src[centre]]
            else:
                depth[y, x] = np.inf
                ids[y, x] = 0
            group[0] = centre
            parts = 1
            for s in range(1, samples):
                group[s] = vis.seen[s, y, x] if vis.inverse[s, y, x] > 0.0 else -1
                if group[s] != centre:
                    parts = samples
            if parts > 1:
                _merge(group, rec, src, surfaces)
            r = g = b = 0.0
            for s in range(parts):
                n = group[s]
                if n == -2:
                    continue
                fx, fy, share = x + mean_x, y + mean_y, samples
                if parts > 1:
                    sx, sy, share = 0.0, 0.0, 0
                    for k in range(s, samples):
                        if group[k] == n:
                            sx, sy, share = sx + offsets[k, 0], sy + offsets[k, 1], share + 1
                            group[k] = -2
                    fx, fy = x + sx / share, y + sy / share
                if n >= 0:
                    pr, pg, pb = shade_point(vis, n, fx, fy, x, y, surfaces, view, lights, maps, sky)
                else:
                    pr, pg, pb = _sky_point(fx, fy, view, sky, lights)
                r, g, b = r + share * pr, g + share * pg, b + share * pb
            scale = (STEPS - 1.0) / samples
            # less than a code of fixed noise keeps skies from banding (interleaved gradient noise, Jimenez 2014)
            wave = 0.06711056 * x + 0.00583715 * y
            wave = 52.9829189 * (wave - math.floor(wave))
            dither = wave - math.floor(wave)
            for k in range(3):
                value = (prints.mix[k, 0] * r + prints.mix[k, 1] * g + prints.mix[k, 2] * b) * scale
                code = prints.curves[k, int(min(max(value, 0.0), STEPS - 1.0) + 0.5)] + dither
                color[y, x, k] = np.uint8(min(code, 255.0))
