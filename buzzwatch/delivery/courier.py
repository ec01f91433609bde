"""The loop that empties the outbox: lease, send, report; put back what may be tried again, tell what may not.

At least once: a message that left but was not marked before a crash leaves again under the same key, and says so.

A target gets one message at a time and the next is chosen when it is its turn, so that in a storm the worst goes first
whenever it came, and what is superseded meanwhile never leaves.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Protocol, TypeAlias

import structlog
from msgspec import Struct

from buzzwatch.clock import Clock
from buzzwatch.delivery.channel import Channel, PermanentDeliveryError, Sent, TransientDeliveryError
from buzzwatch.model.input import Delivered
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span
from buzzwatch.model.notification import Lease, Message, Notice, Target

AT_ONCE = 8
"""Sends that run at the same time, each to another target."""
SEND_TIMEOUT: Span = MINUTE
FIRST_WAIT: Span = 5 * SECOND
LONGEST_WAIT: Span = 10 * MINUTE
LONGEST_ASKED_WAIT: Span = HOUR
"""A receiver that asks us to wait longer than this is asked again all the same."""
GIVE_UP_AFTER: Span = DAY
LEAST_ATTEMPTS = 20
"""And after so many, three hours of them: a clock that leapt ahead, or a long downtime, is no day of failures."""
LOOK_EVERY: Span = 5 * SECOND
"""The outbox is looked at this often even if nobody says that something is new: after a restart, what was put back."""
NEVER: Instant = 2**62
"""Nothing is written after this."""
DRAIN: Span = 20 * SECOND
"""How long running sends may take to end when the daemon stops."""

_log = structlog.get_logger()


class Outbox(Protocol):
    """The durable queue of notices."""

    async def lease(self, now: Instant, limit: int, left_alone: Mapping[Target, Instant]) -> list[Lease]:
        """The next row of each target that is due and that nobody holds: the worst first, then the oldest.

        Leases do not outlive a restart. Of targets that are left alone, only rows written after the instant given.
        """

    async def postpone(self, key: str, until: Instant, why: str, *, doubtful: bool = False) -> None:
        """Put a leased row back, not due before `until`, and count a failed attempt; `doubtful`: it may have left."""


Words: TypeAlias = Callable[[Lease], Awaitable[Message]]
"""Finds the words of a notice when it leaves."""
Channels: TypeAlias = Callable[[Target], Channel]
"""The way to a target; raises PermanentDeliveryError where there is none."""
Report: TypeAlias = Callable[[Delivered], Awaitable[None]]
"""Takes what became of a notice for good; returns once that is committed."""


class Rest(Struct, frozen=True, gc=False):
    """A target is left alone until an instant, but for what was written after `since`."""

    until: Instant
    since: Instant


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
        self._sending: dict[Target, asyncio.Task[None]] = {}
        self._resting: dict[Target, Rest] = {}

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
                await self._start()
                await self._within(self._until_next_look(), self._stirred.wait())
                self._reap()
            if self._sending:
                await self._within(DRAIN, asyncio.wait(self._sending.values()))
        finally:
            for task in self._sending.values():
                task.cancel()
            await asyncio.gather(*self._sending.values(), return_exceptions=True)

    async def _start(self) -> None:
        """Lease and send the next message of each target that neither rests nor is being sent to."""
        now, room = self._clock.now(), AT_ONCE - len(self._sending)
        left_alone = self._left_alone(now)
        for lease in await self._outbox.lease(now, room, left_alone) if room > 0 else ():
            task = asyncio.create_task(self._carry(lease), name=f"send {lease.notice.key}")
            task.add_done_callback(lambda _: self._stirred.set())
            self._sending[lease.notice.target] = task

    def _left_alone(self, now: Instant) -> dict[Target, Instant]:
        """Those that rest, unless the clock went back, and those whose message is under way."""
        self._resting = {
            target: rest for target, rest in self._resting.items() if now < rest.until <= now + LONGEST_ASKED_WAIT
        }
        return {target: rest.since for target, rest in self._resting.items()} | dict.fromkeys(self._sending, NEVER)

    def _until_next_look(self) -> Span:
        now = self._clock.now()
        return min((LOOK_EVERY, *(rest.until - now for rest in self._resting.values() if rest.until > now)))

    def _reap(self) -> None:
        for target in [target for target, task in self._sending.items() if task.done()]:
            self._sending.pop(target).result()

    async def _carry(self, lease: Lease) -> None:
        notice = lease.notice
        try:
            sent = await self._send(lease)
        except PermanentDeliveryError as error:
            await self._give_up(notice, str(error))
        except TransientDeliveryError as error:
            if self._clock.now() - lease.first_at >= GIVE_UP_AFTER and lease.attempts >= LEAST_ATTEMPTS:
                await self._give_up(notice, f"given up after {GIVE_UP_AFTER // HOUR} h: {error}")
            else:
                await self._put_back(lease, error)
        else:
            attempts, target = lease.attempts + 1, str(notice.target)
            _log.info("notification_sent", key=notice.key, target=target, attempts=attempts, lacking=sent.lacking)
            await self._tell(notice, sent.lacking, sent)
            self._rest(notice.target, sent.rest)

    async def _attempt(self, lease: Lease) -> Sent:
        channel = self._channel_for(lease.notice.target)
        message = await self._compose(lease)
        sending = asyncio.ensure_future(channel.send(message))
        if not await self._within(SEND_TIMEOUT, sending):
            raise TransientDeliveryError(f"no answer within {SEND_TIMEOUT // SECOND} s", doubtful=True)
        return sending.result() or Sent()

    async def _send(self, lease: Lease) -> Sent:
        """One attempt; every way to fail is one of the two delivery errors."""
        try:
            return await self._attempt(lease)
        except (PermanentDeliveryError, TransientDeliveryError):
            raise
        except Exception as error:
            # a fault of ours or of a library: its text may hold a secret, so that only its name is told
            raise TransientDeliveryError(f"unexpected {type(error).__name__}", doubtful=True) from error

    async def _give_up(self, notice: Notice, why: str) -> None:
        _log.error("notification_given_up", key=notice.key, target=str(notice.target), why=why)
        await self._tell(notice, why)

    async def _tell(self, notice: Notice, why: str, sent: Sent | None = None) -> None:
        delivered = Delivered(
            seen_at=self._clock.now(),
            key=notice.key,
            incident=notice.incident.id,
            target=notice.target,
            sent=sent is not None,
            why=why,
            sent_as=sent.sent_as if sent else "",
        )
        await self._report(delivered)

    async def _put_back(self, lease: Lease, error: TransientDeliveryError) -> None:
        """Put back the row, and let its target rest: what else waits for it stays behind that row."""
        target, why, key = lease.notice.target, str(error), lease.notice.key
        pause = _pause(lease, error.retry_after)
        until = self._clock.now() + pause
        _log.warning("notification_postponed", key=key, target=str(target), until=until, why=why)
        await self._outbox.postpone(key, until, why, doubtful=error.doubtful or lease.doubtful)
        self._rest(target, pause, obeyed=error.retry_after is not None)

    def _rest(self, target: Target, span: Span, *, obeyed: bool = True) -> None:
        """Leave a target alone; if it did not ask for that, what is new may try: it may be well again."""
        now = self._clock.now()
        if span:
            self._resting[target] = Rest(now + span, NEVER if obeyed else now)
        else:
            self._resting.pop(target, None)

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


def _pause(lease: Lease, asked: Span | None) -> Span:
    """What the receiver asked for, the first time just that.

    Otherwise twice as long after each failure, up to `LONGEST_WAIT`, by up to a half shorter so that not all come at
    once.
    """
    longest = min(LONGEST_WAIT, FIRST_WAIT << min(lease.attempts, 16))
    scatter = zlib.crc32(f"{lease.notice.key}:{lease.attempts}".encode()) / 2**32
    pause = int(longest * (1 - scatter / 2))
    if not asked:
        return pause
    return max(min(asked, LONGEST_ASKED_WAIT), pause if lease.attempts else 0)
