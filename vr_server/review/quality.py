"""What is wrong with a take's pictures, each with its measure and the bar it missed. Pure functions on small frames.

Frames are looked at in grey and small (`GREY_WIDTH_PX` wide), so that a take costs a fraction of a second.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.shot import CameraMove
from vr_server.domain.take import Check, Finding
from vr_server.media.cuts import find_cuts

from .bar import QualityBar

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
GREY_WIDTH_PX = 320
_FLOW_WIDTH_PX = 160


@dataclass(frozen=True, slots=True)
class Flow:
    """How the whole picture moved from one frame to the next, in widths: shift of what is seen, and growth about the
    centre (0 none). `near_dx`: how much further to the right the pictures' parts went on average than most of them did: parallax."""

    dx: float
    dy: float
    zoom: float
    near_dx: float


def to_grey(color: npt.NDArray[np.uint8]) -> Grey:
    """A frame uint8 [h, w, 3] RGB as the small grey picture, uint8 [h', GREY_WIDTH_PX]."""
    grey = cv2.cvtColor(color, cv2.COLOR_RGB2GRAY)
    height = max(16, round(grey.shape[0] * GREY_WIDTH_PX / grey.shape[1]))
    return np.asarray(cv2.resize(grey, (GREY_WIDTH_PX, height), interpolation=cv2.INTER_AREA), np.uint8)


def check(
    frames: Iterable[Grey],
    fps: float,
    *,
    move: CameraMove | None = None,
    bar: QualityBar | None = None,
    flows: tuple[Flow | None, ...] | None = None,
) -> tuple[Finding, ...]:
    """What misses the bar, worst kinds first. `frames`: what `to_grey` gives. `move`: the camera move that was asked for;
    `flows`: what `flows_of` gives, where it is known already.

    A clip of fewer than two frames has no motion to judge. Raise nothing.
    """
    bar = bar or QualityBar()
    greys = list(frames)
    if not greys:
        return ()
    found = _pictures(greys, bar)
    if len(greys) < 2:
        return tuple(found)
    steps = np.array([float(np.abs(b.astype(np.int16) - a).mean()) for a, b in itertools.pairwise(greys)])
    cuts = _cuts(greys, bar)
    found += cuts + _flicker(greys, bar)
    if flows is None:
        flows = _flows(greys, cuts)
    found += _freeze(steps, move, bar)
    found += _motion([f for f in flows if f is not None], fps, move, bar)
    return tuple(found)


def flows_of(greys: list[Grey], bar: QualityBar) -> tuple[Flow | None, ...]:
    """How the picture goes from each frame to the next; None over a cut."""
    return _flows(greys, _cuts(greys, bar)) if len(greys) > 1 else ()


def _flows(greys: list[Grey], cuts: list[Finding]) -> tuple[Flow | None, ...]:
    at = {finding.frame for finding in cuts}
    return tuple(None if n + 1 in at else flow(a, b) for n, (a, b) in enumerate(itertools.pairwise(greys)))


def _pictures(greys: list[Grey], bar: QualityBar) -> list[Finding]:
    """What single pictures show: black, exposure, sharpness."""
    found: list[Finding] = []
    black = np.array([float(np.percentile(g, 98)) < 16 for g in greys])
    if black.mean() > bar.black:
        first = int(np.argmax(black))
        reason = f"{black.sum()} of {len(greys)} frames are black."
        found.append(_finding("black", black.mean(), bar.black, reason, first))
    seen = [g for g, dark in zip(greys, black, strict=True) if not dark]
    if not seen:
        return found
    dark = float(np.median([(g < 16).mean() for g in seen]))
    if dark > bar.dark:
        found.append(_finding("underexposed", dark, bar.dark, f"{dark:.0%} of the picture is crushed to black."))
    bright = float(np.median([(g > 250).mean() for g in seen]))
    if bright > bar.bright:
        found.append(_finding("overexposed", bright, bar.bright, f"{bright:.0%} of the picture is burnt out."))
    sharp = np.array([_sharpness(g) for g in seen])
    value = float(np.median(sharp))
    if value < bar.sharpness:
        reason = f"The picture is soft: its edges rise by {value:.1f} codes a pixel."
        found.append(_finding("sharpness", value, bar.sharpness, reason, int(np.argmin(sharp))))
    return found


def _sharpness(grey: Grey) -> float:
    """98th percentile of the gradient, codes a pixel, scaled to a picture that goes from 0 to 255."""
    x = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3) / 4
    y = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3) / 4
    low, high = np.percentile(grey, (1, 99))
    return float(np.percentile(np.hypot(x, y), 98)) * 255.0 / max(64.0, float(high - low))


def _cuts(greys: list[Grey], bar: QualityBar) -> list[Finding]:
    """Two pictures that have nothing in common: a take is one shot."""
    return [
        _finding("cut", cut.unlike, bar.cut, f"There is a cut at frame {cut.frame}.", cut.frame)
        for cut in find_cuts(greys, bar.cut)
    ]


def _flicker(greys: list[Grey], bar: QualityBar) -> list[Finding]:
    """Brightness that goes up and down from frame to frame: the part of the change that turns back at once."""
    means = np.array([float(g.mean()) for g in greys])
    change = np.diff(means)
    if change.size < 3:
        return []
    turns = change[:-1] * change[1:] < 0
    size = np.minimum(np.abs(change[:-1]), np.abs(change[1:]))
    value = float(np.percentile(np.where(turns, size, 0.0), 75))
    if value <= bar.flicker:
        return []
    return [_finding("flicker", value, bar.flicker, f"The light flickers by {value:.1f} codes from frame to frame.")]


def _freeze(steps: Floats, move: CameraMove | None, bar: QualityBar) -> list[Finding]:
    """Frames that are the one before again. A locked-off camera on a still scene is allowed to rest."""
    still = steps < 0.05
    share = float(still.mean())
    run = _longest_run(still)
    resting = move in {None, "static"} and (share > 0.6 or run < 12)  # a still scene before a camera that stands
    if resting or (share <= bar.freeze and run < 12):
        return []
    first = _run_start(still, run)
    return [
        _finding(
            "freeze", share, bar.freeze, f"{share:.0%} of the frames repeat the one before; {run} in a row.", first
        )
    ]


def _longest_run(mask: npt.NDArray[np.bool_]) -> int:
    longest = now = 0
    for value in mask:
        now = now + 1 if value else 0
        longest = max(longest, now)
    return longest


def _run_start(mask: npt.NDArray[np.bool_], length: int) -> int:
    """The first index from which `length` values are true."""
    return next(i for i in range(mask.size) if mask[i : i + length].all())


def flow(a: Grey, b: Grey) -> Flow:
    """Dense inverse search flow (Kroeger et al. 2016) from `a` to `b`, and the camera's share of it.

    The camera's is a shift and a growth about the centre, fitted with two rounds of trimming, since what moves by itself
    is in the picture too.
    """
    small, field = flow_field(a, b)
    height = small.shape[0]
    texture = cv2.GaussianBlur(np.abs(cv2.Laplacian(small, cv2.CV_32F)), (0, 0), 2)
    mask = texture > max(1.0, float(np.percentile(texture, 40)))
    ys, xs = np.nonzero(mask)
    if xs.size < 40:
        return Flow(0.0, 0.0, 0.0, 0.0)
    u, v = field[ys, xs, 0].astype(np.float64), field[ys, xs, 1].astype(np.float64)
    x = np.asarray(xs - (_FLOW_WIDTH_PX - 1) / 2, np.float64)
    y = np.asarray(ys - (height - 1) / 2, np.float64)
    dx, dy, zoom, _ = camera_share(np.stack([x, y], axis=1), np.stack([u, v], axis=1), noise=0.1)
    return Flow(dx / _FLOW_WIDTH_PX, dy / _FLOW_WIDTH_PX, zoom, float((u - dx).mean()) / _FLOW_WIDTH_PX)


def flow_field(a: Grey, b: Grey) -> tuple[Grey, npt.NDArray[np.float32]]:
    """`a` made small, uint8 [h', 160], and where its pixels are in `b`: float32 [h', 160, 2] px (dense inverse search)."""
    height = max(16, round(a.shape[0] * _FLOW_WIDTH_PX / a.shape[1]))
    small = [cv2.resize(g, (_FLOW_WIDTH_PX, height), interpolation=cv2.INTER_AREA) for g in (a, b)]
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    field: Any = dis.calc(small[0], small[1], np.zeros((height, _FLOW_WIDTH_PX, 2), np.float32))
    return np.asarray(small[0], np.uint8), field


def camera_share(at: Floats, by: Floats, *, noise: float) -> tuple[float, float, float, Floats]:
    """Shift and growth of points `at` [n, 2] that went `by` [n, 2], and what is left of each, [n]: two rounds of trimming
    keep the three fifths that agree best, and all within `noise` of them."""
    (x, y), (u, v) = at.T, by.T
    keep = np.ones(len(at), bool)
    dx = dy = zoom = 0.0
    left = np.zeros(len(at))
    for _ in range(3):
        dx, dy, zoom = _similar(x[keep], y[keep], u[keep], v[keep])
        left = np.hypot(u - dx - zoom * x, v - dy - zoom * y)
        keep = left <= max(noise, float(np.percentile(left, 60)))
    return dx, dy, zoom, left


def _similar(x: Floats, y: Floats, u: Floats, v: Floats) -> tuple[float, float, float]:
    """Least squares of u = dx + zoom x, v = dy + zoom y."""
    cx, cy = x - x.mean(), y - y.mean()
    spread = float((cx * cx + cy * cy).sum())
    zoom = float((cx * (u - u.mean()) + cy * (v - v.mean())).sum()) / max(spread, 1e-9)
    return float(u.mean() - zoom * x.mean()), float(v.mean() - zoom * y.mean()), zoom


_ASKED: dict[str, tuple[str, int]] = {
    "pan_left": ("dx", 1), "pan_right": ("dx", -1), "orbit_left": ("dx", -1), "orbit_right": ("dx", 1),
    "tilt_up": ("dy", 1), "tilt_down": ("dy", -1), "pedestal_up": ("dy", 1), "pedestal_down": ("dy", -1),
    "crane_up": ("dy", 1), "crane_down": ("dy", -1),
    "dolly_in": ("zoom", 1), "zoom_in": ("zoom", 1), "dolly_out": ("zoom", -1), "zoom_out": ("zoom", -1),
}  # fmt: skip
"""Which flow shows a move: what is seen goes left when the camera pans right, and grows when it comes closer."""


def _motion(flows: list[Flow], fps: float, move: CameraMove | None, bar: QualityBar) -> list[Finding]:
    """How much moves, how evenly, and whether the camera went as asked."""
    if not flows:
        return []
    found: list[Finding] = []
    way = np.array([(f.dx, f.dy, f.zoom * 0.5) for f in flows])  # a growth of 1 moves the edge by half a width
    speed = np.linalg.norm(way, axis=1)
    value = float(np.median(speed)) * fps
    if value > bar.motion_max:
        reason = f"The camera races: {value:.1f} widths a second."
        found.append(_finding("motion", value, bar.motion_max, reason))
    usual = max(float(np.median(speed)), 0.002)
    if len(flows) > 2:
        change = np.linalg.norm(np.diff(way, axis=0), axis=1) / usual
        worst = int(np.argmax(change))
        if change[worst] > bar.jerk:
            reason = f"The camera jerks at frame {worst + 1}: its speed changes by {change[worst]:.1f} times its usual."
            found.append(_finding("jerk", float(change[worst]), bar.jerk, reason, worst + 1))
    return found + _camera(way, float(sum(f.near_dx for f in flows)), move, bar)


def _camera(way: Floats, near_dx: float, move: CameraMove | None, bar: QualityBar) -> list[Finding]:
    """Did the camera go as asked? `way` [n, 3]: shift and growth of each step; moves that no flow tells are let pass."""
    total = way.sum(axis=0)
    words = str(move).replace("_", " ")
    if move in {"truck_left", "truck_right"}:
        value = (1 if move == "truck_left" else -1) * (near_dx + float(total[0]))
        if value < bar.truck:
            reason = f"The camera was asked to {words}; what is near goes {value:.1%} of the width past it."
            return [_finding("camera", value, bar.truck, reason)]
        return []
    if move == "static":
        value = float(np.abs(total).max())
        if value > bar.drift:
            reason = f"The camera was asked to stand still; the picture moves by {value:.0%} of its width."
            return [_finding("camera", value, bar.drift, reason)]
        return []
    asked = _ASKED.get(move or "")
    if asked is None:
        return []
    axis, sign = {"dx": 0, "dy": 1, "zoom": 2}[asked[0]], asked[1]
    length = float(np.abs(total).sum())
    share = sign * float(total[axis]) / length if length > 0.01 else 0.0
    if share < bar.camera:
        reason = f"The camera was asked to {words}; {max(share, 0.0):.0%} of its way goes so."
        return [_finding("camera", share, bar.camera, reason)]
    return []


def _finding(check: Check, value: float, threshold: float, reason: str, frame: int | None = None) -> Finding:
    return Finding(check=check, value=round(float(value), 4), threshold=threshold, reason=reason, frame=frame)
