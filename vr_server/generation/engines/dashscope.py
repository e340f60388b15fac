"""Alibaba Cloud Model Studio (DashScope): the Wan models by text, picture, two pictures, and VACE's edits.

    POST /api/v1/services/aigc/video-generation/video-synthesis   (kf2v: .../image2video/video-synthesis)
         X-DashScope-Async: enable        -> {"output": {"task_id", "task_status"}}
    GET  /api/v1/tasks/{id}               -> {"output": {"task_status", "video_url" | "code", "message"}, "usage"}
    POST /api/v1/tasks/{id}/cancel        while it is PENDING
    GET  /api/v1/uploads?action=getPolicy -> where inputs go for 48 hours, as oss:// addresses

A failed task comes in HTTP 200. Tasks and clips are kept for 24 hours. Sizes are written 1280*720. The service can
rewrite prompts (`prompt_extend`): off here unless asked for, so that what was asked is what was sent.
"""

from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import JsonValue

from vr_server.domain.errors import (
    EngineAuth,
    EngineFailed,
    EngineLied,
    EngineThrottled,
    EngineUnreachable,
    InvalidInput,
    OutcomeUnknown,
    ResultGone,
)
from vr_server.generation.addresses import Resolver, resolve
from vr_server.generation.clock import Clock, SystemClock
from vr_server.generation.failures import failure_of
from vr_server.generation.fitting import cost_of
from vr_server.generation.http import EngineHttp, Upload
from vr_server.generation.port import (
    Capabilities,
    Cost,
    Files,
    GenerationRequest,
    InputRole,
    MaskEdit,
    MediaInput,
    Mode,
    Outpaint,
    Repaint,
    TaskHandle,
    TaskState,
    TaskStatus,
    VideoFile,
)
from vr_server.generation.settings import EngineSettings
from vr_server.media.inspect import picture_size

from .dashscope_models import ModelFacts, facts_of, ratio_of, resolution_of

_HOSTS = {
    "china": "https://dashscope.aliyuncs.com",
    "singapore": "https://dashscope-intl.aliyuncs.com",
    "us": "https://dashscope-us.aliyuncs.com",
}
_STATES: dict[str, TaskState] = {
    "PENDING": "queued", "SUSPENDED": "queued", "RUNNING": "running", "SUCCEEDED": "succeeded",
    "FAILED": "failed", "CANCELED": "cancelled", "UNKNOWN": "failed",
}  # fmt: skip
_CONTROLS = {"depth": "depth", "pose": "posebody", "pose_face": "posebodyface", "scribble": "scribble"}
_KEPT_S = 24 * 3600.0
_SIDES_PX = (360, 2000)
_PICTURE_BYTES, _VIDEO_BYTES = 10_000_000, 50_000_000


class DashScopeSettings(EngineSettings):
    """Model, key and host are of one region. `base_url`: in place of the region's host, such as a workspace's own.

    A model that is not in the built-in table is spoken to as its name says (wan2.7 and later: the new protocol).
    """

    region: Literal["china", "singapore", "us"] = "singapore"
    text_model: str = "wan2.2-t2v-plus"
    image_model: str = "wan2.2-i2v-plus"
    first_last_model: str = "wan2.2-kf2v-flash"
    edit_model: str = ""  # the region's VACE
    prompt_extend: bool = False
    watermark: bool = False

    @property
    def host(self) -> str:
        return self.base_url or _HOSTS[self.region]

    def model_for(self, mode: Mode) -> str:
        match mode:
            case "text":
                return self.text_model
            case "image":
                return self.image_model
            case "first_last":
                return self.first_last_model
        return self.edit_model or ("wanx2.1-vace-plus" if self.region == "china" else "wan2.1-vace-plus")


class DashScopeEngine:
    """Implements `generation.port.RemoteEngine`."""

    def __init__(
        self, settings: DashScopeSettings, *, clock: Clock | None = None, resolver: Resolver = resolve
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._http = EngineHttp(
            "dashscope", settings.host, key=settings.key, limits=settings.limits, proxy=settings.proxy,
            result_hosts=settings.result_hosts, resolver=resolver,
        )  # fmt: skip

    def capabilities(self, mode: Mode = "text") -> Capabilities:
        model = self._settings.model_for(mode)
        facts = facts_of(model)
        return Capabilities(
            name="dashscope",
            model=model,
            version=facts.protocol,
            embedded=False,
            gives_depth=False,
            gives_ids=False,
            gives_camera=False,
            modes=facts.modes,
            guides=facts.guides,
            masks=("still", "tracked"),
            sizes=facts.sizes,
            fps=facts.fps,
            durations_s=facts.durations_s,
            min_duration_s=facts.min_duration_s,
            max_duration_s=facts.max_duration_s,
            duration_step_s=None if facts.durations_s else 1.0,
            dialect="wan",
            prompt_limit_chars=800,
            negative_limit_chars=500,
            concurrent_tasks=min(self._settings.concurrent_tasks, 2 if facts.vace else 1000),
            cancels="queued",
            price=self._settings.price,
        )

    def problem(self) -> str | None:
        return None if self._settings.key else "no key: set VR_PREVIS_DASHSCOPE_KEY (and _REGION, if not singapore)"

    def estimate(self, request: GenerationRequest) -> Cost:
        return cost_of(request, self.capabilities(request.mode))

    async def submit(self, request: GenerationRequest, files: Files) -> TaskHandle:
        facts = facts_of(request.model)
        _check_inputs(request, files)
        urls = {given: await self._upload(request.model, given, files(given)) for given in request.inputs}
        body: dict[str, JsonValue] = {
            "model": request.model,
            "input": _input(request, facts, urls),
            "parameters": _parameters(request, facts, self._settings),
        }
        headers = {"X-DashScope-Async": "enable"}
        if urls:
            headers["X-DashScope-OssResourceResolve"] = "enable"
        service = "image2video" if facts.two_frames else "video-generation"
        path = f"api/v1/services/aigc/{service}/video-synthesis"
        answer = await self._http.json("POST", path, body=body, headers=headers, paid=True)
        task = _part(answer, "output").get("task_id")
        if not isinstance(task, str) or not task:
            raise self._http.no_id()
        return TaskHandle(engine="dashscope", id=task, model=request.model, submitted_at_s=self._clock.now_s())

    async def poll(self, handle: TaskHandle) -> TaskStatus:
        answer = await self._http.json("GET", _task(handle))
        output = _part(answer, "output")
        if output.get("task_id") != handle.id:
            raise EngineLied(f"Engine dashscope was asked about {handle.id[:60]} and answered about another order.")
        told = str(output.get("task_status", ""))
        if told not in _STATES:
            raise EngineLied(f"Engine dashscope says an unknown status: {self._http.hide(told, 60)}")
        prompt = output.get("actual_prompt")
        url = _video_url(output)
        if told == "SUCCEEDED" and url is None:
            raise EngineLied("Engine dashscope says that the clip is made, but not where it is.")
        return TaskStatus(
            _STATES[told],
            result_url=url,
            failure=self._failure(handle, told, output),
            cost=self._cost(_part(answer, "usage")),
            actual_prompt=prompt if isinstance(prompt, str) else None,
        )

    def _failure(self, handle: TaskHandle, told: str, output: dict[str, Any]) -> EngineFailed | None:
        if told == "FAILED":
            code, message = str(output.get("code") or ""), str(output.get("message") or "")
            return failure_of("dashscope", code, message, self._http.hide)
        if told == "UNKNOWN":
            if self._clock.now_s() - handle.submitted_at_s >= _KEPT_S:
                return ResultGone(f"Engine dashscope keeps orders for 24 hours; {handle.id[:60]} is older.")
            return OutcomeUnknown(
                f"Engine dashscope no longer knows its order {handle.id[:60]}: look there, then retry."
            )
        return None

    def _cost(self, usage: dict[str, Any]) -> Cost | None:
        seconds = next((usage[n] for n in ("output_video_duration", "video_duration", "duration") if n in usage), None)
        price = self._settings.price
        if price is None or not isinstance(seconds, int | float):
            return None
        return Cost(
            amount=round(price.per_clip + price.per_s * seconds, 6), currency=price.currency,
            basis=f"{seconds:g} s charged, at the configured price",
        )  # fmt: skip

    async def fetch(self, handle: TaskHandle, status: TaskStatus, to: Path) -> VideoFile:
        if status.result_url is None:
            raise EngineLied(f"The clip of order {handle.id[:60]} has no address.")
        return await self._http.fetch_video(status.result_url, to)

    async def cancel(self, handle: TaskHandle) -> bool:
        try:
            await self._http.json("POST", f"{_task(handle)}/cancel")
        except (EngineAuth, EngineUnreachable, EngineThrottled, EngineLied):
            raise
        except EngineFailed:  # it runs already: the service cancels only what waits
            return False
        return True

    async def check(self) -> str:
        """Where an upload would go: nothing is uploaded."""
        await self._policy(self._settings.text_model)
        return f"it takes the key for {self._settings.text_model}"

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _policy(self, model: str) -> dict[str, Any]:
        """Where uploads for a model go, and with what."""
        told = {"action": "getPolicy", "model": model}
        policy = _part(await self._http.json("GET", "api/v1/uploads", params=told), "data")
        names = ("upload_host", "upload_dir", "oss_access_key_id", "signature", "policy")
        if not all(isinstance(policy.get(name), str) for name in names):
            raise EngineLied("Engine dashscope does not say where uploads go.")
        return policy

    async def _upload(self, model: str, given: MediaInput, path: Path) -> str:
        """Put a file into the service's temporary store (48 hours). Its oss:// address."""
        policy = await self._policy(model)
        key = f"{policy['upload_dir']}/{given.role}-{given.sha256[:16]}.{given.media_type.partition('/')[2]}"
        form = {
            "OSSAccessKeyId": policy["oss_access_key_id"],
            "Signature": policy["signature"],
            "policy": policy["policy"],
            "x-oss-object-acl": str(policy.get("x_oss_object_acl", "private")),
            "x-oss-forbid-overwrite": str(policy.get("x_oss_forbid_overwrite", "true")),
            "key": key,
            "success_action_status": "200",
        }
        upload = Upload("file", path, given.media_type, key.rpartition("/")[2])
        await self._http.send_form(policy["upload_host"], form, upload)
        return f"oss://{key}"


def _input(request: GenerationRequest, facts: ModelFacts, urls: dict[MediaInput, str]) -> dict[str, JsonValue]:
    def url(role: InputRole) -> str:
        given = request.input(role)
        if given is None:
            raise InvalidInput(f"A clip made by {request.mode!r} needs: {role}.")
        return urls[given]

    said: dict[str, JsonValue] = {"prompt": request.prompt}
    if request.negative_prompt and not facts.vace:
        said["negative_prompt"] = request.negative_prompt
    references: list[JsonValue] = [urls[given] for given in request.inputs if given.role == "reference"]
    match request.mode:
        case "image" | "first_last" if facts.protocol == "new":
            frames: tuple[InputRole, ...] = (
                ("first_frame", "last_frame") if request.mode == "first_last" else ("first_frame",)
            )
            return said | {"media": [{"type": role, "url": url(role)} for role in frames]}
        case "image":
            return said | {"img_url": url("first_frame")}
        case "first_last":
            return said | {"first_frame_url": url("first_frame"), "last_frame_url": url("last_frame")}
        case "reference":
            return said | {"function": "image_reference", "ref_images_url": references}
        case "repaint":
            said |= {"function": "video_repainting", "video_url": url("source_video")}
            return said | ({"ref_images_url": references[:1]} if references else {})
        case "edit_mask":
            edit = request.edit if isinstance(request.edit, MaskEdit) else MaskEdit()
            return said | {
                "function": "video_edit",
                "video_url": url("source_video"),
                "mask_image_url": url("mask"),
                "mask_frame_id": edit.frame + 1,  # counted from 1 there
            }
        case "extend":
            return said | {"function": "video_extension", "first_clip_url": url("source_video")}
        case "outpaint":
            return said | {"function": "video_outpainting", "video_url": url("source_video")}
    return said


def _parameters(request: GenerationRequest, facts: ModelFacts, settings: DashScopeSettings) -> dict[str, JsonValue]:
    size = f"{request.width_px}*{request.height_px}"
    told: dict[str, JsonValue] = {"seed": request.seed, "prompt_extend": settings.prompt_extend}
    if not facts.vace:
        told |= {"duration": round(request.duration_s), "watermark": settings.watermark}
        if facts.protocol == "new":
            told["resolution"] = resolution_of(request.size)
            return told | ({"ratio": ratio_of(request.size)} if request.mode == "text" else {})
        return told | ({"size": size} if request.mode == "text" else {"resolution": resolution_of(request.size)})
    edit = request.edit
    if request.mode == "repaint":
        edit = edit if isinstance(edit, Repaint) else Repaint()
        return told | {"control_condition": _CONTROLS[edit.control], "strength": edit.strength}
    if request.mode == "edit_mask":
        edit = edit if isinstance(edit, MaskEdit) else MaskEdit()
        return told | {
            "mask_type": "tracking" if edit.tracking else "fixed",
            "expand_ratio": edit.expand_ratio,
            "expand_mode": edit.expand_shape,
            "size": size,
        }
    if isinstance(edit, Outpaint):
        sides = {"top": edit.top, "bottom": edit.bottom, "left": edit.left, "right": edit.right}
        return told | {f"{side}_scale": scale for side, scale in sides.items()}
    if request.mode == "reference":
        count = sum(given.role == "reference" for given in request.inputs)
        return told | {"obj_or_bg": ["obj"] * count, "size": size}
    return told


def _check_inputs(request: GenerationRequest, files: Files) -> None:
    """What the service would refuse after the upload is refused before. Raise InvalidInput."""
    low, high = _SIDES_PX
    sizes: dict[str, tuple[int, int]] = {}
    for given in request.inputs:
        path = files(given)
        what = given.role.replace("_", " ")
        limit = _VIDEO_BYTES if given.media_type == "video/mp4" else _PICTURE_BYTES
        if path.stat().st_size > limit:
            raise InvalidInput(f"The {what} is larger than the {limit // 1_000_000} MB that dashscope takes.")
        sizes[given.role] = width, height = picture_size(path)
        if not (low <= width <= high and low <= height <= high):
            raise InvalidInput(f"The {what} is {width}x{height}; dashscope takes sides from {low} to {high} px.")
    if "mask" in sizes and sizes["mask"] != sizes.get("source_video"):
        raise InvalidInput("The mask must have the size of the video it belongs to.")


def _video_url(output: dict[str, Any]) -> str | None:
    """Models name it in different places."""
    results = output.get("results")
    first = results[0] if isinstance(results, list) and results else results
    inner = first if isinstance(first, dict) else {}
    return next(
        (u for u in (output.get("video_url"), inner.get("video_url"), inner.get("url")) if isinstance(u, str) and u),
        None,
    )


def _task(handle: TaskHandle) -> str:
    return f"api/v1/tasks/{quote(handle.id, safe='')}"


def _part(answer: dict[str, Any], name: str) -> dict[str, Any]:
    part = answer.get(name)
    return part if isinstance(part, dict) else {}
