"""The queue between sources and the drive: bounded, so that a slow disk slows the sources and not the memory."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from buzzwatch.clock import Clock
from buzzwatch.model.ear import Ail
from buzzwatch.model.input import Gap, Input, Outcome
from buzzwatch.model.instant import Instant, Span
from buzzwatch.model.receipt import Receipt
from buzzwatch.sources.intake import Wanted
from buzzwatch.web.metrics import Metrics

HIGH_WATER = 16_000_000
"""Bytes waiting above which sources are asked to stop taking."""
LOW_WATER = HIGH_WATER // 4
OVERHEAD = 1_000
"""Bytes that a waiting payload costs besides its own."""
BATCH_BYTES = 1_000_000
"""Of payloads in one commit: large enough to make commits cheap, small enough to answer soon."""


class Payload(NamedTuple):
    """What a source handed over, how far it had come with it, and the promise of its receipt."""

    source: str
    body: bytes
    cursors: Mapping[str, str]
    receipt: "asyncio.Future[Receipt]"


class Told(NamedTuple):
    """An input that is no mention, and the promise of its outcome."""

    item: Input
    outcome: "asyncio.Future[Outcome]"


class IntakeQueue:
    """Implements `sources.intake.Intake`; `cursors` are those of the last commit, by source."""

    wanted: Wanted

    def __init__(self, clock: Clock, metrics: Metrics, cursors: dict[str, dict[str, str]] | None = None) -> None:
        self.on_status: Callable[[str, bool, str, Ail | None], None] = lambda _source, _connected, _why, _ail: None
        self.on_heard: Callable[[str, Receipt, Sequence[Span]], None] = lambda _source, _receipt, _lags: None
        self.on_passed: Callable[[str, int, int], None] = lambda _source, _events, _deletes: None
        self.on_gap: Callable[[str, Instant, Instant], object] = lambda *gap: self.tell(Gap(0, *gap))
        self.closed = False
        self.arrival = asyncio.Event()
        self._clock = clock
        self._metrics = metrics
        self._cursors = cursors if cursors is not None else {}
        self._moved_at: dict[str, Instant] = {}
        self._payloads: deque[Payload] = deque()
        self._told: deque[Told] = deque()
        self._waiting = 0
        self._holds: set[str] = set()
        self._before = 0  # payloads that were here before it was held
        self._room = asyncio.Event()
        self._room.set()

    @property
    def full(self) -> bool:
        """See `Intake`."""
        return not self._room.is_set()

    async def room(self) -> None:
        """See `Intake`."""
        await self._room.wait()

    def cursors(self, source: str) -> Mapping[str, str]:
        """See `Intake`."""
        return dict(self._cursors.get(source, {}))

    def move_cursors(self, moved: Mapping[tuple[str, str], str]) -> None:
        """They are committed."""
        for (source, name), value in moved.items():
            self._moved_at[source] = self._clock.now()
            known = self._cursors.setdefault(source, {})
            known[name] = value
            if not value:
                del known[name]

    def cursor_age(self, source: str) -> Span | None:
        """How long ago a cursor of it was committed in this run; None: none was."""
        moved_at = self._moved_at.get(source)
        return None if moved_at is None else self._clock.now() - moved_at

    def submit(
        self, source: str, payload: bytes, cursors: Mapping[str, str] | None = None
    ) -> "asyncio.Future[Receipt]":
        """See `Intake`."""
        receipt: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        if self.closed:
            receipt.cancel()
            return receipt
        self._payloads.append(Payload(source, payload, cursors or {}, receipt))
        self._count(len(payload) + OVERHEAD)
        self.arrival.set()
        return receipt

    def gap(self, source: str, since: Instant, until: Instant) -> None:
        """See `Intake`."""
        self.on_gap(source, since, until)

    def passed(self, source: str, events: int, *, deletes: int = 0) -> None:
        """See `Intake`."""
        self._metrics.passed.labels(source).inc(events)
        self.on_passed(source, events, deletes)

    def status(self, source: str, *, connected: bool, why: str = "", ail: Ail | None = None) -> None:
        """See `Intake`."""
        self._metrics.source_connected.labels(source).set(connected)
        self.on_status(source, connected, why, ail)

    def tell(self, item: Input) -> "asyncio.Future[Outcome]":
        """Queue an input that is no mention; the drive stamps its `seen_at`. The outcome comes after the commit."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._told.append(Told(item, outcome))
        self.arrival.set()
        return outcome

    def close(self) -> None:
        """Take no more payloads; what is here is still driven, but for what came while it was held."""
        self.closed = True
        while len(self._payloads) > self._takeable:
            self._payloads.pop().receipt.cancel()
        self.arrival.set()

    def hold(self, reason: str) -> None:
        """Let sources stop taking for a reason: nothing can be committed, or the disk is short of room.

        What a source brings all the same waits, and is not acknowledged.
        """
        if not self._holds:
            self._before = len(self._payloads)
        self._holds.add(reason)
        self._count(0)

    def release(self, reason: str) -> None:
        """That reason holds no more: they go on once none does."""
        self._holds.discard(reason)
        self._count(0)
        self.arrival.set()

    @property
    def held(self) -> bool:
        """Sources are let wait, whatever for."""
        return bool(self._holds)

    @property
    def empty(self) -> bool:
        """Nothing waits."""
        return not self._payloads and not self._told

    def take(self) -> tuple[list[Told], list[Payload]]:
        """All that was told, and payloads for one commit."""
        told, payloads, size = list(self._told), [], 0
        self._told.clear()
        while self._takeable and size < BATCH_BYTES:
            payloads.append(self._payloads.popleft())
            self._before = max(0, self._before - 1)
            size += len(payloads[-1].body) + OVERHEAD
        self._count(-size)
        if self._takeable:
            self.arrival.set()
        return told, payloads

    @property
    def _takeable(self) -> int:
        """How many payloads may be driven at present."""
        return self._before if self._holds else len(self._payloads)

    def _count(self, size: int) -> None:
        self._waiting += size
        if self._holds or self._waiting > HIGH_WATER:
            self._room.clear()
        elif self._waiting <= LOW_WATER:
            self._room.set()
        self._metrics.intake_waiting.set(len(self._payloads))
