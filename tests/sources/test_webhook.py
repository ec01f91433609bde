import asyncio
import base64
import gzip
import hashlib
import hmac
import json
from datetime import UTC
from io import BytesIO

import aiohttp
import pytest
from structlog.testing import capture_logs
from webhook_stand_in import SECRET, SendingTool, headers_of, post_of, sign

from buzzwatch.app.mapping_file import load_preset
from buzzwatch.clock import VirtualClock
from buzzwatch.ingest.decode import decode
from buzzwatch.model.instant import MINUTE, SECOND
from buzzwatch.model.receipt import Receipt, Refusal
from buzzwatch.sources.door import LARGEST_BODY
from buzzwatch.sources.webhook import proof as proofs
from buzzwatch.sources.webhook.adapter import MOST_MESSAGES, Hook, Porch, Webhook, _Taken, share_porches
from buzzwatch.sources.webhook.shape import ByMapping, ByMeta

NOON = 1_795_608_000_000  # 2026-11-25 12:00 UTC
NOON_S = NOON // SECOND
OTHER = "whsec_" + base64.b64encode(b"another key of many bytes").decode()
BODY = json.dumps(post_of(1, NOON)).encode()
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def clock():
    return VirtualClock(NOON)


@pytest.fixture
async def client():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as session:
        yield session


@pytest.fixture
def serve(start, intake, clock):
    """Start a webhook on a free port; returns the address to post to."""

    async def serve_one(proof=None, translation=None, path="/hook", **more):
        hook = Hook(path=path, proof=proof or proofs.Standard([SECRET]), translation=translation, **more)
        source = Webhook("tool", Porch("127.0.0.1:0"), hook)
        start(source, clock)
        await intake.until_connected()
        return f"http://127.0.0.1:{source.port}{path}"

    return serve_one


@pytest.fixture
async def tool(clock):
    tool = SendingTool(clock.now)
    yield tool
    await tool.stop()


def mentions(intake):
    return [mention for payload in intake.payloads for _, mention in decode(payload).mentions]


async def post(client, url, body=BODY, headers=None):
    async with client.post(url, data=body, headers=headers or headers_of(body, NOON_S)) as response:
        return response.status


# Standard Webhooks


def test_the_signature_of_the_specifications_example_holds():
    """The vector of the reference libraries (standardwebhooks, libraries/python/tests)."""
    secret, name, seconds, body = (
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        b'{"test": 2432232314}',
    )
    told = {
        "webhook-id": name,
        "webhook-timestamp": seconds,
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert proofs.Standard([f"whsec_{secret}"]).holds(proofs.Shown(told, ""), body)
    assert not proofs.Standard([f"whsec_{secret}"]).holds(proofs.Shown(told, ""), body + b" ")


async def test_a_signed_message_is_taken(serve, client, intake):
    assert await post(client, await serve()) == 200
    assert [mention.id for mention in mentions(intake)] == ["tool:1"]


async def test_one_right_signature_of_several_is_enough(serve, client, intake):
    right = sign(SECRET, "msg_1", NOON_S, BODY)
    headers = headers_of(BODY, NOON_S) | {"webhook-signature": f"v1a,xyz v1,bm90aGluZw== v2,{right[3:]} {right}"}
    assert await post(client, await serve(), headers=headers) == 200


async def test_while_a_secret_is_replaced_both_are_good(serve, client):
    url = await serve(proofs.Standard([OTHER, SECRET]))
    for number, secret in enumerate([SECRET, OTHER]):
        assert await post(client, url, headers=headers_of(BODY, NOON_S, f"msg_{number}", secret)) == 200


FORGED = {
    "no headers": JSON,
    "another secret": headers_of(BODY, NOON_S, secret=OTHER),
    "another body": headers_of(BODY + b" ", NOON_S),
    "another id": headers_of(BODY, NOON_S) | {"webhook-id": "msg_2"},
    "another time": headers_of(BODY, NOON_S) | {"webhook-timestamp": str(NOON_S + 1)},
    "a version that is not v1": headers_of(BODY, NOON_S)
    | {"webhook-signature": "v2" + sign(SECRET, "msg_1", NOON_S, BODY)[2:]},
    "no version": headers_of(BODY, NOON_S) | {"webhook-signature": sign(SECRET, "msg_1", NOON_S, BODY)[3:]},
    "an empty signature": headers_of(BODY, NOON_S) | {"webhook-signature": "v1,"},
    "letters that are no base64": headers_of(BODY, NOON_S) | {"webhook-signature": "v1,é"},
    "no id": {key: value for key, value in headers_of(BODY, NOON_S).items() if key != "webhook-id"},
    "an empty id": headers_of(BODY, NOON_S, ""),
    "a long id": headers_of(BODY, NOON_S, "m" * 301),
    "no time": {key: value for key, value in headers_of(BODY, NOON_S).items() if key != "webhook-timestamp"},
    "a time that is none": headers_of(BODY, "noon"),
    "a time of many digits": headers_of(BODY, "9" * 5000),
    "a time before all": headers_of(BODY, "-1"),
    "more than five minutes ago": headers_of(BODY, NOON_S - 301),
    "more than five minutes ahead": headers_of(BODY, NOON_S + 301),
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
async def test_a_forged_or_late_message_is_refused_without_a_hint(serve, client, intake, headers):
    async with client.post(await serve(), data=BODY, headers=headers) as response:
        assert response.status == 403
        assert await response.json() == {"error": "not for you"}
    assert intake.payloads == []


@pytest.mark.parametrize("off", [-300, 300])
async def test_a_clock_five_minutes_off_is_borne(serve, client, off):
    assert await post(client, await serve(), headers=headers_of(BODY, NOON_S + off)) == 200


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "whsec_c2hvcnQ=", "plain text", "whsec_" + "A" * 400])
def test_a_secret_that_is_none_is_refused_and_not_repeated(secret):
    with pytest.raises(ValueError, match="no secret of Standard Webhooks") as refused:
        proofs.Standard([secret])
    assert len(secret) < 8 or secret not in str(refused.value)


async def test_a_repeat_is_answered_and_not_taken_again(serve, client, intake, clock):
    url = await serve()
    headers = headers_of(BODY, NOON_S)
    assert await post(client, url, headers=headers) == 200
    await clock.advance(4 * MINUTE)
    assert await post(client, url, headers=headers) == 200, "replayed word for word"
    assert await post(client, url, headers=headers_of(BODY, NOON_S + 240)) == 200, "tried again by the tool"
    assert len(intake.payloads) == 1


async def test_what_was_not_committed_is_taken_when_it_comes_again(serve, client, intake):
    intake.at_once = None
    url = await serve()
    first = asyncio.create_task(post(client, url))
    await intake.until(lambda: intake.waiting == 1)
    intake.receipts[0].cancel()
    assert await first == 503
    intake.at_once = Receipt(accepted=1)
    assert await post(client, url) == 200
    assert len(intake.payloads) == 2


async def test_what_was_refused_is_taken_when_it_comes_again(serve, client, intake):
    intake.at_once = Receipt(refused=(Refusal(0, "text is missing"),))
    url = await serve()
    assert await post(client, url) == 400
    intake.at_once = Receipt(accepted=1)
    assert await post(client, url) == 200
    assert len(intake.payloads) == 2


def test_messages_are_remembered_within_bounds_and_no_longer_than_they_are_believed():
    taken = _Taken()
    for number in range(MOST_MESSAGES + 1):
        taken.remember(str(number), b"", NOON)
    assert not taken.knows("0", b"", NOON)
    assert taken.knows("1", b"", NOON + 10 * MINUTE)
    assert not taken.knows("1", b"other words", NOON)
    assert not taken.knows("1", b"", NOON + 10 * MINUTE + 1)


async def test_senders_who_are_not_believed_are_logged_now_and_then_without_what_they_said(serve, client, clock):
    url = await serve()
    with capture_logs() as logs:
        for _ in range(3):
            assert await post(client, url, headers=JSON | {"webhook-signature": "sekrit"}) == 403
        await clock.advance(10 * MINUTE)
        assert await post(client, url, headers=JSON) == 403
    assert [(each["event"], each["source"], each["requests"]) for each in logs] == [
        ("webhook_not_believed", "tool", 1),
        ("webhook_not_believed", "tool", 3),
    ]


# A tool that sends until it is answered


async def test_a_tool_that_crashes_and_sends_again_loses_and_doubles_nothing(serve, tool, intake):
    tool.url = await serve()
    for number in range(5):
        tool.say(number, NOON)
    assert await tool.deliver() == [200] * 5
    await tool.crash(forgotten=2)
    tool.say(5, NOON)
    assert await tool.deliver() == [200] * 3
    assert [mention.id for mention in mentions(intake)] == [f"tool:{number}" for number in range(6)]


async def test_a_tool_is_put_off_while_we_are_behind_and_heard_afterwards(serve, tool, intake):
    intake.high_water = 0
    tool.url = await serve()
    tool.say(1, NOON)
    assert await tool.deliver() == [503]
    intake.high_water = 10
    assert await tool.deliver() == [200]
    assert len(intake.payloads) == 1


async def test_who_is_put_off_is_told_for_how_long(serve, client, intake):
    intake.high_water = 0
    async with client.post(await serve(), data=BODY, headers=headers_of(BODY, NOON_S)) as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0


async def test_the_answer_waits_for_the_commit(serve, client, intake):
    intake.at_once = None
    posting = asyncio.create_task(post(client, await serve()))
    await intake.until(lambda: intake.waiting == 1)
    assert not posting.done()
    intake.complete()
    assert await posting == 200


async def test_a_tool_whose_secret_was_withdrawn_is_not_heard(serve, tool, intake):
    tool.url = await serve(proofs.Standard([OTHER]))
    tool.say(1, NOON)
    assert await tool.deliver() == [403]
    assert intake.payloads == []


# Meta

APP_SECRET = "0123456789abcdef"


def meta_headers(body, secret=APP_SECRET):
    return JSON | {"X-Hub-Signature-256": "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()}


def feed(verb="add", item="comment", **value):
    comment = {"from": {"id": "7", "name": "Léa"}, "item": item, "verb": verb, "comment_id": "10_20", "post_id": "1_10",
               "parent_id": "1_10", "message": "honteux", "created_time": NOON_S} | value  # fmt: skip
    entry = {"id": "1", "time": NOON_S, "changes": [{"field": "feed", "value": comment}]}
    return json.dumps({"object": "page", "entry": [entry]}).encode()


INSTAGRAM = json.dumps({
    "object": "instagram",
    "entry": [{
        "id": "17",
        "time": NOON_S,
        "changes": [{"field": "comments", "value": {
            "id": "178", "text": "plus jamais", "from": {"id": "99", "username": "lea"},
            "media": {"id": "5", "media_product_type": "FEED"}, "parent_id": "177"}}],
    }],
}).encode()  # fmt: skip


@pytest.fixture
async def meta(serve):
    return await serve(proofs.Meta([APP_SECRET, "new"]), ByMeta(), "/meta", verify_token="chut", brand="acme")


async def test_a_comment_on_facebook_is_heard(meta, client, intake):
    body = feed()
    assert await post(client, meta, body, meta_headers(body)) == 200
    (mention,) = mentions(intake)
    assert (mention.id, mention.thread, mention.parent) == ("facebook:10_20", "facebook:1_10", "facebook:1_10")
    assert (mention.text, mention.author.id, mention.author.name) == ("honteux", "7", "Léa")
    assert (mention.kind, mention.source, mention.brand, mention.deleted) == ("reply", "facebook", "acme", False)
    assert mention.created_at.isoformat() == "2026-11-25T12:00:00+00:00"


async def test_a_comment_on_instagram_is_heard(meta, client, intake):
    assert await post(client, meta, INSTAGRAM, meta_headers(INSTAGRAM, "new")) == 200
    (mention,) = mentions(intake)
    assert (mention.id, mention.thread, mention.parent) == ("instagram:178", "instagram:5", "instagram:177")
    assert (mention.text, mention.author.handle, mention.source) == ("plus jamais", "lea", "instagram")


@pytest.mark.parametrize("verb", ["remove", "hide"])
async def test_a_comment_taken_back_is_a_deletion(meta, client, intake, verb):
    body = feed(verb)
    assert await post(client, meta, body, meta_headers(body)) == 200
    (mention,) = mentions(intake)
    assert (mention.id, mention.text, mention.deleted) == ("facebook:10_20", "", True)


@pytest.mark.parametrize(
    "body", [feed(item="reaction"), feed("like"), b'{"object": "user", "entry": [{"changes": [{"field": "feed"}]}]}']
)
async def test_what_is_no_comment_is_counted_and_passed_over(meta, client, intake, body):
    assert await post(client, meta, body, meta_headers(body)) == 200
    assert (intake.payloads, intake.dropped) == ([], 1)


async def test_a_comment_without_an_id_is_refused_alone(meta, client, intake):
    document = json.loads(feed())
    document["entry"][0]["changes"].append({"field": "feed", "value": {"item": "comment", "verb": "add"}})
    body = json.dumps(document).encode()
    async with client.post(meta, data=body, headers=meta_headers(body)) as response:
        assert response.status == 200
        (refused,) = (await response.json())["refused"]
    assert refused == {"position": 1, "reason": "nothing stands at value.comment_id: it has no id"}
    assert len(mentions(intake)) == 1


@pytest.mark.parametrize(
    "headers", [JSON, meta_headers(b"x"), meta_headers(feed(), "wrong"), JSON | {"X-Hub-Signature": "sha1=0"}]
)
async def test_meta_unsigned_or_forged_is_refused(meta, client, intake, headers):
    assert await post(client, meta, feed(), headers) == 403
    assert intake.payloads == []


async def test_metas_handshake_is_answered_with_its_challenge(meta, client):
    asked = {"hub.mode": "subscribe", "hub.verify_token": "chut", "hub.challenge": "1158201444"}
    async with client.get(meta, params=asked) as response:
        assert (response.status, await response.text()) == (200, "1158201444")
        assert response.content_type == "text/plain"


async def test_guesses_at_the_token_of_the_handshake_are_logged(meta, client):
    with capture_logs() as logs:
        async with client.get(meta, params={"hub.mode": "subscribe", "hub.verify_token": "guess"}) as response:
            assert response.status == 403
    assert [each["event"] for each in logs] == ["webhook_not_believed"]


@pytest.mark.parametrize(
    "asked", [{}, {"hub.mode": "subscribe", "hub.verify_token": "x"}, {"hub.mode": "x", "hub.verify_token": "chut"}]
)
async def test_a_handshake_of_others_is_refused(meta, client, asked):
    async with client.get(meta, params=asked | {"hub.challenge": "1"}) as response:
        assert response.status == 403
        assert "1" not in await response.text()


# Secrets that are sent along

BASIC = "Basic " + base64.b64encode(b"tool:sesame").decode()
PLAIN = [
    (proofs.Bearer(["old", "sesame"]), {"Authorization": "bearer sesame"}, ""),
    (proofs.Header(["sesame"], "X-Api-Key"), {"x-api-key": "sesame"}, ""),
    (proofs.Basic(["sesame"], "tool"), {"Authorization": BASIC}, ""),
    (proofs.Address(["sesame"]), {}, "/sesame"),
]


@pytest.mark.parametrize(("proof", "headers", "rest"), PLAIN)
async def test_a_secret_sent_along_is_believed(serve, client, intake, proof, headers, rest):
    assert await post(client, await serve(proof) + rest, headers=JSON | headers) == 200
    assert len(intake.payloads) == 1


@pytest.mark.parametrize(("proof", "headers", "rest"), PLAIN)
@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"Authorization": "Bearer x"},
        {"X-Api-Key": "sesam"},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic dG9vbDp4"},
    ],
)
async def test_another_secret_is_not(serve, client, intake, proof, headers, rest, wrong):
    async with client.post(await serve(proof), data=BODY, headers=JSON | wrong) as response:
        assert (response.status, await response.json()) == (403, {"error": "not for you"})
    assert intake.payloads == []


def test_no_secret_is_shown():
    hook = Hook(path="/x", proof=proofs.Bearer(["sesame"]), verify_token="chut")
    assert "sesame" not in repr(hook)
    assert "chut" not in repr(hook)


# Bodies


async def test_a_body_over_the_limit_is_refused(serve, client, intake):
    url = await serve(proofs.Bearer(["sesame"]))
    assert await post(client, url, BytesIO(b"x" * (LARGEST_BODY + 1)), JSON | {"Authorization": "Bearer sesame"}) == 413
    assert intake.payloads == []


async def test_a_gzip_body_is_signed_as_it_is_sent(serve, client, intake):
    packed = gzip.compress(BODY)
    headers = headers_of(packed, NOON_S) | {"Content-Encoding": "gzip"}
    assert await post(client, await serve(), packed, headers) == 200
    assert intake.payloads == [BODY]


async def test_a_slow_sender_is_turned_away_and_others_are_heard_meanwhile(serve, client, intake, monkeypatch):
    monkeypatch.setattr("buzzwatch.sources.door._READ_WITHIN", 0.05)
    url = await serve()
    address = aiohttp.client.URL(url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers_of(BODY, NOON_S).items())
    writer.write(f"POST /hook HTTP/1.1\r\nHost: x\r\n{head}Content-Length: 999\r\n\r\n{{".encode())
    assert await post(client, url) == 200
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 408 ")
    writer.close()
    await writer.wait_closed()
    assert len(intake.payloads) == 1


async def test_strangers_who_send_slowly_leave_room_for_who_was_believed_before(serve, client, intake):
    url = await serve()
    assert await post(client, url) == 200
    address = aiohttp.client.URL(url)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers_of(BODY, NOON_S).items())
    head = f"POST /hook HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.7\r\nExpect: 100-continue\r\n{head}"
    senders = [await asyncio.open_connection(address.host, address.port) for _ in range(8)]
    for _, writer in senders:
        writer.write(f"{head}Content-Length: 999\r\n\r\n{{".encode())
    for reader, _ in senders:
        await reader.readuntil(b"100 Continue\r\n\r\n")
    for reader, _ in senders[4:]:
        assert (await reader.readline()).startswith(b"HTTP/1.1 503 ")
    assert await post(client, url, headers=headers_of(BODY, NOON_S, "msg_2")) == 200
    for _, writer in senders:
        writer.close()
        await writer.wait_closed()


async def test_who_forges_signatures_must_wait_and_others_are_heard_meanwhile(serve, client, intake):
    url = await serve()
    forged = headers_of(BODY, NOON_S, secret=OTHER) | {"X-Forwarded-For": "203.0.113.7"}
    assert [await post(client, url, headers=forged) for _ in range(11)] == [403] * 10 + [429]
    assert await post(client, url) == 200
    assert len(intake.payloads) == 1


GARBAGE = [
    b"",
    b" ",
    b"{",
    b"[1, 2",
    b"\xff\xfe",
    b"null",
    b"7",
    b'"x"',
    b"[[[]]]",
    b"[" * 100_000,
    b'{"a":' * 5_000,
    b"{}",
    b"[]",
    b'{"events": 7}',
    b'{"events": [7, null, "x", []]}',
]


@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
@pytest.mark.parametrize(
    "translation",
    [ByMapping(load_preset("trustpilot", UTC)), ByMapping(load_preset("brandwatch", UTC)), ByMeta(), None],
)
async def test_garbage_of_a_believed_sender_ends_nothing(serve, client, intake, translation, body):
    intake.at_once = Receipt(refused=(Refusal(0, "garbage"),))
    url = await serve(translation=translation)
    assert await post(client, url, body) in {200, 400}
    intake.at_once = Receipt(accepted=1)
    good = b'{"events": [], "results": [], "object": "page"}'
    assert await post(client, url, good, headers_of(good, NOON_S, "msg_2")) == 200


async def test_other_methods_and_paths_are_told_so(serve, client):
    url = await serve()
    async with client.get(url) as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")
    for other in ("s", "/s", "/s/s"):
        assert await post(client, url + other) == 404
    async with client.get(url + "/s") as response:
        assert response.status == 404


# One address for several


async def test_several_share_an_address_and_the_others_stay_when_one_ends(start, intake, clock, client):
    hooks = [
        Webhook(name, Porch("127.0.0.1:0"), Hook(path=f"/{name}", proof=proofs.Bearer([name])))
        for name in ("one", "two")
    ]
    share_porches(hooks)
    tasks = [start(hook, clock) for hook in hooks]
    await intake.until_connected(times=2)
    url = f"http://127.0.0.1:{hooks[0].port}"
    for name in ("one", "two"):
        assert await post(client, f"{url}/{name}", headers=JSON | {"Authorization": f"Bearer {name}"}) == 200
    assert await post(client, f"{url}/one", headers=JSON | {"Authorization": "Bearer two"}) == 403
    tasks[0].cancel()
    await asyncio.wait(tasks[:1])
    assert await post(client, f"{url}/one", headers=JSON | {"Authorization": "Bearer one"}) == 404
    assert await post(client, f"{url}/two", headers=JSON | {"Authorization": "Bearer two"}) == 200


async def test_an_address_in_use_is_reported_and_tried_again(start, intake, hasty_clock):
    taken = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    start(Webhook("tool", Porch(f"127.0.0.1:{port}"), Hook(path="/x", proof=proofs.Bearer(["s"]))), hasty_clock)
    assert f"cannot listen on 127.0.0.1:{port}" in await intake.until_deaf()
    taken.close()
    await taken.wait_closed()
    await intake.until_connected()


# What a tool sends in its own shape


def review(event="service-review-created", **data):
    told = {"id": "53bf", "language": "fr", "title": "Jamais plus", "text": "Valise perdue.", "stars": 1,
            "createdAt": "2026-11-25T11:59:00.000Z", "consumer": {"id": "5f", "name": "Léa"}} | data  # fmt: skip
    return {"eventName": event, "version": "1", "eventData": told}


def trustpilot(*events):
    return json.dumps({"events": list(events)}).encode()


@pytest.fixture
async def reviews(serve):
    return await serve(proofs.Bearer(["sesame"]), ByMapping(load_preset("trustpilot", UTC)), brand="acme")


BEARER = JSON | {"Authorization": "Bearer sesame"}


async def test_a_review_is_heard_with_its_stars_for_the_brand_of_the_webhook(reviews, client, intake):
    assert await post(client, reviews, trustpilot(review()), BEARER) == 200
    (mention,) = mentions(intake)
    assert (mention.id, mention.source, mention.kind, mention.stars) == ("trustpilot:53bf", "trustpilot", "review", 1)
    assert (mention.title, mention.text, mention.brand) == ("Jamais plus", "Valise perdue.", "acme")


async def test_a_changed_review_has_its_id_and_a_deleted_one_is_a_deletion(reviews, client, intake):
    gone = {"eventName": "service-review-deleted", "eventData": {"id": "53bf"}}
    body = trustpilot(review("service-review-updated", stars=4), gone, review("product-review-created"))
    assert await post(client, reviews, body, BEARER) == 200
    changed, deleted = mentions(intake)
    assert (changed.id, changed.stars) == (deleted.id, 4)
    assert (deleted.deleted, deleted.created_at.isoformat()) == (True, "2026-11-25T12:00:00+00:00")
    assert intake.dropped == 1


async def test_a_faulty_item_is_named_by_place_key_path_and_value_and_the_others_are_taken(reviews, client, intake):
    intake.at_once = Receipt(accepted=1, refused=(Refusal(1, "id is missing"),))
    body = trustpilot(review(createdAt="yesterday"), review(id="54"))
    async with client.post(reviews, data=body, headers=BEARER) as response:
        assert response.status == 200
        told = (await response.json())["refused"]
    assert told == [{"position": 0, "reason": "`created_at` at eventData.createdAt is 'yesterday': no date as iso"}]
    assert [mention.id for mention in mentions(intake)] == ["trustpilot:54"]
    (kept,) = decode(intake.payloads[0]).refused
    assert b"yesterday" in kept.head, "the item, for who wants to know"


@pytest.mark.parametrize("number", ["9" * 25, "9" * 400, "9" * 5_000, "1e308", "1e999", "-0.0"])
async def test_numbers_of_any_size_end_nothing(reviews, client, intake, number):
    body = trustpilot(review(id="N", createdAt="yesterday"), review()).replace(b'"N"', number.encode())
    assert await post(client, reviews, body, BEARER) in {200, 400}
    assert await post(client, reviews, trustpilot(review()), BEARER) == 200


@pytest.mark.parametrize("line", [b"{}", b"7", b"[7, 7]"])
async def test_a_body_of_many_documents_is_bounded_as_one_is(reviews, client, intake, line):
    async with client.post(reviews, data=b"\n".join([line] * 20_001), headers=BEARER) as response:
        told = await response.json()
    assert response.status == 400
    assert told["refused"] == [{"position": 0, "reason": "more than 20000 items: send them in parts"}]


async def test_what_the_intake_refuses_is_named_by_its_place_in_the_body(reviews, client, intake):
    intake.at_once = Receipt(accepted=1, refused=(Refusal(1, "id is too long"),))
    body = trustpilot({"eventName": "service-review-created", "eventData": {}}, review(), review(id="y" * 600))
    async with client.post(reviews, data=body, headers=BEARER) as response:
        told = (await response.json())["refused"]
    assert [refusal["position"] for refusal in told] == [2, 0]


async def test_a_body_of_which_nothing_can_be_read_is_kept_and_refused(reviews, client, intake):
    intake.at_once = Receipt(refused=(Refusal(0, "broken JSON"),))
    async with client.post(reviews, data=b"<xml/>", headers=BEARER) as response:
        assert response.status == 400
        assert "no JSON" in (await response.json())["refused"][0]["reason"]
    assert intake.payloads == [b"<xml/>"]
