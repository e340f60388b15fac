"""What may be sent to an engine over the network: prompts held against lists of names and matters. Pure but for reading
the lists.

The lists are data (``gate.toml`` beside this file, and a production's own of the same shape). What they find is the word
as it stands in the prompt, the list and its reason, so that a person can judge; nothing is guessed.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from vr_server.domain.base import Language, Model
from vr_server.domain.errors import InvalidInput

from .bar import QualityBar
from .folding import apart_en, apart_zh, closed, folded, letters

_OWN = Path(__file__).with_name("gate.toml")


class Words(Model):
    """Words in both languages."""

    en: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()


class WordList(Words):
    """One matter. `both`: groups of which each must be met, for what is wrong only together. `unless`: phrases in which its
    words mean something else (变成龙, to turn into a dragon, has a star's name in it)."""

    id: str = Field(pattern="^[a-z0-9-]{1,40}$")
    action: Literal["refuse", "warn"] = "refuse"
    overridable: bool = True
    reason: dict[Language, str]
    both: tuple[Words, ...] = ()
    unless: tuple[str, ...] = ()


class Rules(Model):
    """A file of lists, and the bar of a production's own. `allow`: words that are fine here, whichever list has them."""

    list: tuple[WordList, ...] = ()
    allow: tuple[str, ...] = ()
    quality: QualityBar = QualityBar()


class Hit(Model):
    """A word that a list has. `found`: as it stands in the prompt."""

    list_id: str
    found: str
    action: Literal["refuse", "warn"]
    overridable: bool
    reason: str


class Verdict(Model):
    """What the gate says of a prompt."""

    hits: tuple[Hit, ...] = ()

    @property
    def refused(self) -> bool:
        return any(hit.action == "refuse" for hit in self.hits)

    @property
    def overridable(self) -> bool:
        """May a person who answers for it send it all the same?"""
        return all(hit.overridable for hit in self.hits if hit.action == "refuse")

    def lines(self) -> tuple[str, ...]:
        """A line for each hit, for a person."""
        return tuple(f"{hit.found!r}: {hit.reason}" for hit in self.hits)

    def line(self) -> str:
        """All of them in one line."""
        return "; ".join(self.lines())


@dataclass(frozen=True)
class Gate:
    """Looks prompts through. Make it with `load`."""

    lists: tuple[WordList, ...]
    allow: frozenset[str] = frozenset()

    @classmethod
    def load(cls, own: Rules | None = None) -> "Gate":
        """The lists that come along, with a production's `own` added. Raise InvalidInput."""
        lists = {found.id: found for found in read_rules(_OWN).list}
        own = own or Rules()
        for extra in own.list:
            base = lists.get(extra.id)
            lists[extra.id] = extra if base is None else _added(base, extra)
        return cls(tuple(lists.values()), frozenset(form(word) for word in own.allow for form in (folded, letters)))

    def look(self, text: str, language: Language = "en") -> Verdict:
        """Everything the lists find in `text`, told in `language`; both languages' words are looked for in either."""
        plain = folded(text)
        texts = tuple(dict.fromkeys((plain, closed(plain))))
        return Verdict(
            hits=tuple(
                Hit(
                    list_id=found.id,
                    found=word,
                    action=found.action,
                    overridable=found.overridable,
                    reason=found.reason.get(language) or next(iter(found.reason.values())),
                )
                for found in self.lists
                for word in self._words(found, texts)
            )
        )

    def _words(self, found: WordList, texts: tuple[str, ...]) -> list[str]:
        texts = tuple(_without(text, found.unless) for text in texts)
        words = self._met(found, texts)
        if found.both:
            groups = [self._met(group, texts) for group in found.both]
            if all(groups):
                words.append(" + ".join(group[0] for group in groups))
        return words

    def _met(self, words: Words, texts: tuple[str, ...]) -> list[str]:
        met = [found[0] for text in texts for found in _english(words.en).finditer(text)]
        met += [told for told, pattern in _chinese(words.zh) if any(pattern.search(text) for text in texts)]
        once = {letters(word): word for word in reversed(met)}  # as it stands in the prompt, where it does
        return [word for word in reversed(once.values()) if not self.allow.intersection((folded(word), letters(word)))]


def _added(base: WordList, extra: WordList) -> WordList:
    """A list with a production's words; what nobody may override stays so, and what is wrong together too."""
    return extra.model_copy(
        update={
            "en": base.en + extra.en,
            "zh": base.zh + extra.zh,
            "both": base.both or extra.both,
            "unless": base.unless + extra.unless if base.overridable else base.unless,
            "action": base.action if not base.overridable else extra.action,
            "overridable": base.overridable and extra.overridable,
        }
    )


def _without(text: str, phrases: tuple[str, ...]) -> str:
    for phrase in phrases:
        text = text.replace(folded(phrase), "\n")
    return text


@cache
def _english(words: tuple[str, ...]) -> re.Pattern[str]:
    """Whole words, the longest first; without words nothing is met."""
    told = sorted((folded(word) for word in words), key=len, reverse=True)
    parts = "|".join(apart_en(word) for word in told) or "(?!)"
    return re.compile(rf"(?<![a-z0-9])(?:{parts})(?:'s|s')?(?![a-z0-9])")


@cache
def _chinese(words: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Found anywhere: Chinese has no blanks between words."""
    return tuple((word, re.compile(apart_zh(folded(word)))) for word in words)


def read_rules(path: Path) -> Rules:
    """A production's file. Raise InvalidInput with one line about it."""
    try:
        told: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return Rules.model_validate(told)
    except OSError as error:
        raise InvalidInput(f"The production's rules {path} cannot be read: {error.strerror or error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"The production's rules {path.name} are no TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"The production's rules {path.name}: {where}: {first['msg']}.") from error
