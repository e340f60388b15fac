"""Words that stand where a thing's name would and that the lexicon does not know."""

from dataclasses import dataclass

from .scan import Clause, Match
from .text import fold, is_han

_LONGEST_ZH = 6
_LONGEST_EN = 3  # words


@dataclass(frozen=True, slots=True)
class Name:
    """`acts`: a verb follows, so this is somebody the shot is about."""

    match: Match
    acts: bool


def unknown_names(text: str, clause: Clause) -> list[Name]:
    """Unknown words where a thing's name would stand, each run of them one name ("robot gardener", "独角兽").

    That is behind an article or a number, or, in English, at the head of a clause with a verb behind ("Anna waves").
    """
    names: list[Name] = []
    for start, end in _runs(text, clause):
        before = [m for m in clause.matches if m.end <= start]
        han = is_han(text[start])
        stop = min(end, start + _LONGEST_ZH) if han else end
        told = _is_told([m for m in clause.matches if m.start >= stop])
        heads = told and not han and not [m for m in before if not m.get("join")]
        if heads or _announced(before):
            names.append(Name(Match(start, stop, text[start:stop], ()), acts=told))
    return names


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
            return not match.negated
        if not match.get("stop") and not match.get("style") and not match.get("atmosphere"):
            return False
    return False


def _is_told(after: list[Match]) -> bool:
    """Whether a verb comes next, adverbs and small words aside."""
    for match in after:
        if match.get("action"):
            return True
        if not (match.get("pace") or match.get("stop")):
            return False
    return False
