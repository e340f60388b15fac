"""A production with a paid engine, for tests that kill it: a line ``[DATA, URL, POINT, "find|blind|chain", OUT, ERR]`` on
stdin is one life of it, in a process of its own; its exit code is the answer. (A fork each: importing everything takes
longer than living.)

It asks for a take if there is none, goes on with it if there is, and kills itself at POINT. When all takes have ended it
says how, one in a line of JSON.
"""

import asyncio
import json
import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from jobs_server import add_shot
from remote_fixtures import FAKE, FakeEngine, FindingEngine
from remote_house import SOFT, stand_in

from vr_server.bus import EventBus
from vr_server.domain.errors import NotFound
from vr_server.domain.order import Order
from vr_server.generation.port import Files, GenerationRequest, TaskHandle, TaskStatus, VideoFile
from vr_server.generation.progress import Made, MakingProgress
from vr_server.generation.remote import Patience
from vr_server.generation.worker import Task
from vr_server.jobs import DurableTakeQueue, InputMaker, OrderDesk, Ordering, Production, RemoteMaker, TakeMaker
from vr_server.jobs.remote import BakeTask
from vr_server.storage import LocalBlobs, SqlStore, TakeFolders

CHAINED = FAKE.model_copy(
    update={
        "modes": ("text", "image"),
        "guides": ("depth",),
        "fps": (16,),
        "min_duration_s": 0.1,
        "max_duration_s": 0.3,
    }
)
"""Two guided parts make the shot, and the first take of it is below the bar."""


def at(point: str) -> None:
    if point == os.environ["POINT"]:
        os.kill(os.getpid(), signal.SIGKILL)


class DyingEngine(FindingEngine):
    """Dies around every call."""

    polls = 0

    async def submit(self, request: GenerationRequest, files: Files) -> TaskHandle:
        at("before submit")
        handle = await super().submit(request, files)
        at("after submit")
        return handle

    async def poll(self, handle: TaskHandle) -> TaskStatus:
        self.polls += 1
        at(f"poll {self.polls}")
        return await super().poll(handle)

    async def fetch(self, handle: TaskHandle, status: TaskStatus, to: Path) -> VideoFile:
        at("before fetch")
        file = await super().fetch(handle, status, to)
        at("after fetch")
        return file


class BlindDyingEngine(FakeEngine):
    async def submit(self, request: GenerationRequest, files: Files) -> TaskHandle:
        at("before submit")
        handle = await super().submit(request, files)
        at("after submit")
        return handle


class DyingDesk(OrderDesk):
    """Dies around every write."""

    async def save(self, order: Order, **changes: object) -> Order:
        at(f"before {changes['state']}")
        kept = await super().save(order, **changes)
        at(f"after {changes['state']}")
        return kept


class StubRunner:
    """Bakes nothing and draws nothing: files that say what they were made of."""

    def __init__(self, *, picky: bool) -> None:
        self.counts: Counter[str] = Counter()
        self.picky = picky

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def cancel(self, key: str) -> None: ...

    async def run(
        self, key: str, task: Task[Made], *, on_progress: Callable[[MakingProgress], None], priority: int = 0
    ) -> Made:
        if not isinstance(task, BakeTask):
            made = await asyncio.to_thread(stand_in, task)
            name = type(task).__name__
            self.counts[name] += 1
            at(f"after {name} {self.counts[name]}")
            return made
        at("before bake")
        task.folder.mkdir(parents=True, exist_ok=True)
        (task.folder / "manifest.json").write_bytes(task.video.read_bytes())
        at("after bake")
        return Made("final", 96, 54, 12, (SOFT,) if self.picky and task.seed == 7 else ())


class DyingRemote(RemoteMaker):
    async def again(self, take_id: str) -> str | None:
        made = await super().again(take_id)
        if made is not None:
            at("after retake")
        return made


class DyingMaker(TakeMaker):
    async def finish(self, take_id: str) -> None:
        at("before finish")
        await super().finish(take_id)
        at("after finish")


async def main(data: Path, url: str, engine_kind: str) -> None:
    bus, store = EventBus(), await SqlStore.open(data / "previs.sqlite")
    blobs = LocalBlobs(data / "blobs")
    folders = TakeFolders(data / "takes", blobs)
    chain = engine_kind == "chain"
    runner = StubRunner(picky=chain)
    able = CHAINED if chain else FAKE
    engine: FakeEngine = BlindDyingEngine(url) if engine_kind == "blind" else DyingEngine(url, able)
    patience = Patience(poll_s=(0.05,))
    desk = DyingDesk(
        store=store, blobs=blobs, engines={"fake": engine}, scratch=data / "scratch", patience=patience, inputs=InputMaker(store, blobs, data / 'inputs', runner=runner),
    )  # fmt: skip
    maker = DyingMaker(store=store, folders=folders, runner=runner, bus=bus)
    ordering = Ordering(desk.engines, size=(96, 54))
    remote = DyingRemote(
        maker=maker, desk=desk, store=store, blobs=blobs, bus=bus, estimators="", ordering=ordering
    )  # fmt: skip
    production = Production(
        store=store, folders=folders, queue=DurableTakeQueue(maker, runner, data / "jobs.sqlite", remote),
        engines={"fake": engine.capabilities()}, bus=bus, ordering=ordering,
    )  # fmt: skip
    await production.start()
    try:
        takes = await store.takes("p")
    except NotFound:
        takes = ()
    if not takes:
        await add_shot(production, "a slow street")
        await production.request_take("s", engine="fake", seed=7)
    while len(await store.takes("p")) < 1 + chain or await store.unfinished_takes():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    state = await production.project_state("p")
    await production.stop()
    for take in state.takes:
        print(take.model_dump_json(), flush=True)


def live(data: str, url: str, point: str, engine_kind: str, out: str, err: str) -> None:
    for path, stream in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    os.environ["POINT"] = point
    try:
        asyncio.run(main(Path(data), url, engine_kind))
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            live(*json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
