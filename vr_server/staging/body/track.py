"""A subject's path as a function of time and of distance, and where its feet fall on it."""

import math
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from vr_server.domain.staging import PathKey
from vr_server.staging.geometry import Array, rot_x, rot_y, smooth, turn_between, vec

from .skeleton import Build, Foot

_STILL_M_S = 0.08
RUN_M_S = 2.6


@dataclass(frozen=True)
class Walk:
    """A stretch of moving: seconds `start_s`..`end_s`, `length_m`, whole steps of `step_m`."""

    start_s: float
    end_s: float
    from_m: float
    length_m: float
    step_m: float
    running: bool
    open_start: bool  # was already moving when the shot begins
    open_end: bool


class Track:
    """Linear between keys, yaw by the shorter way (the contract of `Subject.path`)."""

    def __init__(self, path: tuple[PathKey, ...], height_m: float) -> None:
        self._t = [k.t_s for k in path]
        self._p = np.array([k.position_m for k in path], dtype=np.float64)
        yaws = [path[0].yaw_rad]
        for key in path[1:]:
            yaws.append(yaws[-1] + turn_between(yaws[-1], key.yaw_rad))
        self._yaw = np.array(yaws)
        flat = np.linalg.norm(np.diff(self._p, axis=0), axis=1) if len(path) > 1 else np.zeros(0)
        self._s = np.concatenate([[0.0], np.cumsum(flat)])
        self.walks = self._find_walks(height_m)
        self._turns = self._find_turns()

    @property
    def end_s(self) -> float:
        return self._t[-1]

    def _interp(self, t: float, values: Array) -> Array:
        i = bisect_right(self._t, t)
        if i == 0 or i == len(self._t):
            return np.asarray(values[min(i, len(self._t) - 1)], dtype=np.float64)
        k = (t - self._t[i - 1]) / (self._t[i] - self._t[i - 1])
        return np.asarray(values[i - 1] * (1 - k) + values[i] * k, dtype=np.float64)

    def position(self, t: float) -> Array:
        return self._interp(t, self._p).copy()

    def yaw(self, t: float) -> float:
        return float(self._interp(t, self._yaw))

    def distance(self, t: float) -> float:
        return float(self._interp(t, self._s))

    def at_distance(self, s: float) -> tuple[Array, float]:
        """Point and yaw after `s` metres; beyond either end the path goes straight on."""
        moving = np.flatnonzero(np.diff(self._s) > 1e-9)
        if len(moving) == 0:
            return self._p[0].copy(), float(self._yaw[0])
        j = int(np.searchsorted(self._s, s, side="right")) - 1
        near = moving[moving <= j]
        i = int(near[-1]) if len(near) else int(moving[0])
        k = (s - self._s[i]) / (self._s[i + 1] - self._s[i])
        point = self._p[i] + (self._p[i + 1] - self._p[i]) * k
        if k < 0 or k > 1:
            point[1] = self._p[i if k < 0 else i + 1, 1]
        turn = min(max(k, 0.0), 1.0)
        return point, float(self._yaw[i] * (1 - turn) + self._yaw[i + 1] * turn)

    def _find_walks(self, height_m: float) -> tuple[Walk, ...]:
        walks: list[Walk] = []
        i, n = 0, len(self._t)
        speed = [(self._s[j + 1] - self._s[j]) / max(self._t[j + 1] - self._t[j], 1e-6) for j in range(n - 1)]
        while i < n - 1:
            if speed[i] < _STILL_M_S:
                i += 1
                continue
            j = i
            while j < n - 1 and speed[j] >= _STILL_M_S:
                j += 1
            length = float(self._s[j] - self._s[i])
            mean = length / (self._t[j] - self._t[i])
            running = mean > RUN_M_S
            usual = height_m * (min(0.42 * math.sqrt(mean / 1.4), 0.47) if not running else 0.34 + 0.11 * mean)
            steps = max(1, round(length / usual))
            open_start = self._t[i] < 1e-3 and speed[i] > 0.7 * mean
            open_end = j == n - 1 and speed[j - 1] > 0.7 * mean
            walks.append(
                Walk(self._t[i], self._t[j], float(self._s[i]), length, length / steps, running, open_start, open_end)
            )
            i = j
        return tuple(walks)

    def _find_turns(self) -> tuple[tuple[float, float], ...]:
        """Times of turning on the spot."""
        turns: list[tuple[float, float]] = []
        for j in range(len(self._t) - 1):
            turned = abs(self._yaw[j + 1] - self._yaw[j]) > 1e-4
            if turned and self._s[j + 1] - self._s[j] < 1e-4:
                if turns and abs(turns[-1][1] - self._t[j]) < 1e-6:
                    turns[-1] = (turns[-1][0], self._t[j + 1])
                else:
                    turns.append((self._t[j], self._t[j + 1]))
        return tuple(turns)

    def walk_at(self, t: float) -> Walk | None:
        return next((w for w in self.walks if w.start_s <= t < w.end_s), None)

    def step_phase(self, t: float) -> tuple[Walk, float] | None:
        """The walk under way and how many steps of it have been made; the left foot lands at odd counts."""
        walk = self.walk_at(t)
        return None if walk is None else (walk, (self.distance(t) - walk.from_m) / walk.step_m)

    def feet(self, t: float, build: Build) -> tuple[Foot, Foot]:
        """Left and right foot. A planted foot stays where it is in the world: it is a function of distance only."""
        return self._foot(t, build, 0), self._foot(t, build, 1)

    def _foot(self, t: float, build: Build, side: int) -> Foot:
        found = self.step_phase(t)
        if found is None:
            return self._standing(t, build, side)
        walk, steps = found
        total = walk.length_m / walk.step_m
        hold = 0.36 if walk.running else 0.62  # how far the body travels past a planted foot, in steps
        parity = 1 - side  # left plants at 1, 3, 5..., right at 0, 2, 4...
        plant = parity + 2 * math.floor((steps - parity + hold) / 2)
        first = -math.inf if walk.open_start else 0.0
        last = math.inf if walk.open_end else total
        lift, land = plant + hold, plant + 2 - hold
        here, there = max(plant, first), min(plant + 2, last)
        land = min(land, last)
        if steps <= lift or here >= last:
            u = (steps - (plant - hold)) / (2 * hold)
            return self._planted(walk, min(here, last), build, side, u)
        a = self._planted(walk, here, build, side, 1.0)
        b = self._planted(walk, there, build, side, 0.0)
        k = (steps - lift) / max(land - lift, 1e-6)
        return _swing(a, b, k, build, high=0.09 if walk.running else 0.028)

    def _planted(self, walk: Walk, at_step: float, build: Build, side: int, u: float) -> Foot:
        """A foot in stance, 0 = heel strike .. 1 = toe off, rolling over heel, sole and ball."""
        point, yaw = self.at_distance(walk.from_m + at_step * walk.step_m)
        ends = (at_step <= 0 and not walk.open_start) or (
            at_step >= walk.length_m / walk.step_m - 1e-6 and not walk.open_end
        )
        gap = build.hip_half * (0.95 if ends else 0.7)
        strike = 0.0 if (at_step <= 0 and not walk.open_start) or walk.running else 0.3
        off = 0.0 if at_step >= walk.length_m / walk.step_m - 1e-6 and not walk.open_end else 0.85
        pitch = strike * (1 - smooth(u / 0.22)) - off * smooth((u - 0.6) / 0.42)
        out = 0.1 if side == 0 else -0.1
        return _roll(point, yaw + out, pitch, gap * (-1 if side == 0 else 1), yaw, build)

    def _standing(self, t: float, build: Build, side: int) -> Foot:
        yaw, lift = self.yaw(t), 0.0
        for start, end in self._turns:
            if start <= t < end:
                span = (end - start) / 2
                count = max(1, round(abs(self.yaw(end) - self.yaw(start)) / 1.2))
                k = (t - start) / (end - start) * count
                whole, part = math.floor(k), k - math.floor(k)
                mine = min(max(part * 2 - side, 0.0), 1.0)
                done = (whole + smooth(mine)) / count
                yaw = self.yaw(start) + (self.yaw(end) - self.yaw(start)) * done
                lift = 0.05 * math.sin(math.pi * mine) * min(span * 4, 1.0)
        point = self.position(t)
        out = 0.1 if side == 0 else -0.1
        foot = _roll(point, yaw + out, 0.0, build.hip_half * 0.95 * (-1 if side == 0 else 1), yaw, build)
        return Foot(foot.ankle + vec(0.0, lift, 0.0), foot.rotation)


def _roll(point: Array, yaw: float, pitch: float, aside: float, path_yaw: float, build: Build) -> Foot:
    """The sole point under the ankle stands at `point` + `aside`; a pitched foot turns about its heel or ball."""
    sole = point + rot_y(path_yaw) @ vec(aside, 0.0, 0.0)
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
