"""Takes as durable workflows: real DBOS on SQLite, renditions made on the spot by a twin of the pool."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from vr_server.bus import EventBus, RenditionPlayable, TakeChanged, TakeProgress
from vr_server.domain.base import now_utc
from vr_server.domain.errors import Cancelled, EngineFailed
from vr_server.domain.shot import Project, Sequence, Shot, ShotSpec
from vr_server.domain.take import Take
from vr_server.generation.port import Capabilities
from vr_server.generation.progress import Made, MakingProgress
from vr_server.generation.worker import Task
from vr_server.jobs import DurableTakeQueue, Production, TakeMaker
from vr_server.jobs.making import RenditionTask
from vr_server.storage import LocalBlobs, SqlStore, TakeFolders

TINY = Capabilities(
    name="tiny", model="m", version="1", embedded=True, gives_depth=True, gives_ids=True, gives_camera=True
)


class InlineRunner:
    """Makes renditions of one file, here and now. A text of ``hold`` waits; ``fail`` fails."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []
        self.holding = asyncio.Event()
        self._tasks: dict[str, asyncio.Event] = {}
        self._waiters: set[asyncio.Future[None]] = set()

    async def start(self) -> None:
        return None

    async def stop(self) -> None:
        for waiter in self._waiters:
            waiter.cancel()

    async def run(
        self, key: str, task: Task[Made], *, on_progress: Callable[[MakingProgress], None], priority: int = 0
    ) -> Made:
        assert isinstance(task, RenditionTask)
        quality = task.request.quality
        self.made.append((key, quality))
        on_progress(MakingProgress("staging", 0, 0, 0))
        on_progress(MakingProgress(quality, 12, 24, 12))
        if "fail" in task.request.spec.text:
            raise EngineFailed("The lamp is broken.")
        if "hold" in task.request.spec.text and quality == "final":
            await self._hold(key)
        await asyncio.to_thread(task.folder.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread((task.folder / "manifest.json").write_text, f"{key} {quality}")
        return Made(quality, task.request.width_px, task.request.height_px, 24)

    async def _hold(self, key: str) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        self._tasks[key] = asyncio.Event()
        self.holding.set()
        stopped = asyncio.ensure_future(self._tasks[key].wait())
        try:
            await asyncio.wait({waiter, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
        if waiter.cancelled():
            raise asyncio.CancelledError
        raise Cancelled("The take was cancelled.")

    def cancel(self, key: str) -> None:
        if key in self._tasks:
            self._tasks[key].set()


class Server:
    """One life of a server over a data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.bus = EventBus()
        self.runner = InlineRunner()
        self.production: Production

    async def start(self) -> None:
        store = await SqlStore.open(self.data / "previs.sqlite")
        folders = TakeFolders(self.data / "takes", LocalBlobs(self.data / "blobs"))
        maker = TakeMaker(store=store, folders=folders, runner=self.runner, bus=self.bus)
        queue = DurableTakeQueue(maker, self.runner, self.data / "jobs.sqlite")
        self.production = Production(store=store, folders=folders, queue=queue, engines={"tiny": TINY}, bus=self.bus)
        await self.production.start()

    async def shot(self, text: str) -> str:
        project = Project(id="p", title="t", created_at=now_utc())
        async with self.production.store.transaction() as unit:
            await unit.put_project(project)
            await unit.put_sequence(Sequence(id="q", project_id="p", order=0, title=""))
            spec = ShotSpec(text=text, language="en", duration_s=1)
            await unit.put_shot(Shot(id="s", project_id="p", sequence_id="q", order=0, slate="1", spec=spec))
        return "s"

    async def take(self, text: str) -> Take:
        return await self.production.request_take(await self.shot(text), engine="tiny")

    async def ended(self, take_id: str) -> Take:
        while (take := await self.production.store.take(take_id)).state in {"queued", "generating"}:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        return take


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    made = Server(tmp_path)
    await made.start()
    yield made
    await made.production.stop()


async def test_a_take_gets_a_draft_then_a_final_then_is_ready(server: Server) -> None:
    events = server.bus.subscribe()
    take = await server.take("a street")
    done = await server.ended(take.id)
    assert done.state == "ready"
    assert [r.quality for r in done.renditions] == ["draft", "final"]
    assert (done.renditions[0].width_px, done.renditions[1].width_px) == (640, 1280)
    assert server.runner.made == [(take.id, "draft"), (take.id, "final")]

    seen: list[str] = []
    async for event in events:
        if isinstance(event, TakeChanged):
            seen.append(f"{event.take.state}/{len(event.take.renditions)}")
        elif isinstance(event, RenditionPlayable):
            seen.append(f"playable {event.quality}")
        elif isinstance(event, TakeProgress) and event.stage in {"draft", "final"}:
            seen.append(f"{event.stage} {event.fraction:g}")
        if seen[-1:] == ["ready/2"]:
            break
    assert seen == [
        "queued/0", "generating/0", "draft 0.5", "playable draft", "generating/1",
        "final 0.5", "playable final", "generating/2", "ready/2",
    ]  # fmt: skip


async def test_a_missing_hot_folder_comes_back_from_the_blobs(server: Server) -> None:
    take = await server.take("a street")
    await server.ended(take.id)
    await TakeFolders(server.data / "takes", LocalBlobs(server.data / "blobs")).drop(take.id)
    folder = await server.production.folder(take.id, "final")
    assert folder == server.data / "takes" / take.id / "final"
    assert (folder / "manifest.json").read_text() == f"{take.id} final"


async def test_an_engine_that_fails_fails_the_take_and_nothing_else(server: Server) -> None:
    failed = await server.ended((await server.take("fail")).id)
    assert (failed.state, failed.error) == ("failed", "The lamp is broken.")
    assert not (server.data / "takes" / failed.id).exists()
    ready = await server.ended((await server.take("a street")).id)
    assert ready.state == "ready"
    assert ready.number == 2


async def test_cancelling_keeps_the_draft_and_drops_the_rest(server: Server) -> None:
    take = await server.take("hold")
    await server.runner.holding.wait()
    (server.data / "takes" / take.id / "final").mkdir()
    assert (await server.production.cancel_take(take.id)).state == "cancelled"
    while (server.data / "takes" / take.id / "final").exists():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    kept = await server.production.store.take(take.id)
    assert kept.state == "cancelled"
    assert [r.quality for r in kept.renditions] == ["draft"]
    assert (await server.production.folder(take.id, "draft") / "manifest.json").exists()


async def test_a_stopped_server_goes_on_where_it_was(tmp_path: Path) -> None:
    first = Server(tmp_path)
    await first.start()
    take = await first.take("hold")
    await first.runner.holding.wait()
    await first.production.stop()
    states = sqlite3.connect(tmp_path / "jobs.sqlite").execute("select status from workflow_status").fetchall()
    assert states == [("PENDING",)]

    second = Server(tmp_path)
    await second.start()
    await second.runner.holding.wait()
    assert second.runner.made == [(take.id, "final")]  # the draft is not made again
    await second.production.cancel_take(take.id)
    await second.production.stop()


async def test_a_take_that_was_kept_but_never_enqueued_is_made_after_a_restart(tmp_path: Path) -> None:
    first = Server(tmp_path)
    await first.start()
    done = await first.ended((await first.take("a street")).id)
    async with first.production.store.transaction() as unit:
        orphan = done.model_copy(update={"id": "take-orphan", "number": 2, "state": "queued", "renditions": ()})
        await unit.put_take(orphan)
    await first.production.stop()

    second = Server(tmp_path)
    await second.start()
    assert (await second.ended("take-orphan")).state == "ready"
    assert {key for key, _ in second.runner.made} == {"take-orphan"}
    await second.production.stop()


async def test_a_take_whose_workflow_has_ended_is_given_up(tmp_path: Path) -> None:
    first = Server(tmp_path)
    await first.start()
    done = await first.ended((await first.take("a street")).id)
    while (  # noqa: ASYNC110
        sqlite3.connect(tmp_path / "jobs.sqlite").execute("select status from workflow_status").fetchall()
        != [("SUCCESS",)]
    ):
        await asyncio.sleep(0.02)
    async with first.production.store.transaction() as unit:
        await unit.put_take(done.model_copy(update={"state": "generating"}))
    await first.production.stop()

    second = Server(tmp_path)
    await second.start()
    given_up = await second.production.store.take(done.id)
    assert given_up.state == "failed"
    assert "ask for a new one" in str(given_up.error)
    await second.production.stop()
