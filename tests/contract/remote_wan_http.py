"""The brief's endpoint, replayed."""

import json

from replay import KEY, Replay
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vr_server.generation.engines.wan_http import WanHttpEngine, WanHttpSettings
from vr_server.generation.port import GenerationRequest


class WanHttpReplay(Replay):
    polled = False  # the answer to the order is the clip
    clip_url = "/clips/1.mp4?Expires=1&Signature=signed-secret"

    def routes(self):
        return [
            self.route("submit", "/wan2.2/t2v", self.create, "POST"),
            self.route("media", "/clips/1.mp4", self.media),
        ]

    async def create(self, request: Request) -> Response:
        body = json.loads(await request.body())
        names = {"model", "prompt", "resolution", "duration", "temperature", "top_k"}
        names |= {"use_physical_simulation", "aesthetic_optimization"}
        if request.headers.get("authorization") != f"Bearer {KEY}" or set(body) != names:
            return JSONResponse({"message": f"no: {sorted(body)}"}, 400)
        return JSONResponse({"video_url": self.clip_url if "://" in self.clip_url else self.base_url + self.clip_url})

    @staticmethod
    def engine(base_url, clock, **options):
        return WanHttpEngine(WanHttpSettings(base_url=base_url, key=KEY, **options), clock=clock)

    request = GenerationRequest(
        engine="wan-http", prompt="A knight rides.", width_px=1280, height_px=720, duration_s=8, seed=5
    )
