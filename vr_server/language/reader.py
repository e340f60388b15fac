"""Reading one clause into the cast: nouns, what describes them, verbs and what these are done to."""

import re
from collections.abc import Callable

from .actor import Actor, Event, Place, give
from .cast import Cast, can_do
from .describe import is_plural, telling
from .holding import Holder
from .lexicon import Entry
from .scan import Clause, Match
from .text import is_han
from .unknown import Name

_PLURAL_COUNT = 3  # "soldiers" without a number
_REACH = 12  # words between what somebody wears or holds and its owner
_SMALL = ("count", "measure", "article", "pace", "join", "sequence", "placement", "preposition", "pronoun")
_STRETCH = {"slow": 1.4, "fast": 0.7}  # how a told pace changes a beat's share of the shot
_AT_THINGS = {
    "sit",
    "sit_down",
    "type_keys",
    "read",
    "eat_drink",
    "play_instrument",
    "lie_down",
    "kneel",
    "push",
    "climb",
}
_HOLLOW = {"tent", "crate", "chest", "barrel"}
_BOTH = {"they", "他们", "她们", "两人", "二人", "双方"}
_SEATS = {"chair", "sofa", "bed", "throne", "bench"}
_ANYBODY = {"person", "people", "figure", "character", "silhouette", "hero", "heroine", "protagonist", "stranger"}
_LABEL_END = re.compile(r"['’]s?$")
_GIVING = {"hand_over", "throw"}


def read_clause(cast: Cast, clause: Clause, names: list[Name]) -> None:
    """Take in one clause; `names` are unknown words that stand where a subject would."""
    _Reader(cast, clause, names).run()


class _Reader(Holder):
    """The state of reading one clause."""

    def __init__(self, cast: Cast, clause: Clause, names: list[Name]) -> None:
        super().__init__(cast, clause, names)
        self.lexicon = cast.lexicon
        self.pace: str | None = None
        self.nature: Entry | None = None  # sun, rain, leaves: what the next verb may be about
        self.bystander = False  # the clause's subject is a thing that acts by itself: "sunlight falls"
        self.joined = False
        self.company: Actor | None = None  # named with "with" in front of the verb: 牵着妈妈穿过
        self.before_verb: Actor | None = None  # an object named in front of its verb: 向骑士挥手

        def small_word(_index: int, match: Match, entry: Entry) -> None:
            self._small_word(match, entry)

        self._steps: list[tuple[str, Callable[[int, Match, Entry], None]]] = [
            ("sky", lambda _i, m, e: self._nature(m, e)),
            ("weather", lambda _i, m, e: self._nature(m, e)),
            ("viewpoint", lambda _i, _m, _e: None),
            ("projection", lambda _i, _m, _e: self._camera_word()),
            ("camera", lambda _i, _m, _e: self._camera_word()),
            ("action", lambda i, _m, e: self._action(i, e)),
            ("wardrobe", lambda i, _m, e: self.carry(i, e)),
            ("prop", lambda i, _m, e: self.carry(i, e)),
            ("colour", self.colour),
            ("size", self.size),
            ("stop", lambda _i, m, _e: self.near_word(m)),
            *((category, small_word) for category in (*_SMALL, "place", "set", "detail", "heaven", "time")),
        ]
        self._steps.sort(key=lambda step: step[0] == "stop")

    def run(self) -> None:
        for index, match in enumerate(self.matches):
            if not match.negated:
                self._take(index, match)

    def _take(self, index: int, match: Match) -> None:
        if match.start in self.names or self._is_subject(index, match):
            self._subject(match)
            return
        noun = self._is_noun(index, match)
        preposition = match.get("preposition")
        if preposition and match.get("measure") and not (index and self.matches[index - 1].get("count")):
            self.preposition = preposition.id  # 把 and 对, which behind a number are measures: 一把剑
            return
        for category, step in self._steps:
            if (entry := match.get(category)) and not (noun and category == "action"):
                step(index, match, entry)
                return

    def _is_subject(self, index: int, match: Match) -> bool:
        """Whether a word of several meanings is meant as a subject here."""
        if not match.get("subject"):
            return False
        if match.get("prop"):
            return self.stands_alone(index)
        if match.get("size"):
            return not self.noun_after(index)
        if match.get("set"):
            if any(map(is_han, match.text)):
                return self.count is not None or self.colours != []
            return not is_plural(match.text, match.get("subject")) or self.count is not None
        return True

    def _camera_word(self) -> None:
        self.camera = not self.preposition
        self.preposition = None

    def _small_word(self, match: Match, entry: Entry) -> None:
        """Numbers, articles, adverbs, joins: what they mean shows at the next noun or verb."""
        match entry.category:
            case "count":
                self.count = max(1, round(entry.value or 1))
                self.counted = entry
            case "article":
                self.article = entry.id
            case "pace":
                self.pace = entry.id
            case "join":
                self.joined = entry.id == "and"
                if entry.id == "while":
                    self._restart()
            case "placement":
                self.place_word(match, entry)
                self.joined = False
            case "preposition":
                self.preposition = entry.id
            case "pronoun":
                if entry.id == "they":
                    self._all_of_them(match)
                    self.camera, self.nature, self.bystander = False, None, False
                self.nature = None
                self.pronoun_named()
            case "sequence":
                self.cast.follow(after_next=entry.id == "after")
                self._restart()
            case "measure":
                pass
            case _:  # place, set, detail, heaven, time
                self.scenery(match, entry)
                self._thing(match)

    def _all_of_them(self, match: Match) -> None:
        """ "they" are the last two people where the last one is alone."""
        people = [a for a in self.cast.actors if a.group in {"person", "mecha"}]
        if match.text.lower() in _BOTH and len(people) > 1 and len(self.cast.current) < 2 and people[-1].count == 1:
            self.cast.current = people[-2:]

    def _restart(self) -> None:
        self.camera, self.nature, self.acted, self.preposition = False, None, False, None
        self.bystander = self.named = False
        self.told, self.nouns = [], []

    def _thing(self, match: Match) -> None:
        """A noun that is no subject. In English the verb behind it is its own unless a preposition stood before."""
        if not self.preposition and not self.named and not any(map(is_han, match.text)):
            self.bystander = True
        self.preposition, self.count, self.article = None, None, None
        self.colours, self.scale = [], None

    # ------------------------------------------------------------ nouns

    def _subject(self, match: Match) -> None:
        actor = self._resolve(match)
        self.cast.seen[match.start] = actor
        if self._is_described_by_verb(match) and not actor.is_thing and actor not in self.cast.current:
            self._relative(actor)
            self._named(match, actor)
            return
        before = self.cast.current
        self.nature, self.bystander, self.named = None, False, True
        place, self.relation = self.relation, None
        if place is not None and not self.camera:
            self._refer(place.side, place.placed, actor)
        elif self.camera:
            if not actor.is_thing:
                self.cast.current = [actor]
            self.camera = False
        elif self.preposition and before and actor not in before:
            self._object(actor)
        elif self.joined and before and not self.acted:
            self.cast.current = [*before, actor]
        elif not (self.acted and before) or (self.joined and not actor.is_thing) or self._releases(actor):
            if not (actor.is_thing and self.cast.holds):
                self.cast.current = [actor]
                self.acted = False
        elif actor not in before:
            self._object(actor)
        if actor.is_thing and self.cast.holds:
            self.cast.aim_held(actor)
        elif place is None:
            self.told = self.cast.release(actor) or self.told
        self._named(match, actor)

    def _named(self, match: Match, actor: Actor) -> None:
        last = self.nouns[-1][1] if self.nouns else None
        if self.joined and actor.is_thing and actor.place is None and isinstance(last, Actor) and last.is_thing:
            actor.place = last.place  # a cup and two books, on the table both
        self.nouns.append((match, actor))
        self.count = self.article = self.counted = None
        self.colours, self.scale = [], None
        self.preposition, self.joined = None, False

    def _is_described_by_verb(self, match: Match) -> bool:
        """站在门口的女人: whether the verb told last is of the noun that follows its 的."""
        before = [m for m in self.matches if m.end <= match.start][-3:]
        if len(before) < 2 or before[-1].text != "的" or before[-1].end != match.start or not self.told:
            return False
        last = before[-2]
        return bool(last.get("action")) or (len(before) == 3 and bool(before[0].get("action") and last.get("subject")))

    def _relative(self, actor: Actor) -> None:
        """The last verb is this actor's; what its doer did before that is done to this actor."""
        doers = [e.actor for e in self.told]
        for event in self.told[1:]:
            self.cast.events.remove(event)
        self.told[0].actor = actor
        earlier = [e for e in self.cast.events if e.actor in doers]
        if earlier and earlier[-1].target is None and earlier[-1].action != "stand":
            earlier[-1].target = actor

    def _releases(self, actor: Actor) -> bool:
        return self.cast.holds and not actor.is_thing

    def _refer(self, side: str, placed: list[Actor], actor: Actor) -> None:
        """The noun behind "behind": where those placed are, unless the verb is done to it (sits at a table)."""
        if side == "inside" and actor.kind in _SEATS:
            side = "on"
        told = [e for e in self.told if e.target is None and not e.actor.is_thing]
        if told and self._is_done_to(told[0], side):
            for event in told:
                event.target = actor
        elif side != "inside" or actor.group == "vehicle" or actor.kind in _HOLLOW:
            self.put(Place(side, actor), placed)

    def _is_done_to(self, event: Event, side: str) -> bool:
        """Whether a noun behind that preposition is what the verb is done to: sits on it, runs past it, looks at it."""
        if event.entry.moves:
            return side in {"beside", "on", "inside", "front", "above"}
        if side == "on":
            return event.action in _AT_THINGS
        at = side == "beside" and self.preposition == "to"
        return at and event.action in _AT_THINGS | {"look_at", "look_around", "shoot", "aim", "point"}

    def _object(self, actor: Actor) -> None:
        """What the clause's verb is done to or with."""
        with_it = self.preposition == "with"
        if not self.told:
            if with_it and not actor.is_thing:
                self.company = actor
            else:
                self.before_verb = actor
            return
        entry = self.told[0].entry
        if entry.moves and entry.meant in {"walk", "run"} and not actor.is_thing and (with_it or not self.preposition):
            self.cast.tell([actor], entry, self.told[0].weight)  # walks her dog, runs with a child
        elif entry.meant in _GIVING and actor.is_thing:
            pass
        elif not (entry.moves and self.preposition == "other"):
            for event in self.told:
                if event.target is None and event.actor is not actor:
                    event.target = actor

    def _resolve(self, match: Match) -> Actor:
        """The actor meant: one already known, or a new one."""
        entry = match.get("subject")
        unknown = "person" if match.start in self.persons else "placeholder"
        kind, group = (entry.meant, entry.group or "") if entry else (unknown, "")
        name, group = (entry.id if entry else kind), group or ("person" if kind == "person" else "thing")
        plural = is_plural(match.text, entry)
        many = self.count or (_PLURAL_COUNT if plural else 1)
        label = _LABEL_END.sub("", " ".join(match.text.split()))
        same = [a for a in self.cast.actors if a.name == name and (entry or a.label == label)]
        if not same and kind == "person" and self.article == "the" and label.lower() in _ANYBODY:
            same = [a for a in self.cast.actors if a.group == group]
        if same and self.article != "a" and (self.count is None or self.article == "the") and not self._differs(same):
            self.describe(same[-1])
            if not same[-1].is_thing:
                self.cast.hand_out(same[-1])
            return same[-1]
        actor = Actor(name, kind, group, label, many)
        if entry:
            actor.scale = entry.scale
            actor.colours += entry.colours
        for implied in entry.implies if entry else ():
            give(actor, self.lexicon.refer(implied))
        self.note_count(actor)
        self.describe(actor)
        self.cast.introduce(actor)
        return actor

    def _differs(self, same: list[Actor]) -> bool:
        """ "the black horse" beside a white one is another horse."""
        return bool(self.colours and same[-1].colours and self.colours[0] not in same[-1].colours)

    def _nature(self, match: Match, entry: Entry) -> None:
        if entry.category == "sky":
            number = round(entry.value or 0) or self.count or 0
            if entry.meant == "sun":
                self.cast.suns = number or self.cast.suns or 1
            elif entry.meant == "moon":
                self.cast.moons = number or self.cast.moons or 1
        self.nature = entry
        self.relation = None
        if self.told and self.told[-1].action in {"look_at", "look_around"} and entry.category == "sky":
            for event in self.told:
                event.entry = self.lexicon.refer("action:look_up")
        self._thing(match)

    # ------------------------------------------------------------ verbs

    def _action(self, index: int, entry: Entry) -> None:
        if self.nature and entry.id in self.nature.acts:
            if said := self.nature.acts[entry.id]:
                self.cast.times.append(said.partition(":")[2])
            return
        if self.camera or self.bystander:
            return  # the camera rises, sunlight falls: no subject does
        if entry.needs == "sky":
            return
        actors = [] if self._inverted(index, entry) else self._doers(entry)
        if actors:
            self.told = self.cast.tell(actors, entry, entry.weight * _STRETCH.get(self.pace or "", 1.0))
            if self.before_verb and not entry.needs:
                self._object_before(self.told, self.before_verb)
            if self.company and entry.moves:
                self.cast.tell([self.company], entry, entry.weight)
        else:
            self.told = []
            self.cast.hold(entry, sequenced=bool(self.cast.current), target=self.before_verb)
        self.pace, self.before_verb, self.company, self.relation = None, None, None, None
        self.joined = False
        self.acted = True
        self.preposition = None

    @staticmethod
    def _object_before(told: list[Event], target: Actor) -> None:
        for event in told:
            if event.target is None and event.actor is not target:
                event.target = target

    def _is_noun(self, index: int, match: Match) -> bool:
        """ "the fight", "a walk", "her bow": an English verb form right behind an article is a noun."""
        if index == 0 or any(map(is_han, match.text)) or not match.get("action"):
            return False
        before = self.matches[index - 1]
        count = before.get("count")
        article = before.get("article") or before.get("style") or (count and count.value == 1)
        pronoun = before.get("pronoun")
        owned = pronoun is not None and pronoun.id == "their" and before.text.lower() not in {"him", "them", "it"}
        return bool(article or owned) and match.start - before.end <= 1 and " " not in match.text

    def _inverted(self, index: int, entry: Entry) -> bool:
        """Whether a counted subject follows at once: 走出一位戴头盔的宇航员, "out steps a woman"."""
        if not entry.intransitive or index + 1 >= len(self.matches):
            return False
        after = self.matches[index + 1]
        if not after.get("count") or after.start - self.matches[index].end > 1:
            return False
        for later in self.matches[index + 2 : index + 2 + _REACH]:
            if later.get("action") or any(later.get(c) for c in ("place", "sky", "preposition")):
                return False
            if later.get("subject") or later.start in self.names:
                return telling(later, self.names)
            if later.get("set"):
                return False
        return False

    def _doers(self, entry: Entry) -> list[Actor]:
        current = [a for a in self.cast.current if can_do(a, entry)]
        if not entry.actors:
            return current
        able = [a for a in current if a.kind in entry.actors or a.group in entry.actors]
        if able:
            return able
        others = [a for a in self.cast.actors if a.kind in entry.actors or a.group in entry.actors]
        return others[-1:] if others and entry.id == "open_hatch" else current
