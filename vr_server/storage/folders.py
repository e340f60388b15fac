"""The hot folders renditions are made in and streamed from; the blobs are what is kept, the folders come back."""

import asyncio
import os
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from vr_server.domain.errors import StorageFailed
from vr_server.domain.take import QUALITIES, Quality, Rendition

from .limit import HotItem
from .port import Blobs

OnShare = Callable[[float], None]
"""Told how much of a folder has come from far away, 0..1."""


class Lease:
    """A folder that stays as long as this is held. Release it once it is not read any more; twice does no harm."""

    def __init__(self, folder: Path, release: Callable[[], None]) -> None:
        self.folder = folder
        self._release: Callable[[], None] | None = release

    def release(self) -> None:
        if self._release is not None:
            self._release()
            self._release = None


class TakeFolders:
    """``{root}/{take id}/{quality}/``: one folder per rendition."""

    def __init__(self, root: Path, blobs: Blobs) -> None:
        self.grown = asyncio.Event()
        self._root = root
        self._blobs = blobs
        self._locks: dict[Path, asyncio.Lock] = {}
        self._leases: Counter[Path] = Counter()

    def path(self, take_id: str, quality: Quality) -> Path:
        """Where the rendition is or will be; nothing is made or checked."""
        return self._root / take_id / quality

    async def keep(self, folder: Path) -> dict[str, str]:
        """Store every file of the folder: name relative to it, POSIX slashes -> SHA-256. Raise StorageFailed."""
        files = await asyncio.to_thread(lambda: sorted(p for p in folder.rglob("*") if p.is_file()))
        kept = {path.relative_to(folder).as_posix(): await self._blobs.put_file(path) for path in files}
        self.grown.set()
        return kept

    async def restore(self, take_id: str, rendition: Rendition, on_share: OnShare | None = None) -> Path:
        """The rendition's folder, every file of it there. Raise NotFound or StorageFailed as the blobs do.

        `on_share` hears of files that come from a cold store, and at last 1.0.
        """
        folder = self.path(take_id, rendition.quality)
        async with self._lock(folder):
            missing = await asyncio.to_thread(
                lambda: [name for name in rendition.files if not (folder / name).is_file()]
            )
            share = _Share(len(missing), on_share)
            try:
                for name in missing:
                    await self._blobs.copy_to(rendition.files[name], folder / name, share.bytes)
                    share.done += 1
            finally:
                share.end()
            await asyncio.to_thread(_touch, folder)
        if missing:
            self.grown.set()
        return folder

    async def lease(self, take_id: str, rendition: Rendition, on_share: OnShare | None = None) -> Lease:
        """`restore`, and hold what is there. Raise as it does."""
        lease = self.hold(take_id, rendition.quality)
        try:
            await self.restore(take_id, rendition, on_share)
        except BaseException:
            lease.release()
            raise
        return lease

    def hold(self, take_id: str, quality: Quality) -> Lease:
        """Keep the folder from being evicted, whatever is in it."""
        folder = self.path(take_id, quality)
        self._leases[folder] += 1

        def release() -> None:
            self._leases[folder] -= 1
            if not self._leases[folder]:
                del self._leases[folder]

        return Lease(folder, release)

    async def keep_bytes(self, data: bytes) -> str:
        """Store what comes in one piece; its SHA-256. Raise StorageFailed."""
        path = self._root / f".{secrets.token_hex(8)}"
        try:
            await asyncio.to_thread(_write, path, data)
            return await self._blobs.put_file(path)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def read(self, digest: str) -> bytes:
        """A stored file's bytes. Raise NotFound or StorageFailed as the blobs do."""
        return await self._blobs.read(digest)

    async def drop(self, take_id: str, quality: Quality | None = None) -> None:
        """Remove the rendition's folder, or the take's with all of them. Raise StorageFailed."""
        folder = self._root / take_id if quality is None else self.path(take_id, quality)
        await asyncio.to_thread(_remove, folder)

    async def items(self) -> tuple[HotItem, ...]:
        """Every rendition's folder, whole or in the making, as ``take id/quality``."""
        return await asyncio.to_thread(_items, self._root)

    async def evict(self, take_id: str, quality: Quality, comes_back: Callable[[], Awaitable[bool]]) -> bool:
        """Remove the folder, unless it is held or `comes_back` says no."""
        folder = self.path(take_id, quality)
        async with self._lock(folder):
            if self._leases[folder] or not await comes_back() or self._leases[folder]:
                return False
            await asyncio.to_thread(_remove, folder)
            return True

    def _lock(self, folder: Path) -> asyncio.Lock:
        return self._locks.setdefault(folder, asyncio.Lock())


class _Share:
    """Counts files and their bytes; says nothing where everything was at hand."""

    def __init__(self, files: int, on_share: OnShare | None) -> None:
        self.done = 0
        self._files = files
        self._on_share = on_share
        self._far = False

    def bytes(self, done: int, total: int) -> None:
        self._far = True
        if self._on_share is not None:
            self._on_share(min(0.999, (self.done + done / total) / self._files))

    def end(self) -> None:
        if self._far and self._on_share is not None:
            self._on_share(1.0)


def _items(root: Path) -> tuple[HotItem, ...]:
    found = []
    for doomed in (*root.glob(".*.????????"), *root.glob("*/.*.????????")):  # killed while it was removed
        shutil.rmtree(doomed, ignore_errors=True)
    for folder in root.glob("*/*"):
        if folder.name in QUALITIES and not folder.parent.name.startswith("."):
            with suppress(FileNotFoundError):  # it may go while we look
                size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
                found.append(HotItem(f"{folder.parent.name}/{folder.name}", size, folder.stat().st_mtime_ns))
    return tuple(found)


def _touch(folder: Path) -> None:
    with suppress(OSError):  # only the order of eviction hangs on it
        now_ns = time.time_ns()
        os.utime(folder, ns=(now_ns, now_ns))


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise StorageFailed(f"A file cannot be stored: {error.strerror}.") from error


def _remove(folder: Path) -> None:
    if not folder.exists():
        return
    # Renamed first: whoever looks sees the whole folder or none, and a half-removed one is never streamed.
    doomed = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        folder.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise StorageFailed(f"The folder {folder.name} cannot be removed: {error.strerror}.") from error
