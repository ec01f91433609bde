"""A time for which people expect more mentions than usual, or fewer."""

from msgspec import Struct

from buzzwatch.model.instant import Instant


class Campaign(Struct, frozen=True, gc=False, order=True):
    """From an instant until another, whole minutes both: `factor` times the usual number of mentions, and why."""

    since: Instant
    until: Instant
    factor: float
    why: str
