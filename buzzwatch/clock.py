"""The time, as a part that can be replaced."""

import asyncio
import heapq
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, Protocol

from buzzwatch.model.instant import DAY, MINUTE, SECOND, Instant, Span


class Clock(Protocol):
    """Whose time it is."""

    def now(self) -> Instant:
        """The present instant; never goes backwards."""

    def elapsed(self) -> Span:
        """What has passed since some beginning; setting the machine's clock does not change it."""

    async def wait_until(self, instant: Instant) -> None:
        """Return at that instant, or at once if it has passed."""


class Jump(NamedTuple):
    """The wall clock left the monotonic one: by how much, and when that was first seen (our time)."""

    by: Span
    since: Instant


class SystemClock:
    """The machine's clock, believed only while it agrees with the monotonic one.

    A jump of the wall clock is reported in `jump` and not followed; it is accepted once it was stable for ten minutes.
    Accepting a backward one is the only time at which `now` goes back, and is told by `went_back`. `at_least` is the
    last instant of an earlier run: a wall clock behind it, or years ahead of it, is a jump from the beginning.
    """

    TOLERANCE: Span = 2 * SECOND
    STABLE: Span = 10 * MINUTE
    PLAUSIBLE_DOWNTIME: Span = 60 * DAY

    def __init__(
        self,
        at_least: Instant = 0,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        started = round(wall() * SECOND)
        plausible = not at_least or at_least <= started <= at_least + self.PLAUSIBLE_DOWNTIME
        self._offset: Span = (started if plausible else at_least) - self.elapsed()
        self._last: Instant = 0
        self.jump: Jump | None = None
        self.jumped: Callable[[Jump], None] = lambda _jump: None
        self.went_back: Callable[[Instant], None] = lambda _now: None

    def now(self) -> Instant:
        """The present instant by the last believed wall clock."""
        elapsed = self.elapsed()
        steady = elapsed + self._offset
        ahead = round(self._wall() * SECOND) - steady
        if abs(ahead) <= self.TOLERANCE:
            self.jump = None
            self._offset += max(ahead, 0)  # a clock slewed backwards is waited for
        elif self.jump is None or abs(ahead - self.jump.by) > self.TOLERANCE:
            self.jump = Jump(ahead, steady)
            self.jumped(self.jump)
        elif steady - self.jump.since >= self.STABLE:
            self._accept(ahead, steady)
        self._last = max(self._last, elapsed + self._offset)
        return self._last

    def _accept(self, ahead: Span, steady: Instant) -> None:
        self.jump = None
        self._offset += ahead
        if ahead < 0:
            self._last = steady + ahead
            self.went_back(self._last)

    def elapsed(self) -> Span:
        """What the monotonic clock says."""
        return round(self._monotonic() * SECOND)

    async def wait_until(self, instant: Instant) -> None:
        """Sleep by the monotonic clock."""
        await asyncio.sleep(max(0, instant - self.now()) / SECOND)


class SwiftClock:
    """The machine's monotonic clock, run `speed` times as fast from a given instant: for the demo."""

    def __init__(self, start: Instant, speed: float) -> None:
        self._start = start
        self._speed = speed
        self._began = time.monotonic()

    def now(self) -> Instant:
        """The start plus the time that passed, times the speed."""
        return self._start + round((time.monotonic() - self._began) * SECOND * self._speed)

    def elapsed(self) -> Span:
        """Nobody sets this clock."""
        return self.now()

    async def wait_until(self, instant: Instant) -> None:
        """Sleep for the time that remains, divided by the speed."""
        await asyncio.sleep(max(0, instant - self.now()) / SECOND / self._speed)


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

    def elapsed(self) -> Span:
        """See `now`."""
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


@asynccontextmanager
async def until(clock: Clock, instant: Instant) -> AsyncIterator[None]:
    """What is inside may go on until that instant of a clock; then it is cancelled, and `TimeoutError` raised."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:

        def end(_alarm: "asyncio.Task[None]") -> None:
            with suppress(RuntimeError):  # what is inside ended in the same moment
                limit.reschedule(loop.time())

        alarm = loop.create_task(clock.wait_until(instant))
        alarm.add_done_callback(end)
        try:
            yield
        finally:
            alarm.remove_done_callback(end)
            alarm.cancel()


async def settle(rounds: int = 50) -> None:
    """Let every task that can run, run, without time passing."""
    for _ in range(rounds):
        await asyncio.sleep(0)
