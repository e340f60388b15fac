"""The spaceship: a long silver lifting body on four legs, a side door that becomes the ramp, engines that glow."""

import math
from dataclasses import dataclass, replace

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import Array, vec
from vr_server.staging.scene import Mesh

from .core import Part, box, ellipsoid, finish, lathe, merge, mix, smooth_part, times, tube
from .shapes import loft_z

SILVER: Rgb = (0.72, 0.76, 0.82)
_DARK: Rgb = (0.09, 0.095, 0.11)
LENGTH_M, WIDTH_M, HEIGHT_M = 15.0, 8.6, 7.2
DOOR_HINGE: Array = vec(2.38, 2.25, -1.0)
"""Foot of the door, in the ship's frame (origin on the ground under it, nose towards -Z, door towards +X)."""
DOOR_HEIGHT_M, DOOR_WIDTH_M = 2.35, 1.9
RAMP_FOOT: Array = vec(6.1, 0.0, -1.0)
_CABIN_X_M = 0.5
"""How far in the back wall of the lock stands."""


@dataclass(frozen=True)
class ShipMeshes:
    hull: tuple[Mesh, ...]
    legs: Mesh
    ramp: Mesh  # hinge at the origin, unit length along +Y when shut
    flame: Mesh  # nozzle at the origin, one metre long towards -Y
    nozzles: tuple[Array, ...]


def _panels(p: Array, n: Array) -> Array:
    """Plating: faint seams and a darker belly."""
    seams = np.where((np.abs(np.sin(p[:, 2] * 1.9)) < 0.12) & (np.abs(p[:, 2]) < 5.5), 0.8, 1.0)
    found: Array = (0.86 + 0.14 * np.clip(n[:, 1] * 0.8 + 0.4, 0, 1)) * seams
    return found


def _body() -> Part:
    k = np.linspace(0.0, 1.0, 40)
    rows = []
    for u in k:
        z = -7.4 + 14.4 * u
        nose = math.sin(min(u / 0.45, 1.0) * math.pi / 2) ** 0.75
        tail = 1.0 - 0.45 * max(0.0, (u - 0.6) / 0.4) ** 2
        rows.append(
            (
                z,
                max(2.25 * nose * tail, 0.04),
                max(1.6 * nose * tail, 0.03),
                3.55 + 0.25 * (u - 0.5) - 0.35 * (1 - nose),
            )
        )
    return _opened(loft_z(rows, SILVER, 40)).tinted(_panels)


def _opened(hull: Part) -> Part:
    """The hull without what lies behind the door; the frame hides the ragged rim."""
    p = hull.positions[hull.triangles]
    y, z = float(DOOR_HINGE[1]), float(DOOR_HINGE[2])
    inside = (p[..., 0] > 1.0) & (p[..., 1] > y) & (p[..., 1] < y + DOOR_HEIGHT_M)
    inside &= np.abs(p[..., 2] - z) < DOOR_WIDTH_M / 2
    return replace(hull, triangles=hull.triangles[~inside.any(axis=1)])


def _wing(side: float) -> Part:
    """A swept stub wing with an engine pod at its tip."""
    outline = [(1.7, 0.4), (3.3, 2.6), (3.3, 5.6), (1.5, 6.2)]
    top = np.array([(x * side, 3.45 - 0.12 * x, z) for x, z in outline])
    positions = np.concatenate([top + vec(0, 0.14, 0), top - vec(0, 0.14, 0)])
    faces = [(0, 1, 2), (0, 2, 3), (6, 5, 4), (7, 6, 4)]
    for i in range(4):
        j = (i + 1) % 4
        faces += [(i, i + 4, j + 4), (i, j + 4, j)]
    triangles = np.array(faces, dtype=np.int32)
    if side > 0:
        triangles = triangles[:, ::-1].copy()
    flat = positions[triangles.reshape(-1)]
    slab = smooth_part(flat, np.arange(len(flat), dtype=np.int32).reshape(-1, 3), times(SILVER, 0.9))
    along = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    pod = lathe([(0.05, -2.3), (0.38, -1.75), (0.55, -0.7), (0.6, 0.6), (0.5, 1.7), (0.42, 2.0)], SILVER, 16).moved(
        (side * 3.65, 3.05, 4.2), along
    )
    ring = lathe([(0.44, 1.98), (0.47, 2.25), (0.4, 2.3)], _DARK, 16).moved((side * 3.65, 3.05, 4.2), along)
    return merge([slab, pod, ring])


def _fin() -> Part:
    outline = [(4.9, 3.6), (6.35, 6.0), (6.35, 7.2), (4.7, 6.7)]
    positions = np.array([(s * 0.12, y, z) for s in (1, -1) for y, z in outline])
    faces = [(0, 1, 2), (0, 2, 3), (6, 5, 4), (7, 6, 4)]
    for i in range(4):
        j = (i + 1) % 4
        faces += [(i, i + 4, j + 4), (i, j + 4, j)]
    flat = positions[np.array(faces).reshape(-1)]
    slab = smooth_part(flat, np.arange(len(flat), dtype=np.int32).reshape(-1, 3), times(SILVER, 0.92))
    stripe = box((0.26, 0.3, 1.3), (0.55, 0.12, 0.06), (0.0, 5.9, 6.45))
    return merge([slab, stripe])


def _door_frame() -> Part:
    x, y, z = (float(v) for v in DOOR_HINGE)
    w, h, rim = DOOR_WIDTH_M, DOOR_HEIGHT_M, 0.34
    jambs = [box((0.9, h + 2 * rim, rim), _DARK, (x - 0.42, y + h / 2, z + s * (w + rim) / 2)) for s in (-1.0, 1.0)]
    sills = [box((0.9, rim, w), _DARK, (x - 0.42, y + h / 2 + s * (h + rim) / 2, z)) for s in (-1.0, 1.0)]
    return merge([*jambs, *sills])


def _lock() -> tuple[Mesh, Mesh]:
    """The lit room behind the door, walls turned inwards, and its lamps."""
    x, y, z = (float(v) for v in DOOR_HINGE)
    w, h = DOOR_WIDTH_M, DOOR_HEIGHT_M
    deep = x - 0.1 - _CABIN_X_M
    centre = (_CABIN_X_M + deep / 2, y + h / 2, z)
    room = box((deep, h, w), (0.62, 0.55, 0.46), centre)
    shell = replace(
        room,
        normals=-room.normals,
        triangles=room.triangles[room.positions[room.triangles][..., 0].min(1) < x - 0.2][:, ::-1].copy(),
    )
    shell = shell.tinted(lambda p, _: (0.45 + 0.55 * (p[:, 1] - y) / h) * (0.55 + 0.45 * (x - p[:, 0]) / deep))
    inner = [
        box((0.06, h * 0.78, w * 0.42), (0.30, 0.27, 0.24), (_CABIN_X_M + 0.04, y + h * 0.39, z)),
        box((0.08, 0.22, 0.3), (0.08, 0.10, 0.12), (_CABIN_X_M + 0.07, y + h * 0.62, z)),
        *(
            box((deep * 0.9, 0.07, 0.06), (0.25, 0.22, 0.20), (centre[0], y + h * 0.42, z + s * (w / 2 - 0.03)))
            for s in (-1, 1)
        ),
    ]
    lamps = [
        box((deep * 0.7, 0.04, 0.16), (1.0, 0.84, 0.6), (centre[0], y + h - 0.03, z + s * w * 0.28)) for s in (-1, 1)
    ]
    return finish("ship-lock", shell, *inner, emission=0.55), finish("ship-lock-lamps", *lamps, emission=3.0)


def spaceship() -> ShipMeshes:
    """All moving and fixed meshes of the ship, in its own frame."""
    frame = _door_frame()
    canopy = ellipsoid((0.95, 0.62, 1.7), (0.03, 0.045, 0.065), (0.0, 4.45, -4.2), 3)
    ports = [ellipsoid((0.06, 0.22, 0.22), (0.05, 0.07, 0.1), (2.2, 3.85, z), 2) for z in (1.1, 2.1, 3.1)]
    hull = finish("ship-hull", _body(), _wing(1.0), _wing(-1.0), _fin(), frame, canopy, *ports)
    strip = box((0.04, 0.07, 3.4), (0.5, 0.75, 1.0), (2.27, 3.2, 2.2))
    lit = finish("ship-lights", strip, emission=2.2)
    nozzles = (vec(-3.65, 2.45, 3.4), vec(3.65, 2.45, 3.4), vec(0.0, 1.95, -3.6), vec(0.0, 1.95, 3.4))
    bells = [
        lathe([(0.55, -0.25), (0.4, 0.25)], _DARK, 14, cap=False).moved((float(p[0]), float(p[1]), float(p[2])))
        for p in nozzles
    ]
    bell = finish("ship-nozzles", *bells, two_sided=True)
    legs = []
    for sx in (-1.0, 1.0):
        for z in (-3.0, 3.6):
            foot = vec(sx * 2.5, 0.12, z * 1.12)
            legs.append(
                tube(
                    np.array([vec(sx * 1.3, 3.0, z), vec(sx * 1.9, 1.6, z * 1.05), foot]),
                    [0.2, 0.15, 0.1],
                    mix(SILVER, _DARK, 0.45),
                    8,
                )
            )
            legs.append(tube(np.array([vec(sx * 0.8, 2.6, z * 0.9), foot + vec(0, 0.35, 0)]), [0.08, 0.07], _DARK, 6))
            legs.append(
                lathe([(0.55, 0.0), (0.5, 0.1), (0.14, 0.26)], mix(SILVER, _DARK, 0.6), 12).moved(
                    (float(foot[0]), 0.0, float(foot[2]))
                )
            )
    plate = box((0.12, 1.0, DOOR_WIDTH_M * 0.96), times(SILVER, 0.8), (0.0, 0.5, 0.0))
    treads = [box((0.15, 0.02, DOOR_WIDTH_M * 0.8), _DARK, (-0.01, 0.08 + 0.105 * i, 0.0)) for i in range(9)]
    flame = lathe([(0.01, -1.0), (0.09, -0.78), (0.17, -0.5), (0.24, -0.2), (0.26, 0.0)], (0.85, 0.92, 1.0), 12).tinted(
        lambda p, _: 0.25 + 0.75 * np.clip(1.0 + p[:, 1], 0, 1)
    )
    return ShipMeshes(
        (hull, lit, bell, *_lock()),
        finish("ship-legs", *legs),
        finish("ship-ramp", plate, *treads),
        finish("ship-flame", flame, emission=3.5),
        nozzles,
    )
