"""The only loop: batch in, step each, one commit, acknowledge."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

import structlog
from msgspec.structs import replace

from buzzwatch.app.amending import Amendment, Amendments
from buzzwatch.app.hearing import HeardPayload, Hearing, hear_nothing
from buzzwatch.app.intake import IntakeQueue, Payload
from buzzwatch.app.naming import Opened, join, names_asked
from buzzwatch.app.snapshots import Snapshots
from buzzwatch.app.ticking import ticked_to, ticks_end
from buzzwatch.clock import Clock
from buzzwatch.ingest.scorer import Scorer
from buzzwatch.model.input import (
    NOTHING,
    ClockSet,
    Erased,
    Fault,
    Input,
    Outcome,
    RulesSwapped,
    Tick,
    Trouble,
)
from buzzwatch.model.instant import SECOND, Instant
from buzzwatch.model.receipt import Receipt, Refusal
from buzzwatch.spine import Spine
from buzzwatch.store.batch import Batch, Heard, RefusedPayload, Verdict
from buzzwatch.store.record import Record
from buzzwatch.web.metrics import Metrics

RETRY = 2 * SECOND
"""Between attempts at a commit that fails."""
STUCK = "stuck"
"""Why the intake is held while a commit fails."""

log = structlog.get_logger()


class Drive:
    """Takes what the queue holds, steps the spine, commits, then acknowledges.

    `rebuild` gives the spine as the last commit left it, for when a step fails half-way; it runs on the writer thread.
    """

    def __init__(
        self,
        spine: Spine,
        queue: IntakeQueue,
        hearing: Hearing,
        record: Record,
        clock: Clock,
        metrics: Metrics,
        rebuild: Callable[[sqlite3.Connection], Spine],
    ) -> None:
        self.spine = spine
        self.stuck: str | None = None
        """Why nothing can be committed at present."""
        self.on_commit: Callable[[Batch], None] = lambda _batch: None
        self.on_poison: Callable[[str], None] = lambda _source: None
        self.on_stuck: Callable[[], None] = lambda: None
        """Called at each attempt at a commit that fails."""
        self.reconsider: Callable[[list[Heard], list[Verdict]], Awaitable[list[Heard]]] | None = None
        """Asked for other scores before anything of a batch is stepped; must answer soon, whatever happens."""
        self.queue = queue
        self.hearing = hearing
        self._record = record
        self.clock = clock
        self._metrics = metrics
        self._rebuild = rebuild
        self._seq = 0
        self._snapshots = Snapshots(record, clock, metrics)
        self._stepped: list[Input] = []
        self._amendments = Amendments()

    @property
    def scorer(self) -> Scorer:
        """The one that judges what is heard."""
        return self.hearing.scorer

    async def run(self, seq: int) -> None:
        """Drive until the queue is closed and empty; `seq` numbers the last journalled input."""
        self._seq = seq
        self._snapshots.resume(seq)
        try:
            while not (self.queue.closed and self.queue.empty):
                await self._rest()
                await self._amend()
                await self._turn()
                if self._snapshots.is_due(self._seq):
                    self._begin_snapshot()
        finally:
            self._amendments.close()
        await self._take_snapshot()  # so that the next start is quick

    async def amend(self, amendment: Amendment) -> None:
        """Let something change what is on record, between two turns: the spine is then built anew from it.

        Raises what the amendment raises; DriveEndedError where there is no turn any more.
        """
        done = self._amendments.ask(amendment)
        self.queue.arrival.set()
        await done

    async def _amend(self) -> None:
        """Nothing is heard meanwhile; the snapshot before it makes the rebuilding quick, where there is room for it."""
        while (asked := self._amendments.take()) is not None:
            await self._take_snapshot()
            failed: Exception | None = None
            try:
                await self._record.write(asked.amendment)
            except Exception as error:  # noqa: BLE001 - passed on to who asked
                failed = error
            self.spine = await self._record.write(self._rebuild)  # ends it all where it fails: half a memory is none
            if asked.done.done():  # whoever asked has gone
                continue
            if failed is None:
                asked.done.set_result(None)
            else:
                asked.done.set_exception(failed)

    def _begin_snapshot(self) -> "asyncio.Task[None] | None":
        """Where room is short, pages have better uses for it."""
        return None if self.queue.held else self._snapshots.begin(self._seq, self.spine)

    async def _take_snapshot(self) -> None:
        """One of this very moment, unless room is short."""
        await self._snapshots.finish()
        if (writing := self._begin_snapshot()) is not None:
            await writing

    async def _rest(self) -> None:
        """Until something came in, or a tick is due."""
        arrival = self.queue.arrival
        if not arrival.is_set():
            due = self.spine.memory.next_due
            if due is None:
                await arrival.wait()
            elif due > self.clock.now():
                await _first(arrival.wait(), self.clock.wait_until(due))
        arrival.clear()

    async def _turn(self) -> None:
        told, payloads = self.queue.take()
        batch = Batch(seq=self._seq, now=self.spine.memory.now)
        now = batch.at = self.clock.now()
        if any(isinstance(item, ClockSet) for item, _ in told):
            told.sort(key=lambda each: not isinstance(each.item, ClockSet))  # nothing comes before it
        elif told or payloads:
            now = max(now, self.spine.memory.now + 1)  # an instant that was ticked already takes no more inputs
        else:
            await self._advance(now + 1, batch)
        outcomes = [await self._take(self._stamp(item, now), batch, "") for item, _ in told]
        receipts = await self._hear(payloads, now, batch) if payloads else []
        batch.seq, batch.now = self._seq, ticked_to(self.spine)
        if (
            batch.inputs
            or batch.outcomes
            or batch.heard
            or batch.names
            or batch.refused
            or batch.erased
            or batch.cursors
        ):
            await self._commit(batch)
        self._stepped.clear()
        for (_, promise), outcome in zip(told, outcomes, strict=True):
            if not promise.done():
                promise.set_result(outcome)
        self._answer(batch, payloads, receipts)

    def _stamp(self, item: Input, now: Instant) -> Input:
        return ClockSet(now, self.spine.memory.now) if isinstance(item, ClockSet) else replace(item, seen_at=now)

    async def _hear(self, payloads: list[Payload], now: Instant, batch: Batch) -> list[Receipt]:
        opened = []
        for payload in payloads:
            opened.append(self.hearing.open(payload.body) if payload.body or not payload.cursors else None)
            await asyncio.sleep(0)  # probes, pages and pings get their turn between payloads
        await self._join([part for part in opened if part is not None])
        heard: list[HeardPayload] = []
        for payload, part in zip(payloads, opened, strict=True):
            memory = self.spine.memory
            if part is None:
                heard.append(hear_nothing())
                continue
            heard.append(self.hearing.hear(part, now, memory.tracker, memory.lessons, payload.source))
            await asyncio.sleep(0)
        everything = [item for part in heard for _, items in part.mentions for item in items]
        verdicts = await self._record.sift(everything) if everything else []
        if self.reconsider is not None:
            everything = await self.reconsider(everything, verdicts)
        sifted = zip(everything, verdicts, strict=True)
        receipts = [
            await self._take_payload(payload, part, sifted, now, batch)
            for payload, part in zip(payloads, heard, strict=True)
        ]
        self.hearing.forget_batch()
        for payload, found, receipt in zip(payloads, heard, receipts, strict=True):
            self.queue.on_heard(payload.source, receipt, found.lags)
        return receipts

    async def _join(self, parts: list[Opened]) -> None:
        """Let each post go by one name, whichever sources tell of it; nothing is asked where no post has two."""
        if self._record.has_names or any(part.has_names for part in parts):
            join(parts, await self._record.find_named(*names_asked(parts)))

    async def _take_payload(
        self, payload: Payload, part: HeardPayload, sifted: Iterator[tuple[Heard, Verdict]], now: Instant, batch: Batch
    ) -> Receipt:
        accepted = known = 0
        gone = {mention.id for mention in batch.erased}
        for _, items in part.mentions:
            found = [next(sifted) for _ in items]
            for item, verdict in found:
                if verdict in (Verdict.NEW, Verdict.GONE):
                    await self._take(item.sighting, batch, payload.source)
                if verdict is Verdict.GONE or (verdict is Verdict.NEW and item.mention.id in gone):
                    await self._take_back(item.mention.id, now, batch, payload.source)
            batch.names += [(name, found[0][0].mention.id) for name in found[0][0].names]
            if all(verdict is Verdict.REPEAT for _, verdict in found):
                known += 1
            else:
                accepted += 1
                batch.heard.append(found[0][0])
        for brand in part.struck:
            self._metrics.struck.labels(brand).inc()
        batch.erased += part.erased
        for mention in part.erased:
            await self._take_back(mention.id, now, batch, payload.source)
        batch.cursors |= {(payload.source, name): value for name, value in payload.cursors.items()}
        batch.refused += [RefusedPayload(now, payload.source, r.reason, r.head) for r in part.refused]
        refused = tuple(Refusal(r.position, r.reason) for r in part.refused)
        return Receipt(accepted, known, part.mended, part.ignored, refused, len(part.erased))

    async def _take_back(self, mention: str, now: Instant, batch: Batch, source: str) -> None:
        """Nobody is to answer what its author took back."""
        if self.spine.memory.waits(mention):
            await self._take(Erased(now, mention), batch, source)

    async def _take(self, item: Input, batch: Batch, source: str) -> Outcome:
        """Number, step and keep one input; one that makes the spine fail is marked and passed over."""
        await self._advance(ticks_end(item), batch)
        self._seq += 1
        batch.inputs.append((self._seq, item))
        try:
            outcome = self.spine.step(item)
        except Exception as error:
            log.exception("input_set_aside", seq=self._seq, source=source)
            batch.skipped[self._seq] = f"{type(error).__name__}: {error}"
            await self._restore()
            self._metrics.quarantined.labels(source).inc()
            self.on_poison(source)
            return NOTHING
        if isinstance(item, RulesSwapped):
            self.hearing.follow(item.rules)
        self._stepped.append(item)
        self._keep(item.seen_at, outcome, batch)
        return outcome

    async def _advance(self, until: Instant, batch: Batch) -> None:
        while (due := self.spine.memory.next_due) is not None and due < until:
            tick = Tick(due)
            self._keep(due, self.spine.step(tick), batch)
            self._stepped.append(tick)

    def _keep(self, at: Instant, outcome: Outcome, batch: Batch) -> None:
        told = outcome.changes or outcome.notices or outcome.held or outcome.touched
        if told or outcome.complaints or outcome.shadows:
            batch.outcomes.append((at, outcome))
        for ring in outcome.shadows:
            if ring.opened_at == at:  # it is told of again when it ends, and when the clock is set back
                self._metrics.shadow_rings.labels(ring.subject.brand, ring.rules[0]).inc()
        for fault in outcome.faults:
            self._report(fault)

    def _report(self, fault: Fault) -> None:
        log.error("decision_failed", brand=fault.brand, shadow=fault.shadow, error=fault.error)
        self._metrics.quarantined.labels("").inc()
        if fault.shadow:
            return
        text = f"{fault.brand}: a decision failed and the brand is set aside until the rules are read again"
        self.queue.tell(Trouble(0, f"decision-{fault.brand}", self.clock.now(), text))

    async def _restore(self) -> None:
        """The spine as it was before the step that failed: the last commit, and what was stepped since."""
        self.spine = await self._record.write(self._rebuild)
        for item in self._stepped:
            self.spine.step(item)

    async def _commit(self, batch: Batch) -> None:
        """Commit, however long it takes; nothing is stepped or acknowledged meanwhile."""
        began = self.clock.now()
        while True:
            try:
                with self._metrics.commit_seconds.time():
                    await self._record.commit(batch)
            except sqlite3.Error as error:
                if self.stuck is None:
                    log.error("commit_failed", error=str(error))  # noqa: TRY400 - it says all, and it repeats
                self.stuck = str(error)
                self.queue.hold(STUCK)
                self.on_stuck()
                if self.queue.closed:
                    raise
                await self.clock.wait_until(self.clock.now() + RETRY)
            else:
                break
        if self.stuck is not None:
            text = f"the state could not be written ({self.stuck}); nothing was lost that had been acknowledged"
            self.queue.tell(Trouble(0, "disk", began, text, over=True))
            self.stuck = None
            self.queue.release(STUCK)

    def _answer(self, batch: Batch, payloads: list[Payload], receipts: list[Receipt]) -> None:
        self.queue.move_cursors(batch.cursors)
        for payload, receipt in zip(payloads, receipts, strict=True):
            self._count(payload.source, receipt)
            if not payload.receipt.done():
                payload.receipt.set_result(receipt)
        for _, item in batch.inputs:
            self._metrics.inputs.labels(type(item).__name__.lower()).inc()
        if batch.inputs:
            self._metrics.last_input.set(batch.now / SECOND)
        self.on_commit(batch)

    def _count(self, source: str, receipt: Receipt) -> None:
        counted = {
            "accepted": receipt.accepted,
            "known": receipt.known,
            "mended": receipt.mended,
            "ignored": receipt.ignored,
            "refused": len(receipt.refused),
            "erased": receipt.erased,
        }
        for outcome, number in counted.items():
            if number:
                self._metrics.mentions.labels(source, outcome).inc(number)


async def _first(*waits: Coroutine[Any, Any, object]) -> None:
    """Wait for whichever is first; the others are called off."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
