"""A clip by a remote engine for somebody at a terminal: planned, and kept in a folder so that a crash pays nothing twice.

It is planned as the server plans a take (`planning`): guided by the shot's blocking, in parts where the shot is longer
than the engine's clips, each part an order of its own. `errands` carries it out.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from vr_server.domain.base import Model
from vr_server.domain.errors import Conflict, InvalidInput, StorageFailed
from vr_server.domain.shot import ShotSpec
from vr_server.domain.take import Guidance, GuidanceWish, Part
from vr_server.media.inspect import picture_size

from .fitting import request_key, total_of
from .planning import plan as plan_take
from .planning import record_of
from .port import Cost, GenerationRequest, InputRole, MediaInput, Mode, RemoteEngine, TaskHandle
from .prompting import compile_for

ORDER, CLIP, INPUTS, PARTS = "order.json", "clip.mp4", "inputs", "parts"
_LOCK = ".lock"
_MAGIC: tuple[tuple[bytes, Literal["image/png", "image/jpeg", "image/webp"]], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"RIFF", "image/webp"),
)  # fmt: skip

_SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "video/mp4": ".mp4",
    "text/plain": ".txt",
}

OrderState = Literal["waiting", "submitting", "submitted", "fetched", "failed", "cancelled"]


class ErrandOrder(Model):
    """One order. `part`: what of the shot it shows where there are several. `cost`: as the engine said it, once fetched."""

    request: GenerationRequest
    estimate: Cost
    state: OrderState = "waiting"
    part: Part | None = None
    handle: TaskHandle | None = None
    actual_prompt: str | None = None
    cost: Cost | None = None
    failure_code: str | None = None
    failure: str | None = None

    @property
    def key(self) -> str:
        """The identity of what is asked."""
        return request_key(self.request)


class Errand(Model):
    """What order.json says. `prompt`: the whole shot's, as the engine's words have it. `files`: the names of the requests'
    inputs in the folder, by SHA-256; of a planned one only once it is made. `finished`: the clip is there with its facts.
    """

    version: Literal[2] = 2
    spec: ShotSpec
    prompt: str
    orders: tuple[ErrandOrder, ...] = Field(min_length=1)
    dropped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    guidance: Guidance | None = None
    files: dict[str, str] = Field(default_factory=dict)
    finished: bool = False

    @model_validator(mode="before")
    @classmethod
    def _of_one_order(cls, values: object) -> object:
        """Version 1 held one order."""
        if not isinstance(values, dict) or values.get("version") != 1 or "request" not in values:
            return values
        kept = {name: values[name] for name in ("spec", "dropped", "remarks", "files") if name in values}
        order = {n: values[n] for n in ("request", "estimate", "handle", "failureCode", "failure") if n in values}
        done = values.get("state") == "done"
        order["state"] = "fetched" if done else values.get("state", "waiting")
        return {"prompt": values["request"]["prompt"], "orders": (order,), "finished": done, **kept}

    @property
    def estimate(self) -> Cost:
        return total_of([order.estimate for order in self.orders])

    @property
    def engine(self) -> str:
        return self.orders[0].request.engine

    def order_of(self, key: str) -> int:
        """The number of the order with that key."""
        return [order.key for order in self.orders].index(key)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of an engine. `first` and `last`: pictures to begin and to end with. `negative`: what should
    not be seen, before the engine's own list of that. `guidance`: what of the blocking a clip from words follows."""

    spec: ShotSpec
    size: tuple[int, int]
    fps: int
    seed: int
    first: Path | None = None
    last: Path | None = None
    negative: str = ""
    guidance: GuidanceWish = "auto"

    @property
    def mode(self) -> Mode:
        return "first_last" if self.last is not None else "image" if self.first is not None else "text"


def plan(engine: RemoteEngine, wish: Wish) -> Errand:
    """The orders as they would be sent: told in the engine's words, made to fit, their cost reckoned. Asks nobody.

    Raise InvalidInput or InvalidPrompt with one line that says what the engine takes.
    """
    if wish.last is not None and wish.first is None:
        raise InvalidInput("A last picture needs a first one to begin with: give --image too.")
    able = engine.capabilities(wish.mode)
    pictures: tuple[tuple[InputRole, Path | None], ...] = (("first_frame", wish.first), ("last_frame", wish.last))
    inputs = tuple((_picture(role, path), path) for role, path in pictures if path is not None)
    told = compile_for(wish.spec, able)
    base = GenerationRequest(
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
    made = plan_take(base, wish.spec, engine.capabilities, wish.guidance)
    asked = made.all()
    kept = record_of(made, asked, told.dropped)
    parts: tuple[Part | None, ...] = kept.parts or (None,)
    orders = tuple(
        ErrandOrder(request=fitted.request, estimate=engine.estimate(fitted.request), part=part)
        for fitted, part in zip(asked, parts, strict=True)
    )
    return Errand(
        spec=wish.spec, prompt=told.text, orders=orders, dropped=kept.dropped, remarks=kept.remarks, guidance=kept.guidance,
        files={given.sha256: str(path) for given, path in inputs},
    )  # fmt: skip


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
        """Keep a new errand and copies of its pictures. Parts whose clips are in the folder already are not asked for again.

        Raise Conflict when the folder has one that is not settled, or clips that were paid for. Raise StorageFailed.
        """
        kept = self.read()
        if kept is not None:
            errand = self._after(kept, errand)
        if len(errand.orders) > 1:
            errand = errand.model_copy(
                update={"orders": tuple(self._with_clip(errand, n) for n in range(len(errand.orders)))}
            )
        try:
            names = dict(kept.files) if kept is not None else {}
            if errand.files:
                (self.path / INPUTS).mkdir(parents=True, exist_ok=True)
            for sha256, source in errand.files.items():
                names[sha256] = f"{INPUTS}/{sha256[:16]}{Path(source).suffix.lower()}"
                shutil.copyfile(source, self.path / names[sha256])
        except OSError as error:
            raise StorageFailed(f"{self.path} cannot be written: {error.strerror or error}.") from error
        return self.keep(errand.model_copy(update={"files": names}))

    def _after(self, kept: Errand, errand: Errand) -> Errand:
        """The new errand with what is there of it already."""
        if any(order.state in {"submitting", "submitted"} for order in kept.orders):
            raise Conflict(
                f"{self.path} holds an order that is not finished: go on with it (--resume {self.path}), or choose "
                "another folder."
            )
        paid = {order.key: order for order in kept.orders if order.state == "fetched"}
        if kept.finished or not paid.keys() <= {order.key for order in errand.orders}:
            raise Conflict(f"{self.path} holds a clip that was made and paid for: choose another folder.")
        return errand.model_copy(update={"orders": tuple(paid.get(order.key, order) for order in errand.orders)})

    def _with_clip(self, errand: Errand, number: int) -> ErrandOrder:
        """The order as it is: its clip, which is named by what was asked, may be there though order.json was removed."""
        order = errand.orders[number]
        there = order.state == "waiting" and self.clip_of(errand, number).is_file()
        return order.model_copy(update={"state": "fetched"}) if there else order

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

    def has(self, errand: Errand, given: MediaInput) -> bool:
        """Is the input there?"""
        return (self.path / errand.files.get(given.sha256, "")).is_file()

    def clip_of(self, errand: Errand, number: int) -> Path:
        """Where the clip of order `number` belongs."""
        if len(errand.orders) == 1:
            return self.path / CLIP
        return self.path / PARTS / f"{errand.orders[number].key[:16]}.mp4"


def made_name(given: MediaInput) -> str:
    """What a made input is called in the folder."""
    return f"{INPUTS}/{given.sha256[:16]}{_SUFFIXES[given.media_type]}"
