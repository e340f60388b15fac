"""The depth port: pictures in, a shot's inverse depth out, with what is known of its scale. Beside it that of person masks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import CameraPose

U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]
F16 = npt.NDArray[np.float16]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

Report = Callable[[str, float], None]
"""What is being done, and the share of it that is (0..1)."""


def silent(_what: str, _share: float) -> None:
    """A `Report` that nobody reads."""


class Pictures(Protocol):
    """A flat clip: may be iterated more than once; each time gives all frames, uint8 [h, w, 3] RGB."""

    @property
    def width_px(self) -> int: ...
    @property
    def height_px(self) -> int: ...
    @property
    def fps(self) -> Fraction: ...
    @property
    def frame_count(self) -> int: ...
    def __iter__(self) -> Iterator[U8]: ...


@dataclass(frozen=True, slots=True)
class CameraTrack:
    """Where the camera was, as far as the pictures say.

    `cameras`: one per frame. `moves`: its place changes, so that there is parallax. `metric`: its way is in metres.
    `confidence` 0..1; below `TRUSTED` the poses are not to be relied on. `reason`: one line for the report.
    """

    cameras: tuple[CameraPose, ...]
    moves: bool
    metric: bool
    confidence: float
    reason: str


TRUSTED = 0.5


@dataclass(frozen=True, slots=True)
class DepthTrack:
    """A shot's depth at working size. `inverse`: float16 [n, h, w], 1 / planar Z, 0 = infinitely far.

    `metric`: 1/metres, else an unknown unit. `approximate`: a guess from the picture's layout, no measurement.
    `estimator` and `reason` go into the report, `scale_reason` says what ties it to metres (or that nothing does).
    `of_way`: its unit is that of the camera's way.
    """

    inverse: F16
    metric: bool
    approximate: bool
    estimator: str
    reason: str
    scale_reason: str
    of_way: bool = False


class DepthEstimator(Protocol):
    @property
    def name(self) -> str: ...

    def estimate(self, clip: Pictures, camera: CameraTrack, report: Report) -> DepthTrack:
        """`clip` is one shot. Raise NoDepth with one line where this way of finding depth cannot work for this clip."""
        ...


class PersonMasks(Protocol):
    """Finds people in pictures, all of them together."""

    @property
    def name(self) -> str: ...

    def people(self, picture: U8) -> F32:
        """How surely each pixel of a picture uint8 [h, w, 3] RGB shows a person: float32 [h, w] of 0..1, above 0.5 it does.

        Raise InvalidModel or Unavailable where it cannot be told.
        """
        ...
