"""Keeping the camera out of things: walls and rooms, the ground, bodies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vr_server.domain.staging import SetPiece

from .framing import Body
from .geometry import Array, unit
from .meshes.ground import ground_height
from .sight import Boxes
from .solids import Box

WALL_M = 0.3
"""A camera keeps this far from what is built, and from bodies."""
_LEAST_SHARE = 0.12


class Room(Protocol):
    """The inner faces of an interior, in the shot's metres."""

    @property
    def x_m(self) -> tuple[float, float]: ...
    @property
    def z_m(self) -> tuple[float, float]: ...
    @property
    def height_m(self) -> float: ...


@dataclass(frozen=True, eq=False)
class Obstacles:
    """What stays where it is for the camera's sake: built pieces, an interior's faces, the ground, and bodies."""

    built: Boxes
    room: Room | None
    ground: str
    bodies: tuple[Body, ...]

    @staticmethod
    def of(built: tuple[SetPiece, ...], room: Room | None, ground: str, bodies: tuple[Body, ...]) -> Obstacles:
        return Obstacles(Boxes.of_pieces(built), room, ground, bodies)

    def open_shares(self, aim: Array, eye: Array) -> Array:
        """How much of the lines from `aim` to `eye` [n, 3] is free of built things, shares 0..1 [n]; what holds the aim
        itself (a doorway, a wall leaned on) is no hindrance."""
        free = np.ones(len(aim))
        if len(self.built):
            enter, leave = self.built.along(aim, eye, WALL_M)
            hit = (enter < leave) & (enter > 0) & (enter < 1)
            free = np.minimum(free, np.where(hit, enter, 1.0).min(axis=1))
        if self.room is not None:
            low = np.array([self.room.x_m[0], 0.0, self.room.z_m[0]]) + WALL_M
            high = np.array([self.room.x_m[1], self.room.height_m, self.room.z_m[1]]) - WALL_M
            low[1] = -1.0  # the floor is the ground's business
            inside = ((aim > low) & (aim < high)).all(axis=1)
            d = eye - aim
            d = np.where(np.abs(d) < 1e-9, 1e-9, d)
            exits = np.where(d > 0, (high - aim) / d, (low - aim) / d).min(axis=1)
            free = np.where(inside, np.minimum(free, exits), free)
        return np.asarray(np.clip(free, _LEAST_SHARE, 1.0))

    def over_ground(self, eye: Array, lowest_m: float) -> Array:
        """`eye` [n, 3], raised where it would be under the ground."""
        floor = ground_height(self.ground, eye[:, 0], eye[:, 2])
        raised = eye.copy()
        raised[:, 1] = np.maximum(eye[:, 1], floor + lowest_m)
        return raised

    def buried(self, aim: Array, eye: Array) -> float:
        """The share of lines from `aim` to `eye` [n, 3] that run through the ground (a hill, a cliff's edge)."""
        steps = np.linspace(0.08, 0.96, 12)[None, :, None]
        points = (aim[:, None] * (1 - steps) + eye[:, None] * steps).reshape(-1, 3)
        under = points[:, 1] < ground_height(self.ground, points[:, 0], points[:, 2]) - 0.05
        return float(under.reshape(len(aim), -1).any(axis=1).mean())

    def leaves(self, body: Body, k: int, start: Array, end: Array) -> float:
        """Share of the line from `start` (in or near `body`) to `end` at which it has left the body by `WALL_M`."""
        enter, leave = _box_of(body, k).along(start[None], end[None], WALL_M)
        return float(leave[0, 0]) if enter[0, 0] < leave[0, 0] else 0.0

    def hidden(self, shown: tuple[Body, ...], picks: Array, aim: Array, eye: Array) -> float:
        """The share of moments `picks` [n] at which a body that is not shown stands before `aim` or about the camera."""
        others = [b for b in self.bodies if b not in shown]
        if not others:
            return 0.0
        count = 0
        for n, k in enumerate(picks):
            boxes = Boxes.of((i, _box(b, k)) for i, b in enumerate(others))
            around = boxes.hold(aim[n : n + 1], 0.0)  # a rider's horse, a driver's car
            cut = boxes.cut(aim[n : n + 1], eye[n : n + 1], 0.12) & ~around
            count += bool(cut.any())
        return count / len(picks)

    def inside(self, eye: Array, margin_m: float) -> Array:
        """Whether the camera [n, 3] is nearer than `margin_m` to a body at each of the bodies' moments, bool [n]."""
        found = np.zeros(len(eye), dtype=bool)
        for body in self.bodies:
            for k in self._near(body, eye):
                found[k] |= bool(_box_of(body, k).hold(eye[k : k + 1], margin_m)[0, 0])
        return found

    def tops(self, eye: Array, margin_m: float) -> Array:
        """How far [n] in metres the camera must rise to be `margin_m` above every body that it is nearer to than that; 0
        where it is free."""
        lift = np.zeros(len(eye))
        for body in self.bodies:
            for k in self._near(body, eye):
                if _box_of(body, k).hold(eye[k : k + 1], margin_m)[0, 0]:
                    top = float(body.points[k, :, 1].max())
                    lift[k] = max(
                        lift[k], max(top, float(body.base[k, 1]) + body.subject.size_m[1]) + 2 * margin_m - eye[k, 1]
                    )
        return lift

    def sidestep(self, body: Body, eye: Array) -> tuple[Array, Array] | None:
        """Unit direction [3] and way [n] in metres by which a camera that runs into `body` must step aside, always to the
        same side; None where it never does. The last resort where the line of sight runs along the body."""
        near = [k for k in self._near(body, eye) if _box_of(body, k).hold(eye[k : k + 1], WALL_M)[0, 0]]
        if not near:
            return None
        w, _, d = body.subject.size_m
        radius = 0.5 * float(np.hypot(w, d)) + WALL_M
        off = (eye - body.base) * np.array([1.0, 0.0, 1.0])
        side = unit(off[near].mean(axis=0) + np.array([1e-4, 0.0, 1e-3]))
        along = off[near] @ side
        aside = (off[near] ** 2).sum(axis=1) - along**2
        way = np.zeros(len(eye))
        way[near] = np.maximum(np.sqrt(np.maximum(radius**2 - aside, 0.0)) - along, 0.0)
        return side, way

    @staticmethod
    def _near(body: Body, eye: Array) -> list[int]:
        """The moments at which a camera is near enough to a body to be in it."""
        far = np.linalg.norm(eye - body.base, axis=1)
        return np.flatnonzero(far < 0.75 * float(np.linalg.norm(body.subject.size_m)) + 1.0).tolist()

    def out_of_bodies(self, eye: Array, aim: Array, spared: tuple[Body, ...] = ()) -> Array:
        """Share [n] of the line from `aim` to `eye` to which the camera must come so as to stand in nobody: below 1 before
        somebody who is in between, above 1 out of the one it looks at."""
        shares = np.ones(len(eye))
        for body in self.bodies:
            if body in spared:
                continue
            for k in self._near(body, eye):
                box = _box_of(body, k)
                if not box.hold(eye[k : k + 1], WALL_M)[0, 0]:
                    continue
                enter, leave = (float(x[0, 0]) for x in box.along(aim[k : k + 1], eye[k : k + 1], WALL_M))
                shares[k] = min(shares[k], enter) if enter > 0.3 else max(shares[k], leave)
        return shares


def _box(body: Body, k: int) -> Box:
    w, h, d = body.subject.size_m
    x, y, z = (float(v) for v in body.base[k])
    low = min(y, float(body.points[k, :, 1].min()))
    return Box(
        x,
        z,
        float(body.yaw[k]),
        w / 2,
        d / 2,
        low,
        max(y + h, float(body.points[k, :, 1].max())) if not body.person else float(body.points[k, :, 1].max()),
    )


def _box_of(body: Body, k: int) -> Boxes:
    return Boxes.of([(0, _box(body, k))])
