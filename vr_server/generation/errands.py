"""An errand carried out: its orders sent, each once, waited for, fetched and joined.

``order.json`` is written before the engine is asked and after every answer that matters, as `jobs/orders.py` does it in
the database. Between sending an order and writing down the answer stands the state ``submitting``: found there later,
the engine is asked where it can be (`FindsOrders`), else a person must look; it is never sent again in silence.
"""

import asyncio
import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from vr_server.domain.errors import (
    Cancelled,
    InvalidInput,
    OutcomeUnknown,
    PrevisError,
    StorageFailed,
    UnknownEngine,
    error_of,
)
from vr_server.media.inspect import inspect_video

from .clock import Clock, SystemClock
from .errand import CLIP, ORDER, Errand, ErrandFolder, ErrandOrder, made_name
from .guidance import GuideTask
from .joining import HandOverTask, JoinTask
from .port import EmbeddedEngine, FindsOrders, RemoteEngine, TaskHandle, TaskStatus, VideoFile
from .recipes import GuideRecipe, MaskRecipe, Recipe
from .remote import Patience, again, wait_for
from .retry import FETCH, POLL, SUBMIT
from .worker import Task

_CANCEL_S = 5.0
"""How long an engine may take to hear that an order is called off, or to answer an order that is on its way."""


class Runner:
    """Brings an errand from where it stands to its clip. Cancelling the task that runs it calls the order in hand off.

    `renderer`: ``module:function``, see `GuideTask`. `on_step`: told in a few words what is done besides waiting.
    """

    def __init__(
        self, engine: RemoteEngine, folder: ErrandFolder, errand: Errand, *, renderer: str = "",
        clock: Clock | None = None, patience: Patience | None = None,
        on_status: Callable[[TaskStatus], None] = lambda _: None, on_step: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.errand = errand
        self._engine = engine
        self._folder = folder
        self._renderer = renderer
        self._clock = clock or SystemClock()
        self._patience = patience or Patience()
        self._on_status = on_status
        self._on_step = on_step
        self._at = 0

    @property
    def order(self) -> ErrandOrder:
        """The one in hand."""
        return self.errand.orders[self._at]

    async def run(self) -> VideoFile:
        """Order (each once), wait, fetch and join to ``clip.mp4``.

        Raise EngineFailed and its kinds, OutcomeUnknown where nobody can tell whether it was taken, InvalidInput (a guide
        that cannot be drawn), InvalidMedia, StorageFailed, or Cancelled with what became of the order when this task is
        cancelled.
        """
        try:
            for number in range(len(self.errand.orders)):
                self._at = number
                await self._brought()
            return await self._whole()
        except asyncio.CancelledError:
            raise Cancelled(await self._called_off()) from None

    def settle(self) -> None:
        """All that the clip brings is on disk: the errand is over."""
        self.errand = self._folder.keep(self.errand.model_copy(update={"finished": True}))

    async def _brought(self) -> None:
        """The order in hand with its clip in its place."""
        order, to = self.order, self._folder.clip_of(self.errand, self._at)
        if order.state == "failed":
            raise error_of(order.failure_code or "", order.failure or "")
        if order.state == "cancelled":
            raise Cancelled("The order was cancelled: ask for it again in another folder.")
        if order.state == "fetched" and to.is_file():
            return
        count = len(self.errand.orders)
        if count > 1:
            self._on_step(f"part {self._at + 1} of {count}")
        handle = await self._ordered()
        status = await self._waited(handle)
        await _in_a_folder(to.parent)
        await again(lambda: self._engine.fetch(handle, status, to), FETCH, self._clock)
        self._keep(state="fetched", actual_prompt=status.actual_prompt, cost=status.cost)

    async def _whole(self) -> VideoFile:
        """The parts as one clip, looked at."""
        to = self._folder.path / CLIP
        orders = self.errand.orders
        if len(orders) > 1:
            self._on_step("joining the parts")
            videos = tuple(self._folder.clip_of(self.errand, number) for number in range(len(orders)))
            parts = tuple(order.part for order in orders if order.part is not None)
            await self._made(lambda unfinished: JoinTask(videos, parts, unfinished), to)
        return await asyncio.to_thread(_looked_at, to)

    async def _lay_out(self) -> None:
        """Have every planned input of the order in hand made, and known as made."""
        for given in self.order.request.inputs:
            if given.recipe is None or self._folder.has(self.errand, given):
                continue
            name, recipe = made_name(given), given.recipe
            guide = isinstance(recipe, GuideRecipe)
            self._on_step("drawing the guide" if guide else "taking over from the part before")
            await self._made(partial(self._task, recipe), self._folder.path / name)
            files = {**self.errand.files, given.sha256: name}
            self.errand = self._folder.keep(self.errand.model_copy(update={"files": files}))

    def _task(self, recipe: Recipe, to: Path) -> Task[object]:
        if isinstance(recipe, GuideRecipe):
            return GuideTask(recipe, to, self._renderer)
        if isinstance(recipe, MaskRecipe):
            raise InvalidInput("A region's mask is drawn where its take is kept: ask the server that has it.")
        before = self._folder.clip_of(self.errand, self.errand.order_of(recipe.order_id))
        return HandOverTask(recipe, before, to)

    async def _made(self, task: Callable[[Path], Task[object]], to: Path) -> None:
        """`to` is what the task makes, whole, or does not exist. Raise what the task raises."""
        unfinished = to.with_stem(f".{to.stem}")
        stop = threading.Event()
        await _in_a_folder(to.parent)
        making = asyncio.ensure_future(asyncio.to_thread(task(unfinished), _no_engines, lambda _: None, stop.is_set))
        try:
            await asyncio.shield(making)
            unfinished.replace(to)
        except asyncio.CancelledError:
            stop.set()
            await asyncio.gather(making, return_exceptions=True)
            raise
        except OSError as error:
            raise StorageFailed(f"{to} cannot be written: {error.strerror or error}.") from error
        finally:
            unfinished.unlink(missing_ok=True)

    async def _ordered(self) -> TaskHandle:
        if self.order.handle is not None:
            return self.order.handle
        if self.order.state == "submitting" and (found := await self._found()) is not None:
            return found
        await self._lay_out()
        for _ in range(SUBMIT.attempts):
            try:
                return await again(self._submit, SUBMIT, self._clock)
            except OutcomeUnknown as error:
                doubt = error
            if (found := await self._found(doubt)) is not None:
                return found
        raise doubt

    async def _submit(self) -> TaskHandle:
        self._keep(state="submitting")
        sending = asyncio.ensure_future(
            self._engine.submit(self.order.request, lambda given: self._folder.file_of(self.errand, given))
        )
        try:
            handle = await asyncio.shield(sending)
        except asyncio.CancelledError:  # the answer is worth money: it gets a moment to arrive
            await asyncio.wait({sending}, timeout=_CANCEL_S)
            if sending.done() and sending.exception() is None:
                self._keep(state="submitted", handle=sending.result())
            elif sending.done() and not isinstance(sending.exception(), OutcomeUnknown):
                self._keep(state="waiting")
            sending.cancel()
            raise
        except OutcomeUnknown:
            raise
        except PrevisError:  # nothing was ordered
            self._keep(state="waiting")
            raise
        self._keep(state="submitted", handle=handle)
        return handle

    async def _found(self, doubt: OutcomeUnknown | None = None) -> TaskHandle | None:
        """The order that may have been taken; None: it surely was not. Raise OutcomeUnknown where nobody can tell."""
        name = self.order.request.engine
        if not isinstance(self._engine, FindsOrders):
            raise doubt or OutcomeUnknown(
                f"Engine {name} may have taken this order, and cannot be asked: look there; to send it again, remove "
                f"{self._folder.path / ORDER} first."
            )
        engine = self._engine
        handle = await again(lambda: engine.find(self.order.request), POLL, self._clock)
        self._keep(**({"state": "waiting"} if handle is None else {"state": "submitted", "handle": handle}))
        return handle

    async def _waited(self, handle: TaskHandle) -> TaskStatus:
        last: list[TaskStatus] = []

        def told(status: TaskStatus) -> None:
            last[:] = [status]
            self._on_status(status)

        try:
            return await wait_for(self._engine, handle, clock=self._clock, patience=self._patience, on_status=told)
        except PrevisError as error:
            if last and last[0].state in {"failed", "cancelled"}:
                state = "cancelled" if last[0].state == "cancelled" else "failed"
                self._keep(state=state, failure_code=error.code, failure=str(error))
            raise

    async def _called_off(self) -> str:
        """What became of the order, for a person."""
        name, handle, earlier = self.errand.engine, self.order.handle, self._at > 0
        if self.order.state == "submitting":
            return (
                f"Broken off while engine {name} was asked: it may have taken the order, and charge for it. Look there."
            )
        if handle is None:
            if earlier:
                return (
                    f"Cancelled: the parts that were made are kept, and --resume {self._folder.path} goes on with them."
                )
            return "Cancelled: nothing was ordered."
        if self.order.state == "fetched":
            return f"Cancelled: what was made is kept, and --resume {self._folder.path} goes on with it."
        stopped = False
        with suppress(PrevisError, TimeoutError):
            async with asyncio.timeout(_CANCEL_S):
                stopped = await self._engine.cancel(handle)
        if stopped:
            self._keep(state="cancelled")
            return f"Cancelled at engine {name} too; what it had done until then may still be charged."
        return (
            f"Engine {name} does not stop its order {handle.id[:60]}, and will charge for it: "
            f"--resume {self._folder.path} fetches the clip."
        )

    def _keep(self, **changes: object) -> None:
        """Of the order in hand."""
        orders = list(self.errand.orders)
        orders[self._at] = self.order.model_copy(update=changes)
        self.errand = self._folder.keep(self.errand.model_copy(update={"orders": tuple(orders)}))


def _no_engines(name: str) -> EmbeddedEngine:
    raise UnknownEngine(f"Engine {name} makes nothing here.")


async def _in_a_folder(folder: Path) -> None:
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"{folder} cannot be written: {error.strerror or error}.") from error


def _looked_at(path: Path) -> VideoFile:
    facts = inspect_video(path)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return VideoFile(
        path,
        sha256,
        path.stat().st_size,
        facts.width_px,
        facts.height_px,
        facts.fps,
        facts.frame_count,
        facts.duration_s,
    )
