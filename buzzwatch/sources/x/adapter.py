"""X: posts of the filtered stream as they are made, what was missed by the recent search, and a guard over the cost.

The wire is in `sources.x.wire` and `sources.x.api`, with what it was read in. One connection is allowed on most plans;
`sources.x.listener` is one, `sources.x.catch_up` fetches what came before it.
"""

import asyncio
import random
from datetime import UTC
from typing import NoReturn

import structlog

from buzzwatch import __version__
from buzzwatch.clock import Clock
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Instant, Span, moment_of
from buzzwatch.sources.backoff import Backoff
from buzzwatch.sources.cancelling import cancellable
from buzzwatch.sources.intake import Intake
from buzzwatch.sources.outbound import meant, open_session
from buzzwatch.sources.x.account import Account, Progress
from buzzwatch.sources.x.agreement import Agreement
from buzzwatch.sources.x.api import Api, Pace, XError
from buzzwatch.sources.x.catch_up import CatchUp
from buzzwatch.sources.x.listener import Listener
from buzzwatch.sources.x.rules import rules

_STEADY: Span = MINUTE
"""A connection that lasted so long is followed by a quick attempt; a shorter one counts as a failure."""
_LOOK: Span = HOUR
"""So often it is looked whether the day is over, as clocks are set."""

log = structlog.get_logger()


class X:
    """Hears X for as long as the daemon lives; see `sources.intake.Source`."""

    def __init__(self, name: str, account: Account, chance: random.Random | None = None) -> None:
        self.name = name
        self._account = account
        self._chance = chance

    async def run(self, intake: Intake, clock: Clock) -> None:
        """Hear until cancelled."""
        headers = {"Authorization": f"Bearer {self._account.token}", "User-Agent": f"buzzwatch/{__version__}"}
        allow = meant([self._account.url], self._account.allow)
        async with open_session(allow, headers) as session:
            api = Api(session, self._account.url, clock)
            await _Hearing(self.name, self._account, api, intake, clock).go_on(self._chance)


class _Hearing:
    """What lasts from one connection to the next."""

    def __init__(self, source: str, account: Account, api: Api, intake: Intake, clock: Clock) -> None:
        self._source = source
        self._account = account
        self._api = api
        self._intake = intake
        self._clock = clock
        self._progress = Progress(source, account, intake, api.now)
        self._agreement = Agreement(source, account.rules, account.rule_length)
        self._deaf_since: Instant | None = None

    async def go_on(self, chance: random.Random | None) -> NoReturn:
        """One connection after the other, with pauses in between."""
        # Chance halves a wait at most, and X's own figures are the least: so they are doubled here.
        backoffs = {
            Pace.NETWORK: Backoff(SECOND // 2, 16 * SECOND, chance, linear=True),
            Pace.SERVER: Backoff(10 * SECOND, 320 * SECOND, chance),
            Pace.RATE: Backoff(2 * MINUTE, 15 * MINUTE, chance),
        }
        while True:
            await self._wait_for_the_day()
            listener = Listener(self._source, self._account, self._agreement, self._progress, self._intake, self._clock)
            error = await self._hear(listener)
            if self._deaf_since is None:
                self._deaf_since = listener.heard_at
            if error is None:
                continue
            self._intake.status(self._source, connected=False, why=str(error), ail=error.ail)
            if listener.lasted() >= _STEADY:
                for backoff in backoffs.values():
                    backoff.succeed()
            now = self._clock.now()
            wait = backoffs[error.pace].fail(at_least=error.asked(now), hopeless=error.hopeless)
            await self._clock.wait_until(now + wait)

    async def _hear(self, listener: Listener) -> XError | None:
        """Hear one connection to its end, and why it ended; None: we have read what may be read."""
        self._agreement.forget()  # others may have changed what X has
        ended: XError | None = None
        try:
            await cancellable(self._connect(listener))
        except* XError as errors:
            ended = next(error for error in errors.exceptions if isinstance(error, XError))
        return ended if self._progress.spend.left(self._clock.now()) else None

    async def _connect(self, listener: Listener) -> None:
        catch_up = CatchUp(self._source, self._api, self._progress, self._intake, self._clock)
        async with asyncio.TaskGroup() as tasks:

            def opened() -> None:
                if self._deaf_since is not None:
                    self._intake.gap(self._source, self._deaf_since, self._clock.now())
                    self._deaf_since = None
                if self._account.catch_up:
                    self._progress.fall_behind()
                    tasks.create_task(catch_up.run(self._queries(), self._clock.now()))

            tasks.create_task(listener.hear(self._api, opened))
            tasks.create_task(listener.watch())

    def _queries(self) -> list[str]:
        return list(dict.fromkeys(rule.value for rule in rules(self._intake.wanted.brands, self._account.query_length)))

    async def _wait_for_the_day(self) -> None:
        """Where all is spent, be silent until there is something to spend again."""
        spend, now = self._progress.spend, self._clock.now()
        if spend.left(now):
            return
        if self._deaf_since is None:
            self._deaf_since = now
        self._progress.give_up()  # or the new day would begin with paying for the old one
        until = spend.until(now)
        why = f"{spend.told} read, and no more is paid for until {moment_of(until).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        self._intake.status(self._source, connected=False, why=why, ail=Ail.SPENT)
        log.warning("posts_spent", source=self._source, spent=spend.told)
        while not spend.left(now := self._clock.now()):
            await self._clock.wait_until(min(spend.until(now), now + _LOOK))
