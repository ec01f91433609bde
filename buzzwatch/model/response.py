"""Complaints, whether they were answered, and how fast a brand answers those who complain."""

from msgspec import Struct

from buzzwatch.model.instant import MINUTE, Instant, Span

QUICK: Span = 10 * MINUTE
"""An answer within this time is quick."""


class Complaint(Struct, frozen=True, gc=False, omit_defaults=True):
    """One complaint as the record keeps it: ids and numbers, no text.

    `author` is the key of who complained, 0 where unknown. `answered_at` None: it has no official answer. `incident` is
    the trouble that it belongs to, "" if none. `gone`: it is no complaint any more, and leaves the record.
    """

    brand: str
    mention: str
    author: int
    complained_at: Instant
    answered_at: Instant | None = None
    incident: str = ""
    gone: bool = False

    @property
    def waited(self) -> Span | None:
        """How long it waited for its answer; None: it has none."""
        return None if self.answered_at is None else self.answered_at - self.complained_at


class ResponseTimes(Struct, frozen=True, gc=False):
    """Of the complaints of a time: how many had an official answer, after how long.

    `quick` is the part of all complaints that was answered within `QUICK`; None, as the spans, where there are none.
    """

    answered: int
    unanswered: int
    median: Span | None
    p90: Span | None
    quick: float | None
