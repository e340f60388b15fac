"""All live rooms of the server: opened when somebody comes, closed when nobody has been there for a while."""

import asyncio
import logging
import re

from vr_server.bus import EventBus
from vr_server.domain.base import new_id, now_utc
from vr_server.domain.errors import InvalidInput, NotFound, Unavailable
from vr_server.domain.room import Room
from vr_server.rooms.ports import StreamFactory, Workshop
from vr_server.rooms.renditions import Renditions
from vr_server.rooms.room import LiveRoom, RoomSettings
from vr_server.rooms.supervisor import TaskSupervisor

log = logging.getLogger(__name__)

_IDLE_LIMIT_S = 600.0
_SWEEP_S = 30.0
_ROOM_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class RoomHub:
    """At most `max_rooms` rooms are live at the same time."""

    def __init__(
        self,
        workshop: Workshop,
        bus: EventBus,
        stream: StreamFactory,
        *,
        settings: RoomSettings,
        max_rooms: int = 32,
    ) -> None:
        self.renditions = Renditions(workshop)
        self._workshop = workshop
        self._bus = bus
        self._stream = stream
        self._settings = settings
        self._max_rooms = max_rooms
        self._live: dict[str, LiveRoom] = {}
        self._opening = asyncio.Lock()
        self._events = bus.subscribe()
        self._tasks = TaskSupervisor()
        self._closed = False

    def start(self) -> None:
        """Start to follow the bus. Call it before the workshop starts, so that nothing is missed."""
        self._tasks.spawn("renditions", self._follow, restart=True)
        self._tasks.spawn("room sweep", self._sweep, restart=True)

    async def close(self) -> None:
        """End every room and connection."""
        self._closed = True
        self._events.close()
        await self._tasks.close()
        async with self._opening:
            for room in self._live.values():
                await room.close()
            self._live.clear()

    @property
    def live(self) -> tuple[LiveRoom, ...]:
        return tuple(self._live.values())

    async def create(self, project_id: str, name: str, *, room_id: str | None = None) -> Room:
        """Keep a new room for a project; an existing one of that id is returned as it is. Raise NotFound."""
        if room_id is not None and not _ROOM_ID.fullmatch(room_id):
            raise InvalidInput("A room's id has 1 to 64 letters, digits or hyphens.")
        async with self._workshop.store.transaction() as unit:
            if room_id is not None:
                try:
                    return await unit.room(room_id)
                except NotFound:
                    log.info("room %s is new", room_id)
            await unit.project(project_id)
            room = Room(id=room_id or new_id("room"), project_id=project_id, name=name, created_at=now_utc())
            await unit.put_room(room)
        return room

    async def open(self, room_id: str) -> LiveRoom:
        """The live room of that id. Raise NotFound, or Unavailable when too many rooms are live."""
        live = self._live.get(room_id)
        if live is not None:
            live.touch()
            return live
        room = await self._workshop.store.room(room_id)
        async with self._opening:
            if self._closed:
                raise Unavailable("The server is shutting down.")
            if room_id in self._live:
                return self._live[room_id]
            if len(self._live) >= self._max_rooms:
                await self._close_idle(0.0)
            if len(self._live) >= self._max_rooms:
                raise Unavailable(f"{self._max_rooms} rooms are in use already; try again when one is empty.")
            live = LiveRoom(room, self._workshop, self._bus, self.renditions, self._stream, self._settings)
            try:
                await live.start()
                self._live[room_id] = live  # only now: nobody may enter a room that is not ready
            finally:
                if room_id not in self._live:
                    await live.close()
            log.info("room %s is open", room_id)
            return live

    def find(self, room_id: str) -> LiveRoom:
        """The room if it is live. Raise NotFound."""
        if room_id not in self._live:
            raise NotFound(f"Room {room_id} is not open.")
        return self._live[room_id]

    async def _follow(self) -> None:
        async for event in self._events:
            self.renditions.notice(event)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            async with self._opening:
                await self._close_idle(_IDLE_LIMIT_S)

    async def _close_idle(self, limit_s: float) -> None:
        idle = [(room_id, room) for room_id, room in self._live.items() if room.idle_s > limit_s]
        for room_id, room in idle:
            del self._live[room_id]
            await room.close()
            log.info("room %s is closed: nobody has been there for %.0f s", room_id, room.idle_s)
