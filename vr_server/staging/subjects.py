"""Subjects on their marks: looks, sizes, and timed paths that keep out of each other's way."""

import math

import numpy as np

from vr_server.domain.shot import ShotSpec, SubjectSpec
from vr_server.domain.staging import PathKey, Subject, TimedAction

from .boarding import door_times, exit_path, ship_path
from .body.saddles import Saddle, rideable
from .cast import IDLE, KNOWN_ACTIONS, SPEEDS, Actor, Beat, cast_of
from .continuity import look_rng, look_seed
from .geometry import Array, as_vec3, rot_y, vec
from .handing import handed_over
from .kinds import KINDS, UNKNOWN, Kind
from .lanes import keep_clear
from .marks import facing, marks_of
from .meshes.props import HELD
from .pairs import Floor
from .palette import rgbs_of
from .paths import Pose2, Route, flight, moved, path_at, timed
from .people import Planned, plan_person

__all__ = ["KNOWN_ACTIONS", "path_at", "stage_subjects"]

_PACES = {"quadruped": 1.25, "bird": 1.0, "beast": 1.0, "vehicle": 1.6, "aircraft": 2.0, "vessel": 1.2}
"""How much faster than a person each moves in the same words."""
_RIDDEN = {"ride", "drive"}
_GOES_ALONG = {"fly", "hover", "walk", "run", "drive", "swim"}
_SADDLE, _CAR_SEAT = 0.45, 0.19
"""From the place between the feet up to the seat, in body heights (see postures.ride and postures.drive)."""
_RIDE_KEY_S = 0.06
_SHORES, _ALONG_SHORE = {"river": -9.5, "beach": -13.0}, math.pi / 2 + 0.2
"""Places seen from a bank: how far off (z, metres) what floats keeps, and which way it goes."""
_BOARDS, _BOW = 0.2, 0.22
"""Where one sits in a boat: its bottom boards, shares of its height over the water and of its length before its middle."""
_KIND_PACES = {"boat": 0.15, "ship": 0.6}
"""How fast these go in the words for driving: a boat drifts or is rowed."""


def stage_subjects(spec: ShotSpec, seed: int) -> tuple[tuple[Subject, ...], tuple[str, ...]]:
    """Every subject with its path, object ids from 1, and what a director should know about replacements."""
    cast = _mounted(cast_of(spec))
    floor = Floor(spec, seed, cast, marks_of(cast, seed))
    planned = _plan(floor)
    planned = handed_over(cast, keep_clear(floor, planned))
    subjects = []
    for a in cast:
        path, actions = planned[a.key]
        path = moved(path, tuple(o for o in spec.mark_overrides if o.subject_key == a.key))
        subjects.append(_subject(a, floor, path, actions))
    remarks = [line for s in spec.subjects for line in _remarks(s, KINDS.get(s.kind, UNKNOWN))]
    return tuple(subjects), tuple(remarks)


def _subject(a: Actor, floor: Floor, path: tuple[PathKey, ...], actions: tuple[TimedAction, ...]) -> Subject:
    """The look follows the project's continuity: same key and label, same height, face and clothes."""
    spec, name = floor.spec, f"{a.key}/{a.spec.label}"
    x, y, z = a.size_m
    tall = float(look_rng(spec, floor.seed, name + "/height").uniform(0.97, 1.035)) if a.is_person else 1.0
    role = any(key[0] == a.key and floor.by_key[key[1]].number < a.number for key in floor.meetings)
    look = (look_seed(spec, floor.seed, name) >> 1 << 1) | int(role)
    return Subject(
        object_id=a.number + 1, key=a.key, kind=a.spec.kind, label=a.spec.label, wardrobe=a.spec.wardrobe, colours=rgbs_of(a.spec.colours),
        props=_props(a, floor), size_m=(round(x, 3), round(y * tall, 3), round(z, 3)), path=path, actions=actions, seed=look,
        placeholder=a.kind.family == "box",
    )  # fmt: skip


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


def _props(a: Actor, floor: Floor) -> tuple[str, ...]:
    """What the hands need for what is told and the words left out; what is received comes last."""
    props = a.spec.props
    if "hand_over" in a.actions and not any(p in HELD for p in props):
        props = (*props, "letter")
    for b in a.beats:
        giver = floor.by_key.get(b.target or "")
        if b.action == "receive" and giver is not None:
            props = (*props, next((p for p in giver.spec.props if p in HELD), "letter"))
    if a.is_person and a.kind.builder == "person":
        if (a.spec.kind == "swordswoman" or "sword_dance" in a.actions) and "sword" not in props:
            props = (*props, "sword")
        if a.actions & {"draw_gun", "aim", "shoot"} and not {"gun", "bow"} & set(props):
            props = (*props, "gun")
        if "read" in a.actions and not {"book", "letter", "phone"} & set(props):
            props = (*props, "book")
    return props


def _mounted(cast: tuple[Actor, ...]) -> tuple[Actor, ...]:
    """What is ridden or driven does as its rider, unless it is told to do something of its own."""
    by_key = {a.key: a for a in cast}
    found = dict(by_key)
    for a in cast:
        carrier = by_key.get(next((b.target for b in a.beats if b.action in _RIDDEN and b.target), "") or "")
        if carrier is None or carrier.is_person or carrier.actions - IDLE - {"ride", "drive"}:
            continue
        beats = tuple(
            Beat(b.action if b.action in {*SPEEDS, "stand"} else "stand", b.start_s, b.end_s) for b in a.beats
        )
        found[carrier.key] = Actor(carrier.number, carrier.key, carrier.spec, carrier.kind, carrier.index, beats)
    return tuple(found.values())


def _plan(floor: Floor) -> dict[str, Planned]:
    """Paths in an order that lets whoever goes to somebody know where that is."""
    found: dict[str, Planned] = {}
    ship = next((a for a in floor.cast if a.kind.family == "spaceship"), None)
    door = door_times(floor.spec, ship.spec) if ship is not None else None
    for a in _ordered(floor):
        carrier = next((b for b in a.beats if b.action in _RIDDEN and b.target in floor.paths), None)
        if a.kind.family == "spaceship":
            found[a.key] = ship_path(a.beats, floor.marks[a.number].at, floor.spec, door)
        elif door is not None and "exit_hatch" in a.actions:
            found[a.key] = exit_path(floor.spec, door, a.index)
        elif carrier is not None and a.is_person and rideable(floor.by_key[carrier.target or ""].spec.kind):
            found[a.key] = _riding(a, floor, carrier)
        elif a.is_person and (vessel := _vessel_of(a, floor)) is not None:
            found[a.key] = _aboard(a, floor, vessel)
        elif a.is_person:
            found[a.key] = plan_person(a, floor)
        elif _accompanies(a, floor):
            found[a.key] = _beside(a, floor)
        else:
            found[a.key] = _free_path(a, floor)
        floor.paths[a.key] = found[a.key][0]
    return found


def _vessel_of(a: Actor, floor: Floor) -> Actor | None:
    """The boat or ship that somebody sits or stands in for the whole shot."""
    told = {b.target for b in a.beats} | ({a.spec.placement.of} if a.spec.placement else set())
    found = next((floor.by_key[k] for k in told if k in floor.paths and k in floor.by_key), None)
    return found if found is not None and found.kind.family == "vessel" and not a.actions & set(SPEEDS) else None


def _aboard(a: Actor, floor: Floor, vessel: Actor) -> Planned:
    """Before the middle of the vessel, on its bottom boards, facing where it goes."""
    width, high, length = vessel.size_m
    local = vec(
        (a.index % 2 - 0.5) * 0.3 * width * (a.spec.count > 1),
        _BOARDS * min(high, 1.2),
        -_BOW * min(length, 6.0) + 0.9 * (a.index // 2),
    )
    path = tuple(
        PathKey(t_s=k.t_s, position_m=as_vec3(np.array(k.position_m) + rot_y(k.yaw_rad) @ local), yaw_rad=k.yaw_rad)
        for k in floor.paths[vessel.key]
    )
    return path, timed(a.beats)


def _accompanies(a: Actor, floor: Floor) -> bool:
    """Whether it goes where somebody goes: three birds above a running dog, a drone beside a car."""
    place = a.spec.placement
    return bool(place and place.of in floor.paths and a.actions <= _GOES_ALONG and a.actions & set(SPEEDS))


def _beside(a: Actor, floor: Floor) -> Planned:
    """The path of whom it accompanies, at its own place beside or above it."""
    other = floor.by_key[a.spec.placement.of if a.spec.placement and a.spec.placement.of else ""]
    off = floor.marks[a.number].at - floor.marks[other.number].at
    path = tuple(
        k.model_copy(update={"position_m": as_vec3(np.array(k.position_m) + off)}) for k in floor.paths[other.key]
    )
    return path, timed(a.beats)


def _waits(a: Actor, floor: Floor, open_keys: set[str]) -> bool:
    """Whether its place is that of another who is not planned yet: what accompanies somebody, who is in a boat."""
    of = a.spec.placement.of if a.spec.placement else None
    if of is None or of == a.key or of not in open_keys:
        return False
    return not a.is_person or floor.by_key[of].kind.family == "vessel"


def _ordered(floor: Floor) -> list[Actor]:
    """Those that others go to first; where two go to each other, the first told."""
    found: list[Actor] = []
    waiting = list(floor.cast)
    while waiting:
        open_keys = {a.key for a in waiting}
        ready = [
            a
            for a in waiting
            if not _waits(a, floor, open_keys)
            and not any(
                b.target in open_keys and b.target != a.key and (a.key, b.target) not in floor.meetings for b in a.beats
            )
        ]
        for a in ready or waiting[:1]:
            found.append(a)
            waiting.remove(a)
    return found


def _riding(a: Actor, floor: Floor, beat: Beat) -> Planned:
    """On the back or at the wheel for the whole shot; feet hang (see postures.ride and postures.drive)."""
    carrier = floor.by_key[beat.target or ""]
    path = floor.paths[carrier.key]
    saddle = Saddle(_subject(carrier, floor, path, timed(carrier.beats)))
    under = (_SADDLE if beat.action == "ride" else _CAR_SEAT) * a.size_m[1]
    keys = []
    for t in np.linspace(0.0, path[-1].t_s, max(2, math.ceil(path[-1].t_s / _RIDE_KEY_S)) + 1):
        seat = saddle.at(float(t))
        yaw = math.atan2(float(seat[0, 2]), float(seat[2, 2]))
        keys.append(
            PathKey(
                t_s=round(float(t), 4), position_m=as_vec3(seat[:3, 3] - vec(0.0, under, 0.0)), yaw_rad=round(yaw, 5)
            )
        )
    return tuple(keys), timed(a.beats)


def _free_path(a: Actor, floor: Floor) -> Planned:
    """Animals, vehicles and things: straight on while a beat moves, the mark at mid shot, flights above it."""
    spec, mark = floor.spec, floor.marks[a.number]
    base, at = facing(spec, a, mark.turned), mark.at
    if a.kind.family == "vessel" and spec.place in _SHORES:
        # along the bank, on the water
        base, at = _ALONG_SHORE, vec(float(at[0]), float(at[1]), min(float(at[2]), _SHORES[spec.place]))
    pace = _KIND_PACES.get(a.spec.kind, _PACES.get(a.kind.family, 1.0)) * spec.action_speed
    yaw = base + math.pi * sum(b.action == "turn" for b in a.beats)

    def run(start: Array) -> Route:
        route = Route(Pose2(start, yaw), spec.action_speed)
        for n, b in enumerate(a.beats):
            speed = SPEEDS.get(b.action, 0.0) if a.kind.family != "thing" else 0.0
            after = a.beats[n + 1].action if n + 1 < len(a.beats) else b.action
            if b.action == "turn":
                route.turn(route.yaw + math.pi - 1e-3, b.end_s)
            if speed:
                target = floor.contact(a, b, b.end_s)
                if target is not None and b.action in {"walk", "run", "approach"}:
                    line = target.at - route.at
                    route.turn(math.atan2(-line[0], -line[2]), b.end_s)
                route.go(speed * pace, b.end_s, stop=after not in SPEEDS)
            elif any(o.action in {"land", "take_off"} for o in a.beats):
                for t in np.arange(route.t + 0.1, b.end_s, 0.1):
                    route.wait(float(t))
            route.wait(b.end_s)
        return route

    middle = run(np.zeros(3)).place_at(spec.duration_s / 2)
    route = run(at - middle)
    path = tuple(
        k.model_copy(update={"position_m": (k.position_m[0], round(k.position_m[1] + flight(a.beats, k.t_s), 4), k.position_m[2])})
        for k in route.path(np.zeros(3), dense=bool({"land", "take_off"} & a.actions))
    )  # fmt: skip
    return path, timed(a.beats)
