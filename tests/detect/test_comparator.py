"""What each of river's detectors says once it is wrapped."""

import math
import os
import random
import subprocess
import sys

import pytest

from buzzwatch.detect.budget import LINE
from buzzwatch.detect.comparator import fit, sample
from buzzwatch.model.signal import Comparator

PART = 15 / 720
"""A quarter of an hour of twelve hours."""
every_comparator = pytest.mark.parametrize("by", Comparator)


def usual(count, day_count=None):
    """A window, in twelve hours that were just as loud unless they are given."""
    return sample(count, count / PART if day_count is None else day_count, PART)


def past(mean, seed=1, length=300):
    dice = random.Random(seed)
    return [usual(max(0.0, dice.gauss(mean, math.sqrt(mean))), mean / PART) for _ in range(length)]


@every_comparator
def test_a_flat_series_of_zeros_is_never_unusual_nor_is_one_mention_after_it(by):
    fitted = fit(by, [usual(0)] * 200)
    assert fitted.score(usual(0)) == 0
    assert 0 < fitted.score(usual(1, 1)) < LINE


@every_comparator
def test_a_flat_series_of_many_is_left_by_a_rise_and_by_no_drop(by):
    fitted = fit(by, [usual(100)] * 200)
    assert [fitted.score(usual(count, 100 / PART)) for count in (0, 1, 50, 100)] == [0, 0, 0, 0]
    assert fitted.score(usual(200, 100 / PART)) > LINE


@every_comparator
@pytest.mark.parametrize("mean", [1, 12, 400])
def test_scores_are_unbounded(by, mean):
    fitted = fit(by, past(mean))
    ten, hundred, million = (fitted.score(usual(mean * times, mean / PART)) for times in (10, 100, 1_000_000))
    assert LINE < ten < hundred < million < math.inf


@every_comparator
def test_what_is_ordinary_stays_under_the_line(by):
    fitted = fit(by, past(12))
    scores = [fitted.score(each) for each in past(12, seed=2)]
    assert sum(score > LINE for score in scores) < 0.06 * len(scores)
    assert min(scores) == 0


@every_comparator
def test_a_hostile_series_gives_finite_numbers(by):
    fitted = fit(by, [usual(count, 7e10) for count in (0, 1e9) * 100])
    scores = [fitted.score(usual(count, day)) for count in (0, 1, 1e9, 1e12) for day in (0, 7e10, 1e15)]
    assert all(math.isfinite(score) and score >= 0 for score in scores)


def told():
    fitted = [fit(by, past(7)) for by in Comparator]
    return repr([each.score(usual(count)) for each in fitted for count in range(0, 60, 3)])


def test_another_process_with_another_hash_seed_fits_the_same():
    other = subprocess.run(
        [sys.executable, __file__],
        env=os.environ | {"PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") == "0" else "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout == told()


if __name__ == "__main__":
    sys.stdout.write(told())
