"""The endpoint of the brief that started this project: one POST, which answers when the clip is there.

POST {base_url}{path}   Authorization: Bearer KEY
{"model", "prompt", "resolution", "duration", "temperature", "top_k", "use_physical_simulation",
 "aesthetic_optimization"}  ->  200 {"video_url"}; anything else is a failure whose body is the message
"""

from pathlib import Path
from typing import Final

from pydantic import Field, JsonValue

from vr_server.generation.addresses import Resolver, resolve
from vr_server.generation.clock import Clock, SystemClock
from vr_server.generation.fitting import cost_of, request_key
from vr_server.generation.http import EngineHttp
from vr_server.generation.port import (
    Capabilities,
    Cost,
    Files,
    GenerationRequest,
    Mode,
    TaskHandle,
    TaskStatus,
    VideoFile,
)
from vr_server.generation.settings import EngineSettings

_SIZES: Final = {
    "480p": ((832, 480), (480, 832)),
    "720p": ((1280, 720), (720, 1280)),
    "1080p": ((1920, 1080), (1080, 1920)),
}


class WanHttpSettings(EngineSettings):
    """Every field of the call. `resolutions`: what the endpoint is known to take, of 480p, 720p, 1080p."""

    base_url: str = "https://api.tongyi.aliyun.com"
    path: str = Field(default="/wan2.2/t2v", pattern="^/[^?#]*$")
    model: str = "Wan2.2-T2V-A14B"
    resolutions: tuple[str, ...] = ("720p",)
    min_duration_s: int = Field(default=1, ge=1)
    max_duration_s: int = Field(default=10, ge=1)
    temperature: float = 0.85
    top_k: int = 50
    use_physical_simulation: bool = True
    aesthetic_optimization: bool = True
    answer_timeout_s: float = Field(default=1800.0, gt=0)  # it answers when the clip is made
    read_timeout_s: float = Field(default=1800.0, gt=0)


class WanHttpEngine:
    """Implements `generation.port.RemoteEngine`. The order is made and paid within `submit`; there is no task to ask."""

    def __init__(self, settings: WanHttpSettings, *, clock: Clock | None = None, resolver: Resolver = resolve) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._http = EngineHttp(
            "wan-http", settings.base_url, key=settings.key, limits=settings.limits, proxy=settings.proxy,
            result_hosts=settings.result_hosts, resolver=resolver,
        )  # fmt: skip

    def capabilities(self, mode: Mode = "text") -> Capabilities:  # noqa: ARG002 - one model
        settings = self._settings
        return Capabilities(
            name="wan-http",
            model=settings.model,
            version="1",
            embedded=False,
            gives_depth=False,
            gives_ids=False,
            gives_camera=False,
            sizes=tuple(size for name in settings.resolutions for size in _SIZES.get(name.lower(), ())),
            fps=(),
            min_duration_s=settings.min_duration_s,
            max_duration_s=settings.max_duration_s,
            duration_step_s=1.0,
            dialect="wan",
            prompt_limit_chars=800,
            seed_max=None,
            concurrent_tasks=settings.concurrent_tasks,
            price=settings.price,
        )

    def problem(self) -> str | None:
        return None if self._settings.key else "no key: set VR_PREVIS_WAN_HTTP_KEY"

    def estimate(self, request: GenerationRequest) -> Cost:
        return cost_of(request, self.capabilities())

    async def submit(self, request: GenerationRequest, files: Files) -> TaskHandle:  # noqa: ARG002 - takes no files
        settings = self._settings
        resolution = next((name for name, sizes in _SIZES.items() if request.size in sizes), settings.resolutions[0])
        body: dict[str, JsonValue] = {
            "model": request.model,
            "prompt": request.prompt,
            "resolution": resolution,
            "duration": round(request.duration_s),
            "temperature": settings.temperature,
            "top_k": settings.top_k,
            "use_physical_simulation": settings.use_physical_simulation,
            "aesthetic_optimization": settings.aesthetic_optimization,
        }
        answer = await self._http.json("POST", settings.path, body=body, paid=True)
        url = answer.get("video_url")
        if not isinstance(url, str) or not url:
            raise self._http.no_id("a video_url")
        return TaskHandle(
            engine="wan-http",
            id=f"wan-{request_key(request)[:24]}",
            model=request.model,
            submitted_at_s=self._clock.now_s(),
            context={"video_url": url},
        )

    async def poll(self, handle: TaskHandle) -> TaskStatus:
        return TaskStatus("succeeded", progress=1.0, result_url=handle.context["video_url"])

    async def fetch(self, handle: TaskHandle, status: TaskStatus, to: Path) -> VideoFile:
        return await self._http.fetch_video(status.result_url or handle.context["video_url"], to)

    async def cancel(self, handle: TaskHandle) -> bool:  # noqa: ARG002 - there is nothing left to stop
        return False

    async def aclose(self) -> None:
        await self._http.aclose()
