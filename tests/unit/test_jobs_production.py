"""What can be asked of a production: on disk first, told on the bus, refused with a line that helps."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vr_server.bus import Event, EventBus, NoteKept, RevisionChanged, ShotChanged, TakeChanged
from vr_server.domain.errors import Conflict, InvalidInput, InvalidScript, NotFound, Unavailable, UnknownEngine
from vr_server.domain.note import Note, Revision
from vr_server.domain.shot import Shot
from vr_server.domain.take import Rendition, Take, Variants
from vr_server.generation.port import Capabilities
from vr_server.jobs import Production, ProductionSettings
from vr_server.jobs.takes import default_seed
from vr_server.script import sample_script
from vr_server.storage import MemoryBlobs, MemoryStore, SqlStore, Store, TakeFolders

TINY = Capabilities(
    name="tiny", model="ramp", version="7", embedded=True, gives_depth=True, gives_ids=True, gives_camera=True
)
SHORT_ENGLISH = TINY.model_copy(update={"name": "short", "max_duration_s": 0.6, "languages": ("en",)})


class QueueThatRemembers:
    """`TakeQueue` that makes nothing."""

    def __init__(self) -> None:
        self.enqueued: list[str] = []
        self.cancelled: list[str] = []

    async def start(self) -> None:
        return None

    async def stop(self) -> None:
        return None

    async def enqueue(self, take_id: str) -> None:
        self.enqueued.append(take_id)

    async def cancel(self, take_id: str) -> None:
        self.cancelled.append(take_id)


class Set:
    """A production over a store of choice, with its events at hand."""

    def __init__(self, store: Store, folder: Path, limit: int = 5) -> None:
        self.queue = QueueThatRemembers()
        self.bus = EventBus()
        self.blobs = MemoryBlobs()
        self.production = Production(
            store=store,
            folders=TakeFolders(folder / "takes", self.blobs),
            queue=self.queue,
            engines={"tiny": TINY, "short": SHORT_ENGLISH},
            bus=self.bus,
            settings=ProductionSettings(default_engine="tiny", unfinished_limit=limit),
            clock=lambda: datetime(2026, 3, 1, tzinfo=UTC),
        )
        self._events = self.bus.subscribe()

    @property
    def store(self) -> Store:
        return self.production.store

    async def shots(self) -> tuple[Shot, ...]:
        project = await self.production.import_script(sample_script(), "sample.fountain")
        return await self.store.shots(project.id)

    async def shot(self, language: str = "en") -> Shot:
        return next(s for s in await self.shots() if s.spec.language == language)

    async def note(self, take: Take, text: str, client_id: str = "client-0001") -> Note:
        return await self.production.write_note(
            project_id=take.project_id, take_id=take.id, frame=2, author="Lin", text=text, client_id=client_id
        )

    async def proposed(self, text: str, language: str = "en") -> tuple[Take, Note, Revision]:
        take = await self.production.request_take((await self.shot(language)).id)
        note = await self.note(take, text)
        revision = await self.store.revision_of_note(note.id)
        assert revision is not None
        return take, note, revision

    async def events(self) -> list[Event]:
        found: list[Event] = []

        async def listen() -> None:
            async for event in self._events:
                found.append(event)  # noqa: PERF401 - it never ends by itself

        listening = asyncio.create_task(listen())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        listening.cancel()
        return found


@pytest.fixture(params=["memory", "sqlite"])
async def scene(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Set]:
    store: Store = MemoryStore() if request.param == "memory" else await SqlStore.open(tmp_path / "previs.sqlite")
    yield Set(store, tmp_path)
    await store.close()


async def test_a_script_becomes_a_project_with_shots_in_order(scene: Set) -> None:
    project = await scene.production.import_script(sample_script(), "sample.fountain", title="Two suns")
    state = await scene.production.project_state(project.id)
    assert state.project.title == "Two suns"
    assert len(state.shots) >= 4
    assert {s.spec.continuity for s in state.shots} == {project.id}, "who and where keep their looks all through a film"
    assert {s.spec.language for s in state.shots} == {"en", "zh"}
    assert {s.sequence_id for s in state.shots} <= {q.id for q in state.sequences}
    assert (state.takes, state.notes, state.revisions) == ((), (), ())


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02" * 100])
async def test_a_script_that_is_none_leaves_no_project(scene: Set, data: bytes) -> None:
    with pytest.raises(InvalidScript):
        await scene.production.import_script(data, "x.fountain")
    assert await scene.store.projects() == ()


async def test_a_take_is_kept_with_its_provenance_before_it_is_queued(scene: Set) -> None:
    shot = await scene.shot()
    take = await scene.production.request_take(shot.id)
    assert await scene.store.take(take.id) == take
    assert scene.queue.enqueued == [take.id]
    assert (take.number, take.state, take.spec) == (1, "queued", shot.spec)
    assert (take.provenance.engine, take.provenance.model, take.provenance.engine_version) == ("tiny", "ramp", "7")
    assert take.provenance.prompt_sent
    assert take.provenance.seed == default_seed(shot.id, 1)
    assert TakeChanged(take) in await scene.events()


async def test_seeds_follow_from_shot_and_number_unless_given(scene: Set) -> None:
    shot = await scene.shot()
    first = await scene.production.request_take(shot.id)
    second = await scene.production.request_take(shot.id)
    given = await scene.production.request_take(shot.id, seed=42)
    assert first.provenance.seed != second.provenance.seed
    assert given.provenance.seed == 42
    assert [t.number for t in await scene.store.takes(shot.project_id)] == [1, 2, 3]


async def test_takes_asked_for_at_once_get_different_numbers(scene: Set) -> None:
    shot = await scene.shot()
    takes = await asyncio.gather(*(scene.production.request_take(shot.id) for _ in range(5)))
    assert sorted(t.number for t in takes) == [1, 2, 3, 4, 5]


async def test_readings_of_one_shot_share_a_seed_and_a_parent(scene: Set) -> None:
    shot = await scene.shot()
    first = await scene.production.request_take(shot.id, variants=Variants(count=3))
    takes = await scene.store.takes(shot.project_id)
    assert takes[0] == first
    assert [t.spec.variant for t in takes] == [0, 1, 2]
    assert [t.provenance.parent_take_id for t in takes] == [None, first.id, first.id]
    assert {t.provenance.seed for t in takes} == {first.provenance.seed}
    assert scene.queue.enqueued == [t.id for t in takes]
    assert len({t.spec.camera.yaw_offset_rad for t in takes}) == 3
    with pytest.raises(Unavailable):  # two more would fit, three do not: none is kept
        await scene.production.request_take(shot.id, variants=Variants(count=3))
    assert len(await scene.store.takes(shot.project_id)) == 3


async def test_seeds_and_styles_of_one_shot_differ_in_nothing_else(scene: Set) -> None:
    shot = await scene.shot()
    await scene.production.request_take(shot.id, variants=Variants(count=3, differ="seed"), seed=7)
    seeds = await scene.store.takes(shot.project_id)
    assert seeds[0].provenance.seed == 7
    assert len({t.provenance.seed for t in seeds}) == 3
    assert {t.spec for t in seeds} == {shot.spec}
    told = [t.provenance.variant for t in seeds]
    assert [(v.differ, v.index) for v in told if v] == [("seed", 0), ("seed", 1), ("seed", 2)]
    assert len({v.request_id for v in told if v}) == 1
    other = await scene.shot("zh")
    await scene.production.request_take(other.id, variants=Variants(count=2, differ="style", styles=("noir", "neon")))
    styles = await scene.store.takes(other.project_id)
    assert [t.spec for t in styles] == [other.spec.model_copy(update={"style": s}) for s in ("noir", "neon")]
    assert [t.provenance.parent_take_id for t in styles] == [None, styles[0].id]
    assert len({t.provenance.seed for t in styles}) == 1


async def test_a_take_asked_for_alone_is_nobodys_variant(scene: Set) -> None:
    assert (await scene.production.request_take((await scene.shot()).id)).provenance.variant is None


@pytest.mark.parametrize(("styles", "says"), [(("cubist", "noir"), "no style 'cubist'"), (("noir",), "2 different styles"),
                                              (("noir", "noir"), "2 different styles")])  # fmt: skip
async def test_styles_that_cannot_be_are_refused_before_anything_is_kept(
    scene: Set, styles: tuple[str, ...], says: str
) -> None:
    shot = await scene.shot()
    with pytest.raises(InvalidInput, match=says):
        await scene.production.request_take(shot.id, variants=Variants(count=2, differ="style", styles=styles))
    assert await scene.store.takes(shot.project_id) == ()


async def test_requests_that_cannot_be_made_are_refused_before_anything_is_kept(scene: Set) -> None:
    shot = await scene.shot("zh")
    with pytest.raises(UnknownEngine, match=r"'oracle'.*short, tiny"):
        await scene.production.request_take(shot.id, engine="oracle")
    with pytest.raises(InvalidInput, match="short makes shots of"):
        await scene.production.request_take(shot.id, engine="short")
    with pytest.raises(NotFound):
        await scene.production.request_take("shot-nope")
    with pytest.raises(NotFound):
        await scene.production.request_take(shot.id, parent_take_id="take-nope")
    assert await scene.store.takes(shot.project_id) == ()
    assert scene.queue.enqueued == []


async def test_the_queue_has_a_bound(scene: Set) -> None:
    shot = await scene.shot()
    for _ in range(5):
        await scene.production.request_take(shot.id)
    with pytest.raises(Unavailable, match="5 takes"):
        await scene.production.request_take(shot.id)
    await scene.production.cancel_take(scene.queue.enqueued[0])
    await scene.production.request_take(shot.id)


async def test_cancelling_is_for_unfinished_takes(scene: Set) -> None:
    take = await scene.production.request_take((await scene.shot()).id)
    cancelled = await scene.production.cancel_take(take.id)
    assert cancelled.state == "cancelled"
    assert scene.queue.cancelled == [take.id]
    assert TakeChanged(cancelled) in await scene.events()
    with pytest.raises(Conflict, match="cancelled already"):
        await scene.production.cancel_take(take.id)


@pytest.mark.parametrize(
    ("text", "language"), [("make it slower and move the camera closer", "en"), ("慢一点,镜头再近一些", "zh")]
)
async def test_a_note_is_kept_and_answered_with_a_diff(scene: Set, text: str, language: str) -> None:
    take, note, revision = await scene.proposed(text, language)
    assert await scene.store.notes(take.project_id) == (note,)
    assert (note.language, note.frame, note.time_s) == (language, 2, 2 / 24)
    assert {change.kind for change in revision.changes} == {"speed", "distance"}
    assert "camera.distanceScale" in {line.path for line in revision.diff}
    assert revision.explanation
    assert [type(e) for e in await scene.events() if isinstance(e, NoteKept | RevisionChanged)] == [
        NoteKept,
        RevisionChanged,
    ]


async def test_the_same_note_again_changes_nothing(scene: Set) -> None:
    take, note, _ = await scene.proposed("move the camera closer")
    before = len(await scene.events())
    assert await scene.note(take, "move the camera closer") == note
    assert len(await scene.store.revisions(take.project_id)) == 1
    assert await scene.events() == []
    assert before > 0


async def test_the_same_note_twice_at_once_is_one_note(scene: Set) -> None:
    take = await scene.production.request_take((await scene.shot()).id)
    notes = await asyncio.gather(*(scene.note(take, "move the camera closer") for _ in range(4)))
    assert len({n.id for n in notes}) == 1
    assert len(await scene.store.notes(take.project_id)) == 1
    assert len(await scene.store.revisions(take.project_id)) == 1


async def test_a_note_that_is_not_understood_is_kept_and_says_so(scene: Set) -> None:
    take, _, revision = await scene.proposed("hmm, xyzzy plugh")
    assert (revision.changes, revision.diff) == ((), ())
    assert revision.explanation
    with pytest.raises(Conflict, match="changes nothing"):
        await scene.production.decide_revision(revision.id, accept=True)
    assert len(await scene.store.takes(take.project_id)) == 1


@pytest.mark.parametrize(("frame", "text"), [(10_000, "closer"), (-1, "closer"), (0, "   "), (0, "x" * 2001)])
async def test_a_note_that_cannot_be_anchored_or_read_is_refused(scene: Set, frame: int, text: str) -> None:
    take = await scene.production.request_take((await scene.shot()).id)
    with pytest.raises(InvalidInput):
        await scene.production.write_note(
            project_id=take.project_id, take_id=take.id, frame=frame, author="Lin", text=text, client_id="client-0001"
        )
    assert await scene.store.notes(take.project_id) == ()


async def test_a_note_on_another_projects_take_is_refused(scene: Set) -> None:
    take = await scene.production.request_take((await scene.shot()).id)
    with pytest.raises(NotFound):
        await scene.production.write_note(
            project_id="project-other", take_id=take.id, frame=0, author="L", text="closer", client_id="client-0001"
        )


async def test_accepting_revises_the_shot_and_queues_a_take_that_cites_the_note(scene: Set) -> None:
    parent, note, revision = await scene.proposed("move the camera closer")
    accepted = await scene.production.decide_revision(revision.id, accept=True)
    take = await scene.store.take(str(accepted.take_id))
    shot = await scene.store.shot(parent.shot_id)
    assert (accepted.state, accepted.diff) == ("accepted", revision.diff)
    assert shot.spec.camera.distance_scale < parent.spec.camera.distance_scale
    assert take.spec == shot.spec
    assert take.number == 2
    assert take.provenance.parent_take_id == parent.id
    assert take.provenance.note_ids == (note.id,)
    assert take.provenance.revision_id == revision.id
    assert take.provenance.seed == parent.provenance.seed  # the same place and people: only what was asked changes
    assert scene.queue.enqueued == [parent.id, take.id]
    assert (await scene.store.take(parent.id)).spec == parent.spec
    events = await scene.events()
    assert ShotChanged(shot) in events
    assert RevisionChanged(accepted) in events
    assert TakeChanged(take) in events


async def test_a_revision_is_decided_once(scene: Set) -> None:
    take, _, revision = await scene.proposed("move the camera closer")
    decisions = await asyncio.gather(
        *(scene.production.decide_revision(revision.id, accept=True) for _ in range(3)), return_exceptions=True
    )
    assert [type(d) for d in decisions].count(Conflict) == 2
    assert len(await scene.store.takes(take.project_id)) == 2
    with pytest.raises(Conflict, match="accepted already"):
        await scene.production.decide_revision(revision.id, accept=False)


async def test_rejecting_changes_neither_shot_nor_takes(scene: Set) -> None:
    take, _, revision = await scene.proposed("move the camera closer")
    assert (await scene.production.decide_revision(revision.id, accept=False)).state == "rejected"
    assert (await scene.store.shot(take.shot_id)).spec == take.spec
    assert len(await scene.store.takes(take.project_id)) == 1


async def test_two_notes_on_one_take_both_count(scene: Set) -> None:
    take, _, closer = await scene.proposed("move the camera closer")
    note = await scene.note(take, "make it night", client_id="client-0002")
    night = await scene.store.revision_of_note(note.id)
    assert night is not None
    await scene.production.decide_revision(closer.id, accept=True)
    await scene.production.decide_revision(night.id, accept=True)
    spec = (await scene.store.shot(take.shot_id)).spec
    assert spec.time_of_day == "night"
    assert spec.camera.distance_scale < take.spec.camera.distance_scale


async def test_a_full_queue_leaves_the_revision_open(scene: Set) -> None:
    parent, _, revision = await scene.proposed("move the camera closer")
    for _ in range(4):
        await scene.production.request_take(parent.shot_id)
    with pytest.raises(Unavailable):
        await scene.production.decide_revision(revision.id, accept=True)
    assert (await scene.store.revision(revision.id)).state == "proposed"
    assert (await scene.store.shot(parent.shot_id)).spec == parent.spec


async def test_starting_takes_up_what_a_crash_left_between_two_steps(scene: Set) -> None:
    take = await scene.production.request_take((await scene.shot()).id)
    scene.queue.enqueued.clear()
    async with scene.store.transaction() as unit:
        note = Note(
            id="note-1", project_id=take.project_id, take_id=take.id, frame=0, time_s=0, author="Lin",
            text="move the camera closer", language="en", created_at=take.created_at,
        )  # fmt: skip
        await unit.put_note(note, client_id="client-0001")
    await scene.production.start()
    assert scene.queue.enqueued == [take.id]
    revision = await scene.store.revision_of_note("note-1")
    assert revision is not None
    assert revision.changes


async def test_a_folder_comes_back_and_an_unknown_one_does_not(scene: Set, tmp_path: Path) -> None:
    take = await scene.production.request_take((await scene.shot()).id)
    with pytest.raises(NotFound, match="no draft"):
        await scene.production.folder(take.id, "draft")
    source = tmp_path / "clip.mp4"
    source.write_bytes(b"packets")
    files = {"clip/clip.mp4": await scene.blobs.put_file(source)}
    rendition = Rendition(quality="draft", width_px=640, height_px=360, frame_count=24, files=files)
    async with scene.store.transaction() as unit:
        await unit.put_take(take.model_copy(update={"renditions": (rendition,)}))
    folder = await scene.production.folder(take.id, "draft")
    assert (folder / "clip" / "clip.mp4").read_bytes() == b"packets"
