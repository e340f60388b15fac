"""The film lexicon: what words mean to a film crew, as data. Adding a word is a change of data only.

Each TOML file holds tables `[category.id]` with the words (`en`, `zh`) that say it. A production's own files
extend the built-in ones: the same id gains words, a new id becomes known.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from itertools import product
from pathlib import Path

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from vr_server.domain.base import Language, Model
from vr_server.domain.errors import InvalidInput

from .text import Token, tokens

CONTEXT_SUFFIX = "_camera"


class Entry(Model):
    """One meaning. `en[0]` and `zh[0]` are how it is shown to people."""

    model_config = ConfigDict(alias_generator=None)  # files use the Python names

    category: str
    id: str
    en: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()
    en_camera: tuple[str, ...] = ()  # means this only in a clause that speaks of the camera
    zh_camera: tuple[str, ...] = ()
    emoji: tuple[str, ...] = ()  # in either language
    kind: str | None = None  # the id it is taken as, where that is another's: a bride is a woman
    value: float | None = None
    group: str | None = None
    weight: float = 1.0
    implies: tuple[str, ...] = ()  # "prop:sword"
    acts: dict[str, str] = Field(
        default_factory=dict
    )  # action told of this thing -> "time:sunset" or "" (says nothing)
    actors: tuple[str, ...] = ()  # kinds or groups that do this
    needs: str | None = None  # group that must be in the shot
    otherwise: str | None = None  # the action this is without `needs`
    intransitive: bool = False
    settles: bool = False  # once done it is over: what remains of the shot is standing
    things: bool = False  # a thing can do it too
    moves: bool = False  # goes somewhere: its target is where
    mutual: bool = False  # whom it is done to does it too
    mount: str | None = None  # kind of subject it is done on, there even when nobody names it
    colours: tuple[str, ...] = ()  # colour ids that come with it
    scale: float = 1.0

    @property
    def meant(self) -> str:
        """The id that a spec is given."""
        return self.kind or self.id

    def name(self, language: Language) -> str:
        """How a person reads it in that language."""
        words = self.zh if language == "zh" else self.en
        return words[0] if words else self.id


class Sense(Model):
    """An entry as one word says it; `camera_only` senses hold only where the camera is spoken of."""

    entry: Entry
    camera_only: bool = False


_FILE = TypeAdapter(dict[str, dict[str, dict[str, object]]])
_Words = tuple[str, ...]


class Lexicon:
    """Entries by category and id, and an index from words to senses. Immutable after construction."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}
        for entry in entries:
            known = self._entries.get((entry.category, entry.id))
            self._entries[entry.category, entry.id] = _merged(known, entry) if known else entry
        self._chinese: dict[str, list[Sense]] = defaultdict(list)
        self._english: dict[_Words, list[Sense]] = defaultdict(list)
        self._index()
        self._chinese_lengths = _lengths((word[0], len(word)) for word in self._chinese)
        self._english_lengths = _lengths((words[0], len(words)) for words in self._english)

    def get(self, category: str, entry_id: str) -> Entry | None:
        return self._entries.get((category, entry_id))

    def refer(self, reference: str) -> Entry:
        """The entry that a reference such as "prop:sword" means, bare when no file describes it."""
        category, _, entry_id = reference.partition(":")
        return self.get(category, entry_id) or Entry(category=category, id=entry_id)

    def ids(self, category: str) -> tuple[str, ...]:
        """The ids of one category, in the order of the files."""
        return tuple(i for c, i in self._entries if c == category)

    def categories(self) -> frozenset[str]:
        return frozenset(c for c, _ in self._entries)

    def chinese(self, text: str, start: int, categories: frozenset[str]) -> tuple[int, tuple[Sense, ...]]:
        """The longest Chinese word of `categories` at `start`: (end, senses); (start, ()) when there is none."""
        for length in self._chinese_lengths.get(text[start], ()):
            word = text[start : start + length]
            senses = self._chinese.get(word) if len(word) == length else None
            if senses and (kept := _of(senses, categories)):
                return start + length, kept
        return start, ()

    def english(self, words: list[Token], index: int, categories: frozenset[str]) -> tuple[int, tuple[Sense, ...]]:
        """The longest English phrase at word `index`, inflected forms included: (index after it, senses)."""
        lengths: set[int] = set()
        for form in words[index].forms:
            lengths.update(self._english_lengths.get(form, ()))
        for length in sorted(lengths, reverse=True):
            run = words[index : index + length]
            if len(run) < length or any(a.glue_broken for a in run[1:]):
                continue
            # the forms of a word stand exact first, so an exact phrase wins over an inflected one
            for forms in product(*(w.forms for w in run)):
                senses = self._english.get(forms)
                if senses and (kept := _of(senses, categories)):
                    return index + length, kept
        return index, ()

    def _index(self) -> None:
        for entry in self._entries.values():
            for sign in entry.emoji:
                self._chinese[sign].append(Sense(entry=entry))
            for language in ("en", "zh"):
                for suffix in ("", CONTEXT_SUFFIX):
                    sense = Sense(entry=entry, camera_only=bool(suffix))
                    for word in getattr(entry, language + suffix):
                        if language == "zh":
                            self._chinese[word.lower()].append(sense)
                        else:
                            self._english[tuple(t.text for t in tokens(word))].append(sense)


def _of(senses: list[Sense], categories: frozenset[str]) -> tuple[Sense, ...]:
    return tuple(s for s in senses if s.entry.category in categories)


def _merged(known: Entry, further: Entry) -> Entry:
    """`known` with the words of `further` added and its explicitly given fields taken over."""
    given = {name: getattr(further, name) for name in further.model_fields_set}
    for name in ("en", "zh", "en_camera", "zh_camera", "emoji", "implies", "actors", "colours"):
        given[name] = tuple(dict.fromkeys((*getattr(known, name), *getattr(further, name))))
    return known.model_copy(update=given)


def _lengths(pairs: Iterable[tuple[str, int]]) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = defaultdict(set)
    for first, length in pairs:
        found[first].add(length)
    return {first: tuple(sorted(lengths, reverse=True)) for first, lengths in found.items()}


def _read(name: str, text: str) -> Iterator[Entry]:
    try:
        for category, table in _FILE.validate_python(tomllib.loads(text)).items():
            for entry_id, fields in table.items():
                entry = Entry.model_validate({"category": category, "id": entry_id, **fields})
                if not all(any(tokens(word)) for word in (*entry.en, *entry.en_camera)):
                    raise InvalidInput(
                        f"Lexicon file {name}: [{category}.{entry_id}] has an English word without letters"
                    )
                yield entry
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"Lexicon file {name} is not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"Lexicon file {name}: {where}: {first['msg']}") from error


def load_lexicon(*further: Path) -> Lexicon:
    """The built-in lexicon, extended by a production's own TOML files in the order given.

    Raise InvalidInput naming the file and the line or field that cannot be read.
    """
    if not further:
        return _built_in()
    entries = list(_built_in_entries())
    for path in further:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"Lexicon file {path.name} cannot be read as UTF-8 text: {error}") from error
        entries.extend(_read(path.name, text))
    return Lexicon(entries)


@cache
def _built_in() -> Lexicon:
    return Lexicon(_built_in_entries())


@cache
def _built_in_entries() -> tuple[Entry, ...]:
    folder = resources.files(__package__) / "lexicon"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(entry for file in files for entry in _read(file.name, file.read_text(encoding="utf-8")))
