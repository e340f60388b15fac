"""What a room shows: one take in one quality, chosen by people or by what has just become watchable."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from streaming import OfferError, RoomFull, Span, StreamClosed
from vr_server.bus import RenditionPlayable
from vr_server.domain.errors import Conflict, InvalidMessage, InvalidOffer, NotFound, Unavailable
from vr_server.domain.room import Playhead
from vr_server.domain.take import QUALITIES, Quality, Take
from vr_server.rooms import protocol
from vr_server.rooms.ports import ProjectView, StreamFactory, Viewer
from vr_server.rooms.renditions import Located, Renditions, open_rendition

log = logging.getLogger(__name__)

Announce = Callable[[protocol.ServerMessage], None]


@dataclass(frozen=True, slots=True)
class Showing:
    """A rendition on screen; `tag` is its name on the stream."""

    take_id: str
    quality: Quality
    frame_count: int

    @property
    def tag(self) -> str:
        return f"{self.take_id}/{self.quality}"


def wants(showing: Showing | None, awaited: set[str], take_id: str, quality: Quality, *, complete: bool) -> bool:
    """Whether the room should switch to a rendition that has become watchable.

    An empty screen takes anything. The take on screen is replaced by a better quality once that is whole: a growing
    one would halt where a draft plays through. Another take comes only when somebody here waits for it.
    """
    if showing is None:
        return True
    if take_id == showing.take_id:
        return complete and QUALITIES.index(quality) > QUALITIES.index(showing.quality)
    return take_id in awaited


class Screen:
    """Owns the room's stream. `announce` sends to everybody in the room."""

    def __init__(self, renditions: Renditions, stream: StreamFactory, announce: Announce) -> None:
        self._renditions = renditions
        self._announce = announce
        self._stream = stream(self._on_span, self._on_viewer_closed)
        self._showing: Showing | None = None
        self._awaited: set[str] = set()
        self._manifests: dict[str, protocol.ManifestMessage] = {}  # of what is shown and of what comes next
        self._span: protocol.Span | None = None
        self._loading = asyncio.Lock()
        self._viewers: dict[str, Viewer] = {}

    # ------------------------------------------------------------ what to show

    async def begin(self, view: ProjectView) -> None:
        """Show the best take of the first shot that has one."""
        for shot in view.shots:
            takes = [t for t in view.takes if t.shot_id == shot.id]
            for take in reversed(takes):
                quality = self._renditions.best(take)
                if quality is not None:
                    await self._show(take.id, quality)
                    return

    async def on_playable(self, event: RenditionPlayable) -> None:
        """The first half second of a rendition can be watched."""
        if wants(self._showing, self._awaited, event.take_id, event.quality, complete=False):
            located = self._renditions.growing(event.take_id, event.quality, event.folder)
            await self._show(event.take_id, event.quality, located)

    async def on_take(self, take: Take) -> None:
        """A take has changed: it may have a better rendition, or never get one."""
        if take.state in {"failed", "cancelled", "unknown"}:
            self._awaited.discard(take.id)
        best = take.best()
        if best is not None and wants(self._showing, self._awaited, take.id, best.quality, complete=True):
            await self._show(take.id, best.quality)

    def expect(self, take_id: str) -> None:
        """Somebody who may decide has asked for this take: show it as soon as it can be watched."""
        self._awaited.add(take_id)

    async def select(self, take: Take, frame: int | None = None) -> None:
        """Show `take`, or wait for it; with `frame` from there (its last, if it is shorter), running only if the room is.
        Raise Conflict when it will never have a picture."""
        quality = self._renditions.best(take)
        if quality is not None:
            await self._show(take.id, quality, at=frame)
        elif take.state in {"queued", "generating"}:
            self.expect(take.id)
        else:
            raise Conflict(f"Take {take.number} is {take.state} and has no picture to show.")

    async def _show(
        self, take_id: str, quality: Quality, located: Located | None = None, *, at: int | None = None
    ) -> None:
        async with self._loading:
            before = self._showing
            where = located or await self._renditions.locate(take_id, quality)
            try:
                opened = await asyncio.to_thread(open_rendition, where)
            except BaseException:
                where.release()
                raise
            manifest = opened.manifest
            now = Showing(take_id, quality, manifest.frame_count)
            frame, playing = 0, True
            if before is not None and before.take_id == take_id:
                head = self._stream.playhead
                frame, playing = head.frame * now.frame_count // before.frame_count, head.playing
            if before is not None and at is not None:
                frame, playing = min(at, now.frame_count - 1), self._stream.playhead.playing
            message = protocol.ManifestMessage(
                take_id=take_id, quality=quality, files_path=f"/api/takes/{take_id}/{quality}", manifest=manifest
            )
            on_wire = self._manifests.get(f"{self._span.take_id}/{self._span.quality}") if self._span else None
            self._manifests = {f"{m.take_id}/{m.quality}": m for m in (on_wire, message) if m is not None}
            self._announce(message)
            self._stream.load(opened.source, tag=now.tag, frame=frame, playing=playing)
            self._showing = now
            self._awaited.discard(take_id)
            log.info("shows take %s in %s, frame %d", take_id, quality, frame)
        self.announce_playhead()

    # ------------------------------------------------------------ transport

    def transport(self, message: protocol.Transport) -> None:
        """Play, pause or seek for the whole room. Raise Conflict without a take, InvalidMessage without a frame."""
        if self._showing is None:
            raise Conflict("The room shows no take yet; ask for one first.")
        if message.frame is not None:
            if message.frame >= self._showing.frame_count:
                raise InvalidMessage(f"The take has {self._showing.frame_count} frames; {message.frame} is beyond it.")
            self._stream.seek(message.frame)
        match message.action:
            case "play":
                self._stream.play()
            case "pause":
                self._stream.pause()
            case "seek":
                if message.frame is None:
                    raise InvalidMessage("A seek needs a frame.")
            case _:
                assert_never(message.action)
        self.announce_playhead()

    @property
    def playhead(self) -> Playhead:
        """Where the room is now."""
        head = self._stream.playhead
        take_id, quality = _untag(head.tag)
        return Playhead(take_id=take_id, quality=quality, frame=head.frame, playing=head.playing, counter=head.counter)

    def announce_playhead(self) -> None:
        self._announce(protocol.PlayheadMessage(playhead=self.playhead))

    def opening(self) -> tuple[protocol.ServerMessage, ...]:
        """What somebody who has just come in needs to understand the frames on the wire."""
        span = () if self._span is None else (self._span,)
        return (*self._manifests.values(), *span)

    def _on_span(self, span: Span) -> None:
        take_id, quality = _untag(span.tag)
        if take_id is None or quality is None:
            return
        self._span = protocol.Span(
            counter=span.counter,
            take_id=take_id,
            quality=quality,
            frame=span.frame,
            frame_count=span.frame_count,
            fps=(span.fps.numerator, span.fps.denominator),
            playing=span.playing,
        )
        self._announce(self._span)

    # ------------------------------------------------------------ media connections

    async def connect(self, offer_sdp: str, limit: int) -> Viewer:
        """Answer an offer. Raise InvalidOffer, or Unavailable when the room has `limit` viewers."""
        if len(self._viewers) >= limit:
            raise Unavailable(f"The room has {limit} viewers already; try again when one has left.")
        try:
            viewer = await self._stream.connect(offer_sdp)
        except OfferError as error:
            raise InvalidOffer(_sentence(error)) from error
        except (RoomFull, StreamClosed) as error:
            raise Unavailable(_sentence(error)) from error
        self._viewers[viewer.id] = viewer
        return viewer

    async def add_candidates(self, viewer_id: str, fragment: str) -> None:
        """Raise NotFound or InvalidOffer."""
        try:
            await self._viewer(viewer_id).add_candidates(fragment)
        except OfferError as error:
            raise InvalidOffer(_sentence(error)) from error
        except StreamClosed as error:
            self._viewers.pop(viewer_id, None)
            raise NotFound("That viewer has left.") from error

    async def disconnect(self, viewer_id: str) -> None:
        """Raise NotFound."""
        viewer = self._viewer(viewer_id)
        self._viewers.pop(viewer_id, None)
        await viewer.close()

    def _on_viewer_closed(self, viewer_id: str) -> None:
        self._viewers.pop(viewer_id, None)

    def _viewer(self, viewer_id: str) -> Viewer:
        if viewer_id not in self._viewers:
            raise NotFound("That viewer has left or was never here.")
        return self._viewers[viewer_id]

    @property
    def viewer_count(self) -> int:
        return len(self._viewers)

    async def close(self) -> None:
        """End the stream and every viewer's connection."""
        await self._stream.close()
        self._viewers.clear()


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(("?", "!", ".")) else ".")


def _untag(tag: str | None) -> tuple[str | None, Quality | None]:
    take_id, _, quality = (tag or "").partition("/")
    for known in QUALITIES:
        if quality == known:
            return take_id, known
    return None, None
