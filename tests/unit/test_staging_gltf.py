"""The .glb parses, shares meshes, animates what moves, and says who is who."""

import numpy as np
import pygltflib
import pytest
from staging_fixtures import LANDING, STREET

from vr_server.staging import build_scene, compose, to_glb


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
    return np.frombuffer(doc.binary_blob(), np.float32, accessor.count * width, view.byteOffset).reshape(-1, width)


def test_every_object_is_there_with_its_id_and_label(staging, glb):
    wanted = {x.object_id: x.label for x in (*staging.set_pieces, *staging.subjects)} | {0: "ground"}
    found = {n.extras["objectId"]: n.extras["label"] for n in glb.nodes if "objectId" in n.extras}
    assert found == wanted


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
    for t, place in list(zip(times, places, strict=True))[::7]:
        assert place == pytest.approx(pelvis.world_at(float(t))[:3, 3], abs=2e-3)


def test_lights_declare_their_extension():
    doc = pygltflib.GLTF2.load_from_bytes(to_glb(compose(LANDING, 1), fps=2))
    assert "KHR_materials_emissive_strength" in doc.extensionsUsed
