"""A note's region on its way to a take: what comes of it, what is refused before it is kept or paid."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from remote_fixtures import FAKE, FakeEngine

from vr_server.bus import EventBus
from vr_server.domain.errors import Conflict, GateRefused, InvalidInput, OverBudget
from vr_server.domain.note import Note, RegionWordsChange, Revision
from vr_server.domain.region import MaskShape, RectShape, Region
from vr_server.domain.shot import Budget
from vr_server.domain.take import Rendition, Take
from vr_server.generation.masks import read_mask
from vr_server.generation.port import Capabilities, GenerationRequest, MaskEdit, Price
from vr_server.generation.progress import Made
from vr_server.generation.recipes import MaskRecipe
from vr_server.generation.worker import Task
from vr_server.jobs import InputMaker, Ordering, Production, ProductionSettings
from vr_server.jobs.making import TakeMaker
from vr_server.media import VideoPictures, write_film
from vr_server.review.gate import Gate
from vr_server.storage import MemoryBlobs, MemoryStore, TakeFolders

DRAWN = Capabilities(
    name="drawn", model="ramp", version="7", embedded=True, gives_depth=True, gives_ids=True, gives_camera=True,
    modes=("text", "edit_mask"),
)  # fmt: skip
PLAIN = DRAWN.model_copy(update={"name": "plain", "modes": ("text",)})
PAID = FAKE.model_copy(
    update={"name": "paid", "modes": ("text", "edit_mask"), "sizes": (), "model": "vace", "price": Price(per_clip=3),
            "masks": ("still", "tracked")}
)  # fmt: skip
FILM = PAID.model_copy(update={"name": "film", "masks": ("still", "video")})
STIFF = PAID.model_copy(update={"name": "stiff", "masks": ("still",)})
DUMB = FAKE.model_copy(update={"name": "dumb", "sizes": ()})
REGION = Region(shape=RectShape(left=0.25, top=0.25, right=0.75, bottom=0.75))
SIZE = (128, 72)
CLIP = {"clip/clip.mp4": b"moving pictures", "clip/depth.mkv": b"depth", "staging.json": b"{}"}


class IdleQueue:
    def __init__(self) -> None:
        self.enqueued: list[str] = []

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def enqueue(self, take_id: str) -> None:
        self.enqueued.append(take_id)

    async def cancel(self, take_id: str) -> None: ...


@dataclass
class Set:
    production: Production
    store: MemoryStore
    folders: TakeFolders
    queue: IdleQueue

    async def take(self, engine: str = "drawn", *, whole: bool = True, files: dict[str, bytes] | None = None) -> Take:
        """A take of an engine, its final in the store."""
        project = await self.production.import_script(b"A woman in a grey coat walks down a street.", "a.txt")
        shot = (await self.store.shots(project.id))[0]
        take = await self.production.request_take(shot.id, engine=engine)
        if not whole:
            return take
        folder = self.folders.path(take.id, "final")
        for name, data in (CLIP if files is None else files).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        stored = await self.folders.keep(folder)
        final = Rendition(quality="final", width_px=SIZE[0], height_px=SIZE[1], frame_count=96, files=stored)
        async with self.store.transaction() as unit:
            take = take.model_copy(update={"state": "ready", "renditions": (final,)})
            await unit.put_take(take)
        return take

    async def note(self, take: Take, text: str, region: Region | None = REGION) -> tuple[Note, Revision]:
        note = await self.production.write_note(
            project_id=take.project_id, take_id=take.id, frame=20, author="Lin", text=text, client_id=f"{text}-client",
            region=region,
        )  # fmt: skip
        revision = await self.store.revision_of_note(note.id)
        assert revision is not None
        return note, revision


@pytest.fixture
def scene(tmp_path: Path) -> Set:
    store, queue = MemoryStore(), IdleQueue()
    folders = TakeFolders(tmp_path / "takes", MemoryBlobs())
    paid = {e.name: FakeEngine("http://127.0.0.1:9", e) for e in (PAID, FILM, STIFF, DUMB)}
    production = Production(
        store=store, folders=folders, queue=queue, bus=EventBus(), ordering=Ordering(paid, size=SIZE, gate=Gate.load()),
        engines={e.name: e for e in (DRAWN, PLAIN, PAID, FILM, STIFF, DUMB)},
        settings=ProductionSettings(default_engine="drawn"), clock=lambda: datetime(2026, 3, 1, tzinfo=UTC),
    )  # fmt: skip
    return Set(production, store, folders, queue)


async def test_an_accepted_region_becomes_a_take_of_its_take_and_says_so(scene: Set) -> None:
    parent = await scene.take()
    note, revision = await scene.note(parent, "make her coat red")
    accepted = await scene.production.decide_revision(revision.id, accept=True)
    assert accepted.take_id is not None
    take = await scene.store.take(accepted.take_id)
    told = take.provenance
    assert (told.parent_take_id, told.note_ids, told.revision_id) == (parent.id, (note.id,), revision.id)
    assert told.redrawn is not None
    assert (told.redrawn.note_id, told.redrawn.frame, told.redrawn.region) == (note.id, 20, REGION)
    assert told.seed == parent.provenance.seed, "all but the region comes out alike"
    assert take.spec.subjects[0].colours == ("red",)
    assert scene.queue.enqueued[-1] == take.id


async def test_it_is_drawn_from_its_takes_words_though_the_shot_has_moved_on(scene: Set) -> None:
    parent = await scene.take()
    _, closer = await scene.note(parent, "close-up", None)
    await scene.production.decide_revision(closer.id, accept=True)
    _, revision = await scene.note(parent, "make her coat red")
    accepted = await scene.production.decide_revision(revision.id, accept=True)
    take = await scene.store.take(accepted.take_id or "")
    assert take.spec.camera == parent.spec.camera, "the picture round the region was made with this camera"
    shot = await scene.store.shot(parent.shot_id)
    assert shot.spec.camera.shot_size == "close_up"
    assert shot.spec.subjects[0].colours == ("red",)


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("closer and make her coat red", "the camera and the length of the take stay"),
        ("镜头再近一些,外套改成红色", "机位与时长保持不变"),
    ],
)
async def test_a_region_cannot_move_the_camera(scene: Set, text: str, stays: str) -> None:
    parent = await scene.take()
    _, revision = await scene.note(parent, text)
    assert [change.kind for change in revision.changes] == ["subject_colour"]
    assert stays in revision.explanation
    _, nothing = await scene.note(parent, "closer")
    assert nothing.changes == ()
    with pytest.raises(Conflict, match="changes nothing"):
        await scene.production.decide_revision(nothing.id, accept=True)


async def test_what_cannot_be_drawn_is_refused_and_stays_open(scene: Set) -> None:
    for take, says in (
        (
            await scene.take("plain"),
            "Engine plain cannot draw a region of its takes anew; drawn, film, paid, stiff can of theirs",
        ),
        (await scene.take("dumb"), "Engine dumb cannot"),
        (await scene.take(whole=False), "is not whole yet"),
        (await scene.take(files={"manifest.json": b"{}"}), "keeps no clip"),
    ):
        orders = await scene.store.orders(take.project_id)
        _, revision = await scene.note(take, "make her coat red")
        with pytest.raises(Conflict, match=says):
            await scene.production.decide_revision(revision.id, accept=True)
        assert (await scene.store.revision(revision.id)).state == "proposed"
        assert await scene.store.orders(take.project_id) == orders, "no money was spent"
        assert (await scene.store.takes(take.project_id))[-1].id == take.id


async def test_a_paid_engine_gets_the_clip_the_mask_and_the_notes_own_words(scene: Set) -> None:
    parent = await scene.take("paid")
    _, revision = await scene.note(parent, "put a zoetrope in her hand")
    assert revision.changes[-1] == RegionWordsChange(text="put a zoetrope in her hand")
    accepted = await scene.production.decide_revision(revision.id, accept=True)
    take = await scene.store.take(accepted.take_id or "")
    assert take.provenance.prompt_sent.endswith("put a zoetrope in her hand")
    order = await scene.store.order(take.provenance.order_id or "")
    request = GenerationRequest.model_validate_json(order.request)
    assert (request.mode, request.edit) == ("edit_mask", MaskEdit(frame=20, tracking=True, expand_ratio=0.05))
    video, mask = request.input("source_video"), request.input("mask")
    assert video is not None
    assert mask is not None
    assert video.sha256 == parent.renditions[0].files["clip/clip.mp4"]
    painted = read_mask(await scene.folders.read(mask.sha256), {SIZE})
    assert painted.mean() == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    "text", ["make her hold T.o.m C.r.u.i.s.e's hand", "put a P\u0456kachu in her hand", "给她一只皮·卡·丘"]
)
async def test_the_gate_reads_a_notes_own_words_too(scene: Set, text: str) -> None:
    parent = await scene.take("paid")
    before = await scene.store.orders(parent.project_id)
    _, revision = await scene.note(parent, text)
    with pytest.raises(GateRefused):
        await scene.production.decide_revision(revision.id, accept=True)
    assert (await scene.store.revision(revision.id)).state == "proposed"
    assert await scene.store.orders(parent.project_id) == before
    (decision,) = await scene.store.decisions(parent.project_id)
    assert decision.outcome == "refused"


async def asked_for(scene: Set, parent: Take, region: Region) -> GenerationRequest:
    """What the engine is sent for a note with the region."""
    _, revision = await scene.note(parent, "make her coat blue", region)
    accepted = await scene.production.decide_revision(revision.id, accept=True)
    order = (await scene.store.take(accepted.take_id or "")).provenance.order_id
    return GenerationRequest.model_validate_json((await scene.store.order(order or "")).request)


async def test_an_engine_that_takes_a_mask_for_each_frame_is_planned_one(scene: Set) -> None:
    parent = await scene.take("film")
    request = await asked_for(scene, parent, REGION)
    assert request.edit == MaskEdit(frame=20, expand_ratio=0, expand_shape="original"), "it is drawn as it should be"
    mask = request.input("mask")
    assert mask is not None
    recipe = mask.recipe
    assert isinstance(recipe, MaskRecipe)
    clip = parent.renditions[0].files["clip/clip.mp4"]
    assert (recipe.files, recipe.frame, recipe.region, recipe.size) == ({"clip/clip.mp4": clip}, 20, REGION, SIZE)
    take = (await scene.store.takes(parent.project_id))[-1]
    again = await scene.production._ordering.asked_of(scene.store, take)
    assert (again.mode, again.inputs, again.edit) == ("edit_mask", request.inputs, request.edit), "a retry is like it"
    still = REGION.model_copy(update={"tracking": False})
    request = await asked_for(scene, await scene.take("film"), still)
    mask = request.input("mask")
    assert mask is not None
    assert (mask.media_type, mask.recipe) == ("image/png", None)
    assert request.edit == MaskEdit(frame=20, tracking=False, expand_ratio=0.05)


async def test_what_is_known_of_the_clip_goes_along(scene: Set) -> None:
    known = {
        **CLIP,
        "clip/ids.mkv": b"ids",
        "clip/camera.json": b"{}",
        "clip/mask.mkv": b"mask",
        "manifest.json": b"{}",
    }
    request = await asked_for(scene, await scene.take("film", files=known), REGION)
    recipe = request.inputs[1].recipe
    assert isinstance(recipe, MaskRecipe)
    assert set(recipe.files) == {*CLIP, "clip/ids.mkv", "clip/camera.json"}


async def test_a_region_that_should_follow_is_refused_where_the_engine_cannot(scene: Set) -> None:
    parent = await scene.take("stiff")
    _, revision = await scene.note(parent, "make her coat red")
    with pytest.raises(InvalidInput, match="stiff keeps a mask where it was drawn: ask for one that does not follow"):
        await scene.production.decide_revision(revision.id, accept=True)
    assert (await scene.store.revision(revision.id)).state == "proposed"
    request = await asked_for(scene, parent, REGION.model_copy(update={"tracking": False}))
    assert isinstance(request.edit, MaskEdit)
    assert not request.edit.tracking


class AtOnce:
    """A runner in this process: it does the real work, and says what of."""

    def __init__(self) -> None:
        self.did: list[str] = []

    async def run(self, key: str, task: Task[Made], **_: object) -> Made:
        self.did.append(type(task).__name__)
        return await asyncio.to_thread(task, None, lambda _: None, lambda: False)  # type: ignore[arg-type]

    def cancel(self, key: str) -> None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


async def test_the_mask_is_drawn_when_its_order_is_about_to_be_sent_and_once(scene: Set, tmp_path: Path) -> None:
    picture = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 255, (*SIZE[::-1], 3), np.uint8), (0, 0), 2)
    write_film(tmp_path / "clip.mp4", [picture] * 25, SIZE, Fraction(24), crf=20)
    parent = await scene.take("film", files={"clip/clip.mp4": (tmp_path / "clip.mp4").read_bytes()})
    shape = await scene.production.keep_mask(parent.id, white(*SIZE))
    request = await asked_for(scene, parent, Region(shape=shape))
    take = (await scene.store.takes(parent.project_id))[-1]
    order = await scene.store.order(take.provenance.order_id or "")
    runner, blobs = AtOnce(), scene.folders._blobs
    maker = InputMaker(scene.store, blobs, tmp_path / "inputs", runner=runner)
    mask = request.inputs[1]
    made = await maker.lay_out(order)
    drawn = await asyncio.to_thread(
        lambda: [picture[..., 0].min() for picture in VideoPictures(maker.path(order, mask))]
    )
    assert len(drawn) == 25
    assert min(drawn) > 250
    async with scene.store.transaction() as unit:
        await unit.put_order(order.model_copy(update={"made": made}))
    await maker.clear(order)
    assert not maker.path(order, mask).parent.exists()
    assert await maker.lay_out(order) == made
    assert maker.path(order, mask).is_file()
    assert runner.did == ["MaskTask"]


async def test_the_budget_holds_for_a_region_too(scene: Set) -> None:
    parent = await scene.take("paid")
    await scene.production.set_budget(parent.project_id, Budget(limit=4))
    _, revision = await scene.note(parent, "make her coat red")
    with pytest.raises(OverBudget):
        await scene.production.decide_revision(revision.id, accept=True)
    assert (await scene.store.revision(revision.id)).state == "proposed"


def white(width: int, height: int) -> bytes:
    return bytes(cv2.imencode(".png", np.full((height, width), 255, np.uint8))[1])


async def test_a_painted_mask_is_kept_first_and_then_named(scene: Set) -> None:
    parent = await scene.take()
    shape = await scene.production.keep_mask(parent.id, white(*SIZE))
    note, revision = await scene.note(parent, "make her coat red", Region(shape=shape))
    assert note.region is not None
    accepted = await scene.production.decide_revision(revision.id, accept=True)
    maker = TakeMaker(store=scene.store, folders=scene.folders, runner=None, bus=EventBus())  # type: ignore[arg-type]
    async with maker.redraw_of(await scene.store.take(accepted.take_id or "")) as told:
        assert told is not None
        assert (told.painted, told.size) == (white(*SIZE), SIZE)
        assert (told.parent / "clip" / "clip.mp4").read_bytes() == CLIP["clip/clip.mp4"]


async def test_a_mask_that_does_not_go_with_its_take_is_refused(scene: Set) -> None:
    parent = await scene.take()
    for data, says in (
        (white(64, 64), "The mask is 64x64; it must have the size of its take's picture, 128x72"),
        (b"\x89PNG" + bytes(2 * 1024 * 1024), "at most 1024 kB are taken"),
    ):
        with pytest.raises(InvalidInput, match=says):
            await scene.production.keep_mask(parent.id, data)
    with pytest.raises(InvalidInput, match="send the PNG first"):
        await scene.note(parent, "make her coat red", Region(shape=MaskShape(sha256="0" * 64)))
    with pytest.raises(InvalidInput, match="no PNG"):  # a blob, but no mask
        await scene.note(parent, "redder", Region(shape=MaskShape(sha256=parent.renditions[0].files["clip/clip.mp4"])))
    assert await scene.store.notes(parent.project_id) == ()
