"""The hot folders renditions are made in and streamed from; the blobs are what is kept, the folders come back."""

import asyncio
import secrets
import shutil
from pathlib import Path

from vr_server.domain.errors import StorageFailed
from vr_server.domain.take import Quality, Rendition

from .port import Blobs


class TakeFolders:
    """``{root}/{take id}/{quality}/``: one folder per rendition."""

    def __init__(self, root: Path, blobs: Blobs) -> None:
        self._root = root
        self._blobs = blobs
        self._restoring: dict[Path, asyncio.Lock] = {}

    def path(self, take_id: str, quality: Quality) -> Path:
        """Where the rendition is or will be; nothing is made or checked."""
        return self._root / take_id / quality

    async def keep(self, folder: Path) -> dict[str, str]:
        """Store every file of the folder: name relative to it, POSIX slashes -> SHA-256. Raise StorageFailed."""
        files = await asyncio.to_thread(lambda: sorted(p for p in folder.rglob("*") if p.is_file()))
        return {path.relative_to(folder).as_posix(): await self._blobs.put_file(path) for path in files}

    async def restore(self, take_id: str, rendition: Rendition) -> Path:
        """The rendition's folder, every file of it there. Raise NotFound or StorageFailed as the blobs do."""
        folder = self.path(take_id, rendition.quality)
        async with self._restoring.setdefault(folder, asyncio.Lock()):
            missing = await asyncio.to_thread(
                lambda: [name for name in rendition.files if not (folder / name).is_file()]
            )
            for name in missing:
                await self._blobs.copy_to(rendition.files[name], folder / name)
        return folder

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
