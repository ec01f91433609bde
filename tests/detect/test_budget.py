import random

import pytest

from buzzwatch.detect.budget import LINE, Tail
from buzzwatch.model.instant import DAY, HOUR

NOW = 1_767_571_200_000


def learnt(per_day, mean_excess, days=120, seed=2):
    dice = random.Random(seed)
    tail = Tail(NOW)
    for number in range(int(days * per_day)):
        now = NOW + int(number / per_day * DAY)
        tail.observe(LINE + dice.expovariate(1 / mean_excess), now, HOUR)
        tail.observe(0.0, now + 2 * HOUR, HOUR)
    return tail, NOW + days * DAY


def test_a_rarer_budget_asks_for_a_higher_score():
    tail = Tail(NOW)
    assert LINE < tail.ceiling(1 / 7, NOW) < tail.ceiling(1 / 30, NOW) < tail.ceiling(1 / 365, NOW)


def test_a_budget_above_the_peaks_asks_for_the_line():
    assert Tail(NOW).ceiling(50, NOW) == LINE


@pytest.mark.parametrize("rate", [1 / 7, 1 / 30])
def test_ordinary_traffic_reaches_the_ceiling_about_as_often_as_said(rate):
    tail, now = learnt(per_day=2, mean_excess=0.5)
    ceiling = tail.ceiling(rate, now)
    dice = random.Random(8)
    reached = sum(LINE + dice.expovariate(2) >= ceiling for _ in range(20_000)) / 10_000
    assert rate / 2 < reached < rate * 2


@pytest.mark.parametrize("rate", [1 / 2, 1 / 7])
def test_many_small_peaks_do_not_hide_how_high_the_few_large_ones_are(rate):
    dice = random.Random(7)
    tail = Tail(NOW)

    def score():
        return 8.0 + dice.expovariate(1) if dice.random() < 0.2 else LINE + dice.expovariate(4)

    for number in range(1_200):
        tail.rise(0.0, score(), NOW + number * DAY // 10)
    ceiling = tail.ceiling(rate, NOW + 120 * DAY)
    reached = sum(score() >= ceiling for _ in range(20_000)) / 2_000
    assert rate / 2 < reached < rate * 2


def test_habits_of_another_shape_are_refused():
    tail = Tail(NOW)
    with pytest.raises(ValueError, match="5 are needed"):
        tail.adopt(tail.habits() | {"peaks": [1.0]})


def test_a_rougher_past_raises_the_ceiling():
    calm, now = learnt(per_day=1, mean_excess=0.3)
    rough, _ = learnt(per_day=1, mean_excess=1.5)
    assert rough.ceiling(1 / 30, now) > calm.ceiling(1 / 30, now) + 1


def test_one_crisis_does_not_move_the_ceiling_much():
    tail, now = learnt(per_day=0.5, mean_excess=0.5)
    before = tail.ceiling(1 / 30, now)
    tail.observe(500.0, now, HOUR)
    tail.observe(0.0, now + DAY, HOUR)
    assert before < tail.ceiling(1 / 30, now + DAY) < before + 0.5


def test_scores_close_together_are_one_peak():
    tail, twin = Tail(NOW), Tail(NOW)
    for minute in range(30):
        tail.observe(4.0, NOW + minute * 60_000, HOUR)
    twin.observe(4.0, NOW + 29 * 60_000, HOUR)
    for each in (tail, twin):
        each.observe(0.0, NOW + DAY, HOUR)
    assert tail.dump()[4:] == pytest.approx(twin.dump()[4:], rel=1e-3)


def test_asking_changes_nothing():
    tail, now = learnt(per_day=1, mean_excess=1)
    before = tail.dump()
    tail.ceiling(1 / 30, now + 9 * DAY)
    assert tail.dump() == before


def test_a_maximum_that_rises_in_steps_counts_as_one_that_rose_at_once():
    steps, once = Tail(NOW), Tail(NOW)
    for before, after in ((0, 2.5), (2.5, 3), (3, 3.5)):
        steps.rise(before, after, NOW)
    once.rise(0, 3.5, NOW)
    assert steps.dump()[4:] == pytest.approx(once.dump()[4:])


def test_a_dump_comes_back_the_same():
    tail, now = learnt(per_day=1, mean_excess=1)
    tail.observe(4.0, now, HOUR)
    twin = Tail.load(tail.dump())
    for each in (tail, twin):
        each.observe(0.0, now + DAY, HOUR)
    assert twin.dump() == tail.dump()
    assert twin.ceiling(1 / 30, now + DAY) == tail.ceiling(1 / 30, now + DAY)
