"""Rows that go once they are older than they are to be kept: a few at a time, the oldest first; mentions are counted.

The journal is let go up to an anchor: a snapshot that was put aside, which holds what its rows came to. Every mention
after it is in the journal, and those before it are in `hour` or in the journal, never in both.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from buzzwatch.model.incident import State
from buzzwatch.model.instant import DAY, HOUR, Instant, Span
from buzzwatch.model.mention import Sighting
from buzzwatch.store.database import transaction
from buzzwatch.store.names import name_key
from buzzwatch.store.texts import ERASED, read_shown

AT_ONCE = 500
"""Rows that go in one commit."""
INCIDENTS_AT_ONCE = 20
NAMES_AT_ONCE = 2_000
NEGATIVE = 0.5
LEAP: Span = DAY
"""Between two looks, which come every hour."""
_MENTIONS = "('sighting', 'erased')"
"""The kinds of rows that go with the mentions; all others say what people and we did, and go with the incidents."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Sighting).decode


class Anchor(NamedTuple):
    """The memory after a row, as of an instant."""

    seq: int
    at: Instant


class Hour(NamedTuple):
    """What was said of a brand in an hour, which is numbered from 1970 on; see migration 14."""

    brand: str
    hour: int
    mentions: int
    negative: int
    milli: int
    aside: int


def read_head(db: sqlite3.Connection) -> Anchor:
    """From where on the journal has every mention; (0, 0): from its beginning."""
    return Anchor(*db.execute("SELECT seq, at FROM head").fetchone())


def erases_from(db: sqlite3.Connection) -> Instant:
    """Before when nothing is erased that nobody asked to erase."""
    (instant,) = db.execute("SELECT erases_from FROM head").fetchone()
    return int(instant)


def may_erase(db: sqlite3.Connection, now: Instant) -> bool:
    """Whether the clock can be trusted with what cannot be undone: it has not leapt ahead since a day ago.

    A clock that is years ahead for an hour would make everything old. After a long downtime that costs a day.
    """
    looked_at, waits_until = db.execute("SELECT looked_at, waits_until FROM head").fetchone()
    if looked_at and now - looked_at > LEAP:
        waits_until = now + LEAP
    elif now < looked_at:  # it was set back
        waits_until = 0
    db.execute("UPDATE head SET looked_at = ?, waits_until = ?", (now, waits_until))
    return bool(now >= waits_until)


def read_anchors(db: sqlite3.Connection) -> list[Anchor]:
    """All that were put aside, the newest first."""
    return [Anchor(*row) for row in db.execute("SELECT seq, at FROM anchor ORDER BY seq DESC")]


def put_aside(db: sqlite3.Connection, anchor: Anchor) -> None:
    """Keep a snapshot beyond its time."""
    db.execute("INSERT INTO anchor VALUES (?, ?) ON CONFLICT DO NOTHING", anchor)


def drop_anchor(db: sqlite3.Connection, seq: int) -> None:
    """It is kept no more."""
    db.execute("DELETE FROM anchor WHERE seq = ?", (seq,))


def move_head(db: sqlite3.Connection, anchor: Anchor) -> None:
    """Say, before any row goes, that the journal is whole from there on only; the names are to be looked through."""
    db.execute("UPDATE head SET seq = ?, at = ?, names_from = -1", anchor)


def let_mentions_go(
    db: sqlite3.Connection, after: int, now: Instant, keep: Span, most: int = AT_ONCE
) -> tuple[int, int]:
    """Count and delete some mentions up to the head, of rows after one; how many, and the last row looked at.

    What live incidents show stays. That its author took a post back is remembered for as long again, by a digest.
    """
    with transaction(db):
        rows = db.execute(
            "SELECT seq, kind, mention, skipped, body FROM journal WHERE seq > ? AND seq <= (SELECT seq FROM head) "  # noqa: S608 - our own words
            f"AND kind IN {_MENTIONS} ORDER BY seq LIMIT ?",
            (after, most),
        ).fetchall()
        spared = read_shown(db)
        gone = [row for row in rows if row[2] is None or row[2] not in spared]
        _count(db, (_decode(body) for _, kind, _, skipped, body in gone if kind == "sighting" and skipped is None))
        db.executemany("DELETE FROM journal WHERE seq = ?", [row[:1] for row in gone])
        _let_contents_go(db, {row[2] for row in gone if row[2] is not None}, now + keep)
    return len(rows), rows[-1][0] if rows else after


def _count(db: sqlite3.Connection, sightings: Iterable[Sighting]) -> None:
    db.executemany(
        "INSERT INTO hour VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET mentions = mentions + excluded.mentions, "
        "negative = negative + excluded.negative, milli = milli + excluded.milli, aside = aside + excluded.aside",
        sum_hours(sightings),
    )


def sum_hours(sightings: Iterable[Sighting]) -> list[Hour]:
    """By brand and hour, in order."""
    sums: dict[tuple[str, int], list[int]] = {}
    for each in sightings:
        told = sums.setdefault((each.brand, each.counted_at // HOUR), [0, 0, 0, 0])
        if each.is_ours or each.late:
            told[3] += 1
            continue
        told[0] += 1
        told[1] += each.negativity >= NEGATIVE
        told[2] += round(each.negativity * 1_000)
    return [Hour(*key, *told) for key, told in sorted(sums.items())]


def _let_contents_go(db: sqlite3.Connection, mentions: set[str], until: Instant) -> None:
    """Of mentions that no brand has any more."""
    named = _encode(sorted(mentions)).decode()
    erased = db.execute(
        "SELECT mention FROM content WHERE digest = ? AND mention IN (SELECT value FROM json_each(?))", (ERASED, named)
    ).fetchall()
    db.executemany(
        "INSERT INTO taken_back (name, at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(name_key(mention), until) for (mention,) in erased],
    )
    db.execute(
        "DELETE FROM content WHERE mention IN (SELECT value FROM json_each(?)) "
        "AND NOT EXISTS (SELECT 1 FROM journal WHERE journal.mention = content.mention)",
        (named,),
    )


def let_names_go(db: sqlite3.Connection, most: int = NAMES_AT_ONCE) -> int:
    """Delete the further names of mentions that are gone, among some names; how many were looked at."""
    with transaction(db):
        (after,) = db.execute("SELECT names_from FROM head").fetchone()
        if after is None:
            return 0
        rows = db.execute(
            "SELECT name, EXISTS (SELECT 1 FROM journal WHERE journal.mention = alias.mention) FROM alias "
            "WHERE name > ? ORDER BY name LIMIT ?",
            (after, most),
        ).fetchall()
        db.executemany("DELETE FROM alias WHERE name = ?", [(name,) for name, known in rows if not known])
        db.execute("UPDATE head SET names_from = ?", (rows[-1][0] if len(rows) == most else None,))
    return len(rows)


def let_rows_go(db: sqlite3.Connection, before: Instant, most: int = AT_ONCE) -> int:
    """Delete some rows of the journal that are no mentions, up to the head and seen before an instant; how many.

    The rules and the rotas that were in force then stay, and whatever stands in them.
    """
    with transaction(db):
        stays = _encode(sorted(_in_force(db, before))).decode()
        rows = db.execute(
            "SELECT seq, kind FROM journal WHERE seq <= (SELECT seq FROM head) AND seen_at < ? "  # noqa: S608 - our own words
            f"AND kind NOT IN {_MENTIONS} AND seq NOT IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ?",
            (before, stays, most),
        ).fetchall()
        for table in ("journal", "reading"):
            db.executemany(f"DELETE FROM {table} WHERE seq = ?", [(seq,) for seq, _ in rows])  # noqa: S608 - as above
        if any(kind in {"rules", "rota"} for _, kind in rows):
            _let_files_go(db)
    return len(rows)


def _in_force(db: sqlite3.Connection, at: Instant) -> Iterator[int]:
    """The rows of the rules, and of each rota, that were in force at an instant."""
    row = db.execute(
        "SELECT max(seq) FROM journal WHERE kind IN ('silenced', 'rules', 'corrected', 'gap', 'clockset') "
        "AND kind = 'rules' AND seen_at < ?",
        (at,),
    ).fetchone()
    yield from (seq for seq in row if seq is not None)
    rows = db.execute(
        "SELECT CAST(body AS TEXT) ->> 0, seq FROM journal WHERE kind = 'rota' AND seen_at < ? ORDER BY seq", (at,)
    )
    yield from dict(rows.fetchall()).values()


def _let_files_go(db: sqlite3.Connection) -> None:
    """Rule sets and shifts that no row names any more."""
    db.execute(
        "DELETE FROM ruleset WHERE digest NOT IN (SELECT CAST(body AS TEXT) FROM journal "
        "WHERE kind IN ('silenced', 'rules', 'corrected', 'gap', 'clockset') AND kind = 'rules')"
    )
    db.execute(
        "DELETE FROM rota WHERE digest NOT IN (SELECT CAST(body AS TEXT) ->> 1 FROM journal WHERE kind = 'rota')"
    )


def let_incidents_go(db: sqlite3.Connection, before: Instant, most: int = INCIDENTS_AT_ONCE) -> int:
    """Delete some incidents that were over before an instant, with their history, messages and links; how many."""
    with transaction(db):
        rows = db.execute(
            "SELECT id FROM incident WHERE state = ? AND opened_at < ? "
            "AND coalesce(CAST(body AS TEXT) ->> 'closed_at', opened_at) < ? LIMIT ?",
            (State.RESOLVED, before, before, most),
        ).fetchall()
        db.executemany("DELETE FROM attempt WHERE key IN (SELECT key FROM outbox WHERE incident = ?)", rows)
        for table in ("change", "held", "outbox", "link"):
            db.executemany(f"DELETE FROM {table} WHERE incident = ?", rows)  # noqa: S608 - our own words
        db.executemany("DELETE FROM incident WHERE id = ?", rows)
    return len(rows)


_OLD: tuple[str, ...] = (
    "DELETE FROM attempt WHERE rowid IN (SELECT rowid FROM attempt WHERE at < ? LIMIT ?)",
    "DELETE FROM held WHERE rowid IN (SELECT rowid FROM held WHERE at < ? LIMIT ?)",
    "DELETE FROM outbox WHERE key IN (SELECT key FROM outbox WHERE written_at < ? AND state != 'waiting' LIMIT ?)",
    "DELETE FROM shadow WHERE id IN (SELECT id FROM shadow WHERE over_at < ? LIMIT ?)",
    (
        "DELETE FROM complaint WHERE (brand, mention) IN (SELECT c.brand, c.mention FROM author_brand b "
        "JOIN complaint c ON c.brand = b.brand WHERE c.complained_at < ? LIMIT ?)"
    ),
)
"""What has a date of its own and goes by that."""


def let_old_go(db: sqlite3.Connection, before: Instant, most: int = AT_ONCE) -> int:
    """Delete some messages, attempts, holds, shadow rings and complaints from before an instant; the most of any."""
    with transaction(db):
        return max(db.execute(query, (before, most)).rowcount for query in _OLD)


def read_hours(db: sqlite3.Connection, brand: str, since: Instant, until: Instant) -> list[Hour]:
    """What is left of a brand's mentions that the journal holds no more: hours that begin in a stretch of time."""
    rows = db.execute(
        "SELECT brand, hour, mentions, negative, milli, aside FROM hour WHERE brand = ? AND hour >= ? AND hour < ? "
        "ORDER BY hour",
        (brand, -(-since // HOUR), -(-until // HOUR)),
    )
    return [Hour(*row) for row in rows]
