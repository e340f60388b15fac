"""A director's words -> ShotSpec."""

from collections.abc import Iterable
from dataclasses import dataclass

from vr_server.domain.base import Language, Model
from vr_server.domain.shot import (
    SHOT_DEFAULT_LIMIT_S,
    SHOT_LIMIT_S,
    CameraIntent,
    ShotSpec,
    SubjectSpec,
    TimeOfDay,
)

from .cast import Actor, Cast
from .lexicon import Entry, Lexicon, load_lexicon
from .quantity import quantities
from .scan import Clause, Match, prompt_categories, scan
from .slots import read_slots
from .text import check_prompt, detect_language
from .unknown import unknown_names

_DEFAULT_DURATION_S = 4.0
_SHORTEST_S = 0.5
_STORY_LIMIT_S = 8.0
_BEAT_S = 1.35  # seconds a unit of beat weight wants
_MAX_SUNS = 4


class Setting(Model):
    """Where and when a shot is unless its own words say otherwise (from a scene heading)."""

    place: str | None = None
    time_of_day: TimeOfDay | None = None
    who: SubjectSpec | None = None  # whom "she" means when the shot names nobody


@dataclass(frozen=True, slots=True)
class _World:
    place: str | None
    time_of_day: TimeOfDay | None
    suns: int
    weather: tuple[str, ...]
    set_dressing: tuple[str, ...]
    style: str | None


def parse_spec(
    text: str,
    *,
    language: Language | None = None,
    duration_s: float | None = None,
    setting: Setting | None = None,
    lexicon: Lexicon | None = None,
) -> ShotSpec:
    """What a shot asks for, read from free text or from the bracket template, in English or Chinese.

    `duration_s` wins over a duration in the text, which wins over 4 s (up to 8 s where several things happen one after
    the other); all are held to what a shot may last.
    Nouns that the lexicon does not know become stand-ins with kind "person" and are listed in `unknown_words`.
    Raise InvalidPrompt when the text is empty, binary or longer than PROMPT_LIMIT_CHARS.
    """
    text = check_prompt(text)
    language = language or detect_language(text)
    lexicon = lexicon or load_lexicon()
    setting = setting or Setting()
    slots, spoken = read_slots(text, lexicon)
    clauses = scan(spoken, lexicon, prompt_categories(lexicon))
    cast, unknown = _read_cast(spoken, clauses, lexicon, language, setting)
    world = _world(clauses, cast, lexicon, setting)
    camera, action_speed = _camera(clauses), _action_speed(clauses, cast)
    subjects = cast.subjects()
    return ShotSpec(
        text=text,
        language=language,
        slots=slots,
        subjects=subjects,
        place=world.place or "plain",
        set_dressing=world.set_dressing,
        time_of_day=world.time_of_day or "day",
        suns=world.suns,
        weather=world.weather,
        style=world.style,
        camera=camera.model_copy(update={"lens_mm": _lens_mm(spoken, lexicon)}),
        action_speed=action_speed,
        duration_s=_duration_s(duration_s, spoken, subjects, lexicon),
        unknown_words=unknown,
    )


def reads_as_setting(text: str, *, lexicon: Lexicon | None = None) -> Setting:
    """Place and time of day that a scene heading names, either None where it names none."""
    lexicon = lexicon or load_lexicon()
    clauses = scan(text, lexicon, frozenset({"place", "time", "heading_time"}))
    place = next((e.id for e in _entries(clauses, "place")), None)
    times = [e.id for e in _entries(clauses, "time")] or [e.id for e in _entries(clauses, "heading_time")]
    return Setting(place=place, time_of_day=_time_of_day(times[-1:]))


def names_a_sight(text: str, *, lexicon: Lexicon | None = None) -> bool:
    """Whether the text names anything that a camera could see."""
    lexicon = lexicon or load_lexicon()
    seen = ("subject", "action", "place", "set", "weather", "sky", "prop", "shot_size", "move", "time")
    return any(c.has(*seen) for c in scan(text, lexicon, prompt_categories(lexicon)))


def _read_cast(
    text: str, clauses: list[Clause], lexicon: Lexicon, language: Language, setting: Setting
) -> tuple[Cast, tuple[str, ...]]:
    cast = Cast(lexicon)
    names = [unknown_names(text, clause) for clause in clauses]
    for clause, found in zip(clauses, names, strict=True):
        cast.read(clause, {n.match.start: n.match for n in found if n.acts})
    unknown = tuple(dict.fromkeys(n.match.text for found in names for n in found))
    if not cast.actors and not _empty_place(clauses, unknown):
        fallback = _somebody(clauses, unknown, language, lexicon, setting)
        cast.introduce(fallback)
        cast.release(fallback)
    return cast, unknown


def _somebody(
    clauses: list[Clause], unknown: tuple[str, ...], language: Language, lexicon: Lexicon, setting: Setting
) -> Actor:
    """Whom the shot is about when no known noun says it: the pronoun's person, an unknown noun, or anybody."""
    who = setting.who
    if who and not unknown and any(c.has("pronoun") or c.has("action") for c in clauses):
        entry = lexicon.get("subject", who.kind)
        group = entry.group if entry and entry.group else "person"
        return Actor(who.kind, group, who.label, who.count, who.wardrobe, list(who.props))
    anybody = "人物" if language == "zh" else "person"
    return Actor("person", "person", unknown[0] if unknown else anybody)


def _empty_place(clauses: list[Clause], unknown: Iterable[str]) -> bool:
    """Whether the words describe a place and nobody in it."""
    if any(c.has("empty") for c in clauses):
        return True
    somewhere = any(c.has("place", "set", "weather", "sky") for c in clauses)
    return somewhere and not any(unknown) and not any(_told(c) for c in clauses)


def _told(clause: Clause) -> bool:
    """Whether the clause tells an action that nature or the camera does not do."""
    nature = clause.has("weather", "sky", "camera", "move", "set", "place")
    return clause.has("action") and not nature


def _entries(clauses: list[Clause], category: str) -> list[Entry]:
    found = (m.get(category) for c in clauses for m in c.matches if not m.negated)
    return [entry for entry in found if entry]


def _world(clauses: list[Clause], cast: Cast, lexicon: Lexicon, setting: Setting) -> _World:
    places = [e.id for e in _entries(clauses, "place")] or [setting.place or ""]
    times = [*(e.id for e in _entries(clauses, "time")), *cast.times]
    if not times and any(e.id == "moon" for e in _entries(clauses, "sky")):
        times.append("night")
    standing = lexicon.refer(f"place:{places[0]}").implies
    implied = [lexicon.refer(reference).id for reference in standing]
    no_sun = any(m.negated and (s := m.get("sky")) and s.id == "sun" for c in clauses for m in c.matches)
    bare = {s.id for c in clauses for m in c.matches if m.negated and (s := m.get("set"))}
    sets = [*(e.id for e in _entries(clauses, "set")), *implied]
    styles = _entries(clauses, "style")
    return _World(
        place=places[0] or None,
        time_of_day=_time_of_day(times) or setting.time_of_day,
        suns=0 if no_sun else min(cast.suns or 1, _MAX_SUNS),
        weather=tuple(dict.fromkeys(e.id for e in _entries(clauses, "weather"))),
        set_dressing=tuple(s for s in dict.fromkeys(sets) if s not in bare),
        style=styles[-1].id if styles else None,
    )


def _time_of_day(times: list[str]) -> TimeOfDay | None:
    """The first told; "day" (sunlight) gives way to anything more particular."""
    particular = [t for t in times if t != "day"]
    chosen = next(iter([*particular, *times]), None)
    match chosen:
        case "dawn" | "day" | "sunset" | "dusk" | "night":
            return chosen
        case _:
            return None


def _camera(clauses: list[Clause]) -> CameraIntent:
    told: dict[str, object] = {}
    for clause in clauses:
        speaks = clause.has("camera", "shot_size", "angle", "move") or bool(told)
        active = False
        pace: float | None = None
        moved = False
        for match in clause.matches:
            if match.negated:
                continue
            if any(match.get(c) for c in ("camera", "shot_size", "angle", "move")):
                active = True
            elif match.get("subject") or match.get("pronoun"):
                active = False
            moved |= _take_camera(match, told, active=active and speaks)
            if (entry := match.get("pace")) and active:
                pace = entry.value
        if moved and pace:
            told["move_speed"] = pace
    return CameraIntent.model_validate(told)


def _take_camera(match: Match, told: dict[str, object], *, active: bool) -> bool:
    """Note size, angle and move; whether a move was among them."""
    for category, name in (("shot_size", "shot_size"), ("angle", "angle")):
        if entry := match.get(category, camera=active):
            told[name] = entry.id
    if move := match.get("move", camera=active):
        told["move"] = move.id
        return True
    return False


def _action_speed(clauses: list[Clause], cast: Cast) -> float:
    """The pace told of the only thing that is done; with several beats the pace is in their weights."""
    if len(cast.events) != 1:
        return 1.0
    for clause in clauses:
        if clause.has("action") and not clause.has("camera", "move"):
            paces = [e for m in clause.matches if (e := m.get("pace"))]
            if paces:
                return paces[0].value or 1.0
    return 1.0


def _lens_mm(text: str, lexicon: Lexicon) -> float | None:
    return next((q.value for q in quantities(text, lexicon) if q.group == "mm" and 8 <= q.value <= 400), None)


def _duration_s(asked: float | None, text: str, subjects: tuple[SubjectSpec, ...], lexicon: Lexicon) -> float:
    if asked is not None:
        return min(max(asked, _SHORTEST_S), SHOT_LIMIT_S)
    told = [q.value for q in quantities(text, lexicon) if q.group == "s"]
    if told:
        return min(max(told[-1], _SHORTEST_S), SHOT_DEFAULT_LIMIT_S)
    # several things that happen one after the other want time to be seen: a craft lands, opens, somebody walks out
    story = max((sum(b.weight for b in s.beats) for s in subjects if len(s.beats) > 1), default=0.0)
    return float(min(max(round(story * _BEAT_S), _DEFAULT_DURATION_S), _STORY_LIMIT_S))
