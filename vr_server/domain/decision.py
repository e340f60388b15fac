"""What was decided about words that a list of the gate has, before they were sent anywhere."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from .base import Model


class Override(Model):
    """Who answers for sending words that the gate refuses, and why."""

    by: str = Field(min_length=1, max_length=80)
    because: str = Field(min_length=1, max_length=500)


class Decision(Model):
    """Kept for good. `lists`: which of the gate's; `reason`: the words found and what is said against them."""

    id: str
    project_id: str
    shot_id: str
    engine: str
    at: datetime
    outcome: Literal["refused", "overridden", "warned"]
    prompt: str
    lists: tuple[str, ...]
    reason: str
    override: Override | None = None
