"""The calendar, compiled: the campaigns of each brand, in its local time."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from buzzwatch.model.campaign import Campaign
from buzzwatch.model.instant import instant_of
from buzzwatch.rules import schema
from buzzwatch.rules.faults import Fault
from buzzwatch.rules.text import Document

CALENDAR = ("calendar.yaml", "calendar.yml")


def overlaps(document: Document, written: schema.CalendarFile, ours: Mapping[str, bool]) -> list[Fault]:
    """A fault for each entry that begins before an earlier one of the same brand has ended.

    `ours` are all brands by key, and whether each is one of ours.
    """
    faults: list[Fault] = []
    told: set[int] = set()
    for key in ours:
        before: int | None = None
        for index in _of_brand(written, key, ours=ours[key]):
            entry = written.campaigns[index]
            if before is not None and entry.since < written.campaigns[before].until:
                first, second = sorted((before, index))
                if second not in told:
                    told.add(second)
                    line = document.value_place(("campaigns", first))[0]
                    place = document.value_place(("campaigns", second))
                    message = "for `{key}` this overlaps the entry on line {line}"
                    remedy = "let one of them end where the other begins"
                    faults.append(document.fault(place, message, remedy, key=key, line=line))
            if before is None or entry.until > written.campaigns[before].until:
                before = index
    return faults


def campaigns_of(written: schema.CalendarFile, brand: schema.BrandFile) -> tuple[Campaign, ...]:
    """Those of one brand, in order, in instants.

    An hour that the clocks skip is where it would have been; of one that comes twice, a campaign begins at the first
    and ends at the second.
    """
    zone, campaigns = ZoneInfo(brand.timezone), list[Campaign]()
    for index in _of_brand(written, brand.brand, ours=brand.role == "ours"):
        entry = written.campaigns[index]
        since, until = _instant(entry.since, zone, 0), _instant(entry.until, zone, 1)
        since = max(since, campaigns[-1].until) if campaigns else since
        if since < until:
            campaigns.append(Campaign(since, until, entry.expect, entry.why))
    return tuple(campaigns)


def _of_brand(written: schema.CalendarFile, key: str, *, ours: bool) -> list[int]:
    """Which entries are of a brand, the earliest first."""
    entries = [
        index for index, entry in enumerate(written.campaigns) if (ours if entry.brand is None else key in entry.brand)
    ]
    return sorted(entries, key=lambda index: written.campaigns[index].since)


def _instant(moment: datetime, zone: ZoneInfo, fold: int) -> int:
    return instant_of(moment.replace(tzinfo=zone, fold=fold))
