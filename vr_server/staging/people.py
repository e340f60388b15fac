"""The paths of people (and of machines that walk as people do): beats in order, contacts in time, flights off edges."""

import math
from dataclasses import dataclass, replace

import numpy as np

from vr_server.domain.staging import PathKey, TimedAction

from .cast import ON_FOOT, SPEEDS, Actor, Beat
from .geometry import Array, forward, turn_between, vec
from .marks import facing
from .meshes.ground import ground_height
from .pairs import CLOSING_M, Floor
from .paths import Pose2, Route, path_at, timed
from .places import find_place

Planned = tuple[tuple[PathKey, ...], tuple[TimedAction, ...]]
_NEAR_M = 0.1
_CROUCH_S = 0.42
_AWAY_YAW = 0.25
_LEDGE_ROOM_M = 0.4
_WALKED = {*ON_FOOT, "swim", "exit_hatch"}


def plan_person(actor: Actor, floor: Floor) -> Planned:
    """Path and timed actions. Who has nobody to meet passes the mark at mid shot; others are where they meet in time."""
    duration = floor.spec.duration_s
    actor = _with_run_up(actor, floor)
    if followed := _chase(actor, floor):
        return followed
    k, contact = _first_contact(actor, floor)
    mark = floor.marks[actor.number]
    leap = next((b for b in actor.beats if b.action == "jump_off"), None)
    edge = _edge_z(floor, float(mark.at[0])) if leap else None
    base = facing(floor.spec, actor, mark.turned)
    if edge is not None and leap is not None:
        base, anchor_s = 0.0, leap.start_s
        place = vec(float(mark.at[0]), 0.0, edge + _LEDGE_ROOM_M)
        before = [b for b in actor.beats if b.start_s < leap.start_s]
    elif contact is not None:
        anchor_s = actor.beats[k].end_s if actor.beats[k].action in _WALKED else actor.beats[k].start_s
        base, place = contact.yaw, contact.at
        before = list(actor.beats[:k])
        other = floor.by_key.get(actor.beats[k].target or "")
        waits = other is not None and any(b.action in _WALKED and b.end_s <= anchor_s + 0.5 for b in other.beats)
        if actor.beats[k].action not in _WALKED and not waits and not any(b.action in _WALKED for b in before):
            place = place - forward(base) * CLOSING_M.get(actor.beats[k].action, 0.0)
    else:
        anchor_s, place, before = duration / 2, mark.at, list(actor.beats)
    yaw = base + math.pi * sum(b.action == "turn" and b.target is None for b in before)
    if actor.beats[0].action in {"approach", "leave"} and contact is None:
        yaw = _heading(actor.beats[0]) or yaw
    dry = _Walker(actor, floor, Pose2(np.zeros(3), yaw), meets=False)
    dry.run()
    start = place - dry.route.place_at(anchor_s)
    start[1] = place[1]
    walker = _Walker(actor, floor, Pose2(start, yaw), meets=True, over_edge=edge is not None)
    walker.run()
    return walker.route.path(np.zeros(3)), timed(tuple(walker.done))


_RISING_S = {"sit": 0.9, "type_keys": 0.9, "kneel": 1.1, "bow": 0.4, "crawl": 1.3, "lie_down": 2.2, "fall": 2.2}
"""How long it takes to be on one's feet again."""


def _with_run_up(actor: Actor, floor: Floor) -> Actor:
    """Who leaps off an edge at once comes running first."""
    first = actor.beats[0]
    if first.action != "jump_off" or _edge_z(floor, float(floor.marks[actor.number].at[0])) is None:
        return actor
    off = first.start_s + min(1.4 / floor.spec.action_speed, 0.3 * first.length_s)
    beats = (Beat("run", first.start_s, off), replace(first, start_s=off), *actor.beats[1:])
    return replace(actor, beats=beats)


def _edge_z(floor: Floor, x_m: float) -> float | None:
    """Where the ground falls away in front of somebody who faces -Z, metres; None on level ground."""
    z = np.arange(2.0, -14.0, -0.05)
    high = ground_height(find_place(floor.spec.place)[0].ground, np.full_like(z, x_m), z)
    gone = np.flatnonzero(high < high[0] - 0.6)
    return float(z[gone[0]]) if len(gone) else None


def _first_contact(actor: Actor, floor: Floor) -> tuple[int, Pose2 | None]:
    for k, b in enumerate(actor.beats):
        if b.action in {"chase", "ride", "drive"}:
            continue
        found = floor.contact(actor, b, b.end_s if b.action in _WALKED else b.start_s)
        if found is not None:
            return k, found
    return 0, None


def _heading(beat: Beat) -> float | None:
    if beat.target is None and beat.action == "approach":
        return math.pi
    return _AWAY_YAW if beat.action == "leave" else None


def _chase(actor: Actor, floor: Floor) -> Planned | None:
    """In the steps of who flees, a little behind; None where nobody flees."""
    b = actor.beats[0]
    path = floor.paths.get(b.target or "")
    if b.action != "chase" or path is None:
        return None
    first, last = np.array(path[0].position_m), np.array(path[-1].position_m)
    way = float(np.linalg.norm(last - first))
    if way < 1.0:
        return None
    duration = floor.spec.duration_s
    late = min(2.4 * actor.size_m[1] / 1.75 / max(way / duration, 0.5), 0.5 * duration)
    pace = (np.array(path[1].position_m) - first) / max(path[1].t_s - path[0].t_s, 1e-6)
    if float(np.linalg.norm(pace)) < 0.3:
        pace = forward(path[0].yaw_rad) * (way / duration)
    keys = []
    for k in path:
        at, yaw = path_at(path, max(k.t_s - late, 0.0))
        at = at + pace * min(k.t_s - late, 0.0)
        keys.append(PathKey(t_s=k.t_s, position_m=(round(float(at[0]), 4), round(float(at[1]), 4), round(float(at[2]), 4)), yaw_rad=yaw))  # fmt: skip
    return tuple(keys), timed(actor.beats)


@dataclass
class _Walker:
    """Goes through an actor's beats. `meets`: goes to where others are; without, it only measures the way."""

    actor: Actor
    floor: Floor
    start: Pose2
    meets: bool
    over_edge: bool = False

    def __post_init__(self) -> None:
        self.rate = self.floor.spec.action_speed
        self.route = Route(self.start, self.rate)
        self.done: list[Beat] = []
        self.big = max(self.actor.size_m[1] / 1.75, 0.6) ** 0.5

    def run(self) -> None:
        beats = self.actor.beats
        for n, b in enumerate(beats):
            after = beats[n + 1] if n + 1 < len(beats) else None
            if b.action in _WALKED:
                self._walk(b, after)
            elif b.action == "turn":
                self._turn(b)
            elif b.action == "jump_off":
                self._leap(b)
            elif b.action in {"take_off", "land"}:
                self._lift(b)
            elif b.action in {"fly", "hover"}:
                self._say(b)
                self.route.go(SPEEDS["fly"] * 0.5 * self.rate if b.action == "fly" else 0.0, b.end_s, stop=False)
            else:
                self._act(b)

    def _say(
        self, b: Beat, start_s: float | None = None, action: str | None = None, end_s: float | None = None
    ) -> None:
        begun = b.start_s if start_s is None else start_s
        ended = b.end_s if end_s is None else end_s
        if ended - begun > 1e-3:
            other = self.floor.by_key.get(b.target or "")
            stool = b.action in {"sit", "type_keys"} and (other is None or other.kind.sits_m is None)
            self.done.append(Beat(action or b.action, begun, ended, None if stool else b.target))

    def _pace(self, action: str) -> float:
        """A person's own speed: some walk a little faster than others."""
        own = 1 + 0.06 * math.sin(12.9898 * (self.actor.number + 1) + self.floor.seed % 97)
        slow = {"elder": 0.72, "child": 0.9}.get(self.actor.spec.kind, 1.0)
        return float(SPEEDS.get(action, 1.3) * self.rate * self.big * own * slow)

    def _walk(self, b: Beat, after: Beat | None) -> None:
        goal = self.floor.contact(self.actor, b, b.end_s) if self.meets else None
        self._rise(b)
        self._say(b)
        if goal is not None:
            self._reach(goal, self._pace(b.action), b.end_s)
            self.route.wait(b.end_s)
            return
        heading = _heading(b)
        if heading is not None:
            self.route.turn(heading, b.end_s)
        ahead = None if after is None else _heading(after)
        turns = ahead is not None and abs(turn_between(self.route.yaw, ahead)) > 0.35
        on = after is None or (after.action in _WALKED and not turns and after.target not in self.floor.by_key)
        self.route.go(self._pace(b.action), b.end_s, stop=not on)

    def _rise(self, b: Beat) -> None:
        """Who kneels, sits or lies gets up on the spot before going anywhere: a leg left behind would have to stretch."""
        up_s = _RISING_S.get(self.done[-1].action, 0.0) if self.done else 0.0
        if b.action != "crawl":
            self.route.wait(b.start_s + min(up_s / self.rate, 0.6 * b.length_s))

    def _reach(self, goal: Pose2, pace: float, until_s: float) -> None:
        """To a place, by its straight line, then the face where it belongs."""
        line = goal.at - self.route.at
        way = math.hypot(line[0], line[2])
        if way > _NEAR_M:
            self.route.turn(math.atan2(-line[0], -line[2]), until_s)
            free = max(until_s - self.route.t, 1e-3)
            self.route.yaw = math.atan2(-line[0], -line[2])
            self.route.go(min(max(pace, way / (0.75 * free)), 1.7 * pace), until_s, stop=True, limit_m=way)
        self.route.turn(goal.yaw, until_s)

    def _turn(self, b: Beat) -> None:
        yaw = self.floor.towards(self.route.at, b, b.start_s) if self.meets else None
        self._say(b)
        self.route.turn(self.route.yaw + math.pi - 1e-3 if yaw is None else yaw, b.end_s)
        self.route.wait(b.end_s)

    def _act(self, b: Beat) -> None:
        """On the spot: first to whoever it is done with, then the face to them."""
        begun = b.start_s
        if self.meets and b.target is not None:
            goal = self.floor.contact(self.actor, b, b.start_s)
            latest = b.start_s + 0.6 * b.length_s
            if goal is not None and math.hypot(*(goal.at - self.route.at)[[0, 2]]) > _NEAR_M:
                self._reach(goal, self._pace("walk"), latest)
                begun = self.route.t
                self._say(b, action="walk", end_s=begun)
            elif goal is not None:
                self.route.turn(goal.yaw, latest)
            else:
                yaw = self.floor.towards(self.route.at, b, b.start_s)
                if yaw is not None:
                    self.route.turn(yaw, latest)
        self._say(b, start_s=begun)
        if b.action == "stagger":
            self.route.wait(b.start_s + 0.32 * b.length_s)
            self.route.go(1.7 * self.rate, b.end_s, stop=True, limit_m=0.75, backwards=True)
        self.route.wait(b.end_s)

    def _lift(self, b: Beat) -> None:
        """A person who flies: up and away, or down again and into the knees."""
        self._say(b)
        high = min(1.25 * b.length_s, 5.0)
        if b.action == "take_off":
            self.route.wait(b.start_s + min(0.3, 0.2 * b.length_s))
            self.route.rise(high, b.end_s)
        else:
            down = float(self.route.at[1]) - float(self.start.at[1])
            if down > 0.05:
                self.route.rise(-down, b.start_s + min(0.8 * b.length_s, 2.0))
            self.route.wait(b.end_s)

    def _leap(self, b: Beat) -> None:
        """Crouch, spring, and a real parabola to the ground below."""
        ready = min(b.start_s + _CROUCH_S / self.rate, b.start_s + 0.4 * b.length_s)
        self.route.wait(ready)
        out, up = (3.2, 2.6) if self.over_edge else (2.4, 2.9)
        until = self.floor.spec.duration_s if self.over_edge else b.end_s
        base, ground = float(self.start.at[1]), find_place(self.floor.spec.place)[0].ground

        def below(at: Array) -> float:
            return base + float(ground_height(ground, at[0:1], at[2:3])[0])

        landed = self.route.leap(out, up, below, until)
        if landed is None:
            self._say(b, end_s=until)
            return
        self._say(b, end_s=landed)
        self._say(b, start_s=landed, action="land", end_s=max(b.end_s, min(landed + 1.0, self.floor.spec.duration_s)))
        self.route.wait(b.end_s)
