"""When each official account was last seen: one of which nothing ever comes may be misspelt, or not heard at all."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from buzzwatch.ingest.sight import account_key, accounts_of
from buzzwatch.model.brand import Brand
from buzzwatch.model.input import Input
from buzzwatch.model.instant import Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.store.database import transaction

if TYPE_CHECKING:
    from buzzwatch.store.batch import Heard


def note_officials(db: sqlite3.Connection, inputs: Iterable[tuple[int, Input]], heard: Iterable["Heard"]) -> None:
    """Write down whom of ours a batch has posts of, inside its transaction; rarely anybody."""
    sightings = [item for _, item in inputs if isinstance(item, Sighting) and item.official]
    if not sightings:
        return
    mentions = {each.mention.id: each.mention for each in heard}
    rows = [
        (sighting.brand, account, sighting.seen_at, sighting.seen_at)
        for sighting in sightings
        if (mention := mentions.get(sighting.mention)) is not None
        for account in accounts_of(sighting.source, mention.author)
    ]
    db.executemany(
        "INSERT INTO official VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET seen_at = max(coalesce(seen_at, 0), excluded.seen_at)",
        rows,
    )


def know_officials(db: sqlite3.Connection, brands: Mapping[str, Brand], now: Instant) -> None:
    """Begin to wait for accounts that are listed since, and forget those that are not listed any more."""
    listed = {(key, account_key(account)) for key, brand in brands.items() for account in brand.official}
    with transaction(db):
        known = set(db.execute("SELECT brand, account FROM official"))
        db.executemany("DELETE FROM official WHERE brand = ? AND account = ?", sorted(known - listed))
        db.executemany("INSERT INTO official VALUES (?, ?, ?, NULL)", [(*each, now) for each in sorted(listed - known)])


def read_officials(db: sqlite3.Connection) -> dict[tuple[str, str], tuple[Instant, Instant | None]]:
    """By brand and `account_key`: since when it is waited for, and when it was last seen."""
    return {
        (brand, account): (known_at, seen_at)
        for brand, account, known_at, seen_at in db.execute("SELECT brand, account, known_at, seen_at FROM official")
    }
