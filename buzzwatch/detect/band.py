"""Between which numbers the mentions of an ordinary time lie: for people who look, not for deciding."""

from itertools import pairwise
from math import sqrt
from typing import NamedTuple

from buzzwatch.detect.baseline import Baseline
from buzzwatch.detect.calendar import Calendar
from buzzwatch.detect.volume import Spread
from buzzwatch.model.instant import MINUTE

_WIDTH = 1.28
"""Standard deviations to either side: four of five ordinary hours lie within."""


class Band(NamedTuple):
    """`expected` mentions, seldom fewer than `low` or more than `high`; `spread` is how they scatter."""

    expected: float
    low: float
    high: float
    spread: Spread


def band(baseline: Baseline, calendar: Calendar, level: float, first: int, last: int) -> Band:
    """That of the minutes from `first` to before `last`; a day at most. Campaigns count with the hours they lie in.

    The scale is the square root, on which a count scatters alike wherever it lies, and below which nothing falls.
    """
    expected = level * sum(_shaped(baseline, start, end) for start, end in _hours(first, last))
    for campaign in calendar.between(first * MINUTE, last * MINUTE):
        start, end = max(first, campaign.since // MINUTE), min(last, campaign.until // MINUTE)
        extra = sum(_shaped(baseline, *each) for each in _hours(start, end))
        expected += level * (campaign.factor - 1) * extra
    spread = baseline.spread((last - 1) // 60)
    expected = max(0.0, expected)
    variance = spread.dispersion * expected + (spread.noise + spread.doubt**2) * expected * expected
    half = _WIDTH * sqrt(variance / expected) / 2 if expected else 0.0  # of a root, by the delta method
    root = sqrt(expected)
    return Band(expected, max(0.0, root - half) ** 2, (root + half) ** 2, spread)


def _shaped(baseline: Baseline, first: int, last: int) -> float:
    """Profile hours in minutes of one hour."""
    return baseline.shape(first // 60) * (last - first) / 60


def _hours(first: int, last: int) -> list[tuple[int, int]]:
    """The minutes from `first` to before `last`, cut at whole hours."""
    cuts = [first, *range((first // 60 + 1) * 60, last, 60), last]
    return [(start, end) for start, end in pairwise(cuts) if end > start]
