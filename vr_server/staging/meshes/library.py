"""The registry of set-piece assets: id -> builder. Meshes are cached and shared between nodes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vr_server.domain.base import Vec3
from vr_server.staging.scene import Mesh

from . import (
    alley,
    architecture,
    built,
    fallen,
    fittings,
    garden,
    harbour,
    interiors,
    landscape,
    lava,
    neon,
    plants,
    rocks,
    spaceship,
    stonework,
    street,
    theatre,
    water,
)

Builder = Callable[[int, Vec3], tuple[Mesh, ...]]


@dataclass(frozen=True)
class Asset:
    """`scales`: built once per variant at `native_m` height and scaled evenly; else built for the exact size.

    `trunk_m`: half width of what stands in the way near the ground, as a share of the height (scaled assets);
    `canopy`: share of the height from which on the whole width is solid (1 = never); `distant`: what stands for it where
    no camera comes within `DISTANT_M`. `open`: in nobody's way: floors,
    water, what is seen from inside. `gap`: share of the width that is open below `canopy`: a gate, a stage's frame.
    """

    build: Builder
    scales: bool = False
    variants: int = 1
    native_m: float = 1.0
    trunk: float = 0.0
    canopy: float = 1.0
    distant: Builder | None = None
    open: bool = False
    gap: float = 0.0


def _by_height(build: Callable[[int, float], tuple[Mesh, ...]]) -> Builder:
    return lambda seed, size: build(seed, size[1])


def _rock(kind: str) -> Builder:
    return lambda seed, size: rocks.rock(kind, seed, size[1])


ASSETS: dict[str, Asset] = {
    "bamboo": Asset(_by_height(plants.bamboo), True, 9, 9.0, trunk=0.012),
    "tree": Asset(
        _by_height(plants.broadleaf),
        True,
        4,
        7.0,
        trunk=0.05,
        canopy=0.36,
        distant=_by_height(plants.distant_broadleaf),
    ),
    "conifer": Asset(_by_height(plants.conifer), True, 3, 11.0, trunk=0.12, canopy=0.1),
    "shrub": Asset(_by_height(plants.shrub), True, 3, 0.9),
    "grass": Asset(_by_height(plants.grass), True, 4, 0.4, open=True),
    "rock": Asset(_rock("rock"), True, 4, 1.0),
    "red_rock": Asset(_rock("red_rock"), True, 5, 1.0),
    "sand_rock": Asset(_rock("sand_rock"), True, 4, 1.0),
    "basalt_rock": Asset(_rock("basalt_rock"), True, 4, 1.0),
    "red_mesa": Asset(lambda seed, size: rocks.mesa("red_rock", seed, size[1]), True, 3, 30.0),
    "sand_mesa": Asset(lambda seed, size: rocks.mesa("sand_rock", seed, size[1]), True, 3, 30.0),
    "building": Asset(architecture.building),
    "chinese_hall": Asset(architecture.chinese_hall),
    "wall": Asset(architecture.wall),
    "column": Asset(_by_height(architecture.column), True, 5, 6.0),
    "ruin": Asset(architecture.ruin),
    "ruined_hall": Asset(fallen.ruined_hall),
    "dead_tree": Asset(_by_height(fallen.dead_tree), True, 4, 6.0, trunk=0.05, canopy=0.3),
    "pillar": Asset(_by_height(fallen.pillar), True, 5, 4.0),
    "bridge": Asset(architecture.bridge),
    "street_lamp": Asset(_by_height(street.street_lamp), True, 1, 5.2, trunk=0.05, canopy=0.85),
    "lantern": Asset(_by_height(street.lantern), True, 1, 2.6),
    "crates": Asset(_by_height(street.crates), True, 3, 1.3),
    "car": Asset(lambda seed, size: street.parked_car(seed, size[1]), True, 5, 1.45),
    "road": Asset(street.road, open=True),
    "path": Asset(street.path_strip, open=True),
    "inner_wall": Asset(interiors.inner_wall),
    "window_wall": Asset(interiors.window_wall),
    "door_wall": Asset(interiors.door_wall),
    "floor": Asset(interiors.floor, open=True),
    "ceiling": Asset(interiors.ceiling),
    "light_panel": Asset(interiors.light_panel),
    "pendant": Asset(_by_height(interiors.pendant), True, 1, 1.0),
    "standard_lamp": Asset(_by_height(interiors.standard_lamp), True, 1, 1.65),
    "curtain": Asset(interiors.curtain),
    "bookshelf": Asset(fittings.bookshelf),
    "picture": Asset(fittings.picture),
    "rug": Asset(fittings.rug, open=True),
    "desk": Asset(fittings.desk),
    "bar_counter": Asset(fittings.bar_counter),
    "back_bar": Asset(fittings.back_bar),
    "bar_stool": Asset(_by_height(fittings.bar_stool), True, 1, 0.78),
    "booth": Asset(fittings.booth),
    "cabinet": Asset(fittings.cabinet),
    "sofa": Asset(fittings.sofa),
    "plant_pot": Asset(_by_height(fittings.plant_pot), True, 3, 1.2),
    "neon_post": Asset(neon.neon_post),
    "neon_sign": Asset(neon.neon_sign),
    "stall": Asset(neon.stall),
    "lantern_string": Asset(neon.lantern_string),
    "brick_wall": Asset(alley.brick_wall),
    "fire_escape": Asset(alley.fire_escape),
    "pipes": Asset(alley.pipes),
    "dumpster": Asset(alley.dumpster),
    "bins": Asset(_by_height(alley.bins), True, 3, 0.95),
    "wall_lamp": Asset(alley.wall_lamp),
    "cables": Asset(alley.cables),
    "shop_front": Asset(neon.shop_front),
    "water": Asset(water.water, open=True),
    "foam": Asset(water.foam, open=True),
    "lava": Asset(lava.lava, open=True),
    "lava_fall": Asset(lava.lava_fall, open=True),
    "lava_crack": Asset(lava.lava_crack, open=True),
    "waterfall": Asset(water.waterfall),
    "boat": Asset(harbour.boat),
    "bollard": Asset(_by_height(harbour.bollard), True, 1, 0.6),
    "dock_crane": Asset(harbour.dock_crane),
    "mountain": Asset(landscape.mountain),
    "cave_shell": Asset(landscape.cave_shell, open=True),
    "stalactites": Asset(landscape.stalactites),
    "stalagmite": Asset(_by_height(landscape.stalagmite), True, 4, 1.4),
    "crystal": Asset(_by_height(landscape.crystal), True, 3, 0.8),
    "cactus": Asset(_by_height(garden.cactus), True, 4, 2.4),
    "reeds": Asset(_by_height(garden.reeds), True, 3, 1.6),
    "flowers": Asset(_by_height(garden.flowers), True, 4, 0.45, open=True),
    "campfire": Asset(_by_height(garden.campfire), True, 2, 1.0),
    "gravestone": Asset(_by_height(garden.gravestone), True, 6, 1.0),
    "gate": Asset(stonework.gate, canopy=0.62, gap=0.34),
    "terrace": Asset(stonework.terrace),
    "stone_lantern": Asset(_by_height(garden.stone_lantern), True, 1, 1.75),
    "stairs": Asset(stonework.stairs),
    "fence": Asset(garden.fence),
    "pond": Asset(garden.pond),
    "puddle": Asset(garden.puddle, open=True),
    "ship_wall": Asset(spaceship.ship_wall),
    "ship_window": Asset(spaceship.ship_window),
    "pilot_seat": Asset(spaceship.pilot_seat),
    "space_view": Asset(spaceship.space_view, open=True),
    "ship_floor": Asset(spaceship.ship_floor, open=True),
    "ship_ceiling": Asset(spaceship.ship_ceiling),
    "stage_floor": Asset(theatre.stage_floor, open=True),
    "proscenium": Asset(theatre.proscenium, canopy=0.83, gap=0.82),
    "spot_bar": Asset(theatre.spot_bar),
    "roof_slab": Asset(built.roof_slab, open=True),
    "roof_unit": Asset(built.roof_unit),
    "water_tank": Asset(_by_height(built.water_tank), True, 1, 5.0),
    "tower": Asset(built.tower),
    "bridge_deck": Asset(built.bridge_deck, open=True),
    "pagoda": Asset(built.pagoda),
    "incense_burner": Asset(_by_height(built.incense_burner), True, 1, 1.7),
    "placeholder": Asset(street.placeholder),
}


DISTANT_M = 30.0


@lru_cache(maxsize=512)
def _build(asset: str, seed: int, size: Vec3, distant: bool = False) -> tuple[Mesh, ...]:
    kind = ASSETS.get(asset, ASSETS["placeholder"])
    return (kind.distant if distant and kind.distant else kind.build)(seed, size)


def meshes_of(asset: str, seed: int, size_m: Vec3, *, distant: bool = False) -> tuple[tuple[Mesh, ...], float]:
    """The meshes of a set piece and the even scale that gives them `size_m`'s height. Unknown ids give a plain box.
    `distant`: fewer triangles will do."""
    kind = ASSETS.get(asset, ASSETS["placeholder"])
    if not kind.scales:
        return _build(asset, seed, size_m), 1.0
    variant = seed % kind.variants
    native = (kind.native_m, kind.native_m, kind.native_m)
    found = _build(asset, variant, native)
    scale = size_m[1] / max(float(max(m.positions[:, 1].max() for m in found)), 1e-6)
    return (_build(asset, variant, native, True) if distant and kind.distant else found), scale


def measured(asset: str, seed: int, height_m: float) -> Vec3:
    """Bounding box of a scaled asset at this height; width and depth are symmetric about its origin."""
    found, scale = meshes_of(asset, seed, (height_m, height_m, height_m))
    reach = np.max([np.abs(m.positions).max(axis=0) for m in found], axis=0) * scale
    return (round(2 * float(reach[0]), 3), height_m, round(2 * float(reach[2]), 3))
