import random
from math import exp, log

import pytest

from buzzwatch.detect.budget import LINE
from buzzwatch.detect.thread import Escalation
from buzzwatch.model.instant import DAY, HOUR, MINUTE
from buzzwatch.model.signal import Trend
from buzzwatch.model.thread import Phase

NOW = 1_767_571_200_000


def test_a_lone_fresh_mention_is_zero_and_scores_have_no_upper_end():
    judge = Escalation()
    assert judge.score(6) == 0
    assert judge.score(1e12) > judge.score(1e10) > judge.score(132) > LINE
    assert judge.score(judge.calm) == pytest.approx(LINE)


def test_more_is_expected_of_what_is_recent():
    judge = Escalation()
    likely = [
        judge.forecast(judge.expect(tens, hours), first_day=True).mentions
        for tens, hours in ((0, 1), (2, 20), (20, 20))
    ]
    assert likely == sorted(likely)
    assert len(set(likely)) == 3


@pytest.mark.parametrize(
    ("tens", "hours", "age", "trend"),
    [
        (20, 22, 10 * MINUTE, Trend.RISING),
        (10, 60, 9 * HOUR, Trend.STEADY),
        (1, 60, 9 * HOUR, Trend.FADING),
        (1.2, 1.3, MINUTE, Trend.STEADY),
    ],
)
def test_the_last_ten_minutes_are_held_against_the_time_before(tens, hours, age, trend):
    assert Escalation().trend(tens, hours, age) is trend


@pytest.mark.parametrize(
    ("trend", "hours", "crest", "trough", "phase"),
    [
        (Trend.RISING, 50, 50, 50, Phase.RISING),
        (Trend.STEADY, 45, 50, 45, Phase.PEAKING),
        (Trend.STEADY, 20, 50, 20, Phase.FADING),
        (Trend.FADING, 45, 50, 45, Phase.FADING),
        (Trend.FADING, 2, 50, 2, Phase.OVER),
        (Trend.RISING, 30, 50, 5, Phase.REBOUND),
        (Trend.FADING, 30, 50, 5, Phase.FADING),
        (Trend.RISING, 6, 50, 5, Phase.RISING),
    ],
)
def test_the_hour_is_held_against_the_best_and_the_worst_one(trend, hours, crest, trough, phase):
    assert Escalation().phase(trend, hours, crest, trough) is phase


def test_growth_that_goes_on_reaches_the_next_round_rate_when_it_is_foreseen():
    doubling = 20 * MINUTE
    growth = log(2) / doubling
    rate = 90 / HOUR
    tens, hours = (rate / (1 / span + growth) for span in (10 * MINUTE, HOUR))
    seen = Escalation().milestone(tens, hours, 24 * HOUR, NOW)
    assert seen.rate == 100
    assert seen.at - NOW == pytest.approx(log(100 / 90) / growth, rel=0.01)
    assert NOW < seen.earliest < seen.at


def test_more_mentions_make_the_instant_of_a_milestone_surer():
    few, many = (Escalation().milestone(20 * times, 60 * times, 24 * HOUR, NOW) for times in (1, 1_000))
    assert 10 * (many.latest - many.earliest) < few.latest - few.earliest


@pytest.mark.parametrize(("tens", "hours"), [(10, 60), (5, 60), (1.2, 1.2), (0.0, 0.0)])
def test_what_does_not_grow_has_no_milestone(tens, hours):
    assert Escalation().milestone(tens, hours, 24 * HOUR, NOW) is None


def test_brands_have_their_own_ceilings():
    judge = Escalation()
    for number in range(50):
        judge.rise("rough", judge.calm, 8_000.0, NOW + number * HOUR)
    assert judge.ceiling("rough", 1 / 30, NOW) > judge.ceiling("calm", 1 / 30, NOW)


def test_a_dump_comes_back_the_same():
    judge, twin = Escalation(), Escalation()
    judge.rise("acme", judge.calm, 500.0, NOW)
    judge.compare(7.0, 3, first_day=True)
    twin.restore(judge.dump())
    for each in (judge, twin):
        each.rise("acme", 500.0, 600.0, NOW + HOUR)
        each.compare(150.0, 7, first_day=False)
    assert twin.dump() == judge.dump()


def test_eight_of_ten_forecasts_hold_on_conversations_that_excite_themselves():
    judge, dice = Escalation(), random.Random(5)
    held = []
    for _ in range(3_000):
        tens, hours, came = cascade(dice)
        expected = judge.expect(tens, hours)
        likely = judge.forecast(expected, first_day=True)
        held.append(likely.least <= came <= likely.most)
        judge.compare(expected, came, first_day=True)
    assert sum(held[1_000:]) / 2_000 == pytest.approx(0.8, abs=0.04)


def test_later_days_do_not_teach_what_a_first_day_brings():
    judge = Escalation()
    before = judge.forecast(7.0, first_day=True)
    for _ in range(100):
        judge.compare(7.0, 0, first_day=False)
    assert judge.forecast(7.0, first_day=True) == before
    assert judge.forecast(7.0, first_day=False).mentions < before.mentions


def cascade(dice):
    """Of a self-exciting conversation: tens and hours at one hour, and what came in the day after it."""
    fertility, ahead, ages = dice.uniform(0.3, 0.9), [0.0] * dice.randint(1, 20), []
    while ahead:
        age = ahead.pop()
        ages.append(age)
        for _ in range(int(dice.expovariate(1 / fertility) + 0.5)):
            child = age + dice.expovariate(1 / (HOUR if dice.random() < 0.5 else 4 * HOUR))
            if child <= DAY + HOUR:
                ahead.append(child)
    heard = [HOUR - age for age in ages if age <= HOUR]
    tens, hours = (sum(exp(-since / span) for since in heard) for span in (10 * MINUTE, HOUR))
    return tens, hours, len(ages) - len(heard)
