"""A slow paid engine in a thread, which counts what it is asked, and adapters to it: one that can be asked for an order
by what was asked, and one that cannot."""

import asyncio
import itertools
import json
import threading
import time
from contextlib import suppress
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import numpy as np

from vr_server.domain.errors import EngineUnreachable, OutcomeUnknown
from vr_server.generation.fitting import cost_of, request_key
from vr_server.generation.port import (
    Capabilities,
    Cost,
    Files,
    GenerationRequest,
    Mode,
    Price,
    TaskHandle,
    TaskStatus,
    VideoFile,
)
from vr_server.layering.depth import DepthEstimator, GroundPlane
from vr_server.media.codec import H264Encoder, H264Settings, write_mp4

FAKE = Capabilities(
    name="fake", model="slow", version="1", embedded=False, gives_depth=False, gives_ids=False, gives_camera=False,
    fps=(), sizes=((96, 54),), concurrent_tasks=2, cancels="always", price=Price(per_clip=0.5),
)  # fmt: skip


class FakeServer:
    """POST /orders, GET /orders/{id}, GET /keys/{key}, GET /clips/{id}, DELETE /orders/{id}."""

    def __init__(self, engine_s: float = 0.3, clip: bytes | None = b"a clip") -> None:
        """`clip` None: the name of its order."""
        self.engine_s, self.clip = engine_s, clip
        self.inputs: list[dict[str, str]] = []  # role -> text, of each order
        self.failing: set[int] = set()  # numbers of orders that come to nothing
        self.submits: list[str] = []  # request keys, in the order of arrival
        self.cancelled: list[str] = []
        self._orders: dict[str, tuple[str, float]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with outer._lock:
                    key, order = self.headers["idempotency-key"], f"order-{next(outer._numbers)}"
                    outer.submits.append(key)
                    outer.inputs.append(told["inputs"])
                    outer._orders[order] = (key, time.monotonic())
                self.say({"id": order})

            def do_GET(self) -> None:
                _, what, name = self.path.split("/")
                if what == "keys":
                    found = [order for order, (key, _) in outer._orders.items() if key == name]
                    return self.say({"id": found[0] if found else None})
                if what == "clips":
                    return self.send(name.encode() if outer.clip is None else outer.clip)
                if name in outer.cancelled:
                    return self.say({"state": "cancelled"})
                ready = time.monotonic() - outer._orders[name][1] > outer.engine_s
                ended = "failed" if int(name.partition("-")[2]) in outer.failing else "succeeded"
                return self.say({"state": ended if ready else "running"})

            def do_DELETE(self) -> None:
                outer.cancelled.append(self.path.split("/")[2])
                self.say({})

            def say(self, answer: object) -> None:
                self.send(json.dumps(answer).encode())

            def send(self, body: bytes) -> None:
                with suppress(BrokenPipeError):  # whoever asked was killed
                    self.send_response(200)
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return None

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> "FakeServer":
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


class FakeEngine:
    """`RemoteEngine` to a `FakeServer`, which cannot be asked for an order."""

    def __init__(self, url: str, able: Capabilities = FAKE) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=5)
        self._able = able

    def capabilities(self, mode: Mode = "text") -> Capabilities:
        return self._able

    def problem(self) -> str | None:
        return None

    def estimate(self, request: GenerationRequest) -> Cost:
        return cost_of(request, self._able)

    async def submit(self, request: GenerationRequest, files: Files) -> TaskHandle:
        headers = {"idempotency-key": request_key(request)}
        inputs = {given.role: await asyncio.to_thread(files(given).read_text) for given in request.inputs}
        try:
            answer = await self._http.post("/orders", headers=headers, json={"inputs": inputs})
        except httpx.ConnectError as error:
            raise EngineUnreachable("The fake cannot be reached.") from error
        except httpx.HTTPError as error:
            raise OutcomeUnknown("The fake did not answer.") from error
        return self._handle(answer.json()["id"], request)

    def _handle(self, order: str, request: GenerationRequest) -> TaskHandle:
        return TaskHandle(engine=self._able.name, id=order, model=request.model, submitted_at_s=time.time())

    async def poll(self, handle: TaskHandle) -> TaskStatus:
        return TaskStatus((await self._http.get(f"/orders/{handle.id}")).json()["state"])

    async def fetch(self, handle: TaskHandle, status: TaskStatus, to: Path) -> VideoFile:
        data = (await self._http.get(f"/clips/{handle.id}")).content
        await asyncio.to_thread(to.write_bytes, data)
        return VideoFile(to, "", len(data), 96, 54, 24.0, 12, 0.5)

    async def cancel(self, handle: TaskHandle) -> bool:
        await self._http.delete(f"/orders/{handle.id}")
        return True

    async def aclose(self) -> None:
        await self._http.aclose()


class FindingEngine(FakeEngine):
    """The same, which can."""

    async def find(self, request: GenerationRequest) -> TaskHandle | None:
        order = (await self._http.get(f"/keys/{request_key(request)}")).json()["id"]
        return None if order is None else self._handle(order, request)


def flat_clip(path: Path, *, width_px: int = 128, height_px: int = 72, frames: int = 8, fps: int = 16) -> Path:
    """A small mp4 of noise under a bright bar that moves right by 8 px a frame."""
    encoder = H264Encoder(H264Settings(width_px, height_px, Fraction(fps), 4, crf=20))
    noise = np.random.default_rng(1)
    packets = []
    for index in range(frames):
        i420 = np.full((height_px * 3 // 2, width_px), 128, np.uint8)
        i420[:height_px] = noise.integers(60, 90, (height_px, width_px), dtype=np.uint8)
        i420[:height_px, index * 8 : index * 8 + 16] = 220
        packets += encoder.encode(i420)
    packets += encoder.flush()
    write_mp4(path, iter(packets), width_px=width_px, height_px=height_px, fps=Fraction(fps))
    return path


def flat_depth() -> tuple[DepthEstimator, ...]:
    return (GroundPlane(),)
