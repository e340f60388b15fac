"""Where subjects stand against the sky, so that a sun is not merged with one."""

import numpy as np

from vr_server.domain.staging import CameraPath, Subject

from .geometry import Array, matrix_of, rot_y, unit
from .subjects import path_at

_MOMENTS = np.linspace(0.0, 1.0, 9)
# points of a body as shares of its box: along its length, up, across; a ship's tail rises to the full height
_SHAPE = np.array(
    [(z, y, 0.0) for z in (-0.5, -0.25, 0.0, 0.25, 0.5) for y in (0.15, 0.4, 0.7)]
    + [(0.35, 0.9, 0.0), (0.45, 1.0, 0.0)]
)


def _outline(subject: Subject, time_s: float) -> Array:
    """float64 [n, 3]: world points all over a subject."""
    at, yaw = path_at(subject.path, time_s)
    w, h, d = subject.size_m
    local = np.stack([_SHAPE[:, 2] * w, _SHAPE[:, 1] * h, _SHAPE[:, 0] * d], axis=1)
    return np.asarray(local @ rot_y(yaw).T + at)


def clear_of(
    camera: CameraPath, subjects: tuple[Subject, ...], candidates: list[Array], taken: list[Array], radius_rad: float
) -> Array:
    """The first of `candidates` (unit vectors) that no subject comes near in the shot, and no body of `taken`; else
    the one that stays farthest away."""
    rays: list[Array] = []
    for share in _MOMENTS:
        key = camera.keys[round((len(camera.keys) - 1) * float(share))]
        eye, forward = np.array(key.position_m), -matrix_of(key.rotation)[:, 2]
        for s in subjects:
            toward = _outline(s, key.t_s) - eye
            if float(unit(toward.mean(axis=0)) @ forward) > 0.5:
                rays += [unit(v) for v in toward]
    best, room = candidates[0], -np.inf
    for candidate in candidates:
        near = [float(np.arccos(np.clip(candidate @ r, -1, 1))) - 0.035 for r in rays]
        near += [float(np.arccos(np.clip(candidate @ t, -1, 1))) - 0.08 for t in taken]
        free = min(near, default=np.inf)
        if free > radius_rad:
            return candidate
        if free > room:
            best, room = candidate, free
    return best
