"""A shot's depth held steady in time: one scale and shift for all frames, smoothing along the flow, new starts at cuts."""

import cv2
import numpy as np

from .flow import DenseFlow
from .port import F16, F32, U8

_KEEP = 0.55
"""How much of the frame before goes on where it agrees."""
_AGREE = 0.1
_COLOUR = 12
_CUT = 0.45
"""Correlation of grey histograms and of small pictures below which a frame begins a new shot."""
_SMALL = (48, 27)


def cuts(pictures: list[U8]) -> tuple[int, ...]:
    """Frames that begin a new shot (the first not counted); `pictures` uint8 [h, w] grey."""
    small = [np.asarray(cv2.resize(p, _SMALL, interpolation=cv2.INTER_AREA), np.float32) for p in pictures]
    found = []
    for n in range(1, len(small)):
        a, b = small[n - 1] - small[n - 1].mean(), small[n] - small[n].mean()
        alike = float((a * b).sum() / max(np.sqrt((a * a).sum() * (b * b).sum()), 1e-6))
        bins = [cv2.calcHist([pictures[i]], [0], None, [32], [0, 256]) for i in (n - 1, n)]
        toned = float(cv2.compareHist(bins[0], bins[1], cv2.HISTCMP_CORREL))
        if alike < _CUT and (toned < 1 - _CUT / 2 or alike < _CUT / 2):
            found.append(n)
    return tuple(found)


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
    """`inverse` float16 [n, h, w], frame after frame brought to the first one's scale (`align`) and smoothed along the flow
    of `pictures` uint8 [h, w]. Where flow, colour or depth disagree the new frame stands: nothing lags behind what moves."""
    height, width = inverse.shape[1:]
    flow_of = DenseFlow(fine=False)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    fresh = set(cuts(pictures))
    out = inverse.copy()
    for n in range(1, len(out)):
        if n in fresh:
            continue
        flow = flow_of(pictures[n], pictures[n - 1])
        at_x, at_y = x + flow[..., 0], y + flow[..., 1]
        before = np.asarray(
            cv2.remap(out[n - 1].astype(np.float32), at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
            np.float32,
        )
        grey = np.asarray(
            cv2.remap(pictures[n - 1], at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(0.0,))
        )
        same = np.abs(grey.astype(np.int16) - pictures[n]) < _COLOUR
        now = out[n].astype(np.float32)
        if align and same.any():
            a, b = scale_and_shift(now[same], before[same])
            now = np.maximum(a * now + b, 0).astype(np.float32)
        agree = same & (np.abs(before - now) < _AGREE * np.maximum(before, now))
        out[n] = np.where(agree, _KEEP * before + (1 - _KEEP) * now, now)
    return out
