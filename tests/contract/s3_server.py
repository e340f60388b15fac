"""A real S3 on loopback: seaweedfs, whose one binary comes in a wheel. One server for the whole test session."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from vr_server.storage import ColdSettings

KEY, SECRET, BUCKET = "admin", "not-a-secret-of-anybody", "clips"
_START_S = 20.0


@dataclass(frozen=True)
class S3Server:
    endpoint: str

    def settings(self, prefix: str, *, secret: str = SECRET, bucket: str = BUCKET) -> ColdSettings:
        return ColdSettings(f"s3://{bucket}/{prefix}", KEY, secret, self.endpoint)

    def raw(self, prefix: str) -> S3Store:
        """The bucket itself, to damage something in it."""
        return S3Store(
            BUCKET, prefix=prefix, endpoint=self.endpoint, access_key_id=KEY, secret_access_key=SECRET,
            region="us-east-1", client_options={"allow_http": True}, retry_config={"max_retries": 0},
        )  # fmt: skip


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Started, asked until it takes an object, and killed at the end."""
    ports = _free_ports(10)
    command = [
        _binary(), "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-bucket={BUCKET}",
        "-master.telemetry=false", "-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
        f"-filer.localSocket={folder}/filer.sock",
    ]  # fmt: skip
    for part in ("master", "volume", "filer", "s3", "admin"):
        command += [f"-{part}.port={ports.pop()}", f"-{part}.port.grpc={ports.pop()}"]
    port = next(word.partition("=")[2] for word in command if word.startswith("-s3.port="))
    server = S3Server(f"http://127.0.0.1:{port}")
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    with (folder / "log.txt").open("wb") as log:
        running = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _await(server, running, folder / "log.txt")
            yield server
        finally:
            running.kill()
            running.wait()


def _await(server: S3Server, running: subprocess.Popen[bytes], log: Path) -> None:
    began_s = time.monotonic()
    while True:
        try:
            obstore.put(server.raw("health"), "up", b"up")
        except BaseError as error:
            if running.poll() is not None or time.monotonic() - began_s > _START_S:
                raise RuntimeError(f"no S3 server: {error}\n{log.read_text(errors='replace')[-2000:]}") from error
            time.sleep(0.05)
        else:
            return


def _binary() -> str:
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed") or str(beside)


def _free_ports(count: int) -> list[int]:
    """Held all at once, so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
