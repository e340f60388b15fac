"""Hot and cold: a folder at hand in front of a store far away.

What is put is in the hot folder at once, and goes to the cold store behind the caller's back. An empty file
``{marks}/{digest}`` says that the cold store has confirmed the blob; a hot blob without its mark has yet to go there. So
what is still to do follows from two listings, after `kill -9` too, and a lost mark costs one upload more.
"""

import asyncio
import logging
import os
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from vr_server.domain.errors import BlobDamaged, NotFound, StorageFailed

from .blobs import LocalBlobs, Stored, is_digest, told
from .cold import ColdStore
from .limit import HotItem
from .port import OnBytes

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class HotColdSettings:
    """Bounds and pauses. A failed upload is tried again after `first_pause_s`, then twice as long, up to the last."""

    uploads: int = 4  # at the same time
    downloads: int = 4
    first_pause_s: float = 1.0
    last_pause_s: float = 60.0


@dataclass(frozen=True, slots=True)
class HotColdState:
    """`waiting`: hot blobs that the cold store has not got yet. `problem`: why it does not get them just now."""

    hot: int
    hot_bytes: int
    waiting: int
    waiting_bytes: int
    damaged: int
    problem: str | None


class HotColdBlobs:
    """`Blobs` of both. Make one with `open`; `run` uploads, for as long as the server lives. One event loop."""

    def __init__(self, hot: LocalBlobs, cold: ColdStore, marks: Path, settings: HotColdSettings) -> None:
        self.cold = cold
        self.grown = asyncio.Event()
        self._hot = hot
        self._marks = marks
        self._settings = settings
        self._index: dict[str, Stored] = {}
        self._marked: set[str] = set()
        self._waiting: dict[str, None] = {}  # a set that keeps its order
        self._uploading: set[str] = set()
        self._damaged: set[str] = set()
        self._busy: Counter[str] = Counter()
        self._recalls: dict[str, _Recall] = {}
        self._downloads = asyncio.Semaphore(settings.downloads)
        self._work = asyncio.Event()
        self._problem: str | None = None
        self._pause_s = settings.first_pause_s

    @classmethod
    async def open(cls, root: Path, cold: ColdStore, settings: HotColdSettings = HotColdSettings()) -> Self:
        """Look at the hot folder `root` and the marks beside it; the cold store is not asked. Raise StorageFailed."""
        hot, marks = LocalBlobs(root), root.with_name(f"{root.name}-cold-{cold.id}")
        blobs = cls(hot, cold, marks, settings)
        with told(marks.name):
            blobs._marked = await asyncio.to_thread(_read_marks, marks)
        blobs._index = await hot.everything()
        for stale in blobs._marked - blobs._index.keys():  # killed between removing a blob and its mark
            await blobs._unmark(stale)
        blobs._await_upload(*(d for d in blobs._index if d not in blobs._marked))
        return blobs

    # ------------------------------------------------------------ the port

    async def put_file(self, path: Path) -> str:
        while True:
            digest = await self._hot.put_file(path)
            if await self._note(digest):
                return digest

    async def read(self, digest: str) -> bytes:
        return await self._from_hot(digest, lambda: self._hot.read(digest), None)

    async def copy_to(self, digest: str, path: Path, on_bytes: OnBytes | None = None) -> None:
        await self._from_hot(digest, lambda: self._hot.copy_to(digest, path), on_bytes)

    async def exists(self, digest: str) -> bool:
        return await self._hot.exists(digest) or await self.cold.size(digest) is not None

    # ------------------------------------------------------------ what the limit asks

    async def items(self) -> tuple[HotItem, ...]:
        return tuple(HotItem(digest, s.size_bytes, s.used_ns) for digest, s in self._index.items())

    async def evict(self, key: str) -> bool:
        """Remove a hot blob that the cold store surely has: it was confirmed once, and is asked for again now."""
        stored = self._index.get(key)
        if stored is None or key not in self._marked or self._busy[key]:
            return False
        if await self.cold.size(key) != stored.size_bytes:
            _log.warning("the cold store has lost blob %s: it is sent again", key[:12])
            await self._unmark(key)
            self._await_upload(key)
            return False
        if self._busy[key] or key in self._waiting:  # somebody came meanwhile
            return False
        # Forgotten first: whoever puts or reads it from now on finds it unmarked, or not at all.
        self._index.pop(key, None)
        self._marked.discard(key)
        await self._hot.remove(key)
        await self._unmark(key)
        return True

    def state(self) -> HotColdState:
        """How full the hot folder is, and what the cold store has yet to get."""
        waiting = [self._index[d].size_bytes for d in self._waiting if d in self._index]
        return HotColdState(
            hot=len(self._index), hot_bytes=sum(s.size_bytes for s in self._index.values()),
            waiting=len(waiting), waiting_bytes=sum(waiting), damaged=len(self._damaged), problem=self._problem,
        )  # fmt: skip

    # ------------------------------------------------------------ hot

    async def _from_hot(self, digest: str, get: Callable[[], Awaitable[_T]], on_bytes: OnBytes | None) -> _T:
        for last in (False, True):
            with self._held(digest):
                if digest not in self._index and not await self._note(digest):
                    await self._recall(digest, on_bytes)
                try:
                    got = await get()
                except NotFound:  # another process has evicted it
                    if last:
                        raise
                    self._index.pop(digest, None)
                except BlobDamaged:
                    if last or digest not in self._marked:
                        raise
                    _log.warning("blob %s is damaged here: it is fetched again from the cold store", digest[:12])
                    self._index.pop(digest, None)
                    await self._hot.remove(digest)
                else:
                    await self._touch(digest)
                    return got
        raise AssertionError  # the second round returns or raises

    @contextmanager
    def _held(self, digest: str) -> Iterator[None]:
        self._busy[digest] += 1
        try:
            yield
        finally:
            self._busy[digest] -= 1
            if not self._busy[digest]:
                del self._busy[digest]

    async def _note(self, digest: str) -> bool:
        """Take the hot blob into the index; whether there is one."""
        stored = await self._hot.stored(digest)
        if stored is None:
            return False
        self._index[digest] = stored
        self._damaged.discard(digest)
        if digest not in self._marked:
            self._await_upload(digest)
        self.grown.set()
        return True

    async def _touch(self, digest: str) -> None:
        stored = self._index.get(digest)
        if stored is not None:
            now_ns = time.time_ns()
            self._index[digest] = Stored(stored.size_bytes, now_ns)
            with suppress(OSError):  # the order of eviction is worth no failure
                path = self._hot.path(digest)
                os.utime(path, ns=(now_ns, path.stat().st_mtime_ns))

    # ------------------------------------------------------------ cold to hot

    async def _recall(self, digest: str, on_bytes: OnBytes | None) -> None:
        """Bring a blob back. All who wait share one download, and it goes on when one of them gives up."""
        recall = self._recalls.get(digest)
        if recall is None:
            recall = self._recalls[digest] = _Recall()
            recall.task = asyncio.create_task(self._bring(digest, recall), name=f"recall {digest[:12]}")
            recall.task.add_done_callback(
                lambda task: task.cancelled() or task.exception()
            )  # nobody may be left to ask
        if on_bytes is not None:
            recall.listeners.append(on_bytes)
        try:
            await asyncio.shield(recall.task)
        finally:
            if on_bytes is not None:
                recall.listeners.remove(on_bytes)

    async def _bring(self, digest: str, recall: "_Recall") -> None:
        try:
            with self._held(digest):
                async with self._downloads:
                    target = self._hot.path(digest)
                    with told(digest):
                        await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
                    part = target.with_name(f"{digest}#{os.getpid()}")
                    try:
                        await self.cold.download(digest, part, recall.tell)
                        with told(digest):
                            await asyncio.to_thread(part.replace, target)
                    finally:
                        with suppress(OSError):
                            await asyncio.to_thread(part.unlink, missing_ok=True)
                await self._mark(digest)
                await self._note(digest)
                _log.debug("blob %s is back from the cold store", digest[:12])
        finally:
            self._recalls.pop(digest, None)

    # ------------------------------------------------------------ hot to cold

    async def run(self) -> None:
        """Upload what the cold store lacks, now and later, until cancelled. An outage is logged once, and waited out."""
        async with asyncio.TaskGroup() as lanes:
            for number in range(self._settings.uploads):
                lanes.create_task(self._lane(), name=f"upload {number}")

    async def _lane(self) -> None:
        while True:
            digest = next((d for d in self._waiting if d not in self._uploading), None)
            if digest is None:
                self._work.clear()
                await self._work.wait()
                continue
            self._uploading.add(digest)
            try:
                await self._upload(digest)
            except StorageFailed as error:
                if self._problem is None:
                    _log.warning("uploads wait: %s", error)
                self._problem = str(error)
                pause_s, self._pause_s = self._pause_s, min(self._pause_s * 2, self._settings.last_pause_s)
                await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - no secret hangs on a pause
            finally:
                self._uploading.discard(digest)

    async def _upload(self, digest: str) -> None:
        """Raise StorageFailed when the cold store does not take it; a blob that is itself at fault waits no more."""
        with self._held(digest):
            try:
                await self._hot.verify(digest)
            except NotFound:
                self._waiting.pop(digest, None)
                self._index.pop(digest, None)
                return
            except BlobDamaged as error:
                _log.error("not sent to the cold store: %s", error)
                self._waiting.pop(digest, None)
                self._damaged.add(digest)
                return
            await self.cold.upload(digest, self._hot.path(digest))
            await self._mark(digest)
            self._waiting.pop(digest, None)
        if self._problem is not None:
            _log.info("the cold store takes blobs again")
        self._problem, self._pause_s = None, self._settings.first_pause_s
        self.grown.set()  # there may be something to evict now

    def _await_upload(self, *digests: str) -> None:
        self._waiting.update(dict.fromkeys(digests))
        self._work.set()

    async def _mark(self, digest: str) -> None:
        with told(digest):
            await asyncio.to_thread((self._marks / digest).touch)
        self._marked.add(digest)

    async def _unmark(self, digest: str) -> None:
        self._marked.discard(digest)
        with told(digest):
            await asyncio.to_thread((self._marks / digest).unlink, missing_ok=True)

    async def close(self) -> None:
        """Give up downloads that are under way. What waits to be uploaded is found again at the next start."""
        tasks = [recall.task for recall in self._recalls.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Recall:
    """One download, and who wants to hear of it."""

    def __init__(self) -> None:
        self.task: asyncio.Task[None]
        self.listeners: list[OnBytes] = []

    def tell(self, done: int, total: int) -> None:
        for listener in tuple(self.listeners):
            listener(done, total)


def _read_marks(folder: Path) -> set[str]:
    folder.mkdir(parents=True, exist_ok=True)
    return {entry.name for entry in os.scandir(folder) if is_digest(entry.name)}
