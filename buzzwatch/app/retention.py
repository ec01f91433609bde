"""Lets go what is older than it is to be kept: texts, then mentions, then incidents. Counts by hour stay for ever."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import structlog

from buzzwatch.clock import Clock
from buzzwatch.model.input import Trouble
from buzzwatch.model.instant import DAY, HOUR, SECOND, Instant, Span
from buzzwatch.notify import disk_words
from buzzwatch.store import keeping
from buzzwatch.store.keeping import Anchor
from buzzwatch.store.record import Record
from buzzwatch.store.snapshot import forget_snapshot, list_snapshots, read_instant
from buzzwatch.store.texts import AT_ONCE, let_go, read_roads, wash
from buzzwatch.web.metrics import Metrics

EVERY: Span = HOUR
PAUSE: Span = SECOND // 5
"""Between two commits, so that what is heard is written meanwhile."""
ASIDE = 6
"""Snapshots that are put aside in the time that mentions are kept: their rows may stay a sixth of it longer."""

log = structlog.get_logger()


class Lasting(NamedTuple):
    """How long mentions and incidents are kept, None: for ever. `chosen`: somebody has written it."""

    mentions: Span | None = None
    incidents: Span | None = None
    chosen: bool = True


class Retention:
    """Looks once an hour; `keep` says by source for how long texts are kept, None: as long as mentions are.

    Texts of sources that are no longer configured, and those heard before it was kept which source brought them, go
    with the longest span, if every source has one. What nobody chose to erase stays for a week after an upgrade.
    """

    def __init__(
        self,
        keep: Mapping[str, Span | None],
        record: Record,
        clock: Clock,
        metrics: Metrics,
        lasting: Lasting = Lasting(),  # noqa: B008 - frozen
    ) -> None:
        self.waits: Callable[[], bool] = lambda: False
        """Whether room is short, which deleting needs too."""
        self.tell: Callable[[Trouble], object] = lambda _: None
        self._keep = keep
        self._record = record
        self._clock = clock
        self._metrics = metrics
        self._lasting = lasting
        self._announced = False

    async def run(self) -> None:
        """Look once an hour until cancelled. A full disk, say, only puts it off."""
        while True:
            try:
                if not self.waits():
                    await self.look()
            except (sqlite3.Error, OSError) as error:
                log.warning("not_let_go", error=str(error))
            await self._clock.wait_until(self._clock.now() + EVERY)

    async def look(self) -> None:
        """Let go what is due, some hundred rows a commit; where it is cut off, the next look goes on."""
        now = self._clock.now()
        lasting = self._lasting
        if not await self._record.write(partial(keeping.may_erase, now=now)):
            log.warning("erasing_put_off")
            return
        if not lasting.chosen and now < (begins := await self._record.write(keeping.erases_from)):
            self._announce(begins)
            lasting = Lasting()
        for road, before in self._due(await self._record.write(read_roads), now, lasting.mentions):
            write = partial(let_go, road=road, before=before)
            await self._in_steps(write, AT_ONCE, self._metrics.let_go.labels(road).inc)
        if lasting.mentions is not None:
            await self._put_aside(now, max(DAY, lasting.mentions // ASIDE))
            await self._let_mentions_go(now, lasting.mentions)
        if lasting.incidents is not None:
            await self._let_incidents_go(now - lasting.incidents)
        await self._record.write(partial(wash, now=self._clock.now()))

    def _due(self, roads: list[str], now: Instant, longest: Span | None) -> Iterator[tuple[str, Instant]]:
        spans = [span for span in self._keep.values() if span is not None]
        others = max(spans) if spans and len(spans) == len(self._keep) else None
        for road in roads:
            span = self._keep.get(road, others)
            if span is not None or longest is not None:
                yield road, now - min(each for each in (span, longest) if each is not None)

    def _announce(self, begins: Instant) -> None:
        """Say once what will be erased that nobody chose to erase: the same trouble is told one time only."""
        mentions, incidents = self._lasting[:2]
        if not self._announced and mentions is not None and incidents is not None:
            self._announced = True
            said = {each: disk_words.erases(begins, mentions, incidents, each) for each in disk_words.WORDS}
            self.tell(Trouble(0, "keep", begins, said["en"], said=said))

    async def _put_aside(self, now: Instant, every: Span) -> None:
        """Keep the newest snapshot beyond its time, where the last one kept is old enough."""
        anchors = await self._record.write(keeping.read_anchors)
        if anchors and 0 <= now - anchors[0].at < every:  # one of the future is of a clock that was set back since
            return
        newest = await asyncio.to_thread(self._newest)
        if newest is not None and (not anchors or not 0 <= newest.at - anchors[0].at < every):
            self._record.spared.add(newest.seq)
            await self._record.write(partial(keeping.put_aside, anchor=newest))

    def _newest(self) -> Anchor | None:
        directory = self._record.directory
        dated = ((seq, read_instant(directory, seq)) for seq in list_snapshots(directory))
        return next((Anchor(seq, at) for seq, at in dated if at is not None), None)

    async def _let_mentions_go(self, now: Instant, keep: Span) -> None:
        head = await self._record.write(keeping.read_head)
        for anchor in await self._record.write(keeping.read_anchors):
            if anchor.seq <= head.seq or anchor.at > now - keep:
                continue
            if await asyncio.to_thread(read_instant, self._record.directory, anchor.seq) is not None:
                await self._record.write(partial(keeping.move_head, anchor=anchor))
                head = anchor
                log.info("journal_let_go", until_seq=head.seq)
                break
            log.warning("snapshot_lost", seq=anchor.seq)
            await self._drop(anchor.seq)
        after = 0

        def some(db: sqlite3.Connection) -> int:
            nonlocal after
            looked, after = keeping.let_mentions_go(db, after, now, keep)
            return looked

        await self._in_steps(some, keeping.AT_ONCE, self._metrics.rows_let_go.labels("mentions").inc)
        await self._in_steps(keeping.let_names_go, keeping.NAMES_AT_ONCE)
        for anchor in await self._record.write(keeping.read_anchors):
            if anchor.seq < head.seq:
                await self._drop(anchor.seq)

    async def _drop(self, seq: int) -> None:
        await self._record.write(partial(keeping.drop_anchor, seq=seq))
        self._record.spared.discard(seq)
        await asyncio.to_thread(forget_snapshot, self._record.directory, seq)

    async def _let_incidents_go(self, before: Instant) -> None:
        count = self._metrics.rows_let_go.labels
        incidents = partial(keeping.let_incidents_go, before=before)
        await self._in_steps(incidents, keeping.INCIDENTS_AT_ONCE, count("incidents").inc)
        await self._in_steps(partial(keeping.let_old_go, before=before), keeping.AT_ONCE)
        await self._in_steps(partial(keeping.let_rows_go, before=before), keeping.AT_ONCE)

    async def _in_steps(
        self, some: Callable[[sqlite3.Connection], int], most: int, count: Callable[[float], None] = lambda _: None
    ) -> None:
        """One commit after the other, with pauses, until one finds less than it may take."""
        number = most
        while number == most:
            number = await self._record.write(some)
            count(number)
            if number == most:
                await self._clock.wait_until(self._clock.now() + PAUSE)
