"""What must be looked at though nothing happens, and when."""

import heapq
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from buzzwatch.model.instant import Instant

Timer: TypeAlias = tuple[Instant, str, str]
"""When, of what kind, and the key of what is to be looked at."""


class Timers:
    """At most one timer for each kind and key, the earliest asked for: whoever looks arranges the next look."""

    def __init__(self, timers: Iterable[Timer] = ()) -> None:
        self._due = {(kind, key): due for due, kind, key in timers}
        self._heap = sorted((due, kind, key) for (kind, key), due in self._due.items())

    @property
    def first(self) -> Instant | None:
        """When the next one is due."""
        return self._heap[0][0] if self._heap else None

    def arrange(self, due: Instant, kind: str, key: str) -> None:
        """Look then, unless that is arranged for earlier."""
        if due < self._due.get((kind, key), due + 1):
            self._due[kind, key] = due
            heapq.heappush(self._heap, (due, kind, key))

    def take(self, now: Instant) -> Iterator[tuple[str, str]]:
        """Kind and key of what is due, the earliest first; what is arranged meanwhile for `now` or before comes too."""
        while self._heap and self._heap[0][0] <= now:
            _, kind, key = heapq.heappop(self._heap)
            del self._due[kind, key]
            self._drop_replaced()
            yield kind, key

    def dump(self) -> list[Timer]:
        """What is arranged; a `Timers` made of it is the same."""
        return sorted((due, kind, key) for (kind, key), due in self._due.items())

    def _drop_replaced(self) -> None:
        """Let the first of the heap be one that counts: those that an earlier one replaced are still in it."""
        while self._heap and self._due.get(self._heap[0][1:]) != self._heap[0][0]:
            heapq.heappop(self._heap)
