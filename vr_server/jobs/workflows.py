"""Takes as durable workflows: DBOS remembers which steps are done, so that a killed server goes on where it was.

Steps are coarse (a durable write costs about 9 ms of CPU on SQLite): one per rendition. A step that was cut short
runs again from its start. What a workflow does with takes is in `making.py`; nothing but this file knows DBOS.
"""

import asyncio
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dbos import DBOS, DBOSConfig, SetWorkflowID

from vr_server.domain.errors import Cancelled, OutcomeUnknown, PrevisError, StorageFailed
from vr_server.domain.take import QUALITIES, TakeState

from .making import Runner, TakeMaker
from .remote import RemoteMaker

APPLICATION_VERSION = "1"
"""Of the workflow's steps: raise it when their order or meaning changes. (DBOS would hash the code: every edit
would then orphan the takes that are unfinished.)"""
_ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_THREADS = 8


class DurableTakeQueue:
    """`TakeQueue` on DBOS with SQLite. DBOS is one per process, so this is too while it is started."""

    def __init__(self, maker: TakeMaker, runner: Runner, database: Path, remote: RemoteMaker | None = None) -> None:
        self._maker = maker
        self._runner = runner
        self._database = database
        self._remote = remote

    async def start(self) -> None:
        """Start the workers and take up the takes that were being made. Raise StorageFailed."""
        _prepare(self._database)
        logging.getLogger("dbos").addHandler(logging.NullHandler())  # or DBOS prints to the console by itself
        config = DBOSConfig(
            name="vr-previs",
            system_database_url=f"sqlite:///{self._database}",
            application_version=APPLICATION_VERSION,
            executor_id="local",
            log_level="ERROR",
            enable_otlp=False,
        )
        config["max_executor_threads"] = _THREADS
        DBOS(config=config)

        @DBOS.workflow(name="make-take")
        async def make_take(take_id: str) -> str:
            return await self._make_take(take_id)

        self._workflow = make_take
        await self._runner.start()
        if self._remote is not None:
            await self._remote.desk.start()
        DBOS.launch()  # on this loop's thread: DBOS then runs workflows on this loop

    async def stop(self) -> None:
        """Stop without finishing: workflows are left as a crash would leave them, and taken up at the next start."""
        if self._remote is not None:
            await self._remote.desk.stop()
        await self._runner.stop()
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as own:  # DBOS waits for threads that wait for this loop
            await loop.run_in_executor(own, lambda: DBOS.destroy(destroy_registry=True))
        loop.set_default_executor(ThreadPoolExecutor())  # DBOS had put its own there, and has closed it

    async def enqueue(self, take_id: str) -> None:
        with SetWorkflowID(take_id):
            handle = await DBOS.start_workflow_async(self._workflow, take_id)
        status = await handle.get_status()
        if status.status in _ENDED and await self._maker.is_unfinished(take_id):
            await self._maker.fail(take_id, "The take could not be finished after several tries: ask for a new one.")

    async def cancel(self, take_id: str) -> None:
        self._maker.stop(take_id)
        if self._remote is not None:
            self._remote.desk.leave(take_id)

    async def _make_take(self, take_id: str) -> str:
        try:
            if self._remote is not None and await self._maker.is_ordered(take_id):
                digest = await DBOS.run_step_async({"name": "clip"}, self._remote.clip, take_id)
                await DBOS.run_step_async({"name": "bake"}, self._remote.bake, take_id, digest)
            else:
                for quality in QUALITIES:
                    await DBOS.run_step_async({"name": quality}, self._maker.make, take_id, quality)
            await DBOS.run_step_async({"name": "finish"}, self._maker.finish, take_id)
            if self._remote is not None and (again := await self._remote.again(take_id)) is not None:
                with SetWorkflowID(again):
                    await DBOS.start_workflow_async(self._workflow, again)
        except Cancelled:
            await self._maker.clear(take_id)
            if self._remote is not None:
                await self._remote.desk.release(take_id)
            return "cancelled"
        except OutcomeUnknown as error:
            return await self._fail(take_id, error, "unknown")
        except PrevisError as error:
            return await self._fail(take_id, error, "failed")
        return "ready"

    async def _fail(self, take_id: str, error: PrevisError, state: TakeState) -> str:
        await self._maker.fail(take_id, str(error), state)
        if self._remote is not None:
            await self._remote.desk.release(take_id, ("waiting",))  # parts that were never sent
        return state


def _prepare(database: Path) -> None:
    """WAL stays with the file: half the fsyncs for every step DBOS records."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(database)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()
    except (OSError, sqlite3.Error) as error:
        raise StorageFailed(f"{database.name} cannot be opened: {error}.") from error
