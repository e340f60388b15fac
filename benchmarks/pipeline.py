"""What the service costs around a paid engine: `python -m benchmarks.pipeline --takes 100 --json`.

A fake engine takes `--engine-s` seconds for a clip, `--limit` at a time, and hands over a small real mp4.
(a) baseline: a bare loop that submits, polls and downloads, `limit` at a time, keeps nothing and bakes nothing;
(b) ours: takes asked for of the whole service: SQLite store, durable workflows, gate, order desk, blobs, renditions; in
    place of the worker process that finds depth and bakes, the video is kept as it is. Both poll every 50 ms.

`ratio` = wall time of ours / baseline, from one run. `overhead_s`: what a take costs more than the bare loop when it is the
only one; `baked_alone_s`: the same with decoding, depth, layers and the quality check in a real worker, which is work that
the bare loop leaves undone. `cancel_s`: from the first of 200 queued takes cancelled to nothing left at the engine, the worse of two times;
`rss_mb`: how much memory the server took for those 200, `rss_again_mb`: for 200 more when they had gone (flat: about none).
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from vr_server.bus import EventBus
from vr_server.domain.base import now_utc
from vr_server.domain.shot import Project, Sequence, Shot, ShotSpec
from vr_server.generation.fitting import cost_of
from vr_server.generation.port import (
    Capabilities,
    Cost,
    GenerationRequest,
    MediaInput,
    Mode,
    Price,
    TaskHandle,
    TaskStatus,
    VideoFile,
)
from vr_server.generation.progress import Made, MakingProgress
from vr_server.generation.remote import Patience, wait_for
from vr_server.generation.worker import Task
from vr_server.jobs import (
    DurableTakeQueue,
    OrderDesk,
    Ordering,
    PoolSettings,
    Production,
    RemoteMaker,
    TakeMaker,
    WorkerPool,
)
from vr_server.jobs.making import Runner
from vr_server.jobs.remote import BakeTask
from vr_server.layering.depth import DepthEstimator, GroundPlane
from vr_server.media.codec import H264Encoder, H264Settings, write_mp4
from vr_server.review.gate import Gate
from vr_server.storage import LocalBlobs, SqlStore, TakeFolders

WIDTH_PX, HEIGHT_PX, FRAMES, FPS = 128, 72, 12, 24
PATIENCE = Patience(poll_s=(0.05,))


def ground_plane() -> tuple[DepthEstimator, ...]:
    """What the worker finds depth with."""
    return (GroundPlane(),)


class FakeEngine:
    """Makes nothing, slowly."""

    def __init__(self, clip: bytes, engine_s: float, limit: int) -> None:
        self.running: dict[str, float] = {}
        self._clip, self.engine_s, self._count = clip, engine_s, 0
        self._able = Capabilities(
            name="fake", model="slow", version="1", embedded=False, gives_depth=False, gives_ids=False,
            gives_camera=False, fps=(), concurrent_tasks=limit, cancels="always", price=Price(per_clip=0.1),
        )  # fmt: skip

    def capabilities(self, mode: Mode = "text") -> Capabilities:  # noqa: ARG002 - one model
        return self._able

    def problem(self) -> str | None:
        return None

    def estimate(self, request: GenerationRequest) -> Cost:
        return cost_of(request, self._able)

    async def submit(self, request: GenerationRequest, files: object) -> TaskHandle:  # noqa: ARG002
        self._count += 1
        handle = TaskHandle(engine="fake", id=f"t{self._count}", model="slow", submitted_at_s=time.time())
        self.running[handle.id] = time.monotonic()
        return handle

    async def poll(self, handle: TaskHandle) -> TaskStatus:
        if time.monotonic() - self.running[handle.id] < self.engine_s:
            return TaskStatus("running")
        return TaskStatus("succeeded")

    async def fetch(self, handle: TaskHandle, status: TaskStatus, to: Path) -> VideoFile:  # noqa: ARG002
        self.running.pop(handle.id, None)
        await asyncio.to_thread(to.write_bytes, self._clip)
        return VideoFile(to, "", len(self._clip), WIDTH_PX, HEIGHT_PX, FPS, FRAMES, FRAMES / FPS)

    async def cancel(self, handle: TaskHandle) -> bool:
        self.running.pop(handle.id, None)
        return True

    async def aclose(self) -> None:
        return None


def no_files(_: MediaInput) -> Path:
    raise FileNotFoundError


def a_clip(path: Path) -> bytes:
    """A small mp4 of noise under a bar that goes right."""
    encoder = H264Encoder(H264Settings(WIDTH_PX, HEIGHT_PX, Fraction(FPS), FRAMES, crf=20))
    noise = np.random.default_rng(1)
    packets = []
    for index in range(FRAMES):
        i420 = np.full((HEIGHT_PX * 3 // 2, WIDTH_PX), 128, np.uint8)
        i420[:HEIGHT_PX] = noise.integers(60, 90, (HEIGHT_PX, WIDTH_PX), dtype=np.uint8)
        i420[:HEIGHT_PX, index * 4 : index * 4 + 16] = 220
        packets += encoder.encode(i420)
    packets += encoder.flush()
    write_mp4(path, iter(packets), width_px=WIDTH_PX, height_px=HEIGHT_PX, fps=Fraction(FPS))
    return path.read_bytes()


async def bare(engine: FakeEngine, takes: int, limit: int, folder: Path) -> float:
    """Seconds that the loop takes."""
    places = asyncio.Semaphore(limit)

    async def one(seed: int) -> None:
        request = GenerationRequest(
            engine="fake", prompt="a street", width_px=WIDTH_PX, height_px=HEIGHT_PX, duration_s=0.5, seed=seed
        )
        async with places:
            handle = await engine.submit(request, no_files)
            status = await wait_for(engine, handle, patience=PATIENCE)
        await engine.fetch(handle, status, folder / f"{seed}.mp4")

    began_s = time.monotonic()
    await asyncio.gather(*(one(seed) for seed in range(takes)))
    return time.monotonic() - began_s


class Keeper:
    """A runner that bakes nothing: the video is the rendition."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def cancel(self, key: str) -> None: ...

    async def run(
        self,
        key: str,  # noqa: ARG002
        task: Task[Made],
        *,
        on_progress: Callable[[MakingProgress], None],  # noqa: ARG002
        priority: int = 0,  # noqa: ARG002
    ) -> Made:
        if not isinstance(task, BakeTask):
            raise TypeError(task)
        await asyncio.to_thread(task.folder.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread(shutil.copy, task.video, task.folder / "clip.mp4")
        return Made("final", WIDTH_PX, HEIGHT_PX, FRAMES)


class House:
    """The whole service over a data folder."""

    def __init__(self, data: Path, store: SqlStore, engine: FakeEngine, pool: Runner) -> None:
        blobs, bus = LocalBlobs(data / "blobs"), EventBus()
        folders = TakeFolders(data / "takes", blobs)
        self.store, self.engine = store, engine
        desk = OrderDesk(
            store=store, blobs=blobs, engines={"fake": engine}, scratch=data / "scratch", patience=PATIENCE
        )  # fmt: skip
        maker = TakeMaker(store=store, folders=folders, runner=pool, bus=bus)
        ordering = Ordering({"fake": engine}, size=(WIDTH_PX, HEIGHT_PX), gate=Gate.load())
        remote = RemoteMaker(
            maker=maker, desk=desk, store=store, blobs=blobs, bus=bus, estimators="benchmarks.pipeline:ground_plane"
        )  # fmt: skip
        queue = DurableTakeQueue(maker, pool, data / "jobs.sqlite", remote)
        self.production = Production(
            store=store, folders=folders, queue=queue, engines={"fake": engine.capabilities()}, bus=bus,
            ordering=ordering,
        )  # fmt: skip

    async def start(self) -> None:
        await self.production.start()
        async with self.store.transaction() as unit:
            await unit.put_project(Project(id="p", title="t", created_at=now_utc()))
            await unit.put_sequence(Sequence(id="q", project_id="p", order=0, title=""))
            spec = ShotSpec(text="a street", language="en", duration_s=0.5)
            await unit.put_shot(Shot(id="s", project_id="p", sequence_id="q", order=0, slate="1", spec=spec))
        await self.make(1)  # the worker warms up

    async def make(self, takes: int) -> float:
        """Seconds from the first request to the last take that is ready."""
        began_s = time.monotonic()
        made = [await self.production.request_take("s", engine="fake", urgency="batch") for _ in range(takes)]
        while await self.store.unfinished_takes():  # noqa: ASYNC110 - as a person would look
            await asyncio.sleep(0.02)
        wall_s = time.monotonic() - began_s
        states = {(await self.store.take(take.id)).state for take in made}
        if states != {"ready"}:
            raise SystemExit(f"takes ended {states}")
        return wall_s

    async def cancel(self, takes: int) -> tuple[float, float]:
        """Seconds to cancel all of many queued takes, and MB of memory that they took."""
        engine_s, self.engine.engine_s = self.engine.engine_s, float("inf")  # none ends by itself
        before = _rss_mb()
        made = [await self.production.request_take("s", engine="fake", urgency="batch") for _ in range(takes)]
        grown = _rss_mb() - before
        began_s = time.monotonic()
        if await self.production.cancel_all("p") != len(made):
            raise SystemExit("takes ended before they were cancelled")
        while await self.store.open_orders() or self.engine.running:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # the look itself reads every order
        self.engine.engine_s = engine_s
        return time.monotonic() - began_s, grown


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def measure(takes: int, engine_s: float, limit: int) -> dict[str, object]:
    """Both in one run; the baseline first."""
    with tempfile.TemporaryDirectory(prefix="previs-pipeline-") as folder:
        data = Path(folder)
        engine = FakeEngine(a_clip(data / "clip.mp4"), engine_s, limit)
        (data / "bare").mkdir()
        house = House(data, await SqlStore.open(data / "previs.sqlite"), engine, Keeper())
        await house.start()
        bare_alone_s = await bare(engine, 1, limit, data / "bare")
        alone_s = await house.make(1)
        bare_s = await bare(engine, takes, limit, data / "bare")
        ours_s = await house.make(takes)
        cancel_s, grown_mb = await house.cancel(200)
        cancel_again_s, again_mb = await house.cancel(200)
        await house.production.stop()
        pool = WorkerPool(PoolSettings(factory="vr_server.bootstrap:engine_named", workers=1, express=False))
        baking = House(data / "baked", await SqlStore.open(data / "baked" / "previs.sqlite"), engine, pool)
        await baking.start()
        baked_alone_s = await baking.make(1)
        await baking.production.stop()
    return {
        "takes": takes, "engine_s": engine_s, "limit": limit, "bare_s": round(bare_s, 2), "ours_s": round(ours_s, 2),
        "takes_per_minute": round(60 * takes / ours_s, 1), "bare_alone_s": round(bare_alone_s, 2),
        "alone_s": round(alone_s, 2), "overhead_s": round(alone_s - bare_alone_s, 2), "baked_alone_s": round(baked_alone_s, 2), "cancel_s": round(max(cancel_s, cancel_again_s), 2),
        "rss_mb": round(grown_mb, 1), "rss_again_mb": round(again_mb, 1), "load": round(os.getloadavg()[0], 1), "ratio": round(ours_s / bare_s, 3),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--takes", type=int, default=100)
    parser.add_argument("--engine-s", type=float, default=2.0)
    parser.add_argument("--limit", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    result = asyncio.run(measure(told.takes, told.engine_s, told.limit))
    if not told.json:
        print(f"{result['takes']} takes: {result['ours_s']} s, a bare loop {result['bare_s']} s")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
