import copy
import random

import pytest
from rivals import DAY, HOUR, WEEK
from rivals.rules import Checked, Double, Escalating, Ewma, Peak, Points, Spike, Trailing, Variation

COUNTING = [Spike, Peak, Variation, Checked, Double, Escalating, Ewma]


def last(rival, counts):
    score = 0.0
    for count in counts:
        score = rival.step(count)
    return score


def test_trailing_sums_are_those_of_its_last_values():
    dice, trailing, values = random.Random(1), Trailing(5), []
    for _ in range(23):
        values.append(float(dice.randrange(9)))
        trailing.add(values[-1])
        assert trailing.total == sum(values[-5:])
        assert trailing.squares == sum(value**2 for value in values[-5:])
    assert [trailing.ago(ticks) for ticks in range(5)] == values[:-6:-1]


def test_a_spike_is_an_hour_over_the_hour_before():
    assert last(Spike(), [2] * HOUR + [6] * HOUR) == pytest.approx(3)


def test_a_peak_is_told_when_it_falls_in_deviations_of_two_weeks():
    peak = Peak()
    usual = [1.0, 3.0] * WEEK
    assert last(peak, usual) < 1
    assert peak.step(40.0) <= 0
    assert peak.step(0.0) > 3


def test_a_variation_is_a_day_over_a_week_in_deviations_of_an_hour():
    calm = [1.0] * (6 * DAY) + [4.0] * DAY
    hours = 12 * (4 - (6 * 1 + 4) / 7)
    deviation = 12 * ((6 / 7 * 1 + 1 / 7 * 16) - (10 / 7) ** 2) ** 0.5
    assert last(Variation(), calm) == pytest.approx(hours / deviation, rel=0.05)


def test_an_hour_is_checked_against_the_day_and_the_week_before():
    day = [1.0] * (23 * HOUR) + [9.0] * HOUR
    habit = last(Checked(), day * 8)
    assert habit <= 0
    assert last(Checked(), [1.0] * (8 * DAY - HOUR) + [9.0] * HOUR) > 10


def test_double_is_ten_minutes_over_the_mean_ten_minutes_of_six_hours():
    counts = [3.0] * (6 * HOUR - 2) + [6.0] * 2
    assert last(Double(), counts) == pytest.approx(12 / (2 * (3 * 70 + 12) / 72))


def test_escalating_is_an_hour_over_a_ceiling_made_from_a_week():
    flat = [2.0] * WEEK
    ceiling = max(24 * 5, 24 + 5 * 24)
    scatter = 0.5 / 24  # never nothing
    assert last(Escalating(), [*flat, *[12.0] * HOUR]) == pytest.approx(144 / ceiling, rel=scatter * 5)
    assert last(Escalating(), flat[: WEEK // 2]) == 0


def test_points_are_those_of_the_share():
    points = Points()
    for _ in range(WEEK - HOUR):
        points.step(1.0, 10.0)
    score = 0.0
    for _ in range(HOUR):
        score = points.step(3.0, 10.0)
    assert score == pytest.approx(20, abs=0.3)


def test_ewma_is_emitted_where_it_is_the_highest_of_a_day():
    ewma = Ewma()
    last(ewma, [1.0, 2.0] * DAY)
    onset = ewma.step(60.0)
    assert onset > 5
    assert last(ewma, [1.0] * HOUR) == 0
    assert ewma.step(30.0) == 0


@pytest.mark.parametrize("rival", COUNTING)
def test_nothing_for_ever_is_nothing_unusual(rival):
    assert last(rival(), [0.0] * (2 * DAY)) <= 0


@pytest.mark.parametrize("rival", COUNTING)
def test_what_happens_to_a_copy_leaves_the_original_as_it_was(rival):
    dice = random.Random(2)
    original = rival()
    for _ in range(WEEK + HOUR + 1):
        original.step(float(dice.randrange(4)))
    twin, third = copy.deepcopy(original), copy.deepcopy(original)
    last(twin, [50.0] * HOUR)
    assert last(original, [3.0, 1.0, 0.0]) == last(third, [3.0, 1.0, 0.0])
