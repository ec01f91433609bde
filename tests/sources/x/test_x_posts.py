"""What X says becomes mentions: posts of the stream by their documented wire, whole or broken."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from x_room import NOW, connected
from x_stand_in import id_at, problem

from buzzwatch.clock import settle
from buzzwatch.model.instant import MINUTE
from buzzwatch.model.mention import Kind
from buzzwatch.sources.x.listener import Lines
from buzzwatch.sources.x.wire import LINE, mention_of


async def test_a_post_is_handed_over_in_the_interchange_format(server, start, intake, clock):
    await connected(server, start, intake, clock)
    post = await server.say(7, NOW)
    await intake.until(lambda: intake.mentions)
    await settle()
    [mention] = intake.mentions
    assert (mention.id, mention.source, mention.thread, mention.parent) == (
        f"x:{post['id']}",
        "x",
        f"x:{post['id']}",
        None,
    )
    assert (mention.kind, mention.lang, mention.brand) == (Kind.POST, "en", None)
    assert (mention.author.id, mention.author.handle, mention.author.followers) == ("42", "@lea", 1200)
    assert (mention.engagement.likes, mention.engagement.reposts, mention.engagement.views) == (3, 1, 4)
    assert mention.created_at == datetime(2026, 11, 25, 10, tzinfo=UTC)
    assert mention.url == f"https://x.com/lea/status/{post['id']}"
    assert intake.moved == {"newest": post["id"], "behind": "", "spent": "2026-11-25 1 1"}


def told(brands=(), **post):
    line = LINE.decode(json.dumps({"data": {"id": "1500", "text": "acme"} | post}).encode())
    return mention_of(line.data, line.includes.users, brands)


@pytest.mark.parametrize(
    ("references", "kind", "parent"),
    [
        ([("replied_to", "12")], Kind.REPLY, "x:12"),
        ([("quoted", "13")], Kind.QUOTE, "x:13"),
        ([("quoted", "13"), ("replied_to", "12")], Kind.REPLY, "x:12"),
        ([("retweeted", "14")], Kind.REPOST, "x:14"),
        ([("something_new", "15")], Kind.POST, None),
    ],
)
def test_what_a_post_hangs_on(references, kind, parent):
    mention = told(conversation_id="9", referenced_tweets=[{"type": how, "id": key} for how, key in references])
    assert (mention.kind, mention.parent, mention.thread) == (kind, parent, "x:9")


def test_a_repost_belongs_to_the_conversation_of_what_it_repeats():
    mention = told(conversation_id="1500", referenced_tweets=[{"type": "retweeted", "id": "14"}])
    assert (mention.thread, mention.parent) == ("x:14", "x:14")


def test_a_repost_that_was_cut_off_is_of_the_brand_whose_rule_let_it_through():
    line = LINE.decode(
        json.dumps(
            {"data": {"id": "1", "text": "RT @x: so…", "referenced_tweets": [{"type": "retweeted", "id": "14"}]}}
        )
    )
    assert mention_of(line.data, (), ("acme",)).brand == "acme"
    assert mention_of(line.data, (), ("acme", "zeta")).brand is None
    assert (
        mention_of(LINE.decode(b'{"data": {"id": "1", "text": "acme so\xe2\x80\xa6"}}').data, (), ("acme",)).brand
        is None
    )


def test_a_long_text_is_taken_whole_and_its_links_lead_somewhere():
    mention = told(
        text="Acme is…",
        entities={"urls": [{"url": "https://t.co/aaaaaaaaaa", "expanded_url": "https://short.example"}]},
        note_tweet={
            "text": "Acme is late &amp; rude https://t.co/bbbbbbbbbb",
            "entities": {"urls": [{"url": "https://t.co/bbbbbbbbbb", "expanded_url": "https://news.example/acme"}]},
        },
    )
    assert mention.text == "Acme is late & rude https://news.example/acme"


def test_all_versions_of_an_edited_post_bear_one_id():
    mention = told(id="1502", edit_history_tweet_ids=["1500", "1501", "1502"])
    assert mention.id == "x:1500"
    assert mention.url.endswith("/1502")


def test_a_post_of_which_little_is_known_is_taken():
    mention = told(id=str(id_at(NOW)))
    assert mention.created_at == datetime(2026, 11, 25, 10, tzinfo=UTC)
    assert (mention.author, mention.lang, mention.engagement.likes) == (None, None, None)


@pytest.mark.parametrize(("said", "lang"), [("fr", "fr"), ("und", None), ("qme", None), ("in", "id"), ("iw", "he")])
def test_languages_are_named_as_elsewhere(said, lang):
    assert told(lang=said).lang == lang


async def test_a_deletion_erases(server, start, intake, clock):
    await connected(server, start, intake, clock)
    await server.send(
        b'{"data": {"delete": {"event_at": "2026-11-25T10:00:00Z", "tweet": {"id": "12", "author_id": "4"}}}}\r\n'
    )
    await intake.until(lambda: intake.mentions)
    await settle()
    assert [(mention.id, mention.deleted) for mention in intake.mentions] == [("x:12", True)]
    assert intake.moved["spent"].endswith(" 0 0")


async def test_lines_may_come_in_any_pieces_between_signs_of_life(server, start, intake, clock):
    await connected(server, start, intake, clock)
    raw = b"\r\n" + b"".join(server.line(server.post(number, NOW)) + b"\r\n" for number in range(5))
    for at in range(0, len(raw), 97):
        await server.send(raw[at : at + 97])
        await asyncio.sleep(0)
    await intake.until(lambda: len(intake.ids) == 5)
    assert intake.ids == [f"x:{id_at(NOW, number)}" for number in range(5)]


async def test_what_makes_no_sense_is_counted_and_ends_nothing(server, start, intake, clock):
    await connected(server, start, intake, clock)
    garbage = [
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"data": {"id": 5}}',
        b'{"data": {}}',
        b"[" * 5000,
        b'{"news": 1}',
        b'{"errors": [{"title": "Not Found Error"}]}',
    ]
    await server.send(b"\r\n".join(garbage) + b"\r\n")
    await server.say(1, NOW)
    await intake.until(lambda: intake.mentions)
    await settle()
    assert intake.dropped == len(garbage)
    assert intake.moved["spent"] == "2026-11-25 7 7"  # what may have been a post was paid for
    assert len(intake.statuses) == 1


async def test_an_error_beside_a_post_does_not_cost_it(server, start, intake, clock):
    await connected(server, start, intake, clock)
    line = {"data": server.post(1, NOW), "errors": [problem("Not Found Error", resource_type="user")]}
    await server.send(json.dumps(line).encode() + b"\r\n")
    await intake.until(lambda: intake.mentions)
    await settle()


def test_an_absurdly_long_line_is_dropped_and_the_next_is_whole():
    lines = Lines()
    assert lines.feed(b"x" * 700_000) == []
    assert lines.feed(b"x" * 700_000) == []
    assert lines.feed(b"x\nnext\nla") == [None, b"next"]
    assert lines.feed(b"st\n") == [b"last"]


async def test_nothing_is_read_while_the_intake_is_full(server, start, intake, clock):
    await connected(server, start, intake, clock)
    intake.at_once, intake.high_water = None, 1
    await server.say(1, NOW)
    await intake.until(lambda: intake.full)
    await server.say(2, NOW)
    await clock.advance(2 * MINUTE)
    assert len(intake.ids) == 1
    intake.high_water = 10
    intake.complete()
    await intake.until(lambda: len(intake.ids) == 2)
    assert [connected for connected, _ in intake.statuses] == [True]
