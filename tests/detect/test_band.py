import random
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import MONDAY, follow, poisson, sighting

from buzzwatch.detect.pulse import Pulse
from buzzwatch.model.campaign import Campaign
from buzzwatch.model.instant import DAY, HOUR, MINUTE


def lived(per_hour, days=14, seed=1, campaigns=()):
    pulse = Pulse(UTC, MONDAY, campaigns)
    dice = random.Random(seed)
    for _ in follow(pulse, (sighting(at) for at in poisson(dice, MONDAY, MONDAY + days * DAY, per_hour))):
        pass
    return pulse


@pytest.mark.parametrize("per_hour", [2.0, 8.0, 40.0])
def test_about_four_of_five_ordinary_hours_lie_within_the_band(per_hour):
    pulse, dice, inside = lived(per_hour), random.Random(2), 0
    first = (MONDAY + 14 * DAY) // MINUTE
    for hour in range(168):
        usual = pulse.band(first + hour * 60, first + hour * 60 + 60)
        seen = sum(1 for _ in poisson(dice, 0, HOUR, per_hour))
        inside += round(usual.low) <= seen <= round(usual.high)
    assert 0.75 <= inside / 168 <= 0.97


def test_parts_of_an_hour_add_up_to_it():
    pulse = lived(8.0, 5)
    first = (MONDAY + 5 * DAY) // MINUTE
    whole = pulse.band(first, first + 120).expected
    parts = [pulse.band(start, start + 20).expected for start in range(first, first + 120, 20)]
    assert sum(parts) == pytest.approx(whole)


def test_a_campaign_raises_the_band_while_it_lasts():
    begin = MONDAY + 6 * DAY
    pulse = lived(8.0, 5, campaigns=[Campaign(begin, begin + HOUR, 3.0, "soldes")])
    first = begin // MINUTE
    plain = lived(8.0, 5)
    assert pulse.band(first, first + 60).expected == pytest.approx(3 * plain.band(first, first + 60).expected)
    assert pulse.band(first + 60, first + 120) == plain.band(first + 60, first + 120)


@given(st.integers(0, 200_000), st.integers(1, 1_440))
@settings(max_examples=50)
def test_a_band_holds_what_is_expected_and_nothing_below_zero(first, minutes):
    usual = Pulse(UTC, MONDAY).band(MONDAY // MINUTE + first, MONDAY // MINUTE + first + minutes)
    assert 0 <= usual.low <= usual.expected <= usual.high < float("inf")
