"""What may be chosen of new takes, alike where they are asked for and where they are only estimated."""

from pydantic import Field

from vr_server.domain.base import Model
from vr_server.domain.take import MOST_VARIANTS, Differ, GuidanceWish, Variants
from vr_server.jobs import Asked


class TakeChoice(Model):
    """The shot's spec says the rest."""

    engine: str | None = Field(default=None, max_length=64)
    seed: int | None = Field(default=None, ge=0, le=2147483647)
    variants: int = Field(default=1, ge=1, le=MOST_VARIANTS)
    """As many takes, of which the later ones name the first as parent; all of them or none."""
    differ: Differ = "reading"
    """In what: clearly different readings of the same words, the seed, or the look."""
    styles: tuple[str, ...] = Field(default=(), max_length=MOST_VARIANTS)
    """In which looks, one a take; empty: the shot's own first, then others."""
    guidance: GuidanceWish = "auto"
    """What of the shot's blocking a paid engine is to follow, where it can be made to; off: the words alone."""
    guidance_strength: float | None = Field(default=None, ge=0, le=1)
    """Where the engine is told one: 1 keeps the blocking fully."""

    @property
    def several(self) -> Variants:
        """How many, and in what they differ."""
        return Variants(count=self.variants, differ=self.differ, styles=self.styles)

    @property
    def asked(self) -> Asked:
        """What they are made from besides the words."""
        return Asked(guidance=self.guidance, strength=self.guidance_strength)
