"""What a place is: its ground, its air, what stands where, and the tools that lay things out."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.domain.staging import Rgb
from vr_server.staging.meshes.library import measured

Generator = np.random.Generator


@dataclass(frozen=True)
class Candidate:
    """A set piece before it has an object id. Positions in metres; `y` is added to the ground's height.

    `level`: `y` counts from the actors' ground (y = 0) and not from the ground below: what is hung, spans or floats.
    `colours`: see SetPiece.
    """

    asset: str
    label: str
    x: float
    z: float
    size_m: Vec3
    yaw_rad: float = 0.0
    seed: int = 0
    y: float = 0.0
    level: bool = False
    colours: tuple[Rgb, ...] = ()


@dataclass(frozen=True)
class Interior:
    """The inner faces of a place with walls: (low, high) along x and z and the ceiling's height, in metres from the
    shot's centre.

    `daylight`: the yaw (as a subject's) that looks out of its windows, None where no sky is seen.
    """

    x_m: tuple[float, float]
    z_m: tuple[float, float]
    height_m: float
    daylight: float | None = None


@dataclass(frozen=True)
class Place:
    """`haze`: fog density per metre in clear weather; `wetness`: of its ground in dry weather, 0..1; `lit`: factor on
    the metered exposure; `ambient`: the light inside, where no sky is seen; `layout` may be called with any generator."""

    ground: str
    colour: Rgb
    layout: Callable[[Generator], Iterator[Candidate]]
    haze: float = 0.006
    wetness: float = 0.0
    interior: Interior | None = None
    ambient: Rgb | None = None
    lit: float = 1.0


def scaled(asset: str, label: str, x: float, z: float, height: float, rng: Generator, sink: float = 0.0) -> Candidate:
    """A piece that is built once and scaled to `height`, turned anyhow, `sink` metres in the ground."""
    seed = int(rng.integers(2**16))
    return Candidate(
        asset, label, x, z, measured(asset, seed, round(height, 3)), float(rng.uniform(0, 2 * math.pi)), seed, -sink
    )


def placed(
    asset: str, label: str, x: float, z: float, size: Vec3, yaw: float = 0.0, seed: int = 0, y: float = 0.0,
    *, level: bool = False, colours: tuple[Rgb, ...] = (),
) -> Candidate:  # fmt: skip
    """A piece built for its exact size; millimetres are enough, so that equal pieces share a mesh."""
    w, h, d = size
    return Candidate(
        asset, label, round(x, 3), round(z, 3), (round(w, 3), round(h, 3), round(d, 3)), yaw, seed, y, level, colours
    )


def ring(rng: Generator, count: int, near: float, far: float, apart: float) -> Iterator[tuple[float, float]]:
    """Random points in a ring, no two closer than `apart` (dart throwing)."""
    kept: list[tuple[float, float]] = []
    for _ in range(count * 12):
        if len(kept) == count:
            return
        r = math.sqrt(float(rng.uniform(near * near, far * far)))
        a = float(rng.uniform(0, 2 * math.pi))
        p = (r * math.sin(a), r * math.cos(a))
        if all((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2 > apart * apart for q in kept):
            kept.append(p)
            yield p


def pick(rng: Generator) -> int:
    return int(rng.integers(2**16))


def rocks(
    rng: Generator, asset: str, count: int, near: float, far: float, low: float, high: float
) -> Iterator[Candidate]:
    for x, z in ring(rng, count, near, far, 1.6):
        height = float(low + (high - low) * rng.uniform() ** 2.5)
        yield scaled(asset, "rock", x, z, height, rng, 0.12 * height)


def mesas(rng: Generator, asset: str, count: int, near: float = 130.0, far: float = 300.0) -> Iterator[Candidate]:
    for x, z in ring(rng, count, near, far, 55.0):
        yield scaled(asset, "rock tower", x, z, float(rng.uniform(14, 38)), rng, 2.0)


def tufts(
    rng: Generator, asset: str, count: int, near: float, far: float, low: float, high: float, apart: float = 0.9
) -> Iterator[Candidate]:
    """Low plants of an even mix of heights."""
    for x, z in ring(rng, count, near, far, apart):
        yield scaled(asset, asset.replace("_", " "), x, z, float(rng.uniform(low, high)), rng)
