"""One order from request to checked clip, in one go. The steps are the engine's; this only asks, waits and asks again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from vr_server.domain.errors import Cancelled, EngineFailed, EngineUnreachable, PrevisError

from .clock import Clock, SystemClock
from .port import FINAL_STATES, Files, GenerationRequest, RemoteEngine, TaskHandle, TaskStatus, VideoFile
from .retry import FETCH, POLL, SUBMIT, Backoff

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """`poll_s`: the waits between asking, the last one stays. `longest_s`: after that the order is given up on."""

    poll_s: tuple[float, ...] = (1, 2, 4, 5)
    longest_s: float = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Made:
    """What came of an order."""

    handle: TaskHandle
    status: TaskStatus
    video: VideoFile


async def run(
    engine: RemoteEngine,
    request: GenerationRequest,
    files: Files,
    to: Path,
    *,
    clock: Clock | None = None,
    patience: Patience = Patience(),
    on_status: Callable[[TaskStatus], None] = lambda _: None,
    on_handle: Callable[[TaskHandle], None] = lambda _: None,
) -> Made:
    """Order a fitted request, wait for it and fetch its clip to `to`.

    `on_handle` is told of the order before anything else happens with it. Raise EngineFailed and its kinds, Cancelled
    when the engine says so, StorageFailed.
    """
    time = clock or SystemClock()
    handle = await again(lambda: engine.submit(request, files), SUBMIT, time)
    on_handle(handle)
    status = await wait_for(engine, handle, clock=time, patience=patience, on_status=on_status)
    video = await again(lambda: engine.fetch(handle, status, to), FETCH, time)
    return Made(handle, status, video)


async def wait_for(
    engine: RemoteEngine,
    handle: TaskHandle,
    *,
    clock: Clock | None = None,
    patience: Patience = Patience(),
    on_status: Callable[[TaskStatus], None] = lambda _: None,
) -> TaskStatus:
    """Ask until the order has come to an end; a status ``succeeded``. Raise what it failed with."""
    time = clock or SystemClock()
    asked = 0
    while True:
        status = await again(lambda: engine.poll(handle), POLL, time)
        on_status(status)
        if status.failure is not None:
            raise status.failure
        if status.state == "cancelled":
            raise Cancelled(f"Engine {handle.engine} says that the order was cancelled.")
        if status.state == "failed":
            raise EngineFailed(f"Engine {handle.engine} could not make the clip and gave no reason.")
        if status.state in FINAL_STATES:
            return status
        if time.now_s() - handle.submitted_at_s > patience.longest_s:
            raise EngineUnreachable(
                f"Engine {handle.engine} has worked on order {handle.id[:60]} for {patience.longest_s / 3600:g} hours: given up."
            )
        await time.sleep(patience.poll_s[min(asked, len(patience.poll_s) - 1)])
        asked += 1


async def again(step: Callable[[], Awaitable[T]], backoff: Backoff, clock: Clock) -> T:
    """Do the step, again after failures that pass. Raise the one that does not."""
    attempt = 1
    while True:
        try:
            return await step()
        except PrevisError as error:
            wait_s = backoff.wait_s(error, attempt)
            if wait_s is None:
                raise
        await clock.sleep(wait_s)
        attempt += 1
