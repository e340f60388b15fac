"""A region's mask as a video, for engines that take one mask for each frame of the clip they edit.

White on black, of the clip's size, rate and length, H.264 in the profile that every server decodes. It is coded so finely
that a pixel cut at half comes back as it was; lossless H.264 has a profile of its own that not every decoder knows.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from vr_server.domain.errors import Cancelled
from vr_server.domain.region import NotedRegion

from .masks import U8, Bits, RedrawOf
from .progress import Made, MakingProgress, Report
from .recipes import MaskRecipe
from .worker import Engines

_CRF = 4


@dataclass(frozen=True, slots=True)
class MaskTask:
    """`draw_mask` on its way to a worker."""

    recipe: MaskRecipe
    parent: Path
    painted: bytes | None
    to: Path

    def __call__(self, engines: Engines, report: Report, cancelled: Callable[[], bool]) -> Made:  # noqa: ARG002
        return draw_mask(self.recipe, self.parent, self.painted, self.to, report=report, cancelled=cancelled)


def draw_mask(
    recipe: MaskRecipe, parent: Path, painted: bytes | None, to: Path, *, report: Report, cancelled: Callable[[], bool]
) -> Made:
    """Write the recipe's mask to `to`: an mp4, a frame for each of the clip's. `parent`: a folder with the recipe's files;
    `painted`: the PNG of a region that was painted.

    Raise Cancelled, InvalidInput, InvalidMedia or StorageFailed.
    """
    from .followed import ParentClip, masks_along  # codecs and kernels: not for the server
    from .pipeline import disk_told

    noted = NotedRegion(note_id="", frame=recipe.frame, region=recipe.region)
    with disk_told(to.parent):
        clip = ParentClip(parent / "clip")
        report(MakingProgress("draft", 0, clip.frame_count, 0))
        masks_at = masks_along(clip, RedrawOf(parent, noted, recipe.size, painted))

        def masks() -> Iterator[Bits]:
            for done, frame in enumerate(clip, 1):
                if cancelled():
                    raise Cancelled("The take was cancelled.")
                yield masks_at(frame)
                report(MakingProgress("draft", done, clip.frame_count, 0))

        count = write_masks(to, masks(), recipe.size, clip.fps)
    return Made("final", *recipe.size, count)


def write_masks(to: Path, masks: Iterable[Bits], size: tuple[int, int], fps: Fraction) -> int:
    """Write masks bool [h, w] of `size` (width, height) to an mp4, white inside; how many there were. Raise OSError."""
    from vr_server.media import write_film

    return write_film(to, (_picture(mask) for mask in masks), size, fps, crf=_CRF)


def _picture(mask: Bits) -> U8:
    return np.repeat(mask.astype(np.uint8)[..., None] * np.uint8(255), 3, axis=2)
