"""One thing that must hold of a take, and what was found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    name: str
    held: bool
    told: str  # what was asked for
    found: str


def is_one_of(wanted: str, found: str | None) -> bool:
    """Whether an id is one of "a|b"."""
    return found in wanted.split("|")
