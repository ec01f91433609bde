"""A brand in its first week: common beliefs about brands stand in for its past."""

import random
from datetime import UTC
from math import pi, sin

import pytest
from streams import MONDAY

from buzzwatch.detect.pulse import Pulse
from buzzwatch.model.instant import DAY, EVERY_WINDOW, HOUR, MINUTE, SECOND
from buzzwatch.model.signal import Detector

ROW = 15
WEEKLY = 1 / 7


def count(dice, mean):
    """Chance alone: the sum of many that are unlikely; normal where nobody could tell."""
    if mean > 20:
        return max(0, round(dice.gauss(mean, mean**0.5)))
    return sum(dice.random() < mean / 100 for _ in range(100))


def rung(per_hour, seed, days, crisis=None):
    """When a rule with one false alarm a week rings; for two hours from `crisis` on ten times as many mentions."""
    dice, pulse, held, found = random.Random(seed), Pulse(UTC, MONDAY), False, []
    phase = dice.random()
    for row in range(days * DAY // (ROW * MINUTE)):
        after = row * ROW * MINUTE
        mean = per_hour * ROW / 60 * (1 + 0.6 * sin(2 * pi * (after / DAY + phase)))
        if crisis is not None and 0 <= after - crisis < 2 * HOUR:
            mean = 10 * per_hour * ROW / 60
        first = MONDAY // MINUTE + row * ROW
        pulse.spread(first, ROW, count(dice, mean))
        pulse.look((first + ROW) * MINUTE - SECOND)
        score = pulse.score(Detector.VOLUME, EVERY_WINDOW)
        holds = score > 0 and score >= pulse.ceiling(Detector.VOLUME, EVERY_WINDOW, WEEKLY)
        if holds and not held:
            found.append(after)
        held = holds
    return found


@pytest.mark.parametrize("per_hour", [0.5, 5, 50, 500])
def test_the_first_week_rings_no_more_often_than_its_budget_allows(per_hour):
    assert sum(len(rung(per_hour, seed, 7)) for seed in range(3)) <= 3


@pytest.mark.parametrize("per_hour", [5, 50, 500])
def test_ten_times_as_many_on_the_second_day_ring_within_their_two_hours(per_hour):
    for seed in range(3):
        crisis = DAY + (seed + 2) * 4 * HOUR
        assert [at for at in rung(per_hour, seed, 2, crisis) if crisis <= at < crisis + 2 * HOUR]
