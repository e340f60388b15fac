"""The in-process bus: what has happened, from whoever makes it happen to whoever shows it.

Progress is ephemeral and goes only here; everything else on the bus is already on disk when it is published.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vr_server.domain.note import Note, Revision
from vr_server.domain.shot import Shot
from vr_server.domain.take import Quality, Take

Stage = Literal["queued", "generating", "staging", "draft", "final", "storing", "recalling"]
"""`recalling`: a finished take's files come back from the cold store; 1.0 ends it, come what may."""


@dataclass(frozen=True, slots=True)
class TakeChanged:
    """A take is new, or its state or renditions changed."""

    take: Take


@dataclass(frozen=True, slots=True)
class TakeProgress:
    """`preview`: the number of the newest still of the take (`jobs.previews`; 0: its poster, as it is baked)."""

    project_id: str
    take_id: str
    stage: Stage
    fraction: float
    playable_frames: int = 0
    eta_s: float | None = None
    preview: int | None = None


@dataclass(frozen=True, slots=True)
class RenditionPlayable:
    """The first half second of a rendition can be watched from `folder` while the rest is being baked."""

    project_id: str
    shot_id: str
    take_id: str
    quality: Quality
    folder: Path


@dataclass(frozen=True, slots=True)
class NoteKept:
    note: Note
    client_id: str | None


@dataclass(frozen=True, slots=True)
class RevisionChanged:
    revision: Revision


@dataclass(frozen=True, slots=True)
class ShotChanged:
    shot: Shot


Event = TakeChanged | TakeProgress | RenditionPlayable | NoteKept | RevisionChanged | ShotChanged
_BOUND = 1024


class Subscription:
    """Events since subscribing. When a slow reader is `_BOUND` behind, old progress is dropped first, then the oldest."""

    def __init__(self, bus: "EventBus") -> None:
        self._bus = bus
        self._queue: list[Event] = []
        self._ready = asyncio.Event()

    def offer(self, event: Event) -> None:
        if len(self._queue) >= _BOUND:
            stale = next((i for i, e in enumerate(self._queue) if isinstance(e, TakeProgress)), 0)
            del self._queue[stale]
        self._queue.append(event)
        self._ready.set()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            await self._ready.wait()
            while self._queue:
                yield self._queue.pop(0)
            self._ready.clear()

    def close(self) -> None:
        self._bus.discard(self)


class EventBus:
    """Publish from the event loop's own thread only."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def subscribe(self) -> Subscription:
        subscription = Subscription(self)
        self._subscriptions.add(subscription)
        return subscription

    def discard(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)

    def publish(self, event: Event) -> None:
        for subscription in self._subscriptions:
            subscription.offer(event)
