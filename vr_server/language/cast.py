"""Who the text tells of, and what each of them does: one pass over the known words, in the order told.

The grammar is shallow on purpose: the actor of a verb is the last subject named in front of it, a noun behind a
preposition or a verb is an object, and in Chinese a verb may stand before its subject (走出一位宇航员).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from vr_server.domain.shot import ActionBeat, SubjectSpec

from .lexicon import Entry, Lexicon
from .scan import Clause, Match
from .text import is_han

_PLURAL_COUNT = 3  # "soldiers" without a number
_COUNT_LIMIT = 60
_SMALL = ("count", "article", "pace", "join", "sequence", "preposition", "pronoun")
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
        self.current: list[Actor] = []
        self.carried: list[Entry] = []  # wardrobe and props named before their owner
        self._held: list[tuple[Entry, bool]] = []  # verbs named before their subject; whether they follow
        self._follows, self._follows_next = False, False

    def read(self, clause: Clause, names: dict[int, Match]) -> None:
        """Take in one clause; `names` are unknown words that stand where a subject would, by their start."""
        _Reader(self, self._lexicon, clause, names).run()

    def introduce(self, actor: Actor) -> None:
        """Somebody new; what was named before anybody was there is theirs."""
        self.actors.append(actor)
        for entry in self.carried:
            give(actor, entry)
        self.carried = []

    def follow(self, *, after_next: bool) -> None:
        """The next beat (or the one after it) starts when all told before it are over."""
        if after_next:
            self._follows_next = True
        else:
            self._follows = True

    def hold(self, entry: Entry, *, sequenced: bool) -> None:
        """A verb whose subject is still to be named."""
        self._held.append((entry, sequenced))

    @property
    def holds(self) -> bool:
        return bool(self._held)

    def release(self, actor: Actor) -> None:
        """The held verbs turn out to be this actor's."""
        held, self._held = self._held, []
        for entry, sequenced in held:
            self.tell([actor], entry, entry.weight, sequenced=sequenced)

    def tell(self, actors: list[Actor], entry: Entry, weight: float, *, sequenced: bool = False) -> None:
        """These actors do this. Someone coming out of a vehicle follows what the vehicle did."""
        action = entry.id
        if entry.needs:
            carriers = [a for a in self.actors if a.group == entry.needs and a not in actors]
            if not carriers:
                action = entry.otherwise or "stand"
            sequenced |= any(e.actor in carriers for e in self.events)
        others = [e for e in self.events if e.actor not in actors]
        follows = bool(others) and (sequenced or self._follows)
        self.events += [Event(actor, action, weight, follows) for actor in actors]
        for actor in actors:
            for reference in entry.implies:
                give(actor, self._lexicon.refer(reference))
        self._follows, self._follows_next = self._follows_next, False

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
        return {key: self._beats(mine, end) for key, mine in placed.items()}

    def _beats(self, mine: list[tuple[str, float, float]], end: float) -> list[ActionBeat]:
        """Spans as shares; the last one lasts to the end, or its doer stands where it settles before."""
        action, start, stop = mine[-1]
        if end > stop:
            settled = self._lexicon.refer(f"action:{action}").settles
            mine = [*mine, ("stand", stop, end)] if settled else [*mine[:-1], (action, start, end)]
        return [ActionBeat(action=action, weight=round(stop - start, 3)) for action, start, stop in mine]


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
        self.bystander = False  # the clause's subject is a thing that acts by itself: "sunlight falls"
        self.preposition = False
        self.joined = False
        self.acted = False
        self.named = False  # a subject was named in this clause

        def small_word(_index: int, match: Match, entry: Entry) -> None:
            self._small_word(match, entry)

        self._steps: list[tuple[str, Callable[[int, Match, Entry], None]]] = [
            ("subject", lambda _i, m, _e: self._subject(m)),
            ("sky", lambda _i, m, e: self._nature(m, e)),
            ("weather", lambda _i, m, e: self._nature(m, e)),
            ("camera", lambda _i, _m, _e: self._camera_word()),
            ("action", self._action),
            ("wardrobe", lambda i, _m, e: self._carry(i, e)),
            ("prop", lambda i, _m, e: self._carry(i, e)),
            *((category, small_word) for category in (*_SMALL, "place", "set", "detail", "time")),
        ]

    def run(self) -> None:
        for index, match in enumerate(self.matches):
            if not match.negated:
                self._take(index, match)

    def _take(self, index: int, match: Match) -> None:
        if match.start in self.names:
            self._subject(match)
            return
        for category, step in self._steps:
            if entry := match.get(category):
                step(index, match, entry)
                return

    def _camera_word(self) -> None:
        self.camera = not self.preposition
        self.preposition = False

    def _small_word(self, match: Match, entry: Entry) -> None:
        """Numbers, articles, adverbs, joins: what they mean shows at the next noun or verb."""
        match entry.category:
            case "count":
                self.count = round(entry.value or 1)
            case "article":
                self.article = entry.id
            case "pace":
                self.pace = entry.id
            case "join":
                self.joined = entry.id == "and"
                if entry.id == "while":
                    self._restart()
            case "preposition":
                self.preposition = True
            case "pronoun":
                self.camera, self.nature = False, None
                self.bystander &= entry.id != "they"
            case "sequence":
                self.cast.follow(after_next=entry.id == "after")
                self._restart()
            case _:  # place, set, detail, time
                self._thing(match)

    def _restart(self) -> None:
        self.camera, self.nature, self.acted, self.preposition = False, None, False, False
        self.bystander = self.named = False

    def _thing(self, match: Match) -> None:
        """A noun that is no subject. In English the verb behind it is its own unless a preposition stood before."""
        if not self.preposition and not self.named and not any(map(is_han, match.text)):
            self.bystander = True
        self.preposition, self.count, self.article = False, None, None

    # ------------------------------------------------------------ nouns

    def _subject(self, match: Match) -> None:
        actor = self._resolve(match)
        before = self.cast.current
        self.nature, self.bystander, self.named = None, False, True
        if self.camera:
            self.cast.current = [actor]
            self.camera = False
        elif self.preposition and before:
            pass  # an object: "with a horse", "向骑士"
        elif self.joined and before and not self.acted:
            self.cast.current = [*before, actor]
        elif not (self.acted and before) or self.joined or self.cast.holds:
            self.cast.current = [actor]
            self.acted = False
        self.cast.release(actor)
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
            for thing in self.cast.carried:
                give(same[-1], thing)
            self.cast.carried = []
            return same[-1]
        actor = Actor(kind, group, label, count)
        for implied in entry.implies if entry else ():
            give(actor, self.lexicon.refer(implied))
        self.cast.introduce(actor)
        return actor

    def _nature(self, match: Match, entry: Entry) -> None:
        if entry.category == "sky" and entry.id == "sun":
            self.cast.suns = self.count or self.cast.suns or 1
        self.nature = entry
        self._thing(match)

    def _carry(self, index: int, entry: Entry) -> None:
        """To the noun that follows ("穿汉服的女子"), else to the one before ("a woman in a coat")."""
        here = self.matches[index]
        self.preposition = False
        for later in self.matches[index + 1 :]:
            if later.get("action"):
                break
            if later.get("subject") or later.start in self.names:
                between = self.clause.text[here.end - self.clause.start : later.start - self.clause.start]
                if "的" in between or not any(map(is_han, here.text)):
                    self.cast.carried.append(entry)
                    return
        before = self.matches[index - 1] if index else None
        if before and any(before.get(c) for c in ("count", "measure", "article")):
            self.count = self.article = None  # the number was this thing's, not a person's
        owners = self.cast.current or self.cast.actors[-1:]
        for actor in owners:
            give(actor, entry)
        if not owners:
            self.cast.carried.append(entry)

    # ------------------------------------------------------------ verbs

    def _action(self, index: int, match: Match, entry: Entry) -> None:
        if self.nature and entry.id in self.nature.acts:
            if said := self.nature.acts[entry.id]:
                self.cast.times.append(said.partition(":")[2])
            return
        if self.camera or self.bystander:
            return  # the camera rises, sunlight falls: no subject does
        if entry.needs == "sky" or self._is_noun(index, match):
            return
        actors = [] if self._inverted(index, entry) else self._doers(entry)
        if actors:
            self.cast.tell(actors, entry, entry.weight * _STRETCH.get(self.pace or "", 1.0))
        else:
            self.cast.hold(entry, sequenced=bool(self.cast.current))
        self.pace = None
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
        current = self.cast.current
        if not entry.actors:
            return current
        able = [a for a in current if a.kind in entry.actors or a.group in entry.actors]
        if able:
            return able
        others = [a for a in self.cast.actors if a.kind in entry.actors or a.group in entry.actors]
        return others[-1:] if others and entry.id == "open_hatch" else current


def give(actor: Actor, entry: Entry) -> None:
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
