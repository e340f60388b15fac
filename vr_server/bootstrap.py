"""The composition root: the only place that names a concrete engine, store or queue, and the order in which they live.

Imports stand inside the functions: every worker process imports this module for `engine_named`, and should wait
for neither web server nor database.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vr_server.domain.errors import InvalidInput, UnknownEngine

if TYPE_CHECKING:
    from fractions import Fraction

    from fastapi import FastAPI
    from pydantic import SecretStr

    from streaming import Span
    from vr_server.bus import EventBus
    from vr_server.config import Settings
    from vr_server.domain.staging import Staging
    from vr_server.export import ClipExport
    from vr_server.generation.guidance import Blockout
    from vr_server.generation.port import EmbeddedEngine, RemoteEngine
    from vr_server.generation.settings import EngineSettings
    from vr_server.generation.survey import EngineReport
    from vr_server.jobs import Production
    from vr_server.layering.depth import DepthEstimator
    from vr_server.review.aids import Aids
    from vr_server.review.semantic import SemanticMatch
    from vr_server.rooms.hub import RoomHub
    from vr_server.rooms.ports import Stream, StreamFactory
    from vr_server.rooms.room import RoomSettings
    from vr_server.storage import Blobs, HotColdBlobs, Store, TakeFolders

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
    from vr_server.generation.engines.openai_videos import OpenAIVideosEngine, OpenAIVideosSettings
    from vr_server.generation.engines.wan_http import WanHttpEngine, WanHttpSettings

    return {
        "wan-http": (WanHttpSettings, WanHttpEngine),
        "dashscope": (DashScopeSettings, DashScopeEngine),
        "openai-videos": (OpenAIVideosSettings, OpenAIVideosEngine),
        "comfyui": (ComfyUISettings, ComfyUIEngine),
    }


def remote_engines(options: Mapping[str, SecretStr]) -> dict[str, RemoteEngine]:
    """The remote engines that are set up: a field `key` of ``wan-http`` is the option ``wan_http_key``.

    Raise InvalidInput with one line that names the variable, never its value.
    """
    made: dict[str, RemoteEngine] = {}
    for name, (kind, _) in _remote().items():
        if _told(name, kind, options) is None:
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
    return make(_told(name, kind, options) or kind())


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


def _told(name: str, kind: type[EngineSettings], options: Mapping[str, SecretStr]) -> EngineSettings | None:
    """The settings of what is called `name`; None where nothing was told. Raise InvalidInput as `remote_engines` does."""
    from pydantic import ValidationError

    prefix = name.replace("-", "_") + "_"
    told = {key.removeprefix(prefix): v.get_secret_value() for key, v in options.items() if key.startswith(prefix)}
    if not told:
        return None
    try:
        return kind.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = "_".join(str(part) for part in first["loc"]) or "settings"
        reason = first["msg"].removeprefix("Value error, ")
        raise InvalidInput(f"VR_PREVIS_{(prefix + field).upper()}: {reason}.") from None


def semantic_match(options: Mapping[str, SecretStr]) -> SemanticMatch | None:
    """Who judges whether pictures show their words: the vision-language model that is set up, if one is.

    Raise InvalidInput as `remote_engines` does.
    """
    from vr_server.generation.vision import VisionMatch, VisionSettings

    told = _told(VisionMatch.name, VisionSettings, options)
    if not isinstance(told, VisionSettings):
        return None
    made = VisionMatch(told)
    if (problem := made.problem()) is not None:
        log.warning("%s is not used: %s", made.name, problem)
        return None
    return made


def aids_of(settings: Settings) -> Aids:
    """The networks that takes are looked at with, each opened once so that a wrong one is told at the start.

    Raise InvalidInput with one line that names the variable.
    """
    from vr_server.review.aids import Aids

    if settings.people_model is None and settings.content_check is None:
        return Aids()
    from importlib.util import find_spec
    from pathlib import Path

    from vr_server.domain.errors import InvalidModel, Unavailable
    from vr_server.review.networks import MaskPeople, NudityFinder

    content: Path | None = None
    if settings.content_check == "nudenet":
        spec = find_spec("nudenet")  # its weights are used, its code is not run
        if spec is None or spec.origin is None:
            raise InvalidInput("VR_PREVIS_CONTENT_CHECK: nudenet is not installed: pip install 'vr-previs[content]'.")
        content = Path(spec.origin).with_name("320n.onnx")
    elif settings.content_check is not None:
        content = Path(settings.content_check)
    for name, path, kind in (
        ("PEOPLE_MODEL", settings.people_model, MaskPeople), ("CONTENT_CHECK", content, NudityFinder)
    ):  # fmt: skip
        try:
            if path is not None:
                kind(path)
        except (InvalidModel, Unavailable) as error:
            raise InvalidInput(f"VR_PREVIS_{name}: {error}") from error
    return Aids(people_model=settings.people_model, content_model=content)


DEPTH_MODEL: Final = "depth-anything-v2-small"
"""The network that `auto` takes where it has been fetched already."""


def depth_estimators(wanted: str, report: Callable[[str, float], None]) -> tuple[DepthEstimator, ...]:
    """Ways to find a flat clip's depth, best first. `wanted`: auto, parallax, ground-plane, or a network's name or file,
    which is fetched where need be.

    Raise InvalidModel, Unavailable or StorageFailed where the network cannot be had.
    """
    import platformdirs

    from vr_server.layering.depth import GroundPlane, ModelStore, MotionParallax, NetworkDepth

    store = ModelStore(platformdirs.user_cache_path("vr-previs", appauthor=False) / "models")

    def network(name: str) -> DepthEstimator:
        path, entry = store.get(name, report)
        if entry is None:
            return NetworkDepth(path, name=path.stem)
        return NetworkDepth(path, name=name, gives=entry.gives, multiple=entry.multiple, side=entry.side)

    named: dict[str, tuple[DepthEstimator, ...]] = {
        "auto": (MotionParallax(), GroundPlane()),
        "parallax": (MotionParallax(),),
        "ground-plane": (GroundPlane(),),
    }
    if wanted not in named:
        return (network(wanted),)
    if wanted == "auto" and store.has(DEPTH_MODEL):
        return (network(DEPTH_MODEL), *named[wanted])
    return named[wanted]


def automatic_depth() -> tuple[DepthEstimator, ...]:
    """What a worker finds the depth of an engine's flat video with."""
    return depth_estimators("auto", lambda _, __: None)


AUTOMATIC_DEPTH: Final = "vr_server.bootstrap:automatic_depth"


def blockout_clip(staging: Staging, width_px: int, height_px: int, fps: Fraction) -> Blockout:
    """What a worker draws the guides of paid engines from."""
    from vr_server.blockout import render
    from vr_server.staging import build_scene

    return render(build_scene(staging), width_px=width_px, height_px=height_px, fps=fps, quality="draft")


BLOCKOUT: Final = "vr_server.bootstrap:blockout_clip"


@dataclass(frozen=True, slots=True)
class Storage:
    """Where everything is kept. `upkeep`: what has to run beside it for as long as the server lives, by name."""

    store: Store
    blobs: Blobs
    folders: TakeFolders
    cold: HotColdBlobs | None
    upkeep: dict[str, Callable[[], Coroutine[object, object, None]]]


async def open_storage(settings: Settings) -> Storage:
    """The database, the blobs (with a cold store behind them where one is set) and the rendered folders.

    Raise InvalidInput (the settings) or StorageFailed; a cold store that cannot be reached stops nobody here.
    """
    from vr_server.storage import (
        ColdSettings,
        ColdStore,
        HotColdBlobs,
        HotLimit,
        HotSource,
        KeptFolders,
        LocalBlobs,
        SqlStore,
        TakeFolders,
        approved_blobs,
    )  # fmt: skip

    cold: HotColdBlobs | None = None
    blobs: Blobs
    if settings.cold_url is None:
        blobs = LocalBlobs(settings.data / "blobs")
    else:
        key, secret = settings.cold_access_key, settings.cold_secret_key
        where = ColdSettings(
            settings.cold_url, key.get_secret_value() if key else None, secret.get_secret_value() if secret else None,
            settings.cold_endpoint, settings.cold_region,
        )  # fmt: skip
        blobs = cold = await HotColdBlobs.open(settings.data / "blobs", ColdStore(where))
    store = await SqlStore.open(settings.database_url or settings.data / "previs.sqlite")
    folders = TakeFolders(settings.data / "takes", blobs)
    upkeep: dict[str, Callable[[], Coroutine[object, object, None]]] = {}
    if cold is not None:
        upkeep["uploads"] = cold.run
    if settings.hot_limit_gb is not None:
        # Without a cold store the blobs are the only copy: what can go is the folders made from them.
        sources: list[HotSource] = [KeptFolders(folders, store, blobs)]
        if cold is not None:
            sources.append(cold)
            folders.grown = cold.grown
        limit = HotLimit(round(settings.hot_limit_gb * 1e9), sources, lambda: approved_blobs(store))
        upkeep["hot limit"] = lambda: limit.run(folders.grown)
    return Storage(store, blobs, folders, cold, upkeep)


COMPUTED_BY: Final = frozenset({"blockout"})
"""Engines that render by calculation; what others make comes from trained models, and content credentials say so."""


def clip_export(settings: Settings, storage: Storage) -> ClipExport:
    """Exports, signed where the extra ``c2pa`` is installed. Raise InvalidInput (the certificate) or StorageFailed."""
    from vr_server.export import ClipExport, Credentials, development_identity, own_identity
    from vr_server.export.credentials import available

    credentials: Credentials | None = None
    if (settings.c2pa_certificate is None) != (settings.c2pa_key is None):
        raise InvalidInput("VR_PREVIS_C2PA_CERTIFICATE and VR_PREVIS_C2PA_KEY go together: give both or none.")
    if available():
        if settings.c2pa_certificate is not None and settings.c2pa_key is not None:
            identity = own_identity(settings.c2pa_certificate, settings.c2pa_key)
        else:
            identity = development_identity(settings.data / "c2pa")
        credentials = Credentials(identity, COMPUTED_BY)
    elif settings.c2pa_certificate is not None:
        raise InvalidInput("VR_PREVIS_C2PA_CERTIFICATE needs the extra c2pa: install vr-previs[c2pa].")
    return ClipExport(storage.store, storage.blobs, storage.folders, credentials)


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
    from vr_server.jobs import InputMaker, OrderDesk, Ordering, Production, RemoteMaker
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
    remote = RemoteMaker(
        maker=maker, desk=desk, store=store, blobs=blobs, bus=bus, estimators=AUTOMATIC_DEPTH, ordering=ordering,
        bar=rules.quality, judge=judge, aids=aids_of(settings),
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
    app = create_app(Services(settings, production, hub, exports, survey(settings.engine_options)))
    hub.start()  # before production: nothing that happens there may be missed
    try:
        async with _kept_up(storage):
            await production.start()
            yield Server(settings, app, bus, production, hub, pool.warmed)
    finally:
        await hub.close()
        await production.stop()
        if match is not None:
            await match.aclose()
        log.info("stopped")


@asynccontextmanager
async def _kept_up(storage: Storage) -> AsyncIterator[None]:
    """Uploads and the hot folder's limit, for as long as the server lives."""
    from vr_server.rooms.supervisor import TaskSupervisor

    upkeep = TaskSupervisor()
    for name, work in storage.upkeep.items():
        upkeep.spawn(name, work, restart=True)
    try:
        yield
    finally:
        await upkeep.close()
        if storage.cold is not None:
            await storage.cold.close()


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
