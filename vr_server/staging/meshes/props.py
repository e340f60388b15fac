"""What hands hold. The grip is at the origin, in the hand's own axes: fingers point to -Y, a blade leaves the fist along -Z.

`HELD` says how each is held; sizes are real, in metres.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import Array, rot_x, rot_z, vec
from vr_server.staging.scene import Mesh

from .core import Part, box, capsule, ellipsoid, finish, lathe, leaf, merge, mix, smooth_part, times, tube
from .shapes import AHEAD, ALONG_X, ALONG_Z, DARK, STEEL, bevelled, prism, ring, rod

_WOOD: Rgb = (0.24, 0.13, 0.06)
_PALE_WOOD: Rgb = (0.46, 0.27, 0.11)
_GOLD: Rgb = (0.55, 0.40, 0.12)
_BLADE: Rgb = (0.72, 0.74, 0.77)
_PAPER: Rgb = (0.78, 0.74, 0.64)


@dataclass(frozen=True)
class Held:
    """`hand`: l or r; `upright`: hangs or stands plumb, whatever the hand does; `turn`: [3, 3] from the prop's axes to the
    hand's (or to the holder's, where upright)."""

    build: Callable[[], tuple[Mesh, ...]]
    hand: str = "r"
    upright: bool = False
    turn: Array | None = None

    @property
    def linear(self) -> Array:
        return np.eye(3) if self.turn is None else self.turn


def _sword() -> tuple[Mesh, ...]:
    blade = merge(
        [
            box((0.006, 0.032, 0.74), _BLADE, (0.0, 0.0, -0.49)),
            box((0.010, 0.012, 0.72), (0.82, 0.84, 0.86), (0.0, 0.0, -0.48)),
        ]
    )
    tip = capsule(vec(0, 0, -0.84), vec(0, 0, -0.93), 0.014, 0.003, (0.75, 0.77, 0.8), 6).scaled(0.35, 1.0, 1.0)
    guard = bevelled((0.025, 0.1, 0.028), _GOLD, (0.0, 0.0, -0.11), 0.006)
    grip = capsule(vec(0, 0, 0.09), vec(0, 0, -0.1), 0.014, 0.014, (0.12, 0.05, 0.03), 8)
    tassel = capsule(vec(0, 0, 0.1), vec(0, -0.16, 0.14), 0.008, 0.018, (0.6, 0.04, 0.03), 6)
    return (finish("sword", blade, tip, guard, grip, tassel),)


def _gun() -> tuple[Mesh, ...]:
    slide = bevelled((0.03, 0.036, 0.2), (0.045, 0.046, 0.05), (0.0, 0.0, -0.11), 0.005)
    frame = box((0.024, 0.026, 0.15), (0.06, 0.06, 0.064), (0.0, -0.024, -0.1))
    grip = prism(
        [(0.0, -0.02), (-0.046, -0.02), (-0.03, -0.12), (0.02, -0.12)], -0.015, 0.015, (0.10, 0.055, 0.03), "x", 0.004
    )
    guard = ring(0.022, 0.004, DARK, 10, 4).moved((0.0, -0.046, -0.066), ALONG_X)
    muzzle = rod((0.0, 0.004, -0.2), (0.0, 0.004, -0.222), 0.009, DARK)
    sight = box((0.005, 0.01, 0.012), DARK, (0.0, 0.022, -0.195))
    return (finish("gun", slide, frame, grip, guard, muzzle, sight),)


def _rifle() -> tuple[Mesh, ...]:
    stock = prism(
        [(0.34, -0.11), (0.34, 0.02), (0.06, 0.02), (0.06, -0.03), (0.16, -0.04)], -0.02, 0.02, _WOOD, "x", 0.006
    )
    body = bevelled((0.04, 0.06, 0.3), (0.05, 0.05, 0.055), (0.0, 0.0, -0.06), 0.008)
    guard = bevelled((0.036, 0.04, 0.26), _WOOD, (0.0, -0.008, -0.33), 0.008)
    barrel = rod((0.0, 0.006, -0.2), (0.0, 0.006, -0.74), 0.011, DARK)
    grip = prism([(0.05, -0.02), (0.01, -0.02), (0.03, -0.13), (0.07, -0.12)], -0.016, 0.016, DARK, "x", 0.004)
    clip = prism([(-0.1, -0.02), (-0.17, -0.02), (-0.2, -0.17), (-0.13, -0.18)], -0.014, 0.014, DARK, "x", 0.004)
    return (finish("gun-rifle", stock, body, guard, barrel, grip, clip),)


def _umbrella() -> tuple[Mesh, ...]:
    folds = 8
    rows = [(0.62, 0.6), (0.52, 0.75), (0.34, 0.86), (0.12, 0.93), (0.02, 0.945)]
    canopy = lathe(rows, (0.42, 0.06, 0.055), 2 * folds, cap=False)
    turn = np.arctan2(canopy.positions[:, 0], canopy.positions[:, 2])
    outer = np.hypot(canopy.positions[:, 0], canopy.positions[:, 2]) / 0.62
    dip = canopy.positions - np.outer(0.03 * outer**2 * (1 - np.abs(np.cos(turn * folds / 2))), (0.0, -1.0, 0.0))
    shade = smooth_part(dip, canopy.triangles, (0.42, 0.06, 0.055)).tinted(
        lambda p, _: np.where(np.sin(np.arctan2(p[:, 0], p[:, 2]) * folds / 2) > 0, 1.0, 0.8)
    )
    pole = capsule(vec(0, -0.06, 0), vec(0, 1.0, 0), 0.009, 0.006, (0.15, 0.1, 0.06), 6)
    hook = tube(
        np.array([vec(0, -0.05, 0), vec(0, -0.12, 0), vec(0, -0.15, -0.03), vec(0, -0.12, -0.06)]),
        [0.013] * 4,
        _WOOD,
        6,
        cap=True,
    )
    ribs = [
        rod((0.0, 0.62, 0.0), (0.34 * math.sin(a), 0.84, 0.34 * math.cos(a)), 0.004, DARK, 4)
        for a in np.arange(folds) * 2 * math.pi / folds
    ]
    return finish("umbrella-pole", pole, hook, *ribs), finish("umbrella", shade, two_sided=True)


def _lantern() -> tuple[Mesh, ...]:
    caps = [lathe([(0.07, y), (0.075, y + 0.012), (0.05, y + 0.03)], (0.12, 0.09, 0.05), 12) for y in (-0.345, -0.13)]
    bars = [
        rod(
            (0.068 * math.cos(a), -0.34, 0.068 * math.sin(a)),
            (0.068 * math.cos(a), -0.12, 0.068 * math.sin(a)),
            0.004,
            DARK,
            4,
        )
        for a in np.arange(6) * math.pi / 3
    ]
    handle = capsule(vec(0, -0.11, 0), vec(0, 0.0, 0), 0.006, 0.006, (0.12, 0.09, 0.05), 6)
    light = lathe([(0.045, -0.325), (0.058, -0.23), (0.045, -0.13)], (1.0, 0.66, 0.28), 10)
    return finish("lantern-frame", *caps, *bars, handle), finish("lantern-light", light, emission=4.0)


def _torch() -> tuple[Mesh, ...]:
    shaft = capsule(vec(0, -0.22, 0), vec(0, 0.34, 0), 0.017, 0.024, _WOOD, 8)
    wrap = lathe([(0.032, 0.28), (0.042, 0.33), (0.036, 0.4)], (0.12, 0.09, 0.06), 10)
    outer = lathe([(0.04, 0.38), (0.06, 0.44), (0.04, 0.54), (0.004, 0.68)], (1.0, 0.42, 0.08), 10)
    inner = lathe([(0.02, 0.39), (0.034, 0.43), (0.002, 0.55)], (1.0, 0.8, 0.35), 8).moved((0.0, 0.0, -0.035))
    return finish("torch", shaft, wrap), finish("flame", outer, inner, emission=4.0)


def _bag() -> tuple[Mesh, ...]:
    body = bevelled((0.13, 0.28, 0.38), (0.22, 0.12, 0.06), (0.0, -0.36, 0.0), 0.035)
    flap = bevelled((0.142, 0.13, 0.36), (0.28, 0.16, 0.08), (0.0, -0.28, 0.0), 0.03)
    clasp = box((0.15, 0.035, 0.03), _GOLD, (0.0, -0.335, 0.0))
    strap = tube(
        np.array([vec(0, -0.23, -0.1), vec(0, -0.06, -0.07), vec(0, 0, 0), vec(0, -0.06, 0.07), vec(0, -0.23, 0.1)]),
        [0.009] * 5,
        (0.1, 0.06, 0.03),
    )
    return (finish("bag", body, flap, clasp, strap),)


def _spear() -> tuple[Mesh, ...]:
    shaft = rod((0.0, 0.0, 0.8), (0.0, 0.0, -1.1), 0.014, _WOOD)
    head = prism(
        [(-1.44, 0.0), (-1.2, 0.032), (-1.1, 0.012), (-1.1, -0.012), (-1.2, -0.032)], -0.006, 0.006, _BLADE, "x", 0.003
    )
    tuft = lathe([(0.05, -0.12), (0.036, -0.02), (0.015, 0.0)], (0.55, 0.05, 0.04), 8).moved((0.0, 0.0, -1.08), ALONG_Z)
    return (finish("sword-spear", shaft, head), finish("spear-tuft", tuft, two_sided=True))


def _bow() -> tuple[Mesh, ...]:
    k = np.linspace(-1.0, 1.0, 15)
    curve = np.stack(
        [np.zeros(15), 0.75 * np.sin(k * 1.15), -0.05 + 0.26 * (1 - np.cos(k * 1.25)) - 0.03 * (np.abs(k) > 0.9)],
        axis=1,
    )
    limbs = tube(curve, [0.006 + 0.011 * (1 - abs(float(x))) for x in k], _PALE_WOOD, 8, cap=True)
    top, low = curve[-1], curve[0]
    string = rod((0.0, float(low[1]), float(low[2])), (0.0, float(top[1]), float(top[2])), 0.0025, _PAPER, 4)
    grip = lathe([(0.019, -0.06), (0.019, 0.06)], (0.12, 0.05, 0.03), 8).moved((0.0, 0.0, -0.05))
    return (finish("bow", limbs, string, grip),)


def _shield() -> tuple[Mesh, ...]:
    """Before the back of the hand, point down, boss outwards (-Z)."""
    outline = [
        (-0.27, 0.3),
        (0.0, 0.36),
        (0.27, 0.3),
        (0.26, 0.0),
        (0.15, -0.3),
        (0.0, -0.46),
        (-0.15, -0.3),
        (-0.26, 0.0),
    ]
    plate = prism(outline, -0.075, -0.045, STEEL, "z", 0.012)
    field = prism([(x * 0.86, y * 0.86 - 0.006) for x, y in outline], -0.085, -0.06, (0.40, 0.05, 0.05), "z", 0.006)
    cross = [box((0.05, 0.6, 0.014), _GOLD, (0.0, -0.03, -0.088)), box((0.4, 0.05, 0.014), _GOLD, (0.0, 0.1, -0.088))]
    boss = ellipsoid((0.055, 0.055, 0.035), _GOLD, (0.0, 0.1, -0.088), 1)
    strap = rod((0.0, -0.06, -0.03), (0.0, 0.08, -0.03), 0.012, _WOOD, 6)
    return (finish("sword-shield", plate, field, *cross, boss, strap),)


def _staff() -> tuple[Mesh, ...]:
    shaft = tube(
        np.array([vec(0, -1.0, 0), vec(0.008, -0.3, 0), vec(-0.006, 0.3, 0.004), vec(0, 0.72, 0)]),
        [0.016, 0.018, 0.017, 0.02],
        _WOOD,
        8,
        cap=True,
    )
    head = ring(0.07, 0.014, _WOOD, 14).moved((0.0, 0.78, 0.0), rot_x(math.pi / 2))
    return (
        finish("staff", shaft, head),
        finish("staff-gem", ellipsoid((0.035,) * 3, (0.4, 0.8, 1.0), (0.0, 0.78, 0.0), 1), emission=1.4),
    )


def _letter() -> tuple[Mesh, ...]:
    sheet = box((0.004, 0.2, 0.14), _PAPER, (0.0, 0.06, -0.07))
    lines = [
        box((0.006, 0.006, 0.1 - 0.02 * (i % 3 == 2)), (0.2, 0.19, 0.2), (0.0, 0.13 - 0.024 * i, -0.07))
        for i in range(6)
    ]
    seal = lathe([(0.014, -0.004), (0.014, 0.004)], (0.5, 0.05, 0.04), 8).moved((0.0, -0.025, -0.11), ALONG_X)
    return (finish("letter", sheet, *lines, seal),)


def _cup() -> tuple[Mesh, ...]:
    bowl = lathe(
        [(0.022, -0.04), (0.032, -0.03), (0.042, 0.05), (0.038, 0.05), (0.03, -0.02)], (0.7, 0.69, 0.65), 16, cap=False
    )
    base = lathe([(0.026, -0.045), (0.026, -0.03)], (0.7, 0.69, 0.65), 12)
    tea = lathe([(0.0365, 0.028), (0.0365, 0.032)], (0.16, 0.07, 0.03), 12)
    ear = ring(0.022, 0.005, (0.7, 0.69, 0.65), 12, 5).moved((0.055, 0.005, 0.0), rot_x(math.pi / 2))
    return (finish("cup", bowl, base, tea, ear, two_sided=True),)


def _bottle() -> tuple[Mesh, ...]:
    glass = lathe(
        [(0.036, -0.12), (0.038, -0.1), (0.038, 0.04), (0.014, 0.1), (0.013, 0.17), (0.016, 0.175), (0.016, 0.19)],
        (0.03, 0.12, 0.05),
        14,
    )
    label = lathe([(0.0388, -0.07), (0.0388, 0.01)], _PAPER, 14, cap=False)
    return (finish("glass-bottle", glass), finish("bottle-label", label))


def _phone() -> tuple[Mesh, ...]:
    case = bevelled((0.009, 0.15, 0.072), DARK, (0.0, 0.03, -0.03), 0.003)
    screen = box((0.003, 0.135, 0.062), (0.45, 0.7, 1.0), (-0.005, 0.03, -0.03))
    return (finish("phone", case), finish("phone-screen", screen, emission=0.9))


def _camera() -> tuple[Mesh, ...]:
    body = bevelled((0.14, 0.09, 0.06), DARK, (0.0, 0.05, 0.0), 0.012)
    top = bevelled((0.06, 0.03, 0.05), times(DARK, 1.6), (0.0, 0.105, 0.0), 0.008)
    lens = lathe([(0.038, 0.0), (0.038, 0.06), (0.034, 0.075)], (0.03, 0.03, 0.033), 16).moved(
        (0.0, 0.05, -0.03), AHEAD
    )
    glass = ellipsoid((0.03, 0.03, 0.008), (0.06, 0.05, 0.12), (0.0, 0.05, -0.105), 1)
    return (finish("metal-camera", body, top, lens, glass),)


def _lute(outline_w: float, colour: Rgb, neck: float, hole: bool) -> tuple[Mesh, ...]:
    """A plucked instrument, neck up (+Y), strings towards -Z."""
    w = outline_w
    if hole:
        shape = [(0.0, -0.46), (0.75, -0.42), (1.0, -0.24), (0.72, -0.06), (0.8, 0.06), (0.55, 0.16), (0.0, 0.18)]
    else:
        shape = [(0.0, -0.44), (0.6, -0.42), (0.98, -0.27), (0.85, -0.06), (0.42, 0.16), (0.0, 0.26)]
    outline = [(w * x, y) for x, y in shape] + [(-w * x, y) for x, y in shape[-2:0:-1]]
    body = prism(outline, -0.045, 0.045, colour, "z", 0.012)
    face = prism(
        [(x * 0.93, y * 0.96 - 0.004) for x, y in outline], -0.05, -0.04, mix(colour, _PALE_WOOD, 0.75), "z", 0.002
    )
    stick = bevelled((0.045, neck, 0.024), _WOOD, (0.0, 0.16 + neck / 2, -0.03), 0.006)
    head = bevelled((0.07, 0.14, 0.02), times(_WOOD, 0.7), (0.0, 0.2 + neck, -0.024), 0.006)
    pegs = [
        rod((s * 0.02, 0.16 + neck + 0.035 * i, -0.024), (s * 0.058, 0.16 + neck + 0.035 * i, -0.024), 0.006, _PAPER, 5)
        for s in (-1, 1)
        for i in range(3)
    ]
    strings = [
        rod((x, -0.3, -0.055), (x, 0.18 + neck, -0.046), 0.0016, _PAPER, 4) for x in (-0.015, -0.005, 0.005, 0.015)
    ]
    bridge = box((0.1, 0.016, 0.02), DARK, (0.0, -0.3, -0.052))
    extra = (
        [lathe([(0.05, 0.0), (0.05, 0.003)], DARK, 14).moved((0.0, -0.02, -0.051), rot_x(-math.pi / 2))] if hole else []
    )
    return (finish("lute", body, face, stick, head, *pegs, *strings, bridge, *extra),)


def _drum() -> tuple[Mesh, ...]:
    shell = lathe([(0.19, -0.14), (0.205, -0.05), (0.205, 0.05), (0.19, 0.14)], (0.42, 0.05, 0.04), 20, cap=False)
    skins = lathe([(0.186, -0.145), (0.186, 0.145)], _PAPER, 20)
    studs = [ring(0.193, 0.01, _GOLD, 20, 5).moved((0.0, y, 0.0)) for y in (-0.13, 0.13)]
    return (finish("drum", shell, skins, *studs),)


def _book() -> tuple[Mesh, ...]:
    """Open, pages towards +Y."""
    sides = [
        merge(
            [
                box((0.13, 0.008, 0.2), (0.30, 0.06, 0.05), (s * 0.066, 0.0, 0.0)),
                box((0.12, 0.014, 0.19), _PAPER, (s * 0.064, 0.011, 0.0)),
            ]
        )
        for s in (-1, 1)
    ]
    lines = [
        box((0.09, 0.002, 0.006), (0.25, 0.24, 0.24), (s * 0.066, 0.019, -0.07 + 0.024 * i))
        for s in (-1, 1)
        for i in range(7)
    ]
    tilted = [p.moved((0.0, 0.0, 0.0), rot_z(s * 0.22)) for s, p in zip((-1, 1), sides, strict=True)]
    return (
        finish("book", *tilted, *(p.moved((0, 0, 0), rot_z(0.22 * (1 if i > 6 else -1))) for i, p in enumerate(lines))),
    )


def _flag() -> tuple[Mesh, ...]:
    pole = rod((0.0, -0.7, 0.0), (0.0, 1.5, 0.0), 0.014, _WOOD)
    tip = lathe([(0.02, 1.5), (0.03, 1.54), (0.002, 1.6)], _GOLD, 8)
    u = np.linspace(0.0, 1.0, 9)
    x, y = np.meshgrid(u, np.array([0.0, 0.5, 1.0]))
    z = 0.06 * x * np.sin(7 * x + 1.2 * y)
    points = np.stack([0.014 + 0.85 * x, 0.9 + 0.55 * y, z], axis=-1).reshape(-1, 3)
    grid = np.arange(27, dtype=np.int32).reshape(3, 9)
    a, b, c, d = (g.reshape(-1) for g in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]))
    cloth = smooth_part(
        points, np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32), (0.5, 0.06, 0.05)
    )
    return finish("flag-pole", pole, tip), finish("flag-cloth", cloth, two_sided=True)


def _fan() -> tuple[Mesh, ...]:
    """A folding fan, opened in the plane of the hand, ribs towards -Z."""
    blades: list[Part] = []
    for i in range(11):
        turn = rot_x((i - 5) * 0.21)
        tone = (0.66, 0.10, 0.10) if i % 2 else (0.74, 0.70, 0.62)
        blades.append(
            prism([(-0.05, 0.004), (-0.27, 0.03), (-0.27, -0.03), (-0.05, -0.004)], -0.0012, 0.0012, tone, "x").moved(
                (0, 0, 0), turn
            )
        )
        blades.append(box((0.005, 0.008, 0.1), _WOOD, (0.0, 0.0, -0.05)).moved((0, 0, 0), turn))
    return (finish("fan", *blades),)


def _flower() -> tuple[Mesh, ...]:
    stem = tube(
        np.array([vec(0, -0.16, 0), vec(0.01, 0.0, 0), vec(0, 0.17, -0.01)]), [0.005, 0.0045, 0.004], (0.1, 0.25, 0.06)
    )
    petals = []
    for row, (count, lift, size) in enumerate(((6, 0.35, 0.07), (5, 1.1, 0.055), (4, 2.2, 0.04))):
        for i in range(count):
            turn = 2 * math.pi * i / count + row
            out = vec(math.sin(turn), lift, math.cos(turn))
            out /= np.linalg.norm(out)
            petals.append(
                leaf(
                    vec(0, 0.17, -0.01),
                    out,
                    vec(0, 1, 0),
                    size,
                    size * 0.8,
                    times((0.62, 0.05, 0.07), 0.8 + 0.15 * row),
                    out + vec(0, 0.6, 0),
                )
            )
    green = [
        leaf(vec(0.005, 0.0, 0), vec(s * 0.8, 0.6, 0.1), vec(0, 0, 1), 0.08, 0.03, (0.1, 0.28, 0.07), vec(0, 1, 0.2))
        for s in (-1, 1)
    ]
    return finish("flower-stem", stem), finish("flower-petals", *petals, *green, two_sided=True)


def _cigarette() -> tuple[Mesh, ...]:
    return (
        finish("cigarette", rod((0.0, -0.03, -0.02), (0.0, -0.03, -0.085), 0.004, _PAPER, 6)),
        finish(
            "cigarette-ember",
            rod((0.0, -0.03, -0.085), (0.0, -0.03, -0.092), 0.0045, (1.0, 0.3, 0.06), 6),
            emission=2.0,
        ),
    )


_FORWARD: Array = rot_x(-1.4)
HELD: dict[str, Held] = {
    "sword": Held(_sword, turn=rot_x(0.15)), "gun": Held(_gun, turn=_FORWARD), "rifle": Held(_rifle, turn=_FORWARD),
    "umbrella": Held(_umbrella, upright=True), "lantern": Held(_lantern, upright=True), "torch": Held(_torch, upright=True),
    "bag": Held(_bag, "l", upright=True), "spear": Held(_spear, upright=True, turn=rot_x(1.45)), "bow": Held(_bow, "l", upright=True),
    "shield": Held(_shield, "l", upright=True), "staff": Held(_staff, upright=True), "letter": Held(_letter, turn=rot_x(-1.2)),
    "cup": Held(_cup, upright=True), "bottle": Held(_bottle, upright=True), "phone": Held(_phone, turn=rot_x(-1.3)),
    "camera": Held(_camera, upright=True), "guitar": Held(lambda: _lute(0.19, (0.40, 0.16, 0.05), 0.42, hole=True), upright=True, turn=rot_z(1.1)),
    "pipa": Held(lambda: _lute(0.16, (0.22, 0.09, 0.04), 0.26, hole=False), upright=True, turn=rot_z(0.25)), "drum": Held(_drum, "l", upright=True),
    "book": Held(_book, "l", upright=True, turn=rot_x(0.6)), "flag": Held(_flag, upright=True), "fan": Held(_fan), "flower": Held(_flower, upright=True),
    "cigarette": Held(_cigarette),
}  # fmt: skip


@lru_cache(maxsize=64)
def held_prop(prop: str) -> tuple[Mesh, ...]:
    """The meshes of a held prop in its own axes; nothing for what is not known."""
    return HELD[prop].build() if prop in HELD else ()
