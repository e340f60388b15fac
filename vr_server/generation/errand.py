"""One order at a remote engine for somebody at a terminal, kept in a folder so that a crash pays nothing twice.

``order.json`` is written before the engine is asked and after every answer that matters, as `jobs/orders.py` does it in
the database. Between sending an order and writing down the answer stands the state ``submitting``: found there later,
the engine is asked where it can be (`FindsOrders`), else a person must look; it is never sent again in silence.
"""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from vr_server.domain.base import Model
from vr_server.domain.errors import (
    Cancelled,
    Conflict,
    InvalidInput,
    OutcomeUnknown,
    PrevisError,
    StorageFailed,
    error_of,
)
from vr_server.domain.shot import ShotSpec
from vr_server.media.inspect import picture_size

from .clock import Clock, SystemClock
from .fitting import fit, request_key
from .port import (
    Cost,
    FindsOrders,
    GenerationRequest,
    InputRole,
    MediaInput,
    Mode,
    RemoteEngine,
    TaskHandle,
    TaskStatus,
)
from .prompting import compile_for
from .remote import Made, Patience, again, wait_for
from .retry import FETCH, POLL, SUBMIT

ORDER, CLIP, INPUTS = "order.json", "clip.mp4", "inputs"
_LOCK = ".lock"
_CANCEL_S = 5.0
"""How long an engine may take to hear that an order is called off, or to answer an order that is on its way."""
_MAGIC: tuple[tuple[bytes, Literal["image/png", "image/jpeg", "image/webp"]], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"RIFF", "image/webp"),
)  # fmt: skip

ErrandState = Literal["waiting", "submitting", "submitted", "done", "failed", "cancelled"]


class Errand(Model):
    """What order.json says. `files`: the names of the request's inputs in the folder, by SHA-256."""

    version: Literal[1] = 1
    state: ErrandState = "waiting"
    spec: ShotSpec
    request: GenerationRequest
    dropped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    estimate: Cost
    files: dict[str, str] = Field(default_factory=dict)
    handle: TaskHandle | None = None
    failure_code: str | None = None
    failure: str | None = None

    @property
    def key(self) -> str:
        """The identity of what is asked."""
        return request_key(self.request)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of an engine. `first` and `last`: pictures to begin and to end with. `negative`: what should
    not be seen, before the engine's own list of that."""

    spec: ShotSpec
    size: tuple[int, int]
    fps: int
    seed: int
    first: Path | None = None
    last: Path | None = None
    negative: str = ""

    @property
    def mode(self) -> Mode:
        return "first_last" if self.last is not None else "image" if self.first is not None else "text"


def plan(engine: RemoteEngine, wish: Wish) -> Errand:
    """The order as it would be sent: told in the engine's words, made to fit, its cost reckoned. Asks nobody.

    Raise InvalidInput or InvalidPrompt with one line that says what the engine takes.
    """
    if wish.last is not None and wish.first is None:
        raise InvalidInput("A last picture needs a first one to begin with: give --image too.")
    able = engine.capabilities(wish.mode)
    pictures: tuple[tuple[InputRole, Path | None], ...] = (("first_frame", wish.first), ("last_frame", wish.last))
    inputs = tuple((_picture(role, path), path) for role, path in pictures if path is not None)
    told = compile_for(wish.spec, able)
    request = GenerationRequest(
        engine=able.name,
        mode=wish.mode,
        prompt=told.text,
        negative_prompt=", ".join(part for part in (wish.negative.strip(), told.negative) if part),
        language=wish.spec.language,
        width_px=wish.size[0],
        height_px=wish.size[1],
        fps=wish.fps,
        duration_s=wish.spec.duration_s,
        seed=wish.seed,
        inputs=tuple(given for given, _ in inputs),
    )
    fitted = fit(request, able)
    return Errand(
        spec=wish.spec,
        request=fitted.request,
        dropped=told.dropped,
        remarks=fitted.remarks,
        estimate=engine.estimate(fitted.request),
        files={given.sha256: str(path) for given, path in inputs},
    )


def _picture(role: InputRole, path: Path) -> MediaInput:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from error
    kind = next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)
    if kind is None or (kind == "image/webp" and data[8:12] != b"WEBP"):
        raise InvalidInput(f"{path} is no picture that engines take: give a PNG, JPEG or WebP file.")
    picture_size(path)
    return MediaInput(role=role, sha256=hashlib.sha256(data).hexdigest(), media_type=kind)


class ErrandFolder:
    """Where an errand is kept, with its pictures and in the end its clip. One process at a time: see `held`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def held(self) -> Iterator[None]:
        """For this process alone. Raise Conflict when another works in the folder, StorageFailed when there is none."""
        import fcntl  # not on every system

        try:
            lock = os.open(self.path / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError as error:
            raise StorageFailed(f"{self.path} cannot be written: {error.strerror or error}.") from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise Conflict(
                    f"Another command works in {self.path}: wait for it, or choose another folder."
                ) from error
            yield
        finally:
            os.close(lock)

    def read(self) -> Errand | None:
        """What is kept; None: nothing. Raise StorageFailed for what cannot be understood: money may hang on it."""
        file = self.path / ORDER
        try:
            return Errand.model_validate_json(file.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageFailed(f"{file} cannot be read: {error.strerror or error}.") from error
        except ValidationError as error:
            raise StorageFailed(
                f"{file} is damaged, or of another version: look at the engine for its order, then remove the file."
            ) from error

    def begin(self, errand: Errand) -> Errand:
        """Keep a new errand and copies of its pictures.

        Raise Conflict when the folder has one that is not settled, or a clip that was paid for. Raise StorageFailed.
        """
        kept = self.read()
        if kept is not None and kept.state in {"submitting", "submitted"}:
            raise Conflict(
                f"{self.path} holds an order that is not finished: go on with it (--resume {self.path}), or choose "
                "another folder."
            )
        if kept is not None and kept.state == "done":
            raise Conflict(f"{self.path} holds a clip that was made and paid for: choose another folder.")
        try:
            names: dict[str, str] = {}
            if errand.files:
                (self.path / INPUTS).mkdir(parents=True, exist_ok=True)
            for sha256, source in errand.files.items():
                names[sha256] = f"{INPUTS}/{sha256[:16]}{Path(source).suffix.lower()}"
                shutil.copyfile(source, self.path / names[sha256])
        except OSError as error:
            raise StorageFailed(f"{self.path} cannot be written: {error.strerror or error}.") from error
        return self.keep(errand.model_copy(update={"files": names}))

    def keep(self, errand: Errand) -> Errand:
        """On disk when this returns, whole whatever happens. For its owner's eyes: a result's address is in it."""
        file = self.path / ORDER
        part = file.with_suffix(".part")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as to:
                to.write(errand.model_dump_json(by_alias=True, indent=1) + "\n")
                to.flush()
                os.fsync(to.fileno())
            part.replace(file)
        except OSError as error:
            raise StorageFailed(f"{file} cannot be written: {error.strerror or error}.") from error
        return errand

    def file_of(self, errand: Errand, given: MediaInput) -> Path:
        """Where an input lies. Raise StorageFailed when it is not there any more."""
        path = self.path / errand.files.get(given.sha256, "")
        if not path.is_file():
            raise StorageFailed(f"The {given.role.replace('_', ' ')} of the order is no longer in {self.path}.")
        return path


class Runner:
    """Brings one errand from where it stands to its clip. Cancelling the task that runs it calls the order off."""

    def __init__(
        self, engine: RemoteEngine, folder: ErrandFolder, errand: Errand, *, clock: Clock | None = None,
        patience: Patience | None = None, on_status: Callable[[TaskStatus], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.errand = errand
        self._engine = engine
        self._folder = folder
        self._clock = clock or SystemClock()
        self._patience = patience or Patience()
        self._on_status = on_status

    async def run(self) -> Made:
        """Order (once), wait and fetch ``clip.mp4``.

        Raise EngineFailed and its kinds, OutcomeUnknown where nobody can tell whether it was taken, StorageFailed, or
        Cancelled with what became of the order when this task is cancelled.
        """
        if self.errand.state == "failed":
            raise error_of(self.errand.failure_code or "", self.errand.failure or "")
        if self.errand.state == "cancelled":
            raise Cancelled("The order was cancelled: ask for it again in another folder.")
        try:
            handle = await self._ordered()
            status = await self._waited(handle)
            to = self._folder.path / CLIP
            return Made(handle, status, await again(lambda: self._engine.fetch(handle, status, to), FETCH, self._clock))
        except asyncio.CancelledError:
            raise Cancelled(await self._called_off()) from None

    def settle(self) -> None:
        """All that the clip brings is on disk: the errand is over."""
        self._keep(state="done")

    async def _ordered(self) -> TaskHandle:
        if self.errand.handle is not None:
            return self.errand.handle
        if self.errand.state == "submitting" and (found := await self._found()) is not None:
            return found
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
            self._engine.submit(self.errand.request, lambda given: self._folder.file_of(self.errand, given))
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
        name = self.errand.request.engine
        if not isinstance(self._engine, FindsOrders):
            raise doubt or OutcomeUnknown(
                f"Engine {name} may have taken this order, and cannot be asked: look there; to send it again, remove "
                f"{self._folder.path / ORDER} first."
            )
        engine = self._engine
        handle = await again(lambda: engine.find(self.errand.request), POLL, self._clock)
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
        name, handle = self.errand.request.engine, self.errand.handle
        if self.errand.state == "submitting":
            return (
                f"Broken off while engine {name} was asked: it may have taken the order, and charge for it. Look there."
            )
        if handle is None:
            return "Cancelled: nothing was ordered."
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
        self.errand = self._folder.keep(self.errand.model_copy(update=changes))
