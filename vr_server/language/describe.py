"""What describes a noun: colour, size, number, and where it is."""

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

from .actor import Actor, Event, Place
from .cast import Cast
from .lexicon import Entry
from .scan import Clause, Match
from .text import is_han
from .unknown import Name

_NOUNS = ("subject", "wardrobe", "prop", "set", "weather", "sky", "place", "heaven", "detail")
_BETWEEN = ("colour", "size", "stop", "measure", "count")
_BREAKS = ("action", "placement", "preposition", "camera", "article", "pronoun", "sequence")
_COATS = {"scales", "fur", "feathers", "鳞片", "羽毛", "毛发", "鳞甲"}  # a colour of these is the animal's
_REACH = 6  # words between an adjective and its noun
_SKY_WEATHER = {"storm", "clouds", "lightning", "stars"}


@dataclass
class Relation:
    """ "behind" before its noun: those `placed` are at `side` of the noun that comes."""

    side: str
    placed: list[Actor]


def is_plural(text: str, entry: Entry | None) -> bool:
    """Whether an English noun is told in the plural."""
    if entry is None or entry.id == "crowd":
        return False
    word = text.lower().replace("’", "'").removesuffix("'s")
    return word not in entry.en and word.endswith("s") and not word.endswith("ss") and not is_han(word[0])


def telling(match: Match, names: dict[int, Match]) -> bool:
    return bool(match.get("subject")) or match.start in names


class Describer:
    """The part of reading a clause that gathers what the next noun, or the one before, is like."""

    def __init__(self, cast: Cast, clause: Clause, names: list[Name]) -> None:
        self.cast, self.clause = cast, clause
        self.names = {name.match.start: name.match for name in names}
        self.persons = {name.match.start for name in names if name.acts}
        self.matches = sorted([*clause.matches, *self.names.values()], key=lambda m: m.start)
        self.count: int | None = None
        self.counted: Entry | None = None
        self.colours: list[str] = []  # of the next subject
        self.cloth: list[str] = []  # of the next thing to wear
        self.scale: float | None = None
        self.relation: Relation | None = None
        self.preposition: str | None = None
        self.camera = False  # the clause's subject is the camera
        self.nouns: list[tuple[Match, Actor | str]] = []
        self.told: list[Event] = []  # by the last verb of this clause
        self.acted = False

    @cached_property
    def of_grade(self) -> bool:
        """Whether the clause speaks of the picture's tones."""
        return self.clause.has("grade")

    @cached_property
    def of_camera(self) -> bool:
        """Whether the clause speaks of the camera and its moves."""
        return self.clause.has("move", "shot_size", "focus", "viewpoint")

    @cached_property
    def in_chinese(self) -> bool:
        return any(map(is_han, self.clause.text))

    def noun_after(self, index: int) -> tuple[Match, str] | None:
        """The noun that an adjective at `index` belongs to, and which kind of noun."""
        spare: tuple[Match, str] | None = None
        for at in range(index + 1, min(index + 1 + _REACH, len(self.matches))):
            match = self.matches[at]
            if match.start in self.names:
                return match, "subject"
            if any(match.get(c) for c in _BREAKS) and not match.get("subject") and not match.get("prop"):
                return spare
            category = next((c for c in _NOUNS if match.get(c)), None)
            if category == "subject" and match.get("size"):  # "giant": a noun only where no other follows
                spare = spare or (match, category)
                continue
            if category:
                return match, category
            if not any(match.get(c) for c in (*_BETWEEN, "join", "style", "atmosphere")):
                return spare
        return spare

    def colour(self, index: int, match: Match, entry: Entry) -> None:
        """A colour belongs to the noun behind it, else to the one before ("the car is red", "a woman in red")."""
        noun = self.noun_after(index)
        if len(match.text) == 1 and is_han(match.text[0]) and not (noun and noun[0].start - match.end <= 1):
            return
        if noun is None:
            self._colour_before(match, entry)
            return
        found, category = noun
        if category == "subject":
            self.colours.append(entry.id)
            self.cast.spent.add(match.start)
        elif category == "wardrobe":
            self.cloth.append(entry.id)
            self.cast.spent.add(match.start)
        elif category == "heaven" or (
            category == "weather" and (weather := found.get("weather")) and weather.id in _SKY_WEATHER
        ):
            self.cast.sky_colour = self.cast.sky_colour or entry.id
            self.cast.spent.add(match.start)
        elif category == "detail" and found.text.lower() in _COATS:
            self._colour_before(match, entry)
        elif category in {"prop", "set"}:
            self.cast.spent.add(match.start)
            if found.get("subject"):
                self.colours.append(entry.id)

    def _colour_before(self, match: Match, entry: Entry) -> None:
        before = self._before(match)
        if self.camera or self.of_grade or (before and before[-1].text.lower() == "of"):
            return  # warm tones; a pile of gold
        if any(m.get("heaven") for m in before):
            self.cast.sky_colour = self.cast.sky_colour or entry.id
        elif match.get("style") and not self._worn(before):
            return
        else:
            owners = [actor for _, actor in self.nouns if isinstance(actor, Actor)][-1:]
            owners = owners or (self.cast.current[:1] if any(m.get("pronoun") for m in before) else [])
            for actor in owners:
                actor.colours.append(entry.id)
        self.cast.spent.add(match.start)

    def _before(self, match: Match) -> list[Match]:
        """The few words in front of this one."""
        index = bisect_left(self.matches, match.start, key=lambda m: m.start)
        return self.matches[max(0, index - _REACH) : index]

    @staticmethod
    def _worn(before: list[Match]) -> bool:
        return bool(before) and before[-1].text.lower() in {"in", "wearing", "dressed in"}

    def size(self, index: int, _match: Match, entry: Entry) -> None:
        """A size belongs to the subject behind it, in Chinese also to the one before (巨龙体型巨大)."""
        noun = self.noun_after(index)
        if noun and noun[1] == "subject":
            self.scale = entry.value
        elif noun is None and self.in_chinese and self.nouns:
            last = self.nouns[-1][1]
            if isinstance(last, Actor) and last.scale == 1.0:
                last.scale = entry.value or 1.0

    def describe(self, actor: Actor) -> None:
        """The gathered adjectives are this actor's."""
        actor.colours += [c for c in self.colours if c not in actor.colours]
        if self.scale:
            actor.scale *= self.scale
        self.colours, self.scale = [], None

    def note_count(self, actor: Actor) -> None:
        """Keep how many were asked for, for who reads what was left out."""
        if self.counted and self.counted.group == "countless":
            actor.count = 60

    # ------------------------------------------------------------ where

    def place_word(self, match: Match, entry: Entry) -> None:
        """ "behind", 身后, "on the left": of the noun behind it, of the one before it, or of the frame."""
        if self.camera or self.of_camera:
            self.preposition = "other"
            return
        if any(map(is_han, match.text)):
            self._postposition(match, entry)
        elif entry.group == "of":
            self.preposition = "to" if match.text.lower() in {"at", "over", "around"} else "other"
            self.relation = Relation(entry.meant, self._placed(entry.meant))
        else:
            self.put(Place(entry.meant), self._placed())

    def _placed(self, side: str = "") -> list[Actor]:
        last = [actor for _, actor in self.nouns if isinstance(actor, Actor)][-1:]
        near = side in {"", "on", "inside"} and bool(last) and bool(self.told) and self.told[-1].target is last[0]
        if self.acted and self.cast.current and not near:
            return list(self.cast.current)
        pronoun = any(m.get("pronoun") for m in self.matches[:1])
        return last or (self.cast.current[:1] if pronoun else [])

    def put(self, place: Place, placed: list[Actor]) -> None:
        """Those placed are there, unless the text has put them on something already; nobody: who is named next is."""
        for actor in placed:
            if actor is not place.of and not (actor.place and actor.place.side == "on" and actor.place.of):
                actor.place = place
        if not placed:
            self.cast.fronted = place

    def _postposition(self, match: Match, entry: Entry) -> None:
        """Chinese: the noun or pronoun right in front is what it is at; 在 in front of that makes it the doer's place."""
        before = self._before(match)
        close = before[-1] if before and match.start - before[-1].end <= 1 else None
        if close and close.get("measure"):
            close = None
        reference = next((actor for m, actor in self.nouns if close is m), None)
        names = [actor for _, actor in self.nouns if isinstance(actor, Actor) and actor is not reference]
        pronoun = close is not None and close.get("pronoun") is not None
        located = any(m.text in {"在", "从", "位于"} for m in before)
        placed = names[-1:] or (self.cast.current if located and reference else [])
        placed = [a for a in placed if a is not reference]
        if reference is None and entry.group == "of":
            reference = self.cast.last_other(placed)
            if pronoun or (not located and not placed):
                reference = self.cast.last_other([]) if not placed else reference
        if entry.group == "frame" and reference is not None and entry.meant in {"foreground", "background", "centre"}:
            reference = None
        if isinstance(reference, Actor) and reference in placed:
            placed = []
        if reference is None and entry.group == "of":
            return
        self.put(Place(entry.meant, reference), placed)
        if not placed and isinstance(reference, Actor):
            self.cast.current = []
        self.preposition = None

    def near_word(self, match: Match) -> None:
        """上, 里 and 中 right behind a thing or a vehicle: on it, in it."""
        side = {"上": "on", "里": "inside", "中": "inside"}.get(match.text)
        last = self.nouns[-1] if self.nouns else None
        if side is None or last is None or match.start != last[0].end or not isinstance(last[1], Actor):
            return
        if last[1].group in {"thing", "vehicle", "animal"}:
            self._postposition(match, Entry(category="placement", id=side, group="of"))

    def pronoun_named(self) -> None:
        """ "behind her": the pronoun is the last one named."""
        if self.relation is None:
            return
        relation, self.relation = self.relation, None
        of = self.cast.last_other(relation.placed)
        if self.preposition == "to" and self.told and self.told[0].target is None:
            self.told[0].target = self.cast.last_named(relation.placed)
            return
        if relation.side in {"on", "inside"}:
            here = {id(actor) for _, actor in self.nouns}
            of = next((a for a in reversed(self.cast.actors) if a.is_thing and id(a) not in here), None)
        if of is not None:
            self.put(Place(relation.side, of), relation.placed)

    def scenery(self, match: Match, entry: Entry) -> None:
        """A set piece can be what something is behind; any other noun ends the relation."""
        relation, self.relation = self.relation, None
        if entry.category == "set":
            self.nouns.append((match, entry.id))
            if relation is not None:
                self.put(Place(relation.side, entry.id), relation.placed)
