"""Apprise's plug-ins against a real HTTP receiver."""

import asyncio
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from buzzwatch.delivery.channel import PermanentDeliveryError, TransientDeliveryError
from buzzwatch.delivery.channels.apprise import KEY_HEADER, AppriseChannel, schema_of
from buzzwatch.model.instant import SECOND

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # of Apprise


class Receiver:
    """Answers each request with the next of `answers`, then 200; a request may be kept hanging."""

    def __init__(self):
        self.answers = []
        self.requests = []
        self.release = asyncio.Event()
        self.release.set()

    async def handle(self, request):
        self.requests.append((dict(request.headers), await request.json() if request.can_read_body else None))
        await self.release.wait()
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        return web.Response(status=status, headers=headers, text="ok")


@pytest.fixture
async def receiver():
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    server = TestServer(app)
    await server.start_server(access_log=None)
    receiver.address = f"127.0.0.1:{server.port}"
    yield receiver
    receiver.release.set()
    await server.close()


async def test_title_text_and_key_arrive_as_they_are(receiver, message):
    await AppriseChannel(f"json://{receiver.address}/hook").send(message)
    [(headers, body)] = receiver.requests
    assert (body["title"], body["message"], body["type"]) == (message.title, message.text, "failure")
    assert headers[KEY_HEADER] == message.key


async def test_headers_of_the_url_stay_beside_the_key(receiver, message):
    await AppriseChannel(f"json://{receiver.address}/hook?+X-Token=t0ken").send(message)
    [(headers, _)] = receiver.requests
    assert headers["X-Token"] == "t0ken"
    assert headers[KEY_HEADER] == message.key


async def test_the_brief_form_is_sent_where_it_is_asked_for(receiver, message):
    await AppriseChannel(f"json://{receiver.address}/hook", brief=True).send(message)
    [(_, body)] = receiver.requests
    assert (body["title"], body["message"]) == ("", message.short)


async def test_slack_shows_hostile_text_as_text(receiver, message, monkeypatch):
    slack = pytest.importorskip("apprise.plugins.slack")
    monkeypatch.setattr(slack.NotifySlack, "webhook_url", f"http://{receiver.address}")
    await AppriseChannel("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ").send(message)
    [(_, body)] = receiver.requests
    [attachment] = body["attachments"]
    assert "&lt;!channel&gt;" in attachment["text"]
    assert body["mrkdwn"] is False
    assert "icon_url" not in body


async def test_an_sms_service_gets_the_brief_form(receiver, message, monkeypatch):
    seven = pytest.importorskip("apprise.plugins.seven")
    monkeypatch.setattr(seven.NotifySeven, "notify_url", f"http://{receiver.address}/api")
    await AppriseChannel("seven://a1b2c3d4e5f6/33612345678").send(message)
    [(_, body)] = receiver.requests
    assert body["text"] == message.short


async def test_a_text_too_long_for_a_service_is_cut_and_keeps_its_link(receiver, message, monkeypatch):
    plugin = pytest.importorskip("apprise.plugins.custom_json")
    monkeypatch.setattr(plugin.NotifyJSON, "body_maxlen", 1024)
    long = replace(message, text="46 angry posts\n\n" + "what people say " * 200)
    await AppriseChannel(f"json://{receiver.address}/hook").send(long)
    [(_, body)] = receiver.requests
    assert body["message"].startswith(f"{message.short}\n\n46 angry posts")
    assert 900 < len(body["message"]) <= 1024 - len(message.title)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
async def test_these_answers_may_be_tried_again(receiver, message, status):
    receiver.answers = [(status, {})]
    with pytest.raises(TransientDeliveryError, match=f"^json:// answered {status}$") as caught:
        await AppriseChannel(f"json://{receiver.address}").send(message)
    assert caught.value.retry_after is None
    assert caught.value.doubtful is (status >= 500)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 410])
async def test_these_answers_are_final(receiver, message, status):
    receiver.answers = [(status, {})]
    with pytest.raises(PermanentDeliveryError, match=f"^json:// answered {status}$"):
        await AppriseChannel(f"json://{receiver.address}?redirect=no").send(message)


async def test_the_time_that_a_receiver_asks_for_is_known(receiver, message):
    now = "Sun, 22 Nov 2026 22:40:00 GMT"
    later = format_datetime(parsedate_to_datetime(now) + timedelta(minutes=2), usegmt=True)
    for status, headers, asked in (
        (429, {"Retry-After": "37"}, 37 * SECOND),
        (503, {"Retry-After": later, "Date": now}, 120 * SECOND),
        (429, {"Retry-After": now, "Date": later}, 0),
        (429, {"Retry-After": "soon"}, None),
        (429, {"Retry-After": "9" * 40}, None),
    ):
        receiver.answers = [(status, headers)]
        with pytest.raises(TransientDeliveryError) as caught:
            await AppriseChannel(f"json://{receiver.address}").send(message)
        assert caught.value.retry_after == asked


async def test_a_receiver_that_hangs_or_is_gone_may_be_tried_again(receiver, message):
    receiver.release.clear()
    with pytest.raises(TransientDeliveryError, match=r"^json:// did not answer") as hung:
        await AppriseChannel(f"json://{receiver.address}?rto=0.2").send(message)
    with pytest.raises(TransientDeliveryError, match=r"^json:// did not answer") as gone:
        await AppriseChannel("json://127.0.0.1:9").send(message)
    with pytest.raises(TransientDeliveryError, match=r"^json:// did not answer") as unknown:
        await AppriseChannel("json://nowhere.invalid").send(message)
    assert (hung.value.doubtful, gone.value.doubtful, unknown.value.doubtful) == (True, False, False)


async def test_retries_and_leniency_of_the_url_are_ignored(receiver, message):
    receiver.answers = [(500, {}), (200, {})]
    with pytest.raises(TransientDeliveryError):
        await AppriseChannel(f"json://{receiver.address}?retry=3&wait=0&optional=yes").send(message)
    assert len(receiver.requests) == 1


async def test_sends_at_the_same_time_each_hear_their_own_answer(receiver, message):
    receiver.answers = [(200, {}), (400, {}), (503, {"Retry-After": "5"})] * 3
    channel = AppriseChannel(f"json://{receiver.address}")
    results = await asyncio.gather(*(channel.send(message) for _ in range(9)), return_exceptions=True)
    kinds = [type(result) for result in results]
    assert [kinds.count(kind) for kind in (type(None), PermanentDeliveryError, TransientDeliveryError)] == [3, 3, 3]
    assert {r.retry_after for r in results if isinstance(r, TransientDeliveryError)} == {5 * SECOND}


@pytest.mark.parametrize(
    ("url", "schema"),
    [("nonsense://user:s3cret@host", "nonsense"), ("s3cret", "(no schema)"), ("slack://s3cret", "slack")],
)
async def test_a_url_that_apprise_refuses_is_named_by_its_schema_only(message, root_log, url, schema):
    with pytest.raises(PermanentDeliveryError) as caught:
        await AppriseChannel(url).send(message)
    assert f"refuses this {schema}:// URL" in str(caught.value)
    assert "s3cret" not in str(caught.value) + repr(AppriseChannel(url)) + root_log.getvalue()


async def test_neither_payload_nor_address_reaches_our_logs(receiver, message, root_log):
    await AppriseChannel(f"json://{receiver.address}/s3cret").send(message)
    assert "s3cret" not in root_log.getvalue()
    assert message.title not in root_log.getvalue()


@pytest.mark.parametrize(
    ("url", "schema"), [("mailto://x@y", "mailto"), (" SLACK://a/b", "slack"), ("ines@acme.example", ""), ("", "")]
)
def test_the_schema_of_an_address_is_known_without_loading_apprise(url, schema):
    assert schema_of(url) == schema
