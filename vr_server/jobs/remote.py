"""The making of a take by a paid engine: its order's clip, then depth and layers in a worker. Each step may run again."""

import asyncio
import logging
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from vr_server.bus import EventBus, Stage, TakeChanged, TakeProgress
from vr_server.domain.base import now_utc
from vr_server.domain.errors import GateRefused, NotFound, OverBudget
from vr_server.domain.shot import ShotSpec
from vr_server.domain.take import Take
from vr_server.generation.joining import JoinTask
from vr_server.generation.masks import RedrawOf
from vr_server.generation.port import GenerationRequest, TaskStatus
from vr_server.generation.progress import Made, Report
from vr_server.generation.worker import Engines
from vr_server.review.aids import NONE as NO_AIDS
from vr_server.review.aids import Aids
from vr_server.review.bar import QualityBar
from vr_server.review.semantic import STILLS
from vr_server.storage import Blobs, Store

from .judging import STILLS_FOLDER, Judge
from .line import Ticket
from .making import TakeMaker
from .ordering import Ordering
from .orders import OrderDesk
from .previews import Previews

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BakeTask:
    """`bake_video` on its way to a worker. `estimators`: ``module:function``, importable there."""

    video: Path
    folder: Path
    spec: ShotSpec
    seed: int
    shot_id: str
    take_id: str
    estimators: str
    bar: QualityBar
    aids: Aids = NO_AIDS
    redraw: RedrawOf | None = None

    def __call__(self, engines: Engines, report: Report, cancelled: Callable[[], bool]) -> Made:  # noqa: ARG002 - flat
        from vr_server.generation.flat import bake_video  # codecs and kernels: not for the server
        from vr_server.generation.pipeline import CLIP_FOLDER, disk_told
        from vr_server.review.watching import look_at_take, write_stills

        made = bake_video(
            self.video, self.folder, spec=self.spec, seed=self.seed, shot_id=self.shot_id, take_id=self.take_id,
            estimators=self.estimators, report=report, cancelled=cancelled, redraw=self.redraw,
            people=self.aids.people_model,
        )  # fmt: skip
        with disk_told(self.folder):
            clip = self.folder / CLIP_FOLDER
            found = look_at_take(self.folder, clip, self.spec, self.bar, aids=self.aids, note=_log.warning)
            if self.aids.stills:
                write_stills(clip / "clip.mp4", self.folder / STILLS_FOLDER, self.aids.stills)
        return replace(made, findings=(*made.findings, *found))


class RemoteMaker:
    """The steps: `clip` (submit, poll, download, as far as the order has not got yet), then `bake`."""

    def __init__(
        self,
        *,
        maker: TakeMaker,
        desk: OrderDesk,
        store: Store,
        blobs: Blobs,
        bus: EventBus,
        estimators: str,
        ordering: Ordering | None = None,
        bar: QualityBar | None = None,
        judge: Judge | None = None,
        aids: Aids = NO_AIDS,
        previews: Previews | None = None,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        self.desk = desk
        self._maker = maker
        self._store = store
        self._blobs = blobs
        self._bus = bus
        self._estimators = estimators
        self._ordering = ordering
        self._bar = bar or QualityBar()
        self._judge = judge
        self._aids = aids
        self._previews = previews or Previews()
        self._clock = clock

    async def clip(self, take_id: str) -> str:
        """SHA-256 of the engine's video, of several parts joined. Raise what `OrderDesk.clip` and the worker raise."""
        take = await self._maker.begin(take_id)
        told = take.provenance
        if told.order_id is None:
            raise NotFound(f"Take {take.number} has no order at engine {told.engine}: ask for a new take.")
        try:
            if not told.parts:
                return await self._ordered(take, told.order_id)
            clips = [await self._ordered(take, part.order_id) for part in told.parts]
        finally:
            self._previews.drop(take_id)
        return await self._joined(take, clips)

    async def _ordered(self, take: Take, order_id: str) -> str:
        order = await self._store.order(order_id)
        request = GenerationRequest.model_validate_json(order.request)
        alike = f"{request.model} {request.width_px}x{request.height_px}"
        engine = self.desk.engines.get(order.engine)
        most = engine.capabilities(request.mode).concurrent_tasks if engine is not None else None
        ticket = Ticket(take.project_id, take.urgency, alike, request.model, most)
        return await self.desk.clip(order_id, take.id, ticket, on_status=lambda status: self._tell(take, status))

    async def _joined(self, take: Take, clips: list[str]) -> str:
        """The parts' clips as one, among the blobs."""
        folder = self._maker.folder(take.id).with_name("parts")
        videos = tuple(folder / f"{number}.mp4" for number in range(len(clips)))
        for digest, video in zip(clips, videos, strict=True):
            await self._blobs.copy_to(digest, video)
        joined = folder / "joined.mp4"
        await self._maker.work(take, JoinTask(videos, take.provenance.parts, joined))
        digest = await self._blobs.put_file(joined)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return digest

    async def bake(self, take_id: str, digest: str) -> None:
        """Find the video's depth, bake and store it. Raise Cancelled and what the worker raises."""
        take = await self._maker.begin(take_id)
        folder = self._maker.folder(take_id)
        video = folder.with_name("engine.mp4")
        await self._blobs.copy_to(digest, video)
        aids = replace(self._aids, stills=STILLS if self._judge is not None else 0)
        async with self._maker.redraw_of(take) as redraw:
            task = BakeTask(
                video, folder, take.spec, take.provenance.seed, take.shot_id, take_id, self._estimators, self._bar,
                aids, redraw,
            )  # fmt: skip
            await self._maker.render(take, "final", task)
        if self._judge is not None:
            await self._judge.look(take, folder)
        video.unlink(missing_ok=True)

    async def again(self, take_id: str) -> str | None:
        """The id of a take that is made again because this one is below the bar: once, with another seed; both are kept.

        None where there is nothing to mend, the engine takes no seed, the budget does not allow it, or it was the second.
        """
        take = await self._store.take(take_id)
        if self._ordering is None or not take.findings or take.provenance.retry_of is not None:
            return None
        if self.desk.engines[take.provenance.engine].capabilities().seed_max is None:
            return None
        again_id = f"{take_id}-again"  # the same after a crash
        try:
            async with self._ordering.refusals(self._store), self._store.transaction() as unit:
                with suppress(NotFound):
                    return (await unit.take(again_id)).id
                told = {"seed": (take.provenance.seed + 1) % 2**31, "parent_take_id": take_id, "retry_of": take_id}
                fresh = {"order_id": None, "parts": (), "guidance": None, "attempt": 0, "remarks": ()}
                provenance = take.provenance.model_copy(update=told | fresh)
                number = await unit.next_take_number(take.shot_id)
                made = Take(
                    id=again_id, project_id=take.project_id, shot_id=take.shot_id, number=number,
                    created_at=self._clock(), spec=take.spec, provenance=provenance, urgency=take.urgency,
                )  # fmt: skip
                made = await self._ordering.place(unit, made, asked=await self._ordering.asked_of(unit, take))
                await unit.put_take(made)
        except (OverBudget, GateRefused) as error:
            _log.info("take %s is not made again: %s", take_id, error)
            return None
        self._bus.publish(TakeChanged(made))
        return again_id

    def _tell(self, take: Take, status: TaskStatus) -> None:
        stage: Stage = "queued" if status.state == "queued" else "generating"
        preview = self._previews.number(take.id)
        if status.preview is not None:
            preview = self._previews.show(take.id, status.preview)
        self._bus.publish(TakeProgress(take.project_id, take.id, stage, status.progress or 0.0, preview=preview))
