"""DashScope, replayed: what it refuses, it refuses as documented."""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
from replay import KEY, Replay
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vr_server.generation.engines.dashscope import DashScopeEngine, DashScopeSettings
from vr_server.generation.port import GenerationRequest, MediaInput

CREATE = "/api/v1/services/aigc/video-generation/video-synthesis"
CREATE_TWO_FRAMES = "/api/v1/services/aigc/image2video/video-synthesis"


class DashScopeReplay(Replay):
    def __init__(self) -> None:
        super().__init__()
        self.states = ["PENDING", "RUNNING", "SUCCEEDED"]
        self.error: dict[str, str] = {}
        self.task_id = "0385dc79-5ff8-4d82-bcb6"
        self.clip_url = "/clips/1.mp4?Expires=1&Signature=signed-secret"
        self.order: dict = {}
        self.uploaded: list[bytes] = []
        self.upload_host = ""

    def routes(self):
        return [
            self.route("submit", CREATE, self.create, "POST"),
            self.route("submit", CREATE_TWO_FRAMES, self.create, "POST"),
            self.route("poll", "/api/v1/tasks/{id}", self.task),
            self.route("cancel", "/api/v1/tasks/{id}/cancel", self.cancel, "POST"),
            self.route("policy", "/api/v1/uploads", self.policy),
            self.route("upload", "/oss", self.upload, "POST"),
            self.route("media", "/clips/1.mp4", self.media),
        ]

    async def create(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return JSONResponse({"code": "InvalidApiKey", "message": "no such key", "request_id": "r"}, 401)
        if request.headers.get("x-dashscope-async") != "enable":
            return JSONResponse({"code": "AccessDenied", "message": "only asynchronous", "request_id": "r"}, 403)
        self.order = json.loads(await request.body())
        told = json.dumps(self.order)
        if "oss://" in told and request.headers.get("x-dashscope-ossresourceresolve") != "enable":
            return JSONResponse({"code": "InvalidParameter", "message": "url error", "request_id": "r"}, 400)
        return JSONResponse({"output": {"task_id": self.task_id, "task_status": "PENDING"}, "request_id": "r"})

    async def task(self, request: Request) -> Response:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        output = {"task_id": self.task_id, "task_status": state, "extra": [1]}
        usage = {}
        if state == "SUCCEEDED":
            url = self.clip_url if "://" in self.clip_url else self.base_url + self.clip_url
            output |= {"video_url": url, "orig_prompt": "a", "actual_prompt": "b"}
            usage = {"video_count": 1, "duration": 5, "SR": 720}
        if state == "FAILED":
            output |= self.error
        return JSONResponse({"output": output, "usage": usage, "request_id": "r"})

    async def cancel(self, request: Request) -> Response:
        if self.states[0] != "PENDING":
            return JSONResponse({"code": "UnsupportedOperation", "message": "it runs", "request_id": "r"}, 400)
        self.states = ["CANCELED"]
        return JSONResponse({"request_id": "r"})

    async def policy(self, request: Request) -> Response:
        assert request.query_params["action"] == "getPolicy"
        data = {
            "policy": "cG9saWN5", "signature": "c2ln", "upload_dir": "dashscope-instant/1", "oss_access_key_id": "LTAI",
            "upload_host": self.upload_host or f"{self.base_url}/oss", "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true", "expire_in_seconds": 300,
        }  # fmt: skip
        return JSONResponse({"data": data, "request_id": "r"})

    async def upload(self, request: Request) -> Response:
        self.uploaded.append(await request.body())
        return Response(status_code=200)

    def fail_task(self, code: str, message: str) -> None:
        self.states, self.error = ["RUNNING", "FAILED"], {"code": code, "message": message}

    def change_id(self) -> None:
        self.task_id = "another"

    def forget(self) -> None:
        self.states = ["UNKNOWN"]

    @staticmethod
    def engine(base_url, clock, **options):
        return DashScopeEngine(DashScopeSettings(base_url=base_url, key=KEY, **options), clock=clock)

    request = GenerationRequest(
        engine="dashscope", prompt="A knight rides.", width_px=1920, height_px=1080, duration_s=5, seed=5, fps=30
    )


class Inputs:
    """Files that a request names by content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: dict[str, Path] = {}

    def __call__(self, given: MediaInput) -> Path:
        return self._paths[given.sha256]

    def add(self, role: str, data: bytes, media_type: str) -> MediaInput:
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._folder / sha256[:12]
        path.write_bytes(data)
        self._paths[sha256] = path
        return MediaInput(role=role, sha256=sha256, media_type=media_type)

    def picture(self, role: str, width: int = 640, height: int = 360, shade: int = 99) -> MediaInput:
        data = cv2.imencode(".png", np.full((height, width, 3), shade, np.uint8))[1].tobytes()
        return self.add(role, data, "image/png")
