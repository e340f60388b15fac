"""ComfyUI: workflows of a production's own server, or those that come along (Wan2.2, VACE).

    GET  /object_info/{class}            what a node takes, and which model files are there; {} for one that is not
    POST /upload/image                   -> {"name", "subfolder", "type"}; videos too
    POST /prompt {"prompt": graph, "prompt_id", "client_id", "extra_data"}   -> {"prompt_id", "node_errors"}
    GET  /queue                          -> {"queue_running": [[number, id, graph, extra_data, outputs], ..], "queue_pending"}
    GET  /history/{id}                   -> {} or {id: {"prompt": [..], "outputs": {node: {list: [file, ..]}}, "status"}}
    GET  /view?filename&subfolder&type   the file
    POST /queue {"delete": [id]}, POST /interrupt {"prompt_id"}
    ws   /ws?clientId                    steps and previews (comfyui_feed)

The prompt's id is made of the request's key, so that an order whose answer was lost can be looked up; older servers make
their own, and there the request is found by what went along in `extra_data`. Queue and history are the server's memory
alone: after its restart it knows nothing of any order, and nothing is being made there either.
"""

import asyncio
import json
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from urllib.parse import quote, urlencode

from pydantic import Field, JsonValue
from websockets.asyncio.client import ClientConnection

from vr_server.domain.errors import EngineFailed, EngineLied, InvalidInput
from vr_server.generation.addresses import Resolver, resolve
from vr_server.generation.clock import Clock, SystemClock
from vr_server.generation.failures import failure_of
from vr_server.generation.fitting import cost_of, frame_count, request_key
from vr_server.generation.http import EngineHttp, Upload
from vr_server.generation.port import (
    Capabilities,
    Cost,
    Files,
    GenerationRequest,
    MaskEdit,
    MediaInput,
    Mode,
    TaskHandle,
    TaskStatus,
    VideoFile,
)
from vr_server.generation.settings import EngineSettings
from vr_server.media.inspect import VideoFacts

from .comfyui_answers import outcome_of, refusal_in
from .comfyui_clips import check_masks, clip_of, mask_kind, repeat_mask
from .comfyui_feed import ProgressFeed
from .comfyui_workflow import Slot, Workflow, load, told

_NAME = "comfyui"
_FOLDER = "vr-previs"
"""Where our files lie in the server's input and output folders."""
_LONG_BYTES = 64 << 20
"""Of a queue or a history: they hold whole graphs, other guests' among them."""
_LATEST = 100
"""Of a server that makes its own ids, how many finished prompts are looked through for ours."""


class ComfyUISettings(EngineSettings):
    """`key`: for a proxy before the server, which itself asks for none.

    `workflows`: names of templates that come along, or paths of a production's own bindings (.toml), written ``a,b``.
    Each kind of clip is made by the first that serves it.
    """

    workflows: tuple[str, ...] = Field(default=("wan22-t2v-14b", "wan22-i2v-14b"), min_length=1)


class ComfyUIEngine:
    """Implements `generation.port.RemoteEngine` and `FindsOrders`."""

    def __init__(self, settings: ComfyUISettings, *, clock: Clock | None = None, resolver: Resolver = resolve) -> None:
        """Read the workflows. Raise InvalidInput for one that cannot be used."""
        self._settings = settings
        self._clock = clock or SystemClock()
        self._workflows = tuple(load(name) for name in settings.workflows)
        self._http = EngineHttp(
            _NAME, settings.base_url or "http://unconfigured.invalid", key=settings.key,
            limits=settings.limits, proxy=settings.proxy, result_hosts=settings.result_hosts, resolver=resolver,
        )  # fmt: skip
        self._feed = ProgressFeed(self._listening)
        self._checked: set[str] = set()

    def capabilities(self, mode: Mode = "text") -> Capabilities:
        """Those of the workflow that serves `mode` without a guide; `guides` are those of every one that serves it."""
        able = [workflow for workflow in self._workflows if mode in workflow.bindings.modes]
        plain = next((w for w in able if w.serves(mode, None)), able[0] if able else self._workflows[0])
        bound = plain.bindings
        return Capabilities(
            name=_NAME,
            model=bound.model,
            version=plain.name,
            embedded=False,
            gives_depth=False,
            gives_ids=False,
            gives_camera=False,
            modes=tuple(dict.fromkeys(m for w in self._workflows for m in w.bindings.modes)),
            guides=tuple(dict.fromkeys(guide for w in able for guide in w.bindings.guides)),
            masks=tuple(dict.fromkeys(kind for w in able for kind in w.masks)),
            sizes=bound.sizes,
            max_size=bound.max_size,
            size_step_px=bound.size_step_px,
            fps=(bound.fps,),
            min_duration_s=min(1.0, bound.max_frames / bound.fps),
            max_duration_s=bound.max_frames / bound.fps,
            frames_step=bound.frames_step,
            dialect=bound.dialect,
            prompt_limit_chars=2000,
            negative_limit_chars=1000 if "negative_prompt" in bound.inputs else 0,
            seed_max=2**63 - 1 if "seed" in bound.inputs else None,
            concurrent_tasks=self._settings.concurrent_tasks,
            cancels="always",
            price=self._settings.price,
        )

    def problem(self) -> str | None:
        return None if self._settings.base_url else "no address: set VR_PREVIS_COMFYUI_BASE_URL"

    def estimate(self, request: GenerationRequest) -> Cost:
        return cost_of(request, self.capabilities(request.mode))

    async def submit(self, request: GenerationRequest, files: Files) -> TaskHandle:
        workflow = self._workflow_for(request)
        source = request.input("source_video")
        clip = await asyncio.to_thread(clip_of, files(source), workflow) if source is not None else None
        values = _values(request, workflow, clip)
        mask = request.input("mask")
        if clip is not None and mask is not None and mask.media_type == "video/mp4":
            await asyncio.to_thread(check_masks, files(mask), clip)
        await self._check(workflow)
        for given in request.inputs:
            slot = workflow.slot_of(given)
            if slot == "mask_video" and given.media_type != "video/mp4" and clip is not None:
                values[slot] = await self._upload_repeated(given, files(given), clip)
            elif slot is not None:
                values[slot] = await self._upload(given, files(given))
        key = request_key(request)
        prompt_id = _prompt_id(key)
        body: dict[str, JsonValue] = {
            "prompt": cast("JsonValue", workflow.filled(values)),
            "prompt_id": prompt_id,
            "client_id": _client_id(prompt_id),
            "extra_data": {_FOLDER: {"request": key}, "preview_method": "auto"},  # else newer servers send no previews
        }
        try:
            answer = await self._http.json("POST", "prompt", body=body, paid=True, reason=refusal_in(workflow.graph))
        except EngineFailed as error:
            if type(error) is EngineFailed:  # what is refused now may have been there before: look again next time
                self._checked.discard(workflow.name)
            raise
        taken = answer.get("prompt_id")
        if not isinstance(taken, str) or not taken:
            raise self._http.no_id()
        handle = self._handle(taken, workflow)
        if answer.get("node_errors"):  # the rest of the graph is queued: it would make something else
            await self.cancel(handle)
            _, message = refusal_in(workflow.graph)(json.dumps({"node_errors": answer["node_errors"]}))
            raise failure_of(_NAME, "", message, self._http.hide)
        return handle

    async def find(self, request: GenerationRequest) -> TaskHandle | None:
        """In the queue first: what leaves it goes into the history, never back."""
        workflow, key = self._workflow_for(request), request_key(request)
        for item in (*(queue := await self._queue())[0], *queue[1]):
            if item[1] == _prompt_id(key) or _asked_for(item) == key:
                return self._handle(str(item[1]), workflow)
        if await self._history(_prompt_id(key)) is not None:
            return self._handle(_prompt_id(key), workflow)
        latest = await self._http.json("GET", "history", params={"max_items": str(_LATEST)}, most_bytes=_LONG_BYTES)
        for taken, entry in reversed(latest.items()):
            if isinstance(entry, dict) and _asked_for(entry.get("prompt")) == key:
                return self._handle(taken, workflow)
        return None

    async def poll(self, handle: TaskHandle) -> TaskStatus:
        running, pending = await self._queue()
        if any(item[1] == handle.id for item in running):
            nodes = tuple(filter(None, handle.context.get("progress", "").split(",")))
            heard = self._feed.watch(handle.id, handle.context.get("client_id", "")) if nodes else None
            if heard is None:
                return TaskStatus("running")
            return TaskStatus("running", heard.share(nodes), preview=heard.preview)
        if any(item[1] == handle.id for item in pending):
            return TaskStatus("queued")
        await self._feed.stop(handle.id)
        entry = await self._history(handle.id)
        if entry is None:
            return TaskStatus("failed", failure=EngineFailed(
                f"Engine comfyui knows its order {handle.id[:60]} no more: the server was restarted, or somebody removed "
                "it there. Ask for the take again."
            ))  # fmt: skip
        outcome = outcome_of(entry, handle.context.get("output", ""), self._http.hide)
        url = f"view?{urlencode(outcome.file)}" if outcome.file else None
        return TaskStatus(outcome.state, 1.0 if url else None, result_url=url, failure=outcome.failure)

    async def fetch(self, handle: TaskHandle, status: TaskStatus, to: Path) -> VideoFile:
        if status.result_url is None:
            raise EngineLied(f"The clip of order {handle.id[:60]} has no address.")
        return await self._http.fetch_video(status.result_url, to)

    async def cancel(self, handle: TaskHandle) -> bool:
        """Taken out of the queue, or interrupted at its next step.

        Older servers interrupt whatever runs, so it is asked for only while this order does.
        """
        await self._feed.stop(handle.id)
        running, pending = await self._queue()
        if any(item[1] == handle.id for item in pending):
            await self._http.tell("queue", {"delete": [handle.id]})
            running, pending = await self._queue()
            if not any(item[1] == handle.id for item in (*running, *pending)):
                return True
        if any(item[1] == handle.id for item in running):
            await self._http.tell("interrupt", {"prompt_id": handle.id})
            return True
        return False

    async def aclose(self) -> None:
        await self._feed.aclose()
        await self._http.aclose()

    def _workflow_for(self, request: GenerationRequest) -> Workflow:
        able = [workflow for workflow in self._workflows if workflow.serves(request.mode, request.guide)]
        if able:
            return next((w for w in able if mask_kind(request) in (None, *w.masks)), able[0])
        how = f"{request.mode!r}" + (f" with a {request.guide} guide" if request.guide else "")
        raise InvalidInput(
            f"Engine comfyui has no workflow for a clip by {how}: add one to VR_PREVIS_COMFYUI_WORKFLOWS."
        )

    def _handle(self, prompt_id: str, workflow: Workflow) -> TaskHandle:
        bound = workflow.bindings
        return TaskHandle(
            engine=_NAME,
            id=prompt_id,
            model=bound.model,
            submitted_at_s=self._clock.now_s(),
            context={
                "workflow": workflow.name, "output": bound.output, "progress": ",".join(bound.progress),
                "client_id": _client_id(prompt_id),
            },
        )  # fmt: skip

    async def _check(self, workflow: Workflow) -> None:
        """Hold the workflow against what the server has. Raise EngineFailed with what must be installed."""
        if workflow.name in self._checked:
            return
        known: dict[str, dict[str, Any]] = {}
        for kind in workflow.classes:
            info = (await self._http.json("GET", f"object_info/{quote(kind, safe='')}")).get(kind)
            if isinstance(info, dict):
                known[kind] = info
        lacking = workflow.lacks(known)
        if lacking:
            system = (await self._http.json("GET", "system_stats")).get("system")
            version = system.get("comfyui_version") if isinstance(system, dict) else None
            server = f"ComfyUI {version}" if isinstance(version, str) else "The ComfyUI server"
            raise EngineFailed(
                self._http.hide(f"{server} cannot run workflow {workflow.name}; missing: {told(lacking)}.", 900)
            )
        self._checked.add(workflow.name)

    async def _upload_repeated(self, given: MediaInput, path: Path, clip: VideoFacts) -> str:
        """A still mask as a video of the clip's frames."""
        with TemporaryDirectory(prefix="mask-") as folder:
            video = Path(folder) / "mask.mp4"
            await asyncio.to_thread(repeat_mask, path, clip, video)
            return await self._upload(given, video, f"{given.sha256[:32]}-{clip.frame_count}.mp4", "video/mp4")

    async def _upload(self, given: MediaInput, path: Path, name: str = "", media_type: str = "") -> str:
        """Put a file into the server's input folder, under its content's name. What a loading node calls it."""
        name = name or f"{given.sha256[:32]}.{given.media_type.partition('/')[2]}"
        answer = await self._http.json(
            "POST", "upload/image", form={"type": "input", "subfolder": _FOLDER, "overwrite": "true"},
            uploads=(Upload("image", path, media_type or given.media_type, name),),
        )  # fmt: skip
        kept, folder = answer.get("name"), answer.get("subfolder")
        if not isinstance(kept, str) or not kept:
            raise EngineLied("Engine comfyui took a file without saying what it calls it.")
        return f"{folder}/{kept}" if isinstance(folder, str) and folder else kept

    async def _queue(self) -> tuple[list[list[Any]], list[list[Any]]]:
        """What runs, and what waits: [number, id, graph, extra_data, ..] each."""
        answer = await self._http.json("GET", "queue", most_bytes=_LONG_BYTES)
        found = []
        for name in ("queue_running", "queue_pending"):
            items = answer.get(name)
            if not isinstance(items, list):
                raise EngineLied("Engine comfyui does not say what is in its queue.")
            found.append([item for item in items if isinstance(item, list) and len(item) > 3])
        return found[0], found[1]

    async def _history(self, prompt_id: str) -> dict[str, Any] | None:
        answer = await self._http.json("GET", f"history/{quote(prompt_id, safe='')}")
        if not answer:
            return None
        entry = answer.get(prompt_id)
        if not isinstance(entry, dict):
            raise EngineLied(f"Engine comfyui was asked about {prompt_id[:60]} and answered about another order.")
        return entry

    async def _listening(self, client_id: str) -> ClientConnection:
        return await self._http.socket("ws", {"clientId": client_id})


def _values(request: GenerationRequest, workflow: Workflow, clip: VideoFacts | None) -> dict[Slot, JsonValue]:
    """All that a workflow can be told but the files. `clip`: what it is made from. Raise InvalidInput."""
    bound = workflow.bindings
    step = bound.frames_step
    frames = None if clip is None else -(-(clip.frame_count - 1) // step) * step + 1  # none of its own is lost
    values: dict[Slot, JsonValue] = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "width": request.width_px,
        "height": request.height_px,
        "frames": frames or frame_count(request.duration_s, request.fps, step),
        "fps": request.fps,
        "seconds": request.duration_s,
        "seed": request.seed,
        "file_prefix": f"{_FOLDER}/{request_key(request)[:16]}",
    }
    if request.mode == "edit_mask":
        edit = request.edit if isinstance(request.edit, MaskEdit) else MaskEdit()
        if mask_kind(request) not in workflow.masks:
            raise InvalidInput(
                f"Workflow {workflow.name} keeps the mask where it was drawn: ask for a mask that does not follow, or add "
                "a workflow that can (mask_video, or mask_follows)."
            )
        values["mask_grow_px"] = round(edit.expand_ratio * min(request.size))
    return values


def _prompt_id(key: str) -> str:
    """A request's id at the server: a UUID, lower case, as it asks for."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:vr-previs:{key}"))


def _client_id(prompt_id: str) -> str:
    return f"{_FOLDER}-{prompt_id}"


def _asked_for(item: object) -> str | None:
    """The key of the request that a queued or finished prompt was made for."""
    extra = item[3] if isinstance(item, list) and len(item) > 3 else None
    ours = extra.get(_FOLDER) if isinstance(extra, dict) else None
    key = ours.get("request") if isinstance(ours, dict) else None
    return key if isinstance(key, str) else None
