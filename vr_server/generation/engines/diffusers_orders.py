"""What the engine and its worker process share: a folder of orders, and how each is told and how it goes.

    FOLDER/worker.lock            held (flock) by the one worker for as long as it lives, whatever kills it
    FOLDER/worker.log             the worker's own words
    FOLDER/orders/ID.N/           the Nth attempt at an order: put there whole, by one rename
        order.json                what is asked, and how it is to be made
        input-K.png, .mp4 ..      what goes along
        progress.json             how it goes; replaced whole by the worker alone
        called_off                somebody asked for it to stop
        clip.mp4                  there before progress.json says that it succeeded

Whoever comes after a crash finds all there is to know here: there is no other memory.
"""

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from vr_server.domain.base import Model, new_id
from vr_server.domain.errors import StorageFailed
from vr_server.generation.fitting import request_key
from vr_server.generation.port import FINAL_STATES, Files, GenerationRequest, TaskState

Kind = Literal["t2v", "i2v", "ti2v", "vace"]
"""What a Wan pipeline makes clips of: text, a first frame, either, or all that VACE takes."""

Device = Literal["auto", "cuda", "cpu", "mps"]
Dtype = Literal["auto", "bfloat16", "float16", "float32"]
Offload = Literal["none", "model", "sequential"]
Stage = Literal["waiting", "fetching", "loading", "sampling", "writing"]

Report = Callable[[Stage, float | None], None]
"""How far a clip is, told as it goes on; raises Cancelled once its order is called off."""

CLIP = "clip.mp4"
_ORDER, _PROGRESS, _CALLED_OFF = "order.json", "progress.json", "called_off"
_KEPT_S = 7 * 86_400.0
"""How long the worker keeps what has ended: the server takes its clip at once."""


class How(Model):
    """How the worker is to make a clip. Another way is another order: the clip would be another one."""

    model: str
    kind: Kind
    revision: str | None = None
    device: Device = "auto"
    dtype: Dtype = "auto"
    offload: Offload = "none"
    vae_tiling: bool = False
    steps: int
    guidance_scale: float
    guidance_scale_2: float | None = None
    max_frames: int


class Order(Model):
    """`inputs`: the files' names beside it, in the order of `request.inputs`."""

    version: Literal[1] = 1
    request: GenerationRequest
    how: How
    inputs: tuple[str, ...] = ()
    ordered_at_s: float  # unix time


class Progress(Model):
    """`share`: 0 to 1 of the whole clip, None while nobody can tell. `attempts`: how often a worker took it up."""

    state: TaskState = "queued"
    stage: Stage = "waiting"
    share: float | None = None
    attempts: int = 0
    code: str | None = None  # in state `failed`: the code and line of an error of domain.errors
    message: str | None = None
    revision: str | None = None  # the commit of the model that was used, where it has one
    worker: int | None = None  # process id


@dataclass(frozen=True, slots=True)
class OrderFolder:
    """One attempt at an order, on disk."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def clip(self) -> Path:
        return self.path / CLIP

    def order(self) -> Order:
        """Raise StorageFailed where it cannot be read, or was written by a version that is not ours."""
        try:
            return Order.model_validate_json((self.path / _ORDER).read_bytes())
        except (OSError, ValidationError) as error:
            raise StorageFailed(f"Order {self.id} cannot be read: {type(error).__name__}.") from error

    def progress(self) -> Progress:
        """What was last said; a fresh order's, where nothing was."""
        try:
            return Progress.model_validate_json((self.path / _PROGRESS).read_bytes())
        except (FileNotFoundError, ValidationError):
            return Progress()
        except OSError as error:
            raise StorageFailed(f"Order {self.id} cannot be looked at: {error.strerror or error}.") from error

    def say(self, progress: Progress) -> None:
        """Keep it; readers see the old or the new. Raise OSError."""
        part = self.path / f"{_PROGRESS}.part"
        part.write_text(progress.model_dump_json(), encoding="utf-8")
        part.replace(self.path / _PROGRESS)

    @property
    def called_off(self) -> bool:
        return not self.path.is_dir() or (self.path / _CALLED_OFF).exists()

    def call_off(self) -> None:
        """Ask for it to stop. Raise OSError."""
        (self.path / _CALLED_OFF).touch()


class Shelf:
    """The folder of orders. Several servers may share it: there is one worker to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._orders = folder / "orders"

    @property
    def log(self) -> Path:
        return self.folder / "worker.log"

    def prepare(self) -> None:
        """Raise StorageFailed."""
        try:
            self._orders.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageFailed(f"{self.folder} cannot be used for orders: {error.strerror or error}.") from error

    def find(self, request: GenerationRequest, how: How) -> OrderFolder | None:
        """The attempt at that very order that came to something, or still may."""
        found = self._latest(_name(request, how))
        return found if found is not None and _counts(found) else None

    def _latest(self, name: str) -> OrderFolder | None:
        attempts = [(_attempt(path), path) for path in self._orders.glob(f"{name}.*")]
        return OrderFolder(max(attempts)[1]) if attempts else None

    def named(self, order_id: str) -> OrderFolder | None:
        path = self._orders / order_id
        return OrderFolder(path) if path.parent == self._orders and (path / _ORDER).is_file() else None

    def place(self, request: GenerationRequest, how: How, files: Files) -> OrderFolder:
        """Put an order there, or `find` it. Raise StorageFailed."""
        self.prepare()
        last = self._latest(_name(request, how))
        if last is not None and _counts(last):
            return last
        number = 1 if last is None else _attempt(last.path) + 1
        draft = self.folder / new_id("order")
        try:
            draft.mkdir()
            names = []
            for index, given in enumerate(request.inputs):
                names.append(f"input-{index}.{given.media_type.partition('/')[2]}")
                shutil.copyfile(files(given), draft / names[-1])
            order = Order(request=request, how=how, inputs=tuple(names), ordered_at_s=time.time())
            (draft / _ORDER).write_text(order.model_dump_json(), encoding="utf-8")
            target = self._orders / f"{_name(request, how)}.{number}"
            try:
                draft.rename(target)
            except OSError:
                if not target.is_dir():  # else another server was quicker: its order is ours
                    raise
            return OrderFolder(target)
        except OSError as error:
            raise StorageFailed(f"The order cannot be written to {self.folder}: {error.strerror or error}.") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def open_orders(self) -> list[OrderFolder]:
        """Orders that have not come to an end, oldest first."""
        found = []
        for path in self._orders.iterdir():
            folder = OrderFolder(path)
            if path.is_dir() and folder.progress().state not in FINAL_STATES:
                with contextlib.suppress(FileNotFoundError):
                    found.append(((path / _ORDER).stat().st_mtime_ns, path.name, folder))
        return [folder for *_, folder in sorted(found, key=lambda item: item[:2])]

    def prune(self, now_s: float | None = None) -> None:
        """Remove what ended long ago, and drafts of servers that died over them."""
        oldest_s = (time.time() if now_s is None else now_s) - _KEPT_S
        for path in (*self._orders.iterdir(), *self.folder.glob("order-*")):
            ended = path.parent == self.folder or OrderFolder(path).progress().state in FINAL_STATES
            with contextlib.suppress(OSError):
                if ended and path.stat().st_mtime < oldest_s:
                    shutil.rmtree(path)

    def worker_lives(self) -> bool:
        """Does a process hold the lock? Raise StorageFailed."""
        import fcntl

        try:
            handle = os.open(self.folder / "worker.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StorageFailed(f"{self.folder} cannot be used for orders: {error.strerror or error}.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def take_worker_lock(self, patience_s: float = 1.0) -> bool:
        """Become the folder's worker until this process and its children end. False: there is one already.

        Whoever looks whether a worker lives holds the lock for a moment: that is waited for.
        """
        import fcntl

        handle = os.open(self.folder / "worker.lock", os.O_RDWR | os.O_CREAT, 0o600)
        until = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    os.close(handle)
                    return False
                time.sleep(0.02)
            else:
                return True


def _name(request: GenerationRequest, how: How) -> str:
    """An order's name: the request's identity, and the way it is made."""
    way = hashlib.sha256(how.model_dump_json().encode()).hexdigest()
    return f"{request_key(request)[:32]}-{way[:8]}"


def _counts(attempt: OrderFolder) -> bool:
    """Did it come to something, or may it still?"""
    return not attempt.called_off and attempt.progress().state not in {"failed", "cancelled"}


def _attempt(path: Path) -> int:
    number = path.name.rpartition(".")[2]
    return int(number) if number.isdecimal() else 0
