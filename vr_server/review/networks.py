"""Optional networks that look at pictures: people, and what should not be shown."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from vr_server.domain.errors import InvalidModel
from vr_server.layering.depth import PersonMasks
from vr_server.layering.networks import PictureNetwork

from .planned import Box
from .seen import U8, boxes_of_mask

_BLACK: U8 = np.zeros((36, 64, 3), np.uint8)
"""Shown to a network when it is opened: one of another kind is told there."""
_CLASSES = (
    "female_genitalia_covered", "face_female", "buttocks_exposed", "female_breast_exposed", "female_genitalia_exposed",
    "male_breast_exposed", "anus_exposed", "feet_exposed", "belly_covered", "feet_covered", "armpits_covered",
    "armpits_exposed", "face_male", "belly_exposed", "male_genitalia_exposed", "anus_covered", "female_breast_covered",
    "buttocks_covered",
)  # fmt: skip
"""What NudeNet 3's detectors tell apart, in the order of their output."""
UNFIT = (
    "buttocks_exposed",
    "female_breast_exposed",
    "female_genitalia_exposed",
    "anus_exposed",
    "male_genitalia_exposed",
)


class MaskPeople:
    """Boxes of the people that masks show."""

    def __init__(self, masks: PersonMasks) -> None:
        self._masks = masks

    def people(self, color: U8) -> list[Box]:
        """The box of each part of the mask, of a picture uint8 [h, w, 3]. Raise InvalidModel or Unavailable."""
        return boxes_of_mask(self._masks.people(color) > 0.5)


class Unfit(NamedTuple):
    """What was found that should not be shown: which of `UNFIT`, how surely (0..1), in which frame."""

    what: str
    score: float
    frame: int


class NudityFinder:
    """NudeNet's detector (v3): output [1, 4 + 18, n], a box and a score per class for each of n places."""

    def __init__(self, path: Path) -> None:
        """Raise InvalidModel or Unavailable."""
        self._path = path
        self._network = PictureNetwork(path, free_side_px=320)
        self.look([(0, _BLACK)])

    @cached_property
    def _rows(self) -> list[int]:
        return [4 + _CLASSES.index(name) for name in UNFIT]

    def look(self, pictures: Iterable[tuple[int, U8]]) -> Unfit | None:
        """The surest of all that is found in frames uint8 [h, w, 3] with their numbers. Raise InvalidModel."""
        best: Unfit | None = None
        for frame, picture in pictures:
            found = self._network.run(_padded(picture, self._network.size))
            if found.ndim != 3 or found.shape[1] != 4 + len(_CLASSES):
                raise InvalidModel(f"{self._path.name} is no NudeNet detector: it gives {list(found.shape)}.")
            scores = found[0, self._rows].max(axis=1)
            row = int(np.argmax(scores))
            if best is None or scores[row] > best.score:
                best = Unfit(UNFIT[row], float(scores[row]), frame)
        return best


def _padded(picture: U8, size: tuple[int, ...]) -> U8:
    """The picture with black to its right or below, so that it is square, at `size`."""
    height, width = picture.shape[:2]
    side = max(height, width)
    square = cv2.copyMakeBorder(picture, 0, side - height, 0, side - width, cv2.BORDER_CONSTANT)
    return np.asarray(cv2.resize(square, size, interpolation=cv2.INTER_AREA), np.uint8)
