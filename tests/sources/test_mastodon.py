import asyncio
import random
import threading
from zoneinfo import ZoneInfo

import pytest
from mastodon import Mastodon as MastodonPy
from mastodon import StreamListener
from mastodon_stand_in import BEGAN, TOKEN, MastodonStandIn

from buzzwatch.clock import VirtualClock
from buzzwatch.model.brand import Brand, Match
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import HOUR, MINUTE, SECOND
from buzzwatch.model.mention import Kind
from buzzwatch.sources.mastodon import adapter, rest
from buzzwatch.sources.mastodon.adapter import Instance, Mastodon
from buzzwatch.sources.mastodon.memory import HANDED, HEARD, Memory, Place

NAME = "elephants"


def brand(*names, key="acme"):
    return Brand(
        key=key,
        name=key,
        zone=ZoneInfo("Europe/Paris"),
        timezone="Europe/Paris",
        language="fr",
        competitor=False,
        match=Match(names or ("acme",)),
        official=frozenset(),
        rules=(),
    )


@pytest.fixture
async def stand_in():
    instance = MastodonStandIn()
    await instance.start()
    yield instance
    await instance.stop()


@pytest.fixture(autouse=True)
async def watched(intake):
    intake.wanted.brands = {"acme": brand()}


@pytest.fixture
def hear(start, intake, stand_in, hasty_clock):
    """Start the source, and return once it hears and has caught up."""

    async def hear_now(*streams, clock=hasty_clock, token=TOKEN, heartbeat=30.0, stall=300.0, ready=True, **more):
        streams = streams or ("public",)
        instance = Instance(url=stand_in.url, token=token, streams=streams, allow=("127.0.0.1",), **more)
        source = Mastodon(NAME, instance, random.Random(7), heartbeat=heartbeat, stall=stall)
        task = start(source, clock)
        if ready:
            await until_ready(intake, stand_in, streams)
        return task

    return hear_now


async def until_ready(intake, stand_in, streams=("public",)):
    await spin(lambda: all(name in intake.moved for name in streams))
    await spin(lambda: stand_in.listeners == 1 and len(stand_in.subscribed) >= len(streams))


async def spin(fact):
    """Until something is so that no intake tells of."""
    async with asyncio.timeout(30):
        while not fact():  # noqa: ASYNC110 - the stand-in has no event for each fact
            await asyncio.sleep(0)


async def until_told(intake, count):
    await intake.until(lambda: len(intake.mentions) >= count)
    return intake.mentions


async def until_dropped(intake, count):
    await intake.until(lambda: intake.dropped >= count)


async def test_a_post_that_names_a_brand_becomes_a_mention(hear, stand_in, intake):
    await hear()
    stand_in.post("<p>nothing of ours</p>", at=BEGAN - SECOND)
    said = stand_in.post("<p>Acme, <b>jamais</b> &amp; plus</p>", acct="lea@other.example")
    (mention,) = await until_told(intake, 1)
    assert mention.id == f"mastodon:{said['uri']}"
    assert (mention.text, mention.source, mention.kind, mention.lang) == (
        "Acme, jamais & plus",
        "mastodon",
        Kind.POST,
        "fr",
    )
    assert (mention.url, mention.thread, mention.parent) == (said["url"], mention.id, None)
    assert (mention.author.id, mention.author.handle) == ("lea@other.example", "lea@other.example")
    assert (mention.author.name, mention.author.followers) == ("Léa", 1200)
    assert (mention.engagement.likes, mention.engagement.reposts, mention.engagement.views) == (3, 2, None)
    assert mention.created_at.timestamp() * 1000 == BEGAN
    assert intake.dropped == 1


async def test_a_local_account_is_named_with_the_domain_of_the_instance(hear, stand_in, intake):
    await hear()
    stand_in.say(1, BEGAN)
    (mention,) = await until_told(intake, 1)
    assert mention.author.handle == "lea@mastodon.example"


async def test_the_token_goes_into_the_header_and_into_nothing_else(hear, stand_in, intake):
    await hear("public", "hashtag:acme")
    stand_in.drop()
    await intake.until_connected(times=2)
    assert TOKEN not in "".join(stand_in.queries)
    assert TOKEN not in repr(Instance(url=stand_in.url, token=TOKEN, streams=("public",)))
    assert TOKEN not in "".join(why for _, why in intake.statuses)


async def test_the_first_start_tells_no_history(hear, stand_in, intake):
    old = stand_in.say(1, BEGAN)
    await hear()
    assert intake.moved["public"] == old["id"]
    stand_in.say(2, BEGAN + SECOND)
    assert [mention.text for mention in await until_told(intake, 1)] == ["acme 2"]


async def test_what_was_said_between_two_starts_is_read_page_by_page(hear, stand_in, intake):
    task = await hear()
    stand_in.say(0, BEGAN)
    await until_told(intake, 1)
    await end(task)
    for number in range(1, 101):
        stand_in.say(number, BEGAN + number * SECOND)
    await hear()
    mentions = await until_told(intake, 101)
    assert [mention.text for mention in mentions[-100:]] == [f"acme {number}" for number in range(1, 101)]
    assert intake.moved["public"] == stand_in.statuses[-1]["id"]
    assert not intake.gaps


async def end(task):
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_was_said_while_the_connection_was_lost_is_read_and_nothing_is_told_twice(hear, stand_in, intake):
    await hear()
    stand_in.say(1, BEGAN)
    await until_told(intake, 1)
    stand_in.stalled = True
    stand_in.say(2, BEGAN + SECOND)
    stand_in.stalled = False
    stand_in.drop()
    await until_told(intake, 2)
    await spin(lambda: stand_in.listeners == 1 and len(stand_in.subscribed) == 2)
    stand_in.say(3, BEGAN + 2 * SECOND)
    assert [mention.text for mention in await until_told(intake, 3)] == ["acme 1", "acme 2", "acme 3"]


async def test_a_status_that_reached_the_instance_late_is_read_though_its_id_is_older(hear, stand_in, intake):
    task = await hear()
    stand_in.say(1, BEGAN + MINUTE)
    await until_told(intake, 1)
    await end(task)
    stand_in.say(2, BEGAN + MINUTE - 30 * SECOND)
    await hear()
    await intake.until(lambda: any(mention.text == "acme 2" for mention in intake.mentions))


async def test_beyond_so_many_pages_a_gap_is_reported(hear, stand_in, intake, monkeypatch):
    monkeypatch.setattr(adapter, "PAGES", 2)
    task = await hear()
    stand_in.say(0, BEGAN)
    await until_told(intake, 1)
    await end(task)
    for number in range(1, 201):
        stand_in.say(number, BEGAN + number * SECOND)
    await hear()
    await intake.until(lambda: Ail.GAP in intake.ails)
    ((source, since, until),) = intake.gaps
    assert source == NAME
    assert BEGAN < since < until
    await spin(lambda: intake.moved["public"] == stand_in.statuses[-1]["id"])
    intake.wanted.digest = "second"
    stand_in.say(201, BEGAN + 201 * SECOND)
    await spin(lambda: intake.ails[-1] is None)
    assert intake.ails.count(Ail.GAP) == 1  # and not with each word that follows


async def test_pages_that_are_too_large_are_read_in_parts(hear, stand_in, intake, monkeypatch):
    task = await hear()
    stand_in.say(0, BEGAN)
    await until_told(intake, 1)
    await end(task)
    for number in range(1, 101):
        stand_in.say(number, BEGAN + number * SECOND)
    monkeypatch.setattr(rest, "LARGEST_ANSWER", 20_000)
    await hear()
    await until_told(intake, 101)
    assert not intake.gaps


async def test_a_status_that_is_too_large_is_stepped_past_and_a_gap(hear, stand_in, intake, monkeypatch):
    task = await hear()
    stand_in.say(0, BEGAN)
    await until_told(intake, 1)
    await end(task)
    stand_in.post("<p>acme</p>" + "x" * 30_000, at=BEGAN + SECOND)
    stand_in.say(2, BEGAN + 2 * SECOND)
    monkeypatch.setattr(rest, "LARGEST_ANSWER", 20_000)
    await hear()
    await intake.until(lambda: Ail.GAP in intake.ails)
    assert len(intake.gaps) == 1
    stand_in.say(3, BEGAN + 3 * SECOND)
    await intake.until(lambda: intake.mentions[-1].text == "acme 3")


async def test_a_status_on_which_reading_fails_ends_nothing(hear, stand_in, intake, monkeypatch):
    await hear()
    monkeypatch.setattr("buzzwatch.sources.mastodon.sieve.read_html", lambda _html: 1 / 0)
    stand_in.say(1, BEGAN)
    await until_dropped(intake, 1)
    monkeypatch.undo()
    stand_in.say(2, BEGAN + SECOND)
    await until_told(intake, 1)
    assert all(connected for connected, _ in intake.statuses)


async def test_a_cursor_is_committed_with_its_mention(hear, stand_in, intake):
    await hear()
    before = dict(intake.moved)
    intake.at_once = None
    said = stand_in.say(1, BEGAN)
    await until_told(intake, 1)
    assert intake.moved == before
    intake.complete()
    await asyncio.sleep(0)
    assert intake.moved["public"] == said["id"]


async def test_what_was_handed_over_and_not_committed_is_read_again_after_a_kill(hear, stand_in, intake):
    task = await hear()
    stand_in.say(1, BEGAN)
    await until_told(intake, 1)
    await spin(lambda: intake.moved["public"] == stand_in.statuses[-1]["id"])
    intake.at_once = None
    stand_in.say(2, BEGAN + SECOND)
    await until_told(intake, 2)
    await end(task)
    intake.at_once = intake.receipts[0].result()
    await hear()
    await intake.until(lambda: [mention.text for mention in intake.mentions].count("acme 2") == 2)


async def test_cursors_move_also_when_nothing_of_ours_is_said(hear, stand_in, intake):
    clock = VirtualClock(BEGAN)
    await hear(clock=clock)
    stand_in.post("<p>one</p>", at=BEGAN)
    await until_dropped(intake, 1)
    await clock.advance(11 * SECOND)
    last = stand_in.post("<p>two</p>", at=BEGAN + 11 * SECOND)
    await spin(lambda: intake.moved["public"] == last["id"])
    assert not intake.mentions


async def test_another_instance_under_the_same_name_begins_anew(hear, stand_in, intake):
    stand_in.say(1, BEGAN)
    intake.moved |= {"instance": "https://other.example", "public": "5", "status:4": "https://other.example/4"}
    await hear()
    await spin(lambda: intake.moved["instance"] == stand_in.url)
    await spin(lambda: intake.moved["public"] == stand_in.statuses[-1]["id"])
    assert intake.moved["status:4"] == ""
    assert not intake.mentions


# Streams


async def test_one_status_on_several_streams_is_one_mention(hear, stand_in, intake):
    await hear("public", "public:local", "hashtag:acme")
    assert {"type": "subscribe", "stream": "hashtag", "tag": "acme"} in stand_in.subscribed
    said = stand_in.post("<p>acme #acme</p>", tags=["acme"])
    await until_dropped(intake, 2)
    assert len(intake.mentions) == 1
    await spin(lambda: intake.moved["hashtag:acme"] == said["id"])


async def test_the_same_status_has_the_same_id_on_two_instances(hear, stand_in, intake, start, hasty_clock):
    other = MastodonStandIn("second.example")
    await other.start()
    try:
        await hear()
        instance = Instance(url=other.url, token=TOKEN, streams=("public",), allow=("127.0.0.1",))
        intake_of_other = type(intake)()
        intake_of_other.wanted = intake.wanted
        task = asyncio.ensure_future(Mastodon("others", instance).run(intake_of_other, hasty_clock))
        await until_ready(intake_of_other, other)
        here = stand_in.post("<p>acme</p>", acct="lea")
        other.post("<p>acme</p>", acct="lea@mastodon.example", uri=here["uri"], url=here["url"])
        (one,), (two,) = await until_told(intake, 1), await until_told(intake_of_other, 1)
        assert one == two
        await end(task)
    finally:
        await other.stop()


async def test_the_names_of_the_brands_are_hashtags_and_follow_the_rules_in_force(hear, stand_in, intake):
    intake.wanted.brands = {"acme": brand("acme", "Élan Vital", "2026")}
    await hear("hashtags", ready=False)
    await spin(lambda: {"hashtag:acme", "hashtag:elanvital"} <= intake.moved.keys())
    await spin(lambda: len(stand_in.subscribed) == 2)
    intake.wanted.brands, intake.wanted.digest = {"acme": brand("acme", "newco")}, "second"
    stand_in.post("<p>#acme</p>", tags=["acme"])
    await spin(lambda: len(stand_in.subscribed) == 4)
    assert {"type": "unsubscribe", "stream": "hashtag", "tag": "elanvital"} in stand_in.subscribed
    await spin(lambda: "hashtag:newco" in intake.moved)
    assert intake.moved["hashtag:elanvital"] == ""
    stand_in.post("<p>#newco is here</p>", tags=["newco"])
    await until_told(intake, 2)


# Conversations


async def test_a_reply_hangs_on_the_conversation_of_what_it_answers(hear, stand_in, intake):
    await hear("public", "hashtag:x")
    root = stand_in.post("<p>acme est en panne</p>")
    await until_told(intake, 1)
    reply = stand_in.post("<p>pareil</p>", at=BEGAN + SECOND, in_reply_to_id=root["id"], tags=["x"])
    again = stand_in.post("<p>ici aussi</p>", at=BEGAN + 2 * SECOND, in_reply_to_id=reply["id"], tags=["x"])
    _, first, second = await until_told(intake, 3)
    assert (first.kind, first.parent, first.thread) == (Kind.REPLY, name_of(root), name_of(root))
    assert (second.id, second.parent, second.thread) == (name_of(again), name_of(reply), name_of(root))


def name_of(status):
    return f"mastodon:{status['uri']}"


async def test_a_reply_that_names_a_brand_asks_for_its_conversation(hear, stand_in, intake):
    await hear("public", "hashtag:x")
    root = stand_in.post("<p>je suis en panne</p>", unheard=True)
    middle = stand_in.post("<p>de quoi ?</p>", unheard=True, in_reply_to_id=root["id"])
    stand_in.post("<p>moi aussi, acme</p>", in_reply_to_id=middle["id"], tags=["x"])
    (mention,) = await until_told(intake, 1)
    assert (mention.parent, mention.thread) == (name_of(middle), name_of(root))
    stand_in.post("<p>toujours acme</p>", at=BEGAN + SECOND, in_reply_to_id=middle["id"], tags=["x"])
    _, second = await until_told(intake, 2)
    assert second.thread == name_of(root)
    assert stand_in.asked["/api/v1/statuses/context"] == 1


async def test_a_reply_whose_conversation_cannot_be_had_stands_alone(hear, stand_in, intake):
    await hear("hashtag:x")
    stand_in.post("<p>acme !</p>", in_reply_to_id="404404", tags=["x"])
    (mention,) = await until_told(intake, 1)
    assert (mention.kind, mention.parent, mention.thread) == (Kind.REPLY, None, mention.id)


async def test_no_more_conversations_are_asked_for_than_is_decent(hear, stand_in, intake):
    clock = VirtualClock(BEGAN)
    await hear("hashtag:x", clock=clock)
    for number in range(rest.LOOK_UPS + 5):
        stand_in.post("<p>acme</p>", at=BEGAN + number, in_reply_to_id=str(404000 + number), tags=["x"])
    await until_told(intake, rest.LOOK_UPS + 5)
    assert stand_in.asked["/api/v1/statuses/context"] == rest.LOOK_UPS
    await clock.advance(rest.LOOK_UP_SPAN)
    stand_in.post("<p>acme</p>", at=BEGAN + MINUTE, in_reply_to_id="404", tags=["x"])
    await until_told(intake, rest.LOOK_UPS + 6)
    assert stand_in.asked["/api/v1/statuses/context"] == rest.LOOK_UPS + 1


async def test_a_reply_to_a_conversation_that_only_the_core_knows_is_taken(hear, stand_in, intake):
    await hear("public", "hashtag:x")
    root = stand_in.post("<p>nothing of ours</p>")
    await until_dropped(intake, 1)
    intake.wanted.known = {name_of(root)}
    stand_in.post("<p>pareil</p>", at=BEGAN + SECOND, in_reply_to_id=root["id"], tags=["x"])
    (mention,) = await until_told(intake, 1)
    assert mention.parent == name_of(root)


# Edits and deletions


async def test_an_edit_is_told_again(hear, stand_in, intake):
    await hear()
    said = stand_in.say(1, BEGAN)
    await until_told(intake, 1)
    stand_in.edit(said, "<p>acme, enfin</p>")
    first, second = await until_told(intake, 2)
    assert (second.id, second.text) == (first.id, "acme, enfin")


async def test_an_edit_that_names_nobody_any_more_takes_the_mention_back(hear, stand_in, intake):
    await hear()
    said = stand_in.say(1, BEGAN)
    await until_told(intake, 1)
    stand_in.edit(said, "<p>rien</p>")
    first, second = await until_told(intake, 2)
    assert (second.id, second.text, second.deleted) == (first.id, "", True)


async def test_a_deletion_takes_back_what_was_told_and_nothing_else(hear, stand_in, intake):
    await hear()
    other, said = stand_in.post("<p>other</p>", at=BEGAN - 1), stand_in.say(1, BEGAN)
    await until_told(intake, 1)
    stand_in.delete(other)
    stand_in.delete(said)
    first, gone = await until_told(intake, 2)
    assert (gone.id, gone.deleted, gone.text) == (first.id, True, "")
    assert intake.moved[f"status:{said['id']}"] == ""


async def test_a_deletion_finds_what_was_told_before_a_restart(hear, stand_in, intake):
    task = await hear()
    said = stand_in.say(1, BEGAN)
    await until_told(intake, 1)
    await end(task)
    await hear()
    await spin(lambda: len(stand_in.subscribed) == 2)
    stand_in.delete(said)
    await intake.until(lambda: any(mention.deleted and mention.id == name_of(said) for mention in intake.mentions))


async def test_what_was_edited_while_we_were_away_is_told_again(hear, stand_in, intake):
    task = await hear()
    said = stand_in.say(1, BEGAN)
    stand_in.say(2, BEGAN + SECOND)
    await until_told(intake, 2)
    await end(task)
    stand_in.stalled = True
    stand_in.edit(said, "<p>acme, enfin</p>")
    await hear()
    *_, edited = await until_told(intake, 3)
    assert (edited.id, edited.text) == (name_of(said), "acme, enfin")


async def test_what_was_deleted_while_we_were_away_is_taken_back(hear, stand_in, intake):
    task = await hear()
    said, kept = stand_in.say(1, BEGAN), stand_in.say(2, BEGAN + SECOND)
    await until_told(intake, 2)
    await end(task)
    stand_in.delete(said, unheard=True)
    await hear()
    await intake.until(lambda: any(mention.deleted for mention in intake.mentions))
    assert {mention.id for mention in intake.mentions if mention.deleted} == {name_of(said)}
    assert intake.moved[f"status:{kept['id']}"] == kept["uri"]


def test_what_is_remembered_is_bounded():
    memory = Memory({})
    for number in range(HEARD + 10):
        memory.hear(str(number), Place(f"https://a.example/{number}", "", ""))
    moved = {}
    for number in range(HANDED + 10):
        moved |= memory.hand(str(number), Place(f"https://a.example/{number}", "https://a.example/root"))
    assert memory.find("0") is None
    assert (len(memory._heard), len(memory._handed)) == (HEARD, HANDED)
    assert sum(value != "" for value in moved.values()) == HANDED
    again = Memory({name: value for name, value in moved.items() if value})
    assert again.find("12") == Place("https://a.example/12", "https://a.example/root")
    assert list(again.latest(2)) == [str(HANDED + 9), str(HANDED + 8)]


# What goes wrong


@pytest.mark.parametrize(("status", "remedy"), [(401, "make a new one"), (403, "scope"), (422, "token of an account")])
async def test_a_refusal_says_what_to_do(hear, stand_in, intake, hasty_clock, status, remedy):
    stand_in.refuse = status
    await hear(ready=False)
    assert remedy in await intake.until_deaf()
    assert intake.ails[0] is Ail.REFUSED
    await intake.until_deaf(times=2)
    assert hasty_clock.waits[-1] > 20 * SECOND or hasty_clock.waits[0] > 20 * SECOND
    stand_in.refuse = 0
    await intake.until_connected()


async def test_an_address_that_is_written_is_meant_and_one_that_the_instance_gives_is_not(
    start, stand_in, intake, hasty_clock
):
    stand_in.streaming_at = "ws://127.0.0.1:9"
    start(Mastodon(NAME, Instance(url=stand_in.url, token=TOKEN, streams=("public",))), hasty_clock)
    assert "`allow`" in await intake.until_deaf()
    assert stand_in.asked["/api/v2/instance"]
    stand_in.streaming_at = ""
    await intake.until_connected()


async def test_a_token_that_expires_while_we_hear_is_a_refusal(hear, stand_in, intake):
    await hear()
    stand_in.token = "another"
    stand_in.drop()
    await intake.until(lambda: Ail.REFUSED in intake.ails)
    assert TOKEN not in intake.statuses[-1][1]


async def test_a_stream_that_is_refused_is_said_with_its_reason(hear, stand_in, intake):
    stand_in.refuse_stream = ("Unknown stream type", 400)
    await hear(ready=False)
    why = await intake.until_deaf()
    assert "Unknown stream type" in why
    assert Ail.REFUSED in intake.ails


async def test_an_instance_that_limits_us_is_asked_again_when_it_says(hear, stand_in, intake):
    clock = VirtualClock(BEGAN)
    intake.moved |= {"public": str(BEGAN << 16), "instance": stand_in.url}
    for number in range(1, 101):
        stand_in.say(number, BEGAN + number * SECOND)
    stand_in.limit_after = 2
    stand_in.limit_headers = {
        "Date": "Thu, 26 Nov 2026 06:00:00 GMT",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "2026-11-26T06:04:00.000000Z",
    }
    await hear(clock=clock, ready=False)
    await until_told(intake, 40)
    asked = stand_in.asked["/api/v1/timelines/public"]
    await spin(lambda: stand_in.asked["/api/v1/timelines/public"] > 1 and clock._waiters)
    await clock.advance(3 * MINUTE)
    assert len(intake.mentions) == 40
    await clock.advance(MINUTE)
    await until_told(intake, 100)
    assert asked <= stand_in.asked["/api/v1/timelines/public"]
    assert all(connected for connected, _ in intake.statuses)


async def test_a_stream_that_carries_only_deletions_is_noticed_and_its_end_too(hear, stand_in, intake):
    clock = VirtualClock(BEGAN)
    await hear(clock=clock)
    stand_in.closed_timeline = True
    for number in range(30):
        stand_in.publish("delete", str(number), [["public"]])
    await until_dropped(intake, 30)
    assert Ail.ONLY_DELETES not in intake.ails
    await clock.advance(11 * MINUTE)
    stand_in.publish("delete", "99", [["public"]])
    await intake.until(lambda: intake.ails[-1] is Ail.ONLY_DELETES)
    assert intake.statuses[-1][0]
    stand_in.closed_timeline = False
    stand_in.say(1, BEGAN)
    await intake.until(lambda: intake.ails[-1] is None)


async def test_a_timeline_that_the_instance_says_is_closed_is_told_at_once(hear, stand_in, intake):
    stand_in.timelines_access = {"live_feeds": {"local": "disabled", "remote": "disabled"}, "hashtag_feeds": []}
    await hear("public", "hashtag:acme")
    await intake.until(lambda: Ail.ONLY_DELETES in intake.ails)
    assert "in public:" in intake.statuses[-1][1]
    stand_in.publish("delete", "99", [["public"]])
    stand_in.say(1, BEGAN)
    await intake.until(lambda: intake.ails[-1] is None)


@pytest.mark.parametrize(
    "garbage",
    [
        "not json",
        "[]",
        "{}",
        '{"event": "update", "stream": ["public"]}',
        '{"event": "update", "stream": ["public"], "payload": "{}"}',
        '{"event": "update", "stream": ["public"], "payload": "[[[["}',
        '{"event": "filters_changed", "stream": ["user"]}',
        '{"event": "delete", "stream": ["public"]}',
        '{"event": 5}',
        "[" * 5_000,
    ],
)
async def test_garbage_is_counted_and_ends_nothing(hear, stand_in, intake, garbage):
    await hear()
    stand_in.send_raw(garbage)
    await until_dropped(intake, 1)
    stand_in.say(1, BEGAN)
    await until_told(intake, 1)
    assert len(intake.statuses) == 1


@pytest.mark.parametrize(
    "fault", [{"uri": "no uri"}, {"uri": "https://a.example/" + "x" * 500}, {"created_at": None}, {"id": 5}]
)
async def test_a_status_that_is_none_spoils_no_page(hear, stand_in, intake, fault):
    task = await hear()
    stand_in.say(1, BEGAN)
    await until_told(intake, 1)
    await end(task)
    stand_in.post("<p>acme</p>", at=BEGAN + SECOND, **fault) if "id" not in fault else None
    stand_in.say(2, BEGAN + 2 * SECOND)
    await hear()
    await intake.until(lambda: any(mention.text == "acme 2" for mention in intake.mentions))
    assert len(intake.mentions) <= 3


async def test_an_answer_that_is_no_timeline_is_tried_again(hear, stand_in, intake):
    stand_in.broken_page = b"<html>busy</html>"
    await hear(ready=False)
    assert "no timeline" in await intake.until_deaf()
    assert not any(connected for connected, _ in intake.statuses)  # without a place nothing that is missed is found
    stand_in.broken_page = b""
    await until_ready(intake, stand_in)


async def test_a_message_cut_off_is_read_again_whole(hear, stand_in, intake):
    await hear()
    stand_in.stalled = True
    stand_in.say(1, BEGAN)
    stand_in.stalled = False
    stand_in.die_in_mid_message()
    assert [mention.text for mention in await until_told(intake, 1)] == ["acme 1"]


async def test_an_instance_that_is_gone_is_said_and_heard_again(hear, stand_in, intake):
    await hear()
    await stand_in.stop()
    await intake.until_deaf(times=2)
    assert intake.ails[-1] is Ail.AWAY
    stand_in.say(1, BEGAN)
    await stand_in.start()
    await until_told(intake, 1)


async def test_a_connection_that_is_half_open_is_given_up(hear, stand_in, intake):
    stand_in.half_open = True
    await hear(heartbeat=0.05, ready=False)
    assert await intake.until_deaf()
    stand_in.half_open = False
    await intake.until_connected(times=2)


async def test_a_stream_that_stalls_is_found_out_by_its_timeline(hear, stand_in, intake):
    await hear(stall=0.05)
    stand_in.stalled = True
    stand_in.say(1, BEGAN)
    assert "stalled" in await intake.until_deaf()
    await until_told(intake, 1)


async def test_a_quiet_stream_is_no_stall(hear, stand_in, intake):
    await hear(stall=0.01)
    asked = stand_in.asked["/api/v1/timelines/public"]
    await spin(lambda: stand_in.asked["/api/v1/timelines/public"] > asked + 3)
    assert all(connected for connected, _ in intake.statuses)


async def test_a_full_intake_is_waited_for(hear, stand_in, intake):
    await hear()
    intake.at_once, intake.high_water = None, 1
    for number in range(500):
        stand_in.say(number, BEGAN + number)
    await intake.until(lambda: intake.full)
    while len(intake.mentions) < 500:
        await intake.until(lambda: intake.waiting > 0)
        assert intake.waiting <= 2
        intake.complete()
    assert [mention.text for mention in intake.mentions] == [f"acme {number}" for number in range(500)]


async def test_a_clock_that_runs_ahead_changes_nothing_of_what_is_told(hear, stand_in, intake):
    await hear()
    stand_in.say(1, BEGAN + 48 * HOUR * 365)
    (mention,) = await until_told(intake, 1)
    assert mention.text == "acme 1"


# A second client


class Listener(StreamListener):
    def __init__(self):
        self.heard = []
        self.enough = threading.Event()

    def on_update(self, status):
        self.heard.append(status)
        if len(self.heard) == 3:
            self.enough.set()


async def test_another_client_reads_the_same_statuses(hear, stand_in, intake):
    """Mastodon.py knows the wire by itself: what it reads of the stand-in is what an instance would give it."""
    task = await hear()
    client = MastodonPy(access_token=TOKEN, api_base_url=stand_in.url, request_timeout=30)
    listener = Listener()
    reading = asyncio.ensure_future(asyncio.to_thread(client.stream_public, listener))
    await spin(lambda: stand_in._events)
    for number in range(3):
        stand_in.say(number, BEGAN + number * SECOND)
    live = await until_told(intake, 3)
    await asyncio.to_thread(listener.enough.wait, 30)
    assert [f"mastodon:{status.uri}" for status in listener.heard] == [mention.id for mention in live]
    assert [status.created_at for status in listener.heard] == [mention.created_at for mention in live]
    stand_in.drop()
    await reading
    await end(task)
    for number in range(3, 120):
        stand_in.say(number, BEGAN + number * SECOND)
    pages = [await asyncio.to_thread(client.timeline_public, min_id=listener.heard[-1].id, limit=40)]
    while pages[-1]:
        pages.append(await asyncio.to_thread(client.fetch_previous, pages[-1]) or [])
    await hear()
    later = (await until_told(intake, 120))[3:]
    read = [status for page in pages for status in reversed(page)]
    assert [f"mastodon:{status.uri}" for status in read] == [mention.id for mention in later]
    client.session.close()
