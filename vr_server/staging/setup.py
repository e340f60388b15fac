"""One camera set-up: from a size, an angle, a lens and a target to where the camera holds still."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vr_server.domain.shot import CameraAngle, CameraIntent, CameraMove, Projection, ShotSize

from .clearance import Obstacles
from .framing import Body, Target
from .geometry import Array, turn_between
from .lenses import ASPECT, FISHEYE_RAD, SIZES, project, stand_off, yfov_of
from .moves import AHEAD, DISTANCE, ELEVATION, FIELDS, RISE, ROLL, TAN, THIRD, YAW, Hold, delta

LOWEST_M = 0.22
WIDEST_TAN = 0.75
"""tan(yfov / 2) of a 16 mm lens: wider than that a small room bends."""
DUTCH_RAD = 0.21
_HIGH_RAD, _OVERHEAD_RAD = 0.52, 1.36
_ROOM = (0.93, 0.95)
"""Shares of half the frame, across and up, that whole bodies must stay within."""
_LOOK_ROOM, _LOOK_ROOM_CLOSE = 0.16, 0.2
_SHOWS_FACE_RAD, _THREE_QUARTER_RAD = 1.0, 0.62
_FITS = 14
_MANY = 8
_LONGEST_TAN = 0.06
"""tan(yfov / 2) of a 200 mm lens."""
_TURNS = (0.0, 0.3, -0.3, 0.6, -0.6, 0.95, -0.95, 1.35, -1.35, 1.8, -1.8, 2.4, -2.4, math.pi)


@dataclass(frozen=True, eq=False)
class Setup:
    """A held camera: `state` as in moves.py, what it frames and how."""

    target: Target
    size: ShotSize
    angle: CameraAngle
    state: Array
    hold: Hold
    wild: bool = False  # it sees through walls that are taken out for it


def yfov_for(intent: CameraIntent, size: ShotSize, angle: CameraAngle) -> float:
    if intent.projection == "fisheye":
        return FISHEYE_RAD if intent.lens_mm is None else min(yfov_of(intent.lens_mm) * 1.25, 2.6)
    # a low angle is taken near and wide, so that it really looks up
    return yfov_of(intent.lens_mm or SIZES[size].lens_mm * (0.75 if angle == "low" else 1.0))


def positions(state: Array, base: Array, floor: Array, height_m: float = 0.0) -> Array:
    """Where a camera with states [n, 11] (or one [11]) stands about `base` [n, 3], never lower than a camera can lie."""
    s = np.broadcast_to(state, (len(base), len(FIELDS)))
    yaw, up, d = s[:, YAW], s[:, ELEVATION], np.exp(s[:, DISTANCE])
    away = np.stack([np.sin(yaw) * np.cos(up), np.sin(up), np.cos(yaw) * np.cos(up)], axis=1)
    at = base + away * d[:, None]
    at[:, 1] = np.maximum(at[:, 1] + height_m, floor + LOWEST_M)
    return np.asarray(at)


def facing_aim(
    eye: Array, aim: Array, pan: Array | float, tilt: Array | float, yaw: Array | float | None = None
) -> tuple[Array, Array]:
    """Heading and pitch [n] of cameras at `eye` that look at `aim` [n, 3], turned by `pan` and `tilt`.

    `yaw`: the heading of a view straight down or up, where the line of sight has none of its own: the picture would spin.
    """
    line = aim - eye
    heading = np.arctan2(-line[:, 0], -line[:, 2])
    if yaw is not None:
        flat = np.hypot(line[:, 0], line[:, 2]) / np.maximum(np.linalg.norm(line, axis=1), 1e-9)
        own = np.clip((flat - 0.15) / 0.3, 0.0, 1.0)
        off = (heading - yaw + math.pi) % (2 * math.pi) - math.pi
        heading = yaw + off * (own * own * (3 - 2 * own))
    heading = heading + pan
    pitch = np.arctan2(line[:, 1], np.hypot(line[:, 0], line[:, 2])) + tilt
    return heading, np.clip(pitch, -1.5, 1.5)


def rotations(heading: Array, pitch: Array, roll: Array | float) -> Array:
    """[n, 3, 3]: yaw about up, then pitch, then roll about the view axis."""
    q = quaternions(heading, pitch, roll)
    x, y, z, w = (q[:, i] for i in range(4))
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.asarray(np.moveaxis(np.array(rows), -1, 0))


def quaternions(heading: Array, pitch: Array, roll: Array | float) -> Array:
    """Unit quaternions xyzw [n, 4] of `rotations`."""
    r = np.broadcast_to(roll, heading.shape) / 2
    (cy, sy), (cx, sx), (cz, sz) = ((np.cos(a), np.sin(a)) for a in (heading / 2, pitch / 2, r))
    # (yaw * pitch) = (cy sx, sy cx, -sy sx, cy cx), then * roll
    ax, ay, az, aw = cy * sx, sy * cx, -sy * sx, cy * cx
    return np.stack([ax * cz + ay * sz, ay * cz - ax * sz, az * cz + aw * sz, aw * cz - az * sz], axis=1)


def pan_of(third: Array | float, tan: Array | float) -> Array:
    """The turn to the left that puts what the camera looks at `third` of half the frame's width right of the middle."""
    return np.arctan(np.asarray(third) * np.exp(tan) * ASPECT)


class Framer:
    """Finds set-ups for one shot."""

    def __init__(self, intent: CameraIntent, times: Array, obstacles: Obstacles) -> None:
        self.intent, self.times, self.obstacles = intent, times, obstacles
        self.projection: Projection = intent.projection

    def setup(
        self,
        target: Target,
        size: ShotSize,
        angle: CameraAngle,
        move: CameraMove,
        window: slice,
        near_yaw: float | None,
    ) -> Setup:
        """`near_yaw`: where the camera already is, so that it need not go round without a reason."""
        yfov = yfov_for(self.intent, size, angle)
        state = np.zeros(len(FIELDS))
        state[TAN] = math.log(math.tan(yfov / 2)) if yfov < 3.1 else 3.0
        state[ROLL] = self.intent.roll_rad + (DUTCH_RAD if angle == "dutch" else 0.0)
        seen = target.seen_m
        d = stand_off(target.frame_m, seen, yfov, self.projection)
        wanted = self._yaw(target, window, near_yaw)
        best: tuple[float, Array] | None = None
        for turn in _TURNS:
            trial = state.copy()
            trial[YAW] = wanted + turn
            self._place(trial, target, size, angle, move, window, d)
            cost = self._cost(trial, target, window, turn)
            if best is None or cost < best[0] - 1e-9:
                best = (cost, trial)
            if best[0] < 0.05 + 0.5 * abs(turn):
                break
        if best is None:
            raise AssertionError("there is always one yaw to try")
        state = best[1]
        state[DISTANCE] += math.log(self.intent.distance_scale)
        below = max(0.35 * lead_of(target), 0.0) if target.one else 0.0
        centre = float((target.aim[window, 1] - target.floor[window]).mean())
        hold = Hold(state, target.one, angle == "low", centre, below)
        return Setup(target, size, angle, state, hold, self._needs_walls_out(state, target, window))

    def _yaw(self, target: Target, window: slice, near_yaw: float | None) -> float:
        """Where to look from: the camera's own side, unless that would miss a face."""
        start = self.intent.yaw_offset_rad if near_yaw is None else near_yaw
        if not target.one or len(target.shown) != 1:
            return start
        lead = target.shown[0]
        # what counts is where it looks when the beat has come to its point
        k = window.start + round(0.7 * (window.stop - 1 - window.start))
        nose = float(lead.yaw[k]) + math.pi
        off = turn_between(nose, start)
        leaves = any(a.action == "leave" for a in lead.subject.actions)
        if leaves or abs(off) <= _SHOWS_FACE_RAD or self.intent.yaw_offset_rad:
            return start
        return nose + math.copysign(_THREE_QUARTER_RAD, off)

    def _place(
        self,
        state: Array,
        target: Target,
        size: ShotSize,
        angle: CameraAngle,
        move: CameraMove,
        window: slice,
        d: float,
    ) -> None:
        """Distance, height and lens for the state's azimuth: as the size says, farther where a body would be cut, nearer
        and wider where a wall is in the way."""
        for _ in range(_FITS):
            state[DISTANCE] = math.log(d)
            state[ELEVATION] = self._elevation(target, size, angle, window, d)
            state[THIRD] = self._third(target, state, angle, window)
            over = 0.0 if target.one or not target.shown else self._overshoot(state, target, angle, move, window)
            if over <= 1.0:
                break
            d *= min(over, 1.35) ** 0.85 * 1.01
        if target.one:
            clear = self._clear_of_itself(target, state, window)
            if clear > d:
                state[DISTANCE] = math.log(clear)
                if self.intent.lens_mm is None:
                    # from farther off a longer lens shows the same
                    state[TAN] = max(state[TAN] + math.log(d / clear), math.log(_LONGEST_TAN))
        elif target.shown:
            self._fit_room(state, target, size, angle, move, window)

    def _fit_room(
        self, state: Array, target: Target, size: ShotSize, angle: CameraAngle, move: CameraMove, window: slice
    ) -> None:
        """Where a wall stands nearer than the camera should, come before it and take the lens that holds everybody."""
        picks = np.linspace(window.start, window.stop - 1, 5).round().astype(int)
        eye = positions(state, target.base[picks], target.floor[picks], self.intent.height_offset_m)
        share = float(self.obstacles.open_shares(target.aim[picks], eye).min())
        if share >= 1.0 or self.projection == "fisheye":
            return
        free = state.copy()
        d = math.exp(state[DISTANCE]) * share
        state[DISTANCE] = math.log(d)
        state[ELEVATION] = self._elevation(target, size, angle, window, d)
        state[TAN] = min(state[TAN] - math.log(share), math.log(WIDEST_TAN))
        for _ in range(_FITS):
            over = self._overshoot(state, target, angle, move, window)
            if over <= 1.0 or state[TAN] >= math.log(WIDEST_TAN):
                break
            state[TAN] = min(state[TAN] + math.log(min(over, 1.35)) + 0.01, math.log(WIDEST_TAN))
        if self._overshoot(state, target, angle, move, window) > 1.03:
            state[:] = free  # no lens holds them: walls must be taken out

    def _needs_walls_out(self, state: Array, target: Target, window: slice) -> bool:
        """Whether a group's set-up stands behind walls after all, since nowhere before them it can be held."""
        if target.one or self.projection == "fisheye":
            return False
        picks = np.linspace(window.start, window.stop - 1, 5).round().astype(int)
        eye = positions(state, target.base[picks], target.floor[picks], self.intent.height_offset_m)
        return (
            bool(self.obstacles.open_shares(target.aim[picks], eye).min() < 0.9) and self.intent.distance_scale == 1.0
        )

    def _elevation(self, target: Target, size: ShotSize, angle: CameraAngle, window: slice, d: float) -> float:
        """Eye level is the subject's own (a person's beside what is huge); low looks up, high and overhead look down."""
        if angle in {"high", "overhead"}:
            return _HIGH_RAD if angle == "high" else _OVERHEAD_RAD
        tall = target.tall_m
        centre = float((target.aim[window, 1] - target.floor[window]).mean())
        if angle == "low":
            height = max(0.28 if tall < 3 else 0.9, centre - 0.62 * d)
        elif target.one:
            lead = target.shown[0]
            own = float((lead.tell[window, 1] - target.floor[window]).mean())
            height = own if tall < 3 or lead.person else min(own, 1.7 + 0.3 * own)
        else:
            height = min(0.78 * tall, 1.6) if tall < 3 else 1.7 + 0.05 * tall
            height += 0.1 * max(0.0, d - 12.0) if size == "extreme_wide" else 0.0
            height += max(0.0, 0.25 * d - 1.6) if len(target.shown) > 8 else 0.0
        return math.asin(min(max((height - centre) / d, -0.85), 0.85))

    def _third(self, target: Target, state: Array, angle: CameraAngle, window: slice) -> float:
        """Look-room: who looks or goes aside stands off the middle, with the room before the face."""
        if len(target.shown) != 1 or angle == "overhead":
            return 0.0
        body = target.shown[0]
        yaw = float(state[YAW])
        right = np.array([math.cos(yaw), 0.0, -math.sin(yaw)])
        looks = np.array([body.facing(k) for k in range(window.start, window.stop, 4)]).mean(axis=0)
        amount = _LOOK_ROOM_CLOSE if target.one else _LOOK_ROOM
        return -amount * float(looks @ right)

    def _overshoot(self, state: Array, target: Target, angle: CameraAngle, move: CameraMove, window: slice) -> float:
        """How many times too near the camera is for what it must hold whole, at rest and where a crane or an orbit takes
        it; up to 1 all is in the frame."""
        picks = np.linspace(window.start, window.stop - 1, 7).round().astype(int)
        states = [state]
        if move.startswith(("crane", "orbit")):
            states += self._ends(state, target, angle, move, window)
        return max(self._out_of_frame(s, target, picks) for s in states)

    def _ends(self, state: Array, target: Target, angle: CameraAngle, move: CameraMove, window: slice) -> list[Array]:
        centre = float((target.aim[window, 1] - target.floor[window]).mean())
        change = delta(move, Hold(state, target.one, angle == "low", centre, 0.0), self.intent.move_speed)
        return [state - 0.5 * change, state + 0.5 * change] if move.startswith("orbit") else [state + abs(change)]

    def _out_of_frame(self, state: Array, target: Target, picks: Array) -> float:
        eye = positions(state, target.base[picks], target.floor[picks], self.intent.height_offset_m + state[RISE])
        aim = target.aim[picks] + np.array([0.0, state[AHEAD], 0.0])
        heading, pitch = facing_aim(eye, aim, pan_of(state[THIRD], state[TAN]), 0.0, float(state[YAW]))
        turn = rotations(heading, pitch, state[ROLL])
        yfov = 2 * math.atan(math.exp(state[TAN]))
        worst = 0.0
        for n, k in enumerate(picks):
            points = np.concatenate([b.points[k] for b in target.shown])
            at = project(eye[n], turn[n], yfov, points, self.projection)
            if (at[:, 2] < 0.1).any():
                return 1.35
            worst = max(worst, float(np.abs(at[:, 0]).max()) / _ROOM[0], float(np.abs(at[:, 1]).max()) / _ROOM[1])
        return worst

    def _clear_of_itself(self, target: Target, state: Array, window: slice) -> float:
        """The least distance at which the camera is outside the one it looks at."""
        lead = target.shown[0]
        k = (window.start + window.stop) // 2
        far = positions(state, target.base[[k]], target.floor[[k]])
        return self.obstacles.leaves(lead, k, target.base[k], far[0]) * math.exp(state[DISTANCE])

    def _cost(self, state: Array, target: Target, window: slice, turn: float) -> float:
        """What is wrong with a place for the camera: walls before 1, then others in the way, then a turned-away face."""
        picks = np.linspace(window.start, window.stop - 1, 9).round().astype(int)
        eye = positions(state, target.base[picks], target.floor[picks], self.intent.height_offset_m)
        shortage = 1.0 - self.obstacles.open_shares(target.aim[picks], eye)
        eye = self.obstacles.over_ground(eye, LOWEST_M)
        cost = 0.5 * abs(turn) + 6.0 * float(shortage.mean()) + 8.0 * self.obstacles.buried(target.aim[picks], eye)
        if target.shown and len(target.shown) < _MANY:
            cost += 2.0 * self.obstacles.hidden(target.shown, picks, target.shown[0].tell[picks], eye)
        if target.shown and not target.one and len(self.obstacles.bodies) <= _MANY:
            cost += 0.8 * self._missed(state, target, picks, eye)
        if target.one and len(target.shown) == 1:
            cost += 1.2 * self._averted(target.shown[0], picks, eye) if abs(turn) > 0 else 0.0
        return cost

    def _missed(self, state: Array, target: Target, picks: Array, eye: Array) -> float:
        """The share of those whom the frame need not hold (they part from the lead) and does not show at its best either."""
        others = [b for b in self.obstacles.bodies if b not in target.shown]
        if not others:
            return 0.0
        heading, pitch = facing_aim(eye, target.aim[picks], 0.0, 0.0, float(state[YAW]))
        turn = rotations(heading, pitch, state[ROLL])
        yfov = 2 * math.atan(math.exp(state[TAN]))
        count = 0
        for body in others:
            at = [project(eye[n], turn[n], yfov, body.points[k], self.projection) for n, k in enumerate(picks)]
            count += not any(float((np.abs(p[:, :2]) < 1).all(axis=1).mean()) > 0.6 for p in at)
        return count / len(others)

    @staticmethod
    def _averted(body: Body, picks: Array, eye: Array) -> float:
        line = eye - body.tell[picks]
        flat = line[:, [0, 2]] / np.maximum(np.linalg.norm(line[:, [0, 2]], axis=1, keepdims=True), 1e-6)
        nose = np.array([body.facing(int(k))[[0, 2]] for k in picks])
        return float(np.clip(0.4 - (flat * nose).sum(axis=1), 0, None).mean())


def lead_of(target: Target) -> float:
    return target.shown[0].height_m if target.shown else target.tall_m
