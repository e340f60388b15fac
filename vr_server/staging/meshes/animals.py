"""Four-legged animals as parts: trunk, head with its neck, tail, legs in two pieces, feet. Unit: metres, facing -Z.

The trunk's frame has its origin in the middle of the barrel; the head's at the root of the neck; legs hang along -Y.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import Array, rot_x, rot_z, unit, vec
from vr_server.staging.scene import Mesh

from .core import Part, capsule, ellipsoid, finish, lathe, merge, mix, times, tube
from .shapes import loft_z, mirrored, prism


@dataclass(frozen=True)
class Breed:
    """`back`: height of the back; `trunk`: from shoulder to hip; `barrel`: half width and half height; `neck`: length, rise
    over the horizontal (rad), radius at root and head; `head`: length, radius, muzzle radius; `leg`: radius at top, at the
    joint, at the foot; `tail`: length, radius, angle under the horizontal, tuft radius. All in metres and radians."""

    back: float
    trunk: float
    barrel: tuple[float, float]
    neck: tuple[float, float, float, float]
    head: tuple[float, float, float]
    leg: tuple[float, float, float]
    tail: tuple[float, float, float, float]
    coats: tuple[tuple[Rgb, Rgb], ...]
    ears: tuple[float, float, float] = (0.06, 0.03, 1.2)  # length, radius, angle up
    foot: float = 0.05  # half length of the foot
    hoofed: bool = False
    extras: tuple[str, ...] = ()

    @property
    def hip(self) -> float:
        """Height of the joints the legs hang from."""
        return self.back - 1.15 * self.barrel[1]

    @property
    def centre(self) -> float:
        """Height of the barrel's middle."""
        return self.back - self.barrel[1]


_BROWN: Rgb = (0.20, 0.10, 0.05)
_BLACK: Rgb = (0.03, 0.026, 0.024)
_WHITE: Rgb = (0.70, 0.68, 0.63)
_GREY: Rgb = (0.26, 0.25, 0.24)
BREEDS: dict[str, Breed] = {
    "horse": Breed(1.52, 1.12, (0.27, 0.33), (0.78, 0.92, 0.2, 0.12), (0.56, 0.125, 0.075), (0.14, 0.065, 0.042), (0.75, 0.05, 1.25, 0.09),
                   ((_BROWN, _BLACK), ((0.28, 0.13, 0.06), (0.12, 0.06, 0.03)), ((0.055, 0.045, 0.04), _BLACK), (_WHITE, (0.5, 0.48, 0.44))), (0.13, 0.035, 1.3), 0.065, hoofed=True, extras=("mane",)),
    "dog": Breed(0.56, 0.46, (0.1, 0.13), (0.18, 0.85, 0.075, 0.06), (0.24, 0.072, 0.036), (0.07, 0.032, 0.024), (0.3, 0.022, -0.55, 0.026),
                 (((0.34, 0.21, 0.10), (0.16, 0.09, 0.05)), (_BLACK, (0.30, 0.17, 0.07)), ((0.55, 0.46, 0.32), _WHITE)), (0.1, 0.035, 0.5), 0.045),
    "wolf": Breed(0.76, 0.72, (0.13, 0.18), (0.3, 0.5, 0.13, 0.1), (0.33, 0.1, 0.046), (0.09, 0.04, 0.03), (0.45, 0.05, 1.0, 0.07),
                  ((_GREY, (0.42, 0.40, 0.36)), ((0.09, 0.088, 0.086), _GREY)), (0.12, 0.045, 1.25), 0.06),
    "fox": Breed(0.38, 0.4, (0.075, 0.09), (0.15, 0.6, 0.06, 0.05), (0.2, 0.055, 0.02), (0.045, 0.02, 0.015), (0.4, 0.05, 0.35, 0.075),
                 (((0.52, 0.20, 0.05), _WHITE),), (0.1, 0.036, 1.3), 0.03),
    "cat": Breed(0.26, 0.28, (0.052, 0.062), (0.08, 0.7, 0.038, 0.035), (0.105, 0.048, 0.026), (0.032, 0.016, 0.013), (0.26, 0.013, -0.6, 0.014),
                 ((_BLACK, _BLACK), ((0.46, 0.24, 0.09), _WHITE), (_GREY, _WHITE)), (0.05, 0.022, 1.3), 0.022),
    "tiger": Breed(0.95, 1.05, (0.2, 0.23), (0.32, 0.35, 0.17, 0.15), (0.285, 0.155, 0.098), (0.14, 0.075, 0.06), (0.85, 0.035, 0.7, 0.036),
                   (((0.62, 0.27, 0.06), _WHITE),), (0.07, 0.05, 1.0), 0.1, extras=("stripes",)),
    "lion": Breed(1.0, 1.05, (0.2, 0.24), (0.34, 0.5, 0.17, 0.15), (0.3, 0.15, 0.1), (0.13, 0.07, 0.056), (0.85, 0.03, 0.9, 0.055),
                  (((0.50, 0.33, 0.15), (0.20, 0.09, 0.035)),), (0.07, 0.045, 1.0), 0.095, extras=("lion_mane",)),
    "deer": Breed(1.0, 0.8, (0.17, 0.22), (0.5, 0.98, 0.12, 0.075), (0.34, 0.08, 0.04), (0.1, 0.036, 0.024), (0.16, 0.03, 1.0, 0.04),
                  (((0.36, 0.20, 0.09), (0.62, 0.54, 0.42)),), (0.15, 0.04, 0.5), 0.045, hoofed=True, extras=("antlers",)),
    "bear": Breed(1.22, 1.1, (0.38, 0.42), (0.36, 0.15, 0.28, 0.22), (0.42, 0.19, 0.09), (0.21, 0.14, 0.11), (0.1, 0.05, 0.9, 0.05),
                  (((0.13, 0.07, 0.035), (0.26, 0.17, 0.1)), ((0.035, 0.03, 0.028), (0.22, 0.15, 0.09)), (_WHITE, _WHITE)), (0.09, 0.055, 1.2), 0.13),
    "ox": Breed(1.46, 1.3, (0.36, 0.42), (0.45, 0.2, 0.26, 0.18), (0.5, 0.16, 0.1), (0.16, 0.085, 0.06), (0.85, 0.026, 1.45, 0.055),
                (((0.30, 0.16, 0.07), (0.16, 0.09, 0.05)), (_BLACK, _GREY)), (0.16, 0.045, 0.0), 0.08, hoofed=True, extras=("horns",)),
    "sheep": Breed(0.72, 0.62, (0.24, 0.25), (0.2, 0.7, 0.13, 0.09), (0.25, 0.085, 0.05), (0.06, 0.033, 0.026), (0.1, 0.04, 1.2, 0.05),
                   (((0.66, 0.62, 0.54), (0.12, 0.10, 0.09)),), (0.1, 0.03, 0.0), 0.035, hoofed=True, extras=("wool",)),
    "camel": Breed(1.7, 1.25, (0.32, 0.36), (1.05, 0.55, 0.17, 0.11), (0.46, 0.12, 0.08), (0.14, 0.075, 0.055), (0.5, 0.03, 1.35, 0.05),
                   (((0.48, 0.33, 0.18), (0.32, 0.2, 0.1)),), (0.09, 0.035, 1.0), 0.09, extras=("humps",)),
    "elephant": Breed(2.85, 2.0, (0.86, 0.92), (0.6, 0.3, 0.55, 0.45), (0.85, 0.46, 0.22), (0.36, 0.27, 0.25), (1.0, 0.06, 1.4, 0.08),
                      (((0.23, 0.22, 0.215), (0.3, 0.27, 0.26)),), (0.1, 0.1, 0.0), 0.27, extras=("trunk",)),
    "rabbit": Breed(0.22, 0.17, (0.062, 0.072), (0.06, 0.8, 0.04, 0.036), (0.095, 0.042, 0.024), (0.032, 0.014, 0.012), (0.03, 0.03, 0.2, 0.034),
                    (((0.34, 0.26, 0.18), _WHITE), (_WHITE, _WHITE)), (0.11, 0.018, 1.25), 0.026),
}  # fmt: skip

Shade = Callable[[Array, Array], Array]


def _belly(main: Rgb, second: Rgb, half: float, *, stripes: bool) -> Shade:
    """Paler below; a tiger's bars across."""
    ratio = np.array(second) / np.maximum(np.array(main), 1e-3)

    def shade(p: Array, n: Array) -> Array:
        low = np.clip(-(p[:, 1] / half) * 1.3 - 0.35, 0, 1)[:, None] * np.clip(-n[:, 1:2] * 1.5 + 0.4, 0, 1)
        factor = (0.9 + 0.1 * n[:, 1:2]) * (1 + (ratio - 1) * low)
        if stripes:
            bars = np.sin(p[:, 2] * 26 + 2.2 * np.sin(p[:, 1] * 11) + 3 * p[:, 0]) > 0.45
            factor = np.where((bars & (low[:, 0] < 0.5))[:, None], 0.08, factor)
        return np.asarray(factor)

    return shade


def _trunk(b: Breed, main: Rgb, second: Rgb) -> Part:
    w, h = b.barrel
    half = b.trunk / 2
    profile = ((-1.42, 0.3, 0.35, 0.12), (-1.3, 0.62, 0.66, 0.05), (-0.95, 0.92, 0.98, 0.0), (-0.5, 1.0, 1.02, -0.03), (0.0, 1.0, 0.98, -0.02), (0.5, 0.94, 0.88, 0.08), (0.9, 0.93, 0.9, 0.1), (1.2, 0.72, 0.7, 0.12), (1.36, 0.34, 0.34, 0.14))  # fmt: skip
    fine = np.linspace(-1.42, 1.36, 19)
    table = np.array(profile)
    wide, high, up = (np.interp(fine, table[:, 0], table[:, i]) * k for i, k in ((1, w), (2, h), (3, h)))
    rows = [(float(z) * half, float(a), float(c), float(y)) for z, a, c, y in zip(fine, wide, high, up, strict=True)]
    body = loft_z(rows, main, 18, 2.15)
    parts = [body]
    if "humps" in b.extras:
        parts += [ellipsoid((0.2, 0.36, 0.26), main, (0.0, h * 0.95, z), 2) for z in (-0.32, 0.36)]
    if "wool" in b.extras:
        rng = np.random.default_rng(4)
        for _ in range(46):
            d = unit(rng.normal(size=3) * (1, 1, 1.2))
            at = d * (w * 0.92, h * 0.92, half * 1.25)
            parts.append(
                ellipsoid(
                    (0.085, 0.075, 0.085),
                    times(main, float(rng.uniform(0.85, 1.1))),
                    (float(at[0]), float(at[1]), float(at[2])),
                    1,
                )
            )
    return merge(parts).tinted(_belly(main, second, h, stripes="stripes" in b.extras))


def _head(b: Breed, main: Rgb, second: Rgb) -> Part:
    """From the root of the neck: neck, skull, muzzle, ears, eyes, and what the kind wears on its head."""
    length, rise, root, tip = b.neck
    end = vec(0.0, length * math.sin(rise), -length * math.cos(rise))
    size, skull, muzzle = b.head
    back = vec(0.0, -0.25 * root, 0.35 * root)
    parts = [
        tube(
            np.array([back, end * 0.35 + (0, -0.04 * length, 0), end * 0.7, end]),
            [root * 1.12, root, (root + tip) / 2, tip],
            main,
            14,
        )
    ]
    down = rot_x(-0.5 * rise)
    parts.append(ellipsoid((skull * 0.92, skull, skull * 1.12), main, (float(end[0]), float(end[1]), float(end[2])), 2))
    nose = down @ vec(0.0, -0.25 * skull, -(size - muzzle))
    parts.append(
        capsule(
            end + down @ vec(0, -0.08 * skull, -0.25 * skull),
            end + nose,
            skull * 0.78,
            muzzle,
            mix(main, second, 0.35),
            12,
        )
    )
    if not b.hoofed and "trunk" not in b.extras:
        x, y, z = (float(v) for v in end + nose + down @ vec(0, muzzle * 0.45, -muzzle * 0.82))
        parts.append(ellipsoid((muzzle * 0.55, muzzle * 0.4, muzzle * 0.3), _BLACK, (x, y, z), 1))
    eye = down @ vec(skull * 0.68, skull * 0.3, -skull * 0.75)
    parts += [
        ellipsoid((skull * 0.13,) * 3, _BLACK, (float(s * eye[0]), float(end[1] + eye[1]), float(end[2] + eye[2])), 1)
        for s in (-1, 1)
    ]
    parts.append(mirrored(_ear(b, main, end, skull)))
    made = merge(parts)
    if "stripes" in b.extras:
        made = made.tinted(_belly(main, second, skull * 3, stripes=True))
    return merge([made, *_crown(b, main, second, end)])


def _ear(b: Breed, main: Rgb, end: Array, skull: float) -> Part:
    length, radius, up = b.ears
    out = vec(math.cos(up), math.sin(up), 0.12)
    start = end + vec(skull * 0.55, skull * 0.62, 0.15 * skull)
    cone = lathe([(radius * 0.7, 0.0), (radius, length * 0.35), (radius * 0.1, length)], times(main, 0.8), 8).scaled(
        1.0, 1.0, 0.5
    )
    turn = rot_z(up - math.pi / 2) if length < 0.2 else rot_z(float(math.atan2(out[1], out[0])) - math.pi / 2)
    return cone.moved((float(start[0]), float(start[1]), float(start[2])), turn)


def _crown(b: Breed, main: Rgb, second: Rgb, end: Array) -> list[Part]:
    found: list[Part] = []
    ex, ey, ez = (float(v) for v in end)
    skull = b.head[1]
    if "mane" in b.extras:
        dark = times(second, 0.8)
        rows = [(0.02, 0.16), (0.3, 0.17), (0.6, 0.15), (0.85, 0.12), (1.02, 0.1)]
        for k, r in rows:
            found.append(ellipsoid((0.035, r, 0.12), dark, (0.0, ey * k + 0.1, ez * k + 0.12), 1))
        found.append(ellipsoid((0.035, 0.08, 0.1), dark, (0.0, ey + skull * 0.95, ez - 0.02), 1))
    if "lion_mane" in b.extras:
        rng = np.random.default_rng(2)
        for i in range(22):
            a = 2 * math.pi * i / 22
            far = 0.27 + 0.05 * float(rng.uniform())
            found.append(
                ellipsoid(
                    (0.1, 0.1, 0.2),
                    times(second, float(rng.uniform(0.8, 1.5))),
                    (far * math.sin(a), ey + far * math.cos(a) - 0.06, ez + 0.13 + 0.1 * (i % 2)),
                    1,
                )
            )
    if "antlers" in b.extras:
        horn = (0.42, 0.33, 0.22)
        beam = [vec(0.05, 0.07, 0.0), vec(0.16, 0.26, 0.08), vec(0.27, 0.46, 0.04), vec(0.28, 0.64, -0.08)]
        side = [tube(np.array(beam), [0.022, 0.019, 0.015, 0.005], horn, 6)]
        for at, to in (
            (beam[1] * 0.7, vec(0.12, 0.28, -0.16)),
            (beam[1], vec(0.2, 0.42, -0.12)),
            (beam[2], vec(0.36, 0.6, 0.08)),
        ):
            side.append(tube(np.array([at, (at + to) / 2, to]), [0.014, 0.011, 0.004], horn, 5))
        found.append(mirrored(merge(side)).moved((ex, ey, ez)))
    if "horns" in b.extras:
        curve = np.array([vec(0.1, 0.12, 0.0), vec(0.28, 0.16, -0.02), vec(0.36, 0.3, -0.08), vec(0.32, 0.42, -0.1)])
        found.append(mirrored(tube(curve, [0.045, 0.038, 0.026, 0.006], (0.6, 0.55, 0.44), 8)).moved((ex, ey, ez)))
    if "trunk" in b.extras:
        curve = np.array(
            [vec(0, -0.05, -0.5), vec(0, -0.5, -0.85), vec(0, -1.1, -0.92), vec(0, -1.6, -0.8), vec(0, -1.95, -0.86)]
        )
        found.append(tube(curve, [0.24, 0.2, 0.155, 0.12, 0.09], main, 12, cap=True).moved((ex, ey, ez)))
        tusk = np.array([vec(0.2, -0.3, -0.55), vec(0.24, -0.62, -0.95), vec(0.2, -0.66, -1.25)])
        found.append(mirrored(tube(tusk, [0.065, 0.052, 0.012], (0.72, 0.68, 0.56), 8)).moved((ex, ey, ez)))
        flap = prism(
            [(-0.1, 0.45), (0.55, 0.6), (0.85, 0.1), (0.5, -0.55), (0.1, -0.5)],
            -0.03,
            0.03,
            times(main, 0.9),
            "x",
            0.01,
        )
        found.append(
            mirrored(
                flap.moved((0.44, 0.05, 0.0), rot_z(-0.25) @ np.array([[0.8, 0, 0.6], [0, 1, 0], [-0.6, 0, 0.8]]))
            ).moved((ex, ey, ez))
        )
    return found


def _tail(b: Breed, main: Rgb, second: Rgb) -> Part:
    """From the rump, hanging or carried towards +Z."""
    length, radius, down, tuft = b.tail
    k = np.linspace(0.0, 1.0, 6)
    bend = 0.5 * down * k if down > 0 else down * k
    steps = np.stack([0 * k, -np.sin(down * 0.5 + bend), np.cos(down * 0.5 + bend)], axis=1) * (length / 5)
    points = np.concatenate([np.zeros((1, 3)), np.cumsum(steps[:-1], axis=0)])
    widths = [
        radius * (1 - 0.55 * float(x))
        + (tuft - 0.45 * radius) * math.sin(math.pi * min(max(float(x) - 0.25, 0.0) / 0.75, 1.0)) ** 1.5
        for x in k
    ]
    widths[-1] = max(0.35 * tuft, 0.004)
    colour = second if b.hoofed or tuft > 1.3 * radius else main
    end = points[-1]
    return merge(
        [
            tube(points, widths, mix(main, colour, 0.8), 8),
            ellipsoid((tuft * 0.6,) * 3, colour, (float(end[0]), float(end[1]), float(end[2])), 1),
        ]
    )


@dataclass(frozen=True, eq=False)
class AnimalMeshes:
    """`legs`: upper and lower pieces, fore then hind; `upper_m`, `lower_m`: their lengths, which fit the hip's height."""

    trunk: Mesh
    head: Mesh
    tail: Mesh
    legs: tuple[tuple[Mesh, Mesh], tuple[Mesh, Mesh]]
    foot: Mesh
    upper_m: float
    lower_m: float
    sole_m: float


@lru_cache(maxsize=32)
def animal_meshes(kind: str, main: Rgb, second: Rgb) -> AnimalMeshes:
    b = BREEDS[kind]
    top, joint, low = b.leg
    sole = 0.9 * low + 0.01 if b.hoofed else 1.1 * low
    reach = (b.hip - sole) * 1.035
    upper, lower = 0.52 * reach, 0.48 * reach
    socks = mix(main, second, 0.6 if b.hoofed else 0.25)

    def leg(hind: bool) -> tuple[Mesh, Mesh]:
        thick = top * (1.18 if hind else 1.0)
        thigh = [capsule(vec(0, 0.25 * top, 0), vec(0, -upper, 0), thick, joint, main, 12)]
        if hind:
            thigh.append(ellipsoid((thick * 0.8, thick * 1.5, thick * 1.5), main, (0.0, -0.1 * upper, 0.12 * thick), 2))
        shank = capsule(vec(0, 0, 0), vec(0, -lower, 0), joint, low, socks, 10)
        made = merge(thigh)
        if "stripes" in b.extras:
            made = made.tinted(lambda p, _: np.where(np.sin(p[:, 1] * 40) > 0.6, 0.1, 1.0))
        return finish("upper-leg", made), finish("lower-leg", shank)

    long = b.foot
    if b.hoofed:
        foot = lathe([(low * 1.35, 0.0), (low * 1.05, sole * 1.25), (low * 0.6, sole * 1.4)], _BLACK, 12).scaled(
            1.0, 1.0, 1.2
        )
    else:
        foot = merge([ellipsoid((low * 1.15, sole * 0.9, long), socks, (0.0, sole * 0.9, -0.35 * long), 2)])
    return AnimalMeshes(
        finish("trunk", _trunk(b, main, second)),
        finish("head", _head(b, main, second)),
        finish("tail", _tail(b, main, second)),
        (leg(hind=False), leg(hind=True)),
        finish("foot", foot),
        upper,
        lower,
        sole,
    )
