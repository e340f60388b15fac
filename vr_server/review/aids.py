"""What else a worker looks at a take with. Light to import: the server reads it too."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Aids:
    """Networks in ONNX that are set up, and how many `stills` are kept for whoever judges them. Pickles.

    `people_model`: gives a mask of people. `content_model`: finds what should not be shown (NudeNet's).
    """

    people_model: Path | None = None
    content_model: Path | None = None
    stills: int = 0


NONE = Aids()
"""Nothing is set up."""
