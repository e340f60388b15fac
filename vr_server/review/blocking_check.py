"""A take's pictures against the blocking it was planned with. Pure.

Where the take brings its own ids, or somebody found its people, subjects are measured one by one. Else only what stands
out or moves in the pictures is known of them, and the plan is held against other readings of itself: mirrored, smaller,
larger. What cannot be told is said to be not measured; it is no finding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from vr_server.domain.base import Language, Model
from vr_server.domain.take import Check, Finding
from vr_server.staging.measure import size_of

from .bar import QualityBar
from .planned import Box, Floats, Plan, PlannedMoment, PlannedSubject
from .quality import Flow, Grey
from .reasons import lean_word, side_word, size_word, told, way_word
from .seen import U8, attention, fit, lean_of, lines_of, own_motion, skyline_of

_THIRDS = 3
_STILL = 0.04
"""A camera whose way is shorter, in widths, was planned to stand still."""
_ASIDE = 0.06
"""Widths from the middle at which a subject is on a side."""
_MIRROR_ALIKE = 0.55
_FIT_LEAST = 0.2
_SMALLER, _LARGER = 0.45, 2.2
_SIZE_FIT_LEAST = 0.27
_OPEN_SKY = 0.12
_MOTION_LEAST = 0.004
_LARGEST = 0.5
_TINY = 0.003
"""Of smaller boxes, shares of the picture, the overlap says little."""


@dataclass(frozen=True, eq=False)
class Glimpse:
    """One moment of a take: `color` uint8 [h, w, 3] small, `grey` and `after` as `to_grey` makes them of it and of the
    next frame (of the last: the one before). `boxes`: of the take's own object ids; `people`: of people who were found
    in the picture; None where nobody knows. `moment`: which of the plan's; `frame`: which of the take's."""

    moment: int
    frame: int
    color: U8
    grey: Grey
    after: Grey
    boxes: dict[int, Box] | None = None
    people: list[Box] | None = None


class Measure(Model):
    """One thing that was held against the plan. `value` None: it could not be told; `reason` says why, or what is wrong."""

    check: Check
    value: float | None = None
    threshold: float
    held: bool = True
    reason: str
    frame: int | None = None

    def finding(self) -> Finding | None:
        if self.held or self.value is None:
            return None
        return Finding(
            check=self.check, value=self.value, threshold=self.threshold, reason=self.reason, frame=self.frame
        )


class _Seen(NamedTuple):
    """A subject where it was planned and where it is (None: nowhere)."""

    planned: PlannedSubject
    box: Box | None
    frame: int


@dataclass(frozen=True, eq=False)
class BlockingCheck:
    """`glimpses` of a take at some of the `plan`'s moments, and the `flows` between all of its frames, `fps` a second."""

    plan: Plan
    glimpses: tuple[Glimpse, ...]
    flows: tuple[Flow | None, ...]
    fps: float
    bar: QualityBar
    language: Language = "en"

    def measures(self) -> tuple[Measure, ...]:
        """Everything that a plan says, each held, missed or not measured."""
        return (self._way(), *self._horizon(), *self._subjects(), self._own_motion())

    def _untold(self, check: Check, threshold: float, why: str) -> Measure:
        return Measure(check=check, threshold=threshold, reason=told(why, self.language))

    def _measure(
        self,
        check: Check,
        value: float,
        threshold: float,
        missed: str | None,
        frame: int | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> Measure:
        value = round(float(value), 4)
        reason = told(missed or "held", self.language, **{"value": abs(value), **(facts or {})})
        return Measure(check=check, value=value, threshold=threshold, held=missed is None, reason=reason, frame=frame)

    # -- camera

    def _way(self) -> Measure:
        """The camera's way by thirds of the take, in the same terms of flow."""
        bar = self.bar
        if not self.flows or None in self.flows or not len(self.plan.way):
            return self._untold("camera_path", bar.way, "untold_cut")
        if not self.plan.flat:
            return self._untold("camera_path", bar.way, "untold_lens")
        gone = _thirds(np.array([(f.dx, f.dy, 0.5 * f.zoom) for f in self.flows if f is not None]))
        planned = _thirds(self.plan.way)
        length, went = float(np.linalg.norm(planned)), float(np.linalg.norm(gone))
        if length < _STILL:
            total = gone.sum(axis=0)
            drift = float(np.abs(total).max())
            missed = "way_still" if drift > bar.drift else None
            return self._measure(
                "camera_path", drift, bar.drift, missed, facts={"seen": way_word(total, self.language)}
            )
        along = float((planned * gone).sum()) / length
        most = int(np.argmax(np.linalg.norm(planned, axis=1)))
        facts = {"planned": way_word(planned[most], self.language), "seen": way_word(gone[most], self.language)}
        if abs(along) / length < bar.way_amount:
            return self._measure("camera_path", max(along, 0.0) / length, bar.way_amount, "way_less", facts=facts)
        agrees = along / max(went, 1e-9)
        missed = "way_other" if agrees < bar.way else None
        if missed and facts["planned"] == facts["seen"]:
            missed = "way_besides"
        return self._measure("camera_path", agrees, bar.way, missed, facts=facts)

    def _horizon(self) -> Iterator[Measure]:
        bar, language = self.bar, self.language
        if not self.plan.flat:
            yield self._untold("horizon", bar.lean_rad, "untold_lens")
            return
        lean = lean_of([lines_of(g.grey, self._at(g)) for g in self.glimpses])
        if lean is None:
            yield self._untold("horizon", bar.lean_rad, "untold_lines")
        else:
            seen = lean_word("right" if lean > 0 else "left", language)
            facts = {"value": math.degrees(abs(lean)), "seen": seen}
            missed = "lean" if abs(lean) > bar.lean_rad else None
            yield self._measure("horizon", abs(lean), bar.lean_rad, missed, facts=facts)
        yield self._skyline()

    def _skyline(self) -> Measure:
        """Only under an open sky: elsewhere the line that parts a picture is a wall's."""
        bar, off = self.bar, []
        for glimpse in self.glimpses:
            moment = self._at(glimpse)
            if moment.sky < _OPEN_SKY or not 0.05 < moment.horizon < 0.95:
                continue
            found = skyline_of(glimpse.color, moment.roll_rad)
            if found is not None:
                off.append(found - moment.horizon)
        if 2 * len(off) <= len(self.glimpses):
            return self._untold("horizon", bar.horizon, "untold_sky")
        value = float(np.median(off))
        missed = "height" if abs(value) > bar.horizon else None
        seen = lean_word("below" if value > 0 else "above", self.language)
        return self._measure("horizon", value, bar.horizon, missed, facts={"seen": seen})

    # -- subjects

    def _subjects(self) -> Iterator[Measure]:
        clear = [[s for s in self._at(g).subjects if s.clear] for g in self.glimpses]
        if not any(clear):
            for check, threshold in self._asked():
                yield self._untold(check, threshold, "untold_nobody")
            return
        seen = [pair for g, subjects in zip(self.glimpses, clear, strict=True) for pair in _found(g, subjects)]
        if seen:
            yield from self._one_by_one(seen)
        else:
            yield from self._by_what_stands_out(clear)

    def _asked(self) -> tuple[tuple[Check, float], ...]:
        return (("framing", self.bar.overlap), ("screen_side", self.bar.side), ("shot_size", self.bar.size))

    def _one_by_one(self, seen: list[_Seen]) -> Iterator[Measure]:
        by_key: dict[str, list[_Seen]] = {}
        for pair in seen:
            by_key.setdefault(pair.planned.key, []).append(pair)
        tracks = [t for t in by_key.values() if t[0].planned.box.clipped().area >= _TINY] or list(by_key.values())
        yield self._framing(tracks)
        yield self._side(tracks)
        ratios = [
            math.sqrt(p.box.area / area)
            for p in seen if p.box is not None and (area := p.planned.box.clipped().area) > 0
        ]  # fmt: skip
        yield (
            self._size(float(np.median(ratios)), seen)
            if ratios
            else self._untold("shot_size", self.bar.size, "untold_boxes")
        )

    def _framing(self, tracks: list[list[_Seen]]) -> Measure:
        shared = [
            float(np.median([0.0 if p.box is None else p.box.iou(p.planned.box.clipped()) for p in track]))
            for track in tracks
        ]  # fmt: skip
        value = float(np.median(shared))  # one may be hidden by what no plan knows: an open door, a cloud of dust
        track = tracks[int(np.argmin(shared))]
        missed = None if value >= self.bar.overlap else "framing"
        if missed and sum(p.box is None for p in track) * 2 > len(track):
            missed = "framing_gone"
        return self._measure(
            "framing", value, self.bar.overlap, missed, track[0].frame, {"who": track[0].planned.label}
        )

    def _side(self, tracks: list[list[_Seen]]) -> Measure:
        over = []
        for track in tracks:
            x = float(np.median([p.planned.box.clipped().middle[0] for p in track]))
            at = [p.box.middle[0] for p in track if p.box is not None]
            if abs(x - 0.5) > _ASIDE and at:
                is_at = float(np.median(at))
                over.append(((is_at - 0.5) * (-1 if x > 0.5 else 1), x, is_at, track[0]))
        if not over:
            return self._untold("screen_side", self.bar.side, "untold_middle")
        over.sort(key=lambda entry: entry[0])
        value, x, is_at, pair = over[len(over) // 2]
        missed = "side" if value > self.bar.side else None
        words = {
            "who": pair.planned.label, "planned": side_word(x, self.language), "seen": side_word(is_at, self.language)
        }  # fmt: skip
        return self._measure("screen_side", value, self.bar.side, missed, pair.frame if missed else None, words)

    def _size(self, ratio: float, seen: list[_Seen]) -> Measure:
        shows = float(np.median([p.planned.shows for p in seen]))
        factor = max(ratio, 1 / max(ratio, 1e-3))
        missed = "size" if factor > self.bar.size else None
        words = {
            "factor": ratio,
            "planned": size_word(size_of(shows), self.language),
            "seen": size_word(size_of(shows / max(ratio, 1e-3)), self.language),
        }
        return self._measure("shot_size", factor, self.bar.size, missed, facts=words)

    def _by_what_stands_out(self, clear: list[list[PlannedSubject]]) -> Iterator[Measure]:
        bar = self.bar
        fits: list[tuple[float, float, float, float]] = []
        for glimpse, subjects in zip(self.glimpses, clear, strict=True):
            if subjects:
                attended, boxes = attention(glimpse.color, glimpse.grey, glimpse.after), [s.box for s in subjects]
                told_by = [
                    fit(attended, [change(b) for b in boxes])
                    for change in (_same, Box.mirrored, lambda b: b.scaled(_SMALLER), lambda b: b.scaled(_LARGER))
                ]
                fits.append(tuple(-1.0 if f is None else f for f in told_by))  # type: ignore[arg-type]
        same, mirrored, smaller, larger = (float(v) for v in np.mean(fits, axis=0))
        yield self._untold("framing", bar.overlap, "untold_boxes")
        yield self._mirrored(clear, same, mirrored)
        shows = float(np.median([s.shows for subjects in clear for s in subjects]))
        planned = size_word(size_of(shows), self.language)
        # the box of a thing that is no body is mostly empty: that its middle fits better says nothing
        bodies = 2 * sum(s.person for m in clear for s in m) > sum(len(m) for m in clear)
        best, word = max((smaller if bodies else -1.0, "size_small"), (larger, "size_large"))
        if best >= _SIZE_FIT_LEAST and best - same > bar.stands_out:
            yield self._measure("shot_size", best - same, bar.stands_out, word, facts={"planned": planned})
        elif same >= _SIZE_FIT_LEAST:
            yield self._measure("shot_size", best - same, bar.stands_out, None)
        else:
            yield self._untold("shot_size", bar.size, "untold_fit")

    def _mirrored(self, clear: list[list[PlannedSubject]], same: float, mirrored: float) -> Measure:
        subjects = [s for moment in clear for s in moment]
        alike = float(np.mean([s.box.clipped().iou(s.box.clipped().mirrored()) for s in subjects]))
        if alike > _MIRROR_ALIKE:
            return self._untold("screen_side", self.bar.side, "untold_middle")
        if max(same, mirrored) < _FIT_LEAST:
            return self._untold("screen_side", self.bar.side, "untold_fit")
        aside = max(subjects, key=lambda s: abs(s.box.clipped().middle[0] - 0.5))
        words = {"who": aside.label, "planned": side_word(aside.box.clipped().middle[0], self.language)}
        missed = "side_mirrored" if mirrored - same > self.bar.stands_out else None
        return self._measure("screen_side", mirrored - same, self.bar.stands_out, missed, facts=words)

    def _own_motion(self) -> Measure:
        """Motion of subjects as planned over motion that is not the camera's: only that there is too little is told,
        since leaves, rain and water move too."""
        bar = self.bar
        planned, seen, mover = [], [], None
        for glimpse in self.glimpses:
            clear = [s for s in self._at(glimpse).subjects if s.clear]
            amounts = [s.speed * s.box.clipped().area for s in clear]
            if sum(s.box.clipped().area for s in clear) <= _LARGEST:
                planned.append(sum(amounts))
                seen.append(float(own_motion(glimpse.grey, glimpse.after).mean()) * self.fps)
                if clear:
                    mover = mover or clear[int(np.argmax(amounts))]
        amount = float(np.mean(planned)) if planned else 0.0
        if mover is None or amount < _MOTION_LEAST:
            return self._untold("own_motion", bar.own_motion, "untold_motion")
        share = float(np.mean(seen)) / amount
        return self._measure(
            "own_motion",
            share,
            bar.own_motion,
            "own_motion" if share < bar.own_motion else None,
            facts={"who": mover.label},
        )

    def _at(self, glimpse: Glimpse) -> PlannedMoment:
        return self.plan.moments[glimpse.moment]


def _same(box: Box) -> Box:
    return box


def _thirds(way: Floats) -> Floats:
    """Sums over thirds of the steps, [3, 3]."""
    return np.array([part.sum(axis=0) for part in np.array_split(way, _THIRDS)])


def _found(glimpse: Glimpse, clear: list[PlannedSubject]) -> Iterator[_Seen]:
    """Planned subjects with where they are, by the take's own ids or by people who were found."""
    if glimpse.boxes is not None:
        for subject in clear:
            yield _Seen(subject, glimpse.boxes.get(subject.object_id), glimpse.frame)
        return
    people = [s for s in clear if s.person]
    if not glimpse.people or not people:
        return
    cost = np.array([[_apart(s.box.clipped(), box) for box in glimpse.people] for s in people])
    for row, column in zip(*linear_sum_assignment(cost), strict=True):
        yield _Seen(people[row], glimpse.people[column], glimpse.frame)


def _apart(a: Box, b: Box) -> float:
    return math.dist(a.middle, b.middle) + 1 - a.iou(b)
