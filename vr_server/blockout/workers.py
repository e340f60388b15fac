"""Row bands over threads: kernels release the GIL, so a plain pool is all that is needed."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self


class Workers:
    """A pool of `os.cpu_count()` threads for the time of one clip. Use as a context manager."""

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="blockout")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def each(self, work: Callable[[int], None], items: Iterable[int]) -> None:
        """Run `work(item)` for every item and wait; the first error is raised here."""
        for _ in self._pool.map(work, items):
            pass

    def parts(self, count: int) -> list[tuple[int, int]]:
        """Cut range(count) into one contiguous [start, end) per thread."""
        step = -(-count // self.threads) if count else 0
        return [(i, min(i + step, count)) for i in range(0, count, step)] if count else []
