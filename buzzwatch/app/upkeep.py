"""What a running daemon does at regular times whatever is heard: gauges, the watchdog's food, old rows thrown away."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress

from buzzwatch.app import systemd
from buzzwatch.app.drive import Drive
from buzzwatch.app.ears.ears import Ears
from buzzwatch.app.health import Health
from buzzwatch.app.links import forget_links
from buzzwatch.app.weight import weigh
from buzzwatch.clock import Clock
from buzzwatch.memory import Memory
from buzzwatch.model.incident import Severity
from buzzwatch.model.instant import DAY, MINUTE, SECOND, Instant, Span
from buzzwatch.store.authors import forget_authors
from buzzwatch.store.official import know_officials
from buzzwatch.store.outbox import forget_attempts
from buzzwatch.store.record import Record
from buzzwatch.store.rhythm import write_rhythms
from buzzwatch.web.metrics import Metrics

LOOK_EVERY_S = 5.0
KEEP_EVERY: Span = 5 * MINUTE
"""What sources do ordinarily is written so often: the last minutes may be lost."""


class Upkeep:
    """`unready` says what ails the daemon, one sentence each: what systemd shows."""

    def __init__(
        self,
        drive: Drive,
        ears: Ears,
        health: Health,
        record: Record,
        clock: Clock,
        metrics: Metrics,
        unready: Callable[[], tuple[str, ...]],
    ) -> None:
        self._drive = drive
        self._ears = ears
        self._health = health
        self._record = record
        self._clock = clock
        self._metrics = metrics
        self._unready = unready

    async def run(self) -> None:
        """Go round until cancelled; a writer thread that hangs stops the watchdog's food."""
        interval = systemd.watchdog_interval()
        self._metrics.started.set(self._clock.now() / SECOND)
        forgotten_at: Instant = 0
        kept_at = self._clock.now()
        while True:
            if (now := self._clock.now()) - forgotten_at >= DAY:
                forgotten_at = now
                await self._forget_authors()
                await self._know_officials()
            if now - kept_at >= KEEP_EVERY:
                kept_at = now
                await self.keep_rhythms()
            await self.look()
            await asyncio.sleep(min(LOOK_EVERY_S, interval / SECOND if interval else LOOK_EVERY_S))

    async def look(self) -> None:
        """Set the gauges, and tell systemd that we live, and how."""
        await self._gauge()
        unready = self._unready()
        self._metrics.ready.set(not unready)
        status = unready[0] if unready else f"listening; {len(self._memory.desk.real)} incidents open"
        systemd.notify("WATCHDOG=1", status=status)

    @property
    def _memory(self) -> Memory:
        return self._drive.spine.memory

    async def _gauge(self) -> None:
        self._ears.gauge(self._metrics)
        weigh(self._metrics)
        self._metrics.outbox_waiting.set(await self._health.look())
        live = self._memory.desk.real
        for severity in Severity:
            number = sum(i.severity is severity for i in live)
            self._metrics.incidents_open.labels(severity.label).set(number)
        for brand, complaints in self._memory.complaints.items():
            self._metrics.complaints_waiting.labels(brand).set(len(complaints))
            self._metrics.complaints_let_go.labels(brand).set(complaints.let_go)

    async def forget_links(self) -> None:
        """Throw away the links and attempts of what is long over."""
        with suppress(sqlite3.OperationalError):  # the disk may be full
            await self._record.write(lambda db: forget_links(db, self._clock.now()))
            await self._record.write(lambda db: forget_attempts(db, self._clock.now()))

    async def _forget_authors(self) -> None:
        with suppress(sqlite3.OperationalError):  # as above
            await self._record.write(lambda db: forget_authors(db, self._clock.now()))

    async def _know_officials(self) -> None:
        with suppress(sqlite3.OperationalError):  # as above
            brands = self._memory.rules.brands
            await self._record.write(lambda db: know_officials(db, brands, self._clock.now()))

    async def keep_rhythms(self) -> None:
        """Write what sources do ordinarily."""
        with suppress(sqlite3.OperationalError):  # as above
            kept = self._ears.dump()
            await self._record.write(lambda db: write_rhythms(db, kept))
