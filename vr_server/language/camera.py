"""What the camera does, in the order told: sizes, angles, moves and what they are of."""

from dataclasses import dataclass

from vr_server.domain.shot import CameraBeat, CameraIntent

from .actor import Actor
from .cast import Cast
from .lexicon import Entry
from .quantity import quantities
from .remarks import Remarks
from .scan import Clause, Match
from .text import is_han

_SPEAKS = ("camera", "shot_size", "angle", "move", "focus", "viewpoint")
_MOST_BEATS = 6
_DUTCH_RAD = 0.26
_STILL_WEIGHT = 0.5  # of a beat that only shows, before the camera moves
_SENTENCE_ENDS = ".。!?!?\n"
_TO = ("to", "into", "到", "至", "成", "为", "on", "onto")
_LENS_MM = (8.0, 400.0)


@dataclass
class _Beat:
    move: str | None = None
    size: str | None = None
    angle: str | None = None
    focus: Actor | str | None = None
    speed: float | None = None


def read_camera(text: str, clauses: list[Clause], cast: Cast, keys: dict[int, str], remarks: Remarks) -> CameraIntent:
    """The camera's intent. `text` is what the clauses are of; `keys` are the subjects' keys by actor."""
    reader = _CameraReader(text, cast, remarks)
    for clause in clauses:
        reader.take(clause)
    return reader.intent(keys, _lens_mm(text, clauses, cast))


class _CameraReader:
    def __init__(self, text: str, cast: Cast, remarks: Remarks) -> None:
        self.text, self.cast, self.remarks = text, cast, remarks
        self.beats: list[_Beat] = [_Beat()]
        self.told = False  # the text has spoken of the camera
        self.fresh = False  # a new sentence, or "then": what is told now follows what was told before
        self.sequenced = False  # "then" or "cut to" was said in this clause
        self.last_end = 0
        self.move_end: int | None = None
        self.size_end: int | None = None
        self.roll = 0.0
        self.handheld = False
        self.still_told = False
        self.viewpoint = "free"
        self.viewer: Actor | None = None
        self.projection = "perspective"
        self.yaw: float = 0.0
        self.lexicon = cast.lexicon

    @property
    def now(self) -> _Beat:
        return self.beats[-1]

    def take(self, clause: Clause) -> None:
        between = self.text[self.last_end : clause.start]
        self.fresh = self.fresh or any(c in _SENTENCE_ENDS for c in between)
        self.last_end = clause.end
        self.sequenced = any((e := m.get("sequence")) and e.id == "then" for m in clause.matches)
        speaks = clause.has(*_SPEAKS) or self.told
        active, pace = False, None
        first = len(self.beats) - 1
        moved = False
        asks = False  # a size, a move or a focus was named: the noun behind is what it is of
        for index, match in enumerate(clause.matches):
            if match.negated:
                continue
            if any(match.get(c) for c in _SPEAKS):
                active = True
            elif match.start in self.cast.seen or match.get("pronoun"):
                if asks and match.start in self.cast.seen and self.now.focus is None:
                    self.now.focus = self.cast.seen[match.start]
                active = asks = False
            if (sequence := match.get("sequence")) and sequence.id == "then":
                self.fresh = True
            before = len(self.beats)
            if self._take(clause, match, active=active and speaks):
                asks = True
                if match.get("move", camera=active):
                    moved = True
            if len(self.beats) > before:
                self.fresh = False
            if entry := match.get("pace"):
                after = clause.matches[index + 1] if index + 1 < len(clause.matches) else None
                if active or clause.has("camera") or (after and after.get("move")):
                    pace = entry.value
        for beat in self.beats[first:] if moved else []:
            beat.speed = beat.speed or (pace if beat.move else None)
        self.fresh = self.fresh and not clause.has(*_SPEAKS)

    def _take(self, clause: Clause, match: Match, *, active: bool) -> bool:
        """Note what the word says of the camera; whether a noun behind is what it is of."""
        self.told |= active
        if size := match.get("shot_size", camera=active):
            self._size(clause, match, size)
            return True
        if angle := match.get("angle", camera=active):
            self._angle(angle)
        if move := match.get("move", camera=active):
            self._move(match, move)
            return True
        if match.get("projection"):
            self.projection = "fisheye"
        if viewpoint := match.get("viewpoint"):
            self._viewpoint(clause, match, viewpoint)
        if (view := match.get("view")) and view.value is not None:
            self.yaw = view.value
        return match.get("focus") is not None

    def _after_to(self, match: Match, end: int | None) -> bool:
        """Whether only a "to" (到, into a, ...) stands between the last move or size and this size."""
        if end is None or end > match.start:
            return False
        between = self.text[end : match.start].lower().strip()
        words = between.split() if not any(map(is_han, between)) else [between]
        return (bool(words) and words[0] in _TO and len(words) <= 3) or (bool(words) and between[-1:] in _TO)

    def _size(self, clause: Clause, match: Match, entry: Entry) -> None:
        now, ending = self.now, self._after_to(match, self.move_end) or self._after_to(match, self.size_end)
        if self.fresh and not (ending or self.sequenced or self.beats[0].size) and not clause.has("subject"):
            self.beats[0].size = entry.meant  # told after the moves and of nothing: the whole shot's
        elif now.size in {None, entry.meant} and not (self.fresh and now.move and not ending):
            now.size = entry.meant
        elif ending and now.move:  # the move ends on this size
            self.beats[-1] = _Beat(None, now.size, now.angle, now.focus)
            self.beats.append(_Beat(now.move, entry.meant, now.angle, now.focus, now.speed))
        elif ending and now.size:
            closer = _RANK[entry.meant] < _RANK[now.size]
            self.beats.append(_Beat("dolly_in" if closer else "dolly_out", entry.meant))
        elif self.fresh:
            self.beats.append(_Beat(None, entry.meant))
        else:
            self._remark("sizes", "shot_size", entry, now.size or "")
        self.size_end = match.end

    def _angle(self, entry: Entry) -> None:
        now = self.now
        if entry.meant == "dutch" or now.angle == "dutch":
            if now.angle not in {None, entry.meant}:
                self.roll = _DUTCH_RAD
            now.angle = now.angle if entry.meant == "dutch" and now.angle else entry.meant
        elif now.angle in {None, entry.meant}:
            now.angle = entry.meant
        elif self.fresh:
            self.beats.append(_Beat(None, None, entry.meant))
        else:
            self._remark("angles", "angle", entry, now.angle or "")

    def _move(self, match: Match, entry: Entry) -> None:
        self.move_end = match.end
        meant = entry.meant
        if meant == "handheld":
            self.handheld = True
            return
        if meant == "static":
            self.still_told = True
            return
        now = self.now
        if now.move == meant:
            return
        if now.move is None and not (self.fresh and now.size and self._elsewhere()):
            now.move = meant
        else:
            self.beats.append(_Beat(meant))
        self.now.speed = entry.value

    def _elsewhere(self) -> bool:
        """Whether the beat at hand has been told in another sentence, as a picture of its own."""
        return len(self.beats) > 1

    def _remark(self, line: str, category: str, left: Entry, kept: str) -> None:
        language = self.remarks.language
        name = self.lexicon.refer(f"{category}:{kept}").name(language)
        self.remarks.say(line, left=left.name(language), kept=name)

    def _viewpoint(self, clause: Clause, match: Match, entry: Entry) -> None:
        near = [m for m in clause.matches if m.start in self.cast.seen]
        before = [m for m in near if m.end <= match.start]
        after = [m for m in near if m.start >= match.end]
        if entry.group == "shoulder":
            over = any(m.text.lower() in {"over", "past", "越过", "从", "behind"} for m in clause.matches)
            owned = before or any(m.get("pronoun") for m in clause.matches if m.end <= match.start)
            if not (over and owned):
                return
        self.viewpoint = entry.meant
        self.told = True
        of = after and self.text[match.end : after[0].start].strip().lower().startswith(("of", "shot of")) is True
        if entry.meant == "pov":
            chosen = before[-1:] or (after[:1] if of else [])
        else:
            chosen = before[-1:]
            if after and self.now.focus is None:
                self.now.focus = self.cast.seen[after[0].start]
        if chosen and not self.cast.seen[chosen[0].start].is_thing:
            self.viewer = self.cast.seen[chosen[0].start]

    # ------------------------------------------------------------ the outcome

    def intent(self, keys: dict[int, str], lens_mm: float | None) -> CameraIntent:
        self._steady()
        if len(self.beats) > _MOST_BEATS:
            self.remarks.say("beats", kept=_MOST_BEATS)
            self.beats = self.beats[:_MOST_BEATS]
        first = self.beats[0]
        told: dict[str, object] = {"lens_mm": lens_mm, "roll_rad": self.roll, "projection": self.projection}
        told |= {k: v for k, v in (("move", first.move), ("shot_size", first.size), ("angle", first.angle)) if v}
        told |= {"viewpoint": self.viewpoint, "yaw_offset_rad": self.yaw, "handheld": self.handheld}
        if self.viewpoint != "free":
            told["viewer"] = self._viewer(keys)
        if self.viewpoint == "pov" and told["viewer"] is None:
            # the eyes are nobody's who is told of: the camera itself goes there, at the height of a head
            told |= {"viewpoint": "free", "handheld": True}
            told.setdefault("move", "dolly_in")
        told["focus"] = self._focus(first.focus, keys)
        speeds = [b.speed for b in self.beats if b.speed]
        if speeds:
            told["move_speed"] = speeds[0]
        if len(self.beats) > 1:
            told["beats"] = tuple(self._beat(b, keys) for b in self.beats)
        return CameraIntent.model_validate(told)

    def _steady(self) -> None:
        moving = any(b.move for b in self.beats)
        if self.still_told and moving:
            self.remarks.say("still")
        if self.handheld and not moving:
            self.beats[0].move, self.handheld = "handheld", False

    def _beat(self, beat: _Beat, keys: dict[int, str]) -> CameraBeat:
        return CameraBeat.model_validate(
            {
                "move": beat.move or "static",
                "shot_size": beat.size,
                "angle": beat.angle,
                "focus": self._focus(beat.focus, keys),
                "weight": 1.0 if beat.move else _STILL_WEIGHT,
            }
        )

    def _focus(self, focus: Actor | str | None, keys: dict[int, str]) -> str | None:
        """None where there is nothing else to look at."""
        if isinstance(focus, Actor):
            return keys.get(id(focus)) if len(keys) > 1 or focus.is_thing else None
        return focus

    def _viewer(self, keys: dict[int, str]) -> str | None:
        """Whose eyes or shoulder: as told, else the first person who is not looked at."""
        seen = [b.focus for b in self.beats]
        people = [a for a in self.cast.ordered() if a.group in {"person", "mecha", "animal"}]
        free = [a for a in people if a not in seen]
        who = self.viewer or next(iter(free or people), None)
        if who and self.viewpoint == "pov" and who is not self.viewer and who.group == "animal":
            return None
        return keys.get(id(who)) if who else None


_RANK: dict[str, int] = {
    size: rank
    for rank, size in enumerate(
        ("extreme_close_up", "close_up", "medium_close_up", "medium", "medium_full", "full", "wide", "extreme_wide")
    )
}


def _lens_mm(text: str, clauses: list[Clause], cast: Cast) -> float | None:
    low, high = _LENS_MM
    told = next((q.value for q in quantities(text, cast.lexicon) if q.group == "mm" and low <= q.value <= high), None)
    named = (e.value for c in clauses for m in c.matches if not m.negated and (e := m.get("lens")))
    return told if told is not None else next(named, None)
