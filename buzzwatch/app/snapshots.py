"""When the spine's memory is written beside the database, so that the next start is quick."""

import asyncio
import gc
from typing import Any

import structlog

from buzzwatch.clock import Clock
from buzzwatch.model.instant import MINUTE, Instant, Span
from buzzwatch.spine import Spine
from buzzwatch.store.record import Record
from buzzwatch.store.snapshot import newest_snapshot
from buzzwatch.web.metrics import Metrics

INPUTS = 100_000
AGE: Span = 10 * MINUTE

log = structlog.get_logger()


def copy_memory(spine: Spine) -> dict[str, Any]:
    """The spine's memory as `Spine.dump` gives it; collecting garbage amid a million fresh objects would find none."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return spine.memory.dump()
    finally:
        if collects:
            gc.enable()


class Snapshots:
    """Takes one after so many inputs, or so long after the last; `begin` and wait for what it gives, or not."""

    def __init__(self, record: Record, clock: Clock, metrics: Metrics) -> None:
        self._record = record
        self._clock = clock
        self._metrics = metrics
        self._seq = 0
        self._at: Instant = 0
        self._writing: asyncio.Task[None] | None = None

    def resume(self, seq: int) -> None:
        """The last input on record has that number; an earlier life may have been too short to take one."""
        self._seq = newest_snapshot(self._record.directory, seq)
        self._at = self._clock.now()

    def is_due(self, seq: int) -> bool:
        """Many inputs ago, or long ago."""
        many = seq - self._seq >= INPUTS
        return many or (seq > self._seq and self._clock.now() - self._at >= AGE)

    def begin(self, seq: int, spine: Spine) -> "asyncio.Task[None]":
        """Copy the memory on the loop, which pauses for it; encode and write it on another thread."""
        if self._writing is None or self._writing.done():
            with self._metrics.snapshot_seconds.time():
                dumped = copy_memory(spine)
            self._seq, self._at = seq, self._clock.now()
            self._writing = asyncio.create_task(self._write(seq, dumped))
        return self._writing

    async def finish(self) -> None:
        """Return once none is being written."""
        if self._writing is not None:
            await self._writing

    async def _write(self, seq: int, dumped: dict[str, Any]) -> None:
        try:
            await self._record.snapshot(seq, dumped)
        except OSError as error:
            log.warning("snapshot_failed", error=str(error))
