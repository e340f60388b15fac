"""`kill -9` in the middle of a take, then a restart: nothing is lost and nothing is made twice."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def server(mode: str, data: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    command = [sys.executable, "-W", "error", str(HERE / "jobs_server.py"), mode, str(data)]
    with (data / f"{mode}.log").open("w") as log:
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)


def children_of(pid: int) -> list[int]:
    listed = [p.read_text() for p in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for line in listed for child in line.split()]


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads process tables as Linux has them")
def test_a_killed_server_finishes_its_takes_after_a_restart(tmp_path: Path) -> None:
    first = server("begin", tmp_path)
    assert first.stdout is not None
    begun = json.loads(first.stdout.readline())
    workers = [pid for pid in children_of(first.pid) if "spawn_main" in command_of(pid)]
    assert workers
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    first.stdout.close()
    while any("spawn_main" in command_of(pid) for pid in workers):
        time.sleep(0.02)  # a renderer that outlived its server would hang the test here

    second = server("resume", tmp_path)
    output, _ = second.communicate(timeout=120)
    assert second.returncode == 0, (tmp_path / "resume.log").read_text()
    assert (tmp_path / "resume.log").read_text() == ""
    state = json.loads(output)

    assert [note["id"] for note in state["notes"]] == [begun["note"]]
    assert state["notes"][0]["text"] == "move the camera closer"
    assert [revision["state"] for revision in state["revisions"]] == ["accepted"]
    assert [(take["number"], take["state"], take["error"]) for take in state["takes"]] == [
        (1, "ready", None),
        (2, "ready", None),
    ]
    original, revised = state["takes"]
    assert original["id"] == begun["take"]
    assert revised["provenance"]["parent_take_id"] == original["id"]
    assert revised["provenance"]["note_ids"] == [begun["note"]]
    assert revised["provenance"]["seed"] == original["provenance"]["seed"]
    assert revised["spec"]["camera"]["distance_scale"] < original["spec"]["camera"]["distance_scale"]
    for take in state["takes"]:
        assert [rendition["quality"] for rendition in take["renditions"]] == ["draft", "final"]
    assert len(state["folders"]) == 4
    for folder in state["folders"]:
        names = {path.name for path in Path(folder).iterdir()}
        assert {"manifest.json", "stage.glb", "staging.json", "poster.jpg"} <= names
        assert ("clip" in names) == folder.endswith("final")
