"""Blobs on a local folder: ``{root}/ab/abcdef…``, written whole and flushed, checked whenever they are read."""

import asyncio
import errno
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.store import LocalStore

from vr_server.domain.errors import BlobDamaged, NotFound, StorageFailed

from .port import OnBytes

_CHUNK_BYTES = 4 * 1024 * 1024
_ABANDONED_S = 3600.0  # a half-written file as old as this has lost its writer


@dataclass(frozen=True, slots=True)
class Stored:
    """A blob on the disk. `used_ns`: when it was last asked for, in ns since 1970, as the file's access time says."""

    size_bytes: int
    used_ns: int


class LocalBlobs:
    """`Blobs` on a folder. A file appears under its name only when it is whole."""

    def __init__(self, root: Path) -> None:
        """Make the folder where it is missing. Raise StorageFailed."""
        with told(root.name):
            root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._store = LocalStore(prefix=root)

    async def put_file(self, path: Path) -> str:
        with told(path.name):
            digest = await asyncio.to_thread(sha256_of, path)
            key = blob_key(digest)
            if not await self._holds(digest):
                await obstore.put_async(self._store, key, path, mode="overwrite")
                await asyncio.to_thread(flush, self._root / key)
        return digest

    async def _holds(self, digest: str) -> bool:
        """Is the blob there and whole? A damaged one is healed by whoever stores the file again."""
        try:
            return await asyncio.to_thread(sha256_of, self._root / blob_key(digest)) == digest
        except FileNotFoundError:
            return False

    def path(self, digest: str) -> Path:
        """Where the blob is, if it is there. Raise NotFound when `digest` is none."""
        return self._root / blob_key(digest)

    async def verify(self, digest: str) -> None:
        """Raise NotFound, or BlobDamaged when the bytes are not those of the name."""
        with told(digest):
            _check(digest, await asyncio.to_thread(sha256_of, self.path(digest)))

    async def stored(self, digest: str) -> Stored | None:
        """What is known of the blob without reading it; None when it is not there."""
        with told(digest):
            return await asyncio.to_thread(_stored, self.path(digest))

    async def everything(self) -> dict[str, Stored]:
        """All blobs, those used longest ago first. What writers that were killed left half-written is removed."""
        with told(self._root.name):
            return await asyncio.to_thread(_everything, self._root)

    async def remove(self, digest: str) -> None:
        """Forget the blob; nothing happens when it is not there."""
        with told(digest):
            await asyncio.to_thread(self.path(digest).unlink, missing_ok=True)

    async def read(self, digest: str) -> bytes:
        with told(digest):
            found = await obstore.get_async(self._store, blob_key(digest))
            data = bytes(await found.bytes_async())
        _check(digest, hashlib.sha256(data).hexdigest())
        return data

    async def copy_to(self, digest: str, path: Path, on_bytes: OnBytes | None = None) -> None:  # noqa: ARG002 - at hand
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        found_digest = hashlib.sha256()
        try:
            with told(digest):
                found = await obstore.get_async(self._store, blob_key(digest))
                await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
                with await asyncio.to_thread(part.open, "wb") as file:
                    async for chunk in found.stream(min_chunk_size=_CHUNK_BYTES):
                        found_digest.update(chunk)
                        await asyncio.to_thread(file.write, chunk)
                _check(digest, found_digest.hexdigest())
                await asyncio.to_thread(part.replace, path)
        finally:
            with suppress(FileNotFoundError):
                await asyncio.to_thread(part.unlink)

    async def exists(self, digest: str) -> bool:
        with told(digest):
            try:
                await obstore.head_async(self._store, blob_key(digest))
            except FileNotFoundError:
                return False
        return True


def blob_key(digest: str) -> str:
    """The blob's place in a folder or bucket. Raise NotFound when `digest` is no SHA-256."""
    if not is_digest(digest):
        raise NotFound(f"{digest[:80]!r} is not the name of a blob.")
    return f"{digest[:2]}/{digest}"


def _check(digest: str, found: str) -> None:
    if found != digest:
        raise BlobDamaged(f"Blob {digest[:12]} is damaged on disk: make the take again, and check the disk.")


def is_digest(name: str) -> bool:
    """64 lower-case hex digits?"""
    return len(name) == 64 and set(name) <= set("0123456789abcdef")


def _stored(path: Path) -> Stored | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return Stored(found.st_size, max(found.st_atime_ns, found.st_mtime_ns))


def _everything(root: Path) -> dict[str, Stored]:
    found: dict[str, Stored] = {}
    for folder in root.iterdir():
        for path in folder.iterdir() if len(folder.name) == 2 and folder.is_dir() else ():
            if not is_digest(path.name):  # obstore writes under a name with a suffix first
                if time.time() - path.stat().st_mtime > _ABANDONED_S:
                    path.unlink(missing_ok=True)
            elif (stored := _stored(path)) is not None:
                found[path.name] = stored
    return dict(sorted(found.items(), key=lambda item: item[1].used_ns))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hex. Blocking."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Make the file and its name survive a power cut."""
    for target in (path, path.parent):
        handle = os.open(target, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def told(name: str) -> Iterator[None]:
    """The disk's errors as one line that says what to do."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"There is no stored file {name[:64]}.") from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageFailed("The disk is full: free some space, then try again.") from error
        raise StorageFailed(f"The file {name[:64]} cannot be stored or read: {error.strerror or error}.") from error
    except obstore.exceptions.BaseError as error:
        full = "No space left" in str(error)
        reason = "the disk is full" if full else str(error).splitlines()[0]
        raise StorageFailed(f"The file {name[:64]} cannot be stored or read: {reason}.") from error
