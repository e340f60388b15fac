"""docs/write-an-engine.md: its code is what it says, in our style, and does what the contract suite does not look at."""

import subprocess
import sys
from pathlib import Path

import pytest
from documented import PAGE, ZoetropeReplay, files, lines
from remote_dashscope import DashScopeReplay
from replay import FakeClock, Fault, serving

from vr_server.generation.port import ChecksItself, FindsOrders
from vr_server.generation.survey import ask

ADAPTER, REPLAY = "vr_server/generation/engines/zoetrope.py", "tests/contract/remote_zoetrope.py"


def test_the_page_shows_an_adapter_a_replay_and_where_both_are_named() -> None:
    assert list(files()) == [ADAPTER, REPLAY]
    assert [line.partition(" ")[0] for line in lines()] == ["from", '"zoetrope":', '"zoetrope":']
    assert len(files()[ADAPTER].split("class ", 1)[1].splitlines()) < 150, "a new engine is a small file"


@pytest.mark.parametrize("name", [ADAPTER, REPLAY])
@pytest.mark.parametrize("verb", [("check",), ("format", "--check")], ids="-".join)
def test_the_pages_code_is_in_our_style(name: str, verb: tuple[str, ...]) -> None:
    ours = 'lint.isort.known-first-party = ["vr_server"]'  # the page's files are not there to be found
    command = [sys.executable, "-m", "ruff", *verb, "--no-cache", "--config", ours, "--stdin-filename", name, "-"]
    code = files()[name].lstrip("\n")
    done = subprocess.run(command, cwd=PAGE.parents[1], input=code, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_the_pages_engine_finds_what_it_was_asked_for(tmp_path: Path) -> None:
    replay = ZoetropeReplay()
    async with serving(replay):
        engine = replay.engine(replay.base_url, FakeClock())
        assert isinstance(engine, FindsOrders)
        assert await engine.find(replay.request) is None
        handle = await engine.submit(replay.request, lambda given: tmp_path)
        assert await engine.find(replay.request) == handle
        assert await engine.find(replay.request.model_copy(update={"seed": 6})) is None
        await engine.aclose()


@pytest.mark.parametrize("kind", [ZoetropeReplay, DashScopeReplay])
async def test_engines_are_asked_what_costs_nothing(kind: type[ZoetropeReplay]) -> None:
    replay = kind()
    async with serving(replay):
        engine = replay.engine(replay.base_url, FakeClock())
        assert isinstance(engine, ChecksItself)
        answer = await ask(engine)
        assert answer.ok, answer
        assert replay.of("submit") == []
        replay.faults[replay.calls[0].role] = [Fault("status", 401, "wrong key")]
        answer = await ask(replay.engine(replay.base_url, FakeClock()))
        assert answer.ok is False
        assert "does not accept the key" in answer.detail
