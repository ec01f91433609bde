"""What reading X costs, and what happens when all is spent."""

from datetime import UTC, datetime

import pytest
from x_room import NOW, WrongClock, connected, stopped, x
from x_stand_in import id_at

from buzzwatch.clock import settle
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.sources.x.spend import Spend


async def test_when_the_days_posts_are_read_it_is_silent_until_midnight(server, start, intake, clock):
    await connected(server, start, intake, clock, posts_a_day=3)
    for number in range(3):
        await server.say(number, NOW)
    why = await intake.until_deaf()
    assert why == "3 of 3 posts today read, and no more is paid for until 2026-11-26 00:00 UTC"
    assert intake.ails[-1] is Ail.SPENT
    await server.until(lambda: not server.streams)  # X notices in its own time
    await clock.advance(14 * HOUR - SECOND)
    assert len(server.asked("GET", "/stream")) == 1
    await server.say(4, NOW + HOUR)
    await clock.advance(SECOND)
    await intake.until_connected(times=2)
    assert intake.gaps == [("x", NOW, NOW + 14 * HOUR)]
    await clock.advance(MINUTE // 2)
    await server.say(5, clock.now())
    await intake.until(lambda: f"x:{id_at(clock.now(), 5)}" in intake.ids)
    await settle()
    assert server.asked("GET", "/recent") == []  # yesterday is not paid for today
    assert intake.moved["spent"] == "2026-11-26 1 4"


async def test_what_was_spent_is_remembered_over_a_restart(server, start, intake, clock):
    task = await connected(server, start, intake, clock, posts_a_day=2)
    await server.say(1, NOW)
    await server.say(2, NOW)
    await intake.until_deaf()
    await stopped(server, task)
    start(x(server, posts_a_day=2), clock)
    await intake.until_deaf(times=2)
    await clock.advance(HOUR)
    assert len(server.asked("GET", "/stream")) == 1


async def test_four_fifths_are_warned_of_once(server, start, intake, clock, capsys):
    await connected(server, start, intake, clock, posts_a_day=5)
    for number in range(4):
        await server.say(number, NOW)
    await intake.until(lambda: len(intake.ids) == 4)
    assert capsys.readouterr().out.count("posts_nearly_spent") == 1


def test_months_are_bounded_too():
    spend = Spend(100, 150)
    spend.count(100, NOW)
    assert spend.left(NOW) == 0
    assert spend.until(NOW) == NOW + 14 * HOUR
    spend.count(50, NOW + DAY)
    assert spend.left(NOW + DAY) == 0
    assert datetime.fromtimestamp(spend.until(NOW + DAY) / 1000, UTC) == datetime(2026, 12, 1, tzinfo=UTC)
    assert spend.left(spend.until(NOW + DAY)) == 100


def test_a_count_is_the_same_after_a_restart_and_a_foreign_cursor_counts_nothing():
    spend = Spend(10, None)
    spend.count(4, NOW)
    assert Spend(10, None, spend.cursor).left(NOW) == 6
    for cursor in ("", "x", "1 2 3", "2026-11-25 a b"):
        assert Spend(10, None, cursor).left(NOW) == 10


@pytest.mark.parametrize(("back", "a_month"), [(2 * SECOND, None), (DAY, 100), (20 * DAY, 12)])
def test_a_clock_that_is_set_back_gives_nothing_back(back, a_month):
    midnight = NOW + 14 * HOUR
    spend = Spend(10, a_month)
    spend.count(10, midnight + SECOND)
    assert spend.left(midnight + SECOND - back) == 0
    assert Spend(10, a_month, spend.cursor).left(midnight + SECOND - back) == 0
    until = spend.until(midnight + SECOND - back)
    assert until > midnight + SECOND - back
    assert spend.left(until) > 0


async def test_a_clock_that_is_set_forward_ends_the_wait_for_midnight_within_the_hour(server, start, intake):
    clock = WrongClock(NOW)
    intake.moved = {"spent": "2026-11-25 1 1"}
    start(x(server, posts_a_day=1), clock)
    await intake.until_deaf()
    clock.ahead = DAY
    await clock.advance(HOUR)
    await intake.until_connected()
