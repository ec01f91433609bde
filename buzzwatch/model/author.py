"""What is known of who wrote a mention, from before."""

from msgspec import Struct

from buzzwatch.model.instant import Instant, Span


class Past(Struct, frozen=True, gc=False):
    """An author's past with one brand; numbers are of the last twelve months, the mention in question among them.

    `asked_at` is when the last exchange with them began that was answered or has ended, `answered_after` how long it
    waited for an official answer, None if there was none. None for both: no such exchange is known.
    """

    first_at: Instant
    mentions: int
    answers: int
    asked_at: Instant | None = None
    answered_after: Span | None = None
