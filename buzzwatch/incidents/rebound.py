"""How long an incident that has ended is watched: what starts again by then is the same trouble."""

from datetime import datetime, time, timedelta, tzinfo

from msgspec.structs import replace

from buzzwatch.model.incident import Incident
from buzzwatch.model.instant import Instant, instant_of, moment_of

NOON = time(12)


def watched(incident: Incident, zone: tzinfo, now: Instant) -> Incident:
    """A closed incident, watched from now on. A silence is not: the next one is measured by itself."""
    if incident.subject.quiet:
        return incident
    return replace(incident, watch_until=noon_after(now, zone))


def noon_after(at: Instant, zone: tzinfo) -> Instant:
    """Noon of the next local day: of calendar days, whatever the clocks do in between."""
    tomorrow = moment_of(at).astimezone(zone).date() + timedelta(days=1)
    return instant_of(datetime.combine(tomorrow, NOON, zone))
