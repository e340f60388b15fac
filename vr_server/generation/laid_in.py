"""An engine's flat video laid into the clip of its parent take: engines do not keep what lies outside a mask, so we do."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import Frame
from vr_server.media import VideoPictures
from vr_server.media.clip import CLIP, MASK, PlaneWriter, color_encoder, mask_code
from vr_server.media.codec import write_mp4
from vr_server.media.colour import rgb_to_i420

from .followed import ParentClip, masks_along
from .masks import U8, RedrawOf, feathered
from .redraw import blended, close_to


def lay_in(
    video: VideoPictures, told: RedrawOf, into: Path, watched: Callable[[], None]
) -> tuple[VideoPictures, float]:
    """Write `into`/clip.mp4 and mask.mkv: the parent's pictures outside the mask, `video`'s inside it, at the parent's size,
    rate and length. Where the video has ended the parent goes on.

    Return the clip, and which share outside the mask (`followed.masks_along`) the engine had kept by itself.
    Raise InvalidMedia, and what `watched` raises, which is asked once a frame.
    """
    parent = ParentClip(told.parent / "clip")
    width, height = told.size
    masks_at = masks_along(parent, told)
    encoder = color_encoder(width, height, parent.fps, faithful=True)
    masks = PlaneWriter(into / MASK, width, height, parent.fps)
    packets, outside, close = [], 0, 0
    try:
        for old, picture in zip(parent, _on_clock(video, parent), strict=False):
            watched()
            weight = np.zeros((height, width), np.float32)
            if picture is not None:
                given = picture
                if given.shape[:2] != (height, width):
                    given = np.asarray(cv2.resize(given, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
                weight = feathered(masks_at(old))
                kept = weight == 0
                outside += int(kept.sum())
                close += int((close_to(old.color, given) & kept).sum())
                old = blended(old, Frame(old.index, given, old.depth, None, old.camera), weight)  # noqa: PLW2901
            packets += encoder.encode(rgb_to_i420(old.color) if old.planes is None else old.planes)
            masks.add(mask_code(weight), old.index)
        packets += encoder.flush()
        masks.finish()
    except BaseException:
        masks.close()
        raise
    write_mp4(into / CLIP, iter(packets), width_px=width, height_px=height, fps=parent.fps)
    return VideoPictures(into / CLIP), close / outside if outside else 1.0


def _on_clock(video: VideoPictures, parent: ParentClip) -> Iterator[npt.NDArray[np.uint8] | None]:
    """The engine's picture for each of the parent's frames: one for one where they are as many, else the one of that
    moment; None once the video has ended."""
    pace = Fraction(1) if video.frame_count == parent.frame_count else video.fps / parent.fps
    pictures: Iterator[U8] = iter(video)
    at, shown = -1, None
    for index in range(parent.frame_count):
        wanted = round(index * pace)
        while at < wanted:
            at, shown = at + 1, next(pictures, None)
        yield shown
