"""Where a person's feet are: planted steps along a walk, and on the spot a step whenever the body has left its feet behind.

A planted foot never moves: on a walk it is a function of distance alone; elsewhere the plan, made once for the whole
shot, keeps each foot where it was put until it is lifted (the usual controller of procedural animation).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vr_server.staging.geometry import Array, rot_x, rot_y, smooth, turn_between, vec

from .skeleton import Build, Foot, heel_raised
from .track import Track, Walk

TICK_S = 1 / 48
_STEP_S = 0.3
_QUICK_S = 0.2
_NEAR = 0.026
_NEAR_RAD = 0.2
_SPLAY_RAD = 0.1
_SETTLE_S = 0.07


@dataclass(frozen=True)
class Stance:
    """What an action asks of one foot: metres right and back of where it would stand, a turn, a lift, a heel's rise.

    `turn_rad` turns the foot's place about the body's middle (spins). `carried`: it hangs on the body."""

    x_m: float = 0.0
    z_m: float = 0.0
    yaw_rad: float = 0.0
    lift_m: float = 0.0
    turn_rad: float = 0.0
    carried: bool = False


STAND = Stance()
Stances = Callable[[float], tuple[Stance, Stance]]
_State = tuple[float, float, float, float, float]
"""x, z, yaw, height over the ground, heel's rise in radians."""


class Footing:
    """Left and right foot at any moment of a track."""

    def __init__(self, track: Track, build: Build, stances: Stances) -> None:
        self._track, self._build, self._stances = track, build, stances
        self._starts: dict[float, tuple[_State, _State]] = {}
        self._times: list[Array] = []
        self._rows: list[Array] = []
        self._spans: list[tuple[float, float]] = []
        self._plan()

    def at(self, t: float) -> tuple[Foot, Foot]:
        walk = self._track.walk_at(t)
        if walk is not None:
            return self._gait(walk, t, 0), self._gait(walk, t, 1)
        index = next((n for n, (a, b) in enumerate(self._spans) if a <= t <= b), len(self._spans) - 1)
        times, rows = self._times[index], self._rows[index]
        k = min(max((t - times[0]) / TICK_S, 0.0), len(times) - 1.0)
        i = min(int(k), len(times) - 2)
        row = rows[i] + (rows[i + 1] - rows[i]) * (k - i)
        ground = float(self._track.position(t)[1])
        return self._foot(row[0], ground), self._foot(row[1], ground)

    def _foot(self, state: Array | _State, ground: float) -> Foot:
        x, z, yaw, high, rise = (float(v) for v in state)
        foot = Foot(vec(x, ground + self._build.ankle + high, z), rot_y(yaw))
        return heel_raised(foot, rise, self._build) if rise else foot

    # -- on the spot

    def _plan(self) -> None:
        at, state = 0.0, None
        for walk in self._track.walks:
            if walk.start_s > at or state is None:
                state = self._on_the_spot(at, walk.start_s, state)
            self._starts[walk.start_s] = state
            ends = [self._gait(walk, walk.end_s - 1e-9, side) for side in (0, 1)]
            state = (_state_of(ends[0]), _state_of(ends[1]))
            at = walk.end_s
        self._on_the_spot(at, max(self._track.end_s, at) + _STEP_S + TICK_S, state)

    def _wanted(self, t: float, side: int, stance: Stance) -> _State:
        yaw = self._track.yaw(t)
        out = _SPLAY_RAD if side == 0 else -_SPLAY_RAD
        gap = self._build.hip_half * 0.95 * (-1 if side == 0 else 1)
        place = self._track.position(t) + rot_y(yaw + stance.turn_rad) @ vec(gap + stance.x_m, 0.0, stance.z_m)
        turned = yaw + stance.turn_rad + out + stance.yaw_rad
        return float(place[0]), float(place[2]), turned, stance.lift_m, 0.0

    def _on_the_spot(self, start: float, end: float, state: tuple[_State, _State] | None) -> tuple[_State, _State]:
        """Plan the feet from `start` to `end`; returns where they are then."""
        count = max(2, math.ceil((end - start) / TICK_S - 1e-6) + 1)
        times = np.array([start + TICK_S * n for n in range(count)])
        rows = np.empty((len(times), 2, 5))
        stances = [self._stances(float(t)) for t in times]
        feet = [
            _Planner(state[side] if state else self._wanted(start, side, stances[0][side]), self._build.height_m)
            for side in (0, 1)
        ]
        for n, t in enumerate(times):
            wanted = [self._wanted(float(t), side, stances[n][side]) for side in (0, 1)]
            for side in (0, 1):
                feet[side].move(float(t), wanted[side], stances[n][side])
            self._step(feet, float(t), n, times, stances)
            rows[n] = [foot.state for foot in feet]
        self._times.append(times)
        self._rows.append(rows)
        self._spans.append((start, end))
        return feet[0].state, feet[1].state

    def _step(
        self, feet: "list[_Planner]", t: float, n: int, times: Array, stances: list[tuple[Stance, Stance]]
    ) -> None:
        """Lift the foot that is furthest from where it should be, one at a time."""
        if any(foot.stepping for foot in feet):
            return
        best, worst = None, 1.0
        for side in (0, 1):
            if not feet[side].planted:
                continue
            hurry = feet[side].away(self._wanted(t, side, stances[n][side])) > 4.0
            ticks = round((_QUICK_S if hurry else _STEP_S) / TICK_S)
            if n + ticks >= len(times):
                continue
            landing = self._wanted(float(times[n + ticks]), side, stances[n + ticks][side])
            away = feet[side].away(landing)
            if away > worst and not stances[n + ticks][side].carried and stances[n + ticks][side].lift_m <= 0.004:
                best, worst = (side, landing, ticks), away
        if best is not None:
            side, landing, ticks = best
            feet[side].step(t, ticks * TICK_S, landing)

    # -- along a walk

    def _gait(self, walk: Walk, t: float, side: int) -> Foot:
        steps = walk.steps_at(self._track.distance(t))
        parity = 1 - side  # left plants at 1, 3, 5..., right at 0, 2, 4...
        first = -math.inf if walk.open_start else 0.0
        last = math.inf if walk.open_end else walk.total
        plant = parity + 2 * math.floor((steps - parity) / 2)
        here, there = max(plant, first), min(plant + 2, last)
        lift = max(plant + _hold(walk, plant), here if plant < first else -math.inf)
        land = min(plant + 2 - _hold(walk, plant + 2), last)
        if here >= last or steps >= land:
            held = _hold(walk, there)
            return self._planted(walk, there, side, (steps - (there - held)) / (2 * held))
        if steps <= lift:
            held = _hold(walk, plant)
            u = (steps - (plant - held)) / (2 * held)
            return self._planted(walk, here, side, 0.4 if plant < first else u)
        # the foot that makes the first step leaves flat, from wherever it stood
        a = self._planted(walk, here, side, 0.4 if plant < first else 1.0)
        b = self._planted(walk, there, side, 0.0)
        high = 0.028 + 0.062 * walk.run_share(steps)
        return _swing(a, b, (steps - lift) / max(land - lift, 1e-6), self._build, high)

    def _planted(self, walk: Walk, at_step: float, side: int, u: float) -> Foot:
        """A foot in stance, 0 = heel strike .. 1 = toe off, rolling over heel, sole and ball."""
        at_start = at_step <= 0 and not walk.open_start
        at_end = at_step >= walk.total - 1e-6 and not walk.open_end
        off = 0.0 if at_end else 0.85
        strike = 0.0 if at_start or at_end or walk.run_share(at_step) > 0.5 else 0.3
        pitch = strike * (1 - smooth(u / 0.22)) - off * smooth((u - 0.6) / 0.42)
        way = walk.way_at(at_step)
        point, yaw = self._track.at_distance(way)
        if at_start and walk.start_s in self._starts:
            x, z, turned, _, _ = self._starts[walk.start_s][side]
            return _roll(vec(x, float(point[1]), z), turned, pitch, self._build)
        gap = self._build.hip_half * (0.95 if at_start or at_end else 0.7) * (-1 if side == 0 else 1)
        out = _SPLAY_RAD if side == 0 else -_SPLAY_RAD
        return _roll(point + rot_y(yaw) @ vec(gap, 0.0, 0.0), yaw + out, pitch, self._build)


class _Planner:
    """One foot while the plan is made."""

    def __init__(self, state: _State, height_m: float) -> None:
        self.state, self._height = state, height_m
        self.planted = state[3] <= 0.004
        self._from, self._to = state, state
        self._start, self._length = 0.0, 0.0
        self._residue = (0.0, 0.0, 0.0)

    @property
    def stepping(self) -> bool:
        return self._length > 0

    def away(self, wanted: _State) -> float:
        """How far from `wanted`; 1 is worth a step."""
        x, z, yaw = self.state[:3]
        return max(
            math.hypot(wanted[0] - x, wanted[1] - z) / (_NEAR * self._height),
            abs(turn_between(yaw, wanted[2])) / _NEAR_RAD,
        )

    def step(self, t: float, length: float, landing: _State) -> None:
        self._from, self._to, self._start, self._length = self.state, landing, t, length
        self.planted = False

    def move(self, t: float, wanted: _State, stance: Stance) -> None:
        lifted = stance.carried or stance.lift_m > 0.004
        if self.stepping:
            k = (t - self._start) / self._length
            self.state = _stride(self._from, self._to, min(k, 1.0), self._height)
            if k >= 1 - 1e-9:
                self._length, self.planted = 0.0, True
        elif lifted:
            if self.planted:
                self._residue = (
                    self.state[0] - wanted[0],
                    self.state[1] - wanted[1],
                    turn_between(wanted[2], self.state[2]),
                )
                self.planted = False
            fade = 0.0 if stance.lift_m < 0.02 and not stance.carried else TICK_S / _SETTLE_S
            dx, dz, turn = (r * (1 - fade) for r in self._residue)
            self._residue = (dx, dz, turn)
            x, z, yaw = wanted[0] + dx, wanted[1] + dz, wanted[2] + turn
            self.state = (x, z, yaw, stance.lift_m, 0.0 if stance.carried else 2.2 * stance.lift_m / self._height)
        elif not self.planted:
            self.state = (*self.state[:3], 0.0, 0.0)
            self.planted = True


def _stride(a: _State, b: _State, k: float, h: float) -> _State:
    glide = k * k * (3 - 2 * k)
    way = math.hypot(b[0] - a[0], b[1] - a[1])
    arc = math.sin(math.pi * k)
    return (
        a[0] + (b[0] - a[0]) * glide, a[1] + (b[1] - a[1]) * glide, a[2] + turn_between(a[2], b[2]) * glide,
        (0.017 * h + 0.12 * min(way, 0.35 * h)) * arc, 0.45 * min(way / (0.2 * h), 1.0) * arc * (1 - 0.7 * k),
    )  # fmt: skip


def _state_of(foot: Foot) -> _State:
    r = foot.rotation
    return float(foot.ankle[0]), float(foot.ankle[2]), math.atan2(float(r[0, 2]), float(r[2, 2])), 0.0, 0.0


def _hold(walk: Walk, at_step: float) -> float:
    """How far the body travels past a planted foot, in steps: runners fly between their steps."""
    return 0.62 - 0.26 * walk.run_share(at_step)


def _roll(sole: Array, yaw: float, pitch: float, build: Build) -> Foot:
    """The sole point under the ankle stands at `sole`; a pitched foot turns about its heel or ball."""
    turn = rot_y(yaw)
    rotation = turn @ rot_x(pitch)
    pivot = vec(0.0, -build.ankle, 0.04 * build.height_m if pitch > 0 else -0.078 * build.height_m)
    ankle = sole + turn @ (pivot + vec(0.0, build.ankle, 0.0)) - rotation @ pivot
    return Foot(ankle, rotation)


def _swing(a: Foot, b: Foot, k: float, build: Build, high: float) -> Foot:
    k = min(max(k, 0.0), 1.0)
    glide = k * k * (3 - 2 * k)
    pitch_a = math.asin(max(-1.0, min(1.0, -float(a.rotation[1, 2]))))
    pitch_b = math.asin(max(-1.0, min(1.0, -float(b.rotation[1, 2]))))
    yaw_a = math.atan2(float(a.rotation[0, 2]), float(a.rotation[2, 2]))
    yaw_b = math.atan2(float(b.rotation[0, 2]), float(b.rotation[2, 2]))
    ankle = a.ankle + (b.ankle - a.ankle) * glide
    ankle[1] += build.height_m * high * math.sin(math.pi * k) ** 1.5
    rotation = rot_y(yaw_a + turn_between(yaw_a, yaw_b) * glide) @ rot_x(
        pitch_a + (pitch_b - pitch_a) * smooth(k * 1.1)
    )
    return Foot(ankle, rotation)
