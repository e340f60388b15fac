"""Heavy work in processes of its own, so that streaming keeps its beat and a crash costs one task.

Each slot is a thread that owns one worker process: it starts it, feeds it, watches it and replaces it when it dies.
(concurrent.futures fails every task of the pool when one process dies.)
"""

import asyncio
import itertools
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast

from vr_server.domain.errors import Cancelled, PrevisError, Unavailable
from vr_server.generation.progress import MakingProgress
from vr_server.generation.worker import Task

from .slot import WorkerHandle
from .waiting import WaitingLine

_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """`factory`: ``module:function``, engine name -> EmbeddedEngine, importable in a fresh process.

    `warm`: engines to warm up at start. `waiting_limit`: tasks that may wait for a worker.
    `grace_s`: how long a cancelled task may take to notice before its process is killed.
    `express`: one worker more, for tasks of priority 0 only, so that a draft never waits for a final to end.
    """

    factory: str
    warm: tuple[str, ...] = ()
    workers: int = max(1, (os.cpu_count() or 2) // 2)
    waiting_limit: int = 256
    grace_s: float = 2.0
    express: bool = True


@dataclass(order=True)
class _Work:
    """A task on its way. Ordered by priority, then by who came first."""

    priority: int
    number: int
    task: Task[object] = field(compare=False)
    settle: Callable[[object], None] = field(compare=False)  # a PrevisError is raised to the caller
    on_progress: Callable[[MakingProgress], None] = field(compare=False)
    started: threading.Event = field(compare=False, default_factory=threading.Event)
    cancelled: threading.Event = field(compare=False, default_factory=threading.Event)


class WorkerPool:
    """Runs tasks in worker processes. Use from one event loop, once: start, run, stop."""

    def __init__(self, settings: PoolSettings) -> None:
        self._settings = settings
        self._numbers = itertools.count(1)
        self._waiting: WaitingLine[_Work] = WaitingLine()
        self._works: dict[str, tuple[_Work, asyncio.Future[object]]] = {}
        self._slots: list[_Slot] = []
        self._warmed: asyncio.Future[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Start the workers and return at once; they warm up by themselves (`warmed`)."""
        loop = asyncio.get_running_loop()
        self._warmed = loop.create_future()

        def tell(error: PrevisError | None) -> None:
            _on_loop(loop, self._set_warmed, error)

        limits: list[int | None] = [None] * self._settings.workers
        if self._settings.express:
            limits.append(0)
        before: threading.Event | None = None
        for limit in limits:
            slot = _Slot(self._settings, self._waiting, limit, tell, before)
            before = slot.warmed
            self._slots.append(slot)
            slot.start()

    async def stop(self) -> None:
        """Kill the workers. Whoever waits in `run` or `warmed` is cancelled (asyncio.CancelledError)."""
        self._stopping = True
        for _, future in self._works.values():
            future.cancel()  # before the workers die, so that their death is nobody's failure
        if self._warmed is not None:
            self._warmed.cancel()
        self._waiting.close()
        for slot in self._slots:
            slot.kill()
        for slot in self._slots:
            await asyncio.to_thread(slot.join)

    async def warmed(self) -> None:
        """Wait until a first worker is ready for tasks. Raise EngineFailed when warming up failed."""
        if self._warmed is None:
            raise Unavailable("The workers have not been started.")
        await asyncio.shield(self._warmed)

    async def run(
        self, key: str, task: Task[_R], *, on_progress: Callable[[MakingProgress], None], priority: int = 0
    ) -> _R:
        """Run `task` in a worker; lower `priority` goes first. `on_progress` is called on the event loop.

        Raise what the task raises of PrevisError, Cancelled after `cancel(key)`, EngineFailed when the worker
        died, or Unavailable when too many tasks wait.
        """
        if self._stopping or len(self._waiting) >= self._settings.waiting_limit:
            raise Unavailable("The workers are busy: try again when some takes are done.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[object] = loop.create_future()

        def progressed(progress: MakingProgress) -> None:
            if not future.done():
                on_progress(progress)

        work = _Work(
            priority,
            next(self._numbers),
            task,
            settle=lambda outcome: _on_loop(loop, _settle, future, outcome),
            on_progress=lambda progress: _on_loop(loop, progressed, progress),
        )
        self._works[key] = work, future
        self._waiting.put(work)
        try:
            return cast("_R", await future)
        finally:
            work.cancelled.set()
            if self._works.get(key) == (work, future):
                del self._works[key]

    def cancel(self, key: str) -> None:
        """Stop the task of that key, waiting or running; nothing happens when there is none."""
        if key in self._works:
            work, future = self._works[key]
            work.cancelled.set()
            if not work.started.is_set():  # the slot looks the other way round: one of the two sees it
                _settle(future, _cancelled())

    def _set_warmed(self, error: PrevisError | None) -> None:
        if self._warmed is None or self._warmed.done():
            return
        if error is None:
            self._warmed.set_result(None)
        else:
            self._warmed.set_exception(error)
            self._warmed.exception()  # who never asks is not told either


class _Slot(threading.Thread):
    """One worker process and the thread that serves it. (Linux ends a worker with the thread that started it.)"""

    def __init__(
        self,
        settings: PoolSettings,
        waiting: WaitingLine[_Work],
        slowest_priority: int | None,
        tell_warmed: Callable[[PrevisError | None], None],
        before: threading.Event | None,
    ) -> None:
        super().__init__(name="worker-slot", daemon=True)
        self.warmed = threading.Event()
        self._before = before
        self._waiting = waiting
        self._slowest_priority = slowest_priority
        self._tell_warmed = tell_warmed
        self._worker = WorkerHandle(settings.factory, settings.warm, grace_s=settings.grace_s)

    def run(self) -> None:
        if self._before is not None:
            self._before.wait()  # one compiles, the others find its cache
        self._tell_warmed(self._worker.ensure())
        self.warmed.set()
        while (work := self._waiting.take(self._slowest_priority)) is not None:
            work.started.set()
            work.settle(_cancelled() if work.cancelled.is_set() else self._perform(work))
        self._worker.end()

    def kill(self) -> None:
        """From another thread: what runs is lost, nothing is started again."""
        self._worker.end()

    def _perform(self, work: _Work) -> object:
        if (error := self._worker.ensure()) is not None:
            return error
        return self._worker.perform(work.number, work.task, work.on_progress, work.cancelled)


def _settle(future: asyncio.Future[object], outcome: object) -> None:
    if future.done():
        return
    if isinstance(outcome, PrevisError):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _on_loop(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *args: object) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(function, *args)


def _cancelled() -> Cancelled:
    return Cancelled("The take was cancelled.")
