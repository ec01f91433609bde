"""Invented traffic without any crisis, of every size, rings about as often as the budget says, or less."""

import random
from datetime import UTC
from math import pi, sin, sqrt

import pytest
from streams import drawn

from buzzwatch.detect.pulse import Pulse
from buzzwatch.model.instant import EVERY_WINDOW, MINUTE, SECOND
from buzzwatch.model.signal import Detector

MONDAY = 1_767_571_200_000
DAYS, WEEKLY = 42, 1 / 7
SIZES = (0.05, 0.5, 3, 20, 150)


def alarms(seed, per_hour, copies=1, shift=0):
    dice = random.Random(seed)
    pulse, rung, held, mood = Pulse(UTC, MONDAY), 0, False, 1.0
    for half in range(DAYS * 48):
        if half % 48 == 0:
            mood = dice.lognormvariate(-0.01, 0.14)
        mean = per_hour / 2 * mood * (1 + 0.6 * sin(2 * pi * (half / 48 + shift / 24)))
        first = MONDAY // MINUTE + half * 30
        pulse.spread(first, 30, copies * drawn(dice, mean))
        pulse.look((first + 30) * MINUTE - SECOND)
        score = pulse.signal(Detector.VOLUME, EVERY_WINDOW).score
        holds = score >= pulse.ceiling(Detector.VOLUME, EVERY_WINDOW, WEEKLY)
        rung += holds and not held
        held = holds
    return rung


@pytest.mark.parametrize(("copies", "shift"), [(1, 0), (1, 9), (3, 0)], ids=["plain", "shifted", "duplicated"])
def test_quiet_streams_of_every_size_stay_within_the_budget(copies, shift):
    rung = [alarms(seed, per_hour, copies, shift) for seed, per_hour in enumerate(SIZES)]
    allowed = len(rung) * DAYS * WEEKLY
    assert sum(rung) <= allowed + 2 * sqrt(allowed)
    assert max(rung) <= DAYS * WEEKLY + 2.5 * sqrt(DAYS * WEEKLY)
