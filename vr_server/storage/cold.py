"""The cold store: blobs by content in a bucket or a folder far away, by the URL that obstore knows it by.

Objects stand under the names that `LocalBlobs` gives its files, below the URL's path. An object appears whole or not at
all; S3 checks the SHA-256 of what it is sent.
"""

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, ObjectStore, S3Store

from vr_server.domain.errors import BlobDamaged, InvalidInput, NotFound, StorageFailed

from .blobs import blob_key, flush, told
from .port import OnBytes

_CHUNK_BYTES: Final = 8 * 1024 * 1024  # one request each: progress, and a retry that does not begin from the start
_PARTS_AT_ONCE: Final = 4
_CLIENT: Final = {"connect_timeout": "5s", "timeout": "60s"}
_RETRIES: Final = {
    "max_retries": 3,
    "retry_timeout": timedelta(seconds=20),
    "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=5)},
}


@dataclass(frozen=True, slots=True)
class ColdSettings:
    """`url`: ``s3://bucket/prefix`` or ``file:///folder``. `endpoint`: of an S3 that is not Amazon's.

    Without `access_key` the S3 client looks where Amazon's tools look (environment, instance role).
    """

    url: str
    access_key: str | None = None
    secret_key: str | None = None
    endpoint: str | None = None
    region: str | None = None

    def __repr__(self) -> str:  # the key must not reach a log
        return f"ColdSettings({self.url!r})"


class ColdStore:
    """Nothing is asked of the store until a method is: a server starts where it cannot be reached."""

    def __init__(self, settings: ColdSettings) -> None:
        """Raise InvalidInput when the URL is none of the two kinds."""
        self.url = settings.url
        parts = urlsplit(settings.url)
        folder = parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")
        if not folder and not (parts.scheme == "s3" and parts.netloc and "@" not in parts.netloc):
            raise InvalidInput("The cold store's URL must be s3://bucket/prefix or file:///folder, without keys in it.")
        if (settings.access_key is None) != (settings.secret_key is None):
            raise InvalidInput(
                "VR_PREVIS_COLD_ACCESS_KEY and VR_PREVIS_COLD_SECRET_KEY go together: give both or none."
            )
        self._folder = Path(unquote(parts.path)) if folder else None
        self._settings = settings
        self._opened: ObjectStore | None = None
        self.id = hashlib.sha256(f"{settings.endpoint or ''} {settings.url}".encode()).hexdigest()[:12]

    async def size(self, digest: str) -> int | None:
        """Bytes of the blob; None when it is not there. Raise StorageFailed."""
        key = blob_key(digest)
        try:
            with self._told():
                return int((await obstore.head_async(self._store(), key))["size"])
        except FileNotFoundError:
            return None

    async def upload(self, digest: str, path: Path) -> None:
        """Keep the file's bytes under `digest`, in place of what is there. Raise StorageFailed."""
        key = blob_key(digest)
        try:
            with self._told():
                await obstore.put_async(self._store(), key, path, max_concurrency=_PARTS_AT_ONCE)
                if self._folder is not None:
                    await asyncio.to_thread(flush, self._folder / key)
        except FileNotFoundError as error:
            raise StorageFailed(f"The cold store {self.url} is not there: make it, or correct its URL.") from error

    async def download(self, digest: str, target: Path, on_bytes: OnBytes) -> None:
        """Write the blob to `target`, checked. On an error nothing of use is at `target`.

        Raise NotFound, BlobDamaged or StorageFailed (the disk here is full, the store cannot be reached).
        """
        total = await self.size(digest)
        if total is None:
            raise NotFound(f"There is no stored file {digest[:12]}, neither here nor in the cold store {self.url}.")
        key, found, done = blob_key(digest), hashlib.sha256(), 0
        with told(digest):
            file = await asyncio.to_thread(target.open, "wb")
        try:
            while done < total:
                length = min(_CHUNK_BYTES, total - done)
                try:
                    with self._told():
                        chunk = await obstore.get_range_async(self._store(), key, start=done, length=length)
                except FileNotFoundError as error:
                    raise NotFound(f"The stored file {digest[:12]} has just gone from {self.url}.") from error
                if len(chunk) != length:
                    break
                with told(digest):
                    await asyncio.to_thread(file.write, chunk)
                found.update(chunk)
                done += length
                on_bytes(done, total)
        finally:
            with told(digest):
                await asyncio.to_thread(file.close)
        if found.hexdigest() != digest:
            raise BlobDamaged(f"Blob {digest[:12]} is damaged in the cold store {self.url}: make the take again.")

    def _store(self) -> ObjectStore:
        if self._opened is None:
            self._opened = self._s3() if self._folder is None else LocalStore(prefix=self._folder)
        return self._opened

    def _s3(self) -> S3Store:
        told, (bucket, prefix) = self._settings, _bucket(self.url)
        options: dict[str, Any] = {
            "access_key_id": told.access_key, "secret_access_key": told.secret_key,
            "endpoint": told.endpoint, "region": told.region or "us-east-1",
        }  # fmt: skip
        client: Any = {**_CLIENT, "allow_http": (told.endpoint or "").startswith("http://")}
        retries: Any = _RETRIES
        given = {name: value for name, value in options.items() if value is not None}
        return S3Store(
            bucket, prefix=prefix, checksum_algorithm="SHA256", client_options=client, retry_config=retries, **given
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The store's errors as one line; FileNotFoundError, which says something else to each caller, goes through."""
        try:
            yield
        except (PermissionDeniedError, UnauthenticatedError):
            # "from None": an answer may repeat parts of the signed request
            what = "its rights" if self._folder is not None else "VR_PREVIS_COLD_ACCESS_KEY and _SECRET_KEY"
            raise StorageFailed(f"The cold store {self.url} refuses us: check {what}.") from None
        except BaseError as error:
            reason = str(error).splitlines()[0].rpartition(" - ")[2]
            if "No space left" in str(error):
                reason = "its disk is full"
            elif "error sending request" in reason:
                reason = "it cannot be reached"
            elif self._folder is not None and not self._folder.is_dir():
                reason = "the folder is not there: make or mount it"
            raise StorageFailed(f"The cold store {self.url} cannot be used: {reason}.") from None
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StorageFailed(f"The cold store {self.url} cannot be used: {error.strerror or error}.") from error


def _bucket(url: str) -> tuple[str, str | None]:
    parts = urlsplit(url)
    return parts.netloc, unquote(parts.path).strip("/") or None
