"""The application service: what the API and the command line can ask for, each request on disk before it is done."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from vr_server.bus import EventBus, NoteKept, RevisionChanged, ShotChanged, TakeChanged
from vr_server.domain.base import Language, Vec3, new_id, now_utc
from vr_server.domain.decision import Override
from vr_server.domain.errors import Conflict, NotFound
from vr_server.domain.note import Note, Revision
from vr_server.domain.region import MaskShape, Region
from vr_server.domain.shot import Budget, Project, Sequence, Shot
from vr_server.domain.take import ONE_TAKE, GuidanceWish, Quality, Take, Urgency, Variants
from vr_server.generation.port import Capabilities
from vr_server.review.notes import propose, revise, revise_region, words_for_region, write
from vr_server.script import breakdown
from vr_server.storage import Lease, Store, TakeFolders

from .estimating import Estimate, estimate
from .ordering import WORDS_ALONE, Asked, Ordering, Spending, call_off_unsent, spending
from .redrawing import Redrawing, noted_region
from .shelf import Shelf
from .takes import NewTakes, Wanted


class TakeQueue(Protocol):
    """Whoever makes queued takes, durably: a take once enqueued is finished, failed or cancelled, after a crash too."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def enqueue(self, take_id: str) -> None:
        """Idempotent: a take that is being made already is not made twice."""
        ...

    async def cancel(self, take_id: str) -> None:
        """Stop working on the take, at once or within a second or two. Does nothing for one that is not worked on."""
        ...


@dataclass(frozen=True, slots=True)
class ProductionSettings:
    """`unfinished_limit`: how many takes may wait or be in the making at the same time. `fps`: of every take."""

    default_engine: str = "blockout"
    unfinished_limit: int = 200
    fps: int = 24


@dataclass(frozen=True, slots=True)
class ProjectState:
    """All of a project that a room shows; shots in the film's order, the rest oldest first."""

    project: Project
    sequences: tuple[Sequence, ...]
    shots: tuple[Shot, ...]
    takes: tuple[Take, ...]
    notes: tuple[Note, ...]
    revisions: tuple[Revision, ...]


class Production:
    """Projects, takes, notes and revisions of one server. Everything is published on the bus once it is on disk."""

    def __init__(
        self,
        *,
        store: Store,
        folders: TakeFolders,
        queue: TakeQueue,
        engines: Mapping[str, Capabilities],
        bus: EventBus,
        ordering: Ordering | None = None,
        settings: ProductionSettings = ProductionSettings(),
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        self.store = store
        self.bus = bus
        self.engines = dict(engines)
        self.shelf = Shelf(store, folders, bus, clock)
        self._queue = queue
        self._ordering = ordering or Ordering({})
        self._settings = settings
        self._clock = clock
        self._takes = NewTakes(
            self.engines, self._ordering, default_engine=settings.default_engine,
            unfinished_limit=settings.unfinished_limit, clock=clock,
        )  # fmt: skip
        self._redrawing = Redrawing(self.engines, self._ordering, folders)

    async def start(self) -> None:
        """Take up work; finish what a crash left between two steps: takes not yet enqueued, notes without answer."""
        await self._queue.start()
        for take in await self.store.unfinished_takes():
            await self._queue.enqueue(take.id)
        for note in await self.store.notes_without_revision():
            await self._propose(note)

    async def stop(self) -> None:
        """Stop taking up work. What is unfinished is finished after the next start."""
        await self._queue.stop()
        await self.store.close()

    async def import_script(
        self, data: bytes, filename: str, *, title: str | None = None, language: Language | None = None
    ) -> Project:
        """Break a script down into a new project. `language` overrides what is detected. Raise InvalidScript."""
        found = await asyncio.to_thread(breakdown, data, filename=filename)  # a whole film takes a while
        project = Project(id=new_id("project"), title=title or found.title, created_at=self._clock())
        async with self.store.transaction() as unit:
            await unit.put_project(project)
            for scene_order, scene in enumerate(found.scenes):
                sequence = Sequence(
                    id=new_id("sequence"), project_id=project.id, order=scene_order, title=scene.heading
                )
                await unit.put_sequence(sequence)
                for shot_order, draft in enumerate(scene.shots):
                    told: dict[str, object] = {"continuity": project.id}
                    if language is not None:
                        told["language"] = language
                    spec = draft.spec.model_copy(update=told)
                    await unit.put_shot(
                        Shot(
                            id=new_id("shot"),
                            project_id=project.id,
                            sequence_id=sequence.id,
                            order=shot_order,
                            slate=draft.slate,
                            heading=draft.heading,
                            spec=spec,
                        )
                    )
        return project

    async def project_state(self, project_id: str) -> ProjectState:
        """Raise NotFound."""
        async with self.store.snapshot() as reading:
            return ProjectState(
                project=await reading.project(project_id),
                sequences=await reading.sequences(project_id),
                shots=await reading.shots(project_id),
                takes=await reading.takes(project_id),
                notes=await reading.notes(project_id),
                revisions=await reading.revisions(project_id),
            )

    async def request_take(
        self,
        shot_id: str,
        *,
        engine: str | None = None,
        seed: int | None = None,
        parent_take_id: str | None = None,
        note_ids: tuple[str, ...] = (),
        revision_id: str | None = None,
        variants: Variants = ONE_TAKE,
        urgency: Urgency = "room",
        override: Override | None = None,
        asked: Asked = WORDS_ALONE,
        guidance: GuidanceWish | None = None,
    ) -> Take:
        """Queue a new take of the shot as its spec is now; with `variants` several of it that differ in reading, seed
        or look, of which the later ones name the first as their parent.

        Without a `seed` it is the parent take's, so that a revised take changes only what was asked; without a
        parent it follows from the shot and the take number. `asked`: what a paid engine makes it from besides the words;
        `guidance`: in place of the one in it.
        Return the first. Raise NotFound, UnknownEngine, InvalidInput
        (the engine cannot make such a shot), GateRefused, OverBudget (by all of them together) or Unavailable (too many takes are
        unfinished): then none is kept.
        """
        if guidance is not None:
            asked = replace(asked, guidance=guidance)
        order = Wanted(
            self._takes.engine(engine),
            seed,
            parent_take_id,
            note_ids,
            revision_id,
            urgency,
            override=override,
            asked=asked,
        )
        async with self._ordering.refusals(self.store), self.store.transaction() as unit:
            shot = await unit.shot(shot_id)
            takes = await self._takes.several(unit, shot, order, variants)
        for take in takes:
            self.bus.publish(TakeChanged(take))
            await self._queue.enqueue(take.id)
        return takes[0]

    async def estimate_take(
        self,
        shot_id: str,
        *,
        engine: str | None = None,
        seed: int | None = None,
        variants: Variants = ONE_TAKE,
        asked: Asked = WORDS_ALONE,
    ) -> Estimate:
        """What the takes that `request_take` would queue now would be, cost and be refused for. Nothing is kept or sent.

        Raise NotFound, UnknownEngine, InvalidInput or InvalidPrompt (the engine cannot make such a shot).
        """
        order = Wanted(self._takes.engine(engine), seed, None, (), None, asked=asked)
        async with self.store.transaction() as unit:  # the take's number, and so its seed, is the one it would get
            takes = await self._takes.drafts(unit, await unit.shot(shot_id), order, variants)
            return await estimate(unit, self._ordering, takes, asked)

    async def cancel_take(self, take_id: str) -> Take:
        """Raise NotFound, or Conflict when the take is finished."""
        async with self.store.transaction() as unit:
            take = await unit.take(take_id)
            if take.state not in {"queued", "generating"}:
                raise Conflict(f"Take {take.number} is {take.state} already and cannot be cancelled.")
            take = take.model_copy(update={"state": "cancelled"})
            await unit.put_take(take)
        await self._queue.cancel(take_id)
        self.bus.publish(TakeChanged(take))
        return take

    async def cancel_all(self, project_id: str) -> int:
        """Cancel every take of the project that is not finished; how many there were. Raise NotFound."""
        async with self.store.transaction() as unit:
            await unit.project(project_id)
            open_takes = await unit.unfinished_takes()
            takes = [t.model_copy(update={"state": "cancelled"}) for t in open_takes if t.project_id == project_id]
            for take in takes:
                await unit.put_take(take)
            await call_off_unsent(unit, await unit.orders(project_id))
        for take in takes:
            await self._queue.cancel(take.id)
            self.bus.publish(TakeChanged(take))
        return len(takes)

    async def resolve_take(self, take_id: str, *, retry: bool) -> Take:
        """Decide about a take of state ``unknown``, after a look at the engine: send it again, as a new take, or drop it.

        Return the new take, or the dropped one. Raise NotFound, Conflict (it is not unknown), OverBudget, Unavailable.
        """
        async with self._ordering.refusals(self.store), self.store.transaction() as unit:
            take = await unit.take(take_id)
            if take.state != "unknown":
                raise Conflict(f"Take {take.number} is {take.state}: there is nothing to decide.")
            dropped = take.model_copy(update={"state": "cancelled"})
            await unit.put_take(dropped)
            again: Take | None = None
            if retry:
                told = take.provenance
                shot = (await unit.shot(take.shot_id)).model_copy(update={"spec": take.spec})
                order = Wanted(
                    self._takes.engine(told.engine), told.seed, told.parent_take_id, told.note_ids, told.revision_id,
                    take.urgency, told.attempt + 1, asked=await self._ordering.asked_of(unit, take), redrawn=told.redrawn,
                    variant=told.variant,
                )  # fmt: skip
                again = await self._takes.new(unit, shot, order)
        self.bus.publish(TakeChanged(dropped))
        if again is None:
            return dropped
        self.bus.publish(TakeChanged(again))
        await self._queue.enqueue(again.id)
        return again

    async def set_budget(self, project_id: str, budget: Budget | None) -> Spending:
        """Limit what the project may spend at paid engines, or lift the limit. Raise NotFound."""
        async with self.store.transaction() as unit:
            project = await unit.project(project_id)
            await unit.put_project(project.model_copy(update={"budget": budget}))
            return await spending(unit, project_id)

    async def spending(self, project_id: str) -> Spending:
        """What the project has spent at paid engines. Raise NotFound."""
        async with self.store.snapshot() as reading:
            return await spending(reading, project_id)

    async def write_note(
        self,
        *,
        project_id: str,
        take_id: str,
        frame: int,
        author: str,
        text: str,
        client_id: str,
        point_m: Vec3 | None = None,
        ray_direction: Vec3 | None = None,
        region: Region | None = None,
    ) -> Note:
        """Keep a note, then propose what it asks for as a Revision (on the bus); with a `region`, of that alone.

        The same `client_id` again returns the note already kept and changes nothing. Raise NotFound or InvalidInput.
        """
        if region is not None and isinstance(region.shape, MaskShape):
            await self._redrawing.check_mask(await self.store.take(take_id), region.shape)
        async with self.store.transaction() as unit:
            kept = await unit.note_by_client_id(project_id, client_id)
            if kept is None:
                take = await unit.take(take_id)
                if take.project_id != project_id:
                    raise NotFound(f"There is no take {take_id} in project {project_id}.")
                note = write(
                    take, fps=self._settings.fps, frame=frame, author=author, text=text, at=self._clock(),
                    point_m=point_m, ray_direction=ray_direction, region=region,
                )  # fmt: skip
                await unit.put_note(note, client_id=client_id)
        if kept is None:
            self.bus.publish(NoteKept(note, client_id))
        else:
            note = kept
        await self._propose(note)
        return note

    async def decide_revision(self, revision_id: str, accept: bool) -> Revision:
        """Accept (the shot's spec changes and a take of it is queued) or reject a proposed revision. Of a note with a region
        the take is its own take's picture, drawn anew there alone.

        Raise NotFound, Conflict (decided already, it changes nothing, or the region cannot be drawn), Unavailable.
        """
        if not accept:
            return await self._reject(revision_id)
        told = await self.store.note((await self.store.revision(revision_id)).note_id)
        asked = await self._redrawing.asked(
            await self.store.take(told.take_id), told
        )  # a transaction waits for no files
        async with self._ordering.refusals(self.store), self.store.transaction() as unit:
            revision = _open_revision(await unit.revision(revision_id))
            note = await unit.note(revision.note_id)
            parent = await unit.take(note.take_id)
            shot = await unit.shot(revision.shot_id)
            wanted = Wanted(
                self._takes.engine(parent.provenance.engine), None, parent.id, (note.id,), revision.id, asked=asked
            )
            if note.region is None:
                shot, revision = revise(shot, revision)
                spec = shot.spec
            else:
                shot, spec, revision = revise_region(shot, parent, revision)
                asked = replace(asked, words=words_for_region(revision))
                wanted = replace(wanted, redrawn=noted_region(note), asked=asked)
            await unit.put_shot(shot)
            take = await self._takes.new(unit, shot.model_copy(update={"spec": spec}), wanted)
            revision = revision.model_copy(update={"take_id": take.id})
            await unit.put_revision(revision)
        self.bus.publish(ShotChanged(shot))
        self.bus.publish(RevisionChanged(revision))
        self.bus.publish(TakeChanged(take))
        await self._queue.enqueue(take.id)
        return revision

    async def keep_mask(self, take_id: str, png: bytes) -> MaskShape:
        """Keep a painted mask, for the region of a note on the take. Raise NotFound, InvalidInput or StorageFailed."""
        return await self._redrawing.keep_mask(await self.store.take(take_id), png)

    async def folder(self, take_id: str, quality: Quality) -> Path:
        """As `Shelf.folder`."""
        return await self.shelf.folder(take_id, quality)

    async def lease(self, take_id: str, quality: Quality) -> Lease:
        """As `Shelf.lease`."""
        return await self.shelf.lease(take_id, quality)

    def hold(self, take_id: str, quality: Quality) -> Lease:
        """As `Shelf.hold`."""
        return self.shelf.hold(take_id, quality)

    async def _reject(self, revision_id: str) -> Revision:
        async with self.store.transaction() as unit:
            revision = _open_revision(await unit.revision(revision_id)).model_copy(update={"state": "rejected"})
            await unit.put_revision(revision)
        self.bus.publish(RevisionChanged(revision))
        return revision

    async def _propose(self, note: Note) -> None:
        take = await self.store.take(note.take_id)
        shot = await self.store.shot(take.shot_id)
        if await self.store.revision_of_note(note.id) is not None:
            return
        revision = propose(note, shot, take, paints_words=self._redrawing.paints_words(take))
        async with self.store.transaction() as unit:
            if await unit.revision_of_note(note.id) is not None:  # the same request, twice at once
                return
            await unit.put_revision(revision)
        self.bus.publish(RevisionChanged(revision))


def _open_revision(revision: Revision) -> Revision:
    if revision.state != "proposed":
        raise Conflict(f"The revision is {revision.state} already.")
    return revision
