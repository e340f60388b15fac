"""The making of a take by a paid engine: its order's clip, then depth and layers in a worker. Each step may run again."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vr_server.bus import EventBus, Stage, TakeProgress
from vr_server.domain.errors import NotFound
from vr_server.domain.shot import ShotSpec
from vr_server.domain.take import Take
from vr_server.generation.port import GenerationRequest, TaskStatus
from vr_server.generation.progress import Made, Report
from vr_server.generation.worker import Engines
from vr_server.storage import Blobs, Store

from .line import Ticket
from .making import TakeMaker
from .orders import OrderDesk


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

    def __call__(self, engines: Engines, report: Report, cancelled: Callable[[], bool]) -> Made:  # noqa: ARG002 - flat
        from vr_server.generation.flat import bake_video  # codecs and kernels: not for the server

        return bake_video(
            self.video, self.folder, spec=self.spec, seed=self.seed, shot_id=self.shot_id, take_id=self.take_id,
            estimators=self.estimators, report=report, cancelled=cancelled,
        )  # fmt: skip


class RemoteMaker:
    """The steps: `clip` (submit, poll, download, as far as the order has not got yet), then `bake`."""

    def __init__(
        self, *, maker: TakeMaker, desk: OrderDesk, store: Store, blobs: Blobs, bus: EventBus, estimators: str
    ) -> None:
        self.desk = desk
        self._maker = maker
        self._store = store
        self._blobs = blobs
        self._bus = bus
        self._estimators = estimators

    async def clip(self, take_id: str) -> str:
        """SHA-256 of the engine's video. Raise what `OrderDesk.clip` raises."""
        take = await self._maker.begin(take_id)
        order_id = take.provenance.order_id
        if order_id is None:
            raise NotFound(f"Take {take.number} has no order at engine {take.provenance.engine}: ask for a new take.")
        order = await self._store.order(order_id)
        request = GenerationRequest.model_validate_json(order.request)
        alike = f"{request.model} {request.width_px}x{request.height_px}"
        ticket = Ticket(take.project_id, take.urgency, alike)
        return await self.desk.clip(order_id, take_id, ticket, on_status=lambda status: self._tell(take, status))

    async def bake(self, take_id: str, digest: str) -> None:
        """Find the video's depth, bake and store it. Raise Cancelled and what the worker raises."""
        take = await self._maker.begin(take_id)
        folder = self._maker.folder(take_id)
        video = folder.with_name("engine.mp4")
        await self._blobs.copy_to(digest, video)
        task = BakeTask(
            video, folder, take.spec, take.provenance.seed, take.shot_id, take_id, self._estimators
        )  # fmt: skip
        await self._maker.render(take, "final", task)
        video.unlink(missing_ok=True)

    def _tell(self, take: Take, status: TaskStatus) -> None:
        stage: Stage = "queued" if status.state == "queued" else "generating"
        self._bus.publish(TakeProgress(take.project_id, take.id, stage, status.progress or 0.0))
