"""Instants and spans: whole milliseconds, so that sums are exact and a replay gives the same bytes."""

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Instant: TypeAlias = int
"""Milliseconds since 1970-01-01T00:00:00Z."""
Span: TypeAlias = int
"""A length of time in milliseconds."""

SECOND: Span = 1_000
MINUTE: Span = 60 * SECOND
HOUR: Span = 60 * MINUTE
DAY: Span = 24 * HOUR

LONGEST_WINDOW: Span = 12 * HOUR
"""What is older than this on arrival is `late`: it joins its thread and enters no window."""

WINDOWS: tuple[Span, ...] = (5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR)
"""Trailing windows that every brand is watched over; a rule's `over` names one of them."""
EVERY_WINDOW: Span = 0
"""All of them together."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def instant_of(moment: datetime) -> Instant:
    """The instant of an aware datetime, cut to the millisecond."""
    return (moment - _EPOCH) // _MILLISECOND


def moment_of(instant: Instant) -> datetime:
    """The aware datetime (UTC) of an instant."""
    return _EPOCH + instant * _MILLISECOND


def next_second(instant: Instant) -> Instant:
    """The first whole second after an instant: when what happened at it is decided upon."""
    return (instant // SECOND + 1) * SECOND
