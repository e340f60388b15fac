"""What all tests share: on CI a skip that the machine could have run is a failure, but for what is too large to ask for."""

import os

import pytest

_TOO_LARGE = "tools/install_diffusers.sh"
"""Skips that say so may stay: torch is not part of what `make setup` brings."""


def _skipped(reporter: pytest.TerminalReporter) -> list[pytest.TestReport]:
    """The skips that are not allowed on CI."""
    return [report for report in reporter.stats.get("skipped", []) if _TOO_LARGE not in str(report.longrepr)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("CI") and (skipped := _skipped(terminalreporter)):
        terminalreporter.section("skipped on CI: make setup must bring what these need", red=True)
        for report in skipped:
            terminalreporter.line(report.nodeid)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and exitstatus == pytest.ExitCode.OK and reporter and _skipped(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own VR_PREVIS_* variables never change a test."""
    for name in [n for n in os.environ if n.startswith("VR_PREVIS_")]:
        monkeypatch.delenv(name)
