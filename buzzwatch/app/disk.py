"""The disk of the state: how full, how soon full; and nothing is taken in where room is short, while pages leave."""

import asyncio
import sqlite3
from contextlib import suppress
from functools import partial
from math import inf, nan

import structlog

from buzzwatch.app.drive import Drive
from buzzwatch.app.ears.ears import Ears
from buzzwatch.app.intake import IntakeQueue
from buzzwatch.clock import Clock
from buzzwatch.model.input import Trouble
from buzzwatch.model.instant import DAY, SECOND, Instant, Span
from buzzwatch.notify import disk_words
from buzzwatch.notify.disk_words import Filling
from buzzwatch.store import disk
from buzzwatch.store.disk import Room, Sample, Told
from buzzwatch.store.record import Record
from buzzwatch.web.metrics import Metrics

EVERY: Span = 5 * SECOND
MEASURED: Span = 3 * DAY
"""No forecast is told to anybody before it rests on so much."""
BARS = (0.80, 0.90, 0.95)
"""Shares used at which `ops` is told, each once."""
WELL = 0.02
"""By how much a share must fall below its bar."""
SOON, LATER = 14.0, 21.0
"""Days until full below which `ops` is told, and above which that is over."""
FLOOR, FLOOR_PART = 64_000_000, 8
"""Bytes free below which nothing is taken in: on a small disk, that part of it."""
RESERVE, RESERVE_PART = 32_000_000, 16
"""Bytes held for pages and answers where nothing is free, likewise."""
RESUMED = 1.25
"""How many times the floor must be free again."""
SHORT = "disk"
"""Why the intake is held."""
USED, FILLS, HELD = "disk-used", "disk-fills", "disk-intake"
"""What the troubles are called."""
_HOURS = 24

log = structlog.get_logger()


class Disk:
    """Looks every five seconds; `look` once before anything is heard."""

    def __init__(self, drive: Drive, ears: Ears, record: Record, clock: Clock, metrics: Metrics) -> None:
        self._queue: IntakeQueue = drive.queue
        self._drive = drive
        self._ears = ears
        self._record = record
        self._clock = clock
        self._metrics = metrics
        since = clock.now() - disk.LOOKED_BACK
        self._samples = record.write_now(partial(disk.read_samples, since=since))
        self._told = record.write_now(disk.read_told)
        self._held_since: Instant | None = None
        self._room = Room(0, 1, {})
        self._growth: tuple[float | None, float | None] = (None, None)
        self._reckon()
        drive.on_stuck = self.give_up_reserve

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._clock.wait_until(self._clock.now() + EVERY)
            try:
                await self.look()
            except OSError as error:
                log.warning("disk_not_measured", error=str(error))

    async def look(self) -> None:
        """Measure, show, hold or release the intake, and tell `ops` what they have to know. OSError: it cannot."""
        self._room = room = await asyncio.to_thread(disk.measure, self._record.directory)
        now = self._clock.now()
        if not self._samples or not 0 <= now - self._samples[-1].at < disk.SAMPLED:
            await self._sample(Sample(now, room.used, room.ours))
        self._gauge()
        self._guard(now)
        await self._keep_reserve()
        for trouble in await self._judge(now):
            log.warning("disk_ailed" if not trouble.over else "disk_recovered", trouble=trouble.key, why=trouble.text)
            self._queue.tell(trouble)

    @property
    def filling(self) -> Filling:
        """As it was measured last."""
        return Filling(self._room.share, self._room.free, self._growth[0])

    @property
    def floor(self) -> int:
        """Bytes that are kept for what must be written: at least what an hour brings."""
        ours = self._growth[1] or 0.0
        return max(min(FLOOR, self._room.size // FLOOR_PART), int(ours / _HOURS))

    def ails(self) -> tuple[str, ...]:
        """One sentence while nothing is taken in."""
        return () if self._held_since is None else (disk_words.told("held", self.filling, "en"),)

    def give_up_reserve(self) -> None:
        """Nothing could be written: let it have what was held for that."""
        if disk.give_up_reserve(self._record.directory):
            log.warning("reserve_given_up")

    async def _sample(self, sample: Sample) -> None:
        since = sample.at - disk.LOOKED_BACK
        self._samples = [*(each for each in self._samples if since <= each.at < sample.at), sample]
        self._reckon()
        with suppress(sqlite3.OperationalError):  # it may be full
            await self._record.write(partial(disk.write_sample, sample=sample))

    def _reckon(self) -> None:
        used, ours = ([(each.at, each[place]) for each in self._samples] for place in (1, 2))
        self._growth = disk.trend(used), disk.trend(ours)

    def _gauge(self) -> None:
        metrics, room, filling = self._metrics, self._room, self.filling
        metrics.disk_free.set(room.free)
        metrics.disk_used.set(room.share)
        for part, size in room.parts.items():
            metrics.state_bytes.labels(part).set(size)
        unknown = filling.growth is None
        metrics.disk_growth.set(nan if filling.growth is None else filling.growth)
        metrics.state_growth.set(nan if self._growth[1] is None else self._growth[1])
        metrics.disk_days.set(nan if unknown else inf if filling.days is None else filling.days)
        metrics.intake_held.set(self._held_since is not None)

    def _guard(self, now: Instant) -> None:
        """Take nothing in where it is short, and again once there is room."""
        free = self._room.free
        if self._held_since is None and free < self.floor:
            self._held_since = now
            log.error("intake_held", free=free, floor=self.floor)
            self._queue.hold(SHORT)
            self._ears.hold(held=True)
        elif self._held_since is not None and free >= self.floor * RESUMED:
            self._held_since = None
            log.info("intake_released", free=free)
            self._queue.release(SHORT)
            self._ears.hold(held=False)

    async def _keep_reserve(self) -> None:
        size = min(RESERVE, self._room.size // RESERVE_PART)
        if self._held_since is not None or self._drive.stuck is not None or disk.has_reserve(self._record.directory):
            return
        if self._room.free - size >= self.floor * RESUMED:
            with suppress(OSError):  # then there is none
                await asyncio.to_thread(disk.take_reserve, self._record.directory, size)

    async def _judge(self, now: Instant) -> list[Trouble]:
        found: list[Trouble] = []
        days, lasted = self.filling.days, self._samples[-1].at - self._samples[0].at
        soon = days is not None and lasted >= MEASURED and days < (LATER if FILLS in self._told else SOON)
        for key, level, kind, well in (
            (USED, self._level(), "used", "well"),
            (FILLS, int(soon), "fills", "slower"),
            (HELD, int(self._held_since is not None), "held", "taken"),
        ):
            known = self._told.get(key)
            if level == (known.level if known else 0):
                continue
            told = None if level == 0 else Told(level, known.since if known else now, known.times if known else 0)
            if told is not None and (known is None or level > known.level):
                told = told._replace(times=told.times + 1)
                found.append(self._trouble(key, told, kind))
            elif told is None and known is not None:
                found.append(self._trouble(key, known, well, over=True))
            await self._remember(key, told)
        return found

    def _level(self) -> int:
        """How many bars are passed; one that is told already, until the share is well below it."""
        told = self._told.get(USED)
        level = told.level if told else 0
        return sum(self._room.share >= bar - (WELL if place < level else 0.0) for place, bar in enumerate(BARS))

    def _trouble(self, key: str, told: Told, kind: str, *, over: bool = False) -> Trouble:
        said = {language: self._say(kind, told, language) for language in disk_words.WORDS}
        return Trouble(0, key, told.since, said["en"], over=over, said=said, again=told.times - 1)

    def _say(self, kind: str, told: Told, language: str) -> str:
        if kind == "taken":
            return disk_words.taken(self._clock.now() - told.since, language)
        return disk_words.told(kind, self.filling, language)

    async def _remember(self, key: str, told: Told | None) -> None:
        if told is None:
            self._told.pop(key, None)
        else:
            self._told[key] = told
        with suppress(sqlite3.OperationalError):  # it may be full: then it is told again after a restart
            await self._record.write(partial(disk.write_told, key=key, told=told))
