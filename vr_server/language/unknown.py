"""Words that stand where a thing's name would and that the lexicon does not know."""

from dataclasses import dataclass

from vr_server.domain.base import Language

from .scan import Clause, Match
from .text import fold, is_han

_LONGEST_ZH = 6
_LONGEST_EN = 3  # words


@dataclass(frozen=True, slots=True)
class Name:
    """`acts`: a verb follows, so this is somebody the shot is about."""

    match: Match
    acts: bool


def unknown_names(text: str, clause: Clause, language: Language) -> list[Name]:
    """Unknown words behind an article or a number, as one name each ("robot gardener", "独角兽")."""
    del language  # a text may mix both
    names: list[Name] = []
    for start, end in _runs(text, clause):
        before = [m for m in clause.matches if m.end <= start]
        if not before or not _announces(clause, before, text, start):
            continue
        if is_han(text[start]):
            end = min(end, start + _LONGEST_ZH)
        after = [m for m in clause.matches if m.start >= end]
        match = Match(start, end, text[start:end], ())
        names.append(Name(match, acts=_is_told(after)))
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


def _announces(clause: Clause, before: list[Match], text: str, start: int) -> bool:
    """Whether the last telling word before is an article, a number or a measure word (adjectives may stand between)."""
    for match in reversed(before):
        if any(match.get(c) for c in ("article", "count", "measure")):
            return not match.negated
        if not match.get("stop") and not match.get("style") and not match.get("atmosphere"):
            return False
    del clause, text, start
    return False


def _is_told(after: list[Match]) -> bool:
    """Whether a verb comes next, adverbs and small words aside."""
    for match in after:
        if match.get("action"):
            return True
        if not (match.get("pace") or match.get("stop")):
            return False
    return False
