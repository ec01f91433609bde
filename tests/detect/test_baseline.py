import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from buzzwatch.detect.baseline import WEEK, Baseline, hour_of_week
from buzzwatch.detect.windows import Bucket
from buzzwatch.model.instant import DAY, HOUR, MINUTE, instant_of

MONDAY = 1_767_571_200_000
PARIS = ZoneInfo("Europe/Paris")
FIRST = MONDAY // HOUR


def teach(baseline, counts, *, share=0.2, gaps=(), first=FIRST):
    """One hour a count, its mentions spread over six minutes of it."""
    for hour, count in enumerate(counts, first):
        left = [
            Bucket(hour * 60 + minute, n, n, int(1_000 * share * n))
            for minute in range(0, 60, 10)
            if (n := (count * (minute + 10)) // 60 - (count * minute) // 60)
        ]
        baseline.learn(left, hour * 60 + 60, gaps)


def test_the_level_and_the_share_of_steady_traffic_are_learnt():
    baseline = Baseline(UTC, MONDAY)
    teach(baseline, [30] * WEEK, share=0.4)
    assert baseline.level() * baseline.shape(FIRST + 5) == pytest.approx(30, rel=0.05)
    assert baseline.share == pytest.approx(0.4, abs=0.01)
    assert not baseline.learning


def test_a_brand_is_learning_for_its_first_three_days():
    baseline = Baseline(UTC, MONDAY)
    teach(baseline, [5] * 71)
    assert baseline.learning
    teach(baseline, [5], first=FIRST + 71)
    assert not baseline.learning


def test_day_and_night_are_told_apart_within_three_weeks():
    baseline = Baseline(UTC, MONDAY)
    teach(baseline, [40 if 8 <= hour % 24 < 20 else 4 for hour in range(3 * WEEK)])
    level, hour = baseline.level(), FIRST + 3 * WEEK
    assert level * baseline.shape(hour + 12) == pytest.approx(40, rel=0.25)
    assert level * baseline.shape(hour + 3) < 8


@pytest.mark.parametrize(("moment", "before"), [("2026-03-29", 28), ("2026-10-25", 25)])
def test_hours_are_local_across_a_change_of_the_clocks(moment, before):
    year, month, day = map(int, moment.split("-"))
    midnight = instant_of(datetime(year, month, day, tzinfo=PARIS)) // HOUR
    hours = [hour_of_week(PARIS, midnight + step) - 144 for step in range(26)]
    if month == 3:
        assert hours[:4] == [0, 1, 3, 4]
    else:
        assert hours[:5] == [0, 1, 2, 2, 3]


def test_an_hour_is_learnt_only_once_it_is_whole_and_only_once():
    baseline = Baseline(UTC, MONDAY)
    bucket = Bucket(FIRST * 60 + 5, 12, 12, 0)
    baseline.learn([bucket], FIRST * 60 + 30, ())
    assert baseline.learnt == 0
    baseline.learn([], FIRST * 60 + 60, ())
    assert baseline.learnt == 1
    assert baseline.level() > 5
    level = baseline.level()
    baseline.learn([], FIRST * 60 + 119, ())
    assert baseline.level() == level


def test_a_deaf_hour_teaches_nothing_and_a_half_deaf_one_is_scaled():
    deaf, heard, half = (Baseline(UTC, MONDAY) for _ in range(3))
    for baseline in (deaf, heard, half):
        teach(baseline, [30] * WEEK)
    level, next_hour = deaf.level(), FIRST + WEEK
    whole = (next_hour * HOUR, next_hour * HOUR + 6 * HOUR)
    teach(deaf, [0] * 6, gaps=[whole], first=next_hour)
    assert deaf.level() == level
    teach(heard, [0] * 6, first=next_hour)
    assert heard.level() < level
    teach(half, [30], gaps=[(next_hour * HOUR, next_hour * HOUR + 30 * MINUTE)], first=next_hour)
    assert half.level() == pytest.approx(level, rel=0.01)


def test_a_crisis_is_held_back_and_a_new_level_accepted_after_two_days():
    baseline = Baseline(UTC, MONDAY)
    teach(baseline, [20] * WEEK)
    teach(baseline, [400] * 40, first=FIRST + WEEK)
    assert baseline.level() == pytest.approx(20, rel=0.05)
    teach(baseline, [400] * 80, first=FIRST + WEEK + 40)
    assert baseline.level() * baseline.shape(FIRST) > 200


def test_two_crises_a_week_apart_are_both_held_back():
    baseline = Baseline(UTC, MONDAY)
    teach(baseline, [20] * WEEK + [400] * 30 + [20] * 138 + [400] * 30)
    assert baseline.level() == pytest.approx(20, rel=0.1)


@pytest.mark.parametrize("weeks", [1, 5, 300])
def test_whole_empty_weeks_at_once_teach_what_they_teach_hour_by_hour(weeks):
    once, slowly = Baseline(PARIS, MONDAY), Baseline(PARIS, MONDAY)
    for baseline in (once, slowly):
        teach(baseline, [3 if 8 <= hour % 24 < 20 else 1 for hour in range(4 * WEEK)])
    first = FIRST + 4 * WEEK
    once.learn((), (first + weeks * WEEK + 7) * 60, ())
    for hour in range(first, first + weeks * WEEK + 7):
        slowly.learn((), (hour + 1) * 60, ())
    assert once.learnt == slowly.learnt
    assert once.share == pytest.approx(slowly.share)
    here = first + 12
    assert once.level() * once.shape(here) == pytest.approx(slowly.level() * slowly.shape(here), rel=0.35, abs=0.02)


@pytest.mark.parametrize("every", [9, 61, 200])
def test_normal_is_what_was_whatever_the_years(every):
    baseline = Baseline(UTC, MONDAY)
    teach(baseline, [int(hour % every == 0) for hour in range(150 * WEEK)])
    week = sum(baseline.level() * baseline.shape(FIRST + hour) for hour in range(WEEK))
    assert week == pytest.approx(WEEK / every, rel=0.4)


def test_the_share_of_one_mad_hour_is_not_believed():
    baseline = Baseline(UTC, MONDAY)
    teach(baseline, [10] * WEEK)
    teach(baseline, [200], share=1.0, first=FIRST + WEEK)
    assert baseline.share == pytest.approx(0.2, abs=0.01)


def test_bursty_traffic_is_known_to_be_bursty():
    calm, bursty = Baseline(UTC, MONDAY), Baseline(UTC, MONDAY)
    teach(calm, [12] * WEEK)
    for hour in range(FIRST, FIRST + WEEK):
        bursty.learn([Bucket(hour * 60 + 20, 12, 12, 0)], hour * 60 + 60, ())
    assert bursty.spread(FIRST).dispersion > 3 * calm.spread(FIRST).dispersion


def test_a_dump_comes_back_the_same_at_every_hour():
    baseline = Baseline(PARIS, MONDAY)
    for hour in range(FIRST, FIRST + 200):
        left = [Bucket(hour * 60 + 7, hour % 5, hour % 4, hour % 900)] if hour % 5 else []
        twin = Baseline.load(baseline.dump(), PARIS)
        for each in (baseline, twin):
            each.learn(left, hour * 60 + 90, ())
        assert twin.dump() == baseline.dump()


def test_habits_without_a_profile_are_refused():
    baseline = Baseline(UTC, MONDAY)
    habits = baseline.habits() | {"ratios": [1.0]}
    with pytest.raises(ValueError, match="168 are needed"):
        baseline.adopt(habits)


def test_adopted_habits_are_believed():
    teacher, pupil = Baseline(UTC, MONDAY), Baseline(UTC, MONDAY + 90 * DAY)
    teach(teacher, [30] * WEEK)
    pupil.adopt(teacher.habits())
    assert pupil.level() == teacher.level()
    assert not pupil.learning
    assert math.isfinite(pupil.shape(FIRST))


@pytest.mark.parametrize("moment", ["2026-03-29", "2026-10-25"])
def test_a_change_of_the_clocks_unlearns_nothing(moment):
    change = instant_of(datetime.fromisoformat(moment).replace(tzinfo=PARIS)) // HOUR
    first = change - 5 * WEEK
    baseline = Baseline(PARIS, first * HOUR)

    def local(hour):
        return datetime.fromtimestamp(hour * 3_600, PARIS).hour

    for hour in range(first, change + 3 * 24):
        teach(baseline, [60 if 8 <= local(hour) < 20 else 12], first=hour)
        if hour == change - 1:
            level, shapes = baseline.level(), {local(each): baseline.shape(each) for each in range(change - 24, change)}
    assert baseline.level() == pytest.approx(level, rel=0.03)
    for hour in range(change + 24, change + 48):
        assert baseline.shape(hour) == pytest.approx(shapes[local(hour)], rel=0.1)
