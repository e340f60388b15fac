"""Numbers with units in running text: "half a metre", "30 degrees", "一米半", "三十度", "20%"."""

import re
from dataclasses import dataclass
from functools import cache

from .lexicon import Lexicon
from .text import fold

_EN_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45,
    "fifty": 50, "sixty": 60, "ninety": 90, "half": 0.5, "half a": 0.5, "half an": 0.5, "a half": 0.5,
    "a quarter of a": 0.25, "quarter of a": 0.25, "a couple of": 2, "a few": 3, "one and a half": 1.5,
    "two and a half": 2.5,
}  # fmt: skip
_ZH_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_ZH_SCALES = {"十": 10, "百": 100, "千": 1000}
_LARGEST = 1e6


@dataclass(frozen=True, slots=True)
class Quantity:
    """`value` in the base unit of `group`: m, rad, s, mm, percent, times."""

    start: int
    end: int
    value: float
    group: str


def quantities(text: str, lexicon: Lexicon) -> list[Quantity]:
    """Every number with a unit, in order; absurdly large numbers are left out."""
    found: list[Quantity] = []
    for match in _pattern(lexicon).finditer(fold(text)):
        number = _number(match["number"])
        unit = _units(lexicon)[match["unit"]]
        if match["more"]:
            number += 0.5
        if number <= _LARGEST:
            found.append(Quantity(match.start(), match.end(), number * unit[1], unit[0]))
    return found


@cache
def _units(lexicon: Lexicon) -> dict[str, tuple[str, float]]:
    entries = [e for unit in lexicon.ids("unit") if (e := lexicon.get("unit", unit))]
    return {word.lower(): (e.group or "", e.value or 1.0) for e in entries for word in (*e.en, *e.zh)}


@cache
def _pattern(lexicon: Lexicon) -> re.Pattern[str]:
    """Longest words first; an English unit ends at a word's end."""
    units = sorted(_units(lexicon), key=len, reverse=True)
    unit = "|".join(re.escape(u) + (r"(?![a-z])" if u[-1].isascii() and u[-1].isalpha() else "") for u in units)
    words = "|".join(re.escape(w) for w in sorted(_EN_NUMBERS, key=len, reverse=True))
    number = rf"\d{{1,9}}(?:\.\d{{1,6}})?|(?<![a-z])(?:{words})(?=[\s-])|半|[零〇一二两三四五六七八九十百]{{1,7}}(?:点[零一二三四五六七八九]{{1,3}})?"
    return re.compile(rf"(?P<number>{number})[\s-]*(?:个)?(?P<unit>{unit})(?P<more>半(?!圈)| and a half)?")


def _number(word: str) -> float:
    if word in _EN_NUMBERS:
        return _EN_NUMBERS[word]
    if word == "半":
        return 0.5
    if word[0].isdigit() and word[0].isascii():
        return float(word)
    whole, _, fraction = word.partition("点")
    value = float(chinese_number(whole))
    for place, digit in enumerate(fraction, start=1):
        value += _ZH_DIGITS[digit] / 10**place
    return value


def chinese_number(word: str) -> int:
    """十五 -> 15, 三十 -> 30, 一百二十 -> 120, 三零 -> 30, 两万 -> 20000."""
    if "万" in word:
        high, _, low = word.partition("万")
        return (chinese_number(high) if high else 1) * 10_000 + (chinese_number(low.replace("万", "")) if low else 0)
    if not any(c in _ZH_SCALES for c in word):
        return int("".join(str(_ZH_DIGITS[c]) for c in word) or 0)
    total, digit = 0, 0
    for char in word:
        if char in _ZH_SCALES:
            total += (digit or 1) * _ZH_SCALES[char]
            digit = 0
        else:
            digit = _ZH_DIGITS[char]
    return total + digit
