"""A production without a web server, for tests that kill it: ``python jobs_server.py begin|resume DATA``."""

import asyncio
import json
import sys
from pathlib import Path

from jobs_fixtures import TINY

from vr_server.bus import EventBus, RevisionChanged
from vr_server.domain.base import now_utc
from vr_server.domain.shot import Project, Sequence, Shot, ShotSpec
from vr_server.jobs import DurableTakeQueue, PoolSettings, Production, RenditionSettings, TakeMaker, WorkerPool
from vr_server.storage import LocalBlobs, SqlStore, TakeFolders


async def a_production(data: Path) -> Production:
    bus = EventBus()
    store = await SqlStore.open(data / "previs.sqlite")
    folders = TakeFolders(data / "takes", LocalBlobs(data / "blobs"))
    pool = WorkerPool(PoolSettings(factory="jobs_fixtures:make_engine", workers=1))
    settings = RenditionSettings(draft=(64, 36), final=(96, 54))
    maker = TakeMaker(store=store, folders=folders, runner=pool, bus=bus, settings=settings)
    queue = DurableTakeQueue(maker, pool, data / "jobs.sqlite")
    return Production(store=store, folders=folders, queue=queue, engines={"tiny": TINY}, bus=bus)


async def add_shot(production: Production, text: str, seconds: float = 0.5) -> None:
    async with production.store.transaction() as unit:
        await unit.put_project(Project(id="p", title="t", created_at=now_utc()))
        await unit.put_sequence(Sequence(id="q", project_id="p", order=0, title=""))
        spec = ShotSpec(text=text, language="en", duration_s=seconds)
        await unit.put_shot(Shot(id="s", project_id="p", sequence_id="q", order=0, slate="1", spec=spec))


async def begin(data: Path) -> None:
    """A take is asked for; when its draft is there, a note is written and accepted; then wait to be killed."""
    production = await a_production(data)
    await production.start()
    await add_shot(production, "a slow street")
    take = await production.request_take("s", engine="tiny")
    while not take.renditions:
        await asyncio.sleep(0.02)
        take = await production.store.take(take.id)
    events = production.bus.subscribe()
    note = await production.write_note(
        project_id="p", take_id=take.id, frame=3, author="Lin", text="move the camera closer", client_id="client-0001"
    )
    async for event in events:
        if isinstance(event, RevisionChanged):
            await production.decide_revision(event.revision.id, accept=True)
            break
    print(json.dumps({"take": take.id, "note": note.id}), flush=True)
    await asyncio.Event().wait()


async def resume(data: Path) -> None:
    """Start again and say what there is once nothing is unfinished."""
    production = await a_production(data)
    await production.start()
    while await production.store.unfinished_takes():  # noqa: ASYNC110 - of another process's making too
        await asyncio.sleep(0.05)
    state = await production.project_state("p")
    folders = [str(await production.folder(t.id, r.quality)) for t in state.takes for r in t.renditions]
    await production.stop()
    print(
        json.dumps(
            {
                "takes": [t.model_dump(mode="json") for t in state.takes],
                "notes": [n.model_dump(mode="json") for n in state.notes],
                "revisions": [r.model_dump(mode="json") for r in state.revisions],
                "folders": folders,
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    asyncio.run({"begin": begin, "resume": resume}[sys.argv[1]](Path(sys.argv[2])))
