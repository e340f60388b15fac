"""Who is who in a shot's person masks: people told apart within a frame, and each one followed over the frames.

Within a frame people are the mask's connected parts; one part of two clearly different depths is two people. Over the frames
whoever is where somebody was, along the optical flow, is that somebody, so that two who meet at one depth stay two.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from .port import F32, U16, Bool

_LEAST_SHARE = 0.0008
"""Of the picture; smaller parts are nobody. Who is known already may be half as small."""
_HOLDS, _FILLS = 0.25, 0.5
"""A part is somebody's when it holds so much of where they were, or so much of it is where they were."""
_YOUNG = 12
"""Frames within which somebody new is taken back for the one whose depth they share."""
_FADED = 0.3
"""Who has so little left of their usual size, at the depth of somebody in the same part, has gone behind them."""
_KEPT, _REACHES, _WHOLE = 24, 1.5, 1.25
"""Frames after which who is lost is somebody new; how far off, in widths, they may come back; how much larger than usual."""
_FORGETS = 0.98
"""How much of somebody's usual size is left a frame after."""
_ONE_DEPTH = 0.08
"""Difference in log depth up to which two parts may be one body."""
_APART = 0.22
"""Difference in log depth from which one part may be two people: half a metre and more at two metres."""
_VALLEY = 0.18
"""At most so much of a part lies between the depths of the two."""
_STOUT = 0.15
"""Each of two people in one part has at least so much of it in one piece."""
_MOST_IDS = 999
"""Ids of subjects end here (`layering.memory.FIRST_STILL_ID`)."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Some connected pixels: `window` of the picture and `pixels` bool of its shape."""

    window: tuple[slice, slice]
    pixels: Bool

    @property
    def area(self) -> int:
        return int(np.count_nonzero(self.pixels))


@dataclass(slots=True)
class _Person:
    """What is known of somebody. `usual`: area and width in px that they mostly have; `window`, `depth` (log of the inverse) and
    `seen`: where, how far and when they were last."""

    born: int
    seen: int
    usual: tuple[float, float]
    window: tuple[slice, slice]
    depth: float


class PersonIds:
    """Follows the people of one shot. `first_id`: the number of whoever comes first."""

    def __init__(self, first_id: int = 1) -> None:
        self.found = 0
        self._first = first_id
        self._frame = -1
        self._people: dict[int, _Person] = {}

    def step(self, mask: Bool, inverse: F32, before: U16) -> U16:
        """uint16 [h, w]: who is where in `mask` bool [h, w], 0 nobody. `inverse` float32 [h, w]: its depth; `before` uint16
        [h, w]: what this said of the last frame, brought along the flow to this one (zeros in the first)."""
        self._frame += 1
        known = _areas(before)
        least = _LEAST_SHARE * mask.size
        pieces: list[tuple[_Part, int]] = []
        for part in _parts(mask, least / 2):
            for piece in by_depth(part, inverse):
                pieces += self._named(piece, inverse, before, known, least)
        ids: U16 = np.zeros(mask.shape, np.uint16)
        for who, parts in self._settled(pieces, inverse, before).items():
            for part in parts:
                ids[part.window][part.pixels] = who
            self._note(who, parts, inverse)
        return ids

    def _named(
        self, piece: _Part, inverse: F32, before: U16, known: dict[int, int], least: float
    ) -> list[tuple[_Part, int]]:
        """The piece with whose it is (0: nobody's yet), in several where it is several people's."""
        was = before[piece.window]
        here = _areas(was[piece.pixels])
        whose = [who for who, n in here.items() if n > _HOLDS * known[who] or n > _FILLS * piece.area]
        if len(whose) > 1:
            whose = self._bodies(whose, here, inverse[piece.window], was * piece.pixels)
        if len(whose) <= 1:
            return [(piece, whose[0])] if whose else ([(piece, 0)] if piece.area >= least else [])
        # each pixel goes to the nearest that was somebody's
        apart = np.stack([
            cv2.distanceTransform((~((was == who) & piece.pixels)).astype(np.uint8), cv2.DIST_L2, 3) for who in whose
        ])  # fmt: skip
        nearest = np.argmin(apart, axis=0)
        shared = [(_Part(piece.window, piece.pixels & (nearest == n)), who) for n, who in enumerate(whose)]
        return [(part, who) for part, who in shared if part.area]

    def _bodies(self, whose: list[int], here: dict[int, int], inverse: F32, was: U16) -> list[int]:
        """Those of `whose` who are bodies of their own in a part: who came a moment ago, or has all but gone, and is as deep as
        somebody there is only a piece of them. `here`: how many pixels of the part were whose."""
        depth = {who: _log_inverse(inverse[was == who]) for who in whose}
        born = {who: self._people[who].born for who in whose}
        faded = {who: here[who] < _FADED * self._people[who].usual[0] for who in whose}
        kept: list[int] = []
        for who in sorted(whose, key=lambda who: (faded[who], born[who])):
            young = kept and self._frame - born[who] < _YOUNG and born[who] > born[kept[0]]
            alike = any(abs(depth[who] - depth[other]) < _ONE_DEPTH for other in kept)
            if not (alike and (faded[who] or young)):
                kept.append(who)
        return kept

    def _settled(self, pieces: list[tuple[_Part, int]], inverse: F32, before: U16) -> dict[int, list[_Part]]:
        """The parts of everybody. The largest of those that claim one name has it, another only where it was that body's before
        and can be a part of it; what is left over is somebody who was lost, or new."""
        settled: dict[int, list[_Part]] = {}
        left: list[_Part] = []
        for piece, who in sorted(pieces, key=lambda named: -named[0].area):
            if who == 0:
                left.append(piece)
            elif who not in settled:
                settled[who] = [piece]
            elif _fills(piece, before, who) and _belong(piece, settled[who][0], inverse):
                settled[who].append(piece)
            else:
                left.append(piece)
        for piece in left:
            who = self._recalled(piece, settled, inverse) or self._new()
            settled.setdefault(who, []).append(piece)
        return settled

    def _recalled(self, piece: _Part, settled: dict[int, list[_Part]], inverse: F32) -> int:
        """Who was there a moment ago, as deep and as large as this with what is seen of them; 0 where nobody was."""
        depth = _log_inverse(inverse[piece.window][piece.pixels])
        best, who = _REACHES, 0
        for name, person in self._people.items():
            held = settled.get(name, [])
            if self._frame - person.seen > _KEPT or abs(depth - person.depth) > _ONE_DEPTH:
                continue
            if sum(part.area for part in held) + piece.area > _WHOLE * person.usual[0]:
                continue
            gap = _gap(piece.window, held[0].window if held else person.window) / person.usual[1]
            if gap < best:
                best, who = gap, name
        return who

    def _note(self, who: int, parts: list[_Part], inverse: F32) -> None:
        area = float(sum(part.area for part in parts))
        window = parts[0].window
        width = float(window[1].stop - window[1].start)
        depth = _log_inverse(inverse[window][parts[0].pixels])
        if (person := self._people.get(who)) is None:
            self._people[who] = _Person(self._frame, self._frame, (area, width), window, depth)
            return
        was = person.usual
        person.usual = max(area, _FORGETS * was[0]), max(width, _FORGETS * was[1])
        person.seen, person.window, person.depth = self._frame, window, depth

    def _new(self) -> int:
        who = (self._first - 1 + self.found) % _MOST_IDS + 1
        self.found += 1
        self._people.pop(who, None)
        return who


def by_depth(part: _Part, inverse: F32) -> list[_Part]:
    """The part as one, or as its near and its far people where their depths part clearly: two heaps with little between."""
    logs = np.log(np.maximum(inverse[part.window], 1e-6))
    core = cv2.erode(part.pixels.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    values = logs[core]
    if values.size < 64:
        return [part]
    low, high = np.quantile(values, (0.02, 0.98))
    if high - low < _APART:
        return [part]
    counts, edges = np.histogram(values, bins=64, range=(float(low), float(high)))
    at = _otsu(counts)
    level = float(edges[at + 1])
    far_mean, near_mean = float(values[values <= level].mean()), float(values[values > level].mean())
    third = (near_mean - far_mean) / 3
    between = np.mean((values > far_mean + third) & (values < near_mean - third))
    if near_mean - far_mean < _APART or between > _VALLEY:
        return [part]
    near = part.pixels & (cv2.medianBlur((logs > level).astype(np.uint8), 5) > 0)
    sides = [_Part(part.window, near), _Part(part.window, part.pixels & ~near)]
    if min(_stout(side) for side in sides) < _STOUT * part.area:
        return [part]
    return sides


def _stout(part: _Part) -> int:
    """The area of what is no rim of a mask that is too wide, and no arm that is held out."""
    wide = max(3, round(min(part.pixels.shape) / 8)) | 1
    kernel = np.ones((wide, wide), np.uint8)
    return int(np.count_nonzero(cv2.morphologyEx(part.pixels.astype(np.uint8), cv2.MORPH_OPEN, kernel)))


def _otsu(counts: np.ndarray) -> int:
    """The bin after which a histogram parts best in two (Otsu, 1979)."""
    weight = np.cumsum(counts).astype(np.float64)
    moment = np.cumsum(counts * np.arange(len(counts))).astype(np.float64)
    first, second = weight[:-1], weight[-1] - weight[:-1]
    apart = moment[-1] * first / weight[-1] - moment[:-1]
    return int(np.argmax(apart**2 / np.maximum(first * second, 1)))


def _parts(mask: Bool, least: float) -> Iterator[_Part]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    for n in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[n])
        if area >= least:
            window = (slice(y, y + h), slice(x, x + w))
            yield _Part(window, labels[window] == n)


def _areas(ids: U16) -> dict[int, int]:
    """How many pixels of `ids` are whose; nobody's are left out."""
    counts = np.bincount(ids.ravel(), minlength=1)
    return {int(who): int(counts[who]) for who in np.flatnonzero(counts) if who}


def _log_inverse(inverse: F32) -> float:
    return float(np.log(max(float(np.median(inverse)), 1e-6))) if inverse.size else 0.0


def _fills(piece: _Part, before: U16, who: int) -> bool:
    return bool(np.count_nonzero(before[piece.window][piece.pixels] == who) > _FILLS * piece.area)


def _belong(piece: _Part, body: _Part, inverse: F32) -> bool:
    """Whether a piece can be another part of a body: a post stands before them."""
    apart = _log_inverse(inverse[piece.window][piece.pixels]) - _log_inverse(inverse[body.window][body.pixels])
    width = body.window[1].stop - body.window[1].start
    return abs(apart) < _APART and _gap(piece.window, body.window) <= _FILLS * width


def _gap(a: tuple[slice, slice], b: tuple[slice, slice]) -> int:
    """Pixels between two windows, sideways."""
    return int(max(a[1].start - b[1].stop, b[1].start - a[1].stop, 0))
