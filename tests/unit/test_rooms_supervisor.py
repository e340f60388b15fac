"""Tasks that somebody watches."""

import asyncio
import logging

import pytest

from vr_server.rooms import supervisor
from vr_server.rooms.supervisor import TaskSupervisor


async def test_a_failure_is_logged_once_and_propagated(caplog: pytest.LogCaptureFixture) -> None:
    failed: list[str] = []
    done = asyncio.Event()

    def on_failure(name: str) -> None:
        failed.append(name)
        done.set()

    async def broken() -> None:
        raise ValueError("the reel tore")

    tasks = TaskSupervisor(on_failure)
    tasks.spawn("projector", broken)
    await asyncio.wait_for(done.wait(), 5)
    await tasks.close()
    assert failed == ["projector"]
    errors = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "the reel tore" in caplog.text


async def test_a_restarted_task_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_FIRST_PAUSE_S", 0.0)
    runs = 0
    good = asyncio.Event()

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise ValueError("again")
        good.set()

    tasks = TaskSupervisor()
    tasks.spawn("work", work, restart=True)
    await asyncio.wait_for(good.wait(), 5)
    assert runs == 3
    await tasks.close()
    assert tasks.running == 0


async def test_closing_cancels_and_waits() -> None:
    ended = asyncio.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    tasks = TaskSupervisor()
    tasks.spawn("forever", forever, restart=True)
    await asyncio.sleep(0.01)
    await tasks.close()
    await asyncio.sleep(0)
    assert ended.is_set()
