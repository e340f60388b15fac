"""The newest still of each take that an engine is making, in memory alone: a courtesy, gone with the server."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from itertools import count

from vr_server.domain.errors import NotFound
from vr_server.generation.port import Preview
from vr_server.media.stills import small_jpeg

MOST_BYTES = 1 << 20
"""Of a picture that is taken at all: engines send some tens of kB."""


@dataclass(slots=True)
class _Kept:
    source: Preview
    number: int
    still: bytes | None = None  # once it was looked at; empty: it was no picture


class Previews:
    """One still a take, the oldest let go. A picture is looked at when somebody wants to see it, in a thread."""

    def __init__(self, *, most_takes: int = 32) -> None:
        self._most = most_takes
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._numbers = count(1)

    def show(self, take_id: str, preview: Preview) -> int | None:
        """Keep it in place of the one before; see `number`. One that is too large is passed over."""
        kept = self._kept.get(take_id)
        if len(preview.data) <= MOST_BYTES and (kept is None or kept.source != preview):
            self._kept[take_id] = _Kept(preview, next(self._numbers))
        if take_id in self._kept:
            self._kept.move_to_end(take_id)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return self.number(take_id)

    def number(self, take_id: str) -> int | None:
        """Another one for each picture; None while there is none."""
        kept = self._kept.get(take_id)
        return kept.number if kept is not None else None

    async def still(self, take_id: str) -> bytes:
        """A small JPEG. Raise NotFound where there is none, or where what the engine sent is no picture."""
        kept = self._kept.get(take_id)
        if kept is not None and kept.still is None:
            kept.still = await asyncio.to_thread(small_jpeg, kept.source.data) or b""
        if kept is None or not kept.still:
            raise NotFound("There is no picture of this take yet.")
        return kept.still

    def drop(self, take_id: str) -> None:
        """The take is made, or comes to nothing. Idempotent."""
        self._kept.pop(take_id, None)
