"""The store on SQLite (WAL) or PostgreSQL, with SQLAlchemy's Core."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import ValidationError
from sqlalchemy import Connection, Select, Table, event, func, insert, select, update
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from vr_server.domain.base import Model
from vr_server.domain.decision import Decision
from vr_server.domain.errors import Conflict, NotFound, StorageFailed
from vr_server.domain.note import Note, Revision
from vr_server.domain.order import OPEN_ORDERS, Order
from vr_server.domain.room import Room
from vr_server.domain.shot import Project, Sequence, Shot
from vr_server.domain.take import Take

from . import tables as t
from .migrations import upgrade
from .port import Reading, Unit
from .sql_errors import told, translated

_M = TypeVar("_M", bound=Model)
_BUSY_MS = 10_000
_UNFINISHED = ("queued", "generating")


class SqlStore:
    """`Store` over an engine. Make one with `open`, which brings the tables up to date first."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # SQLite has one writer: queueing here is fair, its own busy handler sleeps and guesses.
        self._writing = asyncio.Lock() if engine.dialect.name == "sqlite" else None

    @classmethod
    async def open(cls, database: Path | str) -> Self:
        """A store on a SQLite file (path) or any database by URL, migrated. Raise StorageFailed."""
        if isinstance(database, Path):
            with told(database.parent):
                database.parent.mkdir(parents=True, exist_ok=True)
            database = f"sqlite+aiosqlite:///{database}"
        engine = create_async_engine(database)
        if engine.dialect.name == "sqlite":
            event.listen(engine.sync_engine, "connect", _configure_sqlite)
            event.listen(engine.sync_engine, "begin", _begin_sqlite)
        try:
            with translated():
                async with engine.execution_options(writes=True).begin() as connection:
                    await connection.run_sync(upgrade)
        except StorageFailed:
            await engine.dispose()
            raise
        return cls(engine)

    def transaction(self) -> AbstractAsyncContextManager[Unit]:
        return self._transaction()

    def snapshot(self) -> AbstractAsyncContextManager[Reading]:
        return self._snapshot()

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Unit]:
        with translated():
            writing = self._engine.execution_options(writes=True)
            async with self._writing or nullcontext(), writing.begin() as connection:
                yield _SqlUnit(connection)

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[Reading]:
        with translated():
            async with self._engine.begin() as connection:
                yield _SqlReading(connection)

    async def projects(self) -> tuple[Project, ...]:
        async with self._snapshot() as reading:
            return await reading.projects()

    async def project(self, project_id: str) -> Project:
        async with self._snapshot() as reading:
            return await reading.project(project_id)

    async def sequences(self, project_id: str) -> tuple[Sequence, ...]:
        async with self._snapshot() as reading:
            return await reading.sequences(project_id)

    async def shots(self, project_id: str) -> tuple[Shot, ...]:
        async with self._snapshot() as reading:
            return await reading.shots(project_id)

    async def shot(self, shot_id: str) -> Shot:
        async with self._snapshot() as reading:
            return await reading.shot(shot_id)

    async def takes(self, project_id: str) -> tuple[Take, ...]:
        async with self._snapshot() as reading:
            return await reading.takes(project_id)

    async def take(self, take_id: str) -> Take:
        async with self._snapshot() as reading:
            return await reading.take(take_id)

    async def unfinished_takes(self) -> tuple[Take, ...]:
        async with self._snapshot() as reading:
            return await reading.unfinished_takes()

    async def notes(self, project_id: str) -> tuple[Note, ...]:
        async with self._snapshot() as reading:
            return await reading.notes(project_id)

    async def note(self, note_id: str) -> Note:
        async with self._snapshot() as reading:
            return await reading.note(note_id)

    async def note_by_client_id(self, project_id: str, client_id: str) -> Note | None:
        async with self._snapshot() as reading:
            return await reading.note_by_client_id(project_id, client_id)

    async def notes_without_revision(self) -> tuple[Note, ...]:
        async with self._snapshot() as reading:
            return await reading.notes_without_revision()

    async def revisions(self, project_id: str) -> tuple[Revision, ...]:
        async with self._snapshot() as reading:
            return await reading.revisions(project_id)

    async def revision(self, revision_id: str) -> Revision:
        async with self._snapshot() as reading:
            return await reading.revision(revision_id)

    async def revision_of_note(self, note_id: str) -> Revision | None:
        async with self._snapshot() as reading:
            return await reading.revision_of_note(note_id)

    async def rooms(self, project_id: str) -> tuple[Room, ...]:
        async with self._snapshot() as reading:
            return await reading.rooms(project_id)

    async def room(self, room_id: str) -> Room:
        async with self._snapshot() as reading:
            return await reading.room(room_id)

    async def order(self, order_id: str) -> Order:
        async with self._snapshot() as reading:
            return await reading.order(order_id)

    async def find_order(self, order_id: str) -> Order | None:
        async with self._snapshot() as reading:
            return await reading.find_order(order_id)

    async def orders(self, project_id: str) -> tuple[Order, ...]:
        async with self._snapshot() as reading:
            return await reading.orders(project_id)

    async def decisions(self, project_id: str) -> tuple[Decision, ...]:
        async with self._snapshot() as reading:
            return await reading.decisions(project_id)

    async def approved_takes(self) -> tuple[Take, ...]:
        async with self._snapshot() as reading:
            return await reading.approved_takes()

    async def open_orders(self) -> tuple[Order, ...]:
        async with self._snapshot() as reading:
            return await reading.open_orders()


class _SqlReading:
    """`Reading` over a connection that is inside a transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def projects(self) -> tuple[Project, ...]:
        return await self._all(
            Project, select(t.projects.c.document).order_by(t.projects.c.created_at, t.projects.c.id)
        )

    async def project(self, project_id: str) -> Project:
        return await self._one(Project, t.projects, project_id)

    async def sequences(self, project_id: str) -> tuple[Sequence, ...]:
        of_project = select(t.sequences.c.document).where(t.sequences.c.project_id == project_id)
        return await self._all(Sequence, of_project.order_by(t.sequences.c.position, t.sequences.c.id))

    async def shots(self, project_id: str) -> tuple[Shot, ...]:
        of_project = select(t.shots.c.document).join(t.sequences).where(t.shots.c.project_id == project_id)
        film_order = (t.sequences.c.position, t.sequences.c.id, t.shots.c.position, t.shots.c.id)
        return await self._all(Shot, of_project.order_by(*film_order))

    async def shot(self, shot_id: str) -> Shot:
        return await self._one(Shot, t.shots, shot_id)

    async def takes(self, project_id: str) -> tuple[Take, ...]:
        of_project = select(t.takes.c.document).where(t.takes.c.project_id == project_id)
        return await self._all(Take, of_project.order_by(t.takes.c.created_at, t.takes.c.shot_id, t.takes.c.number))

    async def take(self, take_id: str) -> Take:
        return await self._one(Take, t.takes, take_id)

    async def unfinished_takes(self) -> tuple[Take, ...]:
        unfinished = select(t.takes.c.document).where(t.takes.c.state.in_(_UNFINISHED))
        return await self._all(Take, unfinished.order_by(t.takes.c.created_at, t.takes.c.shot_id, t.takes.c.number))

    async def notes(self, project_id: str) -> tuple[Note, ...]:
        of_project = select(t.notes.c.document).where(t.notes.c.project_id == project_id)
        return await self._all(Note, of_project.order_by(t.notes.c.created_at, t.notes.c.id))

    async def note(self, note_id: str) -> Note:
        return await self._one(Note, t.notes, note_id)

    async def note_by_client_id(self, project_id: str, client_id: str) -> Note | None:
        mine = (t.notes.c.project_id == project_id) & (t.notes.c.client_id == client_id)
        return await self._first(Note, select(t.notes.c.document).where(mine))

    async def notes_without_revision(self) -> tuple[Note, ...]:
        unanswered = select(t.notes.c.document).outerjoin(t.revisions).where(t.revisions.c.id.is_(None))
        return await self._all(Note, unanswered.order_by(t.notes.c.created_at, t.notes.c.id))

    async def revisions(self, project_id: str) -> tuple[Revision, ...]:
        of_project = select(t.revisions.c.document).join(t.notes).where(t.revisions.c.project_id == project_id)
        return await self._all(Revision, of_project.order_by(t.notes.c.created_at, t.notes.c.id))

    async def revision(self, revision_id: str) -> Revision:
        return await self._one(Revision, t.revisions, revision_id)

    async def revision_of_note(self, note_id: str) -> Revision | None:
        return await self._first(Revision, select(t.revisions.c.document).where(t.revisions.c.note_id == note_id))

    async def rooms(self, project_id: str) -> tuple[Room, ...]:
        of_project = select(t.rooms.c.document).where(t.rooms.c.project_id == project_id)
        return await self._all(Room, of_project.order_by(t.rooms.c.created_at, t.rooms.c.id))

    async def room(self, room_id: str) -> Room:
        return await self._one(Room, t.rooms, room_id)

    async def order(self, order_id: str) -> Order:
        return await self._one(Order, t.orders, order_id)

    async def find_order(self, order_id: str) -> Order | None:
        return await self._first(Order, select(t.orders.c.document).where(t.orders.c.id == order_id))

    async def orders(self, project_id: str) -> tuple[Order, ...]:
        of_project = select(t.orders.c.document).where(t.orders.c.project_id == project_id)
        return await self._all(Order, of_project.order_by(t.orders.c.created_at, t.orders.c.id))

    async def decisions(self, project_id: str) -> tuple[Decision, ...]:
        of_project = select(t.decisions.c.document).where(t.decisions.c.project_id == project_id)
        return await self._all(Decision, of_project.order_by(t.decisions.c.created_at, t.decisions.c.id))

    async def approved_takes(self) -> tuple[Take, ...]:
        approved = select(t.takes.c.document).where(t.takes.c.document["approval"].as_string().is_not(None))
        return await self._all(Take, approved.order_by(t.takes.c.created_at, t.takes.c.shot_id, t.takes.c.number))

    async def open_orders(self) -> tuple[Order, ...]:
        still = select(t.orders.c.document).where(t.orders.c.state.in_(OPEN_ORDERS))
        return await self._all(Order, still.order_by(t.orders.c.created_at, t.orders.c.id))

    async def _one(self, kind: type[_M], table: Table, key: str) -> _M:
        found = await self._first(kind, select(table.c.document).where(table.c.id == key))
        if found is None:
            raise NotFound(f"There is no {kind.__name__.lower()} {key}.")
        return found

    async def _first(self, kind: type[_M], query: Select[Any]) -> _M | None:
        row = (await self._connection.execute(query)).first()
        return None if row is None else _read(kind, row[0])

    async def _all(self, kind: type[_M], query: Select[Any]) -> tuple[_M, ...]:
        return tuple(_read(kind, row[0]) for row in await self._connection.execute(query))


class _SqlUnit(_SqlReading):
    async def put_project(self, project: Project) -> None:
        await self._put(t.projects, project, project.id, {"created_at": project.created_at})

    async def put_sequence(self, sequence: Sequence) -> None:
        keys = {"project_id": sequence.project_id, "position": sequence.order}
        await self._put(t.sequences, sequence, sequence.id, keys)

    async def put_shot(self, shot: Shot) -> None:
        keys = {"project_id": shot.project_id, "sequence_id": shot.sequence_id, "position": shot.order}
        await self._put(t.shots, shot, shot.id, keys)

    async def next_take_number(self, shot_id: str) -> int:
        # The row lock (a no-op on SQLite, which has one writer) keeps two transactions from the same number.
        shot = select(t.shots.c.id).where(t.shots.c.id == shot_id).with_for_update()
        if (await self._connection.execute(shot)).first() is None:
            raise NotFound(f"There is no shot {shot_id}.")
        highest = select(func.max(t.takes.c.number)).where(t.takes.c.shot_id == shot_id)
        return 1 + ((await self._connection.execute(highest)).scalar() or 0)

    async def put_take(self, take: Take) -> None:
        keys = {
            "project_id": take.project_id,
            "shot_id": take.shot_id,
            "number": take.number,
            "state": take.state,
            "created_at": take.created_at,
        }
        await self._put(t.takes, take, take.id, keys)

    async def put_note(self, note: Note, *, client_id: str | None) -> None:
        keys = {
            "project_id": note.project_id,
            "take_id": note.take_id,
            "client_id": client_id,
            "created_at": note.created_at,
        }
        await self._put(t.notes, note, note.id, keys)

    async def put_revision(self, revision: Revision) -> None:
        keys = {"project_id": revision.project_id, "shot_id": revision.shot_id, "note_id": revision.note_id}
        await self._put(t.revisions, revision, revision.id, keys)

    async def put_room(self, room: Room) -> None:
        await self._put(t.rooms, room, room.id, {"project_id": room.project_id, "created_at": room.created_at})

    async def put_order(self, order: Order) -> None:
        keys = {"project_id": order.project_id, "state": order.state, "created_at": order.created_at}
        await self._put(t.orders, order, order.id, keys)

    async def put_decision(self, decision: Decision) -> None:
        keys = {"project_id": decision.project_id, "shot_id": decision.shot_id, "created_at": decision.at}
        await self._put(t.decisions, decision, decision.id, keys)

    async def _put(self, table: Table, thing: Model, key: str, keys: Mapping[str, object]) -> None:
        document = thing.model_dump(mode="json", by_alias=True)
        row = {**keys, "document_version": t.DOCUMENT_VERSION, "document": document}
        try:
            changed = await self._connection.execute(update(table).where(table.c.id == key).values(row))
            if changed.rowcount == 0:
                await self._connection.execute(insert(table).values(id=key, **row))
        except IntegrityError as error:
            if "foreign key" in str(error.orig).lower():
                raise NotFound(f"What {type(thing).__name__.lower()} {key} belongs to is not there.") from error
            raise Conflict(f"{type(thing).__name__} {key} stands in the way of one that is there already.") from error


def _read(kind: type[_M], document: object) -> _M:
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise StorageFailed(
            f"A stored {kind.__name__.lower()} cannot be read ({error.error_count()} fields): was the database "
            "written by a newer version of this program?"
        ) from error


def _configure_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # sqlite3's own BEGIN comes too late: see _begin_sqlite
    cursor = connection.cursor()
    # WAL: readers never wait for the writer. FULL: a committed note survives a power cut, at one fsync each.
    for pragma in (f"busy_timeout={_BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: one that reads first and writes later could not wait for another, only fail.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
