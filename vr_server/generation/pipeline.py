"""One rendition, from an engine's first frame to a folder that can be streamed. Runs in a worker process."""

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from vr_server.domain.errors import Cancelled, StorageFailed
from vr_server.domain.frame import ClipPlan, FrameSource
from vr_server.domain.shot import ShotSpec
from vr_server.domain.take import Quality
from vr_server.layering import SURROUND_HEIGHT_PX, Baker
from vr_server.media import ClipWriter
from vr_server.staging import to_glb

from .port import ClipRequest, EmbeddedEngine
from .progress import Made, MakingProgress, Report

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
) -> Made:
    """Make the request's clip and its layered clip in `folder`, which is emptied first.

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
            clip = engine.open(request)
            (folder / "staging.json").write_text(clip.staging.model_dump_json(by_alias=True), encoding="utf-8")
            (folder / "stage.glb").write_bytes(
                to_glb(clip.staging, fps=request.fps, aspect=request.width_px / request.height_px)
            )
            sinks = _Sinks(
                folder, clip.frames.plan, request.quality,
                ids=engine.capabilities().gives_ids, shot_id=shot_id, take_id=take_id,
            )  # fmt: skip
            around = clip.panorama if request.quality == "final" else None
            made = _bake(clip.frames, around, sinks, request.quality, report, cancelled)
    finally:
        if made is None:
            shutil.rmtree(folder, ignore_errors=True)
    return made


class _Sinks:
    """Where frames go: the baker always, the plain clip for a final."""

    def __init__(
        self, folder: Path, plan: ClipPlan, quality: Quality, *, ids: bool, shot_id: str, take_id: str
    ) -> None:
        self.baker = Baker(folder, plan, shot_id=shot_id, take_id=take_id)
        self.writer: ClipWriter | None = None
        if quality == "final":
            (folder / CLIP_FOLDER).mkdir()
            self.writer = ClipWriter(folder / CLIP_FOLDER, plan, ids=ids)

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
    around: Callable[[int], FrameSource] | None,
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
        if around is not None:
            sinks.baker.surround(next(iter(around(SURROUND_HEIGHT_PX))).color)
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
