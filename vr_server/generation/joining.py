"""Clips of one shot's parts made one clip, and what a part hands to the next: its last picture or its end. In a worker.

Every video here is an engine's: it is taken in by `media.take_in` before anything else looks at it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vr_server.domain.errors import Cancelled, InvalidMedia
from vr_server.domain.take import Part

from .progress import Made, MakingProgress, Report
from .recipes import FrameRecipe, TailRecipe
from .worker import Engines

if TYPE_CHECKING:
    from vr_server.media import VideoPictures

U8 = npt.NDArray[np.uint8]

_CRF = 10
_LOST_S = 0.5
"""How much of a part may be missing: engines round, and one frame is lost at each join."""


@dataclass(frozen=True, slots=True)
class JoinTask:
    """`join` on its way to a worker."""

    videos: tuple[Path, ...]
    parts: tuple[Part, ...]
    to: Path

    def __call__(self, engines: Engines, report: Report, cancelled: Callable[[], bool]) -> Made:  # noqa: ARG002
        return join(self.videos, self.parts, self.to, report=report, cancelled=cancelled)


@dataclass(frozen=True, slots=True)
class HandOverTask:
    """`hand_over` on its way to a worker."""

    recipe: FrameRecipe | TailRecipe
    video: Path
    to: Path

    def __call__(self, engines: Engines, report: Report, cancelled: Callable[[], bool]) -> Made:  # noqa: ARG002
        return hand_over(self.recipe, self.video, self.to)


def used_frames(skip_frames: int, seconds: float, fps: Fraction, frame_count: int) -> range:
    """Which frames of a part's clip are shown: `seconds` of it after what it repeats of the part before.

    Raise InvalidMedia where the clip is much too short.
    """
    wanted = max(1, round(seconds * fps))
    shown = range(skip_frames, min(skip_frames + wanted, frame_count))
    if len(shown) < max(1, wanted - round(_LOST_S * fps)):
        raise InvalidMedia(
            f"A part of {seconds:.3g} s was asked for and {float(frame_count / fps):.3g} s came: ask for the take again."
        )
    return shown


def join(
    videos: tuple[Path, ...], parts: tuple[Part, ...], to: Path, *, report: Report, cancelled: Callable[[], bool]
) -> Made:
    """Write the parts' videos to `to` as one mp4 of the first one's size and rate, each without what it repeats.

    Raise Cancelled, InvalidMedia or StorageFailed.
    """
    from vr_server.media import write_film

    with _workshop(to) as folder:
        first = _taken_in(videos[0], folder / "0.mp4")
        whole = round(parts[-1].end_s * first.fps)

        def pictures() -> Iterator[U8]:
            made = 0
            for number, (video, part) in enumerate(zip(videos, parts, strict=True)):
                clip = first if number == 0 else _taken_in(video, folder / f"{number}.mp4")
                for picture in _shown(clip, part, first):
                    if cancelled():
                        raise Cancelled("The take was cancelled.")
                    yield picture
                    made += 1
                    report(MakingProgress("staging", made, whole, 0))

        count = write_film(to, pictures(), (first.width_px, first.height_px), first.fps, crf=_CRF)
    return Made("final", first.width_px, first.height_px, count)


def hand_over(recipe: FrameRecipe | TailRecipe, video: Path, to: Path) -> Made:
    """Write what the recipe takes of `video`: a PNG of one picture, or an mp4. Raise InvalidMedia or StorageFailed."""
    import cv2

    from vr_server.media import write_film

    with _workshop(to) as folder:
        clip = _taken_in(video, folder / "clip.mp4")
        width_px, height_px = clip.width_px, clip.height_px
        shown = used_frames(recipe.skip_frames, recipe.at_s, clip.fps, clip.frame_count)
        if isinstance(recipe, FrameRecipe):
            picture = next(islice(clip, shown[-1], None))
            _, png = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            to.write_bytes(png.tobytes())
            return Made("final", width_px, height_px, 1)
        kept = shown[-max(1, round(recipe.seconds * clip.fps)) :]
        pictures = islice(clip, kept[0], kept[-1] + 1)
        return Made("final", width_px, height_px, write_film(to, pictures, (width_px, height_px), clip.fps, crf=_CRF))


def _shown(clip: "VideoPictures", part: Part, first: "VideoPictures") -> Iterator[U8]:
    """The part's pictures at the first part's size and rate."""
    import cv2

    shown = used_frames(part.skip_frames, part.end_s - part.start_s, clip.fps, clip.frame_count)
    pictures = islice(clip, shown[0], shown[-1] + 1)
    count = round(len(shown) * first.fps / clip.fps)
    size = (first.width_px, first.height_px)
    made = 0
    for number, picture in enumerate(pictures, 1):
        due = min(round(number * first.fps / clip.fps), count)
        if made < due and (picture.shape[1], picture.shape[0]) != size:
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)  # noqa: PLW2901
        while made < due:
            yield picture
            made += 1


def _taken_in(video: Path, to: Path) -> "VideoPictures":
    from vr_server.media import take_in

    return take_in(video, to)


@contextmanager
def _workshop(to: Path) -> Iterator[Path]:
    """A folder beside `to` for the time of the work; the disk's errors as StorageFailed."""
    from .pipeline import disk_told

    with disk_told(to.parent):
        to.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".parts-", dir=to.parent) as folder:
            yield Path(folder)
