"""Fountain (fountain.io/syntax) and plain text -> Screenplay, Chinese headings and dialogue included."""

import re

from .screenplay import Element, ElementKind, Screenplay

_HEADING = re.compile(r"^(?:int|ext|est|int\.?/ext|ext\.?/int|i/e)[. ]", re.IGNORECASE)
_HEADING_ZH = re.compile(
    r"^(?:第?[0-9一二三四五六七八九十百]{1,4}[场幕.、.\s]\s*)?(?:内外景|外内景|内/外景|外/内景|内景|外景)(?=$|[\s.。::、,,·/—-])"
)
_SCENE_NUMBER = re.compile(r"\s*#([\w.-]{1,12})#\s*$")
_LEADING_NUMBER = re.compile(r"^第?([0-9]{1,4})[场幕.、.\s]")
_TRANSITION = re.compile(
    r"^(?:[A-Z][A-Z ]{0,40} TO:|FADE (?:IN|OUT)[.:]?|(?:切至|切到|淡入|淡出|叠化|黑屏|闪回|溶至)[::。.]?.{0,8})$"
)
_TITLE_KEYS = {
    "title", "credit", "author", "authors", "source", "draft date", "date", "contact", "copyright", "notes",
    "revision", "format", "片名", "标题", "作者", "编剧", "日期", "版权",
}  # fmt: skip
_SPOKEN_ZH = re.compile(r"^([\u4e00-\u9fff·]{1,6})(?:[((][^))]{0,20}[))])?[::](.+)$")
_NOT_SPEAKERS = {"镜头", "景别", "氛围", "气氛", "主体动作", "主体", "动作", "环境", "环境细节", "镜头语言", "色调", "场景", "画面", "音效", "旁白", "字幕", "注", "备注", "时间", "地点", "人物"}  # fmt: skip
_EMPHASIS = re.compile(r"(?<!\\)(\*{1,3}|_)(?=\S)([^*_\n]{1,400}?)(?<=\S)\1")
_CUE_LIMIT = 48
_HEADING_LIMIT = 300


def parse_fountain(text: str) -> Screenplay:
    """Every paragraph that is not comment, note, section, synopsis or page break, in order."""
    text = _without(_without(text, "/*", "*/", across_blank=True), "[[", "]]", across_blank=False)
    lines = text.split("\n")
    title, first = _title_page(lines)
    return Screenplay(title, tuple(_Reader(lines, first).read()))


def _without(text: str, opening: str, closing: str, *, across_blank: bool) -> str:
    """`text` without the marked stretches; their line ends stay, so that line numbers stay true. Linear time."""
    kept: list[str] = []
    at = 0
    while (start := text.find(opening, at)) >= 0:
        end = text.find(closing, start + len(opening))
        if end < 0:
            break
        inside = text[start : end + len(closing)]
        if across_blank or "\n\n" not in inside:
            kept += [text[at:start], "\n" * inside.count("\n")]
            at = end + len(closing)
        else:
            kept.append(text[at : start + len(opening)])
            at = start + len(opening)
    return "".join(kept) + text[at:]


def _title_page(lines: list[str]) -> tuple[str, int]:
    """(title, index of the first line after the title page)."""
    at = next((i for i, line in enumerate(lines) if line.strip()), 0)
    key, colon, _ = lines[at].replace(":", ":").partition(":")
    if not colon or key.strip().lower() not in _TITLE_KEYS:
        return "", 0
    values: dict[str, list[str]] = {}
    key = ""
    while at < len(lines) and lines[at].strip():
        line = lines[at].replace(":", ":", 1) if ":" in lines[at][:12] else lines[at]
        head, colon, value = line.partition(":")
        if colon and not line[0].isspace() and head.strip():
            key = head.strip().lower()
            values[key] = [value.strip()]
        elif key:
            values[key].append(line.strip())
        at += 1
    words = next((values[k] for k in ("title", "片名", "标题") if k in values), [])
    return _plain(" ".join(w for w in words if w)), at


class _Reader:
    """The state of reading the script's body line by line."""

    def __init__(self, lines: list[str], first: int) -> None:
        self._lines = lines
        self._at = first
        self._elements: list[Element] = []
        self._paragraph: list[str] = []
        self._paragraph_line = 0

    def read(self) -> list[Element]:
        in_dialogue = False
        while self._at < len(self._lines):
            raw = self._lines[self._at]
            line = raw.strip()
            if not line:
                self._close()
                in_dialogue = False
            elif in_dialogue:
                if not (line.startswith(("(", "(")) and line.endswith((")", ")"))):
                    self._add("dialogue", line.lstrip("~").strip())
            else:
                in_dialogue = self._line(line)
            self._at += 1
        self._close()
        return self._elements

    def _line(self, line: str) -> bool:
        """Take in a line outside dialogue; whether dialogue follows."""
        opens = not self._paragraph
        if line.startswith("!"):
            self._continue(line[1:])
        elif heading := _heading(line, opens=opens):
            self._close()
            self._add("heading", heading[0], heading[1])
        elif line.startswith(("#", "=")):
            self._close()
        elif line.startswith(">") or (opens and _TRANSITION.match(line)):
            self._marked(line)
        elif line.startswith("@") and 1 < len(line) <= _CUE_LIMIT:
            self._close()
            self._add("character", _cue(line[1:]))
            return True
        elif opens and self._is_cue(line):
            self._add("character", _cue(line))
            return True
        elif (spoken := _SPOKEN_ZH.match(line)) and spoken[1] not in _NOT_SPEAKERS:
            self._close()
            self._add("character", spoken[1])
            self._add("dialogue", spoken[2].strip())
        else:
            self._continue(line)
        return False

    def _marked(self, line: str) -> None:
        """`> CUT TO:` is a transition, `> centred <` is action."""
        if line.startswith(">") and line.endswith("<"):
            self._continue(line[1:-1].strip())
        else:
            self._close()
            self._add("transition", line.lstrip("> ").strip())

    def _is_cue(self, line: str) -> bool:
        """A line in capitals with speech right below it."""
        if len(line) > _CUE_LIMIT:  # also what keeps the patterns below cheap
            return False
        name = re.sub(r"\(.*\)", "", line).rstrip("^ ").strip()
        follows = self._at + 1 < len(self._lines) and bool(self._lines[self._at + 1].strip())
        letters = [c for c in name if c.isalpha()]
        capitals = bool(letters) and all(c.isupper() for c in letters)
        return follows and capitals

    def _continue(self, line: str) -> None:
        if not self._paragraph:
            self._paragraph_line = self._at + 1
        self._paragraph.append(line.strip())

    def _close(self) -> None:
        if self._paragraph:
            text = _plain(_joined(self._paragraph))
            if text:
                self._elements.append(Element("action", text, self._paragraph_line))
        self._paragraph = []

    def _add(self, kind: ElementKind, text: str, number: str | None = None) -> None:
        if text := _plain(text):
            self._elements.append(Element(kind, text, self._at + 1, number))


def _heading(line: str, *, opens: bool) -> tuple[str, str | None] | None:
    """(heading, its own number) where the line is a scene heading."""
    if len(line) > _HEADING_LIMIT:
        return None
    forced = len(line) > 1 and line[0] == "." and line[1] != "."
    body = line[1:].strip() if forced else line
    if not (forced or (opens and _HEADING.match(line)) or _HEADING_ZH.match(line)):
        return None
    number = _SCENE_NUMBER.search(body)
    leading = _LEADING_NUMBER.match(body)
    told = number[1] if number else leading[1] if leading else None
    return _SCENE_NUMBER.sub("", body).strip(), told


def _cue(line: str) -> str:
    return re.sub(r"\s*[((][^))]*[))]", "", line).rstrip("^ ").strip() or line.strip("^ ")


def _joined(lines: list[str]) -> str:
    """Lines of one paragraph as running text; Chinese needs no space between."""
    text = lines[0]
    for line in lines[1:]:
        tight = bool(text) and bool(line) and not (text[-1].isascii() and line[0].isascii())
        text += line if tight else f" {line}"
    return text


def _plain(text: str) -> str:
    """Without emphasis marks and escapes."""
    for _ in range(3):  # marks nest: _**bold and underlined**_
        text = _EMPHASIS.sub(r"\2", text)
    return text.replace("\\*", "*").replace("\\_", "_").strip()
