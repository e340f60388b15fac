"""Frames that wait until those after them have been seen: what one hides, a later one may show."""

from collections import deque
from collections.abc import Iterator

from vr_server.domain.frame import Frame

from .layers import Halved, Layers
from .shapes import Shape

AHEAD = 18
"""Frames that are looked ahead: +0.5 dB at 25 cm for a camera that travels. Each waits with 6 MB at 720p."""


class Ahead:
    """A shot's frames in, in order, their layers out, in order. The first `at_once` come without any wait, so that
    something can be watched at once; from then on each waits for the `AHEAD` after it."""

    def __init__(self, shape: Shape, head_box_m: float, *, at_once: int, cuts: tuple[int, ...] = ()) -> None:
        """`cuts`: frames with which a new shot begins; nothing is looked up across them."""
        self._shape, self._head_box_m = shape, head_box_m
        self._at_once = at_once
        self._cuts = frozenset(cuts)
        self._waiting: deque[Halved] = deque()

    def push(self, frame: Frame) -> Iterator[tuple[int, Layers]]:
        """Take the next frame; the layers that are ready now, with their frames' numbers."""
        if frame.index in self._cuts:
            yield from self.flush()
            self._shape.cut()
        self._waiting.append(self._shape.see(frame))
        while self._waiting and (self._waiting[0].index < self._at_once or len(self._waiting) > AHEAD):
            yield self._next()

    def flush(self) -> Iterator[tuple[int, Layers]]:
        """The layers of all that still wait."""
        while self._waiting:
            yield self._next()

    def _next(self) -> tuple[int, Layers]:
        seen = self._waiting.popleft()
        return seen.index, self._shape.split(seen, self._head_box_m)
