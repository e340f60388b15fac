"""A production over a scripted engine and a clock of its own: an order takes no time, and what goes wrong is told before."""

import asyncio
import itertools
from collections import Counter
from pathlib import Path

from vr_server.bus import EventBus
from vr_server.domain.base import now_utc
from vr_server.domain.errors import EngineFailed, PrevisError
from vr_server.domain.shot import Project, Sequence, Shot, ShotSpec
from vr_server.domain.take import Take, Urgency
from vr_server.generation.fitting import cost_of
from vr_server.generation.port import (
    Capabilities,
    Cost,
    Files,
    GenerationRequest,
    Mode,
    Price,
    TaskHandle,
    TaskStatus,
    VideoFile,
)
from vr_server.generation.remote import Patience
from vr_server.jobs import OrderDesk, Ordering, Production
from vr_server.jobs.line import Ticket
from vr_server.review.gate import Gate
from vr_server.storage import MemoryBlobs, MemoryStore, TakeFolders

ABLE = Capabilities(
    name="fake", model="m", version="1", embedded=False, gives_depth=False, gives_ids=False, gives_camera=False,
    max_duration_s=5, concurrent_tasks=2, price=Price(per_s=0.1),
)  # fmt: skip


class QuickClock:
    def __init__(self) -> None:
        self.t_s = 1000.0

    def now_s(self) -> float:
        return self.t_s

    async def sleep(self, seconds: float) -> None:
        self.t_s += seconds
        await asyncio.sleep(0)


class ScriptedEngine:
    """Every order takes `polls` questions; `troubles` are raised by the next submits. `held`: none ever ends."""

    def __init__(self, clock: QuickClock) -> None:
        self.clock, self.polls, self.held, self.stoppable = clock, 2, False, True
        self.troubles: list[PrevisError] = []
        self.able = ABLE
        self.given: dict[str, bytes] = {}
        self.failure: EngineFailed | None = None
        self.sent: list[GenerationRequest] = []
        self.sent_at_s: list[float] = []
        self.cancelled: list[str] = []
        self.asked: Counter[str] = Counter()
        self.running: set[str] = set()
        self.most = 0
        self._numbers = itertools.count(1)

    def capabilities(self, mode: Mode = "text") -> Capabilities:
        return self.able

    def problem(self) -> str | None:
        return None

    def estimate(self, request: GenerationRequest) -> Cost:
        return cost_of(request, ABLE)

    async def submit(self, request: GenerationRequest, files: Files) -> TaskHandle:
        await asyncio.sleep(0)
        self.sent_at_s.append(self.clock.now_s())
        if self.troubles:
            raise self.troubles.pop(0)
        self.sent.append(request)
        self.given = {given.role: await asyncio.to_thread(files(given).read_bytes) for given in request.inputs}
        handle = TaskHandle(engine="fake", id=f"t{next(self._numbers)}", model="m", submitted_at_s=self.clock.now_s())
        self.running.add(handle.id)
        self.most = max(self.most, len(self.running))
        return handle

    async def poll(self, handle: TaskHandle) -> TaskStatus:
        self.asked[handle.id] += 1
        if self.held or self.asked[handle.id] < self.polls:
            return TaskStatus("running", 0.5)
        self.running.discard(handle.id)
        if self.failure is not None:
            return TaskStatus("failed", failure=self.failure)
        return TaskStatus("succeeded", cost=Cost(amount=0.3))

    async def fetch(self, handle: TaskHandle, status: TaskStatus, to: Path) -> VideoFile:
        await asyncio.to_thread(to.write_bytes, f"clip of {handle.id}".encode())
        return VideoFile(to, "", 1, 96, 54, 24.0, 12, 0.5)

    async def cancel(self, handle: TaskHandle) -> bool:
        self.cancelled.append(handle.id)
        self.running.discard(handle.id)
        return self.stoppable

    async def aclose(self) -> None:
        return None


class QueueTwin:
    """`TakeQueue` that only brings takes to their clips, without depth and layers."""

    def __init__(self, desk: OrderDesk) -> None:
        self.desk = desk
        self.tasks: dict[str, asyncio.Task[str]] = {}
        self.store: MemoryStore

    async def start(self) -> None:
        await self.desk.start()

    async def stop(self) -> None:
        await self.desk.stop()

    async def enqueue(self, take_id: str) -> None:
        take = await self.store.take(take_id)
        assert take.provenance.order_id is not None
        work = self.desk.clip(take.provenance.order_id, take.id, Ticket(take.project_id, take.urgency))
        self.tasks[take_id] = asyncio.create_task(work)

    async def cancel(self, take_id: str) -> None:
        self.desk.leave(take_id)


class House:
    def __init__(self, data: Path) -> None:
        self.store, self.clock = MemoryStore(), QuickClock()
        self.engine = ScriptedEngine(self.clock)
        self.blobs = MemoryBlobs()
        self.desk = OrderDesk(
            store=self.store, blobs=self.blobs, engines={"fake": self.engine}, scratch=data / "scratch",
            clock=self.clock, patience=Patience(poll_s=(1,)),
        )  # fmt: skip
        self.queue = QueueTwin(self.desk)
        self.queue.store = self.store
        self.ordering = Ordering({"fake": self.engine}, size=(96, 54), gate=Gate.load())
        self.production = Production(
            store=self.store, folders=TakeFolders(data / "takes", self.blobs), queue=self.queue,
            engines={"fake": ABLE}, bus=EventBus(), ordering=self.ordering,
        )  # fmt: skip

    async def shot(self, project: str, duration_s: float = 2, text: str = "a street") -> None:
        async with self.store.transaction() as unit:
            await unit.put_project(Project(id=project, title="t", created_at=now_utc()))
            await unit.put_sequence(Sequence(id=f"q{project}", project_id=project, order=0, title=""))
            spec = ShotSpec(text=text, language="en", duration_s=duration_s)
            shot = Shot(id=f"s{project}", project_id=project, sequence_id=f"q{project}", order=0, slate="1", spec=spec)
            await unit.put_shot(shot)

    async def take(self, project: str = "p", urgency: Urgency = "room", **told: object) -> Take:
        return await self.production.request_take(f"s{project}", engine="fake", urgency=urgency, **told)  # type: ignore[arg-type]

    async def clip(self, take: Take) -> bytes:
        return await self.blobs.read(await self.queue.tasks[take.id])

    async def at_work(self, orders: int) -> None:
        while len(self.engine.running) < orders:  # noqa: ASYNC110 - the engine is a script, not a task
            await asyncio.sleep(0)

    async def order_of(self, take: Take) -> tuple[str, float | None]:
        order = await self.store.order(take.provenance.order_id or "")
        return order.state, order.cost
