"""A Staging as one binary glTF 2.0 file: shared meshes, sampled animation, the camera, ids and labels in `extras`."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pygltflib as gl

from vr_server.domain.staging import Staging

from .build import build_scene
from .geometry import Array, quat_of
from .scene import Matrix, Mesh, Scene

_STILL = 1e-5


class _Writer:
    """Collects buffer views and accessors in one binary blob."""

    def __init__(self) -> None:
        self.blob = bytearray()
        self.views: list[gl.BufferView] = []
        self.accessors: list[gl.Accessor] = []

    def add(
        self, data: npt.NDArray[Any], kind: str, component: int, target: int | None = None, *, normalized: bool = False
    ) -> int:
        raw = np.ascontiguousarray(data).tobytes()
        self.blob += b"\0" * (-len(self.blob) % 4)
        self.views.append(gl.BufferView(buffer=0, byteOffset=len(self.blob), byteLength=len(raw), target=target))
        self.blob += raw
        flat = data.reshape(len(data), -1)
        accessor = gl.Accessor(
            bufferView=len(self.views) - 1, componentType=component, count=len(data), type=kind, normalized=normalized
        )
        if component != gl.UNSIGNED_BYTE:
            accessor.min, accessor.max = flat.min(axis=0).tolist(), flat.max(axis=0).tolist()
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def to_glb(staging: Staging, *, fps: int = 24) -> bytes:
    """The staging as .glb bytes: static set, subjects' parts with sampled TRS channels, the camera as an animated node.

    Affine parts keep translation, rotation and scale (glTF has no shear). Channels that never change are left out.
    """
    scene = build_scene(staging)
    out = _Writer()
    doc = gl.GLTF2(asset=gl.Asset(version="2.0", generator="vr-previs"))
    doc.scene = 0
    doc.nodes, doc.meshes, doc.materials = [], [], []
    meshes = _Meshes(doc, out)
    for node in scene.static:
        doc.nodes.append(_node(node.label, node.world, meshes.index(node.mesh), node.object_id))
    times = np.arange(max(2, math.floor(staging.duration_s * fps) + 1), dtype=np.float32) / np.float32(fps)
    clock = out.add(times, gl.SCALAR, gl.FLOAT)
    animation = gl.Animation(name="shot", channels=[], samplers=[])
    _add_moving(doc, out, scene, animation, clock, times, meshes)
    _add_camera(doc, out, staging, animation, clock, times)
    doc.animations = [animation] if animation.channels else []
    doc.scenes = [gl.Scene(name=staging.place, nodes=list(range(len(doc.nodes))))]
    doc.bufferViews, doc.accessors = out.views, out.accessors
    doc.buffers = [gl.Buffer(byteLength=len(out.blob))]
    doc.set_binary_blob(bytes(out.blob))
    return b"".join(doc.save_to_bytes())


def _node(name: str, world: Matrix, mesh: int | None, object_id: int, part: str | None = None) -> gl.Node:
    t, r, s = _trs(world)
    extras: dict[str, object] = {"objectId": object_id, "label": name}
    if part is not None:
        extras["part"] = part
    return gl.Node(
        name=f"{name} {part}" if part else name,
        mesh=mesh,
        translation=t.tolist(),
        rotation=list(r),
        scale=s.tolist(),
        extras=extras,
    )


def _trs(m: Matrix) -> tuple[Array, tuple[float, float, float, float], Array]:
    linear = m[:3, :3]
    scale = np.linalg.norm(linear, axis=0)
    u, _, vt = np.linalg.svd(linear / np.maximum(scale, 1e-9))
    return m[:3, 3], quat_of(u @ vt), scale


class _Meshes:
    """glTF meshes by identity, and one material for each kind of surface."""

    def __init__(self, doc: gl.GLTF2, out: _Writer) -> None:
        self._doc, self._out = doc, out
        self._found: dict[int, int] = {}
        self._materials: dict[tuple[bool, float], int] = {}
        self._alive: list[Mesh] = []

    def index(self, mesh: Mesh) -> int:
        if id(mesh) not in self._found:
            self._alive.append(mesh)
            self._found[id(mesh)] = len(self._doc.meshes)
            self._doc.meshes.append(gl.Mesh(name=mesh.name, primitives=[self._primitive(mesh)]))
        return self._found[id(mesh)]

    def _primitive(self, mesh: Mesh) -> gl.Primitive:
        colours = np.concatenate([mesh.colours, np.ones((len(mesh.colours), 1))], axis=1)
        return gl.Primitive(
            attributes=gl.Attributes(
                POSITION=self._out.add(mesh.positions, gl.VEC3, gl.FLOAT, gl.ARRAY_BUFFER),
                NORMAL=self._out.add(mesh.normals, gl.VEC3, gl.FLOAT, gl.ARRAY_BUFFER),
                COLOR_0=self._out.add(
                    np.round(np.clip(colours, 0, 1) * 255).astype(np.uint8),
                    gl.VEC4,
                    gl.UNSIGNED_BYTE,
                    gl.ARRAY_BUFFER,
                    normalized=True,
                ),
            ),
            indices=self._out.add(
                mesh.triangles.reshape(-1).astype(np.uint32), gl.SCALAR, gl.UNSIGNED_INT, gl.ELEMENT_ARRAY_BUFFER
            ),
            material=self._material(mesh),
        )

    def _material(self, mesh: Mesh) -> int:
        key = (mesh.two_sided, mesh.emission)
        if key not in self._materials:
            glow = min(mesh.emission, 1.0)
            extensions = (
                {"KHR_materials_emissive_strength": {"emissiveStrength": mesh.emission}} if mesh.emission > 1 else {}
            )
            if extensions and "KHR_materials_emissive_strength" not in self._doc.extensionsUsed:
                self._doc.extensionsUsed.append("KHR_materials_emissive_strength")
            self._materials[key] = len(self._doc.materials)
            self._doc.materials.append(
                gl.Material(
                    name="cloth or leaf" if mesh.two_sided else "glow" if glow else "solid",
                    pbrMetallicRoughness=gl.PbrMetallicRoughness(metallicFactor=0.0, roughnessFactor=0.9),
                    emissiveFactor=[glow, glow, glow],
                    doubleSided=mesh.two_sided,
                    extensions=extensions,
                )
            )
        return self._materials[key]


def _add_moving(
    doc: gl.GLTF2,
    out: _Writer,
    scene: Scene,
    animation: gl.Animation,
    clock: int,
    times: npt.NDArray[np.float32],
    meshes: _Meshes,
) -> None:
    """Time is the outer loop: a person's joints are solved once per moment for all parts."""
    samples = [[_trs(node.world_at(float(t))) for node in scene.moving] for t in times]
    for n, node in enumerate(scene.moving):
        doc.nodes.append(_node(node.label, node.world_at(0.0), meshes.index(node.mesh), node.object_id, node.part))
        target = len(doc.nodes) - 1
        rows = [row[n] for row in samples]
        _channel(out, animation, clock, target, "translation", np.array([r[0] for r in rows]))
        _channel(out, animation, clock, target, "rotation", _continuous(np.array([r[1] for r in rows])))
        _channel(out, animation, clock, target, "scale", np.array([r[2] for r in rows]))


def _add_camera(
    doc: gl.GLTF2, out: _Writer, staging: Staging, animation: gl.Animation, clock: int, times: npt.NDArray[np.float32]
) -> None:
    keys = staging.camera.keys
    at = [k.t_s for k in keys]
    rotations = _continuous(np.array([k.rotation for k in keys]))
    position = np.stack([np.interp(times, at, [k.position_m[i] for k in keys]) for i in range(3)], axis=1)
    turn = np.stack([np.interp(times, at, rotations[:, i]) for i in range(4)], axis=1)
    turn /= np.linalg.norm(turn, axis=1, keepdims=True)
    doc.cameras = [
        gl.Camera(
            name="shot camera",
            type="perspective",
            perspective=gl.Perspective(yfov=keys[0].yfov_rad, aspectRatio=16 / 9, znear=0.05, zfar=1000.0),
        )
    ]
    doc.nodes.append(
        gl.Node(
            name="camera",
            camera=0,
            translation=position[0].tolist(),
            rotation=turn[0].tolist(),
            extras={"lensMm": staging.camera.lens_mm},
        )
    )
    target = len(doc.nodes) - 1
    _channel(out, animation, clock, target, "translation", position)
    _channel(out, animation, clock, target, "rotation", turn)


def _continuous(q: Array) -> Array:
    """Quaternions with signs chosen so that neighbours are on the same side."""
    found = q.copy()
    for i in range(1, len(found)):
        if float(found[i] @ found[i - 1]) < 0:
            found[i] = -found[i]
    return found


def _channel(out: _Writer, animation: gl.Animation, clock: int, node: int, path: str, values: Array) -> None:
    if float(np.ptp(values, axis=0).max()) < _STILL:
        return
    kind = gl.VEC4 if path == "rotation" else gl.VEC3
    animation.samplers.append(
        gl.AnimationSampler(
            input=clock, output=out.add(values.astype(np.float32), kind, gl.FLOAT), interpolation="LINEAR"
        )
    )
    animation.channels.append(
        gl.AnimationChannel(sampler=len(animation.samplers) - 1, target=gl.AnimationChannelTarget(node=node, path=path))
    )
