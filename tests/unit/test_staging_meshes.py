"""Meshes are what the contract says: finite, unit normals, counter-clockwise from outside."""

import numpy as np
import pytest

from vr_server.domain.staging import PathKey, Subject
from vr_server.staging.body.craft import spaceship_nodes
from vr_server.staging.body.dress import person_nodes
from vr_server.staging.meshes.ground import ground_mesh
from vr_server.staging.meshes.library import ASSETS, measured, meshes_of


def check(mesh):
    assert mesh.positions.dtype == mesh.normals.dtype == mesh.colours.dtype == np.float32
    assert mesh.triangles.dtype == np.int32
    assert mesh.positions.shape == mesh.normals.shape == mesh.colours.shape
    assert np.isfinite(mesh.positions).all()
    assert mesh.triangles.min() >= 0
    assert mesh.triangles.max() < len(mesh.positions)
    assert mesh.colours.min() >= 0
    assert mesh.colours.max() <= 1
    a, b, c = (mesh.positions[mesh.triangles[:, i]].astype(np.float64) for i in range(3))
    face = np.cross(b - a, c - a)
    area = np.linalg.norm(face, axis=1)
    big = area > 1e-7
    lengths = np.linalg.norm(mesh.normals[np.unique(mesh.triangles[big])], axis=1)
    assert np.abs(lengths - 1).max() < 1e-3
    if mesh.two_sided:
        return
    mean = mesh.normals[mesh.triangles].mean(axis=1)
    agree = (face[big] * mean[big]).sum(axis=1) > 0
    assert agree.mean() > 0.97, mesh.name


def volume(mesh):
    a, b, c = (mesh.positions[mesh.triangles[:, i]].astype(np.float64) for i in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


RISES_ABOVE = {"fire_escape", "pond", "terrace"}
"""Whole storeys, rims and balustrades: their size is that of what is stood on."""


@pytest.mark.parametrize("asset", sorted(ASSETS))
def test_set_pieces_are_sound_and_as_big_as_they_say(asset):
    size = measured(asset, 3, 4.0) if ASSETS[asset].scales else (9.0, 7.0, 6.0)
    found, scale = meshes_of(asset, 3, size)
    top = max(m.positions[:, 1].max() for m in found) * scale
    if not ASSETS[asset].open and asset not in RISES_ABOVE:
        assert top == pytest.approx(size[1], rel=0.15)
    for mesh in found:
        check(mesh)
        if not mesh.two_sided and not ASSETS[asset].open and asset not in {"bamboo", "tree", "conifer"}:
            assert volume(mesh) > 0


def subject_of(kind, size, wardrobe=None, props=()):
    path = (PathKey(t_s=0, position_m=(0, 0, 0), yaw_rad=0), PathKey(t_s=2, position_m=(0, 0, -2.6), yaw_rad=0))
    return Subject(
        object_id=1, key=kind, kind=kind, label=kind, size_m=size, wardrobe=wardrobe, props=props, path=path, seed=5
    )


@pytest.mark.parametrize("wardrobe", [None, "hanfu", "armour", "spacesuit", "coat", "suit", "dress", "casual"])
def test_bodies_are_sound_and_stand_on_the_ground(wardrobe):
    props = ("sword", "gun", "umbrella", "lantern", "torch", "bag")
    nodes = person_nodes(subject_of("woman", (0.5, 1.7, 0.4), wardrobe, props), 0.5)
    for node in nodes:
        check(node.mesh)
        assert node.mesh.two_sided or volume(node.mesh) > 0, node.mesh.name
    lowest, highest = np.inf, -np.inf
    for node in nodes:
        if node.part.startswith(("foot", "head")):
            y = (node.mesh.positions @ node.world_at(0.0)[:3, :3].T + node.world_at(0.0)[:3, 3])[:, 1]
            lowest, highest = min(lowest, y.min()), max(highest, y.max())
    assert abs(lowest) < 0.02
    assert 1.62 < highest < 1.86  # a bun or a helmet may stand above the crown


def test_a_spaceship_is_sound():
    nodes = [
        *spaceship_nodes(subject_of("spaceship", (8.6, 7.2, 15.0))),
    ]
    for node in nodes:
        check(node.mesh)
        if node.part != "lock":  # a room, seen from inside
            assert node.mesh.two_sided or volume(node.mesh) > 0, node.mesh.name


def test_ground_is_flat_where_people_act_and_rolls_at_the_horizon():
    mesh = ground_mesh("red_soil", (0.4, 0.15, 0.1), 1)
    check(mesh)
    r = np.hypot(mesh.positions[:, 0], mesh.positions[:, 2])
    assert np.abs(mesh.positions[r < 40, 1]).max() == 0
    assert mesh.positions[r > 200, 1].max() > 4
    assert (mesh.normals[:, 1] > 0).all()


def test_a_coat_keeps_its_knees_covered_all_through_a_walk():
    nodes = person_nodes(subject_of("woman", (0.5, 1.7, 0.4), "coat"), 0.25)
    bells = [n for n in nodes if n.part.startswith("skirt")]
    assert len(bells) == 3
    shins = [n for n in nodes if n.part in {"shin_l", "shin_r"}]
    for t in np.arange(0.0, 2.0, 0.06):
        cloth = np.concatenate(
            [n.mesh.positions @ n.world_at(t)[:3, :3].T + n.world_at(t)[:3, 3] for n in bells], dtype=np.float64
        )
        for shin in shins:
            knee = shin.world_at(t)[:3, 3]
            ring = cloth[np.abs(cloth[:, 1] - knee[1]) < 0.1] - knee
            # there is cloth in front of the knee, farther out than the kneecap
            ahead = ring[(ring[:, 2] < 0) & (np.abs(ring[:, 0]) < 0.12)]
            assert len(ahead)
            assert -ahead[:, 2].min() > 0.04
