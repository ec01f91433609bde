"""The time, as a part that can be replaced."""

import asyncio
import heapq
import itertools
from typing import Protocol

from buzzwatch.model.instant import Instant, Span


class Clock(Protocol):
    """Whose time it is."""

    def now(self) -> Instant:
        """The present instant; never goes backwards."""

    async def wait_until(self, instant: Instant) -> None:
        """Return at that instant, or at once if it has passed."""


class VirtualClock:
    """A clock that stands still until told to move; nothing sleeps.

    Waiters wake in the order of their instants, each finding `now()` at its own instant.
    """

    def __init__(self, now: Instant) -> None:
        self._now = now
        self._serial = itertools.count()
        self._waiters: list[tuple[Instant, int, asyncio.Future[None]]] = []

    def now(self) -> Instant:
        """The instant last moved to."""
        return self._now

    async def wait_until(self, instant: Instant) -> None:
        """Return once the clock was moved to that instant."""
        if instant <= self._now:
            await asyncio.sleep(0)
            return
        waiter = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiters, (instant, next(self._serial), waiter))
        await waiter

    async def advance(self, span: Span) -> None:
        """Move forward, waking who waits on the way and letting each run before moving on."""
        until = self._now + span
        await settle()
        while self._waiters and self._waiters[0][0] <= until:
            instant, _, waiter = heapq.heappop(self._waiters)
            self._now = max(self._now, instant)
            if not waiter.done():
                waiter.set_result(None)
                await settle()
        self._now = until
        await settle()


async def settle(rounds: int = 50) -> None:
    """Let every task that can run, run, without time passing."""
    for _ in range(rounds):
        await asyncio.sleep(0)
