"""The hot folder's limit: what was used longest ago goes first, of blobs and rendered folders alike."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from vr_server.domain.errors import StorageFailed

_log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 60.0
_SETTLE_S: Final = 1.0
_LOW_WATER: Final = 0.9  # of the limit: swept this far down, so that the next file does not need a sweep of its own


@dataclass(frozen=True, slots=True)
class HotItem:
    """`key`: as its owner names it; `used_ns`: when it was last used, ns since 1970."""

    key: str
    size_bytes: int
    used_ns: int


class HotSource(Protocol):
    """Something that fills the hot disk and can bring back what it gives up."""

    async def items(self) -> tuple[HotItem, ...]: ...

    async def evict(self, key: str) -> bool:
        """Give the item up, or say False: it is in use, is not surely kept elsewhere, or has gone. Raise StorageFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Swept:
    """Bytes before and after. `kept_bytes`: of what could not go although it was its turn."""

    before_bytes: int
    after_bytes: int
    kept_bytes: int


class HotLimit:
    """Holds the sources together under `limit_bytes`. `pinned` gives the keys that stay whatever happens."""

    def __init__(
        self, limit_bytes: int, sources: Sequence[HotSource], pinned: Callable[[], Awaitable[frozenset[str]]]
    ) -> None:
        self._limit_bytes = limit_bytes
        self._sources = tuple(sources)
        self._pinned = pinned
        self._over = False

    async def run(self, grown: asyncio.Event) -> None:
        """Sweep whenever `grown` is set (at most once a second) and once a minute, until cancelled."""
        while True:
            grown.clear()
            try:
                self._tell(await self.sweep())
            except StorageFailed as error:
                _log.warning("the hot folder is not swept: %s", error)
            await asyncio.sleep(_SETTLE_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(grown.wait(), _LOOK_EVERY_S)

    async def sweep(self) -> Swept:
        """Bring the sources under the limit, as far as that is possible. Raise StorageFailed."""
        owned = [(item, source) for source in self._sources for item in await source.items()]
        before = total = sum(item.size_bytes for item, _ in owned)
        kept = 0
        if total > self._limit_bytes:
            pinned = await self._pinned()
            unreachable: set[int] = set()
            for item, source in sorted(owned, key=lambda one: one[0].used_ns):
                if total <= self._limit_bytes * _LOW_WATER:
                    break
                if item.key in pinned or id(source) in unreachable:
                    kept += item.size_bytes
                    continue
                try:
                    gone = await source.evict(item.key)
                except StorageFailed as error:  # the cold store does not answer: the other sources may still give way
                    _log.warning("nothing more is evicted: %s", error)
                    unreachable.add(id(source))
                    gone = False
                if gone:
                    total -= item.size_bytes
                else:
                    kept += item.size_bytes
        return Swept(before, total, kept)

    def _tell(self, swept: Swept) -> None:
        over = swept.after_bytes > self._limit_bytes
        if over and not self._over:
            _log.warning(
                "the hot folder holds %.2f GB, over its limit of %.2f GB: %.2f GB are approved, in use or not yet in the cold store",
                swept.after_bytes / 1e9, self._limit_bytes / 1e9, swept.kept_bytes / 1e9,
            )  # fmt: skip
        elif swept.after_bytes < swept.before_bytes:
            _log.info("evicted %.2f GB from the hot folder", (swept.before_bytes - swept.after_bytes) / 1e9)
        self._over = over
