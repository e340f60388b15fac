"""Scripts: Fountain, FDX and plain text, read and broken down into shots."""

from .breakdown import SHOT_LIMIT, Breakdown, SceneDraft, ShotDraft, breakdown, sample_script
from .decode import SCRIPT_LIMIT_BYTES

__all__ = [
    "SCRIPT_LIMIT_BYTES",
    "SHOT_LIMIT",
    "Breakdown",
    "SceneDraft",
    "ShotDraft",
    "breakdown",
    "sample_script",
]
