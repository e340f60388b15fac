"""The order desk over a scripted engine: shared orders, retries by class, cancelling, two hundred at once, budgets."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from orders_house import ABLE, House

from vr_server.domain.decision import Override
from vr_server.domain.errors import (
    Cancelled,
    Conflict,
    EngineAuth,
    EngineFailed,
    EngineRefused,
    EngineThrottled,
    EngineUnreachable,
    GateRefused,
    InvalidInput,
    OutcomeUnknown,
    OverBudget,
)
from vr_server.domain.shot import Budget
from vr_server.generation.port import MaskEdit, MediaInput
from vr_server.jobs import Asked
from vr_server.jobs.line import Ticket


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    await made.shot("p")
    yield made
    await made.production.stop()


async def test_identical_requests_share_one_generation_now_and_later(house: House) -> None:
    takes = [await house.take(seed=7) for _ in range(3)]
    clips = [await house.clip(take) for take in takes]
    assert clips == [b"clip of t1"] * 3
    later = await house.take(seed=7)
    assert await house.clip(later) == b"clip of t1"
    assert await house.order_of(later) == ("fetched", 0.3)
    other = await house.take(seed=8)
    assert await house.clip(other) == b"clip of t2"
    assert len(house.engine.sent) == 2


async def test_what_passes_is_tried_again_after_the_time_told(house: House) -> None:
    house.engine.troubles = [EngineThrottled("wait", 30.0), EngineUnreachable("down")]
    take = await house.take()
    assert await house.clip(take) == b"clip of t1"
    first, second, third = house.engine.sent_at_s
    assert second - first == 30.0
    assert third - second == 2.0


@pytest.mark.parametrize("error", [EngineAuth("no key"), EngineRefused("not this"), EngineFailed("no")])
async def test_what_does_not_pass_is_never_sent_again(house: House, error: EngineFailed) -> None:
    house.engine.troubles = [error]
    take = await house.take(seed=7)
    with pytest.raises(type(error), match=str(error)):
        await house.clip(take)
    assert len(house.engine.sent_at_s) == 1
    assert await house.order_of(take) == ("failed", None)
    with pytest.raises(type(error)):  # a restart of the same take sends nothing
        await house.desk.clip(take.provenance.order_id or "", take.id, Ticket("p"))
    assert len(house.engine.sent_at_s) == 1
    again = await house.take(seed=7)  # a person asks again
    assert await house.clip(again) == b"clip of t1"


async def test_an_order_that_comes_to_nothing_fails_all_who_share_it_and_costs_nothing(house: House) -> None:
    house.engine.failure = EngineRefused("The engine refuses this content.")
    takes = [await house.take(seed=7) for _ in range(2)]
    for take in takes:
        with pytest.raises(EngineRefused):
            await house.clip(take)
    assert len(house.engine.sent) == 1
    assert (await house.production.spending("p")).spent == 0


async def test_an_order_in_doubt_is_decided_by_a_person(house: House) -> None:
    house.engine.troubles = [OutcomeUnknown("no answer")]
    take = await house.take(seed=7)
    with pytest.raises(OutcomeUnknown, match="retry or drop"):
        await house.clip(take)
    with pytest.raises(Conflict):
        await house.production.resolve_take(take.id, retry=True)  # not told to be unknown yet
    async with house.store.transaction() as unit:
        await unit.put_take(take.model_copy(update={"state": "unknown"}))
    same = await house.take(seed=7)  # the very same request is not sent in silence either
    with pytest.raises(OutcomeUnknown):
        await house.clip(same)
    assert house.engine.sent == []
    again = await house.production.resolve_take(take.id, retry=True)
    assert await house.clip(again) == b"clip of t1"
    assert (again.number, again.provenance.seed, again.provenance.attempt) == (3, 7, 1)
    assert (await house.store.take(take.id)).state == "cancelled"
    assert (await house.production.spending("p")).spent == pytest.approx(0.3 + 0.2)  # the lost one may cost too


async def test_an_adapter_with_a_bug_loses_no_order(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.engine.troubles = [ZeroDivisionError("seven by nought")]  # type: ignore[list-item]
    take = await house.take(seed=7)
    with pytest.raises(OutcomeUnknown, match="broke off while it ordered"):
        await house.clip(take)
    assert (await house.order_of(take))[0] == "unknown"
    assert "ZeroDivisionError" in caplog.text


async def test_cancelling_reaches_the_engine_when_the_last_one_leaves(house: House) -> None:
    house.engine.held = True
    takes = [await house.take(seed=7) for _ in range(2)]
    await house.at_work(1)
    await house.production.cancel_take(takes[0].id)
    with pytest.raises(Cancelled):
        await house.clip(takes[0])
    assert house.engine.cancelled == []
    await house.production.cancel_take(takes[1].id)
    with pytest.raises(Cancelled):
        await house.clip(takes[1])
    house.engine.held = False
    back = await house.take(seed=7)
    assert await house.clip(back) == b"clip of t2"
    assert house.engine.cancelled == ["t1"]


async def test_what_cannot_be_stopped_is_taken_up_by_whoever_asks_for_the_same(house: House) -> None:
    house.engine.held, house.engine.stoppable = True, False
    take = await house.take(seed=7)
    await house.at_work(1)
    await house.production.cancel_take(take.id)
    with pytest.raises(Cancelled):
        await house.clip(take)
    house.engine.held = False
    back = await house.take(seed=7)
    assert await house.clip(back) == b"clip of t1"
    assert len(house.engine.sent) == 1


async def test_an_order_whose_takes_were_cancelled_when_the_server_died_is_called_off(house: House) -> None:
    house.engine.held = True
    take = await house.take(seed=7)
    await house.at_work(1)
    await house.desk.stop()
    async with house.store.transaction() as unit:
        await unit.put_take(take.model_copy(update={"state": "cancelled"}))
    await house.desk.start()
    assert house.engine.cancelled == ["t1"]
    assert (await house.order_of(take))[0] == "cancelled"


async def test_two_hundred_at_once_go_two_at_a_time_by_urgency_and_share(house: House) -> None:
    await house.shot("large")
    await house.shot("small")
    takes = [await house.take("large", "batch", seed=i) for i in range(170)]
    takes += [await house.take("small", "batch", seed=1000 + i) for i in range(10)]
    takes += [await house.take("p", "room", seed=2000 + i) for i in range(20)]
    await asyncio.gather(*(house.queue.tasks[take.id] for take in takes))
    assert house.engine.most == 2
    sent = [request.seed for request in house.engine.sent]
    assert len(sent) == len(set(sent)) == 200
    room = [place for place, seed in enumerate(sent) if seed >= 2000]
    small = [place for place, seed in enumerate(sent) if 1000 <= seed < 2000]
    assert max(room) < 30
    assert max(small) < 60


async def test_all_of_two_hundred_are_cancelled_and_nothing_is_left_at_the_engine(house: House) -> None:
    house.engine.held = True
    takes = [await house.take("p", "batch", seed=i) for i in range(200)]
    await house.at_work(2)
    assert await house.production.cancel_all("p") == len(takes)
    results = await asyncio.gather(*house.queue.tasks.values(), return_exceptions=True)
    assert all(isinstance(result, Cancelled) for result in results)
    while await house.store.open_orders():  # noqa: ASYNC110 - what is called off ends by itself
        await asyncio.sleep(0)
    assert house.engine.running == set()
    assert len(house.engine.sent) == 2
    assert (await house.production.spending("p")).spent == 0


async def test_a_budget_stops_before_anything_is_sent_and_says_so(house: House) -> None:
    now = await house.production.set_budget("p", Budget(limit=0.5))
    assert (now.spent, now.orders) == (0, 0)
    await house.clip(await house.take(seed=1))  # 0.2 reckoned, 0.3 charged
    await house.take(seed=2)
    with pytest.raises(OverBudget, match=r"costs about 0.20 USD.*budget of 0.50.*0.50 is spent"):
        await house.take(seed=3)
    assert len(await house.store.takes("p")) == 2
    await house.take(seed=1)  # what is there already costs nothing
    await house.production.set_budget("p", None)
    await house.take(seed=3)


async def test_what_the_engine_cannot_make_is_refused_before_it_is_queued(house: House) -> None:
    await house.shot("long", duration_s=9)
    with pytest.raises(InvalidInput, match="at most 5 s"):
        await house.take("long")
    assert await house.store.takes("long") == ()


async def test_the_gate_stands_before_the_engine_and_every_decision_is_kept(house: House) -> None:
    await house.shot("star", text="Tom Cruise walks down a street")
    with pytest.raises(GateRefused, match=r"Nothing was sent: 'tom cruise': the name of a real person"):
        await house.take("star")
    assert await house.store.takes("star") == ()
    override = Override(by="Lin", because="he is our lead")
    take = await house.take("star", override=override)
    assert await house.clip(take) == b"clip of t1"
    refused, overridden = await house.store.decisions("star")
    assert (refused.outcome, refused.lists, refused.override) == ("refused", ("real-people",), None)
    assert (overridden.outcome, overridden.override) == ("overridden", override)
    assert refused.prompt.startswith("Tom Cruise")
    await house.shot("never", text="a naked child")
    with pytest.raises(GateRefused, match=r"change the words\.$"):
        await house.take("never", override=override)
    assert [decision.outcome for decision in await house.store.decisions("never")] == ["refused"]
    assert len(house.engine.sent) == 1


async def test_whoever_answered_for_words_need_not_do_so_again_when_the_take_is_only_made_once_more(
    house: House,
) -> None:
    await house.shot("star", text="Tom Cruise walks down a street")
    house.engine.troubles = [OutcomeUnknown("no answer")]
    override = Override(by="Lin", because="he is our lead")
    take = await house.take("star", override=override)
    with pytest.raises(OutcomeUnknown):
        await house.clip(take)
    async with house.store.transaction() as unit:
        await unit.put_take(take.model_copy(update={"state": "unknown"}))
    again = await house.production.resolve_take(take.id, retry=True)
    assert await house.clip(again) == b"clip of t1"
    assert [decision.override for decision in await house.store.decisions("star")] == [override, override]
    with pytest.raises(GateRefused):  # a new one is somebody's to answer for
        await house.take("star")


async def test_what_a_take_is_made_from_goes_along_and_is_kept_for_one_made_like_it(
    house: House, tmp_path: Path
) -> None:
    (tmp_path / "parent.mp4").write_bytes(b"the parent's clip")
    (tmp_path / "mask.png").write_bytes(b"a mask")
    asked = Asked(
        mode="edit_mask",
        inputs=(
            MediaInput(
                role="source_video",
                sha256=await house.blobs.put_file(tmp_path / "parent.mp4"),
                media_type="video/mp4",
            ),
            MediaInput(
                role="mask",
                sha256=await house.blobs.put_file(tmp_path / "mask.png"),
                media_type="image/png",
            ),
        ),
        edit=MaskEdit(frame=12),
    )
    with pytest.raises(InvalidInput, match="makes no clip by 'edit_mask'"):
        await house.take(asked=asked)
    house.engine.able = ABLE.model_copy(update={"modes": ("text", "edit_mask"), "masks": ("still", "tracked")})
    take = await house.take(asked=asked)
    await house.clip(take)
    assert house.engine.given == {"source_video": b"the parent's clip", "mask": b"a mask"}
    assert house.engine.sent[0].edit == MaskEdit(frame=12)
    assert list((tmp_path / "scratch" / "inputs").iterdir()) == []
    async with house.store.snapshot() as reading:
        assert await house.ordering.asked_of(reading, take) == asked
