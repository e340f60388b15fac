"""A piece of a note: what stands between two commas or joins."""

from dataclasses import dataclass

from .quantity import Quantity
from .scan import Clause, Match

WISHES = ("note", "scope")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a note: its known words and numbers, and the wishes among them."""

    clause: Clause
    matches: tuple[Match, ...]
    numbers: tuple[Quantity, ...]

    def ids(self, category: str) -> list[str]:
        """The ids said of that category; a word that is a wish in a note ("speed") is nothing else in it."""
        own = (m for m in self.matches if not m.negated and (category in WISHES or not m.get("note")))
        camera = self.speaks_of_camera
        return [entry.id for m in own if (entry := m.get(category, camera=camera))]

    @property
    def speaks_of_camera(self) -> bool:
        """Camera-only words hold where the camera is named and nothing plainer is asked for."""
        return any(m.get("scope") and m.get("camera") for m in self.matches) and not any(
            m.get("note") for m in self.matches
        )

    def value(self, category: str) -> float | None:
        """The value of the last word of that category, degree words that merely soften left aside."""
        found = [e.value for m in self.matches if (e := m.get(category)) and e.value is not None]
        telling = [v for v in found if v != 1.0] or found
        return telling[-1] if telling else None

    def number(self, group: str) -> float | None:
        return next((q.value for q in self.numbers if q.group == group), None)
