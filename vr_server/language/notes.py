"""A director's note -> typed changes.

A note is read piece by piece (between commas and "and"); each piece gives the wishes that its words name, turned by
the words of degree, ratio, number and scope that stand in the same piece.
"""

import math
from typing import Literal

from vr_server.domain.base import Language, Model
from vr_server.domain.note import (
    AngleChange,
    CameraMoveChange,
    Change,
    DistanceChange,
    DurationChange,
    HeightChange,
    ShotSizeChange,
    SpeedChange,
    TimeOfDayChange,
    WeatherChange,
)
from vr_server.domain.shot import SHOT_DEFAULT_LIMIT_S, ShotSize, ShotSpec

from .explain import explain
from .lexicon import Lexicon, load_lexicon
from .look import look_keys, look_wishes
from .piece import Piece
from .quantity import Quantity, quantities
from .scan import NOTE_CATEGORIES, Clause, scan
from .text import detect_language, fold, is_han

_SLOWER, _FASTER = 0.7, 1.4
_CLOSER, _FARTHER = 0.75, 1.35
_STEP_M = 0.5
_ORBIT_RAD = math.radians(20.0)
_SIDE_RAD = math.radians(45.0)
_LONGER, _SHORTER = 1.5, 0.67
_FACTOR_RANGE = (0.1, 10.0)
_HEIGHT_RANGE_M = (-50.0, 50.0)
_SHORTEST_S = 0.5
_NOMINAL_DISTANCE_M: dict[ShotSize, float] = {
    "extreme_close_up": 0.5, "close_up": 0.8, "medium_close_up": 1.2, "medium": 1.8,
    "medium_full": 2.6, "full": 4.0, "wide": 9.0, "extreme_wide": 25.0,
}  # fmt: skip
"""What a metre closer is measured against: where a 35 mm lens stands for a person in that shot size."""


class Interpretation(Model):
    """What a note asks for. Empty `changes`: not understood, and `explanation` names what can be said."""

    changes: tuple[Change, ...]
    explanation: str  # one sentence in the note's language
    unknown_words: tuple[str, ...] = ()


def interpret(
    text: str, spec: ShotSpec, *, language: Language | None = None, lexicon: Lexicon | None = None
) -> Interpretation:
    """The changes that a note in English or Chinese asks of `spec`, and one sentence that says them back.

    Never raises on what somebody typed: a note that is not understood comes back without changes.
    """
    language = language or detect_language(text)
    lexicon = lexicon or load_lexicon()
    told: list[Change] = []
    unknown: list[str] = []
    for clause in scan(text, lexicon, NOTE_CATEGORIES & lexicon.categories()):
        for piece in _pieces(clause, quantities(text, lexicon)):
            wishes = [*_wishes(piece, spec), *look_wishes(piece, spec, lexicon)]
            told.extend(wishes)
            if not wishes:
                unknown.extend(_unknown(text, piece))
    changes, contradictory = _settle(told)
    return Interpretation(
        changes=changes,
        explanation=explain(changes, language, lexicon, contradictory=contradictory),
        unknown_words=tuple(dict.fromkeys(unknown)),
    )


def _pieces(clause: Clause, numbers: list[Quantity]) -> list[Piece]:
    """The clause cut at its joins, where both sides wish for something."""
    cuts = [m for m in clause.matches if m.get("join") or (m.get("sequence") and m.text != "再")]  # 再大一点: more
    starts = [clause.start, *(m.end for m in cuts)]
    ends = [*(m.start for m in cuts), clause.end]
    pieces: list[Piece] = []
    for start, end in zip(starts, ends, strict=True):
        inside = tuple(m for m in clause.matches if start <= m.start < end)
        # words inside a number ("一米" holds "一", "half a metre" holds "half") are the number's
        mine = tuple(q for q in numbers if start <= q.start < end)
        free = tuple(m for m in inside if not any(q.start <= m.start < q.end for q in mine))
        gaps = tuple(g for g in clause.gaps if start <= g[0] < end)
        pieces.append(Piece(Clause(start, end, clause.text, inside, gaps), free, mine))
    return pieces


def _unknown(text: str, piece: Piece) -> list[str]:
    return [word for start, end in piece.clause.gaps if len(word := text[start:end].strip()) > 1 or is_han(word[:1])]


# ---------------------------------------------------------------- wishes of one piece


def _wishes(piece: Piece, spec: ShotSpec) -> list[Change]:
    notes = piece.ids("note")
    found: list[Change | None] = [
        _duration(piece, spec, notes),
        _speed(piece, notes),
        _orbit(piece, notes),
        _distance(piece, spec, notes),
        _height(piece, notes),
        _move(piece, notes),
    ]
    found.extend(ShotSizeChange.model_validate({"shot_size": size}) for size in piece.ids("shot_size"))
    found.extend(AngleChange.model_validate({"angle": angle}) for angle in piece.ids("angle"))
    found.extend(TimeOfDayChange.model_validate({"time_of_day": time}) for time in piece.ids("time"))
    return [change for change in found if change]


def _strength(piece: Piece) -> float:
    strength = piece.value("degree")
    return 1.0 if strength is None else strength


def _ratio(piece: Piece) -> float | None:
    """A factor said outright: "twice", "half", "三倍", "1.5 times"; always as larger-than or part-of."""
    return piece.number("times") or piece.value("ratio")


def _scaled(piece: Piece, base: float, *, growing: bool) -> float:
    """The factor of a comparative: said outright, in per cent, or `base` to the power of the words' strength."""
    ratio, percent = _ratio(piece), piece.number("percent")
    if percent is not None:
        factor = 1 + percent / 100 if growing else 1 - percent / 100
    elif ratio is not None:
        # "half as fast" is half, "twice as slow" is half, "slower by half" is half, "twice as fast" is double
        factor = ratio if growing else min(ratio, 1 / max(ratio, 1e-3))
    else:
        factor = base ** _strength(piece)
    return round(min(max(factor, _FACTOR_RANGE[0]), _FACTOR_RANGE[1]), 4)


def _speed(piece: Piece, notes: list[str]) -> SpeedChange | None:
    wish = next((n for n in notes if n in {"slower", "faster", "speed"}), None)
    if wish is None:
        return None
    if wish == "speed":
        if _ratio(piece) is None and piece.number("percent") is None:
            return None
        percent = piece.number("percent")
        factor = percent / 100 if percent else _ratio(piece) or 1.0
        return SpeedChange(scope=_scope(piece), factor=round(min(max(factor, 0.1), 10.0), 4))
    slower = wish == "slower"
    return SpeedChange(scope=_scope(piece), factor=_scaled(piece, _SLOWER if slower else _FASTER, growing=not slower))


def _scope(piece: Piece) -> Literal["action", "camera", "both"]:
    camera = "camera" in piece.ids("scope") or bool(piece.ids("move"))
    acting = "action" in piece.ids("scope") or bool(piece.ids("action")) or bool(piece.ids("subject"))
    return "both" if camera == acting else "camera" if camera else "action"


def _distance(piece: Piece, spec: ShotSpec, notes: list[str]) -> DistanceChange | None:
    wish = next((n for n in notes if n in {"closer", "farther", "distance"}), None)
    if wish is None:
        return None
    if wish == "distance":
        factor = _ratio(piece)
        return DistanceChange(factor=min(max(factor, 0.1), 10.0)) if factor else None
    closer = wish == "closer"
    if (metres := piece.number("m")) is not None:
        now = _NOMINAL_DISTANCE_M[spec.camera.shot_size] * spec.camera.distance_scale
        factor = max(now - metres, 0.1 * now) / now if closer else (now + metres) / now
        return DistanceChange(factor=round(min(max(factor, 0.1), 10.0), 4))
    return DistanceChange(factor=_scaled(piece, _CLOSER if closer else _FARTHER, growing=not closer))


def _height(piece: Piece, notes: list[str]) -> HeightChange | None:
    wish = next((n for n in notes if n in {"higher", "lower"}), None)
    if wish is None or {"slower", "faster", "speed"} & set(notes):
        return None
    metres = piece.number("m")
    amount = _STEP_M * _strength(piece) if metres is None else metres
    delta = amount if wish == "higher" else -amount
    return HeightChange(delta_m=round(min(max(delta, _HEIGHT_RANGE_M[0]), _HEIGHT_RANGE_M[1]), 4))


def _orbit(piece: Piece, notes: list[str]) -> AngleChange | None:
    """A place beside the subject to look from, or degrees to go round it."""
    left, right = "view_left" in notes, "view_right" in notes
    moves = piece.ids("move")
    left |= "orbit_left" in moves
    right |= "orbit_right" in moves
    sign = -1.0 if right else 1.0
    angle = piece.number("rad")
    orbiting = "orbit" in notes or any(m.startswith("orbit") for m in moves)
    if angle is not None and (orbiting or left or right):
        return AngleChange(yaw_delta_rad=round(sign * angle, 4))
    if "view_behind" in notes:
        return AngleChange(yaw_delta_rad=round(math.pi, 4))
    if "view_side" in notes:
        return AngleChange(yaw_delta_rad=round(sign * math.pi / 2, 4))
    if (left or right) and not moves:
        base = _ORBIT_RAD if orbiting else _SIDE_RAD
        return AngleChange(yaw_delta_rad=round(sign * base * _strength(piece), 4))
    return None


def _move(piece: Piece, notes: list[str]) -> CameraMoveChange | None:
    moves = piece.ids("move")
    orbit_by_angle = piece.number("rad") is not None and any(m.startswith("orbit") for m in moves)
    about_speed = {"slower", "faster", "speed"} & set(notes)
    if not moves or orbit_by_angle or about_speed:
        return None
    return CameraMoveChange.model_validate({"move": moves[-1]})


def _duration(piece: Piece, spec: ShotSpec, notes: list[str]) -> DurationChange | None:
    seconds = piece.number("s")
    wish = next((n for n in notes if n in {"longer", "shorter"}), None)
    if seconds is None and (wish is None or piece.ids("sky") or piece.ids("subject") or piece.ids("weather")):
        return None
    if wish is None or (seconds is not None and _absolute(piece)):
        wanted = seconds or spec.duration_s
    elif seconds is not None:
        wanted = spec.duration_s + (seconds if wish == "longer" else -seconds)
    else:
        wanted = spec.duration_s * _scaled(piece, _LONGER if wish == "longer" else _SHORTER, growing=wish == "longer")
    return DurationChange(duration_s=round(min(max(wanted, _SHORTEST_S), SHOT_DEFAULT_LIMIT_S), 3))


def _absolute(piece: Piece) -> bool:
    """ "extend to 6 seconds", "延长到八秒" name the length itself; "2 seconds longer" the difference."""
    words = fold(piece.clause.text)
    return " to " in words or "到" in words or "为" in words


# ---------------------------------------------------------------- all pieces together


def _settle(told: list[Change]) -> tuple[tuple[Change, ...], bool]:
    """One change of each kind: the last wish wins; whether that overruled an earlier, different one."""
    kept: dict[str, Change] = {}
    contradictory = False
    for wish in told:
        change = wish
        for key in _keys(wish):
            earlier = kept.pop(key, None)
            if isinstance(earlier, WeatherChange) and isinstance(wish, WeatherChange):
                change = _both(earlier, wish)
            else:
                contradictory |= earlier is not None and earlier != wish
        kept[_keys(change)[0]] = change
    return tuple(kept.values()), contradictory


def _both(first: WeatherChange, then: WeatherChange) -> WeatherChange:
    """Two wishes about the weather hold together; of one that comes and goes the later counts."""
    add = (*(w for w in first.add if w not in then.remove), *then.add)
    remove = (*(w for w in first.remove if w not in then.add), *then.remove)
    return WeatherChange(add=tuple(dict.fromkeys(add)), remove=tuple(dict.fromkeys(remove)))


def _keys(change: Change) -> list[str]:
    """What the change settles: its own place first, then those it overrules."""
    match change:
        case SpeedChange(scope="both"):
            return ["speed both", "speed action", "speed camera"]
        case SpeedChange(scope=scope):
            return [f"speed {scope}"]
        case AngleChange(angle=None):
            return ["yaw"]
        case _:
            return look_keys(change)
