"""A whole server in one process, without workers: real production service on the in-memory twins, a stream that notes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import httpx
from fastapi import FastAPI

from streaming import AccessUnit, ClipSource, OfferError, PacketWriter, Playhead, Span
from vr_server.api.app import create_app
from vr_server.api.services import Services
from vr_server.bus import EventBus, RenditionPlayable, TakeChanged
from vr_server.config import Settings
from vr_server.domain.manifest import (
    AtlasInfo,
    Barcode,
    Calibration,
    DepthCode,
    FramePose,
    Layer,
    LayerTiles,
    Manifest,
    Perspective,
    Tier,
)
from vr_server.domain.shot import Project, Shot
from vr_server.domain.take import Quality, Rendition, Take
from vr_server.export import ClipExport
from vr_server.generation.port import Capabilities, RemoteEngine
from vr_server.generation.survey import EngineReport
from vr_server.jobs import Ordering, Production
from vr_server.review.gate import Gate
from vr_server.rooms.hub import RoomHub
from vr_server.rooms.room import RoomSettings
from vr_server.storage import MemoryBlobs, MemoryStore, TakeFolders

HOST = "127.0.0.1:8760"
FRAMES = 48
SCRIPT = "A man walks down a street.\n\n一位穿汉服的女子在竹林间舞剑。\n".encode()
ENGINE = Capabilities(
    name="blockout",
    model="test",
    version="1",
    embedded=True,
    gives_depth=True,
    gives_ids=True,
    gives_camera=True,
    modes=("text", "edit_mask"),
)


class IdleQueue:
    """Takes are put in it and stay as they are: the test says when they become what."""

    def __init__(self) -> None:
        self.enqueued: list[str] = []

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def enqueue(self, take_id: str) -> None:
        self.enqueued.append(take_id)

    async def cancel(self, take_id: str) -> None: ...


@dataclass
class FakeViewer:
    id: str
    answer_sdp: str = "v=0\r\n"
    fragments: list[str] = field(default_factory=list)
    closed: bool = False

    async def add_candidates(self, fragment: str, /) -> None:
        if "candidate" not in fragment:
            raise OfferError("the body holds no ICE candidate")
        self.fragments.append(fragment)

    async def close(self) -> None:
        self.closed = True


class FakeStream:
    """A stream whose clock is the test's: `tick` shows pictures."""

    def __init__(self, on_span: Callable[[Span], None], on_viewer_closed: Callable[[str], None], /) -> None:
        self._on_span = on_span
        self.on_viewer_closed = on_viewer_closed
        self.loads: list[tuple[str, int, bool]] = []
        self.loaded = asyncio.Event()
        self.viewers: list[FakeViewer] = []
        self.source: ClipSource | None = None
        self.closed = False
        self._tag: str | None = None
        self._frame = 0
        self._counter = -1
        self._playing = False

    @property
    def playhead(self) -> Playhead:
        return Playhead(self._tag, self._frame, self._counter, self._playing)

    def load(self, source: ClipSource, *, tag: str, frame: int = 0, playing: bool = True) -> None:
        if self.source is not None:
            self.source.close()
        self.source, self._tag, self._frame, self._playing = source, tag, frame, playing
        self.loads.append((tag, frame, playing))
        self.loaded.set()
        self._counter += 1
        self._span()

    def tick(self, frames: int) -> None:
        self._counter += frames
        self._frame = (self._frame + frames) % FRAMES

    def play(self) -> None:
        self._playing = True
        self._span()

    def pause(self) -> None:
        self._playing = False
        self._span()

    def seek(self, frame: int) -> None:
        self._frame = frame
        self._counter += 1
        self._span()

    def _span(self) -> None:
        assert self._tag is not None
        self._on_span(Span(self._counter, self._tag, self._frame, FRAMES, Fraction(24), self._playing))

    async def connect(self, offer_sdp: str) -> FakeViewer:
        if not offer_sdp.startswith("v=0"):
            raise OfferError("this is no SDP offer: it must begin with v=0")
        self.viewers.append(FakeViewer(f"viewer-{len(self.viewers) + 1}"))
        return self.viewers[-1]

    async def close(self) -> None:
        self.closed = True
        if self.source is not None:
            self.source.close()
            self.source = None


@dataclass
class House:
    """Everything a test may want to touch."""

    settings: Settings
    store: MemoryStore
    folders: TakeFolders
    bus: EventBus
    queue: IdleQueue
    production: Production
    hub: RoomHub
    app: FastAPI
    streams: list[FakeStream]
    project: Project
    shots: tuple[Shot, ...]

    def client(self, **options: object) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}", **options)  # type: ignore[arg-type]

    async def take(self, shot: int = 0) -> Take:
        return await self.production.request_take(self.shots[shot].id)

    def bake(self, take: Take, quality: Quality = "draft", *, frames: int = FRAMES) -> Path:
        """Lay down a rendition's folder; fewer frames than planned: it is still growing."""
        folder = self.folders.path(take.id, quality)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "manifest.json").write_text(manifest(take).model_dump_json(by_alias=True), "utf-8")
        (folder / "poster.jpg").write_bytes(b"\xff\xd8poster\xff\xd9")
        if quality == "final":
            (folder / "clip").mkdir(exist_ok=True)
            (folder / "clip" / "clip.mp4").write_bytes(b"the clip")
        (folder / "high.mp4").write_bytes(bytes(range(256)) * 8)
        with PacketWriter(folder / "high.vrpk") as writer:
            for frame in range(frames):
                writer.append(AccessUnit(frame, frame % 12 == 0, b"\0\0\0\1\x65unit"))
            writer.flush()
            if frames == FRAMES:
                writer.finish()
        return folder

    def playable(self, take: Take, quality: Quality = "draft") -> None:
        """Half a second of it can be watched."""
        folder = self.bake(take, quality, frames=12)
        self.bus.publish(RenditionPlayable(take.project_id, take.shot_id, take.id, quality, folder))

    async def complete(self, take: Take, quality: Quality = "draft") -> Take:
        """The rendition is stored, and the take ready when it is the final one."""
        files = await self.folders.keep(self.bake(take, quality))
        rendition = Rendition(quality=quality, width_px=640, height_px=360, frame_count=FRAMES, files=files)
        async with self.store.transaction() as unit:
            take = await unit.take(take.id)
            state = "ready" if quality == "final" else "generating"
            take = take.model_copy(update={"state": state, "renditions": (*take.renditions, rendition)})
            await unit.put_take(take)
        self.bus.publish(TakeChanged(take))
        return take


def manifest(take: Take) -> Manifest:
    return Manifest(
        shot_id=take.shot_id,
        take_id=take.id,
        frame_count=FRAMES,
        fps=(24, 1),
        keyframe_interval=12,
        source_width=640,
        source_height=360,
        atlas=AtlasInfo(
            width=1280,
            height=720,
            barcode=Barcode(rect=(0, 0, 128, 16), tag=1),
            calibration=Calibration(rects=((0, 704, 32, 16), (32, 704, 32, 16)), luma=(16, 235)),
        ),
        projection=Perspective(yfov=0.7, aspect_ratio=16 / 9),
        depth=DepthCode(near=1.0, far=50.0, scale="metric"),
        layers=(Layer(order=0, role="foreground", tiles=LayerTiles(color="c1", depth="d1")),),
        tiles={"c1": (0, 0, 640, 360), "d1": (640, 0, 640, 360)},
        poses=tuple(FramePose(position=(0, 1.6, 0), rotation=(0, 0, 0, 1), yfov=0.7) for _ in range(FRAMES)),
        tiers=(Tier(name="high", bitrate_kbps=5000, packets="high.vrpk", media="high.mp4"),),
    )


@asynccontextmanager
async def a_house(
    tmp_path: Path,
    *,
    room: RoomSettings | None = None,
    max_rooms: int = 32,
    paid: Mapping[str, RemoteEngine] | None = None,
    reports: tuple[EngineReport, ...] = (),
    **options: object,
) -> AsyncIterator[House]:
    """A server with one project of two shots and a room called "default"; `paid`: remote engines that it offers."""
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html><title>client</title>", "utf-8")
    (web / "assets" / "app-abc.js").write_text("0", "utf-8")
    settings = Settings.load({}, **({"data": tmp_path / "data", "web": web} | options))
    bus, store, queue, streams = EventBus(), MemoryStore(), IdleQueue(), []
    blobs = MemoryBlobs()
    folders = TakeFolders(tmp_path / "takes", blobs)
    paid = paid or {}
    engines = {"blockout": ENGINE} | {name: engine.capabilities() for name, engine in paid.items()}
    production = Production(
        store=store, folders=folders, queue=queue, engines=engines, bus=bus, ordering=Ordering(paid, gate=Gate.load())
    )

    def stream(on_span: Callable[[Span], None], on_viewer_closed: Callable[[str], None], /) -> FakeStream:
        streams.append(FakeStream(on_span, on_viewer_closed))
        return streams[-1]

    hub = RoomHub(production, bus, stream, settings=room or RoomSettings(), max_rooms=max_rooms)
    app = create_app(Services(settings, production, hub, ClipExport(store, blobs, folders), reports))
    hub.start()
    project = await production.import_script(SCRIPT, "two.txt", title="Two shots")
    await hub.create(project.id, "Default", room_id="default")
    shots = (await production.project_state(project.id)).shots
    try:
        yield House(settings, store, folders, bus, queue, production, hub, app, streams, project, shots)
    finally:
        await hub.close()
        await production.stop()
