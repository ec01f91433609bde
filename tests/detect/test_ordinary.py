import random
from math import exp, log

import pytest

from buzzwatch.detect.ordinary import Ordinary
from buzzwatch.model.thread import Day


def first_day(mentions, score):
    return Day(0, mentions, 0.0, score)


def known(scores, mentions=1):
    ordinary = Ordinary()
    for score in scores:
        ordinary.learn(first_day(mentions, score))
    return ordinary


def exponential(dice, mean, number):
    return [dice.expovariate(1 / mean) for _ in range(number)]


def test_a_twentieth_of_ordinary_conversations_reaches_the_ceiling_of_a_twentieth():
    dice = random.Random(1)
    ordinary = known(exponential(dice, 1.0, 2_000))
    reached = sum(score >= ordinary.ceiling(0.05) for score in exponential(dice, 1.0, 20_000))
    assert reached / 20_000 == pytest.approx(0.05, rel=0.3)


@pytest.mark.parametrize("drift", [-1.0, 1.0])
def test_false_alarms_stay_near_the_budget_while_scores_drift(drift):
    dice, ordinary, rung = random.Random(2), Ordinary(), 0
    for number in range(10_000):
        score = dice.expovariate(1 / exp(drift * number / 10_000))
        rung += number >= 2_000 and score >= ordinary.ceiling(0.05)
        ordinary.learn(first_day(1, score))
    assert 0.7 <= rung / 8_000 / 0.05 <= 1.3


def test_a_jump_of_all_scores_is_believed_within_a_few_thousand():
    dice = random.Random(3)
    ordinary = known(exponential(dice, 1.0, 3_000) + [3 + score for score in exponential(dice, 1.0, 3_000)])
    assert ordinary.ceiling(0.05) == pytest.approx(3 + log(20), abs=0.5)


def test_what_grew_teaches_nothing_of_the_ordinary():
    dice = random.Random(4)
    calm = exponential(dice, 1.0, 1_900)
    mixed = known(calm)
    for number, score in enumerate(calm):
        mixed.learn(first_day(1, score))
        if number % 25 == 0:
            mixed.learn(first_day(1_000, 20.0))
    assert mixed.ceiling(0.05) == pytest.approx(known(calm * 2).ceiling(0.05), abs=0.3)
    assert mixed.ceiling(0.05) < 5


def test_a_conversation_that_rises_on_a_later_day_is_counted_once_and_higher():
    later, once = known([0.5] * 200), known([0.5] * 200)
    for number in range(200):
        score = 1 + number / 100
        later.learn(first_day(1, 0.2))
        later.learn(Day(1, 2, 0.2, score))
        once.learn(first_day(2, score))
    assert later.ceiling(0.1) == pytest.approx(once.ceiling(0.1), abs=0.05)


def test_half_of_what_one_in_twenty_exceeds_is_ordinary_no_more():
    ordinary = Ordinary()
    for mentions in range(1, 1_001):
        ordinary.learn(first_day(mentions, 1.0))
    assert ordinary.usual_most == pytest.approx(475, rel=0.05)


def test_fewer_than_five_mentions_are_ordinary_however_quiet_the_others_are():
    assert known([1.0] * 100).usual_most == 5


def test_while_little_is_known_only_the_unheard_of_rings():
    assert Ordinary().ceiling(0.05) == pytest.approx(2 * log(20))
    assert known([9.0] * 10).ceiling(0.05) > 9


def test_all_alike_ring_never():
    assert known([1.5] * 500).ceiling(0.05) > 1.5
