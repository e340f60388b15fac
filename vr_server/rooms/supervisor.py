"""Long-lived tasks with a name and somebody who notices when they fail."""

import asyncio
import logging
from collections.abc import Callable, Coroutine

log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[object, object, None]]
_FIRST_PAUSE_S = 0.1
_LAST_PAUSE_S = 5.0


class TaskSupervisor:
    """Runs named tasks until they end or `close` is called. Each failure is logged once, with its traceback.

    `on_failure` hears of a failure that is not answered by a restart (a server then shuts down).
    """

    def __init__(self, on_failure: Callable[[str], None] | None = None) -> None:
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, name: str, work: Work, *, restart: bool = False) -> None:
        """Start `work()`. With `restart` a failure starts it again, after a pause that grows up to 5 s."""
        task = asyncio.create_task(self._watch(name, work, restart=restart), name=f"watch {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self, name: str, work: Work, *, restart: bool) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            task = asyncio.create_task(work(), name=name)
            try:
                await asyncio.wait({task})
            finally:
                task.cancel()
            if task.cancelled():
                return
            error = task.exception()
            if error is None:
                return
            log.error("%s failed%s", name, f"; again in {pause_s:g} s" if restart else "", exc_info=error)
            if not restart:
                if self._on_failure is not None:
                    self._on_failure(name)
                return
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LAST_PAUSE_S)

    @property
    def running(self) -> int:
        """How many tasks are still being watched."""
        return len(self._tasks)

    async def close(self) -> None:
        """Cancel everything and wait until it has ended. Safe to call twice."""
        tasks = [t for t in self._tasks if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
