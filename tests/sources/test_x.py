"""X by its documented wire: what is asked, what is heard, what it costs, and what becomes of its rude answers."""

import asyncio
import json
import random
import socket
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from x_stand_in import OPERATIONAL, TOO_MANY, XStandIn, id_at, problem

from buzzwatch.clock import VirtualClock, settle
from buzzwatch.model.brand import Brand, Match
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.model.mention import Kind, Mention
from buzzwatch.sources import outbound
from buzzwatch.sources.x import listener
from buzzwatch.sources.x.account import Account
from buzzwatch.sources.x.adapter import X
from buzzwatch.sources.x.agreement import Agreement
from buzzwatch.sources.x.listener import Lines
from buzzwatch.sources.x.rules import rules, terms
from buzzwatch.sources.x.spend import Spend
from buzzwatch.sources.x.wire import LINE, mention_of

NOW = 1_795_600_800_000  # 2026-11-25 10:00 UTC
STREAM, RULES, SEARCH = "/2/tweets/search/stream", "/2/tweets/search/stream/rules", "/2/tweets/search/recent"


def brand(key="acme", names=("acme",), **more):
    return Brand(
        key=key,
        name=key.title(),
        zone=ZoneInfo("Europe/Paris"),
        timezone="Europe/Paris",
        language="fr",
        competitor=more.pop("competitor", False),
        match=Match(tuple(names), tuple(more.pop("not_us", ())), tuple(more.pop("near", ()))),
        official=frozenset(more.pop("official", ())),
        rules=(),
    )


@pytest.fixture
async def clock():
    return VirtualClock(NOW)


@pytest.fixture
async def server(intake, clock):
    intake.wanted.brands = {"acme": brand()}
    stand_in = XStandIn(clock.now)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


def x(server, **settings):
    account = {"token": server.token, "posts_a_day": 1_000, "url": server.url, "allow": (server.host,)}
    return X("x", Account(**account | settings), random.Random(7))


def mentions(intake):
    return [
        mention
        for payload in intake.payloads
        if payload
        for mention in msgspec.json.decode(payload, type=list[Mention])
    ]


def ids(intake):
    return [mention.id for mention in mentions(intake)]


async def connected(server, start, intake, clock, **settings):
    task = start(x(server, **settings), clock)
    await intake.until_connected()
    return task


async def stopped(server, task):
    """Return once X has noticed too."""
    task.cancel()
    await asyncio.wait({task})
    await server.until(lambda: not server.streams)


async def until_heard_again(intake, clock):
    """Let time pass, slowly enough for a real network."""
    async with asyncio.timeout(30):
        while not intake.statuses[-1][0]:
            await clock.advance(SECOND)
            await asyncio.sleep(0.002)


# What is heard


async def test_a_post_is_handed_over_in_the_interchange_format(server, start, intake, clock):
    await connected(server, start, intake, clock)
    post = await server.say(7, NOW)
    await intake.until(lambda: mentions(intake))
    await settle()
    [mention] = mentions(intake)
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
    await intake.until(lambda: mentions(intake))
    await settle()
    assert [(mention.id, mention.deleted) for mention in mentions(intake)] == [("x:12", True)]
    assert intake.moved["spent"].endswith(" 0 0")


async def test_lines_may_come_in_any_pieces_between_signs_of_life(server, start, intake, clock):
    await connected(server, start, intake, clock)
    raw = b"\r\n" + b"".join(server.line(server.post(number, NOW)) + b"\r\n" for number in range(5))
    for at in range(0, len(raw), 97):
        await server.send(raw[at : at + 97])
        await asyncio.sleep(0)
    await intake.until(lambda: len(ids(intake)) == 5)
    assert ids(intake) == [f"x:{id_at(NOW, number)}" for number in range(5)]


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
    await intake.until(lambda: mentions(intake))
    await settle()
    assert intake.dropped == len(garbage)
    assert intake.moved["spent"] == "2026-11-25 7 7"  # what may have been a post was paid for
    assert len(intake.statuses) == 1


async def test_an_error_beside_a_post_does_not_cost_it(server, start, intake, clock):
    await connected(server, start, intake, clock)
    line = {"data": server.post(1, NOW), "errors": [problem("Not Found Error", resource_type="user")]}
    await server.send(json.dumps(line).encode() + b"\r\n")
    await intake.until(lambda: mentions(intake))
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
    assert len(ids(intake)) == 1
    intake.high_water = 10
    intake.complete()
    await intake.until(lambda: len(ids(intake)) == 2)
    assert [connected for connected, _ in intake.statuses] == [True]


# What is asked


def test_a_name_is_asked_for_as_phrase_hashtag_and_handle():
    assert terms("Acme Airlines") == ['"acme airlines"', "#acmeairlines", "@acmeairlines", "@acme_airlines"]
    assert terms("acme") == ['"acme"', "#acme", "@acme"]
    assert terms("@Acme_fr") == ["@Acme_fr"]
    assert terms("#BoycottAcme") == ["#BoycottAcme"]


def test_accents_are_asked_for_with_and_without():
    assert terms("Société Générale")[:2] == ['"société générale"', '"societe generale"']


def test_punctuation_is_asked_for_as_written_and_as_words():
    assert terms("Coca-Cola")[:2] == ['"coca-cola"', '"coca cola"']


@pytest.mark.parametrize("name", ['ac"me', "ac\\me", 'acme" OR "x', "acme\nOR"])
def test_no_name_gets_out_of_its_quotes(name):
    for term in terms(name):
        assert term[0] in '"#@'
        assert '"' not in term[1:-1]
        assert "\\" not in term


@pytest.mark.parametrize("name", ["@ab.cd", "@far_too_long_a_handle", "#-", '""'])
def test_what_cannot_be_asked_for_is_left_out(name):
    assert terms(name) == []


def test_what_is_not_us_is_never_excluded_and_our_own_accounts_are_asked_for():
    [rule] = rules({"acme": brand(not_us=["acme corporation"], official=["x:@acme_fr", "bluesky:acme.fr"])}, 1024)
    assert rule.value == '"acme" OR #acme OR @acme OR from:acme_fr OR to:acme_fr'


def test_a_doubtful_name_is_asked_for_with_the_words_near_it():
    found = [rule.value for rule in rules({"o": brand("o", ["orange", "@orange_fr"], near=["réseau"])}, 1024)]
    assert found[0] == "@orange_fr"
    assert found[1].startswith('("orange" OR #orange OR @orange) ("réseau" OR "reseau" OR')


def test_rules_keep_to_their_length_and_lose_nothing():
    names = [f"brand number {number}" for number in range(60)]
    many = {"a": brand("a", names), "b": brand("b", names[:9], near=names[9:40])}
    found = rules(many, 256)
    assert all(len(rule.value) <= 256 for rule in found)
    assert all(any(f'"{name}"' in rule.value for rule in found) for name in names)


def test_the_longest_name_fits_into_the_shortest_rule():
    longest = "é" * 100
    found = [rule.value for rule in rules({"a": brand("a", [longest], near=[longest])}, 256)]
    assert any(value.startswith(f'("{longest}") ("{longest}"') for value in found)


def test_our_brands_come_before_competitors():
    found = rules({"a": brand("a", ["a"], competitor=True), "z": brand("z", ["z"])}, 1024)
    assert [rule.brand for rule in found] == ["z", "a"]


async def test_rules_bear_our_tag_and_those_of_others_stay(server, start, intake, clock):
    server.rules = {
        "90": {"value": "cats", "tag": "pets"},
        "91": {"value": "dogs"},
        "92": {"value": "gone", "tag": "buzzwatch:x:acme:4"},
        "93": {"value": "elsewhere", "tag": "buzzwatch:other:acme:1"},
    }
    await connected(server, start, intake, clock)
    assert [rule.get("tag") for rule in server.rules.values()] == [
        "pets",
        None,
        "buzzwatch:other:acme:1",
        "buzzwatch:x:acme:1",
    ]


async def test_rules_that_are_there_are_not_made_again(server, start, intake, clock):
    await stopped(server, await connected(server, start, intake, clock))
    before = dict(server.rules)
    server.page_size = 1
    server.rules["99"] = {"value": "cats"}
    start(x(server), clock)
    await intake.until_connected(times=2)
    assert server.rules == before | {"99": {"value": "cats"}}
    assert len(server.asked("POST", "/rules")) == 1


async def test_other_rule_files_change_the_rules_and_not_the_connection(server, start, intake, clock):
    await connected(server, start, intake, clock)
    intake.wanted.brands, intake.wanted.digest = {"zeta": brand("zeta", ["zeta"])}, "second"
    await server.beat()
    await server.until(lambda: len(server.asked("POST", "/rules")) == 3)
    await settle()
    assert [rule["tag"] for rule in server.rules.values()] == ["buzzwatch:x:zeta:1"]
    assert len(server.asked("GET", "/stream")) == 1


async def test_rules_are_not_asked_for_again_where_only_thresholds_changed(server, start, intake, clock):
    await connected(server, start, intake, clock)
    intake.wanted.digest = "second"
    await server.say(1, NOW)
    await intake.until(lambda: mentions(intake))
    await settle()
    await settle()
    assert len(server.asked("GET", "/rules")) == 1


async def test_rules_that_cannot_be_changed_now_are_changed_later(server, start, intake, clock):
    await connected(server, start, intake, clock)
    server.refusals[RULES].append((503, {}, {}))
    intake.wanted.brands, intake.wanted.digest = {"zeta": brand("zeta", ["zeta"])}, "second"
    await server.beat()
    await server.until(lambda: len(server.asked("GET", "/rules")) == 2)
    for _ in range(4):
        await clock.advance(20 * SECOND)
        await server.beat()
        await settle()
    await server.until(lambda: [rule["tag"] for rule in server.rules.values()] == ["buzzwatch:x:zeta:1"])
    assert len(intake.statuses) == 1


@pytest.mark.parametrize("whole_batch_fails", [False, True])
async def test_a_rule_that_is_refused_costs_no_other_and_is_told(server, start, intake, clock, whole_batch_fails):
    server.invalid, server.whole_batch_fails = {"zeta"}, whole_batch_fails
    intake.wanted.brands = {key: brand(key, [key]) for key in ("acme", "beta", "zeta")}
    await connected(server, start, intake, clock)
    assert [rule["tag"] for rule in server.rules.values()] == ["buzzwatch:x:acme:1", "buzzwatch:x:beta:1"]
    assert intake.statuses == [(True, "X does not take a rule of zeta: Ambiguous use of and")]
    assert intake.ails == [Ail.GAP]


async def test_more_names_than_the_plan_allows_are_told_and_the_others_heard(server, start, intake, clock):
    intake.wanted.brands = {key: brand(key, [key]) for key in ("acme", "beta", "zeta")}
    await connected(server, start, intake, clock, rules=2)
    assert intake.statuses == [(True, "3 rules are needed and 2 allowed: not all of zeta is heard")]
    assert len(server.rules) == 2


async def test_where_there_is_no_room_old_rules_go_first(server, start, intake, clock):
    server.most_rules = 1
    server.rules = {"92": {"value": "gone", "tag": "buzzwatch:x:acme:1"}}
    await connected(server, start, intake, clock, rules=1)
    assert [rule["value"] for rule in server.rules.values()] == ['"acme" OR #acme OR @acme']


async def test_a_rule_that_somebody_else_has_made_is_good_enough(server, start, intake, clock):
    server.rules = {"90": {"value": '"acme" OR #acme OR @acme', "tag": "theirs"}}
    await connected(server, start, intake, clock)
    assert len(server.rules) == 1


async def test_without_a_name_to_ask_for_it_is_not_heard_and_says_so(server, start, intake, clock):
    intake.wanted.brands = {}
    start(x(server), clock)
    assert "no brand has a name" in await intake.until_deaf()
    assert server.asked("GET", "/stream") == []


# What goes wrong


async def test_silence_without_signs_of_life_is_a_dead_connection(server, start, intake, clock):
    await connected(server, start, intake, clock)
    for _ in range(6):
        await clock.advance(20 * SECOND)
        await server.beat()
        await settle()
        await asyncio.sleep(0.01)  # the bytes cross a real socket
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
    await intake.until(lambda: f"x:{id_at(clock.now(), 2)}" in ids(intake))


async def test_a_connection_that_breaks_in_the_middle_of_a_line_loses_only_that(server, start, intake, clock):
    await connected(server, start, intake, clock)
    await server.send(server.line(server.post(1, NOW)) + server.line(server.post(2, NOW))[:40])
    await intake.until(lambda: len(ids(intake)) == 1)
    await server.cut()
    await intake.until_deaf()
    server.posts = [server.post(1, NOW), server.post(2, NOW)]
    await clock.advance(SECOND)
    await intake.until_connected(times=2)
    await clock.advance(MINUTE // 2)
    await intake.until(lambda: f"x:{id_at(NOW, 2)}" in ids(intake))


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
            await asyncio.sleep(0.002)
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


# What it costs


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
    await intake.until(lambda: f"x:{id_at(clock.now(), 5)}" in ids(intake))
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
    await intake.until(lambda: len(ids(intake)) == 4)
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
    class Moved(VirtualClock):
        by = 0

        def now(self):
            return super().now() + self.by

        async def wait_until(self, instant):
            await super().wait_until(instant - self.by)

    clock = Moved(NOW)
    intake.moved = {"spent": "2026-11-25 1 1"}
    start(x(server, posts_a_day=1), clock)
    await intake.until_deaf()
    clock.by = DAY
    await clock.advance(HOUR)
    await intake.until_connected()


# What was missed


async def test_what_was_missed_is_searched_for_page_by_page(server, start, intake, clock):
    task = await connected(server, start, intake, clock)
    await server.say(1, NOW)
    await intake.until(lambda: mentions(intake))
    await settle()
    await stopped(server, task)
    for number in range(2, 12):
        await server.say(number, NOW + number * MINUTE)
    server.page_size = 4
    await clock.advance(HOUR)
    start(x(server), clock)
    await intake.until_connected(times=2)
    await clock.advance(30 * SECOND)
    await intake.until(lambda: len(set(ids(intake))) == 11)
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
    await intake.until(lambda: mentions(intake))
    await settle()
    assert int(intake.moved["behind"]) == id_at(NOW - HOUR - 30 * SECOND)
    await stopped(server, task)
    start(x(server), clock)
    await intake.until_connected(times=2)
    await clock.advance(30 * SECOND)
    await intake.until(lambda: f"x:{id_at(NOW - HOUR // 2, 1)}" in ids(intake))


@pytest.mark.parametrize(
    ("ahead", "x_says_its_time"),
    [
        *((ahead, True) for ahead in (-3_650 * DAY, -DAY, DAY, 3_650 * DAY)),
        *((ahead, False) for ahead in (-3_650 * DAY, -DAY, DAY)),  # years ahead all would be too long ago
    ],
)
async def test_a_clock_that_is_wrong_leaves_nothing_out(server, start, intake, clock, ahead, x_says_its_time):
    server.now = lambda: clock.now() - ahead if x_says_its_time else None
    intake.moved = {"newest": str(id_at(NOW - ahead - HOUR))}
    server.posts = [server.post(1, NOW - ahead - HOUR // 2), server.post(2, NOW - ahead + SECOND)]
    await connected(server, start, intake, clock)
    await clock.advance(30 * SECOND)
    await server.until(lambda: server.asked("GET", "/recent"))
    await settle()
    assert len(set(ids(intake))) == 2
    assert intake.gaps == []


async def test_a_clock_that_was_ahead_for_a_while_does_not_pass_what_comes_later(
    server, start, intake, clock, monkeypatch
):
    monkeypatch.setattr(listener, "STALE", DAY)
    server.now = lambda: clock.now() - DAY
    task = await connected(server, start, intake, clock)
    await server.say(1, server.now())
    await clock.advance(5 * HOUR)
    await server.beat()
    await intake.until(lambda: int(intake.moved["newest"]) == id_at(server.now() - HOUR))
    await stopped(server, task)
    server.posts.append(server.post(2, server.now() + MINUTE))
    start(x(server), VirtualClock(server.now() + HOUR))
    await intake.until_connected(times=2)
    assert int(intake.moved["behind"] or 0) < int(server.posts[-1]["id"])


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
    assert 40 <= len(ids(intake)) <= 50
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
        await asyncio.sleep(0.002)
    await intake.until(lambda: len(set(ids(intake))) == 20)
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
            await asyncio.sleep(0.002)
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
    await intake.until(lambda: mentions(intake))
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
    await intake.until(lambda: mentions(intake))


async def test_hours_in_which_nobody_said_anything_are_not_missed(server, start, intake, clock, monkeypatch):
    monkeypatch.setattr(listener, "STALE", DAY)
    await connected(server, start, intake, clock)
    await server.say(1, NOW)
    await intake.until(lambda: mentions(intake))
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
    await intake.until(lambda: mentions(intake))
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
    await intake.until(lambda: len(ids(intake)) == 2)
    await settle()
    assert intake.moved["newest"] == str(id_at(NOW, 1))


async def test_the_stream_is_asked_for_what_it_still_has(server, start, intake, clock):
    await connected(server, start, intake, clock, backfill_minutes=5)
    [asked] = server.asked("GET", "/stream")
    assert asked["backfill_minutes"] == "5"
    assert "author_id" in asked["expansions"]
