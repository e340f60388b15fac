"""A /v1/videos server, replayed: vLLM-Omni's multipart and SGLang's JSON."""

import json

from replay import KEY, Replay
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vr_server.generation.engines.openai_videos import OpenAIVideosEngine, OpenAIVideosSettings
from vr_server.generation.port import GenerationRequest


class OpenAIVideosReplay(Replay):
    server = "vllm-omni"

    def __init__(self) -> None:
        super().__init__()
        self.states = ["queued", "in_progress", "completed"]
        self.error = None
        self.task_id = "video_gen-1"
        self.fields: dict[str, object] = {}

    def routes(self):
        return [
            self.route("submit", "/v1/videos", self.create, "POST"),
            self.route("check", "/v1/videos", self.all),
            self.route("poll", "/v1/videos/{id}", self.retrieve),
            self.route("cancel", "/v1/videos/{id}", self.delete, "DELETE"),
            self.route("media", "/v1/videos/{id}/content", self.media),
        ]

    async def create(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return JSONResponse({"error": {"code": "invalid_api_key", "message": "no"}}, 401)
        multipart = request.headers["content-type"].startswith("multipart/form-data")
        if self.server == "vllm-omni" and not multipart:
            return JSONResponse({"detail": "form expected"}, 422)
        self.fields = (
            {name: value async for name, value in self.form(request)} if multipart else json.loads(await request.body())
        )
        return JSONResponse({"id": self.task_id, "object": "video", "status": "queued", "progress": 0})

    async def form(self, request: Request):
        """By hand: no multipart parser is among the dependencies."""
        boundary = request.headers["content-type"].partition("boundary=")[2].encode()
        for part in (await request.body()).split(b"--" + boundary)[1:-1]:
            head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
            name = head.decode().partition('name="')[2].partition('"')[0]
            yield name, (value if b"filename=" in head else value.decode())

    async def retrieve(self, request: Request) -> Response:
        if not self.states:
            return JSONResponse({"error": {"code": "not_found", "message": "no such video"}}, 404)
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        answer = {"id": self.task_id, "status": state, "progress": 50 if state == "in_progress" else 0}
        return JSONResponse(answer | ({"error": self.error} if state == "failed" else {}))

    async def all(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return JSONResponse({"error": {"code": "invalid_api_key", "message": "no"}}, 401)
        return JSONResponse({"object": "list", "data": []})

    async def delete(self, request: Request) -> Response:
        self.states = ["cancelled"]
        return JSONResponse({"id": self.task_id, "deleted": True})

    def fail_task(self, code: str, message: str) -> None:
        self.states, self.error = ["in_progress", "failed"], {"code": code, "message": message}

    def change_id(self) -> None:
        self.task_id = "video_gen-2"

    def forget(self) -> None:
        self.states = []

    @classmethod
    def engine(cls, base_url, clock, **options):
        return OpenAIVideosEngine(
            OpenAIVideosSettings(base_url=base_url, key=KEY, server=cls.server, images=True, **options), clock=clock
        )

    request = GenerationRequest(
        engine="openai-videos", prompt="A knight rides.", width_px=1280, height_px=720, duration_s=5, seed=5
    )


class SGLangReplay(OpenAIVideosReplay):
    server = "sglang"
