"""The people of a flat clip: masks held steady over a shot, ids along the flow, and depth that keeps to them.

A mask that comes or goes for a frame while its pixels stay what they were is flicker; along the flow it is averaged out. Where
the pixels changed the new mask stands at once, so that nothing lags behind what moves.
"""

import zlib
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from .edges import REACH_PX, sharpen_people
from .flow import DenseFlow, grey
from .ground import stood_up
from .person_ids import PersonIds
from .port import F16, F32, U8, U16, Bool, DepthTrack, PersonMasks, Pictures, Report

_WIDTH_PX = 640
_LEARNS = 0.25
"""How much of a changed mind goes into a mask where the pixel is the same: three frames turn it, two do not."""
_COLOUR = 12
_HOLE = 0.25
"""So much farther (in the logarithm) than the person around it is a hole in their depth."""
_SURE = 0.9
_STEP, _CONFLICT = 0.12, 0.5
"""Share of the nearer inverse depth that makes an edge of an outline; what is nearer to the other side than this (of the step) is left."""
_WIDE = 0.08
"""Share of a step that is missing `REACH_PX` from an outline where edges are blurred too widely for `sharpen` alone. Where they
are not, it does better: around a woman before a fence, taking the blur out first cost 0.5 dB at 25 cm; blurred twice as widely
it won 0.8."""
_SLANTED = 0.04
"""A blurred edge changes by more of its step over three pixels, at any width."""
_OFF_PX = 3.0
"""How far outlines of masks are off (deviation at 1280 px of width): so near to them the colours decide."""
_MOST_HOLES = 0.3
"""Of a person; where more is far the mask may be the one that is wrong, and the depth is left as it is."""


@dataclass(frozen=True, slots=True)
class PeopleTrack:
    """Who is where in a shot, packed, at `size` (width, height) of working. `found`: how many people."""

    size: tuple[int, int]
    found: int
    _ids: tuple[bytes, ...]
    _sure: tuple[bytes, ...]

    def ids(self, n: int) -> U16:
        """uint16 [h, w] of frame `n`, 0 nobody."""
        return np.frombuffer(zlib.decompress(self._ids[n]), np.uint16).reshape(self.size[::-1])

    def sure(self, n: int) -> U8:
        """uint8 [h, w] of frame `n`: how surely each pixel shows a person, of 255."""
        return np.frombuffer(zlib.decompress(self._sure[n]), np.uint8).reshape(self.size[::-1])


def follow_people(
    clip: Pictures, inverse: F16 | None, masks: PersonMasks, report: Report, first_id: int = 1
) -> PeopleTrack:
    """The people in `clip`, one shot, of which `inverse` float16 [n, h, w] is the depth; None where that tells nobody apart.

    Raise what `masks` raises.
    """
    width = min(_WIDTH_PX, clip.width_px)
    size = width, max(2, round(width * clip.height_px / clip.width_px))
    flow_of, people = DenseFlow(fine=False), PersonIds(first_id)
    before: U16 = np.zeros(size[::-1], np.uint16)
    sure: F32 = np.zeros(size[::-1], np.float32)
    depth: F32 = np.ones(size[::-1], np.float32)
    last: U8 | None = None
    all_ids, all_sure = [], []
    for n, picture in enumerate(clip):
        report("finding people", n / max(clip.frame_count, 1))
        now = np.asarray(cv2.resize(masks.people(picture), size, interpolation=cv2.INTER_AREA), np.float32)
        seen = grey(picture, size)
        if last is not None:
            at_x, at_y = _places(flow_of(seen, last))
            was = np.asarray(cv2.remap(sure, at_x, at_y, cv2.INTER_LINEAR), np.float32)
            now = _steadied(now, seen, was, last, at_x, at_y)
            before = np.asarray(cv2.remap(before, at_x, at_y, cv2.INTER_NEAREST), np.uint16)
        if inverse is not None:
            depth = np.asarray(cv2.resize(inverse[n].astype(np.float32), size), np.float32)
        ids = people.step(now > 0.5, depth, before)
        all_ids.append(_packed(ids))
        all_sure.append(_packed(np.rint(now * 255).astype(np.uint8)))
        before, sure, last = ids, now, seen
    return PeopleTrack(size, people.found, tuple(all_ids), tuple(all_sure))


def _places(flow: F32) -> tuple[F32, F32]:
    height, width = flow.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x + flow[..., 0], y + flow[..., 1]


def _steadied(now: F32, seen: U8, before: F32, last: U8, at_x: F32, at_y: F32) -> F32:
    came = np.asarray(cv2.remap(last, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(0.0,)))
    same = np.abs(came.astype(np.int16) - seen) < _COLOUR
    return np.where(same, before + _LEARNS * (now - before), now).astype(np.float32)


def _packed(array: npt.NDArray[Any]) -> bytes:
    return zlib.compress(np.ascontiguousarray(array).tobytes(), 1)


def upright(depth: DepthTrack, people: PeopleTrack) -> DepthTrack:
    """A depth that was only laid out, with the people standing in it where their feet are; any other as it is."""
    if not depth.approximate:
        return depth
    height, width = depth.inverse.shape[1:]
    inverse = depth.inverse.copy()
    for n in range(len(inverse)):
        ids = np.asarray(cv2.resize(people.ids(n), (width, height), interpolation=cv2.INTER_NEAREST), np.uint16)
        out = inverse[n].astype(np.float32)
        for who in np.unique(ids[ids > 0]):
            out = stood_up(out, (ids == who).astype(np.uint8))
        inverse[n] = out
    return replace(depth, inverse=inverse)


def cut_out(inverse: F32, color: U8, ids: U16, sure: U8) -> tuple[F32, U16]:
    """Depth and ids of one frame at the size of `color` uint8 [h, w, 3]: edges at people's outlines, no holes in them.

    `inverse` float32 [h, w]; `ids` uint16 and `sure` uint8 at working size, see `PeopleTrack`.
    """
    height, width = inverse.shape
    sure_there = np.asarray(cv2.resize(sure, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    sure_there /= 255
    ids_there = np.asarray(cv2.resize(_spread(ids), (width, height), interpolation=cv2.INTER_NEAREST), np.uint16)
    ids_there = np.where(sure_there > 0.5, ids_there, np.uint16(0))
    filled = without_holes(inverse, ids_there, sure_there)
    soft = np.asarray(cv2.GaussianBlur(sure_there, (0, 0), _OFF_PX * width / 1280), np.float32)
    return sharpen_people(without_ramps(filled, ids_there > 0), color, ids_there, soft)


def without_ramps(inverse: F32, body: Bool) -> F32:
    """`inverse` float32 [h, w] with the blur of its edges taken out around the outline of `body` bool [h, w].

    Only where they are blurred too widely to be sharpened as they are. Beyond what an outline may be off, what lies between the depths of both sides is its own side's. What clearly is as deep as
    the other side stays: there depth and mask tell different things, and the mask may be the one that is wrong.
    """
    reach = max(2, round(REACH_PX * inverse.shape[1] / 1280))
    if not body.any() or body.all():
        return inverse
    inside = np.asarray(cv2.distanceTransform(body.astype(np.uint8), cv2.DIST_L2, 3), np.float32)
    outside = np.asarray(cv2.distanceTransform((~body).astype(np.uint8), cv2.DIST_L2, 3), np.float32)
    apart = np.maximum(inside, outside)
    sides = [_from_core(inverse, side > 1.5 * reach, 3 * reach) for side in (inside, outside)]
    own, other = np.where(body, sides[0], sides[1]), np.where(body, sides[1], sides[0])
    step = own - other
    share = (inverse - other) / np.where(step == 0, np.float32(1), step)
    clear = (np.abs(step) > _STEP * np.maximum(own, other)) & (own > 0) & (other > 0)
    ring = (1 - share)[clear & (np.abs(apart - reach) <= 1)]
    if not ring.size or float(np.median(ring)) < _WIDE:
        return inverse
    # what stands between both depths on its own is level: a rail behind a person is no blur
    kernel = np.ones((3, 3), np.uint8)
    slanted = cv2.dilate(inverse, kernel) - cv2.erode(inverse, kernel) > _SLANTED * np.abs(step)
    ramp = clear & slanted & (apart > reach / 2) & (apart <= 1.5 * reach) & (share > _CONFLICT) & (share < 1)
    return np.where(ramp, own, inverse).astype(np.float32)


def _from_core(inverse: F32, core: Bool, most: float) -> F32:
    """At every pixel the value of the nearest one of `core`; 0 where none is nearer than `most` px."""
    if not core.any():
        return np.zeros_like(inverse)
    far, nearest = cv2.distanceTransformWithLabels(
        (~core).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    by_label = np.zeros(int(nearest.max()) + 1, np.float32)
    by_label[nearest[core]] = inverse[core]
    return np.where(far < most, by_label[nearest], np.float32(0)).astype(np.float32)


def _spread(ids: U16) -> U16:
    """The ids a little beyond their outlines, each to the nearest, so that a finer outline finds whose it is."""
    out = ids.copy()
    for _ in range(2):
        out = np.where(out > 0, out, np.asarray(cv2.dilate(out, np.ones((3, 3), np.uint8)), np.uint16))
    return out


def without_holes(inverse: F32, ids: U16, sure: F32) -> F32:
    """`inverse` float32 [h, w] with what is far within a person, and enclosed by them, as near as the person around it.

    Only where the mask is sure: what shows between an arm and a body is far, and masks are unsure of it.
    """
    out = inverse.copy()
    rim = max(1, round(REACH_PX * inverse.shape[1] / 1280))
    for who in np.unique(ids[ids > 0]):
        rows, columns = np.flatnonzero((ids == who).any(axis=1)), np.flatnonzero((ids == who).any(axis=0))
        window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        body = ids[window] == who
        _fill(out[window], body, sure[window], rim)
    return out


def _fill(inverse: F32, body: Bool, sure: F32, rim: int) -> None:
    """Fill the holes of one `body` in place, with the `rim` px around them that are blurred."""
    level = float(np.median(inverse[body])) * float(np.exp(-_HOLE))
    far = body & (inverse < level)
    if not far.any() or np.count_nonzero(far) > _MOST_HOLES * np.count_nonzero(body):
        return
    within = cv2.erode(body.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    holes = np.zeros_like(body)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(far.astype(np.uint8), connectivity=8)
    for n in range(1, count):
        x, y, w, h, _area = stats[n]
        part = labels[y : y + h, x : x + w] == n
        if within[y : y + h, x : x + w][part].all() and sure[y : y + h, x : x + w][part].mean() > _SURE:
            holes[y : y + h, x : x + w] |= part
    if not holes.any():
        return
    holes = body & (cv2.dilate(holes.astype(np.uint8), np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)) > 0)
    sound = body & ~holes
    if not sound.any():
        return
    inverse[holes] = np.maximum(_from_core(inverse, sound, np.inf), inverse)[holes]
