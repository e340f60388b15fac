"""Making a take: one rendition after the other, each in a worker, stored, and told to whoever watches."""

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vr_server.bus import EventBus, RenditionPlayable, Stage, TakeChanged, TakeProgress
from vr_server.domain.errors import Cancelled, NotFound
from vr_server.domain.region import MaskShape
from vr_server.domain.take import QUALITIES, Finding, Kept, Quality, Rendition, Take, TakeState
from vr_server.generation.masks import RedrawOf
from vr_server.generation.port import ClipRequest
from vr_server.generation.progress import Made, MakingProgress, Report
from vr_server.generation.worker import Engines, Task
from vr_server.storage import Store, TakeFolders

_log = logging.getLogger(__name__)
UNFINISHED: tuple[TakeState, ...] = ("queued", "generating")


@dataclass(frozen=True, slots=True)
class RenditionSettings:
    """Sizes in pixels, width then height."""

    draft: tuple[int, int] = (640, 360)
    final: tuple[int, int] = (1280, 720)
    fps: int = 24

    def size(self, quality: Quality) -> tuple[int, int]:
        return self.draft if quality == "draft" else self.final


@dataclass(frozen=True, slots=True)
class RenditionTask:
    """`make_rendition` on its way to a worker."""

    engine: str
    request: ClipRequest
    folder: Path
    shot_id: str
    take_id: str
    redraw: RedrawOf | None = None

    def __call__(self, engines: Engines, report: Report, cancelled: Callable[[], bool]) -> Made:
        from vr_server.generation.pipeline import make_rendition  # compilers and codecs: not for the server

        return make_rendition(
            engines(self.engine),
            self.request,
            self.folder,
            shot_id=self.shot_id,
            take_id=self.take_id,
            report=report,
            cancelled=cancelled,
            redraw=self.redraw,
        )


class Runner(Protocol):
    """Where tasks are run: `WorkerPool`, or a test's twin of it."""

    async def run(
        self, key: str, task: Task[Made], *, on_progress: Callable[[MakingProgress], None], priority: int = 0
    ) -> Made: ...

    def cancel(self, key: str) -> None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class TakeMaker:
    """The steps of a take's making. Each may be run again from its start after a crash."""

    def __init__(
        self,
        *,
        store: Store,
        folders: TakeFolders,
        runner: Runner,
        bus: EventBus,
        settings: RenditionSettings = RenditionSettings(),
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._folders = folders
        self._runner = runner
        self._bus = bus
        self._settings = settings
        self._monotonic_s = monotonic_s

    async def make(self, take_id: str, quality: Quality) -> None:
        """Make and store one rendition; drafts go before finals. Raise Cancelled and what the engine raises."""
        take = await self.begin(take_id)
        provenance = take.provenance
        width_px, height_px = self._settings.size(quality)
        async with self.redraw_of(take) as redraw:
            if redraw is not None and quality == "final":
                width_px, height_px = redraw.size
            request = ClipRequest(
                spec=take.spec,
                prompt=provenance.prompt_sent,
                seed=provenance.seed,
                width_px=width_px,
                height_px=height_px,
                fps=self._settings.fps,
                quality=quality,
            )
            folder = self._folders.path(take_id, quality)
            task = RenditionTask(provenance.engine, request, folder, take.shot_id, take_id, redraw)
            await self.render(take, quality, task)

    @asynccontextmanager
    async def redraw_of(self, take: Take) -> AsyncIterator[RedrawOf | None]:
        """What the take is laid into, its files held there; None for a take of its own. Raise NotFound or StorageFailed."""
        noted, parent_id = take.provenance.redrawn, take.provenance.parent_take_id
        if noted is None or parent_id is None:
            yield None
            return
        parent = await self._store.take(parent_id)
        final = next((r for r in parent.renditions if r.quality == "final"), None)
        if final is None:
            raise NotFound(f"Take {parent.number} has no final that a region could be laid into.")
        lease = await self._folders.lease(parent.id, final)
        try:
            shape = noted.region.shape
            mask = await self._folders.read(shape.sha256) if isinstance(shape, MaskShape) else None
            yield RedrawOf(lease.folder, noted, (final.width_px, final.height_px), mask)
        finally:
            lease.release()

    async def begin(self, take_id: str) -> Take:
        """The take, in the making; one that has ended already stays as it is (a step that is done again). Raise Cancelled."""
        take = await self._store.take(take_id)
        if take.state in UNFINISHED or take.state == "cancelled":
            return await self._change(take_id, state="generating")
        return take

    def folder(self, take_id: str, quality: Quality = "final") -> Path:
        """Where a rendition of the take is made."""
        return self._folders.path(take_id, quality)

    async def render(self, take: Take, quality: Quality, task: Task[Made]) -> None:
        """Have a worker fill the rendition's folder, then store it. Raise Cancelled and what the task raises."""
        take_id, folder = take.id, self._folders.path(take.id, quality)
        made = await self.work(take, task, quality)
        self._bus.publish(TakeProgress(take.project_id, take_id, "storing", 0.0, made.frame_count))
        files = await self._folders.keep(folder)
        rendition = Rendition(
            quality=quality, width_px=made.width_px, height_px=made.height_px, frame_count=made.frame_count, files=files
        )
        await self._change(take_id, rendition=rendition, findings=made.findings, kept=made.kept)

    async def work(self, take: Take, task: Task[Made], quality: Quality = "final") -> Made:
        """Have a worker do the task, which stops when the take is cancelled. Raise Cancelled and what the task raises."""
        folder = self._folders.path(take.id, quality)
        teller = _Teller(self._bus, take, quality, folder, self._monotonic_s)
        return await self._runner.run(take.id, task, priority=_priority(take, quality), on_progress=teller)

    async def finish(self, take_id: str) -> None:
        """All renditions are there. Raise Cancelled."""
        take = await self._change(take_id, state="ready")
        _log.info("take %s is ready", take.id)

    async def fail(self, take_id: str, reason: str, state: TakeState = "failed") -> None:
        """The take came to nothing, or nobody knows to what (`unknown`); whatever renditions it has stay."""
        take = await self._store.take(take_id)
        await self._drop_unfinished(take)
        if take.state in UNFINISHED:
            _log.warning("take %s is %s: %s", take_id, state, reason)
            with suppress(Cancelled):  # while the folders went
                await self._change(take_id, state=state, error=reason)

    async def clear(self, take_id: str) -> None:
        """A cancelled take leaves nothing half-made behind."""
        await self._drop_unfinished(await self._store.take(take_id))

    async def is_ordered(self, take_id: str) -> bool:
        """Is the take made by a paid engine? The same all its life."""
        return (await self._store.take(take_id)).provenance.order_id is not None

    async def is_unfinished(self, take_id: str) -> bool:
        return (await self._store.take(take_id)).state in UNFINISHED

    def stop(self, take_id: str) -> None:
        """Have the worker stop, if one works on the take."""
        self._runner.cancel(take_id)

    async def _drop_unfinished(self, take: Take) -> None:
        kept = {r.quality for r in take.renditions}
        if not kept:
            await self._folders.drop(take.id)
            return
        for quality in QUALITIES:
            if quality not in kept:
                await self._folders.drop(take.id, quality)

    async def _change(
        self,
        take_id: str,
        *,
        state: TakeState | None = None,
        rendition: Rendition | None = None,
        error: str | None = None,
        findings: tuple[Finding, ...] | None = None,
        kept: Kept | None = None,
    ) -> Take:
        async with self._store.transaction() as unit:
            take = await unit.take(take_id)
            if take.state == "cancelled":
                raise Cancelled(f"Take {take.number} was cancelled.")
            renditions = take.renditions
            if rendition is not None:
                renditions = (*(r for r in renditions if r.quality != rendition.quality), rendition)
            changed = take.model_copy(
                update={
                    "state": state or take.state,
                    "renditions": renditions,
                    "error": error or take.error,
                    "findings": take.findings if findings is None else findings,
                    "kept": kept or take.kept,
                }
            )
            if changed != take:
                await unit.put_take(changed)
        if changed != take:
            self._bus.publish(TakeChanged(changed))
        return changed


def _priority(take: Take, quality: Quality) -> int:
    """Drafts first; then the finals that somebody's note waits for; then the rest. Lower goes first."""
    if quality == "draft":
        return 0
    return 1 if take.provenance.revision_id is not None else 2


class _Teller:
    """Turns a worker's progress into events."""

    def __init__(
        self, bus: EventBus, take: Take, quality: Quality, folder: Path, monotonic_s: Callable[[], float]
    ) -> None:
        self._bus = bus
        self._take = take
        self._quality: Quality = quality
        self._folder = folder
        self._monotonic_s = monotonic_s
        self._began_s: float | None = None
        self._playable = False

    def __call__(self, progress: MakingProgress) -> None:
        stage: Stage = progress.stage
        done, count = progress.frames_done, progress.frame_count
        eta_s = None
        if done:
            now_s = self._monotonic_s()
            if self._began_s is None:
                self._began_s = now_s
            elif done > 1:
                eta_s = (now_s - self._began_s) / (done - 1) * (count - done)
        take = self._take
        fraction = done / count if count else 0.0
        playable = progress.playable_frames
        preview = 0 if playable else None  # the poster, which the bake begins with
        self._bus.publish(TakeProgress(take.project_id, take.id, stage, fraction, playable, eta_s, preview))
        if progress.playable_frames and not self._playable:
            self._playable = True
            self._bus.publish(RenditionPlayable(take.project_id, take.shot_id, take.id, self._quality, self._folder))
