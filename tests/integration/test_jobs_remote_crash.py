"""`kill -9` at every step of a paid generation: the take is finished, and paid once."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

import pytest
from remote_fixtures import FakeServer

from vr_server.domain.take import Take

HERE = Path(__file__).parent
POINTS = (
    "before submitting", "before submit", "after submit", "after submitted", "poll 1", "before fetch", "after fetch",
    "before fetched", "before bake", "after bake", "before finish",
)  # fmt: skip

CHAIN = (
    ("after GuideTask 1", 0), ("after HandOverTask 1", 1), ("after GuideTask 1", 1), ("after JoinTask 1", 2),
    ("after finish", 2), ("after retake", 2),
)  # fmt: skip
"""Where a take in two parts dies, and how many orders are paid by then; the second guide is the first of its life."""


@dataclass(frozen=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


Life = Callable[..., Ended]


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """One life of the production: data folder, engine's address, where it dies, and which engine."""
    said = tmp_path_factory.mktemp("said")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # no threads before a fork
    command = [sys.executable, "-W", "error", str(HERE / "remote_server.py")]
    with subprocess.Popen(command, env=environment, stdin=PIPE, stdout=PIPE, text=True) as lives:

        def one(data: Path, url: str, point: str, kind: str = "find") -> Ended:
            assert lives.stdin is not None
            assert lives.stdout is not None
            out, err = said / "out", said / "err"
            lives.stdin.write(json.dumps([str(data), url, point, kind, str(out), str(err)]) + "\n")
            lives.stdin.flush()
            return Ended(int(lives.stdout.readline()), out.read_text(), err.read_text())

        yield one
        lives.kill()


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with FakeServer() as server:
        yield server


def test_a_take_that_dies_at_every_step_is_finished_and_paid_once(life: Life, tmp_path: Path, fake: FakeServer) -> None:
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
def test_where_the_engine_cannot_be_asked_a_person_decides(
    life: Life, tmp_path: Path, fake: FakeServer, point: str
) -> None:
    assert life(tmp_path, fake.url, point, "blind").returncode == -signal.SIGKILL
    sent = list(fake.submits)
    done = life(tmp_path, fake.url, "never", "blind")
    assert done.returncode == 0, done.stderr
    take = Take.model_validate_json(done.stdout)
    assert take.state == "unknown"
    assert "retry or drop" in (take.error or "")
    assert fake.submits == sent


def test_a_guided_take_in_parts_and_its_retake_that_die_at_every_step_pay_each_part_once(
    life: Life, tmp_path: Path, fake: FakeServer
) -> None:
    fake.clip, fake.engine_s = None, 0.05
    for point, paid in CHAIN:
        died = life(tmp_path, fake.url, point, "chain")
        assert died.returncode == -signal.SIGKILL, (point, died.stdout, died.stderr)
        assert len(fake.submits) == paid, point
    done = life(tmp_path, fake.url, "never", "chain")
    assert (done.returncode, done.stderr) == (0, "")
    take, again = (Take.model_validate_json(line) for line in done.stdout.splitlines())
    assert (take.state, take.error, len(take.findings)) == ("ready", None, 1)
    assert (again.state, again.error, again.findings, again.provenance.retry_of) == ("ready", None, (), take.id)
    assert fake.submits == [part.order_id for one in (take, again) for part in one.provenance.parts]
    assert fake.inputs[:2] == [
        {"guide": "depth of 4 frames from 0 s"},
        {"first_frame": "end of order-1", "guide": "depth of 5 frames from 0.1875 s"},
    ]
    joined = [(tmp_path / "takes" / one.id / "final" / "manifest.json").read_text() for one in (take, again)]
    assert joined == ["order-1 0-0.25, order-2 0.25-0.5", "order-3 0-0.25, order-4 0.25-0.5"]
