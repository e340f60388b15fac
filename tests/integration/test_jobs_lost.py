"""What an engine no longer knows of is money spent, and never sent again in silence."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from orders_house import House

from vr_server.domain.errors import EngineFailed, OutcomeUnknown, ResultGone, StorageFailed

T = TypeVar("T")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    await made.shot("p")
    yield made
    await made.production.stop()


async def test_an_order_that_the_engine_no_longer_knows_is_not_sent_again_in_silence(house: House) -> None:
    house.engine.failure = OutcomeUnknown("It no longer knows the order: look there, then retry.")
    take = await house.take(seed=7)
    with pytest.raises(OutcomeUnknown):
        await house.clip(take)
    assert await house.order_of(take) == ("unknown", None)
    assert (await house.production.spending("p")).spent == pytest.approx(0.2), "it may have been made"
    house.engine.failure = None
    same = await house.take(seed=7)
    with pytest.raises(OutcomeUnknown):
        await house.clip(same)
    assert len(house.engine.sent) == 1
    async with house.store.transaction() as unit:  # as the take's workflow would leave it
        await unit.put_take(take.model_copy(update={"state": "unknown"}))
    again = await house.production.resolve_take(take.id, retry=True)
    assert await house.clip(again) == b"clip of t2"


async def test_an_order_that_is_older_than_the_engine_keeps_them_is_paid_for(house: House) -> None:
    house.engine.failure = ResultGone("It keeps orders for 24 hours; this one is older.")
    take = await house.take(seed=7)
    with pytest.raises(ResultGone):
        await house.clip(take)
    assert await house.order_of(take) == ("left", None)
    assert (await house.production.spending("p")).spent == pytest.approx(0.2)
    assert len(house.engine.sent) == 1


async def fails_after_it_was_paid(house: House, kind: type[Exception]) -> None:
    """The take fails; a restart calls nothing off at the engine, and the same request gets the clip that is there."""
    take = await house.take(seed=7)
    with pytest.raises(kind):
        await house.clip(take)
    assert await house.order_of(take) == ("left", None)
    async with house.store.transaction() as unit:  # as the take's workflow would leave it
        await unit.put_take(take.model_copy(update={"state": "failed"}))
    await house.desk.stop()
    await house.desk.start()
    assert house.engine.cancelled == []
    again = await house.take(seed=7)
    assert await house.clip(again) == b"clip of t1"
    assert len(house.engine.sent) == 1
    assert await house.order_of(again) == ("fetched", 0.3)


def once(error: Exception, real: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
    """`real`, but for its first call."""
    left = [error]

    async def call(*given: object) -> T:
        if left:
            raise left.pop()
        return await real(*given)

    return call


async def test_a_disk_that_is_full_when_the_clip_comes_loses_no_paid_clip(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = StorageFailed("The disk is full: free some space.")
    monkeypatch.setattr(house.blobs, "put_file", once(full, house.blobs.put_file))
    await fails_after_it_was_paid(house, StorageFailed)


async def test_an_adapter_that_breaks_off_while_it_waits_loses_no_paid_clip(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.engine, "poll", once(ZeroDivisionError("seven by nought"), house.engine.poll))
    await fails_after_it_was_paid(house, EngineFailed)
