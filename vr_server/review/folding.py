"""Words as a reader sees them, whichever signs they are written with. Pure.

What hides a word from a list and not from an eye is taken off: full-width and styled letters, capitals, accents, signs
without a width, letters of another script that look the same, traditional Chinese characters, signs between letters.
"""

import re
import unicodedata

_FILLERS = "\u115f\u1160\u3164\uffa0\u2800"  # blank, though Unicode calls them letters and a sign

_ALIKE = str.maketrans(
    "\u0430\u0432\u0433\u0435\u0437\u0456\u0458\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u04bb\u0455"  # Cyrillic
    "\u0501\u051b\u051d\u04cf\u04af\u0491"
    "\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03c9\u03c3"  # Greek
    "\u0131\u0142\u0111\u00f8\u0127\u0261"  # Latin with something left out or added
    "\u1d00\u0299\u1d04\u1d05\u1d07\ua730\u0262\u029c\u026a\u1d0a\u1d0b\u029f\u1d0d\u0274\u1d0f\u1d18\u0280\ua731\u1d1b"
    "\u1d1c\u1d20\u1d21\u028f\u1d22",  # small capitals
    "abre3ijkmhopctyxhs" "dqwlyr" "abehikuvoptuxwo" "ildohg" "abcdefghijklmnoprstuvwyz",
)  # fmt: skip
_SIMPLIFIED = str.maketrans(
    "東習雲偉倫體俠兒黨蘭凱劉動華衛發園國奧嬰學寶爾師開張戲戰殺權來傑夢殘湯澤潤遊愛環禮穢級紀納維綠羅諾謀達連遲"
    "鋼鐵長隊際馬魯鴨龍脫萊藝機裡裏屍跡範喬畫變幻煉練組織",
    "东习云伟伦体侠儿党兰凯刘动华卫发园国奥婴学宝尔师开张戏战杀权来杰梦残汤泽润游爱环礼秽级纪纳维绿罗诺谋达连迟"
    "钢铁长队际马鲁鸭龙脱莱艺机里里尸迹范乔画变幻炼练组织",
)
"""Of the characters that the gate's own lists have: a whole table is a dictionary's work."""

_BETWEEN_EN = r"(?:[^\w,;:!?]|_|[,;:!?](?=\S))*"
_BETWEEN_ZH = r"(?:[^\w,;:!?。、…《》「」『』【】()]|_)*"
_SPELLED = re.compile(r"(?<![a-z0-9])[a-z0-9](?:[\W_]+[a-z0-9])+(?![a-z0-9])")
_OWNS = re.compile(r"(?<=[a-z0-9])['\u2019]s(?=[\s,.;:!?]|$)")
_SIGNS = re.compile(r"(?<=[a-z0-9])(?:[^\w\s]|_)+(?=[a-z0-9])")


def folded(text: str) -> str:
    """`text` in one plain form: two that look the same are the same."""
    text = "".join(sign for sign in unicodedata.normalize("NFKC", text) if not _invisible(sign)).casefold()
    decomposed = unicodedata.normalize("NFD", text)
    bare = unicodedata.normalize("NFC", "".join(c for c in decomposed if unicodedata.category(c) != "Mn"))
    return bare.translate(_ALIKE).translate(_SIMPLIFIED)


def _invisible(sign: str) -> bool:
    return sign in _FILLERS or unicodedata.category(sign) == "Cf"


def closed(plain: str) -> str:
    """Folded text with s-p-e-l-l-e-d words and words with s*gns in them closed up."""
    joined = _SPELLED.sub(lambda found: re.sub(r"[\W_]+", "", found[0]), _OWNS.sub("", plain))
    return _SIGNS.sub("", joined)


def letters(text: str) -> str:
    """The folded letters and digits of `text` alone."""
    return "".join(sign for sign in folded(text) if sign.isalnum())


def apart_en(phrase: str) -> str:
    """A pattern for the folded words of `phrase`, whatever stands between them but the end of a clause."""
    return _BETWEEN_EN.join(re.escape(word) for word in phrase.split())


def apart_zh(phrase: str) -> str:
    """A pattern for the folded characters of `phrase`, with blanks and signs between them, but no end of a clause."""
    return _BETWEEN_ZH.join(re.escape(sign) for sign in phrase if sign.isalnum())
