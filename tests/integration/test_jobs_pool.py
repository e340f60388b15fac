"""The worker pool with real processes."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import jobs_fixtures as fx
import pytest
import pytest_asyncio

from vr_server.domain.errors import Cancelled, EngineFailed, InvalidPrompt, Unavailable
from vr_server.generation.progress import MakingProgress
from vr_server.jobs import PoolSettings, WorkerPool


def unheard(_: MakingProgress) -> None:
    return None


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[WorkerPool]:
    made = WorkerPool(PoolSettings(factory="jobs_fixtures:make_engine", workers=1, grace_s=0.3, express=False))
    await made.start()
    yield made
    await made.stop()


async def appears(path: Path) -> str:
    def look() -> str:
        while not path.exists() or not path.read_text():
            time.sleep(0.01)
        return path.read_text()

    return await asyncio.to_thread(look)


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_task_runs_nicely_in_another_process_and_reports(pool: WorkerPool) -> None:
    heard: list[MakingProgress] = []
    await pool.warmed()
    pid, niceness, engine = await pool.run("one", fx.Whoami(), on_progress=heard.append)
    assert pid != os.getpid()
    assert niceness >= 10
    assert engine == "tiny"
    assert heard[-1] == MakingProgress("draft", 2, 2, 2)


async def test_the_same_worker_serves_task_after_task(pool: WorkerPool) -> None:
    first, *_ = await pool.run("one", fx.Whoami(), on_progress=unheard)
    second, *_ = await pool.run("two", fx.Whoami(), on_progress=unheard)
    assert first == second


async def test_a_refusal_reaches_the_caller_and_keeps_the_worker(pool: WorkerPool) -> None:
    before, *_ = await pool.run("one", fx.Whoami(), on_progress=unheard)
    with pytest.raises(InvalidPrompt, match="not this one"):
        await pool.run("two", fx.Die("refused"), on_progress=unheard)
    after, *_ = await pool.run("three", fx.Whoami(), on_progress=unheard)
    assert before == after


@pytest.mark.parametrize(
    ("how", "says"), [("killed", "out of memory"), ("exit", "exit status 3"), ("bug", "ZeroDivisionError: seven")]
)
async def test_a_worker_that_dies_costs_one_task(pool: WorkerPool, how: str, says: str) -> None:
    before, *_ = await pool.run("one", fx.Whoami(), on_progress=unheard)
    with pytest.raises(EngineFailed, match=says):
        await pool.run("two", fx.Die(how), on_progress=unheard)
    after, *_ = await pool.run("three", fx.Whoami(), on_progress=unheard)
    assert before != after


async def test_a_running_task_is_cancelled(pool: WorkerPool, tmp_path: Path) -> None:
    running = asyncio.create_task(pool.run("one", fx.Wait(tmp_path / "pid"), on_progress=unheard))
    pid = int(await appears(tmp_path / "pid"))
    pool.cancel("one")
    with pytest.raises(Cancelled):
        await running
    assert (await pool.run("two", fx.Whoami(), on_progress=unheard))[0] == pid


async def test_a_task_that_does_not_listen_is_killed(pool: WorkerPool, tmp_path: Path) -> None:
    running = asyncio.create_task(pool.run("one", fx.Wait(tmp_path / "pid", deaf=True), on_progress=unheard))
    pid = int(await appears(tmp_path / "pid"))
    pool.cancel("one")
    with pytest.raises(Cancelled):
        await running
    assert (await pool.run("two", fx.Whoami(), on_progress=unheard))[0] != pid


async def test_a_waiting_task_is_cancelled_at_once(pool: WorkerPool, tmp_path: Path) -> None:
    running = asyncio.create_task(pool.run("one", fx.Wait(tmp_path / "pid"), on_progress=unheard))
    await appears(tmp_path / "pid")
    waiting = asyncio.create_task(pool.run("two", fx.Note("never", tmp_path / "log"), on_progress=unheard))
    await asyncio.sleep(0)
    pool.cancel("two")
    with pytest.raises(Cancelled):
        await waiting
    assert not running.done()
    pool.cancel("one")
    with pytest.raises(Cancelled):
        await running
    await pool.run("three", fx.Whoami(), on_progress=unheard)
    assert not (tmp_path / "log").exists()


async def test_drafts_go_before_finals(pool: WorkerPool, tmp_path: Path) -> None:
    running = asyncio.create_task(pool.run("one", fx.Wait(tmp_path / "pid"), on_progress=unheard))
    await appears(tmp_path / "pid")
    log = tmp_path / "log"
    others = [
        asyncio.create_task(pool.run(name, fx.Note(name, log), priority=priority, on_progress=unheard))
        for name, priority in (("F", 1), ("f", 1), ("D", 0), ("d", 0))
    ]
    await asyncio.sleep(0)
    pool.cancel("one")
    await asyncio.gather(*others)
    assert log.read_text() == "DdFf"
    with pytest.raises(Cancelled):
        await running


async def test_a_draft_does_not_wait_for_a_final(tmp_path: Path) -> None:
    pool = WorkerPool(PoolSettings(factory="jobs_fixtures:make_engine", workers=1))
    await pool.start()
    finals = [
        asyncio.create_task(pool.run(name, fx.Wait(tmp_path / name), priority=1, on_progress=unheard))
        for name in ("one", "two")
    ]
    await appears(tmp_path / "one")
    await pool.run("three", fx.Whoami(), priority=0, on_progress=unheard)
    assert not (tmp_path / "two").exists()  # the express worker takes no finals
    await pool.stop()
    for final in finals:
        with pytest.raises(asyncio.CancelledError):
            await final


async def test_the_queue_has_a_bound(tmp_path: Path) -> None:
    pool = WorkerPool(PoolSettings(factory="jobs_fixtures:make_engine", workers=1, waiting_limit=1, express=False))
    await pool.start()
    running = asyncio.create_task(pool.run("one", fx.Wait(tmp_path / "pid"), on_progress=unheard))
    await appears(tmp_path / "pid")
    waiting = asyncio.create_task(pool.run("two", fx.Whoami(), on_progress=unheard))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="busy"):
        await pool.run("three", fx.Whoami(), on_progress=unheard)
    await pool.stop()
    for task in (running, waiting):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_stopping_leaves_no_process(tmp_path: Path) -> None:
    pool = WorkerPool(PoolSettings(factory="jobs_fixtures:make_engine", workers=1))
    await pool.start()
    running = asyncio.create_task(pool.run("one", fx.Wait(tmp_path / "pid"), on_progress=unheard))
    pid = int(await appears(tmp_path / "pid"))
    await pool.stop()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not lives(pid)
    with pytest.raises(Unavailable):
        await pool.run("two", fx.Whoami(), on_progress=unheard)


async def test_a_factory_that_fails_is_told_to_whoever_waits() -> None:
    pool = WorkerPool(
        PoolSettings(factory="jobs_fixtures:make_broken_engine", warm=("tiny",), workers=1, express=False)
    )
    await pool.start()
    with pytest.raises(EngineFailed, match="no licence"):
        await pool.warmed()
    with pytest.raises(EngineFailed, match="no licence"):
        await pool.run("one", fx.Whoami(), on_progress=unheard)
    await pool.stop()
