"""When a rise began, and how fast it still grows: the time in which it doubles."""

from collections.abc import Iterable, Sequence
from math import exp, log, sqrt

from buzzwatch.model.instant import MINUTE, Span

LEAST_MINUTES = 6
MOST_MINUTES = 15
SURE = 3.5
"""Standard deviations by which the mentions must lean towards the end: a steady rate does so once in 4,300 looks."""
_FASTEST = 2.0  # e-folds a minute
_HALVINGS = 20
_LULL = 10.0  # log likelihood: silence this clear ends the way back to a beginning


def beginning(seen: Iterable[int], gain: float, costs: Iterable[float]) -> int:
    """How many minutes ago a rise began: where the sum of `gain` for each mention less each minute's cost is highest.

    `seen` and `costs` go back from the open minute, as far as the shorter of them.
    """
    began, best, total = 0, 0.0, 0.0
    for age, (mentions, cost) in enumerate(zip(seen, costs, strict=False)):
        total += mentions * gain - cost
        if mentions and total > best:
            began, best = age, total
        elif total < best - _LULL:
            break  # what came before so clear a lull is another story
    return began


def doubling(counts: Sequence[float]) -> Span | None:
    """The time in which a rate doubles, from its counts in whole minutes, oldest first; None: no clear growth.

    Laplace's trend test (Cox and Lewis, The Statistical Analysis of Series of Events, 1966): of a steady rate the mean
    place of the mentions is the middle, give or take sqrt((k² - 1) / 12 n). What has risen to a new level and stays
    there therefore does not grow, provided that the counts begin after the rise. The rate of growth is the one that
    puts the mean place of an exponential where it is.
    """
    minutes, total = len(counts), sum(counts)
    if minutes < LEAST_MINUTES or total <= 0:
        return None
    place = sum(minute * count for minute, count in enumerate(counts)) / total
    lean = (place - (minutes - 1) / 2) / sqrt((minutes**2 - 1) / (12 * total))
    return round(MINUTE * log(2) / _rate(place, minutes)) if lean >= SURE else None


def _rate(place: float, minutes: int) -> float:
    """Growth a minute of the exponential whose mean place over so many minutes it is; by bisection."""
    low, high = 0.0, _FASTEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        weights = [exp(middle * (minute - minutes)) for minute in range(minutes)]
        mean = sum(minute * weight for minute, weight in enumerate(weights)) / sum(weights)
        low, high = (middle, high) if mean < place else (low, middle)
    return high
