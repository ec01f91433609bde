import pytest

from buzzwatch.detect.budget import LINE
from buzzwatch.detect.thread import Escalation
from buzzwatch.model.instant import HOUR, MINUTE
from buzzwatch.model.signal import Trend

NOW = 1_767_571_200_000


def test_a_lone_fresh_mention_is_zero_and_scores_have_no_upper_end():
    judge = Escalation()
    assert judge.score(1, 1) == 0
    assert judge.score(1e6, 1e6) > judge.score(1e5, 1e5) > judge.score(10, 10) > LINE


def test_more_is_expected_of_what_is_recent():
    judge = Escalation()
    assert judge.forecast(20, 20) > judge.forecast(2, 20) > judge.forecast(0, 1)


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


def test_brands_have_their_own_ceilings():
    judge = Escalation()
    for number in range(50):
        judge.rise("rough", 0.0, 9.0, NOW + number * HOUR)
    assert judge.ceiling("rough", 1 / 30, NOW) > judge.ceiling("calm", 1 / 30, NOW)


def test_scores_under_the_line_are_no_peaks():
    judge = Escalation()
    judge.rise("acme", 0.0, LINE, NOW)
    assert judge.dump() == {}


def test_a_dump_comes_back_the_same():
    judge, twin = Escalation(), Escalation()
    judge.rise("acme", 0.0, 5.0, NOW)
    twin.restore(judge.dump())
    for each in (judge, twin):
        each.rise("acme", 5.0, 6.0, NOW + HOUR)
    assert twin.dump() == judge.dump()
