"""What `doctor` looks at."""

import asyncio
import os
import platform
import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass

import av
import numba

from vr_server.cli.clips import where_clips_are
from vr_server.config import Settings
from vr_server.domain.errors import PrevisError

_BROWSERS = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome", "msedge")
_CODECS = ("libx264", "ffv1")


@dataclass(frozen=True, slots=True)
class Check:
    """`needed`: the server does not work without it."""

    name: str
    ok: bool
    needed: bool
    detail: str

    @property
    def line(self) -> str:
        """For a person to read."""
        return f"{'ok  ' if self.ok else 'FAIL' if self.needed else 'note'}  {self.name:<12} {self.detail}"


def checks(settings: Settings) -> tuple[Check, ...]:
    """Look at this machine. Compiling takes a second or two."""
    return (
        _python(),
        Check("cpu", (os.cpu_count() or 1) >= 2, False, f"{os.cpu_count()} cores, {platform.machine()}"),
        _data(settings),
        _clips(settings),
        _client(settings),
        _port(settings),
        _codecs(),
        _numba(),
        _browser(),
    )


def _python() -> Check:
    return Check("python", sys.version_info >= (3, 11), True, platform.python_version())


def _data(settings: Settings) -> Check:
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.data):
            free_gb = shutil.disk_usage(settings.data).free / 1e9
    except OSError as error:
        return Check("data", False, True, f"{settings.data} cannot be written: {error.strerror or error}")
    return Check("data", free_gb > 1, True, f"{settings.data}, {free_gb:.1f} GB free")


def _clips(settings: Settings) -> Check:
    try:
        return Check("clips", True, False, asyncio.run(where_clips_are(settings)))
    except PrevisError as error:
        return Check("clips", False, False, str(error))


def _client(settings: Settings) -> Check:
    built = (settings.web / "index.html").is_file()
    return Check("client", built, True, "built" if built else "not built: run make setup")


def _port(settings: Settings) -> Check:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((settings.host, settings.port))
        except OSError as error:
            return Check("port", False, True, f"{settings.port} cannot be used: {error.strerror or error}")
    return Check("port", True, True, f"{settings.port} is free")


def _codecs() -> Check:
    missing = []
    for name in _CODECS:
        try:
            av.Codec(name, "w")
        except ValueError:  # PyAV's unknown-codec error is one
            missing.append(name)
    return Check("codecs", not missing, True, f"missing: {', '.join(missing)}" if missing else ", ".join(_CODECS))


def _numba() -> Check:
    try:
        one = numba.njit(lambda x: x + 1)(1)
    except numba.core.errors.NumbaError as error:
        return Check("numba", False, True, f"cannot compile: {str(error).splitlines()[0]}")
    return Check("numba", one == 2, True, f"{numba.__version__} compiles")


def _browser() -> Check:
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    return Check(
        "browser", found is not None, False, found or "none found here; any headset or Chrome elsewhere will do"
    )
