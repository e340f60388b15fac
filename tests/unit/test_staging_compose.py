"""What compose() promises a director: who, where, seen how, in what light."""

import itertools
import math

import numpy as np
import pytest
from staging_fixtures import LANDING, STREET, SWORD, one, subject

from vr_server.domain.shot import CameraIntent, MarkOverride, ShotSpec
from vr_server.staging import build_scene, compose
from vr_server.staging.geometry import matrix_of, rot_y
from vr_server.staging.kinds import KINDS
from vr_server.staging.meshes import craft
from vr_server.staging.places import PLACES
from vr_server.staging.subjects import path_at


def project(key, point, aspect=16 / 9):
    """Frame coordinates -1..1 of a world point, x right, y up; None behind the camera."""
    local = matrix_of(key.rotation).T @ (np.asarray(point) - np.array(key.position_m))
    if local[2] >= 0:
        return None
    f = 1 / math.tan(key.yfov_rad / 2)
    return local[0] / -local[2] * f / aspect, local[1] / -local[2] * f


def at_share(staging, share):
    return staging.camera.keys[round((len(staging.camera.keys) - 1) * share)]


def inside(frame_point):
    return frame_point is not None and abs(frame_point[0]) < 1 and abs(frame_point[1]) < 1


def test_two_suns_stand_in_the_frame_all_through_the_landing():
    staging = compose(LANDING, 3)
    suns = [b for b in staging.sky.bodies if b.kind == "sun"]
    assert len(suns) == 2
    for key in staging.camera.keys:
        for sun in suns:
            assert inside(project(key, np.array(key.position_m) + 1000 * np.array(sun.direction)))
            assert 0 < sun.direction[1] < 0.5  # setting: low, not under the ground


def test_no_sun_of_the_landing_hides_behind_the_ship():
    staging = compose(LANDING, 3)
    ship = next(s for s in staging.subjects if s.kind == "spaceship")
    fin = np.array([0.0, 1.0, 0.45]) * ship.size_m
    nose = np.array([0.0, 0.45, -0.5]) * ship.size_m
    for key in staging.camera.keys:
        at, yaw = path_at(ship.path, key.t_s)
        for part in (fin, nose, (fin + nose) / 2):
            ray = at + rot_y(yaw) @ part - np.array(key.position_m)
            for sun in staging.sky.bodies:
                apart = np.arccos(ray @ np.array(sun.direction) / np.linalg.norm(ray))
                assert apart > sun.angular_radius_rad


def test_dust_rises_only_while_a_craft_lands_on_loose_soil():
    still_air = LANDING.model_copy(update={"weather": ()})
    landing = build_scene(compose(still_air, 3))
    counts = [len(landing.puffs_at(t)) for t in (0.0, 2.6, 7.9)]
    assert counts[0] == counts[2] == 0
    assert counts[1] > 20
    blown = landing.puffs_at(2.6)
    np.testing.assert_array_equal(blown, landing.puffs_at(2.6))
    assert (blown[:, 1] > 0).all()
    assert (blown[:, 4] < 0.6).all()
    paved = build_scene(compose(still_air.model_copy(update={"place": "street"}), 3))
    assert len(paved.puffs_at(2.6)) == 0


def test_dusty_air_drifts_with_the_wind_and_holds_the_same_banks_all_along():
    staging = compose(one(weather=("dust",)), 3)
    air = build_scene(staging)
    first, later = air.puffs_at(0.0), air.puffs_at(0.5)
    assert len(first) == len(later) > 10
    moved = np.median(later[:, 0] - first[:, 0])
    assert 0 < moved <= 0.5 * staging.wind_m_s[0]


def test_ship_sinks_lands_and_only_then_opens():
    staging = compose(LANDING, 3)
    ship = next(s for s in staging.subjects if s.kind == "spaceship")
    heights = [k.position_m[1] for k in ship.path]
    assert heights[0] > 2
    assert heights[-1] == 0
    assert all(a >= b for a, b in itertools.pairwise(heights))
    opening = next(a for a in ship.actions if a.action == "open_hatch")
    assert path_at(ship.path, opening.start_s)[0][1] == pytest.approx(0, abs=0.05)


def test_astronaut_rides_inside_and_walks_down_the_ramp():
    staging = compose(LANDING, 3)
    ship = next(s for s in staging.subjects if s.kind == "spaceship")
    astronaut = next(s for s in staging.subjects if s.kind == "astronaut")
    opening = next(a for a in ship.actions if a.action == "open_hatch")
    for t in (0.0, opening.start_s):
        offset = path_at(astronaut.path, t)[0] - path_at(ship.path, t)[0]
        assert np.linalg.norm(offset[[0, 2]]) < craft.WIDTH_M / 2
        assert offset[1] == pytest.approx(1.06 * ship.size_m[1] * craft.DOOR_HINGE[1] / craft.HEIGHT_M, abs=0.15)
    end = path_at(astronaut.path, staging.duration_s)[0]
    assert np.linalg.norm((end - path_at(ship.path, staging.duration_s)[0])[[0, 2]]) > 3.5
    assert end[1] == pytest.approx(0, abs=0.02)  # down on the ground before the shot is over
    assert inside(project(at_share(staging, 1), end + np.array([0, 1.8, 0])))


def test_ramp_reaches_the_ground_when_open_and_shuts_the_door_before():
    scene = build_scene(compose(LANDING, 3))
    ramp = next(n for n in scene.moving if n.part == "ramp")
    top = ramp.mesh.positions[:, 1].max()
    tip = np.array([0, top, 0, 1.0])
    assert (ramp.world_at(8.0) @ tip)[1] == pytest.approx(0, abs=0.12)
    upright = ramp.world_at(0.0)
    assert upright[1, 1] > 0.99 * np.linalg.norm(upright[:3, 1])


def test_grove_has_a_clearing_and_the_low_camera_rises_and_looks_up():
    staging = compose(SWORD, 5)
    culms = [p for p in staging.set_pieces if p.asset == "bamboo"]
    assert 150 <= len(culms) <= 600
    assert min(math.hypot(p.position_m[0], p.position_m[2]) for p in culms) > 2
    heights = [k.position_m[1] for k in staging.camera.keys]
    assert heights[0] < 0.6
    assert heights[-1] > heights[0] + 0.3
    assert all(-matrix_of(k.rotation)[1, 2] > 0 for k in staging.camera.keys)


def test_a_sword_dancer_is_given_a_sword_and_robe_hair_and_sash_move():
    scene = build_scene(compose(SWORD, 5))
    parts = {n.part for n in scene.moving}
    assert {"sword", "skirt_2", "hair_3", "sash_l_3", "forearm_l"} <= parts
    hem = next(n for n in scene.moving if n.part == "skirt_2")
    assert np.abs(hem.world_at(1.0) - hem.world_at(2.4)).max() > 0.02


def test_walkers_come_nearer_on_a_street_with_trees_and_houses():
    staging = compose(STREET, 1)
    assert {"tree", "building", "road", "street_lamp"} <= {p.asset for p in staging.set_pieces}
    camera = np.array(at_share(staging, 0).position_m)
    for walker in staging.subjects:
        first, last = (np.linalg.norm(path_at(walker.path, t)[0] - camera) for t in (0, staging.duration_s))
        assert last < first - 3


@pytest.mark.parametrize("place", sorted(PLACES))
def test_every_place_builds_within_the_triangle_budget(place):
    staging = compose(one("man", "walk", place=place), 2)
    assert staging.set_pieces
    assert all("lens" in remark for remark in staging.remarks)  # a room may be too small for the one asked for
    scene = build_scene(staging)
    assert sum(len(n.mesh.triangles) for n in (*scene.static, *scene.moving)) < 175_000


def test_object_ids_are_unique_and_parts_carry_their_subjects():
    staging = compose(STREET, 1)
    ids = [x.object_id for x in (*staging.set_pieces, *staging.subjects)]
    assert len(ids) == len(set(ids))
    assert 0 not in ids
    scene = build_scene(staging)
    assert scene.static[0].object_id == 0
    assert {n.object_id for n in scene.moving} == {s.object_id for s in staging.subjects}


def test_what_is_unknown_is_replaced_and_told():
    spec = ShotSpec(
        text="A zorblax knits on the moon.",
        language="en",
        subjects=(subject("zorblax", "knit"), subject("gryphon", key="g")),
        place="moon_base",
        set_dressing=("teapot",),
    )
    staging = compose(spec, 1)
    told = " ".join(staging.remarks)
    assert all(word in told for word in ("zorblax", "gryphon", "knit", "moon_base", "teapot"))
    assert all(s.placeholder for s in staging.subjects)
    assert {n.part for n in build_scene(staging).moving} == {"box", "label"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_a_body(kind):
    staging = compose(one(kind, "walk", place="plain"), 4)
    nodes = build_scene(staging).moving
    assert nodes
    assert all(np.isfinite(n.world_at(1.3)).all() for n in nodes)


@pytest.mark.parametrize("kind", ["child", "man", "mecha"])
def test_a_close_up_shows_head_and_shoulders_whoever_it_is(kind):
    staging = compose(one(kind, camera=CameraIntent(shot_size="close_up")), 4)
    s, key = staging.subjects[0], at_share(staging, 0.5)
    at, _ = path_at(s.path, staging.duration_s / 2)
    h = s.size_m[1]
    assert inside(project(key, at + np.array([0, h, 0])))
    assert inside(project(key, at + np.array([0, 0.8 * h, 0])))
    assert not inside(project(key, at + np.array([0, 0.5 * h, 0])))


def test_intent_turns_the_camera():
    still = compose(one(), 4)
    base = np.array(still.camera.keys[0].position_m)
    nearer = np.array(compose(one(camera=CameraIntent(distance_scale=0.6)), 4).camera.keys[0].position_m)
    higher = np.array(compose(one(camera=CameraIntent(height_offset_m=2.0)), 4).camera.keys[0].position_m)
    round_ = np.array(compose(one(camera=CameraIntent(yaw_offset_rad=math.pi / 2)), 4).camera.keys[0].position_m)
    assert nearer[2] < 0.7 * base[2]
    assert higher[1] == pytest.approx(base[1] + 2, abs=0.01)
    assert round_[0] > 2
    assert abs(round_[2]) < 0.5


@pytest.mark.parametrize(
    ("move", "moved"),
    [
        ("dolly_in", lambda a, b: b[2] < a[2] - 0.5),
        ("dolly_out", lambda a, b: b[2] > a[2] + 0.5),
        ("truck_left", lambda a, b: b[0] < a[0] - 0.5),
        ("crane_up", lambda a, b: b[1] > a[1] + 0.5),
        ("crane_down", lambda a, b: b[1] < a[1] - 0.5),
        ("orbit_right", lambda a, b: b[0] > a[0] + 0.5),
        ("static", np.allclose),
    ],
)
def test_moves_go_where_they_say(move, moved):
    keys = compose(one(camera=CameraIntent(move=move)), 4).camera.keys
    assert moved(np.array(keys[0].position_m), np.array(keys[-1].position_m))


@pytest.mark.parametrize(
    ("move", "axis", "sign"), [("pan_left", 0, -1), ("pan_right", 0, 1), ("tilt_up", 1, 1), ("tilt_down", 1, -1)]
)
def test_pans_and_tilts_turn_on_the_spot(move, axis, sign):
    keys = compose(one(camera=CameraIntent(move=move)), 4).camera.keys
    first, last = (-matrix_of(k.rotation)[:, 2] for k in (keys[0], keys[-1]))
    assert (last - first)[axis] * sign > 0.2
    assert keys[0].position_m == keys[-1].position_m


def test_a_slower_move_covers_less():
    def travel(speed):
        keys = compose(one(camera=CameraIntent(move="dolly_in", move_speed=speed)), 4).camera.keys
        return np.linalg.norm(np.array(keys[0].position_m) - np.array(keys[-1].position_m))

    assert travel(0.5) < 0.6 * travel(1.0)


def test_action_speed_scales_the_way_walked():
    def walked(rate):
        path = compose(one("man", "walk", action_speed=rate), 4).subjects[0].path
        return np.linalg.norm(np.array(path[0].position_m) - np.array(path[-1].position_m))

    assert walked(0.5) == pytest.approx(0.5 * walked(1.0), rel=0.02)


def test_moved_marks_are_passed_at_their_times():
    marks = (
        MarkOverride(subject_key="man", t_s=1.03, position_m=(2.0, 0.0, 1.0), yaw_rad=0.4),
        MarkOverride(subject_key="man", t_s=3.0, position_m=(-1.0, 0.0, 0.5)),
    )
    path = compose(one("man", "walk", mark_overrides=marks), 4).subjects[0].path
    for mark in marks:
        assert path_at(path, mark.t_s)[0] == pytest.approx(mark.position_m, abs=1e-3)
    assert path_at(path, 1.03)[1] == pytest.approx(0.4, abs=1e-3)


def test_night_has_a_moon_and_day_a_high_sun():
    night = compose(one(time_of_day="night"), 4).sky
    assert night.bodies[0].kind == "moon"
    day = compose(one(), 4).sky
    assert day.bodies[0].kind == "sun"
    assert day.bodies[0].direction[1] > 0.5
    assert day.bodies[0].illuminance > 2 * night.bodies[0].illuminance


def test_same_set_after_a_note_about_the_camera():
    """A piece that stays keeps its id and place when only the camera changes."""
    a = {p.object_id: p for p in compose(SWORD, 5).set_pieces}
    nearer = SWORD.model_copy(update={"camera": SWORD.camera.model_copy(update={"distance_scale": 0.7})})
    b = {p.object_id: p for p in compose(nearer, 5).set_pieces}
    shared = a.keys() & b.keys()
    assert len(shared) > 0.9 * len(a)
    assert all(a[i] == b[i] for i in shared)


def test_the_camera_goes_along_with_a_runner_and_pans_after_a_walker():
    runner = compose(one("man", "run", place="desert"), 4)
    first, last = (np.array(runner.camera.keys[i].position_m) for i in (0, -1))
    way = path_at(runner.subjects[0].path, runner.duration_s)[0] - path_at(runner.subjects[0].path, 0)[0]
    assert last - first == pytest.approx(way, abs=0.05)
    walker = compose(one("man", "walk", place="desert"), 4)
    keys = walker.camera.keys
    assert keys[0].position_m == keys[-1].position_m
    assert keys[0].rotation != keys[-1].rotation
    for t, key in ((0.0, keys[0]), (walker.duration_s, keys[-1])):
        assert inside(project(key, path_at(walker.subjects[0].path, t)[0] + np.array([0, 1, 0])))


def test_an_overhead_camera_does_not_spin_over_a_walker():
    keys = compose(one("man", "walk", camera=CameraIntent(angle="overhead")), 4).camera.keys
    assert keys[0].rotation == pytest.approx(keys[-1].rotation, abs=1e-6)
    assert keys[0].position_m != keys[-1].position_m


def test_who_sits_has_something_to_sit_on():
    scene = build_scene(compose(one("man", "sit"), 4))
    stool = next(n for n in scene.moving if n.part == "stool")
    pelvis = next(n for n in scene.moving if n.part == "pelvis")
    top = stool.world_at(3.0)[:3, 3] + [0, stool.mesh.positions[:, 1].max(), 0]
    below = pelvis.world_at(3.0)[:3, 3] - top
    assert 0 < below[1] < 0.2
    assert np.hypot(below[0], below[2]) < 0.15


def test_leaves_fall_in_a_windy_grove_only():
    leaves = [n for n in build_scene(compose(SWORD, 5)).moving if n.label == "leaf"]
    assert leaves
    assert all(0 <= n.world_at(t)[1, 3] < 7 for n in leaves for t in (0.0, 3.3, 11.0))
    calm = SWORD.model_copy(update={"weather": ()})
    assert not any(n.label == "leaf" for n in build_scene(compose(calm, 5)).moving)


def test_what_the_words_lost_stands_in_the_take_s_remarks():
    spec = one("person", "stand").model_copy(update={"left_out": ("“Dusk” is left out: the shot is at night.",)})
    assert spec.left_out[0] in compose(spec, 1).remarks
