"""What every script format is read into."""

from dataclasses import dataclass
from typing import Literal

ElementKind = Literal["heading", "action", "character", "dialogue", "transition"]


@dataclass(frozen=True, slots=True)
class Element:
    """One paragraph of a script. `number` is the scene number that the script itself gives a heading."""

    kind: ElementKind
    text: str
    line: int  # 1-based, where it starts in the file
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Screenplay:
    title: str
    elements: tuple[Element, ...]
