"""An armoured walking machine, knight-like: plates over a dark frame, a crested helm, a visor that glows.

Part frames are those of body/skeleton.py: limbs hang along -Y from their joint and face -Z. Built at height 1 (the ratios of
`Build.of`), then scaled.
"""

from dataclasses import dataclass
from functools import lru_cache

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import rot_x, rot_z
from vr_server.staging.scene import Mesh

from .core import Part, box, ellipsoid, finish, lathe, loft, mix, times
from .shapes import ALONG_X, DARK, bevelled, mirrored, prism, ring, rod

BREADTH = 1.55
"""Shoulders against a human's."""
HIP_HALF = 0.078
_FRAME: Rgb = (0.075, 0.08, 0.09)


@dataclass(frozen=True)
class Livery:
    """Plates, their second colour, trim, and what glows."""

    plate: Rgb
    second: Rgb
    trim: Rgb
    glow: Rgb


LIVERIES = (
    Livery((0.62, 0.64, 0.68), (0.10, 0.16, 0.34), (0.62, 0.43, 0.12), (0.25, 0.85, 1.0)),
    Livery((0.30, 0.33, 0.38), (0.42, 0.06, 0.05), (0.60, 0.42, 0.12), (1.0, 0.62, 0.18)),
    Livery((0.13, 0.16, 0.24), (0.45, 0.46, 0.50), (0.60, 0.42, 0.12), (0.75, 0.35, 1.0)),
)


@lru_cache(maxsize=16)
def mecha_parts(livery: Livery, height_m: float) -> dict[str, tuple[Mesh, ...]]:
    """Part name -> meshes in metres: armour, and what glows on it."""
    found: dict[str, tuple[list[Part], list[Part]]] = {
        "pelvis": (_pelvis(livery), []),
        "chest": _chest(livery),
        "neck": ([lathe([(0.036, -0.03), (0.032, 0.05)], _FRAME, 10)], []),
        "head": _head(livery),
    }
    for side, s in (("l", -1.0), ("r", 1.0)):
        found |= {
            f"upper_arm_{side}": (_upper_arm(livery, s), []),
            f"forearm_{side}": _forearm(livery, s),
            f"hand_{side}": (_hand(livery, s), []),
            f"thigh_{side}": (_thigh(livery, s), []),
            f"shin_{side}": _shin(livery, s),
            f"foot_{side}": (_foot(livery), []),
        }

    def made(part: str, solid: list[Part], glow: list[Part]) -> tuple[Mesh, ...]:
        h = height_m
        plates = finish(f"armour-plate-{part}", *(p.scaled(h, h, h) for p in solid))
        lights = (finish(f"mecha-glow-{part}", *(p.scaled(h, h, h) for p in glow), emission=2.4),) if glow else ()
        return (plates, *lights)

    return {part: made(part, *pieces) for part, pieces in found.items()}


def _pelvis(c: Livery) -> list[Part]:
    front = prism(
        [(-0.034, 0.03), (0.034, 0.03), (0.046, -0.07), (0.0, -0.135), (-0.046, -0.07)],
        -0.012,
        0.012,
        c.second,
        "z",
        0.005,
    )
    side = prism(
        [(-0.06, 0.025), (0.055, 0.025), (0.07, -0.1), (0.0, -0.135), (-0.07, -0.1)], -0.01, 0.01, c.plate, "x", 0.004
    )
    back = prism([(-0.05, 0.03), (0.05, 0.03), (0.065, -0.09), (-0.065, -0.09)], -0.01, 0.01, c.plate, "z", 0.004)
    return [
        bevelled((0.16, 0.09, 0.11), _FRAME, (0.0, 0.005, 0.0), 0.02),
        bevelled((0.19, 0.035, 0.135), c.trim, (0.0, 0.045, 0.0), 0.01),
        front.moved((0.0, 0.0, -0.078), rot_x(0.16)),
        back.moved((0.0, 0.0, 0.075), rot_x(-0.2)),
        mirrored(side.moved((0.135, 0.0, 0.0), rot_z(0.24))),
        prism([(-0.022, 0.0), (0.0, 0.03), (0.022, 0.0), (0.0, -0.03)], -0.012, 0.012, c.trim, "z").moved((0.0, 0.0, -0.094)),
    ]  # fmt: skip


def _chest(c: Livery) -> tuple[list[Part], list[Part]]:
    breast = prism(
        [(-0.07, 0.055), (0.07, 0.055), (0.132, 0.12), (0.15, 0.19), (0.105, 0.238), (-0.105, 0.238), (-0.15, 0.19), (-0.132, 0.12)],
        -0.095, 0.085, c.plate, "z", 0.03,
    )  # fmt: skip
    keel = prism([(-0.08, 0.05), (-0.13, 0.15), (-0.1, 0.225), (-0.05, 0.235)], -0.045, 0.045, c.second, "x", 0.018)
    ribs = [
        loft([(y, w, 0.062, 0.0), (y + 0.028, w + 0.006, 0.066, 0.0)], _FRAME, 16)
        for y, w in ((-0.045, 0.068), (-0.012, 0.066), (0.02, 0.07), (0.045, 0.074))
    ]
    gorget = lathe([(0.092, 0.225), (0.1, 0.245), (0.082, 0.285), (0.07, 0.28), (0.07, 0.23)], c.second, 14, cap=False)
    pack = bevelled((0.19, 0.17, 0.08), c.plate, (0.0, 0.155, 0.115), 0.025)
    bells = [
        lathe([(0.04, -0.09), (0.026, 0.0), (0.03, 0.06)], DARK, 12).moved((s * 0.062, 0.06, 0.145), rot_x(-0.35))
        for s in (-1, 1)
    ]
    fins = prism(
        [(0.1, 0.12), (0.19, 0.3), (0.2, 0.36), (0.155, 0.28), (0.1, 0.22)], -0.008, 0.008, c.second, "x", 0.003
    )
    trims = [bevelled((0.26, 0.012, 0.01), c.trim, (0.0, 0.208, -0.093), 0.003)]
    trims += [
        bevelled((0.045, 0.014, 0.012), DARK, (s * 0.085, 0.15 - 0.022 * i, -0.094), 0.003)
        for s in (-1, 1)
        for i in range(3)
    ]
    solid = [
        breast, keel, *ribs, gorget.scaled(1.0, 1.0, 0.85), pack, *bells, *trims,
        mirrored(fins.moved((0.1, 0.0, 0.0), rot_z(-0.32))),
    ]  # fmt: skip
    core = ellipsoid((0.021, 0.027, 0.012), c.glow, (0.0, 0.152, -0.128), 1)
    return solid, [core]


def _head(c: Livery) -> tuple[list[Part], list[Part]]:
    helm = loft(
        [
            (-0.005, 0.042, 0.05, 0.0),
            (0.03, 0.049, 0.058, -0.002),
            (0.07, 0.047, 0.055, 0.0),
            (0.095, 0.03, 0.038, 0.004),
            (0.104, 0.008, 0.01, 0.006),
        ],
        c.plate,
        18,
        2.6,
    )
    chin = prism(
        [(-0.058, 0.0), (-0.078, 0.02), (-0.06, 0.042), (-0.02, 0.042), (-0.02, 0.0)],
        -0.034,
        0.034,
        c.second,
        "x",
        0.01,
    )
    brow = prism([(-0.066, 0.056), (-0.074, 0.07), (-0.04, 0.092), (-0.03, 0.062)], -0.047, 0.047, c.plate, "x", 0.008)
    crest = prism(
        [(-0.07, 0.075), (-0.03, 0.118), (0.045, 0.142), (0.085, 0.12), (0.06, 0.06), (0.0, 0.098)],
        -0.008,
        0.008,
        c.trim,
        "x",
        0.003,
    )
    horn = prism([(0.0, 0.0), (0.012, 0.0), (0.04, 0.085), (0.032, 0.09)], -0.006, 0.006, c.trim, "z", 0.002)
    ears = ellipsoid((0.016, 0.026, 0.026), c.second, (0.05, 0.045, 0.004), 1)
    solid = [helm, chin, brow, crest, mirrored(ears), mirrored(horn.moved((0.035, 0.064, -0.056), rot_z(-0.25)))]
    visor = prism(
        [(-0.06, 0.046), (-0.066, 0.05), (-0.066, 0.057), (-0.05, 0.057), (-0.05, 0.046)], -0.04, 0.04, c.glow, "x"
    )
    return solid, [visor]  # fmt: skip


def _upper_arm(c: Livery, s: float) -> list[Part]:
    shell = loft(
        [
            (-0.055, 0.062, 0.082, 0.0),
            (-0.02, 0.07, 0.09, 0.0),
            (0.025, 0.06, 0.078, 0.0),
            (0.055, 0.035, 0.05, 0.0),
            (0.066, 0.008, 0.01, 0.0),
        ],
        c.plate,
        18,
        2.8,
    )
    skirt = loft([(-0.088, 0.057, 0.07, 0.0), (-0.045, 0.055, 0.072, 0.0)], c.second, 18, 2.8)
    rim = ring(0.073, 0.006, c.trim, 18).scaled(0.95, 1.0, 1.22)
    spike = prism([(-0.02, 0.0), (0.02, 0.0), (0.0, 0.06)], -0.012, 0.012, c.trim, "z", 0.003)
    tilt = rot_z(s * 0.18)
    plates = [
        p.moved((s * 0.02, 0.0, 0.0), tilt)
        for p in (shell, skirt, rim.moved((0.0, -0.055, 0.0)), spike.moved((0.0, 0.05, 0.0)))
    ]
    arm = lathe([(0.028, -0.17), (0.033, -0.09), (0.03, 0.0)], _FRAME, 12)
    elbow = lathe([(0.031, -0.034), (0.031, 0.034)], c.second, 12).moved((0.0, -0.17, 0.0), ALONG_X)
    guard = bevelled((0.05, 0.07, 0.055), c.plate, (s * 0.008, -0.115, 0.0), 0.012)
    return [*plates, arm, elbow, guard]  # fmt: skip


def _forearm(c: Livery, s: float) -> tuple[list[Part], list[Part]]:
    sleeve = loft(
        [
            (-0.15, 0.036, 0.038, 0.0),
            (-0.11, 0.043, 0.047, 0.0),
            (-0.045, 0.046, 0.052, 0.002),
            (-0.02, 0.034, 0.036, 0.0),
        ],
        c.plate,
        14,
        3.0,
    )
    vane = prism([(0.03, -0.15), (0.055, -0.02), (0.05, 0.035), (0.03, -0.02)], -0.008, 0.008, c.second, "x", 0.003)
    cuff = bevelled((0.082, 0.018, 0.086), c.trim, (0.0, -0.138, 0.0), 0.006)
    inner = lathe([(0.026, -0.155), (0.028, 0.0)], _FRAME, 10)
    strip = bevelled((0.006, 0.05, 0.012), c.glow, (s * 0.046, -0.08, -0.01), 0.002)
    return [sleeve, vane, cuff, inner], [strip]  # fmt: skip


def _hand(c: Livery, s: float) -> list[Part]:
    palm = bevelled((0.032, 0.05, 0.055), _FRAME, (0.0, -0.032, 0.0), 0.008)
    back = bevelled((0.014, 0.046, 0.056), c.plate, (s * 0.018, -0.03, 0.0), 0.005)
    fingers = [
        bevelled((0.024, 0.042, 0.0125), times(_FRAME, 1.5), (-s * 0.004, -0.072, -0.021 + 0.014 * i), 0.003)
        for i in range(4)
    ]
    thumb = bevelled((0.016, 0.04, 0.014), times(_FRAME, 1.5), (-s * 0.012, -0.04, -0.036), 0.004)
    return [palm, back, *fingers, thumb]  # fmt: skip


def _thigh(c: Livery, s: float) -> list[Part]:
    plate = loft(
        [
            (-0.235, 0.046, 0.054, -0.004),
            (-0.19, 0.055, 0.066, -0.004),
            (-0.08, 0.061, 0.074, -0.002),
            (-0.01, 0.05, 0.06, 0.0),
            (0.02, 0.03, 0.04, 0.0),
        ],
        c.plate,
        16,
        2.8,
    )
    ridge = prism([(-0.07, -0.2), (-0.09, -0.11), (-0.07, -0.03), (-0.04, -0.1)], -0.022, 0.022, c.second, "x", 0.008)
    hip = lathe([(0.036, -0.045), (0.036, 0.045)], _FRAME, 12).moved((0.0, 0.0, 0.0), ALONG_X)
    bone = lathe([(0.03, -0.245), (0.03, -0.2)], _FRAME, 10)
    return [plate, ridge, hip, bone, bevelled((0.012, 0.08, 0.05), c.trim, (s * 0.058, -0.12, 0.0), 0.004)]  # fmt: skip


def _shin(c: Livery, s: float) -> tuple[list[Part], list[Part]]:
    greave = loft(
        [
            (-0.225, 0.046, 0.056, 0.004),
            (-0.17, 0.052, 0.064, 0.006),
            (-0.075, 0.06, 0.075, 0.012),
            (-0.03, 0.05, 0.06, 0.006),
        ],
        c.plate,
        16,
        2.8,
    )
    knee = prism(
        [(-0.05, -0.055), (-0.085, -0.01), (-0.075, 0.045), (-0.045, 0.035), (-0.03, -0.02)],
        -0.036,
        0.036,
        c.second,
        "x",
        0.014,
    )
    spike = prism([(-0.075, 0.0), (-0.112, 0.055), (-0.066, 0.035)], -0.01, 0.01, c.trim, "x", 0.003)
    keel = prism(
        [(-0.056, -0.215), (-0.085, -0.1), (-0.062, -0.05), (-0.04, -0.12)],
        -0.018,
        0.018,
        mix(c.plate, c.second, 0.5),
        "x",
        0.006,
    )
    joint = lathe([(0.037, -0.042), (0.037, 0.042)], _FRAME, 12).moved((0.0, 0.0, 0.0), ALONG_X)
    calf = bevelled((0.05, 0.09, 0.03), DARK, (0.0, -0.1, 0.082), 0.01)
    ankle = rod((0.0, -0.24, 0.0), (0.0, -0.18, 0.0), 0.03, _FRAME)
    strip = bevelled((0.006, 0.055, 0.014), c.glow, (s * 0.058, -0.12, 0.012), 0.002)
    return [greave, knee, spike, keel, joint, calf, ankle], [strip]  # fmt: skip


def _foot(c: Livery) -> list[Part]:
    """The sole is flat at y = -0.043, where the skeleton has the ground; it ends near the skeleton's ball and heel."""
    toe = prism(
        [(-0.094, -0.036), (-0.084, -0.014), (-0.04, 0.012), (0.0, 0.012), (0.0, -0.036)],
        -0.044,
        0.044,
        c.plate,
        "x",
        0.012,
    )
    heel = prism(
        [(-0.005, -0.036), (-0.005, 0.012), (0.036, 0.012), (0.052, -0.036)], -0.036, 0.036, c.second, "x", 0.01
    )
    sole = box((0.09, 0.008, 0.138), DARK, (0.0, -0.039, -0.022))
    cap = prism(
        [(-0.098, -0.034), (-0.086, -0.012), (-0.07, -0.004), (-0.066, -0.034)], -0.032, 0.032, c.trim, "x", 0.006
    )
    joint = ellipsoid((0.036, 0.034, 0.036), _FRAME, (0.0, 0.004, 0.0), 1)
    return [toe, heel, sole, cap, joint]
