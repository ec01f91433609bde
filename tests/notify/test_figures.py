from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, instant_of
from buzzwatch.notify.figures import ENGLISH, FRENCH


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [(1234567, "1\u202f234\u202f567", "1,234,567"), (3.14, "3,1", "3.1"), (9.96, "10", "10"), (0.04, "0", "0")],
)
def test_numbers_carry_the_marks_of_the_language_and_a_decimal_only_where_it_tells(value, french, english):
    assert FRENCH.number(value) == french
    assert ENGLISH.number(value) == english


def test_shares_are_whole_percentages():
    assert FRENCH.share(0.784) == "78\u202f%"
    assert ENGLISH.share(0.784) == "78%"


@pytest.mark.parametrize(
    ("span", "french", "english"),
    [
        (-5, "0 s", "0 s"),
        (45 * SECOND, "45 s", "45 s"),
        (15 * MINUTE + 59 * SECOND, "15 min", "15 min"),
        (2 * HOUR, "2 h", "2 h"),
        (2 * HOUR + 2 * MINUTE, "2 h 02", "2 h 02 min"),
        (3 * DAY + 4 * HOUR, "3 j 4 h", "3 d 4 h"),
    ],
)
def test_spans_have_two_units_at_most(span, french, english):
    assert FRENCH.span(span).replace("\u00a0", " ") == french
    assert ENGLISH.span(span).replace("\u00a0", " ") == english


def test_times_are_local_and_dated_only_on_another_local_day():
    zone = ZoneInfo("Europe/Paris")
    before_midnight = instant_of(datetime(2026, 11, 22, 22, 40, tzinfo=UTC))
    assert FRENCH.clock(before_midnight, zone, before_midnight) == "23:40"
    assert FRENCH.clock(before_midnight, zone, before_midnight + HOUR) == "22/11 23:40"
    assert ENGLISH.clock(before_midnight, zone, before_midnight + HOUR) == "2026-11-22 23:40"
