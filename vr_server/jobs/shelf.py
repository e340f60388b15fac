"""Finished takes at hand: their folders, held while somebody reads them, and the approval that keeps them here."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from vr_server.bus import EventBus, TakeChanged, TakeProgress
from vr_server.domain.base import now_utc
from vr_server.domain.errors import Conflict, NotFound
from vr_server.domain.take import Approval, Quality, Rendition, Take
from vr_server.storage import Lease, Store, TakeFolders


class Shelf:
    """What was made can be had again, from near or far, as long as its blobs are somewhere."""

    def __init__(
        self, store: Store, folders: TakeFolders, bus: EventBus, clock: Callable[[], datetime] = now_utc
    ) -> None:
        self._store = store
        self._folders = folders
        self._bus = bus
        self._clock = clock

    async def lease(self, take_id: str, quality: Quality) -> Lease:
        """The folder a rendition is streamed from, brought back from the blobs where it is missing, and held.

        What comes from the cold store is told on the bus as it comes. Raise NotFound when the take has no such
        rendition, StorageFailed when its blobs are damaged or cannot be reached.
        """
        take, rendition = await self._find(take_id, quality)

        def tell(share: float) -> None:
            self._bus.publish(TakeProgress(take.project_id, take_id, "recalling", share, rendition.frame_count))

        return await self._folders.lease(take_id, rendition, tell)

    def hold(self, take_id: str, quality: Quality) -> Lease:
        """The folder of a rendition that is being made, held for when it is finished."""
        return self._folders.hold(take_id, quality)

    async def folder(self, take_id: str, quality: Quality) -> Path:
        """`lease` for those who only look: the folder may be evicted the moment after. Raise as `lease`."""
        _, rendition = await self._find(take_id, quality)
        return await self._folders.restore(take_id, rendition)

    async def approve(self, take_id: str, by: str) -> Take:
        """Choose the take for the film. Raise NotFound, or Conflict when it is not finished."""
        return await self._decide(take_id, Approval(by=by, at=self._clock()))

    async def withdraw(self, take_id: str) -> Take:
        """Take the approval back; nothing happens to a take that has none. Raise NotFound."""
        return await self._decide(take_id, None)

    async def _decide(self, take_id: str, approval: Approval | None) -> Take:
        async with self._store.transaction() as unit:
            take = await unit.take(take_id)
            if approval is not None and take.state != "ready":
                raise Conflict(f"Take {take.number} is {take.state}: only a finished take can be approved.")
            take = take.model_copy(update={"approval": approval})
            await unit.put_take(take)
        self._bus.publish(TakeChanged(take))
        return take

    async def _find(self, take_id: str, quality: Quality) -> tuple[Take, Rendition]:
        take = await self._store.take(take_id)
        for rendition in take.renditions:
            if rendition.quality == quality:
                return take, rendition
        raise NotFound(f"Take {take.number} has no {quality} rendition.")
