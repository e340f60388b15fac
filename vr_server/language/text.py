"""Plain text work under the lexicon: folding, words, English word forms, clauses, the text's language."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from vr_server.domain.base import Language
from vr_server.domain.errors import InvalidPrompt
from vr_server.domain.shot import PROMPT_LIMIT_CHARS

_WORD = re.compile(r"\d+(?:\.\d+)?|[^\W\d_\u3400-\u9fff]+(?:'[^\W\d_\u3400-\u9fff]+)?|[%°&]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ffff]")
_CLAUSE_END = re.compile(r"[,;:!?。;…—\n\r]|(?<!\d)\.|\.(?!\d)| - | -- ")
_MIN_STEM = 2
_QUOTES = {"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"'}
_OPENERS = "\t\n\r"


@dataclass(frozen=True, slots=True)
class Token:
    """A word with its place in the text; `forms` are the lexicon forms it may be, itself first."""

    text: str
    start: int
    end: int
    glue_broken: bool  # punctuation or another script stands between this word and the one before

    @property
    def forms(self) -> tuple[str, ...]:
        return word_forms(self.text)


def fold(text: str) -> str:
    """Lower case, half-width, straight quotes; exactly as long as `text`, so that places stay true."""
    return "".join(_fold_char(c) for c in text)


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    folded = unicodedata.normalize("NFKC", _QUOTES.get(char, char)).lower()
    if len(folded) == 1 and folded not in _OPENERS:
        return folded
    return " " if char.isspace() and char not in _OPENERS else char


def tokens(text: str) -> list[Token]:
    """The non-Chinese words and numbers of `text`, in order."""
    folded = fold(text)
    found: list[Token] = []
    end = 0
    for match in _WORD.finditer(folded):
        broken = folded[end : match.start()].strip(" -/\n\r\t'\"") != ""
        found.append(Token(match[0], match.start(), match.end(), broken))
        end = match.end()
    return found


@lru_cache(maxsize=8192)
def word_forms(word: str) -> tuple[str, ...]:
    """The word, then what it may be an inflection of: plural, third person, -ing, -ed, possessive."""
    forms = [word]
    word = word.removesuffix("'s").removesuffix("'")
    forms.append(word)
    if word.endswith("ies"):
        forms.append(word[:-3] + "y")
    if word.endswith("es"):
        forms.append(word[:-2])
    if word.endswith("s") and not word.endswith("ss"):
        forms.append(word[:-1])
    if word.endswith("ied"):
        forms.append(word[:-3] + "y")
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _MIN_STEM:
            forms += [stem, stem + "e"]
            if stem[-1] == stem[-2]:
                forms.append(stem[:-1])
    return tuple(dict.fromkeys(f for f in forms if len(f) >= _MIN_STEM or f == forms[0]))


def clauses(text: str) -> list[tuple[int, int]]:
    """(start, end) of the pieces between commas, stops and line ends that hold any letter or number."""
    folded = fold(text)
    cuts = [(m.start(), m.end()) for m in _CLAUSE_END.finditer(folded)]
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(text)]
    return [(s, e) for s, e in zip(starts, ends, strict=True) if any(map(is_telling, text[s:e]))]


def is_telling(char: str) -> bool:
    """Whether the character can say something: a letter, a number, a picture sign."""
    return char.isalnum() or unicodedata.category(char) == "So"


def is_han(char: str) -> bool:
    return bool(_HAN.match(char))


def detect_language(text: str) -> Language:
    """`zh` when Chinese characters outweigh the other words of the text, else `en`."""
    han = len(_HAN.findall(text))
    words = sum(1 for t in tokens(text) if t.text[0].isalpha())
    return "zh" if han > words else "en"


def check_prompt(text: str) -> str:
    """The text without surrounding white space. Raise InvalidPrompt when no shot can be read from it."""
    stripped = text.strip()
    if not stripped:
        raise InvalidPrompt("The prompt is empty: describe who does what, where, and how the camera sees it.")
    if any(unicodedata.category(c) in {"Cc", "Cs", "Cn"} and c not in _OPENERS for c in stripped):
        raise InvalidPrompt("The prompt holds control characters: it looks like binary data, not text.")
    if not any(map(is_telling, stripped)):
        raise InvalidPrompt("The prompt has no words: describe who does what, where, and how the camera sees it.")
    return stripped


def fitting(text: str) -> str:
    """As much of `text` as a spec takes, up to the end of a sentence, else of a clause, else of a word."""
    if len(text) <= PROMPT_LIMIT_CHARS:
        return text
    head = text[:PROMPT_LIMIT_CHARS]
    for ends in (".。!?!?\n", ",,;;、", " "):
        cut = max(head.rfind(end) for end in ends) + 1
        if cut > PROMPT_LIMIT_CHARS // 2:
            return head[:cut].rstrip()
    return head
