"""A real server in a process of its own, and what a test needs to drive it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

T = TypeVar("T")

READY_LIMIT_S = 240  # the first run of a machine compiles every kernel
# pictures a software-rendered browser can keep up with; everything else is as in production
SMALL = {"VR_PREVIS_DRAFT_SIZE": "320x180", "VR_PREVIS_FINAL_SIZE": "640x360"}

SCRIPT = """Title: Two shots

EXT. STREET - SUNSET

Two friends walk toward the camera down a tree-lined street, 3 seconds.

EXT. 竹林 - 日

一位穿汉服的女子在竹林间舞剑,镜头缓缓上升。3秒。
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """`vr-previs serve` on a data folder; may be killed and started again on the same folder and port."""

    data: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=lambda: dict(SMALL))
    port: int = field(default_factory=free_port)
    scheme: str = "http"
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def start(self) -> None:
        """Start and wait until the server says that it is ready."""
        self.data.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "vr_server.cli", "serve", "--port", str(self.port), "--data", str(self.data)]
        before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.options],
                stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **self.environment, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
        deadline = time.monotonic() + READY_LIMIT_S
        while b"ready: " not in self.log.read_bytes()[before:]:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not get ready:\n{self.tail()}")
            time.sleep(0.1)

    def kill(self) -> None:
        """kill -9, as the out-of-memory killer or a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    def tail(self, lines: int = 60) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def import_script(self, text: str = SCRIPT) -> dict[str, Any]:
        """Make a project with a room of its own; return the API's answer."""
        with self.client() as client:
            answer = client.post("/api/projects?filename=script.fountain", content=text.encode())
            answer.raise_for_status()
            project: dict[str, Any] = answer.json()
            return project


def wait_for(what: str, probe: Callable[[], T], limit_s: float = 120, every_s: float = 0.25) -> T:
    """The probe's first true value; fails with what it said last."""
    deadline = time.monotonic() + limit_s
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {limit_s} s, last: {value!r}")
        time.sleep(every_s)
