"""`generate` and `doctor` with engines over the network, against servers that replay their contracts."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from documented import ZoetropeReplay, lines
from remote_dashscope import DashScopeReplay
from remote_openai_videos import OpenAIVideosReplay
from remote_wan_http import WanHttpReplay
from replay import KEY, Fault, Replay, Run, make_clip
from threaded import in_a_thread

from vr_server import bootstrap

PROMPT = "Tense atmosphere. A detective turns, a rainy street at night, low angle close-up, camera slowly pushes in."
REPLAYS: dict[str, type[Replay]] = {
    "wan-http": WanHttpReplay, "openai-videos": OpenAIVideosReplay, "zoetrope": ZoetropeReplay,
}  # fmt: skip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


@pytest.fixture
def in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry that docs/write-an-engine.md tells to make, made."""
    names: dict[str, object] = {}
    exec(lines()[0], names)
    entry = eval("{" + lines()[1] + "}", names)
    table = bootstrap._remote() | entry
    monkeypatch.setattr(bootstrap, "_remote", lambda: table)


@pytest.fixture
def openai(clip: bytes, environ: Callable[..., None]) -> Iterator[OpenAIVideosReplay]:
    replay = OpenAIVideosReplay()
    replay.clip, replay.states = clip, ["completed"]
    with in_a_thread(replay):
        environ("openai-videos", replay, images="true")
        yield replay


def nothing_has_the_key(folder: Path) -> None:
    for path in folder.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes(), path


ASK = ("generate", "--prompt", PROMPT, "--engine", "openai-videos", "--json")


@pytest.mark.usefixtures("in_the_table")
@pytest.mark.parametrize("name", sorted(REPLAYS))
def test_a_clip_by_every_engine_with_all_that_is_known_of_it(
    run: Run, environ: Callable[..., None], clip: bytes, tmp_path: Path, name: str
) -> None:
    replay = REPLAYS[name]()
    replay.clip = clip
    for states in ("states", "phases"):
        if hasattr(replay, states):
            setattr(replay, states, getattr(replay, states)[-1:])
    with in_a_thread(replay):
        environ(name, replay)
        out = tmp_path / "out"
        options = ("--engine", name, "--seed", "5", "--negative", "umbrellas", "--json", "--out", str(out))
        code, said, told = run("generate", "--prompt", PROMPT, *options)
        assert code == 0, told
    take = json.loads(said)
    assert (out / "clip.mp4").read_bytes() == clip
    assert {k: v for k, v in take.items() if k != "out"} == json.loads((out / "take.json").read_text("utf-8"))
    assert (take["engine"], take["seed"], take["mode"], take["prompt"]) == (name, 5, "text", PROMPT)
    assert take["promptSent"].startswith("Close-up shot, low angle shot")
    assert any("Tense atmosphere" in line for line in take["dropped"])
    assert take["negativePrompt"].startswith("umbrellas") == (name != "wan-http")
    assert any("takes no seed" in line for line in take["remarks"]) == (name == "wan-http")
    assert any("left out" in line for line in take["remarks"]) == (name != "openai-videos"), (
        "room for a negative prompt"
    )
    assert (take["width"], take["height"], take["frameCount"], take["fps"]) == (128, 72, 8, [16, 1])
    assert take["cost"]["amount"] == pytest.approx(0.1 * {"wan-http": 4, "zoetrope": 5}.get(name, 4.0625))
    assert take["taskId"]
    assert "costs about 0." in told
    nothing_has_the_key(out)
    (sent,) = replay.of("submit")
    assert take["promptSent"] in sent.body.decode()


def test_a_dry_run_sends_nothing_and_says_everything(run: Run, openai: OpenAIVideosReplay, tmp_path: Path) -> None:
    code, said, _ = run(*ASK, "--dry-run", "--out", str(tmp_path / "out"))
    plan = json.loads(said)
    assert (code, plan["dryRun"], plan["gate"], plan["missing"]) == (0, True, None, None)
    assert (plan["width"], plan["height"], plan["fps"], plan["durationS"]) == (1280, 720, 16, 4.0625)
    assert plan["estimate"] == {"amount": 0.40625, "currency": "USD", "basis": "4.0625 s at 0.1 USD/s"}
    assert "watermark" in plan["negativePrompt"]
    assert any("16 frames a second, not 24" in line for line in plan["remarks"])
    code, said, _ = run("generate", "--prompt", "汤姆·克鲁斯走过长街", "--engine", "wan-http", "--dry-run")
    assert code == 0, "what would be refused, and what is missing, is part of the answer"
    assert "the gate refuses" in said
    assert "VR_PREVIS_WAN_HTTP_KEY" in said
    code, said, _ = run("generate", "--prompt", PROMPT, "--dry-run", "--json")
    assert (code, json.loads(said)["estimate"]["amount"]) == (0, 0)
    assert openai.calls == []
    assert list(tmp_path.iterdir()) == []


def test_pictures_go_along(run: Run, openai: OpenAIVideosReplay, tmp_path: Path) -> None:
    picture = tmp_path / "first.png"
    assert cv2.imwrite(str(picture), np.full((16, 16, 3), 90, np.uint8))
    code, said, told = run(*ASK, "--image", str(picture), "--out", str(tmp_path / "out"))
    assert code == 0, told
    assert json.loads(said)["mode"] == "image"
    assert picture.read_bytes() in openai.of("submit")[0].body
    last = ("--last-image", str(picture))
    code, _, told = run(*ASK, "--image", str(picture), *last, "--out", str(tmp_path / "b"))
    assert (code, "by 'first_last'" in told) == (1, True)
    assert run(*ASK, *last, "--out", str(tmp_path / "b"))[0] == 1
    (tmp_path / "x.png").write_bytes(b"no picture")
    code, _, told = run(*ASK, "--image", str(tmp_path / "x.png"), "--out", str(tmp_path / "b"))
    assert (code, "no picture that engines take" in told) == (1, True)
    assert len(openai.of("submit")) == 1


@pytest.mark.usefixtures("in_the_table")
def test_a_first_and_a_last_picture_and_what_the_engine_says_it_did(
    run: Run, environ: Callable[..., None], clip: bytes, tmp_path: Path
) -> None:
    replay = DashScopeReplay()
    replay.clip, replay.states = clip, ["SUCCEEDED"]
    for name, grey in (("first.png", 60), ("last.png", 200)):
        assert cv2.imwrite(str(tmp_path / name), np.full((480, 832, 3), grey, np.uint8))
    pictures = ("--image", str(tmp_path / "first.png"), "--last-image", str(tmp_path / "last.png"))
    ask = ("generate", "--prompt", "黄昏的竹林,一位白衣女子缓缓舞剑", "--engine", "dashscope", *pictures, "--json")
    with in_a_thread(replay):
        replay.upload_host = f"{replay.base_url}/oss"
        environ("dashscope", replay)
        code, said, told = run(*ask, "--out", str(tmp_path / "out"))
    assert code == 0, told
    take = json.loads(said)
    assert (take["mode"], take["actualPrompt"], take["spec"]["language"]) == ("first_last", "b", "zh")
    assert take["cost"] == {
        "amount": 0.5,
        "currency": "USD",
        "basis": "5 s charged, at the configured price",
        "estimated": False,
    }
    for name in ("first.png", "last.png"):
        assert any((tmp_path / name).read_bytes() in form for form in replay.uploaded)
    assert "signed-secret" not in said + told
    assert b"signed-secret" not in (tmp_path / "out" / "take.json").read_bytes()


@pytest.mark.parametrize(
    ("fault", "code", "name"),
    [
        (Fault("status", 401, "wrong key"), 1, "engine-auth"),
        (Fault("status", 429, "later", {"retry-after": "8000"}), 75, "engine-throttled"),
        (Fault("status", 400, '{"error": {"code": "content_policy", "message": "not this"}}'), 1, "engine-failed"),
        (Fault("text", body="<html>"), 3, "outcome-unknown"),
    ],
)
def test_what_goes_wrong_is_one_line_and_an_exit_code(
    run: Run, openai: OpenAIVideosReplay, tmp_path: Path, fault: Fault, code: int, name: str
) -> None:
    openai.faults["submit"] = [fault]
    ended, said, told = run(*ASK, "--out", str(tmp_path / "out"))
    assert (ended, json.loads(said)["error"]["code"]) == (code, name)
    assert told.strip().splitlines()[-1].startswith("vr-previs: Engine openai-videos")
    assert not (tmp_path / "out" / "clip.mp4").exists()
    nothing_has_the_key(tmp_path)


def test_what_cannot_be_is_refused_before_it_is_sent(
    run: Run, openai: OpenAIVideosReplay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = ("--out", str(tmp_path / "out"))
    for arguments, reason in (
        (("--prompt", "Tom Cruise walks", "--engine", "openai-videos"), "'tom cruise': the name of a real person"),
        (("--prompt", PROMPT, "--engine", "wan-http", "--seconds", "15"), "at a time"),
        (("--prompt", PROMPT, "--guidance", "depth"), "no guidance"),
        (("--prompt", PROMPT, "--engine", "openai-videos", "--seconds", "60"), "at most 16 s"),
        (("--prompt", PROMPT, "--engine", "openai-videos", "--panorama"), "--panorama"),
        (("--prompt", PROMPT, "--engine", "wan-http"), "VR_PREVIS_WAN_HTTP_KEY"),
        (("--prompt", PROMPT, "--negative", "rain"), "no negative prompt"),
        (("--resume", str(tmp_path / "nothing")), "no order"),
    ):
        code, _, told = run("generate", *arguments, *(() if "--resume" in arguments else out))
        assert (code, told.count("\n"), reason in told) == (1, 1, True), told
    assert run("generate", "--prompt", PROMPT)[0] == 2
    rules = tmp_path / "rules.toml"
    rules.write_text('allow = ["tom cruise"]\n', "utf-8")
    monkeypatch.setenv("VR_PREVIS_PRODUCTION", str(rules))
    assert openai.calls == []
    assert run("generate", "--prompt", "Tom Cruise walks", "--engine", "openai-videos", *out)[0] == 0


def test_an_order_whose_answer_was_lost_is_never_sent_again(
    run: Run, openai: OpenAIVideosReplay, tmp_path: Path
) -> None:
    openai.faults["submit"] = [Fault("hang")]
    out = str(tmp_path / "out")
    assert run(*ASK, "--out", out)[0] == 3
    code, said, told = run("generate", "--resume", out, "--json")
    assert (code, json.loads(said)["error"]["code"]) == (3, "outcome-unknown")
    assert "remove" in told
    assert run(*ASK, "--out", out)[0] == 1, "nor by asking once more"
    assert len(openai.of("submit")) == 1


@pytest.mark.usefixtures("in_the_table")
def test_an_order_whose_answer_was_lost_is_found_where_the_engine_can_be_asked(
    run: Run, environ: Callable[..., None], clip: bytes, tmp_path: Path
) -> None:
    replay = ZoetropeReplay()
    replay.clip, replay.phases = clip, ["done"]
    ask = ("generate", "--prompt", PROMPT, "--engine", "zoetrope", "--out", str(tmp_path / "out"))
    with in_a_thread(replay):
        environ("zoetrope", replay)
        replay.faults["submit"], replay.faults["find"] = [Fault("hang")], [Fault("status", 401, "no")]
        assert run(*ask)[0] == 1
        kept = json.loads((tmp_path / "out" / "order.json").read_text("utf-8"))
        assert kept["orders"][0]["state"] == "submitting"
        assert run("generate", "--resume", str(tmp_path / "out"))[0] == 0, "it was not taken, so it is sent now"
    assert len(replay.of("submit")) == 2
    assert len(replay.of("find")) == 2
    assert (tmp_path / "out" / "clip.mp4").read_bytes() == clip


def begin(out: Path, replay: OpenAIVideosReplay) -> "subprocess.Popen[str]":
    """The command as a shell runs it, until its order is on disk and the engine works."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job, and so its children
        signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-m", "vr_server.cli", *ASK, "--out", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    while not replay.of("poll"):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    return process


def test_a_killed_command_goes_on_with_the_same_order(
    run: Run, openai: OpenAIVideosReplay, tmp_path: Path, clip: bytes
) -> None:
    openai.states, out = ["in_progress"], tmp_path / "out"
    process = begin(out, openai)
    process.kill()
    process.communicate()
    assert (out / "order.json").stat().st_mode & 0o077 == 0
    code, _, told = run(*ASK, "--out", str(out))
    assert (code, "--resume" in told) == (1, True)
    openai.states = ["completed"]
    openai.faults["poll"] = [Fault("status", 401, "not now")]
    assert run("generate", "--resume", str(out))[0] == 1
    code, said, _ = run("generate", "--resume", str(out), "--json")
    assert (code, json.loads(said)["taskId"]) == (0, "video_gen-1")
    assert (out / "clip.mp4").read_bytes() == clip
    asked = len(openai.calls)
    assert run("generate", "--resume", str(out), "--json")[1] == said, "what is finished is shown again"
    code, _, told = run(*ASK, "--out", str(out))
    assert (code, "paid for" in told) == (1, True)
    assert len(openai.calls) == asked
    assert len(openai.of("submit")) == 1


def test_ctrl_c_stops_the_engine_too(openai: OpenAIVideosReplay, tmp_path: Path) -> None:
    openai.states = ["in_progress"]
    process = begin(tmp_path / "out", openai)
    process.send_signal(signal.SIGINT)
    said, told = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "may still be charged" in told.splitlines()[-1]
    assert "Traceback" not in told
    assert json.loads(said)["error"]["code"] == "cancelled"
    assert len(openai.of("cancel")) == 1
    assert json.loads((tmp_path / "out" / "order.json").read_text("utf-8"))["orders"][0]["state"] == "cancelled"


@pytest.mark.usefixtures("in_the_table")
def test_the_doctor_lists_every_engine_and_asks_only_when_told_to(
    run: Run, openai: OpenAIVideosReplay, environ: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = ("--data", str(tmp_path / "data"), "--port", "0")
    monkeypatch.setattr("vr_server.cli.checks.checks", lambda settings: ())  # the machine is another test's matter
    monkeypatch.setenv("VR_PREVIS_WAN_HTTP_KEY", KEY)
    code, said, _ = run("doctor", "--json", *machine)
    engines = {engine["name"]: engine for engine in json.loads(said)["engines"]}
    assert code == 0
    assert set(engines) >= {"blockout", "wan-http", "openai-videos", "zoetrope"}
    assert (engines["wan-http"]["missing"], engines["wan-http"]["answer"]) == (None, None)
    assert engines["zoetrope"]["missing"] == "no key: set VR_PREVIS_ZOETROPE_KEY"
    assert engines["openai-videos"]["modes"]["image"]["price"]["perS"] == 0.1
    assert openai.calls == []
    environ("zoetrope", openai, key="sk-another-one-0123")  # a server of another kind
    _, said, _ = run("doctor", "--ask", *machine)
    assert [call.role for call in openai.calls] == ["check"]
    lines = said.splitlines()
    assert any(line.split() == ["asked", "it", "answers,", "and", "takes", "the", "key"] for line in lines)
    assert any("not asked" in line and "no call that costs nothing" in line for line in lines), "wan-http"
    assert any(line.strip().startswith("asked") and "404" in line for line in lines), "zoetrope"
    assert any("0.1 USD a second" in line for line in lines)
    monkeypatch.setenv("VR_PREVIS_WAN_HTTP_KEY", "short")
    _, said, _ = run("doctor", *machine)
    assert "VR_PREVIS_WAN_HTTP_KEY: must be at least 8" in said
