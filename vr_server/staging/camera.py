"""From a CameraIntent to a path in metres: shot size and lens give the distance, moves the path, walls their limits."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from vr_server.domain.shot import CameraMove, ShotSpec
from vr_server.domain.staging import CameraKey, CameraPath, SetPiece, Subject

from .clearance import Obstacles, Room
from .framing import Body, Target, bodies_of, is_person, piece_body, shown_at, smoothed, target_of
from .geometry import Array, as_vec3
from .lenses import ASPECT, GROUP_SIZES, SENSOR_HEIGHT_MM, lens_of
from .moves import (
    AHEAD,
    DISTANCE,
    ELEVATION,
    PAN,
    RISE,
    ROLL,
    SIDE,
    TAN,
    THIRD,
    TILT,
    YAW,
    Leg,
    beats_of,
    carried,
    legs_of,
    shake,
    states_at,
    windows,
)
from .setup import LOWEST_M, WIDEST_TAN, Framer, Setup, facing_aim, pan_of, positions, quaternions, yfov_for
from .viewpoints import eyes_of, over_the_shoulder

KEYS_PER_S = 12
_HAND_KEYS_PER_S = 24
_DRIFT = 0.5
_BREATH_S = 0.35
_FASTEST_RAD_S = 8.0
_SIDESTEPS = 3
_ABOVE_M = 0.25


@dataclass(frozen=True, eq=False)
class Pose:
    """Where the camera is and looks at the shot's `n` moments: `eye`, `aim` [n, 3]; turns off the aim `pan`, `tilt`;
    `roll` [n] radians; `tan` [n] of half the vertical angle of view; `yaw` [n]: heading of a view straight down."""

    eye: Array
    aim: Array
    pan: Array
    tilt: Array
    roll: Array
    tan: Array
    yaw: Array | None = None


@dataclass(frozen=True)
class Framed:
    """`wild`: what stands between the camera and its subjects is to be taken out, walls too."""

    camera: CameraPath
    remarks: tuple[str, ...] = ()
    wild: bool = False


def frame_shot(
    spec: ShotSpec,
    subjects: tuple[Subject, ...],
    ground: str,
    pieces: tuple[SetPiece, ...] = (),
    room: Room | None = None,
) -> Framed:
    """The camera's keys over the shot and what the director should know about them.

    `pieces`: what is built and stays where it is; `room`: the inner faces of an interior. The camera is never under the
    ground, inside a wall or a body; where there is no room for the lens asked for, a wider one is taken and told.
    """
    shot = _Shot(spec, subjects, ground, pieces, room)
    pose = shot.pose()
    return Framed(shot.path(pose), tuple(shot.remarks), shot.wild)


class _Shot:
    def __init__(
        self,
        spec: ShotSpec,
        subjects: tuple[Subject, ...],
        ground: str,
        pieces: tuple[SetPiece, ...],
        room: Room | None,
    ) -> None:
        self.spec, self.intent = spec, spec.camera
        self.beats = beats_of(spec.camera)
        shaky = any(b.move == "handheld" for b in self.beats) or spec.camera.handheld or spec.camera.viewpoint == "pov"
        rate = _HAND_KEYS_PER_S if shaky else KEYS_PER_S
        self.times = np.linspace(0.0, spec.duration_s, max(3, math.ceil(spec.duration_s * rate) + 1))
        self.spans = windows(self.beats, spec.duration_s)
        self.sizes, self.angles, self.focus = carried(self.beats, spec.camera)
        self.bodies = bodies_of(subjects, self.times, self._watched(subjects))
        self.pieces = pieces
        self.obstacles = Obstacles.of(pieces, room, ground, self.bodies)
        self.remarks: list[str] = []
        self.wild = False
        self.spared: tuple[Body, ...] = ()

    def _watched(self, subjects: tuple[Subject, ...]) -> set[str]:
        """Keys of those whose heads the camera follows."""
        if self.intent.viewpoint == "free" and all(size in GROUP_SIZES for size in self.sizes):
            return set()
        wanted = {key for key in (self.intent.focus, self.intent.viewer, *self.focus) if key}
        lead = next((s.key for s in subjects if is_person(s)), subjects[0].key if subjects else "")
        return {s.key for s in subjects if s.key in wanted or s.key.split("#")[0] in wanted} | {lead}

    def window(self, n: int) -> slice:
        """Indices of a beat's moments."""
        low = int(np.searchsorted(self.times, self.spans[n][0] - 1e-9))
        high = int(np.searchsorted(self.times, self.spans[n][1] + 1e-9))
        return slice(min(low, len(self.times) - 2), max(high, low + 2))

    def pose(self) -> Pose:
        if self.intent.viewpoint != "free":
            seen = self._viewpoint()
            if seen is not None:
                return seen
        framer = Framer(self.intent, self.times, self.obstacles)
        setups: list[Setup] = []
        for n, (beat, target) in enumerate(zip(self.beats, self._targets(), strict=True)):
            window = self.window(n)
            same = n > 0 and (self.sizes[n], self.angles[n], self.focus[n]) == (
                self.sizes[n - 1],
                self.angles[n - 1],
                self.focus[n - 1],
            )
            if same and setups[-1].target.mode == target.mode:
                setups.append(setups[-1])
                continue
            near = float(setups[-1].state[YAW]) if setups else None
            setups.append(framer.setup(target, self.sizes[n], self.angles[n], beat.move, window, near))
        self.wild = any(s.wild for s in setups)
        if self.wild:
            self.remarks.append("No lens holds everybody within these walls: those in the way are taken out.")
        return self._moved(setups)

    def _targets(self) -> list[Target]:
        """What each beat frames. A camera that goes along with somebody in one beat does so in all that are about them: a
        beat that let them go would have to run after them."""
        shown = []
        for n, beat in enumerate(self.beats):
            focus = self._body(self.focus[n])
            only = beat.focus is not None and focus is not None and len(self.beats) > 1
            shown.append(shown_at(self.sizes[n], self.bodies, focus or self._body(self.intent.focus), only=only))

        def target(n: int, move: CameraMove) -> Target:
            return target_of(shown[n], self.sizes[n], self.angles[n], move, self.window(n), self.times)

        found = [target(n, beat.move) for n, beat in enumerate(self.beats)]
        followed = [t.shown[0] for t in found if t.mode == "track" and t.shown]
        return [
            target(n, "follow") if t.mode != "track" and t.shown and t.shown[0] in followed else t
            for n, t in enumerate(found)
        ]

    def _body(self, key: str | None) -> Body | None:
        """The subject of that key, or the set piece that such a word names."""
        if key is None:
            return None
        for body in self.bodies:
            if key in {body.subject.key, body.subject.key.split("#")[0]}:
                return body
        named = [p for p in self.pieces if key in p.label or key in p.asset]
        near = min(named, key=lambda p: p.position_m[0] ** 2 + p.position_m[2] ** 2, default=None)
        return None if near is None else piece_body(near, self.times)

    def _moved(self, setups: list[Setup]) -> Pose:
        legs = legs_of(self.beats, [s.hold for s in setups], self.spans, self.intent.move_speed)
        states, holds = states_at(legs, self.times)
        aim = sum(holds[:, n, None] * s.target.aim for n, s in enumerate(setups))
        base = sum(holds[:, n, None] * s.target.base for n, s in enumerate(setups))
        floor = sum(holds[:, n] * s.target.floor for n, s in enumerate(setups))
        aim, base, floor = np.asarray(aim), np.asarray(base), np.asarray(floor)
        amount = self._drift(legs, states, aim, base, floor)
        states = self._lessened(states, legs, amount)
        eye = self._stand(states, base, floor)
        aim = aim + np.array([0.0, 1.0, 0.0]) * states[:, AHEAD, None]
        tan = np.exp(states[:, TAN])
        eye, tan = self._kept_clear(eye, aim, tan)
        self._tell_of_lens(tan, legs)
        # seen from straight above, a turn after what slips aside would spin the picture: the view goes along
        steep = np.clip((states[:, ELEVATION] - 0.8) / 0.3, 0.0, 1.0)
        aim = aim + _right(states) * (states[:, SIDE] * steep)[:, None]
        distance = np.linalg.norm(aim - eye, axis=1)
        slip = np.arctan(states[:, SIDE] * (1 - steep) / distance)
        limit = np.arctan(tan * ASPECT * _DRIFT * (0.7 if setups[0].target.one else 1.0))
        pan = states[:, PAN] + pan_of(states[:, THIRD], states[:, TAN]) - limit * np.tanh(slip / limit)
        tilt = states[:, TILT] + self.intent.pitch_offset_rad
        return self._shaken(Pose(eye, aim, pan, tilt, states[:, ROLL], tan, states[:, YAW]), holds)

    def _stand(self, states: Array, base: Array, floor: Array) -> Array:
        eye = positions(states, base, floor - 1e3) + _right(states) * states[:, SIDE, None]
        eye[:, 1] += states[:, RISE] + self.intent.height_offset_m
        eye[:, 1] = np.maximum(eye[:, 1], floor + LOWEST_M)
        return self.obstacles.over_ground(eye, LOWEST_M)

    def _drift(self, legs: list[Leg], states: Array, aim: Array, base: Array, floor: Array) -> float:
        """How much of the moves there is room for: the most of 1, 0.7, 0.45 ... at which walls are not run into more
        than by the still camera."""
        still = self.obstacles.open_shares(aim, self._stand(self._lessened(states, legs, 0.0), base, floor))
        for amount in (1.0, 0.7, 0.45, 0.25):
            free = self.obstacles.open_shares(aim, self._stand(self._lessened(states, legs, amount), base, floor))
            if float((still - free).max()) < 0.12:
                return amount
        return 0.12

    @staticmethod
    def _lessened(states: Array, legs: list[Leg], amount: float) -> Array:
        """The states with ways aside, up and round cut down to `amount` about the shot's middle."""
        if amount >= 1.0:
            return states
        found = states.copy()
        for field in (SIDE, RISE, AHEAD, YAW, DISTANCE):
            if len(legs) > 1 and field in {YAW, DISTANCE}:
                continue
            middle = (
                0.5 * (states[:, field].min() + states[:, field].max())
                if field in {SIDE, YAW}
                else states[:, field].min()
            )
            found[:, field] = middle + (states[:, field] - middle) * amount
        return found

    def _kept_clear(self, eye: Array, aim: Array, tan: Array) -> tuple[Array, Array]:
        """The camera brought in front of walls and out of bodies, the lens made wider (or longer) so that the size stays."""
        eye, tan = self._before_walls(eye, aim, tan)
        # a step out of one body may lead into the next
        for body in (b for _ in range(_SIDESTEPS) for b in self.bodies if b not in self.spared):
            step = self.obstacles.sidestep(body, eye)
            if step is not None:
                side, way = step
                still = np.ptp(eye, axis=0).max() < 0.05
                way = np.full(len(way), way.max()) if still else self._eased(1.0 + way) - 1.0
                eye = eye + side * way[:, None]
        # who is still in somebody's way looks on from above
        for _ in range(_SIDESTEPS if not self.spared else 0):
            lift = self.obstacles.tops(eye, _ABOVE_M)
            if not lift.any():
                break
            eye = eye + np.array([0.0, 1.0, 0.0]) * (self._eased(1.0 + lift) - 1.0)[:, None]
        return self.obstacles.over_ground(eye, LOWEST_M), tan

    def _tell_of_lens(self, tan: Array, legs: list[Leg]) -> None:
        """Say where a wall has made the lens wider than the size, or the director, asks for."""
        if self.intent.projection == "fisheye" or any(b.move.startswith(("zoom", "dolly_zoom")) for b in self.beats):
            return
        for n in range(len(legs)):
            asked = math.tan(yfov_for(self.intent, self.sizes[n], self.angles[n]) / 2)
            found = float(tan[self.window(n).stop - 1])
            if found > 1.08 * asked:
                was, now = (SENSOR_HEIGHT_MM / 2 / t for t in (asked, found))
                self.remarks.append(
                    f"There is no room for a {was:.0f} mm lens here: {now:.0f} mm, nearer, shows the same."
                )
                return

    def _before_walls(self, eye: Array, aim: Array, tan: Array) -> tuple[Array, Array]:
        shares = np.ones(len(eye)) if self.wild else self.obstacles.open_shares(aim, eye)
        bodies = self.obstacles.out_of_bodies(eye, aim, self.spared)
        if (shares >= 1.0).all() and (bodies == 1.0).all():
            return eye, tan
        wanted = np.where(shares < 1.0, np.minimum(shares, np.minimum(bodies, 1.0)), bodies)
        moving = np.ptp(eye, axis=0).max() > 0.05
        if not moving:
            wanted = np.full(len(eye), wanted.min() if (wanted < 1.0).any() else wanted.max())
        else:
            wanted = self._eased(wanted)
        near = aim + (eye - aim) * wanted[:, None]
        near = self.obstacles.over_ground(near, LOWEST_M)
        lens = np.minimum(tan / wanted, np.maximum(tan, WIDEST_TAN))
        return near, np.asarray(lens)

    def _eased(self, shares: Array) -> Array:
        """At most `shares` (below 1) or at least (above 1) and smooth in time."""
        step = float(self.times[1] - self.times[0])
        reach = max(1, math.ceil(3 * _BREATH_S / step))
        padded = np.pad(shares, reach, mode="edge")
        around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
        low, high = np.minimum(around.min(axis=1), 1.0), np.maximum(around.max(axis=1), 1.0)
        wanted = np.where(low < 1.0, low, high)
        pad = np.pad(wanted, reach, mode="edge")
        return smoothed(pad, _BREATH_S / step)[reach:-reach]

    def _shaken(self, pose: Pose, holds: Array) -> Pose:
        amount = np.full(len(self.times), 1.0 if self.intent.handheld else 0.0)
        for n, beat in enumerate(self.beats):
            if beat.move == "handheld" and not self.intent.handheld:
                amount = amount + holds[:, n]
        if not amount.any():
            return pose
        return hand_held(pose, self.times, len(self.spec.text), amount * min(self.intent.move_speed, 3.0))

    def _viewpoint(self) -> Pose | None:
        viewer = self._body(self.intent.viewer) or next((b for b in self.bodies if b.person), None)
        others = [b for b in self.bodies if b is not viewer]
        if viewer is None:
            self.remarks.append("There is nobody whose eyes or shoulder the camera could use: it stands free.")
            return None
        asked = self._body(self.intent.focus)
        focus = (
            asked
            if asked is not None and asked is not viewer
            else next((b for b in others if b.person), others[0] if others else None)
        )
        size = self.sizes[0]
        yfov = yfov_for(self.intent, size, "eye")
        if self.intent.viewpoint == "pov":
            if self.intent.lens_mm is None and self.intent.projection == "perspective":
                yfov = 2 * math.atan(12.0 / 26.0)
            self.remarks.append(
                f"The camera is the eyes of “{viewer.subject.label}”, who is seen only where a hand or what it holds comes into the picture."
            )
            self.spared = (viewer,)
            seen = eyes_of(viewer, focus, self.times)
        elif focus is None:
            self.remarks.append("Over whose shoulder? There is only one in the shot: the camera stands free.")
            return None
        else:
            self.spared = (viewer,)
            # a shoulder beside a whole figure reads as nothing: half of it is what such a shot shows
            size = "medium" if size in GROUP_SIZES else size
            seen = over_the_shoulder(viewer, focus, size, self.times, self.intent)
            yfov = 2 * math.atan(seen.tan)
        zero = np.zeros(len(self.times))
        eye = self.obstacles.over_ground(seen.eye, LOWEST_M)
        pose = Pose(
            eye,
            seen.aim,
            zero + seen.pan,
            zero + self.intent.pitch_offset_rad,
            zero + self.intent.roll_rad,
            zero + math.tan(yfov / 2),
        )
        shaky = self.intent.viewpoint == "pov" or self.intent.handheld
        return hand_held(pose, self.times, len(self.spec.text), zero + 0.5) if shaky else pose

    def path(self, pose: Pose) -> CameraPath:
        heading, pitch = facing_aim(pose.eye, pose.aim, pose.pan, pose.tilt, pose.yaw)
        q = steadied(quaternions(heading, pitch, pose.roll), float(self.times[1] - self.times[0]))
        eye = self.obstacles.over_ground(pose.eye, 0.9 * LOWEST_M)
        focus = np.maximum(np.linalg.norm(pose.aim - eye, axis=1), 0.05)
        yfov = np.clip(2 * np.arctan(pose.tan), 0.02, 3.1)
        keys = tuple(
            CameraKey(
                t_s=round(float(t), 4),
                position_m=as_vec3(eye[k]),
                rotation=(float(q[k, 0]), float(q[k, 1]), float(q[k, 2]), float(q[k, 3])),
                yfov_rad=round(float(yfov[k]), 6),
                focus_m=round(float(focus[k]), 3),
            )
            for k, t in enumerate(self.times)
        )
        fisheye = self.intent.projection == "fisheye"
        lens = self.intent.lens_mm or (8.0 if fisheye else round(lens_of(float(yfov[-1])), 2))
        return CameraPath(keys=keys, lens_mm=lens, projection=self.intent.projection)


def _right(states: Array) -> Array:
    """The camera's right, level, [n, 3]."""
    return np.stack([np.cos(states[:, YAW]), np.zeros(len(states)), -np.sin(states[:, YAW])], axis=1)


def steadied(q: Array, step_s: float) -> Array:
    """Unit quaternions [n, 4] on one side of the sphere; a turn faster than any hand makes (a camera that passes right over
    what it looks at) is spread over half a second."""
    side = np.cumprod(np.concatenate([[1.0], np.where((q[1:] * q[:-1]).sum(axis=1) < 0, -1.0, 1.0)]))
    q = q * side[:, None]
    turns = 2 * np.arccos(np.clip((q[1:] * q[:-1]).sum(axis=1), -1, 1))
    if float(turns.max()) <= _FASTEST_RAD_S * step_s:
        return q
    soft = smoothed(q, 0.24 / step_s)
    return np.asarray(soft / np.linalg.norm(soft, axis=1, keepdims=True))


def hand_held(pose: Pose, times: Array, seed: int, amount: Array) -> Pose:
    """The pose with a hand's unrest: the same on the screen with every lens, a few centimetres in place."""
    steps, turns = shake(times, seed, 1.0)
    distance = np.linalg.norm(pose.aim - pose.eye, axis=1)
    line = (pose.aim - pose.eye) / distance[:, None]
    right = np.stack([-line[:, 2], np.zeros(len(line)), line[:, 0]], axis=1)
    reach = amount * 0.016 * np.sqrt(distance)
    eye = pose.eye + right * (reach * steps[:, 0])[:, None]
    eye[:, 1] += reach * steps[:, 1]
    angle = amount * 0.026 * pose.tan
    return replace(
        pose, eye=eye, pan=pose.pan + angle * turns[:, 0], tilt=pose.tilt + angle * turns[:, 1],
        roll=pose.roll + 0.008 * amount * turns[:, 2],
    )  # fmt: skip
