"""`generate` by an engine that follows the shot's blocking: the blockout is drawn, sent and told of."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from remote_fixtures import FAKE, FakeEngine, FakeServer, flat_clip

from vr_server.cli import cli

ABLE = FAKE.model_copy(update={"guides": ("camera",), "fps": (16,)})
ASK = ["generate", "--prompt", "A man walks down the alley.", "--engine", "fake", "--seconds", "1", "--json"]


def test_a_clip_follows_its_blocking_where_the_engine_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    clip = flat_clip(tmp_path / "clip.mp4").read_bytes()
    with FakeServer(engine_s=0.0, clip=clip) as fake:
        monkeypatch.setattr("vr_server.cli.remote.remote_engine", lambda *_: FakeEngine(fake.url, ABLE))
        done = CliRunner().invoke(cli, [*ASK, "--out", str(out)])
        assert done.exit_code == 0, done.output
        told = json.loads(done.stdout)["guidance"]
        assert fake.inputs[0]["guide"].startswith("camera of 16 frames at 16 fps\n0 ")
        assert told == {"asked": "auto", "used": "camera", "recipe": told["recipe"], "strength": None}
        assert (out / "inputs" / f"{told['recipe'][:16]}.txt").read_text("ascii") == fake.inputs[0]["guide"]
        assert "drawing the guide" in done.stderr
        done = CliRunner().invoke(cli, [*ASK, "--guidance", "none", "--out", str(tmp_path / "none")])
        assert (done.exit_code, json.loads(done.stdout)["guidance"]["used"], fake.inputs[1]) == (0, None, {})
