"""The last day of a brand: by the windows, and by the record where those do not reach."""

import random
from datetime import UTC

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buzzwatch.app.status.day import HOURS, Days
from buzzwatch.detect.pulse import Pulse
from buzzwatch.model.brand import Brand, Match
from buzzwatch.model.input import Gap
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, next_second
from buzzwatch.model.mention import Kind, Sighting
from buzzwatch.store.database import open_database
from buzzwatch.store.hours import read_hours
from buzzwatch.web.board import Mood

MONDAY = 1_767_571_200_000
ACME = Brand("acme", "Acme", UTC, "UTC", "en", False, Match(("acme",)), frozenset(), ())


def sighting(at, number=0, **changes):
    fields = {
        "seen_at": at, "posted_at": at, "mention": f"x:{at}:{number}", "brand": "acme", "source": "x", "thread": "t",
        "parent": None, "kind": Kind.POST, "author": 1, "followers": None, "official": False, "negativity": 0.2,
        "scorer": "s", "lang": "en", "copy": (at + number) % 4_294_967_291,
    }  # fmt: skip
    return Sighting(**(fields | changes))


def told(pulse, items):
    for item in items:
        pulse.count(item)
        pulse.look(next_second(item.seen_at))
    return pulse


def steady(since, hours, per_hour):
    return [sighting(since + hour * HOUR + n * HOUR // per_hour, n) for hour in range(hours) for n in range(per_hour)]


def mature(per_hour=6, days=5):
    return told(Pulse(UTC, MONDAY), steady(MONDAY, days * 24, per_hour)), MONDAY + days * DAY


def journal(db, items):
    rows = [(n, i.seen_at, i.mention, i.brand, msgspec.json.encode(i)) for n, i in enumerate(items, start=1)]
    db.executemany(
        "INSERT INTO journal VALUES (?, 'sighting', ?, ?, ?, ?, NULL)", [(n, at, m, b, e) for n, at, m, b, e in rows]
    )


@pytest.fixture
def db(tmp_path):
    db = open_database(tmp_path)
    yield db
    db.close()


def test_the_record_counts_as_the_windows_do(db):
    dice, begin = random.Random(3), MONDAY
    items = sorted(begin + dice.randrange(11 * HOUR) for _ in range(300))
    items = [
        sighting(at, n, negativity=dice.random(), posted_at=at - dice.choice([0, 0, 40 * MINUTE, 13 * HOUR]),
                 official=dice.random() < 0.1, voice=dice.choice(["", "", "ours", "press"]), copy=0)
        for n, at in enumerate(items)
    ]  # fmt: skip
    journal(db, items)
    pulse = told(Pulse(UTC, begin - HOUR), items)
    found = read_hours(db, begin // HOUR - 1)["acme"]
    for hour in range(begin // HOUR - 1, begin // HOUR + 11):
        mentions, fresh, negative = pulse.heard(hour * 60, hour * 60 + 59)
        assert found.get(hour, (0, 0, 0.0)) == (mentions, fresh, pytest.approx(negative, abs=0.05))


def test_copies_within_an_hour_are_one_text_as_angry_as_the_angriest(db):
    journal(db, [sighting(MONDAY + n, n, copy=7, negativity=n / 10) for n in range(5)])
    assert read_hours(db, MONDAY // HOUR) == {"acme": {MONDAY // HOUR: (5, 1, 0.4)}}


def test_what_is_older_than_asked_is_not_read(db):
    journal(db, [sighting(MONDAY + n * HOUR) for n in range(30)])
    assert sorted(read_hours(db, MONDAY // HOUR + 20)["acme"]) == [MONDAY // HOUR + n for n in range(20, 30)]
    assert read_hours(db, MONDAY // HOUR + 40) == {}


def test_an_ordinary_day_is_calm_and_whole(db):
    pulse, now = mature()
    days = Days()
    assert days.misses("acme", pulse, now)
    days.learn("acme", dict.fromkeys(range(now // HOUR - 30, now // HOUR), (6, 6, 1.2)), now)
    assert not days.misses("acme", pulse, now)
    row = days.row(ACME, pulse, (), now)
    assert [each.mentions for each in row.hours[:-1]] == [6] * (HOURS - 1)
    assert all(each.low <= 6 <= each.high for each in row.hours[:-1])
    assert row.mood is Mood.CALM
    assert row.usual_share == pytest.approx(0.2, abs=0.05)


def test_hours_that_leave_the_windows_are_remembered(db):
    pulse, now = mature()
    days = Days()
    days.learn("acme", {}, now)
    days.row(ACME, pulse, (), now)
    told(pulse, [sighting(now + 13 * HOUR)])
    later = now + 13 * HOUR
    assert not days.misses("acme", pulse, later)
    hours = {each.at: each.mentions for each in days.row(ACME, pulse, (), later).hours}
    assert hours[now - HOUR] == 6
    assert hours[now + 2 * HOUR] == 0


def test_after_a_long_time_without_a_look_the_record_is_asked_again():
    pulse, now = mature()
    days = Days()
    days.learn("acme", {}, now)
    days.row(ACME, pulse, (), now)
    told(pulse, steady(now, 30, 6))
    assert days.misses("acme", pulse, now + 30 * HOUR)


def test_a_burst_of_anger_is_angry_and_a_burst_is_loud():
    for negativity, mood in ((0.9, Mood.ANGRY), (0.2, Mood.LOUD)):
        pulse, now = mature()
        told(pulse, [sighting(now + n * SECOND, n, negativity=negativity) for n in range(90)])
        row = Days().row(ACME, pulse, (), now + 2 * MINUTE)
        assert (row.mood, row.now > row.high) == (mood, True)


def test_a_gap_in_hearing_is_a_gap_in_the_picture_and_not_a_calm_hour():
    pulse, now = mature()
    gap = Gap(0, "x", now - 3 * HOUR, now - HOUR)
    row = Days().row(ACME, pulse, (gap,), now + MINUTE)
    assert [(each.mentions, each.deaf) for each in row.hours[-5:]] == [
        (6, False), (None, True), (None, True), (6, False), (0, False)
    ]  # fmt: skip
    still = Gap(0, "x", now, now + DAY)
    assert Days().row(ACME, pulse, (still,), now + 40 * MINUTE).mood is Mood.DEAF


def test_before_it_was_watched_nothing_is_claimed_of_a_brand():
    pulse = told(Pulse(UTC, MONDAY), steady(MONDAY, 3, 6))
    row = Days().row(ACME, pulse, (), MONDAY + 3 * HOUR)
    assert [each.mentions for each in row.hours[:-4]] == [None] * 20
    assert row.mood is Mood.LEARNING
    assert row.low is None


def test_nothing_is_worked_out_twice_and_a_mention_changes_the_row_within_seconds():
    pulse, now = mature()
    told(pulse, [sighting(now)])
    days = Days()
    first = days.row(ACME, pulse, (), now)
    assert days.row(ACME, pulse, (), now + 1) is first
    told(pulse, [sighting(now + SECOND)])
    assert days.row(ACME, pulse, (), now + 2 * SECOND) is first
    assert days.row(ACME, pulse, (), now + 6 * SECOND).now == first.now + 1


@given(st.lists(st.integers(0, 40 * HOUR), max_size=30), st.integers(0, 60 * HOUR))
@settings(max_examples=30, deadline=None)
def test_every_state_gives_numbers(instants, later):
    pulse = told(Pulse(UTC, MONDAY), [sighting(MONDAY + at) for at in sorted(instants)])
    now = max(MONDAY + max(instants, default=0), MONDAY + later)
    row = Days().row(ACME, pulse, (Gap(0, "x", MONDAY, MONDAY + later // 2),), now)
    assert len(row.hours) == HOURS
    assert all(each.low is None or 0 <= each.low <= each.high for each in row.hours)
    assert row.unusual == row.unusual
