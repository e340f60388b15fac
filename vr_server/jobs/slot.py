"""The parent's end of one worker process. Blocking: lives in a thread."""

import logging
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from multiprocessing import connection
from multiprocessing.context import SpawnProcess

from vr_server.domain.errors import Cancelled, EngineFailed, PrevisError
from vr_server.generation import worker
from vr_server.generation.progress import MakingProgress
from vr_server.generation.worker import Cancel, Done, Failed, Pipe, Progress, Run, Task, Warm

_log = logging.getLogger(__name__)
_TICK_S = 0.1
_END_S = 5.0


class _Silence(Enum):
    BUSY = auto()
    DEAD = auto()


_spawn = multiprocessing.get_context("spawn")  # forking a process with threads and locks is not safe


class WorkerHandle:
    """Starts a worker when there is none, and knows what its silence means."""

    def __init__(self, factory: str, warm: tuple[str, ...], *, grace_s: float) -> None:
        self._arguments = (factory, warm)
        self._grace_s = grace_s
        self._process: SpawnProcess | None = None
        self._pipe: Pipe | None = None
        self._ended = False
        self._starting = threading.Lock()  # so that `end` misses no process that is just being started

    def ensure(self) -> PrevisError | None:
        """Have a worker that is warm; None when there is one, else why not."""
        if self._process is not None and self._process.is_alive():
            return None
        with self._starting:
            if self._ended:
                return EngineFailed("The workers are being stopped.")
            self._pipe, theirs = _spawn.Pipe()
            self._process = _spawn.Process(
                target=worker.main, args=(theirs, *self._arguments), name="previs-worker", daemon=True
            )
            try:
                self._process.start()
            except OSError as refused:  # no memory or no process to be had
                self._process = None
                return EngineFailed(f"No worker can be started: {refused.strerror or refused}.")
            finally:
                theirs.close()
        match self._next(self._pipe, self._process, timeout_s=None):
            case Warm():
                return None
            case Failed(error):
                self._bury()
                return error
        return self._bury()

    def perform(
        self,
        number: int,
        task: Task[object],
        on_progress: Callable[[MakingProgress], None],
        cancelled: threading.Event,
    ) -> object:
        """The task's result, or the PrevisError that came instead. `ensure` comes first."""
        if self._pipe is None or self._process is None:
            return self._bury()
        kill_at: float | None = None
        with suppress(BrokenPipeError):  # it died while being talked to
            self._pipe.send(Run(number, task))
            while True:
                if cancelled.is_set() and kill_at is None:
                    self._pipe.send(Cancel(number))
                    kill_at = time.monotonic() + self._grace_s
                if kill_at is not None and time.monotonic() > kill_at:
                    self._process.kill()
                match self._next(self._pipe, self._process, timeout_s=_TICK_S):
                    case Progress(progress):
                        on_progress(progress)
                    case Done(result):
                        return result
                    case Failed(error, fatal):
                        if fatal:
                            self._bury()
                        return error
                    case _Silence.DEAD:
                        break
        died = self._bury()
        return Cancelled("The take was cancelled.") if cancelled.is_set() else died

    def end(self) -> None:
        """Kill the worker and start no other. From any thread."""
        with self._starting:
            self._ended = True
            if self._process is not None:
                self._process.kill()

    @staticmethod
    def _next(pipe: Pipe, process: SpawnProcess, *, timeout_s: float | None) -> object:
        """The worker's next message, or which kind of silence there is instead."""
        ready = connection.wait([pipe, process.sentinel], timeout_s)
        if not ready:
            return _Silence.BUSY
        if pipe not in ready and not pipe.poll():  # what it said before it died still counts
            return _Silence.DEAD
        try:
            return pipe.recv()
        except (EOFError, ConnectionResetError):
            return _Silence.DEAD

    def _bury(self) -> EngineFailed:
        """Make sure that the process is gone, and say how it went."""
        process, self._process = self._process, None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if process is None:
            return EngineFailed("The worker is gone.")
        process.join(_END_S)
        if process.is_alive():
            process.kill()
            process.join()
        code = process.exitcode or 0
        process.close()
        if self._ended:
            return EngineFailed("The server is stopping; the take goes on at its next start.")
        if code == -signal.SIGKILL:
            _log.error("a worker was killed")
            return EngineFailed("The worker making the take was killed: the machine may be out of memory. Try again.")
        _log.error("a worker ended by itself, exit status %d", code)
        return EngineFailed(f"The worker making the take ended by itself (exit status {code}): see the log.")
