"""Comparators on the traffic of a brand: when they learn, what they pass over, and that they keep the budget."""

import random
from datetime import UTC
from math import pi, sin, sqrt

import pytest
from streams import MONDAY, burst, drawn, follow, poisson, sighting

from buzzwatch.detect.budget import LINE
from buzzwatch.detect.pulse import Pulse
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, next_second
from buzzwatch.model.signal import Comparator, Comparison, Detector

WEEKLY = 1 / 7
OVER = 15 * MINUTE
ASKED = tuple(Comparison(by, Detector.VOLUME, OVER) for by in Comparator)
every_comparator = pytest.mark.parametrize("asked", ASKED, ids=[asked.by for asked in ASKED])


def young(asked=ASKED, hour=0):
    pulse = Pulse(UTC, MONDAY)
    pulse.compare(asked, hour)
    return pulse


def hear(pulse, since, until, per_hour, gaps=(), seed=1):
    """Chance traffic, looked at every half-hour."""
    dice = random.Random(seed)
    for half in range(since // MINUTE, until // MINUTE, 30):
        for minute in range(half, half + 30, 5):
            mean = per_hour / 12
            pulse.spread(minute, 5, max(0, round(dice.gauss(mean, sqrt(mean)))))
        pulse.look((half + 30) * MINUTE - SECOND, gaps)
    return pulse


def lived(per_hour=60, days=4, asked=ASKED, gaps=()):
    return hear(young(asked), MONDAY, MONDAY + days * DAY, per_hour, gaps)


def score(pulse, asked):
    return pulse.signal(asked.detector, asked.over, asked.by).score


def rings(pulse, asked, rate=WEEKLY):
    return score(pulse, asked) >= pulse.ceiling(asked.detector, asked.over, rate, asked.by)


def counts(pulse):
    return pulse._panel._pasts[Detector.VOLUME].counts


@every_comparator
def test_a_brand_nobody_mentions_never_alarms(asked):
    pulse = young((asked,))
    for quarter in range(10 * 24):
        pulse.look(MONDAY + quarter * HOUR)
        assert score(pulse, asked) == 0
        assert not rings(pulse, asked, 1.0)


@every_comparator
@pytest.mark.parametrize("per_hour", [8, 60, 3_000])
def test_a_burst_alarms_and_a_greater_one_scores_higher(asked, per_hour):
    scores = []
    for times in (10, 100):
        pulse = lived(per_hour, asked=(asked,))
        hear(pulse, MONDAY + 4 * DAY, MONDAY + 4 * DAY + HOUR // 2, per_hour * times)
        assert rings(pulse, asked)
        scores.append(score(pulse, asked))
    assert scores[1] > 2 * scores[0]


@every_comparator
def test_a_drop_never_alarms(asked):
    pulse = lived(asked=(asked,))
    for quarter in range(4 * 48):
        pulse.look(MONDAY + 4 * DAY + quarter * HOUR // 4)
        assert score(pulse, asked) == 0 or quarter == 0


def test_angry_mentions_alarm_where_calm_ones_do_not():
    asked = Comparison(Comparator.HALF_SPACE_TREES, Detector.NEGATIVITY, OVER)
    scores = []
    for negativity in (0.9, 0.02):
        pulse, dice = young((asked,)), random.Random(3)
        ordinary = [sighting(at, negativity=dice.random() / 2) for at in poisson(dice, MONDAY, MONDAY + 3 * DAY, 12)]
        for _ in follow(pulse, ordinary + burst(MONDAY + 3 * DAY, 3, 14, negativity=negativity)):
            pass
        scores.append(score(pulse, asked))
    assert scores[0] > pulse.ceiling(asked.detector, OVER, 1 / 30, asked.by)
    assert scores[1] < 1


def test_a_brand_is_judged_from_a_day_and_a_half_on():
    pulse = young()
    hear(pulse, MONDAY, MONDAY + 35 * HOUR, 60)
    hear(pulse, MONDAY + 35 * HOUR, MONDAY + 36 * HOUR, 6_000)
    assert [score(pulse, asked) for asked in ASKED] == [0, 0, 0]
    hear(pulse, MONDAY + 36 * HOUR, MONDAY + 60 * HOUR, 60)
    hear(pulse, MONDAY + 60 * HOUR, MONDAY + 61 * HOUR, 6_000)
    assert all(rings(pulse, asked) for asked in ASKED)


def test_what_was_deaf_is_not_learnt_and_nothing_is_judged_by_it():
    gap = (MONDAY + DAY, MONDAY + 2 * DAY)
    pulse = hear(young(), MONDAY, gap[0], 60)
    pulse.look(gap[1] + MINUTE, [gap])
    assert [score(pulse, asked) for asked in ASKED] == [0, 0, 0]
    hear(pulse, gap[1], gap[1] + 5 * HOUR, 600, [gap])
    assert [score(pulse, asked) for asked in ASKED] == [0, 0, 0]
    hear(pulse, gap[1] + 5 * HOUR, gap[1] + 2 * DAY, 60, [gap])
    assert set(counts(pulse)[288:576]) == {-1}
    assert -1 not in counts(pulse)[:288] + counts(pulse)[576:]
    told = pulse._panel._pasts[Detector.VOLUME].samples(pulse._panel._closed, 3, 1)
    assert min(each.level for each in told) > 3


def test_only_whole_buckets_that_left_the_longest_window_are_learnt():
    pulse = hear(young(), MONDAY, MONDAY + 20 * HOUR, 60)
    first, closed = pulse._panel._pasts[Detector.VOLUME].first, pulse._panel._closed
    known = counts(pulse)[: closed - first].tolist()
    assert closed * 5 * MINUTE <= MONDAY + 8 * HOUR
    pulse.count(sighting(MONDAY + 9 * HOUR, MONDAY + 20 * HOUR + 2 * MINUTE))
    hear(pulse, MONDAY + 20 * HOUR, MONDAY + 26 * HOUR, 6_000)
    assert counts(pulse)[: closed - first].tolist() == known
    later = lived(days=1)
    hear(later, MONDAY + DAY, MONDAY + 2 * DAY, 60)
    assert sum(counts(pulse)[:108]) == sum(counts(later)[:108])
    assert sum(counts(pulse)[108:109]) == sum(counts(later)[108:109]) + 1


def test_six_silent_years_are_learnt_at_once_and_two_weeks_are_kept():
    pulse = lived(days=2)
    pulse.count(sighting(MONDAY + 6 * 365 * DAY))  # a silence is learnt when somebody is heard again
    pulse.look(MONDAY + 6 * 365 * DAY)
    assert len(counts(pulse)) <= 16 * 288 + 1
    assert not any(counts(pulse))
    assert all(score(pulse, asked) < LINE for asked in ASKED)


def test_a_dump_at_any_look_changes_nothing():
    dice = random.Random(12)
    pulse, copies = young(hour=7), []
    for number, at in enumerate(poisson(dice, MONDAY, MONDAY + 4 * DAY, 4)):
        if number % 20 == 0:
            copies = [*copies[-2:], Pulse.load(pulse.dump(), UTC)]
        for each in (pulse, *copies):
            each.count(sighting(at))
            each.look(next_second(at))
        for copy in copies:
            assert [score(copy, asked) for asked in ASKED] == [score(pulse, asked) for asked in ASKED]
    assert all(copy.dump() == pulse.dump() for copy in copies)
    assert len(pulse.dump()["panel"]["tails"]) == len(ASKED)


def test_a_dump_shares_nothing_with_what_lives_on():
    pulse = lived(days=2)
    dumped, kept = pulse.dump(), repr(pulse.dump())
    hear(pulse, MONDAY + 2 * DAY, MONDAY + 3 * DAY, 600)
    assert repr(dumped) == kept


def test_a_clock_set_back_keeps_what_was_learnt():
    pulse = lived()
    after = pulse.set_back(MONDAY + 4 * DAY - HOUR, HOUR)
    hear(after, MONDAY + 4 * DAY - HOUR, MONDAY + 4 * DAY + 11 * HOUR, 60)
    hear(after, MONDAY + 4 * DAY + 11 * HOUR, MONDAY + 4 * DAY + 12 * HOUR, 600)
    assert all(rings(after, asked) for asked in ASKED)


def test_what_a_comparator_learnt_outlives_a_change_of_other_rules_and_goes_with_its_own():
    pulse = lived()
    known = counts(pulse).tolist()
    pulse.compare(ASKED[:1], 0)
    assert counts(pulse).tolist() == known
    assert score(pulse, ASKED[1]) == 0
    pulse.compare((), 0)
    assert pulse.dump()["panel"] is None
    assert score(pulse, ASKED[0]) == 0


def quiet_alarms(seed, per_hour, days):
    """How often each comparator rings on days with a rhythm and a mood of their own, and without any crisis."""
    dice, pulse, mood = random.Random(seed), young(hour=seed % 24), 1.0
    rung, last = dict.fromkeys(ASKED, 0), dict.fromkeys(ASKED, -DAY)
    for quarter in range(days * 96):
        if quarter % 96 == 0:
            mood = dice.lognormvariate(-0.01, 0.14)
        mean = per_hour / 4 * mood * (1 + 0.6 * sin(2 * pi * quarter / 96))
        first = MONDAY // MINUTE + quarter * 15
        pulse.spread(first, 15, drawn(dice, mean))
        pulse.look((first + 15) * MINUTE - SECOND)
        for asked in ASKED:
            if rings(pulse, asked):
                rung[asked] += quarter * 15 * MINUTE - last[asked] > 6 * HOUR
                last[asked] = quarter * 15 * MINUTE
    return rung


def test_twenty_quiet_streams_stay_within_the_budget():
    days = 7
    every = [quiet_alarms(seed, (0.05, 0.5, 3, 20, 150)[seed % 5], days) for seed in range(20)]
    allowed = len(every) * days * WEEKLY
    for asked in ASKED:
        assert sum(rung[asked] for rung in every) <= allowed + 2 * sqrt(allowed), asked
        assert max(rung[asked] for rung in every) <= days * WEEKLY + 2.5 * sqrt(days * WEEKLY), asked
