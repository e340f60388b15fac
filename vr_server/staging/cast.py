"""Who acts in a shot: subjects of the spec told apart one by one, each with its beats in time."""

from dataclasses import dataclass, replace

from vr_server.domain.shot import ShotSpec, SubjectSpec

from .body.acts import ACTS, CARRIED, LOW
from .kinds import KINDS, UNKNOWN, Kind

SPEEDS = {
    "walk": 1.3, "approach": 1.3, "leave": 1.3, "run": 3.7, "chase": 3.9, "crawl": 0.5, "swim": 0.8, "exit_hatch": 1.15, "enter": 1.1,
    "ride": 4.0, "drive": 8.0, "fly": 7.0,
}  # fmt: skip
"""Metres a second at the action's own pace."""
CRAFT_ACTS = {"land", "take_off", "hover", "open_hatch", "fly", "drive", "unfold_wings", "sink", "explode"}
KNOWN_ACTIONS = set(ACTS) | set(SPEEDS) | CRAFT_ACTS | {"sit_down"}
ON_FOOT = {"walk", "run", "approach", "leave", "chase", "enter", "crawl"}
STILL = (set(ACTS) - CARRIED - set(SPEEDS) - {"land", "explode"}) | LOW
"""Actions done on the spot."""
_UP_S = 0.9
_TABLE_LAMP = 0.34
"""Its height, of a standard lamp's."""
IDLE = {"stand", "look_around", "turn", "hidden"}
MUTUAL = {
    "fight": "fight",
    "embrace": "embrace",
    "talk": "talk",
    "hand_over": "receive",
    "push": "stagger",
    "dance": "dance",
}
"""What two do with each other: the action, and the answer of who has nothing else to do."""


@dataclass(frozen=True)
class Beat:
    action: str
    start_s: float
    end_s: float
    target: str | None = None

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Actor:
    """One of a subject's `count`. `key` is unique in the shot: the subject's for the first, then `key#2`, ..."""

    number: int
    key: str
    spec: SubjectSpec
    kind: Kind
    index: int
    beats: tuple[Beat, ...]

    @property
    def is_person(self) -> bool:
        return self.kind.family == "person"

    @property
    def size_m(self) -> tuple[float, float, float]:
        x, y, z = self.kind.size_m
        s = self.spec.scale
        return (x * s, y * s, z * s)

    @property
    def actions(self) -> set[str]:
        return {b.action for b in self.beats}


def cast_of(spec: ShotSpec) -> tuple[Actor, ...]:
    """Everybody and everything that is staged, in the order told; a crowd is eight at least."""
    found: list[Actor] = []
    for told in spec.subjects:
        s = _on_top(told)
        kind = KINDS.get(s.kind, UNKNOWN)
        for i in range(max(s.count, 8) if s.kind == "crowd" else s.count):
            key = s.key if i == 0 else f"{s.key}#{i + 1}"
            found.append(Actor(len(found), key, s, kind, i, beats_of(s, spec.duration_s, _twin(spec, s, i))))
    return _answering(tuple(found))


def _on_top(s: SubjectSpec) -> SubjectSpec:
    """A lamp that stands on something is a table lamp."""
    if s.kind == "lamp" and s.placement is not None and s.placement.side == "on":
        return s.model_copy(update={"scale": max(s.scale * _TABLE_LAMP, 0.1)})
    return s


def _twin(spec: ShotSpec, s: SubjectSpec, index: int) -> dict[str, str]:
    """Targets of the i-th of several: the i-th of the target where there are as many, the next of their own kind where
    a subject's target is itself."""
    counts = {other.key: other.count for other in spec.subjects}
    found = {}
    for b in s.beats:
        if b.target is None or b.target not in counts:
            continue
        many = counts[b.target]
        if b.target == s.key:
            other = index ^ 1 if (index ^ 1) < many else index - 1
            if other >= 0:
                found[b.target] = s.key if other == 0 else f"{s.key}#{other + 1}"
        elif 0 < index < many:
            found[b.target] = f"{b.target}#{index + 1}"
    return found


def beats_of(s: SubjectSpec, duration_s: float, twins: dict[str, str] | None = None) -> tuple[Beat, ...]:
    """A subject's beats in seconds; what nobody knows how to do is stood through."""
    total = sum(b.weight for b in s.beats)
    beats: list[Beat] = []
    at = 0.0
    for b in s.beats:
        end = at + duration_s * b.weight / total
        target = (twins or {}).get(b.target, b.target) if b.target else None
        if b.action == "sit_down":
            # up first, so that the way down to the seat is seen
            up_s = at + min(_UP_S, 0.3 * (end - at)) if not beats else at
            beats += [Beat("stand", at, up_s)] if up_s > at else []
            beats.append(Beat("sit", up_s, end, target))
            at = end
            continue
        beats.append(Beat(b.action if b.action in KNOWN_ACTIONS else "stand", at, end, target))
        at = end
    return tuple(beats) or (Beat("stand", 0.0, duration_s),)


def _answering(actors: tuple[Actor, ...]) -> tuple[Actor, ...]:
    """Two people told to fight, talk or embrace without saying with whom do it with each other; and who is idle while
    somebody does a thing to them answers."""
    people = [a for a in actors if a.is_person]
    found = {a.key: a for a in actors}
    if len(people) == 2:
        for a, other in (people, people[::-1]):
            beats = tuple(
                Beat(b.action, b.start_s, b.end_s, other.key) if b.target is None and b.action in MUTUAL and b.action != "dance" else b
                for b in a.beats
            )  # fmt: skip
            found[a.key] = _with(a, beats)
    for a in list(found.values()):
        for b in a.beats:
            asked = found.get(b.target or "")
            if asked is not None and asked.is_person and asked.key != a.key and b.action in MUTUAL:
                found[asked.key] = _with(asked, _answer(asked.beats, b, a.key))
    return tuple(found.values())


def _with(a: Actor, beats: tuple[Beat, ...]) -> Actor:
    return replace(a, beats=beats)


def _answer(beats: tuple[Beat, ...], told: Beat, by: str) -> tuple[Beat, ...]:
    """`beats` with the answer to `told` in place of standing about."""
    found: list[Beat] = []
    for b in beats:
        start, end = max(b.start_s, told.start_s), min(b.end_s, told.end_s)
        if b.action not in IDLE or b.target not in {None, by} or end - start < 0.2:
            found.append(b)
            continue
        if start - b.start_s > 0.2:
            found.append(Beat(b.action, b.start_s, start, b.target))
        else:
            start = b.start_s
        rest = b.end_s - end > 0.2
        found.append(Beat(MUTUAL[told.action], start, end if rest else b.end_s, by))
        if rest:
            found.append(Beat(b.action, end, b.end_s, b.target))
    return tuple(found)
