"""A take drawn anew in a region: its parent's pictures outside a mask, the newly made shot's inside it. Pure but for reading.

Colour is laid together in the planes of the parent's own video, so that what is kept is not even converted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import ClipPlan, Frame, FrameSource
from vr_server.domain.region import NotedRegion
from vr_server.domain.staging import Staging
from vr_server.domain.take import KEPT_CODES, KEPT_SHARE, Finding, Kept
from vr_server.media import read_planes, read_rgb
from vr_server.media.colour import i420_to_rgb, rgb_to_i420, split_i420

from .follow import Fixed, Follower, FollowsObjects
from .masks import F32, U8, Bits, expanded, feathered

U16 = npt.NDArray[np.uint16]


class Resized:
    """A clip at another size: colour averaged, depth and ids of the nearest pixel."""

    def __init__(self, source: FrameSource, width_px: int, height_px: int) -> None:
        self._source = source
        self.plan: ClipPlan = replace(source.plan, width_px=width_px, height_px=height_px)

    def __iter__(self) -> Iterator[Frame]:
        size = (self.plan.width_px, self.plan.height_px)
        for frame in self._source:
            color = np.asarray(cv2.resize(frame.color, size, interpolation=cv2.INTER_AREA), np.uint8)
            depth = np.asarray(cv2.resize(frame.depth, size, interpolation=cv2.INTER_NEAREST), np.float32)
            ids = frame.ids
            if ids is not None:
                ids = np.asarray(cv2.resize(ids, size, interpolation=cv2.INTER_NEAREST), np.uint16)
            yield Frame(frame.index, color, depth, ids, frame.camera)


@dataclass(frozen=True, slots=True)
class Names:
    """How the objects of two stagings of a shot go together. `table`: uint16 [65536], the older one's ids in the newer one.
    `moving`: the newer one's subjects. `newcomers`: subjects that only the newer one has, by one of the same kind that both
    have (the second of two of them, where there was one)."""

    table: U16
    moving: frozenset[int]
    newcomers: dict[int, tuple[int, ...]]


def names_of(old: Staging, new: Staging) -> Names:
    """Subjects go by their keys, set pieces by what they are and where; an older one that has gone gets a free number."""
    table = np.arange(65536, dtype=np.uint16)
    by_key = {subject.key: subject.object_id for subject in new.subjects}
    by_place = {(p.asset, _place(p.position_m)): p.object_id for p in new.set_pieces}
    free = max([*by_key.values(), *by_place.values(), 0]) + 1
    pairs = [(s.object_id, by_key.get(s.key)) for s in old.subjects]
    pairs += [(p.object_id, by_place.get((p.asset, _place(p.position_m)))) for p in old.set_pieces]
    for older, newer in pairs:
        table[older] = free if newer is None else newer
        free += newer is None
    known = {s.key for s in old.subjects}
    newcomers: dict[int, tuple[int, ...]] = {}
    for key, number in by_key.items():
        if key not in known:
            for other in known & by_key.keys():
                if other.partition("#")[0] == key.partition("#")[0]:
                    newcomers[by_key[other]] = (*newcomers.get(by_key[other], ()), number)
    return Names(table, frozenset(by_key.values()), newcomers)


def _place(position_m: tuple[float, float, float]) -> tuple[int, ...]:
    return tuple(round(10 * value) for value in position_m)


class RedrawnClip:
    """A FrameSource of `parent` outside a mask and `fresh` inside it; both of one size, rate and length, with ids.

    Colour is blended over the mask's soft edge, which lies inside it; depth and ids are those of whichever picture shows
    more. `given` is known once it was read: which share outside the mask `fresh` had kept by itself.
    """

    def __init__(self, parent: FrameSource, fresh: FrameSource, mask: Bits, noted: NotedRegion, names: Names) -> None:
        """Raise InvalidMedia when the clips do not go together or the note's frame is not in them."""
        old, new = parent.plan, fresh.plan
        if (old.width_px, old.height_px, old.fps, old.frame_count) != (
            new.width_px,
            new.height_px,
            new.fps,
            new.frame_count,
        ):
            raise InvalidMedia(
                f"A clip of {new.frame_count} frames of {new.width_px}x{new.height_px} cannot be laid into one of "
                f"{old.frame_count} of {old.width_px}x{old.height_px}: a region keeps its take's length."
            )
        self._parent, self._fresh, self._mask, self._noted, self._names = parent, fresh, mask, noted, names
        self.plan: ClipPlan = replace(
            old, near_m=min(old.near_m, new.near_m), far_m=max(old.far_m, new.far_m), metric=old.metric and new.metric
        )  # fmt: skip
        self._outside = self._close = 0

    @property
    def given(self) -> float:
        return self._close / self._outside if self._outside else 1.0

    def __iter__(self) -> Iterator[Frame]:
        follower, names = self._follower(), self._names
        self._outside = self._close = 0
        for told, new in zip(self._parent, self._fresh, strict=True):
            old = self._renamed(told)
            mask = follower.at(old)
            if isinstance(follower, FollowsObjects) and new.ids is not None:
                whole = [n for name in follower.covered.whole for n in (name, *names.newcomers.get(name, ()))]
                mask = np.asarray(mask | np.isin(new.ids, whole), np.bool_)
            weight = feathered(expanded(mask, self._noted.region.expand_ratio))
            self._count(old, new, weight)
            yield blended(old, new, weight)

    def _follower(self) -> Follower:
        if not self._noted.region.tracking:
            return Fixed(self._mask)
        shown = next(islice(iter(self._parent), self._noted.frame, None), None)
        if shown is None:
            raise InvalidMedia(f"The region was drawn on frame {self._noted.frame}, which the take does not have.")
        perspective = self.plan.projection == "perspective"
        return FollowsObjects(self._mask, self._renamed(shown), self._names.moving, perspective=perspective)

    def _renamed(self, frame: Frame) -> Frame:
        return frame if frame.ids is None else replace(frame, ids=self._names.table[frame.ids])

    def _count(self, old: Frame, new: Frame, weight: F32) -> None:
        outside = weight == 0
        self._outside += int(outside.sum())
        self._close += int((close_to(old.color, new.color) & outside).sum())


def blended(old: Frame, new: Frame, weight: F32) -> Frame:
    """`new` over `old` where `weight` (float32 [h, w]) says so; exactly `old` where it is 0."""
    height, width = weight.shape
    below = rgb_to_i420(old.color) if old.planes is None else old.planes
    planes = below.copy()
    above = rgb_to_i420(new.color) if new.planes is None else new.planes
    quarters = weight.reshape(height // 2, 2, width // 2, 2).min(
        axis=(1, 3)
    )  # chroma that an outer pixel shares is kept
    for into, over, share in zip(
        split_i420(planes, width, height), split_i420(above, width, height), (weight, quarters, quarters), strict=True
    ):
        where = share > 0
        mixed = into[where] + share[where] * (over[where].astype(np.float32) - into[where])
        into[where] = np.rint(mixed).astype(np.uint8)
    shown = weight >= 0.5
    ids = None if old.ids is None or new.ids is None else np.where(shown, new.ids, old.ids)
    depth = np.where(shown, new.depth, old.depth)
    return Frame(old.index, i420_to_rgb(planes, width, height), depth, ids, old.camera, planes, weight)


def close_to(one: U8, other: U8) -> Bits:
    """bool [h, w]: pixels of two pictures uint8 [h, w, 3] that are within `KEPT_CODES` in every channel."""
    return np.asarray((cv2.absdiff(one, other) <= KEPT_CODES).all(axis=2), np.bool_)


def kept_share(clip: Path, parent: Path, mask: Path) -> float:
    """Which share of the pixels outside the mask are within `KEPT_CODES` of the parent's, over all frames as they decode.

    `mask`: a mask.mkv. 1 where nothing lies outside. Raise InvalidMedia when a file is damaged or they do not go together.
    """
    outside = close = 0
    for new, old, drawn in zip(read_rgb(clip), read_rgb(parent), read_planes(mask), strict=True):
        if not new.shape == old.shape == (*drawn.shape, 3):
            raise InvalidMedia(f"{clip.name} and its parent are not of one size.")
        kept = drawn == 0
        outside += int(kept.sum())
        close += int((close_to(new, old) & kept).sum())
    return close / outside if outside else 1.0


def findings_of(kept: Kept) -> tuple[Finding, ...]:
    """What a director must know where the rest of the picture did not stay."""
    if kept.kept >= KEPT_SHARE:
        return ()
    reason = f"Outside the region {kept.kept:.1%} of the pixels stay as they were; {KEPT_SHARE:.0%} should."
    return (Finding(check="outside", value=round(kept.kept, 4), threshold=KEPT_SHARE, reason=reason),)
