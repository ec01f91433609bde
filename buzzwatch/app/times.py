"""How fast a brand answers, as far as that is measured."""

import sqlite3

from buzzwatch.model.instant import Instant
from buzzwatch.model.response import ResponseTimes


def times_of(_db: sqlite3.Connection, _brand: str, _since: Instant, _until: Instant) -> ResponseTimes | None:
    """The response times of a brand in a stretch of time; None: nobody has measured them."""
    return None
