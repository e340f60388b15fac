"""Who is in a shot while it is being read, what they do and where they are."""

from dataclasses import dataclass, field
from typing import get_args

from vr_server.domain.shot import ActionBeat, Placement, Side, SubjectSpec

from .lexicon import Entry

COUNT_LIMIT = 60
_SCALES = (0.1, 20.0)
_LABEL_CHARS = 60
_SIDES: frozenset[str] = frozenset(get_args(Side))


@dataclass(eq=False)
class Actor:
    """A subject while it is being read. `name` is its word's own id ("bride"), `kind` what it is staged as."""

    name: str
    kind: str
    group: str
    label: str
    count: int = 1
    wardrobe: str | None = None
    props: list[str] = field(default_factory=list)
    colours: list[str] = field(default_factory=list)
    scale: float = 1.0
    place: "Place | None" = None

    @property
    def is_thing(self) -> bool:
        return self.group == "thing"


@dataclass(frozen=True, eq=False)
class Place:
    """On which side of what: another actor, a set-dressing id, or (None) the frame."""

    side: str
    of: "Actor | str | None" = None


@dataclass(eq=False)
class Event:
    """`actor` does `entry`'s action; `sequenced` events start when all told before them are over."""

    actor: Actor
    entry: Entry
    weight: float
    sequenced: bool
    target: Actor | str | None = None

    @property
    def action(self) -> str:
        return self.entry.meant


def give(actor: Actor, entry: Entry) -> None:
    """A wardrobe to wear or a prop to hold."""
    if entry.category == "wardrobe" and entry.id != "clothes":
        actor.wardrobe = entry.id
    elif entry.category == "prop" and entry.id not in actor.props:
        actor.props.append(entry.id)


def keys_of(actors: list[Actor]) -> dict[int, str]:
    """The key of each actor, by its identity: "woman", then "woman-2"."""
    used: dict[str, int] = {}
    keys: dict[int, str] = {}
    for actor in actors:
        used[actor.name] = used.get(actor.name, 0) + 1
        keys[id(actor)] = actor.name if used[actor.name] == 1 else f"{actor.name}-{used[actor.name]}"
    return keys


def specs_of(actors: list[Actor], events: list[Event]) -> tuple[SubjectSpec, ...]:
    """The subjects of a spec, in the order of `actors`."""
    keys = keys_of(actors)
    spans = _spans(events, keys)
    return tuple(_subject(actor, keys, spans.get(id(actor), [])) for actor in actors)


def _subject(actor: Actor, keys: dict[int, str], beats: list[ActionBeat]) -> SubjectSpec:
    place = None
    if actor.place and actor.place.side in _SIDES:
        of = actor.place.of if actor.place.of is not actor else None
        place = Placement.model_validate({"side": actor.place.side, "of": _key(of, keys)})
    return SubjectSpec(
        key=keys[id(actor)],
        kind=actor.kind,
        label=" ".join(actor.label.split())[:_LABEL_CHARS],
        count=min(max(actor.count, 1), COUNT_LIMIT),
        wardrobe=actor.wardrobe,
        colours=tuple(dict.fromkeys(actor.colours)),
        scale=round(min(max(actor.scale, _SCALES[0]), _SCALES[1]), 3),
        placement=place,
        props=tuple(dict.fromkeys(actor.props)),
        beats=tuple(beats) or (ActionBeat(action="stand"),),
    )


def _key(of: Actor | str | None, keys: dict[int, str]) -> str | None:
    return keys.get(id(of)) if isinstance(of, Actor) else of


@dataclass
class _Span:
    action: str
    start: float
    end: float
    target: str | None = None
    settles: bool = False


def _spans(events: list[Event], keys: dict[int, str]) -> dict[int, list[ActionBeat]]:
    """Each actor's beats; a beat told as following another's waits for it, the last one lasts to the end."""
    placed: dict[int, list[_Span]] = {}
    end = 0.0
    for event in events:
        mine = placed.setdefault(id(event.actor), [])
        start = end if event.sequenced else (mine[-1].end if mine else 0.0)
        target = _key(event.target, keys) if event.target is not event.actor else None
        if (
            mine and mine[-1].action == event.action and target in {None, mine[-1].target}
        ):  # told twice, done once, longer
            mine[-1].end = max(start, mine[-1].end) + event.weight
            end = max(end, mine[-1].end)
            continue
        if mine:
            mine[-1].end = start
        elif start > 0:
            mine.append(_Span("stand", 0.0, start))
        mine.append(_Span(event.action, start, start + event.weight, target, event.entry.settles))
        end = max(end, start + event.weight)
    return {key: _beats(mine, end) for key, mine in placed.items()}


def _beats(mine: list[_Span], end: float) -> list[ActionBeat]:
    """Spans as shares; the last one lasts to the end, or its doer stands where it settles before."""
    last = mine[-1]
    if end > last.end:
        if last.settles:
            mine.append(_Span("stand", last.end, end))
        else:
            last.end = end
    return [ActionBeat(action=s.action, target=s.target, weight=round(s.end - s.start, 3)) for s in mine]
