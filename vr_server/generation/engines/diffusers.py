"""Wan models on this machine, by the `diffusers` library (optional extra ``diffusers``).

A clip takes minutes and is flat, so this is a `RemoteEngine` whose far end is a process here: `diffusers_worker` loads
the model once and takes orders from a folder (`diffusers_orders`). torch is imported there and nowhere else. An order
costs nothing but time, so one in whose middle the worker died is simply made again, once.
"""

import asyncio
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import platformdirs
from pydantic import Field, field_validator

from vr_server.domain.errors import EngineFailed, EngineLied, InvalidMedia, ResultGone, StorageFailed, error_of
from vr_server.generation.clock import Clock, SystemClock
from vr_server.generation.fitting import cost_of
from vr_server.generation.port import (
    FINAL_STATES,
    Capabilities,
    Cost,
    Files,
    GenerationRequest,
    Guide,
    Mode,
    Price,
    TaskHandle,
    TaskStatus,
    VideoFile,
)
from vr_server.generation.settings import EngineSettings
from vr_server.media.inspect import inspect_video

from .diffusers_inputs import check
from .diffusers_orders import Device, Dtype, How, Kind, Offload, OrderFolder, Shelf

_NAME = "diffusers"
_NEEDS = ("torch", "diffusers", "transformers", "accelerate", "ftfy")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_START_S = 60.0
_LOG_BYTES = 1 << 20
_MODES: dict[Kind, tuple[Mode, ...]] = {
    "t2v": ("text",),
    "i2v": ("image", "first_last"),
    "ti2v": ("text", "image"),
    "vace": ("text", "image", "first_last", "reference", "repaint", "edit_mask", "extend"),
}
_VACE_GUIDES: tuple[Guide, ...] = ("depth", "pose", "scribble")
_SIZES: dict[Kind, tuple[tuple[int, int], ...]] = {
    "ti2v": ((1280, 704), (704, 1280)),  # its VAE halves once more: multiples of 32
    **dict.fromkeys(("t2v", "i2v", "vace"), ((1280, 720), (720, 1280), (832, 480), (480, 832))),
}


class DiffusersSettings(EngineSettings):
    """`model`: a folder of a diffusers pipeline, or its name at the hub, fetched there at its first use.

    `revision`: the commit that is fetched; without one the hub's newest is. `kind`: where neither the folder nor the
    name tells it. Steps and guidance are the model's own usual ones where they are not given. `idle_s`: how long the
    worker keeps the model loaded with nothing to do. `key`: a token of the hub's, for models that ask for one.
    """

    model: str = ""
    revision: str | None = Field(default=None, pattern="^[0-9a-f]{40}$")
    kind: Kind | None = None
    device: Device = "auto"
    dtype: Dtype = "auto"
    offload: Offload = "none"
    vae_tiling: bool = False
    steps: int | None = Field(default=None, ge=1, le=1000)
    guidance_scale: float | None = Field(default=None, ge=0, le=100)
    guidance_scale_2: float | None = Field(default=None, ge=0, le=100)
    sizes: tuple[str, ...] = ()  # "832x480", multiples of 16 (32 for TI2V)
    fps: int | None = Field(default=None, ge=1, le=120)
    max_frames: int | None = Field(default=None, ge=5, le=1001)  # 4k + 1
    idle_s: float = Field(default=900.0, ge=0)
    folder: Path = Field(default_factory=lambda: platformdirs.user_cache_path("vr-previs", appauthor=False) / _NAME)
    concurrent_tasks: int = Field(default=1, ge=1, le=1000)

    @field_validator("sizes")
    @classmethod
    def _sizes(cls, sizes: tuple[str, ...]) -> tuple[str, ...]:
        for size in sizes:
            if not re.fullmatch(r"\d{2,4}x\d{2,4}", size) or any(int(side) % 16 for side in size.split("x")):
                raise ValueError(f"{size!r} is not a size such as 832x480, with sides that are multiples of 16")
        return sizes

    @field_validator("max_frames")
    @classmethod
    def _frames(cls, frames: int | None) -> int | None:
        if frames is not None and frames % 4 != 1:
            raise ValueError("must be 4k + 1, such as 81")
        return frames


class DiffusersEngine:
    """Implements `generation.port.RemoteEngine` and `FindsOrders`."""

    def __init__(self, settings: DiffusersSettings, *, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._shelf = Shelf(settings.folder.expanduser())
        self._kind: Kind = settings.kind or kind_of(settings.model) or "t2v"
        place = Path(settings.model).expanduser()
        self._place = str(place.resolve()) if settings.model and place.is_dir() else settings.model
        self._starting = asyncio.Lock()

    def capabilities(self, mode: Mode = "text") -> Capabilities:  # noqa: ARG002 - one model serves all modes
        settings, kind = self._settings, self._kind
        fps = settings.fps or (24 if kind == "ti2v" else 16)
        told = tuple((int(w), int(h)) for w, h in (size.split("x") for size in settings.sizes))
        return Capabilities(
            name=_NAME,
            model=Path(self._place).name if Path(self._place).is_absolute() else self._place or "none",
            version=settings.revision or "",
            embedded=False,
            gives_depth=False,
            gives_ids=False,
            gives_camera=False,
            modes=_MODES[kind],
            guides=_VACE_GUIDES if kind == "vace" else (),
            masks=("still", "video"),
            sizes=told or _SIZES[kind],
            fps=(fps,),
            min_duration_s=5 / fps,
            max_duration_s=self._max_frames / fps,
            frames_step=4,
            dialect="wan",
            prompt_limit_chars=2000,
            negative_limit_chars=1000,
            seed_max=2**63 - 1,
            concurrent_tasks=settings.concurrent_tasks,
            cancels="always",
            price=settings.price or Price(currency=settings.currency),  # what runs here is not paid for
        )

    def problem(self) -> str | None:
        settings = self._settings
        if not settings.model:
            return (
                "no model: set VR_PREVIS_DIFFUSERS_MODEL to a folder or a name such as Wan-AI/Wan2.2-TI2V-5B-Diffusers"
            )
        folder = Path(settings.model).expanduser()
        if folder.is_dir() and not (folder / "model_index.json").is_file():
            return f"VR_PREVIS_DIFFUSERS_MODEL: {folder} is no model of diffusers: it has no model_index.json"
        if not folder.is_dir() and not _REPOSITORY.fullmatch(settings.model):
            return f"VR_PREVIS_DIFFUSERS_MODEL: {settings.model} is neither a folder nor a name such as Wan-AI/Wan2.2-TI2V-5B-Diffusers"
        if settings.kind is None and kind_of(settings.model) is None:
            return f"{settings.model} does not say what it makes clips from: set VR_PREVIS_DIFFUSERS_KIND to t2v, i2v, ti2v or vace"
        if missing := [name for name in _NEEDS if find_spec(name) is None]:
            return f"not installed ({', '.join(missing)}): pip install 'vr-previs[diffusers]'"
        return None

    def estimate(self, request: GenerationRequest) -> Cost:
        return cost_of(request, self.capabilities(request.mode))

    async def submit(self, request: GenerationRequest, files: Files) -> TaskHandle:
        """The same request finds its order again, unless that one failed or was called off."""
        check(request, self._kind)
        await self._worker()
        placed = await asyncio.to_thread(self._shelf.place, request, self._how(), files)
        return self._handle(placed, request)

    async def find(self, request: GenerationRequest) -> TaskHandle | None:
        found = await asyncio.to_thread(self._shelf.find, request, self._how())
        return self._handle(found, request) if found is not None else None

    async def poll(self, handle: TaskHandle) -> TaskStatus:
        """Starts the worker again where an order waits and there is none."""
        folder = await asyncio.to_thread(self._shelf.named, handle.id)
        if folder is None:
            return TaskStatus("failed", failure=ResultGone(
                f"Order {handle.id} is no longer in {self._shelf.folder}: ask for the take again."
            ))  # fmt: skip
        now = await asyncio.to_thread(folder.progress)
        if now.state not in FINAL_STATES:
            if await asyncio.to_thread(lambda: folder.called_off and not self._shelf.worker_lives()):
                return TaskStatus("cancelled")
            await self._worker()
            return TaskStatus(now.state, now.share)
        if now.state != "failed":
            return TaskStatus(now.state, now.share)
        failure = error_of(now.code or "", now.message or "It gave no reason.")
        return TaskStatus(
            "failed", failure=failure if isinstance(failure, EngineFailed) else EngineFailed(str(failure))
        )

    async def fetch(self, handle: TaskHandle, status: TaskStatus, to: Path) -> VideoFile:  # noqa: ARG002
        folder = await asyncio.to_thread(self._shelf.named, handle.id)
        if folder is None or not folder.clip.is_file():
            raise ResultGone(f"The clip of order {handle.id} is no longer in {self._shelf.folder}.")
        return await asyncio.to_thread(_copied, folder.clip, to)

    async def cancel(self, handle: TaskHandle) -> bool:
        """It stops at its next step, or before it begins."""
        folder = await asyncio.to_thread(self._shelf.named, handle.id)
        if folder is None or (await asyncio.to_thread(folder.progress)).state in FINAL_STATES:
            return False
        try:
            await asyncio.to_thread(folder.call_off)
        except OSError as error:
            raise StorageFailed(f"Order {handle.id} cannot be called off: {error.strerror or error}.") from error
        return True

    async def aclose(self) -> None:
        """The worker goes on: what it makes is found at the next start."""

    @property
    def _max_frames(self) -> int:
        return self._settings.max_frames or (121 if self._kind == "ti2v" else 81)

    def _how(self) -> How:
        settings = self._settings
        steps, scale, scale_2 = _usual(self._place, self._kind)
        return How(
            model=self._place,
            kind=self._kind,
            revision=settings.revision,
            device=settings.device,
            dtype=settings.dtype,
            offload=settings.offload,
            vae_tiling=settings.vae_tiling,
            steps=settings.steps or steps,
            guidance_scale=scale if settings.guidance_scale is None else settings.guidance_scale,
            guidance_scale_2=scale_2 if settings.guidance_scale_2 is None else settings.guidance_scale_2,
            max_frames=self._max_frames,
        )

    def _handle(self, folder: OrderFolder, request: GenerationRequest) -> TaskHandle:
        return TaskHandle(engine=_NAME, id=folder.id, model=request.model, submitted_at_s=self._clock.now_s())

    async def _worker(self) -> None:
        """See to it that the folder has a worker. Raise EngineFailed with why there is none, or StorageFailed."""
        async with self._starting:
            await asyncio.to_thread(self._start)

    def _start(self) -> None:
        self._shelf.prepare()
        if self._shelf.worker_lives():
            return
        if (problem := self.problem()) is not None:
            raise EngineFailed(f"Engine diffusers cannot be used: {problem}")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("VR_PREVIS_")}
        if self._settings.key is not None:
            environment["HF_TOKEN"] = self._settings.key.get_secret_value()
        command = [sys.executable, "-m", f"{__package__}.diffusers_worker", str(self._shelf.folder), str(self._settings.idle_s)]  # fmt: skip
        try:
            if self._shelf.log.exists() and self._shelf.log.stat().st_size > _LOG_BYTES:
                self._shelf.log.replace(self._shelf.log.with_suffix(".old.log"))
            with self._shelf.log.open("ab") as log:
                # It takes the lock and goes on in the background: when this returns, there is a worker.
                done = subprocess.run(  # noqa: S603 - our own module
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, timeout=_START_S, check=False
                )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineFailed(f"The worker of engine diffusers cannot be started: {error}") from error
        if done.returncode:
            raise EngineFailed(f"The worker of engine diffusers does not start: see {self._shelf.log}.")


def kind_of(model: str) -> Kind | None:
    """What a model makes clips from: by its folder's index, or by its name at the hub. None: it does not say."""
    folder = Path(model).expanduser()
    if model and folder.is_dir():
        try:
            index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(index, dict):
            return None
        kinds: dict[object, Kind] = {"WanVACEPipeline": "vace", "WanImageToVideoPipeline": "i2v",
                                     "WanPipeline": "ti2v" if index.get("expand_timesteps") else "t2v"}  # fmt: skip
        return kinds.get(index.get("_class_name"))
    name = model.upper()
    by_name: tuple[tuple[str, Kind], ...] = (("VACE", "vace"), ("TI2V", "ti2v"), ("I2V", "i2v"), ("T2V", "t2v"))
    return next((kind for word, kind in by_name if word in name), None)


def _usual(model: str, kind: Kind) -> tuple[int, float, float | None]:
    """Steps, guidance, and that of the low-noise expert, as the models' cards give them."""
    if "A14B" in model.upper():
        return (40, 3.5, 3.5) if kind == "i2v" else (40, 4.0, 3.0)
    return 50, 5.0, None


def _copied(clip: Path, to: Path) -> VideoFile:
    """Copy a clip and look at it: `to` is the whole of it afterwards, or does not exist."""
    part = to.with_name(to.name + ".part")
    try:
        shutil.copyfile(clip, part)
        facts = inspect_video(part)
        with part.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = part.stat().st_size
        part.replace(to)
    except InvalidMedia as error:
        raise EngineLied(f"The clip that engine diffusers made cannot be used: {error}") from None
    except OSError as error:
        raise StorageFailed(f"The clip cannot be written to {to.name}: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return VideoFile(to, sha256, size, facts.width_px, facts.height_px, facts.fps, facts.frame_count, facts.duration_s)
