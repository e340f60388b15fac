"""Takes that follow the shot's blocking, and takes longer than their engine's clips, from the request to the rendition."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from jobs_server import add_shot
from remote_fixtures import FAKE, FakeServer
from remote_house import House

from vr_server.domain.errors import EngineFailed, InvalidInput, OverBudget
from vr_server.domain.shot import Budget
from vr_server.domain.take import Take
from vr_server.generation.port import Capabilities, GenerationRequest
from vr_server.jobs import Asked
from vr_server.storage import SqlStore

GUIDED = FAKE.model_copy(update={"guides": ("depth", "pose"), "fps": (16,)})
CHAINED = FAKE.model_copy(update={"modes": ("text", "image"), "max_duration_s": 2.0})


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with FakeServer(engine_s=0.03, clip=None) as server:
        yield server


@pytest.fixture
async def able() -> Capabilities:
    return CHAINED


@pytest.fixture
async def house(tmp_path: Path, fake: FakeServer, able: Capabilities) -> AsyncIterator[House]:
    made = House(tmp_path, await SqlStore.open(tmp_path / "previs.sqlite"), fake.url, able)
    await made.production.start()
    await add_shot(made.production, "a man walks down a street and waves", 6.0 if "image" in able.modes else 0.5)
    yield made
    await made.production.stop()


async def asked(house: House, seed: int = 7, **told: object) -> Take:
    return await house.production.request_take("s", engine="fake", seed=seed, asked=Asked(**told))  # type: ignore[arg-type]


async def watched(house: House, take: Take) -> str:
    """What the take's rendition was baked from."""
    folder = await house.production.folder(take.id, "final")
    return await asyncio.to_thread((folder / "manifest.json").read_text)


@pytest.mark.parametrize("able", [GUIDED])
async def test_the_blocking_is_drawn_once_sent_and_recorded(house: House, fake: FakeServer) -> None:
    await asked(house)
    (take,) = await house.all_ended(1)
    assert take.state == "ready"
    assert fake.inputs == [{"guide": "depth of 8 frames from 0 s"}]
    used = take.provenance.guidance
    assert used is not None
    order = await house.store.order(take.provenance.order_id or "")
    assert (used.asked, used.used, list(order.made)) == ("auto", "depth", [used.recipe])
    await asked(house, guidance="off")
    await asked(house, guidance="camera")
    _, off, camera = await house.all_ended(3)
    assert fake.inputs[1:] == [{}]  # what nothing guides is the same order
    assert [t.provenance.guidance.used for t in (off, camera) if t.provenance.guidance] == [None, None]
    assert "fake follows no camera guide" in camera.provenance.remarks[0]
    async with house.store.transaction() as unit:  # the same guide for another order: it is not drawn again
        await unit.put_order(order.model_copy(update={"state": "failed", "made": order.made, "id": "0" * 64}))
        await unit.put_order(order.model_copy(update={"state": "cancelled", "made": {}}))
    await asked(house)
    await house.all_ended(4)
    assert fake.inputs[2] == {"guide": "depth of 8 frames from 0 s"}
    assert house.runner.made == ["GuideTask"]


@pytest.mark.parametrize("able", [GUIDED])
async def test_a_guide_that_cannot_be_drawn_costs_nothing_and_can_be_asked_for_again(
    house: House, fake: FakeServer
) -> None:
    house.runner.troubles = [EngineFailed("The worker died.")]
    await asked(house)
    (failed,) = await house.all_ended(1)
    assert (failed.state, failed.error) == ("failed", "The worker died.")
    assert (fake.submits, (await house.production.spending("p")).spent) == ([], 0)
    await asked(house)
    _, take = await house.all_ended(2)
    assert (take.state, len(fake.submits)) == ("ready", 1)


async def test_a_long_shot_is_made_in_parts_each_from_the_end_of_the_one_before(house: House, fake: FakeServer) -> None:
    await asked(house)
    (take,) = await house.all_ended(1)
    assert take.state == "ready"
    assert fake.inputs == [{}, {"first_frame": "end of order-1"}, {"first_frame": "end of order-2"}]
    told = take.provenance
    assert fake.submits == [part.order_id for part in told.parts]
    for part in told.parts:
        order = await house.store.order(part.order_id)
        assert part.prompt_sent == GenerationRequest.model_validate_json(order.request).prompt
    assert len({part.prompt_sent for part in told.parts}) > 1
    assert told.order_id == fake.submits[-1]
    assert told.remarks == ("fake makes no clip of 6 s: made in 3 parts, joined at 2 s, 4 s.",)
    assert await watched(house, take) == "order-1 0-2, order-2 2-4, order-3 4-6"
    assert (await house.production.spending("p")).spent == 1.5
    await asked(house)  # the same again is there already
    _, again = await house.all_ended(2)
    assert await watched(house, again) == await watched(house, take)
    assert len(fake.submits) == 3


async def test_a_part_that_fails_is_made_again_alone_and_what_never_was_sent_costs_nothing(
    house: House, fake: FakeServer
) -> None:
    fake.failing = {2}
    await asked(house)
    (failed,) = await house.all_ended(1)
    assert failed.state == "failed"
    assert len(fake.submits) == 2
    while await house.store.open_orders():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    assert (await house.production.spending("p")).spent == 0.5
    await asked(house)
    _, take = await house.all_ended(2)
    assert take.state == "ready"
    assert fake.submits[2] == fake.submits[1]  # asked for again; the first part was not
    assert await watched(house, take) == "order-1 0-2, order-3 2-4, order-4 4-6"


async def test_only_the_part_in_doubt_and_what_follows_it_is_paid_again(house: House, fake: FakeServer) -> None:
    await asked(house)
    (take,) = await house.all_ended(1)
    async with house.store.transaction() as unit:
        doubtful = await unit.order(take.provenance.parts[1].order_id)
        await unit.put_order(doubtful.model_copy(update={"state": "unknown", "clip": None}))
        await unit.put_take(take.model_copy(update={"state": "unknown"}))
    await house.production.resolve_take(take.id, retry=True)
    _, again = await house.all_ended(2)
    assert await watched(house, again) == "order-1 0-2, order-4 2-4, order-5 4-6"
    assert len(set(fake.submits)) == 5


async def test_cancelling_stops_the_whole_chain(house: House, fake: FakeServer) -> None:
    fake.engine_s = 60
    take = await asked(house)
    while not fake.submits:  # noqa: ASYNC110 - another thread's
        await asyncio.sleep(0.02)
    await house.production.cancel_take(take.id)
    while await house.store.open_orders():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    assert (len(fake.submits), fake.cancelled) == (1, ["order-1"])
    assert (await house.production.spending("p")).spent == 0


async def test_the_budget_must_hold_all_parts(house: House, fake: FakeServer) -> None:
    await house.production.set_budget("p", Budget(limit=1.4))
    with pytest.raises(OverBudget, match=r"costs about 1\.50"):
        await asked(house)
    assert (await house.store.orders("p"), fake.submits) == ((), [])


@pytest.mark.parametrize("able", [FAKE.model_copy(update={"max_duration_s": 0.3})])
async def test_a_shot_that_the_engine_cannot_go_on_with_is_refused_before_any_money(
    house: House, fake: FakeServer
) -> None:
    with pytest.raises(InvalidInput, match="split the shot"):
        await asked(house)
    assert (await house.store.takes("p"), await house.store.orders("p"), fake.submits) == ((), (), [])
