"""The mannequin's part meshes: each hangs along its own -Y from its joint and faces -Z; overlapping ends hide the joints."""

from dataclasses import replace

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import Array, vec
from vr_server.staging.meshes.core import (
    Part,
    boulder,
    box,
    capsule,
    ellipsoid,
    finish,
    lathe,
    loft,
    merge,
    times,
    tube,
)
from vr_server.staging.scene import Mesh

from .head import head
from .skeleton import Build
from .wardrobe import Wardrobe

_STEEL: Rgb = (0.40, 0.40, 0.43)
_WHITE: Rgb = (0.62, 0.62, 0.60)


def figure_meshes(build: Build, w: Wardrobe, slender: float) -> dict[str, tuple[Mesh, ...]]:
    """Part name -> meshes in metres. `slender` 0.85 (slight) .. 1.1 (broad) scales widths."""
    h = build.height_m
    g = w.breadth(slender) * h
    parts = {
        "pelvis": _pelvis(build, w, g),
        "chest": _chest(build, w, g),
        "neck": (_neck(h, w, g),),
        "head": head(h, w),
        **_arms(build, w, g),
        **_legs(build, w, g),
    }
    if not w.suit:
        return parts
    # a white suit's cloth scatters light within: without it, back-lit astronauts are black
    return {part: tuple(replace(m, emission=max(m.emission, 0.12)) for m in meshes) for part, meshes in parts.items()}


def _neck(h: float, w: Wardrobe, g: float) -> Mesh:
    """Wider at the root and drawn forward to the skull."""
    thick = 0.9 if w.female else 1.0
    rows = [(-0.03, 0.041, 0.037, 0.006), (-0.012, 0.035, 0.033, 0.004), (0.008, 0.031, 0.031, 0.001), (0.03, 0.030, 0.031, -0.002), (0.05, 0.030, 0.030, -0.004)]  # fmt: skip
    return finish(
        "neck",
        loft([(y * h, x * g * thick, z * g * thick, c * h) for y, x, z, c in rows], w.top if w.suit else w.skin, 16),
    )


def _pelvis(b: Build, w: Wardrobe, g: float) -> tuple[Mesh, ...]:
    h = b.height_m
    colour = w.top if w.skirt == "hanfu" else w.legs
    wide = 1.06 if w.female else 1.0
    rows = [(-0.062, 0.05, 0.042, 0.004), (-0.045, 0.079, 0.062, 0.006), (-0.018, 0.0915, 0.072, 0.008), (0.01, 0.090, 0.069, 0.006), (0.04, 0.0835, 0.061, 0.002), (0.068, 0.078, 0.056, 0.0)]  # fmt: skip
    hips = loft([(y * h, x * g * wide, z * g, c * h) for y, x, z, c in rows], colour, 20 if w.fine else 10)
    belt = loft([(y * h, x * g * wide, z * g, c * h) for y, x, z, c in ((0.046, 0.0835, 0.062, 0.001), (0.0465, 0.0845, 0.063, 0.001), (0.0625, 0.0815, 0.0605, 0.0), (0.063, 0.0805, 0.0595, 0.0))], w.accent if w.skirt == "hanfu" or w.suit else times(w.shoes, 0.9), 20 if w.fine else 10)  # fmt: skip
    buckle = box((0.022 * h, 0.016 * h, 0.006 * h), (0.45, 0.36, 0.16), (0.0, 0.0545 * h, -0.0625 * g))
    return (finish("pelvis", hips, belt, *([] if w.suit or w.skirt != "none" else [buckle])),)


# (height, half width, half depth, centre z), shares of the body's height; above the waist joint
_TORSO_M = (
    (-0.045, 0.083, 0.060, 0.001), (0.0, 0.078, 0.057, 0.0), (0.04, 0.080, 0.059, 0.0), (0.085, 0.090, 0.065, -0.001), (0.125, 0.099, 0.069, -0.003),
    (0.155, 0.105, 0.068, -0.003), (0.180, 0.109, 0.062, 0.0), (0.197, 0.108, 0.054, 0.003), (0.212, 0.098, 0.047, 0.005), (0.226, 0.078, 0.042, 0.006),
    (0.238, 0.059, 0.039, 0.006), (0.2465, 0.047, 0.037, 0.005),
)  # fmt: skip
_TORSO_F = (
    (-0.045, 0.084, 0.061, 0.002), (0.0, 0.0715, 0.053, 0.0), (0.04, 0.0735, 0.055, 0.0), (0.085, 0.084, 0.064, -0.003), (0.115, 0.0915, 0.074, -0.009),
    (0.138, 0.096, 0.0765, -0.0105), (0.160, 0.100, 0.067, -0.004), (0.180, 0.103, 0.057, 0.001), (0.197, 0.102, 0.049, 0.004), (0.212, 0.093, 0.043, 0.005),
    (0.226, 0.073, 0.039, 0.006), (0.238, 0.055, 0.036, 0.006), (0.2465, 0.043, 0.034, 0.005),
)  # fmt: skip


def _torso(w: Wardrobe) -> tuple[tuple[float, float, float, float], ...]:
    return _TORSO_F if w.female and not w.suit and not w.armour else _TORSO_M


def _front(y: float, x: float, g: float, h: float, rows: Array) -> float:
    """Where the torso's front surface is at a height and a distance from the middle, metres (z, negative)."""
    wide, deep, centre = (float(np.interp(y / h, rows[:, 0], rows[:, i])) for i in (1, 2, 3))
    inside = max(0.0, 1 - (abs(x) / (wide * g)) ** 2.2)
    return float(centre * h - deep * g * inside ** (1 / 2.2))


def _chest(b: Build, w: Wardrobe, g: float) -> tuple[Mesh, ...]:
    h = b.height_m
    rows = _torso(w)
    parts: list[Part] = [loft([(y * h, hw * g, hd * g, cz * h) for y, hw, hd, cz in rows], w.top, 22 if w.fine else 11)]
    if w.suit:
        parts += _life_support(w, h)
    elif w.armour:
        parts += _cuirass(b, w, g)
    else:
        parts += _collar(w, g, h, np.array(rows))
    return (finish("chest", *parts),)


def _life_support(w: Wardrobe, h: float) -> list[Part]:
    parts = [_rounded(0.2 * h, 0.27 * h, 0.12 * h, times(w.top, 0.85)).moved((0.0, 0.12 * h, 0.125 * h))]
    parts.append(box((0.11 * h, 0.06 * h, 0.03 * h), (0.25, 0.27, 0.3), (0.0, 0.12 * h, -0.098 * h)))
    lamps = ((-0.03, (0.7, 0.08, 0.05)), (0.0, (0.1, 0.4, 0.15)), (0.03, w.accent))
    parts += [box((0.018 * h, 0.018 * h, 0.01 * h), c, (x * h, 0.13 * h, -0.116 * h)) for x, c in lamps]
    parts.append(lathe([(0.07 * h, 0.222 * h), (0.077 * h, 0.238 * h), (0.068 * h, 0.252 * h)], w.accent, 20))
    return parts


def _cuirass(b: Build, w: Wardrobe, g: float) -> list[Part]:
    """A breastplate over a dark coat, rows of plates below it, a gorget, layered pauldrons."""
    h = b.height_m
    plate = w.accent if max(w.accent) > 0.25 else _STEEL
    rows = [(y * h, hw * g * 1.06, hd * g * 1.12, cz * h) for y, hw, hd, cz in _TORSO_M[2:9]]
    parts = [loft(rows, plate, 24)]
    parts.append(
        loft(
            [
                (-0.06 * h, 0.098 * g, 0.078 * g, 0),
                (-0.012 * h, 0.087 * g, 0.067 * g, 0),
                (0.042 * h, 0.084 * g, 0.063 * g, 0),
            ],
            times(plate, 0.72),
            24,
        )
    )
    parts.append(
        lathe([(0.05 * h, 0.222 * h), (0.043 * h, 0.24 * h), (0.041 * h, 0.262 * h)], times(plate, 0.85), 20, cap=False)
    )
    ridge = [
        vec(0.0, y * h, _front(y * h, 0.0, g * 1.12, h, np.array(_TORSO_M)) - 0.002 * h)
        for y in (0.05, 0.1, 0.15, 0.195)
    ]
    parts.append(tube(np.array(ridge), [0.004 * h] * 4, times(plate, 1.2), 6))
    for s in (-1.0, 1.0):
        for k, (drop, size) in enumerate(((0.012, 0.046), (-0.012, 0.0445), (-0.034, 0.041))):
            parts.append(
                ellipsoid(
                    (size * g, 0.026 * g, size * 1.08 * g),
                    times(plate, 1.0 - 0.1 * k),
                    (s * (b.shoulder_half + 0.006 * h), b.shoulder_up + drop * h, 0.0),
                    2,
                )
            )
    return parts


def _collar(w: Wardrobe, g: float, h: float, rows: Array) -> list[Part]:
    """What is at the neck and down the front: it tells one coat from another."""
    if w.collar in {"lapels", "crossed"}:
        parts = [_lapel(side, w, g, h, rows) for side in (-1.0, 1.0)]
        if w.jacket:
            parts += _shirt_front(w, g, h, rows)
        return parts
    ring = [(0.0475 * h, 0.243 * h), (0.0455 * h, 0.2505 * h), (0.0405 * h, 0.252 * h)]
    count = 18 if w.fine else 10
    if w.collar == "stand":
        tall = lathe(
            [(0.041 * h, 0.248 * h), (0.039 * h, 0.272 * h), (0.0365 * h, 0.272 * h)], times(w.top, 0.8), 20, cap=False
        )
        return [tall.scaled(1.0, 1.0, 0.95), *_buttons(w, g, h, rows), *_badge(w, g, h, rows)]
    if w.collar == "shirt":
        wings = [_wing(side, times(w.top, 1.1), g, h, rows) for side in (-1.0, 1.0)]
        return [
            lathe(ring, times(w.top, 1.1), count, cap=False).scaled(1.0, 1.0, 0.82),
            *wings,
            *_buttons(w, g, h, rows),
        ]
    return [lathe(ring, times(w.top, 0.72), count, cap=False).scaled(1.0, 1.0, 0.82)]


def _wing(side: float, colour: Rgb, g: float, h: float, rows: Array) -> Part:
    points = []
    for x, y in ((0.033, 0.256), (0.026, 0.249), (0.022, 0.238), (0.026, 0.226)):
        points.append(vec(side * x * h, y * h, _front(y * h, x * h, g, h, rows) - 0.004 * h))
    return tube(np.array(points), [0.0065 * h, 0.008 * h, 0.0075 * h, 0.002 * h], colour, 5, cap=True)


def _buttons(w: Wardrobe, g: float, h: float, rows: Array) -> list[Part]:
    colour = (0.5, 0.38, 0.12) if w.badge else times(w.top, 0.45)
    return [
        ellipsoid((0.0045 * h,) * 3, colour, (0.0, y * h, _front(y * h, 0.0, g, h, rows)), 1)
        for y in (0.225, 0.185, 0.145, 0.105, 0.065)
    ]


def _badge(w: Wardrobe, g: float, h: float, rows: Array) -> list[Part]:
    if not w.badge:
        return []
    z = _front(0.165 * h, 0.05 * h, g, h, rows)
    pockets = [
        box((0.042 * h, 0.036 * h, 0.006 * h), times(w.top, 0.8), (s * 0.05 * h, 0.148 * h, z - 0.001 * h))
        for s in (-1.0, 1.0)
    ]
    boards = [
        box((0.045 * h, 0.006 * h, 0.026 * h), (0.5, 0.38, 0.12), (s * 0.075 * h, 0.2235 * h, 0.004 * h))
        for s in (-1.0, 1.0)
    ]
    return [
        *pockets,
        *boards,
        ellipsoid((0.009 * h, 0.011 * h, 0.004 * h), (0.62, 0.48, 0.16), (0.05 * h, 0.178 * h, z), 1),
    ]


def _shirt_front(w: Wardrobe, g: float, h: float, rows: Array) -> list[Part]:
    """A white shirt with its collar, and a tie."""
    parts = [lathe([(0.0405 * h, 0.25 * h), (0.039 * h, 0.262 * h), (0.0365 * h, 0.266 * h)], _WHITE, 20, cap=False)]
    points = [vec(0.0, y * h, _front(y * h, 0.0, g, h, rows) - 0.001 * h) for y in (0.252, 0.235, 0.21, 0.185, 0.16)]
    shirt = tube(np.array(points), [0.018 * h, 0.022 * h, 0.022 * h, 0.016 * h, 0.004 * h], _WHITE, 8, cap=True)
    tie = [p + vec(0.0, 0.0, -0.006 * h) for p in points]
    parts.append(shirt.scaled(1.0, 1.0, 1.0))
    parts.append(
        tube(
            np.array(tie) + vec(0.0, 0.0, -0.014 * h),
            [0.0075 * h, 0.006 * h, 0.008 * h, 0.0095 * h, 0.004 * h],
            w.accent,
            6,
            cap=True,
        )
    )
    return parts


def _lapel(side: float, w: Wardrobe, g: float, h: float, rows: Array) -> Part:
    """A band from the nape over the collarbone down the front; a hanfu's bands cross, others meet in a V."""
    crossed = w.collar == "crossed"
    low, across = (0.02, -0.052) if crossed else (0.12, 0.004)
    points = [vec(side * 0.034 * h, 0.260 * h, 0.014 * h)]
    for k in np.linspace(0.0, 1.0, 8):
        y = (0.257 + (low - 0.257) * float(k)) * h
        x = side * (0.035 + (across - 0.035) * float(k)) * h
        points.append(vec(x, y, _front(y, x, g, h, rows) - (0.0015 if side > 0 else 0.004) * h))
    band = 0.0085 if crossed else 0.0105
    colour = w.accent if crossed or not w.jacket else times(w.top, 1.35)
    return tube(np.array(points), [band * h * (1.0 if 0 < i < 8 else 0.5) for i in range(9)], colour, 6, cap=True)


def _rounded(x: float, y: float, z: float, colour: Rgb) -> Part:
    return boulder((x * 0.56, y * 0.56, z * 0.56), colour, 3, 0.0, 2).tinted(lambda p, _: 0.95 + 0.0 * p[:, 0])


def _arms(b: Build, w: Wardrobe, g: float) -> dict[str, tuple[Mesh, ...]]:
    h = b.height_m
    found: dict[str, tuple[Mesh, ...]] = {}
    thin = 0.9 if w.female and not w.suit else 1.0
    sides = 12 if w.fine else 7
    for side, s in (("l", -1.0), ("r", 1.0)):
        upper = capsule(
            vec(0, -0.008 * h, 0), vec(0, -b.upper_arm, 0), 0.0305 * g * thin, 0.0255 * g * thin, w.top, sides
        )
        # drawn in under the shoulder's slope, so that it is no ball
        deltoid = ellipsoid(
            (0.031 * g * thin, 0.045 * g, 0.0345 * g * thin),
            w.top,
            (-s * 0.009 * g, -0.021 * g, 0.0),
            2 if w.fine else 1,
        )
        elbow = ellipsoid((0.0262 * g * thin,) * 3, w.top, (0.0, -b.upper_arm, 0.0), 1)
        fore = capsule(vec(0, 0, 0), vec(0, -b.forearm, 0), 0.0265 * g * thin, 0.0195 * g * thin, w.top, sides)
        cuff = lathe([(0.0215 * g, -b.forearm - 0.006 * h), (0.0225 * g, -b.forearm + 0.018 * h)], _WHITE if w.jacket else w.accent if w.skirt == "hanfu" or w.suit else times(w.top, 0.8), 14)  # fmt: skip
        more: list[Part] = []
        if w.armour:
            steel = w.accent if max(w.accent) > 0.25 else _STEEL
            more = [capsule(vec(0, -0.02 * h, 0), vec(0, -b.forearm * 0.92, 0), 0.031 * g, 0.0255 * g, steel, 14)]
        found[f"upper_arm_{side}"] = (finish("upper-arm", deltoid, upper, elbow),)
        found[f"forearm_{side}"] = (finish("forearm", fore, cuff, *more),)
        found[f"hand_{side}"] = (_hand(s, w, g * thin),)
        if w.wide_sleeves:
            found[f"forearm_{side}"] += (_sleeve(b, w),)
    return found


def _hand(s: float, w: Wardrobe, g: float) -> Mesh:
    """A palm, four fingers a little bent, a thumb; the fingers point to -Y, the palm to the thigh."""
    glove = times(w.top, 0.55) if w.suit else w.accent if w.armour and max(w.accent) > 0.25 else w.skin
    palm = ellipsoid((0.0105 * g, 0.0265 * g, 0.0225 * g), glove, (-s * 0.001 * g, -0.026 * g, -0.002 * g), 1)
    if not w.fine:
        mitten = capsule(
            vec(0, -0.045 * g, 0), vec(-s * 0.012 * g, -0.082 * g, -0.006 * g), 0.0165 * g, 0.01 * g, glove, 6
        )
        return finish("hand", palm, mitten.scaled(0.75, 1.0, 1.15))
    heel = ellipsoid((0.0115 * g, 0.014 * g, 0.0165 * g), glove, (0.0, -0.008 * g, 0.0), 1)
    parts = [palm, heel]
    for k, (z, length) in enumerate(((-0.0175, 0.038), (-0.0065, 0.043), (0.0045, 0.040), (0.0145, 0.031))):
        root = vec(-s * 0.001 * g, -0.044 * g, z * g)
        middle = root + vec(-s * 0.006 * g, -0.55 * length * g, -0.001 * g)
        tip = middle + vec(-s * (0.010 + 0.002 * k) * g, -0.42 * length * g, 0.0)
        parts.append(
            tube(
                np.array([root, middle, (middle + tip) / 2, tip]),
                [0.0062 * g, 0.0058 * g, 0.0054 * g, 0.0032 * g],
                glove,
                6,
                cap=True,
            )
        )
    thumb = [
        vec(-s * 0.003 * g, -0.012 * g, -0.015 * g),
        vec(-s * 0.007 * g, -0.026 * g, -0.026 * g),
        vec(-s * 0.010 * g, -0.040 * g, -0.031 * g),
        vec(-s * 0.012 * g, -0.049 * g, -0.032 * g),
    ]
    parts.append(tube(np.array(thumb), [0.0085 * g, 0.0075 * g, 0.0062 * g, 0.0035 * g], glove, 6, cap=True))
    return finish("hand", *parts)


def _sleeve(b: Build, w: Wardrobe) -> Mesh:
    """A wide sleeve about the forearm, open at the wrist, its lower lip hanging."""
    length, h = b.forearm * 1.12, b.height_m
    cone = lathe(
        [(0.028 * h, 0.03), (0.038 * h, -0.35 * length), (0.055 * h, -0.75 * length), (0.072 * h, -length)],
        w.top,
        18,
        cap=False,
    )
    hem = lathe([(0.073 * h, -length + 0.012 * h), (0.075 * h, -length - 0.004 * h)], w.accent, 18, cap=False)
    mouth = lathe([(0.0, -0.66 * length), (0.05 * h, -0.67 * length)], times(w.top, 0.55), 18, cap=False)
    shape = merge([cone, hem, mouth]).scaled(0.62, 1.0, 1.25)
    return finish("sleeve", shape.moved((0.0, 0.0, 0.018 * h)), two_sided=True)


def _legs(b: Build, w: Wardrobe, g: float) -> dict[str, tuple[Mesh, ...]]:
    h = b.height_m
    found: dict[str, tuple[Mesh, ...]] = {}
    cloth = w.skin if w.skirt == "dress" else w.legs
    sides = 12 if w.fine else 7
    for side in ("l", "r"):
        thigh = capsule(vec(0, 0, 0), vec(0, -b.thigh, 0), 0.0535 * g, 0.036 * g, cloth, sides + 2)
        knee = ellipsoid((0.0365 * g,) * 3, cloth, (0.0, -b.thigh, 0.0), 1)
        low = times(w.shoes, 1.15) if w.boots else cloth
        shin = capsule(vec(0, 0, 0), vec(0, -b.shin, 0), 0.0365 * g, 0.0255 * g, cloth, sides)
        calf = ellipsoid((0.034 * g, 0.07 * h, 0.036 * g), cloth, (0.0, -0.075 * h, 0.011 * g), 1)
        more: list[Part] = []
        if w.armour or w.boots:
            plate = (w.accent if max(w.accent) > 0.25 else _STEEL) if w.armour else low
            more.append(
                capsule(vec(0, -0.03 * h, 0.004 * g), vec(0, -b.shin * 0.96, 0), 0.0405 * g, 0.0295 * g, plate, 14)
            )
        found[f"thigh_{side}"] = (finish("thigh", thigh, knee),)
        found[f"shin_{side}"] = (finish("shin", shin, calf, *more),)
        found[f"foot_{side}"] = (_foot(b, w, g),)
        found[f"toes_{side}"] = (_toes(b, w, g),)
    return found


def _foot(b: Build, w: Wardrobe, g: float) -> Mesh:
    """Heel, instep and sole as far as the ball; what is before it bends (see skeleton: toes)."""
    h, sole = b.height_m, b.ankle
    wide = 0.031 * g if w.suit else 0.0265 * h
    rows = [(-sole, 0.021, 0.052, -0.020), (-sole * 0.7, 0.0255, 0.060, -0.023), (-sole * 0.3, 0.0245, 0.048, -0.012), (sole * 0.25, 0.022, 0.029, 0.006), (sole * 0.75, 0.0235, 0.027, 0.006)]  # fmt: skip
    upper = loft([(y, x * wide / 0.0265, z * h, c * h) for y, x, z, c in rows], w.shoes, 14 if w.fine else 8)
    under = box((wide * 1.6, sole * 0.2, 0.108 * h), times(w.shoes, 0.5), (0.0, -sole * 0.9, -0.024 * h))
    return finish("foot", upper, under)


def _toes(b: Build, w: Wardrobe, g: float) -> Mesh:
    """From the ball on; the origin is the ball of the foot, on the ground."""
    h, sole = b.height_m, b.ankle
    wide = 0.031 * g if w.suit else 0.0265 * h
    cap = ellipsoid((wide * 1.02, sole * 0.52, 0.04 * h), w.shoes, (0.0, sole * 0.36, 0.002 * h), 2 if w.fine else 1)
    under = ellipsoid((wide * 0.98, sole * 0.14, 0.038 * h), times(w.shoes, 0.5), (0.0, sole * 0.1, 0.0), 1)
    return finish("toes", cap, under)
