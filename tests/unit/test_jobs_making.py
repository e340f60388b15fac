"""Making a take: who goes first."""

from collections.abc import Callable
from pathlib import Path

from vr_server.bus import EventBus
from vr_server.domain.base import now_utc
from vr_server.domain.shot import Project, Sequence, Shot, ShotSpec
from vr_server.domain.take import Provenance, Quality, Take
from vr_server.generation.progress import Made, MakingProgress
from vr_server.generation.worker import Task
from vr_server.jobs import TakeMaker
from vr_server.jobs.making import RenditionTask
from vr_server.storage import MemoryBlobs, MemoryStore, TakeFolders


class RunnerThatNotes:
    """Makes one file a rendition and remembers how urgent it was said to be."""

    def __init__(self) -> None:
        self.priorities: dict[tuple[str, Quality], int] = {}

    async def start(self) -> None:
        return None

    async def stop(self) -> None:
        return None

    async def run(
        self, key: str, task: Task[Made], *, on_progress: Callable[[MakingProgress], None], priority: int = 0
    ) -> Made:
        assert isinstance(task, RenditionTask)
        self.priorities[key, task.request.quality] = priority
        task.folder.mkdir(parents=True)
        (task.folder / "manifest.json").write_text("{}")
        return Made(task.request.quality, 64, 36, 24)

    def cancel(self, key: str) -> None:
        return None


def take(name: str, number: int, revision_id: str | None) -> Take:
    return Take(
        id=name, project_id="p", shot_id="s", number=number, created_at=now_utc(),
        spec=ShotSpec(text="A man walks.", language="en"),
        provenance=Provenance(
            engine="tiny", model="m", engine_version="1", seed=1, prompt_sent="A man walks.", revision_id=revision_id
        ),
    )  # fmt: skip


async def test_drafts_go_first_then_what_a_note_waits_for_then_the_rest(tmp_path: Path) -> None:
    store, runner = MemoryStore(), RunnerThatNotes()
    async with store.transaction() as unit:
        await unit.put_project(Project(id="p", title="P", created_at=now_utc()))
        await unit.put_sequence(Sequence(id="q", project_id="p", order=1, title="1"))
        spec = ShotSpec(text="A man walks.", language="en")
        await unit.put_shot(Shot(id="s", project_id="p", sequence_id="q", order=1, slate="1A", spec=spec))
        await unit.put_take(take("batch", 1, None))
        await unit.put_take(take("noted", 2, "revision-1"))
    maker = TakeMaker(store=store, folders=TakeFolders(tmp_path, MemoryBlobs()), runner=runner, bus=EventBus())
    for name in ("batch", "noted"):
        await maker.make(name, "draft")
        await maker.make(name, "final")
    urgent = runner.priorities
    assert urgent["batch", "draft"] == urgent["noted", "draft"] == 0
    assert 0 < urgent["noted", "final"] < urgent["batch", "final"]
