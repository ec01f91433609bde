"""What goes wrong with a connection, and how soon it is tried again."""

import asyncio
import socket

import pytest
from x_room import NOW, RULES, STREAM, connected, until_heard_again, x
from x_stand_in import OPERATIONAL, TOO_MANY, id_at, problem

from buzzwatch.clock import settle
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.sources import outbound
from buzzwatch.sources.x.account import Account
from buzzwatch.sources.x.agreement import Agreement


async def test_silence_without_signs_of_life_is_a_dead_connection(server, start, intake, clock):
    await connected(server, start, intake, clock)
    for _ in range(6):
        await clock.advance(20 * SECOND)
        await server.beat()
        await settle()  # the bytes cross a real socket
    assert len(intake.statuses) == 1
    server.most_streams = 2  # X has not noticed either
    await clock.advance(61 * SECOND)
    assert "not even a sign of life" in await intake.until_deaf()
    await clock.advance(SECOND)
    await intake.until_connected(times=2)
    [(_, since, until)] = intake.gaps
    assert since <= NOW + 121 * SECOND
    assert until >= since + 60 * SECOND


async def test_rules_that_take_long_to_change_do_not_cost_the_connection(server, start, intake, clock, monkeypatch):
    await connected(server, start, intake, clock)
    asked = asyncio.Event()

    async def take_long(_agreement, _api, _brands):
        asked.set()
        await clock.wait_until(clock.now() + 70 * SECOND)
        return 1

    monkeypatch.setattr(Agreement, "reach", take_long)
    intake.wanted.digest = "second"
    await server.beat()
    await asked.wait()
    await clock.advance(65 * SECOND)
    await settle()
    assert intake.statuses == [(True, "")]


@pytest.mark.parametrize("said", [OPERATIONAL, TOO_MANY, {}], ids=["operational", "elsewhere", "nothing"])
async def test_an_end_that_x_announces_is_followed_by_another_connection(server, start, intake, clock, said):
    await connected(server, start, intake, clock)
    await server.say(1, NOW)
    await server.end(said)
    await intake.until_deaf()
    await until_heard_again(intake, clock)
    await server.say(2, clock.now())
    await intake.until(lambda: f"x:{id_at(clock.now(), 2)}" in intake.ids)


async def test_a_connection_that_breaks_in_the_middle_of_a_line_loses_only_that(server, start, intake, clock):
    await connected(server, start, intake, clock)
    await server.send(server.line(server.post(1, NOW)) + server.line(server.post(2, NOW))[:40])
    await intake.until(lambda: len(intake.ids) == 1)
    await server.cut()
    await intake.until_deaf()
    server.posts = [server.post(1, NOW), server.post(2, NOW)]
    await clock.advance(SECOND)
    await intake.until_connected(times=2)
    await clock.advance(MINUTE // 2)
    await intake.until(lambda: f"x:{id_at(NOW, 2)}" in intake.ids)


async def test_a_server_that_is_gone_is_waited_for_a_little_longer_each_time(server, start, intake, hasty_clock):
    await server.stop()
    start(x(server), hasty_clock)
    await intake.until_deaf(times=40)
    pauses = [wait for wait in hasty_clock.waits if 0 < wait <= 16 * SECOND]
    assert min(pauses[:2]) >= 200
    assert max(pauses) <= 16 * SECOND
    assert all(ail is Ail.AWAY for ail in intake.ails)
    await server.start()


async def waits_of(server, start, intake, clock, times):
    """How long the source is silent after each of so many failures."""
    start(x(server), clock)
    waits = []
    for number in range(1, times + 1):
        await intake.until_deaf(times=number)
        before = clock.now()
        while sum(not connected for connected, _ in intake.statuses) == number and clock.now() - before < HOUR:
            asked = len(server.requests)
            await clock.advance(5 * SECOND)
            await settle()
            if len(server.requests) > asked:
                break
        waits.append(clock.now() - before)
    return waits


async def test_a_server_in_trouble_is_asked_ever_more_rarely(server, start, intake, clock):
    server.refusals[STREAM].extend([(503, {}, problem("Service Unavailable"))] * 5)
    waits = await waits_of(server, start, intake, clock, 5)
    for wait, whole in zip(waits, [10, 20, 40, 80, 160], strict=True):
        assert whole / 2 * SECOND <= wait <= (whole + 10) * SECOND


async def test_a_limit_is_waited_out_until_it_is_lifted(server, start, intake, clock):
    lifted = str((NOW + 5 * MINUTE) // 1000)
    server.refusals[STREAM].append((429, {"x-rate-limit-reset": lifted}, problem("Too Many Requests")))
    start(x(server), clock)
    assert "asks us to wait" in await intake.until_deaf()
    await clock.advance(5 * MINUTE - SECOND)
    assert len(server.asked("GET", "/stream")) == 1
    await clock.advance(2 * SECOND)
    await intake.until_connected()


async def test_a_limit_without_an_end_is_waited_out_from_a_minute_on(server, start, intake, clock):
    server.refusals[STREAM].extend([(429, {"x-rate-limit-reset": "soon"}, problem("Too Many Requests"))] * 3)
    waits = await waits_of(server, start, intake, clock, 3)
    for wait, least in zip(waits, [1, 2, 4], strict=True):
        assert least * MINUTE <= wait <= (2 * least * MINUTE) + 10 * SECOND


async def test_a_limit_is_never_waited_out_for_more_than_an_hour(server, start, intake, clock):
    lifted = str((NOW + 300 * DAY) // 1000)
    server.refusals[STREAM].append((429, {"x-rate-limit-reset": lifted}, problem("Too Many Requests")))
    start(x(server), clock)
    await intake.until_deaf()
    await clock.advance(HOUR)
    await intake.until_connected()


async def test_another_connection_of_the_app_is_told_as_such_and_soon_tried_again(server, start, intake, clock):
    """X names the end of its window whether anything is left in it or not."""
    window = {"x-rate-limit-remaining": "48", "x-rate-limit-reset": str((NOW + 14 * MINUTE) // 1000)}
    server.refusals[STREAM].append((429, window, TOO_MANY))
    start(x(server), clock)
    assert "connected already" in await intake.until_deaf()
    await clock.advance(10 * SECOND)
    await intake.until_connected()


@pytest.mark.parametrize(
    ("status", "remedy", "ail"),
    [
        (401, "make a new Bearer Token", Ail.REFUSED),
        (403, "check in the developer console", Ail.REFUSED),
        (404, "check `url`", Ail.REFUSED),
        (302, "does not take what we ask", Ail.REFUSED),
        (402, "used up", Ail.SPENT),
    ],
)
async def test_what_a_person_must_mend_is_told_with_its_remedy(server, start, intake, clock, status, remedy, ail):
    server.refusals[STREAM].extend([(status, {"Location": "http://127.0.0.1:1/"}, problem("Nope"))] * 3)
    start(x(server), clock)
    why = await intake.until_deaf()
    assert remedy in why
    assert server.token not in why
    assert intake.ails[0] is ail
    await clock.advance(MINUTE)
    assert len(intake.statuses) == 1


async def test_a_wrong_token_is_refused_and_never_shown(server, start, intake, clock):
    start(x(server, token="s3cret-and-wrong"), clock)
    assert "does not accept the token" in (why := await intake.until_deaf())
    assert "s3cret" not in why
    assert "s3cret" not in repr(Account(token="s3cret", posts_a_day=1))


@pytest.mark.parametrize("body", [{"errors": [problem("UsageCapExceeded")]}, problem("CreditsDepleted")])
async def test_an_account_that_is_used_up_inside_the_stream_is_told(server, start, intake, clock, body):
    await connected(server, start, intake, clock)
    await server.end(body)
    assert "used up" in await intake.until_deaf()
    assert intake.ails[-1] is Ail.SPENT


async def test_a_name_that_leads_to_an_address_that_is_not_public_is_refused(server, start, intake, clock, monkeypatch):
    async def leads_here(_self, host, port=0, family=socket.AF_INET):
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0}]

    monkeypatch.setattr(outbound.ThreadedResolver, "resolve", leads_here)
    start(x(server, url=f"http://x.example:{server.port}", allow=()), clock)
    assert "not public" in await intake.until_deaf()
    assert intake.ails[0] is Ail.REFUSED


async def test_an_address_that_was_written_as_a_number_is_meant(server, start, intake, clock):
    await connected(server, start, intake, clock, allow=())


async def test_an_answer_that_makes_no_sense_is_asked_for_again(server, start, intake, clock):
    server.refusals[RULES].append((200, {}, [1, 2]))
    start(x(server), clock)
    assert "makes no sense" in await intake.until_deaf()
    await clock.advance(10 * SECOND)
    await intake.until_connected()
