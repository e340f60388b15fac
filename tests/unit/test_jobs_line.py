"""Who is next at an engine account."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vr_server.domain.take import Urgency
from vr_server.jobs.line import AccountLine, Ticket


class NoClock:
    def __init__(self) -> None:
        self.t_s = 0.0

    def now_s(self) -> float:
        return self.t_s

    async def sleep(self, seconds: float) -> None:
        self.t_s += seconds
        await asyncio.sleep(0)


async def served(tickets: list[Ticket], limit: int, relief: int = 1_000_000) -> tuple[list[int], int]:
    """Everybody asks at once and stays for three turns of the loop: the order served in, and the most at a time."""
    line, order, now, most = AccountLine(limit, NoClock(), relief=relief), list[int](), 0, 0

    async def one(index: int) -> None:
        nonlocal now, most
        async with line.place(tickets[index]):
            order.append(index)
            now += 1
            most = max(most, now)
            for _ in range(3):
                await asyncio.sleep(0)
            now -= 1

    await asyncio.gather(*(one(i) for i in range(len(tickets))))
    assert len(line) == 0
    return order, most


URGENCIES: list[Urgency] = ["room", "batch"]
TICKETS = st.lists(st.builds(Ticket, st.sampled_from("abc"), st.sampled_from(URGENCIES)), min_size=1, max_size=60)


@settings(max_examples=40, deadline=None)
@given(TICKETS, st.integers(1, 4))
def test_everybody_is_served_once_by_urgency_and_never_too_many_at_a_time(tickets: list[Ticket], limit: int) -> None:
    order, most = asyncio.run(served(tickets, limit))
    assert sorted(order) == list(range(len(tickets)))
    assert most <= limit
    after_start = [tickets[i].urgency for i in order if i >= limit]  # the first find the line empty
    assert after_start == sorted(after_start, key=URGENCIES.index)


async def test_a_small_project_does_not_wait_for_a_large_one() -> None:
    tickets = [Ticket("large", "batch")] * 190 + [Ticket("small", "batch")] * 10
    order, most = await served(tickets, 2)
    assert most == 2
    last_small = max(place for place, index in enumerate(order) if index >= 190)
    assert last_small <= 23  # one in two is theirs, after the first two
    of_large = [index for index in order if index < 190]
    assert of_large == sorted(of_large)


async def test_a_model_of_which_an_account_allows_fewer_leaves_the_rest_of_it_to_others() -> None:
    line, clock = AccountLine(4, NoClock()), asyncio.Event()
    now, most = Counter[str](), Counter[str]()

    async def one(model: str, limit: int) -> None:
        async with line.place(Ticket("p", model=model, most=limit)):
            now[model] += 1
            most[model] = max(most[model], now[model])
            await clock.wait()
            now[model] -= 1

    asking = [asyncio.create_task(one("vace", 2)) for _ in range(6)]
    asking += [asyncio.create_task(one("t2v", 4)) for _ in range(6)]
    await asyncio.sleep(0.001)
    assert now == {"vace": 2, "t2v": 2}
    clock.set()
    await asyncio.gather(*asking)
    assert (most["vace"], len(line)) == (2, 0)


async def test_a_stream_of_urgent_orders_starves_nobody() -> None:
    line, done = AccountLine(1, NoClock(), relief=4), Counter[str]()

    async def one(urgency: Urgency) -> None:
        async with line.place(Ticket("p", urgency)):
            done[urgency] += 1
            if urgency == "room" and done["room"] < 100:
                again.append(asyncio.create_task(one("room")))
            await asyncio.sleep(0)

    again = [asyncio.create_task(one("room")), asyncio.create_task(one("room"))]
    batch = [asyncio.create_task(one("batch")) for _ in range(5)]
    await asyncio.gather(*batch)
    assert done["room"] <= 25  # each fourth turn was for the batch
    while left := [task for task in again if not task.done()]:
        await asyncio.gather(*left)


async def test_who_leaves_the_line_takes_no_place() -> None:
    line = AccountLine(1, NoClock())

    async def stay(enough: asyncio.Event) -> None:
        async with line.place(Ticket("p")):
            await enough.wait()

    enough = asyncio.Event()
    tasks = [asyncio.create_task(stay(enough)) for _ in range(50)]
    await asyncio.sleep(0)
    assert len(line) == 49
    enough.set()
    for task in tasks[1:]:  # one of them is being called at this very moment
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(line) == 0
    async with asyncio.timeout(1), line.place(Ticket("p")):
        pass


async def test_what_the_engine_works_on_already_counts_but_does_not_wait() -> None:
    line = AccountLine(1, NoClock())
    async with line.place(Ticket("p"), held=True), line.place(Ticket("p"), held=True):
        asked = asyncio.create_task(line.place(Ticket("p")).__aenter__())
        await asyncio.sleep(0)
        assert len(line) == 1
    await asked


async def test_after_throttling_nobody_is_sent_before_the_time_told() -> None:
    clock = NoClock()
    line = AccountLine(1, clock)
    line.pause(30)
    line.pause(10)
    await line.opened()
    assert clock.t_s == pytest.approx(30)
