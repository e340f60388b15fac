"""How well pictures show what was asked."""

from pydantic import Field

from .base import Model


class Match(Model):
    """`score`: 0 nothing of the text is in the pictures, 1 all of it. `reason`: one line about what is missing."""

    score: float = Field(ge=0, le=1)
    reason: str = Field(max_length=400)
