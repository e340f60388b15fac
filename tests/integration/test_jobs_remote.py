"""Takes of a paid engine from the request to the rendition: real DBOS, a real HTTP engine, a runner that bakes nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from jobs_server import add_shot
from remote_fixtures import FakeServer
from remote_house import SOFT, House

from vr_server.domain.errors import OverBudget
from vr_server.domain.shot import Budget
from vr_server.domain.take import Variants
from vr_server.storage import SqlStore


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with FakeServer(engine_s=0.05) as server:
        yield server


@pytest.fixture
async def house(tmp_path: Path, fake: FakeServer) -> AsyncIterator[House]:
    made = House(tmp_path, await SqlStore.open(tmp_path / "previs.sqlite"), fake.url)
    await made.production.start()
    await add_shot(made.production, "a slow street")
    yield made
    await made.production.stop()


async def test_a_take_below_the_bar_is_made_once_more_with_another_seed_and_both_are_kept(house: House) -> None:
    house.runner.poor = {7, 8}
    first = await house.production.request_take("s", engine="fake", seed=7)
    poor, again = await house.all_ended(2)
    await asyncio.sleep(0.1)
    assert len(await house.store.takes("p")) == 2  # the second is below the bar too, and that is that
    assert poor.id == first.id
    assert (poor.state, again.state) == ("ready", "ready")
    assert poor.findings == again.findings == (SOFT,)
    assert (again.number, again.provenance.seed) == (2, 8)
    assert again.provenance.retry_of == again.provenance.parent_take_id == first.id


async def test_a_good_take_is_made_once(house: House, fake: FakeServer) -> None:
    await house.production.request_take("s", engine="fake", seed=7)
    (take,) = await house.all_ended(1)
    assert (take.state, take.findings) == ("ready", ())
    assert fake.submits == [take.provenance.order_id]
    assert (await house.production.spending("p")).spent == 0.5


async def test_the_budget_stops_a_second_attempt_and_the_first_is_kept(house: House, fake: FakeServer) -> None:
    await house.production.set_budget("p", Budget(limit=0.9))
    house.runner.poor = {7}
    await house.production.request_take("s", engine="fake", seed=7)
    (take,) = await house.all_ended(1)
    await asyncio.sleep(0.1)
    assert (take.state, take.findings) == ("ready", (SOFT,))
    assert len(fake.submits) == 1


async def test_the_takes_of_one_request_are_held_against_the_budget_together(house: House, fake: FakeServer) -> None:
    await house.production.set_budget("p", Budget(limit=1.2))
    three = Variants(count=3, differ="seed")
    with pytest.raises(OverBudget):
        await house.production.request_take("s", engine="fake", seed=7, variants=three)
    assert await house.store.takes("p") == ()
    assert await house.store.orders("p") == ()
    await house.production.set_budget("p", Budget(limit=1.5))
    await house.production.request_take("s", engine="fake", seed=7, variants=three)
    takes = await house.all_ended(3)
    assert {take.state for take in takes} == {"ready"}
    assert len(fake.submits) == 3, "three seeds, three orders"
    assert [take.provenance.variant.index for take in takes if take.provenance.variant] == [0, 1, 2]
    assert (await house.production.spending("p")).spent == 1.5


async def test_takes_asked_for_at_once_do_not_share_the_last_of_the_budget(house: House) -> None:
    await house.production.set_budget("p", Budget(limit=1.2))  # two of 0.5, not three
    asking = (house.production.request_take("s", engine="fake", seed=seed) for seed in range(5))
    asked = await asyncio.gather(*asking, return_exceptions=True)
    assert sum(isinstance(one, OverBudget) for one in asked) == 3
    assert {take.state for take in await house.all_ended(2)} == {"ready"}
    assert len(await house.store.orders("p")) == 2


async def test_takes_cancelled_at_once_are_never_sent_and_leave_no_order_open(house: House, fake: FakeServer) -> None:
    fake.engine_s = 60
    for seed in range(20):
        await house.production.request_take("s", engine="fake", seed=seed)
    assert await house.production.cancel_all("p") == 20
    while await house.store.open_orders():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    assert len(fake.submits) == len(fake.cancelled) <= 2
    assert (await house.production.spending("p")).spent == 0


async def test_cancelling_a_take_stops_it_at_the_engine(house: House, fake: FakeServer) -> None:
    fake.engine_s = 60
    take = await house.production.request_take("s", engine="fake", seed=7)
    while not (await house.store.order(take.provenance.order_id or "")).handle:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await house.production.cancel_take(take.id)
    while not fake.cancelled:  # noqa: ASYNC110 - another thread's
        await asyncio.sleep(0.02)
    assert fake.cancelled == ["order-1"]
    assert (await house.store.take(take.id)).state == "cancelled"
