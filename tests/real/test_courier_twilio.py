"""Text messages through Apprise's Twilio plug-in, to a stand-in that speaks Twilio's wire."""

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace
from twilio_stand_in import FROM, SID, TO, TOKEN, Twilio

from buzzwatch.delivery.channel import PermanentDeliveryError, TransientDeliveryError
from buzzwatch.delivery.channels.apprise import AppriseChannel
from buzzwatch.model.instant import SECOND
from buzzwatch.model.notification import Sample
from buzzwatch.notify.render import render
from buzzwatch.notify.sms import SEGMENT, fold, septets

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # of Apprise
LINK = "https://bw.acme.fr/i/K7Q2MXWP"


@pytest.fixture
async def twilio(monkeypatch):
    plug_in = pytest.importorskip("apprise.plugins.twilio")
    twilio = Twilio()
    server = TestServer(twilio.app())
    await server.start_server(access_log=None)
    twilio.url = f"http://127.0.0.1:{server.port}"
    path = plug_in.NotifyTwilio.notify_sms_url.partition("api.twilio.com")[2]
    monkeypatch.setattr(plug_in.NotifyTwilio, "notify_sms_url", twilio.url + path)
    monkeypatch.setattr(plug_in.NotifyTwilio, "request_rate_per_sec", 0)
    yield twilio
    twilio.answers.set()
    await server.close()


def segment(put, hostile, language="fr"):
    """The message of an incident whose every word that others choose is hostile."""
    notice = put("acme-1.1.0.ines/sms")
    reason = replace(notice.incident.reason, says=hostile, rule="bad-buzz")
    incident = replace(notice.incident, reason=reason, samples=("x:1",))
    notice = replace(notice, incident=incident, brand_name=hostile, language=language)
    sample = Sample("x:1", hostile, hostile, 1_200, None, 0, 0.9)
    return render(notice, (sample,), LINK, 0)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "hostile",
    [
        "Acme Airlines",
        "<!channel> <b>Acme</b>\r\nBcc: spy@evil.example\n\n@everyone",
        "Ça œuvre ’ê’ 😡 " * 40,
        "{facts} {0} %s & = + ; \0 \x1b[31m",
    ],
)
async def test_a_text_message_arrives_as_one_segment_whatever_is_in_it(twilio, put, hostile, language):
    message = segment(put, hostile, language)
    await AppriseChannel(twilio.address).send(message)
    [form] = twilio.messages
    assert (form["From"], form["To"], form["Body"]) == (FROM, TO, message.short)
    assert septets(form["Body"]) <= SEGMENT
    assert form["Body"] == fold(form["Body"])
    assert "\n" not in form["Body"]
    assert "\r" not in form["Body"]
    assert form["Body"].endswith(LINK)


@pytest.mark.parametrize(
    ("status", "headers", "code", "asked"),
    [(429, {"Retry-After": "7"}, 20429, 7 * SECOND), (500, {}, 20500, None), (503, {}, 20503, None)],
)
async def test_what_may_pass_is_tried_again(twilio, message, status, headers, code, asked):
    twilio.refusals = [(status, headers, code)]
    with pytest.raises(TransientDeliveryError, match=f"^twilio:// answered {status}$") as caught:
        await AppriseChannel(twilio.address).send(message)
    assert caught.value.retry_after == asked
    assert caught.value.doubtful is (status >= 500)
    assert twilio.asked == 1


async def test_what_will_not_pass_is_final(twilio, message):
    for address, status in (
        (twilio.address.replace(TO, "+00000000000"), 400),
        (twilio.address.replace(TOKEN, "badc0de"), 401),
    ):
        with pytest.raises(PermanentDeliveryError, match=f"^twilio:// answered {status}$"):
            await AppriseChannel(address).send(message)
    twilio.refusals = [(400, {}, 21610)]
    with pytest.raises(PermanentDeliveryError):
        await AppriseChannel(twilio.address).send(message)
    assert twilio.messages == []


async def test_a_slow_answer_may_have_been_a_message(twilio, message):
    twilio.answers.clear()
    with pytest.raises(TransientDeliveryError, match="did not answer") as caught:
        await AppriseChannel(f"{twilio.address}?rto=0.3").send(message)
    assert caught.value.doubtful
    assert len(twilio.messages) == 1


async def test_neither_account_nor_number_is_told(twilio, message, root_log):
    twilio.refusals = [(500, {}, 20500)]
    with pytest.raises(TransientDeliveryError) as caught:
        await AppriseChannel(twilio.address).send(message)
    said = root_log.getvalue() + str(caught.value) + repr(AppriseChannel(twilio.address))
    for secret in (SID, TOKEN, TO, message.short):
        assert secret not in said
