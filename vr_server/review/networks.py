"""Optional networks in ONNX that look at pictures: people, and what should not be shown.

Both take one batch of one picture, float32 [1, 3, h, w] or [1, h, w, 3] of 0..1 RGB, at a size of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.errors import InvalidModel, Unavailable

from .planned import Box
from .seen import U8, boxes_of_mask

if TYPE_CHECKING:
    import onnxruntime as ort

F32 = npt.NDArray[np.float32]
_FREE_SIDE_PX = 256
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


class _Network:
    """A network that takes one picture. Opening it raises InvalidModel or, without onnxruntime, Unavailable."""

    def __init__(self, path: Path, *, free_side_px: int) -> None:
        self._name = path.name
        self._session = _open(path)
        inputs = self._session.get_inputs()
        shape = inputs[0].shape if len(inputs) == 1 else []
        if len(shape) != 4 or 3 not in (shape[1], shape[3]) or "float" not in inputs[0].type:
            raise InvalidModel(f"{path.name} does not take one picture [1, 3, h, w] or [1, h, w, 3].")
        self._first = shape[1] == 3
        height, width = (shape[2], shape[3]) if self._first else (shape[1], shape[2])
        self.size = tuple(n if isinstance(n, int) and n > 0 else free_side_px for n in (width, height))

    def run(self, picture: U8) -> F32:
        """The first output for a picture uint8 [h, w, 3] of the network's size. Raise InvalidModel."""
        given = picture.astype(np.float32)[None] / 255
        given = np.ascontiguousarray(given.transpose(0, 3, 1, 2)) if self._first else given
        try:
            raw = self._session.run(None, {self._session.get_inputs()[0].name: given})[0]
        except Exception as error:  # onnxruntime's errors share no base class
            raise InvalidModel(f"{self._name} cannot work on these pictures: {str(error).splitlines()[0]}") from error
        return np.asarray(raw, np.float32)


class MaskPeople:
    """Finds people with a network that gives a mask of them: probabilities or logits
    [1, 1, h, w], [1, h, w, 1], or two classes of which the second is people."""

    def __init__(self, path: Path) -> None:
        """Raise InvalidModel or Unavailable."""
        self._path = path
        self._network = _Network(path, free_side_px=_FREE_SIDE_PX)
        self.people(_BLACK)

    def people(self, color: U8) -> list[Box]:
        """The box of each part of the mask, of a picture uint8 [h, w, 3]. Raise InvalidModel."""
        small = np.asarray(cv2.resize(color, self._network.size, interpolation=cv2.INTER_AREA), np.uint8)
        maps = np.squeeze(self._network.run(small))
        if maps.ndim == 3:
            maps = maps[1] if maps.shape[0] == 2 else maps[..., 1] if maps.shape[-1] == 2 else maps[0]
        if maps.ndim != 2:
            raise InvalidModel(f"{self._path.name} gives no mask [h, w] of people.")
        level = 0.5 if maps.min() >= 0 and maps.max() <= 1 else 0.0  # of logits
        return boxes_of_mask(maps > level)


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
        self._network = _Network(path, free_side_px=320)
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


def _open(path: Path) -> ort.InferenceSession:
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise Unavailable("Networks that look at pictures need onnxruntime: pip install 'vr-previs[depth]'.") from error
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no base class
        raise InvalidModel(f"{path.name} cannot be read as an ONNX network.") from error
