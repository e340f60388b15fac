"""Things: furniture, fires, flags, and held props that stand by themselves; cloth moves in the wind, flames flicker."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from vr_server.domain.staging import Rgb, Subject
from vr_server.staging.geometry import Array, affine, ramp, rot_x, rot_y, rot_z, vec, wobble
from vr_server.staging.kinds import KINDS
from vr_server.staging.meshes import banners, furniture, outdoors, plants
from vr_server.staging.meshes.core import Part, box, finish, lathe
from vr_server.staging.meshes.model import Model, Paint, Piece, paint_of
from vr_server.staging.meshes.props import held_prop
from vr_server.staging.meshes.shapes import DARK, STEEL, bevelled, mirrored, rod
from vr_server.staging.scene import Matrix, MovingNode

from .track import Track

_WOOD: Rgb = (0.30, 0.17, 0.08)
_DARK_WOOD: Rgb = (0.13, 0.07, 0.04)
_PALE: Rgb = (0.46, 0.31, 0.17)
_STONE: Rgb = (0.46, 0.44, 0.40)
_GOLD: Rgb = (0.55, 0.40, 0.12)
_RED: Rgb = (0.48, 0.05, 0.045)
_IRON: Rgb = (0.10, 0.10, 0.11)
_MAKERS: dict[str, tuple[Callable[[Paint], Model], Paint]] = {
    "table": (furniture.table, (_WOOD, _DARK_WOOD)), "chair": (furniture.chair, (_PALE, _WOOD)), "sofa": (furniture.sofa, ((0.20, 0.27, 0.26), (0.62, 0.36, 0.12))),
    "bed": (furniture.bed, ((0.22, 0.30, 0.44), _WOOD)), "lamp": (furniture.lamp, ((0.72, 0.62, 0.45), _IRON)), "door": (furniture.door, ((0.30, 0.10, 0.055), _DARK_WOOD)),
    "window": (furniture.window, ((0.62, 0.60, 0.55), (0.5, 0.47, 0.42))), "throne": (furniture.throne, (_RED, _GOLD)), "altar": (furniture.altar, (_STONE, _RED)),
    "bench": (furniture.bench, (_PALE, _IRON)), "computer": (furniture.computer, (_PALE, (0.05, 0.052, 0.058))), "piano": (furniture.piano, ((0.022, 0.022, 0.025), _RED)),
    "mirror": (furniture.mirror, (_GOLD, _DARK_WOOD)), "clock": (furniture.clock, (_DARK_WOOD, _GOLD)), "tent": (outdoors.tent, ((0.40, 0.33, 0.20), (0.24, 0.19, 0.11))),
    "campfire": (outdoors.campfire, (_WOOD, _STONE)), "statue": (outdoors.statue, ((0.56, 0.54, 0.50), (0.40, 0.38, 0.35))), "barrel": (outdoors.barrel, (_WOOD, _IRON)),
    "crate": (outdoors.crate, (_PALE, _WOOD)), "cannon": (outdoors.cannon, (_IRON, _WOOD)), "gravestone": (outdoors.gravestone, ((0.36, 0.36, 0.35), (0.15, 0.2, 0.08))),
    "ball": (outdoors.ball, ((0.74, 0.73, 0.70), (0.03, 0.03, 0.035))), "chest": (outdoors.chest, (_WOOD, (0.5, 0.36, 0.12))), "rock": (outdoors.rock, ((0.33, 0.31, 0.28), _STONE)), "flag": (banners.flag, (_RED, (0.70, 0.66, 0.58))),
    "banner": (banners.banner, (_RED, (0.62, 0.45, 0.13))),
}  # fmt: skip
_SMALL = {
    "book": (0.0, 0.015),
    "letter": (0.0, 0.04),
    "phone": (0.0, 0.05),
    "cup": (0.0, 0.045),
    "bottle": (0.0, 0.12),
    "gun": (0.0, 0.1),
    "flower": (0.0, 0.28),
}
"""What lies or stands on a small table of its own unless it is put on something: turn and height of its grip."""
_UP: Array = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Turns what points to -Z so that it points up."""
_STANDING: dict[str, tuple[Array, Array]] = {
    # turn and place of the grip
    "sword": (rot_z(0.06) @ _UP.T, vec(0.0, 1.08, 0.0)), "umbrella": (rot_x(-1.12), vec(0.0, 0.297, 0.5)), "lantern": (np.eye(3), vec(0.0, 0.36, 0.0)),
    "torch": (rot_z(0.08), vec(0.0, 0.24, 0.0)), "bag": (np.eye(3), vec(0.0, 0.5, 0.0)), "spear": (rot_z(0.12) @ _UP, vec(0.0, 0.8, 0.0)),
    "bow": (rot_x(-0.12), vec(0.0, 0.8, 0.0)), "shield": (rot_x(0.2), vec(0.0, 0.56, 0.05)), "staff": (rot_z(0.05), vec(0.0, 1.0, 0.0)),
    "camera": (np.eye(3), vec(0.0, 1.42, 0.0)), "guitar": (rot_x(0.22), vec(0.0, 0.56, 0.04)), "pipa": (rot_x(0.22), vec(0.0, 0.52, 0.04)), "drum": (rot_x(-0.5), vec(0.0, 0.86, 0.0)),
}  # fmt: skip
_STAND_M = 0.72
_LIES_ON_M = 0.25
"""A thing whose origin is higher than this has been put on something."""


@lru_cache(maxsize=64)
def _model(kind: str, paint: Paint) -> Model:
    return _MAKERS[kind][0](paint)


@lru_cache(maxsize=64)
def _prop_model(kind: str, on_something: bool) -> Model:
    """A held prop by itself: on a small table, in a stand, or stuck in the ground."""
    meshes = held_prop(kind)
    if kind in _SMALL:
        base = 0.0 if on_something else _STAND_M
        pieces = [Piece(f"{kind}_{i}", m, "lying", (0.0, base + _SMALL[kind][1], 0.0)) for i, m in enumerate(meshes)]
        if kind == "flower":
            rows = [(0.05, 0.0), (0.075, 0.07), (0.06, 0.14), (0.03, 0.2), (0.045, 0.24)]
            vase = finish("vase", lathe(rows, (0.16, 0.3, 0.36), 16))
            pieces.append(Piece("vase", vase, "fixed", (0.0, base, 0.0)))
        return tuple(pieces) if on_something else (Piece("stand", finish("stand", _stand())), *pieces)
    return (*(Piece(f"{kind}_{i}", m, "standing") for i, m in enumerate(meshes)), *_support(kind))


def _stand() -> Part:
    """A small round table for what would be lost on the ground."""
    rows = [(0.1, 0.0), (0.11, 0.02), (0.025, 0.06), (0.022, 0.66), (0.11, 0.7), (0.115, _STAND_M)]
    return lathe(rows, _DARK_WOOD, 18)


def _support(kind: str) -> Model:
    if kind == "sword":
        stone = bevelled((0.7, 0.34, 0.6), (0.36, 0.35, 0.33), (0.0, 0.17, 0.0), 0.09)
        return (Piece("stone", finish("stone", stone)),)
    if kind == "camera":
        legs = [rod((0.0, 1.4, 0.0), (0.4 * math.sin(a), 0.0, 0.4 * math.cos(a)), 0.016, DARK) for a in (0.0, 2.1, 4.2)]
        return (Piece("tripod", finish("metal-tripod", *legs, lathe([(0.05, 1.36), (0.06, 1.42)], DARK, 12))),)
    if kind in {"guitar", "pipa", "shield", "bow"}:
        legs = [
            mirrored(rod((0.05, 0.42, 0.16), (0.2, 0.0, 0.02), 0.013, STEEL, 6)),
            rod((0.0, 0.62, 0.2), (0.0, 0.0, 0.24), 0.013, STEEL, 6),
        ]
        legs.append(mirrored(rod((0.1, 0.12, 0.1), (0.1, 0.1, -0.1), 0.012, STEEL, 6)))
        return (Piece("rack", finish("metal-rack", *legs)),)
    if kind == "drum":
        legs = [
            rod(
                (0.2 * math.sin(a), 0.82, 0.2 * math.cos(a)), (0.36 * math.sin(a), 0.0, 0.36 * math.cos(a)), 0.02, _WOOD
            )
            for a in (0.5, 2.6, 4.7)
        ]
        return (Piece("rack", finish("drum-stand", *legs)),)
    if kind in {"torch", "staff", "spear"}:
        return (
            Piece(
                "stones",
                finish(
                    "stone",
                    *(
                        box((0.16, 0.1, 0.14), (0.34, 0.33, 0.31), (0.13 * math.sin(a), 0.05, 0.13 * math.cos(a)))
                        for a in (0.3, 2.3, 4.3)
                    ),
                ),
            ),
        )
    return ()


class _Thing:
    def __init__(self, subject: Subject, wind: float) -> None:
        self.subject, self.wind = subject, wind
        self.track = Track(subject.path, subject.size_m[1])
        self.scale = subject.size_m[1] / KINDS[subject.kind].size_m[1]
        self.seed = subject.seed % 101

    def root(self, t: float) -> Matrix:
        return affine(rot_y(self.track.yaw(t)) * self.scale, self.track.position(t))


Motion = Callable[[_Thing, Piece, float], Matrix]


def _flame(o: _Thing, p: Piece, t: float) -> Matrix:
    n = int(p.gain)
    high = 1.0 + 0.28 * wobble(t, o.seed + 3 * n, 2.3)
    lean = 0.18 * wobble(t, o.seed + n, 1.3) + 0.16 * min(o.wind, 1.2)
    return affine(
        rot_z(-lean) @ rot_y(1.3 * n + 0.8 * t) @ np.diag([1.0 + 0.12 * wobble(t, o.seed + n, 1.9), high, 1.0]),
        vec(*p.pivot),
    )


def _pendulum(_o: _Thing, p: Piece, t: float) -> Matrix:
    return affine(rot_z(0.09 * math.sin(math.pi * t)), vec(*p.pivot))


def _hinge(o: _Thing, p: Piece, t: float) -> Matrix:
    """Opens inwards during `open_door` or `open_hatch`."""
    span = next(((a.start_s, a.end_s) for a in o.subject.actions if a.action in {"open_door", "open_hatch"}), None)
    k = 0.0 if span is None else ramp(t, span[0], max(min(span[1], span[0] + 2.0), span[0] + 0.5))
    return affine(rot_y(1.45 * k), vec(*p.pivot))


def _cloth(o: _Thing, p: Piece, t: float) -> Matrix:
    """Strip n of a flag: each turns about the edge of the one before; little wind lets it droop."""
    n = int(p.part.rsplit("_", 1)[1])
    strength = min(0.35 + o.wind, 1.4)
    m = np.eye(4)
    for i in range(n + 1):
        swing = 0.42 * strength * min(i / 3, 1.0) * math.sin(2 * math.pi * (0.9 * strength * t - 0.21 * i) + o.seed)
        m = m @ affine(rot_y(swing), vec(p.gain if i else 0.0, 0.0, 0.0))
    return affine(np.eye(3), vec(*p.pivot)) @ m


def _hanging(o: _Thing, p: Piece, t: float) -> Matrix:
    """Strip n of a banner, from the bar downwards."""
    n = int(p.part.rsplit("_", 1)[1])
    strength = min(0.2 + o.wind, 1.4)
    m = np.eye(4)
    for i in range(n + 1):
        swing = 0.09 * strength * math.sin(2 * math.pi * (0.55 * t - 0.13 * i) + o.seed) + 0.02 * strength
        m = m @ affine(rot_x(swing), vec(0.0, -p.gain if i else 0.0, 0.0))
    return affine(np.eye(3), vec(*p.pivot)) @ m


def _lying(o: _Thing, p: Piece, _t: float) -> Matrix:
    flat = {"letter": rot_z(math.pi / 2), "gun": rot_z(math.pi / 2), "phone": rot_z(-math.pi / 2)}.get(
        o.subject.kind, np.eye(3)
    )
    low = {"letter": 0.006, "gun": 0.02, "phone": 0.008}.get(o.subject.kind)
    x, y, z = p.pivot
    high = y if low is None else y - _SMALL[o.subject.kind][1] + low
    return affine(flat, vec(x, high, z))


def _standing(o: _Thing, _p: Piece, _t: float) -> Matrix:
    turn, place = _STANDING[o.subject.kind]
    return affine(turn, place)


_MOTIONS: dict[str, Motion] = {
    "fixed": lambda _o, p, _t: affine(np.eye(3), vec(*p.pivot)), "flame": _flame, "pendulum": _pendulum, "hinge": _hinge, "cloth": _cloth,
    "hanging": _hanging, "lying": _lying, "standing": _standing,
}  # fmt: skip


def thing_nodes(subject: Subject, wind: float) -> list[MovingNode]:
    """Every piece of a thing; `wind` 0 (still) to about 1.6 (a storm)."""
    thing = _Thing(subject, wind)

    def node(piece: Piece) -> MovingNode:
        motion = _MOTIONS[piece.motion]
        return MovingNode(
            piece.mesh, subject.object_id, subject.label, piece.part, lambda t: thing.root(t) @ motion(thing, piece, t)
        )

    return [node(p) for p in _pieces(subject)]


def _pieces(subject: Subject) -> Model:
    if subject.kind == "tree":
        return tuple(Piece(m.name, m) for m in plants.broadleaf(subject.seed % 4, KINDS["tree"].size_m[1] * 0.93))
    if subject.kind in _MAKERS:
        return _model(subject.kind, paint_of(subject, (_MAKERS[subject.kind][1],)))
    return _prop_model(subject.kind, subject.path[0].position_m[1] > _LIES_ON_M)
