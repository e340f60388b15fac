"""Servers with ``/v1/videos``: vLLM-Omni, SGLang-Diffusion and gateways before them.

    POST /v1/videos                 -> {"id", "status"}
    GET /v1/videos/{id}             -> {"id", "status": queued|in_progress|completed|failed, "progress", "error"}
    GET /v1/videos/{id}/content     -> mp4
    DELETE /v1/videos/{id}          stops it
    GET /v1/videos                  lists what it was asked for

vLLM-Omni takes multipart forms. SGLang takes JSON, and multipart where a picture goes along. Both have defaults that
would make another clip than the one asked for (one frame; always seed 1024), so everything that matters is sent.
"""

from pathlib import Path
from typing import Literal
from urllib.parse import quote

from pydantic import Field, JsonValue

from vr_server.domain.errors import EngineFailed, EngineLied
from vr_server.generation.addresses import Resolver, resolve
from vr_server.generation.clock import Clock, SystemClock
from vr_server.generation.failures import failure_of
from vr_server.generation.fitting import cost_of, frame_count
from vr_server.generation.http import EngineHttp, Upload
from vr_server.generation.port import (
    Capabilities,
    Cost,
    Dialect,
    Files,
    GenerationRequest,
    Mode,
    TaskHandle,
    TaskState,
    TaskStatus,
    VideoFile,
)
from vr_server.generation.settings import EngineSettings

_STATES: dict[str, TaskState] = {
    "queued": "queued", "pending": "queued", "in_progress": "running", "processing": "running", "running": "running",
    "completed": "succeeded", "succeeded": "succeeded", "failed": "failed", "cancelled": "cancelled",
    "canceled": "cancelled", "deleted": "cancelled",
}  # fmt: skip


class OpenAIVideosSettings(EngineSettings):
    """`server`: which dialect it speaks. `fps`, `frames_step`, `max_duration_s`: of the model it serves (Wan2.2)."""

    server: Literal["vllm-omni", "sglang"] = "vllm-omni"
    model: str = "Wan2.2-T2V-A14B"
    images: bool = False  # the model takes a first frame
    fps: int = Field(default=16, ge=1, le=120)
    frames_step: int = Field(default=4, ge=1)
    max_duration_s: float = Field(default=5.0625, gt=0)
    max_width: int = 1280
    max_height: int = 720
    size_step_px: int = Field(default=16, ge=1)
    dialect: Dialect = "wan"
    steps: int | None = Field(default=None, ge=1)
    guidance_scale: float | None = None
    guidance_scale_2: float | None = None


class OpenAIVideosEngine:
    """Implements `generation.port.RemoteEngine`."""

    def __init__(
        self, settings: OpenAIVideosSettings, *, clock: Clock | None = None, resolver: Resolver = resolve
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._http = EngineHttp(
            "openai-videos", settings.base_url or "http://unconfigured.invalid", key=settings.key,
            limits=settings.limits, proxy=settings.proxy, result_hosts=settings.result_hosts, resolver=resolver,
        )  # fmt: skip

    def capabilities(self, mode: Mode = "text") -> Capabilities:  # noqa: ARG002 - one model serves all modes
        settings = self._settings
        return Capabilities(
            name="openai-videos",
            model=settings.model,
            version=settings.server,
            embedded=False,
            gives_depth=False,
            gives_ids=False,
            gives_camera=False,
            modes=("text", "image") if settings.images else ("text",),
            max_size=(settings.max_width, settings.max_height),
            size_step_px=settings.size_step_px,
            fps=(settings.fps,),
            min_duration_s=min(1.0, settings.max_duration_s),
            max_duration_s=settings.max_duration_s,
            frames_step=settings.frames_step,
            dialect=settings.dialect,
            prompt_limit_chars=2000,
            negative_limit_chars=1000,
            concurrent_tasks=settings.concurrent_tasks,
            cancels="always",
            price=settings.price,
        )

    def problem(self) -> str | None:
        return None if self._settings.base_url else "no address: set VR_PREVIS_OPENAI_VIDEOS_BASE_URL"

    def estimate(self, request: GenerationRequest) -> Cost:
        return cost_of(request, self.capabilities())

    async def submit(self, request: GenerationRequest, files: Files) -> TaskHandle:
        fields = self._fields(request)
        first = request.input("first_frame")
        uploads = () if first is None else (
            Upload("input_reference", files(first), first.media_type, f"first.{first.media_type.partition('/')[2]}"),
        )  # fmt: skip
        if self._settings.server == "sglang" and not uploads:
            answer = await self._http.json("POST", "v1/videos", body=fields, paid=True)
        else:
            form = {name: str(value) for name, value in fields.items()}
            answer = await self._http.json("POST", "v1/videos", form=form, uploads=uploads, paid=True)
        task = answer.get("id")
        if not isinstance(task, str) or not task:
            raise self._http.no_id()
        return TaskHandle(engine="openai-videos", id=task, model=request.model, submitted_at_s=self._clock.now_s())

    def _fields(self, request: GenerationRequest) -> dict[str, JsonValue]:
        settings = self._settings
        fields: dict[str, JsonValue] = {
            "model": request.model,
            "prompt": request.prompt,
            "size": f"{request.width_px}x{request.height_px}",
            "seconds": max(1, round(request.duration_s)),
            "fps": request.fps,
            "num_frames": frame_count(request.duration_s, request.fps, settings.frames_step),
            "seed": request.seed,
        }
        further: dict[str, JsonValue] = {
            "negative_prompt": request.negative_prompt or None,
            "num_inference_steps": settings.steps,
            "guidance_scale": settings.guidance_scale,
            "guidance_scale_2": settings.guidance_scale_2,
        }
        return fields | {name: value for name, value in further.items() if value is not None}

    async def poll(self, handle: TaskHandle) -> TaskStatus:
        answer = await self._http.json("GET", self._path(handle))
        if answer.get("id") != handle.id:
            raise EngineLied(f"Engine openai-videos was asked about {handle.id[:60]} and answered about another order.")
        told = answer.get("status")
        state = _STATES.get(told) if isinstance(told, str) else None
        if state is None:
            raise EngineLied(f"Engine openai-videos says an unknown status: {self._http.hide(str(told), 60)}")
        failure: EngineFailed | None = None
        if state == "failed":
            error = answer.get("error")
            code, message = (error.get("code"), error.get("message")) if isinstance(error, dict) else ("", error)
            failure = failure_of("openai-videos", str(code or ""), str(message or ""), self._http.hide)
        percent = answer.get("progress")
        progress = min(max(percent / 100, 0.0), 1.0) if isinstance(percent, int | float) else None
        return TaskStatus(state, progress, failure=failure)

    async def fetch(self, handle: TaskHandle, status: TaskStatus, to: Path) -> VideoFile:  # noqa: ARG002
        return await self._http.fetch_video(f"{self._path(handle)}/content", to)

    async def cancel(self, handle: TaskHandle) -> bool:
        await self._http.json("DELETE", self._path(handle))
        return True

    async def check(self) -> str:
        """Its list of orders."""
        await self._http.json("GET", "v1/videos", params={"limit": "1"})
        return "it answers, and takes the key" if self._settings.key else "it answers"

    async def aclose(self) -> None:
        await self._http.aclose()

    @staticmethod
    def _path(handle: TaskHandle) -> str:
        return f"v1/videos/{quote(handle.id, safe='')}"
