"""What the rest of the server asks of a store: rows (`Store`) and files (`Blobs`).

Every method may raise StorageFailed (disk full, file damaged, database locked): one line, and nothing is half-written.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from vr_server.domain.decision import Decision
from vr_server.domain.note import Note, Revision
from vr_server.domain.order import Order
from vr_server.domain.room import Room
from vr_server.domain.shot import Project, Sequence, Shot
from vr_server.domain.take import Take


class Reading(Protocol):
    """Look things up. A single thing that is not there raises NotFound; a list of none is empty."""

    async def projects(self) -> tuple[Project, ...]:
        """Oldest first."""
        ...

    async def project(self, project_id: str) -> Project: ...

    async def sequences(self, project_id: str) -> tuple[Sequence, ...]:
        """In the film's order."""
        ...

    async def shots(self, project_id: str) -> tuple[Shot, ...]:
        """In the film's order: by sequence, then by the shot's own order."""
        ...

    async def shot(self, shot_id: str) -> Shot: ...

    async def takes(self, project_id: str) -> tuple[Take, ...]:
        """Oldest first."""
        ...

    async def take(self, take_id: str) -> Take: ...

    async def unfinished_takes(self) -> tuple[Take, ...]:
        """Takes that are queued or generating, in every project, oldest first."""
        ...

    async def notes(self, project_id: str) -> tuple[Note, ...]:
        """Oldest first."""
        ...

    async def note(self, note_id: str) -> Note: ...

    async def note_by_client_id(self, project_id: str, client_id: str) -> Note | None:
        """The note a writer has already had kept under this id of theirs."""
        ...

    async def notes_without_revision(self) -> tuple[Note, ...]:
        """Notes that nothing has been proposed for yet, in every project, oldest first."""
        ...

    async def revisions(self, project_id: str) -> tuple[Revision, ...]:
        """In the order of their notes."""
        ...

    async def revision(self, revision_id: str) -> Revision: ...

    async def revision_of_note(self, note_id: str) -> Revision | None:
        """What was proposed for the note, if anything was."""
        ...

    async def rooms(self, project_id: str) -> tuple[Room, ...]:
        """Oldest first."""
        ...

    async def room(self, room_id: str) -> Room: ...

    async def order(self, order_id: str) -> Order: ...

    async def find_order(self, order_id: str) -> Order | None:
        """The order of a request, if there ever was one."""
        ...

    async def orders(self, project_id: str) -> tuple[Order, ...]:
        """What the project asked of paid engines, oldest first."""
        ...

    async def decisions(self, project_id: str) -> tuple[Decision, ...]:
        """What the gate and those who override it decided, oldest first."""
        ...

    async def approved_takes(self) -> tuple[Take, ...]:
        """Takes that somebody has approved, in every project, oldest first."""
        ...

    async def open_orders(self) -> tuple[Order, ...]:
        """Orders that wait, are being sent or are in the making, in every project, oldest first."""
        ...


class Unit(Reading, Protocol):
    """One transaction: what it reads does not change under it, and its writes appear all together or not at all.

    `put_*` keeps the thing under its id, new or in place of the old one. What it belongs to must be there (NotFound).
    """

    async def put_project(self, project: Project) -> None: ...

    async def put_sequence(self, sequence: Sequence) -> None: ...

    async def put_shot(self, shot: Shot) -> None: ...

    async def next_take_number(self, shot_id: str) -> int:
        """One more than the shot's highest take number; free until this transaction ends."""
        ...

    async def put_take(self, take: Take) -> None:
        """Raise Conflict when another take of the shot has the number."""
        ...

    async def put_note(self, note: Note, *, client_id: str | None) -> None:
        """Raise Conflict when the project has another note of this `client_id`."""
        ...

    async def put_revision(self, revision: Revision) -> None:
        """Raise Conflict when the note has another revision."""
        ...

    async def put_room(self, room: Room) -> None: ...

    async def put_order(self, order: Order) -> None: ...

    async def put_decision(self, decision: Decision) -> None: ...


class Store(Reading, Protocol):
    """Rows on disk. A transaction that has ended without an error survives `kill -9` and a power cut."""

    def transaction(self) -> AbstractAsyncContextManager[Unit]:
        """Begin a transaction; commit at the end of the block, undo everything when it raises.

        Keep it short and never wait for a person, a socket or a worker inside: writers queue behind it.
        """
        ...

    def snapshot(self) -> AbstractAsyncContextManager[Reading]:
        """Several reads of one moment; holds up no writer."""
        ...

    async def close(self) -> None: ...


OnBytes = Callable[[int, int], None]
"""Told of a file that comes from far away: bytes here by now, bytes in all."""


class Blobs(Protocol):
    """Files by content: the name is the SHA-256 of the bytes, so nothing is stored twice and damage shows."""

    async def put_file(self, path: Path) -> str:
        """Keep a copy of the file and return its SHA-256 (64 hex digits). Raise NotFound when it is not there."""
        ...

    async def read(self, digest: str) -> bytes:
        """The whole blob, checked against its name. Raise NotFound, or BlobDamaged."""
        ...

    async def copy_to(self, digest: str, path: Path, on_bytes: OnBytes | None = None) -> None:
        """Write the blob to `path`, which appears whole and checked or not at all. Raise as `read`.

        `on_bytes` hears of the way from a cold store; of a blob that is at hand it hears nothing.
        """
        ...

    async def exists(self, digest: str) -> bool: ...
