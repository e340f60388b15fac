"""A clip taken apart at its cuts: each shot has a camera, a scale and a past of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise

from vr_server.media.cuts import find_cuts, small_grey

from .port import U8, Pictures


@dataclass(frozen=True, slots=True)
class Shot:
    """Implements `Pictures`: the frames from `first` up to `stop` (not included) of `clip`."""

    clip: Pictures
    first: int
    stop: int

    @property
    def width_px(self) -> int:
        return self.clip.width_px

    @property
    def height_px(self) -> int:
        return self.clip.height_px

    @property
    def fps(self) -> Fraction:
        return self.clip.fps

    @property
    def frame_count(self) -> int:
        return self.stop - self.first

    def __iter__(self) -> Iterator[U8]:
        return islice(iter(self.clip), self.first, self.stop)


def shots_of(clip: Pictures) -> tuple[Shot, ...]:
    """The shots of `clip`, first to last; one where nothing cuts."""
    cuts = [cut.frame for cut in find_cuts(small_grey(picture) for picture in clip)]
    return tuple(Shot(clip, first, stop) for first, stop in pairwise([0, *cuts, clip.frame_count]))
