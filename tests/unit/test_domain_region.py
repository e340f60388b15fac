"""Regions: what can be one, and one clear line for what cannot."""

import pytest
from pydantic import ValidationError

from vr_server.domain.region import MOST_POINTS, EllipseShape, PolygonShape, RectShape, Region, area_of, crosses_itself

SQUARE = ((0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6))


def line_of(error: ValidationError) -> str:
    assert error.error_count() == 1
    return error.errors()[0]["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ({"kind": "rect", "left": 0.5, "top": 0.2, "right": 1.2, "bottom": 0.6}, "leaves the picture"),
        ({"kind": "rect", "left": 0.5, "top": 0.2, "right": 0.5, "bottom": 0.6}, "empty or too small"),
        ({"kind": "rect", "left": 0.6, "top": 0.2, "right": 0.5, "bottom": 0.6}, "empty or too small"),
        ({"kind": "ellipse", "x": 0.9, "y": 0.5, "radiusX": 0.2, "radiusY": 0.1}, "leaves the picture"),
        ({"kind": "ellipse", "x": 0.5, "y": 0.5, "radiusX": -0.2, "radiusY": -0.1}, "empty or too small"),
        ({"kind": "polygon", "points": [[0.1, 0.1], [0.5, 0.5]]}, "3 to 256 points, not 2"),
        ({"kind": "polygon", "points": [[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]]}, "empty or too small"),
        ({"kind": "polygon", "points": [[0.2, 0.2], [0.8, 0.8], [0.8, 0.2], [0.2, 0.8]]}, "crosses itself"),
        ({"kind": "polygon", "points": [[0.2, 0.2], [0.8, -0.1], [0.8, 0.8]]}, "leaves the picture"),
        ({"kind": "polygon", "points": [[0.1, 0.1]] * 1_000_000}, f"3 to {MOST_POINTS} points, not 1000000"),
        ({"kind": "mask", "sha256": "../../etc/passwd"}, "should match pattern"),
        ({"kind": "blob"}, "does not match any of the expected tags"),
    ],
)
def test_what_is_no_region_is_refused_in_one_line(shape: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Region.model_validate({"shape": shape})
    assert says in line_of(caught.value)


@pytest.mark.parametrize("shape", [
    RectShape(left=0, top=0, right=1, bottom=1), PolygonShape(points=SQUARE), EllipseShape(x=0.5, y=0.5, radius_x=0.5, radius_y=0.5),
])  # fmt: skip
def test_a_region_goes_over_the_wire_and_comes_back(shape: RectShape | PolygonShape | EllipseShape) -> None:
    region = Region(shape=shape)
    assert Region.model_validate_json(region.model_dump_json(by_alias=True)) == region
    assert (region.tracking, region.expand_ratio) == (True, 0.05)


def test_area_and_crossing() -> None:
    assert area_of(SQUARE) == pytest.approx(0.16)
    assert not crosses_itself(SQUARE)
    assert crosses_itself((*SQUARE, (0.9, 0.4)))
    spiral = (
        (0.1, 0.1),
        (0.9, 0.1),
        (0.9, 0.9),
        (0.1, 0.9),
        (0.1, 0.3),
        (0.7, 0.3),
        (0.7, 0.7),
        (0.3, 0.7),
        (0.3, 0.5),
    )
    assert crosses_itself(spiral), "its last edge runs back across the spiral"
    assert not crosses_itself(((0.1, 0.1), (0.5, 0.4), (0.9, 0.1), (0.6, 0.5), (0.9, 0.9), (0.5, 0.6), (0.1, 0.9)))
