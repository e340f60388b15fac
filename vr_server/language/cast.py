"""Who the text tells of, and what each of them does: one pass over the known words, in the order told.

The grammar is shallow on purpose: the actor of a verb is the last subject named in front of it, a noun behind a
preposition or a verb is an object, and in Chinese a verb may stand before its subject (走出一位宇航员).
"""

from dataclasses import dataclass, field

from vr_server.domain.shot import SubjectSpec

from .actor import Actor, Event, Place, give, keys_of, specs_of
from .lexicon import Entry, Lexicon

_MOUNTED = ("walk", "run", "leave", "approach", "chase", "enter")  # what a rider does, the mount does
_RIDDEN = {"horse", "camel", "elephant", "dragon", "wolf", "tiger", "deer", "ox", "motorcycle", "bicycle", "lion"}
_WORDS = {"horse": {"en": "horse", "zh": "马"}, "car": {"en": "car", "zh": "汽车"}}
_INSTRUMENTS = {"guitar", "pipa", "drum", "piano"}
_YOUNG = {"child", "boy", "girl", "dog", "cat"}
_RESTING = {"sit", "sit_down", "lie_down"}


@dataclass
class _Held:
    """A verb named before its subject, and what was named behind it meanwhile."""

    entry: Entry
    sequenced: bool
    target: Actor | str | None = None
    at: int = 0  # how many events had been told before


def can_do(actor: Actor, entry: Entry) -> bool:
    """Things stand, fall or burn, vehicles move as well; people and animals do anything."""
    if actor.is_thing:
        return entry.things
    if actor.group == "vehicle":
        able = entry.things or entry.moves or entry.id in {"turn", "open_hatch"}
        return able or actor.kind in entry.actors or actor.group in entry.actors
    return True


@dataclass
class Cast:
    """What is known of the people and things of a shot so far; `subjects()` is the outcome."""

    lexicon: Lexicon
    language: str = "en"
    actors: list[Actor] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    times: list[str] = field(default_factory=list)  # said by what the sun does
    suns: int | None = None
    moons: int | None = None
    sky_colour: str | None = None
    current: list[Actor] = field(default_factory=list)
    carried: list[tuple[Entry, tuple[str, ...]]] = field(default_factory=list)  # named before their owner
    fronted: Place | None = None  # where the next one named is
    seen: dict[int, Actor] = field(default_factory=dict)  # whom the word at that place of the text means
    spent: set[int] = field(default_factory=set)  # words taken as something else than their first meaning
    _held: list[_Held] = field(default_factory=list)
    _follows: bool = False
    _follows_next: bool = False

    def introduce(self, actor: Actor) -> None:
        """Somebody new; what was named before anybody was there is theirs."""
        self.actors.append(actor)
        if actor.group not in {"thing", "vehicle"}:
            self.hand_out(actor)
        if self.fronted:
            actor.place, self.fronted = self.fronted, None

    def hand_out(self, actor: Actor) -> None:
        """What was carried so far is this actor's."""
        for entry, colours in self.carried:
            give(actor, entry)
            actor.colours += colours
        self.carried = []

    def follow(self, *, after_next: bool) -> None:
        """The next beat (or the one after it) starts when all told before it are over."""
        if after_next:
            self._follows_next = True
        else:
            self._follows = True

    def hold(self, entry: Entry, *, sequenced: bool, target: Actor | str | None = None) -> None:
        """A verb whose subject is still to be named."""
        self._held.append(_Held(entry, sequenced, target, len(self.events)))

    @property
    def holds(self) -> bool:
        return bool(self._held)

    def aim_held(self, target: Actor | str) -> None:
        """The last held verb is done to this."""
        if self._held and self._held[-1].target is None:
            self._held[-1].target = target

    def release(self, actor: Actor) -> list[Event]:
        """The held verbs turn out to be this actor's, if it can do them."""
        kept, self._held = self._held, []
        told: list[Event] = []
        for held in kept:
            if not can_do(actor, held.entry) or (held.entry.id == "open_hatch" and actor.group != "vehicle"):
                self._held.append(held)
            else:
                told += self.tell([actor], held.entry, held.entry.weight, sequenced=held.sequenced)
                if held.target is not actor:
                    told[-1].target = held.target
                if held.entry.id == "open_hatch" and told[-1] is self.events[-1]:  # it was told before what followed
                    self.events.insert(held.at, self.events.pop())
        return told

    def tell(self, actors: list[Actor], entry: Entry, weight: float, *, sequenced: bool = False) -> list[Event]:
        """These actors do this. Someone coming out of a vehicle follows what the vehicle did."""
        if entry.needs:
            carriers = [a for a in self.actors if a.group == entry.needs and a not in actors]
            sequenced |= any(e.actor in carriers for e in self.events)
        if entry.id in {"lie_down", "put_down"} and all(a.is_thing for a in actors):
            entry = self.lexicon.refer("action:stand")  # a letter lies on the table: it is there
        if entry.id in {"hover", "fly"} and actors and all(a.kind in {"boat", "ship"} for a in actors):
            entry = self.lexicon.refer("action:drive")  # what floats on water
        others = [e for e in self.events if e.actor not in actors]
        follows = bool(others) and (sequenced or self._follows)
        told = [Event(actor, entry, weight, follows) for actor in actors if not self._same_look(actor, entry)]
        self.events += told
        for actor in actors:
            for reference in entry.implies:
                give(actor, self.lexicon.refer(reference))
        self._follows, self._follows_next = self._follows_next, False
        return told or [e for e in self.events if e.actor in actors][-len(actors) :]

    def _same_look(self, actor: Actor, entry: Entry) -> bool:
        """ "looks up and gazes" is one look."""
        last = next((e for e in reversed(self.events) if e.actor is actor), None)
        return bool(last and last.action.startswith("look_") and entry.id in {"look_around", "look_at"}) and (
            last is self.events[-1]
        )

    def last_other(self, than: list[Actor]) -> Actor | None:
        """The last one named that can have somebody behind or beside it, these aside."""
        others = [a for a in self.actors if a not in than]
        return next((a for a in reversed(others) if not a.is_thing), others[-1] if others else None)

    def last_named(self, than: list[Actor]) -> Actor | None:
        """The last one named, these aside: what "it" means."""
        return next((a for a in reversed(self.actors) if a not in than), None)

    def settle(self) -> None:
        """What is understood without being said: mounts, who an embrace is with, who sits on what."""
        for index, event in enumerate(self.events):
            if event.entry.needs:
                carriers = [a for a in self.actors if a.group == event.entry.needs and a is not event.actor]
                if not carriers:
                    event.entry = self.lexicon.refer(f"action:{event.entry.otherwise or 'stand'}")
                event.sequenced |= any(e.actor in carriers for e in self.events[:index])
            if event.entry.id == "play_instrument" and not self._has_instrument(event):
                event.entry = self.lexicon.refer("action:run" if event.actor.kind in _YOUNG else "action:talk")
        self._seat()
        for event in list(self.events):
            if event.entry.mount and event.actor.group not in {"vehicle", "animal"}:
                self._mount(event, event.entry.mount)
        for event in list(self.events):
            if event.entry.mutual:
                self._meet(event)
        for event in self.events:
            place = event.actor.place
            if event.action in _RESTING and place and place.side == "on" and event.target in {None, place.of}:
                event.target, event.actor.place = place.of, None

    def _has_instrument(self, event: Event) -> bool:
        held = _INSTRUMENTS.intersection(event.actor.props)
        at = isinstance(event.target, Actor) and event.target.kind in _INSTRUMENTS
        return bool(held) or at or self.language == "zh"

    def _seat(self) -> None:
        """Who is on a seat and does nothing sits."""
        for actor in self.actors:
            seat = actor.place.of if actor.place and actor.place.side == "on" else None
            idle = actor.group == "person" and not any(e.actor is actor for e in self.events)
            if idle and isinstance(seat, Actor) and seat.kind in {"chair", "sofa", "throne", "bench"}:
                self.events.append(Event(actor, self.lexicon.refer("action:sit"), 1.0, sequenced=False))

    def _mount(self, event: Event, kind: str) -> None:
        fits = [a for a in self.actors if a is not event.actor and self._carries(a, kind)]
        mount = event.target if isinstance(event.target, Actor) and event.target in fits else None
        if mount is None and event.target is not None and kind == "car":
            return
        mount = mount or (fits[-1] if fits else None)
        if mount is None:
            word = _WORDS.get(kind, {}).get(self.language, kind)
            group = (e.group if (e := self.lexicon.get("subject", kind)) else None) or "animal"
            mount = Actor(kind, kind, group, word, event.actor.count)
            self.actors.append(mount)
        event.target = mount
        goes = [
            e for e in self.events if e.actor is event.actor and e.action in _MOUNTED and e.sequenced == event.sequenced
        ]
        after = [e for e in goes if self.events.index(e) > self.events.index(event)]
        for other in after:
            other.actor = mount
            if mount.group == "vehicle":
                other.entry = self.lexicon.refer("action:drive")
            event.weight = max(event.weight, other.weight)
        if not any(e.actor is mount for e in self.events):
            action = "drive" if mount.group == "vehicle" else "walk"
            self.events.append(
                Event(mount, self.lexicon.refer(f"action:{action}"), event.weight, event.sequenced, None)
            )

    def _carries(self, actor: Actor, kind: str) -> bool:
        return actor.kind in _RIDDEN if kind == "horse" else actor.group == "vehicle"

    def _meet(self, event: Event) -> None:
        """Two who fight, talk or embrace have each other; one to whom it is done does it too, unless it acts."""
        if event.target is None:
            same = [e.actor for e in self.events if e.entry is event.entry and e.actor is not event.actor]
            if len(same) == 1 and same[0].group != "thing":
                event.target = same[0]
        other = event.target
        if isinstance(other, Actor) and not other.is_thing and not any(e.actor is other for e in self.events):
            index = self.events.index(event)
            waits = event.sequenced or any(e.actor is event.actor for e in self.events[:index])
            self.events.insert(index, Event(other, event.entry, event.weight, waits, event.actor))

    def drop(self, actor: Actor) -> None:
        """There is no room for this one."""
        self.actors = [a for a in self.actors if a is not actor]
        self.events = [e for e in self.events if e.actor is not actor]

    def ordered(self) -> list[Actor]:
        """People, animals, vehicles and machines as told, then things as told."""
        return sorted(self.actors, key=lambda a: a.is_thing)

    def keys(self) -> dict[int, str]:
        return keys_of(self.ordered())

    def subjects(self) -> tuple[SubjectSpec, ...]:
        return specs_of(self.ordered(), self.events)
