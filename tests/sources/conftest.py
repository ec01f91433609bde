"""A daemon's side of the contract with sources, small enough to be seen through."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping

import msgspec
import pytest

from buzzwatch.clock import Clock
from buzzwatch.model.brand import Brand
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import Instant, Span
from buzzwatch.model.mention import Mention
from buzzwatch.model.receipt import Receipt
from buzzwatch.sources.intake import Source

PATIENCE = 30


class WantedHere:
    """What a test says that concerns us."""

    def __init__(self) -> None:
        self.digest = "first"
        self.brands: dict[str, Brand] = {}
        self.known: set[str] = set()

    def knows(self, mention: str) -> bool:
        return mention in self.known


_MENTIONS = msgspec.json.Decoder(list[Mention])


class MemoryIntake:
    """Keeps what it is given; receipts come when the test says so, or at once where `at_once` is set."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []
        self.receipts: list[asyncio.Future[Receipt]] = []
        self.gaps: list[tuple[str, Instant, Instant]] = []
        self.statuses: list[tuple[bool, str]] = []
        self.ails: list[Ail | None] = []
        self.wanted = WantedHere()
        self.moved: dict[str, str] = {}
        self.dropped = 0
        self.at_once: Receipt | None = Receipt(accepted=1)
        self.high_water = 10**9
        self.low_water = 0
        self.deepest = 0
        self._changed = asyncio.Event()

    @property
    def waiting(self) -> int:
        return sum(not receipt.done() for receipt in self.receipts)

    @property
    def full(self) -> bool:
        return self.waiting >= self.high_water

    @property
    def mentions(self) -> list[Mention]:
        """Of all payloads, as the adapter made them."""
        return [each for payload in self.payloads if payload for each in _MENTIONS.decode(payload)]

    @property
    def ids(self) -> list[str]:
        return [mention.id for mention in self.mentions]

    async def room(self) -> None:
        await self.until(lambda: self.waiting <= self.low_water)

    def cursors(self, source: str) -> Mapping[str, str]:
        return dict(self.moved)

    def passed(self, source: str, events: int, *, deletes: int = 0) -> None:
        self.dropped += events
        self._changed.set()

    def submit(self, source: str, payload: bytes, cursors: Mapping[str, str] | None = None) -> asyncio.Future[Receipt]:
        receipt = asyncio.get_running_loop().create_future()
        receipt.add_done_callback(lambda done: done.cancelled() or self.moved.update(cursors or {}))
        if self.at_once is not None:
            receipt.set_result(self.at_once)
        self.payloads.append(payload)
        self.receipts.append(receipt)
        self.deepest = max(self.deepest, self.waiting)
        self._changed.set()
        return receipt

    def gap(self, source: str, since: Instant, until: Instant) -> None:
        self.gaps.append((source, since, until))
        self._changed.set()

    def status(self, source: str, *, connected: bool, why: str = "", ail: Ail | None = None) -> None:
        self.statuses.append((connected, why))
        self.ails.append(ail)
        self._changed.set()

    def complete(self, count: int | None = None) -> None:
        """Give receipts for so many waiting payloads, the oldest first; None: for all."""
        for receipt in [receipt for receipt in self.receipts if not receipt.done()][:count]:
            receipt.set_result(Receipt(accepted=1))
        self._changed.set()

    async def until(self, fact: Callable[[], bool]) -> None:
        """Return once it is so; it may become so whenever something is reported or completed."""
        async with asyncio.timeout(PATIENCE):
            while not fact():
                self._changed.clear()
                await self._changed.wait()

    async def until_connected(self, *, times: int = 1) -> None:
        await self.until(lambda: sum(connected for connected, _ in self.statuses) >= times)

    async def until_deaf(self, *, times: int = 1) -> str:
        """Return the reason of that one of the failures."""
        await self.until(lambda: sum(not connected for connected, _ in self.statuses) >= times)
        return [why for connected, why in self.statuses if not connected][times - 1]


class HastyClock:
    """The wall clock, except that every wait is over at once: for tests with a real network."""

    def __init__(self) -> None:
        self.waits: list[int] = []

    def now(self) -> Instant:
        return time.time_ns() // 1_000_000

    def elapsed(self) -> Span:
        return time.monotonic_ns() // 1_000_000

    async def wait_until(self, instant: Instant) -> None:
        self.waits.append(instant - self.now())
        await asyncio.sleep(0)


@pytest.fixture
async def intake() -> MemoryIntake:
    return MemoryIntake()


@pytest.fixture
def hasty_clock() -> HastyClock:
    return HastyClock()


@pytest.fixture
async def start(intake: MemoryIntake) -> AsyncIterator[Callable[[Source, Clock], "asyncio.Task[None]"]]:
    """Run sources into `intake` beside the test; cancelled at its end, and what they raised fails the test."""
    tasks: list[asyncio.Task[None]] = []

    def start_one(source: Source, clock: Clock) -> "asyncio.Task[None]":
        tasks.append(asyncio.create_task(source.run(intake, clock)))
        return tasks[-1]

    yield start_one
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends
