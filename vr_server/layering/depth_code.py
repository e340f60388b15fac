"""Inverse depth as luma: one range for the shot, a coarse tile and a folded fine one.

``1/z = u (1/near - 1/far) + 1/far`` (domain/manifest.py). u = 0 is the sky; finite depth keeps at least `U_FLOOR`,
so that coding noise cannot turn it into sky or back.
"""

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import ClipPlan
from vr_server.domain.manifest import DepthCode
from vr_server.media.jit import compiled

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

SPAN = 219.0
"""Luma steps from 16 to 235."""
U_FLOOR = 2 / SPAN
SKY_BELOW_U = 1 / SPAN
"""Decoded values below this are sky."""
NOISE_U = 0.04
"""Decoded samples that differ by less from the median around them are evened out; what differs by more is a wire or a leaf."""
_NEAR_MARGIN = 1.03


def depth_code(plan: ClipPlan) -> DepthCode:
    """The shot's range with a margin at both ends; `far` leaves the first codes to the sky where it can."""
    inverse_near = _NEAR_MARGIN / plan.near_m
    inverse_far = (1 / plan.far_m - U_FLOOR * inverse_near) / (1 - U_FLOOR)
    inverse_far = max(inverse_far, 0.1 / plan.far_m)
    scale = "metric" if plan.metric else "relative"
    return DepthCode(near=1 / inverse_near, far=1 / inverse_far, scale=scale)


def encode_u(inverse_depth: F32, code: DepthCode) -> F32:
    """u float32 of `inverse_depth` (1/m, 0 = sky): 0 for the sky, else U_FLOOR..1."""
    u = (inverse_depth - 1 / code.far) / (1 / code.near - 1 / code.far)
    return np.where(inverse_depth > 0, np.clip(u, U_FLOOR, 1), 0).astype(np.float32)


def decode_u(u: F32, code: DepthCode) -> F32:
    """1/z float32 (1/m) of `u`; 0 where it is sky."""
    inverse = u * (1 / code.near - 1 / code.far) + 1 / code.far
    return np.where(u < SKY_BELOW_U, 0, inverse).astype(np.float32)


def settled(u: F32) -> F32:
    """Decoded u float32 [h, w] with coding noise evened out by the median of 3x3; thin things stay as they are."""
    median = cv2.medianBlur(u, 3)
    return np.where(np.abs(u - median) < NOISE_U, median, u).astype(np.float32)


@compiled
def coarse_luma(u: F32, luma: U8, left: int, top: int) -> None:
    """Write u (0..1) into the plane `luma` at `left`, `top` as 16..235."""
    for y in range(u.shape[0]):
        for x in range(u.shape[1]):
            luma[top + y, left + x] = np.uint8(16.5 + SPAN * u[y, x])


@compiled
def fine_luma(u: F32, folds: int, luma: U8, left: int, top: int) -> None:
    """Write the triangle wave of ``u * folds`` (half-period 1) into `luma` at `left`, `top` as 16..235."""
    for y in range(u.shape[0]):
        for x in range(u.shape[1]):
            t = u[y, x] * folds
            fold = min(int(t), folds - 1)
            part = t - fold
            if fold % 2:
                part = 1.0 - part
            luma[top + y, left + x] = np.uint8(16.5 + SPAN * part)


@compiled
def unfold(coarse: F32, fine: F32, folds: int) -> F32:
    """u from both tiles (luma 0..1): of the `folds` values that the fine one may mean, the nearest to the coarse."""
    u = np.empty_like(coarse)
    for y in range(coarse.shape[0]):
        for x in range(coarse.shape[1]):
            best = np.float32(2.0)
            for fold in range(folds):
                part = 1.0 - fine[y, x] if fold % 2 else fine[y, x]
                candidate = np.float32((fold + part) / folds)
                if abs(candidate - coarse[y, x]) < abs(best - coarse[y, x]):
                    best = candidate
            u[y, x] = best
    return u
