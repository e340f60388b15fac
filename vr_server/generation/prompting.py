"""ShotSpec -> the prompt an engine is best told, within its budget, and what had to be left out. Deterministic.

The ``wan`` dialect follows the formula of Wan 2.2's prompt guide: camera words first, then subject and motion, scene,
at most four aesthetic terms of closed vocabularies, stylisation. Moods become light and colour. The words of subject
and scene stay the director's own; camera, time and look come from the spec, so that revisions are in them.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from vr_server.domain.base import Language, Model
from vr_server.domain.errors import InvalidPrompt
from vr_server.domain.shot import CameraBeat, ShotSpec
from vr_server.language import compile_prompt, load_lexicon

from .fitting import count_words
from .port import Capabilities

_SLOTS = ("time", "source", "colour", "quality", "light_angle")
"""Of the aesthetic terms, those told first."""
_CLAUSES = re.compile(r"[,;.!?\uff0c\uff1b\u3002\uff01\uff1f\n]+")
_SLOW, _FAST = 0.8, 1.25
_WIDE_MM, _LONG_MM = 24.0, 70.0
_MOOD_WORDS, _MOOD_CHARS = 6, 10
"""A clause with a mood in it and no more words (or Chinese characters) than this says nothing else."""


class CompiledPrompt(Model):
    """`dropped`: a line for each thing of the shot that is not in the text, or is told otherwise."""

    text: str
    negative: str = ""
    dialect: str
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Unit:
    """A clause. `rank`: what goes last when room is short has the smallest; rank 0 always stays."""

    text: str
    part: str
    rank: int


def compile_for(spec: ShotSpec, able: Capabilities) -> CompiledPrompt:
    """The shot's prompt for an engine. Raise InvalidPrompt when not even its camera and first action have room."""
    vocabulary = _vocabulary(able.dialect) if able.dialect != "plain" else None
    dropped: list[str] = []
    if vocabulary is None:
        style = _style_name(spec) if spec.style else ""
        units = [_Unit(clause, "text", 1) for clause in _clauses(compile_prompt(spec))]
        units = [_Unit(units[0].text, "text", 0), *units[1:], *([_Unit(style, "style", 2)] if style else [])]
        limit_words, negative = able.prompt_limit_words, ""
    else:
        units = list(_wan(spec, vocabulary, dropped))
        words = int(vocabulary["budget"]["words"])
        limit_words = min(words, able.prompt_limit_words or words)
        negative = _shortened(str(vocabulary["negative"][spec.language]), able.negative_limit_chars)
    text = _within(units, spec.language, able, limit_words, dropped)
    return CompiledPrompt(text=text, negative=negative, dialect=able.dialect, dropped=tuple(dropped))


def _wan(spec: ShotSpec, vocabulary: dict[str, Any], dropped: list[str]) -> Iterator[_Unit]:
    at = 1 if spec.language == "zh" else 0
    for rank, text in enumerate(_camera(spec, vocabulary, at)):
        yield _Unit(text, "camera", min(rank, 1))
    slots = spec.slots
    told = slots.subject_action or ("" if slots.environment else spec.text)
    for rank, text in enumerate(_clauses(told)):
        yield _Unit(text, "subject", 0 if rank == 0 else 2)
    pace = _pace(spec.action_speed)
    if pace and not _says(told, "pace", pace):
        yield _Unit(vocabulary["action_pace"][pace][at], "subject", 1)
    moods = _moods(spec, vocabulary)
    for text in (*_clauses(slots.environment), *_clauses(slots.atmosphere)):
        concrete, left = _concrete(text, spec, vocabulary)
        dropped.extend(left)
        if concrete:
            yield _Unit(concrete, "scene", 4)
    if spec.time_of_day in vocabulary["time_told"] and not _says(spec.slots.environment, "time", spec.time_of_day):
        yield _Unit(vocabulary["time_told"][spec.time_of_day][at], "scene", 1)
    terms = _aesthetics(spec, vocabulary, moods)
    most = int(vocabulary["budget"]["aesthetic_terms"])
    for slot, term in terms[:most]:
        yield _Unit(vocabulary[slot][term][at], "aesthetics", 3)
    dropped.extend(f"light and colour: {vocabulary[slot][term][at]}" for slot, term in terms[most:])
    yield from _look(spec, vocabulary, at, dropped)


def _camera(spec: ShotSpec, vocabulary: dict[str, Any], at: int) -> Iterator[str]:
    camera = spec.camera
    yield vocabulary["shot_size"][camera.shot_size][at]
    if camera.angle in vocabulary["angle"]:
        yield vocabulary["angle"][camera.angle][at]
    if camera.viewpoint in vocabulary["viewpoint"]:
        yield vocabulary["viewpoint"][camera.viewpoint][at]
    pace = _pace(camera.move_speed)
    word = vocabulary["pace"][pace][at] if pace else ""
    then = ("then ", "随后")[at]
    size = camera.shot_size
    for index, beat in enumerate(camera.beats or (CameraBeat(move=camera.move),)):
        lead = then if index else ""
        yield lead + vocabulary["move"].get(beat.move, ("the camera moves", "镜头移动"))[at].format(pace=word)
        if index and beat.shot_size and beat.shot_size != size:
            size = beat.shot_size
            yield vocabulary["shot_size"][size][at]
    if camera.projection == "fisheye":
        yield vocabulary["lens"]["fisheye"][at]
    elif camera.lens_mm is not None and not _WIDE_MM < camera.lens_mm < _LONG_MM:
        yield vocabulary["lens"]["wide" if camera.lens_mm <= _WIDE_MM else "long"][at]


def _aesthetics(spec: ShotSpec, vocabulary: dict[str, Any], moods: list[str]) -> list[tuple[str, str]]:
    """(slot, term), most telling first; a slot is filled by the look, else the time of day, else the mood."""
    sources = [
        vocabulary["styles"].get(spec.style or "", {}),
        _sky(spec),
        vocabulary["times"].get(spec.time_of_day, {}),
    ]
    sources += [vocabulary["moods"][mood]["terms"] for mood in moods]
    chosen: dict[str, str] = {}
    for source in sources:
        for slot, term in source.items():
            if slot in _SLOTS:
                chosen.setdefault(slot, term)
    return [(slot, chosen[slot]) for slot in _SLOTS if slot in chosen]


def _sky(spec: ShotSpec) -> dict[str, str]:
    """What the light comes from, by what the spec puts into the sky and the set."""
    if set(spec.set_dressing) & {"fire", "campfire", "candles", "torches"}:
        return {"source": "firelight"}
    if spec.time_of_day == "night":
        if set(spec.set_dressing) & {"lamps", "lanterns", "neon_signs"} or spec.place in {"street", "alley", "room"}:
            return {"source": "practical"}
        return {"source": "moonlight"} if spec.moons else {}
    if set(spec.weather) & {"rain", "snow", "fog", "storm", "clouds"}:
        return {"source": "overcast", "quality": "soft"}
    return {"source": "daylight" if spec.place == "room" else "sunny"} if spec.time_of_day == "day" else {}


def _moods(spec: ShotSpec, vocabulary: dict[str, Any]) -> list[str]:
    """Moods named anywhere in scene and atmosphere, in the vocabulary's order."""
    text = f"{spec.slots.atmosphere}\n{spec.slots.environment}\n{spec.slots.colour}".lower()
    words = set(re.findall(r"[a-z]+", text))
    return [
        name
        for name, mood in vocabulary["moods"].items()
        if words & set(mood["en"]) or any(word in text for word in mood["zh"])
    ]


def _concrete(text: str, spec: ShotSpec, vocabulary: dict[str, Any]) -> tuple[str, list[str]]:
    """The clause, or "" when it only names a mood; without words for another time of day than the spec's."""
    moods = [word for mood in vocabulary["moods"].values() for word in (*mood["en"], *mood["zh"])]
    low = text.lower()
    has_mood = any(re.search(rf"\b{re.escape(m)}\b", low) if m.isascii() else m in low for m in moods)
    short = count_words(text) <= (_MOOD_CHARS if spec.language == "zh" else _MOOD_WORDS)
    abstract = any(word in low for word in ("atmosphere", "mood", "feeling", "氛围", "气氛", "情绪"))
    if (has_mood and (abstract or count_words(text) <= 2)) and short:
        return "", [f"mood, told as light and colour: {text}"]
    if abstract and short:
        return "", [f"mood without a picture: {text}"]
    lexicon, left = load_lexicon(), []
    for entry_id in lexicon.ids("time"):
        entry = lexicon.get("time", entry_id)
        if entry is None or entry_id == spec.time_of_day:
            continue
        for word in sorted((*entry.en, *entry.zh), key=len, reverse=True):
            pattern = rf"\b(?:at |in the |during the )?{re.escape(word)}\b" if word.isascii() else re.escape(word)
            kept = re.sub(pattern, "", text, flags=re.IGNORECASE)
            if kept != text and spec.time_of_day not in _times_of(word):
                left.append(f"another time of day than the shot's: {word}")
                text = " ".join(kept.split()).removeprefix("的")
    return (text if any(c.isalnum() for c in text) else ""), left


@cache
def _times_of(word: str) -> frozenset[str]:
    """The times of day that a word may mean."""
    lexicon = load_lexicon()
    entries = ((i, lexicon.get("time", i)) for i in lexicon.ids("time"))
    return frozenset(i for i, entry in entries if entry is not None and word in (*entry.en, *entry.zh))


def _look(spec: ShotSpec, vocabulary: dict[str, Any], at: int, dropped: list[str]) -> Iterator[_Unit]:
    say = ""
    if spec.style:
        known = vocabulary["styles"].get(spec.style)
        say = known["say"][at] if known else _style_name(spec)
        yield _Unit(say, "look", 3)
    for text in _clauses(spec.slots.colour):
        others = [i for i in load_lexicon().ids("style") if i != spec.style and _says(text, "style", i)]
        if spec.style and others and not _says(text, "style", spec.style):
            dropped.append(f"another look than the shot's: {text}")
        elif text.lower() not in say.lower():
            yield _Unit(text, "look", 5)


def _says(text: str, category: str, entry_id: str) -> bool:
    """Whether one of the lexicon's words for it stands in the text."""
    entry = load_lexicon().get(category, entry_id)
    if entry is None:
        return False
    low = text.lower()
    return any(re.search(rf"\b{re.escape(w)}\b", low) for w in entry.en) or any(w in low for w in entry.zh)


def _style_name(spec: ShotSpec) -> str:
    entry = load_lexicon().get("style", spec.style or "")
    return entry.name(spec.language) if entry else str(spec.style).replace("_", " ")


def _pace(speed: float) -> str | None:
    return "slow" if speed < _SLOW else "fast" if speed > _FAST else None


def _clauses(text: str) -> list[str]:
    return [clause.strip() for clause in _CLAUSES.split(text) if any(c.isalnum() for c in clause)]


def _within(
    units: list[_Unit], language: Language, able: Capabilities, limit_words: int | None, dropped: list[str]
) -> str:
    """The units as text, without repeats and without what the budget has no room for."""
    kept: list[_Unit] = []
    for unit in units:
        if unit.text.lower() not in {k.text.lower() for k in kept}:
            kept.append(unit)
    while True:
        text = _joined(kept, language)
        if len(text) <= able.prompt_limit_chars and (limit_words is None or count_words(text) <= limit_words):
            return text
        spare = max(range(len(kept)), key=lambda i: (kept[i].rank, i))
        if kept[spare].rank == 0:
            raise InvalidPrompt(
                f"The shot's first action alone is longer than the {able.prompt_limit_chars} characters that "
                f"{able.name} reads: tell it in fewer words."
            )
        gone = kept.pop(spare)
        dropped.append(f"no room for ({gone.part}): {gone.text}")


def _joined(units: list[_Unit], language: Language) -> str:
    """Clauses of one part by commas, parts by stops."""
    comma, stop = ("\uff0c", "\u3002") if language == "zh" else (", ", ". ")
    sentences: list[str] = []
    part = ""
    for unit in units:
        if unit.part == part:
            sentences[-1] += comma + unit.text
        else:
            sentences.append(unit.text)
            part = unit.part
    sentences = [s[0].upper() + s[1:] for s in sentences]
    return stop.join(sentences) + stop.strip()


def _shortened(terms: str, limit_chars: int) -> str:
    """Whole terms from the front."""
    if len(terms) <= limit_chars:
        return terms
    cut = terms[: limit_chars + 1]
    end = max(cut.rfind(","), cut.rfind("\uff0c"))
    return cut[:end] if end > 0 else ""


@cache
def _vocabulary(dialect: str) -> dict[str, Any]:
    file = resources.files(__package__) / "vocabularies" / f"{dialect}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
