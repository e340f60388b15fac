"""`serve` and `demo`: the server itself."""

import asyncio
import io
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import segno
import uvicorn
from rich.console import Console

from vr_server import logs
from vr_server.api import tls
from vr_server.api.access import JoinTokens
from vr_server.bootstrap import Server, running
from vr_server.bus import RenditionPlayable
from vr_server.cli.watch import TakeWatch
from vr_server.config import Settings
from vr_server.domain.errors import EngineFailed, NotFound, Unavailable
from vr_server.domain.room import Room
from vr_server.rooms.supervisor import TaskSupervisor
from vr_server.script import sample_script

ROOM_ID = "default"
_SOCKET_MESSAGE_BYTES = 1024 * 1024  # above the protocol's own limit, so that a refusal can be said in its words
_SHUTDOWN_S = 5


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """What `serve` and `demo` share."""
    for option in (
        click.option("--token", help="Join token: who holds it is director. Made by itself with --lan."),
        click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Folder for everything kept."),
        click.option("--lan", is_flag=True, default=None, help="Serve HTTPS to the whole network, for headsets."),
        click.option("--port", type=click.IntRange(0, 65535), help="Default 8760."),
        click.option("--host", help="Address to listen on; default 127.0.0.1."),
    ):
        command = option(command)
    return command


@click.command()
@_options
def serve(**options: Any) -> None:
    """Start the server."""
    _run(Settings.load(os.environ, **options), demo=False)


@click.command()
@_options
def demo(**options: Any) -> None:
    """Start the server on a sample project and make the first take of every shot."""
    _run(Settings.load(os.environ, **options), demo=True)


def _run(settings: Settings, *, demo: bool) -> None:
    logs.configure(settings.log_level)
    with _listening(settings) as listening:
        bound = settings.model_copy(update={"port": listening.getsockname()[1]})
        asyncio.run(_serve(bound, listening, demo=demo))


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The bound socket, before anything heavy is started. Raise Unavailable when the port is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((settings.host, settings.port))
        except OSError as error:
            raise Unavailable(
                f"Port {settings.port} on {settings.host} cannot be used ({error.strerror or error}): "
                "stop what runs there or choose another with --port."
            ) from error
        yield listening


class _HttpServer(uvicorn.Server):
    """Says when it answers; ends in order on SIGINT and SIGTERM, and lets the process end by itself afterwards."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for number in signals:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)


async def _serve(settings: Settings, listening: socket.socket, *, demo: bool) -> None:
    certificate = tls.ensure_certificate(settings.data / "tls") if settings.tls else None
    async with running(settings) as server:
        room = await _default_room(server)
        http = _HttpServer(
            uvicorn.Config(
                server.app,
                log_config=None,
                access_log=False,  # request lines would carry join tokens
                lifespan="off",
                ws_max_size=_SOCKET_MESSAGE_BYTES,
                timeout_graceful_shutdown=_SHUTDOWN_S,
                server_header=False,
                ssl_certfile=certificate.certificate if certificate else None,
                ssl_keyfile=certificate.key if certificate else None,
            )
        )

        failed: list[str] = []

        def fail(name: str) -> None:
            failed.append(name)
            http.should_exit = True

        tasks = TaskSupervisor(on_failure=fail)
        tasks.spawn("get ready", lambda: _announce(server, http, room, demo=demo))
        try:
            await http.serve(sockets=[listening])
        finally:
            await tasks.close()
        if failed:
            raise EngineFailed(f"The server stopped because it could not {failed[0]}; the log above says why.")


async def _default_room(server: Server) -> Room:
    """The room that the printed link opens, with the sample project in it when the data folder is new."""
    try:
        return await server.production.store.room(ROOM_ID)
    except NotFound:
        project = await server.production.import_script(sample_script(), "sample.fountain")
        return await server.hub.create(project.id, project.title, room_id=ROOM_ID)


async def _announce(server: Server, http: _HttpServer, room: Room, *, demo: bool) -> None:
    """Say when the server is ready, and then how the first picture comes along."""
    console = Console(highlight=False, soft_wrap=True)
    events = server.bus.subscribe()
    state = await server.production.project_state(room.project_id)
    if demo:
        made = {take.shot_id for take in state.takes if take.state not in {"failed", "cancelled"}}
        for shot in state.shots:
            if shot.id not in made:
                await server.production.request_take(shot.id)
    await server.hub.open(room.id)
    console.print("warming up the renderer…" if not state.takes else f"{len(state.takes)} takes are here already")
    await server.warmed()
    await http.answers.wait()
    ready_s = time.monotonic()
    print_links(console, server.settings, room.id)
    seen = any(take.best() for take in state.takes)
    watch = TakeWatch(console, {shot.id: shot.slate for shot in state.shots})
    with watch:
        async for event in events:
            watch.show(event)
            if isinstance(event, RenditionPlayable) and not seen:
                seen = True
                console.print(f"first picture after {time.monotonic() - ready_s:.1f} s")


def print_links(console: Console, settings: Settings, room_id: str) -> None:
    """The link for this machine, or for the network, with its code to scan."""
    base = settings.url(tls.lan_address() if settings.lan else None)
    link = base + settings.room_path(room_id)
    drawing = io.StringIO()
    segno.make(link, error="m").terminal(out=drawing, compact=True, border=2)
    console.print(f"ready: {link}", markup=False)
    console.print(drawing.getvalue(), markup=False)
    if settings.token is not None:
        invitation = JoinTokens(settings.token.get_secret_value()).token("collaborator")
        console.print(f"for others: {base}/join?token={invitation}&room={room_id}", markup=False)
    if settings.lan:
        console.print(
            "The browser warns once about the certificate, which this machine made itself: go on to the page."
        )
