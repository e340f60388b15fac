"""What a subject can be: body family and usual size by lexicon id."""

from dataclasses import dataclass

from .meshes import craft


@dataclass(frozen=True)
class Kind:
    """`family` names the body builder; `stand_in` is what a director is told when it is not the thing itself."""

    family: str
    size_m: tuple[float, float, float]
    stand_in: str | None = None


def _person(height: float, stand_in: str | None = None) -> Kind:
    return Kind("person", (0.55, height, 0.4), stand_in)


SHIP_SCALE = 0.86
"""A landing craft for a few: its door is as high as a person with a helmet, so that who comes out is seen beside it."""
KINDS: dict[str, Kind] = {
    "person": _person(1.74), "man": _person(1.78), "woman": _person(1.67), "child": _person(1.22), "elder": _person(1.68),
    "soldier": _person(1.8), "knight": _person(1.82), "astronaut": _person(1.84), "swordswoman": _person(1.68), "dancer": _person(1.68),
    "driver": _person(1.75), "traveller": _person(1.75), "crowd": _person(1.72), "mecha": _person(6.5, "a giant armoured figure"),
    "horse": Kind("quadruped", (0.7, 2.0, 2.3)), "dog": Kind("quadruped", (0.3, 0.72, 0.9)), "bird": Kind("bird", (1.1, 0.3, 0.6)),
    "car": Kind("car", (1.85, 1.45, 4.4)), "spaceship": Kind("spaceship", (SHIP_SCALE * craft.WIDTH_M, SHIP_SCALE * craft.HEIGHT_M, SHIP_SCALE * craft.LENGTH_M)),
    "truck": Kind("box", (2.5, 3.2, 8.0)), "ship": Kind("box", (8.0, 9.0, 30.0)), "aircraft": Kind("box", (12.0, 4.0, 14.0)),
    "train": Kind("box", (3.0, 3.8, 40.0)), "dragon": Kind("box", (4.0, 3.0, 12.0)),
}  # fmt: skip
UNKNOWN = Kind("box", (1.2, 1.6, 1.2))
