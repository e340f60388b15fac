"""Blobs on a disk that goes wrong, and the hot folders made from them."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from vr_server.domain.errors import NotFound, StorageFailed
from vr_server.domain.take import Rendition
from vr_server.storage import LocalBlobs, MemoryBlobs, TakeFolders

DATA = b"packets" * 1000
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(DATA)
    return path


def stored(root: Path) -> Path:
    return root / DIGEST[:2] / DIGEST


async def test_a_damaged_blob_is_told_and_not_handed_out(tmp_path: Path, source: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    await blobs.put_file(source)
    stored(tmp_path / "blobs").write_bytes(DATA[:-1] + b"!")
    with pytest.raises(StorageFailed, match="damaged"):
        await blobs.read(DIGEST)
    target = tmp_path / "out" / "clip.mp4"
    with pytest.raises(StorageFailed, match="damaged"):
        await blobs.copy_to(DIGEST, target)
    assert os.listdir(target.parent) == []  # noqa: PTH208


async def test_a_damaged_blob_is_healed_by_storing_the_file_again(tmp_path: Path, source: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    await blobs.put_file(source)
    stored(tmp_path / "blobs").write_bytes(DATA[:100])
    await blobs.put_file(source)
    assert await blobs.read(DIGEST) == DATA


async def test_a_full_disk_is_told(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    blobs = LocalBlobs(tmp_path / "blobs")
    monkeypatch.setattr("vr_server.storage.blobs.os.fsync", full)
    with pytest.raises(StorageFailed, match="disk is full"):
        await blobs.put_file(source)


def test_a_root_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailed, match="blobs"):
        LocalBlobs(tmp_path / "file" / "blobs")


def a_rendition(files: dict[str, str]) -> Rendition:
    return Rendition(quality="final", width_px=1280, height_px=720, frame_count=24, files=files)


async def a_kept_folder(folders: TakeFolders) -> dict[str, str]:
    folder = folders.path("take-1", "final")
    (folder / "clip").mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    (folder / "clip" / "clip.mp4").write_bytes(DATA)
    return await folders.keep(folder)


async def test_keeping_names_every_file_by_its_place(tmp_path: Path) -> None:
    files = await a_kept_folder(TakeFolders(tmp_path, MemoryBlobs()))
    assert files == {"clip/clip.mp4": DIGEST, "manifest.json": hashlib.sha256(b"{}").hexdigest()}


async def test_a_dropped_folder_is_restored_whole(tmp_path: Path) -> None:
    folders = TakeFolders(tmp_path, MemoryBlobs())
    files = await a_kept_folder(folders)
    await folders.drop("take-1")
    assert os.listdir(tmp_path) == []  # noqa: PTH208
    folder = await folders.restore("take-1", a_rendition(files))
    assert folder == folders.path("take-1", "final")
    assert (folder / "clip" / "clip.mp4").read_bytes() == DATA
    assert (folder / "manifest.json").read_text() == "{}"


async def test_only_what_is_missing_is_restored(tmp_path: Path) -> None:
    folders = TakeFolders(tmp_path, MemoryBlobs())
    files = await a_kept_folder(folders)
    manifest = folders.path("take-1", "final") / "manifest.json"
    (folders.path("take-1", "final") / "clip" / "clip.mp4").unlink()
    before = manifest.stat().st_mtime_ns
    await folders.restore("take-1", a_rendition(files))
    assert manifest.stat().st_mtime_ns == before
    assert (manifest.parent / "clip" / "clip.mp4").exists()


async def test_a_folder_whose_blob_is_gone_is_told(tmp_path: Path) -> None:
    folders = TakeFolders(tmp_path, MemoryBlobs())
    with pytest.raises(NotFound):
        await folders.restore("take-1", a_rendition({"manifest.json": DIGEST}))


async def test_dropping_what_is_not_there_is_fine(tmp_path: Path) -> None:
    await TakeFolders(tmp_path, MemoryBlobs()).drop("take-1", "draft")
