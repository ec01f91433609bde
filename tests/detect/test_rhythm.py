"""A source learns what is ordinary of it, and is found out when it is not."""

import json
from datetime import UTC, datetime
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import pytest
from stage import MONDAY

from buzzwatch.detect.rhythm import SHORTEST, SLOT, Rhythm
from buzzwatch.detect.week import hour_of_week
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, instant_of

PARIS = ZoneInfo("Europe/Paris")


def evenly(_hour):
    return 30


def heard(days, per_hour=evenly, zone=UTC):
    """A rhythm that heard so many days, at so many posts by hour of the day, one by one."""
    return Rhythm.load(json.loads(learnt(days, per_hour, zone)), zone), MONDAY + days * DAY


@cache
def learnt(days, per_hour, zone):
    rhythm, random = Rhythm(zone, MONDAY), Random(1)
    rhythm.listen(MONDAY, hears=True)
    at = MONDAY
    for hour in range(24 * days):
        end, at = MONDAY + (hour + 1) * HOUR, MONDAY + hour * HOUR
        while per_hour(hour % 24) and (at := at + round(random.expovariate(per_hour(hour % 24) / HOUR))) < end:
            rhythm.hear(at, 1)
    rhythm.judge(MONDAY + days * DAY)
    return json.dumps(rhythm.dump())


def reported_after(rhythm, since, within=30 * DAY):
    """How long after an instant from which on nothing comes."""
    return next((at - since for at in range(since, since + within, MINUTE) if rhythm.judge(at).ail), None)


def rarely(_hour):
    return 3


def by_day_only(hour):
    return 60 if 7 <= hour < 23 else 1


def test_a_steady_source_that_falls_silent_is_reported_within_its_own_patience_and_never_sooner_than_five_minutes():
    rhythm, now = heard(14)
    found = reported_after(rhythm, now)
    standing = rhythm.judge(now + found)
    assert standing.ail is Ail.SILENT
    assert SHORTEST <= found < HOUR
    assert standing.due > standing.patience
    assert standing.since == rhythm.last_post


def test_a_quiet_night_is_not_reported_and_the_same_silence_by_day_is():
    rhythm, midnight = heard(14, by_day_only)
    night = [rhythm.judge(at).ail for at in range(midnight, midnight + 6 * HOUR, MINUTE)]
    assert set(night) == {None}
    rhythm, midnight = heard(14, by_day_only)
    for minute in range(7 * 60, 12 * 60):
        rhythm.hear(midnight + minute * MINUTE, 1)
    assert reported_after(rhythm, midnight + 12 * HOUR) < HOUR / 2


def test_a_source_in_bursts_is_given_longer_than_an_even_one():
    even, now = heard(60, rarely)
    bursts, random = Rhythm(UTC, MONDAY), Random(3)
    bursts.listen(MONDAY, hears=True)
    at = MONDAY
    while (at := at + round(random.expovariate(1 / (5 * HOUR)))) < now:
        bursts.hear(at, 15)
    assert bursts.judge(now).patience > 2 * even.judge(now).patience


def test_time_away_is_no_silence():
    rhythm, now = heard(14)
    rhythm.listen(now, hears=False)
    assert rhythm.judge(now + 3 * DAY).ail is None
    rhythm.listen(now + 3 * DAY, hears=True)
    assert rhythm.judge(now + 3 * DAY + MINUTE).ail is None


def test_one_that_brings_nothing_but_deletes_is_said_to():
    rhythm, now = heard(14)
    for minute in range(120):
        rhythm.hear(now + minute * MINUTE, 0, 1)
    assert rhythm.judge(now + 2 * HOUR).ail is Ail.ONLY_DELETES


def test_a_young_source_says_so_and_does_not_know_its_nights():
    rhythm, midnight = heard(1, by_day_only)
    assert rhythm.judge(midnight).learning
    young, _ = Rhythm(UTC, MONDAY), None
    young.listen(MONDAY + 12 * HOUR, hears=True)
    for second in range(0, 6 * 3_600, 30):
        young.hear(MONDAY + 12 * HOUR + second * SECOND, 1)
    assert reported_after(young, MONDAY + 18 * HOUR) > 2 * HOUR
    assert not heard(11)[0].judge(MONDAY + 11 * DAY).learning


def test_one_that_was_never_heard_is_not_called_silent():
    rhythm = Rhythm(UTC, MONDAY)
    rhythm.listen(MONDAY, hears=True)
    assert rhythm.judge(MONDAY + 90 * DAY).ail is None


def test_a_rate_that_fell_for_good_is_followed():
    rhythm, now = heard(14)
    random, at, reports, before = Random(5), now, [], None
    while at < now + 10 * DAY:
        following = at + round(random.expovariate(1 / (20 * MINUTE)))
        for look in range(at + MINUTE, following, MINUTE):
            ail = rhythm.judge(look).ail
            if ail and not before:
                reports.append(look - now)
            before = ail
        at = following
        rhythm.hear(at, 1)
    assert [report for report in reports if report > 2 * DAY] == []
    assert rhythm.judge(at).usual == pytest.approx(3, rel=0.6)


def test_far_more_than_ever_is_a_flood_until_it_has_passed():
    rhythm, now = heard(14)
    for second in range(1_800):
        rhythm.hear(now + second * SECOND, 2)
    assert rhythm.judge(now + 30 * MINUTE).ail is Ail.FLOODING
    assert rhythm.judge(now + 30 * MINUTE).since == now
    rhythm.hear(now + 31 * MINUTE, 1)
    rhythm.hear(now + 38 * MINUTE, 1)
    assert rhythm.judge(now + 40 * MINUTE).ail is None


def test_what_was_kept_for_us_while_we_were_away_is_no_flood_and_not_late():
    rhythm, now = heard(14)
    rhythm.listen(now, hears=False)
    back = now + 5 * HOUR
    rhythm.listen(back, hears=True)
    for second in range(60):
        rhythm.hear(back + second * SECOND, 50, lags=[4 * HOUR] * 50)
    assert {rhythm.judge(back + minute * MINUTE).ail for minute in range(1, 15)} == {None}


def late(rhythm, now, lag, hours=2):
    for minute in range(60 * hours):
        rhythm.hear(now + minute * MINUTE, 1, lags=[lag])
    return now + hours * HOUR


def test_what_comes_hours_late_against_its_habit_is_late():
    rhythm, now = heard(8)
    now = late(rhythm, now, 20 * SECOND, hours=48)
    assert rhythm.judge(now).ail is None
    now = late(rhythm, now, 3 * HOUR)
    assert rhythm.judge(now).ail is Ail.LATE
    now = late(rhythm, now, 20 * SECOND)
    assert rhythm.judge(now).ail is None


def test_one_that_is_always_late_is_not_late():
    rhythm, now = heard(8)
    assert rhythm.judge(late(rhythm, now, 3 * HOUR, hours=24)).ail is None


def test_posts_from_the_future_are_clocks_ahead_where_they_are_many():
    rhythm, now = heard(8)
    now = late(rhythm, now, -2 * MINUTE, hours=1)
    assert rhythm.judge(now).ail is Ail.SKEWED
    now = late(rhythm, now, -30 * SECOND, hours=1)
    assert rhythm.judge(now).ail is None


def test_dump_and_load_change_nothing():
    rhythm, now = heard(9, by_day_only, zone=PARIS)
    now = late(rhythm, now, 3 * MINUTE) + 3 * MINUTE
    dumped = json.loads(json.dumps(rhythm.dump()))
    again = Rhythm.load(dumped, PARIS)
    assert again.dump() == rhythm.dump()
    for each in (rhythm, again):
        each.hear(now + MINUTE, 3, 1, [MINUTE] * 3)
    assert again.judge(now + 3 * HOUR) == rhythm.judge(now + 3 * HOUR)
    assert again.dump() == rhythm.dump()


def test_what_is_kept_of_a_source_does_not_grow():
    rhythm, now = heard(8)
    for hour in range(24 * 60):
        rhythm.hear(now + hour * HOUR, 500, 3, [MINUTE] * 500)
    assert len(json.dumps(rhythm.dump())) < 12_000


def test_a_clock_set_back_lets_no_time_pass_and_is_survived():
    rhythm, now = heard(8)
    rhythm.judge(now - 2 * DAY)
    rhythm.hear(now - 2 * DAY + MINUTE, 1)
    assert rhythm.judge(now - 2 * DAY + SLOT).ail is None


def test_a_rhythm_kept_by_an_earlier_version_keeps_its_week_and_learns_its_silences_anew():
    rhythm, now = heard(14)
    older = rhythm.dump() | {"silences": [now, *[0.0] * 13], "long": [2.0, 0]}
    again = Rhythm.load(older, UTC)
    assert again.judge(now).usual == rhythm.judge(now).usual
    assert again.judge(now).learning
    assert again.judge(now).patience > rhythm.judge(now).patience


def test_days_away_are_no_days_without_a_silence():
    rhythm, now = heard(14)
    rhythm.listen(now, hears=False)
    rhythm.listen(now + 30 * DAY, hears=True)
    assert rhythm.judge(now + 30 * DAY).patience == pytest.approx(rhythm.judge(now).patience)
    assert reported_after(rhythm, now + 30 * DAY) < HOUR


def test_a_silence_of_weeks_makes_a_source_hardly_more_patient():
    rhythm, now = heard(60, rarely)
    before = rhythm.judge(now).patience
    rhythm.hear(now + 20 * DAY, 1)
    assert before <= rhythm.judge(now + 20 * DAY).patience < 2 * before


def test_days_that_end_in_silence_do_not_hurry_it():
    rhythm, now = heard(30, rarely)
    sooner = rhythm.judge(now).patience
    assert rhythm.judge(now + 3 * DAY).patience >= 0.8 * sooner


@pytest.mark.parametrize("jump", [-DAY, DAY])
def test_a_clock_that_is_set_by_a_day_does_not_break_what_is_known(jump):
    rhythm, now = heard(14)
    usual, patience = rhythm.judge(now).usual, rhythm.judge(now).patience
    for minute in range(0, 24 * 60, 2):
        rhythm.hear(now + jump + minute * MINUTE, 1)
    standing = rhythm.judge(now + jump + DAY)
    assert standing.ail is None
    assert standing.usual == pytest.approx(usual, rel=0.3)
    assert standing.patience < 4 * patience


def test_the_night_in_which_summer_time_ends_is_a_night():
    since = instant_of(datetime(2026, 10, 5, tzinfo=PARIS))
    rhythm, random, at = Rhythm(PARIS, since), Random(4), since
    rhythm.listen(since, hears=True)
    while at < since + 21 * DAY:
        hour, _ = hour_of_week(PARIS, at)
        at += round(random.expovariate(by_day_only(hour % 24) / HOUR))
        if at > since + 18 * DAY and rhythm.judge(at).ail:
            pytest.fail(f"reported {(at - since) / DAY:.2f} days after")
        rhythm.hear(at, 1)


def test_another_zone_is_learnt_within_weeks_and_breaks_nothing():
    rhythm, now = heard(14, by_day_only)
    rhythm.zone = ZoneInfo("Asia/Tokyo")
    random, at = Random(6), now
    while at < now + 28 * DAY:
        at += round(random.expovariate(by_day_only((at - MONDAY) % DAY // HOUR) / HOUR))
        rhythm.hear(at, 1)
    night = at - (at - MONDAY) % DAY
    rhythm.hear(night, 1)
    assert {rhythm.judge(look).ail for look in range(night, night + 3 * HOUR, MINUTE)} == {None}


def test_a_million_in_a_minute_are_a_flood_and_teach_no_million():
    rhythm, now = heard(14)
    for second in range(60):
        rhythm.hear(now + second * SECOND, 1_000_000 // 60)
    assert rhythm.judge(now + SLOT).ail is Ail.FLOODING
    assert rhythm.judge(now + HOUR).usual < 300


def test_a_backlog_that_comes_at_once_is_no_flood_and_teaches_little():
    rhythm, now = heard(14)
    rhythm.listen(now, hears=False)
    rhythm.listen(now + 5 * HOUR, hears=True)
    rhythm.hear(now + 5 * HOUR + SECOND, 100_000, lags=[2 * HOUR] * 200)
    assert rhythm.judge(now + 5 * HOUR + SLOT).ail is None
    assert rhythm.judge(now + 6 * HOUR).usual < 100


def test_nothing_at_all_is_no_event_and_lags_of_the_future_are_survived():
    rhythm, now = heard(8)
    before = rhythm.last_event
    rhythm.hear(now, 0, 0, [-DAY])
    assert rhythm.last_event == before
    for minute in range(60):
        rhythm.hear(now + minute * MINUTE, 1, lags=[-DAY * 400])
    assert rhythm.judge(now + HOUR).ail is Ail.SKEWED


def test_what_is_fetched_every_ten_minutes_is_missed_within_the_hour_and_its_rate_does_not_grow():
    rhythm, random = Rhythm(UTC, MONDAY), Random(11)
    rhythm.listen(MONDAY, hears=True)
    for at in range(MONDAY, MONDAY + 15 * DAY, SLOT):
        rhythm.hear(at, round(1_500 * random.uniform(0.6, 1.4)))
    assert rhythm.judge(at).usual == pytest.approx(9_000, rel=0.2)
    assert reported_after(rhythm, at) < HOUR
