"""What a camera does and what it sees, measured from poses and subjects alone, however they came about."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vr_server.domain.shot import ShotSize
from vr_server.domain.staging import CameraPath, Staging

from .framing import Body, bodies_of
from .geometry import Array, matrix_of
from .lenses import ASPECT, SIZES, project

_LOOKS_AT_M = 4.0
_STILL_SHARE, _STILL_RAD, _STILL_ZOOM = 0.05, 0.035, 0.06
_ORBIT_RAD = 0.16


@dataclass(frozen=True, eq=False)
class Shots:
    """Camera poses at `n` moments: `eye` [n, 3] metres, `rotation` [n, 3, 3] (T_world_camera, -Z forward), `yfov` [n]
    radians; `focus_m` [n] distance to what the picture is about, where known."""

    eye: Array
    rotation: Array
    yfov: Array
    focus_m: Array | None = None

    @staticmethod
    def of(camera: CameraPath) -> Shots:
        focus = [k.focus_m for k in camera.keys]
        known = [f for f in focus if f is not None]
        return Shots(
            np.array([k.position_m for k in camera.keys]),
            np.array([matrix_of(k.rotation) for k in camera.keys]),
            np.array([k.yfov_rad for k in camera.keys]),
            np.array(known) if len(known) == len(focus) else None,
        )


@dataclass(frozen=True)
class Moves:
    """How a camera went from first to last moment. `dolly_m` + nearer along its view, `truck_m` + to its right,
    `crane_m` + up; `pan_rad` + to the left, `tilt_rad` + up, `orbit_rad` + counter-clockwise seen from above, about the point
    that it keeps looking at (0: there is none); `zoom` factor by which things grow (1: none); `roll_rad` mean;
    `shake_rad` root mean square of what is left of heading and pitch when a smooth move is taken away. `move`: the one
    that tells most, a CameraMove id without the side: dolly_in, truck_left, orbit_right, static, handheld ..."""

    dolly_m: float
    truck_m: float
    crane_m: float
    pan_rad: float
    tilt_rad: float
    orbit_rad: float
    zoom: float
    roll_rad: float
    shake_rad: float
    travelled_m: float
    move: str


def moves_of(shots: Shots) -> Moves:
    """Measure a stretch of camera (at least two moments). For beats, measure each one's own slice."""
    ahead, right = -shots.rotation[:, :, 2], shots.rotation[:, :, 0]
    heading = np.unwrap(np.arctan2(-ahead[:, 0], -ahead[:, 2]))
    pitch = np.arcsin(np.clip(ahead[:, 1], -1, 1))
    way = shots.eye[-1] - shots.eye[0]
    middle = len(ahead) // 2
    view = ahead[middle]
    dolly = float(way @ view)
    rest = way - dolly * view
    flat = np.array([-math.cos(heading[middle]), 0.0, math.sin(heading[middle])]) * -1.0
    tan = np.tan(np.minimum(shots.yfov, 3.1) / 2)
    level = np.stack([np.cos(heading), np.zeros(len(heading)), -np.sin(heading)], axis=1)
    roll = np.arctan2(-(right * np.cross(ahead, level)).sum(axis=1), (right * level).sum(axis=1))
    found = Moves(
        dolly_m=dolly, truck_m=float(rest @ flat), crane_m=float(rest[1]), pan_rad=float(heading[-1] - heading[0]),
        tilt_rad=float(pitch[-1] - pitch[0]), orbit_rad=_orbit(shots.eye, ahead), zoom=float(tan[0] / tan[-1]), roll_rad=float(roll.mean()),
        shake_rad=math.hypot(_unrest(heading), _unrest(pitch)), travelled_m=float(np.linalg.norm(np.diff(shots.eye, axis=0), axis=1).sum()), move="",
    )  # fmt: skip
    distance = _LOOKS_AT_M if shots.focus_m is None else float(shots.focus_m.mean())
    return Moves(**{**found.__dict__, "move": _name(found, distance)})


def _name(m: Moves, distance_m: float) -> str:
    def sided(name: str, value: float, positive: str, negative: str) -> str:
        return f"{name}_{positive if value > 0 else negative}"

    zoomed = math.log(m.zoom)
    if abs(zoomed) > _STILL_ZOOM and m.dolly_m * zoomed < 0 and abs(m.dolly_m) > 2 * _STILL_SHARE * distance_m:
        return "dolly_zoom"
    places = {"dolly": m.dolly_m, "truck": m.truck_m, "crane": m.crane_m}
    name = max(places, key=lambda n: abs(places[n]))
    if abs(places[name]) > _STILL_SHARE * distance_m and abs(places[name]) > 0.08:
        if abs(m.orbit_rad) > _ORBIT_RAD and name == "truck":
            # to the camera's right it goes counter-clockwise about what is before it
            return sided("orbit", m.orbit_rad, "right", "left")
        sides = {"dolly": ("in", "out"), "truck": ("right", "left"), "crane": ("up", "down")}[name]
        return sided(name, places[name], *sides)
    if abs(zoomed) > _STILL_ZOOM:
        return sided("zoom", zoomed, "in", "out")
    if max(abs(m.pan_rad), abs(m.tilt_rad)) > _STILL_RAD:
        if abs(m.pan_rad) >= abs(m.tilt_rad):
            return sided("pan", m.pan_rad, "left", "right")
        return sided("tilt", m.tilt_rad, "up", "down")
    return "handheld" if m.shake_rad > 4e-4 else "static"


def _orbit(eye: Array, ahead: Array) -> float:
    """The azimuth that the camera goes about the point nearest to all its view axes (least squares), if that point
    is before it all the time and stays put; else 0."""
    if float(np.ptp(eye, axis=0).max()) < 0.05:
        return 0.0
    flat = np.eye(3) - ahead[:, :, None] * ahead[:, None, :]
    total = flat.sum(axis=0)
    if float(np.linalg.eigvalsh(total)[0]) < 1e-3 * len(eye):
        return 0.0
    pivot = np.linalg.solve(total, np.einsum("nij,nj->i", flat, eye))
    line = pivot - eye
    depth = (line * ahead).sum(axis=1)
    miss = np.linalg.norm(line - depth[:, None] * ahead, axis=1)
    if (depth <= 0).any() or float((miss / depth).max()) > 0.2:
        return 0.0
    azimuth = np.unwrap(np.arctan2(-line[:, 0], -line[:, 2]))
    return float(azimuth[-1] - azimuth[0])


def _unrest(values: Array) -> float:
    if len(values) < 8:
        return 0.0
    u = np.linspace(-1, 1, len(values))
    smooth = np.polynomial.polynomial.polyval(u, np.polynomial.polynomial.polyfit(u, values, 5))
    return float(np.sqrt(((values - smooth) ** 2).mean()))


@dataclass(frozen=True)
class Sighting:
    """A subject in the frame: `box` left, bottom, right, top in -1..1 (x right, y up; beyond 1 is outside) of what is
    before the camera; `inside` share of its outline that is in the frame; `face`: its eyes or telling part are;
    `shows`: the frame's height at the body in heights of the body (of what is long: in heights of a frame
    that its length fills), which is what shot sizes are measured by."""

    box: tuple[float, float, float, float]
    inside: float
    face: bool
    shows: float
    distance_m: float


def sightings(staging: Staging, times: npt.NDArray[np.float64], aspect: float = ASPECT) -> list[dict[str, Sighting]]:
    """Every subject at each of `times`, by key. Poses between camera keys are taken from the nearest key."""
    keys = {s.key for s in staging.subjects}
    stamps = np.array([k.t_s for k in staging.camera.keys])
    near = [int(np.abs(stamps - t).argmin()) for t in times]
    at = stamps[near]
    moments = at if len(at) > 1 else np.array([at[0], at[0] + 1e-3])
    bodies = bodies_of(staging.subjects, moments, keys)
    shots = Shots.of(staging.camera)
    found = []
    for n, k in enumerate(near):
        found.append({b.subject.key: _sighting(b, n, staging.camera, shots, k, aspect) for b in bodies})
    return found


def _sighting(body: Body, n: int, camera: CameraPath, shots: Shots, k: int, aspect: float) -> Sighting:
    points = np.concatenate([body.points[n], body.tell[n][None]])
    at = project(shots.eye[k], shots.rotation[k], float(shots.yfov[k]), points, camera.projection, aspect)
    before = at[:, 2] > 0.02
    inside = before & (np.abs(at[:, 0]) <= 1) & (np.abs(at[:, 1]) <= 1)
    seen = at[before] if before.any() else np.full((1, 3), np.inf)
    box = (float(seen[:, 0].min()), float(seen[:, 1].min()), float(seen[:, 0].max()), float(seen[:, 1].max()))
    depth = max(float(at[-1, 2]), 1e-3)
    shows = 2 * math.tan(min(float(shots.yfov[k]), 3.0) / 2) * depth / body.whole_m
    distance = float(np.linalg.norm(body.tell[n] - shots.eye[k]))
    return Sighting(box, float(inside[:-1].mean()), bool(inside[-1]), shows, distance)


def size_of(shows: float) -> ShotSize:
    """The shot size whose frame is nearest to one of `shows` body heights (by ratio)."""
    return min(SIZES, key=lambda name: abs(math.log(SIZES[name].shows / max(shows, 1e-6))))


def steps_apart(a: ShotSize, b: ShotSize) -> int:
    order = list(SIZES)
    return abs(order.index(a) - order.index(b))
