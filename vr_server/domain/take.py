"""Takes: immutable attempts at a shot, with where they come from."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from .base import Model
from .region import NotedRegion
from .shot import ShotSpec

TakeState = Literal["queued", "generating", "ready", "failed", "cancelled", "unknown"]
"""`unknown`: a paid engine may have taken the order, and nobody can tell: look there, then retry or drop."""
Urgency = Literal["room", "batch"]
"""Who waits: somebody in the headset, or nobody in particular."""
Quality = Literal["draft", "final"]
QUALITIES: tuple[Quality, ...] = ("draft", "final")


Check = Literal[
    "sharpness", "underexposed", "overexposed", "freeze", "black", "flicker", "cut", "motion", "jerk", "camera",
    "framing", "screen_side", "shot_size", "horizon", "camera_path", "own_motion",
    "match", "content",
    "outside",
]  # fmt: skip


class Finding(Model):
    """One thing of a take's pictures that misses the production's bar. `frame`: where it shows, if at one place."""

    check: Check
    value: float
    threshold: float
    reason: str
    frame: int | None = None


Guide = Literal["depth", "pose", "scribble", "camera"]
"""What of a shot's blocking a clip can be made to follow."""
GuidanceWish = Literal["auto", "off"] | Guide
"""`auto`: whatever the engine takes, depth before the others."""


class Guidance(Model):
    """What a paid engine was given to follow besides the words. `used` None: nothing.

    `recipe`: the name of what was drawn from the blockout (SHA-256, `generation.recipes`), that of the first part of a take
    made in several. `strength` 0..1 where the engine is told one.
    """

    asked: GuidanceWish = "auto"
    used: Guide | None = None
    recipe: str | None = None
    strength: float | None = None


class Part(Model):
    """One of several clips that a take is joined from: it shows the shot from `start_s` to `end_s`.

    What its clip repeats of the part before, `skip_frames` pictures, is left out. `order_id`: of its own order.
    `prompt_sent`: what happens in its time, as the engine was told it.
    """

    order_id: str
    start_s: float = Field(ge=0)
    end_s: float = Field(gt=0)
    skip_frames: int = Field(default=0, ge=0)
    prompt_sent: str = ""


class Kept(Model):
    """How a take that was drawn anew in a region holds to its parent outside it: the share of those pixels (0..1) that are
    within `KEPT_CODES` of the parent's, decoded, in every channel. `given`: as the engine gave them, `kept`: as they are."""

    given: float
    kept: float


KEPT_CODES = 2
KEPT_SHARE = 0.99


MOST_VARIANTS = 3
Differ = Literal["reading", "seed", "style"]
"""In what the takes of one request differ: how the words are read, the seed, or the look."""


class Variants(Model):
    """How many takes one request is for, and in what they differ. `styles`: in which looks, one a take; empty: the shot's own
    first, then others."""

    count: int = Field(default=1, ge=1, le=MOST_VARIANTS)
    differ: Differ = "reading"
    styles: tuple[str, ...] = Field(default=(), max_length=MOST_VARIANTS)


ONE_TAKE = Variants()


class Variant(Model):
    """One of several takes that were asked for at once, to be seen side by side. `index`: 0 is as the shot asks."""

    request_id: str
    differ: Differ
    index: int = Field(ge=0)


class Provenance(Model):
    engine: str
    model: str
    engine_version: str
    seed: int
    prompt_sent: str  # of a take in parts: of the whole shot; each part has its own
    negative_prompt: str = ""
    dropped: tuple[str, ...] = ()  # what of the shot is not in the prompt sent, or is told otherwise, a line each
    parent_take_id: str | None = None
    note_ids: tuple[str, ...] = ()
    revision_id: str | None = None
    order_id: str | None = None  # of a paid engine: the content hash of what it was asked (the last part's)
    parts: tuple[Part, ...] = ()  # of a take longer than its engine's clips; empty: one order made it
    guidance: Guidance | None = None  # None: of an embedded engine
    redrawn: NotedRegion | None = None  # only this was made: the rest is the parent take's picture
    variant: Variant | None = None  # asked for together with others
    attempt: int = 0  # above 0: asked for once more, word for word
    retry_of: str | None = None  # the take whose quality was below the bar: made again with another seed
    remarks: tuple[str, ...] = ()  # what the engine could not take as asked, a line each


class Rendition(Model):
    """One quality of a take that can be watched. `files` maps a file name to its blob's SHA-256."""

    quality: Quality
    width_px: int
    height_px: int
    frame_count: int
    files: dict[str, str]


class Approval(Model):
    """Who has chosen the take for the film, and when."""

    by: str = Field(min_length=1, max_length=80)
    at: datetime


class Take(Model):
    """One generation attempt. `spec` is a copy: later revisions of the shot never change a take."""

    id: str
    project_id: str
    shot_id: str
    number: int
    created_at: datetime
    spec: ShotSpec
    provenance: Provenance
    state: TakeState = "queued"
    renditions: tuple[Rendition, ...] = ()
    error: str | None = None
    urgency: Urgency = "room"
    findings: tuple[Finding, ...] = ()  # of the quality check; empty: nothing found, or not checked
    approval: Approval | None = None  # its files stay at hand; exports take it before others of its shot
    kept: Kept | None = None  # of a redrawn take, once it is made

    def best(self) -> Rendition | None:
        """The best rendition that is complete."""
        by_quality = {r.quality: r for r in self.renditions}
        return by_quality.get("final") or by_quality.get("draft")
