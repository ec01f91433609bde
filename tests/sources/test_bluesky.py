"""The adapter against a stand-in for Jetstream, over real sockets."""

import asyncio
import random
import socket
import time

import pytest
from bluesky_brands import watch
from bluesky_stand_in import DID, Jetstream, at_uri, event, post, post_key, reply_to

from buzzwatch.clock import VirtualClock
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import DAY, HOUR, SECOND
from buzzwatch.model.receipt import Receipt
from buzzwatch.sources.bluesky import adapter
from buzzwatch.sources.bluesky.adapter import CURSOR, Bluesky
from buzzwatch.sources.bluesky.adapter import Jetstream as Settings

LEA, MAX = DID.format(1), DID.format(2)


@pytest.fixture
async def jetstream():
    server = Jetstream()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def other():
    server = Jetstream()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(autouse=True)
def _brands(intake):
    intake.wanted.brands = watch(acme=["acme"])


def sky(*servers, **settings):
    standard = {"hosts": tuple(server.url for server in servers), "allow": ("127.0.0.1",), "profiles": False}
    return Bluesky("sky", Settings(**standard | settings), random.Random(7))


def now_us():
    return time.time_ns() // 1_000


def now():
    return time.time_ns() // 1_000_000


def numbered(*numbers):
    return [f"bluesky:{DID.format(number % 1_000)}/{post_key(number)}" for number in numbers]


async def begin(jetstream, start, intake, clock, **settings):
    """Connected, with one mention heard."""
    task = start(sky(jetstream, **settings), clock)
    await jetstream.until_asked(1)
    jetstream.say(0, now())
    await intake.until(lambda: intake.mentions)
    return task


@pytest.mark.parametrize("wire", ["v1", "v2"])
async def test_mentions_come_with_the_time_up_to_which_we_have_heard(jetstream, start, intake, hasty_clock, wire):
    await begin(jetstream, start, intake, hasty_clock, wire=wire)
    at = now_us()
    jetstream.tell(post(LEA, at - 1, "3kaa", "Acme is late"), post(LEA, at, "3kab", "good morning"))
    await intake.until(lambda: len(intake.mentions) == 2)
    assert intake.mentions[1].text == "Acme is late"
    assert int(intake.moved[CURSOR]) == at
    assert "cursor" not in jetstream.asked[0]
    assert intake.statuses == [(True, "")]


async def test_posts_and_reposts_are_asked_for_in_the_words_of_the_first_wire(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock)
    [asked] = jetstream.asked
    assert asked.getall("wantedCollections") == ["app.bsky.feed.post", "app.bsky.feed.repost"]
    assert (asked["compress"], asked["maxMessageSizeBytes"]) == ("false", "1000000")


async def test_posts_and_reposts_are_asked_for_in_the_words_of_the_second_wire(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock, wire="v2")
    [asked] = jetstream.asked
    assert asked.getall("collections") == ["app.bsky.feed.post", "app.bsky.feed.repost"]
    assert asked.getall("kinds") == ["commit", "account", "identity"]


async def test_the_cursor_moves_though_nothing_concerns_us_and_what_was_dropped_is_counted(
    jetstream, start, intake, hasty_clock
):
    start(sky(jetstream), hasty_clock)
    await jetstream.until_asked(1)
    began = now_us() - 20_000_000
    jetstream.tell(*(post(LEA, began + number * 1_000_000, f"3k{number}", "good morning") for number in range(20)))
    await intake.until(lambda: intake.dropped >= 11)
    assert int(intake.moved[CURSOR]) >= began + 10_000_000
    assert intake.payloads
    assert not any(intake.payloads)


async def test_a_server_whose_clock_runs_ahead_moves_no_cursor_beyond_now(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock)
    jetstream.say(1, now() + HOUR)
    await intake.until(lambda: len(intake.mentions) == 2)
    assert int(intake.moved[CURSOR]) <= now_us() + 1_000_000


async def test_after_a_loss_it_asks_from_some_seconds_before(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock)
    last = jetstream.events[-1]["time_us"]
    jetstream.drop()
    await jetstream.until_asked(2)
    assert int(jetstream.asked[1]["cursor"]) == last - 5_000_000
    jetstream.say(1, now())
    await intake.until(lambda: len(set(intake.ids)) == 2)
    assert intake.ids == numbered(0, 0, 1)  # what comes twice has the same id
    assert intake.gaps == []


async def test_a_new_start_goes_on_where_the_last_commit_was(jetstream, start, intake, hasty_clock):
    intake.moved[CURSOR] = str(now_us() - 30_000_000)
    jetstream.say(1, now() - 20 * SECOND)
    jetstream.say(2, now() - 10 * SECOND)
    start(sky(jetstream), hasty_clock)
    await intake.until(lambda: len(intake.mentions) == 2)
    assert intake.ids == numbered(1, 2)
    assert intake.gaps == []


async def test_the_cursor_of_a_mention_is_stored_with_it_and_not_before(jetstream, start, intake, hasty_clock):
    intake.at_once = None
    await begin(jetstream, start, intake, hasty_clock)
    assert intake.moved == {}
    intake.complete()
    await asyncio.sleep(0)
    assert int(intake.moved[CURSOR]) == jetstream.events[0]["time_us"]


async def test_when_one_host_is_lost_the_next_is_heard(jetstream, other, start, intake, hasty_clock):
    start(sky(jetstream, other), hasty_clock)
    await jetstream.until_asked(1)
    jetstream.say(0, now())
    await intake.until(lambda: len(intake.mentions) == 1)
    await jetstream.stop()
    await other.until_asked(1)
    assert "cursor" in other.asked[0]
    other.say(1, now())
    await intake.until(lambda: len(intake.mentions) == 2)
    assert [connected for connected, _ in intake.statuses] == [True, False, True]
    await jetstream.start()


async def test_a_cursor_that_is_too_old_is_a_gap(jetstream, start, intake, hasty_clock):
    asked = now() - 3 * DAY
    intake.moved[CURSOR] = str(asked * 1_000)
    began = now() - HOUR
    jetstream.say(1, began)
    start(sky(jetstream), hasty_clock)
    await intake.until_connected()
    assert intake.gaps == [("sky", asked, began)]
    [(_, why)] = intake.statuses
    assert "is lost" in why
    assert intake.ails == [Ail.GAP]


async def test_a_silent_stream_is_left(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock, silent_s=0.3)
    assert "nothing was said for" in await intake.until_deaf()
    await jetstream.until_asked(2)
    jetstream.say(1, now())
    await intake.until(lambda: len(set(intake.ids)) == 2)


async def test_a_host_that_takes_the_connection_and_says_nothing_is_left(start, intake, hasty_clock):
    mute = Jetstream()
    with socket.create_server(("127.0.0.1", 0)) as quiet:
        mute.port = quiet.getsockname()[1]
        start(sky(mute, silent_s=0.05), hasty_clock)
        assert "nothing was said for" in await intake.until_deaf()


@pytest.mark.parametrize("garbage", ["", "acme", '{"did":', b"\xff\xfe\x00", "[" * 9_000, '{"did":"acme"}'])
async def test_garbage_ends_nothing(jetstream, start, intake, hasty_clock, garbage):
    await begin(jetstream, start, intake, hasty_clock)
    jetstream.raw(garbage)
    jetstream.say(1, now())
    await intake.until(lambda: len(intake.mentions) == 2)
    assert len(jetstream.asked) == 1


async def test_a_frame_in_pieces_is_whole(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock)
    jetstream.split(post(LEA, now_us(), "3kaa", "Acme est en retard, c'est insupportable 😡"))
    await intake.until(lambda: len(intake.mentions) == 2)
    assert intake.mentions[1].text == "Acme est en retard, c'est insupportable 😡"


async def test_half_a_frame_is_none(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock)
    jetstream.cut(post(LEA, now_us(), "3kaa", "Acme is late"))
    await intake.until_deaf()
    await jetstream.until_asked(2)
    jetstream.say(1, now())
    await intake.until(lambda: len(set(intake.ids)) == 2)
    assert set(intake.ids) == set(numbered(0, 1))


async def test_a_frame_larger_than_any_event_ends_the_connection_and_no_more(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock)
    jetstream.raw("x" * 3_000_000)
    assert "the stream is broken" in await intake.until_deaf()
    jetstream.events.pop()
    jetstream.say(1, now())
    await intake.until(lambda: len(set(intake.ids)) == 2)


async def test_what_breaks_the_stream_each_time_is_stepped_past_in_the_end(jetstream, start, intake, hasty_clock):
    began = now_us() - 60_000_000
    intake.moved[CURSOR] = str(began)
    jetstream.tell(post(LEA, began + 1_000_000, "3kaa", "Acme is late"), "x" * 3_000_000)
    jetstream.tell(post(LEA, began + 9_000_000, "3kab", "Acme is on time"))
    jetstream.hides_garbage_before = began + 4_000_000
    start(sky(jetstream), hasty_clock)
    await intake.until(lambda: intake.mentions and intake.mentions[-1].text == "Acme is on time")
    assert intake.gaps == [("sky", (began + 1_000_000) // 1_000, (began + 9_000_000) // 1_000)]
    assert intake.ails[-1] is Ail.GAP
    assert "passed over" in intake.statuses[-1][1]
    assert [int(asked["cursor"]) for asked in jetstream.asked][-3:] == [
        began + 1_000_000 + past for past in (1_000_000, 2_000_000, 4_000_000)
    ]


async def test_a_first_start_has_its_place_at_once(jetstream, start, intake, hasty_clock):
    start(sky(jetstream), VirtualClock(now()))  # on which no time passes for gathering
    await jetstream.until_asked(1)
    jetstream.tell(post(LEA, now_us(), "3kaa", "good morning"))
    await intake.until(lambda: intake.payloads)
    assert int(intake.moved[CURSOR]) == jetstream.events[0]["time_us"]


async def test_what_is_said_again_has_the_same_id_and_moves_no_cursor_back(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock)
    jetstream.say(1, now())
    await intake.until(lambda: len(intake.mentions) == 2)
    cursor = int(intake.moved[CURSOR])
    await jetstream.rewind(2)
    await intake.until(lambda: len(intake.mentions) == 4)
    assert intake.ids == numbered(0, 1, 0, 1)
    assert int(intake.moved[CURSOR]) == cursor


async def test_a_farewell_gives_its_code(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock)
    await jetstream.close(code=1008)
    assert "1008" in await intake.until_deaf()


async def test_the_second_wire_says_why_it_ends(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock, wire="v2")
    jetstream.raw('{"$type":"error","error":"ConsumerTooSlow","message":"you are\\u001b[2J far behind"}')
    why = await intake.until_deaf()
    assert "ConsumerTooSlow: you are?[2J far behind" in why


async def test_a_host_that_refuses_is_told_as_refusing(jetstream, start, intake, hasty_clock):
    jetstream.refuse = (403, {})
    start(sky(jetstream), hasty_clock)
    assert "HTTP 403" in await intake.until_deaf()
    assert intake.ails[0] is Ail.REFUSED


async def test_one_that_is_too_busy_is_left_alone_for_as_long_as_it_asks(jetstream, start, intake, hasty_clock):
    jetstream.refuse = (429, {"Retry-After": "40"})
    start(sky(jetstream), hasty_clock)
    await intake.until_deaf(times=2)
    assert intake.ails[0] is Ail.AWAY
    assert hasty_clock.waits[0] >= 39 * SECOND


async def test_an_address_that_is_written_is_meant(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock, allow=())


async def test_addresses_that_we_are_sent_on_to_are_not_meant(jetstream, other, start, intake, hasty_clock):
    jetstream.refuse = (302, {"Location": f"http://127.0.0.1:{other.port}/subscribe"})
    start(sky(jetstream, allow=()), hasty_clock)
    assert "is not public" in await intake.until_deaf()
    assert intake.ails[0] is Ail.REFUSED


async def test_nothing_more_is_read_while_the_intake_is_full(jetstream, start, intake, hasty_clock, monkeypatch):
    monkeypatch.setattr(adapter, "MOST_WAITING", 20)
    intake.at_once, intake.high_water, intake.low_water = None, 1, 0
    start(sky(jetstream), hasty_clock)
    await jetstream.until_asked(1)
    for number in range(1_000):
        jetstream.say(number, now())
    await intake.until(lambda: intake.full)
    for _ in range(200):
        await asyncio.sleep(0)
    assert intake.deepest == 1
    assert len(intake.mentions) <= 40
    intake.at_once, intake.high_water = Receipt(accepted=1), 10**9
    intake.complete()
    await intake.until(lambda: len(intake.mentions) == 1_000)
    assert intake.ids == numbered(*range(1_000))


async def test_rules_that_change_are_heard_by_from_the_next_event_on(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock)
    intake.wanted.brands, intake.wanted.digest = watch(orange=["orange"]), "second"
    jetstream.tell(post(LEA, now_us(), "3kaa", "orange juice"), post(LEA, now_us(), "3kab", "acme"))
    await intake.until(lambda: len(intake.mentions) == 2)
    assert intake.mentions[1].text == "orange juice"


async def test_replies_to_live_conversations_are_heard(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock)
    intake.wanted.known = {f"bluesky:{MAX}/3kroot"}
    jetstream.tell(post(LEA, now_us(), "3kaa", "same here", reply=reply_to(at_uri(MAX, "3kroot"))))
    await intake.until(lambda: len(intake.mentions) == 2)


async def test_deletions_go_with_what_moves_next(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock)
    jetstream.tell(event(LEA, now_us(), "delete", key="3kold"))
    jetstream.say(1, now())
    await intake.until(lambda: len(intake.mentions) == 3)
    assert [mention.deleted for mention in intake.mentions] == [False, True, False]


async def test_a_deletion_after_which_nothing_is_said_goes_soon(jetstream, start, intake, hasty_clock, monkeypatch):
    monkeypatch.setattr(adapter, "MOVE_US", 50_000)
    await begin(jetstream, start, intake, hasty_clock)
    said_at = now_us()
    jetstream.tell(event(LEA, said_at, "delete", key="3kold"))
    await intake.until(lambda: any(mention.deleted for mention in intake.mentions))


# Who wrote it


def profile(did, followers, handle="lea.example"):
    return {"did": did, "handle": handle, "displayName": "Léa", "followersCount": followers}


async def test_authors_come_with_followers_and_handles(jetstream, start, intake, hasty_clock):
    jetstream.profiles = {DID.format(0): profile(DID.format(0), 1_200)}
    await begin(jetstream, start, intake, hasty_clock, profiles=True, api=jetstream.api)
    [mention] = intake.mentions
    assert (mention.author.id, mention.author.followers) == (DID.format(0), 1_200)
    assert (mention.author.handle, mention.author.name) == ("@lea.example", "Léa")


async def test_an_author_is_asked_about_once_a_day(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock, profiles=True, api=jetstream.api)
    jetstream.say(0, now())
    await intake.until(lambda: len(intake.mentions) == 2)
    assert jetstream.profiles_asked == [[DID.format(0)]]


async def test_an_author_whose_handle_changed_is_asked_about_again(jetstream, start, intake, hasty_clock):
    await begin(jetstream, start, intake, hasty_clock, profiles=True, api=jetstream.api)
    changed = {"did": DID.format(0), "handle": "new.example"}
    jetstream.tell({"did": DID.format(0), "time_us": now_us(), "kind": "identity", "identity": changed})
    jetstream.say(0, now())
    await intake.until(lambda: len(intake.mentions) == 2)
    assert len(jetstream.profiles_asked) == 2


async def test_many_authors_are_asked_about_by_twenty_fives(jetstream, start, intake, hasty_clock):
    for number in range(60):
        jetstream.say(number, now())
    intake.moved[CURSOR] = str(now_us() - 10_000_000)
    start(sky(jetstream, profiles=True, api=jetstream.api), hasty_clock)
    await intake.until(lambda: len(intake.mentions) == 60)
    assert max(map(len, jetstream.profiles_asked)) <= 25
    assert sorted(did for asked in jetstream.profiles_asked for did in asked) == sorted(
        {DID.format(number) for number in range(60)}
    )


@pytest.mark.parametrize("status", [400, 429, 500])
async def test_where_profiles_cannot_be_had_mentions_go_without(jetstream, start, intake, hasty_clock, status):
    jetstream.profile_status, jetstream.profile_headers = status, {"Retry-After": "120"}
    await begin(jetstream, start, intake, hasty_clock, profiles=True, api=jetstream.api)
    jetstream.say(1, now())
    await intake.until(lambda: len(intake.mentions) == 2)
    assert [mention.author.followers for mention in intake.mentions] == [None, None]
    assert len(jetstream.profiles_asked) == 1  # and nobody is asked for as long as that was asked for


async def test_where_profiles_do_not_come_mentions_wait_a_moment_only(
    jetstream, start, intake, hasty_clock, monkeypatch
):
    monkeypatch.setattr("buzzwatch.sources.bluesky.profiles.PATIENCE_S", 0.05)
    jetstream.profiles_hang = True
    await begin(jetstream, start, intake, hasty_clock, profiles=True, api=jetstream.api)
    assert intake.mentions[0].author.followers is None
