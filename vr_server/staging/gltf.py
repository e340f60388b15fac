"""A Staging as one binary glTF 2.0 file that any viewer loads: no extension is required, those used only add.

    scene extras     durationS, fps, place, timeOfDay, weather, style, sky (linear colours), remarks, seed
    set              a node over the set pieces; each has extras objectId and label (the ground is 0)
    one per subject  a node over its parts, extras objectId, key, kind, label; parts have translation, rotation and scale
                     curves in the animation "shot", sampled at the clip's frames
    camera           animated; extras lensMm, projection and, where the lens zooms, yfov: {timesS, yfovRad} (glTF animates
                     no field of view without KHR_animation_pointer, which few viewers know; yfov is the first frame's)
    sun, moon        KHR_lights_punctual directional lights

Meshes and accessors with equal data are shared. Lamps glow (emissive) but bring no lights of their own.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pygltflib as gl

from vr_server.domain.staging import CelestialBody, Staging

from .build import build_scene
from .geometry import Array, look_rotation, quat_of
from .gltf_data import STILL, Accessors, Curves, continuous, sample_times, trs
from .scene import Matrix, Mesh, MovingNode, Scene

_LIGHTS, _GLOW = "KHR_lights_punctual", "KHR_materials_emissive_strength"
_DAYLIGHT = 3.2  # the illuminance of a day's sun: a staging's light is metered, a viewer's is not
_WIDEST_YFOV_RAD = 2.6  # a fisheye's whole angle is no perspective: what a viewer can show of it


def to_glb(staging: Staging, *, fps: int = 24, aspect: float = 16 / 9) -> bytes:
    """The staging as .glb bytes; `fps`: samples a second of the curves; `aspect`: the clip's width over its height."""
    return _Document(build_scene(staging), fps, aspect).to_bytes()


class _Document:
    def __init__(self, scene: Scene, fps: int, aspect: float) -> None:
        self._scene, self._staging = scene, scene.staging
        self._out = Accessors()
        self._doc = gl.GLTF2(asset=gl.Asset(version="2.0", generator="vr-previs"))
        self._doc.scene = 0
        self._meshes = _Meshes(self._doc, self._out)
        self._times = sample_times(self._staging.duration_s, fps)
        self._curves = Curves(self._out, self._times)
        self._roots: list[int] = []
        self._add_set()
        self._add_moving()
        self._add_camera(aspect)
        self._add_lights()
        self._doc.scenes = [gl.Scene(name=self._staging.place, nodes=self._roots, extras=_about(self._staging, fps))]

    def to_bytes(self) -> bytes:
        doc, out = self._doc, self._out
        doc.animations = [self._curves.animation] if self._curves.animation.channels else []
        doc.bufferViews, doc.accessors = out.views, out.accessors
        doc.buffers = [gl.Buffer(byteLength=len(out.blob))]
        doc.set_binary_blob(bytes(out.blob))
        return b"".join(doc.save_to_bytes())

    def _node(self, node: gl.Node) -> int:
        self._doc.nodes.append(node)
        return len(self._doc.nodes) - 1

    def _root(self, name: str, children: list[int], extras: dict[str, object]) -> None:
        if children:
            self._roots.append(self._node(gl.Node(name=name, children=children, extras=extras)))

    def _add_set(self) -> None:
        placed = [
            self._node(
                _placed(n.label, n.world, self._meshes.index(n.mesh), {"objectId": n.object_id, "label": n.label})
            )
            for n in self._scene.static
            if len(n.mesh.triangles)
        ]
        self._root("set", placed, {"part": "set"})

    def _add_moving(self) -> None:
        """Time is the outer loop: a person's joints are solved once per moment for all parts."""
        moving = [n for n in self._scene.moving if len(n.mesh.triangles)]
        samples = [[trs(node.world_at(float(t))) for node in moving] for t in self._times]
        owners: dict[int, list[int]] = {}
        for n, node in enumerate(moving):
            owners.setdefault(node.object_id, []).append(self._part(node, [row[n] for row in samples]))
        subjects = {s.object_id: s for s in self._staging.subjects}
        for object_id, parts in owners.items():
            if subject := subjects.get(object_id):
                told = {"objectId": object_id, "key": subject.key, "kind": subject.kind, "label": subject.label}
                self._root(subject.label, parts, told)
            else:
                self._root("effects", parts, {"part": "effects"})

    def _part(self, node: MovingNode, rows: list[tuple[Array, tuple[float, float, float, float], Array]]) -> int:
        extras: dict[str, object] = {"objectId": node.object_id, "label": node.label, "part": node.part}
        # exactly the first sample, so that a viewer that plays nothing shows the first frame
        name = f"{node.label} {node.part}"
        index = self._node(_placed(name, node.world_at(0.0), self._meshes.index(node.mesh), extras))
        self._curves.add(index, "translation", np.array([r[0] for r in rows]))
        self._curves.add(index, "rotation", np.array([r[1] for r in rows]))
        self._curves.add(index, "scale", np.array([r[2] for r in rows]))
        return index

    def _add_camera(self, aspect: float) -> None:
        path = self._staging.camera
        keys = path.keys
        at = [k.t_s for k in keys]
        rotations = continuous(np.array([k.rotation for k in keys]))
        position = _interpolated(self._times, at, np.array([k.position_m for k in keys]))
        turn = _interpolated(self._times, at, rotations)
        turn /= np.linalg.norm(turn, axis=1, keepdims=True)
        yfov = _interpolated(self._times, at, np.array([[k.yfov_rad] for k in keys]))[:, 0]
        extras: dict[str, object] = {"lensMm": path.lens_mm, "projection": path.projection}
        if float(np.ptp(yfov)) > STILL or path.projection != "perspective":
            extras["yfov"] = {"timesS": _rounded(self._times), "yfovRad": _rounded(yfov)}
        lens = gl.Perspective(
            yfov=min(float(yfov[0]), _WIDEST_YFOV_RAD), aspectRatio=float(aspect), znear=0.05, zfar=4000.0
        )
        self._doc.cameras = [gl.Camera(name="shot camera", type="perspective", perspective=lens)]
        node = gl.Node(
            name="camera", camera=0, translation=position[0].tolist(), rotation=turn[0].tolist(), extras=extras
        )
        index = self._node(node)
        self._roots.append(index)
        self._curves.add(index, "translation", position)
        self._curves.add(index, "rotation", turn)

    def _add_lights(self) -> None:
        shining = [b for b in self._staging.sky.bodies if b.illuminance > 0]
        if not shining:
            return
        self._doc.extensionsUsed.append(_LIGHTS)
        self._doc.extensions[_LIGHTS] = {"lights": [_light(body) for body in shining]}
        for n, body in enumerate(shining):
            turn = quat_of(look_rotation(-np.array(body.direction)))
            extras = {"kind": body.kind, "angularRadiusRad": body.angular_radius_rad}
            node = gl.Node(name=body.kind, rotation=list(turn), extensions={_LIGHTS: {"light": n}}, extras=extras)
            self._roots.append(self._node(node))


def _light(body: CelestialBody) -> dict[str, object]:
    """glTF shades albedo / pi times the light: pi makes white of diffuse white, and is what a day's sun gets."""
    top = max(*body.colour, 1e-6)
    return {
        "name": body.kind, "type": "directional", "color": [round(c / top, 5) for c in body.colour],
        "intensity": round(math.pi * body.illuminance / _DAYLIGHT * top, 5),
    }  # fmt: skip


def _about(staging: Staging, fps: int) -> dict[str, object]:
    sky = staging.sky
    return {
        "durationS": staging.duration_s, "fps": fps, "place": staging.place, "timeOfDay": sky.time_of_day,
        "weather": list(staging.weather), "style": staging.style, "remarks": list(staging.remarks), "seed": staging.seed,
        "sky": {"zenith": list(sky.zenith), "horizon": list(sky.horizon), "exposure": sky.exposure},
    }  # fmt: skip


def _placed(name: str, world: Matrix, mesh: int, extras: dict[str, object]) -> gl.Node:
    t, r, s = trs(world)
    return gl.Node(name=name, mesh=mesh, translation=t.tolist(), rotation=list(r), scale=s.tolist(), extras=extras)


def _interpolated(times: npt.NDArray[np.float32], at: list[float], values: Array) -> Array:
    """float64 [n, d]: `values` [k, d] at `at`, linear at `times`."""
    return np.stack([np.interp(times, at, column) for column in values.T], axis=1)


def _rounded(values: npt.NDArray[Any]) -> list[float]:
    return [round(float(v), 6) for v in values]


class _Meshes:
    """glTF meshes by identity, and one material for each kind of surface."""

    def __init__(self, doc: gl.GLTF2, out: Accessors) -> None:
        self._doc, self._out = doc, out
        self._found: dict[int, int] = {}
        self._equal: dict[tuple[object, ...], int] = {}
        self._materials: dict[tuple[object, ...], int] = {}
        self._alive: list[Mesh] = []
        doc.nodes, doc.meshes, doc.materials, doc.extensions, doc.extensionsUsed = [], [], [], {}, []

    def index(self, mesh: Mesh) -> int:
        if id(mesh) not in self._found:
            self._alive.append(mesh)  # an id is the mesh's own as long as the mesh lives
            primitive = self._primitive(mesh)
            a = primitive.attributes
            key = (mesh.name, a.POSITION, a.NORMAL, a.COLOR_0, primitive.indices, primitive.material)
            if key not in self._equal:
                self._equal[key] = len(self._doc.meshes)
                self._doc.meshes.append(gl.Mesh(name=mesh.name, primitives=[primitive]))
            self._found[id(mesh)] = self._equal[key]
        return self._found[id(mesh)]

    def _primitive(self, mesh: Mesh) -> gl.Primitive:
        colours = np.concatenate([mesh.colours, np.ones((len(mesh.colours), 1))], axis=1)
        coded = np.round(np.clip(colours, 0, 1) * 255).astype(np.uint8)
        add = self._out.add
        return gl.Primitive(
            attributes=gl.Attributes(
                POSITION=add(mesh.positions.astype(np.float32), gl.VEC3, gl.FLOAT, gl.ARRAY_BUFFER),
                NORMAL=add(_units(mesh.normals), gl.VEC3, gl.FLOAT, gl.ARRAY_BUFFER),
                COLOR_0=add(coded, gl.VEC4, gl.UNSIGNED_BYTE, gl.ARRAY_BUFFER, normalized=True),
            ),
            indices=self._out.indices(mesh.triangles),
            material=self._material(mesh),
        )

    def _material(self, mesh: Mesh) -> int:
        """Our emission is in units of albedo; glTF's does not know vertex colours, so the mesh's mean stands for them."""
        glow = mesh.colours.mean(axis=0) * mesh.emission if mesh.emission > 0 else np.zeros(3)
        strength = max(float(glow.max()), 1.0)
        factor = tuple(round(float(g) / strength, 3) for g in glow)
        key = (mesh.two_sided, factor, round(strength, 3))
        if key not in self._materials:
            extensions = {_GLOW: {"emissiveStrength": round(strength, 3)}} if strength > 1 else {}
            if extensions and _GLOW not in self._doc.extensionsUsed:
                self._doc.extensionsUsed.append(_GLOW)
            self._materials[key] = len(self._doc.materials)
            self._doc.materials.append(
                gl.Material(
                    name="glow" if mesh.emission > 0 else "cloth or leaf" if mesh.two_sided else "solid",
                    pbrMetallicRoughness=gl.PbrMetallicRoughness(metallicFactor=0.0, roughnessFactor=0.9),
                    emissiveFactor=list(factor),
                    doubleSided=mesh.two_sided,
                    extensions=extensions,
                )
            )
        return self._materials[key]


def _units(normals: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Unit normals float32 [v, 3]; corners of triangles without an area have none and get one that points up."""
    length = np.linalg.norm(normals.astype(np.float64), axis=1, keepdims=True)
    found = np.where(length > 1e-6, normals / np.maximum(length, 1e-6), (0.0, 1.0, 0.0))
    return found.astype(np.float32)
