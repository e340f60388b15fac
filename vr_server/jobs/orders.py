"""Orders at paid engines: each sent once, whatever happens in between.

What is known of an order is on disk before and after every call that matters, so that a restart goes on where it was.
The one window that cannot be closed, between sending an order and writing down the answer, leaves the trace
`submitting`: then the engine is asked where it can be, else the order is `unknown` and a person decides.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from vr_server.domain.errors import (
    Cancelled,
    EngineFailed,
    OutcomeUnknown,
    PrevisError,
    ResultGone,
    StorageFailed,
    UnknownEngine,
    error_of,
)
from vr_server.domain.order import OPEN_ORDERS, Order, OrderState
from vr_server.generation.clock import Clock, SystemClock
from vr_server.generation.port import (
    FindsOrders,
    GenerationRequest,
    MediaInput,
    RemoteEngine,
    TaskHandle,
    TaskStatus,
)
from vr_server.generation.remote import Patience, again, wait_for
from vr_server.generation.retry import FETCH, POLL, SUBMIT
from vr_server.storage import Blobs, Store

from .inputs import InputMaker
from .line import AccountLine, Ticket
from .ordering import call_off_unsent, not_waited_for

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_CANCEL_S = 5.0
"""How long an engine may take to hear that an order is called off."""

OnStatus = Callable[[TaskStatus], None]


class _Abandoned(Exception):
    """Nobody waits for the order any more."""


@dataclass(eq=False)
class _Job:
    """An order in hand. `takers`: the takes that wait, each with the event that makes it go."""

    task: asyncio.Task[str]
    abandoned: asyncio.Event
    takers: dict[str, asyncio.Event] = field(default_factory=dict)
    listeners: dict[str, OnStatus] = field(default_factory=dict)

    def tell(self, status: TaskStatus) -> None:
        for listener in tuple(self.listeners.values()):
            listener(status)


class OrderDesk:
    """Brings orders to their clips, each once and at most as many at a time as an account allows. One event loop."""

    def __init__(
        self,
        *,
        store: Store,
        blobs: Blobs,
        engines: Mapping[str, RemoteEngine],
        scratch: Path,
        clock: Clock | None = None,
        patience: Patience | None = None,
        inputs: InputMaker | None = None,
    ) -> None:
        """`scratch`: where files lie for a while. `inputs`: makes what orders are planned with."""
        self.inputs = inputs or InputMaker(store, blobs, scratch / "inputs")
        self.engines = dict(engines)
        self._store = store
        self._blobs = blobs
        self._scratch = scratch
        self._clock = clock or SystemClock()
        self._patience = patience or Patience()
        self._lines = {
            name: AccountLine(engine.capabilities().concurrent_tasks, self._clock) for name, engine in engines.items()
        }
        self._jobs: dict[str, _Job] = {}

    async def start(self) -> None:
        """Call off what nobody waits for any more: its takes were cancelled when the server died."""
        waited_for = {take.id for take in await self._store.unfinished_takes()}
        for order in await self._store.open_orders():
            if not waited_for.intersection(order.take_ids) and order.engine in self.engines:
                await self._call_off(order.id)

    async def stop(self) -> None:
        """Stop without finishing; the next start goes on. Whoever waits in `clip` gets asyncio.CancelledError."""
        tasks = [job.task for job in self._jobs.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for engine in self.engines.values():
            await engine.aclose()

    async def clip(self, order_id: str, take_id: str, ticket: Ticket, on_status: OnStatus = lambda _: None) -> str:
        """The SHA-256 of the order's video, once it is there and among the blobs. All who ask for an order share it.

        Raise what the order came to nothing for, OutcomeUnknown when nobody can tell, Cancelled after `leave(take_id)`.
        """
        while (job := self._jobs.get(order_id)) is not None and job.abandoned.is_set():
            await asyncio.wait({job.task})
            await asyncio.sleep(0)  # its end is noticed on the loop's next turn
        if job is None:
            job = self._jobs[order_id] = self._begin(order_id, ticket)
        going = job.takers[take_id] = asyncio.Event()
        job.listeners[take_id] = on_status
        leaving = asyncio.ensure_future(going.wait())
        try:
            if (await self._store.take(take_id)).state == "cancelled":  # before `leave` could know of it
                self.leave(take_id)
            await asyncio.wait({job.task, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if going.is_set():
                raise Cancelled("The take was cancelled.")
            return job.task.result()
        finally:
            leaving.cancel()
            job.takers.pop(take_id, None)
            job.listeners.pop(take_id, None)

    def leave(self, take_id: str) -> None:
        """The take waits no more. When it was the last, the order is called off, at the engine too."""
        for job in self._jobs.values():
            going = job.takers.pop(take_id, None)
            if going is not None:
                going.set()
                if not job.takers:
                    job.abandoned.set()

    async def release(self, take_id: str, states: Sequence[OrderState] = OPEN_ORDERS) -> None:
        """Call off the orders of an ended take that never came to wait for them, unless others do; those in `states`."""
        async with self._store.snapshot() as reading:
            told = (await reading.take(take_id)).provenance
            parts: list[str | None] = [part.order_id for part in told.parts]
            names = [name for name in parts or [told.order_id] if name is not None and name not in self._jobs]
            orders = [await reading.order(name) for name in names]
            left = await not_waited_for(reading, [order for order in orders if order.state in states])
        for order in left:
            await self._call_off(order.id)

    def _begin(self, order_id: str, ticket: Ticket) -> _Job:
        abandoned = asyncio.Event()
        task = asyncio.create_task(self._work(order_id, ticket, abandoned), name=f"order {order_id[:12]}")
        task.add_done_callback(lambda done: self._ended(order_id, done))
        return _Job(task, abandoned)

    def _ended(self, order_id: str, task: asyncio.Task[str]) -> None:
        self._jobs.pop(order_id, None)
        if not task.cancelled():
            task.exception()  # taken note of, whether or not somebody still waits

    async def _work(self, order_id: str, ticket: Ticket, abandoned: asyncio.Event) -> str:
        order = await self._store.order(order_id)
        if order.state == "failed":
            raise error_of(order.failure_code or "", order.failure or "")
        if order.state == "fetched" and order.clip is not None:
            return order.clip
        if order.engine not in self.engines:
            raise UnknownEngine(f"Engine {order.engine} is not set up any more: set it up, or ask for another take.")
        work = _Work(self, order, self.engines[order.engine], self._lines[order.engine], abandoned)
        try:
            return await work.run(ticket)
        except _Abandoned:
            await self._call_off(order_id)
            raise Cancelled("The order was called off.") from None
        except PrevisError:
            raise
        except Exception as error:
            _log.exception("order %s broke off", order_id[:12])
            if work.order.state != "submitting":
                await self._leave(work.order)
                raise EngineFailed(
                    f"The adapter of engine {order.engine} broke off: {type(error).__name__}."
                ) from error
            await self.save(work.order, state="unknown")
            raise OutcomeUnknown(
                f"The adapter of engine {order.engine} broke off while it ordered: look there, then retry or drop it."
            ) from error

    async def _leave(self, order: Order) -> None:
        """Something of our own went wrong: what the engine has taken is still there for whoever asks for the same."""
        if order.state == "submitted":
            await self.save(order, state="left")

    async def _call_off(self, order_id: str) -> None:
        order = await self._store.order(order_id)
        if order.state == "waiting":
            async with self._store.transaction() as unit:
                await call_off_unsent(unit, (await unit.order(order_id),))
        elif order.state == "submitted" and order.handle is not None:
            engine, stopped = self.engines[order.engine], False
            with suppress(PrevisError, TimeoutError):
                async with asyncio.timeout(_CANCEL_S):
                    stopped = await engine.cancel(TaskHandle.model_validate_json(order.handle))
            await self.save(order, **({"state": "cancelled", "handle": None} if stopped else {"state": "left"}))
        elif order.state == "submitting":
            await self.save(order, state="unknown")

    def job(self, order_id: str) -> _Job | None:
        return self._jobs.get(order_id)

    async def save(self, order: Order, **changes: object) -> Order:
        """Keep the order with `changes`; who waits for it stays as it is on disk."""
        async with self._store.transaction() as unit:
            now = await unit.order(order.id)
            changed = now.model_copy(update=changes)
            await unit.put_order(changed)
        return changed

    async def fetch(self, order: Order, engine: RemoteEngine, handle: TaskHandle, status: TaskStatus) -> str:
        """Download the clip and keep it; its SHA-256."""
        target = self._scratch / f"{order.id}.mp4"
        await asyncio.to_thread(self._scratch.mkdir, parents=True, exist_ok=True)
        try:
            await again(lambda: engine.fetch(handle, status, target), FETCH, self._clock)
            return await self._blobs.put_file(target)
        finally:
            await asyncio.to_thread(target.unlink, missing_ok=True)

    @property
    def clock(self) -> Clock:
        return self._clock

    @property
    def patience(self) -> Patience:
        return self._patience


@dataclass
class _Work:
    """One order's way from where it stands to its clip."""

    desk: OrderDesk
    order: Order
    engine: RemoteEngine
    line: AccountLine
    abandoned: asyncio.Event

    def _file_of(self, given: MediaInput) -> Path:
        return self.desk.inputs.path(self.order, given)

    async def run(self, ticket: Ticket) -> str:
        try:
            return await self._through(ticket)
        finally:
            await self.desk.inputs.clear(self.order)

    async def _through(self, ticket: Ticket) -> str:
        if self.order.state in {
            "waiting",
            "cancelled",
        }:  # before a place of the account is held: making inputs may take a while
            await self._lay_out()
        place = self.line.place(ticket, held=self.order.handle is not None)
        await self._unless_abandoned(place.__aenter__())
        try:
            handle = await self._submitted()
            status = await self._finished(handle)
        finally:
            await place.__aexit__(None, None, None)
        return await self._fetched(handle, status)

    async def _submitted(self) -> TaskHandle:
        if self.order.state in {"submitted", "left"} and self.order.handle is not None:
            await self._save(state="submitted")
            return TaskHandle.model_validate_json(self.order.handle)
        if self.order.state in {"submitting", "unknown"}:
            found = await self._found()
            if found is not None:
                return found
            await self._lay_out()
        request = GenerationRequest.model_validate_json(self.order.request)
        attempt = 1
        while True:
            await self._unless_abandoned(self.line.opened())
            await self._save(state="submitting", submits=self.order.submits + 1)
            try:
                handle = await self.engine.submit(request, self._file_of)  # never cut short: the answer is worth money
            except OutcomeUnknown:
                found = await self._found()
                if found is not None:
                    return found
            except PrevisError as error:
                wait_s = SUBMIT.wait_s(error, attempt)
                if wait_s is None:
                    await self._fail(error)
                    raise
                await self._save(state="waiting")
                self.line.pause(wait_s)
            else:
                await self._save(state="submitted", handle=handle.model_dump_json())
                return handle
            attempt += 1

    async def _lay_out(self) -> None:
        """Have the request's inputs in their places. What cannot be made is an order that came to nothing, unpaid."""
        try:
            made = await self._unless_abandoned(self.desk.inputs.lay_out(self.order))
        except PrevisError as error:
            await self._fail(error)
            raise
        if made != self.order.made:
            await self._save(state="waiting", made=made)

    async def _found(self) -> TaskHandle | None:
        """The order that may have been taken; None: it surely was not. Raise OutcomeUnknown where nobody can tell."""
        if not isinstance(self.engine, FindsOrders):
            await self._save(state="unknown")
            raise OutcomeUnknown(
                f"Engine {self.order.engine} may have taken this order, and cannot be asked: look there, then retry or drop it."
            )
        engine, request = self.engine, GenerationRequest.model_validate_json(self.order.request)
        try:
            handle = await self._unless_abandoned(again(lambda: engine.find(request), POLL, self.desk.clock))
        except EngineFailed as error:
            await self._save(state="unknown")
            raise OutcomeUnknown(f"Engine {self.order.engine} cannot say whether it took the order: {error}") from error
        if handle is None:
            await self._save(state="waiting")
        else:
            await self._save(state="submitted", handle=handle.model_dump_json())
        return handle

    async def _finished(self, handle: TaskHandle) -> TaskStatus:
        last: list[TaskStatus] = []

        def told(status: TaskStatus) -> None:
            last[:] = [status]
            job = self.desk.job(self.order.id)
            if job is not None:
                job.tell(status)

        waiting = wait_for(
            self.engine, handle, clock=self.desk.clock, patience=self.desk.patience, on_status=told
        )  # fmt: skip
        try:
            return await self._unless_abandoned(waiting)
        except PrevisError as error:
            if isinstance(error, OutcomeUnknown):
                await self._save(state="unknown")
            elif last and last[0].state in {"failed", "cancelled"} and not isinstance(error, ResultGone):
                await self._fail(error)
            else:  # asking did not work: what is paid for may still come
                await self._save(state="left")
            raise

    async def _fetched(self, handle: TaskHandle, status: TaskStatus) -> str:
        try:
            clip = await self._unless_abandoned(self.desk.fetch(self.order, self.engine, handle, status))
        except (EngineFailed, StorageFailed) as error:
            await self._save(state="left")
            _log.warning("the clip of order %s cannot be had: %s", self.order.id[:12], error)
            raise
        cost = status.cost.amount if status.cost is not None else None
        await self._save(state="fetched", clip=clip, cost=self.order.estimate if cost is None else cost)
        return clip

    async def _fail(self, error: PrevisError) -> None:
        await self._save(state="failed", failure_code=error.code, failure=str(error))

    async def _save(self, **changes: object) -> None:
        self.order = await self.desk.save(self.order, **changes)

    async def _unless_abandoned(self, step: Coroutine[Any, Any, _T]) -> _T:
        """The step's result, unless everybody leaves before it is done: then it is cut short."""
        task = asyncio.ensure_future(step)
        leaving = asyncio.ensure_future(self.abandoned.wait())
        try:
            await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            leaving.cancel()
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        raise _Abandoned
