"""Local days, numbered: the one that spring shortens and the one that autumn lengthens are days like any other."""

from datetime import date, datetime, time, tzinfo

from buzzwatch.model.instant import Instant, instant_of, moment_of


def day_of(zone: tzinfo, at: Instant) -> int:
    """The number of the local day that an instant lies in: 1 is the first of January of the year 1."""
    day = moment_of(at).astimezone(zone).date().toordinal()
    return day + (at >= start_of(zone, day + 1)) - (at < start_of(zone, day))  # clocks may go back at midnight


def start_of(zone: tzinfo, day: int) -> Instant:
    """The first instant of a local day; where clocks skip midnight, the instant at which they do."""
    return instant_of(datetime.combine(date.fromordinal(day), time(), zone))
