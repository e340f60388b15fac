"""Tasks that are never lost: an exception is logged once, and someone is told."""

import asyncio
import logging
from collections.abc import Callable, Coroutine

logger = logging.getLogger(__name__)


class Supervisor:
    """The tasks of one room stream. `on_failure(name)` runs in the loop after a task has died of an exception."""

    def __init__(self, on_failure: Callable[[str], None]) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._on_failure = on_failure

    def start(self, name: str, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Cancel what still runs and wait for it. Called from one of the tasks, that one is spared."""
        current = asyncio.current_task()
        running = [task for task in self._tasks if task is not current]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if log_failure(task):
            self._on_failure(task.get_name())


def log_failure(task: asyncio.Task[None]) -> bool:
    """Whether an exception ended the task; it is logged here, once. Fit for `add_done_callback`."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        logger.error("%s failed", task.get_name(), exc_info=error)
    return error is not None
