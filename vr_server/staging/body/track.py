"""A subject's path as a function of time and of distance, and the stretches of it that are walked."""

import math
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from vr_server.domain.staging import PathKey
from vr_server.staging.geometry import Array, forward, ramp, turn_between

_STILL_M_S = 0.08
RUN_M_S = 2.6

Span = tuple[float, float]
"""Start and end, seconds."""


@dataclass(frozen=True, eq=False)
class Walk:
    """A stretch of moving: seconds `start_s`..`end_s`, metres `from_m`..`to_m` of the path, a whole number of steps.

    `ways` and `counts`, float64 [n] each: steps made after so many metres; `speeds` [n]: metres a second there."""

    start_s: float
    end_s: float
    from_m: float
    to_m: float
    ways: Array
    counts: Array
    speeds: Array
    open_start: bool  # was already moving when the shot begins
    open_end: bool

    @property
    def length_m(self) -> float:
        return self.to_m - self.from_m

    @property
    def total(self) -> float:
        return float(self.counts[-1])

    def steps_at(self, way_m: float) -> float:
        return float(np.interp(way_m, self.ways, self.counts))

    def way_at(self, steps: float) -> float:
        """Metres of the path at a count of steps; straight on beyond either end."""
        if steps < 0:
            return self.from_m + steps * self.step_m(0.0)
        if steps > self.total:
            return self.to_m + (steps - self.total) * self.step_m(self.total)
        return float(np.interp(steps, self.counts, self.ways))

    def speed_at(self, steps: float) -> float:
        return float(np.interp(steps, self.counts, self.speeds))

    def step_m(self, steps: float) -> float:
        k = min(max(int(np.searchsorted(self.counts, steps)), 1), len(self.counts) - 1)
        return float((self.ways[k] - self.ways[k - 1]) / (self.counts[k] - self.counts[k - 1]))

    def run_share(self, steps: float) -> float:
        """0 walks, 1 runs."""
        return ramp(self.speed_at(steps), RUN_M_S - 0.35, RUN_M_S + 0.35)


class Track:
    """Linear between keys, yaw by the shorter way (the contract of `Subject.path`). While `carried` nobody walks."""

    def __init__(self, path: tuple[PathKey, ...], height_m: float, carried: tuple[Span, ...] = ()) -> None:
        self._t = [k.t_s for k in path]
        self._p = np.array([k.position_m for k in path], dtype=np.float64)
        yaws = [path[0].yaw_rad]
        for key in path[1:]:
            yaws.append(yaws[-1] + turn_between(yaws[-1], key.yaw_rad))
        self._yaw = np.array(yaws)
        flat = np.linalg.norm(np.diff(self._p, axis=0)[:, [0, 2]], axis=1) if len(path) > 1 else np.zeros(0)
        self._s = np.concatenate([[0.0], np.cumsum(flat)])
        self.walks = self._find_walks(height_m, carried)

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
        """Metres over the ground since the start."""
        return float(self._interp(t, self._s))

    def climb_m_s(self, t: float) -> float:
        """Vertical speed."""
        i = min(max(bisect_right(self._t, t), 1), len(self._t) - 1)
        if i == 0:
            return 0.0
        return float((self._p[i, 1] - self._p[i - 1, 1]) / max(self._t[i] - self._t[i - 1], 1e-6))

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

    def _find_walks(self, height_m: float, carried: tuple[Span, ...]) -> tuple[Walk, ...]:
        walks: list[Walk] = []
        t = np.array(self._t)
        speed = np.diff(self._s) / np.maximum(np.diff(t), 1e-6)
        middle = (t[:-1] + t[1:]) / 2
        for start, end in carried:
            speed[(middle >= start) & (middle < end)] = 0.0
        i, n = 0, len(t)
        while i < n - 1:
            if speed[i] < _STILL_M_S:
                i += 1
                continue
            j = i
            while j < n - 1 and speed[j] >= _STILL_M_S:
                j += 1
            walks.append(self._walk(i, j, speed, height_m))
            i = j
        return tuple(walks)

    def _walk(self, i: int, j: int, speed: Array, height_m: float) -> Walk:
        """The stretch between keys `i` and `j`: steps grow with the pace, as a slow and a quick walker's do."""
        t, s = np.array(self._t[i : j + 1]), self._s[i : j + 1]
        mean = float((s[-1] - s[0]) / (t[-1] - t[0]))
        open_start = t[0] < 1e-3 and speed[i] > 0.7 * mean
        open_end = j == len(self._t) - 1 and speed[j - 1] > 0.7 * mean
        grid = np.linspace(t[0], t[-1], max(2, math.ceil((t[-1] - t[0]) / 0.1)) + 1)
        ways = np.interp(grid, t, s)
        # the pace that a step belongs to: over 0.6 s, so that a start is not made of tiny steps
        wide = 0.3
        span = np.minimum(grid + wide, t[-1]) - np.maximum(grid - wide, t[0])
        pace = (np.interp(grid + wide, t, s) - np.interp(grid - wide, t, s)) / np.maximum(span, 1e-6)
        walked = np.minimum(0.42 * np.sqrt(np.maximum(pace, 0.5) / 1.4), 0.47)
        step = height_m * np.where(pace > RUN_M_S, 0.34 + 0.11 * pace, walked)
        if float((self._p[j] - self._p[i]) @ forward(float(self._yaw[(i + j) // 2]))) < 0:
            step = 0.45 * step  # backwards, feeling the way
        counts = np.concatenate([[0.0], np.cumsum(np.diff(ways) / ((step[1:] + step[:-1]) / 2))])
        counts *= max(1, round(counts[-1])) / counts[-1]
        return Walk(
            self._t[i], self._t[j], float(s[0]), float(s[-1]), ways, counts, pace, bool(open_start), bool(open_end)
        )

    def walk_at(self, t: float) -> Walk | None:
        """The walk under way; one that the shot cuts off goes on for whoever asks later."""
        found = (w for w in self.walks if w.start_s <= t and (t < w.end_s or (w.open_end and w.end_s >= self.end_s)))
        return next(found, None)

    def step_phase(self, t: float) -> tuple[Walk, float] | None:
        """The walk under way and how many steps of it have been made; the left foot lands at odd counts."""
        walk = self.walk_at(t)
        return None if walk is None else (walk, walk.steps_at(self.distance(t)))
