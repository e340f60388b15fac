"""Machines over time: a model's pieces on a track, wheels that roll, rotors that turn, wings that unfold."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from vr_server.domain.staging import Rgb, Subject
from vr_server.staging.geometry import (
    Array,
    affine,
    as_vec3,
    forward,
    ramp,
    rot_x,
    rot_y,
    rot_z,
    turn_between,
    vec,
    wobble,
)
from vr_server.staging.kinds import KINDS
from vr_server.staging.meshes import aircraft, rail, road, vessels
from vr_server.staging.meshes.model import Model, Paint, Piece, paint_of
from vr_server.staging.scene import Matrix, MovingNode

from .animals import quadruped_nodes
from .track import Track

Motion = Callable[["Machine", Piece, float], Matrix]
_WHITE: Rgb = (0.72, 0.72, 0.70)
_BODY: tuple[Paint, ...] = (
    ((0.45, 0.05, 0.04), _WHITE), ((0.05, 0.12, 0.26), _WHITE), (_WHITE, (0.12, 0.2, 0.34)), ((0.10, 0.11, 0.12), (0.5, 0.5, 0.5)), ((0.10, 0.22, 0.16), _WHITE),
)  # fmt: skip
_MAKERS: dict[str, tuple[Callable[[Paint], Model], tuple[Paint, ...]]] = {
    "car": (road.car, _BODY),
    "truck": (road.truck, tuple((a, _WHITE) for a, _ in _BODY)),
    "bus": (road.bus, (((0.50, 0.07, 0.05), _WHITE), ((0.08, 0.24, 0.42), _WHITE), ((0.68, 0.55, 0.12), (0.1, 0.1, 0.11)))),
    "motorcycle": (road.motorcycle, (((0.42, 0.04, 0.03), (0.05, 0.05, 0.055)), ((0.04, 0.05, 0.06), (0.05, 0.05, 0.055)))),
    "bicycle": (road.bicycle, (((0.05, 0.25, 0.28), (0.2, 0.1, 0.05)), ((0.45, 0.06, 0.05), (0.05, 0.05, 0.05)))),
    "carriage": (road.carriage, (((0.20, 0.03, 0.035), (0.55, 0.40, 0.12)), ((0.04, 0.07, 0.12), (0.5, 0.38, 0.14)))),
    "tank": (road.tank, (((0.16, 0.17, 0.09), (0.1, 0.09, 0.05)), ((0.42, 0.34, 0.2), (0.26, 0.2, 0.12)))),
    "train": (rail.train, (((0.05, 0.17, 0.10), (0.62, 0.56, 0.42)), ((0.30, 0.04, 0.035), (0.62, 0.56, 0.42)))),
    "aircraft": (aircraft.aircraft, ((_WHITE, (0.06, 0.14, 0.36)), (_WHITE, (0.45, 0.06, 0.05)))),
    "helicopter": (aircraft.helicopter, (((0.05, 0.13, 0.3), (0.68, 0.66, 0.6)), ((0.5, 0.07, 0.05), _WHITE))),
    "drone": (aircraft.drone, ((_WHITE, (0.12, 0.12, 0.13)),)),
    "hovercraft": (aircraft.hovercraft, ((_WHITE, (0.55, 0.09, 0.05)), ((0.6, 0.62, 0.6), (0.05, 0.25, 0.4)))),
    "winged_craft": (aircraft.winged_craft, (((0.60, 0.62, 0.68), (0.14, 0.11, 0.22)), ((0.44, 0.45, 0.48), (0.50, 0.36, 0.12)))),
    "ship": (vessels.ship, (((0.26, 0.13, 0.06), (0.42, 0.07, 0.05)), ((0.12, 0.08, 0.05), (0.5, 0.36, 0.12)))),
    "boat": (vessels.boat, (((0.40, 0.24, 0.12), (0.24, 0.13, 0.06)), ((0.10, 0.24, 0.30), (0.5, 0.46, 0.38)))),
}  # fmt: skip
MACHINES = tuple(_MAKERS)
"""The bodies that `machine_nodes` builds."""
_FLIGHT = {"fly", "hover", "take_off", "land"}
_AIRBORNE_M = 0.25
HORSE_AHEAD_M = 2.0
"""Of a carriage's horse, from the middle of both."""


@lru_cache(maxsize=48)
def _model(kind: str, paint: Paint) -> Model:
    return _MAKERS[kind][0](paint)


class Machine:
    """A subject's track and attitude. `root(t)` is the machine's frame: metres of its model, scaled to the subject."""

    def __init__(self, subject: Subject) -> None:
        kind = KINDS[subject.kind]
        self.subject, self.kind = subject, kind
        self.track = Track(subject.path, subject.size_m[1])
        self.scale = subject.size_m[1] / kind.size_m[1]
        self.acts = {a.action for a in subject.actions}
        self._kept: tuple[float, Matrix] | None = None

    def action(self, name: str) -> tuple[float, float] | None:
        """Start and end of the first action of this name."""
        return next(((a.start_s, a.end_s) for a in self.subject.actions if a.action == name), None)

    def height(self, t: float) -> float:
        return float(self.track.position(t)[1])

    def root(self, t: float) -> Matrix:
        if self._kept is None or self._kept[0] != t:
            turn, offset = _ATTITUDES.get(self.kind.family, _plain)(self, t)
            sunk, heel = _sinking(self, t)
            place = self.track.position(t) + offset - vec(0.0, sunk, 0.0)
            self._kept = (t, affine(rot_y(self.track.yaw(t)) @ turn @ heel * self.scale, place))
        return self._kept[1]

    def velocity(self, t: float) -> Array:
        """Metres a second in the world, over a fifth of a second."""
        return np.asarray((self.track.position(t + 0.1) - self.track.position(t - 0.1)) / 0.2)

    def turning(self, t: float) -> float:
        return turn_between(self.track.yaw(t - 0.15), self.track.yaw(t + 0.15)) / 0.3

    def rolled(self, t: float) -> float:
        """Metres along the way, less where it runs backwards."""
        return self.track.distance(t)


def _plain(_m: Machine, _t: float) -> tuple[Array, Array]:
    return np.eye(3), vec(0.0, 0.0, 0.0)


def _on_wheels(m: Machine, t: float) -> tuple[Array, Array]:
    """Rocks a little on its springs while it drives; leans into bends on two wheels."""
    moving = min(float(np.linalg.norm(m.velocity(t))) / 6.0, 1.0)
    if m.kind.body in {"motorcycle", "bicycle"}:
        lean = math.atan(float(np.linalg.norm(m.velocity(t))) * m.turning(t) / 9.81)
        return rot_z(min(max(lean, -0.6), 0.6)), vec(0.0, 0.0, 0.0)
    if m.kind.body == "hovercraft":
        lift = 0.12 * (moving if not m.acts & _FLIGHT else 1.0)
        return rot_x(0.01 * wobble(t, m.subject.seed, 0.7)) @ rot_z(
            0.015 * wobble(t, m.subject.seed + 1, 0.6) + 0.1 * m.turning(t)
        ), vec(0.0, lift, 0.0)
    if m.kind.body == "train":
        return np.eye(3), vec(0.0, 0.0, 0.0)
    shake = 0.004 * moving
    return rot_x(shake * wobble(t, m.subject.seed, 2.1)) @ rot_z(shake * wobble(t, m.subject.seed + 1, 1.7)), vec(
        0.0, 0.0, 0.0
    )


def _in_air(m: Machine, t: float) -> tuple[Array, Array]:
    """Nose with the climb, banked into turns, a slow bob where it hovers; level on the ground."""
    high = min(max(m.height(t) - _AIRBORNE_M, 0.0) / 2.0, 1.0)
    v = m.velocity(t)
    ahead = math.hypot(float(v[0]), float(v[2]))
    steep = math.atan2(float(v[1]), max(ahead, 6.0)) * (0.8 if m.kind.body == "aircraft" else 0.25)
    dip = 0.0 if m.kind.body == "aircraft" else -0.12 * min(ahead / 8.0, 1.0)
    bank = min(max(0.35 * m.turning(t) * min(ahead / 6.0, 1.0), -0.6), 0.6)
    seed = m.subject.seed
    turn = rot_x(high * (steep + dip + 0.025 * wobble(t, seed, 0.31))) @ rot_z(
        high * (bank + 0.03 * wobble(t, seed + 1, 0.27))
    )
    bob = 0.22 * min(m.subject.size_m[1] / 3.0, 1.0) * math.sin(2 * math.pi * 0.32 * t + seed % 7)
    return turn, vec(0.0, high * bob, 0.0)


def _on_water(m: Machine, t: float) -> tuple[Array, Array]:
    """Pitches, rolls and heaves with a swell that big hulls answer more slowly."""
    size = m.subject.size_m[2]
    hz, angle = 1.0 / (2.0 + 0.16 * size), 0.05 if size < 10 else 0.028
    seed = m.subject.seed % 11
    turn = rot_x(angle * math.sin(2 * math.pi * hz * t + seed)) @ rot_z(
        1.3 * angle * math.sin(2 * math.pi * 0.73 * hz * t + 2 * seed)
    )
    return turn, vec(0.0, 0.012 * size**0.5 * math.sin(2 * math.pi * hz * t + seed + 1.1), 0.0)


_ATTITUDES: dict[str, Callable[[Machine, float], tuple[Array, Array]]] = {
    "vehicle": _on_wheels,
    "aircraft": _in_air,
    "vessel": _on_water,
}


def _sinking(m: Machine, t: float) -> tuple[float, Array]:
    """How deep it has gone down (metres), and its tilt: by the stern first, then under."""
    span = m.action("sink")
    if span is None:
        return 0.0, np.eye(3)
    k = ramp(t, span[0], max(span[1], span[0] + 0.5))
    u = min(max((t - span[0]) / max(span[1] - span[0], 0.5), 0.0), 1.0)
    return m.subject.size_m[1] * 0.75 * u * u, rot_x(0.5 * k) @ rot_z(0.22 * k)


def _wheel(m: Machine, p: Piece, t: float) -> Matrix:
    return affine(rot_x(-m.rolled(t) / (p.gain * m.scale)), vec(*p.pivot))


def _crank(m: Machine, p: Piece, t: float) -> Matrix:
    """A coupling rod: goes round with the wheels, stays level."""
    turn = rot_x(-m.rolled(t) / (p.gain * m.scale) + (math.pi / 2 if p.pivot[0] > 0 else 0.0))
    return affine(np.eye(3), vec(*p.pivot) + turn @ vec(0.0, 0.45 * p.gain, 0.0))


def _spin(m: Machine, t: float) -> float:
    """Turns made by engines that run: always in the air, from the start where it is to fly, else not at all."""
    return t if m.acts & (_FLIGHT | {"drive"}) or m.height(0.0) > _AIRBORNE_M else 0.0


def _rotor(m: Machine, p: Piece, t: float) -> Matrix:
    return affine(rot_y(2 * math.pi * p.gain * _spin(m, t)), vec(*p.pivot))


def _tail_rotor(m: Machine, p: Piece, t: float) -> Matrix:
    return affine(rot_x(2 * math.pi * p.gain * _spin(m, t)), vec(*p.pivot))


def _propeller(m: Machine, p: Piece, t: float) -> Matrix:
    return affine(rot_z(2 * math.pi * p.gain * _spin(m, t)), vec(*p.pivot))


def _gear(m: Machine, _p: Piece, t: float) -> Matrix:
    """Legs that go up into the hull between 1.5 and 3.5 m over the ground."""
    away = ramp(m.height(t), 1.5, 3.5)
    return affine(np.diag([1.0, 1.0 - 0.96 * away, 1.0]), vec(0.0, 1.5 * away, 0.0))


def unfolded(m: Machine, t: float) -> float:
    """0: wings along the body, 1: spread. Spread all along where it flies and nobody said when they unfold."""
    span = m.action("unfold_wings")
    if span is None:
        return 1.0 if m.acts & _FLIGHT or m.height(t) > _AIRBORNE_M else 0.0
    return ramp(t, span[0], max(min(span[1], span[0] + 3.0), span[0] + 0.6))


def _wing(m: Machine, p: Piece, t: float) -> Matrix:
    """A wing of the six: swings out from the body, then beats; the pairs follow each other."""
    side, n = math.copysign(1.0, p.gain), int(abs(p.gain)) - 1
    k = min(max(unfolded(m, t) * 1.4 - 0.2 * n, 0.0), 1.0)
    beat = (
        k
        * 0.16
        * math.sin(2 * math.pi * 0.55 * t - 0.7 * n)
        * (1.0 if m.height(t) > _AIRBORNE_M or m.acts & _FLIGHT else 0.35)
    )
    raised = 0.12 + (aircraft.WING_PAIRS[n][2] - 0.12) * k + beat
    swept = 1.4 * (1 - k) + (0.12 * (n - 1) + 0.1) * k
    slim = 0.72 + 0.28 * k
    # spread, the blades trail downwards, so that the wings are broad from ahead as well as from above
    twist = rot_x(0.9 * (1 - k) * (1 if n < 2 else -0.4) + (0.62 - 0.2 * n) * k)
    return affine(
        rot_y(-side * swept) @ rot_z(side * raised) @ twist @ np.diag([slim, 1.0, 0.5 + 0.5 * k]), vec(*p.pivot)
    )


def _oar(m: Machine, p: Piece, t: float) -> Matrix:
    """Rowed while the boat moves, else trailing."""
    moving = min(float(np.linalg.norm(m.velocity(t))) / 0.8, 1.0)
    swing = 2 * math.pi * 0.5 * t
    reach = -1.38 * (1 - moving) + moving * 0.55 * math.sin(swing)
    dip = -0.02 + moving * (0.16 * math.cos(swing) - 0.2)
    return affine(rot_y(p.gain * reach) @ rot_z(p.gain * dip), vec(*p.pivot))


def _sails(m: Machine, _p: Piece, t: float) -> Matrix:
    """The yards are braced a little to and fro with the wind."""
    return affine(rot_y(0.02 * wobble(t, m.subject.seed, 0.4)), vec(0.0, 0.0, 0.0))


def _pennant(m: Machine, p: Piece, t: float) -> Matrix:
    return affine(
        rot_y(0.3 * wobble(t, m.subject.seed, 0.7)) @ rot_x(0.12 * wobble(t, m.subject.seed + 2, 1.1)), vec(*p.pivot)
    )


def _turret(m: Machine, p: Piece, t: float) -> Matrix:
    return affine(rot_y(0.18 * wobble(t, m.subject.seed, 0.12)), vec(*p.pivot))


def _skirt(m: Machine, _p: Piece, t: float) -> Matrix:
    """Stands on the ground and fills with air as the craft rises on it."""
    lift = float(_on_wheels(m, t)[1][1]) / m.scale
    return affine(np.diag([1.0, 1.0 + lift / 0.85, 1.0]), vec(0.0, -lift, 0.0))


_MOTIONS: dict[str, Motion] = {
    "fixed": lambda _m, p, _t: affine(np.eye(3), vec(*p.pivot)), "wheel": _wheel, "crank": _crank, "rotor": _rotor, "tail_rotor": _tail_rotor,
    "propeller": _propeller, "gear": _gear, "wing": _wing, "oar": _oar, "sails": _sails, "pennant": _pennant, "turret": _turret, "skirt": _skirt,
}  # fmt: skip


def machine_nodes(subject: Subject, _wind: float) -> list[MovingNode]:
    """Every piece of a vehicle, an aircraft or a vessel; a train brings its track."""
    machine = Machine(subject)
    maker = machine.kind.body

    def node(piece: Piece) -> MovingNode:
        motion = _MOTIONS[piece.motion]
        return MovingNode(
            piece.mesh,
            subject.object_id,
            subject.label,
            piece.part,
            lambda t: machine.root(t) @ motion(machine, piece, t),
        )

    nodes = [node(p) for p in _model(maker, paint_of(subject, _MAKERS[maker][1]))]
    if maker == "train":
        nodes.append(_rails(machine))
    if maker == "carriage":
        nodes += _drawn_by(subject, machine)
    return nodes


def _drawn_by(subject: Subject, machine: Machine) -> list[MovingNode]:
    """The horse before a carriage, on the same way."""
    ahead = HORSE_AHEAD_M * machine.scale
    path = tuple(
        k.model_copy(update={"position_m": as_vec3(np.array(k.position_m) + forward(k.yaw_rad) * ahead)})
        for k in subject.path
    )
    w, h, d = (x * machine.scale for x in KINDS["horse"].size_m)
    horse = subject.model_copy(update={"kind": "horse", "path": path, "size_m": (w, h, d), "colours": ()})
    return [replace(node, part=f"horse_{node.part}") for node in quadruped_nodes(horse)]


def _rails(machine: Machine) -> MovingNode:
    """Track under the whole way, at rest in the world; part of the ground to whoever counts subjects."""
    way = machine.track.distance(machine.track.end_s) / machine.scale
    middle = (machine.track.position(0.0) + machine.track.position(machine.track.end_s)) / 2
    world = affine(rot_y(machine.track.yaw(0.0)) * machine.scale, vec(float(middle[0]), 0.0, float(middle[2])))
    return MovingNode(rail.track(round(way / 2 + 60.0)), 0, "ground", "rails", lambda _: world)
