"""The composition root: the only place that names a concrete engine, store or queue, and the order in which they live.

Imports stand inside the functions: every worker process imports this module for `engine_named`, and should wait
for neither web server nor database.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vr_server.domain.errors import InvalidInput, UnknownEngine

from .looking import (
    AUTOMATIC_DEPTH,
    BLOCKOUT,
    aids_of,
    automatic_depth,
    blockout_clip,
    depth_estimators,
    person_masks,
    semantic_match,
)
from .options import told
from .stores import clip_export, kept_up, open_storage

if TYPE_CHECKING:
    from fastapi import FastAPI
    from pydantic import SecretStr

    from streaming import Span
    from vr_server.bus import EventBus
    from vr_server.config import Settings
    from vr_server.generation.port import EmbeddedEngine, RemoteEngine
    from vr_server.generation.settings import EngineSettings
    from vr_server.generation.survey import EngineReport
    from vr_server.jobs import Production
    from vr_server.rooms.hub import RoomHub
    from vr_server.rooms.ports import Stream, StreamFactory
    from vr_server.rooms.room import RoomSettings

__all__ = [
    "BLOCKOUT",
    "Server",
    "aids_of",
    "automatic_depth",
    "blockout_clip",
    "clip_export",
    "depth_estimators",
    "engine_named",
    "is_embedded",
    "open_storage",
    "person_masks",
    "remote_engine",
    "remote_engines",
    "running",
    "semantic_match",
    "survey",
]

log = logging.getLogger(__name__)

ENGINE_FACTORY: Final = "vr_server.bootstrap:engine_named"
"""What worker processes are told: they make their own engines."""


def _blockout() -> EmbeddedEngine:
    from vr_server.generation.engines.blockout import BlockoutEngine

    return BlockoutEngine()


_ENGINES: Final[dict[str, Callable[[], EmbeddedEngine]]] = {"blockout": _blockout}


def engine_named(name: str) -> EmbeddedEngine:
    """A new engine. Raise UnknownEngine."""
    if name not in _ENGINES:
        raise UnknownEngine(f"There is no engine {name!r}; there are: {', '.join(sorted(_ENGINES))}.")
    return _ENGINES[name]()


def _remote() -> dict[str, tuple[type[EngineSettings], Callable[..., RemoteEngine]]]:
    """Engines over the network: what they can be told, and what makes them of it."""
    from vr_server.generation.engines.comfyui import ComfyUIEngine, ComfyUISettings
    from vr_server.generation.engines.dashscope import DashScopeEngine, DashScopeSettings
    from vr_server.generation.engines.diffusers import DiffusersEngine, DiffusersSettings
    from vr_server.generation.engines.openai_videos import OpenAIVideosEngine, OpenAIVideosSettings
    from vr_server.generation.engines.wan_http import WanHttpEngine, WanHttpSettings

    return {
        "wan-http": (WanHttpSettings, WanHttpEngine),
        "dashscope": (DashScopeSettings, DashScopeEngine),
        "openai-videos": (OpenAIVideosSettings, OpenAIVideosEngine),
        "comfyui": (ComfyUISettings, ComfyUIEngine),
        "diffusers": (DiffusersSettings, DiffusersEngine),
    }


def remote_engines(options: Mapping[str, SecretStr]) -> dict[str, RemoteEngine]:
    """The remote engines that are set up: a field `key` of ``wan-http`` is the option ``wan_http_key``.

    Raise InvalidInput with one line that names the variable, never its value.
    """
    made: dict[str, RemoteEngine] = {}
    for name, (kind, _) in _remote().items():
        if told(name, kind, options) is None:
            continue
        engine = remote_engine(name, options)
        if (problem := engine.problem()) is not None:
            log.warning("engine %s is not offered: %s", name, problem)
            continue
        made[name] = engine
    return made


def remote_engine(name: str, options: Mapping[str, SecretStr]) -> RemoteEngine:
    """A remote engine as far as it is set up (see its `problem`). Raise UnknownEngine, or InvalidInput as above."""
    table = _remote()
    if name not in table:
        raise UnknownEngine(f"There is no engine {name!r}; there are: {', '.join(sorted((*_ENGINES, *table)))}.")
    kind, make = table[name]
    return make(told(name, kind, options) or kind())


def is_embedded(name: str) -> bool:
    """Is it one of the engines that run in our own processes?"""
    return name in _ENGINES


def survey(options: Mapping[str, SecretStr]) -> tuple[EngineReport, ...]:
    """Every engine there is, ours first, with what it can do and what it lacks. A wrong setting is what it lacks."""
    from vr_server.generation.survey import EngineReport, report_embedded, report_remote

    reports = [report_embedded(make()) for make in _ENGINES.values()]
    for name in _remote():
        try:
            reports.append(report_remote(remote_engine(name, options)))
        except InvalidInput as error:
            reports.append(EngineReport(name=name, embedded=False, missing=str(error)))
    return tuple(reports)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server's parts. `warmed` returns when a first worker is ready."""

    settings: Settings
    app: FastAPI
    bus: EventBus
    production: Production
    hub: RoomHub
    warmed: Callable[[], Awaitable[None]]


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Server]:
    """Build everything and start it; at the end stop it the other way round. Unfinished takes are taken up next time.

    Raise StorageFailed when the data folder or the database cannot be used.
    """
    from vr_server.api.app import create_app
    from vr_server.api.services import Services
    from vr_server.bus import EventBus
    from vr_server.jobs import InputMaker, OrderDesk, Ordering, Previews, Production, RemoteMaker
    from vr_server.jobs.judging import Judge
    from vr_server.jobs.making import RenditionSettings, TakeMaker
    from vr_server.jobs.pool import PoolSettings, WorkerPool
    from vr_server.jobs.workflows import DurableTakeQueue
    from vr_server.review.gate import Gate, Rules, read_rules
    from vr_server.rooms.hub import RoomHub

    data = settings.data
    bus = EventBus()
    storage = await open_storage(settings)
    store, blobs, folders = storage.store, storage.blobs, storage.folders
    pool = WorkerPool(PoolSettings(factory=ENGINE_FACTORY, warm=tuple(_ENGINES), workers=settings.workers))
    renditions = RenditionSettings(draft=settings.draft_size, final=settings.final_size)
    maker = TakeMaker(store=store, folders=folders, runner=pool, bus=bus, settings=renditions)
    paid = remote_engines(settings.engine_options)
    inputs = InputMaker(store, blobs, data / "scratch" / "inputs", runner=pool, renderer=BLOCKOUT)
    desk = OrderDesk(store=store, blobs=blobs, engines=paid, scratch=data / "scratch", inputs=inputs)
    rules = read_rules(settings.production) if settings.production is not None else Rules()
    ordering = Ordering(paid, size=settings.engine_size, gate=Gate.load(rules))
    match = semantic_match(settings.engine_options)
    judge = Judge(match=match, store=store, bus=bus, bar=rules.quality) if match is not None else None
    previews = Previews()
    remote = RemoteMaker(
        maker=maker, desk=desk, store=store, blobs=blobs, bus=bus, estimators=AUTOMATIC_DEPTH, ordering=ordering,
        bar=rules.quality, judge=judge, aids=aids_of(settings), previews=previews,
    )  # fmt: skip
    production = Production(
        store=store,
        folders=folders,
        queue=DurableTakeQueue(maker, pool, data / "jobs.sqlite", remote),
        engines={name: engine_named(name).capabilities() for name in _ENGINES}
        | {name: engine.capabilities() for name, engine in paid.items()},
        bus=bus,
        ordering=ordering,
    )
    hub = RoomHub(production, bus, _streams(settings), settings=_room_settings(settings), max_rooms=settings.max_rooms)
    exports = clip_export(settings, storage)
    app = create_app(Services(settings, production, hub, exports, survey(settings.engine_options), previews))
    hub.start()  # before production: nothing that happens there may be missed
    try:
        async with kept_up(storage):
            await production.start()
            yield Server(settings, app, bus, production, hub, pool.warmed)
    finally:
        await hub.close()
        await production.stop()
        if match is not None:
            await match.aclose()
        log.info("stopped")


def _streams(settings: Settings) -> StreamFactory:
    from aiortc import RTCIceServer

    from streaming import RoomStream, StreamSettings

    ice = tuple(RTCIceServer(urls=url) for url in settings.ice_servers)
    stream_settings = StreamSettings(ice_servers=ice, viewer_limit=settings.max_viewers)

    def make(on_span: Callable[[Span], None], on_viewer_closed: Callable[[str], None], /) -> Stream:
        return RoomStream(on_span, on_viewer_closed=on_viewer_closed, settings=stream_settings)

    return make


def _room_settings(settings: Settings) -> RoomSettings:
    from vr_server.rooms.protocol import IceServer
    from vr_server.rooms.room import RoomSettings

    return RoomSettings(
        max_participants=settings.max_participants,
        max_viewers=settings.max_viewers,
        ice_servers=tuple(IceServer(urls=(url,)) for url in settings.ice_servers),
    )
