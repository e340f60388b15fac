"""Where and when a shot is, what stands there and what the sky does."""

from dataclasses import dataclass

from vr_server.domain.shot import TimeOfDay

from .cast import Cast
from .lexicon import Entry
from .remarks import Remarks
from .scan import Clause, Match

MOST_IN_THE_SKY = 4
_AS_SET = {
    "forest": "trees", "bamboo_grove": "bamboo", "ruins": "columns", "bridge": "bridge", "cliff": "mountains",
    "lava": "lava_river", "snowfield": "mountains", "street": "buildings", "ancient_city": "buildings",
}  # fmt: skip
"""What of a second place can stand in the first one."""
_FRIENDS = (
    frozenset({"dawn", "day"}), frozenset({"sunset", "dusk"}), frozenset({"dusk", "night"}),
    frozenset({"sunset", "day"}), frozenset({"dusk", "day"}), frozenset({"dawn", "night"}),
)  # fmt: skip
"""Times that one light can be told by: sunlight at sunset, a night before dawn."""


@dataclass(frozen=True, slots=True)
class World:
    place: str | None
    time_of_day: TimeOfDay | None
    suns: int
    moons: int
    sky_colour: str | None
    weather: tuple[str, ...]
    set_dressing: tuple[str, ...]
    style: str | None


def entries(clauses: list[Clause], category: str) -> list[Entry]:
    """What is told of that category and not taken away, in order."""
    found = (m.get(category) for c in clauses for m in c.matches if not m.negated)
    return [entry for entry in found if entry]


def read_world(
    clauses: list[Clause], cast: Cast, remarks: Remarks, *, place: str | None, time_of_day: TimeOfDay | None
) -> World:
    """`place` and `time_of_day` are the setting's, for what the words do not say."""
    lexicon = cast.lexicon
    bare = {s.id for c in clauses for m in c.matches if m.negated and (s := m.get("set"))}
    told_sets = [
        s.id for c in clauses for m in c.matches if not m.negated and m.start not in cast.seen and (s := m.get("set"))
    ]
    chosen, spare = _place(clauses, remarks)
    if chosen is None and place is None:
        implied = [r for s in told_sets for r in lexicon.refer(f"set:{s}").implies if r.startswith("place:")]
        chosen = next((lexicon.refer(r) for r in implied), None)
    here = chosen or (lexicon.refer(f"place:{place}") if place else None)
    standing = [lexicon.refer(r).id for r in here.implies if r.startswith("set:")] if here else []
    sets = dict.fromkeys([*told_sets, *spare, *standing])
    no_sun = any(m.negated and (s := m.get("sky")) and s.meant == "sun" for c in clauses for m in c.matches)
    return World(
        place=here.id if here else None,
        time_of_day=_time(clauses, cast, remarks) or time_of_day,
        suns=0 if no_sun else _in_the_sky("suns", cast.suns, 1, remarks),
        moons=_in_the_sky("moons", cast.moons, 0, remarks),
        sky_colour=cast.sky_colour,
        weather=tuple(dict.fromkeys(e.id for e in entries(clauses, "weather"))),
        set_dressing=tuple(s for s in sets if s not in bare),
        style=_style(clauses, cast, remarks),
    )


def _in_the_sky(what: str, told: int | None, usual: int, remarks: Remarks) -> int:
    number = usual if told is None else told
    if number > MOST_IN_THE_SKY:
        remarks.say(what, kept=MOST_IN_THE_SKY, all=number)
    return min(number, MOST_IN_THE_SKY)


def _place(clauses: list[Clause], remarks: Remarks) -> tuple[Entry | None, list[str]]:
    """The most particular place told (the first of equals), and what of the others can stand there."""
    told = list({e.id: e for e in entries(clauses, "place")}.values())
    if not told:
        return None, []
    kept = max(told, key=lambda e: e.value or 1.0)
    spare: list[str] = []
    for other in told:
        if other is kept:
            continue
        indoors = {e.group == "indoor" for e in (kept, other)}
        general = (other.value or 1.0) < 1.0 and kept.group != "indoor"
        if len(indoors) == 2:
            remarks.say("indoors", left=_name(other, remarks), kept=_name(kept, remarks))
        elif other.id in _AS_SET and not general and kept.group != "indoor":
            spare.append(_AS_SET[other.id])
        elif not general:
            remarks.say("places", left=_name(other, remarks), kept=_name(kept, remarks))
    return kept, spare


def _name(entry: Entry, remarks: Remarks) -> str:
    return entry.name(remarks.language)


def _time(clauses: list[Clause], cast: Cast, remarks: Remarks) -> TimeOfDay | None:
    told = [e.id for e in entries(clauses, "time")]
    times = [*told, *cast.times]
    if not times and any(e.meant == "moon" for e in entries(clauses, "sky")):
        times.append("night")
    kept = time_of(times)
    for other in dict.fromkeys(told):
        if kept and other != kept and frozenset({other, kept}) not in _FRIENDS:
            left, name = (cast.lexicon.refer(f"time:{t}").name(remarks.language) for t in (other, kept))
            remarks.say("times", left=left, kept=name)
    return kept


def time_of(times: list[str]) -> TimeOfDay | None:
    """The first told; "day" (sunlight) gives way to anything more particular."""
    particular = [t for t in times if t != "day"]
    chosen = next(iter([*particular, *times]), None)
    match chosen:
        case "dawn" | "day" | "sunset" | "dusk" | "night":
            return chosen
        case _:
            return None


def _style(clauses: list[Clause], cast: Cast, remarks: Remarks) -> str | None:
    """The last look told; a word that says another thing as well (moonlight, overcast) gives way to a plain one."""
    told: list[tuple[Entry, Match]] = [
        (e, m)
        for c in clauses
        for m in c.matches
        if not m.negated and m.start not in cast.spent and (e := m.get("style"))
    ]
    plain = [e for e, m in told if len({s.entry.category for s in m.senses}) == 1]
    chosen = plain or [e for e, _ in told]
    if not chosen:
        return None
    for other in dict.fromkeys(e.id for e in plain if e.id != chosen[-1].id):
        name = cast.lexicon.refer(f"style:{other}").name(remarks.language)
        remarks.say("styles", left=name, kept=_name(chosen[-1], remarks))
    return chosen[-1].id
