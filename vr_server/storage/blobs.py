"""Blobs on a local folder: ``{root}/ab/abcdef…``, written whole and flushed, checked whenever they are read."""

import asyncio
import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import obstore
from obstore.store import LocalStore

from vr_server.domain.errors import NotFound, StorageFailed

_CHUNK_BYTES = 4 * 1024 * 1024


class LocalBlobs:
    """`Blobs` on a folder. A file appears under its name only when it is whole."""

    def __init__(self, root: Path) -> None:
        """Make the folder where it is missing. Raise StorageFailed."""
        with _told(root.name):
            root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._store = LocalStore(prefix=root)

    async def put_file(self, path: Path) -> str:
        with _told(path.name):
            digest = await asyncio.to_thread(_sha256, path)
            key = _key(digest)
            if not await self._holds(digest):
                await obstore.put_async(self._store, key, path, mode="overwrite")
                await asyncio.to_thread(_flush, self._root / key)
        return digest

    async def _holds(self, digest: str) -> bool:
        """Is the blob there and whole? A damaged one is healed by whoever stores the file again."""
        try:
            return await asyncio.to_thread(_sha256, self._root / _key(digest)) == digest
        except FileNotFoundError:
            return False

    async def read(self, digest: str) -> bytes:
        with _told(digest):
            found = await obstore.get_async(self._store, _key(digest))
            data = bytes(await found.bytes_async())
        _check(digest, hashlib.sha256(data).hexdigest())
        return data

    async def copy_to(self, digest: str, path: Path) -> None:
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        found_digest = hashlib.sha256()
        try:
            with _told(digest):
                found = await obstore.get_async(self._store, _key(digest))
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
        with _told(digest):
            try:
                await obstore.head_async(self._store, _key(digest))
            except FileNotFoundError:
                return False
        return True


def _key(digest: str) -> str:
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise NotFound(f"{digest[:80]!r} is not the name of a blob.")
    return f"{digest[:2]}/{digest}"


def _check(digest: str, found: str) -> None:
    if found != digest:
        raise StorageFailed(f"Blob {digest[:12]} is damaged on disk: make the take again, and check the disk.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    """Make the file and its name survive a power cut."""
    for target in (path, path.parent):
        handle = os.open(target, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _told(name: str) -> Iterator[None]:
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
