"""What every store promises, asked of each adapter."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vr_server.domain.decision import Decision
from vr_server.domain.errors import Conflict, NotFound
from vr_server.domain.note import DistanceChange, Note, Revision
from vr_server.domain.order import Order
from vr_server.domain.room import Room
from vr_server.domain.shot import Project, Sequence, Shot, ShotSpec
from vr_server.domain.take import Approval, Provenance, Rendition, Take
from vr_server.storage import MemoryStore, SqlStore, Store, Unit

T0 = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else await SqlStore.open(tmp_path / "previs.sqlite")
    yield made
    await made.close()


def a_project(key: str = "p", minute: int = 0) -> Project:
    return Project(id=key, title="两个太阳", created_at=T0 + timedelta(minutes=minute))


def a_sequence(key: str, order: int, project_id: str = "p") -> Sequence:
    return Sequence(id=key, project_id=project_id, order=order, title="EXT. RED PLANET - SUNSET")


def a_shot(key: str = "s", sequence_id: str = "q", order: int = 0) -> Shot:
    spec = ShotSpec(text="一艘银色宇宙飞船", language="zh", suns=2)
    return Shot(id=key, project_id="p", sequence_id=sequence_id, order=order, slate="1A", spec=spec)


def a_take(key: str, number: int, *, minute: int = 0, state: str = "queued", shot_id: str = "s") -> Take:
    return Take(
        id=key,
        project_id="p",
        shot_id=shot_id,
        number=number,
        created_at=T0 + timedelta(minutes=minute),
        spec=a_shot().spec,
        provenance=Provenance(engine="e", model="m", engine_version="1", seed=7, prompt_sent="ship"),
        state=state,  # type: ignore[arg-type]  # a literal by parameter
    )


def a_note(key: str, *, minute: int = 0, take_id: str = "t1") -> Note:
    return Note(
        id=key,
        project_id="p",
        take_id=take_id,
        frame=3,
        time_s=0.125,
        author="Lin",
        text="再近一些",
        language="zh",
        point_m=(0.5, 1.0, -2.0),
        created_at=T0 + timedelta(minutes=minute),
    )


def a_revision(key: str, note_id: str) -> Revision:
    changes = (DistanceChange(factor=0.7),)
    return Revision(
        id=key, project_id="p", shot_id="s", note_id=note_id, changes=changes, diff=(), explanation="镜头更近"
    )


async def fill(store: Store, *, takes: int = 1) -> None:
    async with store.transaction() as unit:
        await unit.put_project(a_project())
        await unit.put_sequence(a_sequence("q", 0))
        await unit.put_shot(a_shot())
        for number in range(1, takes + 1):
            await unit.put_take(a_take(f"t{number}", number, minute=number))


async def test_what_is_put_comes_back_equal(store: Store) -> None:
    await fill(store)
    room = Room(id="r", project_id="p", name="Stage 5", created_at=T0)
    async with store.transaction() as unit:
        await unit.put_note(a_note("n"), client_id="client-0001")
        await unit.put_revision(a_revision("v", "n"))
        await unit.put_room(room)

    assert await store.project("p") == a_project()
    assert await store.sequences("p") == (a_sequence("q", 0),)
    assert await store.shot("s") == a_shot()
    assert await store.take("t1") == a_take("t1", 1, minute=1)
    assert await store.note("n") == a_note("n")
    assert await store.revision("v") == a_revision("v", "n")
    assert await store.revision_of_note("n") == a_revision("v", "n")
    assert await store.room("r") == room
    assert await store.rooms("p") == (room,)


async def test_a_second_put_replaces(store: Store) -> None:
    await fill(store)
    rendition = Rendition(quality="draft", width_px=640, height_px=360, frame_count=24, files={"a": "0" * 64})
    ready = a_take("t1", 1, minute=1).model_copy(update={"state": "ready", "renditions": (rendition,)})
    async with store.transaction() as unit:
        await unit.put_take(ready)
    assert await store.takes("p") == (ready,)


async def test_what_is_not_there_is_not_found(store: Store) -> None:
    for lookup in (store.project, store.shot, store.take, store.note, store.revision, store.room):
        with pytest.raises(NotFound, match="nope-1"):
            await lookup("nope-1")
    assert await store.takes("nope-1") == ()
    assert await store.note_by_client_id("nope-1", "client-0001") is None
    assert await store.revision_of_note("nope-1") is None


async def test_lists_stand_in_the_films_order_and_oldest_first(store: Store) -> None:
    async with store.transaction() as unit:
        await unit.put_project(a_project("later", minute=5))
        await unit.put_project(a_project())
        await unit.put_sequence(a_sequence("q2", 1))
        await unit.put_sequence(a_sequence("q1", 0))
        for key, sequence, order in (("d", "q2", 1), ("a", "q1", 1), ("c", "q2", 0), ("b", "q1", 0)):
            await unit.put_shot(a_shot(key, sequence, order))
        await unit.put_take(a_take("late", 1, minute=9, shot_id="a"))
        await unit.put_take(a_take("early", 1, minute=2, shot_id="b"))
        await unit.put_note(a_note("n2", minute=4, take_id="late"), client_id="two")
        await unit.put_note(a_note("n1", minute=3, take_id="early"), client_id="one")
        await unit.put_revision(a_revision("v2", "n2").model_copy(update={"shot_id": "a"}))
        await unit.put_revision(a_revision("v1", "n1").model_copy(update={"shot_id": "b"}))
    assert [p.id for p in await store.projects()] == ["p", "later"]
    assert [s.id for s in await store.sequences("p")] == ["q1", "q2"]
    assert [s.id for s in await store.shots("p")] == ["b", "a", "c", "d"]
    assert [x.id for x in await store.takes("p")] == ["early", "late"]
    assert [n.id for n in await store.notes("p")] == ["n1", "n2"]
    assert [v.id for v in await store.revisions("p")] == ["v1", "v2"]


async def test_unfinished_takes_are_queued_or_generating(store: Store) -> None:
    await fill(store)
    async with store.transaction() as unit:
        for number, state in enumerate(("generating", "ready", "failed", "cancelled"), 2):
            await unit.put_take(a_take(f"t{number}", number, minute=number, state=state))
    assert [x.id for x in await store.unfinished_takes()] == ["t1", "t2"]


async def test_notes_without_revision(store: Store) -> None:
    await fill(store)
    async with store.transaction() as unit:
        await unit.put_note(a_note("n1"), client_id=None)
        await unit.put_note(a_note("n2"), client_id=None)
        await unit.put_revision(a_revision("v", "n1"))
    assert [n.id for n in await store.notes_without_revision()] == ["n2"]


async def test_a_block_that_raises_changes_nothing(store: Store) -> None:
    await fill(store)

    async def break_off() -> None:
        async with store.transaction() as unit:
            await unit.put_note(a_note("n"), client_id="client-0001")
            await unit.put_take(a_take("t9", 9))
            raise Conflict("stop")

    with pytest.raises(Conflict, match="stop"):
        await break_off()
    assert await store.notes("p") == ()
    assert [x.id for x in await store.takes("p")] == ["t1"]
    async with store.transaction() as unit:  # and the store still writes
        await unit.put_note(a_note("n"), client_id="client-0001")
    assert len(await store.notes("p")) == 1


async def test_a_transaction_reads_its_own_writes_and_others_do_not(store: Store) -> None:
    await fill(store)
    async with store.transaction() as unit:
        await unit.put_note(a_note("n"), client_id="client-0001")
        assert await unit.note_by_client_id("p", "client-0001") == a_note("n")
        assert await store.notes("p") == ()
    assert await store.note_by_client_id("p", "client-0001") == a_note("n")


async def test_a_snapshot_does_not_move(store: Store) -> None:
    await fill(store)
    async with store.snapshot() as before:
        assert len(await before.takes("p")) == 1
        async with store.transaction() as unit:
            await unit.put_take(a_take("t2", 2))
        assert len(await before.takes("p")) == 1
    assert len(await store.takes("p")) == 2


async def test_client_ids_are_unique_within_a_project(store: Store) -> None:
    await fill(store)
    async with store.transaction() as unit:
        await unit.put_note(a_note("n1"), client_id="client-0001")
    with pytest.raises(Conflict):
        async with store.transaction() as unit:
            await unit.put_note(a_note("n2"), client_id="client-0001")
    assert [n.id for n in await store.notes("p")] == ["n1"]


async def test_a_note_has_one_revision(store: Store) -> None:
    await fill(store)
    async with store.transaction() as unit:
        await unit.put_note(a_note("n"), client_id=None)
        await unit.put_revision(a_revision("v1", "n"))
    with pytest.raises(Conflict):
        async with store.transaction() as unit:
            await unit.put_revision(a_revision("v2", "n"))


async def test_take_numbers_are_unique_within_a_shot(store: Store) -> None:
    await fill(store, takes=2)
    with pytest.raises(Conflict):
        async with store.transaction() as unit:
            await unit.put_take(a_take("other", 2))
    async with store.transaction() as unit:
        assert await unit.next_take_number("s") == 3
        with pytest.raises(NotFound):
            await unit.next_take_number("nope-1")


async def test_concurrent_takes_get_different_numbers(store: Store) -> None:
    await fill(store)

    async def one_more(index: int) -> int:
        async with store.transaction() as unit:
            number = await unit.next_take_number("s")
            await asyncio.sleep(0)  # whoever else wants a number gets the chance to ask
            await unit.put_take(a_take(f"c{index}", number))
        return number

    assert sorted(await asyncio.gather(*(one_more(i) for i in range(20)))) == list(range(2, 22))


@pytest.mark.parametrize("orphan", ["sequence", "shot", "take", "note", "revision", "room"])
async def test_orphans_are_refused(store: Store, orphan: str) -> None:
    puts: dict[str, Callable[[Unit], Awaitable[None]]] = {
        "sequence": lambda unit: unit.put_sequence(a_sequence("q", 0)),
        "shot": lambda unit: unit.put_shot(a_shot()),
        "take": lambda unit: unit.put_take(a_take("t1", 1)),
        "note": lambda unit: unit.put_note(a_note("n"), client_id=None),
        "revision": lambda unit: unit.put_revision(a_revision("v", "n")),
        "room": lambda unit: unit.put_room(Room(id="r", project_id="p", name="x", created_at=T0)),
    }
    with pytest.raises(NotFound):
        async with store.transaction() as unit:
            await puts[orphan](unit)


async def test_orders_are_kept_by_the_hash_of_their_request(store: Store) -> None:
    order = Order(id="a" * 64, project_id="p", engine="e", created_at=T0, request="{}", take_ids=("t1",))
    with pytest.raises(NotFound):
        async with store.transaction() as unit:
            await unit.put_order(order)
    async with store.transaction() as unit:
        await unit.put_project(a_project())
        await unit.put_order(order)
        await unit.put_order(order.model_copy(update={"id": "b" * 64, "created_at": T0 + timedelta(minutes=1)}))
    assert await store.find_order("c" * 64) is None
    assert [o.id[0] for o in await store.open_orders()] == ["a", "b"]
    async with store.transaction() as unit:
        await unit.put_order(order.model_copy(update={"state": "fetched", "cost": 0.5}))
    assert [o.id[0] for o in await store.open_orders()] == ["b"]
    assert [(o.state, o.cost) for o in await store.orders("p")] == [("fetched", 0.5), ("waiting", None)]
    assert (await store.order("a" * 64)).take_ids == ("t1",)


async def test_decisions_are_kept_oldest_first(store: Store) -> None:
    async with store.transaction() as unit:
        await unit.put_project(a_project())
        await unit.put_sequence(a_sequence("q", 0))
        await unit.put_shot(a_shot())
        for key, minute in (("d2", 2), ("d1", 1)):
            at = T0 + timedelta(minutes=minute)
            await unit.put_decision(
                Decision(
                    id=key,
                    project_id="p",
                    shot_id="s",
                    engine="e",
                    at=at,
                    outcome="refused",
                    prompt="x",
                    lists=("gore",),
                    reason="r",
                )
            )
    assert [d.id for d in await store.decisions("p")] == ["d1", "d2"]
    assert await store.decisions("other") == ()


async def test_approved_takes_of_all_projects_are_found(store: Store) -> None:
    await fill(store)
    approval = Approval(by="林导", at=T0)
    async with store.transaction() as unit:
        await unit.put_take(a_take("t8", 8, minute=9).model_copy(update={"approval": approval}))
        await unit.put_take(a_take("t9", 9, minute=8).model_copy(update={"approval": approval}))
    assert [(t.id, t.approval) for t in await store.approved_takes()] == [("t9", approval), ("t8", approval)]
    async with store.transaction() as unit:
        await unit.put_take(a_take("t9", 9, minute=8))
    assert [t.id for t in await store.approved_takes()] == ["t8"]
