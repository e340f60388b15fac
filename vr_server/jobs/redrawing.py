"""A note's region on its way to a take: checked before anything is kept or paid, and laid out for whoever draws it."""

import asyncio
from collections.abc import Mapping

from vr_server.domain.errors import Conflict, InvalidInput, NotFound
from vr_server.domain.note import Note
from vr_server.domain.region import MASK_LIMIT_BYTES, MaskShape, NotedRegion
from vr_server.domain.take import Rendition, Take
from vr_server.generation.masks import RedrawOf, mask_of, read_mask, write_mask
from vr_server.generation.port import Capabilities, MaskEdit, MediaInput
from vr_server.generation.recipes import MaskRecipe
from vr_server.storage import TakeFolders

from .ordering import WORDS_ALONE, Asked, Ordering

_CLIP, _DEPTH, _IDS = "clip/clip.mp4", "clip/depth.mkv", "clip/ids.mkv"
_KNOWN = (_CLIP, _DEPTH, _IDS, "clip/camera.json", "staging.json")
"""What a mask follows by where the clip's ids are known; else its picture is all that it goes by."""


class Redrawing:
    """Knows which engines can draw a region anew, and where its mask and its parent's pictures lie."""

    def __init__(self, engines: Mapping[str, Capabilities], ordering: Ordering, folders: TakeFolders) -> None:
        self._engines = dict(engines)
        self._ordering = ordering
        self._folders = folders

    def paints_words(self, take: Take) -> bool:
        """Is the take of an engine that can draw whatever a note's words say?"""
        return take.provenance.engine in self._ordering.offers("edit_mask")

    async def keep_mask(self, take: Take, png: bytes) -> MaskShape:
        """Keep a painted mask for a note on the take. Raise InvalidInput with one line when it is none, or StorageFailed."""
        if len(png) > MASK_LIMIT_BYTES:
            raise InvalidInput(f"The mask has {len(png)} bytes; at most {MASK_LIMIT_BYTES // 1024} kB are taken.")
        await asyncio.to_thread(read_mask, png, _sizes(take))
        return MaskShape(sha256=await self._folders.keep_bytes(png))

    async def check_mask(self, take: Take, shape: MaskShape) -> None:
        """Raise InvalidInput unless the mask is kept and goes with the take's picture."""
        try:
            png = await self._folders.read(shape.sha256)
        except NotFound as error:
            raise InvalidInput("The region's mask is not here: send the PNG first, then the note.") from error
        if len(png) > MASK_LIMIT_BYTES:
            raise InvalidInput("The region's mask is no mask that was sent for one.")
        await asyncio.to_thread(read_mask, png, _sizes(take))

    def check(self, take: Take) -> Rendition:
        """The rendition that a region of `take` is laid into. Raise Conflict while there is none, or where its engine, or
        the one that should draw, cannot do it."""
        name = take.provenance.engine
        able = sorted(
            {n for n, e in self._engines.items() if "edit_mask" in e.modes} | {*self._ordering.offers("edit_mask")}
        )
        if name not in able:
            raise Conflict(
                f"Engine {name} cannot draw a region of its takes anew; {', '.join(able) or 'no engine here'} can of theirs: "
                "write the note without the region for a whole new take."
            )
        final = next((r for r in take.renditions if r.quality == "final"), None)
        if final is None:
            raise Conflict(
                f"Take {take.number} is not whole yet: its region can be drawn anew once its final is there."
            )
        if _CLIP not in final.files or (self._engines[name].embedded and _DEPTH not in final.files):
            raise Conflict(f"Take {take.number} keeps no clip that a region could be laid into: ask for a new take.")
        return final

    async def asked(self, take: Take, note: Note) -> Asked:
        """What a paid engine is sent for the note's region: the take's clip, and the mask as a PNG of its size, or as a video
        where it should follow and the engine takes one. Of other engines, and of a note without a region: nothing but
        words.

        Raise as `check`, or StorageFailed.
        """
        if note.region is None:
            return WORDS_ALONE
        final = self.check(take)
        noted, size = noted_region(note), (final.width_px, final.height_px)
        if not self._ordering.takes(take.provenance.engine):
            return WORDS_ALONE
        video = MediaInput(role="source_video", sha256=final.files[_CLIP], media_type="video/mp4")
        region = noted.region
        if region.tracking and "video" in self._ordering.masks(take.provenance.engine):
            mask = MediaInput.planned("mask", _followed(noted, final))
            as_it_is = MaskEdit(frame=noted.frame, tracking=True, expand_ratio=0, expand_shape="original")
            return Asked("edit_mask", (video, mask), as_it_is)
        told = RedrawOf(self._folders.path(take.id, "final"), noted, size, await self._painted(noted))
        drawn = await asyncio.to_thread(mask_of, told, *size)
        png = await self._folders.keep_bytes(await asyncio.to_thread(write_mask, drawn))
        mask = MediaInput(role="mask", sha256=png, media_type="image/png")
        edit = MaskEdit(frame=noted.frame, tracking=region.tracking, expand_ratio=region.expand_ratio)
        return Asked("edit_mask", (video, mask), edit)

    async def _painted(self, noted: NotedRegion) -> bytes | None:
        shape = noted.region.shape
        return await self._folders.read(shape.sha256) if isinstance(shape, MaskShape) else None


def _followed(noted: NotedRegion, final: Rendition) -> MaskRecipe:
    """The very mask that the engine's picture will be laid in by."""
    names = _KNOWN if _IDS in final.files else (_CLIP,)
    return MaskRecipe(
        files={name: final.files[name] for name in names if name in final.files}, frame=noted.frame,
        region=noted.region, width_px=final.width_px, height_px=final.height_px,
    )  # fmt: skip


def noted_region(note: Note) -> NotedRegion:
    """Raise Conflict for a note without one."""
    if note.region is None:
        raise Conflict("The note has no region.")
    return NotedRegion(note_id=note.id, frame=note.frame, region=note.region)


def _sizes(take: Take) -> set[tuple[int, int]]:
    sizes = {(r.width_px, r.height_px) for r in take.renditions if r.quality == "final"}
    if not sizes:
        raise InvalidInput(f"Take {take.number} has no final picture yet that a mask could go with.")
    return sizes
