"""The .glb parses, shares meshes, animates what moves, and says who is who."""

import numpy as np
import pygltflib
import pytest
from staging_fixtures import LANDING, STREET, SWORD

from vr_server.domain.staging import Staging
from vr_server.staging import build_scene, compose, to_glb
from vr_server.staging.geometry import matrix_of
from vr_server.staging.gltf_data import needed_keys, trs


@pytest.fixture(scope="module")
def staging():
    return compose(STREET, 9)


@pytest.fixture(scope="module")
def glb(staging):
    return pygltflib.GLTF2.load_from_bytes(to_glb(staging, fps=8))


def values(doc, index):
    accessor = doc.accessors[index]
    view = doc.bufferViews[accessor.bufferView]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[accessor.type]
    dtype = np.int16 if accessor.componentType == pygltflib.SHORT else np.float32
    found = np.frombuffer(doc.binary_blob(), dtype, accessor.count * width, view.byteOffset).reshape(-1, width)
    return found / 32767 if dtype is np.int16 else found


def test_every_object_is_there_with_its_id_and_label(staging, glb):
    wanted = {x.object_id: x.label for x in (*staging.set_pieces, *staging.subjects)} | {0: "ground"}
    found = {n.extras["objectId"]: n.extras["label"] for n in glb.nodes if "objectId" in n.extras}
    assert found == wanted


def test_a_subject_is_one_node_over_its_parts(staging, glb):
    subject = staging.subjects[0]
    (owner,) = [
        n for n in glb.nodes if n.extras.get("key") == subject.key and n.extras["objectId"] == subject.object_id
    ]
    assert {glb.nodes[c].extras["objectId"] for c in owner.children} == {subject.object_id}
    assert "pelvis" in {glb.nodes[c].extras["part"] for c in owner.children}


def test_meshes_are_shared(glb):
    used = [n.mesh for n in glb.nodes if n.mesh is not None]
    assert len(glb.meshes) == len(set(used))
    assert len(used) > 1.2 * len(glb.meshes)


def test_references_stay_inside_the_file(glb):
    blob = len(glb.binary_blob())
    assert all(v.byteOffset + v.byteLength <= blob for v in glb.bufferViews)
    for mesh in glb.meshes:
        primitive = mesh.primitives[0]
        count = glb.accessors[primitive.attributes.POSITION].count
        assert glb.accessors[primitive.attributes.NORMAL].count == count
        assert glb.accessors[primitive.indices].max[0] < count


def test_camera_node_follows_the_camera_path(staging, glb):
    node = next(i for i, n in enumerate(glb.nodes) if n.camera is not None)
    key = staging.camera.keys[0]
    assert glb.nodes[node].translation == pytest.approx(key.position_m, abs=1e-4)
    assert glb.cameras[0].perspective.yfov == pytest.approx(key.yfov_rad)


def test_channels_sample_the_moving_nodes(staging, glb):
    scene = build_scene(staging)
    pelvis = next(n for n in scene.moving if n.part == "pelvis")
    target = next(i for i, n in enumerate(glb.nodes) if n.extras.get("part") == "pelvis")
    channel = next(c for c in glb.animations[0].channels if c.target.node == target and c.target.path == "translation")
    sampler = glb.animations[0].samplers[channel.sampler]
    times, places = values(glb, sampler.input)[:, 0], values(glb, sampler.output)
    assert times[0] == 0
    assert times[-1] == pytest.approx(staging.duration_s)
    for t in np.arange(0, staging.duration_s, 1 / 8):
        place = [np.interp(t, times, column) for column in places.T]
        assert place == pytest.approx(pelvis.world_at(float(t))[:3, 3], abs=2e-3)


def test_curves_give_back_turns_within_a_tenth_of_a_degree(staging, glb):
    scene = build_scene(staging)
    limb = next(n for n in scene.moving if n.part == "upper_arm_l")
    target = next(i for i, n in enumerate(glb.nodes) if n.extras.get("part") == "upper_arm_l")
    channel = next(c for c in glb.animations[0].channels if c.target.node == target and c.target.path == "rotation")
    sampler = glb.animations[0].samplers[channel.sampler]
    times, turns = values(glb, sampler.input)[:, 0], values(glb, sampler.output)
    for t in np.arange(0, staging.duration_s, 1 / 8):
        found = np.array([np.interp(t, times, column) for column in turns.T])
        _, wanted, _ = trs(limb.world_at(float(t)))
        assert abs(float(found @ wanted) / np.linalg.norm(found)) > np.cos(np.radians(0.1) / 2)


def test_curves_keep_only_the_keys_they_need():
    times = np.linspace(0, 2, 49)
    bent = np.stack([np.where(times < 1, times, 2 - times), 3 * times, 0 * times], axis=1)
    assert list(needed_keys(times, bent, 1e-4)) == [0, 24, 48]


def test_a_mirrored_matrix_becomes_a_negative_scale():
    mirrored = np.diag([-2.0, 1.0, 3.0, 1.0])
    t, r, s = trs(mirrored)
    assert matrix_of(r) * s == pytest.approx(mirrored[:3, :3])
    assert list(t) == [0, 0, 0]


def test_the_sun_is_a_directional_light_that_shines_away_from_it(staging, glb):
    lights = glb.extensions["KHR_lights_punctual"]["lights"]
    nodes = [n for n in glb.nodes if "KHR_lights_punctual" in (n.extensions or {})]
    assert len(lights) == len(nodes) == len(staging.sky.bodies)
    shines = -matrix_of(tuple(nodes[0].rotation))[:, 2]
    assert shines == pytest.approx([-d for d in staging.sky.bodies[0].direction], abs=1e-5)
    assert lights[0]["type"] == "directional"
    assert lights[0]["intensity"] > 0


def test_a_lens_that_zooms_tells_its_angles_over_time(staging):
    keys = staging.camera.keys
    zoomed = [k.model_copy(update={"yfov_rad": k.yfov_rad * (1 - 0.4 * i / len(keys))}) for i, k in enumerate(keys)]
    path = staging.camera.model_copy(update={"keys": tuple(zoomed)})
    doc = pygltflib.GLTF2.load_from_bytes(to_glb(staging.model_copy(update={"camera": path}), fps=4, aspect=2.0))
    (camera,) = [n for n in doc.nodes if n.camera is not None]
    told = camera.extras["yfov"]
    assert told["yfovRad"][0] == pytest.approx(doc.cameras[0].perspective.yfov)
    assert told["yfovRad"][-1] == pytest.approx(zoomed[-1].yfov_rad, abs=1e-5)
    assert told["timesS"][-1] == pytest.approx(staging.duration_s)
    assert doc.cameras[0].perspective.aspectRatio == 2.0


def test_the_same_spec_and_seed_give_the_same_bytes():
    first, second = compose(SWORD, 3), compose(SWORD, 3)
    text = first.model_dump_json(by_alias=True, indent=1)
    assert second.model_dump_json(by_alias=True, indent=1) == text
    assert Staging.model_validate_json(text) == first
    assert to_glb(second, fps=4) == to_glb(Staging.model_validate_json(text), fps=4)


def test_lights_declare_their_extension():
    doc = pygltflib.GLTF2.load_from_bytes(to_glb(compose(LANDING, 1), fps=2))
    assert "KHR_materials_emissive_strength" in doc.extensionsUsed
