"""Times of the clock, and lengths of time, as people write them."""

import re
from datetime import datetime, timedelta, tzinfo

from buzzwatch.model.instant import HOUR, MINUTE, Instant, Span, instant_of, moment_of

_TIME = re.compile(r"(?:(\d{4})-(\d{2})-(\d{2})[ T])?(\d{1,2})[:h](\d{2})")
_SPAN = re.compile(r"(\d{1,4})([mh])")
WANTED = "write a time to come, such as 23:40 or 2026-11-26 08:00"


def read_until(text: str, zone: tzinfo, now: Instant) -> Instant | None:
    """The instant of a local time: `23:40` is the next one, `2026-11-26 08:00` that day's; None: no time to come."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    here = moment_of(now).astimezone(zone)
    year, month, day = (int(part) for part in found.groups()[:3]) if found[1] else (here.year, here.month, here.day)
    try:
        local = datetime(year, month, day, int(found[4]), int(found[5]), tzinfo=zone)
    except ValueError:
        return None
    if instant_of(local) <= now and not found[1]:
        local += timedelta(days=1)  # of the calendar: the hour stays, whatever the clocks do that night
    instant = instant_of(local)
    return instant if instant > now else None


def read_span(text: str) -> Span | None:
    """The length of `15m` or `1h`; None: none at all, or no such length."""
    found = _SPAN.fullmatch(text.strip())
    return int(found[1]) * (HOUR if found[2] == "h" else MINUTE) or None if found else None
