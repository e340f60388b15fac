"""A production with a paid engine over a `FakeServer`: real DBOS, a real store, a runner that makes no pictures."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from remote_fixtures import FAKE, FindingEngine

from vr_server.bus import EventBus
from vr_server.domain.errors import PrevisError
from vr_server.domain.take import Finding, Take
from vr_server.generation.guidance import GuideTask
from vr_server.generation.joining import HandOverTask, JoinTask
from vr_server.generation.port import Capabilities
from vr_server.generation.progress import Made, MakingProgress
from vr_server.generation.remote import Patience
from vr_server.generation.worker import Task
from vr_server.jobs import DurableTakeQueue, InputMaker, OrderDesk, Ordering, Production, RemoteMaker, TakeMaker
from vr_server.jobs.remote import BakeTask
from vr_server.storage import LocalBlobs, SqlStore, TakeFolders

SOFT = Finding(check="sharpness", value=3, threshold=40, reason="The picture is soft.")


def stand_in(task: Task[Made]) -> Made:
    """A text in place of what the task makes."""
    match task:
        case GuideTask(recipe=recipe, to=to):
            to.write_text(f"{recipe.show} of {recipe.frames} frames from {recipe.start_s:g} s")
        case HandOverTask(recipe=recipe, video=video, to=to):
            to.write_text(f"end of {video.read_text()}")
        case JoinTask(videos=videos, parts=parts, to=to):
            told = [f"{v.read_text()} {p.start_s:g}-{p.end_s:g}" for v, p in zip(videos, parts, strict=True)]
            to.write_text(", ".join(told))
        case _:
            raise AssertionError(task)
    return Made("final", 96, 54, 1)


class PickyRunner:
    """Makes no pictures: a file says what it was made of. Finds fault with takes of the seeds in `poor`."""

    def __init__(self) -> None:
        self.poor: set[int] = set()
        self.made: list[str] = []
        self.troubles: list[PrevisError] = []

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def cancel(self, key: str) -> None: ...

    async def run(
        self, key: str, task: Task[Made], *, on_progress: Callable[[MakingProgress], None], priority: int = 0
    ) -> Made:
        if isinstance(task, BakeTask):
            await asyncio.to_thread(task.folder.mkdir, parents=True, exist_ok=True)
            await asyncio.to_thread((task.folder / "manifest.json").write_bytes, task.video.read_bytes())
            return Made("final", 96, 54, 12, (SOFT,) if task.seed in self.poor else ())
        self.made.append(type(task).__name__)
        if self.troubles:
            raise self.troubles.pop(0)
        return await asyncio.to_thread(stand_in, task)


class House:
    def __init__(self, data: Path, store: SqlStore, url: str, able: Capabilities = FAKE) -> None:
        self.store, self.runner, self.bus = store, PickyRunner(), EventBus()
        blobs = LocalBlobs(data / "blobs")
        folders = TakeFolders(data / "takes", blobs)
        engine = FindingEngine(url, able)
        desk = OrderDesk(
            store=store, blobs=blobs, engines={"fake": engine}, scratch=data / "scratch", patience=Patience((0.02,)),
            inputs=InputMaker(store, blobs, data / 'inputs', runner=self.runner),
        )  # fmt: skip
        maker = TakeMaker(store=store, folders=folders, runner=self.runner, bus=self.bus)
        ordering = Ordering(desk.engines, size=(96, 54))
        remote = RemoteMaker(
            maker=maker, desk=desk, store=store, blobs=blobs, bus=self.bus, estimators="", ordering=ordering
        )  # fmt: skip
        self.production = Production(
            store=store, folders=folders, queue=DurableTakeQueue(maker, self.runner, data / "jobs.sqlite", remote),
            engines={"fake": engine.capabilities()}, bus=self.bus, ordering=ordering,
        )  # fmt: skip

    async def all_ended(self, count: int) -> tuple[Take, ...]:
        while len(await self.store.takes("p")) < count or await self.store.unfinished_takes():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        return await self.store.takes("p")
