"""One rendition, from an engine's first frame to a folder that can be streamed. Runs in a worker process."""

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from vr_server.domain.errors import Cancelled, StorageFailed
from vr_server.domain.frame import ClipPlan, FrameSource
from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import Staging
from vr_server.domain.take import Kept, Quality
from vr_server.layering import SURROUND_HEIGHT_PX, Baker
from vr_server.layering.surround import SURROUND, read_surround
from vr_server.media import ClipWriter, read_clip
from vr_server.staging import to_glb

from .masks import RedrawOf, mask_of
from .port import ClipRequest, EmbeddedEngine
from .progress import Made, MakingProgress, Report
from .redraw import RedrawnClip, Resized, findings_of, kept_share, names_of

U8 = npt.NDArray[np.uint8]

CLIP_FOLDER = "clip"
"""Within a final rendition's folder: the take's plain media (clip.mp4, depth.mkv, ids.mkv, camera.json)."""


_WARM_SIZE_PX = (128, 72)


def warm(engine: EmbeddedEngine) -> None:
    """Compile and load all that a first take would wait for: the engine, then the whole way on a postage stamp."""
    engine.warm()
    able = engine.capabilities()
    spec = ShotSpec(text="warm up", language="en", duration_s=able.min_duration_s)
    width_px, height_px = able.sizes[0] if able.sizes else _WARM_SIZE_PX
    request = ClipRequest(spec, spec.text, 0, width_px, height_px, able.fps[0], "final")
    with TemporaryDirectory(prefix="previs-warm-") as folder:
        make_rendition(
            engine,
            request,
            Path(folder) / "take",
            shot_id="shot-warm",
            take_id="take-warm",
            report=lambda _: None,
            cancelled=lambda: False,
        )


def make_rendition(
    engine: EmbeddedEngine,
    request: ClipRequest,
    folder: Path,
    *,
    shot_id: str,
    take_id: str,
    report: Report,
    cancelled: Callable[[], bool],
    redraw: RedrawOf | None = None,
) -> Made:
    """Make the request's clip and its layered clip in `folder`, which is emptied first; with `redraw`, laid into the clip of
    its parent take.

    Writes staging.json, stage.glb, what `layering.Baker` writes (manifest.json, tiers, poster.jpg, report.json) and,
    for a final, `clip/`. `cancelled` is asked once a frame. When it does not succeed nothing is left of the folder.
    Raise Cancelled, InvalidPrompt, InvalidMedia, EngineFailed or StorageFailed (the disk is full).
    """
    made: Made | None = None
    try:
        with disk_told(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            report(MakingProgress("staging", 0, 0, 0))
            shot = _open(engine, request, redraw)
            (folder / "staging.json").write_text(shot.staging.model_dump_json(by_alias=True), encoding="utf-8")
            (folder / "stage.glb").write_bytes(
                to_glb(shot.staging, fps=request.fps, aspect=request.width_px / request.height_px)
            )
            sinks = _Sinks(
                folder, shot.frames.plan, request.quality, ids=engine.capabilities().gives_ids,
                redrawn=redraw is not None, shot_id=shot_id, take_id=take_id,
            )  # fmt: skip
            around = shot.surround if request.quality == "final" else None
            made = _bake(shot.frames, around, sinks, request.quality, report, cancelled)
            if redraw is not None and isinstance(shot.frames, RedrawnClip):
                made = measured(made, folder / CLIP_FOLDER, redraw, shot.frames.given)
    finally:
        if made is None:
            shutil.rmtree(folder, ignore_errors=True)
    return made


@dataclass(frozen=True, slots=True)
class _Shot:
    """What is baked. `surround`: the picture around the frame, uint8 [h, 2 h, 3]."""

    staging: Staging
    frames: FrameSource
    surround: Callable[[], U8 | None] | None


def _open(engine: EmbeddedEngine, request: ClipRequest, redraw: RedrawOf | None) -> _Shot:
    if redraw is None:
        clip = engine.open(request)
        panorama = clip.panorama
        around = None if panorama is None else lambda: next(iter(panorama(SURROUND_HEIGHT_PX))).color
        return _Shot(clip.staging, clip.frames, around)
    planned = Staging.model_validate_json((redraw.parent / "staging.json").read_text(encoding="utf-8"))
    clip = engine.open(replace(request, like=planned))
    size = (request.width_px, request.height_px)
    parent: FrameSource = read_clip(redraw.parent / CLIP_FOLDER)
    if size != redraw.size:
        parent = Resized(parent, *size)
    names = names_of(planned, clip.staging)
    frames = RedrawnClip(parent, clip.frames, mask_of(redraw, *size), redraw.noted, names)
    return _Shot(clip.staging, frames, lambda: read_surround(redraw.parent, SURROUND))


def measured(made: Made, clip: Path, redraw: RedrawOf, given: float) -> Made:
    """With what stayed outside the region: of a final, whose clip is kept to be seen in full."""
    if made.quality != "final":
        return made
    share = kept_share(clip / "clip.mp4", redraw.parent / CLIP_FOLDER / "clip.mp4", clip / "mask.mkv")
    kept = Kept(given=round(given, 4), kept=round(share, 4))
    return replace(made, kept=kept, findings=(*made.findings, *findings_of(kept)))


class _Sinks:
    """Where frames go: the baker always, the plain clip for a final."""

    def __init__(
        self, folder: Path, plan: ClipPlan, quality: Quality, *, ids: bool, redrawn: bool, shot_id: str, take_id: str
    ) -> None:
        self.baker = Baker(folder, plan, shot_id=shot_id, take_id=take_id)
        self.writer: ClipWriter | None = None
        if quality == "final":
            (folder / CLIP_FOLDER).mkdir()
            self.writer = ClipWriter(folder / CLIP_FOLDER, plan, ids=ids, redrawn=redrawn)

    def finish(self) -> None:
        if self.writer is not None:
            self.writer.finish()
        self.baker.finish()

    def abort(self) -> None:
        if self.writer is not None:
            self.writer.abort()
        self.baker.abort()


def _bake(
    frames: FrameSource,
    around: Callable[[], U8 | None] | None,
    sinks: _Sinks,
    quality: Quality,
    report: Report,
    cancelled: Callable[[], bool],
) -> Made:
    plan = frames.plan
    finished = False
    try:
        for done, frame in enumerate(frames, 1):
            if cancelled():
                raise Cancelled("The take was cancelled.")
            if sinks.writer is not None:
                sinks.writer.add(frame)
            sinks.baker.add(frame)
            report(MakingProgress(quality, done, plan.frame_count, sinks.baker.playable_frames))
        if around is not None and (picture := around()) is not None:
            sinks.baker.surround(picture)
        sinks.finish()
        finished = True
    finally:
        if not finished:
            sinks.abort()
    report(MakingProgress(quality, plan.frame_count, plan.frame_count, plan.frame_count))
    return Made(quality, plan.width_px, plan.height_px, plan.frame_count)


@contextmanager
def disk_told(folder: Path) -> Iterator[None]:
    """The disk's errors as StorageFailed."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageFailed("The disk is full: free some space, then ask for the take again.") from error
        raise StorageFailed(f"The take's folder {folder.name} cannot be written: {error.strerror or error}.") from error
