"""What a note asks of the look: style, weather, place, sky, lens, and a subject's colour, size, number and focus."""

from vr_server.domain.note import (
    Change,
    FocusChange,
    LensChange,
    PlaceChange,
    SkyChange,
    StyleChange,
    SubjectColourChange,
    SubjectCountChange,
    SubjectScaleChange,
    WeatherChange,
)
from vr_server.domain.shot import ShotSpec, SubjectSpec

from .lexicon import Lexicon
from .piece import Piece
from .text import fold

_BIGGER, _SMALLER = 1.5, 0.67
_LENS_MM = (8.0, 400.0)
_MOST_IN_THE_SKY = 4
_MORE = ("add", "another", "more", "加", "再", "增加", "多", "添")
_GONE = ("take away", "less", "stop the", "get rid", "lose the", "去掉", "去除", "拿掉", "不要", "停")
_SHIFTS = ("move", "set", "go", "place", "shift", "take")  # verbs that say only that the place changes
_PRONOUNS = ("her", "his", "him", "she", "he", "their", "them", "they", "她", "他", "他们", "她们")


def look_wishes(piece: Piece, spec: ShotSpec, lexicon: Lexicon) -> list[Change]:
    """The changes of look that the piece's words name."""
    who = _who(piece, spec, lexicon)
    found: list[Change | None] = [
        *_styles(piece),
        _weather(piece),
        _place(piece, spec, lexicon),
        _sky(piece, spec),
        _lens(piece),
        FocusChange(subject_key=who.key) if who and piece.ids("focus") else None,
        _colour(piece, who),
        _scale(piece, who or next(iter(spec.subjects), None)),
        _count(piece, who),
    ]
    return [change for change in found if change]


def look_keys(change: Change) -> list[str]:
    """What the change settles, for telling contradictions."""
    match change:
        case SubjectColourChange() | SubjectScaleChange() | SubjectCountChange():
            return [f"{change.kind} {change.subject_key}"]
        case _:
            return [change.kind]


def _who(piece: Piece, spec: ShotSpec, lexicon: Lexicon) -> SubjectSpec | None:
    """The subject that the piece names, by its word, by a pronoun or by what a person wears."""
    for match in piece.matches:
        if entry := match.get("subject"):
            fits = [s for s in spec.subjects if s.key == entry.id or s.label == match.text]
            fits = fits or [s for s in spec.subjects if s.kind == entry.meant]
            if fits:
                return fits[0]
    people = [s for s in spec.subjects if (e := lexicon.get("subject", s.kind)) is None or e.group == "person"]
    pronoun = any(m.text.lower() in _PRONOUNS for m in piece.matches)
    return people[0] if people and (pronoun or piece.ids("wardrobe")) else None


def _styles(piece: Piece) -> list[StyleChange]:
    plain = [
        entry.id
        for m in piece.matches
        if not m.negated and (entry := m.get("style")) and not (m.get("colour") and piece.ids("subject"))
    ]
    return [StyleChange(style=plain[-1])] if plain else []


def _weather(piece: Piece) -> WeatherChange | None:
    gone = tuple(e.id for m in piece.matches if m.negated and (e := m.get("weather")))
    come = tuple(dict.fromkeys(piece.ids("weather")))
    if any(word in fold(piece.clause.text) for word in _GONE):
        come, gone = (), tuple(dict.fromkeys((*gone, *come)))
    return WeatherChange(add=come, remove=gone) if come or gone else None


def _place(piece: Piece, spec: ShotSpec, lexicon: Lexicon) -> PlaceChange | None:
    places = [p for p in piece.ids("place") if p != spec.place]
    acted = any(m.get("action") and m.text.lower() not in _SHIFTS for m in piece.matches)
    if not places or acted or piece.ids("move"):
        return None
    standing = tuple(r.partition(":")[2] for r in lexicon.refer(f"place:{places[-1]}").implies if r.startswith("set:"))
    return PlaceChange(place=places[-1], set_dressing=standing)


def _sky(piece: Piece, spec: ShotSpec) -> SkyChange | None:
    told: dict[str, int] = {}
    for match in piece.matches:
        entry = match.get("sky")
        if entry is None or entry.meant not in {"sun", "moon"}:
            continue
        name, now = ("suns", spec.suns) if entry.meant == "sun" else ("moons", spec.moons)
        number = round(entry.value or 0) or _number(piece) or 1
        more = any(word in fold(piece.clause.text) for word in _MORE)
        told[name] = 0 if match.negated else min(number + now if more else number, _MOST_IN_THE_SKY)
    return SkyChange(suns=told.get("suns"), moons=told.get("moons")) if told else None


def _number(piece: Piece) -> int | None:
    found = [e.value for m in piece.matches if (e := m.get("count")) and e.value]
    return round(found[-1]) if found else None


def _lens(piece: Piece) -> LensChange | None:
    named = [e.value for m in piece.matches if not m.negated and (e := m.get("lens")) and e.value]
    mm = piece.number("mm") or next(iter(named), None)
    return LensChange(lens_mm=min(max(mm, _LENS_MM[0]), _LENS_MM[1])) if mm else None


def _colour(piece: Piece, who: SubjectSpec | None) -> SubjectColourChange | None:
    colours = tuple(dict.fromkeys(piece.ids("colour")))
    if not colours or who is None or any(m.get("grade") or m.get("heaven") for m in piece.matches):
        return None
    return SubjectColourChange(subject_key=who.key, colours=colours)


def _scale(piece: Piece, who: SubjectSpec | None) -> SubjectScaleChange | None:
    wish = next((n for n in piece.ids("note") if n in {"bigger", "smaller"}), None)
    sizes = [e.value for m in piece.matches if not m.negated and (e := m.get("size")) and e.value]
    if who is None or not (wish or sizes):
        return None
    strength = piece.value("degree")
    ratio = piece.number("times") or piece.value("ratio")
    base = _SMALLER if wish == "smaller" else _BIGGER
    factor = base ** (1.0 if strength is None else strength)
    if ratio:
        factor = ratio if wish != "smaller" else min(ratio, 1 / ratio)
    elif not wish:
        factor = sizes[-1]
    return SubjectScaleChange(subject_key=who.key, factor=round(min(max(factor, 0.1), 20.0), 4))


def _count(piece: Piece, who: SubjectSpec | None) -> SubjectCountChange | None:
    number = _number(piece)
    if who is None or number is None or not piece.ids("subject") or piece.ids("sky"):
        return None
    more = any(word in fold(piece.clause.text) for word in _MORE)
    if number < 2 and not more:
        return None
    return SubjectCountChange(subject_key=who.key, count=max(1, min(who.count + number if more else number, 60)))
