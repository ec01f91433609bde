"""A source learns what is ordinary of it, and is found out when it is not."""

import json
from datetime import UTC
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import pytest
from stage import MONDAY

from buzzwatch.detect.rhythm import SHORTEST, SLOT, Rhythm
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND

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
    rhythm.hear(midnight + 12 * HOUR, 1)
    assert reported_after(rhythm, midnight + 12 * HOUR) < HOUR


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
