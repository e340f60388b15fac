"""A script file -> scenes and shots, each with its slate and ShotSpec."""

from importlib import resources
from pathlib import PurePath

from pydantic import Field

from vr_server.domain.base import Model
from vr_server.domain.errors import InvalidPrompt, InvalidScript
from vr_server.domain.shot import PROMPT_LIMIT_CHARS, ActionBeat, ShotSpec, SubjectSpec
from vr_server.language import Setting, detect_language, load_lexicon, names_a_sight, parse_spec, reads_as_setting

from .decode import decode_script
from .fdx import parse_fdx
from .fountain import parse_fountain
from .screenplay import Element, Screenplay

SHOT_LIMIT = 2000
_SLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # no I and no O: they read as 1 and 0 on a slate
_TELLING_CHARS = 6  # a paragraph of unknown words shorter than this ("Silence.") shows nothing
_TELLING_WORDS = 3


class ShotDraft(Model):
    """A shot before it belongs to a project."""

    slate: str  # "12A"
    heading: str
    spec: ShotSpec


class SceneDraft(Model):
    heading: str  # "" for what stands before the first heading
    shots: tuple[ShotDraft, ...] = Field(min_length=1)


class Breakdown(Model):
    """A script as shots. `title` is the script's own, else the file's name."""

    title: str
    scenes: tuple[SceneDraft, ...] = Field(min_length=1)


def sample_script() -> bytes:
    """The sample that the demo opens with: a Fountain file, UTF-8."""
    return (resources.files(__package__) / "samples" / "demo.fountain").read_bytes()


def breakdown(data: bytes, *, filename: str) -> Breakdown:
    """Scenes and shots of a Fountain, FDX or plain text file.

    Every paragraph of action that shows something is a shot; dialogue makes somebody of the shot before it talk;
    a scene heading gives place and time of day to the paragraphs under it that name none. Raise InvalidScript,
    in one line that says what to do, for files that are empty, binary, too long or without a shot.
    """
    filename = PurePath(filename.replace("\\", "/")).name[:80] or "The script"
    text = decode_script(data, filename=filename)
    screenplay = _parse(text, filename)
    scenes = _Scenes(filename)
    for element in screenplay.elements:
        scenes.take(element)
    drafts = scenes.drafts()
    if not drafts:
        raise InvalidScript(f"{filename} has no paragraph that shows something: nothing to shoot.")
    return Breakdown(title=screenplay.title or PurePath(filename).stem, scenes=drafts)


def _parse(text: str, filename: str) -> Screenplay:
    start = text.lstrip("\ufeff \t\n")
    if filename.lower().endswith(".fdx") or start.startswith(("<?xml", "<FinalDraft", "<!DOCTYPE")):
        return parse_fdx(start, filename=filename)
    return parse_fountain(_paragraphs(text))


def _paragraphs(text: str) -> str:
    """Plain text with one finished sentence a line and no blank lines: every line becomes a paragraph."""
    lines = [line.strip() for line in text.strip().split("\n")]
    if len(lines) > 1 and all(line.endswith((".", "。", "!", "!", "?", "?")) for line in lines):
        return "\n\n".join(lines)
    return text


class _Scenes:
    """Collects scenes while the elements of a script go by."""

    def __init__(self, filename: str) -> None:
        self._filename = filename
        self._done: list[SceneDraft] = []
        self._used: set[str] = set()
        self._heading = ""
        self._number: str | None = None
        self._setting = Setting()
        self._specs: list[ShotSpec] = []
        self._speaker = ""
        self._count = 0

    def take(self, element: Element) -> None:
        match element.kind:
            case "heading":
                self._close()
                self._heading, self._number = element.text, element.number
                self._setting = reads_as_setting(element.text)
            case "action":
                self._action(element)
            case "character":
                self._speaker = element.text[:60]
            case "dialogue":
                self._dialogue(element)
            case "transition":
                self._speaker = ""

    def drafts(self) -> tuple[SceneDraft, ...]:
        self._close()
        return tuple(self._done)

    def _action(self, element: Element) -> None:
        if not _shows_something(element.text):
            return
        try:
            self._add(parse_spec(element.text, setting=self._setting.model_copy(update={"who": self._last_person()})))
        except InvalidPrompt as error:
            raise InvalidScript(f"{self._filename}, line {element.line}: {error}") from error

    def _last_person(self) -> SubjectSpec | None:
        """Whom "she" means in the scene's next shot."""
        subjects = self._specs[-1].subjects if self._specs else ()
        lexicon = load_lexicon()
        acting = [
            s for s in subjects if s.kind != "placeholder" and lexicon.refer(f"subject:{s.kind}").group != "thing"
        ]
        return acting[-1] if acting else None

    def _dialogue(self, element: Element) -> None:
        if not self._specs:
            talk = SubjectSpec(key="person", kind="person", label=self._speaker, beats=(ActionBeat(action="talk"),))
            text = f"{self._speaker}: {element.text}"[:PROMPT_LIMIT_CHARS]
            spec = ShotSpec(text=text, language=detect_language(text), subjects=(talk,))
            place, time = self._setting.place or spec.place, self._setting.time_of_day or spec.time_of_day
            self._add(spec.model_copy(update={"place": place, "time_of_day": time}))
        else:
            self._specs[-1] = _with_talk(self._specs[-1], self._speaker)

    def _add(self, spec: ShotSpec) -> None:
        self._count += 1
        if self._count > SHOT_LIMIT:
            raise InvalidScript(f"{self._filename} has more than {SHOT_LIMIT} shots. Split it into several scripts.")
        self._specs.append(spec)

    def _close(self) -> None:
        if not self._specs:
            return
        number = self._scene_number()
        shots = tuple(
            ShotDraft(slate=number + _slate_letter(index), heading=self._heading, spec=spec)
            for index, spec in enumerate(self._specs)
        )
        self._done.append(SceneDraft(heading=self._heading, shots=shots))
        self._specs = []

    def _scene_number(self) -> str:
        """The script's own number where it is free, else the next whole one that is."""
        number = (self._number or "").strip(" .")
        if not number or number in self._used or len(number) > 12 or not number[-1].isdigit():
            following = len(self._done) + 1
            while str(following) in self._used:
                following += 1
            number = str(following)
        self._used.add(number)
        return number


def _slate_letter(index: int) -> str:
    """A, B, ... Z without I and O, then AA, AB, ..."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, len(_SLATE_LETTERS))
        letters = _SLATE_LETTERS[rest] + letters
    return letters


def _shows_something(text: str) -> bool:
    if names_a_sight(text):
        return True
    return len(text.split()) >= _TELLING_WORDS or sum(1 for c in text if "\u4e00" <= c <= "\u9fff") >= _TELLING_CHARS


def _with_talk(spec: ShotSpec, speaker: str) -> ShotSpec:
    """The spec in which the speaker (else the last person, else somebody new) talks at the end."""
    lexicon = load_lexicon()
    people = [
        index
        for index, subject in enumerate(spec.subjects)
        if (entry := lexicon.get("subject", subject.kind)) is None or entry.group == "person"
    ]
    named = [i for i in people if speaker and spec.subjects[i].label.casefold() == speaker.casefold()]
    subjects = list(spec.subjects)
    if not people:
        taken = {s.key for s in subjects}
        key = next(k for k in ("person", *(f"person-{n}" for n in range(2, 100))) if k not in taken)
        talk = (ActionBeat(action="talk"),)
        subjects.append(SubjectSpec(key=key, kind="person", label=speaker or "person", beats=talk))
    else:
        index = (named or people)[-1]
        subject = subjects[index]
        beats = () if [b.action for b in subject.beats] == ["stand"] else subject.beats
        if not beats or beats[-1].action != "talk":
            subjects[index] = subject.model_copy(update={"beats": (*beats, ActionBeat(action="talk"))})
    return spec.model_copy(update={"subjects": tuple(subjects)})
