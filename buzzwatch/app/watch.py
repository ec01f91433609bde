"""Saved rule files are read by themselves, once nobody has written for two seconds."""

import asyncio
from contextlib import suppress

from buzzwatch.app.rulebook import Rulebook
from buzzwatch.app.saved import Hints, Stamp, stamp_of
from buzzwatch.clock import Clock, until
from buzzwatch.model.instant import SECOND, Instant, Span
from buzzwatch.model.reading import How

QUIET: Span = 2 * SECOND
"""What is written more often than this is not finished; while it goes on nothing is read, however long."""


class Watcher:
    """Looks when it is hinted to; `reads` False: it only notes that the files are others than those that were read."""

    def __init__(self, rulebook: Rulebook, clock: Clock, hints: Hints, *, reads: bool) -> None:
        self._rulebook = rulebook
        self._clock = clock
        self._hints = hints
        self._reads = reads
        self._woken = asyncio.Event()
        self._seen: Stamp = rulebook.stamp
        self._quiet_at: Instant | None = None

    async def run(self) -> None:
        """Until cancelled."""
        self._woken.set()  # something may have been saved since the start
        hearing = asyncio.create_task(self._hear(), name="rule files")
        try:
            while True:
                await self._rest()
                self._woken.clear()
                await self._look()
        finally:
            self._hints.close()
            hearing.cancel()
            await asyncio.wait([hearing])

    async def _hear(self) -> None:
        async for _ in self._hints.listen():
            self._woken.set()

    async def _rest(self) -> None:
        if self._quiet_at is None:
            await self._woken.wait()
            return
        with suppress(TimeoutError):
            async with until(self._clock, self._quiet_at):
                await self._woken.wait()

    async def _look(self) -> None:
        stamp = await asyncio.to_thread(stamp_of, self._rulebook.directory)
        now = self._clock.now()
        if stamp == self._rulebook.stamp:
            self._seen, self._quiet_at, self._rulebook.unread_since = stamp, None, None
        elif stamp != self._seen:
            self._seen, self._quiet_at = stamp, now + QUIET if self._reads else None
            self._rulebook.unread_since = self._rulebook.unread_since or now
        elif self._quiet_at is not None and now >= self._quiet_at:
            await self._read()
        elif self._quiet_at is not None:
            self._quiet_at = min(self._quiet_at, now + QUIET)  # the clock may have been set back

    async def _read(self) -> None:
        self._quiet_at = None
        if await self._rulebook.read_unasked(How.ITSELF):
            self._woken.set()  # to see whether what was read is still what is there
