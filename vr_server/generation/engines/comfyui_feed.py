"""What a ComfyUI server says while it works: steps done and previews, over its websocket.

The server says it once, to whoever listens at that moment under the prompt's client id. So somebody listens while a
prompt runs, and reads everything at once: a listener that lags behind would hold up the server's other guests. What
is heard is a courtesy. Whether a prompt is done is asked for by HTTP, never taken from here.
"""

import asyncio
import json
import logging
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from vr_server.domain.errors import EngineFailed
from vr_server.generation.port import Preview

_log = logging.getLogger(__name__)

Connect = Callable[[str], Awaitable[ClientConnection]]
"""A client id -> the socket. Raise EngineFailed."""

_ENDS = {"execution_success", "execution_error", "execution_interrupted"}
_PREVIEW, _PREVIEW_WITH_METADATA = 1, 4
_FORMATS: dict[int, Literal["image/jpeg", "image/png"]] = {1: "image/jpeg", 2: "image/png"}
_MOST_WATCHED = 16
_MOST_PREVIEW_BYTES = 1_000_000
_MOST_NODES = 1000


@dataclass
class Heard:
    """`steps`: of each node that reported, steps done and in all. `ended`: the server said that it is over."""

    prompt_id: str
    steps: dict[str, tuple[float, float]] = field(default_factory=dict)
    preview: Preview | None = None
    ended: bool = False

    def share(self, nodes: tuple[str, ...]) -> float | None:
        """How much of the work of `nodes`, done in that order, is done: 0 to 1; None while nobody said so."""
        at = next((n for n in range(len(nodes) - 1, -1, -1) if nodes[n] in self.steps), None)
        if at is None:
            return None
        done, most = self.steps[nodes[at]]
        return (at + (min(max(done / most, 0.0), 1.0) if most > 0 else 0.0)) / len(nodes)

    def take(self, message: str | bytes) -> None:
        """Take in a message of the server; what is no sense, or about another prompt, is passed over."""
        if isinstance(message, bytes):
            self.preview = preview_in(message) or self.preview
            return
        try:
            value: Any = json.loads(message)
        except (ValueError, RecursionError):
            return
        kind, data = (value.get("type"), value.get("data")) if isinstance(value, dict) else (None, None)
        if not isinstance(data, dict) or data.get("prompt_id") != self.prompt_id:
            return
        if kind == "progress":
            self._step(data.get("node"), data.get("value"), data.get("max"))
        elif kind == "progress_state" and isinstance(nodes := data.get("nodes"), dict):
            for node, state in nodes.items():
                if isinstance(state, dict):
                    self._step(node, state.get("value"), state.get("max"))
        elif kind in _ENDS or (kind == "executing" and data.get("node", "") is None):
            self.ended = True

    def _step(self, node: object, done: object, most: object) -> None:
        if not isinstance(node, str) or not isinstance(done, int | float) or not isinstance(most, int | float):
            return
        if node in self.steps or len(self.steps) < _MOST_NODES:
            self.steps[node] = (float(done), float(most))


def preview_in(message: bytes) -> Preview | None:
    """The picture in a binary message; None where there is none.

    Big-endian: event 1, then format (1 JPEG, 2 PNG), then the picture; event 4, then the length of a JSON text, the
    text, the picture.
    """
    if not 8 < len(message) <= _MOST_PREVIEW_BYTES:
        return None
    event, second = struct.unpack_from(">II", message)
    if event == _PREVIEW and second in _FORMATS:
        return Preview(_FORMATS[second], message[8:])
    if event == _PREVIEW_WITH_METADATA and 8 + second < len(message):
        data = message[8 + second :]
        return Preview("image/png" if data.startswith(b"\x89PNG") else "image/jpeg", data)
    return None


@dataclass
class _Watch:
    heard: Heard
    task: asyncio.Task[None]
    asked_at_s: float
    began_at_s: float


class ProgressFeed:
    """Listens to the prompts that somebody asks about, a task each, started and ended here. One event loop.

    `idle_s`: when nobody has asked for so long, the listening ends. `again_s`: how soon it is tried again after it
    broke off.
    """

    def __init__(self, connect: Connect, *, idle_s: float = 60.0, again_s: float = 10.0) -> None:
        self._connect = connect
        self._idle_s = idle_s
        self._again_s = again_s
        self._watched: dict[str, _Watch] = {}

    def watch(self, prompt_id: str, client_id: str) -> Heard | None:
        """What has been heard of a prompt so far; from now on it is listened to. None: too many are."""
        now_s = asyncio.get_running_loop().time()
        watch = self._watched.get(prompt_id)
        if watch is None:
            if len(self._watched) >= _MOST_WATCHED and not self._forget_idle(now_s):
                return None
            heard = Heard(prompt_id)
            watch = self._watched[prompt_id] = _Watch(heard, self._begin(heard, client_id), now_s, now_s)
        elif watch.task.done() and not watch.heard.ended and now_s - watch.began_at_s >= self._again_s:
            watch.task, watch.began_at_s = self._begin(watch.heard, client_id), now_s
        watch.asked_at_s = now_s
        return watch.heard

    async def stop(self, prompt_id: str) -> None:
        """Listen no more, and forget what was heard. Idempotent."""
        watch = self._watched.pop(prompt_id, None)
        if watch is not None:
            watch.task.cancel()
            await asyncio.gather(watch.task, return_exceptions=True)

    async def aclose(self) -> None:
        for prompt_id in tuple(self._watched):
            await self.stop(prompt_id)

    def _forget_idle(self, now_s: float) -> bool:
        idle = [
            key for key, w in self._watched.items() if w.task.done() and now_s - w.asked_at_s > self._idle_s
        ]  # fmt: skip
        for key in idle:
            del self._watched[key]
        return bool(idle)

    def _begin(self, heard: Heard, client_id: str) -> asyncio.Task[None]:
        return asyncio.create_task(self._listen(heard, client_id), name=f"progress of {heard.prompt_id[:12]}")

    async def _listen(self, heard: Heard, client_id: str) -> None:
        try:
            async with await self._connect(client_id) as socket:
                while not heard.ended and (left_s := self._left_s(heard)) > 0:
                    try:
                        async with asyncio.timeout(left_s):
                            heard.take(await socket.recv())
                    except TimeoutError:
                        continue
        except (EngineFailed, ConnectionClosed, OSError) as error:
            _log.debug("no more progress of prompt %s: %s", heard.prompt_id[:12], type(error).__name__)

    def _left_s(self, heard: Heard) -> float:
        watch = self._watched.get(heard.prompt_id)
        asked_at_s = watch.asked_at_s if watch is not None else 0.0
        return asked_at_s + self._idle_s - asyncio.get_running_loop().time()
