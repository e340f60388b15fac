"""What else a worker looks at a take with. Light to import: the server reads it too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vr_server.layering.depth import PersonModel


@dataclass(frozen=True, slots=True)
class Aids:
    """Networks in ONNX that are set up, and how many `stills` are kept for whoever judges them. Pickles.

    `people_model`: gives masks of people; they are also what people are cut out with. `content_model`: finds what should not be shown (NudeNet's).
    """

    people_model: PersonModel | None = None
    content_model: Path | None = None
    stills: int = 0


NONE = Aids()
"""Nothing is set up."""
