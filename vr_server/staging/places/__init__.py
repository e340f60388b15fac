"""Layouts by lexicon id: what stands where. Candidates come from the seed alone; what is in the way is left out."""

import math

import numpy as np

from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import SetPiece
from vr_server.staging.meshes.ground import ground_height
from vr_server.staging.meshes.library import ASSETS

from .base import Candidate, Interior, Place
from .city import CITY
from .dressing import dressing
from .indoors import INDOORS
from .old_town import OLD_TOWN
from .waterside import WATERSIDE
from .wilderness import WILDERNESS

__all__ = ["PLACES", "Candidate", "Interior", "Place", "as_piece", "dressing", "find_place", "place_of"]

PLACES: dict[str, Place] = {**WILDERNESS, **WATERSIDE, **CITY, **OLD_TOWN, **INDOORS}
_AFLOAT = {"ship", "boat", "whale", "fish"}


def find_place(name: str) -> tuple[Place, tuple[str, ...]]:
    """The layout of a lexicon id; an unknown one is a plain, and says so."""
    if name in PLACES:
        return PLACES[name], ()
    return PLACES["plain"], (f"The place “{name}” has no layout yet: an open plain takes its place.",)


def place_of(spec: ShotSpec) -> tuple[Place, tuple[str, ...]]:
    """As `find_place`; where only ships are about, the sea is all round and not a shore."""
    if spec.place == "sea" and spec.subjects and all(s.kind in _AFLOAT for s in spec.subjects):
        return PLACES["open_sea"], ()
    return find_place(spec.place)


_LARGE_M = 12.0
_RIM = np.array([(0.0, 0.0), *((math.sin(a), math.cos(a)) for a in np.arange(8) * math.pi / 4)])


def as_piece(c: Candidate, object_id: int, ground: str) -> SetPiece:
    """The candidate on the ground, with an id."""
    y = c.y
    if not c.level:
        # what is wide stands on the lowest ground under it, or it would float over a slope
        half = 0.5 * max(c.size_m[0], c.size_m[2]) if c.size_m[1] > _LARGE_M else 0.35 * min(c.size_m[0], c.size_m[2])
        under = ground_height(ground, c.x + half * _RIM[:, 0], c.z + half * _RIM[:, 1])
        y += float(under.min())
    asset = c.asset if c.asset in ASSETS else "placeholder"
    return SetPiece(
        object_id=object_id, asset=asset, label=c.label, position_m=(round(c.x, 4), round(y, 4), round(c.z, 4)), yaw_rad=round(c.yaw_rad, 5),
        size_m=c.size_m, colours=c.colours, seed=c.seed,
    )  # fmt: skip
