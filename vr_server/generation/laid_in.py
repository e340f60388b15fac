"""An engine's flat video laid into the clip of its parent take: engines do not keep what lies outside a mask, so we do."""

from collections.abc import Callable, Iterator
from contextlib import closing
from fractions import Fraction
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import CameraPose, Frame
from vr_server.domain.staging import Staging
from vr_server.media import ClipFolder, VideoPictures, read_clip
from vr_server.media.clip import CLIP, DEPTH, IDS, MASK, PlaneWriter, color_encoder, mask_code
from vr_server.media.codec import as_i420, decode_video, write_mp4
from vr_server.media.colour import i420_to_rgb, rgb_to_i420

from .follow import Fixed, Follower, FollowsObjects, FollowsPicture, small_grey
from .masks import U8, Bits, RedrawOf, expanded, feathered, hull_of, mask_of
from .redraw import blended, close_to

_NOWHERE = CameraPose(np.eye(4), 0.75)


def lay_in(
    video: VideoPictures, told: RedrawOf, into: Path, watched: Callable[[], None]
) -> tuple[VideoPictures, float]:
    """Write `into`/clip.mp4 and mask.mkv: the parent's pictures outside the mask, `video`'s inside it, at the parent's size,
    rate and length. Where the video has ended the parent goes on.

    Return the clip, and which share outside the mask the engine had kept by itself. The mask follows object ids where the
    parent has them, else the picture's own motion; it is made convex, since nobody knows the outline of what was drawn.
    Raise InvalidMedia, and what `watched` raises, which is asked once a frame.
    """
    parent = _Parent(told.parent / "clip")
    width, height = told.size
    follower = _follower(parent, told, mask_of(told, width, height))
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
                mask = hull_of(follower.at(old))
                weight = feathered(expanded(mask, told.noted.region.expand_ratio))
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


class _Parent:
    """The parent's frames; without depth and ids where its clip has none."""

    def __init__(self, folder: Path) -> None:
        self.clip = folder / CLIP
        self.known: ClipFolder | None = read_clip(folder) if (folder / DEPTH).is_file() else None
        pictures = VideoPictures(self.clip)
        self.fps: Fraction = pictures.fps
        self.frame_count = pictures.frame_count
        self.ids = self.known is not None and (folder / IDS).is_file()

    def __iter__(self) -> Iterator[Frame]:
        if self.known is not None:
            yield from self.known
            return
        with closing(decode_video(self.clip)) as frames:
            for index, frame in enumerate(frames):
                planes = as_i420(frame)
                color = i420_to_rgb(planes, frame.width, frame.height)
                yield Frame(index, color, np.ones(color.shape[:2], np.float32), None, _NOWHERE, planes)


def _follower(parent: _Parent, told: RedrawOf, mask: Bits) -> Follower:
    if not told.noted.region.tracking:
        return Fixed(mask)
    if not parent.ids:
        return FollowsPicture(mask, [small_grey(frame.color) for frame in parent], told.noted.frame)
    shown = next(islice(iter(parent), told.noted.frame, None), None)
    if shown is None:
        raise InvalidMedia(f"The region was drawn on frame {told.noted.frame}, which the take does not have.")
    staging = Staging.model_validate_json((told.parent / "staging.json").read_text(encoding="utf-8"))
    perspective = parent.known is not None and parent.known.plan.projection == "perspective"
    return FollowsObjects(mask, shown, {s.object_id for s in staging.subjects}, perspective=perspective)


def _on_clock(video: VideoPictures, parent: _Parent) -> Iterator[npt.NDArray[np.uint8] | None]:
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
