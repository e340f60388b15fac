"""Colour words as light."""

import colorsys

import pytest

from vr_server.staging.palette import COLOURS, rgb_of, rgbs_of


@pytest.mark.parametrize(
    ("colour", "hue"),
    [("red", 0.0), ("yellow", 0.14), ("green", 0.34), ("cyan", 0.52), ("blue", 0.63), ("purple", 0.75)],
)
def test_a_colour_has_the_hue_of_its_name(colour, hue):
    found, saturation, _ = colorsys.rgb_to_hsv(*rgb_of(colour))
    assert min(abs(found - hue), 1 - abs(found - hue)) < 0.05
    assert saturation > 0.5


def test_colours_are_paint_not_lamps_and_the_unknown_are_left_out():
    assert all(0.005 < c < 0.85 for rgb in COLOURS.values() for c in rgb)
    assert rgb_of("octarine") is None
    assert rgbs_of(("red", "octarine", "gold")) == (COLOURS["red"], COLOURS["gold"])
