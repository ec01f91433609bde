import random
from math import exp, log

import pytest

from buzzwatch.detect.growth import LEAST_MINUTES, doubling
from buzzwatch.model.instant import MINUTE


def poisson(dice: random.Random, mean: float) -> int:
    floor, product, count = exp(-mean), dice.random(), 0
    while product > floor:
        product *= dice.random()
        count += 1
    return count


@pytest.mark.parametrize("minutes", [2, 4, 8])
def test_an_exact_exponential_doubles_in_its_own_time(minutes):
    counts = [2 ** (minute / minutes) * 40 for minute in range(15)]
    assert doubling(counts) == pytest.approx(minutes * MINUTE, rel=0.01)


@pytest.mark.parametrize("counts", [[], [0] * 15, [9] * 15, [1, 2, 4, 30, 90], list(range(15, 0, -1))])
def test_what_is_too_short_steady_or_falling_does_not_double(counts):
    assert doubling(counts) is None


def test_a_new_level_that_stays_is_no_growth_at_any_rate():
    dice = random.Random(3)
    looks = [doubling([poisson(dice, mean) for _ in range(15)]) for mean in (0.3, 1, 5, 40) for _ in range(500)]
    assert sum(look is not None for look in looks) <= 3  # one in 4,300 expected


def test_growth_is_seen_by_dozens_of_posts_and_not_by_a_handful():
    dice = random.Random(4)
    dozens = [doubling([poisson(dice, 3 * 2 ** (minute / 5)) for minute in range(12)]) for _ in range(100)]
    handful = [doubling([poisson(dice, 0.2 * 2 ** (minute / 5)) for minute in range(12)]) for _ in range(100)]
    assert sum(found is not None for found in dozens) >= 70
    assert sum(found is not None for found in handful) <= 10
    middle = sorted(found for found in dozens if found is not None)[39]
    assert middle == pytest.approx(5 * MINUTE, rel=0.3)


def test_a_rise_of_one_minute_is_bounded():
    found = doubling([0] * (LEAST_MINUTES - 1) + [1_000_000])
    assert found is not None
    assert 0 < found <= log(2) * MINUTE
