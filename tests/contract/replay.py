"""Servers that replay an engine's documented contract on the loopback, and the ways they can go wrong."""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from vr_server.media.codec import H264Encoder, H264Settings, write_mp4

Run = Callable[..., tuple[int, str, str]]
"""The command line run with arguments: exit code, stdout, stderr."""
KEY = "sk-secret-0123456789abcdef"
CHUNK = b"\x00" * 65536
TEN_GB = 10_000_000_000


@dataclass
class Call:
    role: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Fault:
    """One way to go wrong. `kind`: status, hang, drip, announced (10 GB by its header), endless, text."""

    kind: str
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Response]]


class Replay(ABC):
    """Routes by role; what was called; faults that come instead of the next answers of a role.

    `polled`: an order is taken first and asked about later; then there are `fail_task`, `change_id` and `forget`.
    """

    polled = True

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.sent_bytes = 0
        self.base_url = ""
        self.clip = b""

    @abstractmethod
    def routes(self) -> list[BaseRoute]: ...

    def of(self, role: str) -> list[Call]:
        return [call for call in self.calls if call.role == role]

    def route(self, role: str, path: str, handler: Handler, method: str = "GET") -> Route:
        async def answer(request: Request) -> Response:
            try:
                body = await request.body()
            except ClientDisconnect:
                return Response(status_code=400)
            headers = {k.lower(): v for k, v in request.headers.items()}
            self.calls.append(Call(role, request.method, str(request.url), headers, body))
            waiting = self.faults[role]
            if waiting:
                return self._wrong(waiting.pop(0), headers)
            return await handler(request)

        return Route(path, answer, methods=[method])

    def _wrong(self, fault: Fault, headers: dict[str, str]) -> Response:
        echoed = {"message": f"{fault.body} (you sent {headers.get('authorization')})", "code": ""}
        match fault.kind:
            case "status":
                return JSONResponse(echoed, fault.status, headers=fault.headers)
            case "hang":
                return StreamingResponse(self._hang())
            case "drip":
                return StreamingResponse(self._drip())
            case "announced":
                return StreamingResponse(self._endless(), headers={"content-length": str(TEN_GB)})
            case "endless":
                return StreamingResponse(self._endless())
        return Response(fault.body, fault.status, headers=fault.headers)

    async def _hang(self) -> AsyncIterator[bytes]:
        await asyncio.sleep(30)
        yield b""

    async def _drip(self) -> AsyncIterator[bytes]:
        for _ in range(600):
            yield b" "
            await asyncio.sleep(0.05)

    async def _endless(self) -> AsyncIterator[bytes]:
        while self.sent_bytes < TEN_GB:
            self.sent_bytes += len(CHUNK)
            yield CHUNK
            await asyncio.sleep(0)

    async def media(self, request: Request) -> Response:
        return Response(self.clip, media_type="video/mp4")


@asynccontextmanager
async def serving(*replays: Replay) -> AsyncIterator[None]:
    """Each on a port of its own, within this event loop."""
    tasks: list[asyncio.Task[None]] = []
    servers: list[uvicorn.Server] = []
    for replay in replays:
        listening = socket.socket(
            socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
        )  # asyncio turns Nagle off then
        listening.bind(("127.0.0.1", 0))
        replay.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            Starlette(routes=replay.routes()), log_config=None, lifespan="off", timeout_graceful_shutdown=0,
            ws="websockets-sansio",
        )  # fmt: skip
        server = uvicorn.Server(config)
        server.capture_signals = suppress  # type: ignore[method-assign] - the test runner's are left alone
        servers.append(server)
        tasks.append(asyncio.create_task(server.serve(sockets=[listening])))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
            await asyncio.sleep(0.005)
    try:
        yield
    finally:
        for server, task in zip(servers, tasks, strict=True):
            await _end(server, task)


async def _end(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    """At once: uvicorn's own way waits for two ticks of a tenth of a second, which is most of a small test's time."""
    state = server.server_state
    for listener in server.servers:
        listener.close()
    answers = list(state.tasks)
    for connection in list(state.connections):
        if connection.transport is not None:
            connection.transport.abort()
    for running in (*answers, task):
        running.cancel()
    await asyncio.gather(*answers, task, return_exceptions=True)
    await asyncio.sleep(0)  # connections hear that they are lost


class FakeClock:
    """A day passes in no time."""

    def __init__(self) -> None:
        self.t_s = 1_790_000_000.0
        self.slept: list[float] = []

    def now_s(self) -> float:
        return self.t_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.t_s += seconds
        await asyncio.sleep(0)


def make_clip(path: Path, *, width_px: int = 128, height_px: int = 72, frames: int = 8, fps: int = 16) -> bytes:
    """A small mp4 of noise over a moving bar, so that it has some bytes to lose."""
    encoder = H264Encoder(H264Settings(width_px, height_px, Fraction(fps), 4, crf=20))
    packets = []
    noise = np.random.default_rng(1)
    for index in range(frames):
        i420 = np.full((height_px * 3 // 2, width_px), 128, np.uint8)
        i420[:height_px] = noise.integers(60, 90, (height_px, width_px), dtype=np.uint8)
        i420[:height_px, index * 8 : index * 8 + 16] = 220
        packets += encoder.encode(i420)
    packets += encoder.flush()
    write_mp4(path, iter(packets), width_px=width_px, height_px=height_px, fps=Fraction(fps))
    return path.read_bytes()
