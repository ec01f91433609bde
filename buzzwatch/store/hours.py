"""How many mentions there were of each brand in each of the last hours, by the journal."""

import sqlite3

from buzzwatch.model.instant import HOUR, LONGEST_WINDOW, Instant

_COUNTS = """
WITH said AS (
  SELECT seq, brand, seen_at, CAST(body AS TEXT) AS body FROM journal
  WHERE seq >= :first AND kind = 'sighting' AND skipped IS NULL
), counted AS (
  SELECT brand, min(seen_at, body ->> 'posted_at') / :hour AS hour, coalesce(nullif(body ->> 'copy', 0), -seq) AS text,
    body ->> 'negativity' AS negativity
  FROM said WHERE seen_at - (body ->> 'posted_at') <= :longest
  AND NOT body ->> 'official' AND coalesce(body ->> 'voice', '') != 'ours'
), once AS (
  SELECT brand, hour, count(*) AS mentions, max(negativity) AS negativity FROM counted
  WHERE hour >= :since GROUP BY brand, hour, text
)
SELECT brand, hour, sum(mentions), count(*), sum(negativity) FROM once GROUP BY brand, hour
"""


def read_hours(db: sqlite3.Connection, since: int) -> dict[str, dict[int, tuple[int, int, float]]]:
    """By brand and hour of the epoch, from the hour `since` on: mentions, different texts, and negative ones of these.

    As windows count: no late ones and none of our own people's; copies once in an hour. A text that was told in the
    hour before as well counts again here. 3 µs a mention.
    """
    first = _first_seq(db, since * HOUR)
    found: dict[str, dict[int, tuple[int, int, float]]] = {}
    asked = {"first": first, "hour": HOUR, "longest": LONGEST_WINDOW, "since": since}
    for brand, hour, mentions, fresh, negative in db.execute(_COUNTS, asked):
        found.setdefault(brand, {})[hour] = mentions, fresh, negative
    return found


def _first_seq(db: sqlite3.Connection, at: Instant) -> int:
    """The first row seen at or after an instant, by halving: rows are in the order of time, and hold no index of it."""
    low, high = db.execute("SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) + 1 FROM journal").fetchone()
    while low < high:
        middle = (low + high) // 2
        row = db.execute("SELECT seq, seen_at FROM journal WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)).fetchone()
        if row is None or row[1] >= at:
            high = middle
        else:
            low = row[0] + 1
    return int(low)
