"""Every place is a set: it builds, stands on its ground, leaves the camera room, and keeps its layout."""

import numpy as np
import pytest
from staging_fixtures import one, subject

from vr_server.domain.shot import CameraIntent, ShotSpec
from vr_server.staging import build_scene, compose
from vr_server.staging.meshes.ground import ground_height, ground_mesh, ledge, litter_mesh, water_level
from vr_server.staging.meshes.library import ASSETS, meshes_of
from vr_server.staging.places import PLACES, find_place, place_of
from vr_server.staging.places.dressing import dressing
from vr_server.staging.places.indoors import INDOORS

VOCABULARY = [
    "desert",
    "red_planet",
    "bamboo_grove",
    "forest",
    "ancient_city",
    "ruins",
    "courtyard",
    "street",
    "night_market",
    "alley",
    "room",
    "office",
    "bar",
    "corridor",
    "spaceship_interior",
    "cliff",
    "river",
    "sea",
    "snowfield",
    "lava",
    "stage",
    "plain",
    "temple",
    "rooftop",
    "bridge",
    "cave",
    "beach",
    "harbour",
]
SET_WORDS = [
    "trees",
    "rocks",
    "buildings",
    "lamps",
    "car",
    "crates",
    "lanterns",
    "columns",
    "bamboo",
    "bridge",
    "wall",
    "lava_cracks",
    "lava_river",
    "puddles",
    "waterfall",
    "gate",
    "stairs",
    "flowers",
    "neon_signs",
    "stalls",
    "pond",
    "graves",
    "fires",
    "mountains",
    "cacti",
    "fence",
    "reeds",
]
HUNG = {
    "pendant", "light_panel", "picture", "neon_sign", "lantern_string", "ceiling", "ship_ceiling", "fire_escape", "wall_lamp", "cables", "stalactites",
    "spot_bar", "space_view", "curtain",
}  # fmt: skip


def wide(place: str, **more) -> ShotSpec:
    more.setdefault("camera", CameraIntent(shot_size="wide"))
    return one("woman", place=place, **more)


@pytest.mark.parametrize("place", VOCABULARY)
def test_a_place_is_a_set_of_its_own_that_is_not_too_heavy(place):
    staging = compose(wide(place), 3)
    assert not staging.remarks
    assert len(staging.set_pieces) >= 6
    assert all(p.asset in ASSETS and p.asset != "placeholder" for p in staging.set_pieces)
    scene = build_scene(staging)
    assert sum(len(n.mesh.triangles) for n in (*scene.static, *scene.moving)) < 250_000
    known = {p.object_id for p in staging.set_pieces}
    assert {n.object_id for n in scene.static} <= known | {0}


def test_an_unknown_place_is_an_open_plain_and_says_so():
    place, remarks = find_place("moon_base_of_nobody")
    assert place is PLACES["plain"]
    assert "moon_base_of_nobody" in remarks[0]


@pytest.mark.parametrize("place", sorted(PLACES))
def test_nothing_floats_and_nothing_is_buried(place):
    """What is not hung stands within 5 cm of the highest ground under it, or in it."""
    ground = PLACES[place].ground
    floor = 0.0 if ground == "rooftop" else None
    terrace = 2.4 if place == "temple" else 0.0
    for piece in compose(wide(place), 3).set_pieces:
        found, scale = meshes_of(piece.asset, piece.seed, piece.size_m)
        low = min(float(m.positions[:, 1].min()) for m in found) * scale + piece.position_m[1]
        high = max(float(m.positions[:, 1].max()) for m in found) * scale + piece.position_m[1]
        x, y, z = piece.position_m
        under = ground_height(
            ground,
            x + 0.3 * piece.size_m[0] * np.array([-1, 0, 1, 0, 0]),
            z + 0.3 * piece.size_m[2] * np.array([0, 0, 0, 1, -1]),
        )
        top = float(under.max())
        if piece.asset in HUNG:
            continue
        level = water_level(ground)
        if piece.asset in {"water", "boat", "foam", "lava"} and level is not None:
            assert abs(y - level) < 0.2, piece
            continue
        allowed = top + 0.05 + (terrace if piece.label == "main hall" else 0.0)
        assert low < allowed, (piece.asset, low, top)
        if floor is None and not ASSETS[piece.asset].open:
            assert high > float(under.min()), piece.asset


@pytest.mark.parametrize("place", sorted(PLACES))
def test_the_camera_sees_its_subject_and_stands_in_nothing(place):
    staging = compose(wide(place), 11)
    floor = ground_height(staging.ground, *(np.array([k.position_m for k in staging.camera.keys])[:, [0, 2]].T))
    assert (np.array([k.position_m[1] for k in staging.camera.keys]) > floor + 0.1).all()


@pytest.mark.parametrize("place", sorted(INDOORS))
def test_a_room_has_walls_round_it_and_lamps_or_windows(place):
    room = PLACES[place].interior
    assert room is not None
    assert room.x_m[0] < -1 < 1 < room.x_m[1]
    assert room.z_m[0] < -2
    assert 2.4 < room.height_m < 8
    sky = compose(wide(place, camera=CameraIntent(shot_size="medium")), 3).sky
    if room.daylight is None:
        assert not sky.bodies  # no sun inside
    assert sky.cloud_cover == 0 or room.daylight is not None


def pieces_of(spec: ShotSpec, seed: int):
    """By id; which of them the shot leaves out depends on where its people stand."""
    return {p.object_id: (p.asset, p.position_m, p.size_m, p.seed) for p in compose(spec, seed).set_pieces}


def share_kept(a, b):
    common = a.keys() & b.keys()
    assert len(common) > 0.85 * len(a)
    return np.mean([a[i] == b[i] for i in common])


@pytest.mark.parametrize("place", ["forest", "night_market", "alley", "room"])
def test_a_place_keeps_its_layout_where_shots_belong_together(place):
    kept = wide(place, continuity="a film")
    assert share_kept(pieces_of(kept, 1), pieces_of(kept, 2)) == 1
    assert pieces_of(wide(place), 1) != pieces_of(wide(place), 2)
    assert pieces_of(kept, 1) != pieces_of(wide(place, continuity="another film"), 1)


@pytest.mark.parametrize("name", SET_WORDS)
def test_set_dressing_is_built_and_lies_about_the_mark(name):
    found, remark = dressing(name, "plain", np.random.default_rng(4))
    if name in {"trees", "flowers"} and not found:
        return  # a plain has them
    assert remark is None
    assert found
    assert all(c.asset in ASSETS for c in found)


def test_unknown_dressing_is_a_labelled_box():
    found, remark = dressing("zorblax", "plain", np.random.default_rng(4))
    assert found[0].asset == "placeholder"
    assert remark is not None
    assert "zorblax" in remark


def test_a_cliff_breaks_off_behind_the_mark():
    edge = ledge("cliff")
    assert edge is not None
    z = np.array([1.0, 0.0, edge.edge_z_m + 0.2, edge.edge_z_m - 1.0, edge.edge_z_m - edge.reach_m - 2])
    height = ground_height("cliff", np.zeros(5), z)
    assert np.abs(height[:3]).max() < 0.01
    assert height[3] < -5
    assert height[4] < -0.9 * edge.drop_m
    mesh = ground_mesh("cliff", (0.3, 0.3, 0.3), 1)
    a, b, c = (mesh.positions[mesh.triangles[:, i]] for i in range(3))
    assert (np.cross(b - a, c - a)[:, 1] > -1e-3).mean() > 0.94  # but for ledges of the rock face none looks down
    assert ledge("sand") is None


@pytest.mark.parametrize("ground", ["river", "beach", "basalt", "quay", "gorge"])
def test_water_fills_its_bed_and_leaves_the_mark_dry(ground):
    level = water_level(ground)
    assert level is not None
    z = np.linspace(-40, 0, 81)
    bed = ground_height(ground, np.zeros(81), z)
    assert bed.min() < level - 0.3
    if ground != "gorge":  # its mark is on a bridge
        assert float(bed[-1]) > level


def test_ships_alone_are_on_the_open_sea():
    ship = ShotSpec(text="A ship.", language="en", subjects=(subject("ship"),), place="sea")
    assert place_of(ship)[0] is PLACES["open_sea"]
    both = ship.model_copy(update={"subjects": (subject("man"), *ship.subjects)})
    assert place_of(both)[0] is PLACES["sea"]


def test_small_things_strewn_over_the_ground_lie_on_it():
    for ground in ("grass", "sand", "cliff", "river"):
        mesh = litter_mesh(ground, 2)
        assert mesh is not None
        at = mesh.positions.astype(float)
        assert np.abs(at[:, 1] - ground_height(ground, at[:, 0], at[:, 2])).max() < 0.35
    assert litter_mesh("boards", 2) is None
