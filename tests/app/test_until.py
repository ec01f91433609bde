from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from buzzwatch.app.until import read_span, read_until
from buzzwatch.model.instant import HOUR, MINUTE, instant_of

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 25, 22, 40, tzinfo=UTC)  # 23:40 in Paris


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("23:41", datetime(2026, 11, 25, 22, 41, tzinfo=UTC)),
        ("0:10", datetime(2026, 11, 25, 23, 10, tzinfo=UTC)),
        ("08h30", datetime(2026, 11, 26, 7, 30, tzinfo=UTC)),
        ("23:40", datetime(2026, 11, 26, 22, 40, tzinfo=UTC)),
        ("2026-12-01 09:00", datetime(2026, 12, 1, 8, 0, tzinfo=UTC)),
    ],
)
def test_a_time_is_the_next_of_its_name_and_a_date_is_that_day(text, until):
    assert read_until(text, PARIS, instant_of(NOW)) == instant_of(until)


@pytest.mark.parametrize("text", ["", "soon", "25:00", "12:60", "2026-11-25 23:40", "2026-02-30 10:00", "12"])
def test_what_is_no_time_to_come_is_nothing(text):
    assert read_until(text, PARIS, instant_of(NOW)) is None


def test_the_hour_is_kept_over_a_night_in_which_the_clocks_change():
    evening = instant_of(datetime(2026, 10, 24, 20, 0, tzinfo=UTC))  # 22:00 in Paris, before the clocks go back
    assert read_until("09:00", PARIS, evening) == instant_of(datetime(2026, 10, 25, 8, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "span"),
    [("15m", 15 * MINUTE), (" 1h ", HOUR), ("0m", None), ("", None), ("15", None), ("15 m", None), ("-1h", None)],
)
def test_a_length_of_time_is_a_number_and_a_unit(text, span):
    assert read_span(text) == span
