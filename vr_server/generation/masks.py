"""A region of the picture as a mask. Pure, and light to import: the server reads it too.

Masks are bool [h, w]; weights float32 [h, w], 0 outside and 1 well inside. Pixel centres lie at whole coordinates.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.errors import InvalidInput, InvalidMedia
from vr_server.domain.region import SMALLEST_AREA, EllipseShape, MaskShape, NotedRegion, PolygonShape, RectShape

Bits = npt.NDArray[np.bool_]
U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

_FEATHER = 0.006
"""Of the picture's height: how wide the mask's edge is, all of it inside."""


def rasterise(shape: RectShape | EllipseShape | PolygonShape, width_px: int, height_px: int) -> Bits:
    """bool [height_px, width_px]: the pixels whose centre lies in the shape."""
    x = (np.arange(width_px) + 0.5) / width_px
    y = (np.arange(height_px) + 0.5)[:, None] / height_px
    match shape:
        case RectShape():
            return (x >= shape.left) & (x <= shape.right) & (y >= shape.top) & (y <= shape.bottom)
        case EllipseShape():
            return ((x - shape.x) / shape.radius_x) ** 2 + ((y - shape.y) / shape.radius_y) ** 2 <= 1
        case PolygonShape(points=points):
            inside = np.zeros((height_px, width_px), bool)
            for (x0, y0), (x1, y1) in zip(points, (*points[1:], points[0]), strict=True):  # the even-odd rule
                if y0 != y1:
                    inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
            return inside


def read_mask(png: bytes, sizes: Collection[tuple[int, int]]) -> Bits:
    """The mask that a PNG of one of `sizes` (width, height) shows: white, or more than half opaque white, is in.

    Its head is looked at before it is decoded, so that nothing larger is. Raise InvalidInput with one line.
    """
    if png[:8] != b"\x89PNG\r\n\x1a\n" or png[12:16] != b"IHDR":
        raise InvalidInput("The mask is no PNG.")
    size = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    if size not in sizes:
        wanted = " or ".join(f"{w}x{h}" for w, h in sorted(sizes))
        raise InvalidInput(f"The mask is {size[0]}x{size[1]}; it must have the size of its take's picture, {wanted}.")
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise InvalidInput("The mask is a PNG that is damaged or cut short.")
    mask = np.asarray(picture) > 127
    if mask.mean() < SMALLEST_AREA:
        raise InvalidInput("The mask is empty: paint white what should change.")
    return np.asarray(mask, np.bool_)


def write_mask(mask: Bits) -> bytes:
    """A PNG, white inside."""
    return bytes(cv2.imencode(".png", mask.astype(np.uint8) * 255)[1])


def expanded(mask: Bits, ratio: float) -> Bits:
    """The mask grown on all sides by `ratio` times the root of its area."""
    reach = ratio * math.sqrt(float(mask.sum()))
    if reach < 1 or not mask.any():
        return mask
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away <= reach, np.bool_)


def hull_of(mask: Bits) -> Bits:
    """The smallest convex mask around it."""
    if not mask.any():
        return mask
    points = cv2.findNonZero(mask.astype(np.uint8))
    filled = cv2.fillConvexPoly(np.zeros(mask.shape, np.uint8), cv2.convexHull(points), 1)
    return np.asarray(filled > 0, np.bool_)


def feathered(mask: Bits) -> F32:
    """Weights of the mask: exactly 0 outside, soft just inside its edge, and 1 from there on."""
    wide = max(1.0, _FEATHER * mask.shape[0])
    padded = np.pad(mask, 1, mode="edge").astype(np.uint8)  # the picture's own edge is no edge of the mask
    deep = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    s = np.clip(np.asarray(deep, np.float32) / (wide + 1), 0, 1)
    return np.asarray(s * s * (3 - 2 * s), np.float32)


@dataclass(frozen=True, slots=True)
class RedrawOf:
    """What a take is drawn anew of. Pickles. `parent`: the folder of the parent take's final rendition, whose picture is
    `size` (width, height); `painted`: the PNG of a region that was painted."""

    parent: Path
    noted: NotedRegion
    size: tuple[int, int]
    painted: bytes | None = None


def mask_of(told: RedrawOf, width_px: int, height_px: int) -> Bits:
    """bool [height_px, width_px] on the note's frame, as it was drawn. Raise InvalidMedia or InvalidInput."""
    shape = told.noted.region.shape
    if not isinstance(shape, MaskShape):
        return rasterise(shape, width_px, height_px)
    if told.painted is None:
        raise InvalidMedia("The mask that was painted is missing.")
    mask = read_mask(told.painted, {told.size})
    if told.size == (width_px, height_px):
        return mask
    small = cv2.resize(mask.astype(np.uint8) * 255, (width_px, height_px), interpolation=cv2.INTER_AREA)
    return np.asarray(small > 0, np.bool_)
