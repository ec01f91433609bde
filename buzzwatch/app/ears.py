"""The sources of a running daemon: started, watched, paused when what they bring is poison."""

import asyncio
from collections import deque
from typing import Any

import structlog

from buzzwatch.app.intake import IntakeQueue
from buzzwatch.clock import Clock
from buzzwatch.model.ear import Ail
from buzzwatch.model.input import Gap, Trouble
from buzzwatch.model.instant import MINUTE, SECOND, Instant, Span
from buzzwatch.model.notification import Deaf
from buzzwatch.sources.intake import Source

DEAF_AFTER: Span = 5 * MINUTE
"""How long a source may be away before `ops` is told."""
POISON, POISON_SPAN = 3, 10 * MINUTE
"""So many inputs that make a step fail, within such a time, pause the source that brought them."""
UNHEARD_AFTER: Span = 30 * SECOND
"""How long a source may be away before messages say so."""
RESTART: Span = 30 * SECOND
FOREVER: Instant = 2**62

log = structlog.get_logger()


class Hearing:
    """How one source does. `since` is when its present state began."""

    def __init__(self, now: Instant) -> None:
        self.connected = False
        self.ail: Ail | None = Ail.CONNECTING
        self.why = "not connected yet"
        self.since = now
        self.told = False
        self.poisoned: deque[Instant] = deque(maxlen=POISON)
        self.task: asyncio.Task[None] | None = None


class Ears:
    """Runs the configured sources for as long as `listen` does."""

    def __init__(self, sources: dict[str, Source], queue: IntakeQueue, clock: Clock) -> None:
        self._sources = sources
        self._queue = queue
        self._clock = clock
        self._states = {name: Hearing(clock.now()) for name in sources}
        queue.on_status = self._note

    async def listen(self) -> None:
        """Hear with every source until cancelled; one that fails is started again."""
        for name, state in self._states.items():
            self._queue.tell(Gap(0, name, state.since, FOREVER))  # deaf until it says that it hears
        async with asyncio.TaskGroup() as group:
            for name in self._sources:
                group.create_task(self._keep_hearing(name))
            group.create_task(self._watch())

    async def _keep_hearing(self, name: str) -> None:
        state = self._states[name]
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
        state = self._states.get(source)
        if state is None:
            return
        now = self._clock.now()
        state.poisoned.append(now)
        text = f"source {source}: an input made a decision fail and was set aside; see `input_set_aside` in the log"
        self._queue.tell(Trouble(0, f"poison-{source}", now // POISON_SPAN * POISON_SPAN, text))
        if len(state.poisoned) == POISON and now - state.poisoned[0] <= POISON_SPAN and state.task is not None:
            state.task.cancel()

    def _note(self, name: str, connected: bool, why: str, ail: Ail | None) -> None:  # noqa: FBT001 - as the queue calls it
        state, now = self._states[name], self._clock.now()
        state.ail = ail or (None if connected else Ail.AWAY)
        if connected == state.connected:
            state.why = why or state.why
            return
        if connected and state.told:
            self._queue.tell(Trouble(0, f"source-{name}", state.since, f"source {name} is heard again", over=True))
            state.told = False
        # An open gap, closed when it is heard again: until then no silence is judged and nothing learnt.
        self._queue.tell(Gap(0, name, state.since if connected else now, now if connected else FOREVER))
        state.connected, state.why, state.since = connected, why, now
        log.info("source_heard" if connected else "source_lost", source=name, why=why)

    async def _watch(self) -> None:
        """Tell `ops` of a source that stays away."""
        while True:
            now = self._clock.now()
            for name, state in self._states.items():
                if not state.connected and not state.told and now - state.since >= DEAF_AFTER:
                    state.told = True
                    self._queue.tell(Trouble(0, f"source-{name}", state.since, f"source {name} is deaf: {state.why}"))
            await self._clock.wait_until(now + MINUTE)

    def deaf(self) -> tuple[str, ...]:
        """One sentence for each source that does not hear."""
        return tuple(f"source {name} is deaf: {s.why}" for name, s in self._states.items() if not s.connected)

    def unheard(self) -> tuple[Deaf, ...]:
        """The sources that are away for longer than it takes to connect, and since when."""
        now = self._clock.now()
        away = ((name, state) for name, state in self._states.items() if not state.connected)
        return tuple(Deaf(name, state.since) for name, state in away if now - state.since >= UNHEARD_AFTER)

    def states(self) -> dict[str, dict[str, Any]]:
        """Each source's state, as JSON types."""
        return {
            name: {"connected": state.connected, "ail": state.ail, "why": state.why, "since": state.since}
            for name, state in self._states.items()
        }
