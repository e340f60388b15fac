"""Where of the picture a note is about: a shape on the note's frame, and how far it reaches. Pure.

Picture coordinates: x from 0 (left edge) to 1, y from 0 (upper edge) to 1, whatever the picture's size.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from .base import Model

Point = tuple[float, float]

MOST_POINTS = 256
"""Of an outline: a hand draws no more than that on purpose."""
SMALLEST_AREA = 1e-4
"""Share of the picture: nine by ten pixels at 720p."""
MASK_LIMIT_BYTES = 1024 * 1024


class RectShape(Model):
    kind: Literal["rect"] = "rect"
    left: float
    top: float
    right: float
    bottom: float

    @model_validator(mode="after")
    def _check(self) -> "RectShape":
        _inside((self.left, self.top), (self.right, self.bottom))
        _large(max(self.right - self.left, 0.0) * max(self.bottom - self.top, 0.0))
        return self


class EllipseShape(Model):
    """`radius_x` is a share of the picture's width, `radius_y` of its height."""

    kind: Literal["ellipse"] = "ellipse"
    x: float
    y: float
    radius_x: float
    radius_y: float

    @model_validator(mode="after")
    def _check(self) -> "EllipseShape":
        _large(np.pi * max(self.radius_x, 0.0) * max(self.radius_y, 0.0))
        _inside((self.x - self.radius_x, self.y - self.radius_y), (self.x + self.radius_x, self.y + self.radius_y))
        return self


class PolygonShape(Model):
    """An outline that closes by itself and does not cross itself: 3 to `MOST_POINTS` points."""

    kind: Literal["polygon"] = "polygon"
    points: tuple[Point, ...]

    @model_validator(mode="before")
    @classmethod
    def _count(cls, told: object) -> object:
        """Before a million points are looked at one by one."""
        points = told.get("points") if isinstance(told, dict) else None
        if isinstance(points, list | tuple) and not 3 <= len(points) <= MOST_POINTS:
            raise ValueError(f"A region's outline has 3 to {MOST_POINTS} points, not {len(points)}: draw it simpler.")
        return told

    @model_validator(mode="after")
    def _check(self) -> "PolygonShape":
        _inside(*self.points)
        if crosses_itself(self.points):
            raise ValueError("The region's outline crosses itself: draw one loop.")
        _large(area_of(self.points))
        return self


class MaskShape(Model):
    """A picture of the region: a PNG among the blobs, of the take's own size, white where the region is."""

    kind: Literal["mask"] = "mask"
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


Shape = Annotated[RectShape | EllipseShape | PolygonShape | MaskShape, Field(discriminator="kind")]


class Region(Model):
    """A shape on the note's frame. `tracking`: through the clip it follows what it covers there, else it stays in the
    picture. `expand_ratio`: how far it grows on all sides, as a share of its size (the root of its area)."""

    shape: Shape
    tracking: bool = True
    expand_ratio: float = Field(default=0.05, ge=0, le=1)


class NotedRegion(Model):
    """Where a take was drawn anew; outside it is its parent take's picture."""

    note_id: str
    frame: int = Field(ge=0)
    region: Region


def area_of(points: tuple[Point, ...]) -> float:
    """Area of a polygon that does not cross itself (the surveyor's formula)."""
    x, y = np.array(points).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def crosses_itself(points: tuple[Point, ...]) -> bool:
    """Do two edges that are no neighbours meet? Edges go from each point to the next, the last to the first."""
    start = np.array(points, np.float64)
    end = np.roll(start, -1, axis=0)

    def side(p: np.ndarray) -> np.ndarray:
        """[edges, points]: on which side of each edge each point lies."""
        along, to = end - start, p[None] - start[:, None]
        return np.sign(along[:, None, 0] * to[..., 1] - along[:, None, 1] * to[..., 0])

    of_start, of_end = side(start), side(end)
    apart = of_start * of_end  # below 0: the ends lie on either side of the edge's line
    meet = (apart < 0) & (apart.T < 0)
    return bool(meet.any())


def _inside(*points: Point) -> None:
    if any(not (0 <= v <= 1) for point in points for v in point):
        raise ValueError("The region leaves the picture: its coordinates go from 0 to 1, from the upper left corner.")


def _large(area: float) -> None:
    if area < SMALLEST_AREA:
        raise ValueError("The region is empty or too small to see: draw around what should change.")
