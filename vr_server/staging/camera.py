"""From a CameraIntent to a path in metres: shot size and lens give the distance, the move gives the path."""

import math

import numpy as np

from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import CameraKey, CameraPath, Subject

from .framing import GROUP_SIZES, Target, target_of
from .geometry import Array, as_vec3, look_rotation, quat_of, rot_y, smooth, unit, vec, wobble
from .meshes.ground import ground_height

ASPECT = 16 / 9
KEYS_PER_S = 8
_SENSOR_HEIGHT_MM = 24.0
_LENSES_MM = {
    "extreme_close_up": 85.0, "close_up": 65.0, "medium_close_up": 50.0, "medium": 40.0, "medium_full": 35.0, "full": 35.0, "wide": 28.0, "extreme_wide": 24.0,
}  # fmt: skip
# share of the body's height that the frame's height shows, and where on the body its centre is
_SIZES = {
    "extreme_close_up": (0.2, 0.925), "close_up": (0.37, 0.875), "medium_close_up": (0.52, 0.81), "medium": (0.7, 0.74), "medium_full": (0.98, 0.64),
    "full": (1.34, 0.5), "wide": (2.5, 0.62), "extreme_wide": (5.0, 0.8),
}  # fmt: skip
_LOWEST_M = 0.22


def frame_shot(spec: ShotSpec, subjects: tuple[Subject, ...], ground: str) -> CameraPath:
    """The camera's keys over the shot, `KEYS_PER_S` a second, never under the ground."""
    intent = spec.camera
    # a low angle is taken near and wide, so that it really looks up
    lens = intent.lens_mm or _LENSES_MM[intent.shot_size] * (0.75 if intent.angle == "low" else 1.0)
    yfov = 2 * math.atan(_SENSOR_HEIGHT_MM / 2 / lens)
    target = target_of(spec, subjects)
    rig = _Rig(spec, target, yfov)
    count = max(2, math.ceil(spec.duration_s * KEYS_PER_S) + 1)
    keys = []
    for t in np.linspace(0.0, spec.duration_s, count):
        position, aim, roll = rig.at(float(t))
        floor = float(ground_height(ground, position[0:1], position[2:3])[0])
        position[1] = max(position[1], floor + _LOWEST_M)
        q = quat_of(look_rotation(aim, roll))
        keys.append(
            CameraKey(t_s=round(float(t), 4), position_m=as_vec3(position), rotation=q, yfov_rad=round(yfov, 6))
        )
    return CameraPath(keys=tuple(keys), lens_mm=lens)


class _Rig:
    """Where the camera is and looks at any time."""

    def __init__(self, spec: ShotSpec, target: Target, yfov: float) -> None:
        self.spec, self.target, self.intent = spec, target, spec.camera
        self.distance = self._distance(yfov) * self.intent.distance_scale
        _, share = _SIZES[self.intent.shot_size]
        self.centre_m = (share if target.upright else min(share, 0.5)) * target.height_m
        self.seed = len(spec.text)

    def _distance(self, yfov: float) -> float:
        share, _ = _SIZES[self.intent.shot_size]
        high = share * self.target.height_m / (2 * math.tan(yfov / 2))
        wide = self.target.half_width_m * 1.12 / (math.tan(yfov / 2) * ASPECT)
        if self.intent.shot_size not in GROUP_SIZES:
            wide = 0.0
        return (
            max(high, wide)
            + 1.05 * self.target.nearer_m
            + self.target.depth_m
            + (0.15 if self.target.height_m < 3 else 1.5)
        )

    def at(self, t: float) -> tuple[Array, Array, float]:
        """Position, viewing direction (unit) and roll at time t."""
        intent, duration = self.intent, self.spec.duration_s
        u = smooth(t / duration) if intent.move != "handheld" else t / duration
        k = (u - 0.5) * 2  # -1..1 over the shot
        speed = intent.move_speed
        move = intent.move
        seen = self.target.foot_at(t / duration) + vec(0.0, self.centre_m, 0.0)
        centre = seen if self.target.mode == "track" else self.target.foot + vec(0.0, self.centre_m, 0.0)
        yaw = intent.yaw_offset_rad + self._swing(move, k, speed)
        # a camera that goes in ends where the shot size says; one that goes out starts there
        scale = {"dolly_in": 1 + 0.45 * speed * (1 - u), "dolly_out": 1 + 0.45 * speed * u}.get(move, 1.0)
        away = rot_y(yaw) @ vec(0.0, 0.0, 1.0)
        side = rot_y(yaw) @ vec(1.0, 0.0, 0.0)
        position = self._stand(centre, away, self.distance * scale)
        aim = unit(seen - position)
        position = position + vec(0.0, intent.height_offset_m + self._rise(move, u, speed), 0.0)
        position[1] = max(position[1], centre[1] - self.centre_m + _LOWEST_M)
        if move in {"crane_up", "crane_down"} or intent.height_offset_m:
            # a low camera that rises goes on looking up
            ahead = 0.5 * self._rise(move, u, speed) if intent.angle == "low" else 0.0
            aim = unit(seen + vec(0.0, ahead, 0.0) - position)
        if move in {"truck_left", "truck_right"}:
            position = position + side * (0.24 * self.distance * speed * k * (-1 if move == "truck_left" else 1))
        aim = self._turned(aim, move, k, speed, t)
        roll = 0.2 if intent.angle == "dutch" else 0.0
        if move == "handheld":
            shake = 0.02 * self.distance**0.5
            position = (
                position
                + side * (shake * wobble(t, self.seed, 0.6))
                + vec(0.0, shake * 0.8 * wobble(t, self.seed + 2, 0.8), 0.0)
            )
            roll += 0.008 * wobble(t, self.seed + 4, 0.5)
        return position, aim, roll

    @staticmethod
    def _swing(move: str, k: float, speed: float) -> float:
        """Orbit: 50 degrees over the shot, about the subject."""
        return {"orbit_left": -1.0, "orbit_right": 1.0}.get(move, 0.0) * 0.436 * k * speed

    def _rise(self, move: str, u: float, speed: float) -> float:
        amount = (0.3 * self.distance + 0.15) * speed
        if self.intent.angle == "low":
            amount = min(amount, 0.75 * self.centre_m)
        return {"crane_up": amount * u, "crane_down": amount * (1 - u)}.get(move, 0.0)

    def _stand(self, centre: Array, away: Array, distance: float) -> Array:
        """Camera place for the angle: eye level is the subject's own, low looks up, high and overhead look down."""
        h, angle = self.target.height_m, self.intent.angle
        floor = float(centre[1]) - self.centre_m
        if angle in {"high", "overhead"}:
            tilt = 0.52 if angle == "high" else 1.3
            return centre + away * (distance * math.cos(tilt)) + vec(0.0, distance * math.sin(tilt), 0.0)
        if angle == "low":
            height = max(0.28 if h < 3 else 0.9, self.centre_m - 0.62 * distance)
        else:
            close = self.intent.shot_size not in GROUP_SIZES
            height = 0.88 * h if close and self.target.upright else min(0.88 * h, 1.6) if h < 3 else 1.7 + 0.05 * h
            height += 0.1 * max(0.0, distance - 12.0) if self.intent.shot_size == "extreme_wide" else 0.0
        drop = abs(height - self.centre_m)
        return vec(0.0, floor + height, 0.0) + (
            centre + away * math.sqrt(max(distance**2 - drop**2, (0.5 * distance) ** 2))
        ) * vec(1.0, 0.0, 1.0)

    def _turned(self, aim: Array, move: str, k: float, speed: float, t: float) -> Array:
        pan = {"pan_left": 1.0, "pan_right": -1.0}.get(move, 0.0) * 0.26 * k * speed
        tilt = {"tilt_up": 1.0, "tilt_down": -1.0}.get(move, 0.0) * 0.2 * k * speed + self.intent.pitch_offset_rad
        if move == "handheld":
            pan += 0.008 * wobble(t, self.seed + 6, 0.7)
            tilt += 0.008 * wobble(t, self.seed + 8, 0.9)
        flat = math.hypot(float(aim[0]), float(aim[2]))
        pitch = min(max(math.atan2(float(aim[1]), flat) + tilt, -1.5), 1.5)
        level = rot_y(pan) @ (vec(float(aim[0]), 0.0, float(aim[2])) / max(flat, 1e-9))
        return np.asarray(level * math.cos(pitch) + vec(0.0, math.sin(pitch), 0.0))
