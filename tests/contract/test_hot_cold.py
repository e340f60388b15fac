"""The hot folder in front of a cold store: what goes, what stays, what comes back, and what goes wrong."""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import obstore
import pytest
from s3_server import SECRET, S3Server

from vr_server.domain.errors import BlobDamaged, InvalidInput, NotFound, StorageFailed
from vr_server.storage import ColdSettings, ColdStore, HotColdBlobs, HotColdSettings, HotLimit, LocalBlobs

SOON = HotColdSettings(first_pause_s=0.01, last_pause_s=0.05)


class CountingStore(ColdStore):
    """Counts downloads, and holds them up until `go` is set."""

    def __init__(self, settings: ColdSettings) -> None:
        super().__init__(settings)
        self.downloads = 0
        self.go = asyncio.Event()
        self.go.set()

    async def download(self, digest, target, on_bytes):
        self.downloads += 1
        await self.go.wait()
        await super().download(digest, target, on_bytes)


@pytest.fixture
def cold_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "cold"
    folder.mkdir()
    return folder


@pytest.fixture
def cold(cold_folder: Path) -> CountingStore:
    return CountingStore(ColdSettings(cold_folder.as_uri()))


@asynccontextmanager
async def running(root: Path, cold: ColdStore, *, upload: bool = True) -> AsyncIterator[HotColdBlobs]:
    blobs = await HotColdBlobs.open(root / "blobs", cold, SOON)
    task = asyncio.create_task(blobs.run()) if upload else None
    try:
        yield blobs
    finally:
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await blobs.close()


async def put(blobs: HotColdBlobs, folder: Path, data: bytes) -> str:
    path = folder / "put.bin"
    path.write_bytes(data)
    return await blobs.put_file(path)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)


async def uploaded(blobs: HotColdBlobs) -> None:
    await until(lambda: not blobs.state().waiting)


def place(root: Path, digest: str) -> Path:
    return root / digest[:2] / digest


async def nothing_pinned() -> frozenset[str]:
    return frozenset()


# ------------------------------------------------------------ what goes and what stays


async def test_what_was_used_longest_ago_goes_first_and_only_down_to_the_limit(tmp_path, cold) -> None:
    async with running(tmp_path, cold) as blobs:
        digests = [await put(blobs, tmp_path, bytes([n]) * 1000) for n in range(5)]
        await uploaded(blobs)
        await blobs.read(digests[0])  # the oldest is the latest used now
        swept = await HotLimit(3400, [blobs], nothing_pinned).sweep()
        assert (swept.before_bytes, swept.after_bytes) == (5000, 3000)
        hot = LocalBlobs(tmp_path / "blobs")
        assert [await hot.exists(d) for d in digests] == [True, False, False, True, True]
        assert await blobs.read(digests[1]) == bytes([1]) * 1000


async def test_the_order_of_use_survives_a_restart(tmp_path, cold) -> None:
    async with running(tmp_path, cold) as blobs:
        digests = [await put(blobs, tmp_path, bytes([n]) * 1000) for n in range(3)]
        await uploaded(blobs)
        await blobs.read(digests[0])
    async with running(tmp_path, cold) as blobs:
        await HotLimit(2300, [blobs], nothing_pinned).sweep()
        assert [await LocalBlobs(tmp_path / "blobs").exists(d) for d in digests] == [True, False, True]


async def test_pinned_blobs_stay_whatever_the_limit(tmp_path, cold) -> None:
    async with running(tmp_path, cold) as blobs:
        digests = [await put(blobs, tmp_path, bytes([n]) * 1000) for n in range(3)]
        await uploaded(blobs)

        async def pinned() -> frozenset[str]:
            return frozenset({digests[0]})

        swept = await HotLimit(1, [blobs], pinned).sweep()
        assert (swept.after_bytes, swept.kept_bytes) == (1000, 1000)
        assert await LocalBlobs(tmp_path / "blobs").exists(digests[0])


async def test_what_the_cold_store_has_not_got_is_never_evicted(tmp_path, cold, cold_folder) -> None:
    async with running(tmp_path, cold, upload=False) as blobs:
        waiting = await put(blobs, tmp_path, b"not yet uploaded")
        assert not await blobs.evict(waiting)
    async with running(tmp_path, cold) as blobs:
        await uploaded(blobs)
        place(cold_folder, waiting).unlink()  # somebody cleans up the cold store by hand
        assert not await blobs.evict(waiting)
        await uploaded(blobs)  # it is sent again
        assert place(cold_folder, waiting).read_bytes() == b"not yet uploaded"
        assert await blobs.evict(waiting)


async def test_what_is_being_read_is_not_pulled_away(tmp_path, cold) -> None:
    async with running(tmp_path, cold) as blobs:
        digest = await put(blobs, tmp_path, b"frames" * 1000)
        await uploaded(blobs)
        assert await blobs.evict(digest)
        cold.go.clear()
        reading = asyncio.create_task(blobs.read(digest))
        await until(lambda: cold.downloads)
        assert not await blobs.evict(digest)
        cold.go.set()
        assert await reading == b"frames" * 1000
        assert await blobs.evict(digest)


# ------------------------------------------------------------ what comes back


async def test_all_who_wait_share_one_download_and_hear_of_it(tmp_path, cold) -> None:
    data = os.urandom(9 * 1024 * 1024)  # more than one chunk
    async with running(tmp_path, cold) as blobs:
        digest = await put(blobs, tmp_path, data)
        await uploaded(blobs)
        assert await blobs.evict(digest)
        cold.go.clear()
        heard: list[tuple[int, int]] = []
        impatient = asyncio.create_task(blobs.read(digest))
        reading = [asyncio.create_task(blobs.read(digest)) for _ in range(3)]
        copying = asyncio.create_task(blobs.copy_to(digest, tmp_path / "out", lambda *n: heard.append(n)))
        await until(lambda: cold.downloads)
        impatient.cancel()
        await asyncio.sleep(0)
        cold.go.set()
        assert set(await asyncio.gather(*reading)) == {data}
        await copying
        assert (tmp_path / "out").read_bytes() == data
        assert cold.downloads == 1
        assert heard == [(8 * 1024 * 1024, len(data)), (len(data), len(data))]


async def test_a_damaged_hot_blob_is_healed_from_the_cold_store(tmp_path, cold) -> None:
    async with running(tmp_path, cold) as blobs:
        digest = await put(blobs, tmp_path, b"whole")
        await uploaded(blobs)
        place(tmp_path / "blobs", digest).write_bytes(b"wh0le")
        assert await blobs.read(digest) == b"whole"
        assert cold.downloads == 1


async def test_a_damaged_blob_is_not_sent_and_storing_it_again_heals_it(tmp_path, cold, cold_folder) -> None:
    async with running(tmp_path, cold, upload=False) as blobs:
        digest = await put(blobs, tmp_path, b"whole")
    place(tmp_path / "blobs", digest).write_bytes(b"wh0le")
    async with running(tmp_path, cold) as blobs:
        await uploaded(blobs)
        assert not place(cold_folder, digest).exists()
        assert blobs.state().damaged == 1
        with pytest.raises(BlobDamaged):
            await blobs.read(digest)
        await put(blobs, tmp_path, b"whole")
        await uploaded(blobs)
        assert place(cold_folder, digest).read_bytes() == b"whole"
        assert blobs.state().damaged == 0


async def test_a_damaged_object_is_told_leaves_nothing_and_is_replaced_by_the_next_one_stored(
    tmp_path, cold, cold_folder
) -> None:
    async with running(tmp_path, cold) as blobs:
        digest = await put(blobs, tmp_path, b"whole")
        await uploaded(blobs)
        assert await blobs.evict(digest)
        place(cold_folder, digest).write_bytes(b"wh0le")
        with pytest.raises(BlobDamaged, match="damaged in the cold store"):
            await blobs.copy_to(digest, tmp_path / "out")
        assert not (tmp_path / "out").exists()
        assert [p for p in (tmp_path / "blobs").rglob("*") if p.is_file()] == []
        await put(blobs, tmp_path, b"whole")
        await uploaded(blobs)
        assert place(cold_folder, digest).read_bytes() == b"whole"


async def test_a_file_that_another_process_removed_comes_back(tmp_path, cold) -> None:
    async with running(tmp_path, cold) as blobs:
        digest = await put(blobs, tmp_path, b"whole")
        await uploaded(blobs)
        place(tmp_path / "blobs", digest).unlink()
        assert await blobs.read(digest) == b"whole"


# ------------------------------------------------------------ what goes wrong


async def test_a_cold_store_that_cannot_be_reached_loses_nothing(tmp_path, cold, cold_folder, caplog) -> None:
    cold_folder.rmdir()
    async with running(tmp_path, cold) as blobs:
        digests = [await put(blobs, tmp_path, bytes([n]) * 10) for n in range(3)]
        await until(lambda: blobs.state().problem)
        assert "make or mount it" in str(blobs.state().problem)
        assert await blobs.read(digests[0]) == bytes(10)
        with pytest.raises(StorageFailed, match="make or mount it"):
            await blobs.read(hashlib.sha256(b"elsewhere").hexdigest())
        swept = await HotLimit(1, [blobs], nothing_pinned).sweep()
        assert swept.after_bytes == 30
        cold_folder.mkdir()
        await uploaded(blobs)
        assert blobs.state().problem is None
    assert len([r for r in caplog.records if "uploads wait" in r.message]) == 1


async def test_a_sweep_goes_on_with_the_rest_when_the_cold_store_does_not_answer(tmp_path, cold, cold_folder) -> None:
    async with running(tmp_path, cold) as blobs:
        digests = [await put(blobs, tmp_path, bytes([n]) * 10) for n in range(3)]
        await uploaded(blobs)
        cold._folder, cold._opened = tmp_path / "gone", None  # the mount is lost
        swept = await HotLimit(1, [blobs], nothing_pinned).sweep()
        assert (swept.after_bytes, swept.kept_bytes) == (30, 30)
        assert [await LocalBlobs(tmp_path / "blobs").exists(d) for d in digests] == [True] * 3


async def test_a_wrong_key_is_told_and_said_to_nobody(tmp_path, s3: S3Server, caplog) -> None:
    wrong = s3.settings("wrong", secret="a-secret-that-is-wrong")
    async with running(tmp_path, ColdStore(wrong)) as blobs:
        digest = await put(blobs, tmp_path, b"kept here")
        await until(lambda: blobs.state().problem)
        with pytest.raises(StorageFailed, match="COLD_ACCESS_KEY") as told:
            await blobs.read(hashlib.sha256(b"elsewhere").hexdigest())
        assert await blobs.read(digest) == b"kept here"
    everything = f"{caplog.text} {told.value} {told.value.__cause__} {wrong!r} {blobs.state()}"
    assert "a-secret-that-is-wrong" not in everything
    assert SECRET not in everything


async def test_a_server_that_is_not_there_is_told(tmp_path) -> None:
    nobody = ColdStore(ColdSettings("s3://clips/x", "key", "secret", "http://127.0.0.1:9"))
    with pytest.raises(StorageFailed, match="it cannot be reached"):
        await nobody.size(hashlib.sha256(b"").hexdigest())


async def test_a_damaged_object_in_s3_is_told(tmp_path, s3: S3Server) -> None:
    async with running(tmp_path, ColdStore(s3.settings("damaged"))) as blobs:
        digest = await put(blobs, tmp_path, b"whole")
        await uploaded(blobs)
        assert await blobs.evict(digest)
        obstore.put(s3.raw("damaged"), f"{digest[:2]}/{digest}", b"wh0le")
        with pytest.raises(BlobDamaged):
            await blobs.read(digest)
        obstore.delete(s3.raw("damaged"), f"{digest[:2]}/{digest}")
        with pytest.raises(NotFound, match="neither here nor in the cold store"):
            await blobs.read(digest)


@pytest.mark.parametrize("url", ["ftp://x/y", "s3://", "/folder", "file:folder", "https://bucket.s3.example/x"])
def test_what_is_no_cold_store_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="s3://bucket/prefix"):
        ColdStore(ColdSettings(url))


_DIES = """
import asyncio, json, sys
from pathlib import Path
from vr_server.storage import ColdSettings, ColdStore, HotColdBlobs, HotColdSettings

async def main():
    root, cold = Path(sys.argv[1]), ColdStore(ColdSettings(sys.argv[2]))
    blobs = await HotColdBlobs.open(root / "blobs", cold, HotColdSettings(uploads=1))
    upload, sent = cold.upload, 0
    async def slow(digest, path):
        nonlocal sent
        if sent == 2:
            print(json.dumps(digests), flush=True)
            await asyncio.sleep(60)
        sent += 1
        await upload(digest, path)
    cold.upload = slow
    digests = []
    for n in range(6):
        (root / "in").write_bytes(bytes([n]) * 1000)
        digests.append(await blobs.put_file(root / "in"))
    await blobs.run()
asyncio.run(main())
"""


async def test_what_was_not_uploaded_when_the_server_was_killed_is_uploaded_by_the_next(
    tmp_path, cold, cold_folder
) -> None:
    dying = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _DIES, str(tmp_path), cold_folder.as_uri(), stdout=asyncio.subprocess.PIPE
    )
    assert dying.stdout is not None
    digests = json.loads(await dying.stdout.readline())
    dying.kill()
    await dying.wait()
    there = [d for d in digests if place(cold_folder, d).exists()]
    assert len(there) == 2
    async with running(tmp_path, cold) as blobs:
        assert blobs.state().waiting == 4
        await uploaded(blobs)
        for number, digest in enumerate(digests):
            assert await blobs.evict(digest)
            assert await blobs.read(digest) == bytes([number]) * 1000
