"""The stores' in-memory twins: for tests, and for a server that is to forget everything."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

from vr_server.domain.decision import Decision
from vr_server.domain.errors import Conflict, NotFound
from vr_server.domain.note import Note, Revision
from vr_server.domain.order import OPEN_ORDERS, Order
from vr_server.domain.room import Room
from vr_server.domain.shot import Project, Sequence, Shot
from vr_server.domain.take import Take

from .port import OnBytes, Reading, Unit

_T = TypeVar("_T")
_UNFINISHED = ("queued", "generating")


@dataclass
class _Tables:
    """Everything by id; dicts keep the order in which things came."""

    projects: dict[str, Project] = field(default_factory=dict)
    sequences: dict[str, Sequence] = field(default_factory=dict)
    shots: dict[str, Shot] = field(default_factory=dict)
    takes: dict[str, Take] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)
    client_ids: dict[tuple[str, str], str] = field(default_factory=dict)  # (project, client id) -> note id
    revisions: dict[str, Revision] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)

    def copy(self) -> Self:
        return type(self)(**{name: dict(table) for name, table in vars(self).items()})


def _one(table: dict[str, _T], key: str, what: str) -> _T:
    if key not in table:
        raise NotFound(f"There is no {what} {key}.")
    return table[key]


class _MemoryReading:
    """`Reading` over whatever tables `_now` gives."""

    def __init__(self, now: Callable[[], _Tables]) -> None:
        self._now = now

    async def projects(self) -> tuple[Project, ...]:
        return tuple(sorted(self._now().projects.values(), key=lambda p: (p.created_at, p.id)))

    async def project(self, project_id: str) -> Project:
        return _one(self._now().projects, project_id, "project")

    async def sequences(self, project_id: str) -> tuple[Sequence, ...]:
        found = (s for s in self._now().sequences.values() if s.project_id == project_id)
        return tuple(sorted(found, key=lambda s: (s.order, s.id)))

    async def shots(self, project_id: str) -> tuple[Shot, ...]:
        order = {s.id: s.order for s in self._now().sequences.values()}
        found = (s for s in self._now().shots.values() if s.project_id == project_id)
        return tuple(sorted(found, key=lambda s: (order[s.sequence_id], s.sequence_id, s.order, s.id)))

    async def shot(self, shot_id: str) -> Shot:
        return _one(self._now().shots, shot_id, "shot")

    async def takes(self, project_id: str) -> tuple[Take, ...]:
        found = (t for t in self._now().takes.values() if t.project_id == project_id)
        return tuple(sorted(found, key=lambda t: (t.created_at, t.shot_id, t.number)))

    async def take(self, take_id: str) -> Take:
        return _one(self._now().takes, take_id, "take")

    async def unfinished_takes(self) -> tuple[Take, ...]:
        found = (t for t in self._now().takes.values() if t.state in _UNFINISHED)
        return tuple(sorted(found, key=lambda t: (t.created_at, t.shot_id, t.number)))

    async def notes(self, project_id: str) -> tuple[Note, ...]:
        return tuple(sorted((n for n in self._now().notes.values() if n.project_id == project_id), key=_age))

    async def note(self, note_id: str) -> Note:
        return _one(self._now().notes, note_id, "note")

    async def note_by_client_id(self, project_id: str, client_id: str) -> Note | None:
        note_id = self._now().client_ids.get((project_id, client_id))
        return None if note_id is None else self._now().notes[note_id]

    async def notes_without_revision(self) -> tuple[Note, ...]:
        answered = {r.note_id for r in self._now().revisions.values()}
        return tuple(sorted((n for n in self._now().notes.values() if n.id not in answered), key=_age))

    async def revisions(self, project_id: str) -> tuple[Revision, ...]:
        notes = self._now().notes
        found = (r for r in self._now().revisions.values() if r.project_id == project_id)
        return tuple(sorted(found, key=lambda r: _age(notes[r.note_id])))

    async def revision(self, revision_id: str) -> Revision:
        return _one(self._now().revisions, revision_id, "revision")

    async def revision_of_note(self, note_id: str) -> Revision | None:
        return next((r for r in self._now().revisions.values() if r.note_id == note_id), None)

    async def rooms(self, project_id: str) -> tuple[Room, ...]:
        found = (r for r in self._now().rooms.values() if r.project_id == project_id)
        return tuple(sorted(found, key=lambda r: (r.created_at, r.id)))

    async def room(self, room_id: str) -> Room:
        return _one(self._now().rooms, room_id, "room")

    async def order(self, order_id: str) -> Order:
        return _one(self._now().orders, order_id, "order")

    async def find_order(self, order_id: str) -> Order | None:
        return self._now().orders.get(order_id)

    async def orders(self, project_id: str) -> tuple[Order, ...]:
        found = (o for o in self._now().orders.values() if o.project_id == project_id)
        return tuple(sorted(found, key=lambda o: (o.created_at, o.id)))

    async def decisions(self, project_id: str) -> tuple[Decision, ...]:
        found = (d for d in self._now().decisions.values() if d.project_id == project_id)
        return tuple(sorted(found, key=lambda d: (d.at, d.id)))

    async def approved_takes(self) -> tuple[Take, ...]:
        found = (t for t in self._now().takes.values() if t.approval is not None)
        return tuple(sorted(found, key=lambda t: (t.created_at, t.shot_id, t.number)))

    async def open_orders(self) -> tuple[Order, ...]:
        found = (o for o in self._now().orders.values() if o.state in OPEN_ORDERS)
        return tuple(sorted(found, key=lambda o: (o.created_at, o.id)))


def _age(note: Note) -> tuple[object, str]:
    return note.created_at, note.id


class _MemoryUnit(_MemoryReading):
    def __init__(self, tables: _Tables) -> None:
        super().__init__(lambda: tables)
        self._tables = tables

    async def put_project(self, project: Project) -> None:
        self._tables.projects[project.id] = project

    async def put_sequence(self, sequence: Sequence) -> None:
        await self.project(sequence.project_id)
        self._tables.sequences[sequence.id] = sequence

    async def put_shot(self, shot: Shot) -> None:
        await self.project(shot.project_id)
        _one(self._tables.sequences, shot.sequence_id, "sequence")
        self._tables.shots[shot.id] = shot

    async def next_take_number(self, shot_id: str) -> int:
        await self.shot(shot_id)
        return 1 + max((t.number for t in self._tables.takes.values() if t.shot_id == shot_id), default=0)

    async def put_take(self, take: Take) -> None:
        await self.project(take.project_id)
        await self.shot(take.shot_id)
        for other in self._tables.takes.values():
            if (other.shot_id, other.number) == (take.shot_id, take.number) and other.id != take.id:
                raise Conflict(f"Take {take.number} of shot {take.shot_id} is there already.")
        self._tables.takes[take.id] = take

    async def put_note(self, note: Note, *, client_id: str | None) -> None:
        await self.project(note.project_id)
        await self.take(note.take_id)
        key = (note.project_id, client_id or note.id)
        if self._tables.client_ids.setdefault(key, note.id) != note.id:
            raise Conflict(f"A note of id {client_id} is there already.")
        self._tables.notes[note.id] = note

    async def put_revision(self, revision: Revision) -> None:
        await self.shot(revision.shot_id)
        await self.note(revision.note_id)
        if any(r.note_id == revision.note_id and r.id != revision.id for r in self._tables.revisions.values()):
            raise Conflict(f"Note {revision.note_id} has a revision already.")
        self._tables.revisions[revision.id] = revision

    async def put_room(self, room: Room) -> None:
        await self.project(room.project_id)
        self._tables.rooms[room.id] = room

    async def put_order(self, order: Order) -> None:
        await self.project(order.project_id)
        self._tables.orders[order.id] = order

    async def put_decision(self, decision: Decision) -> None:
        await self.shot(decision.shot_id)
        self._tables.decisions[decision.id] = decision


class MemoryStore(_MemoryReading):
    """`Store` in memory: one writer at a time, on a copy that replaces the tables at the end."""

    def __init__(self) -> None:
        self._tables = _Tables()
        self._writing = asyncio.Lock()
        super().__init__(lambda: self._tables)

    def transaction(self) -> AbstractAsyncContextManager[Unit]:
        return self._transaction()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Unit]:
        async with self._writing:
            tables = self._tables.copy()
            yield _MemoryUnit(tables)
            self._tables = tables

    def snapshot(self) -> AbstractAsyncContextManager[Reading]:
        return self._snapshot()

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[Reading]:
        yield _MemoryUnit(self._tables)  # committed tables are replaced, never changed

    async def close(self) -> None:
        """Nothing is held."""


class MemoryBlobs:
    """`Blobs` in memory."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    async def put_file(self, path: Path) -> str:
        try:
            data = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError as error:
            raise NotFound(f"There is no file {path.name} to store.") from error
        digest = hashlib.sha256(data).hexdigest()
        self._blobs[digest] = data
        return digest

    async def read(self, digest: str) -> bytes:
        return _one(self._blobs, digest, "blob")

    async def copy_to(self, digest: str, path: Path, on_bytes: OnBytes | None = None) -> None:  # noqa: ARG002 - at hand
        data = await self.read(digest)
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread(path.write_bytes, data)

    async def exists(self, digest: str) -> bool:
        return digest in self._blobs
