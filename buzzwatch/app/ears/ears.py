"""The sources of a running daemon: started, watched, paused when what they bring is poison."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import structlog

from buzzwatch.app.ears.ear import Ear
from buzzwatch.app.intake import IntakeQueue
from buzzwatch.clock import Clock
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.ear import Ail
from buzzwatch.model.input import Gap, Trouble
from buzzwatch.model.instant import MINUTE, SECOND, Instant, Span, moment_of
from buzzwatch.model.notification import Deaf
from buzzwatch.model.receipt import Receipt
from buzzwatch.notify.digest_words import Unseen
from buzzwatch.notify.ear_words import WORDS
from buzzwatch.sources.intake import Source
from buzzwatch.web.metrics import Metrics

POISON, POISON_SPAN = 3, 10 * MINUTE
"""So many inputs that make a step fail, within such a time, pause the source that brought them."""
UNHEARD_AFTER: Span = 30 * SECOND
"""How long a source may be away before messages say so."""
RESTART: Span = 30 * SECOND

WELL = "well"
"""The state of a source that nothing ails."""

log = structlog.get_logger()


class _Run:
    """One source at work, and when it brought what made a step fail."""

    def __init__(self) -> None:
        self.poisoned: deque[Instant] = deque(maxlen=POISON)
        self.task: asyncio.Task[None] | None = None


class Ears:
    """Runs the configured sources for as long as `listen` does, and knows how each stands.

    `zone` gives that of the hours that sources keep; `kept` is what `dump` gave in an earlier run.
    """

    def __init__(
        self,
        sources: dict[str, Source],
        queue: IntakeQueue,
        clock: Clock,
        zone: Callable[[], tzinfo] = lambda: UTC,
        kept: Mapping[str, bytes] = {},
    ) -> None:
        self._sources = sources
        self.kinds: Mapping[str, str] = {}
        """Of the sources, by name, as the configuration has it."""
        self._queue = queue
        self._clock = clock
        self._zone = zone
        self._runs = {name: _Run() for name in sources}
        self._ears = {name: Ear(name, clock.now(), zone()) for name in sources}
        for name in self._ears.keys() & kept.keys():
            self._adopt(self._ears[name], kept[name])
        queue.on_status = self._note
        queue.on_passed = self._pass
        queue.on_heard = self._hear
        queue.on_gap = self._lose

    def _adopt(self, ear: Ear, kept: bytes) -> None:
        """What does not fit is learnt again."""
        try:
            ear.adopt(msgspec.json.decode(kept), self._clock.now())
        except (KeyError, ValueError, TypeError, msgspec.DecodeError) as error:
            log.warning("rhythm_not_adopted", source=ear.name, error=str(error))

    async def listen(self, deaf_since: Mapping[str, Instant] = {}) -> None:
        """Hear with every source until cancelled; one that fails is started again.

        `deaf_since` says of some sources since when an earlier run did not hear them.
        """
        for name, ear in self._ears.items():
            self._queue.tell(ear.begin(self._clock.now(), deaf_since.get(name)))
        async with asyncio.TaskGroup() as group:
            for name in self._sources:
                group.create_task(self._keep_hearing(name))
            group.create_task(self._watch())

    async def _keep_hearing(self, name: str) -> None:
        state = self._runs[name]
        while True:
            state.task = asyncio.create_task(self._sources[name].run(self._queue, self._clock))
            try:
                await asyncio.wait([state.task])
            except asyncio.CancelledError:  # we are stopping, not the source alone
                state.task.cancel()
                await asyncio.wait([state.task])
                raise
            pause, why, ail = RESTART, "it ended by itself", Ail.AWAY
            if state.task.cancelled():
                pause, ail = POISON_SPAN, Ail.PAUSED
                why = "paused: what it brings makes decisions fail; see the log"
            elif error := state.task.exception():  # one source that fails must not silence the others
                why = f"{type(error).__name__}: {error}"
            log.error("source_failed", source=name, why=why)
            self._queue.status(name, connected=False, why=why, ail=ail)
            await self._clock.wait_until(self._clock.now() + pause)

    def poison(self, source: str) -> None:
        """Count an input that made a step fail; too many pause the source that brought it."""
        state = self._runs.get(source)
        if state is None:
            return
        now = self._clock.now()
        state.poisoned.append(now)
        text = f"source {source}: an input made a decision fail and was set aside; see `input_set_aside` in the log"
        self._queue.tell(Trouble(0, f"poison-{source}", now // POISON_SPAN * POISON_SPAN, text))
        if len(state.poisoned) == POISON and now - state.poisoned[0] <= POISON_SPAN and state.task is not None:
            state.task.cancel()

    def _note(self, name: str, connected: bool, why: str, ail: Ail | None) -> None:  # noqa: FBT001 - as the queue calls it
        ear = self._ears[name]
        if connected != ear.connected:
            log.info("source_heard" if connected else "source_lost", source=name, why=why)
        self._tell(ear.note(self._clock.now(), why, ail, connected=connected))

    def _lose(self, name: str, since: Instant, until: Instant) -> None:
        ear = self._ears.get(name)
        self._tell([Gap(0, name, since, until)] if ear is None else ear.lose(since, until))

    def set_back(self, now: Instant) -> None:
        """The clock had run ahead."""
        for ear in self._ears.values():
            ear.set_back(now)

    def hold(self, *, held: bool) -> None:
        """Nothing is taken from any source for a while, or again."""
        now = self._clock.now()
        for ear in self._ears.values():
            self._tell(ear.hold(now) if held else ear.release(now))

    def _pass(self, name: str, events: int, deletes: int) -> None:
        if (ear := self._ears.get(name)) is not None:
            self._tell(ear.hear(self._clock.now(), max(0, events - deletes), deletes, ()))

    def _hear(self, name: str, receipt: Receipt, lags: Sequence[Span]) -> None:
        if (ear := self._ears.get(name)) is not None:
            posts = receipt.accepted + receipt.known + receipt.ignored
            self._tell(ear.hear(self._clock.now(), posts, receipt.erased, lags))

    def _tell(self, items: Iterable[Gap | Trouble]) -> None:
        for item in items:
            if isinstance(item, Trouble):
                log.warning("source_ailed" if not item.over else "source_recovered", trouble=item.key, why=item.text)
            self._queue.tell(item)

    async def _watch(self) -> None:
        """Look at each every minute: nobody says of himself that he is silent."""
        while True:
            now, zone = self._clock.now(), self._zone()
            for ear in self._ears.values():
                ear.rhythm.zone = zone
                self._tell(ear.look(now))
            await self._clock.wait_until(now + MINUTE)

    def deaf(self) -> tuple[str, ...]:
        """One sentence for each source that does not hear."""
        return tuple(f"source {ear.name} is deaf: {_why(ear)}" for ear in self._ears.values() if ear.is_deaf)

    def unheard(self) -> tuple[Deaf, ...]:
        """The sources that are away for longer than it takes to connect, or silent, and since when."""
        now = self._clock.now()
        deaf = [ear for ear in self._ears.values() if ear.is_deaf]
        return tuple(Deaf(ear.name, ear.since, ear.ail) for ear in deaf if now - ear.since >= UNHEARD_AFTER)

    def states(self) -> dict[str, dict[str, Any]]:
        """Each source's state, as JSON types."""
        now = self._clock.now()
        return {
            name: {
                "kind": self.kinds.get(name, ""),
                **ear.state(now),
                "cursor_age": self._queue.cursor_age(name),
            }
            for name, ear in self._ears.items()
        }

    def unseen(self) -> tuple[Unseen, ...]:
        """The sources that have brought nothing for thirty days."""
        now = self._clock.now()
        return tuple(Unseen("", name, ear.rhythm.last_event) for name, ear in self._ears.items() if ear.warnings(now))

    def gauge(self, metrics: Metrics) -> None:
        """Show how each stands."""
        for name, ear in self._ears.items():
            for ail in Ail:
                metrics.source_state.labels(name, ail).set(ear.ail is ail)
            metrics.source_state.labels(name, WELL).set(ear.ail is None)
            metrics.source_last_event.labels(name).set((ear.rhythm.last_event or 0) / SECOND)
            standing = ear.rhythm.judge(self._clock.now())
            metrics.source_hour.labels(name).set(standing.hour)
            metrics.source_usual.labels(name).set(standing.usual)
            if (lag := ear.rhythm.punctuality.lag) is not None:
                metrics.source_lag.labels(name).set(lag / SECOND)

    def dump(self) -> dict[str, bytes]:
        """What is to be kept between runs, by source."""
        return {name: msgspec.json.encode(ear.dump()) for name, ear in self._ears.items()}


def zone_of(rules: Ruleset) -> ZoneInfo:
    """Of the hours that sources keep: that of the people, else of the first brand."""
    first = next(iter(rules.brands.values()), None)
    return ZoneInfo(first.timezone if first is not None and not rules.people else rules.timezone)


def _why(ear: Ear) -> str:
    """In English, for probes: what the source says, else what is known by its rhythm."""
    if not ear.connected or ear.ail is None:
        return ear.why
    return f"{WORDS['en'].reasons[ear.ail]} since {moment_of(ear.since):%Y-%m-%d %H:%M} UTC"
