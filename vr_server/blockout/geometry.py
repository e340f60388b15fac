"""A Scene as flat arrays: static nodes merged into world space once per shot, moving ones per frame."""

import numpy as np

from vr_server.domain.staging import Staging
from vr_server.staging.scene import Mesh, MovingNode, Scene, StaticNode

from .grain import grain_table
from .inputs import ACTOR, FLAT, GRAIN, GROUND, METAL, TWO_SIDED, WATER, WET, Surfaces
from .jit import F32, F64, I32, U8, kernel
from .shadow import THIN

SMOOTH_PARTS = ("window", "glass", "hull", "metal", "car", "lamp", "water")
METAL_PARTS = ("ship-hull", "ship-legs", "ship-ramp", "sword", "armour-plate")
WET_PARTS = ("ground", "road", "path", "pavement", "quay", "slab")
WATER_PART = "water"
THIN_PARTS = ("leaves", "leaf", "fronds")
RAIN = {"rain", "storm"}
HARD_GROUND = {"asphalt", "stone"}
"""Rain stands on these and soaks into the rest."""


@kernel
def _transform(local: F32, node: I32, matrices: F64, translate: bool, out: F32) -> None:
    """out = M[node] @ local for float32 [v, 3]; directions are brought back to unit length."""
    for i in range(local.shape[0]):
        m = matrices[node[i]]
        x, y, z = local[i, 0], local[i, 1], local[i, 2]
        a = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z
        b = m[1, 0] * x + m[1, 1] * y + m[1, 2] * z
        c = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z
        if translate:
            a, b, c = a + m[0, 3], b + m[1, 3], c + m[2, 3]
        else:
            s = 1.0 / np.sqrt(max(a * a + b * b + c * c, 1e-20))
            a, b, c = a * s, b * s, c * s
        out[i, 0], out[i, 1], out[i, 2] = a, b, c


def _normal_matrices(world: F64) -> F64:
    """float64 [n, 4, 4] -> the matrices normals go by (inverse transpose), same shape."""
    out = np.zeros_like(world)
    out[:, :3, :3] = np.linalg.inv(world[:, :3, :3]).transpose(0, 2, 1)
    return out


def wetness(staging: Staging) -> float:
    """0..1; stagings from before `Staging.wetness` say it by their weather."""
    soaked = bool(RAIN & set(staging.weather)) and staging.ground in HARD_GROUND
    return staging.wetness or (0.85 if soaked else 0.0)


class Geometry:
    """World-space triangles of a scene at one time.

    `positions` float32 [v, 3] and `surfaces` hold static geometry first; `static_vertices` and
    `static_triangles` say how much. `casts` uint8 [t]: everything but the ground casts shadows, leaves thin ones;
    `leafy`: much of the scene is leaves.
    """

    def __init__(self, scene: Scene) -> None:
        self._moving = scene.moving
        nodes: list[StaticNode | MovingNode] = [*scene.static, *scene.moving]
        meshes = [node.mesh for node in nodes]
        vertices = np.array([len(m.positions) for m in meshes], dtype=np.int64)
        first = np.concatenate([[0], np.cumsum(vertices)])
        counts = np.array([len(m.triangles) for m in meshes], dtype=np.int64)
        fixed = len(scene.static)
        self.static_vertices = int(vertices[:fixed].sum())
        self.static_triangles = int(counts[:fixed].sum())
        self._local = _stack([m.positions for m in meshes], 3)
        self._local_normals = _stack([m.normals for m in meshes], 3)
        self._node = np.repeat(np.arange(len(nodes), dtype=np.int32), vertices)
        mirrored = [isinstance(n, StaticNode) and np.linalg.det(n.world[:3, :3]) < 0 for n in nodes]
        tri = [
            np.asarray(m.triangles)[:, ::-1] + first[i] if mirrored[i] else np.asarray(m.triangles) + first[i]
            for i, m in enumerate(meshes)
        ]
        self.positions = self._local.copy()
        wet = wetness(scene.staging) > 0
        actors = {subject.object_id for subject in scene.staging.subjects}
        kinds = [_kind(node, moving=i >= fixed, wet=wet, actors=actors) for i, node in enumerate(nodes)]
        ids = np.array([n.object_id for n in nodes], dtype=np.uint16)
        self.surfaces = Surfaces(
            tri=np.ascontiguousarray(np.concatenate(tri) if tri else np.zeros((0, 3)), dtype=np.int32),
            normals=self._local_normals.copy(),
            colours=_stack([m.colours for m in meshes], 3),
            object_id=np.repeat(ids, counts),
            kind=np.repeat(np.array(kinds, dtype=np.uint8), counts),
            emission=np.repeat(np.array([m.emission for m in meshes], dtype=np.float32), counts),
            grain=grain_table(),
        )
        _mark_flat(self.surfaces.tri, self._local_normals, self.surfaces.colours, self.surfaces.kind)
        leafy = np.repeat([any(part in mesh.name for part in THIN_PARTS) for mesh in meshes], counts).astype(bool)
        self.leafy = bool(leafy.sum() > 0.25 * len(leafy) > 0)
        blade = np.repeat(["sword" in mesh.name for mesh in meshes], counts).astype(bool)
        solid = (self.surfaces.object_id != 0) & ~blade  # a blade is thinner than a texel: it would shade itself
        self.casts: U8 = np.where(leafy, THIN, solid).astype(np.uint8)
        self.two_sided: U8 = (self.surfaces.kind & TWO_SIDED).astype(np.uint8)
        self._worlds = np.array([n.world for n in scene.static], dtype=np.float64).reshape(-1, 4, 4)
        self._place(0, self.static_vertices, self._worlds, 0)
        self.move(0.0)

    def move(self, time_s: float) -> None:
        """Bring the moving nodes to where they are at `time_s`."""
        if self._moving:
            worlds = np.array([n.world_at(time_s) for n in self._moving], dtype=np.float64)
            self._place(self.static_vertices, len(self.positions), worlds, len(self._worlds))

    def _place(self, start: int, end: int, worlds: F64, first_node: int) -> None:
        if start == end:
            return
        node = self._node[start:end] - np.int32(first_node)
        _transform(self._local[start:end], node, worlds, True, self.positions[start:end])
        normals = _normal_matrices(worlds)
        _transform(self._local_normals[start:end], node, normals, False, self.surfaces.normals[start:end])


def _stack(parts: list[F32], width: int) -> F32:
    if not parts:
        return np.zeros((0, width), dtype=np.float32)
    return np.ascontiguousarray(np.concatenate(parts), dtype=np.float32)


@kernel
def _mark_flat(tri: I32, normals: F32, colours: F32, kind: U8) -> None:
    """Set FLAT where a triangle has one normal and one colour, so that nothing is to be interpolated."""
    for t in range(tri.shape[0]):
        spread = 0.0
        for k in range(1, 3):
            for c in range(3):
                spread = max(spread, abs(normals[tri[t, k], c] - normals[tri[t, 0], c]))
                spread = max(spread, abs(colours[tri[t, k], c] - colours[tri[t, 0], c]))
        if spread < 1e-3:
            kind[t] |= FLAT


def _kind(node: StaticNode | MovingNode, *, moving: bool, wet: bool, actors: set[int]) -> int:
    """Grain only where it stays put: on what does not move, and not on glass or sheet metal."""
    mesh: Mesh = node.mesh
    kind = TWO_SIDED if mesh.two_sided else 0
    name = f"{mesh.name} {node.label}".lower()
    plain = moving or mesh.two_sided or mesh.emission > 0 or any(part in name for part in SMOOTH_PARTS)
    if not plain:
        kind |= GRAIN
        if node.object_id == 0:
            kind |= GROUND
    if any(part in mesh.name for part in METAL_PARTS):
        kind |= METAL
    elif node.object_id in actors:
        kind |= ACTOR
    if mesh.name.startswith(WATER_PART):
        kind |= WATER
    elif wet and not moving and any(part in mesh.name for part in WET_PARTS):
        kind |= WET
    return kind
