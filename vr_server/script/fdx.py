"""Final Draft's FDX, in its simple form: paragraphs by type, scene numbers, the title."""

from xml.parsers import expat

from vr_server.domain.errors import InvalidScript

from .screenplay import Element, ElementKind, Screenplay

_KINDS: dict[str, ElementKind] = {
    "Scene Heading": "heading",
    "Action": "action",
    "General": "action",
    "Shot": "action",
    "Character": "character",
    "Dialogue": "dialogue",
    "Transition": "transition",
}
_DEPTH_LIMIT = 64


class _Reader:
    """Collects paragraphs while expat reads; refuses a DTD, so no entity can ever be expanded."""

    def __init__(self, filename: str) -> None:
        self.elements: list[Element] = []
        self.title = ""
        self.root = ""
        self._filename = filename
        self._path: list[str] = []
        self._attributes: dict[str, str] = {}
        self._text: list[str] = []
        self.parser = expat.ParserCreate(encoding="utf-8")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _doctype(self, *_: object) -> None:
        raise InvalidScript(f"{self._filename} declares a DTD, which a script has no use for: export it as FDX again.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.root = self.root or name
        self._path.append(name)
        if len(self._path) > _DEPTH_LIMIT:
            raise InvalidScript(f"{self._filename} nests elements deeper than {_DEPTH_LIMIT}: it is not a script.")
        if name == "Paragraph":
            self._attributes, self._text = attributes, []

    def _characters(self, data: str) -> None:
        if self._path and self._path[-1] == "Text":
            self._text.append(data)

    def _end(self, name: str) -> None:
        self._path.pop()
        text = " ".join("".join(self._text).split())
        if name != "Paragraph" or not text:
            return
        if "TitlePage" in self._path:
            self.title = self.title or text
        elif kind := _KINDS.get(self._attributes.get("Type", "")):
            number = self._attributes.get("Number") if kind == "heading" else None
            self.elements.append(Element(kind, text, self.parser.CurrentLineNumber, number))
        self._text = []


def parse_fdx(text: str, *, filename: str) -> Screenplay:
    """Raise InvalidScript for XML that is broken, declares a DTD, nests too deeply or is no FDX."""
    reader = _Reader(filename)
    try:
        reader.parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise InvalidScript(f"{filename} is not well-formed XML: {error}") from error
    if reader.root != "FinalDraft":
        raise InvalidScript(f"{filename} is XML but not FDX: its root is <{reader.root[:40]}>, not <FinalDraft>.")
    return Screenplay(reader.title, tuple(reader.elements))
