"""A worker process: one task at a time, at low priority, and never longer than its parent lives."""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import connection, parent_process
from types import TracebackType
from typing import Protocol, TypeVar, cast

from vr_server.domain.errors import Cancelled, EngineFailed, PrevisError
from vr_server.generation.port import EmbeddedEngine
from vr_server.generation.progress import MakingProgress, Report

_NICENESS = 10
_PROGRESS_EVERY_S = 0.1
_PR_SET_PDEATHSIG = 1

R_co = TypeVar("R_co", covariant=True)
Engines = Callable[[str], EmbeddedEngine]
Pipe = connection.Connection


class Task(Protocol[R_co]):
    """What a worker can be given: pickles, and so does what it returns."""

    def __call__(self, engines: Engines, report: Report, cancelled: Callable[[], bool]) -> R_co: ...


@dataclass(frozen=True, slots=True)
class Run:
    number: int
    task: Task[object]


@dataclass(frozen=True, slots=True)
class Cancel:
    number: int


@dataclass(frozen=True, slots=True)
class Warm:
    """The worker is ready for tasks."""


@dataclass(frozen=True, slots=True)
class Progress:
    progress: MakingProgress


@dataclass(frozen=True, slots=True)
class Done:
    result: object


@dataclass(frozen=True, slots=True)
class Failed:
    """`fatal`: the worker ends after this, since nobody knows what state it is in."""

    error: PrevisError
    fatal: bool = False


def main(pipe: Pipe, factory: str, warm: tuple[str, ...]) -> None:
    """Serve tasks from `pipe` until it closes. `factory` is ``module:function``, engine name -> engine."""
    _die_with_parent()
    for asked in (signal.SIGINT, signal.SIGTERM):  # both reach the whole group: the parent decides what they mean
        signal.signal(asked, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)  # streaming keeps its beat
    with _LastWords(pipe):
        engines = _load(factory)
        _warm([engines(name) for name in warm])
        pipe.send(Warm())
        while True:
            try:
                message = pipe.recv()
            except EOFError:
                return
            if isinstance(message, Run):
                pipe.send(_answer(message, pipe, engines))


def _warm(engines: list[EmbeddedEngine]) -> None:
    from .pipeline import warm  # compilers and codecs: of use only in here

    for engine in engines:
        warm(engine)


def _answer(run: Run, pipe: Pipe, engines: Engines) -> Done | Failed:
    try:
        return Done(run.task(engines, _Reporter(pipe), _Flag(pipe, run.number)))
    except PrevisError as error:
        return Failed(error)


class _Reporter:
    """Sends progress ten times a second, and at once when more can be watched."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._last_s = 0.0
        self._playable = -1

    def __call__(self, progress: MakingProgress) -> None:
        now = time.monotonic()
        if now - self._last_s >= _PROGRESS_EVERY_S or progress.playable_frames != self._playable:
            self._last_s, self._playable = now, progress.playable_frames
            self._pipe.send(Progress(progress))


class _Flag:
    """Has the parent asked for this task to stop?"""

    def __init__(self, pipe: Pipe, number: int) -> None:
        self._pipe = pipe
        self._number = number
        self._raised = False

    def __call__(self) -> bool:
        while not self._raised and self._pipe.poll():
            try:
                message = self._pipe.recv()
            except EOFError as error:
                raise Cancelled("The server has gone.") from error
            self._raised = isinstance(message, Cancel) and message.number == self._number
        return self._raised


class _LastWords:
    """Whatever ends the process is told to the parent first; the traceback goes to stderr as usual."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or not issubclass(kind, Exception) or issubclass(kind, BrokenPipeError):
            return
        self._pipe.send(Failed(EngineFailed(f"The engine broke off: {kind.__name__}: {error}"), fatal=True))


def _load(factory: str) -> Engines:
    module, _, name = factory.partition(":")
    make = cast("Engines", getattr(import_module(module), name))
    made: dict[str, EmbeddedEngine] = {}

    def engines(engine: str) -> EmbeddedEngine:
        if engine not in made:
            made[engine] = make(engine)
        return made[engine]

    return engines


def _die_with_parent() -> None:
    """A server that was killed leaves no renderer behind: the kernel sees to it on Linux, a thread everywhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
