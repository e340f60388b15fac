"""Bamboo, broadleaf trees, conifers, shrubs, grass, each as solid wood plus two-sided leaves. Unit: metres, root at y = 0."""

import math

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import Array, unit, vec
from vr_server.staging.scene import Mesh

from .core import Part, boulder, finish, leaf, leaves, merge, mix, times, tube

_CULM: Rgb = (0.24, 0.36, 0.10)
_CULM_OLD: Rgb = (0.38, 0.38, 0.14)
_BAMBOO_LEAF: Rgb = (0.20, 0.36, 0.07)
_BARK: Rgb = (0.16, 0.11, 0.075)
_FOLIAGE: Rgb = (0.13, 0.24, 0.06)
_NEEDLE: Rgb = (0.06, 0.14, 0.07)


def bamboo(seed: int, height: float = 9.0) -> tuple[Mesh, ...]:
    """One culm, swollen at its nodes and bowing at the top, and sprays of narrow leaves: about 110 triangles."""
    rng = np.random.default_rng(seed)
    lean = rng.uniform(0.3, 1.3)
    toward = rng.uniform(0, 2 * math.pi)
    bow = vec(math.sin(toward), 0.0, math.cos(toward))
    culm = mix(_CULM, _CULM_OLD, float(rng.uniform(0, 0.9)))
    radius = float(rng.uniform(0.042, 0.066))

    def spine(k: float) -> Array:
        return np.asarray(vec(0.0, height * k, 0.0) + bow * (lean * k**2.6))

    cuts = [0.0, 0.12, 0.25, 0.39, 0.54, 0.7, 0.86, 1.0]
    points = np.array([spine(k) for k in cuts])
    radii = [radius * (1.0 - 0.85 * k**1.5) for k in cuts]
    stem = tube(points, radii, culm, 4)
    stem = stem.tinted(lambda p, _: np.where(np.sin(p[:, 1] * 7.0 + seed) > 0.2, 1.0, 0.82))
    rings = []
    for k in cuts[1:5]:
        at = spine(k)
        r = radius * (1.0 - 0.85 * k**1.5) * 1.22
        ring = tube(
            np.array([at - vec(0, 0.018, 0), at + vec(0, 0.018, 0)]), [r, r], mix(culm, (0.6, 0.58, 0.42), 0.5), 4
        )
        rings.append(ring)
    leaves: list[Part] = []
    for _ in range(15):
        k = float(rng.uniform(0.34, 1.0))
        turn = float(rng.uniform(0, 2 * math.pi))
        out = vec(math.sin(turn), 0.0, math.cos(turn))
        base = spine(k)
        twig = base + out * float(rng.uniform(0.25, 0.9)) + vec(0, float(rng.uniform(-0.1, 0.35)), 0)
        for _ in range(4):
            droop = unit(out + rng.normal(scale=0.55, size=3) + vec(0, -0.55, 0))
            tone = times(
                mix(_BAMBOO_LEAF, (0.42, 0.46, 0.10), float(rng.uniform(0, 0.7))), float(rng.uniform(0.75, 1.25))
            )
            shade = unit(out * 0.6 + vec(0, 0.9, 0) + rng.normal(scale=0.3, size=3))
            leaves.append(
                leaf(
                    twig + rng.normal(scale=0.14, size=3),
                    droop,
                    vec(0, 1, 0),
                    float(rng.uniform(0.4, 0.75)),
                    0.13,
                    tone,
                    shade,
                )
            )
    return finish("bamboo-culm", stem, *rings), finish("bamboo-leaves", *leaves, two_sided=True)


def _branch(
    start: Array, direction: Array, length: float, radius: float, rng: np.random.Generator
) -> tuple[Part, Array]:
    bend = rng.normal(scale=0.16, size=3) + vec(0, 0.15, 0)
    points = np.array([start + (direction + bend * k) * (length * k) for k in (0.0, 0.45, 1.0)])
    return tube(points, [radius, radius * 0.7, radius * 0.35], _BARK, 5), points[-1]


def _tuft(centre: Array, radii: Array, colour: Rgb, count: int, rng: np.random.Generator, larger: float = 1.0) -> Part:
    """Leaves on the shell of an ellipsoid; light sees the ellipsoid's normal, so that the tuft shades as one mass."""
    out = _units(rng.normal(size=(count, 3)))
    at = centre + out * radii * rng.uniform(0.78, 1.12, (count, 1))
    along = _units(rng.normal(size=(count, 3)) + out * 0.5 + vec(0, -0.35, 0))
    dry = rng.uniform(0, 0.45, (count, 1))
    tone = np.array(colour) * (1 - dry) + np.array((0.30, 0.32, 0.06)) * dry
    tone = tone * (0.62 + 0.38 * out[:, 1:2] + rng.uniform(0, 0.4, (count, 1)))
    return leaves(
        at, along, out, larger * rng.uniform(0.38, 0.62, count), 0.34, np.minimum(tone, 1.0), out + vec(0, 0.25, 0)
    )


def _units(v: Array) -> Array:
    return np.asarray(v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12))


def distant_broadleaf(seed: int, height: float = 7.0) -> tuple[Mesh, ...]:
    """The same tree seen from afar: a third of the leaves, each larger; about 900 triangles."""
    return broadleaf(seed, height, 26, 1.6)


def broadleaf(seed: int, height: float = 7.0, count: int = 78, larger: float = 1.0) -> tuple[Mesh, ...]:
    """A street or forest tree: forked trunk, dark leafy masses, loose leaves around them; about 1800 triangles.

    `count`: leaves of each of its tufts, `larger`: than a leaf is.
    """
    rng = np.random.default_rng(seed)
    colour = mix(_FOLIAGE, (0.22, 0.26, 0.05), float(rng.uniform(0, 0.8)))
    fork = vec(float(rng.normal(scale=0.12)), height * 0.34, float(rng.normal(scale=0.12)))
    girth = height * 0.024
    trunk = tube(
        np.array([vec(0, -0.1, 0), vec(0, height * 0.04, 0), fork * 0.55, fork, fork + vec(0, height * 0.3, 0)]),
        [girth * 1.7, girth * 1.15, girth, girth * 0.85, girth * 0.3],
        _BARK,
        8,
    )
    wood, masses, foliage = [trunk], [], []
    centres = [(fork + vec(0, height * 0.42, 0), 0.21)]
    limbs = 6
    for i in range(limbs):
        turn = 2 * math.pi * (i + float(rng.uniform(-0.25, 0.25))) / limbs
        direction = unit(vec(math.sin(turn), float(rng.uniform(0.55, 1.1)), math.cos(turn)))
        limb, end = _branch(
            fork + vec(0, height * float(rng.uniform(-0.02, 0.12)), 0), direction, height * 0.27, girth * 0.5, rng
        )
        wood.append(limb)
        centres.append((end, float(rng.uniform(0.145, 0.18))))
    for n, (centre, share) in enumerate(centres):
        radii = vec(1.0, 0.8, 1.0) * (height * share)
        masses.append(
            boulder(tuple(float(x) for x in radii * 0.92), times(colour, 0.75), seed * 31 + n, 0.42, 1)  # type: ignore[arg-type]  # three by construction
            .tinted(lambda _, n: 0.72 + 0.36 * n[:, 1])
            .moved((float(centre[0]), float(centre[1]), float(centre[2])))
        )
        # leaves have numbers of their own, so that the tree is the same with fewer of them
        foliage.append(_tuft(centre, radii, colour, count, np.random.default_rng((seed, n)), larger))
    return (
        finish("tree-wood", *wood),
        finish("tree-masses", *masses),
        finish("tree-leaves", *foliage, two_sided=True),
    )


def conifer(seed: int, height: float = 11.0) -> tuple[Mesh, ...]:
    """Whorls of drooping fronds that shorten towards the top: about 900 triangles."""
    rng = np.random.default_rng(seed)
    trunk = tube(
        np.array([vec(0, -0.1, 0), vec(0, height * 0.5, 0), vec(0, height, 0)]),
        [height * 0.02, height * 0.012, 0.015],
        _BARK,
        6,
    )
    fronds: list[Part] = []
    level = height * 0.13
    while level < height * 0.985:
        reach = (height - level) * 0.23 + 0.18
        number = 7 if level < height * 0.7 else 5
        for i in range(number):
            turn = 2 * math.pi * (i + float(rng.uniform(0, 0.7))) / number + level
            out = vec(math.sin(turn), 0.0, math.cos(turn))
            length = reach * float(rng.uniform(0.8, 1.12))
            start = vec(0, level + float(rng.uniform(-0.12, 0.12)), 0)
            for k, width in ((0.0, 0.9), (0.42, 0.62)):
                for fan in (-0.42, 0.0, 0.42):
                    swept = vec(math.sin(turn + fan), 0.0, math.cos(turn + fan))
                    tone = times(_NEEDLE, float(rng.uniform(0.7, 1.45)))
                    along = unit(swept + vec(0, -0.42, 0))
                    fronds.append(
                        leaf(
                            start + out * length * k,
                            along,
                            vec(0, 1, 0),
                            length * 0.62,
                            width * length * 0.34,
                            tone,
                            swept * 0.8 + vec(0, 0.7, 0),
                        )
                    )
        level += height * 0.058
    return finish("conifer-wood", trunk), finish("conifer-fronds", *fronds, two_sided=True)


def shrub(seed: int, height: float = 0.9) -> tuple[Mesh, ...]:
    rng = np.random.default_rng(seed)
    radii = vec(0.75, 0.55, 0.75) * height
    mass = boulder((0.62 * height, 0.48 * height, 0.62 * height), times(_FOLIAGE, 0.7), seed, 0.4, 1).moved(
        (0.0, 0.42 * height, 0.0)
    )
    return finish("shrub", mass), finish(
        "shrub-leaves", _tuft(vec(0, 0.45 * height, 0), radii, _FOLIAGE, 46, rng), two_sided=True
    )


def grass(seed: int, height: float = 0.4) -> tuple[Mesh, ...]:
    """A tuft of blades: 40 triangles."""
    rng = np.random.default_rng(seed)
    blades = []
    for _ in range(20):
        turn = float(rng.uniform(0, 2 * math.pi))
        out = vec(math.sin(turn), 0.0, math.cos(turn))
        tone = times(mix((0.2, 0.27, 0.07), (0.36, 0.32, 0.12), float(rng.uniform())), float(rng.uniform(0.7, 1.2)))
        blades.append(
            leaf(
                out * float(rng.uniform(0, 0.22)),
                unit(out * float(rng.uniform(0.2, 0.9)) + vec(0, 1, 0)),
                out,
                height * float(rng.uniform(0.5, 1.0)),
                0.045,
                tone,
                vec(0, 1, 0) + out * 0.4,
            )
        )
    return (finish("grass", merge(blades), two_sided=True),)
