"""What a take's pictures show of what a staging plans, measured without knowing who made them. Pure functions on frames.

Where a measure cannot be told from the pictures it is None: nothing is claimed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from .planned import Box, Floats, PlannedMoment
from .quality import Grey, camera_share, flow_field

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

LOOK_WIDTH_PX = 320
_MAP_WIDTH_PX = 96
_TRIM = 1.0
_SPECK = 24
"""An object of fewer pixels is not looked at."""
_LINE_LEAST, _LINE_SIGMA_RAD = 0.05, math.radians(1.5)
_UPRIGHT_RAD, _LEVEL_RAD = math.radians(30), math.radians(25)
_AGREE_RAD = math.radians(4)
_SKYLINE_FIT, _SKYLINE_LOW = 0.4, 3


def boxes_by_id(ids: npt.NDArray[np.uint16]) -> dict[int, Box]:
    """The box of every object in a frame's ids [h, w], but for its outermost percents: a scarf, a lantern's cord."""
    height, width = ids.shape
    found = {}
    for name in np.unique(ids):
        ys, xs = np.nonzero(ids == name)
        if name and ys.size >= _SPECK:
            x0, x1 = np.percentile(xs, (_TRIM, 100 - _TRIM))
            y0, y1 = np.percentile(ys, (_TRIM, 100 - _TRIM))
            found[int(name)] = Box(x0 / width, y0 / height, (x1 + 1) / width, (y1 + 1) / height)
    return found


def boxes_of_mask(mask: npt.NDArray[np.bool_]) -> list[Box]:
    """The boxes of a mask's [h, w] parts, those of at least half a percent of the picture, largest first."""
    height, width = mask.shape
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    rows = sorted((tuple(int(v) for v in stats[n]) for n in range(1, count)), key=lambda row: -row[4])
    return [
        Box(x / width, y / height, (x + w) / width, (y + h) / height)
        for x, y, w, h, area in rows if area >= 0.005 * mask.size
    ]  # fmt: skip


def attention(color: U8, a: Grey, b: Grey) -> F32:
    """What stands out in a picture or moves by itself, float32 [h, 96], mean 0 and deviation 1 (0 where nothing does).

    `color` uint8 [h, w, 3]; `a` and `b`: two successive frames of which it is one. Added up are how far a colour is from
    the usual one of its row (skies and grounds are level), fine structure, and motion that is not the camera's.
    """
    height = max(16, round(color.shape[0] * _MAP_WIDTH_PX / color.shape[1]))
    size = (_MAP_WIDTH_PX, height)
    lab = cv2.cvtColor(cv2.resize(color, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB).astype(np.float32)
    lab = np.asarray(cv2.GaussianBlur(lab, (0, 0), 1), np.float32)
    odd = np.linalg.norm(lab - np.median(lab, axis=1, keepdims=True), axis=2)
    fine = cv2.GaussianBlur(np.abs(cv2.Laplacian(a, cv2.CV_32F)), (0, 0), 2)
    moved = own_motion(a, b)
    total = _standard(odd) + _standard(cv2.resize(fine, size, interpolation=cv2.INTER_AREA))
    total += 0.5 * _standard(cv2.resize(moved, size, interpolation=cv2.INTER_AREA))
    return np.asarray(np.clip(_standard(total), -3, 3), np.float32)


def own_motion(a: Grey, b: Grey) -> F32:
    """How far each part of a picture goes to the next beyond the camera's share, float32 [h, 160], widths."""
    small, field = flow_field(a, b)
    ys, xs = np.mgrid[0 : field.shape[0], 0 : field.shape[1]]
    at = np.stack([xs.ravel() - (field.shape[1] - 1) / 2, ys.ravel() - (field.shape[0] - 1) / 2], axis=1)
    left = camera_share(at.astype(np.float64), field.reshape(-1, 2).astype(np.float64), noise=0.1)[3]
    return np.asarray(left.reshape(small.shape) / field.shape[1], np.float32)


def _standard(values: npt.NDArray[np.generic]) -> F32:
    flat: F32 = np.asarray(values, np.float32)
    spread = float(flat.std())
    return np.asarray((flat - flat.mean()) / spread if spread > 1e-6 else np.zeros_like(flat), np.float32)


def fit(attended: F32, boxes: list[Box]) -> float | None:
    """How well what stands out is what is in `boxes`: the correlation of the two (point-biserial), -1..1.

    None where the boxes are nearly nothing or nearly all of the picture.
    """
    height, width = attended.shape
    mask = np.zeros(attended.shape, bool)
    for box in (b.clipped() for b in boxes):
        mask[
            int(box.top * height) : math.ceil(box.bottom * height), int(box.left * width) : math.ceil(box.right * width)
        ] = True
    share = float(mask.mean())
    spread = float(attended.std())
    if not 0.002 <= share <= 0.8 or spread == 0:
        return None
    return float(((mask - share) * attended).mean() / (math.sqrt(share * (1 - share)) * spread))


@dataclass(frozen=True, slots=True)
class Lines:
    """Straight lines of pictures against the world's axes as planned. `off` [n] radians from the planned vertical (of an
    upright line) in -pi/2..pi/2, + clockwise; `length` [n] in picture heights."""

    off: Floats
    length: Floats


def lines_of(grey: Grey, moment: PlannedMoment) -> Lines:
    """The line segments (LSD, von Gioi et al. 2010) of a frame, each against where the world's vertical goes there."""
    height, width = grey.shape
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    ends = np.zeros((0, 4)) if found is None else found.reshape(-1, 4).astype(np.float64)
    way = ends[:, 2:] - ends[:, :2]
    length = np.hypot(way[:, 0], way[:, 1]) / height
    ends, way, length = (part[length > _LINE_LEAST] for part in (ends, way, length))
    focal = 0.5 * height / math.tan(min(moment.yfov_rad, 2.8) / 2)
    middle = ((ends[:, :2] + ends[:, 2:]) / 2 - (width / 2, height / 2)) / focal
    level = math.cos(moment.pitch_rad)
    up = (math.sin(moment.roll_rad) * level, math.cos(moment.roll_rad) * level, math.sin(moment.pitch_rad))
    # where a point that rises goes in the picture (y down): towards the zenith's vanishing point
    x, y = up[0] + middle[:, 0] * up[2], -up[1] + middle[:, 1] * up[2]
    turn = np.arctan2(x * way[:, 1] - y * way[:, 0], x * way[:, 0] + y * way[:, 1])
    return Lines((turn + math.pi / 2) % math.pi - math.pi / 2, length)


def lean_of(lines: list[Lines]) -> float | None:
    """How far the pictures lean from the plan, radians, + clockwise. None where their lines do not tell.

    Most pictures have upright and level lines: what both say counts; one alone must be very sure.
    """
    off = np.concatenate([part.off for part in lines]) if lines else np.zeros(0)
    length = np.concatenate([part.length for part in lines]) / max(len(lines), 1) if lines else np.zeros(0)
    upright, sure_up, much_up = _mode(off, length, _UPRIGHT_RAD)
    level, sure_level, much_level = _mode(off % math.pi - math.pi / 2, length, _LEVEL_RAD)
    clear = sure_up >= 0.16 and sure_level >= 0.2 and min(much_up, much_level) >= 0.5
    if clear and abs(upright - level) <= _AGREE_RAD:
        return (upright * sure_up + level * sure_level) / (sure_up + sure_level)
    if sure_up >= 0.4 and much_up >= 2.0:
        return upright
    if sure_level >= 0.38 and much_level >= 2.0:
        return level
    return None


def _mode(off: Floats, length: Floats, limit_rad: float) -> tuple[float, float, float]:
    """Where most of the lines within `limit_rad` lie, the share of their length that lies there, and their length."""
    near = np.abs(off) < limit_rad
    off, length = off[near], length[near]
    total = float(length.sum())
    if total == 0:
        return 0.0, 0.0, 0.0
    angles = np.linspace(-limit_rad, limit_rad, 121)
    dense = (length * np.exp(-0.5 * ((angles[:, None] - off) / _LINE_SIGMA_RAD) ** 2)).sum(axis=1)
    best = int(np.argmax(dense))
    return float(angles[best]), float(dense[best]) / total, total


def skyline_of(color: U8, roll_rad: float) -> float | None:
    """The height (0 top, 1 bottom) of the line that parts a picture best into sky and ground, the least spread of colour
    on both sides (Ettinger et al. 2002, with the roll known). None where no line parts it well."""
    height = max(16, round(color.shape[0] * _MAP_WIDTH_PX / color.shape[1]))
    size = (_MAP_WIDTH_PX, height)
    lab = cv2.cvtColor(cv2.resize(color, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB).astype(np.float64)
    if abs(roll_rad) > 1e-3:
        turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), math.degrees(roll_rad), 1.0)
        lab = np.asarray(cv2.warpAffine(lab, turn, size, borderMode=cv2.BORDER_REPLICATE), np.float64)
    sums, squares = lab.sum(axis=1).cumsum(axis=0), (lab**2).sum(axis=(1, 2)).cumsum()
    rows = np.arange(_SKYLINE_LOW, height - _SKYLINE_LOW)
    above, below = rows * _MAP_WIDTH_PX, (height - rows) * _MAP_WIDTH_PX
    top, rest = sums[rows - 1], sums[-1] - sums[rows - 1]
    within = squares[-1] - (top**2).sum(axis=1) / above - (rest**2).sum(axis=1) / below
    whole = float(squares[-1]) - float((sums[-1] ** 2).sum()) / (height * _MAP_WIDTH_PX)
    best = int(np.argmin(within))
    if whole <= 0 or 1 - float(within[best]) / whole < _SKYLINE_FIT:
        return None
    return float((_SKYLINE_LOW + best) / height)
