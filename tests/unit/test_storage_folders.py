"""Rendered folders on a disk that is to stay small: which may go, which are held, and how they come back."""

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vr_server.bus import EventBus, TakeProgress
from vr_server.domain.errors import StorageFailed
from vr_server.domain.shot import Project, Sequence, Shot, ShotSpec
from vr_server.domain.take import Approval, Provenance, Quality, Rendition, Take
from vr_server.jobs.shelf import Shelf
from vr_server.storage import HotLimit, KeptFolders, MemoryBlobs, MemoryStore, TakeFolders, approved_blobs

T0 = datetime(2026, 3, 1, tzinfo=UTC)
SPEC = ShotSpec(text="a ship", language="en")


class FarBlobs(MemoryBlobs):
    """Every copy is said to come from far away, in two chunks."""

    async def copy_to(self, digest, path, on_bytes=None):
        await super().copy_to(digest, path)
        if on_bytes is not None:
            on_bytes(1, 2)
            on_bytes(2, 2)


class Cutting:
    """A store with one shot, and takes that were rendered."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store, self.blobs = MemoryStore(), FarBlobs()
        self.folders = TakeFolders(root, self.blobs)
        self.kept = KeptFolders(self.folders, self.store, self.blobs)

    async def take(self, number: int, *, state: str = "ready", quality: Quality = "final", size: int = 1000) -> Take:
        folder = self.folders.path(f"t{number}", quality)
        folder.mkdir(parents=True)
        (folder / "high.vrpk").write_bytes(bytes([number]) * size)
        (folder / "manifest.json").write_text("{}")
        rendition = Rendition(
            quality=quality, width_px=64, height_px=36, frame_count=24, files=await self.folders.keep(folder)
        )
        take = Take(
            id=f"t{number}", project_id="p", shot_id="s", number=number, created_at=T0, spec=SPEC,
            provenance=Provenance(engine="e", model="m", engine_version="1", seed=7, prompt_sent="ship"),
            state=state, renditions=(rendition,),
        )  # fmt: skip
        async with self.store.transaction() as unit:
            await unit.put_project(Project(id="p", title="x", created_at=T0))
            await unit.put_sequence(Sequence(id="q", project_id="p", order=0, title="x"))
            await unit.put_shot(Shot(id="s", project_id="p", sequence_id="q", order=0, slate="1", spec=SPEC))
            await unit.put_take(take)
        used_ns = time.time_ns() - 10**12 + number * 10**9
        os.utime(folder, ns=(used_ns, used_ns))
        return take

    def here(self) -> list[str]:
        return sorted(p.parent.name for p in self.root.glob("*/final"))

    async def sweep(self, limit_bytes: int) -> None:
        await HotLimit(limit_bytes, [self.kept], lambda: approved_blobs(self.store)).sweep()


@pytest.fixture
def cutting(tmp_path: Path) -> Cutting:
    return Cutting(tmp_path)


async def test_folders_used_longest_ago_go_and_come_back(cutting: Cutting) -> None:
    takes = [await cutting.take(number) for number in range(1, 5)]
    await cutting.folders.restore("t1", takes[0].renditions[0])  # the oldest is in use again
    await cutting.sweep(2500)
    assert cutting.here() == ["t1", "t4"]
    folder = await cutting.folders.restore("t2", takes[1].renditions[0])
    assert (folder / "high.vrpk").read_bytes() == bytes([2]) * 1000


async def test_what_is_being_made_is_held_or_cannot_come_back_stays(cutting: Cutting) -> None:
    await cutting.take(1, state="generating")
    held = await cutting.take(2)
    await cutting.take(3)
    await cutting.take(4)
    stranger = cutting.root / "t9" / "final"  # of no take that the store knows
    stranger.mkdir(parents=True)
    (stranger / "high.vrpk").write_bytes(b"x" * 1000)
    lease = await cutting.folders.lease("t2", held.renditions[0])
    del cutting.blobs._blobs[(await cutting.store.take("t3")).renditions[0].files["high.vrpk"]]
    await cutting.sweep(1)
    assert cutting.here() == ["t1", "t2", "t3", "t9"]
    lease.release()
    lease.release()
    await cutting.sweep(1)
    assert cutting.here() == ["t1", "t3", "t9"]


async def test_a_reader_that_comes_while_a_folder_goes_gets_it_whole(cutting: Cutting) -> None:
    take = await cutting.take(1)
    for _ in range(20):
        lease, _ = await asyncio.gather(cutting.folders.lease("t1", take.renditions[0]), cutting.kept.evict("t1/final"))
        assert sorted(p.name for p in lease.folder.iterdir()) == ["high.vrpk", "manifest.json"]
        lease.release()


async def test_a_folder_half_removed_when_the_server_was_killed_is_removed_at_last(cutting: Cutting) -> None:
    await cutting.take(1)
    doomed = cutting.root / "t1" / ".draft.0a1b2c3d"
    doomed.mkdir()
    (doomed / "high.vrpk").write_bytes(b"x")
    assert [item.key for item in await cutting.kept.items()] == ["t1/final"]
    assert not doomed.exists()


async def test_the_blobs_of_approved_takes_are_the_pinned_ones(cutting: Cutting) -> None:
    await cutting.take(1)
    take = await cutting.take(2)
    async with cutting.store.transaction() as unit:
        await unit.put_take(take.model_copy(update={"approval": Approval(by="Wu", at=T0)}))
    assert await approved_blobs(cutting.store) == frozenset(take.renditions[0].files.values())


async def test_what_comes_from_far_away_is_told_and_its_end_too(cutting: Cutting) -> None:
    await cutting.take(1)
    assert await cutting.kept.evict("t1/final")
    bus = EventBus()
    events = bus.subscribe()
    shelf = Shelf(cutting.store, cutting.folders, bus)
    (await shelf.lease("t1", "final")).release()
    told = [e for e in events._queue if isinstance(e, TakeProgress)]
    assert {e.stage for e in told} == {"recalling"}
    assert [e.fraction for e in told] == [0.25, 0.5, 0.75, 0.999, 1.0]
    (await shelf.lease("t1", "final")).release()
    assert len([e for e in events._queue if isinstance(e, TakeProgress)]) == len(told)  # at hand: nothing to tell


async def test_a_folder_that_cannot_come_back_ends_its_progress_and_its_lease(cutting: Cutting) -> None:
    take = await cutting.take(1)
    assert await cutting.kept.evict("t1/final")

    async def damaged(digest, path, on_bytes=None):
        on_bytes(1, 2)
        raise StorageFailed("The cold store cannot be used: it cannot be reached.")

    cutting.blobs.copy_to = damaged
    shares: list[float] = []
    with pytest.raises(StorageFailed, match="cannot be reached"):
        await cutting.folders.lease("t1", take.renditions[0], shares.append)
    assert shares == [0.25, 1.0]
    assert not cutting.folders._leases
