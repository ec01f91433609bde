"""A conversation as rules and messages read it."""

from msgspec import Struct

from buzzwatch.model.instant import Instant
from buzzwatch.model.signal import Trend


class ThreadView(Struct, frozen=True, gc=False):
    """One conversation of one brand at one instant.

    `score` is the escalation score (unbounded, higher is worse). `rate` is mentions an hour now. `forecast` is the
    number of mentions expected in the next 24 h. `reach` adds up the known followers of its distinct mentions, None if
    none is known. `negative_share` is a fraction. `authors` counts distinct ones without the official accounts.
    `answered`: an official reply in the last 30 minutes and no speeding-up since.
    """

    id: str
    brand: str
    mentions: int
    authors: int
    negative_share: float
    reach: int | None
    rate: float
    forecast: float
    score: float
    answered: bool
    trend: Trend
    first_at: Instant
    last_at: Instant
