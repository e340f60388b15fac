"""Orders kept in a folder: called off in the middle of being sent, damaged on disk, held by one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from remote_openai_videos import OpenAIVideosReplay
from remote_wan_http import WanHttpReplay
from replay import FakeClock, Fault, serving
from starlette.responses import Response

from vr_server.domain.errors import Cancelled, Conflict, EngineRefused, InvalidInput, StorageFailed
from vr_server.generation import errands
from vr_server.generation.errand import ErrandFolder, Wish, plan
from vr_server.generation.errands import Runner
from vr_server.generation.port import RemoteEngine
from vr_server.language import parse_spec

WISH = Wish(parse_spec("A knight rides."), (1280, 720), 24, 1)


@asynccontextmanager
async def engine_of(replay: OpenAIVideosReplay | WanHttpReplay) -> AsyncIterator[RemoteEngine]:
    async with serving(replay):
        engine = replay.engine(replay.base_url, FakeClock())
        yield engine
        await engine.aclose()


def begun(engine: RemoteEngine, path: Path) -> Runner:
    folder = ErrandFolder(path)
    return Runner(engine, folder, folder.begin(plan(engine, WISH)), clock=FakeClock())


class SlowReplay(OpenAIVideosReplay):
    """Takes its time to say yes."""

    async def create(self, request) -> Response:
        await asyncio.sleep(0.3)
        return await super().create(request)


async def called_off(runner: Runner, replay: OpenAIVideosReplay | WanHttpReplay) -> str:
    running = asyncio.ensure_future(runner.run())
    while not replay.of("submit"):  # noqa: ASYNC110 - the server has no event for it
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(Cancelled) as told:
        await running
    return str(told.value)


async def test_an_order_called_off_while_it_is_sent_is_kept_and_stopped(tmp_path: Path) -> None:
    replay = SlowReplay()
    async with engine_of(replay) as engine:
        runner = begun(engine, tmp_path)
        assert "Cancelled at engine openai-videos too" in await called_off(runner, replay)
    assert len(replay.of("cancel")) == 1
    kept = ErrandFolder(tmp_path).read()
    assert kept is not None
    assert (kept.orders[0].state, kept.orders[0].handle is not None) == ("cancelled", True)
    with pytest.raises(Cancelled, match="another folder"):
        await runner.run()


async def test_an_order_called_off_without_an_answer_may_be_charged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errands, "_CANCEL_S", 0.1)
    replay = WanHttpReplay()
    replay.faults["submit"] = [Fault("hang")]
    async with engine_of(replay) as engine:
        runner = begun(engine, tmp_path)
        assert "may have taken the order, and charge for it" in await called_off(runner, replay)
    assert runner.order.state == "submitting"
    with pytest.raises(Conflict, match="not finished"):
        ErrandFolder(tmp_path).begin(runner.errand)


async def test_an_order_that_came_to_nothing_says_so_again_and_leaves_room_for_another(tmp_path: Path) -> None:
    replay = OpenAIVideosReplay()
    replay.fail_task("content_policy", "not this")
    async with engine_of(replay) as engine:
        runner = begun(engine, tmp_path)
        for _ in range(2):
            with pytest.raises(EngineRefused, match="not this"):
                await runner.run()
        assert len(replay.of("submit")) == 1
        assert begun(engine, tmp_path).order.state == "waiting"


def test_a_folder_is_for_one_command_and_a_damaged_order_is_not_forgotten(tmp_path: Path) -> None:
    folder = ErrandFolder(tmp_path)
    with folder.held(), pytest.raises(Conflict, match="Another command"), ErrandFolder(tmp_path).held():
        pass
    (tmp_path / "order.json").write_text('{"version": 1', "utf-8")
    with pytest.raises(StorageFailed, match="look at the engine"):
        folder.begin(plan(WanHttpReplay.engine("http://127.0.0.1:1", None), WISH))
    engine = OpenAIVideosReplay.engine("http://127.0.0.1:1", None)
    with pytest.raises(InvalidInput, match="needs a first one"):
        plan(engine, Wish(WISH.spec, (1280, 720), 24, 1, last=tmp_path / "x.png"))
