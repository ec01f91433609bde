"""Feeds as they come: asked with courtesy, begun at the first answer, and never a surge."""

import asyncio
import gzip
import itertools
import json
import random
import zlib
from datetime import datetime

import pytest
from aiohttp import web
from feed_stand_in import FeedStandIn, item, rss

from buzzwatch.clock import VirtualClock, settle
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, instant_of
from buzzwatch.model.receipt import Receipt
from buzzwatch.sources.feed.adapter import Feed
from buzzwatch.sources.feed.document import LARGEST_BODY, read_date
from buzzwatch.sources.feed.line import Habits, Subscription

NOON = 1_772_452_800_000
"""2026-03-02T12:00:00Z"""


@pytest.fixture
def clock():
    return VirtualClock(NOON)


@pytest.fixture
async def server():
    server = FeedStandIn()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def listen(start, server, clock):
    """Read paths of the server; each is asked once the clock has moved by a minute."""

    def listen_to(*paths: str, **habits) -> "asyncio.Task[None]":
        feeds = [Subscription(address=server.address(path), label=path) for path in paths or ("/rss",)]
        feed = Feed("press", feeds, Habits(**habits), random.Random(7))
        return start(feed, clock)

    return listen_to


@pytest.fixture
def poll(server, clock, intake):
    """Let time pass until the feed was asked once more, and what it brought was dealt with."""

    def is_waiting() -> bool:
        return server.at_once == 0 and any(not each.done() for _, _, each in clock._waiters)

    async def poll_once(path: str = "/rss", *, within: int = 20 * MINUTE) -> None:
        asked, until = server.asked[path] + 1, clock.now() + within
        step = 30 * SECOND if within <= HOUR else within // 60
        while server.asked[path] < asked:
            assert clock.now() < until, f"not asked within {within // MINUTE} min"
            await clock.advance(step)
            await pause(is_waiting)
        await pause(is_waiting)

    async def pause(fact) -> None:
        """The answer crosses a real socket and a thread."""
        for _ in range(200):
            await asyncio.sleep(0.001)
            if fact():
                break
        await settle()

    return poll_once


def mentions(intake) -> list[dict]:
    return [each for payload in intake.payloads if payload for each in json.loads(payload)]


def ids(intake) -> list[str]:
    return [each["id"] for each in mentions(intake)]


def posted(mention: dict) -> int:
    return instant_of(datetime.fromisoformat(mention["created_at"]))


async def begin(listen, poll, server, *, path="/rss", shown=1, **habits):
    """The baseline: one old entry."""
    if path == "/rss":
        server.say(0, NOON - DAY) if shown else None
    listen(path, **habits)
    await poll(path)


async def test_the_first_answer_is_where_we_begin(listen, poll, server, intake, clock):
    server.say(1, NOON - HOUR)
    server.say(2, NOON)
    await begin(listen, poll, server, shown=0)
    assert mentions(intake) == []
    server.say(3, clock.now() + MINUTE)
    await poll()
    assert ids(intake) == ["web:https://paper.example/articles/3"]


async def test_an_entry_becomes_an_article_by_its_publisher(listen, poll, server, intake, clock):
    await begin(listen, poll, server)
    at = clock.now() + MINUTE
    server.say(3, at)
    await poll()
    told = mentions(intake)[0]
    assert (told["title"], told["text"]) == ("acme news 3", "The whole story of 3, acme.")
    assert (told["kind"], told["source"], told["url"]) == ("article", "web", "https://paper.example/articles/3")
    assert (told["author"]["id"], told["author"]["name"]) == ("paper.example", "The Paper")
    assert posted(told) == at // 1000 * 1000
    assert told.get("brand") is None


async def test_feeds_about_a_brand_say_so(listen, poll, server, intake, clock):
    await begin(listen, poll, server, brand="acme")
    server.say(3, clock.now())
    await poll()
    assert mentions(intake)[0]["brand"] == "acme"


async def test_a_feed_that_did_not_change_is_not_sent_again(listen, poll, server, intake):
    await begin(listen, poll, server)
    before = len(intake.payloads)
    await poll()
    assert server.headers["/rss"]["If-None-Match"]
    assert server.headers["/rss"]["User-Agent"].startswith("buzzwatch/")
    assert len(intake.payloads) == before


async def test_last_modified_serves_where_there_is_no_etag(listen, poll, server):
    server.with_etag = False
    server.extra = {"Last-Modified": "Mon, 02 Mar 2026 10:00:00 GMT"}
    await begin(listen, poll, server)
    await poll()
    assert server.headers["/rss"]["If-Modified-Since"] == "Mon, 02 Mar 2026 10:00:00 GMT"


async def test_our_place_survives_a_restart(listen, poll, server, intake, clock):
    server.say(0, NOON - DAY)
    before = listen()
    await poll()
    server.say(3, clock.now())
    await poll()
    before.cancel()
    await asyncio.wait({before})
    server.say(4, clock.now())
    listen()
    await poll(within=MINUTE)
    assert sorted(ids(intake)) == ["web:https://paper.example/articles/3", "web:https://paper.example/articles/4"]


async def test_mentions_that_were_not_taken_come_again(listen, poll, server, intake, clock):
    await begin(listen, poll, server)
    intake.at_once = None
    server.say(3, clock.now())
    await poll()
    intake.receipts[-1].cancel()
    intake.at_once = Receipt(accepted=1)
    await poll()
    assert ids(intake) == ["web:https://paper.example/articles/3"] * 2


async def test_the_place_and_the_mentions_are_one_commit(listen, poll, server, intake, clock):
    await begin(listen, poll, server)
    before = dict(intake.moved)
    intake.at_once = None
    server.say(3, clock.now())
    await poll()
    assert intake.moved == before
    intake.complete()
    await settle()
    assert intake.moved != before


async def test_many_entries_go_in_several_payloads_and_the_place_moves_with_the_last(
    listen, poll, server, intake, clock
):
    await begin(listen, poll, server)
    for number in range(1, 90):
        server.say(number, clock.now())
    await poll()
    assert len(ids(intake)) == 89
    assert [len(json.loads(each)) for each in intake.payloads if each] == [50, 39]


async def test_an_edited_entry_comes_again_under_its_id(listen, poll, server, intake, clock):
    await begin(listen, poll, server)
    at = clock.now()
    server.feeds["/rss"] = rss(item(3, at), item(0, NOON - DAY))
    await poll()
    server.feeds["/rss"] = rss(item(3, at, "acme news, corrected"), item(0, NOON - DAY))
    await poll()
    assert ids(intake) == ["web:https://paper.example/articles/3"] * 2
    assert mentions(intake)[1]["title"] == "acme news, corrected"


async def test_entries_named_anew_are_not_new(listen, poll, server, intake, clock):
    server.feeds["/rss"] = rss(*(item(number, None) for number in range(5)))
    listen()
    await poll()
    renamed = server.feeds["/rss"].replace(">n", ">renamed-").replace("articles/", "pages/")
    server.feeds["/rss"] = renamed
    await poll()
    assert mentions(intake) == []


async def test_entries_without_a_date_are_spread_over_the_time_since_the_feed_was_asked(
    listen, poll, server, intake, clock
):
    await begin(listen, poll, server)
    before = clock.now()
    server.feeds["/rss"] = rss(*(item(number, None) for number in (4, 3, 2, 1)), item(0, NOON - DAY))
    await poll()
    told = mentions(intake)
    times = [posted(each) for each in told]
    assert [each["id"][-1] for each in told] == ["1", "2", "3", "4"]
    assert before - MINUTE < times[0] < times[1] < times[2] < times[3] < clock.now()
    steps = {later - earlier for earlier, later in itertools.pairwise(times)}
    assert max(steps) - min(steps) <= 1


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("Mon, 02 Mar 2026 12:20:00 +0100", "posted"),
        ("2026-03-02T11:20:00Z", "posted"),
        ("Mon, 02 Mar 2026 02:20:00", "since"),  # no zone: it was not there at the poll before
        ("Fri, 02 Mar 2096 02:20:00 +0000", "since"),
        ("Thu, 01 Jan 1970 00:00:00 +0000", "since"),
        ("yesterday", "since"),
        ("Mon, 02 Mar 2026 18:00:00 +0000", "now"),
    ],
)
async def test_dates_are_believed_as_far_as_they_can_be(listen, poll, server, intake, clock, written, at):
    await begin(listen, poll, server)
    before = clock.now()
    dated = item(3, None).replace("</item>", f"<pubDate>{written}</pubDate></item>")
    server.feeds["/rss"] = rss(dated, item(0, NOON - DAY))
    await poll()
    counted = posted(mentions(intake)[0])
    if at == "posted":
        assert counted == NOON - 40 * MINUTE
    else:
        assert before - MINUTE <= counted <= clock.now()


def test_dates_in_many_forms_are_read():
    for written in (
        "Mon, 2 Mar 2026 13:00:00 +0100",
        "2026-03-02T12:00:00Z",
        "2026-03-02 12:00:00+00:00",
        "20260302T120000Z",
    ):
        moment, zoned = read_date(written)
        assert (moment and instant_of(moment), zoned) == (NOON, True), written
    assert read_date("2026-03-02T12:00:00") == (read_date("2026-03-02T12:00:00Z")[0], False)
    assert read_date("garbage " * 1000) == (None, False)


async def test_nothing_in_common_with_before_is_a_gap_and_no_surge(listen, poll, server, intake, clock):
    server.feeds["/rss"] = rss(*(item(number, NOON - DAY) for number in range(5)))
    listen()
    await poll()
    late = clock.now() + 10 * MINUTE
    server.feeds["/rss"] = rss(item(9, late), *(item(number, None) for number in range(10, 30)))
    await poll()
    assert ids(intake) == ["web:https://paper.example/articles/9"]
    assert [(source, until) for source, _, until in intake.gaps] == [("press", late // 1000 * 1000)]
    assert intake.ails[-1] is Ail.GAP


async def test_a_feed_asks_to_be_left_alone_for_a_while(listen, poll, server, clock):
    server.extra = {"Cache-Control": "public, max-age=2400"}
    await begin(listen, poll, server)
    before = clock.now()
    await poll(within=50 * MINUTE)
    assert clock.now() - before > 38 * MINUTE


@pytest.mark.parametrize(
    ("extra", "more"),
    [
        ({"Cache-Control": "max-age=864000"}, ""),
        ({"Expires": "Mon, 09 Mar 2026 12:00:00 GMT", "Date": "Mon, 02 Mar 2026 12:00:00 GMT"}, ""),
        ({}, "<ttl>10000</ttl>"),
    ],
)
async def test_nobody_can_make_us_deaf_for_a_day(listen, poll, server, clock, extra, more):
    server.extra = extra
    server.feeds["/rss"] = rss(item(0, NOON), more=more)
    listen()
    await poll()
    before = clock.now()
    await poll(within=68 * MINUTE)
    assert clock.now() - before > 58 * MINUTE


async def test_hours_that_a_feed_leaves_out_are_left_out(listen, poll, server, clock):
    hours = "".join(f"<hour>{hour}</hour>" for hour in (12, 13, 14))
    server.feeds["/rss"] = rss(item(0, NOON), more=f"<skipHours>{hours}</skipHours>")
    listen()
    await poll()
    await poll(within=4 * HOUR)
    assert clock.now() >= NOON + 3 * HOUR


async def test_a_permanent_move_is_followed_and_told(listen, poll, server, intake):
    server.answers["/old"] = lambda _request: web.Response(status=301, headers={"Location": "/rss"})
    listen("/old")
    await poll("/old")
    await poll()
    assert server.asked["/old"] == 1
    assert "moved for good" in intake.statuses[-1][1]


async def test_who_moved_to_where_nothing_is_any_more_is_asked_again_where_they_were(listen, poll, server):
    server.answers["/old"] = lambda _request: web.Response(status=301, headers={"Location": "/rss"})
    listen("/old")
    await poll("/old")
    server.answers["/rss"] = lambda _request: web.Response(status=404)
    await poll("/rss")
    await poll("/old", within=4 * HOUR)
    assert server.asked["/old"] == 2


async def test_a_passing_move_is_followed_once(listen, poll, server, intake):
    server.answers["/old"] = lambda _request: web.Response(status=302, headers={"Location": "/rss"})
    listen("/old")
    await poll("/old")
    await poll("/old")
    assert server.asked["/old"] == 2
    assert intake.statuses == [(True, "")]


async def test_a_circle_of_redirects_is_a_reason(listen, poll, server, intake):
    server.answers["/rss"] = lambda _request: web.Response(status=302, headers={"Location": "/rss"})
    listen()
    await poll()
    assert "redirects in circles" in await intake.until_deaf()


async def test_a_redirect_into_our_network_is_refused(listen, poll, server, intake):
    server.answers["/rss"] = lambda _request: web.Response(status=302, headers={"Location": "http://169.254.169.254/"})
    listen()
    await poll()
    assert "169.254.169.254 is not public" in await intake.until_deaf()
    assert intake.ails[-1] is Ail.REFUSED


async def test_a_feed_that_is_gone_is_not_asked_again(listen, server, intake, clock, poll):
    server.answers["/rss"] = lambda _request: web.Response(status=410)
    listen()
    await poll()
    assert "gone for good" in await intake.until_deaf()
    await clock.advance(2 * DAY)
    await asyncio.sleep(0.05)
    assert server.asked["/rss"] == 1


@pytest.mark.parametrize(
    ("refusal", "after", "why"),
    [
        ((429, {"Retry-After": "7200"}), 2 * HOUR, "too often"),
        ((503, {"Retry-After": "Mon, 02 Mar 2026 15:00:00 GMT"}), 3 * HOUR - MINUTE, "answers 503"),
        ((429, {"Retry-After": "99999999"}), DAY, "too often"),
        ((404, {}), 30 * MINUTE, "nothing at this address"),
        ((403, {}), 30 * MINUTE, "does not let us in"),
        ((500, {}), 0, "answers 500"),
    ],
)
async def test_refusals_are_told_and_obeyed(listen, poll, server, intake, clock, refusal, after, why):  # noqa: PLR0917
    status, headers = refusal
    server.answers["/rss"] = lambda _request: web.Response(status=status, headers=headers)
    listen()
    await poll()
    assert why in await intake.until_deaf()
    before = clock.now()
    await poll(within=after + HOUR)
    assert clock.now() - before >= after - MINUTE


async def test_one_failure_is_no_silence_and_two_are(listen, poll, server, intake):
    await begin(listen, poll, server)
    server.answers["/rss"] = lambda _request: web.Response(status=500)
    await poll()
    assert intake.statuses == [(True, "")]
    await poll()
    assert intake.statuses[-1] == (False, "/rss: it answers 500")
    del server.answers["/rss"]
    await poll()
    assert intake.statuses[-1] == (True, "")


async def test_one_feed_that_fails_does_not_silence_the_others(listen, poll, server, intake):
    server.feeds["/good"] = rss(item(0, NOON))
    listen("/good", "/bad")
    await poll("/bad")
    await poll("/good")
    assert intake.statuses[-1] == (True, "/bad: there is nothing at this address (404)")


async def test_a_host_is_asked_by_one_at_a_time(listen, server, clock):
    for number in range(6):
        server.feeds[f"/{number}"] = rss(item(number, NOON))
    listen(*server.feeds)
    for _ in range(60):
        await clock.advance(SECOND)
        await asyncio.sleep(0.005)
    assert sum(server.asked.values()) == len(server.feeds)
    assert server.most_at_once == 1


async def test_a_body_given_a_byte_a_minute_is_given_up(listen, server, intake, clock):
    async def dribble(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b" ")
            await asyncio.sleep(0.1)
        return response

    server.answers["/rss"] = dribble
    listen(within_s=0.5)
    await clock.advance(MINUTE)
    assert "no whole answer" in await intake.until_deaf()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "identity"])
async def test_a_body_that_is_too_large_once_inflated_is_given_up(listen, server, intake, clock, coding):
    big = bytes(LARGEST_BODY + 1)
    body = {"gzip": gzip.compress(big, 1), "deflate": zlib.compress(big, 1), "identity": big}[coding]
    server.answers["/rss"] = lambda _request: web.Response(body=body, headers={"Content-Encoding": coding})
    listen()
    await clock.advance(MINUTE)
    assert "over 8000000 bytes" in await intake.until_deaf()


async def test_a_server_that_goes_away_in_mid_answer_is_a_reason(listen, server, intake, clock):
    async def cut(request):
        response = web.StreamResponse(headers={"Content-Length": "5000"})
        await response.prepare(request)
        await response.write(b"<rss>")
        request.transport.close()
        return response

    server.answers["/rss"] = cut
    listen()
    await clock.advance(MINUTE)
    assert "cannot be read" in await intake.until_deaf()


async def test_no_reason_holds_an_address_or_its_key(start, server, intake, clock):
    address = server.address("/rss?key=s3cret")
    await server.stop()
    feed = Feed("press", [Subscription(address=address, label="https://paper.example/rss")])
    assert "s3cret" not in repr(feed._subscriptions)
    start(feed, clock)
    await clock.advance(MINUTE)
    why = await intake.until_deaf()
    assert "s3cret" not in why
    assert "cannot be reached" in why


async def test_a_fault_of_ours_in_one_feed_does_not_end_the_others(listen, poll, server, intake, monkeypatch):
    def fail(body, _media_type, _address):
        raise RecursionError(body)

    monkeypatch.setattr("buzzwatch.sources.feed.line.read", fail)
    listen()
    await poll()
    assert await intake.until_deaf() == "/rss: reading it failed, a fault of buzzwatch (RecursionError)"
    await poll()
    assert server.asked["/rss"] == 2


async def test_the_place_of_a_feed_that_is_read_no_more_is_forgotten(listen, poll, server, intake):
    intake.moved["left-from-before"] = "{}"
    await begin(listen, poll, server)
    assert intake.moved["left-from-before"] == ""


async def test_a_place_that_cannot_be_read_is_a_new_beginning(listen, poll, server, intake):
    key = Subscription(address=server.address(), label="").key
    intake.moved[key] = '{"known": "garbage"}'
    server.say(1, NOON)
    listen()
    await poll()
    assert mentions(intake) == []
