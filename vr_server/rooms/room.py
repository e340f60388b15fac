"""A live room: who is in it, what they say to it, and what everybody is told."""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import assert_never

from vr_server import __version__
from vr_server.bus import (
    Event,
    EventBus,
    NoteKept,
    RenditionPlayable,
    RevisionChanged,
    ShotChanged,
    TakeChanged,
    TakeProgress,
)
from vr_server.domain.base import new_id, now_utc
from vr_server.domain.errors import InvalidMessage, NotFound, PrevisError, Unavailable
from vr_server.domain.room import Participant, Role, Room
from vr_server.domain.take import Variants
from vr_server.rooms import protocol, roles
from vr_server.rooms.outbox import Outbox, seal
from vr_server.rooms.ports import StreamFactory, Viewer, Workshop
from vr_server.rooms.renditions import Renditions
from vr_server.rooms.screen import Screen
from vr_server.rooms.supervisor import TaskSupervisor

log = logging.getLogger(__name__)

Head = tuple[float, float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """Bounds and beats of a room."""

    max_participants: int = 32
    max_viewers: int = 64
    ice_servers: tuple[protocol.IceServer, ...] = ()
    playhead_s: float = 0.5
    poses_s: float = 1 / 30


@dataclass(eq=False, slots=True)
class Seat:
    """One connection in the room."""

    participant: Participant
    outbox: Outbox
    head: Head | None = field(default=None)

    @property
    def name(self) -> str:
        return f"{self.participant.name!r} ({self.participant.id})"


class LiveRoom:
    """A room somebody is in, or has just been in. Lives in one event loop; no method blocks."""

    def __init__(
        self,
        room: Room,
        workshop: Workshop,
        bus: EventBus,
        renditions: Renditions,
        stream: StreamFactory,
        settings: RoomSettings,
    ) -> None:
        self.room = room
        self.screen = Screen(renditions, stream, self._broadcast)
        self._workshop = workshop
        self._settings = settings
        self._events = bus.subscribe()
        self._seats: dict[str, Seat] = {}
        self._moved = asyncio.Event()
        self._tasks = TaskSupervisor()
        self._idle_since_s = asyncio.get_running_loop().time()

    async def start(self) -> None:
        """Show what there is to show and start to follow the project."""
        await self._reported(self.screen.begin(await self._workshop.project_state(self.room.project_id)))
        name = f"room {self.room.id}"
        self._tasks.spawn(f"{name} events", self._follow, restart=True)
        self._tasks.spawn(f"{name} playhead", self._tell_playhead, restart=True)
        self._tasks.spawn(f"{name} poses", self._tell_poses, restart=True)

    async def close(self) -> None:
        """End every connection; the room itself stays in the store."""
        self._events.close()
        await self._tasks.close()
        for seat in self._seats.values():
            seat.outbox.close()
        self._seats.clear()
        await self.screen.close()

    # ------------------------------------------------------------ coming and going

    @property
    def participants(self) -> tuple[Participant, ...]:
        """In the order of their coming."""
        return tuple(seat.participant for seat in self._seats.values())

    @property
    def idle_s(self) -> float:
        """For how long nobody has been here; 0 while somebody is."""
        if self._seats or self.screen.viewer_count:
            return 0.0
        return asyncio.get_running_loop().time() - self._idle_since_s

    def touch(self) -> None:
        """Somebody is on the way in."""
        self._idle_since_s = asyncio.get_running_loop().time()

    async def enter(self, hello: protocol.Hello, role: Role) -> Seat:
        """Take a seat: the welcome is the first message in its outbox. Raise Unavailable when the room is full."""
        if len(self._seats) >= self._settings.max_participants:
            raise Unavailable(f"The room is full ({self._settings.max_participants} people); try again later.")
        participant = Participant(id=new_id("participant"), name=hello.name, role=role, language=hello.language)
        seat = Seat(participant, Outbox(f"{hello.name!r} in room {self.room.id}"))
        self._seats[participant.id] = seat  # before the state is read: what happens meanwhile waits in the outbox
        entered = False
        try:
            view = await self._workshop.project_state(self.room.project_id)
            entered = True
        finally:
            if not entered:
                del self._seats[participant.id]
        welcome = protocol.Welcome(
            server_version=__version__,
            room_id=self.room.id,
            participant=participant,
            participants=self.participants,
            project=view.project,
            shots=view.shots,
            takes=view.takes,
            notes=view.notes,
            revisions=view.revisions,
            playhead=self.screen.playhead,
            whep_path=f"/api/rooms/{self.room.id}/whep",
            ice_servers=self._settings.ice_servers,
        )
        seat.outbox.open(*(seal(m) for m in (welcome, *self.screen.opening())))
        self._tell_presence()
        log.info("%s enters room %s as %s; %d here", seat.name, self.room.id, role, len(self._seats))
        return seat

    def leave(self, seat: Seat) -> None:
        """Give up the seat. Safe to call twice."""
        seat.outbox.close()
        if self._seats.pop(seat.participant.id, None) is None:
            return
        self.touch()
        self._tell_presence()
        lost = ", ".join(f"{n} {kind}" for kind, n in seat.outbox.dropped.items())
        log.info("%s leaves room %s%s", seat.name, self.room.id, f"; was too slow for {lost}" if lost else "")

    async def watch(self, offer_sdp: str) -> Viewer:
        """Answer a WHEP offer. Raise InvalidOffer or Unavailable."""
        self.touch()
        return await self.screen.connect(offer_sdp, self._settings.max_viewers)

    # ------------------------------------------------------------ what participants say

    async def handle(self, seat: Seat, message: protocol.ClientMessage) -> None:
        """Do what `message` asks. Raise a PrevisError that is meant for the one who said it."""
        roles.check(seat.participant.role, message.type)
        match message:
            case protocol.Pose():
                self._move(seat, message)
            case protocol.Ping(t=t):
                seat.outbox.put(seal(protocol.Pong(t=t, server_time=now_utc())))
            case protocol.Transport():
                self.screen.transport(message)
            case protocol.SelectTake(take_id=take_id, frame=frame):
                take = await self._workshop.store.take(take_id)
                self._check_project(take.project_id, f"take {take_id}")
                await self.screen.select(take, frame)
            case protocol.RequestTake():
                await self._request(seat, message)
            case protocol.WriteNote():
                await self._write(seat, message)
            case protocol.DecideRevision(revision_id=revision_id, accept=accept):
                revision = await self._workshop.store.revision(revision_id)
                self._check_project(revision.project_id, f"revision {revision_id}")
                revision = await self._workshop.decide_revision(revision_id, accept)
                if revision.take_id is not None:
                    self.screen.expect(revision.take_id)
            case protocol.CancelTake(take_id=take_id):
                take = await self._workshop.store.take(take_id)
                self._check_project(take.project_id, f"take {take_id}")
                await self._workshop.cancel_take(take_id)
            case protocol.ResolveTake(take_id=take_id, retry=retry):
                take = await self._workshop.store.take(take_id)
                self._check_project(take.project_id, f"take {take_id}")
                await self._workshop.resolve_take(take_id, retry=retry)
            case protocol.Hello():
                raise InvalidMessage("Hello was said already; open another connection to come in again.")
            case _:
                assert_never(message)

    async def _request(self, seat: Seat, message: protocol.RequestTake) -> None:
        if message.override is not None:
            roles.check(seat.participant.role, "overrideGate")
        shot = await self._workshop.store.shot(message.shot_id)
        self._check_project(shot.project_id, f"shot {message.shot_id}")
        take = await self._workshop.request_take(
            message.shot_id,
            engine=message.engine,
            seed=message.seed,
            variants=Variants(count=message.variants, differ=message.differ, styles=message.styles),
            guidance=message.guidance,
            override=message.override,
        )
        if seat.participant.role == "director":
            self.screen.expect(take.id)

    async def _write(self, seat: Seat, message: protocol.WriteNote) -> None:
        note = await self._workshop.write_note(
            project_id=self.room.project_id,
            take_id=message.take_id,
            frame=message.frame,
            author=seat.participant.name,
            text=message.text,
            client_id=message.client_id,
            point_m=message.point_m,
            ray_direction=message.ray_direction,
            region=message.region,
        )
        # everybody hears of a new note by the bus; of one that was kept already the writer hears only here
        seat.outbox.put(seal(protocol.NoteAdded(note=note, client_id=message.client_id)))

    def _move(self, seat: Seat, pose: protocol.Pose) -> None:
        seat.head = pose.head
        self._moved.set()
        if pose.immersive != seat.participant.immersive:
            seat.participant = seat.participant.model_copy(update={"immersive": pose.immersive})
            self._tell_presence()

    def _check_project(self, project_id: str, what: str) -> None:
        if project_id != self.room.project_id:
            raise NotFound(f"There is no {what} in this room's project.")

    # ------------------------------------------------------------ what everybody is told

    def _broadcast(self, message: protocol.ServerMessage) -> None:
        envelope = seal(message)
        for seat in tuple(self._seats.values()):
            seat.outbox.put(envelope)

    def _tell_presence(self) -> None:
        self._broadcast(protocol.Presence(participants=self.participants))

    async def _tell_playhead(self) -> None:
        while True:
            await asyncio.sleep(self._settings.playhead_s)
            if self._seats:
                self.screen.announce_playhead()

    async def _tell_poses(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            heads = {s.participant.id: s.head for s in self._seats.values() if s.head is not None}
            if heads:
                self._broadcast(protocol.Poses(heads=heads))
            await asyncio.sleep(self._settings.poses_s)

    async def _follow(self) -> None:
        async for event in self._events:
            await self._reported(self._on_event(event))

    async def _on_event(self, event: Event) -> None:
        project_id = self.room.project_id
        match event:
            case TakeChanged(take=take) if take.project_id == project_id:
                self._broadcast(protocol.TakeUpdated(take=take))
                await self.screen.on_take(take)
            case TakeProgress(project_id=project) if project == project_id:
                self._broadcast(
                    protocol.Progress(
                        take_id=event.take_id,
                        stage=event.stage,
                        fraction=event.fraction,
                        playable_frames=event.playable_frames,
                        eta_s=event.eta_s,
                        preview=event.preview,
                    )
                )
            case RenditionPlayable(project_id=project) if project == project_id:
                await self.screen.on_playable(event)
            case NoteKept(note=note, client_id=client_id) if note.project_id == project_id:
                self._broadcast(protocol.NoteAdded(note=note, client_id=client_id))
            case RevisionChanged(revision=revision) if revision.project_id == project_id:
                self._broadcast(protocol.RevisionUpdated(revision=revision))
            case ShotChanged(shot=shot) if shot.project_id == project_id:
                self._broadcast(protocol.ShotUpdated(shot=shot))
            case _:
                pass  # another project's

    async def _reported(self, showing: Awaitable[None]) -> None:
        """Nobody asked for this: a failure is told to everybody, and the room goes on."""
        try:
            await showing
        except PrevisError as error:
            log.warning("room %s cannot show a take: %s", self.room.id, error)
            self._broadcast(protocol.ErrorMessage(code=error.code, title=error.title, detail=str(error)))
