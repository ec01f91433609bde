"""How fast a brand answers those who complain, from the record.

What counts as a complaint and as its answer is decided when they are heard; see `threads.complaints`. Not counted are
answers that we cannot hear (private messages, the telephone) and complaints that came in over twelve hours late, were
taken back, or were marked as not negative or not about the brand. One that too many others pushed out of memory, or
that waited for over a week, stays unanswered whatever comes. One that was posted a minute ago counts as unanswered.
"""

import sqlite3
from collections.abc import Iterable
from math import ceil

from buzzwatch.model.instant import Instant, Span
from buzzwatch.model.response import QUICK, ResponseTimes
from buzzwatch.store.complaints import read_of_incident, read_spans


def response_times(db: sqlite3.Connection, brand: str, since: Instant, until: Instant) -> ResponseTimes:
    """Of the complaints about a brand that were posted from an instant until before another."""
    return summarise(read_spans(db, brand, since, until))


def incident_response_times(db: sqlite3.Connection, incident: str) -> ResponseTimes:
    """Of the complaints that belong to an incident."""
    return summarise(each.waited for each in read_of_incident(db, incident))


def summarise(spans: Iterable[Span | None]) -> ResponseTimes:
    """Median and p90 are spans that occurred, by nearest rank; None is a complaint without an answer."""
    waited = list(spans)
    answered = sorted(span for span in waited if span is not None)
    quick = sum(span <= QUICK for span in answered)
    return ResponseTimes(
        answered=len(answered),
        unanswered=len(waited) - len(answered),
        median=_rank(answered, 0.5),
        p90=_rank(answered, 0.9),
        quick=quick / len(waited) if waited else None,
    )


def _rank(spans: list[Span], part: float) -> Span | None:
    return spans[ceil(part * len(spans)) - 1] if spans else None
