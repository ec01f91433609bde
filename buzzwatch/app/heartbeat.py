"""A sign of life for who watches from outside: sent only while all is well, so that its absence is the alarm.

As https://healthchecks.io/docs/http_api/ and its like take it: a GET of a secret address. Nothing is sent at a stop:
an upgrade is no failure, and a daemon that does not come back is missed soon enough.
"""

import asyncio
import sqlite3

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout

from buzzwatch.app.config import AddressError, Heartbeat, beat_url
from buzzwatch.app.health import Health
from buzzwatch.app.secret import SecretError, Secrets
from buzzwatch.clock import Clock
from buzzwatch.model.instant import MINUTE, SECOND, Span
from buzzwatch.proxies import open_session
from buzzwatch.store.record import Record
from buzzwatch.web.metrics import Metrics

TIMEOUT_S = 10
AGAIN: Span = MINUTE
"""After one that was withheld, as the first often is, or failed: what is well again is not to be missed for hours."""
_MOST_READ = 1_000
_SUCCESS = range(200, 300)

log = structlog.get_logger()


class Beat:
    """Beats until cancelled, whatever comes of it; nothing else waits for it."""

    def __init__(
        self, config: Heartbeat, secrets: Secrets, health: Health, record: Record, clock: Clock, metrics: Metrics
    ) -> None:
        self._config = config
        self._secrets = secrets
        self._health = health
        self._record = record
        self._clock = clock
        self._metrics = metrics
        self._outcome = ""

    async def run(self) -> None:
        """At equal intervals, one that took too long is not made up for; sooner after one that was not sent."""
        due = self._clock.now()
        async with open_session(ClientTimeout(total=TIMEOUT_S)) as session:
            while True:
                self._note(*await self._beat(session))
                every = self._config.every if self._outcome == "sent" else min(self._config.every, AGAIN)
                due = max(due + every, self._clock.now())
                await self._clock.wait_until(due)

    async def _beat(self, session: ClientSession) -> tuple[str, str]:
        """What became of it, and why."""
        ails = self._health.ails() or await self._cannot_write()
        if ails:
            return "withheld", "; ".join(ails)
        try:
            url = beat_url(self._config, self._secrets)
            async with session.get(url, allow_redirects=False) as answer:
                await answer.content.read(_MOST_READ)
                return ("sent", "") if answer.status in _SUCCESS else ("failed", f"answered {answer.status}")
        except (SecretError, AddressError) as error:
            return "failed", str(error)
        except (ClientError, OSError, ValueError) as error:  # its text may hold the address, a secret
            return "failed", type(error).__name__

    async def _cannot_write(self) -> tuple[str, ...]:
        """A disk that is full shows only once something is written."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._record.prove()
        except (sqlite3.Error, TimeoutError) as error:
            return (f"the state cannot be written: {error or 'no answer'}",)
        return ()

    def _note(self, outcome: str, why: str) -> None:
        """Count each; a line in the log where it becomes another."""
        self._metrics.heartbeats.labels(outcome).inc()
        if outcome == "sent":
            self._metrics.last_heartbeat.set(self._clock.now() / SECOND)
        if outcome != self._outcome:
            match outcome:
                case "sent":
                    log.info("heartbeat_sent")
                case "withheld":
                    log.warning("heartbeat_withheld", why=why)
                case _:
                    log.warning("heartbeat_failed", why=why)
        self._outcome = outcome
