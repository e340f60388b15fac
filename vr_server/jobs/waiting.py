"""The line in front of the workers: by priority, then by who came first; whoever serves may refuse the slower kind."""

import heapq
import threading
from typing import Any, Generic, Protocol, TypeVar


class Ordered(Protocol):
    @property
    def priority(self) -> int: ...

    def __lt__(self, other: Any, /) -> bool: ...  # noqa: ANN401 - as dataclass(order=True) makes it


_W = TypeVar("_W", bound=Ordered)


class WaitingLine(Generic[_W]):
    """A thread-safe priority queue. `close` sends everybody home."""

    def __init__(self) -> None:
        self._heap: list[_W] = []
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, work: _W) -> None:
        with self._changed:
            heapq.heappush(self._heap, work)
            self._changed.notify_all()

    def take(self, slowest_priority: int | None) -> _W | None:
        """Wait for work of at most `slowest_priority` (None: any) and return it; None once the line is closed."""
        with self._changed:
            while not self._closed:
                if self._heap and (slowest_priority is None or self._heap[0].priority <= slowest_priority):
                    return heapq.heappop(self._heap)
                self._changed.wait()
        return None

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
