"""`generate` for shots longer than an engine's clips, and such as follow their blocking: what the server does, in a folder."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from remote_dashscope import DashScopeReplay
from remote_openai_videos import OpenAIVideosReplay
from replay import Run, make_clip
from starlette.responses import JSONResponse, Response
from threaded import in_a_thread

from vr_server.bootstrap import remote_engine
from vr_server.config import Settings
from vr_server.domain.errors import Cancelled
from vr_server.generation.errand import Errand, ErrandFolder, Wish, plan
from vr_server.generation.errands import Runner
from vr_server.language import parse_spec
from vr_server.media.inspect import inspect_video

PROMPT = "A man in a grey coat walks down the alley, then sits down."
ASK = ("generate", "--prompt", PROMPT, "--engine", "openai-videos", "--seconds", "1.8", "--json")


pytestmark = pytest.mark.usefixtures("decoded_here")  # but for the command that is killed


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=17)


@pytest.fixture
def kind() -> type[OpenAIVideosReplay]:
    return OpenAIVideosReplay


@pytest.fixture
def openai(clip: bytes, environ, kind: type[OpenAIVideosReplay]) -> Iterator[OpenAIVideosReplay]:
    """An engine whose clips last a second."""
    replay = kind()
    replay.clip, replay.states = clip, ["completed"]
    with in_a_thread(replay):
        environ("openai-videos", replay, images="true", max_duration_s="1.0")
        yield replay


def begin(out: Path, replay: OpenAIVideosReplay) -> "subprocess.Popen[str]":
    """The command as a shell runs it, until the engine works on its second part."""
    process = subprocess.Popen(
        [sys.executable, "-m", "vr_server.cli", *ASK, "--out", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    while len(replay.of("submit")) < 2:
        assert process.poll() is None, process.communicate()
        if len(replay.of("media")) == 1:
            replay.states = ["in_progress"]
        time.sleep(0.02)
    return process


def test_a_dry_run_tells_every_part_its_words_and_its_price(run: Run, openai: OpenAIVideosReplay) -> None:
    code, said, _ = run(*ASK, "--dry-run")
    plan = json.loads(said)
    assert code == 0
    assert [(part["startS"], part["endS"], part["mode"]) for part in plan["parts"]] == [
        (0.0, 0.875, "text"), (0.875, 1.8, "image"),
    ]  # fmt: skip
    first, second = (part["promptSent"] for part in plan["parts"])
    assert ("walks" in first, "sits" in first) == (True, False)
    assert "sits down" in second
    assert second.count("grey coat") == 1
    assert plan["estimate"]["amount"] == pytest.approx(sum(part["estimate"]["amount"] for part in plan["parts"]))
    assert (plan["guidance"]["asked"], plan["guidance"]["used"]) == ("auto", None)
    _, said, _ = run(*ASK[:-1], "--dry-run")
    assert "1.8 s in 2 parts" in said
    assert "first frame: the last frame of the part before" in said
    assert openai.calls == []


class RefusesOnce(OpenAIVideosReplay):
    """Will not take the second order."""

    async def create(self, request) -> Response:
        if len(self.of("submit")) == 2:
            return JSONResponse({"error": {"code": "content_policy", "message": "not this"}}, 400)
        return await super().create(request)


@pytest.mark.parametrize("kind", [RefusesOnce])
def test_a_long_shot_is_made_in_parts_and_one_that_comes_to_nothing_is_asked_for_again_alone(
    run: Run, openai: OpenAIVideosReplay, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert run(*ASK, "--out", str(out))[0] == 1
    code, _, told = run("generate", "--prompt", "A knight rides.", *ASK[3:], "--out", str(out))
    assert (code, "paid for" in told) == (1, True), "the first part"
    code, said, told = run(*ASK, "--out", str(out))
    assert code == 0, told
    assert len(openai.of("submit")) == 3
    assert b"\x89PNG" in openai.of("submit")[2].body, "the last frame of the first part"
    assert "part 2 of 2" in told
    take = json.loads(said)
    assert (take["frameCount"], inspect_video(out / "clip.mp4").frame_count) == (29, 29)
    assert take["cost"]["amount"] == pytest.approx(2 * 0.1 * 1.0625)
    assert all(part["taskId"] for part in take["parts"])
    assert run("generate", "--resume", str(out), "--json")[1] == said
    code, _, told = run(*ASK, "--out", str(out))
    assert (code, "paid for" in told) == (1, True)


async def test_a_part_in_the_folder_is_not_paid_again_and_calling_off_the_next_one_keeps_it(
    openai: OpenAIVideosReplay, tmp_path: Path, clip: bytes
) -> None:
    openai.states, folder = ["in_progress"], ErrandFolder(tmp_path)
    engine = remote_engine("openai-videos", Settings.load(os.environ).engine_options)
    errand = plan(engine, Wish(parse_spec(PROMPT, duration_s=1.8), (1280, 720), 16, 1))
    (tmp_path / "parts").mkdir()
    folder.clip_of(errand, 0).write_bytes(clip)
    runner = Runner(engine, folder, folder.begin(errand))  # though order.json was lost
    running = asyncio.ensure_future(runner.run())
    while not openai.of("poll"):  # noqa: ASYNC110 - the server has no event for it
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(Cancelled, match="openai-videos too"):
        await running
    await engine.aclose()
    assert (len(openai.of("submit")), len(openai.of("cancel"))) == (1, 1)
    kept = folder.read()
    assert kept is not None
    assert [order.state for order in kept.orders] == ["fetched", "cancelled"]


def test_a_command_killed_in_its_second_part_goes_on_there(
    run: Run, openai: OpenAIVideosReplay, tmp_path: Path
) -> None:  # fmt: skip
    out = tmp_path / "out"
    process = begin(out, openai)
    process.kill()
    process.communicate()
    openai.states = ["completed"]
    code, said, told = run("generate", "--resume", str(out), "--json")
    assert code == 0, told
    assert len(json.loads(said)["parts"]) == 2
    assert (len(openai.of("submit")), len(openai.of("media"))) == (2, 2)


def test_a_dry_run_says_what_the_engine_would_follow(run: Run, environ, tmp_path: Path) -> None:
    replay = DashScopeReplay()
    with in_a_thread(replay):
        environ("dashscope", replay)
        ask = ("generate", "--prompt", PROMPT, "--engine", "dashscope", "--seconds", "5", "--dry-run")
        _, said, _ = run(*ask, "--guidance", "pose")
        assert "source video: the blockout, 150 frames from 0 s" in said
        _, said, _ = run(*ask, "--guidance", "none", "--json")
        assert json.loads(said)["inputs"] == []
        picture = tmp_path / "first.png"
        assert cv2.imwrite(str(picture), np.full((360, 640, 3), 90, np.uint8))
        _, said, _ = run(*ask, "--guidance", "depth", "--image", str(picture), "--json")
    told = json.loads(said)
    assert ([given["role"] for given in told["inputs"]], told["guidance"]["used"]) == (["first_frame"], None)
    assert "Made from the first frame that is given, the take follows that alone, no depth guide." in told["remarks"]
    assert replay.calls == []


def test_an_order_of_an_earlier_version_is_gone_on_with() -> None:
    kept = {
        "version": 1, "state": "submitted", "spec": {"text": "a knight", "language": "en"},
        "request": {"engine": "e", "prompt": "A knight.", "widthPx": 64, "heightPx": 64, "durationS": 1},
        "remarks": ["one"], "estimate": {"amount": 1.0}, "files": {},
        "handle": {"engine": "e", "id": "7", "model": "m", "submittedAtS": 1.0},
    }  # fmt: skip
    errand = Errand.model_validate_json(json.dumps(kept))
    (order,) = errand.orders
    assert (order.state, order.handle and order.handle.id, errand.prompt) == ("submitted", "7", "A knight.")
    done = Errand.model_validate_json(json.dumps(kept | {"state": "done"}))
    assert (done.finished, done.orders[0].state, done.remarks) == (True, "fetched", ("one",))
