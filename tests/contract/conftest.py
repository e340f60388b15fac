"""What the contracts are tried against."""

import sys
from collections.abc import Callable, Iterator

import pytest
from replay import KEY, Replay, Run
from s3_server import S3Server, s3_server

from vr_server.cli import main

SETTINGS = {"answer_timeout_s": "0.5", "read_timeout_s": "0.4", "price_per_s": "0.1", "key": KEY}


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3; its start takes about a second, once."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in this process, ended as `main` ends it: exit code, stdout, stderr. No output ever has the key."""

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["vr-previs", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert KEY not in said.out + said.err
        return int(ended.value.code or 0), said.out, said.err

    return command


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Replay], None]:
    """Set an engine up for a replay as a person would."""

    def set_up(name: str, replay: Replay, **more: str) -> None:
        prefix = f"VR_PREVIS_{name.replace('-', '_').upper()}_"
        for field, value in ({"base_url": replay.base_url} | SETTINGS | more).items():
            monkeypatch.setenv(prefix + field.upper(), value)

    return set_up
