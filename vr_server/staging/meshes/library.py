"""The registry of set-piece assets: id -> builder. Meshes are cached and shared between nodes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.staging.scene import Mesh

from . import architecture, plants, rocks, street

Builder = Callable[[int, Vec3], tuple[Mesh, ...]]


@dataclass(frozen=True)
class Asset:
    """`scales`: built once per variant at `native_m` height and scaled evenly; else built for the exact size.

    `trunk_m`: half width of what stands in the way near the ground, as a share of the height (scaled assets);
    `canopy`: share of the height from which on the whole width is solid (1 = never).
    """

    build: Builder
    scales: bool = False
    variants: int = 1
    native_m: float = 1.0
    trunk: float = 0.0
    canopy: float = 1.0


def _by_height(build: Callable[[int, float], tuple[Mesh, ...]]) -> Builder:
    return lambda seed, size: build(seed, size[1])


def _rock(kind: str) -> Builder:
    return lambda seed, size: rocks.rock(kind, seed, size[1])


ASSETS: dict[str, Asset] = {
    "bamboo": Asset(_by_height(plants.bamboo), True, 9, 9.0, trunk=0.012),
    "tree": Asset(_by_height(plants.broadleaf), True, 4, 7.0, trunk=0.05, canopy=0.36),
    "conifer": Asset(_by_height(plants.conifer), True, 3, 11.0, trunk=0.12, canopy=0.1),
    "shrub": Asset(_by_height(plants.shrub), True, 3, 0.9),
    "grass": Asset(_by_height(plants.grass), True, 4, 0.4),
    "rock": Asset(_rock("rock"), True, 4, 1.0),
    "red_rock": Asset(_rock("red_rock"), True, 5, 1.0),
    "sand_rock": Asset(_rock("sand_rock"), True, 4, 1.0),
    "red_mesa": Asset(lambda seed, size: rocks.mesa("red_rock", seed, size[1]), True, 3, 30.0),
    "sand_mesa": Asset(lambda seed, size: rocks.mesa("sand_rock", seed, size[1]), True, 3, 30.0),
    "building": Asset(architecture.building),
    "chinese_hall": Asset(architecture.chinese_hall),
    "wall": Asset(architecture.wall),
    "column": Asset(_by_height(architecture.column), True, 5, 6.0),
    "ruin": Asset(architecture.ruin),
    "bridge": Asset(architecture.bridge),
    "street_lamp": Asset(_by_height(street.street_lamp), True, 1, 5.2, trunk=0.05, canopy=0.85),
    "lantern": Asset(_by_height(street.lantern), True, 1, 2.6),
    "crates": Asset(_by_height(street.crates), True, 3, 1.3),
    "car": Asset(lambda seed, size: street.parked_car(seed, size[1]), True, 5, 1.45),
    "road": Asset(street.road),
    "path": Asset(street.path_strip),
    "placeholder": Asset(street.placeholder),
}


@lru_cache(maxsize=512)
def _build(asset: str, seed: int, size: Vec3) -> tuple[Mesh, ...]:
    return ASSETS.get(asset, ASSETS["placeholder"]).build(seed, size)


def meshes_of(asset: str, seed: int, size_m: Vec3) -> tuple[tuple[Mesh, ...], float]:
    """The meshes of a set piece and the even scale that gives them `size_m`'s height. Unknown ids give a plain box."""
    kind = ASSETS.get(asset, ASSETS["placeholder"])
    if not kind.scales:
        return _build(asset, seed, size_m), 1.0
    variant = seed % kind.variants
    found = _build(asset, variant, (kind.native_m, kind.native_m, kind.native_m))
    return found, size_m[1] / max(float(max(m.positions[:, 1].max() for m in found)), 1e-6)


def measured(asset: str, seed: int, height_m: float) -> Vec3:
    """Bounding box of a scaled asset at this height; width and depth are symmetric about its origin."""
    found, scale = meshes_of(asset, seed, (height_m, height_m, height_m))
    reach = np.max([np.abs(m.positions).max(axis=0) for m in found], axis=0) * scale
    return (round(2 * float(reach[0]), 3), height_m, round(2 * float(reach[2]), 3))
