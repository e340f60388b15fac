"""A landing craft and who comes out of it: the hatch's times, the descent, the way down the ramp."""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from vr_server.domain.shot import ShotSpec, SubjectSpec
from vr_server.domain.staging import PathKey, TimedAction

from .cast import Beat, beats_of
from .geometry import Array, as_vec3, rot_y, vec
from .kinds import KINDS, SHIP_SCALE, UNKNOWN
from .meshes import craft
from .paths import flight, timed

_KEY_S = 0.2
_SHIP_YAW = -1.12


def _times(beats: tuple[Beat, ...], duration_s: float) -> list[float]:
    marks = {0.0, round(duration_s, 4)} | {round(b.start_s, 4) for b in beats}
    marks |= {round(float(t), 4) for t in np.arange(0.0, duration_s, _KEY_S)}
    ordered = sorted(marks)
    return [t for i, t in enumerate(ordered) if i == 0 or t - ordered[i - 1] > 1e-3]


@dataclass(frozen=True)
class Door:
    opens_s: float
    open_s: float


def door_times(spec: ShotSpec, ship: SubjectSpec | None) -> Door | None:
    """When the hatch moves: as a beat says, or after the landing, or before somebody comes out."""
    if ship is None:
        return None
    beats = beats_of(ship, spec.duration_s)
    for b in beats:
        if b.action == "open_hatch":
            start = min(b.start_s, spec.duration_s * 0.36)
            return Door(start, start + min(b.end_s - b.start_s, spec.duration_s * 0.14, 2.0 / spec.action_speed))
    leaving = any(b.action == "exit_hatch" for s in spec.subjects for b in s.beats)
    if not leaving:
        return None
    landing = [b for b in beats if b.action == "land"]
    if landing and landing[-1].end_s > spec.duration_s * 0.5:
        return Door(spec.duration_s * 0.38, spec.duration_s * 0.52)
    start = landing[-1].end_s if landing else spec.duration_s * 0.1
    return Door(start, min(start + min(2.0, spec.duration_s * 0.18), spec.duration_s))


def ship_path(
    beats: tuple[Beat, ...], mark: Array, spec: ShotSpec, door: Door | None
) -> tuple[tuple[PathKey, ...], tuple[TimedAction, ...]]:
    if door is not None:
        beats = tuple(Beat(b.action, b.start_s, min(b.end_s, door.opens_s)) if b.action == "land" else b for b in beats)
    beats = tuple(b for b in beats if b.action != "open_hatch")
    keys = [
        PathKey(t_s=t, position_m=as_vec3(mark + vec(0.0, flight(beats, t), 0.0)), yaw_rad=_SHIP_YAW)
        for t in _times(beats, spec.duration_s)
    ]
    actions = list(timed(beats))
    if door is not None:
        actions.append(TimedAction(action="open_hatch", start_s=round(door.opens_s, 4), end_s=round(door.open_s, 4)))
    return tuple(keys), tuple(actions)


def exit_path(spec: ShotSpec, door: Door, number: int) -> tuple[tuple[PathKey, ...], tuple[TimedAction, ...]]:
    """Waits inside (carried by the landing ship), then down the ramp and on, once the door is open."""
    ship = next(s for s in spec.subjects if KINDS.get(s.kind, UNKNOWN).family == "spaceship")
    craft_path, _ = ship_path(beats_of(ship, spec.duration_s), vec(0.0, 0.0, -2.0), spec, door)
    times = [k.t_s for k in craft_path]
    at = np.array([k.position_m for k in craft_path])
    turn = rot_y(_SHIP_YAW)
    # out as soon as the door is half open, whatever share of the shot the words gave to waiting
    start = min(0.45 * door.opens_s + 0.55 * door.open_s + 1.4 * number, spec.duration_s * 0.85)
    hinge, foot = SHIP_SCALE * craft.DOOR_HINGE, SHIP_SCALE * craft.RAMP_FOOT
    route = [
        hinge + vec(-0.7, 0.06, 0.0),
        hinge + vec(0.0, 0.08, 0.0),
        foot + vec(0.0, 0.06, 0.0),
        foot + vec(0.3, 0.0, 0.0),
        foot + vec(14.0, 0.0, 0.0),
    ]
    lengths = np.concatenate([[0.0], np.cumsum([float(np.linalg.norm(b - a)) for a, b in itertools.pairwise(route)])])
    # quick enough to stand on the ground before the shot ends, where a brisk walk can do it
    pace = min(max((lengths[2] + 1.6) / (spec.duration_s - start), 1.05), 1.55) * spec.action_speed
    yaw = _SHIP_YAW - math.pi / 2
    keys = []
    marks = sorted(
        {
            *times,
            round(start, 4),
            *(round(start + k * _KEY_S, 4) for k in range(int((spec.duration_s - start) / _KEY_S))),
        }
    )
    for t in marks:
        u = max(t - start, 0.0)
        way = pace * (u * u if u < 0.5 else u - 0.25)
        local = np.array([np.interp(way, lengths, [r[i] for r in route]) for i in range(3)])
        base = np.array([np.interp(t, times, at[:, i]) for i in range(3)])
        keys.append(PathKey(t_s=t, position_m=as_vec3(base + turn @ local), yaw_rad=round(yaw, 5)))
    actions = (
        TimedAction(action="stand", start_s=0.0, end_s=round(start, 4)),
        TimedAction(action="exit_hatch", start_s=round(start, 4), end_s=spec.duration_s),
    )
    return tuple(keys), actions
