"""A director's words -> ShotSpec."""

from collections.abc import Iterable

from vr_server.domain.base import Language, Model
from vr_server.domain.errors import InvalidPrompt
from vr_server.domain.shot import SHOT_DEFAULT_LIMIT_S, SHOT_LIMIT_S, ShotSpec, SubjectSpec, TimeOfDay

from .actor import COUNT_LIMIT, Actor
from .camera import read_camera
from .cast import Cast
from .lexicon import Lexicon, load_lexicon
from .quantity import quantities
from .reader import read_clause
from .remarks import Remarks
from .scan import Clause, prompt_categories, scan
from .slots import read_slots
from .text import check_prompt, detect_language, fitting
from .unknown import Name, unknown_names
from .world import entries, read_world, time_of

_DEFAULT_DURATION_S = 4.0
_SHORTEST_S = 0.5
_STORY_LIMIT_S = 8.0
_BEAT_S = 1.35  # seconds a unit of beat weight wants
_CAMERA_BEAT_S = 2.2  # seconds a camera move wants
_SUBJECTS_LIMIT = 60  # on screen, all together
_STAND_INS_LIMIT = 4  # things the lexicon does not know


class Setting(Model):
    """Where and when a shot is unless its own words say otherwise (from a scene heading)."""

    place: str | None = None
    time_of_day: TimeOfDay | None = None
    who: SubjectSpec | None = None  # whom "she" means when the shot names nobody


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
    Nouns that the lexicon does not know become stand-ins, with kind "person" where they act and "placeholder" where
    not, and are listed in `unknown_words`. A text longer than PROMPT_LIMIT_CHARS is read up to the last sentence that
    fits. What could not be taken in is said in `left_out`, a line each.
    Raise InvalidPrompt when the text is empty or binary, or holds no word at all.
    """
    whole = check_prompt(text)
    text = fitting(whole)
    language = language or detect_language(text)
    lexicon = lexicon or load_lexicon()
    setting = setting or Setting()
    remarks = Remarks(language)
    if len(text) < len(whole):
        remarks.say("cut", all=len(whole), kept=len(text))
    slots, spoken = read_slots(text, lexicon)
    clauses = scan(spoken, lexicon, prompt_categories(lexicon))
    if not any(c.isalnum() for c in spoken) and not any(c.matches for c in clauses):
        raise InvalidPrompt("None of these signs is known: describe in words who does what, where, and how it is seen.")
    cast, unknown = _read_cast(spoken, clauses, lexicon, language, setting)
    _hold_numbers(cast, remarks)
    world = read_world(clauses, cast, remarks, place=setting.place, time_of_day=setting.time_of_day)
    camera = read_camera(spoken, clauses, cast, cast.keys(), remarks)
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
        moons=world.moons,
        sky_colour=world.sky_colour,
        weather=world.weather,
        style=world.style,
        camera=camera,
        action_speed=_action_speed(clauses, cast),
        duration_s=_duration_s(duration_s, spoken, subjects, len(camera.beats), lexicon),
        unknown_words=unknown,
        left_out=remarks.lines,
    )


def reads_as_setting(text: str, *, lexicon: Lexicon | None = None) -> Setting:
    """Place and time of day that a scene heading names, either None where it names none."""
    lexicon = lexicon or load_lexicon()
    clauses = scan(text, lexicon, frozenset({"place", "time", "heading_time"}))
    places = entries(clauses, "place")
    place = max(places, key=lambda e: e.value or 1.0).id if places else None
    times = [e.id for e in entries(clauses, "time")] or [e.id for e in entries(clauses, "heading_time")]
    return Setting(place=place, time_of_day=time_of(times[-1:]))


def names_a_sight(text: str, *, lexicon: Lexicon | None = None) -> bool:
    """Whether the text names anything that a camera could see."""
    lexicon = lexicon or load_lexicon()
    seen = ("subject", "action", "place", "set", "weather", "sky", "prop", "shot_size", "move", "time")
    return any(c.has(*seen) for c in scan(text, lexicon, prompt_categories(lexicon)))


def _read_cast(
    text: str, clauses: list[Clause], lexicon: Lexicon, language: Language, setting: Setting
) -> tuple[Cast, tuple[str, ...]]:
    cast = Cast(lexicon, language)
    first = next((n for n, clause in enumerate(clauses) if clause.has("subject")), len(clauses))
    names = [unknown_names(text, clause, alone=n < first) for n, clause in enumerate(clauses)]
    shown: set[str] = set()
    for clause, found in zip(clauses, names, strict=True):
        read_clause(cast, clause, [n for n in found if n.acts or _has_room(n, shown)])
    unknown = tuple(dict.fromkeys(n.match.text for found in names for n in found))
    somebody = any(a.group not in {"thing", "vehicle"} for a in cast.actors)
    if not somebody and (cast.holds or not (cast.actors or _empty_place(clauses, unknown))):
        fallback = _somebody(clauses, unknown, language, lexicon, setting)
        cast.introduce(fallback)
        cast.release(fallback)
    cast.settle()
    return cast, unknown


def _has_room(name: Name, shown: set[str]) -> bool:
    """Whether one more thing that nobody knows can be shown."""
    if len(shown) < _STAND_INS_LIMIT:
        shown.add(name.match.text)
    return name.match.text in shown


def _hold_numbers(cast: Cast, remarks: Remarks) -> None:
    """At most 60 of a kind and of all together, each kind its share; everybody is there once."""
    for actor in cast.ordered()[_SUBJECTS_LIMIT:]:
        cast.drop(actor)
        remarks.say("subject", label=actor.label)
    asked = [(actor, actor.count) for actor in cast.ordered()]
    total = sum(min(count, COUNT_LIMIT) for _, count in asked)
    for actor, count in asked:
        actor.count = min(count, COUNT_LIMIT)
        if total > _SUBJECTS_LIMIT:
            actor.count = max(1, actor.count * _SUBJECTS_LIMIT // total)
    while sum(actor.count for actor, _ in asked) > _SUBJECTS_LIMIT:
        max(asked, key=lambda pair: pair[0].count)[0].count -= 1
    for actor, count in asked:
        if actor.count < count:
            remarks.say("count", kept=actor.count, all=count, label=actor.label)


def _somebody(
    clauses: list[Clause], unknown: tuple[str, ...], language: Language, lexicon: Lexicon, setting: Setting
) -> Actor:
    """Whom the shot is about when no known noun says it: the pronoun's person, an unknown noun, or anybody."""
    who = setting.who
    if who and not unknown and any(c.has("pronoun") or c.has("action") for c in clauses):
        entry = lexicon.get("subject", who.kind)
        group = entry.group if entry and entry.group else "person"
        colours = list(who.colours)
        return Actor(who.kind, who.kind, group, who.label, who.count, who.wardrobe, list(who.props), colours, who.scale)
    anybody = "人物" if language == "zh" else "person"
    return Actor("person", "person", "person", unknown[0] if unknown else anybody)


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


def _action_speed(clauses: list[Clause], cast: Cast) -> float:
    """Slow motion or time-lapse; else the pace of the only thing done: with several beats it is in their weights."""
    if tempo := next((e.value for e in entries(clauses, "tempo") if e.value), None):
        return tempo
    if len(cast.events) != 1:
        return 1.0
    for clause in clauses:
        if clause.has("action") and not clause.has("camera", "move"):
            paces = [e for m in clause.matches if (e := m.get("pace"))]
            if paces:
                return paces[0].value or 1.0
    return 1.0


def _duration_s(
    asked: float | None, text: str, subjects: tuple[SubjectSpec, ...], camera_beats: int, lexicon: Lexicon
) -> float:
    if asked is not None:
        return min(max(asked, _SHORTEST_S), SHOT_LIMIT_S)
    told = [q.value for q in quantities(text, lexicon) if q.group == "s"]
    if told:
        return min(max(told[-1], _SHORTEST_S), SHOT_DEFAULT_LIMIT_S)
    # several things that happen one after the other want time to be seen: a craft lands, opens, somebody walks out
    story = max((sum(b.weight for b in s.beats) for s in subjects if len(s.beats) > 1), default=0.0)
    wanted = max(story * _BEAT_S, camera_beats * _CAMERA_BEAT_S)
    return float(min(max(round(wanted), _DEFAULT_DURATION_S), _STORY_LIMIT_S))
