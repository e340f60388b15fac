"""The mannequin's part meshes: each hangs along its own -Y from its joint and faces -Z; overlapping ends hide the joints."""

from dataclasses import replace

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import vec
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

from .head import head, helmet
from .skeleton import Build
from .wardrobe import Wardrobe


def figure_meshes(build: Build, w: Wardrobe, slender: float) -> dict[str, tuple[Mesh, ...]]:
    """Part name -> meshes in metres. `slender` 0.85 (slight) .. 1.1 (broad) scales widths."""
    h = build.height_m
    g = w.breadth(slender) * h
    parts = {
        "pelvis": _pelvis(build, w, g),
        "chest": _chest(build, w, g),
        "neck": (
            finish(
                "neck",
                capsule(
                    vec(0, -0.02 * h, 0),
                    vec(0, 0.055 * h, -0.004 * h),
                    0.036 * g,
                    0.031 * g,
                    w.top if w.suit else w.skin,
                ),
            ),
        ),
        "head": helmet(h, w) if w.suit else head(h, w),
        **_arms(build, w, g),
        **_legs(build, w, g),
    }
    if not w.suit:
        return parts
    # a white suit's cloth scatters light within: without it, back-lit astronauts are black
    return {part: tuple(replace(m, emission=max(m.emission, 0.12)) for m in meshes) for part, meshes in parts.items()}


def _pelvis(b: Build, w: Wardrobe, g: float) -> tuple[Mesh, ...]:
    colour = w.top if w.skirt == "hanfu" else w.legs
    belly = ellipsoid((0.088 * g, 0.066 * g, 0.068 * g), colour, (0.0, 0.012 * b.height_m, 0.0))
    seat = ellipsoid((0.092 * g, 0.058 * g, 0.07 * g), colour, (0.0, -0.018 * b.height_m, 0.008 * g))
    belt = lathe(
        [(0.083 * g, 0.045 * b.height_m), (0.085 * g, 0.06 * b.height_m), (0.083 * g, 0.075 * b.height_m)],
        w.accent,
        16,
        cap=False,
    )
    return (finish("pelvis", belly, seat, belt.scaled(1.0, 1.0, 0.78)),)


# (height, half width, half depth, centre z), shares of the body's height; above the waist joint
_TORSO = (
    (-0.045, 0.079, 0.058, 0.0), (0.0, 0.074, 0.055, 0.0), (0.04, 0.075, 0.056, 0.0), (0.085, 0.084, 0.062, -0.001), (0.125, 0.094, 0.066, -0.003),
    (0.155, 0.101, 0.066, -0.003), (0.183, 0.110, 0.061, 0.0), (0.203, 0.108, 0.052, 0.003), (0.219, 0.093, 0.044, 0.005), (0.231, 0.066, 0.037, 0.005),
    (0.243, 0.045, 0.033, 0.003), (0.253, 0.034, 0.031, 0.002),
)  # fmt: skip


def _front(y: float, x: float, g: float, h: float) -> float:
    """Where the torso's front surface is at a height and a distance from the middle, metres (z, negative)."""
    rows = np.array(_TORSO)
    wide, deep, centre = (float(np.interp(y / h, rows[:, 0], rows[:, i])) for i in (1, 2, 3))
    inside = max(0.0, 1 - (abs(x) / (wide * g)) ** 2.2)
    return float(centre * h - deep * g * inside ** (1 / 2.2))


def _chest(b: Build, w: Wardrobe, g: float) -> tuple[Mesh, ...]:
    h = b.height_m
    torso = loft([(y * h, hw * g, hd * g, cz * h) for y, hw, hd, cz in _TORSO], w.top, 22)
    parts: list[Part] = [torso]
    if w.suit:
        parts.append(_rounded(0.2 * h, 0.27 * h, 0.12 * h, times(w.top, 0.85)).moved((0.0, 0.12 * h, 0.125 * h)))
        parts.append(box((0.11 * h, 0.06 * h, 0.03 * h), (0.25, 0.27, 0.3), (0.0, 0.12 * h, -0.098 * h)))
        lamps = ((-0.03, (0.7, 0.08, 0.05)), (0.0, (0.1, 0.4, 0.15)), (0.03, w.accent))
        parts += [box((0.018 * h, 0.018 * h, 0.01 * h), c, (x * h, 0.13 * h, -0.116 * h)) for x, c in lamps]
        parts.append(lathe([(0.07 * h, 0.222 * h), (0.077 * h, 0.238 * h), (0.068 * h, 0.252 * h)], w.accent, 16))
    elif w.armour:
        steel = (0.40, 0.40, 0.43)
        parts.append(
            loft(
                [(y * h, hw * g * 1.07, hd * g * 1.1, cz * h) for y, hw, hd, cz in _TORSO[1:8]], (0.45, 0.45, 0.47), 22
            )
        )
        parts += [
            ellipsoid(
                (0.046 * g, 0.036 * g, 0.046 * g), steel, (s * b.shoulder_half * 1.06, b.shoulder_up + 0.008 * h, 0)
            )
            for s in (-1, 1)
        ]
    else:
        parts += [_lapel(side, w, g, h) for side in (-1.0, 1.0)]
    return (finish("chest", *parts),)


def _lapel(side: float, w: Wardrobe, g: float, h: float) -> Part:
    """A band from the nape over the collarbone down the front; a hanfu's bands cross, others meet in a V."""
    low, across = (0.02, -0.052) if w.skirt == "hanfu" else (0.135, 0.002)
    points = [vec(side * 0.031 * h, 0.252 * h, 0.018 * h)]
    for k in np.linspace(0.0, 1.0, 8):
        y = (0.25 + (low - 0.25) * float(k)) * h
        x = side * (0.034 + (across - 0.034) * float(k)) * h
        points.append(vec(x, y, _front(y, x, g, h) - (0.0015 if side > 0 else 0.004) * h))
    band = 0.0085 if w.skirt == "hanfu" else 0.0062
    return tube(np.array(points), [band * h * (1.0 if 0 < i < 8 else 0.6) for i in range(9)], w.accent, 6, cap=True)


def _rounded(x: float, y: float, z: float, colour: Rgb) -> Part:
    return boulder((x * 0.56, y * 0.56, z * 0.56), colour, 3, 0.0, 2).tinted(lambda p, _: 0.95 + 0.0 * p[:, 0])


def _arms(b: Build, w: Wardrobe, g: float) -> dict[str, tuple[Mesh, ...]]:
    h = b.height_m
    found: dict[str, tuple[Mesh, ...]] = {}
    for side, s in (("l", -1.0), ("r", 1.0)):
        upper = capsule(vec(0, 0, 0), vec(0, -b.upper_arm, 0), 0.032 * g, 0.026 * g, w.top)
        deltoid = ellipsoid((0.0345 * g, 0.037 * g, 0.0365 * g), w.top, (-s * 0.010 * g, -0.008 * g, 0.0))
        elbow = ellipsoid((0.0268 * g,) * 3, w.top, (0.0, -b.upper_arm, 0.0), 1)
        fore = capsule(vec(0, 0, 0), vec(0, -b.forearm, 0), 0.0265 * g, 0.0205 * g, w.top)
        cuff = lathe([(0.0225 * g, -b.forearm - 0.004 * h), (0.0235 * g, -b.forearm + 0.02 * h)], w.accent, 10)
        glove = times(w.top, 0.55) if w.suit else w.skin
        palm = ellipsoid((0.0125 * g, 0.03 * g, 0.0235 * g), glove, (0.0, -0.03 * g, 0.0), 1)
        fingers = capsule(
            vec(0, -0.045 * g, -0.004 * g), vec(-s * 0.012 * g, -0.082 * g, -0.008 * g), 0.0165 * g, 0.011 * g, glove, 8
        ).scaled(0.75, 1.0, 1.15)
        thumb = capsule(
            vec(-s * 0.004 * g, -0.014 * g, -0.016 * g),
            vec(-s * 0.01 * g, -0.046 * g, -0.036 * g),
            0.0085 * g,
            0.0065 * g,
            glove,
            6,
        )
        found[f"upper_arm_{side}"] = (finish("upper-arm", deltoid, upper, elbow),)
        found[f"forearm_{side}"] = (finish("forearm", fore, cuff),)
        found[f"hand_{side}"] = (finish("hand", palm, fingers, thumb),)
        if w.wide_sleeves:
            found[f"forearm_{side}"] += (_sleeve(b, w),)
    return found


def _sleeve(b: Build, w: Wardrobe) -> Mesh:
    """A wide sleeve about the forearm, open at the wrist, its lower lip hanging."""
    length = b.forearm * 1.12
    cone = lathe(
        [
            (0.028 * b.height_m, 0.03),
            (0.038 * b.height_m, -0.35 * length),
            (0.055 * b.height_m, -0.75 * length),
            (0.072 * b.height_m, -length),
        ],
        w.top,
        14,
        cap=False,
    )
    hem = lathe(
        [(0.073 * b.height_m, -length + 0.012 * b.height_m), (0.075 * b.height_m, -length - 0.004 * b.height_m)],
        w.accent,
        14,
        cap=False,
    )
    mouth = lathe([(0.0, -0.66 * length), (0.05 * b.height_m, -0.67 * length)], times(w.top, 0.55), 14, cap=False)
    shape = merge([cone, hem, mouth]).scaled(0.62, 1.0, 1.25)
    return finish("sleeve", shape.moved((0.0, 0.0, 0.018 * b.height_m)), two_sided=True)


def _legs(b: Build, w: Wardrobe, g: float) -> dict[str, tuple[Mesh, ...]]:
    h = b.height_m
    found: dict[str, tuple[Mesh, ...]] = {}
    for side in ("l", "r"):
        thigh = capsule(vec(0, 0, 0), vec(0, -b.thigh, 0), 0.0535 * g, 0.036 * g, w.legs, 12)
        knee = ellipsoid((0.0365 * g,) * 3, w.legs, (0.0, -b.thigh, 0.0), 1)
        shin = capsule(vec(0, 0, 0), vec(0, -b.shin, 0), 0.0365 * g, 0.0255 * g, w.legs, 12)
        calf = ellipsoid((0.034 * g, 0.07 * h, 0.036 * g), w.legs, (0.0, -0.075 * h, 0.011 * g), 1)
        sole = b.ankle
        wide = 0.031 * g if w.suit else 0.027 * h
        heel = ellipsoid((wide * 0.95, sole * 0.88, 0.036 * h), w.shoes, (0.0, -sole * 0.12, 0.008 * h), 1)
        toes = ellipsoid((wide * 1.05, sole * 0.56, 0.066 * h), w.shoes, (0.0, -sole * 0.44, -0.05 * h))
        under = box((wide * 1.75, sole * 0.24, 0.128 * h), times(w.shoes, 0.55), (0.0, -sole * 0.88, -0.034 * h))
        found[f"thigh_{side}"] = (finish("thigh", thigh, knee),)
        found[f"shin_{side}"] = (finish("shin", shin, calf),)
        found[f"foot_{side}"] = (finish("foot", heel, toes, under),)
    return found
