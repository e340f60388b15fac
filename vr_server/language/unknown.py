"""Words that stand where a thing's name would and that the lexicon does not know."""

from bisect import bisect_left
from dataclasses import dataclass

from .lexicon import Entry
from .scan import Clause, Match
from .text import fold, is_han

_LONGEST_ZH = 6
_LONGEST_EN = 3  # words
_REACH = 8  # words that may stand between an article, a name and its verb
_ABSTRACT = (
    "ness",
    "ity",
    "tion",
    "sion",
    "ment",
    "ance",
    "ence",
    "ism",
    "hood",
    "dom",
    "ly",
    "ing",
    "ful",
    "ous",
    "ive",
)
_ADJECTIVES = ("stop", "style", "atmosphere", "colour", "size", "pace")


@dataclass(frozen=True, slots=True)
class Name:
    """`acts`: a verb follows, so this is somebody the shot is about."""

    match: Match
    acts: bool


def unknown_names(text: str, clause: Clause, *, alone: bool = False) -> list[Name]:
    """Unknown words where a thing's name would stand, each run of them one name ("robot gardener", "独角兽").

    That is behind an article or a number, or, in English, at the head of a clause with a verb behind ("Anna waves"),
    in Chinese only where nobody else has been named (`alone`).
    """
    names: list[Name] = []
    for start, end in _runs(text, clause):
        at = bisect_left(clause.matches, start, key=lambda m: m.start)
        before = list(clause.matches[max(0, at - _REACH) : at])
        han = is_han(text[start])
        if han and text[end : end + 1] == "的" and end - start < _LONGEST_ZH:
            continue  # an adjective: 奇怪的机器
        stop = min(end, start + _LONGEST_ZH) if han else end
        after = bisect_left(clause.matches, stop, key=lambda m: m.start)
        verb = _verb(list(clause.matches[after : after + _REACH]))
        told = verb is not None
        heads = (
            told and not [m for m in before if not m.get("join")] and (not han or _opens(clause, start, stop, alone))
        )
        person = _is_person(text[start:stop], before)
        if (heads or person or _announced(before)) and (told or not _abstract(text, start, stop)):
            names.append(
                Name(Match(start, stop, text[start:stop], ()), acts=person or (verb is not None and not verb.things))
            )
    return names


def _opens(clause: Clause, start: int, stop: int, alone: bool) -> bool:
    """Whether a Chinese clause of nobody known begins with this name and its verb: 掌柜走来."""
    follows = any(m.start == stop and m.get("action") for m in clause.matches)
    return alone and start == clause.start and 2 <= stop - start <= 4 and follows and not clause.has("subject")


def _is_person(word: str, before: list[Match]) -> bool:
    """A capitalised word to whom something is done or beside whom somebody stands: "gives Ben a letter"."""
    if not before or not word[:1].isupper() or is_han(word[0]):
        return False
    last = before[-1]
    if last.get("join"):
        return any(m.get("subject") for m in before[:-1]) or len(before) == 1
    action = next((e for m in reversed(before) if (e := m.get("action"))), None)
    done = last.get("action") is not None or ((p := last.get("preposition")) is not None and p.id in {"to", "with"})
    return done and action is not None and not action.moves


def _abstract(text: str, start: int, stop: int) -> bool:
    """Words for what nobody can see: a sense of, loneliness, 一种压迫感."""
    word = fold(text[start:stop])
    if is_han(word[0]):
        return word[-1] in "感性度力意味声气色" or stop - start < 2
    return word.endswith(_ABSTRACT) or fold(text[stop : stop + 4]).startswith(" of ")


def _runs(text: str, clause: Clause) -> list[tuple[int, int]]:
    """Neighbouring unknown words joined; a run of English words ends before what looks like its verb."""
    runs: list[tuple[int, int]] = []
    for start, end in clause.gaps:
        together = runs and not is_han(text[start]) and text[runs[-1][1] : start].strip(" -") == ""
        if together and not is_han(text[runs[-1][0]]):
            words = text[runs[-1][0] : end].split()
            if len(words) <= _LONGEST_EN and not _like_a_verb(fold(text[start:end])):
                runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return [r for r in runs if len(text[r[0] : r[1]]) > 1 and not text[r[0] : r[1]].isdigit()]


def _like_a_verb(word: str) -> bool:
    return word.endswith(("ing", "ed")) or (word.endswith("s") and not word.endswith("ss"))


def _announced(before: list[Match]) -> bool:
    """Whether the last telling word before is an article, a number or a measure word (adjectives may stand between)."""
    for match in reversed(before):
        if any(match.get(c) for c in ("article", "count", "measure")):
            measure = match.get("measure")
            return not match.negated and not (measure and measure.group == "abstract")
        if not any(match.get(c) for c in _ADJECTIVES):
            return False
    return False


def _verb(after: list[Match]) -> Entry | None:
    """The verb that comes next, adverbs and small words aside."""
    for match in after:
        if action := match.get("action"):
            return action
        if not (match.get("pace") or match.get("stop")):
            return None
    return None
