"""When more mentions than usual are expected of a brand, or fewer."""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from buzzwatch.model.campaign import Campaign
from buzzwatch.model.instant import MINUTE, Instant


class Calendar:
    """The campaigns of one brand, in order; they do not overlap."""

    __slots__ = ("_untils", "campaigns")

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        self.campaigns = tuple(campaigns)
        self._untils = [campaign.until for campaign in campaigns]

    def between(self, since: Instant, until: Instant) -> tuple[Campaign, ...]:
        """Those that reach into a time, found in O(log n)."""
        first = last = bisect_right(self._untils, since)
        while last < len(self.campaigns) and self.campaigns[last].since < until:
            last += 1
        return self.campaigns[first:last]


class Swell:
    """What campaigns add to the usual in the hours from `hour` on; false where there is none."""

    __slots__ = ("_stretches",)

    def __init__(self, campaigns: Sequence[Campaign], hour: int) -> None:
        self._stretches = [
            (max(campaign.since // MINUTE, hour * 60), campaign.until // MINUTE, campaign.factor - 1)
            for campaign in campaigns
        ]

    def __bool__(self) -> bool:
        return bool(self._stretches)

    def factor(self, minute: int) -> float:
        """Of the campaign that a minute lies in; 1 outside."""
        for first, last, extra in self._stretches:
            if first <= minute < last:
                return 1 + extra
        return 1.0

    def until(self, minute: int, usual_until: Callable[[int], float]) -> float:
        """Profile hours added up to a minute; negative where less than usual is expected.

        `usual_until` gives those without campaigns, from the beginning of the first hour to a minute.
        """
        return sum(
            extra * (usual_until(min(last, minute)) - usual_until(first))
            for first, last, extra in self._stretches
            if first < minute
        )
