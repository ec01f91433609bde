"""The record of complaints: each with when it was answered, written in the commit of what told it."""

import sqlite3
from collections.abc import Iterable
from itertools import groupby

from msgspec.structs import astuple

from buzzwatch.model.instant import DAY, Instant, Span
from buzzwatch.model.response import Complaint

_YEAR: Span = 365 * DAY
_COLUMNS = "brand, mention, author, complained_at, answered_at, incident"
_WIDTH = 6
_KEEP = (
    f"INSERT INTO complaint ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (brand, mention) DO UPDATE "  # noqa: S608 - our own names
    "SET answered_at = coalesce(answered_at, excluded.answered_at), incident = excluded.incident"
)


def write_complaints(db: sqlite3.Connection, complaints: Iterable[Complaint]) -> None:
    """Keep what became of complaints, in the order in which it was told; an answer that is on record stays."""
    for gone, told in groupby(complaints, key=lambda each: each.gone):
        if gone:
            query = "DELETE FROM complaint WHERE brand = ? AND mention = ?"
            db.executemany(query, [(each.brand, each.mention) for each in told])
        else:
            db.executemany(_KEEP, [astuple(each)[:_WIDTH] for each in told])


def read_waiting(db: sqlite3.Connection, brand: str, since: Instant) -> list[Complaint]:
    """Complaints about a brand that were posted after an instant and have no answer, the oldest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM complaint WHERE brand = ? AND complained_at > ? AND answered_at IS NULL "  # noqa: S608 - as above
        "ORDER BY complained_at, mention",
        (brand, since),
    )
    return [Complaint(*row) for row in rows]


def read_spans(db: sqlite3.Connection, brand: str, since: Instant, until: Instant) -> list[Span | None]:
    """How long each complaint of a time waited for its answer; None: it has none."""
    rows = db.execute(
        "SELECT answered_at - complained_at FROM complaint "
        "WHERE brand = ? AND complained_at >= ? AND complained_at < ?",
        (brand, since, until),
    )
    return [span for (span,) in rows]


def read_of_incident(db: sqlite3.Connection, incident: str) -> list[Complaint]:
    """The complaints that belong to an incident, the oldest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM complaint WHERE incident = ? ORDER BY complained_at, mention",  # noqa: S608 - as above
        (incident,),
    )
    return [Complaint(*row) for row in rows]


def count_known(db: sqlite3.Connection, complaint: Complaint) -> int:
    """How many complaints its author made about the brand in a year, this one among them; 1 where unknown."""
    if not complaint.author:
        return 1
    (count,) = db.execute(
        "SELECT count(*) FROM complaint WHERE brand = ? AND author = ? AND complained_at > ? AND complained_at <= ?",
        (complaint.brand, complaint.author, complaint.complained_at - _YEAR, complaint.complained_at),
    ).fetchone()
    return int(count)
