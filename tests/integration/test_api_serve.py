"""The commands around the server: a taken port, the doctor, takes on the terminal."""

import io
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console
from rooms_fixtures import House, a_house

from vr_server.api.access import JoinTokens
from vr_server.bus import TakeChanged, TakeProgress
from vr_server.cli.doctor import doctor
from vr_server.cli.serve import print_links
from vr_server.cli.watch import TakeWatch
from vr_server.config import Settings


def test_a_taken_port_is_one_clear_line_and_exit_code_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "vr_server.cli", "serve", "--port", str(port), "--data", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1
    assert str(port) in lines[0]
    assert "--port" in lines[0]
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_says_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    web = tmp_path / "web"
    web.mkdir()
    (web / "index.html").write_text("")
    monkeypatch.setenv("VR_PREVIS_WEB", str(web))
    arguments = ["--json", "--data", str(tmp_path / "data"), "--port", "0"]
    healthy = CliRunner().invoke(doctor, arguments)
    assert healthy.exit_code == 0, healthy.output
    found = {c["name"]: c for c in json.loads(healthy.output)["checks"]}
    assert set(found) == {"python", "cpu", "data", "clips", "client", "port", "codecs", "numba", "browser"}
    assert "kept on this disk" in found["clips"]["detail"]
    monkeypatch.setenv("VR_PREVIS_COLD_URL", (tmp_path / "cold").as_uri())
    for mounted, words in ((False, "make or mount it"), (True, "answers, and has all of them")):
        if mounted:
            (tmp_path / "cold").mkdir()
        told = json.loads(CliRunner().invoke(doctor, arguments).output)
        assert told["ok"]  # the server works without its cold store
        assert words in next(c["detail"] for c in told["checks"] if c["name"] == "clips")
    assert found["codecs"]["detail"] == "libx264, ffv1"
    (web / "index.html").unlink()
    ill = CliRunner().invoke(doctor, arguments)
    assert ill.exit_code == 1
    report = json.loads(ill.output)
    assert report["ok"] is False
    assert "make setup" in next(c["detail"] for c in report["checks"] if c["name"] == "client")
    (tmp_path / "file").write_text("")
    full = CliRunner().invoke(doctor, ["--json", "--data", str(tmp_path / "file" / "data"), "--port", "0"])
    assert "cannot be written" in full.output


async def test_takes_on_a_terminal_that_is_none_are_one_line_per_event(tmp_path: Path) -> None:
    async def scene(house: House) -> list[str]:
        text = io.StringIO()
        with TakeWatch(Console(file=text, width=80), {shot.id: shot.slate for shot in house.shots}) as watch:
            take = await house.take()
            watch.show(TakeChanged(take))
            watch.show(TakeProgress(take.project_id, take.id, "draft", 0.5))
            take = await house.complete(take)
            watch.show(TakeChanged(take))
            watch.show(TakeChanged(take))
            watch.show(TakeChanged(take.model_copy(update={"state": "failed", "error": "No more film."})))
        return text.getvalue().split("\n")

    async with a_house(tmp_path) as house:
        slate = house.shots[0].slate
        assert [line.strip() for line in await scene(house) if line.strip()] == [
            f"shot {slate} take 1: draft ready",
            f"shot {slate} take 1: failed (No more film.)",
        ]


def test_the_link_for_others_makes_collaborators(tmp_path: Path) -> None:
    settings = Settings.load({}, data=tmp_path, lan=True)
    assert settings.token is not None
    secret = settings.token.get_secret_value()
    text = io.StringIO()
    print_links(Console(file=text, width=80, soft_wrap=True), settings, "default")
    lines = text.getvalue().splitlines()
    ready = next(line for line in lines if line.startswith("ready: "))
    assert ready.startswith("ready: https://")
    assert ready.endswith(f"/join?token={secret}&room=default")
    others = next(line for line in lines if line.startswith("for others: "))
    assert secret not in others
    assert JoinTokens(secret).role(others.partition("token=")[2].partition("&")[0]) == "collaborator"
    assert sum(line.count("█") for line in lines) > 100  # the code to scan
