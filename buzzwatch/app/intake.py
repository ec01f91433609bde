"""The queue between sources and the drive: bounded, so that a slow disk slows the sources and not the memory."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from buzzwatch.clock import Clock
from buzzwatch.model.input import Gap, Input, Outcome
from buzzwatch.model.instant import Instant
from buzzwatch.model.receipt import Receipt
from buzzwatch.web.metrics import Metrics

HIGH_WATER = 16_000_000
"""Bytes waiting above which sources are asked to stop taking."""
LOW_WATER = HIGH_WATER // 4
OVERHEAD = 1_000
"""Bytes that a waiting payload costs besides its own."""
BATCH_BYTES = 1_000_000
"""Of payloads in one commit: large enough to make commits cheap, small enough to answer soon."""


class Payload(NamedTuple):
    """What a source handed over, and the promise of its receipt."""

    source: str
    body: bytes
    receipt: "asyncio.Future[Receipt]"


class Told(NamedTuple):
    """An input that is no mention, and the promise of its outcome."""

    item: Input
    outcome: "asyncio.Future[Outcome]"


class IntakeQueue:
    """Implements `sources.intake.Intake`."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self.on_status: Callable[[str, bool, str], None] = lambda _source, _connected, _why: None
        self.closed = False
        self.arrival = asyncio.Event()
        self._clock = clock
        self._metrics = metrics
        self._payloads: deque[Payload] = deque()
        self._told: deque[Told] = deque()
        self._waiting = 0
        self._held = False
        self._room = asyncio.Event()
        self._room.set()

    @property
    def full(self) -> bool:
        """See `Intake`."""
        return not self._room.is_set()

    async def room(self) -> None:
        """See `Intake`."""
        await self._room.wait()

    def submit(self, source: str, payload: bytes) -> "asyncio.Future[Receipt]":
        """See `Intake`."""
        receipt: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        if self.closed:
            receipt.cancel()
            return receipt
        self._payloads.append(Payload(source, payload, receipt))
        self._count(len(payload) + OVERHEAD)
        self.arrival.set()
        return receipt

    def gap(self, source: str, since: Instant, until: Instant) -> None:
        """See `Intake`."""
        self.tell(Gap(0, source, since, until))

    def status(self, source: str, *, connected: bool, why: str = "") -> None:
        """See `Intake`."""
        self._metrics.source_connected.labels(source).set(connected)
        self.on_status(source, connected, why)

    def tell(self, item: Input) -> "asyncio.Future[Outcome]":
        """Queue an input that is no mention; the drive stamps its `seen_at`. The outcome comes after the commit."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._told.append(Told(item, outcome))
        self.arrival.set()
        return outcome

    def close(self) -> None:
        """Take no more payloads; what is here is still driven."""
        self.closed = True
        self.arrival.set()

    def hold(self) -> None:
        """Let sources stop taking while nothing can be committed."""
        self._held = True
        self._count(0)

    def release(self) -> None:
        """Let them go on."""
        self._held = False
        self._count(0)

    @property
    def empty(self) -> bool:
        """Nothing waits."""
        return not self._payloads and not self._told

    def take(self) -> tuple[list[Told], list[Payload]]:
        """All that was told, and payloads for one commit."""
        told, payloads, size = list(self._told), [], 0
        self._told.clear()
        while self._payloads and size < BATCH_BYTES:
            payloads.append(self._payloads.popleft())
            size += len(payloads[-1].body) + OVERHEAD
        self._count(-size)
        if self._payloads:
            self.arrival.set()
        return told, payloads

    def _count(self, size: int) -> None:
        self._waiting += size
        if self._held or self._waiting > HIGH_WATER:
            self._room.clear()
        elif self._waiting <= LOW_WATER:
            self._room.set()
        self._metrics.intake_waiting.set(len(self._payloads))
