"""Who stands on the ground in the picture: upright parts of the depth that rise from it, as boxes with their true height."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from .flow import DenseFlow
from .level import Level, rays
from .port import F32, F64, U8, Bool, CameraTrack
from .two_view import disparity_of, from_webxr, intrinsics

_MOVES_PX, _OF_PARALLAX = 0.8, 0.2
"""Flow that the camera does not explain: so many px, and so much of the parallax, since depth is only nearly right."""
_RISES = 1.12
"""So much nearer than the ground behind it is what stands."""
_BAND, _STEP = 0.1, 0.06
"""A figure's depth differs by so much from its middle; middles are tried so far apart (both in the logarithm)."""
_FLOATS = 1.5
"""The lowest part that rises may be so much nearer than the ground under it: lower the ground itself is as near."""
_LEAST_SHARE, _LEAST_PX = 0.002, 24
_MARGIN = 0.012
_SLENDER, _STOUT = 6.5, 1.4
"""Height over width of what can be a standing person."""
_BODY = 0.35
"""Columns with so much of the figure's height belong to it; a reached-out arm has less."""
_SAME = 0.5


@dataclass(frozen=True, slots=True)
class Figure:
    """A box in px: columns `left` to `right`, `top` (head) to `foot`. `tall`: in the depth's unit. `moves`: by itself."""

    left: float
    right: float
    top: float
    foot: float
    tall: float = 0.0
    moves: bool = False


def movers(pictures: tuple[U8, U8], inverse: F32, camera: CameraTrack, pair: tuple[int, int]) -> Bool:
    """Bool [h, w]: what moved by itself from frame `pair[0]` to `pair[1]`, of which `pictures` are the grey pictures and
    `inverse` float32 [h, w] the first one's inverse depth, in the unit of the camera's way."""
    first, second = (camera.cameras[i] for i in pair)
    height, width = inverse.shape
    flow = DenseFlow(fine=True)(*pictures)
    k = intrinsics(width, height, first.yfov_rad)
    rotation, translation = from_webxr(first.t_world_camera, second.t_world_camera)
    wanted = disparity_of(inverse, k, rotation, translation)
    turned = disparity_of(np.zeros_like(inverse), k, rotation, translation)
    left = np.linalg.norm(flow - wanted, axis=2)
    mask = (left > _MOVES_PX + _OF_PARALLAX * np.linalg.norm(wanted - turned, axis=2)).astype(np.uint8)
    small, large = (cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (n, n)) for n in (3, 9))
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, small), np.uint8)
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, large) > 0)


def standing(inverse: F32, level: Level, yfov_rad: float, moving: Bool) -> list[Figure]:
    """What stands on the ground, upright, slender and wholly in the picture, largest first. `inverse` float32 [h, w] of the
    picture, `moving` bool [h, w]: its parts that move by themselves."""
    height, width = inverse.shape
    ray = rays(height, width, yfov_rad)
    ground = np.asarray(-(ray @ level.normal) / level.height, np.float32)
    rises = inverse > _RISES * np.maximum(ground, 0)
    found: list[Figure] = []
    for figure in sorted(_upright(inverse, rises, ground, ray[:, 0, 1], level, moving), key=_area, reverse=True):
        if all(overlap(figure, other) < _SAME for other in found):
            found.append(figure)
    return found


def _upright(inverse: F32, rises: Bool, ground: F32, ray_y: F64, level: Level, moving: Bool) -> Iterator[Figure]:
    seen = inverse[rises & (inverse > 0)]
    if not seen.size:
        return
    low, high = np.log(np.quantile(seen, (0.02, 0.999)).astype(np.float64))
    for middle in np.exp(np.arange(low, high + _STEP, _STEP)):
        band = rises & (np.abs(inverse - middle) < _BAND * middle)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(band.astype(np.uint8), connectivity=8)
        for n in range(1, count):
            box = tuple(int(v) for v in stats[n])
            if box[4] >= _LEAST_SHARE * band.size and box[3] >= _LEAST_PX:
                x, y, w, h, _ = box
                part = labels[y : y + h, x : x + w] == n
                figure = _figure(x, y, part, inverse, ground, ray_y, level, moving)
                if figure is not None:
                    yield figure


def _figure(
    x: int, y: int, part: Bool, inverse: F32, ground: F32, ray_y: F64, level: Level, moving: Bool
) -> Figure | None:
    """The part bool [h, w] of the picture at (x, y) as a figure; None where it is none."""
    height, width = inverse.shape
    h, w = part.shape
    body = np.flatnonzero(part.sum(axis=0) > _BODY * h)
    if not len(body) or y + h >= height:
        return None
    near = float(np.median(inverse[y : y + h, x : x + w][part]))
    if near > _FLOATS * float(ground[y + h - 1, x + body].max()):
        return None
    # where the ground is as near as the figure is its foot, though it does not rise from the ground there any more
    column = ground[:, min(x + int(np.median(body)), width - 1)]
    foot = int(np.searchsorted(column, near))
    tall = float(level.normal @ np.array([0.0, ray_y[y], -1.0])) / near + level.height
    left, right = float(x + body[0]), float(x + body[-1] + 1)
    whole = y > _MARGIN * height and foot < (1 - _MARGIN) * height
    aside = left > _MARGIN * width and right < (1 - _MARGIN) * width
    if not (whole and aside and tall > 0 and _STOUT <= (foot - y) / (right - left) <= _SLENDER):
        return None
    moves = bool(moving[y : y + h, x : x + w][part].mean() > _SAME)
    return Figure(left, right, float(y), float(foot), tall, moves)


def overlap(a: Figure, b: Figure) -> float:
    """Intersection over union of the boxes."""
    w = min(a.right, b.right) - max(a.left, b.left)
    h = min(a.foot, b.foot) - max(a.top, b.top)
    return 0.0 if w <= 0 or h <= 0 else float(w * h / (_area(a) + _area(b) - w * h))


def _area(figure: Figure) -> float:
    return (figure.right - figure.left) * (figure.foot - figure.top)
