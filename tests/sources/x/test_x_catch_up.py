"""What was missed is searched for, whatever clocks say."""

import asyncio

import pytest
from x_room import NOW, SEARCH, WrongClock, brand, connected, stopped, x
from x_stand_in import id_at, problem

from buzzwatch.clock import settle
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.sources.x import listener


async def test_what_was_missed_is_searched_for_page_by_page(server, start, intake, clock):
    task = await connected(server, start, intake, clock)
    await server.say(1, NOW)
    await intake.until(lambda: intake.mentions)
    await settle()
    await stopped(server, task)
    for number in range(2, 12):
        await server.say(number, NOW + number * MINUTE)
    server.page_size = 4
    await clock.advance(HOUR)
    start(x(server), clock)
    await intake.until_connected(times=2)
    await clock.advance(30 * SECOND)
    await intake.until(lambda: len(set(intake.ids)) == 11)
    await server.until(lambda: len(server.asked("GET", "/recent")) == 3)
    await settle()
    first, *others = server.asked("GET", "/recent")
    assert first["query"] == '"acme" OR #acme OR @acme'
    assert "next_token" not in first
    assert all(asked["next_token"] for asked in others)
    assert intake.moved["behind"] == ""
    assert intake.ails == [None, None]


async def test_what_was_missed_is_still_owed_after_a_kill(server, start, intake, clock):
    intake.moved = {"newest": str(id_at(NOW - HOUR))}
    server.posts = [server.post(1, NOW - HOUR // 2)]
    task = await connected(server, start, intake, clock)
    await server.say(2, NOW)
    await intake.until(lambda: intake.mentions)
    await settle()
    assert int(intake.moved["behind"]) == id_at(NOW - HOUR - 30 * SECOND)
    await stopped(server, task)
    start(x(server), clock)
    await intake.until_connected(times=2)
    await clock.advance(30 * SECOND)
    await intake.until(lambda: f"x:{id_at(NOW - HOUR // 2, 1)}" in intake.ids)


@pytest.mark.parametrize(
    ("ahead", "x_says_its_time"),
    [
        *((ahead, True) for ahead in (-3_650 * DAY, -DAY, DAY, 3_650 * DAY)),
        *((ahead, False) for ahead in (-3_650 * DAY, -DAY, DAY)),  # years ahead all would be too long ago
    ],
)
async def test_a_clock_that_is_wrong_leaves_nothing_out(server, start, intake, clock, ahead, x_says_its_time):
    server.now = lambda: clock.now() - ahead
    server.date = None if x_says_its_time else ""
    intake.moved = {"newest": str(id_at(NOW - ahead - HOUR))}
    server.posts = [server.post(1, NOW - ahead - HOUR // 2), server.post(2, NOW - ahead + SECOND)]
    await connected(server, start, intake, clock)
    await clock.advance(30 * SECOND)
    await server.until(lambda: server.asked("GET", "/recent"))
    await settle()
    assert len(set(intake.ids)) == 2
    assert intake.gaps == []


@pytest.mark.parametrize(("ours", "date"), [(DAY, 0), (0, DAY), (DAY, -DAY), (0, 0)])
@pytest.mark.parametrize("set_amid_it", [False, True])
async def test_a_clock_that_was_ahead_in_quiet_hours_does_not_pass_what_comes_later(
    server, start, intake, monkeypatch, ours, date, set_amid_it
):
    monkeypatch.setattr(listener, "STALE", 3 * DAY)
    clock = WrongClock(NOW)
    server.now = lambda: clock.elapsed() + date
    clock.ahead = 0 if set_amid_it else ours
    task = await connected(server, start, intake, clock)
    await server.say(1, NOW)
    await intake.until(lambda: intake.mentions)
    clock.ahead = ours
    await clock.advance(5 * HOUR)
    await server.beat()
    if date >= 0:
        await intake.until(lambda: int(intake.moved["newest"]) == id_at(clock.elapsed() - HOUR))
    await stopped(server, task)
    clock.ahead = 0
    server.posts.append(server.post(2, clock.now() + MINUTE))
    await clock.advance(2 * MINUTE)
    start(x(server), clock)
    await intake.until_connected(times=2)
    await clock.advance(30 * SECOND)
    await intake.until(lambda: f"x:{id_at(NOW + 5 * HOUR + MINUTE, 2)}" in intake.ids)
    assert intake.gaps == []


@pytest.mark.parametrize(
    "date",
    [
        "tomorrow",
        "Wed Nov 25 10:00:00 2026",
        "Wed, 25 Nov 2026 10:00:00 -0000",
        "Wed, 25 Nov 2026 10:00:00 GMT, Wed, 25 Nov 2026 10:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2300",
    ],
)
async def test_whatever_answers_are_dated_nothing_is_left_out(server, start, intake, clock, date):
    server.date = date
    intake.moved = {"newest": str(id_at(NOW - HOUR))}
    server.posts = [server.post(1, NOW - HOUR // 2)]
    await connected(server, start, intake, clock)
    await server.say(2, NOW)
    await clock.advance(30 * SECOND)
    await intake.until(lambda: len(set(intake.ids)) == 2)
    assert intake.gaps == []


async def test_a_gap_does_not_lie_in_what_our_clock_takes_for_the_future(server, start, intake, clock):
    server.now = lambda: clock.now() + DAY
    intake.moved = {"newest": str(id_at(NOW - HOUR))}
    server.refusals[SEARCH].append((403, {}, problem("client-not-enrolled")))
    await connected(server, start, intake, clock)
    await clock.advance(30 * SECOND)
    await intake.until(lambda: intake.gaps)
    assert intake.gaps[0][2] <= clock.now()


async def test_what_is_older_than_the_search_reaches_is_a_gap(server, start, intake, clock):
    intake.moved = {"newest": str(id_at(NOW - 10 * DAY))}
    await connected(server, start, intake, clock)
    await clock.advance(30 * SECOND)
    await server.until(lambda: server.asked("GET", "/recent"))
    await intake.until_connected(times=2)
    [(_, since, until)] = intake.gaps
    assert since == NOW - 10 * DAY - 30 * SECOND
    assert NOW - 7 * DAY < until < NOW - 7 * DAY + HOUR
    assert intake.ails[-1] is Ail.GAP
    assert int(server.asked("GET", "/recent")[0]["since_id"]) == id_at(until)


async def test_catching_up_spends_at_most_half_and_what_is_left_out_is_a_gap(server, start, intake, clock):
    intake.moved = {"newest": str(id_at(NOW - HOUR))}
    server.posts = [server.post(number, NOW - number * SECOND) for number in range(100)]
    await connected(server, start, intake, clock, posts_a_day=100)
    await clock.advance(30 * SECOND)
    await intake.until_connected(times=2)
    assert 40 <= len(intake.ids) <= 50
    [(_, since, until)] = intake.gaps
    assert since == NOW - HOUR - 30 * SECOND
    assert NOW - 51 * SECOND <= until <= NOW - 39 * SECOND
    assert "more than half" in intake.statuses[-1][1]


async def test_a_search_that_fails_goes_on_where_it_was(server, start, intake, clock):
    intake.moved = {"newest": str(id_at(NOW - HOUR))}
    server.posts = [server.post(number, NOW - number * SECOND) for number in range(20)]
    server.page_size = 10
    await connected(server, start, intake, clock)
    server.refusals[SEARCH].append((503, {}, {}))
    await clock.advance(30 * SECOND)
    await server.until(lambda: server.asked("GET", "/recent"))
    await settle()
    for _ in range(20):
        await clock.advance(SECOND)
        await settle()
    await intake.until(lambda: len(set(intake.ids)) == 20)
    assert intake.gaps == []


async def test_searches_that_fail_are_given_up_however_many_there_are(server, start, intake, clock, monkeypatch):
    monkeypatch.setattr(listener, "STALE", DAY)
    intake.moved = {"newest": str(id_at(NOW - HOUR))}
    intake.wanted.brands = {key: brand(key, (key * 40,)) for key in ("acme", "bolt", "coil")}
    server.refusals[SEARCH].extend([(503, {}, {})] * 100)
    await connected(server, start, intake, clock, query_length=256)
    async with asyncio.timeout(30):
        while Ail.GAP not in intake.ails:
            await clock.advance(10 * SECOND)
            await settle()
    assert len({asked["query"] for asked in server.asked("GET", "/recent")}) > 1
    assert len(server.asked("GET", "/recent")) < 15
    assert intake.moved["behind"] == ""


async def test_no_more_is_searched_for_while_the_intake_is_full(server, start, intake, clock):
    intake.moved = {"newest": str(id_at(NOW - HOUR))}
    intake.wanted.brands = {key: brand(key, (key * 40,)) for key in ("acme", "bolt", "coil", "dusk")}
    server.posts = [server.post(number, NOW - number * SECOND) for number in range(20)]
    await connected(server, start, intake, clock, query_length=256)
    intake.at_once, intake.high_water = None, 1
    await clock.advance(30 * SECOND)
    await intake.until(lambda: intake.mentions)
    await settle()
    assert len(server.asked("GET", "/recent")) == 1
    intake.complete()
    await server.until(lambda: len(server.asked("GET", "/recent")) == 2)


async def test_what_was_missed_before_the_first_post_of_all_is_searched_for(server, start, intake, clock):
    task = await connected(server, start, intake, clock)
    await stopped(server, task)
    server.posts = [server.post(1, NOW + MINUTE)]
    await clock.advance(HOUR)
    start(x(server), clock)
    await intake.until_connected(times=2)
    await clock.advance(30 * SECOND)
    await intake.until(lambda: intake.mentions)


async def test_hours_in_which_nobody_said_anything_are_not_missed(server, start, intake, clock, monkeypatch):
    monkeypatch.setattr(listener, "STALE", DAY)
    await connected(server, start, intake, clock)
    await server.say(1, NOW)
    await intake.until(lambda: intake.mentions)
    await clock.advance(5 * HOUR)
    await server.beat()
    await intake.until(lambda: int(intake.moved["newest"]) == id_at(clock.now() - HOUR))
    assert intake.gaps == []


async def test_a_search_that_the_plan_does_not_have_is_a_gap_and_the_stream_goes_on(server, start, intake, clock):
    intake.moved = {"newest": str(id_at(NOW - HOUR))}
    server.refusals[SEARCH].append((403, {}, problem("client-not-enrolled")))
    await connected(server, start, intake, clock)
    await clock.advance(30 * SECOND)
    await intake.until_connected(times=2)
    assert intake.ails[-1] is Ail.GAP
    assert len(intake.gaps) == 1
    await server.say(1, NOW)
    await intake.until(lambda: intake.mentions)
    await settle()


async def test_nothing_is_searched_for_at_the_very_first_start_or_where_it_is_not_wanted(server, start, intake, clock):
    task = await connected(server, start, intake, clock)
    await clock.advance(MINUTE // 2)
    await stopped(server, task)
    intake.moved["newest"] = str(id_at(NOW - HOUR))
    start(x(server, catch_up=False), clock)
    await intake.until_connected(times=2)
    await clock.advance(MINUTE // 2)
    assert server.asked("GET", "/recent") == []


async def test_an_id_from_the_future_does_not_move_the_cursor(server, start, intake, clock):
    await connected(server, start, intake, clock)
    await server.say(1, NOW)
    await server.say(2, NOW + 300 * DAY)
    await intake.until(lambda: len(intake.ids) == 2)
    await settle()
    assert intake.moved["newest"] == str(id_at(NOW, 1))


async def test_the_stream_is_asked_for_what_it_still_has(server, start, intake, clock):
    await connected(server, start, intake, clock, backfill_minutes=5)
    [asked] = server.asked("GET", "/stream")
    assert asked["backfill_minutes"] == "5"
    assert "author_id" in asked["expansions"]
