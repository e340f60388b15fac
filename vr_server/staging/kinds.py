"""What a subject can be: how it is staged, who builds its body, and its usual size, by lexicon id."""

from dataclasses import dataclass, replace
from typing import Literal

from .meshes import craft
from .meshes.animals import BREEDS

Family = Literal["person", "quadruped", "bird", "beast", "vehicle", "aircraft", "vessel", "spaceship", "thing", "box"]
"""How it is staged and framed; `box`: nobody knows what it is, a labelled stand-in takes its place."""


@dataclass(frozen=True)
class Kind:
    """`size_m`: width (x), height (y), length (z) of the bounding box at rest, facing -Z; `body`: the builder (see
    build.py), the family's name where empty; `stand_in`: what a director is told when it is not the thing itself;
    `lift_m`: how high its origin usually is over the ground (what hangs, swims or soars); `sits_m`: height of a seat."""

    family: Family
    size_m: tuple[float, float, float]
    stand_in: str | None = None
    body: str = ""
    lift_m: float = 0.0
    sits_m: float | None = None

    @property
    def builder(self) -> str:
        return self.body or self.family


def _person(height: float, stand_in: str | None = None) -> Kind:
    return Kind("person", (0.55, height, 0.4), stand_in)


def _thing(width: float, height: float, depth: float, sits_m: float | None = None) -> Kind:
    return Kind("thing", (width, height, depth), sits_m=sits_m)


SHIP_SCALE = 0.86
"""A landing craft for a few: its door is as high as a person with a helmet, so that who comes out is seen beside it."""
_PEOPLE = {
    "person": 1.74, "man": 1.78, "woman": 1.67, "boy": 1.4, "girl": 1.42, "child": 1.22, "elder": 1.68, "soldier": 1.8, "knight": 1.82,
    "astronaut": 1.84, "swordswoman": 1.68, "dancer": 1.68, "driver": 1.75, "traveller": 1.75, "crowd": 1.72, "police": 1.78, "doctor": 1.74,
    "monk": 1.72, "samurai": 1.76, "pirate": 1.77, "king": 1.78, "queen": 1.68,
}  # fmt: skip
_BEASTS: dict[str, Kind] = {
    "horse": Kind("quadruped", (0.66, 2.1, 2.75)), "dog": Kind("quadruped", (0.28, 0.78, 1.05)), "wolf": Kind("quadruped", (0.34, 0.95, 1.6)),
    "fox": Kind("quadruped", (0.22, 0.52, 1.1)), "cat": Kind("quadruped", (0.15, 0.36, 0.66)), "tiger": Kind("quadruped", (0.52, 1.12, 2.5)),
    "lion": Kind("quadruped", (0.76, 1.3, 2.55)), "deer": Kind("quadruped", (0.66, 2.0, 1.75)), "bear": Kind("quadruped", (0.94, 1.28, 2.15)),
    "ox": Kind("quadruped", (0.82, 1.66, 2.85)), "sheep": Kind("quadruped", (0.58, 0.8, 1.2)), "camel": Kind("quadruped", (0.78, 2.25, 3.1)),
    "elephant": Kind("quadruped", (2.3, 3.1, 4.4)), "rabbit": Kind("quadruped", (0.17, 0.38, 0.42)),
    "bird": Kind("bird", (0.9, 0.28, 0.46), lift_m=2.6), "eagle": Kind("bird", (2.1, 0.46, 0.95), lift_m=4.0),
    "dragon": Kind("beast", (7.6, 5.2, 12.4), body="dragon"), "fish": Kind("beast", (0.33, 0.27, 0.76), body="fish", lift_m=1.0),
    "whale": Kind("beast", (3.6, 2.85, 16.0), body="fish"), "snake": Kind("beast", (0.5, 0.4, 2.6), body="snake"),
}  # fmt: skip
_VEHICLES: dict[str, Kind] = {
    "car": Kind("vehicle", (1.85, 1.45, 4.4), body="car"), "truck": Kind("vehicle", (2.55, 3.5, 8.4), body="truck"),
    "bus": Kind("vehicle", (2.6, 3.1, 11.0), body="bus"), "motorcycle": Kind("vehicle", (0.8, 1.2, 2.15), body="motorcycle", sits_m=0.82),
    "bicycle": Kind("vehicle", (0.58, 1.08, 1.75), body="bicycle", sits_m=0.95), "train": Kind("vehicle", (3.0, 4.2, 42.0), body="train"),
    "carriage": Kind("vehicle", (1.9, 2.4, 6.7), body="carriage"), "tank": Kind("vehicle", (3.4, 2.5, 8.6), body="tank"),
    "hovercraft": Kind("vehicle", (4.6, 3.0, 8.6), body="hovercraft"),
    "ship": Kind("vessel", (9.0, 25.0, 32.0), body="ship"), "boat": Kind("vessel", (2.2, 0.9, 5.0), body="boat"),
    "aircraft": Kind("aircraft", (12.2, 3.9, 11.6), body="aircraft"), "helicopter": Kind("aircraft", (11.0, 3.7, 12.6), body="helicopter"),
    "drone": Kind("aircraft", (0.9, 0.26, 0.9), body="drone", lift_m=2.2), "winged_craft": Kind("aircraft", (5.4, 4.6, 12.0), body="winged_craft"),
    "spaceship": Kind("spaceship", (SHIP_SCALE * craft.WIDTH_M, SHIP_SCALE * craft.HEIGHT_M, SHIP_SCALE * craft.LENGTH_M)),
}  # fmt: skip
_THINGS: dict[str, Kind] = {
    "table": _thing(1.6, 0.76, 0.85), "chair": _thing(0.48, 0.98, 0.52, 0.46), "sofa": _thing(2.1, 0.88, 0.95, 0.44), "bed": _thing(1.7, 1.1, 2.15, 0.55),
    "lamp": _thing(0.46, 1.65, 0.46), "door": _thing(1.25, 2.3, 0.24), "window": _thing(1.5, 2.2, 0.3), "banner": _thing(1.5, 4.2, 0.5),
    "flag": _thing(2.2, 6.2, 0.6), "throne": _thing(1.3, 2.3, 1.2, 0.55), "altar": _thing(2.2, 1.35, 1.1), "tent": _thing(3.2, 2.2, 3.4),
    "campfire": _thing(1.3, 0.95, 1.3), "statue": _thing(1.3, 3.4, 1.3), "barrel": _thing(0.66, 0.95, 0.66), "crate": _thing(0.9, 0.9, 0.9),
    "bench": _thing(1.7, 0.86, 0.62, 0.46), "book": _thing(0.24, 0.9, 0.24), "letter": _thing(0.3, 0.9, 0.3), "phone": _thing(0.24, 0.9, 0.24),
    "computer": _thing(1.3, 1.22, 0.7), "cup": _thing(0.24, 0.95, 0.24), "bottle": _thing(0.24, 1.1, 0.24), "piano": _thing(1.5, 1.5, 1.66),
    "cannon": _thing(1.5, 1.25, 2.7), "tree": _thing(5.0, 6.4, 5.0), "mirror": _thing(0.85, 1.95, 0.6), "clock": _thing(0.55, 2.2, 0.38),
    "gravestone": _thing(0.85, 1.15, 0.5), "chest": _thing(1.0, 0.75, 0.62), "rock": _thing(2.2, 1.2, 1.8), "sword": _thing(0.75, 1.3, 0.65),
    "gun": _thing(0.26, 0.8, 0.36), "umbrella": _thing(1.24, 1.08, 1.1), "lantern": _thing(0.17, 0.37, 0.17), "torch": _thing(0.4, 0.95, 0.4),
    "bag": _thing(0.16, 0.52, 0.39), "spear": _thing(0.42, 2.25, 0.4), "bow": _thing(0.45, 1.5, 0.4), "shield": _thing(0.75, 1.05, 0.5),
    "staff": _thing(0.6, 1.9, 0.4), "camera": _thing(0.9, 1.6, 0.9), "guitar": _thing(0.5, 1.2, 0.5), "pipa": _thing(0.5, 1.1, 0.5),
    "drum": _thing(0.85, 1.1, 0.85), "flower": _thing(0.24, 1.2, 0.24), "ball": _thing(0.23, 0.23, 0.23),
}  # fmt: skip
_BACKS = {**{kind: round(0.985 * breed.back, 2) for kind, breed in BREEDS.items()}, "dragon": 2.35}
"""Heights that riders sit at."""
KINDS: dict[str, Kind] = {
    **{kind: _person(height) for kind, height in _PEOPLE.items()},
    "robot": Kind("person", (0.93, 1.85, 0.68), body="mecha"),
    "mecha": Kind("person", (3.6, 7.2, 2.6), body="mecha"),
    **{kind: replace(beast, sits_m=_BACKS[kind]) if kind in _BACKS else beast for kind, beast in _BEASTS.items()},
    **_VEHICLES,
    **_THINGS,
}
UNKNOWN = Kind("box", (1.2, 1.6, 1.2))
