"""What is usual in each window: by the hour, by the age of the brand, and during campaigns."""

from zoneinfo import ZoneInfo

import pytest

from buzzwatch.detect.baseline import Baseline
from buzzwatch.detect.calendar import Calendar
from buzzwatch.detect.usual import Sources, Usual
from buzzwatch.detect.windows import SPAN, WIDTHS, Windows
from buzzwatch.model.campaign import Campaign
from buzzwatch.model.instant import HOUR, MINUTE, WINDOWS

BORN = 1_795_600_800_000 // MINUTE


def usual(*campaigns):
    baseline = Baseline(ZoneInfo("Europe/Paris"), BORN * MINUTE)
    made = Usual(Sources(BORN, Windows(BORN), baseline, Calendar(campaigns)))
    made.level = 60.0
    return made


def opened(made, minute):
    made.frame(minute // 60)
    made.expect(minute)
    return made


def test_a_window_is_usual_as_the_minutes_that_it_holds_without_the_open_one():
    made = opened(usual(), BORN + 3 * SPAN)
    minute = made.minute
    for width, count in zip(WIDTHS, made.counts, strict=True):
        assert count == pytest.approx(made.between(minute - width + 1, minute))
    assert made.between(minute, minute + 1) == pytest.approx(made.rate * MINUTE)


def test_nothing_is_usual_before_a_brand_was_born():
    made = opened(usual(), BORN + 30)
    assert made.counts[-1] == pytest.approx(made.between(BORN, BORN + 30))


@pytest.mark.parametrize(("lived", "ready"), [(0, 0), (60, sum(width <= 30 for width in WIDTHS)), (2 * SPAN, None)])
def test_a_window_is_ready_once_a_new_brand_has_lived_twice_as_long_and_an_hour(lived, ready):
    assert opened(usual(), BORN + lived).ready == (len(WINDOWS) if ready is None else ready)


def test_a_campaign_raises_what_is_usual_and_a_rise_counts_for_less():
    at = BORN + 3 * SPAN
    made = opened(usual(Campaign((at - 60) * MINUTE, at * MINUTE + HOUR, 8.0, "")), at)
    plain = opened(usual(), at)
    assert made.rate == pytest.approx(8 * plain.rate)
    assert made.counts[0] == pytest.approx(8 * plain.counts[0])
    assert made.damp[0] == pytest.approx(0.5)
    assert plain.damp == [1.0] * len(WINDOWS)


def test_a_minute_on_record_is_laid_out_as_it_was():
    made = opened(usual(), BORN + 3 * SPAN)
    again = usual()
    again.restore(made.minute, made.level, made.spread)
    assert (again.counts, again.rate, again.ready) == (made.counts, made.rate, made.ready)
