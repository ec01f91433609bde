"""Notices waiting to leave: written with what caused them, leased, then marked."""

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

from buzzwatch.model.incident import Severity
from buzzwatch.model.input import Delivered
from buzzwatch.model.instant import DAY, Instant, Span
from buzzwatch.model.notification import Lease, Notice, Target
from buzzwatch.store.database import transaction

KEPT: Span = 3 * 365 * DAY
"""How long it is known what became of each attempt."""
CUT_OFF = "we were stopped while it was being sent"
_LONGEST_WHY = 500
SEVERAL = "(incident GLOB 'morning-*' OR incident GLOB 'outage-*' OR incident GLOB 'digest-*')"
"""Messages of several incidents at once: each is named in their body."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Notice).decode


def write_notice(db: sqlite3.Connection, notice: Notice, at: Instant) -> None:
    """Queue a notice; older ones of its incident and target that nobody is sending now give way to it."""
    if db.execute("SELECT 1 FROM outbox WHERE key = ?", (notice.key,)).fetchone():
        return
    target = str(notice.target)
    older = db.execute(
        "SELECT key, replaces, doubtful FROM outbox WHERE state = 'waiting' AND leased_until <= ? "
        "AND (incident = ? AND target = ? OR key IN (SELECT value FROM json_each(?)))",
        (at, notice.incident.id, target, _encode(notice.instead_of).decode()),
    ).fetchall()
    db.executemany(
        "UPDATE outbox SET state = 'superseded', done_at = ?, why = ? WHERE key = ?",
        [(at, notice.key, key) for key, *_ in older],
    )
    replaced = sum(1 + replaces for _, replaces, _ in older)
    doubtful = bool(notice.outage) and any(doubtful for *_, doubtful in older)
    db.execute(
        "INSERT INTO outbox (key, incident, target, severity, state, written_at, due_at, replaces, body, doubtful) "
        "VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?)",
        (notice.key, notice.incident.id, target, _urgency(notice), at, at, replaced, _encode(notice), doubtful),
    )


def _urgency(notice: Notice) -> Severity:
    """The worst leave first, and so does whatever pages; a drill, whose messages are of the least, never does."""
    return Severity.CRITICAL if notice.page and notice.incident.drill is None else notice.severity


def forget_instants(db: sqlite3.Connection, now: Instant) -> None:
    """The clock was set back: nothing waits for an instant that was only ever a mistake."""
    db.execute("UPDATE outbox SET due_at = min(due_at, ?), leased_until = 0 WHERE state = 'waiting'", (now,))


def finish_notice(db: sqlite3.Connection, delivered: Delivered) -> None:
    """Mark what was sent or given up."""
    became = "sent" if delivered.sent else "given up"
    _record_attempt(db, delivered.key, delivered.seen_at, became, delivered.why)
    db.execute(
        "UPDATE outbox SET state = ?, done_at = ?, why = ?, sent_as = ?, leased_until = 0, attempts = attempts + 1 "
        "WHERE key = ?",
        ("sent" if delivered.sent else "failed", delivered.seen_at, delivered.why, delivered.sent_as, delivered.key),
    )


def release_leases(db: sqlite3.Connection, before: Instant = 2**62) -> None:
    """Forget the leases that a process took which died before an instant: what it held may have left."""
    db.execute(
        "INSERT INTO attempt SELECT key, max(leased_at, written_at), 'doubtful', ? FROM outbox "
        "WHERE state = 'waiting' AND leased_until > 0 AND leased_at < ?",
        (CUT_OFF, before),
    )
    db.execute(
        "UPDATE outbox SET leased_until = 0, doubtful = 1 "
        "WHERE state = 'waiting' AND leased_until > 0 AND leased_at < ?",
        (before,),
    )


class Waiting(Struct, frozen=True):
    """A message that has not left yet; the target as `Target` is written."""

    key: str
    incident: str
    target: str
    severity: int
    written_at: Instant


def read_waiting(db: sqlite3.Connection) -> list[Waiting]:
    """All that have not left yet, the oldest first."""
    rows = db.execute(
        "SELECT key, incident, target, severity, written_at FROM outbox "
        "WHERE state = 'waiting' ORDER BY written_at, key"
    )
    return [Waiting(*row) for row in rows]


def doubt_waiting(db: sqlite3.Connection) -> None:
    """Whatever waits may have left in another life of this record: it says so when it leaves."""
    db.execute("UPDATE outbox SET doubtful = 1 WHERE state = 'waiting'")


def forget_attempts(db: sqlite3.Connection, now: Instant) -> None:
    """Drop what became of attempts so long ago that nobody asks any more."""
    db.execute("DELETE FROM attempt WHERE at < ?", (now - KEPT,))


def _record_attempt(db: sqlite3.Connection, key: str, at: Instant, became: str, why: str) -> None:
    """Of a notice that is on record only: a test's may have been given up long after it was forgotten."""
    db.execute(
        "INSERT INTO attempt SELECT key, ?, ?, ? FROM outbox WHERE key = ?", (at, became, why[:_LONGEST_WHY], key)
    )


class OutboxTable:
    """What the courier does, on the writer thread's connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._released = False

    def lease(self, now: Instant, limit: int, span: Span, left_alone: Mapping[Target, Instant]) -> list[Lease]:
        """The next notice of each target, `limit` at most, held for `span`: the worst first, then the oldest.

        Of a target that is left alone, only what was written after the instant given for it. A full disk keeps nothing
        from leaving that is on record: the leases are then the courier's own memory.
        """
        if not self._released:
            with suppress(sqlite3.OperationalError):
                self._release()
        since = {str(target): instant for target, instant in left_alone.items()}
        waiting = self._db.execute("SELECT DISTINCT target FROM outbox WHERE state = 'waiting'").fetchall()
        found = [row for (target,) in waiting if (row := self._next(target, now, since.get(target, -1)))]
        taken = sorted(found)[:limit]
        keys = _encode([key for *_, key in taken]).decode()
        if taken:
            with suppress(sqlite3.OperationalError):
                self._db.execute(
                    "UPDATE outbox SET leased_at = ?, leased_until = ? WHERE key IN (SELECT value FROM json_each(?))",
                    (now, now + span, keys),
                )
        return [self._leased(key) for *_, key in taken]

    def _next(self, target: str, now: Instant, since: Instant) -> tuple[int, Instant, str] | None:
        """What orders a target's next notice among those of others, and its key."""
        found: tuple[int, Instant, str] | None = self._db.execute(
            "SELECT -severity, written_at, key FROM outbox WHERE state = 'waiting' AND target = ? "
            "AND due_at <= ? AND leased_until <= ? AND written_at > ? ORDER BY severity DESC, written_at, key LIMIT 1",
            (target, now, now, since),
        ).fetchone()
        return found

    def _leased(self, key: str) -> Lease:
        body, attempts, replaces, written, doubtful, incident, target = self._db.execute(
            "SELECT body, attempts, replaces, written_at, doubtful, incident, target FROM outbox WHERE key = ?", (key,)
        ).fetchone()
        earlier = self._db.execute(
            "SELECT sent_as FROM outbox WHERE incident = ? AND target = ? AND sent_as != '' "
            "ORDER BY done_at DESC LIMIT 1",
            (incident, target),
        ).fetchone()
        return Lease(_decode(body), attempts, replaces, written, bool(doubtful), earlier[0] if earlier else "")

    def postpone(self, key: str, until: Instant, why: str, *, doubtful: bool = False) -> None:
        """Sending failed for now; `doubtful`: or so it seems. The attempt is dated by its beginning."""
        why = why[:_LONGEST_WHY]
        with transaction(self._db):
            self._db.execute(
                "INSERT INTO attempt SELECT key, max(leased_at, written_at), ?, ? FROM outbox "
                "WHERE key = ? AND state = 'waiting'",
                ("doubtful" if doubtful else "failed", why, key),
            )
            self._db.execute(
                "UPDATE outbox SET due_at = ?, why = ?, doubtful = ?, leased_until = 0, attempts = attempts + 1 "
                "WHERE key = ? AND state = 'waiting'",
                (until, why, doubtful, key),
            )

    def _release(self) -> None:
        """At the first look there is no other courier, and whoever leased before has died."""
        with transaction(self._db):
            release_leases(self._db)
        self._released = True

    def waiting(self) -> tuple[int, Instant | None]:
        """How many have not left yet, and since when the oldest of them waits."""
        found: tuple[int, Instant | None] = self._db.execute(
            "SELECT count(*), min(written_at) FROM outbox WHERE state = 'waiting'"
        ).fetchone()
        return found


def read_deliveries(connection: sqlite3.Connection, incident: str) -> list[dict[str, Any]]:
    """What became of each notice of an incident, oldest first; of those that are of several, it is named within."""
    cursor = connection.execute(
        "SELECT key, target, state, written_at, done_at, attempts, why FROM outbox WHERE incident = ? "  # noqa: S608 - our own words
        f"OR {SEVERAL} AND instr(CAST(body AS TEXT), ?) ORDER BY written_at, key",
        (incident, f'"id":"{incident}"'),
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
