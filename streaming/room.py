"""A room's stream: one playhead and one clock, out to every viewer."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiortc import RTCIceServer

from streaming.aiortc_hooks import check_version, know_richer_profiles
from streaming.clip import ClipSource
from streaming.errors import RoomFull, StreamClosed
from streaming.packets import PacketLogError
from streaming.supervise import Supervisor
from streaming.timeline import Playhead, Span, Step, Timeline, rtp_timestamp
from streaming.viewer import Viewer

logger = logging.getLogger(__name__)

_CLOCK, _PACER, _CARE = "room clock", "room pacer", "room care"


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """How a room behaves; the defaults suit a headset on a home network."""

    ice_servers: tuple[RTCIceServer, ...] = ()
    viewer_limit: int = 64
    silent_s: float = 6.0  # a viewer not heard for so long is dropped
    probe_s: float = 2.0  # a viewer not heard for so long is asked
    connect_s: float = 20.0  # an answered viewer must stand within this
    care_s: float = 1.0
    late_frames: int = 12  # at most so many late pictures are burst; beyond it the clock slips
    growth_poll_s: float = 0.1
    repair_s: float = 0.5  # keyframe requests within this are answered once
    burst_packets: int = 12  # per viewer and send
    burst_gap_s: float = 0.002


class RoomStream:
    """Plays stored packets to viewers. Use it within one running event loop; no method blocks.

    `on_span` is called before the packets of the span's counters are sent; `on_viewer_closed` with the id of a
    viewer that has left, by itself or not. Neither may raise.
    """

    def __init__(
        self,
        on_span: Callable[[Span], None],
        *,
        on_viewer_closed: Callable[[str], None] | None = None,
        settings: StreamSettings | None = None,
    ) -> None:
        check_version()
        know_richer_profiles()
        self.settings = settings or StreamSettings()
        self._on_span = on_span
        self._on_viewer_closed = on_viewer_closed
        self._timeline = Timeline()
        self._viewers: dict[str, Viewer] = {}
        self._wanted: ClipSource | None = None  # loaded; not on the wire before the playhead has jumped to it
        self._on_wire: ClipSource | None = None
        self._unreadable: ClipSource | None = None
        self._tasks = Supervisor(self._task_failed)
        self._started = self._closed = False
        self._wake, self._outgoing = asyncio.Event(), asyncio.Event()
        self._repaired_s = 0.0

    # ------------------------------------------------------------ transport controls

    @property
    def playhead(self) -> Playhead:
        return self._timeline.playhead

    @property
    def span(self) -> Span | None:
        """The span in force: what someone who joins now must be told."""
        return self._timeline.span

    @property
    def viewers(self) -> tuple[Viewer, ...]:
        return tuple(self._viewers.values())

    def load(self, source: ClipSource, *, tag: str, frame: int = 0, playing: bool = True) -> None:
        """Put another clip on, at `frame`; it shows as soon as that frame is there. The room owns the source now."""
        self._ensure_started()
        if self._wanted is not None and self._wanted not in (self._on_wire, source):
            self._wanted.close()
        self._wanted = source
        self._timeline.load(source, tag, frame, playing=playing)
        self._wake.set()

    def play(self) -> None:
        self._announce(self._timeline.set_playing(True))
        self._wake.set()

    def pause(self) -> None:
        self._announce(self._timeline.set_playing(False))
        self._wake.set()

    def seek(self, frame: int) -> None:
        """Show `frame` (clamped to the clip). In a growing clip it shows once it is there."""
        self._timeline.seek(frame)
        self._wake.set()

    # ------------------------------------------------------------ viewers

    async def connect(self, offer_sdp: str) -> Viewer:
        """Answer a WHEP offer. Raise OfferError, RoomFull or StreamClosed."""
        self._ensure_started()
        if len(self._viewers) >= self.settings.viewer_limit:
            raise RoomFull(f"{self.settings.viewer_limit} viewers are watching already")
        viewer = Viewer(secrets.token_urlsafe(12), self.settings.ice_servers, self._viewer_closed)
        self._viewers[viewer.id] = viewer
        answered = False
        try:
            await viewer.answer(offer_sdp, self._wake.set)
            answered = True
        finally:
            if not answered:
                self._viewers.pop(viewer.id, None)
                await viewer.close()
        return viewer

    async def close(self) -> None:
        """Stop playing, close every viewer and the clips. Safe to call twice."""
        self._closed = True
        await self._tasks.close()
        await asyncio.gather(*(viewer.close() for viewer in self.viewers))
        for source in {self._wanted, self._on_wire}:
            if source is not None:
                source.close()
        self._wanted = self._on_wire = None

    def _viewer_closed(self, viewer: Viewer) -> None:
        if self._viewers.pop(viewer.id, None) is not None and self._on_viewer_closed is not None:
            self._on_viewer_closed(viewer.id)

    # ------------------------------------------------------------ tasks

    def _ensure_started(self) -> None:
        if self._closed:
            raise StreamClosed("this room has been closed")
        if not self._started:
            self._started = True
            for name in (_CLOCK, _PACER, _CARE):
                self._start(name)

    def _start(self, name: str) -> None:
        work = {_CLOCK: self._run_clock, _PACER: self._run_pacer, _CARE: self._run_care}[name]
        self._tasks.start(name, work())

    def _task_failed(self, name: str) -> None:
        """A defect has been logged; play on a moment later rather than leave the room dark."""
        if not self._closed:
            asyncio.get_running_loop().call_later(1.0, self._restart, name)

    def _restart(self, name: str) -> None:
        if not self._closed:
            self._start(name)

    async def _run_clock(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self._wake.clear()
            now = loop.time()
            self._refresh()
            step = self._timeline.jump()
            if step is not None:
                self._swap_source()
                for viewer in self._viewers.values():
                    viewer.supersede()
                self._send(step, self._joined())
                due = now + float(1 / step.fps)
            elif self._timeline.playing and not self._timeline.jumping:
                due = self._send_due(now, due)
            self._welcome()
            self._repair(now)
            await self._sleep_until(self._next_look(now, due))

    def _send_due(self, now: float, due: float) -> float:
        """Send the pictures that are due; return when the next one is."""
        sent = 0
        while due <= now and sent < self.settings.late_frames:
            step = self._timeline.advance()
            if step is None:
                return now  # nothing there yet: go on from the moment there is
            self._send(step, self._joined())
            due += float(1 / step.fps)
            sent += 1
        return max(due, now)

    def _next_look(self, now: float, due: float) -> float | None:
        """When the clock must look again, or None to sleep until woken."""
        looks: list[float] = []
        if self._timeline.playing and not self._timeline.jumping and self._timeline.clip is not None:
            looks.append(due if due > now else now + self.settings.growth_poll_s)
        if self._timeline.jumping:
            looks.append(now + self.settings.growth_poll_s)
        if any(viewer.picture_lost for viewer in self._viewers.values()):
            looks.append(self._repaired_s + self.settings.repair_s)
        return min(looks, default=None)

    async def _sleep_until(self, when: float | None) -> None:
        handle = asyncio.get_running_loop().call_at(when, self._wake.set) if when is not None else None
        try:
            await self._wake.wait()
        finally:
            if handle is not None:
                handle.cancel()

    async def _run_pacer(self) -> None:
        """Hand each viewer a few packets at a time, so that a big keyframe does not swamp it."""
        while True:
            await self._outgoing.wait()
            self._outgoing.clear()
            busy = True
            while busy:
                busy = False
                for viewer in self.viewers:
                    busy |= viewer.flush(self.settings.burst_packets)
                if busy:
                    await asyncio.sleep(self.settings.burst_gap_s)

    async def _run_care(self) -> None:
        """Drop the viewers that have vanished, and move the others to the tier that suits them."""
        while True:
            await asyncio.sleep(self.settings.care_s)
            viewers = self.viewers
            alive = await asyncio.gather(*(self._is_alive(viewer) for viewer in viewers))
            for viewer, stays in zip(viewers, alive, strict=True):
                if not stays:
                    logger.info("viewer %s has gone silent", viewer.id)
                    viewer.leave()
            self._review_tiers()

    def _review_tiers(self) -> None:
        source = self._on_wire
        if source is None or not self._timeline.playing or len(source.tiers) == 1:
            return
        rates = {tier: source.bitrate_bps(tier) for tier in source.tiers}
        for viewer in self._joined():
            viewer.review_tier([rates[tier] for tier in source.tiers_for(viewer.profile)], time.monotonic())

    async def _is_alive(self, viewer: Viewer) -> bool:
        wanted = self.settings
        return await viewer.check_alive(
            time.monotonic(), silent_s=wanted.silent_s, connect_s=wanted.connect_s, probe_s=wanted.probe_s
        )

    # ------------------------------------------------------------ sending

    def _refresh(self) -> None:
        source = self._wanted
        if source is None or source.complete or source is self._unreadable:
            return
        try:
            source.refresh()
        except (PacketLogError, OSError):
            logger.exception("the clip cannot be read on; the room holds its picture")
            self._unreadable = source
            self.pause()

    def _swap_source(self) -> None:
        if self._on_wire is not self._wanted:
            if self._on_wire is not None:
                self._on_wire.close()
            self._on_wire = self._wanted
        for viewer in self._viewers.values():
            viewer.tier = None  # the clip may have other tiers

    def _joined(self) -> list[Viewer]:
        return [viewer for viewer in self._viewers.values() if viewer.joined and viewer.connected]

    def _announce(self, spans: Sequence[Span]) -> None:
        for span in spans:
            self._on_span(span)

    def _send(self, step: Step, viewers: Sequence[Viewer]) -> None:
        self._announce(step.spans)
        source = self._on_wire
        if source is None:
            return
        for index, frame in enumerate(step.frames):
            counter = step.counter + index
            timestamp = rtp_timestamp(counter, step.fps)
            starts = bool(viewers) and source.keyframe_at_or_before(frame) == frame
            for viewer in viewers:
                tiers = source.tiers_for(viewer.profile)
                if starts or viewer.tier not in tiers:
                    viewer.tier = tiers[min(viewer.tier_state.tier, len(tiers) - 1)]
                viewer.enqueue(counter, timestamp, source.rtp_frame(viewer.tier, frame))
        if viewers:
            self._outgoing.set()

    def _welcome(self) -> None:
        """Late joiners begin with the keyframe before the picture shown, paused or not."""
        new = [viewer for viewer in self._viewers.values() if viewer.connected and not viewer.joined]
        step = self._timeline.shown() if new else None
        for viewer in new:
            viewer.joined = step is not None or self._timeline.span is None
        if step is not None:
            self._send(step, new)

    def _repair(self, now: float) -> None:
        """Answer lost pictures: with the next keyframe when it is near, else with a burst under fresh counters."""
        for viewer in self._viewers.values():  # asked again before the answer could arrive
            viewer.picture_lost &= now - viewer.keyed_s >= self.settings.repair_s
        asking = [viewer for viewer in self._joined() if viewer.picture_lost]
        if not asking or now - self._repaired_s < self.settings.repair_s:
            return
        self._repaired_s = now
        for viewer in asking:
            viewer.picture_lost, viewer.keyed_s = False, now
        if not self._keyframe_is_near():
            step = self._timeline.repeat()
            if step is not None:
                self._send(step, asking)

    def _keyframe_is_near(self) -> bool:
        """The next keyframe comes by itself within half the repair time."""
        source, playhead = self._on_wire, self._timeline.playhead
        if source is None or not playhead.playing or self._timeline.jumping:
            return False
        limit = int(float(source.fps) * self.settings.repair_s / 2)
        return source.frames_to_keyframe(playhead.frame, limit) is not None
