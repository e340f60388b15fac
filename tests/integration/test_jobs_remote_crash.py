"""`kill -9` at every step of a paid generation: the take is finished, and paid once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from remote_fixtures import FakeServer

from vr_server.domain.take import Take

HERE = Path(__file__).parent
POINTS = (
    "before submitting", "before submit", "after submit", "after submitted", "poll 1", "before fetch", "after fetch",
    "before fetched", "before bake", "after bake", "before finish",
)  # fmt: skip


def life(data: Path, url: str, point: str, kind: str = "find") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    command = [sys.executable, "-W", "error", str(HERE / "remote_server.py"), str(data), url, point, kind]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with FakeServer() as server:
        yield server


def test_a_take_that_dies_at_every_step_is_finished_and_paid_once(tmp_path: Path, fake: FakeServer) -> None:
    for point in POINTS:
        died = life(tmp_path, fake.url, point)
        assert died.returncode == -signal.SIGKILL, (point, died.stdout, died.stderr)
    done = life(tmp_path, fake.url, "never")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    take = Take.model_validate_json(done.stdout)
    assert (take.state, take.error) == ("ready", None)
    assert fake.submits == [take.provenance.order_id]
    assert fake.cancelled == []
    manifest = tmp_path / "takes" / take.id / "final" / "manifest.json"
    assert manifest.read_bytes() == fake.clip


@pytest.mark.parametrize("point", ["before submit", "after submit"])
def test_where_the_engine_cannot_be_asked_a_person_decides(tmp_path: Path, fake: FakeServer, point: str) -> None:
    assert life(tmp_path, fake.url, point, "blind").returncode == -signal.SIGKILL
    sent = list(fake.submits)
    done = life(tmp_path, fake.url, "never", "blind")
    assert done.returncode == 0, done.stderr
    take = Take.model_validate_json(done.stdout)
    assert take.state == "unknown"
    assert "retry or drop" in (take.error or "")
    assert fake.submits == sent


def test_a_guided_take_that_dies_between_its_parts_while_a_guide_is_drawn_pays_each_part_once(
    tmp_path: Path, fake: FakeServer
) -> None:
    fake.clip, fake.engine_s = None, 0.05
    died = life(tmp_path, fake.url, "after GuideTask 2", "chain")
    assert died.returncode == -signal.SIGKILL, (died.stdout, died.stderr)
    assert len(fake.submits) == 1
    done = life(tmp_path, fake.url, "never", "chain")
    assert (done.returncode, done.stderr) == (0, "")
    take = Take.model_validate_json(done.stdout)
    assert (take.state, take.error) == ("ready", None)
    assert fake.submits == [part.order_id for part in take.provenance.parts]
    assert fake.inputs == [
        {"guide": "depth of 4 frames from 0 s"},
        {"first_frame": "end of order-1", "guide": "depth of 5 frames from 0.1875 s"},
    ]
    joined = (tmp_path / "takes" / take.id / "final" / "manifest.json").read_text()
    assert joined == "order-1 0-0.25, order-2 0.25-0.5"
