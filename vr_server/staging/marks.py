"""Where everybody stands at mid shot, and how a face is turned: rows of people, things beside them, places told in words."""

import math
from dataclasses import dataclass

import numpy as np

from vr_server.domain.shot import Placement, ShotSpec

from .cast import SPEEDS, Actor
from .geometry import Array, vec
from .places import find_place

LANES = {"street", "alley", "night_market", "corridor", "spaceship_interior", "bridge"}
"""Places that are long and narrow, along Z: who moves there goes along them."""
_SEATED, _TABLES = {"sit", "read", "type_keys", "eat_drink"}, {"table", "desk"}
_KNEES_M, _ASIDE_M = 0.42, 0.3
"""From a seated body's middle to the edge of its table, and how far the table's middle stands aside of it."""
_TURN_SHARE = 0.35
"""How much of a mark's turn a thing takes."""
_CROSSWISE = math.pi / 2 / _TURN_SHARE
_TOWARD = ("toward", "approach", "走来", "走近", "迎面", "向镜头", "朝镜头", "奔来", "跑来")


@dataclass(frozen=True, eq=False)
class Mark:
    """A place at mid shot, and a small turn of the face from the camera's side (+Z), radians."""

    at: Array
    turned: float


def marks_of(cast: tuple[Actor, ...], seed: int) -> list[Mark]:
    """Rows for people, a place of its own beside or behind them for everything else, then what the words say of places."""
    rng = np.random.default_rng((seed, 77))
    people = [a for a in cast if a.is_person]
    with_ship = any(a.kind.family == "spaceship" for a in cast)
    columns = max(1, min(len(people), 2 if len(people) <= 2 else math.ceil(math.sqrt(len(people) * 1.8))))
    beside = max((a.size_m[0] for a in people), default=0.0)
    wide = max(1.15 if len(people) <= 4 else 1.35, beside * 1.35)
    found: list[Mark] = []
    taken = {1: 0.0, -1: 0.0}
    for n, a in enumerate(cast):
        jitter = rng.uniform(-1, 1, 3)
        width, _, depth = a.size_m
        lift = a.kind.lift_m
        if a.is_person:
            row, column = divmod(people.index(a), columns)
            in_row = min(columns, len(people) - row * columns)
            x = (column - (in_row - 1) / 2) * wide + (0.25 * jitter[0] if len(people) > 2 else 0.0)
            z = -row * max(1.5, wide) + 0.28 * jitter[1] * (len(people) > 1) + (4.5 if with_ship else 0.0)
            found.append(Mark(vec(x, lift, z), 0.16 * float(jitter[2])))
        elif a.kind.family == "spaceship":
            found.append(Mark(vec(0.0, lift, -2.0), 0.0))
        elif a.kind.family == "thing" and a.spec.placement is None:
            side = 1 if taken[1] <= taken[-1] else -1
            edge = max(taken[side], (columns * wide / 2 + 0.25) if people else (-width / 2 if n == 0 else 0.0))
            found.append(Mark(vec(side * (edge + width / 2 + 0.2), lift, -0.7 - 0.3 * depth), 0.0))
            taken[side] = edge + width + 0.5
        elif people or n:
            side = 1 if n % 2 else -1
            edge = max(taken[side], columns * wide / 2 if people else 0.0)
            reach = max(width, depth * 0.6)
            found.append(Mark(vec(side * (edge + reach / 2 + 0.8), lift, -1.6 - depth * 0.3), 0.5))
            taken[side] = edge + reach + 1.0
        else:
            taken = dict.fromkeys(taken, max(width, depth * 0.4) / 2)
            found.append(Mark(vec(0.0, lift, 0.0), 0.7 if a.kind.family != "bird" else 1.2))
    return _at_tables(cast, _placed(cast, found))


def _at_tables(cast: tuple[Actor, ...], marks: list[Mark]) -> list[Mark]:
    """A table that nothing is said of stands before who sits, a little aside, so that both are seen; what is put on it goes
    along."""
    sitter = next((a for a in cast if a.is_person and a.actions & _SEATED), None)
    table = next((a for a in cast if a.spec.kind in _TABLES and a.spec.placement is None), None)
    told = any(a.is_person and a.spec.placement and table and a.spec.placement.of == table.key for a in cast)
    if sitter is None or table is None or told:
        return marks
    # whoever sits on something is where that stands
    seats = {b.target for b in sitter.beats if b.action in _SEATED}
    seat = next((a for a in cast if a.key in seats and a.kind.sits_m is not None), sitter)
    before = marks[seat.number].at + vec(_ASIDE_M, 0.0, _KNEES_M + table.size_m[2] / 2)
    way = before - marks[table.number].at
    moved = {table.key, *(a.key for a in cast if a.spec.placement and a.spec.placement.of == table.key)}
    return [Mark(m.at + way * (a.key in moved), m.turned) for a, m in zip(cast, marks, strict=True)]


def _placed(cast: tuple[Actor, ...], marks: list[Mark]) -> list[Mark]:
    """The marks with what is told of places: those of the frame first, then those of another subject."""
    found = list(marks)
    by_key = {a.key: a for a in cast}
    for a in cast:
        p = a.spec.placement
        if p is not None and p.of is None:
            found[a.number] = Mark(_in_frame(p, a, found[a.number].at), found[a.number].turned)
    for _ in range(2):  # what stands on a thing that stands beside another
        for a in cast:
            p = a.spec.placement
            other = None if p is None or p.of is None else by_key.get(p.of)
            if p is not None and other is not None and other.key != a.key:
                found[a.number] = Mark(_at_other(p, a, other, found[other.number].at), found[a.number].turned)
                if _sits_at(a, other):
                    found[other.number] = Mark(found[other.number].at, _CROSSWISE)
    return found


def _sits_at(a: Actor, other: Actor) -> bool:
    """Whether one sits at either side of a table."""
    sides = {"left", "right", "beside"}
    return bool(
        other.spec.kind in _TABLES and a.actions & _SEATED and a.spec.placement and a.spec.placement.side in sides
    )


def _in_frame(p: Placement, a: Actor, at: Array) -> Array:
    step = 1.0 + a.size_m[0] / 2 + 0.7 * a.index
    depth = a.size_m[2] / 2
    x, y, z = (float(v) for v in at)
    places = {
        "left": (-step - 0.6, y, z), "right": (step + 0.6, y, z), "centre": (0.9 * a.index, y, z), "front": (x, y, 1.2 + depth),
        "foreground": (x, y, 1.6 + depth), "behind": (x, y, -2.2 - depth), "background": (x * 1.5, y, -6.0 - depth),
        "above": (x, y + 3.0, z), "beside": (step + 0.4, y, z),
    }  # fmt: skip
    return vec(*places.get(p.side, (x, y, z)))


def _at_other(p: Placement, a: Actor, other: Actor, at: Array) -> Array:
    # who sits at a table has the knees under it
    at_table = _sits_at(a, other)
    gap = -0.05 if at_table else 0.35
    # a table is turned so that who sits on either side of it is near enough for one frame
    aside = (a.size_m[0] + other.size_m[2 if at_table else 0]) / 2 + gap
    deep = (a.size_m[2] + other.size_m[2]) / 2 + gap
    more = 0.9 * a.index * max(a.size_m[0], 0.6)
    x, y, z = (float(v) for v in at)
    y -= other.kind.lift_m
    top = y + other.size_m[1] + 0.7 * other.kind.lift_m
    low = y + a.kind.lift_m
    spread = (a.index + 1) // 2 * (1 if a.index % 2 else -1) * a.size_m[0] * 1.3
    places = {
        "left": (x - aside - more, low, z), "right": (x + aside + more, low, z), "beside": (x + (aside + more) * (-1 if a.index % 2 else 1), low, z),
        "front": (x + spread, low, z + deep), "foreground": (x + spread, low, z + deep + 1.0), "behind": (x + spread, low, z - deep),
        "background": (x + spread, low, z - deep - 3.0), "above": (x + spread, top + 1.2, z), "on": (x + spread, _surface(other, y), z),
        "inside": (x + spread, low, z), "centre": (x + spread, low, z),
    }  # fmt: skip
    return vec(*places[p.side])


def _surface(other: Actor, ground: float) -> float:
    """Height of what can be stood or put on: a seat where there is one, else the top."""
    sits = other.kind.sits_m
    return ground + (sits * other.spec.scale if sits is not None else other.size_m[1])


def _is_passage(spec: ShotSpec) -> bool:
    """A place that is walked along: a corridor."""
    room = find_place(spec.place)[0].interior
    return room is not None and room.x_m[1] - room.x_m[0] < 4.0 < room.z_m[1] - room.z_m[0]


def facing(spec: ShotSpec, actor: Actor, turned: float) -> float:
    """Yaw once every turn is made: towards the camera in a three-quarter view, or as the action asks."""
    if actor.beats[-1].action == "leave" or {"leave", "turn"} <= actor.actions:
        return 0.25
    moving = actor.actions & set(SPEEDS)
    if moving and _is_passage(spec):
        return math.pi + 0.05 * turned
    text = spec.text.lower()
    if moving and ("approach" in actor.actions or any(word in text for word in _TOWARD) or spec.place in LANES):
        return math.pi + 0.05 * turned
    if actor.kind.family == "thing":
        return math.pi + _TURN_SHARE * turned
    skew = 0.75 if moving else 0.3
    return math.pi + skew * (1 if np.random.default_rng(len(spec.text)).uniform() < 0.5 else -1) + turned
