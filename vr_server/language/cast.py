"""Who the text tells of, and what each of them does: one pass over the known words, in the order told.

The grammar is shallow on purpose: the actor of a verb is the last subject named in front of it, a noun behind a
preposition or a verb is an object, and in Chinese a verb may stand before its subject (走出一位宇航员).
"""

from dataclasses import dataclass, field

from vr_server.domain.shot import ActionBeat, SubjectSpec

from .lexicon import Entry, Lexicon
from .scan import Clause, Match
from .text import is_han

_PLURAL_COUNT = 3  # "soldiers" without a number
_COUNT_LIMIT = 60
_STRETCH = {"slow": 1.4, "fast": 0.7}  # how a told pace changes a beat's share of the shot


@dataclass(eq=False)
class Actor:
    """A subject while it is being read."""

    kind: str
    group: str
    label: str
    count: int = 1
    wardrobe: str | None = None
    props: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Event:
    """`actor` does `action`; `sequenced` events start when all told before them are over."""

    actor: Actor
    action: str
    weight: float
    sequenced: bool


class Cast:
    """Reads clauses one after the other; `subjects()` is the outcome."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self.actors: list[Actor] = []
        self.events: list[Event] = []
        self.times: list[str] = []  # said by what the sun does
        self.suns: int | None = None
        self._current: list[Actor] = []
        self._then = False

    def read(self, clause: Clause, names: dict[int, Match]) -> None:
        """Take in one clause; `names` are unknown words that stand where a subject would, by their start."""
        _Reader(self, self._lexicon, clause, names).run()

    def introduce(self, actor: Actor) -> None:
        self.actors.append(actor)

    def subjects(self) -> tuple[SubjectSpec, ...]:
        used: dict[str, int] = {}
        spans = self._spans()
        return tuple(_subject(actor, used, spans.get(id(actor), [])) for actor in self.actors)

    def _spans(self) -> dict[int, list[ActionBeat]]:
        """Each actor's beats; a beat told as following another's waits for it, the last one lasts to the end."""
        placed: dict[int, list[tuple[str, float, float]]] = {}
        end = 0.0
        for event in self.events:
            mine = placed.setdefault(id(event.actor), [])
            start = end if event.sequenced else (mine[-1][2] if mine else 0.0)
            if mine:
                mine[-1] = (mine[-1][0], mine[-1][1], start)
            elif start > 0:
                mine.append(("stand", 0.0, start))
            mine.append((event.action, start, start + event.weight))
            end = max(end, start + event.weight)
        return {
            key: [
                ActionBeat(action=action, weight=round((stop if i + 1 < len(mine) else max(stop, end)) - start, 3))
                for i, (action, start, stop) in enumerate(mine)
            ]
            for key, mine in placed.items()
        }


def _subject(actor: Actor, used: dict[str, int], beats: list[ActionBeat]) -> SubjectSpec:
    used[actor.kind] = used.get(actor.kind, 0) + 1
    number = used[actor.kind]
    return SubjectSpec(
        key=actor.kind if number == 1 else f"{actor.kind}-{number}",
        kind=actor.kind,
        label=actor.label,
        count=min(max(actor.count, 1), _COUNT_LIMIT),
        wardrobe=actor.wardrobe,
        props=tuple(dict.fromkeys(actor.props)),
        beats=tuple(beats) or (ActionBeat(action="stand"),),
    )


class _Reader:
    """The state of reading one clause."""

    def __init__(self, cast: Cast, lexicon: Lexicon, clause: Clause, names: dict[int, Match]) -> None:
        self.cast, self.lexicon, self.clause = cast, lexicon, clause
        self.matches = sorted([*clause.matches, *names.values()], key=lambda m: m.start)
        self.names = names
        self.count: int | None = None
        self.article: str | None = None
        self.pace: str | None = None
        self.nature: Entry | None = None  # sun, rain, leaves: what the next verb may be about
        self.camera = False  # the clause's subject is the camera
        self.preposition = False
        self.joined = False
        self.acted = False
        self.held: list[Entry] = []  # verbs that stand before their subject
        self.carried: list[Entry] = []  # wardrobe and props named before their owner

    def run(self) -> None:
        for index, match in enumerate(self.matches):
            if not match.negated:
                self._take(index, match)

    def _take(self, index: int, match: Match) -> None:
        if match.start in self.names or match.get("subject"):
            self._subject(match)
        elif entry := match.get("sky") or match.get("weather"):
            self._nature(entry)
        elif match.get("camera"):
            self.camera = not self.preposition
            self.preposition = False
        elif entry := match.get("action"):
            if not (self.camera and match.get("move", camera=True)):
                self._action(index, match, entry)
        elif entry := match.get("wardrobe") or match.get("prop"):
            self._carry(index, entry)
        elif entry := match.get("count"):
            self.count = round(entry.value or 1)
        elif entry := match.get("article"):
            self.article = entry.id
        elif entry := match.get("pace"):
            self.pace = entry.id
        elif entry := match.get("join"):
            self.joined = entry.id == "and"
            if entry.id == "while":
                self._restart()
        elif match.get("sequence"):
            self.cast._then = True  # noqa: SLF001 - the reader is part of the cast
            self._restart()
        elif match.get("preposition"):
            self.preposition = True
        elif match.get("pronoun"):
            self.camera, self.nature = False, None
        elif any(match.get(c) for c in ("place", "set", "detail", "time")):
            self.preposition, self.count, self.article = False, None, None

    def _restart(self) -> None:
        self.camera, self.nature, self.acted, self.preposition = False, None, False, False

    # ------------------------------------------------------------ nouns

    def _subject(self, match: Match) -> None:
        actor = self._resolve(match)
        before = self.cast._current  # noqa: SLF001
        self.nature = None
        if self.camera:
            self.cast._current = [actor]  # noqa: SLF001
            self.camera = False
        elif self.preposition and before:
            pass  # an object: "with a horse", "向骑士"
        elif self.joined and before and not self.acted:
            self.cast._current = [*before, actor]  # noqa: SLF001
        elif not (self.acted and before) or self.joined or self.held:
            self.cast._current = [actor]  # noqa: SLF001
            self.acted = False
        for entry in self.held:
            self._tell([actor], entry, sequenced=True)
        for entry in self.carried:
            _give(actor, entry)
        self.held, self.carried = [], []
        self.count = self.article = None
        self.preposition = self.joined = False

    def _resolve(self, match: Match) -> Actor:
        """The actor meant: one already known, or a new one."""
        entry = match.get("subject")
        kind, group = (entry.id, entry.group or "") if entry else ("person", "person")
        label = _label(match.text)
        plural = _plural(match, entry)
        count = self.count or (_PLURAL_COUNT if plural else 1)
        same = [a for a in self.cast.actors if a.kind == kind and (entry or a.label == label)]
        if not same and kind == "person" and self.article == "the" and entry:
            same = [a for a in self.cast.actors if a.group == group]
        if same and self.article != "a" and (self.count is None or self.article == "the"):
            return same[-1]
        actor = Actor(kind, group, label, count)
        for implied in entry.implies if entry else ():
            _give(actor, self._implied(implied))
        self.cast.introduce(actor)
        return actor

    def _implied(self, reference: str) -> Entry:
        category, _, entry_id = reference.partition(":")
        return self.lexicon.get(category, entry_id) or Entry(category=category, id=entry_id)

    def _nature(self, entry: Entry) -> None:
        if entry.category == "sky" and entry.id == "sun":
            self.cast.suns = self.count or self.cast.suns or 1
        self.nature = entry
        self.count = self.article = None
        self.preposition = False

    def _carry(self, index: int, entry: Entry) -> None:
        """To the noun that follows ("穿汉服的女子"), else to the one before ("a woman in a coat")."""
        self.count = self.article = None
        self.preposition = False
        here = self.matches[index]
        for later in self.matches[index + 1 :]:
            if later.get("action"):
                break
            if later.get("subject") or later.start in self.names:
                between = self.clause.text[here.end - self.clause.start : later.start - self.clause.start]
                if "的" in between or not any(map(is_han, here.text)):
                    self.carried.append(entry)
                    return
        owners = self.cast._current or self.cast.actors[-1:]  # noqa: SLF001
        for actor in owners:
            _give(actor, entry)
        if not owners:
            self.carried.append(entry)

    # ------------------------------------------------------------ verbs

    def _action(self, index: int, match: Match, entry: Entry) -> None:
        if self.camera:
            return
        if self.nature and entry.id in self.nature.acts:
            if said := self.nature.acts[entry.id]:
                self.cast.times.append(said.partition(":")[2])
            return
        if entry.needs == "sky" or self._is_noun(index, match):
            return
        if self._inverted(index, entry):
            self.held.append(entry)
            return
        actors = self._doers(entry)
        if actors:
            self._tell(actors, entry)
        else:
            self.held.append(entry)
        self.acted = True
        self.preposition = False

    def _is_noun(self, index: int, match: Match) -> bool:
        """ "the fight", "a walk": an English verb form right behind an article is a noun."""
        if index == 0 or any(map(is_han, match.text)):
            return False
        before = self.matches[index - 1]
        article = before.get("article") or ((count := before.get("count")) and count.value == 1)
        return bool(article) and match.start - before.end <= 1 and " " not in match.text

    def _inverted(self, index: int, entry: Entry) -> bool:
        """Whether a counted subject follows at once: 走出一位戴头盔的宇航员, "out steps a woman"."""
        if not entry.intransitive or index + 1 >= len(self.matches):
            return False
        after = self.matches[index + 1]
        if not after.get("count") or after.start - self.matches[index].end > 1:
            return False
        for later in self.matches[index + 2 :]:
            if later.get("action") or any(later.get(c) for c in ("place", "set", "sky", "preposition")):
                return False
            if later.get("subject") or later.start in self.names:
                return True
        return False

    def _doers(self, entry: Entry) -> list[Actor]:
        current = self.cast._current  # noqa: SLF001
        if not entry.actors:
            return current
        able = [a for a in current if a.kind in entry.actors or a.group in entry.actors]
        if able:
            return able
        others = [a for a in self.cast.actors if a.kind in entry.actors or a.group in entry.actors]
        return others[-1:] if others and entry.id == "open_hatch" else current

    def _tell(self, actors: list[Actor], entry: Entry, *, sequenced: bool = False) -> None:
        action, weight = entry.id, entry.weight
        if entry.needs and not any(a.group == entry.needs and a not in actors for a in self.cast.actors):
            action = entry.otherwise or "stand"
        weight *= _STRETCH.get(self.pace or "", 1.0)
        for actor in actors:
            others = any(e.actor is not actor for e in self.cast.events)
            follows = (sequenced or self.cast._then) and others  # noqa: SLF001
            self.cast.events.append(Event(actor, action, weight, follows))
            for implied in entry.implies:
                _give(actor, self._implied(implied))
        self.cast._then = False  # noqa: SLF001
        self.pace = None


def _give(actor: Actor, entry: Entry) -> None:
    if entry.category == "wardrobe":
        actor.wardrobe = entry.id
    elif entry.category == "prop" and entry.id not in actor.props:
        actor.props.append(entry.id)


def _label(text: str) -> str:
    return " ".join(text.split())[:60]


def _plural(match: Match, entry: Entry | None) -> bool:
    if entry is None or entry.id == "crowd":
        return False
    word = match.text.lower()
    return word not in entry.en and (word.endswith("s") and not word.endswith("ss"))
