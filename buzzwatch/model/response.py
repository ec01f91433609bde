"""How fast a brand answers those who complain."""

from msgspec import Struct

from buzzwatch.model.instant import Span


class ResponseTimes(Struct, frozen=True, gc=False):
    """Of the complaints of a time: how many had an official answer, after how long.

    `quick` is the part of all complaints answered within ten minutes; None, as the spans, where there are none.
    """

    answered: int
    unanswered: int
    median: Span | None
    p90: Span | None
    quick: float | None
