"""One judgement of whether the daemon does its work: for probes, for systemd, and for who watches from outside."""

from collections.abc import Callable, Iterable

from buzzwatch.app.drive import Drive
from buzzwatch.app.ears.ears import Ears
from buzzwatch.clock import Clock
from buzzwatch.model.instant import MINUTE, Instant, Span
from buzzwatch.store.record import Record

OVERDUE: Span = 15 * MINUTE
"""A message that has not left for so long will not leave by itself."""
LATE: Span = MINUTE
"""By how much a decision may come after it was due."""


class Health:
    """What ails it; as far as the outbox goes, as `look` found it last."""

    def __init__(self, drive: Drive, ears: Ears, record: Record, clock: Clock) -> None:
        self.ears = ears
        self._drive = drive
        self._record = record
        self._clock = clock
        self.outbox: tuple[int, Instant | None] = (0, None)
        """How many messages had not left at the last look, and since when the oldest waits."""
        self.others: Callable[[], Iterable[str]] = tuple
        """What else ails it."""

    async def look(self) -> int:
        """Ask the writer thread, and wait for it: how many messages have not left. What hangs there, hangs this."""
        self.outbox = await self._record.waiting()
        return self.outbox[0]

    def ails(self) -> tuple[str, ...]:
        """One sentence for each thing; none: it hears, decides, writes and sends."""
        now, due = self._clock.now(), self._drive.spine.memory.next_due
        stuck = self._drive.stuck
        ails = [f"the state cannot be written: {stuck}"] if stuck else []
        ails += self.others()
        ails += self.ears.deaf()
        if due is not None and now - due > LATE:
            ails.append(f"decisions are {(now - due) // MINUTE} min late")
        _, waiting_since = self.outbox
        if waiting_since is not None and now - waiting_since > OVERDUE:
            ails.append(f"a message has not left for {(now - waiting_since) // MINUTE} min")
        return tuple(ails)
