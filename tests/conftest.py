"""What all tests share: on CI a skip that the machine could have run is a failure."""

import os
import sys
from pathlib import Path

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("CI") and (skipped := terminalreporter.stats.get("skipped")):
        terminalreporter.section("skipped on CI: make setup must bring what these need", red=True)
        for report in skipped:
            terminalreporter.line(report.nodeid)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and exitstatus == pytest.ExitCode.OK and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own VR_PREVIS_* variables never change a test."""
    for name in [n for n in os.environ if n.startswith("VR_PREVIS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def decoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Videos are taken in by this process. In a process of their own, which test_media_pictures is about, each costs 1.5 s."""
    from vr_server.media import VideoPictures, intake

    def take_in(source: Path, target: Path) -> VideoPictures:
        remarks = intake._rewrite(source, target)
        pictures = VideoPictures(target)
        pictures.remarks = remarks
        return pictures

    for module in ("vr_server.media", "vr_server.cli.layered"):
        if module in sys.modules:
            monkeypatch.setattr(f"{module}.take_in", take_in)
