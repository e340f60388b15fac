"""Who is next at an engine account: by urgency, with a fair share for each project, and nobody waits for ever."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from vr_server.domain.take import Urgency
from vr_server.generation.clock import Clock

_RANK: dict[Urgency, int] = {"room": 0, "batch": 1}


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who asks. `alike`: what the engine gains from making in a row (its model and size).

    `most`: as many at the same time of `model`, where an account allows fewer of it than in all.
    """

    project_id: str
    urgency: Urgency = "room"
    alike: str = ""
    model: str = ""
    most: int | None = None


@dataclass
class _Waiter:
    number: int
    ticket: Ticket
    turn: asyncio.Future[None] = field(repr=False)


class AccountLine:
    """At most `limit` orders at the same time. Use from one event loop.

    The next is the most urgent; among those, of the project with the fewest orders in the making, then of the one
    whose last turn is the longest ago, then of what is like the last, then who came first. Every `relief`-th turn
    goes to whoever has waited longest, so that a stream of urgent orders starves nobody.
    """

    def __init__(self, limit: int, clock: Clock, *, relief: int = 8) -> None:
        self._limit = limit
        self._clock = clock
        self._relief = relief
        self._waiting: dict[int, _Waiter] = {}
        self._running: Counter[str] = Counter()
        self._of_model: Counter[str] = Counter()
        self._last_turn: dict[str, int] = {}
        self._turns = 0
        self._alike = ""
        self._numbers = itertools.count()
        self._open_at_s = 0.0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def place(self, ticket: Ticket, *, held: bool = False) -> AsyncIterator[None]:
        """Wait for a turn and keep the place until the end of the block. `held`: the engine works on it already."""
        if held:
            self._begin(ticket)
        else:
            await self._turn(ticket)
        try:
            yield
        finally:
            self._end(ticket)
            self._grant()

    def pause(self, seconds: float) -> None:
        """The engine asked for fewer: nobody is sent before then."""
        self._open_at_s = max(self._open_at_s, self._clock.now_s() + seconds)

    async def opened(self) -> None:
        """Wait out a pause."""
        while (left_s := self._open_at_s - self._clock.now_s()) > 0:
            await self._clock.sleep(left_s)

    async def _turn(self, ticket: Ticket) -> None:
        waiter = _Waiter(next(self._numbers), ticket, asyncio.get_running_loop().create_future())
        self._waiting[waiter.number] = waiter
        self._grant()
        try:
            await waiter.turn
        except asyncio.CancelledError:
            self._waiting.pop(waiter.number, None)
            if not waiter.turn.cancelled():  # just when its turn had come
                self._end(ticket)
                self._grant()
            raise

    def _begin(self, ticket: Ticket) -> None:
        self._running[ticket.project_id] += 1
        self._of_model[ticket.model] += 1

    def _end(self, ticket: Ticket) -> None:
        self._running[ticket.project_id] -= 1
        self._of_model[ticket.model] -= 1
        self._running += Counter()  # forget projects that have none
        self._of_model += Counter()

    def _may(self, ticket: Ticket) -> bool:
        return ticket.most is None or self._of_model[ticket.model] < ticket.most

    def _grant(self) -> None:
        while self._running.total() < self._limit:
            able = [waiter for waiter in self._waiting.values() if self._may(waiter.ticket)]
            if not able:
                break
            self._turns += 1
            waiter = able[0] if self._turns % self._relief == 0 else min(able, key=self._rank)
            del self._waiting[waiter.number]
            if waiter.turn.cancelled():
                continue
            project = waiter.ticket.project_id
            self._begin(waiter.ticket)
            self._last_turn[project] = self._turns
            self._alike = waiter.ticket.alike
            waiter.turn.set_result(None)
        if not self._waiting:
            self._last_turn.clear()  # nobody to be fair to: remember no projects of long ago

    def _rank(self, waiter: _Waiter) -> tuple[int, int, int, bool, int]:
        ticket = waiter.ticket
        return (
            _RANK[ticket.urgency],
            self._running[ticket.project_id],
            self._last_turn.get(ticket.project_id, 0),
            ticket.alike != self._alike,
            waiter.number,
        )
