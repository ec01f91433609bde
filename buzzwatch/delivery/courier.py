"""The loop that empties the outbox: lease, send, report; put back what may be tried again, tell what may not.

At least once: a message that left but was not marked before a crash leaves again under the same key.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeAlias

import structlog

from buzzwatch.clock import Clock
from buzzwatch.delivery.channel import Channel, PermanentDeliveryError, TransientDeliveryError
from buzzwatch.model.input import Delivered
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span
from buzzwatch.model.notification import Lease, Message, Notice, Target

AT_ONCE = 8
"""Sends that run at the same time, each to another target."""
IN_HAND = 256
"""Leased rows at most; far more than `AT_ONCE`, so that one dead target's rows do not hide the others'."""
SEND_TIMEOUT: Span = MINUTE
FIRST_WAIT: Span = 5 * SECOND
LONGEST_WAIT: Span = 10 * MINUTE
LONGEST_ASKED_WAIT: Span = HOUR
"""A receiver that asks us to wait longer than this is asked again all the same."""
GIVE_UP_AFTER: Span = DAY
LOOK_EVERY: Span = 5 * SECOND
"""The outbox is looked at this often even if nobody says that something is new: after a restart, what was put back."""
DRAIN: Span = 20 * SECOND
"""How long running sends may take to end when the daemon stops."""

_log = structlog.get_logger()


class Outbox(Protocol):
    """The durable queue of notices."""

    async def lease(self, now: Instant, limit: int) -> list[Lease]:
        """Rows due at `now` that nobody holds (leases do not outlive a restart), the worst severity first."""

    async def postpone(self, key: str, until: Instant, why: str) -> None:
        """Put a leased row back, not due before `until`, and count a failed attempt."""


Words: TypeAlias = Callable[[Lease], Awaitable[Message]]
"""Finds the words of a notice when it leaves."""
Channels: TypeAlias = Callable[[Target], Channel]
"""The way to a target; raises PermanentDeliveryError where there is none."""
Report: TypeAlias = Callable[[Delivered], Awaitable[None]]
"""Takes what became of a notice for good; returns once that is committed."""


class Courier:
    """Sends what is due: the worst first, one message at a time to each target, several targets at a time."""

    def __init__(self, outbox: Outbox, compose: Words, channel_for: Channels, report: Report, clock: Clock) -> None:
        self._outbox = outbox
        self._compose = compose
        self._channel_for = channel_for
        self._report = report
        self._clock = clock
        self._stirred = asyncio.Event()
        self._stopping = False
        self._waiting: dict[str, Lease] = {}
        self._sending: dict[Target, asyncio.Task[None]] = {}
        self._keys_sending: set[str] = set()
        self._resting: dict[Target, Instant] = {}
        """Until when a target that failed is left alone."""
        self._barred: dict[Target, Instant] = {}
        """Until when a target itself asked to be left alone."""

    def notify(self) -> None:
        """Say that the outbox has something new."""
        self._stirred.set()

    def stop(self) -> None:
        """Start nothing more; `run` returns once the running sends have ended, or `DRAIN` later."""
        self._stopping = True
        self._stirred.set()

    async def run(self) -> None:
        """Send until stopped. What the outbox or the report raises ends it."""
        try:
            while not self._stopping:
                self._stirred.clear()
                await self._take()
                self._start()
                await self._within(self._until_next_look(), self._stirred.wait())
                self._reap()
            if self._sending:
                await self._within(DRAIN, asyncio.wait(self._sending.values()))
        finally:
            for task in self._sending.values():
                task.cancel()
            await asyncio.gather(*self._sending.values(), return_exceptions=True)

    async def _take(self) -> None:
        """Lease what is due; what is for a target that rests goes back until it has rested."""
        now = self._clock.now()
        room = IN_HAND - len(self._waiting) - len(self._sending)
        for lease in await self._outbox.lease(now, room) if room > 0 else ():
            if lease.notice.key in self._keys_sending:  # its lease ran out while it is under way
                continue
            until = self._rests_until(lease, now)
            if until is None:
                self._waiting[lease.notice.key] = lease
            else:
                await self._outbox.postpone(lease.notice.key, until, f"{lease.notice.target} rests after a failure")

    def _rests_until(self, lease: Lease, now: Instant) -> Instant | None:
        """A row never tried before tries a resting target anyway: it may be well again. One that asked is obeyed."""
        target = lease.notice.target
        until = self._barred.get(target, now)
        if lease.attempts:
            until = max(until, self._resting.get(target, now))
        return until if now < until <= now + LONGEST_ASKED_WAIT else None  # later than that: the clock went back

    def _start(self) -> None:
        for lease in sorted(self._waiting.values(), key=_urgency):
            if len(self._sending) >= AT_ONCE:
                return
            target = lease.notice.target
            if target not in self._sending:
                del self._waiting[lease.notice.key]
                self._keys_sending.add(lease.notice.key)
                task = asyncio.create_task(self._carry(lease), name=f"send {lease.notice.key}")
                task.add_done_callback(lambda _: self._stirred.set())
                self._sending[target] = task

    def _until_next_look(self) -> Span:
        now = self._clock.now()
        return min((LOOK_EVERY, *(until - now for until in self._resting.values() if until > now)))

    def _reap(self) -> None:
        for target in [target for target, task in self._sending.items() if task.done()]:
            self._sending.pop(target).result()

    async def _carry(self, lease: Lease) -> None:
        notice = lease.notice
        try:
            await self._send(lease)
        except PermanentDeliveryError as error:
            await self._give_up(notice, str(error))
        except TransientDeliveryError as error:
            if self._clock.now() - lease.first_at >= GIVE_UP_AFTER:
                await self._give_up(notice, f"given up after {GIVE_UP_AFTER // HOUR} h: {error}")
            else:
                await self._put_back(lease, error)
        else:
            self._resting.pop(notice.target, None)
            _log.info("notification_sent", key=notice.key, target=str(notice.target), attempts=lease.attempts + 1)
            await self._tell(notice, "")
        finally:
            self._keys_sending.discard(notice.key)

    async def _attempt(self, lease: Lease) -> None:
        channel = self._channel_for(lease.notice.target)
        message = await self._compose(lease)
        if not await self._within(SEND_TIMEOUT, channel.send(message)):
            raise TransientDeliveryError(f"no answer within {SEND_TIMEOUT // SECOND} s")

    async def _send(self, lease: Lease) -> None:
        """One attempt; every way to fail is one of the two delivery errors."""
        try:
            await self._attempt(lease)
        except (PermanentDeliveryError, TransientDeliveryError):
            raise
        except Exception as error:
            # a fault of ours or of a library: its text may hold a secret, so that only its name is told
            raise TransientDeliveryError(f"unexpected {type(error).__name__}") from error

    async def _give_up(self, notice: Notice, why: str) -> None:
        _log.error("notification_given_up", key=notice.key, target=str(notice.target), why=why)
        await self._tell(notice, why)

    async def _tell(self, notice: Notice, why: str) -> None:
        seen_at, sent = self._clock.now(), not why
        await self._report(Delivered(seen_at, notice.key, notice.incident.id, notice.target, sent, why))

    async def _put_back(self, lease: Lease, error: TransientDeliveryError) -> None:
        """Put back the row, and with it whatever else waits for the same target: their order stays."""
        now, target, why = self._clock.now(), lease.notice.target, str(error)
        until = self._resting[target] = now + _pause(lease, error.retry_after)
        if error.retry_after is not None:
            self._barred[target] = until
        _log.warning("notification_postponed", key=lease.notice.key, target=str(target), until=until, why=why)
        behind = [key for key, other in self._waiting.items() if other.notice.target == target]
        for key in behind:
            del self._waiting[key]
        for key in (lease.notice.key, *behind):
            await self._outbox.postpone(key, until, why)

    async def _within(self, span: Span, work: Awaitable[object]) -> bool:
        """Await `work` at most that long by the clock; whether it ended in time."""
        task = asyncio.ensure_future(work)
        alarm = asyncio.ensure_future(self._clock.wait_until(self._clock.now() + span))
        try:
            await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
                return True
            return False
        finally:
            for each in (task, alarm):
                each.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await each


def _urgency(lease: Lease) -> tuple[int, Instant, str]:
    notice = lease.notice
    return (-notice.severity, notice.due_at, notice.key)


def _pause(lease: Lease, asked: Span | None) -> Span:
    """Twice as long after each failure, up to `LONGEST_WAIT`, by up to a half shorter so that not all come at once."""
    longest = min(LONGEST_WAIT, FIRST_WAIT << min(lease.attempts, 16))
    scatter = zlib.crc32(f"{lease.notice.key}:{lease.attempts}".encode()) / 2**32
    pause = int(longest * (1 - scatter / 2))
    return pause if asked is None else max(pause, min(asked, LONGEST_ASKED_WAIT))
