"""What every blob store promises, asked of each adapter; a cold store is asked with nothing left in the hot folder."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from s3_server import S3Server

from vr_server.domain.errors import NotFound
from vr_server.storage import Blobs, ColdSettings, ColdStore, HotColdBlobs, LocalBlobs, MemoryBlobs


class AlwaysCold(HotColdBlobs):
    """Whatever is put has to come back from the cold store."""

    async def put_file(self, path: Path) -> str:
        digest = await super().put_file(path)
        while self.state().waiting:
            assert self.state().problem is None
            await asyncio.sleep(0.001)
        assert await self.evict(digest)
        return digest


def cold_settings(kind: str, request: pytest.FixtureRequest, folder: Path) -> ColdSettings:
    if kind == "s3":
        server: S3Server = request.getfixturevalue("s3")
        return server.settings(folder.name)
    (folder / "cold store").mkdir()
    return ColdSettings((folder / "cold store").as_uri())


@pytest.fixture(params=["memory", "local", "hot", "cold-folder", "cold-s3"])
async def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Blobs]:
    if request.param in {"memory", "local"}:
        yield MemoryBlobs() if request.param == "memory" else LocalBlobs(tmp_path / "blobs")
        return
    kind = AlwaysCold if request.param.startswith("cold") else HotColdBlobs
    settings = cold_settings(request.param.rpartition("-")[2], request, tmp_path)
    both = await kind.open(tmp_path / "blobs", ColdStore(settings))
    uploading = asyncio.create_task(both.run())
    yield both
    uploading.cancel()
    with suppress(asyncio.CancelledError):
        await uploading
    await both.close()


def left_over(folder: Path) -> list[Path]:
    return list(folder.glob("*out.bin*"))


@pytest.mark.parametrize("data", [b"", b"a frame", bytes(range(256)) * 40_000], ids=["empty", "small", "10 MB"])
async def test_what_is_put_comes_back_under_its_sha256(blobs: Blobs, tmp_path: Path, data: bytes) -> None:
    source, target = tmp_path / "in.bin", tmp_path / "deeper" / "out.bin"
    source.write_bytes(data)
    digest = await blobs.put_file(source)
    assert digest == hashlib.sha256(data).hexdigest()
    assert await blobs.exists(digest)
    assert await blobs.read(digest) == data
    await blobs.copy_to(digest, target)
    assert target.read_bytes() == data
    assert [p.name for p in target.parent.iterdir()] == ["out.bin"]


async def test_a_blob_is_a_copy(blobs: Blobs, tmp_path: Path) -> None:
    source, target = tmp_path / "in.bin", tmp_path / "out.bin"
    source.write_bytes(b"first")
    digest = await blobs.put_file(source)
    source.write_bytes(b"changed")
    await blobs.copy_to(digest, target)
    target.write_bytes(b"changed too")
    assert await blobs.read(digest) == b"first"


async def test_the_same_bytes_are_the_same_blob(blobs: Blobs, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"same")
    assert await blobs.put_file(tmp_path / "one") == await blobs.put_file(tmp_path / "two")


async def test_copying_replaces_a_file(blobs: Blobs, tmp_path: Path) -> None:
    source, target = tmp_path / "in.bin", tmp_path / "out.bin"
    source.write_bytes(b"new")
    target.write_bytes(b"old and longer")
    await blobs.copy_to(await blobs.put_file(source), target)
    assert target.read_bytes() == b"new"


async def test_what_is_not_there_is_not_found(blobs: Blobs, tmp_path: Path) -> None:
    digest = hashlib.sha256(b"never stored").hexdigest()
    assert not await blobs.exists(digest)
    with pytest.raises(NotFound):
        await blobs.read(digest)
    with pytest.raises(NotFound):
        await blobs.copy_to(digest, tmp_path / "out.bin")
    with pytest.raises(NotFound):
        await blobs.put_file(tmp_path / "nope")
    assert not left_over(tmp_path)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "ABC", "g" * 64])
async def test_what_is_no_digest_is_not_found(blobs: Blobs, name: str) -> None:
    with pytest.raises(NotFound):
        await blobs.read(name)
