"""Lets texts go once they are older than their source is to keep."""

import sqlite3
from collections.abc import Iterator, Mapping
from functools import partial

import structlog

from buzzwatch.clock import Clock
from buzzwatch.model.instant import HOUR, SECOND, Instant, Span
from buzzwatch.store.record import Record
from buzzwatch.store.texts import AT_ONCE, let_go, read_roads, wash
from buzzwatch.web.metrics import Metrics

EVERY: Span = HOUR
PAUSE: Span = SECOND // 5
"""Between two commits, so that what is heard is written meanwhile."""

log = structlog.get_logger()


class Retention:
    """Looks once an hour; `keep` says by source for how long, None: for ever.

    Texts of sources that are no longer configured, and those heard before it was kept which source brought them, go
    with the longest span, if every source has one.
    """

    def __init__(self, keep: Mapping[str, Span | None], record: Record, clock: Clock, metrics: Metrics) -> None:
        self._keep = keep
        spans = [span for span in keep.values() if span is not None]
        self._others = max(spans) if spans and len(spans) == len(keep) else None
        self._record = record
        self._clock = clock
        self._metrics = metrics

    async def run(self) -> None:
        """Look once an hour until cancelled. A full disk, say, only puts it off."""
        while True:
            try:
                await self.look()
            except sqlite3.Error as error:
                log.warning("texts_not_let_go", error=str(error))
            await self._clock.wait_until(self._clock.now() + EVERY)

    async def look(self) -> None:
        """Let go what is due, some hundred texts a commit; where it is cut off, the next look goes on."""
        for road, before in self._due(await self._record.write(read_roads)):
            number = AT_ONCE
            while number == AT_ONCE:
                number = await self._record.write(partial(let_go, road=road, before=before))
                self._metrics.let_go.labels(road).inc(number)
                if number == AT_ONCE:
                    await self._clock.wait_until(self._clock.now() + PAUSE)
        await self._record.write(partial(wash, now=self._clock.now()))

    def _due(self, roads: list[str]) -> Iterator[tuple[str, Instant]]:
        now = self._clock.now()
        for road in roads:
            span = self._keep.get(road, self._others)
            if span is not None:
                yield road, now - span
