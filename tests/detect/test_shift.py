"""A level that moved for good is noticed within days; a burst, a weekend and a silence are none."""

import random

import pytest

from buzzwatch.detect.shift import LASTING, Shift
from buzzwatch.detect.volume import Spread

SPREAD = Spread(1.3, 0.052, 0.1)


def by_chance(dice, expected):
    """About Poisson: the sum of many that are unlikely; normal where nobody could tell."""
    if expected > 50:
        return max(0, round(dice.gauss(expected, expected**0.5)))
    return sum(dice.random() < 0.1 for _ in range(round(10 * expected)))


def heard(counts, expected, shift=None):
    """Hours until it was convinced, and the level it found; (None, None) if it was not."""
    shift = shift or Shift()
    for hour, count in enumerate(counts, 1):
        moved = shift.hear(count, expected, 1.0, SPREAD)
        if moved is not None:
            return hour, moved[0] / moved[1]
    return None, None


@pytest.mark.parametrize("expected", [3.0, 30.0, 3_000.0])
@pytest.mark.parametrize("times", [2.0, 0.5, 3.0])
def test_a_level_that_moved_is_found_within_days(expected, times):
    hours, level = heard([expected * times] * 24 * 8, expected)
    assert LASTING[times < 1] <= hours <= 4.5 * 24
    assert level == pytest.approx(expected * times)


@pytest.mark.parametrize("expected", [0.3, 3.0, 300.0])
def test_chance_alone_moves_nothing_in_a_year(expected):
    dice = random.Random(3)
    counts = (by_chance(dice, expected) for _ in range(365 * 24))
    assert heard(counts, expected) == (None, None)


@pytest.mark.parametrize(
    "counts",
    [
        [600] * 12 + [30] * 200,
        [600] * 40 + [30] * 200,
        [30] * 48 + [12] * 60 + [30] * 200,
        ([60] * 12 + [30] * 12) * 30,
    ],
    ids=["a burst of a day", "a crisis of nearly two days", "a quiet weekend", "busy days and usual nights"],
)
def test_what_does_not_last_is_no_shift(counts):
    assert heard(counts, 30.0) == (None, None)


def test_a_silence_is_an_outage_or_an_end_and_no_shift():
    assert heard([0] * 24 * 30, 30.0) == (None, None)


def test_a_crisis_at_the_beginning_does_not_become_the_level():
    _, level = heard([3_000] * 6 + [60] * 100, 30.0)
    assert level == pytest.approx(60, rel=0.15)


def test_a_dump_carries_the_evidence_over():
    whole, first = Shift(), Shift()
    for _ in range(50):
        for each in (whole, first):
            each.hear(60.0, 30.0, 1.0, SPREAD)
    again = Shift.load(first.dump())
    assert heard([60.0] * 40, 30.0, again) == heard([60.0] * 40, 30.0, whole)
    assert heard([60.0] * 40, 30.0)[0] is None
