"""A ComfyUI server, replayed: it knows its nodes, refuses what does not fit them, and says so as documented."""

import asyncio
import copy
import json
import struct
from urllib.parse import parse_qsl

from replay import KEY, Replay
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from vr_server.generation.engines.comfyui import ComfyUIEngine, ComfyUISettings
from vr_server.generation.fitting import fit
from vr_server.generation.port import GenerationRequest

MODELS = [
    "wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors", "wan2.2_t2v_low_noise_14B_fp8_scaled.safetensors",
    "wan2.2_i2v_high_noise_14B_fp8_scaled.safetensors", "wan2.2_i2v_low_noise_14B_fp8_scaled.safetensors",
    "wan2.1_vace_14B_fp16.safetensors",
]  # fmt: skip
SAMPLING = {
    "steps": ["INT", {}], "cfg": ["FLOAT", {}], "sampler_name": [["euler", "uni_pc", "dpmpp_2m"], {}],
    "scheduler": [["simple", "normal"], {}], "positive": ["CONDITIONING"], "negative": ["CONDITIONING"],
    "latent_image": ["LATENT"], "model": ["MODEL"],
}  # fmt: skip
SIZE = {
    "width": ["INT", {"min": 16, "max": 16384}], "height": ["INT", {"min": 16, "max": 16384}],
    "length": ["INT", {"min": 1, "max": 16384}], "batch_size": ["INT", {"min": 1, "max": 4096}],
}  # fmt: skip
CONDITIONS = {"positive": ["CONDITIONING"], "negative": ["CONDITIONING"], "vae": ["VAE"]}


def nodes() -> dict[str, dict]:
    """class -> required, optional, what it gives; lists as old nodes say them and as new ones do."""
    return {
        "UNETLoader": ({"unet_name": [list(MODELS), {}], "weight_dtype": [["default", "fp8_e4m3fn"], {}]}, {}, ["MODEL"]),
        "CLIPLoader": (
            {"clip_name": [["umt5_xxl_fp8_e4m3fn_scaled.safetensors"], {}], "type": [["sdxl", "wan"], {}]},
            {"device": [["default", "cpu"], {}]}, ["CLIP"],
        ),
        "VAELoader": ({"vae_name": [["wan_2.1_vae.safetensors"], {}]}, {}, ["VAE"]),
        "CLIPTextEncode": ({"text": ["STRING", {}], "clip": ["CLIP"]}, {}, ["CONDITIONING"]),
        "ModelSamplingSD3": ({"model": ["MODEL"], "shift": ["FLOAT", {"min": 0, "max": 100}]}, {}, ["MODEL"]),
        "EmptyHunyuanLatentVideo": (SIZE, {}, ["LATENT"]),
        "WanImageToVideo": (CONDITIONS | SIZE, {"start_image": ["IMAGE"], "clip_vision_output": ["CLIP_VISION_OUTPUT"]},
                            ["CONDITIONING", "CONDITIONING", "LATENT"]),
        "WanVaceToVideo": (
            CONDITIONS | SIZE | {"strength": ["FLOAT", {"min": 0, "max": 1000}]},
            {"control_video": ["IMAGE"], "control_masks": ["MASK"], "reference_image": ["IMAGE"]},
            ["CONDITIONING", "CONDITIONING", "LATENT", "INT"],
        ),
        "KSamplerAdvanced": (
            SAMPLING | {"add_noise": [["enable", "disable"], {}], "noise_seed": ["INT", {"min": 0, "max": 2**64 - 1}],
                        "start_at_step": ["INT", {"min": 0, "max": 10000}], "end_at_step": ["INT", {"min": 0, "max": 10000}],
                        "return_with_leftover_noise": [["disable", "enable"], {}]}, {}, ["LATENT"],
        ),
        "KSampler": (SAMPLING | {"seed": ["INT", {"min": 0, "max": 2**64 - 1}], "denoise": ["FLOAT", {}]}, {}, ["LATENT"]),
        "TrimVideoLatent": ({"samples": ["LATENT"], "trim_amount": ["INT", {}]}, {}, ["LATENT"]),
        "VAEDecode": ({"samples": ["LATENT"], "vae": ["VAE"]}, {}, ["IMAGE"]),
        "CreateVideo": ({"images": ["IMAGE"], "fps": ["FLOAT", {"min": 1, "max": 120}]}, {"audio": ["AUDIO"]}, ["VIDEO"]),
        "SaveVideo": (
            {"video": ["VIDEO"], "filename_prefix": ["STRING", {}],
             "format": ["COMFY_DYNAMICCOMBO_V3", {"options": [{"key": "auto", "inputs": {}}, {"key": "mp4", "inputs": {}}]}]},
            {"codec": ["COMBO", {"options": ["auto", "h264"]}]}, [],
        ),
        "LoadImage": ({"image": [[], {"image_upload": True}]}, {}, ["IMAGE", "MASK"]),
        "LoadVideo": ({"file": ["COMBO", {"options": [], "video_upload": True}]}, {}, ["VIDEO"]),
        "GetVideoComponents": ({"video": ["VIDEO"]}, {}, ["IMAGE", "AUDIO", "FLOAT"]),
        "ImageScale": (
            {"image": ["IMAGE"], "upscale_method": [["bilinear", "lanczos"], {}], "width": ["INT", {}], "height": ["INT", {}],
             "crop": [["disabled", "center"], {}]}, {}, ["IMAGE"],
        ),
        "ImageToMask": ({"image": ["IMAGE"], "channel": [["red", "green", "blue", "alpha"], {}]}, {}, ["MASK"]),
        "ThresholdMask": ({"mask": ["MASK"], "value": ["FLOAT", {"min": 0.0, "max": 1.0}]}, {}, ["MASK"]),
        "GrowMask": ({"mask": ["MASK"], "expand": ["INT", {}], "tapered_corners": ["BOOLEAN", {}]}, {}, ["MASK"]),
        "EmptyImage": ({"width": ["INT", {}], "height": ["INT", {}], "batch_size": ["INT", {}], "color": ["INT", {}]}, {},
                       ["IMAGE"]),
        "ImageCompositeMasked": (
            {"destination": ["IMAGE"], "source": ["IMAGE"], "x": ["INT", {}], "y": ["INT", {}],
             "resize_source": ["BOOLEAN", {}]}, {"mask": ["MASK"]}, ["IMAGE"],
        ),
        "VHS_VideoCombine": ({"images": ["IMAGE"], "frame_rate": ["FLOAT", {}], "format": [["video/h264-mp4"], {}]}, {}, []),
    }  # fmt: skip


class ComfyUIReplay(Replay):
    """An idle server: what is queued runs at once. `looks`: what is seen of a prompt, each time somebody looks."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes = copy.deepcopy(nodes())
        self.looks = ["running", "running", "done"]
        self.keeps_ids = True
        self.queue: dict[str, list] = {}
        self.history: dict[str, dict] = {}
        self.uploaded: dict[str, bytes] = {}
        self.outputs = {"14": {"images": [self.file("clip_00001_.mp4")], "animated": [True]}}
        self.messages: list = [["execution_start", {}], ["execution_success", {}]]
        self.sockets: dict[str, WebSocket] = {}
        self.greeting: list = []
        self.answered_id = ""

    @staticmethod
    def file(name, type="output", subfolder="vr-previs"):  # noqa: A002 - the server's own name
        return {"filename": name, "subfolder": subfolder, "type": type}

    def routes(self):
        return [
            self.route("check", "/object_info/{kind}", self.object_info),
            self.route("check", "/system_stats", self.system_stats),
            self.route("upload", "/upload/image", self.upload, "POST"),
            self.route("submit", "/prompt", self.prompt, "POST"),
            self.route("poll", "/queue", self.look),
            self.route("history", "/history", self.latest),
            self.route("history", "/history/{id}", self.entry),
            self.route("cancel", "/queue", self.delete, "POST"),
            self.route("cancel", "/interrupt", self.interrupt, "POST"),
            self.route("media", "/view", self.view),
            WebSocketRoute("/ws", self.socket),
        ]

    async def object_info(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        if kind not in self.nodes:
            return JSONResponse({})
        required, optional, gives = self.nodes[kind]
        told = {"input": {"required": required, "optional": optional}, "output": gives, "name": kind}
        return JSONResponse({kind: told})

    async def system_stats(self, request: Request) -> Response:
        return JSONResponse({"system": {"os": "posix", "comfyui_version": "0.3.62"}, "devices": []})

    async def upload(self, request: Request) -> Response:
        boundary = request.headers["content-type"].partition("boundary=")[2].encode()
        fields = {}
        for part in (await request.body()).split(b"--" + boundary)[1:-1]:
            head, _, value = part[2:-2].partition(b"\r\n\r\n")
            fields[head.decode().partition('name="')[2].partition('"')[0]] = (head.decode(), value)
        name = fields["image"][0].partition('filename="')[2].partition('"')[0]
        folder = fields["subfolder"][1].decode()
        self.uploaded[f"{folder}/{name}"] = fields["image"][1]
        return JSONResponse({"name": name, "subfolder": folder, "type": fields["type"][1].decode()})

    async def prompt(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return Response("<html>401 Authorization Required</html>", 401)  # the proxy's
        told = json.loads(await request.body())
        for key, node in told["prompt"].items():
            if node["class_type"] not in self.nodes:
                error = {
                    "type": "missing_node_type",
                    "message": f"Node '{key}' not found.",
                    "details": f"Node ID '#{key}'",
                }
                return JSONResponse({"error": error, "node_errors": {}}, 400)
        wrong = {k: e for k, node in told["prompt"].items() if (e := self.wrong_in(told["prompt"], node))}
        if wrong:
            error = {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation"}
            return JSONResponse({"error": error | {"details": ""}, "node_errors": wrong}, 400)
        prompt_id = told["prompt_id"] if self.keeps_ids else "5b1a8a3e-0000-4000-8000-000000000001"
        extra = told.get("extra_data", {}) | {"client_id": told["client_id"], "create_time": 1}
        self.queue[prompt_id] = [1, prompt_id, told["prompt"], extra, ["14"]]
        return JSONResponse({"prompt_id": prompt_id, "number": 1, "node_errors": {}})

    def wrong_in(self, graph, node):
        """As the server's own validation: what must be there, of the right kind, from the list."""
        required, optional, _ = self.nodes[node["class_type"]]
        errors = []
        for name, (kind, *more) in (required | optional).items():
            if name not in node["inputs"]:
                if name in required:
                    errors.append(
                        {"type": "required_input_missing", "message": "Required input is missing", "details": name}
                    )
                continue
            value = node["inputs"][name]
            if isinstance(value, list):
                source, slot = value
                gives = self.nodes[graph[source]["class_type"]][2][slot]
                if gives != kind:
                    details = f"{name}, received_type({gives}) mismatch input_type({kind})"
                    errors.append(
                        {"type": "return_type_mismatch", "message": "Return type mismatch", "details": details}
                    )
                continue
            extra = more[0] if more else {}
            options = kind if isinstance(kind, list) else extra.get("options")
            options = [o["key"] if isinstance(o, dict) else o for o in options] if options is not None else None
            if {"image_upload", "video_upload"} & set(extra):
                options = list(self.uploaded)
            if options is not None and value not in options:
                details = f"{name}: {value!r} not in {options}"
                errors.append({"type": "value_not_in_list", "message": "Value not in list", "details": details})
            elif options is None and kind not in {"INT", "FLOAT", "STRING", "BOOLEAN"}:
                errors.append({"type": "bad_linked_input", "message": "Bad linked input", "details": name})
            elif "max" in extra and not extra["min"] <= value <= extra["max"]:
                errors.append({"type": "value_bigger_than_max", "message": "Value out of range", "details": name})
        return {"errors": errors, "dependent_outputs": ["14"], "class_type": node["class_type"]} if errors else None

    async def look(self, request: Request) -> Response:
        state = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if state == "done":
            for prompt_id in tuple(self.queue):
                self.finish(prompt_id)
        items = list(self.queue.values())
        return JSONResponse({
            "queue_running": items if state == "running" else [], "queue_pending": items if state == "pending" else [],
        })  # fmt: skip

    def finish(self, prompt_id):
        failed = any(name in {"execution_error", "execution_interrupted"} for name, _ in self.messages)
        status = {"status_str": "error" if failed else "success", "completed": not failed, "messages": self.messages}
        outputs = {} if failed else self.outputs
        self.history[prompt_id] = {
            "prompt": self.queue.pop(prompt_id),
            "outputs": outputs,
            "status": status,
            "meta": {},
        }

    async def entry(self, request: Request) -> Response:
        prompt_id = request.path_params["id"]
        entry = self.history.get(prompt_id)
        return JSONResponse({self.answered_id or prompt_id: entry} if entry else {})

    async def latest(self, request: Request) -> Response:
        assert int(request.query_params["max_items"]) > 0
        return JSONResponse(self.history)

    async def delete(self, request: Request) -> Response:
        for prompt_id in json.loads(await request.body())["delete"]:
            self.queue.pop(prompt_id, None)
        return Response(status_code=200)

    async def interrupt(self, request: Request) -> Response:
        prompt_id = json.loads(await request.body()).get("prompt_id")
        if prompt_id in self.queue:
            self.messages = [["execution_interrupted", {"prompt_id": prompt_id, "node_id": "10", "executed": []}]]
            self.finish(prompt_id)
        return Response(status_code=200)

    async def view(self, request: Request) -> Response:
        asked = dict(parse_qsl(request.url.query))
        saved = [f for node in self.outputs.values() for files in node.values() for f in files if isinstance(f, dict)]
        return await self.media(request) if asked in saved else Response(status_code=404)

    async def socket(self, socket: WebSocket) -> None:
        if socket.headers.get("authorization") != f"Bearer {KEY}":
            await socket.close()
            return
        await socket.accept()
        client = socket.query_params["clientId"]
        self.sockets[client] = socket
        await socket.send_json(
            {"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 1}}, "sid": client}}
        )
        try:
            for message in self.greeting:
                await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_text(message))
            while True:
                await socket.receive()
        except (WebSocketDisconnect, RuntimeError):
            self.sockets.pop(client, None)

    def fail_task(self, code: str, message: str) -> None:
        self.looks = ["running", "done"]
        self.messages = [
            ["execution_start", {}],
            ["execution_error", {"node_id": "11", "node_type": "KSamplerAdvanced", "exception_type": code,
                                 "exception_message": message, "traceback": [f"at {KEY}"], "executed": ["3"]}],
        ]  # fmt: skip

    def change_id(self) -> None:
        self.looks = ["done"]
        self.answered_id = "another"

    def forget(self) -> None:
        self.queue.clear()

    @staticmethod
    def engine(base_url, clock, **options):
        return ComfyUIEngine(ComfyUISettings(base_url=base_url, key=KEY, **options), clock=clock)

    request = GenerationRequest(
        engine="comfyui", prompt="A knight rides.", width_px=832, height_px=480, duration_s=5, seed=5, fps=16
    )


def said(kind, prompt_id, **data):
    return json.dumps({"type": kind, "data": {"prompt_id": prompt_id, **data}})


def picture(data, event=1, second=1):
    return struct.pack(">II", event, second) + data


def fitted(engine, replay, **changes):
    asked = replay.request.model_copy(update=changes)
    return fit(asked, engine.capabilities(asked.mode)).request


async def ordered(engine, replay, files=None, **changes):
    """The handle, and the graph that the server was sent."""
    handle = await engine.submit(fitted(engine, replay, **changes), files)
    return handle, json.loads(replay.of("submit")[-1].body)["prompt"]


async def until(wanted, tries=400):
    """The feed hears at its own pace."""
    for _ in range(tries):
        if (found := await wanted()) is not None:
            return found
        await asyncio.sleep(0.005)
    raise AssertionError("it never came")
