"""Everything a shot can be about, but people: it is built, as big as it says, on the ground, and its parts do what they do."""

import math

import numpy as np
import pytest

from vr_server.domain.staging import PathKey, Subject, TimedAction
from vr_server.staging.body.machines import MACHINES
from vr_server.staging.build import subject_nodes
from vr_server.staging.kinds import KINDS, UNKNOWN
from vr_server.staging.meshes.props import HELD, held_prop

BUILT = sorted(
    k
    for k, v in KINDS.items()
    if v.builder not in {"person", "box", "spaceship", "quadruped", "bird", "dragon", "fish", "snake", "thing"}
)
FLOATING = {"ship", "boat", "whale", "fish"}
MOST_TRIANGLES = {"train": 18_000}
GROUND_M = {"train": 0.116}  # flanges reach below the railheads


def subject_of(kind, *actions, speed=0.0, high=None, seconds=4.0, **more):
    """A subject that goes straight on along -Z at `speed` metres a second while it acts."""
    known = KINDS.get(kind, UNKNOWN)
    up = known.lift_m if high is None else high
    path = tuple(PathKey(t_s=t, position_m=(0, up, -speed * t), yaw_rad=0) for t in np.linspace(0, seconds, 9))
    acts = tuple(TimedAction(action=a, start_s=0.0, end_s=seconds) for a in actions)
    return Subject(
        object_id=1, key=kind, kind=kind, label=kind, size_m=known.size_m, path=path, actions=acts, seed=4, **more
    )


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
