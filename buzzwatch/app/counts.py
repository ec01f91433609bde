"""How much was said of a brand hour by hour, of all times: from the journal, and from the counts of what it had."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC

from buzzwatch.model.instant import HOUR, Instant, moment_of
from buzzwatch.store.journal import read_sightings
from buzzwatch.store.keeping import Hour, read_hours, sum_hours

_BEFORE = 12 * HOUR
"""A mention is heard so long after it was posted at most, or it is late and counts apart."""


def count_hours(db: sqlite3.Connection, brand: str, since: Instant, until: Instant) -> list[Hour]:
    """Whole hours that begin in a stretch of time, from the first one with a mention on; silent ones among them."""
    first, last = -(-since // HOUR), -(-until // HOUR)
    found = {each.hour: each for each in read_hours(db, brand, since, until)}
    for each in sum_hours(read_sightings(db, brand, since, until + _BEFORE)):
        if first <= each.hour < last:
            known = found.get(each.hour, Hour(brand, each.hour, 0, 0, 0, 0))
            found[each.hour] = Hour(brand, each.hour, *(a + b for a, b in zip(known[2:], each[2:], strict=True)))
    begins = min(found, default=last)
    return [found.get(hour, Hour(brand, hour, 0, 0, 0, 0)) for hour in range(begins, last)]


def as_rows(hours: list[Hour]) -> Iterator[str]:
    """As CSV with a header: `detect volume` reads the first two columns."""
    yield "timestamp,value,negative,negativity"
    for each in hours:
        at = moment_of(each.hour * HOUR).astimezone(UTC)
        mean = f"{each.milli / each.mentions / 1_000:.3f}" if each.mentions else ""
        yield f"{at:%Y-%m-%dT%H:%M:%SZ},{each.mentions},{each.negative},{mean}"
