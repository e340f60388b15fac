"""Timed paths: walking, turning and stopping one beat after another, flights and falls; marks moved by hand."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vr_server.domain.shot import MarkOverride
from vr_server.domain.staging import PathKey, TimedAction

from .cast import Beat
from .geometry import Array, as_vec3, forward, ramp, rot_y, turn_between, vec

KEY_S = 0.1
TURN_RAD_S = 2.6
GRAVITY_M_S2 = 9.81
_ACCELERATION_M_S2 = 3.2
_LEAST_TURN_RAD = 0.12


@dataclass(frozen=True, eq=False)
class Pose2:
    """A place on the ground (world metres) and a yaw."""

    at: Array
    yaw: float


class Route:
    """A path in the making: told in order what to do until when. `rate` is how fast time goes for the body."""

    def __init__(self, start: Pose2, rate: float) -> None:
        self.t, self.at, self.yaw, self.rate = 0.0, start.at.copy(), start.yaw, rate
        self._speed = 0.0
        self._keys: list[tuple[float, Array, float]] = [(0.0, self.at.copy(), self.yaw)]

    def _mark(self, t: float) -> None:
        self.t = t
        self._keys.append((t, self.at.copy(), self.yaw))

    def wait(self, until_s: float) -> None:
        self._speed = 0.0
        if until_s > self.t + 1e-6:
            self._mark(until_s)

    def turn(self, yaw: float, until_s: float) -> None:
        """On the spot, the shorter way, done as soon as a body can."""
        first, delta = self.yaw, turn_between(self.yaw, yaw)
        if abs(delta) < _LEAST_TURN_RAD or until_s - self.t < 0.05:
            return
        start, span = self.t, min(max(0.55, abs(delta) / TURN_RAD_S) / self.rate, until_s - self.t)
        for k in range(1, max(2, math.ceil(span / KEY_S)) + 1):
            t = min(start + k * KEY_S, start + span)
            self.yaw = first + delta * ramp(t, start, start + span)
            self._mark(t)
            if t >= start + span - 1e-9:
                break

    def go(
        self, speed_m_s: float, until_s: float, *, stop: bool, limit_m: float = math.inf, backwards: bool = False
    ) -> None:
        """Straight on: up to speed, and to rest by `until_s` (or after `limit_m`) where `stop`."""
        rate = _ACCELERATION_M_S2 * self.rate * max(1.0, speed_m_s / 3.0)
        gone, first = 0.0, self.at.copy()
        if self.t == 0.0:  # whoever moves when the shot begins was moving before
            self._speed = speed_m_s
        ahead = forward(self.yaw) * (-1.0 if backwards else 1.0)
        while self.t < until_s - 1e-6:
            step = min(KEY_S, until_s - self.t)
            fastest = min(speed_m_s, rate * max(until_s - self.t - step / 2, 0.0)) if stop else speed_m_s
            if math.isfinite(limit_m):
                fastest = min(fastest, math.sqrt(max(2 * rate * (limit_m - gone), 0.0)))
            slower, faster = self._speed - rate * step, self._speed + rate * step
            speed = min(max(fastest, slower, 0.0), faster)
            way = min((self._speed + speed) / 2 * step, limit_m - gone)
            gone += way
            self._speed = speed
            self.at = first + ahead * gone
            self._mark(self.t + step)
            if limit_m - gone < 0.005:
                break
        if stop:
            self._speed = 0.0

    def leap(self, out_m_s: float, up_m_s: float, floor_m: Callable[[Array], float], until_s: float) -> float | None:
        """Through the air until the ground (`floor_m`: its height at a place); when that is, or None where the shot ends
        first."""
        start, first, ahead = self.t, self.at.copy(), forward(self.yaw)
        gravity, up, out = GRAVITY_M_S2 * self.rate**2, up_m_s * self.rate, out_m_s * self.rate
        self._speed, u = 0.0, 0.0
        while self.t < until_s - 1e-6:
            step = min(0.04, until_s - self.t)
            u += step
            at = first + ahead * (out * u)
            at[1] += up * u - gravity * u * u / 2
            if (down := floor_m(at)) >= at[1]:
                over = (down - at[1]) / max(gravity * u - up, 1e-6)
                self.at = at - ahead * (out * min(over, step))
                self.at[1] = floor_m(self.at)
                self._mark(start + u - min(over, step * 0.9))
                return self.t
            self.at = at
            self._mark(start + u)
        return None

    def rise(self, height_m: float, until_s: float) -> None:
        """Straight up to a height above where it is, eased."""
        start, first = self.t, self.at.copy()
        count = max(2, math.ceil((until_s - start) / KEY_S))
        for k in range(1, count + 1):
            self.at = first + vec(0.0, height_m * ramp(k / count, 0.0, 1.0), 0.0)
            self._mark(start + (until_s - start) * k / count)

    def place_at(self, t_s: float) -> Array:
        times = [k[0] for k in self._keys]
        return np.array([np.interp(t_s, times, [k[1][i] for k in self._keys]) for i in range(3)])

    def path(self, shift: Array, *, dense: bool = False) -> tuple[PathKey, ...]:
        """The keys, moved; those that say nothing new are left out unless `dense`."""
        kept: list[tuple[float, Array, float]] = []
        keys = self._keys
        for n, key in enumerate(keys):
            if kept and key[0] - kept[-1][0] < 1e-4:
                kept[-1] = (kept[-1][0], key[1], key[2])
                continue
            inner = kept and n + 1 < len(keys) and not dense
            if inner and _same(kept[-1], key) and _same(key, keys[n + 1]):
                continue
            kept.append(key)
        return tuple(PathKey(t_s=round(t, 4), position_m=as_vec3(p + shift), yaw_rad=round(y, 5)) for t, p, y in kept)


def _same(a: tuple[float, Array, float], b: tuple[float, Array, float]) -> bool:
    return abs(a[2] - b[2]) < 1e-6 and float(np.abs(a[1] - b[1]).max()) < 1e-6


def timed(beats: tuple[Beat, ...]) -> tuple[TimedAction, ...]:
    return tuple(
        TimedAction(action=b.action, start_s=round(b.start_s, 4), end_s=round(b.end_s, 4), target=b.target)
        for b in beats
    )


def flight(beats: tuple[Beat, ...], t: float) -> float:
    """Height over the mark for `take_off`, `land`, `fly`, `hover` of whatever flies."""
    high = 0.0
    for b in beats:
        u = min(max((t - b.start_s) / max(b.length_s, 1e-6), 0.0), 1.0)
        span = min(1.25 * b.length_s, 7.0)
        if b.action == "land" and t < b.end_s:
            high = span * (1 - u) ** 2 if t >= b.start_s else span
        elif b.action == "take_off" and t >= b.start_s:
            high = span * u * u
    acts = {b.action for b in beats}
    # wings are unfolded in the air, unless it is told how it gets there
    aloft = acts & {"fly", "hover"} or ("unfold_wings" in acts and not acts & {"take_off", "land"})
    return high + (5.0 if aloft else 0.0)


def moved(path: tuple[PathKey, ...], overrides: tuple[MarkOverride, ...]) -> tuple[PathKey, ...]:
    """The path moved so that it passes each override's point at its time; a yaw turns the whole path about that point."""
    inner = {round(o.t_s, 4) for o in overrides if o.t_s < path[-1].t_s} - {k.t_s for k in path}
    added = [PathKey(t_s=t, position_m=as_vec3(path_at(path, t)[0]), yaw_rad=path_at(path, t)[1]) for t in inner]
    path = tuple(sorted((*path, *added), key=lambda k: k.t_s))
    ordered = sorted(overrides, key=lambda o: o.t_s)
    for o in ordered:
        if o.yaw_rad is not None:
            pivot, yaw = path_at(path, o.t_s)
            delta = turn_between(yaw, o.yaw_rad)
            turn = rot_y(delta)
            path = tuple(_at(k, pivot + turn @ (np.array(k.position_m) - pivot), k.yaw_rad + delta) for k in path)
    if not overrides:
        return path
    times = [o.t_s for o in ordered]
    deltas = np.array([np.array(o.position_m) - path_at(path, o.t_s)[0] for o in ordered])
    return tuple(
        _at(k, np.array(k.position_m) + [np.interp(k.t_s, times, deltas[:, i]) for i in range(3)], k.yaw_rad)
        for k in path
    )


def _at(key: PathKey, position: Array, yaw: float) -> PathKey:
    return key.model_copy(update={"position_m": as_vec3(position), "yaw_rad": yaw})


def shifted(path: tuple[PathKey, ...], by: Array) -> tuple[PathKey, ...]:
    return tuple(_at(k, np.array(k.position_m) + by, k.yaw_rad) for k in path)


def path_at(path: tuple[PathKey, ...], t_s: float) -> tuple[Array, float]:
    """Position (float64 [3]) and yaw of a path at a time."""
    times = [k.t_s for k in path]
    yaws = [path[0].yaw_rad]
    for key in path[1:]:
        yaws.append(yaws[-1] + turn_between(yaws[-1], key.yaw_rad))
    at = np.array([np.interp(t_s, times, [k.position_m[i] for k in path]) for i in range(3)])
    return at, float(np.interp(t_s, times, yaws))
