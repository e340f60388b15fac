"""Heads: one smooth surface with brow, sockets, nose and lips; hair as a shell over it; hats and helmets.

Origin at the skull's base, nose towards -Z; lengths are shares of the body's height.
"""

import math

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import Array, vec
from vr_server.staging.meshes.core import Part, capsule, ellipsoid, finish, mix, smooth_part, times, tube
from vr_server.staging.scene import Mesh

from .hats import hat_parts, spacesuit_helmet
from .wardrobe import Wardrobe

# height, half width, front (towards the nose) and back of the skull's sections
_MAN = np.array([
    (0.0035, 0.012, 0.043, -0.026), (0.009, 0.0215, 0.0505, -0.012), (0.018, 0.0295, 0.0525, 0.000), (0.031, 0.0355, 0.0530, 0.015),
    (0.046, 0.0395, 0.0530, 0.029), (0.060, 0.0420, 0.0530, 0.040), (0.074, 0.0432, 0.0525, 0.048), (0.087, 0.0446, 0.0540, 0.0525),
    (0.101, 0.0450, 0.0520, 0.0535), (0.113, 0.0430, 0.0455, 0.0510), (0.123, 0.0375, 0.0350, 0.0435), (0.130, 0.0275, 0.0215, 0.0310),
    (0.1335, 0.012, 0.0085, 0.0130),
])  # fmt: skip
_WOMAN = _MAN * np.array([1.0, 0.965, 0.985, 0.985])
_WOMAN[:4, 1] *= (0.82, 0.84, 0.88, 0.93)
_CHIN_M, _CROWN_M = 0.0035, 0.1335
_EYE_X, _EYE_Y = 0.0185, 0.0725


def _angles(count: int) -> Array:
    """Round the head from the nose, closer together at the face."""
    t = np.arange(count) * (2 * math.pi / count)
    return np.asarray(t - 0.5 * np.sin(t))


def _shell(rows: Array, y: Array, angle: Array, out: Array | float = 0.0) -> Array:
    """Points of the skull at heights and angles (0 = nose), pushed out by `out`; float64 [..., 3]."""
    wide, front, back = (np.interp(y, rows[:, 0], rows[:, i]) for i in (1, 2, 3))
    s, c = np.sin(angle), np.cos(angle)
    x = np.sign(s) * np.abs(s) ** (2 / 2.25) * (wide + out)
    z = -np.where(c > 0, front + out, back + out) * np.sign(c) * np.abs(c) ** (2 / 2.25)
    z = np.where(c > 0, z, np.abs(c) ** (2 / 2.25) * (back + out))
    return np.stack([x, y + 0 * x, z], axis=-1)


def _bump(x: Array, y: Array, at: tuple[float, float], size: tuple[float, float]) -> Array:
    return np.asarray(np.exp(-(((x - at[0]) / size[0]) ** 2) - ((y - at[1]) / size[1]) ** 2))


def _face(points: Array, w: Wardrobe) -> Array:
    """How far the face comes forward (-Z) at each point, beyond the bare skull."""
    x, y = np.abs(points[..., 0]), points[..., 1]
    ahead = points[..., 2] < -0.01
    broad = 0.0062 if w.female else 0.0072
    ridge = np.interp(y, [0.0445, 0.049, 0.0545, 0.066, 0.079, 0.086], [0.0, 0.0085, 0.0128, 0.0085, 0.0035, 0.0])
    width = np.interp(y, [0.045, 0.053, 0.068, 0.08], [broad * 1.15, broad * 1.1, broad * 0.62, broad * 0.7])
    out = ridge * np.exp(-((x / width) ** 2))
    out = out - 0.0056 * _bump(x, y, (_EYE_X, _EYE_Y), (0.011, 0.0075))
    out = out + (0.0012 if w.female else 0.0026) * _bump(x, y, (0.016, 0.0845), (0.016, 0.0045))
    out = out + 0.0018 * _bump(x, y, (0.026, 0.056), (0.011, 0.011))
    lips = 0.0026 if w.female else 0.0018
    out = out + lips * (_bump(x, y, (0.0, 0.0375), (0.011, 0.0028)) + 1.1 * _bump(x, y, (0.0, 0.0308), (0.009, 0.0032)))
    out = (
        out - 0.0022 * _bump(x, y, (0.0, 0.0343), (0.012, 0.0016)) - 0.0016 * _bump(x, y, (0.0, 0.0245), (0.014, 0.004))
    )
    out = out + 0.003 * _bump(x, y, (0.0, 0.013), (0.011 if w.female else 0.015, 0.008))
    return np.where(ahead, out, 0.0)


def _rows_of(w: Wardrobe) -> Array:
    return _WOMAN if w.female or w.age == "child" else _MAN


def _grid(points: Array, colour: Rgb) -> Part:
    """A closed-round grid [rows, n, 3] from bottom to top as a smooth part."""
    rows, n, _ = points.shape
    i, j = np.arange(n), (np.arange(n) + 1) % n
    strips = [
        np.stack([k + i, k + n + j, k + j, k + i, k + n + i, k + n + j], 1).reshape(-1, 3)
        for k in range(0, (rows - 1) * n, n)
    ]
    return smooth_part(points.reshape(-1, 3), np.concatenate(strips).astype(np.int32), colour)


def _skull(w: Wardrobe) -> Part:
    rows = _rows_of(w)
    middle = np.linspace(0.0295, 0.09, 17 if w.fine else 7)
    y = np.concatenate([np.linspace(_CHIN_M, 0.024, 4), middle, np.linspace(0.1, _CROWN_M, 5 if w.fine else 4)])
    angle = _angles(28 if w.fine else 14)
    points = _shell(rows, np.repeat(y[:, None], len(angle), 1), np.repeat(angle[None], len(y), 0))
    points[..., 2] -= _face(points, w)
    chin = points[0].mean(axis=0) + vec(0.0, -0.001, 0.0)
    crown = points[-1].mean(axis=0) + vec(0.0, 0.0008, 0.0)
    closed = np.concatenate(
        [np.repeat(chin[None, None], len(angle), 1), points, np.repeat(crown[None, None], len(angle), 1)]
    )
    lip = np.array(
        mix(w.skin, (w.skin[0] * 0.95, w.skin[1] * 0.42, w.skin[2] * 0.40), 0.85 if w.female else 0.5)
    ) / np.array(w.skin)

    def tint(p: Array, _: Array) -> Array:
        x, y = np.abs(p[:, 0]), p[:, 1]
        ahead = np.where(p[:, 2] < -0.02, 1.0, 0.0)
        mouth = np.clip(1.6 * _bump(x, y, (0.0, 0.0343), (0.0115, 0.0052)) - 0.45, 0, 1) * ahead
        blush = 0.35 * _bump(x, y, (0.028, 0.055), (0.012, 0.012)) * ahead
        shade = 1 - 0.2 * _bump(x, y, (_EYE_X, _EYE_Y + 0.003), (0.011, 0.006)) * ahead
        shade = shade - 0.35 * _bump(x, y, (0.0, 0.0343), (0.0115, 0.001)) * ahead
        red = 1 + blush[:, None] * np.array([0.06, -0.12, -0.12])
        return np.asarray(shade[:, None] * red * (1 + mouth[:, None] * (lip - 1)))

    return _grid(closed, w.skin).tinted(tint)


def _features(w: Wardrobe) -> list[Part]:
    rows = _rows_of(w)
    if not w.fine:
        return [
            ellipsoid((0.0036, 0.004, 0.003), (0.03, 0.02, 0.015), (s * _EYE_X, _EYE_Y, -0.0478), 0)
            for s in (-1.0, 1.0)
        ]
    grow = 1.18 if w.age == "child" else 1.0
    parts: list[Part] = []
    brow = mix(w.hair_colour, w.skin, 0.15 if w.age != "elder" else 0.3)
    for s in (-1.0, 1.0):
        eye = vec(s * _EYE_X, _EYE_Y, -0.0452 if not w.female else -0.0447)
        parts.append(ellipsoid((0.0072 * grow, 0.0052 * grow, 0.0055), (0.60, 0.58, 0.55), (eye[0], eye[1], eye[2]), 1))
        parts.append(
            ellipsoid(
                (0.0036 * grow, 0.0040 * grow, 0.0022),
                (0.035, 0.022, 0.015),
                (eye[0] * 0.98, eye[1], eye[2] - 0.0042),
                1,
            )
        )
        lid = [
            eye + vec(s * dx, 0.0042 * grow - 24 * dx * dx, -0.0046 + 22 * dx * dx)
            for dx in (-0.008, -0.004, 0.0, 0.004, 0.0085)
        ]
        parts.append(
            tube(
                np.array(lid),
                [0.0007, 0.0012, 0.0014, 0.0012, 0.0007],
                times(w.hair_colour, 0.7) if w.female else times(w.skin, 0.5),
                5,
            )
        )
        arc = [
            vec(s * x, y, _front_z(rows, x, y, w) - 0.0008)
            for x, y in ((0.0085, 0.0835), (0.015, 0.0862), (0.0215, 0.0868), (0.028, 0.0842))
        ]
        thick = 0.0011 if w.female or w.age == "child" else 0.0019
        parts.append(tube(np.array(arc), [thick, thick * 1.25, thick * 1.1, thick * 0.5], brow, 5))
        ear = ellipsoid((0.0042, 0.0148, 0.0088), times(w.skin, 0.94), (s * 0.0445, 0.066, 0.007), 1)
        parts.append(ear)
    return parts


def _front_z(rows: Array, x: float, y: float, w: Wardrobe) -> float:
    wide, front = (float(np.interp(y, rows[:, 0], rows[:, i])) for i in (1, 2))
    inside = max(0.0, 1 - (x / wide) ** 2.25) ** (1 / 2.25)
    point = np.array([[x, y, -front * inside]])
    return float(point[0, 2] - _face(point, w)[0])


def head(h: float, w: Wardrobe) -> tuple[Mesh, ...]:
    """The whole head in metres."""
    if w.suit:
        return spacesuit_helmet(h, w)
    parts = [] if w.hat == "closed" else [_skull(w), *_features(w)]
    covered = w.hat in {"helmet", "closed"}
    if w.hair != "none" and not covered:
        parts += _hair(w)
    if w.beard and w.hat != "closed":
        parts += _beard(w)
    parts += hat_parts(w)
    size = h * w.head_scale
    return (finish("head", *(p.scaled(size, size, size) for p in parts)),)


def _cap(w: Wardrobe, low: tuple[float, float, float], thick: float) -> Part:
    """Hair as a shell: its lower edge at the forehead, over the ears and at the nape."""
    rows = _rows_of(w)
    angle = _angles(24 if w.fine else 12)
    turn = np.abs(np.arctan2(np.sin(angle), np.cos(angle)))
    edge = np.interp(
        turn,
        [0.0, 0.5, 0.95, 1.3, 1.75, 2.4, math.pi],
        [low[0], low[0] - 0.002, low[0] - 0.018, low[1], low[1] - 0.002, low[2], low[2]],
    )
    v = np.array([0.0, 0.05, 0.16, 0.38, 0.62, 0.84, 1.0] if w.fine else [0.0, 0.1, 0.5, 1.0])[:, None]
    y = edge + (_CROWN_M - edge) * v
    lift = thick * np.minimum(1.0, (v + 0.02) / 0.12) * (1 + 0.18 * np.sin(3 * angle + 0.6))
    points = _shell(rows, y, np.repeat(angle[None], len(v), 0), lift)
    points[..., 1] += lift * v**2
    top = points[-1].mean(axis=0) + vec(0.0, 0.0015, 0.0)
    closed = np.concatenate([points, np.repeat(top[None, None], len(angle), 1)])
    return _grid(closed, w.hair_colour).tinted(lambda p, _: 0.86 + 0.2 * np.sin(60 * np.arctan2(p[:, 0], p[:, 2])) ** 2)


def _hair(w: Wardrobe) -> list[Part]:
    c = w.hair_colour
    if w.hair == "crop":
        return [_cap(w, (0.116, 0.086, 0.046), 0.0022)]
    if w.hair == "short":
        fringe = capsule(vec(-0.022, 0.122, -0.038), vec(0.026, 0.118, -0.042), 0.0085, 0.007, c, 8)
        return [_cap(w, (0.110, 0.072, 0.024), 0.0062), fringe]
    if w.hair == "bob":
        sides = [_lock(s, 0.008, c, 0.0125) for s in (-1.0, 1.0)]
        return [_cap(w, (0.107, 0.062, 0.004), 0.0085), *sides]
    parts = [_cap(w, (0.111, 0.066, 0.014), 0.0065)]
    if w.hair == "bun":
        parts.append(ellipsoid((0.024, 0.022, 0.022), c, (0.0, 0.112, 0.064), 2))
        parts += [_lock(s, 0.046, c, 0.0045) for s in (-1.0, 1.0)]
    if w.hair == "long":
        parts += [_lock(s, -0.012, c, 0.0075) for s in (-1.0, 1.0)]
        if w.skirt == "hanfu":
            parts.append(ellipsoid((0.019, 0.021, 0.019), c, (0.0, 0.142, 0.014), 2))
            parts.append(
                capsule(vec(-0.04, 0.143, 0.016), vec(0.04, 0.139, 0.01), 0.0028, 0.0022, (0.55, 0.4, 0.14), 6)
            )
    return parts


def _lock(side: float, low: float, colour: Rgb, thick: float) -> Part:
    """Hair before the ear, from the temple down."""
    points = [
        vec(side * x, y, z)
        for x, y, z in (
            (0.033, 0.112, -0.03),
            (0.044, 0.09, -0.022),
            (0.0468, 0.06, -0.012),
            (0.045, max(low, 0.0), -0.006),
        )
    ]
    if low < 0:
        points.append(vec(side * 0.043, low - 0.012, -0.004))
    radii = [thick * k for k in (0.7, 1.0, 0.95, 0.7, 0.25)][: len(points)]
    return tube(np.array(points), radii, colour, 6, cap=True)


def _beard(w: Wardrobe) -> list[Part]:
    rows = _rows_of(w)
    angle = np.linspace(-1.25, 1.25, 13)
    y = np.array([-0.012, 0.002, 0.014, 0.026, 0.034])
    grid = []
    for k, height in enumerate(y):
        thick = (0.002, 0.007, 0.008, 0.006, 0.0006)[k]
        narrow = 0.55 if k == 0 else 1.0
        at = _shell(rows, np.full(len(angle), max(height, 0.006)), angle * narrow, thick)
        at[:, 1] = height + 0.014 * (np.abs(angle) / 1.25) ** 2 * (1 if k else 0.4)
        grid.append(at)
    points = np.array(grid)
    n = len(angle)
    i = np.arange(n - 1)
    strips = [
        np.stack([k + i, k + n + i + 1, k + i + 1, k + i, k + n + i, k + n + i + 1], 1).reshape(-1, 3)
        for k in range(0, (len(y) - 1) * n, n)
    ]
    chin = smooth_part(points.reshape(-1, 3), np.concatenate(strips).astype(np.int32), w.hair_colour)
    tache = tube(np.array([vec(x, 0.0395 - 12 * x * x, -0.0555 + 14 * x * x) for x in (-0.015, -0.007, 0.0, 0.007, 0.015)]), [0.001, 0.0026, 0.0022, 0.0026, 0.001], w.hair_colour, 6)  # fmt: skip
    return [chin, tache]
