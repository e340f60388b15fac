"""How many: numbers written in digits or words in front of what they count."""

import re

from .lexicon import Entry, Sense
from .quantity import chinese_number

_DIGITS = re.compile(r"\d{1,9}(?![\d.])")
_CHINESE = re.compile(r"[零一二两三四五六七八九十百千万]{2,8}")
_UNITS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "a": 1,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_WORD = f"(?:{'|'.join(sorted(_UNITS, key=len, reverse=True))})"
_ENGLISH = re.compile(
    rf"{_WORD}(?:[ -]{_WORD})?(?: (?:hundred|thousand|million)(?: and)?(?: {_WORD}(?:[ -]{_WORD})?)?)*(?![a-z])"
)
_LARGEST = 1e6


def number_at(folded: str, at: int) -> tuple[int, Sense] | None:
    """A number of several characters or words at `at` of folded text: (end, its meaning as a count)."""
    if match := _DIGITS.match(folded, at):
        return match.end(), _count(int(match[0]))
    if match := _CHINESE.match(folded, at):
        value = chinese_number(match[0])
        return (match.end(), _count(value)) if value else None
    if (
        (match := _ENGLISH.match(folded, at))
        and (value := _english(match[0])) > 1
        and " " in match[0].replace("-", " ")
    ):
        return match.end(), _count(value)
    return None


def _english(words: str) -> int:
    total, part = 0, 0
    for word in re.split(r"[ -]", words):
        if word in _SCALES:
            part = max(part, 1) * _SCALES[word]
            total, part = (total + part, 0) if _SCALES[word] >= 1000 else (total, part)
        elif word != "and":
            part += _UNITS[word]
    return total + part


def _count(value: int) -> Sense:
    return Sense(entry=Entry(category="count", id="number", value=min(float(value), _LARGEST)))
