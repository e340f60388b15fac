"""Text read through the lexicon: the words it knows, in order, clause by clause."""

from dataclasses import dataclass, field

from .counting import number_at
from .lexicon import Entry, Lexicon, Sense
from .quantity import quantities
from .text import clauses, fold, is_han, tokens

NOTE_CATEGORIES = frozenset(
    {"note", "scope", "degree", "ratio", "time", "shot_size", "angle", "move", "action", "subject", "negation",
     "unit", "count", "stop", "join", "pronoun", "detail", "article", "camera", "sequence", "style", "weather", "place", "lens", "colour", "size", "sky",
     "focus", "wardrobe", "heaven", "grade", "measure"}
)  # fmt: skip
NOT_FOR_PROMPTS = frozenset({"note", "scope", "degree", "ratio", "slot", "heading_time"})
_NEGATION_REACH_EN = 4  # words
_NEGATION_REACH_ZH = 4  # characters


@dataclass(frozen=True, slots=True)
class Match:
    """A known word or phrase at [start, end) of the text."""

    start: int
    end: int
    text: str
    senses: tuple[Sense, ...]
    negated: bool = False

    def get(self, category: str, *, camera: bool = False) -> Entry | None:
        """The meaning of that category, if it has one; camera-only senses need `camera`."""
        for sense in self.senses:
            if sense.entry.category == category and (camera or not sense.camera_only):
                return sense.entry
        return None


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of text between stops; `gaps` are the stretches that no known word covers."""

    start: int
    end: int
    text: str
    matches: tuple[Match, ...]
    gaps: tuple[tuple[int, int], ...] = field(default=())

    def has(self, *categories: str) -> bool:
        return any(m.get(c) for m in self.matches for c in categories if not m.negated)


def prompt_categories(lexicon: Lexicon) -> frozenset[str]:
    return lexicon.categories() - NOT_FOR_PROMPTS


def scan(text: str, lexicon: Lexicon, categories: frozenset[str]) -> list[Clause]:
    """The clauses of `text` with what the lexicon knows in each; longest match first, left to right."""
    found = (_scan_clause(text, start, end, lexicon, categories) for start, end in clauses(text))
    return [piece for clause in found for piece in _parted(clause, text)]


def _parted(clause: Clause, text: str) -> list[Clause]:
    """The clause cut at every "while", "as", "同时": what follows has a subject of its own."""
    cuts = [m for m in clause.matches if (e := m.get("join")) and e.id == "while"]
    starts, ends = [clause.start, *(m.end for m in cuts)], [*(m.start for m in cuts), clause.end]
    return [
        Clause(
            start,
            end,
            text[start:end],
            tuple(m for m in clause.matches if start <= m.start < end),
            tuple(g for g in clause.gaps if start <= g[0] < end),
        )
        for start, end in zip(starts, ends, strict=True)
        if text[start:end].strip()
    ]


def _scan_clause(text: str, start: int, end: int, lexicon: Lexicon, categories: frozenset[str]) -> Clause:
    folded = fold(text[start:end])
    words = tokens(folded)
    counting = "count" in categories
    units = {q.start for q in quantities(folded, lexicon)} if counting else set()
    by_start = {word.start: index for index, word in enumerate(words)}
    matches: list[Match] = []
    gaps: list[tuple[int, int]] = []
    at = 0
    while at < len(folded):
        stop, senses = lexicon.chinese(folded, at, categories)
        if not senses and at in by_start:
            index = by_start[at]
            after, senses = lexicon.english(words, index, categories)
            stop = words[after - 1].end if senses else words[index].end
        free = counting and at not in units and (at in by_start or is_han(folded[at]))
        if free and (number := number_at(folded, at)) and number[0] >= stop:
            stop, senses = number[0], (number[1],)
        if senses:
            matches.append(Match(start + at, start + stop, text[start + at : start + stop], senses))
        elif at in by_start or is_han(folded[at]):
            stop = max(stop, at + 1)
            if gaps and gaps[-1][1] == start + at and is_han(folded[at]):
                gaps[-1] = (gaps[-1][0], start + stop)
            else:
                gaps.append((start + at, start + stop))
        at = max(stop, at + 1)
    return Clause(start, end, text[start:end], tuple(_with_negation(text, matches)), tuple(gaps))


def _with_negation(text: str, matches: list[Match]) -> list[Match]:
    """Mark what a negation before it takes away: "no trees or rocks", "没有一棵树"."""
    marked: list[Match] = []
    reach_from: int | None = None
    for match in matches:
        if match.get("negation"):
            reach_from = match.end
            marked.append(match)
            continue
        negated = reach_from is not None and _within_reach(text[reach_from : match.start])
        if any(match.get(c) for c in ("join", "count", "measure", "article", "stop", "degree")):
            marked.append(match)
            if negated:
                reach_from = match.end
            continue
        marked.append(Match(match.start, match.end, match.text, match.senses, negated=True) if negated else match)
        reach_from = match.end if negated and _joined(matches, match) else None
    return marked


def _within_reach(between: str) -> bool:
    return len(tokens(between)) < _NEGATION_REACH_EN and sum(map(is_han, between)) < _NEGATION_REACH_ZH


def _joined(matches: list[Match], match: Match) -> bool:
    """Whether an "or"/"and" follows directly, which carries a negation on."""
    later = matches[matches.index(match) + 1 :]
    return bool(later and (entry := later[0].get("join")) and entry.id == "and")
