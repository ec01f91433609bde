"""What rules in shadow would have rung, as the record has it."""

import sqlite3
from collections.abc import Iterator

import msgspec

from buzzwatch.model.incident import Incident
from buzzwatch.model.instant import Instant

_decode_incident = msgspec.json.Decoder(Incident).decode


def read_shadow(db: sqlite3.Connection, ring: str) -> Incident | None:
    """One by its id."""
    row = db.execute("SELECT body FROM shadow WHERE id = ?", (ring,)).fetchone()
    return None if row is None else _decode_incident(row[0])


def read_shadows(db: sqlite3.Connection, brand: str, since: Instant, until: Instant) -> Iterator[Incident]:
    """Those of a brand that rang in a time, in order."""
    rows = db.execute(
        "SELECT body FROM shadow WHERE brand = ? AND rang_at BETWEEN ? AND ? ORDER BY rang_at, id",
        (brand, since, until),
    )
    return (_decode_incident(body) for (body,) in rows)


def count_shadows(db: sqlite3.Connection, since: Instant) -> dict[tuple[str, str], int]:
    """How many times each rule, by brand and name, would have rung after an instant."""
    rows = db.execute("SELECT brand, rule, count(*) FROM shadow WHERE rang_at > ? GROUP BY brand, rule", (since,))
    return {(brand, rule): number for brand, rule, number in rows}
