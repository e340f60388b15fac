"""Subjects on their marks: kinds, sizes, and timed paths from their beats."""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from vr_server.domain.shot import MarkOverride, ShotSpec, SubjectSpec
from vr_server.domain.staging import PathKey, Subject, TimedAction

from .body.acts import ACTS
from .geometry import Array, as_vec3, forward, ramp, rot_y, turn_between, vec
from .kinds import KINDS, SHIP_SCALE, UNKNOWN, Kind
from .meshes import craft

KEY_S = 0.2


_SPEEDS = {
    "walk": 1.3,
    "crawl": 0.5,
    "chase": 3.9,
    "swim": 0.8,
    "approach": 1.3,
    "leave": 1.3,
    "run": 3.7,
    "exit_hatch": 1.15,
    "enter": 1.1,
    "ride": 4.0,
    "drive": 8.0,
    "fly": 7.0,
}
_CRAFT_ACTS = {"land", "take_off", "hover", "open_hatch", "fly", "drive"}
KNOWN_ACTIONS = set(ACTS) | set(_SPEEDS) | _CRAFT_ACTS
_TOWARD = ("toward", "approach", "走来", "走近", "迎面", "向镜头", "朝镜头", "奔来", "跑来")
_FACING_PAIRS = {"fight", "talk", "embrace"}
_SHIP_YAW = -1.12


@dataclass(frozen=True)
class _Beat:
    action: str
    start_s: float
    end_s: float


def stage_subjects(spec: ShotSpec, seed: int) -> tuple[tuple[Subject, ...], tuple[str, ...]]:
    """Every subject with its path, object ids from 1, and what a director should know about replacements."""
    remarks: list[str] = []
    singles = [(s, i) for s in spec.subjects for i in range(max(s.count, 8) if s.kind == "crowd" else s.count)]
    ship = next((s for s in spec.subjects if KINDS.get(s.kind, UNKNOWN).family == "spaceship"), None)
    door = _door_times(spec, ship) if ship is not None else None
    marks = _marks(singles, seed, ship is not None)
    found: list[Subject] = []
    for n, ((s, i), (mark, face)) in enumerate(zip(singles, marks, strict=True)):
        kind = KINDS.get(s.kind, UNKNOWN)
        if i == 0:
            remarks += _remarks(s, kind)
        beats = _beats(s, spec.duration_s)
        if kind.family == "spaceship":
            path, actions = _ship_path(beats, mark, spec, door)
        elif ship is not None and door is not None and any(b.action == "exit_hatch" for b in beats):
            path, actions = _exit_path(spec, door, i)
        else:
            path, actions = _body_path(beats, mark, _facing(spec, singles, n, face, beats), spec)
        path = _shifted(path, tuple(o for o in spec.mark_overrides if i == 0 and o.subject_key == s.key))
        rng = np.random.default_rng((seed, n))
        tall = 1.0 if kind.family != "person" else float(rng.uniform(0.975, 1.03))
        found.append(
            Subject(
                object_id=n + 1, key=s.key if i == 0 else f"{s.key}#{i + 1}", kind=s.kind, label=s.label, wardrobe=s.wardrobe,
                props=_props(s), size_m=(kind.size_m[0], round(kind.size_m[1] * tall, 3), kind.size_m[2]), path=path, actions=actions,
                seed=int(rng.integers(2**31)), placeholder=kind.family == "box",
            )
        )  # fmt: skip
    return tuple(found), tuple(remarks)


def _remarks(s: SubjectSpec, kind: Kind) -> list[str]:
    notes = []
    if kind.family == "box":
        notes.append(f"“{s.label}” ({s.kind}) has no stand-in yet: a box of plausible size takes its place.")
    elif kind.stand_in is not None:
        notes.append(f"“{s.label}” ({s.kind}) is shown as {kind.stand_in}.")
    notes += [
        f"“{s.label}” cannot “{b.action}” yet and stands instead." for b in s.beats if b.action not in KNOWN_ACTIONS
    ]
    return notes


def _props(s: SubjectSpec) -> tuple[str, ...]:
    sword = any(b.action == "sword_dance" for b in s.beats) or s.kind == "swordswoman"
    return (*s.props, "sword") if sword and "sword" not in s.props else s.props


def _beats(s: SubjectSpec, duration_s: float) -> list[_Beat]:
    total = sum(b.weight for b in s.beats)
    beats, at = [], 0.0
    for b in s.beats:
        end = at + duration_s * b.weight / total
        beats.append(_Beat(b.action if b.action in KNOWN_ACTIONS else "stand", at, end))
        at = end
    return beats or [_Beat("stand", 0.0, duration_s)]


def _marks(singles: list[tuple[SubjectSpec, int]], seed: int, with_ship: bool) -> list[tuple[Array, float]]:
    """Where each stands at mid shot, and how its face is turned from the camera's side (+Z), radians."""
    rng = np.random.default_rng((seed, 77))
    families = [KINDS.get(s.kind, UNKNOWN).family for s, _ in singles]
    people = [n for n, f in enumerate(families) if f == "person"]
    columns = max(1, min(len(people), 2 if len(people) <= 2 else math.ceil(math.sqrt(len(people) * 1.8))))
    found: list[tuple[Array, float]] = []
    beside = 0.0
    for n, family in enumerate(families):
        jitter = rng.uniform(-1, 1, 3)
        width, _, depth = KINDS.get(singles[n][0].kind, UNKNOWN).size_m
        if family == "person":
            k = people.index(n)
            row, column = divmod(k, columns)
            wide = 1.15 if len(people) <= 4 else 1.35
            in_row = min(columns, len(people) - row * columns)
            x = (column - (in_row - 1) / 2) * wide + (0.25 * jitter[0] if len(people) > 2 else 0.0)
            z = -row * 1.5 + 0.28 * jitter[1] * (len(people) > 1) + (4.5 if with_ship else 0.0)
            found.append((vec(x, 0.0, z), 0.16 * float(jitter[2])))
        elif family == "spaceship":
            found.append((vec(0.0, 0.0, -2.0), 0.0))
        elif people or beside:
            beside = beside + max(width, depth * 0.6) + 1.2
            high = 2.6 if family == "bird" else 0.0
            found.append((vec(beside * (1 if n % 2 else -1), high, -1.6 - depth * 0.3), 0.5))
        else:
            beside = max(width, depth * 0.4)
            found.append((vec(0.0, 2.6 if family == "bird" else 0.0, 0.0), 0.7 if family != "bird" else 1.2))
    return found


def _facing(spec: ShotSpec, singles: list[tuple[SubjectSpec, int]], n: int, turned: float, beats: list[_Beat]) -> float:
    """Yaw at mid shot: towards the camera in a three-quarter view, or as the action asks."""
    actions = {b.action for b in beats}
    if len(singles) == 2 and actions & _FACING_PAIRS:
        return -math.pi / 2 - 0.25 if n == 0 else math.pi / 2 + 0.25
    if "leave" in actions:
        return 0.25
    moving = actions & set(_SPEEDS)
    text = spec.text.lower()
    if moving and ("approach" in actions or any(word in text for word in _TOWARD) or spec.place in {"street", "alley"}):
        return math.pi + 0.05 * turned
    skew = 0.75 if moving else 0.3
    return math.pi + skew * (1 if np.random.default_rng(len(spec.text)).uniform() < 0.5 else -1) + turned


def _eased(beats: list[_Beat], n: int, t: float, duration_s: float) -> float:
    """Seconds at full speed that amount to the way gone in beat `n` by `t`: half a second to start and to stop."""
    b = beats[n]
    own = _SPEEDS.get(b.action, 0.0)
    before = _SPEEDS.get(beats[n - 1].action, 0.0) if n else own
    after = _SPEEDS.get(beats[n + 1].action, 0.0) if n + 1 < len(beats) else own
    length = b.end_s - b.start_s
    ease = min(0.5, length / 2.5)
    u = min(max(t - b.start_s, 0.0), length)
    way = u
    if before == 0.0:
        way = u * u / (2 * ease) if u < ease else u - ease / 2
    if after == 0.0 and b.end_s < duration_s - 1e-6:
        rest = length - u
        way -= max(0.0, ease - rest) ** 2 / (2 * ease)
    return way


def _times(beats: list[_Beat], duration_s: float) -> list[float]:
    marks = {0.0, round(duration_s, 4)} | {round(b.start_s, 4) for b in beats}
    marks |= {round(float(t), 4) for t in np.arange(0.0, duration_s, KEY_S)}
    ordered = sorted(marks)
    return [t for i, t in enumerate(ordered) if i == 0 or t - ordered[i - 1] > 1e-3]


def _body_path(
    beats: list[_Beat], mark: Array, yaw: float, spec: ShotSpec
) -> tuple[tuple[PathKey, ...], tuple[TimedAction, ...]]:
    """Straight on while a beat moves; a `turn` beat turns on the spot; the mid-shot place is the mark."""
    rate = spec.action_speed

    def gone(t: float) -> tuple[float, float]:
        way, turned = 0.0, 0.0
        for n, b in enumerate(beats):
            if t > b.start_s:
                way += _SPEEDS.get(b.action, 0.0) * rate * _eased(beats, n, t, spec.duration_s)
                if b.action == "turn":
                    turned += 2.4 * ramp(t, b.start_s, min(b.end_s, b.start_s + 1.6 / rate))
        return way, turned

    heights = [_flight(beats, t, spec.duration_s) for t in _times(beats, spec.duration_s)]
    mid = gone(spec.duration_s / 2)
    keys, at, last = [], vec(0.0, 0.0, 0.0), 0.0
    for t, high in zip(_times(beats, spec.duration_s), heights, strict=True):
        way, turned = gone(t)
        at = at + forward(yaw + turned - mid[1]) * (way - last)
        last = way
        keys.append((t, at + vec(0.0, high, 0.0), yaw + turned - mid[1]))
    middle = np.array([np.interp(spec.duration_s / 2, [k[0] for k in keys], [k[1][i] for k in keys]) for i in range(3)])
    middle[1] = 0.0
    path = tuple(PathKey(t_s=t, position_m=as_vec3(p - middle + mark), yaw_rad=round(y, 5)) for t, p, y in keys)
    actions = tuple(TimedAction(action=b.action, start_s=round(b.start_s, 4), end_s=round(b.end_s, 4)) for b in beats)
    return path, actions


def _flight(beats: list[_Beat], t: float, duration_s: float) -> float:
    """Height over the mark for `take_off`, `land`, `fly`, `hover` of whatever flies."""
    high = 0.0
    for b in beats:
        u = min(max((t - b.start_s) / max(b.end_s - b.start_s, 1e-6), 0.0), 1.0)
        span = min(1.25 * (b.end_s - b.start_s), 7.0)
        if b.action == "land" and t < b.end_s:
            high = span * (1 - u) ** 2 if t >= b.start_s else span
        elif b.action == "take_off" and t >= b.start_s:
            high = span * u * u
    floating = {"fly", "hover"} & {b.action for b in beats}
    return high + (5.0 if floating and duration_s > 0 else 0.0)


@dataclass(frozen=True)
class _Door:
    opens_s: float
    open_s: float


def _door_times(spec: ShotSpec, ship: SubjectSpec | None) -> _Door | None:
    """When the hatch moves: as a beat says, or after the landing, or before somebody comes out."""
    if ship is None:
        return None
    beats = _beats(ship, spec.duration_s)
    for b in beats:
        if b.action == "open_hatch":
            start = min(b.start_s, spec.duration_s * 0.36)
            return _Door(start, start + min(b.end_s - b.start_s, spec.duration_s * 0.14, 2.0 / spec.action_speed))
    leaving = any(b.action == "exit_hatch" for s in spec.subjects for b in s.beats)
    if not leaving:
        return None
    landing = [b for b in beats if b.action == "land"]
    if landing and landing[-1].end_s > spec.duration_s * 0.5:
        return _Door(spec.duration_s * 0.38, spec.duration_s * 0.52)
    start = landing[-1].end_s if landing else spec.duration_s * 0.1
    return _Door(start, min(start + min(2.0, spec.duration_s * 0.18), spec.duration_s))


def _ship_path(
    beats: list[_Beat], mark: Array, spec: ShotSpec, door: _Door | None
) -> tuple[tuple[PathKey, ...], tuple[TimedAction, ...]]:
    if door is not None:
        beats = [_Beat(b.action, b.start_s, min(b.end_s, door.opens_s)) if b.action == "land" else b for b in beats]
    beats = [b for b in beats if b.action != "open_hatch"]
    keys = [
        PathKey(t_s=t, position_m=as_vec3(mark + vec(0.0, _flight(beats, t, spec.duration_s), 0.0)), yaw_rad=_SHIP_YAW)
        for t in _times(beats, spec.duration_s)
    ]
    actions = [TimedAction(action=b.action, start_s=round(b.start_s, 4), end_s=round(b.end_s, 4)) for b in beats]
    if door is not None:
        actions.append(TimedAction(action="open_hatch", start_s=round(door.opens_s, 4), end_s=round(door.open_s, 4)))
    return tuple(keys), tuple(actions)


def _exit_path(spec: ShotSpec, door: _Door, number: int) -> tuple[tuple[PathKey, ...], tuple[TimedAction, ...]]:
    """Waits inside (carried by the landing ship), then down the ramp and on, once the door is open."""
    ship = next(s for s in spec.subjects if KINDS.get(s.kind, UNKNOWN).family == "spaceship")
    ship_path, _ = _ship_path(_beats(ship, spec.duration_s), vec(0.0, 0.0, -2.0), spec, door)
    times = [k.t_s for k in ship_path]
    at = np.array([k.position_m for k in ship_path])
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
        {*times, round(start, 4), *(round(start + k * KEY_S, 4) for k in range(int((spec.duration_s - start) / KEY_S)))}
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


def _shifted(path: tuple[PathKey, ...], overrides: tuple[MarkOverride, ...]) -> tuple[PathKey, ...]:
    """The path moved so that it passes each override's point at its time; a yaw turns the whole path about that point."""
    inner = {round(o.t_s, 4) for o in overrides if o.t_s < path[-1].t_s} - {k.t_s for k in path}
    added = [PathKey(t_s=t, position_m=as_vec3(path_at(path, t)[0]), yaw_rad=path_at(path, t)[1]) for t in inner]
    path = tuple(sorted((*path, *added), key=lambda k: k.t_s))
    for o in sorted(overrides, key=lambda o: o.t_s):
        if o.yaw_rad is not None:
            pivot, yaw = path_at(path, o.t_s)
            delta = turn_between(yaw, o.yaw_rad)
            turn = rot_y(delta)
            path = tuple(
                k.model_copy(
                    update={
                        "position_m": as_vec3(pivot + turn @ (np.array(k.position_m) - pivot)),
                        "yaw_rad": k.yaw_rad + delta,
                    }
                )
                for k in path
            )
    if not overrides:
        return path
    ordered = sorted(overrides, key=lambda o: o.t_s)
    times = [o.t_s for o in ordered]
    deltas = np.array([np.array(o.position_m) - path_at(path, o.t_s)[0] for o in ordered])
    return tuple(
        k.model_copy(
            update={
                "position_m": as_vec3(
                    np.array(k.position_m) + [np.interp(k.t_s, times, deltas[:, i]) for i in range(3)]
                )
            }
        )
        for k in path
    )


def path_at(path: tuple[PathKey, ...], t_s: float) -> tuple[Array, float]:
    """Position (float64 [3]) and yaw of a path at a time."""
    times = [k.t_s for k in path]
    yaws = [path[0].yaw_rad]
    for key in path[1:]:
        yaws.append(yaws[-1] + turn_between(yaws[-1], key.yaw_rad))
    at = np.array([np.interp(t_s, times, [k.position_m[i] for k in path]) for i in range(3)])
    return at, float(np.interp(t_s, times, yaws))
