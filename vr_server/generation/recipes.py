"""Inputs that are planned: named by how they are made, before there are any bytes of them.

So an order, its key and its price exist at once, and the bytes are made when the order is about to be sent, and again
after a crash: the request stays the same.
"""

import hashlib
import json
from typing import Literal

from pydantic import Field

from vr_server.domain.base import Model
from vr_server.domain.region import Region
from vr_server.domain.shot import ShotSpec
from vr_server.domain.take import Guide

GUIDES_VERSION = 1
"""Of how guides are drawn: raise it when the same recipe would look different."""
MASKS_VERSION = 1
"""Of how masks follow, likewise."""


class GuideRecipe(Model):
    """The shot's blockout, drawn for an engine to follow: `frames` pictures from `start_s` of the staging on.

    `show`: ``picture`` as the director sees it, for engines that find depth or poses in it themselves; else the guide
    itself (``camera``: a text of poses). After the shot's end its last moment is held.
    """

    kind: Literal["guide"] = "guide"
    show: Literal["picture"] | Guide
    spec: ShotSpec
    seed: int
    width_px: int = Field(ge=16)
    height_px: int = Field(ge=16)
    fps: int = Field(ge=1)
    frames: int = Field(ge=1)
    start_s: float = Field(default=0.0, ge=0)
    version: int = GUIDES_VERSION


class FrameRecipe(Model):
    """The last picture before `at_s` of another order's clip, `skip_frames` more being passed over at its front."""

    kind: Literal["frame"] = "frame"
    order_id: str
    at_s: float = Field(gt=0)
    skip_frames: int = Field(default=0, ge=0)


class TailRecipe(Model):
    """The `seconds` before `at_s` of another order's clip, `skip_frames` more being passed over at its front."""

    kind: Literal["tail"] = "tail"
    order_id: str
    at_s: float = Field(gt=0)
    seconds: float = Field(gt=0)
    skip_frames: int = Field(default=0, ge=0)


class MaskRecipe(Model):
    """Where a region of a clip is in each of its frames, as a video of the clip's size, rate and length, white inside.

    `files`: what is known of the clip, name in its rendition's folder -> SHA-256: clip/clip.mp4 alone, or its depth, ids,
    cameras and staging too. `frame`: the one that the region was drawn on.
    """

    kind: Literal["mask"] = "mask"
    files: dict[str, str]
    frame: int = Field(ge=0)
    region: Region
    width_px: int = Field(ge=16)
    height_px: int = Field(ge=16)
    version: int = MASKS_VERSION

    @property
    def size(self) -> tuple[int, int]:
        return self.width_px, self.height_px


Recipe = GuideRecipe | FrameRecipe | TailRecipe | MaskRecipe
MediaType = Literal["image/png", "image/jpeg", "image/webp", "video/mp4", "text/plain"]


def name_of(recipe: Recipe) -> str:
    """The recipe's identity, SHA-256 hex: equal for equal recipes on every machine."""
    told = json.dumps(recipe.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def media_type_of(recipe: Recipe) -> MediaType:
    """What kind of file comes of the recipe."""
    if isinstance(recipe, FrameRecipe):
        return "image/png"
    return "text/plain" if isinstance(recipe, GuideRecipe) and recipe.show == "camera" else "video/mp4"
