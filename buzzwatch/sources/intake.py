"""What a source needs of the daemon, and what the daemon needs of a source."""

import asyncio
from typing import Protocol

from buzzwatch.clock import Clock
from buzzwatch.model.instant import Instant
from buzzwatch.model.receipt import Receipt


class Intake(Protocol):
    """Takes raw payloads. A source acknowledges a payload only once its receipt has come."""

    @property
    def full(self) -> bool:
        """Above the high-water mark: take no more from outside until `room` returns."""

    async def room(self) -> None:
        """Wait until below the low-water mark."""

    def submit(self, source: str, payload: bytes) -> "asyncio.Future[Receipt]":
        """Queue a payload (a JSON object, an array, or lines).

        The future is done after the commit, or cancelled when the daemon stops before it: then the payload was not
        taken and must not be acknowledged.
        """

    def gap(self, source: str, since: Instant, until: Instant) -> None:
        """Report that nothing could be heard between two instants."""

    def status(self, source: str, *, connected: bool, why: str = "") -> None:
        """Say whether the source hears; `why` for people, without secrets."""


class Source(Protocol):
    """An adapter for one place where mentions come from."""

    name: str

    async def run(self, intake: Intake, clock: Clock) -> None:
        """Hear until cancelled; waits out and reconnects by itself, raises only on what a person must mend."""
