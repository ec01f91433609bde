"""A daemon's ears in a world that misbehaves: what every adapter goes through, and what it is held to.

A new adapter enters with a class like those of `ears.py`; everything else here knows no adapter.
"""

import asyncio
import inspect
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar, Protocol

from line import Line
from stage import MONDAY, House, rules

from buzzwatch.app.ears.ears import Ears
from buzzwatch.app.intake import HIGH_WATER
from buzzwatch.clock import VirtualClock
from buzzwatch.model.ear import Ail
from buzzwatch.model.input import RulesSwapped
from buzzwatch.model.instant import HOUR, MINUTE, Instant, Span
from buzzwatch.sources.intake import Source
from buzzwatch.store.batch import Batch
from buzzwatch.store.record import Record

NOON = MONDAY + 12 * HOUR
NAME = "ear"
PATIENCE_S = 15
LULL_S = 0.005
"""Without news for so long, time moves on."""
A_FEW_MORE = 16
"""Payloads that may still come once the intake is full: those that were on their way."""


class Ear(Protocol):
    """An adapter and the stand-in that it hears, as the harness needs them; what it cannot do it leaves out.

    The stand-in keeps its port, and what it knows, when it is stopped and started again.
    """

    kind: ClassVar[str]
    secrets: ClassVar[tuple[str, ...]]
    connects: ClassVar[bool]
    """The adapter calls the other side; otherwise others call it, and send again what was not taken."""
    lacks: ClassVar[frozenset[str]]
    """Faults that this wire does not know."""
    pace: ClassVar[Span]
    """How far time moves in a lull while all is well: less than any silence that the adapter takes for a loss."""

    @property
    def port(self) -> int:
        """Where the line leads to."""

    async def start(self) -> None:
        """Serve, or begin to send."""

    async def stop(self) -> None:
        """Be gone."""

    def source(self, name: str, line: int) -> Source:
        """A new adapter, which hears through the line at that port."""

    async def say(self, numbers: Iterable[int], at: Instant, posted: Instant) -> None:
        """Now there are posts "acme …" with those numbers, which bear the date of their author's clock."""

    def id_of(self, number: int) -> str:
        """The id of a mention."""


class HeldRecord(Record):
    """A record whose commits can be made to hang, before they are written or before anybody knows that they are."""

    hangs: str = ""
    hung = False

    async def commit(self, batch: Batch) -> None:
        """See `Record`."""
        if self.hangs == "before" and batch.heard:
            await self._hang()
        await super().commit(batch)
        if self.hangs == "after" and batch.heard:
            await self._hang()

    async def _hang(self) -> None:
        self.hung = True
        await asyncio.get_running_loop().create_future()


class World:
    """One ear, its line, and a daemon's drive on a real record; it can be killed and comes back."""

    def __init__(self, folder: Path, ear: Any) -> None:
        self.ear = ear
        self.line = Line(lambda: ear.port, ear_connects=ear.connects)
        self.clock = VirtualClock(NOON)
        self.said: dict[int, Instant] = {}
        self.statuses: list[tuple[bool, str, Ail | None]] = []
        self.deepest = 0
        self.beyond = 0
        """Payloads that were submitted while the intake was full."""
        self.hurries = False
        self._folder = folder
        self._news = asyncio.Event()
        self._skipped = 0.0
        self._hearing: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        self._loop_time = loop.time
        loop.time = lambda: self._loop_time() + self._skipped  # type: ignore[method-assign]

    async def begin(self) -> None:
        """The first start of all."""
        await self.line.start()
        if hasattr(self.ear, "go_by"):
            self.ear.go_by(self.clock)
        await self.ear.start()
        if not self.ear.connects:
            self.ear.call(self.line.port, self.clock)
        self.live()
        await self.house.tell(RulesSwapped(0, rules()))
        await self.until_hears()
        if hasattr(self.ear, "is_ready"):
            await self.until(self.ear.is_ready)

    def live(self) -> None:
        """Start the daemon."""
        self.house = House(self._folder, self.clock, HeldRecord)
        self.house.open()
        self.house.drive.on_commit = self._notice
        self.source = self.ear.source(NAME, self.line.port)
        ears = Ears({NAME: self.source}, self.house.queue, self.clock)
        self._watch(self.house.queue)
        self._hearing = asyncio.create_task(ears.listen())

    async def kill(self) -> None:
        """End the daemon as a power cut does: nobody is told, nothing more is committed or acknowledged."""
        assert self._hearing is not None
        await self.line.hang_up()
        await self.house.kill()
        self._hearing.cancel()
        deadline = time.monotonic() + PATIENCE_S
        while not self._hearing.done():
            assert time.monotonic() < deadline, f"{self.ear.kind} does not end"
            await asyncio.wait([self._hearing], timeout=LULL_S)
            self._skipped += 1
        assert self._hearing.cancelled()

    async def end(self) -> None:
        """Leave nothing behind."""
        await self.kill()
        await self.ear.stop()
        await self.line.stop()

    def _watch(self, queue: Any) -> None:
        submit, note = queue.submit, queue.on_status

        def submitted(source: str, payload: bytes, cursors: Any = None) -> Any:
            self.beyond += queue.full and bool(payload)
            receipt = submit(source, payload, cursors)
            self.deepest = max(self.deepest, queue._waiting)
            self._news.set()
            return receipt

        def noted(source: str, connected: bool, why: str, ail: Ail | None) -> None:  # noqa: FBT001 - as it is called
            self.statuses.append((connected, why, ail))
            note(source, connected, why, ail)
            self._news.set()

        queue.submit, queue.on_status = submitted, noted

    def _notice(self, batch: Batch) -> None:
        self.house._keep(batch)
        self._news.set()

    # What happens

    async def say(self, count: int, *, ago: Span = 0, lost: bool = False) -> None:
        """So many more posts; `lost`: nobody can be expected to hear of them."""
        at = self.clock.now() - ago
        numbers = range(len(self.said), len(self.said) + count)
        self.said |= dict.fromkeys(numbers, -1 if lost else at)
        await self.ear.say(numbers, self.clock.now(), at)

    async def until(self, fact: Callable[[], object]) -> None:
        """Return once it is so; time moves on whenever nothing happens."""
        deadline = time.monotonic() + PATIENCE_S
        while not fact():
            assert time.monotonic() < deadline, self._story()
            self._news.clear()
            try:
                async with asyncio.timeout(LULL_S):
                    await self._news.wait()
            except TimeoutError:
                await self._pass_time()

    async def wait(self, span: Span) -> None:
        """Let time pass, whatever happens."""
        until = self.clock.now() + span
        while self.clock.now() < until:
            await asyncio.sleep(LULL_S)
            await self._pass_time()

    async def _pass_time(self) -> None:
        if hasattr(self.ear, "chatter"):
            self.ear.chatter(self.clock.now())
        pace = self.ear.pace if self.statuses and self.statuses[-1][0] and not self.hurries else MINUTE
        if self.hurries:
            self._skipped += 5
        await self.clock.advance(pace)

    async def until_hears(self, since: int = 0) -> None:
        """Return once it says that it hears; `since`: so many statuses have been seen."""
        await self.until(lambda: len(self.statuses) > since and self.statuses[-1][0])

    async def until_deaf(self, since: int, ail: Ail | None = None) -> None:
        """Return once it has said that it does not hear, and why."""
        await self.until(
            lambda: any(not hears and (ail is None or ails is ail) for hears, _, ails in self.statuses[since:])
        )

    async def until_heard(self) -> None:
        """Return once all that can be heard is on record."""
        expected = set(self.expected())
        await self.until(lambda: expected <= set(self.journalled()))

    # What is so

    def expected(self) -> list[str]:
        """The ids of what must be on record."""
        return [self.ear.id_of(number) for number, at in self.said.items() if at != -1]

    def journalled(self) -> list[str]:
        """The ids on record, as often as they were counted."""
        return [name for (name,) in self.house.rows("SELECT mention FROM journal WHERE kind = 'sighting'")]

    def gaps(self) -> list[tuple[Instant, Instant]]:
        """The times on record in which this ear was deaf."""
        found = self.house.rows(
            "SELECT body ->> 'since', body ->> 'until' FROM (SELECT kind, CAST(body AS TEXT) AS body FROM journal) "
            f"WHERE kind = 'gap' AND body ->> 'source' = '{NAME}'"
        )
        return [(since, until) for since, until in found if until < 2**60]

    def covered(self, at: Instant) -> bool:
        """Whether a gap on record holds that instant."""
        return any(since <= at <= until for since, until in self.gaps())

    def lost_something(self) -> bool:
        """Whether it ever said that something was lost for good."""
        return any(ail is Ail.GAP for _, _, ail in self.statuses)

    def assert_sound(self, log: str) -> None:
        """What holds after every fault."""
        heard = self.journalled()
        assert len(heard) == len(set(heard))
        spared = {self.ear.id_of(number) for number, at in self.said.items() if at == -1}
        assert set(heard) - spared == set(self.expected())
        assert self.house.rows("SELECT count(*) FROM journal WHERE skipped IS NOT NULL") == [(0,)]
        assert self.statuses[-1][0], self._story()
        assert self.deepest <= HIGH_WATER + 8_000_000
        assert self.beyond <= A_FEW_MORE
        told = [*(why for _, why, _ in self.statuses), repr(self.source), log]
        assert not [text for text in told for secret in self.ear.secrets if secret in text]

    def _story(self) -> str:
        missing = sorted(set(self.expected()) - set(self.journalled()))
        return f"{self.ear.kind}: {len(missing)} missing, such as {missing[:3]}; states: {self.statuses[-8:]}"


async def call(fault: Callable[..., Any], *details: Any) -> None:
    """Do what a wire can do to us, whether that takes time or not."""
    done = fault(*details)
    if inspect.isawaitable(done):
        await done
