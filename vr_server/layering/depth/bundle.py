"""Bundle adjustment: poses, points and one focal length that explain where points were seen."""

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.sparse import lil_matrix

from .port import F64

_LOSS_PX = 1.0
_ROUNDS = 20
_LENS_WEIGHT = 30.0
"""How many observations of one pixel a doubt of one sigma about the lens counts as much as."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """World to camera: `rotations` float64 [c, 3, 3], `translations` [c, 3]; `points` [p, 3]. Observation i: camera
    `camera_of` [o] sees point `point_of` [o] at `seen` float64 [o, 2] px. `k` [3, 3]. `rms_px` and `inlier_share` (within
    2 px) are of the adjusted bundle."""

    rotations: F64
    translations: F64
    points: F64
    camera_of: npt.NDArray[np.intp]
    point_of: npt.NDArray[np.intp]
    seen: F64
    k: F64
    rms_px: float = field(default=0.0)
    inlier_share: float = field(default=0.0)


def adjust(bundle: Bundle, lens_sigma: float) -> Bundle:
    """The bundle after adjustment; its first camera stays, and the first baseline keeps its length."""
    count, spots = len(bundle.rotations), len(bundle.points)
    rvecs = np.array([cv2.Rodrigues(r)[0].ravel() for r in bundle.rotations])
    start = np.concatenate([[0.0], rvecs[1:].ravel(), bundle.translations[1:].ravel(), bundle.points.ravel()])
    length = float(np.linalg.norm(bundle.translations[-1]))

    def taken_apart(x: F64) -> tuple[float, F64, F64, F64]:
        n = 3 * (count - 1)
        turns = np.concatenate([rvecs[:1], x[1 : 1 + n].reshape(-1, 3)])
        ways = np.concatenate([bundle.translations[:1], x[1 + n : 1 + 2 * n].reshape(-1, 3)])
        return float(np.exp(x[0])), turns, ways, x[1 + 2 * n :].reshape(-1, 3)

    def residuals(x: F64) -> F64:
        zoom, turns, ways, points = taken_apart(x)
        errors = _errors(bundle, zoom, turns, ways, points)
        scale = 100.0 * (np.linalg.norm(ways[-1]) / length - 1.0)
        return np.concatenate([errors.ravel(), [x[0] / lens_sigma * np.sqrt(_LENS_WEIGHT), scale]])

    solved = least_squares(
        residuals, start, jac_sparsity=_sparsity(bundle, count, spots), loss="soft_l1", f_scale=_LOSS_PX,
        x_scale="jac", method="trf", tr_solver="lsmr", max_nfev=_ROUNDS, ftol=1e-5, xtol=1e-6,
    )  # fmt: skip
    zoom, turns, ways, points = taken_apart(solved.x)
    errors = np.linalg.norm(_errors(bundle, zoom, turns, ways, points), axis=1)
    good = errors < 2.0
    k = bundle.k.copy()
    k[0, 0] *= zoom
    k[1, 1] *= zoom
    rms = float(np.sqrt((errors[good] ** 2).mean())) if good.any() else float("inf")
    rotations = np.array([cv2.Rodrigues(r)[0] for r in turns])
    return Bundle(
        rotations, ways, points, bundle.camera_of, bundle.point_of, bundle.seen, k, rms, float(good.mean())
    )  # fmt: skip


def _errors(bundle: Bundle, zoom: float, turns: F64, ways: F64, points: F64) -> F64:
    rotations = np.array([cv2.Rodrigues(r)[0] for r in turns])
    local = np.einsum("oij,oj->oi", rotations[bundle.camera_of], points[bundle.point_of]) + ways[bundle.camera_of]
    z = np.where(np.abs(local[:, 2]) < 1e-6, 1e-6, local[:, 2])
    f = bundle.k[0, 0] * zoom
    at = np.stack([f * local[:, 0] / z + bundle.k[0, 2], f * local[:, 1] / z + bundle.k[1, 2]], axis=1)
    error: F64 = at - bundle.seen
    return error


def _sparsity(bundle: Bundle, count: int, spots: int) -> lil_matrix:
    observations = len(bundle.seen)
    n = 3 * (count - 1)
    pattern = lil_matrix((2 * observations + 2, 1 + 2 * n + 3 * spots), dtype=np.int8)
    pattern[:, 0] = 1
    rows = np.arange(observations)
    moving = bundle.camera_of > 0
    for axis in range(3):
        for half in (0, 1):
            for base in (1, 1 + n):
                pattern[2 * rows[moving] + half, base + 3 * (bundle.camera_of[moving] - 1) + axis] = 1
            pattern[2 * rows + half, 1 + 2 * n + 3 * bundle.point_of + axis] = 1
    pattern[-1, 1 + n :] = 1
    return pattern
