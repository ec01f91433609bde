"""What mentions say: as the source tells it that brought them first, until their authors or time take it away."""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from buzzwatch.model.incident import Incident, State
from buzzwatch.model.instant import DAY, Instant, Span
from buzzwatch.model.mention import Author, Mention
from buzzwatch.store.authors import forget_taken_back
from buzzwatch.store.database import transaction
from buzzwatch.store.names import name_key

ERASED = 0
"""The digest of what its author took back: no later copy of it brings the text back."""
LET_GO = -1
"""The digest of what is older than its source is to keep: nor does one of this."""
REMEMBERED: Span = DAY
"""How long it is known that a post was taken back which never came."""
MOST_REMEMBERED = 100_000
AT_ONCE = 500
"""Texts that are let go in one commit: some milliseconds."""
REFUSED_KEPT: Span = 30 * DAY
_OLD_AT_ONCE = 1_000
_BUSY_MS = 200

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Mention).decode
_decode_incident = msgspec.json.Decoder(Incident).decode


class Text(NamedTuple):
    """What a mention says and how negative it is; `names` are further names of it, `road` brought it."""

    mention: Mention
    digest: int
    negativity: float
    road: str
    seen_at: Instant
    names: tuple[str, ...] = ()


def blank(mention: Mention) -> Mention:
    """What is left where an author takes a mention back: id and date."""
    return Mention(mention.id, "", mention.created_at, mention.source, deleted=True)


def write_texts(db: sqlite3.Connection, texts: list[Text], erased: list[Mention], now: Instant) -> None:
    """Keep what new and edited mentions say, and erase what was taken back, in whatever order that came.

    A mention keeps the text of the source that brought it first.
    """
    before = find_taken_back(db, texts)
    gone = {mention.id for mention in erased} | before
    db.executemany(
        "INSERT INTO content (mention, digest, negativity, body, road, seen_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (mention) DO UPDATE SET digest = excluded.digest, negativity = excluded.negativity,"
        " body = excluded.body WHERE digest > 0 AND road IN ('', excluded.road)",
        [(t.mention.id, t.digest, t.negativity, _encode(_shown(t.mention, gone)), t.road, t.seen_at) for t in texts],
    )
    if erased or before:
        _erase(db, [*erased, *(blank(t.mention) for t in texts if t.mention.id in before)])
    if erased:
        _remember(db, erased, now)


def _shown(mention: Mention, gone: set[str]) -> Mention:
    return blank(mention) if mention.id in gone else mention


def _erase(db: sqlite3.Connection, erased: list[Mention]) -> None:
    forget_taken_back(db, erased, ERASED)
    db.executemany(
        "UPDATE content SET digest = ?, body = ? WHERE mention = ?",
        [(ERASED, _encode(mention), mention.id) for mention in erased],
    )


def erase_named(db: sqlite3.Connection, names: Iterable[tuple[str, str]]) -> None:
    """Erase mentions that were taken back by a name which is known to be theirs only now."""
    asked = {name_key(name): mention for name, mention in names}
    if not asked or db.execute("SELECT 1 FROM taken_back LIMIT 1").fetchone() is None:
        return
    rows = db.execute(
        "SELECT name FROM taken_back WHERE name IN (SELECT value FROM json_each(?))", (_encode(list(asked)).decode(),)
    )
    gone = sorted({asked[name] for (name,) in rows})
    kept = db.execute(
        "SELECT body FROM content WHERE digest != ? AND mention IN (SELECT value FROM json_each(?))",
        (ERASED, _encode(gone).decode()),
    )
    _erase(db, [blank(_decode(body)) for (body,) in kept.fetchall()])


def find_taken_back(db: sqlite3.Connection, texts: Iterable[Text]) -> set[str]:
    """Ids of those that were taken back before they came."""
    if db.execute("SELECT 1 FROM taken_back LIMIT 1").fetchone() is None:
        return set()
    asked = {name_key(name): text.mention.id for text in texts for name in (text.mention.id, *text.names)}
    rows = db.execute(
        "SELECT name FROM taken_back WHERE name IN (SELECT value FROM json_each(?))", (_encode(list(asked)).decode(),)
    )
    return {asked[name] for (name,) in rows}


def _remember(db: sqlite3.Connection, erased: list[Mention], now: Instant) -> None:
    """Those that are not on record may still come: for a day, and of too many the newest."""
    db.executemany(
        "INSERT INTO taken_back (name, at) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM content WHERE mention = ?)"
        " ON CONFLICT DO NOTHING",
        [(name_key(mention.id), now, mention.id) for mention in erased],
    )
    db.execute("DELETE FROM taken_back WHERE id <= (SELECT max(id) FROM taken_back) - ?", (MOST_REMEMBERED,))
    db.execute(
        "DELETE FROM taken_back WHERE at < ? AND id IN (SELECT id FROM taken_back ORDER BY id LIMIT ?)",
        (now - REMEMBERED, _OLD_AT_ONCE),
    )


def let_go(db: sqlite3.Connection, road: str, before: Instant, most: int = AT_ONCE) -> int:
    """Erase some of the texts that a source brought before an instant, the oldest first; how many.

    Ids, dates and numbers stay: every outcome is worked out again without the texts. What live incidents show stays
    until they are over.
    """
    with transaction(db):
        rows = db.execute(
            "SELECT body FROM content WHERE road = ? AND seen_at < ? AND digest > 0 "
            "AND mention NOT IN (SELECT value FROM json_each(?)) ORDER BY seen_at LIMIT ?",
            (road, before, _encode(sorted(read_shown(db))).decode(), most),
        ).fetchall()
        kept = [_numbers(_decode(body)) for (body,) in rows]
        db.executemany(
            "UPDATE content SET digest = ?, body = ? WHERE mention = ?",
            [(LET_GO, _encode(mention), mention.id) for mention in kept],
        )
    return len(kept)


def read_shown(db: sqlite3.Connection) -> set[str]:
    """The mentions that incidents show which are not over."""
    rows = db.execute("SELECT body FROM incident WHERE state != ?", (State.RESOLVED,))
    return {mention for (body,) in rows for mention in _decode_incident(body).shown}


def _numbers(mention: Mention) -> Mention:
    followers = mention.author.followers if mention.author else None
    author = None if followers is None else Author(followers=followers)
    return replace(mention, text="", title=None, author=author, url=None, deleted=True)


def read_roads(db: sqlite3.Connection) -> list[str]:
    """The sources whose texts are kept, whether they are configured or not; '' for those heard before that was kept."""
    found: list[str] = []
    row = db.execute("SELECT min(road) FROM content WHERE digest > 0").fetchone()
    while row[0] is not None:  # a step a source, not one a text
        found.append(row[0])
        row = db.execute("SELECT min(road) FROM content WHERE digest > 0 AND road > ?", (row[0],)).fetchone()
    return found


def read_let_go(db: sqlite3.Connection, mentions: Iterable[str]) -> frozenset[str]:
    """Those of these mentions whose texts were older than their sources are to keep."""
    rows = db.execute(
        "SELECT mention FROM content WHERE digest = ? AND mention IN (SELECT value FROM json_each(?))",
        (LET_GO, _encode(list(mentions)).decode()),
    )
    return frozenset(mention for (mention,) in rows)


def wash(db: sqlite3.Connection, now: Instant) -> None:
    """Forget old refused payloads, and let no erased text stay in the write-ahead log; not while somebody reads."""
    with transaction(db):
        db.execute("DELETE FROM refused WHERE seen_at < ?", (now - REFUSED_KEPT,))
        db.execute("DELETE FROM taken_back WHERE at < ?", (now - REMEMBERED,))
    (usual,) = db.execute("PRAGMA busy_timeout").fetchone()
    db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout = {usual}")
