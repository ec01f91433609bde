"""What each source does ordinarily, kept between runs."""

import sqlite3
from collections.abc import Mapping

from buzzwatch.store.database import transaction


def read_rhythms(db: sqlite3.Connection) -> dict[str, bytes]:
    """By source, as they were written last."""
    return dict(db.execute("SELECT source, body FROM rhythm"))


def write_rhythms(db: sqlite3.Connection, rhythms: Mapping[str, bytes]) -> None:
    """In the place of all that was there: a source that is configured no more is forgotten."""
    with transaction(db):
        db.execute("DELETE FROM rhythm")
        db.executemany("INSERT INTO rhythm VALUES (?, ?)", list(rhythms.items()))
