"""What a staging says that a take's pictures should show: where subjects are, which way is up, how the picture moves.

Picture coordinates are shares of the frame, x to the right and y down, 0..1 inside it. Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vr_server.domain.staging import CameraPath, Staging
from vr_server.staging.framing import Body, bodies_of
from vr_server.staging.lenses import project
from vr_server.staging.measure import Shots
from vr_server.staging.sight import Boxes

from .quality import camera_share

Floats = npt.NDArray[np.float64]

FAR_M = 400.0
"""The sky, for what moves before it."""
_NEAREST_M, _BEFORE_M = 0.2, 0.02
_GRID = (17, 11)
_SEEN_LEAST, _FREE_LEAST = 0.5, 0.6
_BODY_SIDE, _BODY_TOP = 0.07, 0.03
"""A body is broader than its joints: heights added at each side and above the crown."""


@dataclass(frozen=True, slots=True)
class Box:
    """Left, top, right, bottom; may reach out of the frame."""

    left: float
    top: float
    right: float
    bottom: float

    def clipped(self) -> Box:
        """What of it is in the frame."""
        x0, y0, x1, y1 = (min(max(v, 0.0), 1.0) for v in (self.left, self.top, self.right, self.bottom))
        return Box(x0, y0, x1, y1)

    def mirrored(self) -> Box:
        return Box(1 - self.right, self.top, 1 - self.left, self.bottom)

    @property
    def area(self) -> float:
        return max(self.right - self.left, 0.0) * max(self.bottom - self.top, 0.0)

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def scaled(self, by: float) -> Box:
        """Grown about its middle."""
        (x, y), w, h = self.middle, by * (self.right - self.left) / 2, by * (self.bottom - self.top) / 2
        return Box(x - w, y - h, x + w, y + h)

    def shared(self, other: Box) -> float:
        """Area that lies in both."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        return Box(left, top, min(self.right, other.right), min(self.bottom, other.bottom)).area

    def iou(self, other: Box) -> float:
        """Area that lies in both over the area that lies in either (Jaccard)."""
        both = self.shared(other)
        either = self.area + other.area - both
        return both / either if either > 0 else 0.0


@dataclass(frozen=True, slots=True)
class PlannedSubject:
    """A subject at one moment. `box`: whole, may reach out of the frame; `inside`: share of its outline in the frame;
    `free`: share of that which neither set pieces nor nearer subjects hide; `shows`: the frame's height in heights of
    the body; `speed`: how fast its outline goes on in the picture from here, mean, widths a second."""

    key: str
    label: str
    object_id: int
    person: bool
    box: Box
    inside: float
    free: float
    shows: float
    distance_m: float
    speed: float = 0.0

    @property
    def clear(self) -> bool:
        """Can pictures be held against it?"""
        return self.inside >= _SEEN_LEAST and self.free >= _FREE_LEAST


@dataclass(frozen=True, slots=True)
class PlannedMoment:
    """`roll_rad`: how the world's vertical leans in the picture, + clockwise; `pitch_rad` + up; `horizon`: its height at
    the picture's middle (outside 0..1 where it is not in the frame); `sky`: how much of the frame nothing stands before."""

    time_s: float
    subjects: tuple[PlannedSubject, ...]
    roll_rad: float
    pitch_rad: float
    yfov_rad: float
    horizon: float
    sky: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The planned picture at `n` moments. `way` [n - 1, 3]: how the still world goes from each to the next: right, down,
    and half its growth, all in widths, as `quality.flow` tells it of pictures."""

    moments: tuple[PlannedMoment, ...]
    way: Floats
    aspect: float
    flat: bool  # a perspective picture: straight lines stay straight


def plan_of(staging: Staging, times_s: Floats, aspect: float) -> Plan:
    """The plan at `times_s` float64 [n] seconds, rising, for pictures of `aspect` (width over height).

    The camera is taken at its nearest keys, of which a staging has many. What stands still are the ground and the boxes
    of the set pieces.
    """
    stamps = np.array([key.t_s for key in staging.camera.keys])
    near = np.array([int(np.abs(stamps - t).argmin()) for t in times_s])
    asked = times_s if len(times_s) > 1 else np.array([times_s[0], times_s[0] + 1e-3])
    bodies = bodies_of(staging.subjects, asked, {s.key for s in staging.subjects})
    seer = _Seer(staging.camera, Shots.of(staging.camera), Boxes.of_pieces(staging.set_pieces), aspect)
    tracks = [seer.track(body, near, times_s) for body in bodies]
    moments = tuple(
        seer.moment(int(k), float(times_s[n]), _uncovered([track[n] for track in tracks])) for n, k in enumerate(near)
    )
    way = np.array([seer.way(int(a), int(b)) for a, b in pairwise(near)]).reshape(-1, 3)
    return Plan(moments, way, aspect, staging.camera.projection == "perspective")


def _uncovered(subjects: list[PlannedSubject]) -> tuple[PlannedSubject, ...]:
    """Each with what nearer ones cover taken off its free share."""
    found: list[PlannedSubject] = []
    for subject in sorted(subjects, key=lambda s: s.distance_m):
        box = subject.box.clipped()
        hidden = sum(box.shared(nearer.box.clipped()) for nearer in found) / box.area if box.area else 0.0
        found.append(replace(subject, free=subject.free * max(1 - hidden, 0.0)))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Seer:
    camera: CameraPath
    shots: Shots
    boxes: Boxes
    aspect: float

    def track(self, body: Body, near: npt.NDArray[np.int64], times_s: Floats) -> list[PlannedSubject]:
        """A subject at each moment, seen by the camera's keys `near`."""
        points = [np.concatenate([body.points[n], body.tell[n][None]]) for n in range(len(near))]
        at = np.array([self._project(int(k), points[n]) for n, k in enumerate(near)])
        picture = np.clip(at[..., :2], -9, 9) * (0.5, 0.5 / self.aspect)  # widths
        gone = np.linalg.norm(np.diff(picture, axis=0), axis=2).mean(axis=1) / np.maximum(np.diff(times_s), 1e-3)
        speeds = np.append(gone, gone[-1:] if len(gone) else 0.0)
        return [
            self._subject(body, n, int(k), points[n], at[n], float(speeds[n])) for n, k in enumerate(near)
        ]  # fmt: skip

    def _subject(self, body: Body, n: int, k: int, points: Floats, at: Floats, speed: float) -> PlannedSubject:
        before = at[:, 2] > _BEFORE_M
        inside = before & (np.abs(at[:, 0]) <= 1) & (np.abs(at[:, 1]) <= 1)
        depth = max(float(at[-1, 2]), 1e-3)
        shows = 2 * math.tan(min(float(self.shots.yfov[k]), 3.0) / 2) * depth / body.whole_m
        subject, box = body.subject, Box(1.0, 1.0, 1.0, 1.0)
        if before.any():
            x, y = (at[before, 0] + 1) / 2, (1 - at[before, 1]) / 2
            side, top = (_BODY_SIDE / (shows * self.aspect), _BODY_TOP / shows) if body.person else (0.0, 0.0)
            box = Box(float(x.min()) - side, float(y.min()) - top, float(x.max()) + side, float(y.max()))
        distance_m = float(np.linalg.norm(body.tell[n] - self.shots.eye[k]))
        return PlannedSubject(
            subject.key, subject.label, subject.object_id, body.person, box, float(inside.mean()),
            self._free(self.shots.eye[k], points[inside]), shows, distance_m, speed,
        )  # fmt: skip

    def _project(self, k: int, points: Floats) -> Floats:
        eye, rotation, yfov = self.shots.eye[k], self.shots.rotation[k], float(self.shots.yfov[k])
        return project(eye, rotation, yfov, points, self.camera.projection, self.aspect)

    def _free(self, eye: Floats, points: Floats) -> float:
        if not len(points) or not len(self.boxes):
            return 1.0
        short = eye + 0.97 * (points - eye)  # who sits on a chair is not hidden by it
        cut = self.boxes.cut(np.broadcast_to(eye, short.shape), short, 0.0)
        return float(1 - cut.any(axis=1).mean())

    def moment(self, k: int, time_s: float, subjects: tuple[PlannedSubject, ...]) -> PlannedMoment:
        rotation, yfov = self.shots.rotation[k], float(self.shots.yfov[k])
        roll = math.atan2(float(rotation[1, 0]), float(rotation[1, 1]))  # the world's up in the camera's axes
        pitch = math.asin(min(max(float(-rotation[1, 2]), -1.0), 1.0))
        tan = math.tan(min(yfov, 3.0) / 2)
        horizon = 0.5 + 0.5 * math.tan(min(max(pitch, -1.5), 1.5)) / (tan * max(math.cos(roll), 0.1))
        reach = self._reach(self.shots.eye[k], self._rays(k))
        return PlannedMoment(time_s, subjects, roll, pitch, yfov, horizon, float((reach >= FAR_M).mean()))

    def way(self, a: int, b: int) -> Floats:
        """How the still world seen by camera key `a` goes to where key `b` sees it, float64 [3], see `Plan`."""
        eye, rays = self.shots.eye[a], self._rays(a)
        points = eye + rays * self._reach(eye, rays)[:, None]
        old, new = self._project(a, points), self._project(b, points)
        kept = (new[:, 2] > _BEFORE_M) & (np.abs(new[:, :2]) < 3).all(axis=1)
        if np.count_nonzero(kept) < _GRID[0]:
            return np.zeros(3)
        scale = np.array([0.5, -0.5 / self.aspect])  # widths from the middle, y down
        dx, dy, zoom = camera_share(old[kept, :2] * scale, (new - old)[kept, :2] * scale, noise=1e-4)[:3]
        return np.array([dx, dy, 0.5 * zoom])

    def _rays(self, k: int) -> Floats:
        """A grid of view rays [n, 3] in the world, one metre along the view axis long."""
        tan = math.tan(min(float(self.shots.yfov[k]), 2.8) / 2)
        x, y = np.meshgrid(np.linspace(-0.95, 0.95, _GRID[0]), np.linspace(-0.95, 0.95, _GRID[1]))
        rays = np.stack([x.ravel() * tan * self.aspect, y.ravel() * tan, -np.ones(x.size)], axis=1)
        return np.asarray(rays @ self.shots.rotation[k].T)

    def _reach(self, eye: Floats, rays: Floats) -> Floats:
        """How many of its lengths each ray [n, 3] goes to the ground or the first box; FAR_M where to neither."""
        reach = np.full(len(rays), FAR_M)
        down = rays[:, 1] < -1e-6
        reach[down] = np.minimum(FAR_M, max(float(eye[1]), 0.05) / -rays[down, 1])
        if len(self.boxes):
            enter, leave = self.boxes.along(np.broadcast_to(eye, rays.shape), eye + FAR_M * rays, 0.0)
            met = (enter < leave) & (enter > _NEAREST_M / FAR_M)
            reach = np.minimum(reach, np.where(met, enter * FAR_M, FAR_M).min(axis=1))
        return reach
