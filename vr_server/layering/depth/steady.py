"""A shot's depth held steady in time: one scale and shift for all frames, smoothing along the flow."""

import cv2
import numpy as np

from .flow import DenseFlow
from .port import F16, F32, U8

_LEARNS, _TURNS = 0.45, 0.1
"""How much of a frame's surprise goes into the depth, and into its change a frame, where it agrees with what was expected."""
_AGREE = 0.1
_COLOUR = 12


def scale_and_shift(source: F32, target: F32) -> tuple[float, float]:
    """a, b for which a * source + b is nearest to `target` (any equal shapes), robust against what moves."""
    x, y = source.ravel()[::7].astype(np.float64), target.ravel()[::7].astype(np.float64)
    a, b = 1.0, 0.0
    keep = np.ones(len(x), bool)
    for _ in range(3):
        spread = float(np.var(x[keep]))
        if spread < 1e-12:
            return 1.0, float(np.median(y - x))
        a = float(((x[keep] - x[keep].mean()) * (y[keep] - y[keep].mean())).mean() / spread)
        b = float(y[keep].mean() - a * x[keep].mean())
        error = np.abs(a * x + b - y)
        keep = error <= max(2.0 * float(np.median(error)), 1e-6)
    return (a, b) if a > 0.2 else (1.0, 0.0)


def align_windows(before: F32, window: F32) -> F32:
    """`window` float32 [n, h, w] brought to the scale and shift of `before`, the same frames as its first ones."""
    shared = min(len(before), len(window))
    a, b = scale_and_shift(window[:shared], before[:shared])
    aligned: F32 = np.maximum(a * window + b, 0).astype(np.float32)
    return aligned


def steady(inverse: F16, pictures: list[U8], *, align: bool) -> F16:
    """`inverse` float16 [n, h, w] of one shot, frame after frame brought to the first one's scale (`align`) and smoothed along
    the flow of `pictures` uint8 [h, w]. Where flow, colour or depth disagree the new frame stands: nothing lags behind what
    moves. What comes nearer evenly is expected to (an alpha-beta filter), so that it does not lag either."""
    height, width = inverse.shape[1:]
    flow_of = DenseFlow(fine=False)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    out = inverse.copy()
    change: F32 = np.zeros((height, width), np.float32)
    for n in range(1, len(out)):
        flow = flow_of(pictures[n], pictures[n - 1])
        at_x, at_y = x + flow[..., 0], y + flow[..., 1]
        change = _followed(change, at_x, at_y)
        before = _followed(out[n - 1].astype(np.float32), at_x, at_y) + change
        grey = np.asarray(
            cv2.remap(pictures[n - 1], at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(0.0,))
        )
        same = np.abs(grey.astype(np.int16) - pictures[n]) < _COLOUR
        now = out[n].astype(np.float32)
        if align and same.any():
            a, b = scale_and_shift(now[same], before[same])
            now = np.maximum(a * now + b, 0).astype(np.float32)
        agree = same & (np.abs(before - now) < _AGREE * np.maximum(before, now))
        surprise = now - before
        out[n] = np.where(agree, before + _LEARNS * surprise, now)
        change = np.where(agree, change + _TURNS * surprise, np.float32(0)).astype(np.float32)
    return out


def _followed(values: F32, at_x: F32, at_y: F32) -> F32:
    return np.asarray(cv2.remap(values, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
