"""What a source needs of the daemon, and what the daemon needs of a source."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from buzzwatch.clock import Clock
from buzzwatch.model.brand import Brand
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import Instant
from buzzwatch.model.receipt import Receipt


class Wanted(Protocol):
    """What concerns us of all that is said; other rules may be in force the next moment."""

    @property
    def digest(self) -> str:
        """Names the rules in force: what was made from `brands` is good for as long as this stays."""

    @property
    def brands(self) -> Mapping[str, Brand]:
        """Those watched, by key."""

    def knows(self, mention: str) -> bool:
        """Whether it is the root, or a known post, of a conversation of a brand that still lives."""


class Intake(Protocol):
    """Takes raw payloads. A source acknowledges a payload only once its receipt has come."""

    @property
    def wanted(self) -> Wanted:
        """For sources that are told more than concerns us."""

    @property
    def full(self) -> bool:
        """Above the high-water mark: take no more from outside until `room` returns."""

    async def room(self) -> None:
        """Wait until below the low-water mark."""

    def cursors(self, source: str) -> Mapping[str, str]:
        """How far a source had come, as the last commit says: what it gave with its payloads, by name."""

    def submit(
        self, source: str, payload: bytes, cursors: Mapping[str, str] | None = None
    ) -> "asyncio.Future[Receipt]":
        """Queue a payload (a JSON object, an array, or lines); an empty one moves cursors alone.

        `cursors` are stored in the same commit as the mentions: each replaces what stood under its name, "" removes it.
        The future is done after the commit, or cancelled when the daemon stops before it: then the payload was not
        taken and must not be acknowledged.
        """

    def passed(self, source: str, events: int, *, deletes: int = 0) -> None:
        """Count what came and was dropped by the source itself: a sign of life, where mentions are rare."""

    def gap(self, source: str, since: Instant, until: Instant) -> None:
        """Report that nothing could be heard between two instants."""

    def status(self, source: str, *, connected: bool, why: str = "", ail: Ail | None = None) -> None:
        """Say whether the source hears; `why` for people, without secrets. An `ail` left out: none, or `AWAY`."""


class Source(Protocol):
    """An adapter for one place where mentions come from."""

    name: str

    async def run(self, intake: Intake, clock: Clock) -> None:
        """Hear until cancelled; waits out and reconnects by itself, raises only on what a person must mend."""
