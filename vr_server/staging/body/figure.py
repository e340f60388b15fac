"""The mannequin's part meshes: each hangs along its own -Y from its joint and faces -Z; overlapping ends hide the joints."""

from dataclasses import dataclass

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import vec
from vr_server.staging.meshes.core import Part, boulder, box, capsule, ellipsoid, finish, lathe, merge, times
from vr_server.staging.scene import Mesh

from .skeleton import Build


@dataclass(frozen=True)
class Wardrobe:
    """Colours and cut. `hair`: short, bun, long, none. `skirt`: none, dress, hanfu, coat."""

    skin: Rgb
    hair_colour: Rgb
    top: Rgb
    legs: Rgb
    shoes: Rgb
    accent: Rgb
    hair: str = "short"
    skirt: str = "none"
    wide_sleeves: bool = False
    suit: bool = False  # spacesuit: helmet, pack, thick limbs
    armour: bool = False


def figure_meshes(build: Build, w: Wardrobe, slender: float) -> dict[str, tuple[Mesh, ...]]:
    """Part name -> meshes in metres. `slender` 0.85 (slight) .. 1.1 (broad) scales widths."""
    h = build.height_m
    g = slender * (1.32 if w.suit else 1.12 if w.armour else 1.0) * h
    return {
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
        "head": _helmet(h, w) if w.suit else _head(h, w),
        **_arms(build, w, g),
        **_legs(build, w, g),
    }


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


def _chest(b: Build, w: Wardrobe, g: float) -> tuple[Mesh, ...]:
    h = b.height_m
    torso = lathe(
        [(0.074 * g, -0.03 * h), (0.078 * g, 0.02 * h), (0.083 * g, 0.07 * h), (0.095 * g, 0.125 * h), (0.098 * g, 0.165 * h), (0.092 * g, 0.2 * h),
         (0.072 * g, 0.228 * h), (0.042 * g, 0.246 * h), (0.03 * g, 0.252 * h)],
        w.top, 18,
    ).scaled(1.0, 1.0, 0.72)  # fmt: skip
    yoke = capsule(
        vec(-b.shoulder_half * 0.86, b.shoulder_up, 0),
        vec(b.shoulder_half * 0.86, b.shoulder_up, 0),
        0.036 * g,
        0.036 * g,
        w.top,
    )
    parts: list[Part] = [torso, yoke]
    if w.suit:
        parts.append(_rounded(0.2 * h, 0.27 * h, 0.12 * h, times(w.top, 0.85)).moved((0.0, 0.12 * h, 0.125 * h)))
        parts.append(box((0.11 * h, 0.06 * h, 0.03 * h), (0.25, 0.27, 0.3), (0.0, 0.12 * h, -0.1 * h)))
        parts += [
            box((0.018 * h, 0.018 * h, 0.01 * h), c, (x * h, 0.13 * h, -0.118 * h))
            for x, c in ((-0.03, (0.7, 0.08, 0.05)), (0.0, (0.1, 0.4, 0.15)), (0.03, w.accent))
        ]
        parts.append(lathe([(0.075 * h, 0.238 * h), (0.08 * h, 0.25 * h), (0.07 * h, 0.262 * h)], w.accent, 16))
    elif w.armour:
        plate = ellipsoid((0.105 * g, 0.1 * h, 0.082 * g), (0.45, 0.45, 0.47), (0.0, 0.15 * h, 0.0))
        parts += [
            plate,
            *(
                ellipsoid(
                    (0.052 * g, 0.035 * g, 0.05 * g),
                    (0.4, 0.4, 0.43),
                    (s * b.shoulder_half * 1.1, b.shoulder_up + 0.012 * h, 0),
                )
                for s in (-1, 1)
            ),
        ]
    else:
        # a collar and lapels give the chest a front
        for s in (-1.0, 1.0):
            parts.append(
                capsule(
                    vec(s * 0.035 * h, 0.243 * h, -0.022 * h),
                    vec(-s * 0.008 * h if s > 0 else 0.012 * h, 0.12 * h, -0.0705 * g),
                    0.011 * h,
                    0.008 * h,
                    w.accent,
                    6,
                )
            )
    return (finish("chest", *parts),)


def _rounded(x: float, y: float, z: float, colour: Rgb) -> Part:
    return boulder((x * 0.56, y * 0.56, z * 0.56), colour, 3, 0.0, 2).tinted(lambda p, _: 0.95 + 0.0 * p[:, 0])


def _head(h: float, w: Wardrobe) -> tuple[Mesh, ...]:
    """Origin at the skull's base; the crown is 0.145 h above the neck joint, nose towards -Z."""
    skull = ellipsoid((0.0445 * h, 0.058 * h, 0.054 * h), w.skin, (0.0, 0.074 * h, -0.004 * h), 3)
    jaw = ellipsoid((0.034 * h, 0.036 * h, 0.04 * h), w.skin, (0.0, 0.038 * h, -0.017 * h))
    nose = ellipsoid((0.0075 * h, 0.0145 * h, 0.012 * h), times(w.skin, 0.93), (0.0, 0.061 * h, -0.058 * h), 1)
    dark = times(w.hair_colour, 0.8)
    parts = [skull, jaw, nose]
    for s in (-1.0, 1.0):
        parts.append(
            ellipsoid(
                (0.0085 * h, 0.0048 * h, 0.005 * h), (0.75, 0.73, 0.70), (s * 0.0185 * h, 0.073 * h, -0.0515 * h), 1
            )
        )
        parts.append(
            ellipsoid(
                (0.0042 * h, 0.0046 * h, 0.003 * h), (0.02, 0.016, 0.014), (s * 0.0185 * h, 0.073 * h, -0.0555 * h), 1
            )
        )
        parts.append(ellipsoid((0.0125 * h, 0.0026 * h, 0.005 * h), dark, (s * 0.019 * h, 0.084 * h, -0.0525 * h), 1))
        parts.append(
            ellipsoid((0.006 * h, 0.015 * h, 0.01 * h), times(w.skin, 0.9), (s * 0.046 * h, 0.068 * h, 0.004 * h), 1)
        )
    lips = (w.skin[0] * 0.8, w.skin[1] * 0.5, w.skin[2] * 0.5)
    parts.append(ellipsoid((0.0135 * h, 0.0036 * h, 0.005 * h), lips, (0.0, 0.0385 * h, -0.0535 * h), 1))
    if w.armour:
        parts.append(ellipsoid((0.055 * h, 0.055 * h, 0.064 * h), (0.42, 0.42, 0.45), (0.0, 0.097 * h, 0.006 * h), 2))
    elif w.hair != "none":
        parts += _hair(h, w)
    return (finish("head", *parts),)


def _hair(h: float, w: Wardrobe) -> list[Part]:
    cap = ellipsoid((0.0505 * h, 0.053 * h, 0.0565 * h), w.hair_colour, (0.0, 0.091 * h, 0.006 * h), 3)
    nape = ellipsoid((0.0455 * h, 0.052 * h, 0.035 * h), w.hair_colour, (0.0, 0.066 * h, 0.024 * h))
    parts = [cap, nape]
    if w.hair in {"long", "bun"}:
        parts += [
            ellipsoid((0.009 * h, 0.045 * h, 0.02 * h), w.hair_colour, (s * 0.047 * h, 0.066 * h, -0.012 * h), 1)
            for s in (-1.0, 1.0)
        ]
        parts.append(ellipsoid((0.024 * h, 0.024 * h, 0.024 * h), w.hair_colour, (0.0, 0.15 * h, 0.016 * h)))
        pin = capsule(
            vec(-0.045 * h, 0.152 * h, 0.018 * h),
            vec(0.045 * h, 0.148 * h, 0.012 * h),
            0.0035 * h,
            0.003 * h,
            w.accent,
            6,
        )
        parts.append(pin)
    return parts


def _helmet(h: float, w: Wardrobe) -> tuple[Mesh, ...]:
    shell = ellipsoid((0.083 * h, 0.084 * h, 0.088 * h), w.top, (0.0, 0.064 * h, 0.004 * h), 3)
    rim = ellipsoid((0.071 * h, 0.064 * h, 0.05 * h), w.accent, (0.0, 0.066 * h, -0.042 * h), 3)
    visor = ellipsoid((0.067 * h, 0.06 * h, 0.053 * h), (0.34, 0.20, 0.06), (0.0, 0.066 * h, -0.046 * h), 3)
    lamp = [
        lathe([(0.016 * h, 0.0), (0.016 * h, 0.035 * h)], times(w.top, 0.6), 8).moved(
            (s * 0.088 * h, 0.066 * h, -0.01 * h)
        )
        for s in (-1.0, 1.0)
    ]
    bulbs = merge(
        [
            ellipsoid((0.009 * h, 0.012 * h, 0.008 * h), (1.0, 0.95, 0.85), (s * 0.088 * h, 0.086 * h, -0.027 * h), 1)
            for s in (-1.0, 1.0)
        ]
    )
    return finish("helmet", shell, rim, visor, *lamp), finish("helmet-lamps", bulbs, emission=2.5)


def _arms(b: Build, w: Wardrobe, g: float) -> dict[str, tuple[Mesh, ...]]:
    h = b.height_m
    found: dict[str, tuple[Mesh, ...]] = {}
    for side, s in (("l", -1.0), ("r", 1.0)):
        upper = capsule(vec(0, 0, 0), vec(0, -b.upper_arm, 0), 0.0335 * g, 0.0265 * g, w.top)
        elbow = ellipsoid((0.0268 * g,) * 3, w.top, (0.0, -b.upper_arm, 0.0))
        fore = capsule(vec(0, 0, 0), vec(0, -b.forearm, 0), 0.0265 * g, 0.0205 * g, w.top)
        cuff = lathe([(0.0225 * g, -b.forearm - 0.004 * h), (0.0235 * g, -b.forearm + 0.02 * h)], w.accent, 10)
        glove = times(w.top, 0.55) if w.suit else w.skin
        palm = ellipsoid((0.0125 * g, 0.03 * g, 0.0235 * g), glove, (0.0, -0.03 * g, 0.0))
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
        found[f"upper_arm_{side}"] = (finish("upper-arm", upper, elbow),)
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
            (0.04 * b.height_m, -0.35 * length),
            (0.062 * b.height_m, -0.75 * length),
            (0.086 * b.height_m, -length),
        ],
        w.top,
        14,
        cap=False,
    )
    hem = lathe(
        [(0.087 * b.height_m, -length + 0.012 * b.height_m), (0.09 * b.height_m, -length - 0.004 * b.height_m)],
        w.accent,
        14,
        cap=False,
    )
    shape = merge([cone, hem]).scaled(0.62, 1.0, 1.25)
    return finish("sleeve", shape.moved((0.0, 0.0, 0.018 * b.height_m)), two_sided=True)


def _legs(b: Build, w: Wardrobe, g: float) -> dict[str, tuple[Mesh, ...]]:
    h = b.height_m
    found: dict[str, tuple[Mesh, ...]] = {}
    for side in ("l", "r"):
        thigh = capsule(vec(0, 0, 0), vec(0, -b.thigh, 0), 0.0535 * g, 0.036 * g, w.legs, 12)
        knee = ellipsoid((0.0365 * g,) * 3, w.legs, (0.0, -b.thigh, 0.0))
        shin = capsule(vec(0, 0, 0), vec(0, -b.shin, 0), 0.0365 * g, 0.0255 * g, w.legs, 12)
        calf = ellipsoid((0.034 * g, 0.07 * h, 0.036 * g), w.legs, (0.0, -0.075 * h, 0.011 * g))
        sole = b.ankle
        wide = 0.031 * g if w.suit else 0.027 * h
        heel = ellipsoid((wide * 0.95, sole * 0.88, 0.036 * h), w.shoes, (0.0, -sole * 0.12, 0.008 * h))
        toes = ellipsoid((wide * 1.05, sole * 0.56, 0.066 * h), w.shoes, (0.0, -sole * 0.44, -0.05 * h))
        under = box((wide * 1.75, sole * 0.24, 0.128 * h), times(w.shoes, 0.55), (0.0, -sole * 0.88, -0.034 * h))
        found[f"thigh_{side}"] = (finish("thigh", thigh, knee),)
        found[f"shin_{side}"] = (finish("shin", shin, calf),)
        found[f"foot_{side}"] = (finish("foot", heel, toes, under),)
    return found


def held_prop(prop: str, h: float) -> tuple[Mesh, ...]:
    """What the right hand holds: the grip at the origin, the thing along the hand's own axes (see `dress.prop_nodes`)."""
    if prop == "sword":
        # along -Z: the blade leaves the fist at a right angle to the fingers
        blade = merge(
            [
                box((0.006, 0.032, 0.74), (0.72, 0.74, 0.77), (0.0, 0.0, -0.49)),
                box((0.010, 0.012, 0.72), (0.82, 0.84, 0.86), (0.0, 0.0, -0.48)),
            ]
        )
        tip = capsule(vec(0, 0, -0.84), vec(0, 0, -0.93), 0.014, 0.003, (0.75, 0.77, 0.8), 6).scaled(0.35, 1.0, 1.0)
        guard = box((0.025, 0.1, 0.028), (0.55, 0.40, 0.12), (0.0, 0.0, -0.11))
        grip = capsule(vec(0, 0, 0.09), vec(0, 0, -0.1), 0.014, 0.014, (0.12, 0.05, 0.03), 8)
        tassel = capsule(vec(0, 0, 0.1), vec(0, -0.16, 0.14), 0.008, 0.018, (0.6, 0.04, 0.03), 6)
        return (finish("sword", blade, tip, guard, grip, tassel),)
    if prop == "gun":
        return (
            finish(
                "gun",
                box((0.03, 0.05, 0.2), (0.05, 0.05, 0.055), (0, -0.02, -0.12)),
                box((0.03, 0.11, 0.045), (0.07, 0.06, 0.05), (0, -0.06, -0.03)),
            ),
        )
    if prop == "umbrella":
        canopy = lathe([(0.58, 0.62), (0.5, 0.74), (0.3, 0.86), (0.04, 0.92)], (0.42, 0.07, 0.06), 16, cap=False)
        pole = capsule(vec(0, -0.1, 0), vec(0, 0.95, 0), 0.012, 0.01, (0.15, 0.1, 0.06), 6)
        return finish("umbrella-pole", pole), finish("umbrella", canopy, two_sided=True)
    if prop == "lantern":
        cage = merge([lathe([(0.075, y), (0.075, y + 0.025)], (0.12, 0.09, 0.05), 10) for y in (-0.34, -0.12)])
        handle = capsule(vec(0, -0.1, 0), vec(0, 0.0, 0), 0.006, 0.006, (0.12, 0.09, 0.05), 6)
        return finish("lantern-frame", cage, handle), finish(
            "lantern-light", lathe([(0.05, -0.31), (0.066, -0.22), (0.05, -0.13)], (1.0, 0.66, 0.28), 10), emission=4.0
        )
    if prop == "torch":
        return (
            finish("torch", capsule(vec(0, -0.2, 0), vec(0, 0.35, 0), 0.018, 0.026, (0.18, 0.11, 0.06), 8)),
            finish("flame", ellipsoid((0.055, 0.13, 0.055), (1.0, 0.5, 0.12), (0, 0.46, 0)), emission=4.0),
        )
    bag = merge(
        [
            box((0.1, 0.28, 0.36), (0.22, 0.12, 0.06), (0, -0.36, 0)),
            capsule(vec(0, -0.22, -0.12), vec(0, 0.0, 0.0), 0.008, 0.008, (0.1, 0.06, 0.03), 6),
        ]
    )
    return (finish("bag", bag.scaled(h / 1.75, h / 1.75, h / 1.75)),)
