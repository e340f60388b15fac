"""Where a noted region is in each frame of its take's clip: what an engine is told, and where its picture is laid in."""

from collections.abc import Callable, Iterator
from contextlib import closing
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import CameraPose, Frame
from vr_server.domain.staging import Staging
from vr_server.media import ClipFolder, VideoPictures, read_clip
from vr_server.media.clip import CLIP, DEPTH, IDS
from vr_server.media.codec import as_i420, decode_video
from vr_server.media.colour import i420_to_rgb

from .follow import Fixed, Follower, FollowsObjects, FollowsPicture, small_grey
from .masks import Bits, RedrawOf, expanded, hull_of, mask_of

_NOWHERE = CameraPose(np.eye(4), 0.75)


class ParentClip:
    """A parent take's frames, from its clip folder; without depth and ids where its clip has none."""

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


def masks_along(parent: ParentClip, told: RedrawOf) -> Callable[[Frame], Bits]:
    """Gives the mask, bool [h, w] of the parent's size, for each of its frames, in order.

    It follows object ids where the parent has them, else the picture's own motion; it is made convex, since nobody knows
    the outline of what will be drawn, and grown as the region says. Raise InvalidMedia.
    """
    follower = _follower(parent, told)
    return lambda frame: expanded(hull_of(follower.at(frame)), told.noted.region.expand_ratio)


def _follower(parent: ParentClip, told: RedrawOf) -> Follower:
    mask = mask_of(told, *told.size)
    if not told.noted.region.tracking:
        return Fixed(mask)
    if not parent.ids:
        if told.noted.frame >= parent.frame_count:
            raise _no_such_frame(told)
        return FollowsPicture(mask, [small_grey(frame.color) for frame in parent], told.noted.frame)
    shown = next(islice(iter(parent), told.noted.frame, None), None)
    if shown is None:
        raise _no_such_frame(told)
    staging = Staging.model_validate_json((told.parent / "staging.json").read_text(encoding="utf-8"))
    perspective = parent.known is not None and parent.known.plan.projection == "perspective"
    return FollowsObjects(mask, shown, {s.object_id for s in staging.subjects}, perspective=perspective)


def _no_such_frame(told: RedrawOf) -> InvalidMedia:
    return InvalidMedia(f"The region was drawn on frame {told.noted.frame}, which the take does not have.")
