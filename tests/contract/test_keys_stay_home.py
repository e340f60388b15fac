"""The whole server over engines that fail in every way and repeat the key in what they say: it never gets any further.

Everything is real but the engines (replayed) and the workers (which bake nothing).
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from remote_comfyui import ComfyUIReplay
from remote_dashscope import DashScopeReplay
from remote_openai_videos import OpenAIVideosReplay
from remote_wan_http import WanHttpReplay
from replay import KEY, Fault, make_clip, serving
from websockets.asyncio.client import connect

from vr_server.bootstrap import Server, running
from vr_server.config import Settings
from vr_server.generation.progress import Made, MakingProgress
from vr_server.generation.redaction import MASK
from vr_server.generation.worker import Task
from vr_server.jobs.remote import BakeTask

ENGINES: dict[str, Any] = {
    "dashscope": DashScopeReplay, "openai-videos": OpenAIVideosReplay, "wan-http": WanHttpReplay, "comfyui": ComfyUIReplay,
}  # fmt: skip
TROUBLES: list[tuple[str, Fault]] = [
    ("submit", Fault("status", 401, "no")),
    ("submit", Fault("status", 429, "no", {"retry-after": "80000"})),
    ("submit", Fault("status", 301, headers={"location": f"http://127.0.0.1/?key={KEY}"})),
    ("submit", Fault("text", body=f"<html>Bearer {KEY}")),
    ("media", Fault("status", 403, "no")),
    ("media", Fault("text", body=f"no video but {KEY}")),
]
POLLED: list[tuple[str, Fault]] = [
    ("poll", Fault("status", 401, "no")),
    ("poll", Fault("text", body=json.dumps({"id": KEY, "status": KEY, "output": {"task_id": KEY}}))),
]


class Workers:
    """A `Runner` in place of worker processes: a text is the rendition."""

    def __init__(self, _: object) -> None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def warmed(self) -> None: ...

    def cancel(self, key: str) -> None: ...

    async def run(
        self, key: str, task: Task[Made], *, on_progress: Callable[[MakingProgress], None], priority: int = 0
    ) -> Made:
        assert isinstance(task, BakeTask)
        await asyncio.to_thread(task.folder.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread((task.folder / "manifest.json").write_text, "baked")
        return Made("final", 96, 54, 12)


@asynccontextmanager
async def online(server: Server) -> AsyncIterator[str]:
    """The server on a free port; gives its host and port."""
    config = uvicorn.Config(
        server.app, host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="websockets-sansio"
    )
    web = uvicorn.Server(config)
    serving_it = asyncio.create_task(web.serve())
    while not web.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{web.servers[0].sockets[0].getsockname()[1]}"
    finally:
        web.should_exit = True
        await serving_it


async def every_answer(client: httpx.AsyncClient, server: Server, ids: dict[str, str]) -> str:
    """What every GET route says of the project, its shots and takes, one after the other."""
    said = []
    takes = await server.production.store.takes(ids["project_id"])
    paths = [path for path, operations in server.app.openapi()["paths"].items() if "get" in operations]
    assert len(paths) > 10
    for path in paths:
        for take in takes if "{take_id}" in path else takes[:1]:
            told = ids | {"take_id": take.id, "quality": "final", "name": "manifest.json", "filename": "manifest.json"}
            said.append((await client.get(re.sub(r"\{(\w+)[^}]*\}", lambda m: told.get(m[1], "x"), path))).text)  # noqa: B023
    return "\n".join(said)


def in_files(folder: Path) -> list[str]:
    """The files under the data folder, databases and their logs among them, in which the key stands."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"previs.sqlite", "jobs.sqlite"} <= {path.name for path in files}
    return [path.name for path in files if KEY.encode() in path.read_bytes()]


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Server, dict[str, Any]]]:
    monkeypatch.setattr("vr_server.jobs.pool.WorkerPool", Workers)
    clip = make_clip(tmp_path / "clip.mp4")
    replays = {name: make() for name, make in ENGINES.items()}
    for replay in replays.values():
        replay.clip = clip
    replays["dashscope"].states, replays["openai-videos"].states = ["SUCCEEDED"], ["completed"]
    replays["comfyui"].looks = ["done"]
    async with serving(*replays.values()):
        told = {}
        for name, replay in replays.items():
            prefix = f"VR_PREVIS_{name.replace('-', '_').upper()}_"
            told |= {prefix + "BASE_URL": replay.base_url, prefix + "KEY": KEY, prefix + "CONCURRENT_TASKS": "1"}
        async with running(Settings.load(told, data=tmp_path / "data")) as made:
            yield made, replays


async def test_a_key_that_engines_repeat_reaches_no_log_database_or_client(
    server: tuple[Server, dict[str, Any]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "vr_server")
    house, replays = server
    project = await house.production.import_script(b"A man walks down a street.", "one.txt")
    (shot,) = (await house.production.project_state(project.id)).shots
    await house.hub.create(project.id, "Default", room_id="default")
    heard: list[str] = []
    answers: list[str] = []
    async with online(house) as host, httpx.AsyncClient(base_url=f"http://{host}") as client:
        async with connect(f"ws://{host}/api/rooms/default/ws") as socket:

            async def listen() -> None:
                async for message in socket:
                    heard.append(str(message))  # noqa: PERF401 - as they come

            listening = asyncio.create_task(listen())
            await socket.send(json.dumps({"type": "hello", "name": "Li", "language": "en"}))
            seeds = iter(range(1000))

            async def take(engine: str) -> str:
                wanted = {"engine": engine, "seed": next(seeds), "guidance": "off"}
                answer = await client.post(f"/api/shots/{shot.id}/takes", json=wanted)
                assert answer.status_code < 300, answer.text
                answers.append(answer.text)
                while await house.production.store.unfinished_takes():  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                return (await house.production.store.take(answer.json()["id"])).error or ""

            for name, replay in replays.items():
                masked = 0
                for role, fault in TROUBLES + (POLLED if replay.polled else []):
                    replay.faults[role] = [fault]
                    masked += MASK in await take(name)
                    assert replay.faults[role] == [], (name, role)
                assert masked >= 2, f"{name}: the key was repeated, and taken out"
            for name in ("dashscope", "openai-videos"):  # an order's id is kept: it may hold no key either
                replays[name].task_id = f"task-{KEY}"
                assert await take(name) == ""
            listening.cancel()
        answers.append(
            await every_answer(client, house, {"project_id": project.id, "shot_id": shot.id, "room_id": "default"})
        )
    assert in_files(tmp_path / "data") == []
    assert sum("takeUpdated" in message and MASK in message for message in heard) > 4, (
        "people in rooms were told what failed"
    )
    assert KEY not in "".join((*heard, *answers, caplog.text))
