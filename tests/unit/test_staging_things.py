"""Everything a shot can be about, but people: it is built, as big as it says, on the ground, and its parts do what they do."""

import math

import numpy as np
import pytest

from vr_server.blockout import tiny
from vr_server.domain.staging import PathKey, Subject, TimedAction
from vr_server.language.lexicon import load_lexicon
from vr_server.staging.blasts import blast_time
from vr_server.staging.body.animals import Animal
from vr_server.staging.body.machines import MACHINES
from vr_server.staging.body.saddles import rideable, saddle_at
from vr_server.staging.build import build_scene, subject_nodes
from vr_server.staging.kinds import KINDS, UNKNOWN
from vr_server.staging.meshes.lettering import writable
from vr_server.staging.meshes.props import HELD, held_prop

BUILT = sorted(k for k, v in KINDS.items() if v.builder not in {"person", "box", "spaceship"})
FLOATING = {"ship", "boat", "whale"}
MOST_TRIANGLES = {"train": 18_000, "dragon": 10_000}
GROUND_M = {"train": 0.113, "tree": -0.1}  # flanges over the ballast; a trunk in the soil


def subject_of(kind, *actions, speed=0.0, high=None, seconds=4.0, **more):
    """A subject that goes straight on along -Z at `speed` metres a second while it acts."""
    known = KINDS.get(kind, UNKNOWN)
    up = known.lift_m if high is None else high
    path = tuple(PathKey(t_s=t, position_m=(0, up, -speed * t), yaw_rad=0) for t in np.linspace(0, seconds, 9))
    acts = tuple(TimedAction(action=a, start_s=0.0, end_s=seconds) for a in actions)
    return Subject(
        object_id=1, key=kind, kind=kind, label=kind, size_m=known.size_m, path=path, actions=acts, seed=4, **more
    )


def stage(subject, hour="day", ground="stone"):
    """One subject on flat ground."""
    base = tiny.staging(duration_s=subject.path[-1].t_s)
    sky = base.sky.model_copy(update={"time_of_day": hour})
    return base.model_copy(update={"subjects": (subject,), "ground": ground, "sky": sky})


def box_of(nodes, t=0.0):
    """Corners of the bounding box at a time, float64 [2, 3]; what belongs to the ground is left out."""
    found = []
    for n in nodes:
        if n.object_id != 0:
            world = n.world_at(t)
            found.append(n.mesh.positions.astype(np.float64) @ world[:3, :3].T + world[:3, 3])
    points = np.concatenate(found)
    return np.array([points.min(axis=0), points.max(axis=0)])


def volume(mesh):
    a, b, c = (mesh.positions[mesh.triangles[:, i]].astype(np.float64) for i in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def check(mesh):
    assert np.isfinite(mesh.positions).all()
    assert mesh.triangles.max() < len(mesh.positions)
    assert mesh.colours.min() >= 0
    assert mesh.colours.max() <= 1
    if mesh.two_sided:
        return
    a, b, c = (mesh.positions[mesh.triangles[:, i]].astype(np.float64) for i in range(3))
    face = np.cross(b - a, c - a)
    big = np.linalg.norm(face, axis=1) > 1e-7
    mean = mesh.normals[mesh.triangles].mean(axis=1)
    assert ((face[big] * mean[big]).sum(axis=1) > 0).mean() > 0.97, mesh.name
    assert volume(mesh) > 0, mesh.name


@pytest.mark.parametrize("kind", BUILT)
def test_a_kind_is_sound_as_big_as_it_says_and_on_the_ground(kind):
    subject = subject_of(kind, "stand")
    nodes = subject_nodes(subject, 0.25)
    for node in nodes:
        check(node.mesh)
    assert sum(len(n.mesh.triangles) for n in nodes) < MOST_TRIANGLES.get(kind, 8_000)
    low, high = box_of(nodes)
    size, room = high - low, np.array(subject.size_m)
    assert (size < 1.15 * room + 0.02).all(), (size, room)
    assert (size > 0.55 * room - 0.02).all(), (size, room)
    if kind not in FLOATING and not KINDS[kind].lift_m:
        assert abs(low[1] - GROUND_M.get(kind, 0.0)) < 0.03


def test_there_is_a_body_for_whatever_the_lexicon_names():
    lexicon = load_lexicon()
    named = {lexicon.refer(f"subject:{i}").meant for i in lexicon.ids("subject")}
    assert len(named) > 80
    assert named <= set(KINDS)


def part(nodes, name):
    return next(n for n in nodes if n.part == name)


@pytest.mark.parametrize(
    "kind", [k for k in MACHINES if any("wheel" in n.part for n in subject_nodes(subject_of(k), 0))]
)
def test_wheels_roll_without_slipping(kind):
    nodes = subject_nodes(subject_of(kind, "drive", speed=2.0), 0.25)
    for node in (n for n in nodes if n.part.startswith(("wheel", "driver"))):
        radius = float(np.abs(node.mesh.positions[:, 1:]).max())
        dt = 0.01
        turn = node.world_at(1.0)[:3, :3].T @ node.world_at(1.0 + dt)[:3, :3]
        angle = math.atan2(turn[1, 2], turn[1, 1])
        assert angle == pytest.approx(2.0 * dt / radius, rel=0.12)  # rims and flanges stand out a little


def test_six_wings_unfold_and_beat():
    nodes = subject_nodes(subject_of("winged_craft", "unfold_wings", high=5.0), 0.25)
    wings = [n for n in nodes if n.part.startswith("wing")]
    assert len(wings) == 6
    spans = [np.ptp(box_of(nodes, t)[:, 0]) for t in (0.0, 1.0, 3.5)]
    assert spans[0] < spans[1] < spans[2]
    assert spans[2] > 2 * spans[0]
    assert np.abs(wings[0].world_at(3.4) - wings[0].world_at(3.9)).max() > 0.05


def test_rotors_turn_in_the_air_and_stand_on_the_ground():
    flying = part(subject_nodes(subject_of("helicopter", "fly", speed=7.0, high=6.0), 0), "rotor")
    parked = part(subject_nodes(subject_of("helicopter", "stand"), 0), "rotor")
    assert np.abs(flying.world_at(1.0)[:3, :3] - flying.world_at(1.05)[:3, :3]).max() > 0.3
    np.testing.assert_allclose(parked.world_at(1.0), parked.world_at(1.7), atol=1e-9)


def test_what_hovers_bobs_and_a_ship_sinks_by_the_stern():
    hull = part(subject_nodes(subject_of("winged_craft", "hover", high=5.0), 0), "hull")
    heights = [hull.world_at(t)[1, 3] for t in np.linspace(0, 4, 17)]
    assert 0.1 < np.ptp(heights) < 0.8
    ship = part(subject_nodes(subject_of("ship", "sink"), 0), "hull")
    assert ship.world_at(3.9)[1, 3] < ship.world_at(0.0)[1, 3] - 8
    bow, stern = (ship.world_at(2.5) @ (0, 3, z, 1) for z in (-12, 12))
    assert stern[1] < bow[1] - 1


def test_a_mecha_walks_with_planted_feet():
    nodes = subject_nodes(subject_of("mecha", "walk", speed=2.6), 0)
    soles = [n for n in nodes if n.part in {"foot_l", "foot_r"}]
    for t in np.arange(0.5, 3.5, 0.1):
        low = [(n.mesh.positions @ n.world_at(t)[:3, :3].T + n.world_at(t)[:3, 3])[:, 1].min() for n in soles]
        assert min(low) == pytest.approx(0, abs=0.08)  # of 7.2 m


def test_subjects_wear_their_colours():
    red = subject_nodes(subject_of("car", colours=((0.7, 0.02, 0.02),)), 0)
    body = part(red, "body").mesh.colours.mean(axis=0)
    assert body[0] > 4 * body[1]


@pytest.mark.parametrize("prop", sorted(HELD))
def test_held_props_are_sound_and_fit_a_hand(prop):
    meshes = held_prop(prop)
    assert meshes
    for mesh in meshes:
        check(mesh)
    points = np.concatenate([m.positions for m in meshes])
    assert (points.min(axis=0) < 0.06).all()  # the grip is at the origin
    assert (points.max(axis=0) > -0.06).all()
    assert np.ptp(points, axis=0).max() < 2.6


@pytest.mark.parametrize(
    ("kind", "speed"), [("horse", 1.4), ("horse", 8.0), ("dog", 1.2), ("elephant", 1.5), ("tiger", 2.5)]
)
def test_planted_paws_do_not_slide_and_reach_the_ground(kind, speed):
    nodes = subject_nodes(subject_of(kind, "walk", speed=speed), 0)
    feet = [n for n in nodes if n.part.startswith("foot")]
    leg = Animal(subject_of(kind)).breed.hip
    times = np.arange(0.4, 3.6, 1 / 48)
    grounded = 0
    for foot in feet:
        at = np.array([foot.world_at(t)[:3, 3] for t in times])
        low = np.array(
            [(foot.mesh.positions @ foot.world_at(t)[:3, :3].T + foot.world_at(t)[:3, 3])[:, 1].min() for t in times]
        )
        assert low.min() > -0.03 * leg
        down = (low < 0.004 * leg)[:-1] & (low < 0.004 * leg)[1:]
        slid = np.linalg.norm(np.diff(at[:, [0, 2]], axis=0), axis=1)[down]
        grounded += len(slid)
        assert slid.max(initial=0.0) < 0.02
    assert grounded > 0.08 * 4 * len(times)


@pytest.mark.parametrize("kind", ["horse", "dragon"])
def test_legs_hang_together(kind):
    nodes = {n.part: n for n in subject_nodes(subject_of(kind, "walk", speed=1.6), 0)}
    for leg in ("lf", "rf", "lh", "rh"):
        upper, lower = nodes[f"upper_leg_{leg}"], nodes[f"lower_leg_{leg}"]
        for t in (0.3, 1.1, 2.7):
            knee = upper.world_at(t) @ np.append(upper.mesh.positions[upper.mesh.positions[:, 1].argmin()], 1.0)
            assert np.linalg.norm(knee[:3] - lower.world_at(t)[:3, 3]) < 0.35


@pytest.mark.parametrize("kind", ["bird", "eagle", "dragon"])
def test_wings_beat_in_flight_and_fold_on_the_ground(kind):
    flying = subject_nodes(subject_of(kind, "fly", speed=7.0, high=5.0), 0)
    tops = [
        box_of([n for n in flying if "outer" in n.part or "hand" in n.part], t)[:, 1] for t in np.linspace(0, 2, 25)
    ]
    assert np.ptp([high for _, high in tops]) > 0.2 * KINDS[kind].size_m[0] / 2
    perched = subject_nodes(subject_of(kind, "stand", high=0.0), 0)
    widest = max(np.ptp(box_of(flying, t)[:, 0]) for t in np.linspace(0, 2, 25))
    assert np.ptp(box_of(perched)[:, 0]) < 0.75 * widest


@pytest.mark.parametrize("kind", ["car", "spaceship", "table"])
def test_an_explosion_throws_pieces_that_come_down(kind):
    subject = subject_of(kind, "explode", seconds=6.0)
    nodes = subject_nodes(subject, 0)
    t0 = blast_time(subject)
    whole = box_of(subject_nodes(subject_of(kind), 0), 0.2)
    np.testing.assert_allclose(box_of(nodes, 0.2), whole, atol=0.01)
    flying = np.ptp(box_of(nodes, t0 + 0.6), axis=0)
    assert flying[0] > 1.4 * np.ptp(whole, axis=0)[0]
    debris = [n for n in nodes if "debris" in n.part]
    assert len(debris) >= 4
    for n in debris:
        np.testing.assert_array_equal(n.world_at(5.5), n.world_at(5.9))  # at rest
        assert abs((n.world_at(5.9) @ np.append(n.mesh.positions.mean(axis=0), 1.0))[1]) < 1.5


@pytest.mark.parametrize("hour", ["day", "night"])
def test_fire_and_smoke_follow_the_blast_and_thin_out(hour):
    staging = stage(subject_of("car", "explode", seconds=6.0), hour)
    scene = build_scene(staging)
    t0 = blast_time(staging.subjects[0])
    assert len(scene.puffs_at(t0 - 0.05)) == 0
    early, late = scene.puffs_at(t0 + 0.3), scene.puffs_at(t0 + 3.0)
    assert early[:, 5].max() > 1  # it glows
    assert np.median(late[:, 5]) < 0.2  # soot by then
    assert late[:, 1].mean() > early[:, 1].mean()
    np.testing.assert_array_equal(early, scene.puffs_at(t0 + 0.3))


def test_what_runs_on_sand_raises_dust_and_on_stone_does_not():
    horse = subject_of("horse", "run", speed=8.0)
    assert len(build_scene(stage(horse, ground="sand")).puffs_at(2.0)) > 10
    assert len(build_scene(stage(horse, ground="stone")).puffs_at(2.0)) == 0


@pytest.mark.parametrize("kind", [k for k in KINDS if rideable(k)])
def test_a_saddle_is_on_top_and_goes_along(kind):
    subject = subject_of(kind, "run", speed=4.0)
    a, b = saddle_at(subject, 1.0), saddle_at(subject, 1.5)
    assert 0.1 < a[1, 3] < subject.size_m[1]
    assert b[2, 3] - a[2, 3] == pytest.approx(-2.0, abs=0.3)
    np.testing.assert_allclose(a[:3, :3].T @ a[:3, :3], np.eye(3), atol=1e-6)


def test_cloth_flies_more_in_a_storm_and_flames_flicker():
    def travel(wind):
        tip = part(subject_nodes(subject_of("flag"), wind), "cloth_8")
        return np.ptp([tip.world_at(t)[2, 3] for t in np.linspace(0, 3, 40)])

    assert travel(1.4) > 1.3 * travel(0.1)
    flame = part(subject_nodes(subject_of("campfire"), 0.3), "flame_0")
    assert np.abs(flame.world_at(0.5) - flame.world_at(0.9)).max() > 0.05


def test_what_is_put_on_something_needs_no_table_of_its_own():
    alone = {n.part for n in subject_nodes(subject_of("cup"), 0)}
    placed = {n.part for n in subject_nodes(subject_of("cup", high=0.76), 0)}
    assert alone - placed == {"stand"}


@pytest.mark.parametrize(
    ("label", "written"), [("zorblax", "ZORBLAX"), ("an Ornithopter of doom", "AN ORNITHOPTER"), ("独角怪", "")]
)
def test_a_stand_in_wears_its_label(label, written):
    assert writable(label).strip() == written.strip()
    subject = subject_of("no such thing").model_copy(update={"label": label, "placeholder": True})
    nodes = subject_nodes(subject, 0)
    assert {n.part for n in nodes} == {"box", "label"}
    for node in nodes:
        check(node.mesh)
    low, high = box_of(nodes)
    assert (np.abs(high - low - subject.size_m) < 0.03).all()
    other = subject_nodes(subject.model_copy(update={"label": "quux", "object_id": 2}), 0)
    assert part(other, "label").mesh.positions.shape != part(nodes, "label").mesh.positions.shape
