"""What of a shot's words is told of a stretch of its time: the actions and camera moves that fall into it. Deterministic.

The text is cut where it goes from one action to the next ("walks in, sits down and reads"), and each piece is given the
time of the beats that its verbs mean. Who is there, where and how it looks stay in every stretch.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from vr_server.domain.base import Language
from vr_server.domain.shot import CameraBeat, CameraIntent, ShotSpec

from .lexicon import load_lexicon
from .scan import Clause, Match, prompt_categories, scan
from .text import fold

_SEEN_S = 0.25
"""What takes less of a stretch than this, and less than half its own time, is not seen in it."""
_COMES, _GOES = {"enter", "exit_hatch"}, {"leave", "take_off"}
"""Before the first and after the second nobody is there yet or any more."""
_CONTINUES: dict[Language, str] = {"en": "the action continues: ", "zh": "动作继续\uff1a"}
_THERE_TOO: dict[Language, str] = {"en": "also there: ", "zh": "画面中还有"}
_THEN: dict[Language, str] = {"en": "then ", "zh": "随后"}
_WHERE: dict[Language, str] = {"en": "setting: ", "zh": "场景\uff1a"}
_COMMA: dict[Language, str] = {"en": ", ", "zh": "\uff0c"}
_EDGES = " \t\n,;.\uff0c\u3001\uff1b\u3002"
_ARTICLE = re.compile(r"^(?:an?|the) ", re.IGNORECASE)

Span = tuple[float, float]


def spans_of(weights: tuple[float, ...], duration_s: float) -> tuple[Span, ...]:
    """When beats of these weights begin and end, seconds."""
    at, ends = 0.0, [0.0]
    for weight in weights:
        at += weight * duration_s / sum(weights)
        ends.append(at)
    return tuple(pairwise(ends))


def told_between(spec: ShotSpec, start_s: float, end_s: float) -> ShotSpec:
    """The spec with words and camera as they are to be told of `start_s` to `end_s` alone; all else, its duration too, is
    the shot's. What began before is told as going on."""
    if start_s <= 0 and end_s >= spec.duration_s:
        return spec
    slots = spec.slots
    bare = not any((slots.subject_action, slots.environment, slots.atmosphere, slots.camera_language, slots.colour))
    action = spec.text if bare else slots.subject_action
    told = {
        "subject_action": _actions(spec, action, (start_s, end_s)),
        "camera_language": _moves(spec, slots.camera_language, (start_s, end_s)),
    }
    camera = _camera_between(spec.camera, spec.duration_s, (start_s, end_s))
    return spec.model_copy(update={"slots": slots.model_copy(update=told), "camera": camera})


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text from `start` to `end`, from `lead` on without what ties it to the piece before ("and then").

    `span`: its time; None: of the whole shot. `actor`: key of who acts in it. `who`: that one as named in it, else "".
    `pronoun_end`: where a pronoun in front ends, that stands for the actor.
    """

    start: int
    end: int
    lead: int
    matches: tuple[Match, ...]
    span: Span | None = None
    actor: str | None = None
    who: str = ""
    named: frozenset[str] = frozenset()
    pronoun_end: int | None = None


def _seen(span: Span | None, stretch: Span) -> bool:
    if span is None:
        return True
    return min(span[1], stretch[1]) - max(span[0], stretch[0]) >= _enough_s(span) - 1e-6


def _goes_on(span: Span | None, stretch: Span) -> bool:
    return span is not None and stretch[0] - span[0] >= _enough_s(span) - 1e-6


def _enough_s(span: Span) -> float:
    return min(_SEEN_S, (span[1] - span[0]) / 2)


def _pieces(text: str, telling: Callable[[Match], bool]) -> Iterator[_Piece]:
    """The text cut at its stops and where a join leads to something telling after another."""
    lexicon = load_lexicon()
    for clause in scan(text, lexicon, prompt_categories(lexicon)):
        cuts = [clause.start, *_cuts(clause, telling), clause.end]
        for start, end in pairwise(cuts):
            matches = tuple(m for m in clause.matches if start <= m.start < end)
            lead = start + len(text[start:end]) - len(text[start:end].lstrip(_EDGES))
            for match in matches:
                if match.start > lead or not _ties(match):
                    break
                lead = match.end + len(text[match.end : end]) - len(text[match.end : end].lstrip(_EDGES))
            yield _Piece(start, end, min(lead, end), matches)


def _ties(match: Match) -> bool:
    return bool(match.get("sequence") or match.get("join"))


def _cuts(clause: Clause, telling: Callable[[Match], bool]) -> Iterator[int]:
    told = False
    for index, match in enumerate(clause.matches):
        told = told or telling(match)
        if not told or not _ties(match):
            continue
        for later in clause.matches[index + 1 :]:
            if telling(later):
                yield match.start
                told = False
                break
            if _ties(later) and not (later.start - match.end <= 1 and later is clause.matches[index + 1]):
                break


# ------------------------------------------------------------ actions


def _acts(match: Match) -> bool:
    return bool(match.get("action")) and not match.negated


def _action(match: Match) -> str:
    entry = match.get("action")
    return entry.meant if entry is not None else ""


@dataclass
class _Beats:
    """Each subject's beats, found one after the other as the text tells them."""

    spec: ShotSpec
    at: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows = {
            s.key: tuple(zip((b.action for b in s.beats), spans_of(tuple(b.weight for b in s.beats), self.spec.duration_s), strict=True))
            for s in self.spec.subjects
        }  # fmt: skip

    def find(self, action: str, first: list[str]) -> tuple[str, Span] | None:
        """Whose beat it is and when; the subjects in `first` before the others."""
        for key in dict.fromkeys((*first, *self.rows)):
            row = self.rows[key]
            for index in range(self.at.get(key, 0), len(row)):
                if row[index][0] == action:
                    self.at[key] = index
                    return key, row[index][1]
        return None

    def first(self, key: str) -> str:
        """What the subject does first, standing aside."""
        return next((action for action, _ in self.rows[key] if action != "stand"), "stand")

    def last(self, key: str) -> str:
        return next((action for action, _ in reversed(self.rows[key]) if action != "stand"), "stand")


def _actions(spec: ShotSpec, text: str, stretch: Span) -> str:
    """Who does what in that time."""
    beats = _Beats(spec)
    pieces = list(_timed(spec, text, beats))
    if not any(_acts(match) for piece in pieces for match in piece.matches):
        return text
    who: dict[str, str] = {}
    for piece in pieces:
        if piece.actor is not None and piece.who:
            who.setdefault(piece.actor, piece.who)
    told = [piece for piece in pieces if _seen(piece.span, stretch)]
    lines = list(_lines(text, pieces, told, who, spec.language, stretch))
    named = {key for piece in told for key in (*piece.named, piece.actor)}
    for key, phrase in who.items():
        mine = [piece.span for piece in pieces if piece.actor == key and piece.span is not None]
        if key in named or not mine:
            continue
        over = min(mine)[0] < stretch[0]
        if not (beats.last(key) in _GOES if over else beats.first(key) in _COMES):
            lines.append(_THERE_TOO[spec.language] + _lowered(phrase))
    where = _where(spec, [piece for piece in pieces if piece not in told], _COMMA[spec.language].join(lines))
    if where:
        lines.append(_WHERE[spec.language] + _COMMA[spec.language].join(where))
    return _COMMA[spec.language].join(lines)


def _where(spec: ShotSpec, left: list[_Piece], told: str) -> list[str]:
    """Words of the pieces that are left out for the place and how it is there, as far as nothing else says them."""
    said = fold("\n".join((told, spec.slots.environment, spec.slots.atmosphere)))
    known = {("place", spec.place), ("time", spec.time_of_day)}
    known |= {("weather", one) for one in spec.weather} | {("set", one) for one in spec.set_dressing}
    words = (
        match.text for piece in left for match in piece.matches
        if not match.negated and any((c, e.meant) in known for c in ("place", "set", "weather", "time") if (e := match.get(c)))
    )  # fmt: skip
    return [word for word in dict.fromkeys(words) if fold(word) not in said]


def _timed(spec: ShotSpec, text: str, beats: _Beats) -> Iterator[_Piece]:
    """Pieces with their actors and times. What tells no action of its own goes with the piece before, unless it names
    somebody; verbs that are no beat of the spec (it was revised since) too."""
    last: _Piece | None = None
    waiting: list[_Piece] = []  # verbs before the first that is a beat
    for piece in _pieces(text, _acts):
        named = _named(spec, text, piece)
        actions = [match for match in piece.matches if _acts(match)]
        before = [key for key, _, end in named if not actions or end <= actions[0].start]
        first = [*reversed(before), *([last.actor] if last is not None and last.actor else [])]
        found = [hit for match in actions if (hit := beats.find(_action(match), first)) is not None]
        actor = found[0][0] if found else before[0] if before else last.actor if last is not None else None
        span = (min(s[0] for _, s in found), max(s[1] for _, s in found)) if found else None
        if span is None and last is not None and (actions or not named):
            span = last.span
        pronoun = next((m for m in piece.matches if m.start == piece.lead and m.get("pronoun")), None)
        timed = replace(
            piece, span=span, actor=actor, who=_who(text, piece, named, actor, actions),
            named=frozenset(key for key, _, _ in named), pronoun_end=pronoun.end if pronoun is not None else None,
        )  # fmt: skip
        if actions:
            last = timed
        if span is None and actions:
            waiting.append(timed)
            continue
        if waiting:
            yield from (replace(one, span=span or (0.0, spec.duration_s)) for one in waiting)
            waiting = []
        yield timed
    yield from (replace(one, span=(0.0, spec.duration_s)) for one in waiting)


def _named(spec: ShotSpec, text: str, piece: _Piece) -> list[tuple[str, int, int]]:
    """The subjects that the piece names: key, start, end, in order."""
    folded = fold(text)
    found: dict[str, tuple[int, int]] = {}
    for match in piece.matches:
        entry = match.get("subject")
        if entry is None:
            continue
        same = [s for s in spec.subjects if s.label.lower() == match.text.lower()]
        same = same or [s for s in spec.subjects if s.kind == entry.meant]
        if same:
            found.setdefault(same[0].key, (match.start, match.end))
    for subject in spec.subjects:
        at = folded.find(fold(subject.label), piece.start, piece.end)
        if at >= 0 and not any(start <= at < end for start, end in found.values()):
            found.setdefault(subject.key, (at, at + len(subject.label)))
    return sorted(((key, start, end) for key, (start, end) in found.items()), key=lambda one: one[1:])


def _who(text: str, piece: _Piece, named: list[tuple[str, int, int]], actor: str | None, actions: list[Match]) -> str:
    """The actor as the piece names it: "a detective in a grey coat", from the front of the piece up to its verb."""
    mine = next(((start, end) for key, start, end in named if key == actor), None)
    if mine is None:
        return ""
    until = actions[0].start if actions else piece.end
    if mine[0] >= until:  # behind its verb
        return text[mine[0] : mine[1]]
    end, turned = mine[1], False
    for match in piece.matches:
        if not mine[1] <= match.start < until:
            continue
        if match.get("wardrobe") or match.get("prop") or match.get("colour") or (match.get("subject") and not turned):
            end = match.end
        elif (preposition := match.get("preposition")) is not None:
            turned = turned or preposition.id != "with"
        elif not any(match.get(c) for c in ("article", "size", "count", "measure", "join", "pronoun")):
            break
    return text[piece.lead : end].strip(_EDGES)


def _runs(pieces: list[_Piece], told: list[_Piece], stretch: Span) -> Iterator[list[_Piece]]:
    """Pieces that stand together in the text, those that go on apart from those that begin."""
    run: list[_Piece] = []
    order = {id(piece): index for index, piece in enumerate(pieces)}
    for piece in told:
        if run and (
            order[id(piece)] != order[id(run[-1])] + 1
            or _goes_on(piece.span, stretch) != _goes_on(run[-1].span, stretch)
        ):
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def _lines(
    text: str, pieces: list[_Piece], told: list[_Piece], who: dict[str, str], language: Language, stretch: Span
) -> Iterator[str]:
    """The runs as they stand, with their actor's name where the piece that named it is not told."""
    last: str | None = None
    seen: set[str | None] = set()
    for run in _runs(pieces, told, stretch):
        first = run[0]
        goes_on = _goes_on(first.span, stretch)
        start = first.start if first is pieces[0] else first.lead
        words = text[start : run[-1].end].strip(_EDGES)
        phrase = who.get(first.actor or "", "")
        if first is not pieces[0] and phrase and not first.who and first.actor not in first.named:
            words = text[first.pronoun_end or first.lead : run[-1].end].strip(_EDGES)
            if first.actor == last and not goes_on:
                words = _THEN[language] + words
            else:
                phrase = _ARTICLE.sub("the ", phrase) if first.actor in seen else phrase
                words = phrase + (" " if language == "en" else "") + words
        yield _CONTINUES[language] + _lowered(words) if goes_on else words
        last = run[-1].actor
        seen.update(key for piece in run for key in (*piece.named, piece.actor))


def _lowered(words: str) -> str:
    return words[0].lower() + words[1:] if _ARTICLE.match(words) else words


# ------------------------------------------------------------ camera


def _moves(spec: ShotSpec, text: str, stretch: Span) -> str:
    """The camera's words of that time; with one move for the whole shot, all of them."""
    beats = spec.camera.beats
    if len(beats) < 2:
        return text
    spans = spans_of(tuple(beat.weight for beat in beats), spec.duration_s)
    pieces: list[_Piece] = []
    at = 0
    for piece in _pieces(text, lambda match: match.get("move", camera=True) is not None):
        told: list[Span] = []
        for match in piece.matches:
            move, size = match.get("move", camera=True), match.get("shot_size", camera=True)
            hits = [
                n for n in range(at, len(beats))
                if (move and beats[n].move == move.meant) or (size and beats[n].shot_size == size.meant)
            ]  # fmt: skip
            if hits:
                at = hits[0]
                same = [n for n in range(at + 1, len(beats)) if beats[n].shot_size not in {None, beats[at].shot_size}]
                until = at if move else (same[0] - 1 if same else len(beats) - 1)
                told.append((spans[at][0], spans[until][1]))
        span = (min(s[0] for s in told), max(s[1] for s in told)) if told else None
        pieces.append(replace(piece, span=span))
    kept = [piece for piece in pieces if _seen(piece.span, stretch)]
    found = (
        text[run[0].start if run[0] is pieces[0] else run[0].lead : run[-1].end]
        for run in _runs(pieces, kept, (0.0, 0.0))
    )
    return _COMMA[spec.language].join(words.strip(_EDGES) for words in found)


def _camera_between(camera: CameraIntent, duration_s: float, stretch: Span) -> CameraIntent:
    """The camera's beats of that time; the first with the size and angle that it has by then."""
    if len(camera.beats) < 2:
        return camera
    size, angle, focus = camera.shot_size, camera.angle, camera.focus
    kept: list[CameraBeat] = []
    for beat, span in zip(camera.beats, spans_of(tuple(b.weight for b in camera.beats), duration_s), strict=True):
        size, angle, focus = beat.shot_size or size, beat.angle or angle, beat.focus or focus
        if _seen(span, stretch):
            kept.append(beat if kept else beat.model_copy(update={"shot_size": size, "angle": angle, "focus": focus}))
    if not kept:
        return camera
    first = kept[0]
    update = {
        "move": first.move, "shot_size": first.shot_size, "angle": first.angle, "focus": first.focus,
        "beats": tuple(kept) if len(kept) > 1 else (),
    }  # fmt: skip
    return camera.model_copy(update=update)
