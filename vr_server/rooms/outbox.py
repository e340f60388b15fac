"""What one connection still has to be sent: bounded, ordered, and picky about what may be lost."""

import asyncio
import logging
from collections import Counter, deque
from dataclasses import dataclass

from vr_server.rooms.protocol import (
    ManifestMessage,
    PlayheadMessage,
    Poses,
    Progress,
    ServerMessage,
    Span,
    server_messages,
)

log = logging.getLogger(__name__)

LIMIT = 256
_EXPENDABLE = ("poses", "playhead", "progress")  # in the order in which they are given up


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message made ready once, however many connections get it.

    `replaces`: a message still waiting under the same key is outdated by this one; None: every one counts.
    """

    kind: str
    replaces: str | None
    text: str


def seal(message: ServerMessage) -> Envelope:
    """Serialise `message` as it goes over the wire."""
    key: str | None
    match message:
        case Poses() | PlayheadMessage():
            key = message.type
        case Progress(take_id=take_id):
            key = f"progress/{take_id}"
        case _:
            key = None
    return Envelope(message.type, key, server_messages.dump_json(message, by_alias=True).decode())


class Outbox:
    """The queue between a room and one connection.

    It holds everything back until `open` puts the welcome in front, so that what happens while the welcome is
    being gathered is not lost. Newer poses, playheads and progress replace older ones that still wait. When it
    is full, those go first; when nothing is left to drop, the connection is hopeless and `overflowed` is set.
    """

    def __init__(self, name: str, limit: int = LIMIT) -> None:
        self._name = name
        self._limit = limit
        self._queue: deque[Envelope] = deque()
        self._wake = asyncio.Event()
        self._opened = False
        self._closed = False
        self.overflowed = False
        self.dropped: Counter[str] = Counter()

    def open(self, *first: Envelope) -> None:
        """Let go, `first` first. Waiting manifests, spans and playheads are outdated by those in `first`."""
        shown = {ManifestMessage.model_fields["type"].default, Span.model_fields["type"].default, "playhead"}
        waiting = [e for e in self._queue if e.kind not in shown]
        self._queue = deque([*first, *waiting])
        self._opened = True
        self._wake.set()

    def put(self, envelope: Envelope) -> None:
        """Queue one message; never blocks."""
        if self._closed:
            return
        if envelope.replaces is not None:
            for old in self._queue:
                if old.replaces == envelope.replaces:
                    self._queue.remove(old)
                    break
        if len(self._queue) >= self._limit and not self._make_room(envelope):
            return
        self._queue.append(envelope)
        self._wake.set()

    def _make_room(self, envelope: Envelope) -> bool:
        for kind in _EXPENDABLE:
            old = next((e for e in self._queue if e.kind == kind), None)
            if old is not None:
                self._queue.remove(old)
                self._count(kind)
                return True
        if envelope.kind in _EXPENDABLE:
            self._count(envelope.kind)
            return False
        log.warning(
            "%s is too slow: %d messages wait and none may be dropped; closing it", self._name, len(self._queue)
        )
        self.overflowed = True
        self.close()
        return False

    def _count(self, kind: str) -> None:
        if not self.dropped:
            log.warning("%s is slow: dropping %s messages", self._name, kind)
        self.dropped[kind] += 1

    def close(self) -> None:
        """Nothing more goes in; `next` ends."""
        self._closed = True
        self._wake.set()

    async def next(self) -> Envelope | None:
        """The next message in order, or None when the outbox is closed (what still waits is given up)."""
        while not self._closed:
            if self._opened and self._queue:
                return self._queue.popleft()
            self._wake.clear()
            await self._wake.wait()
        return None
