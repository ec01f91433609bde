"""The courier, Apprise and a real SMTP server."""

import asyncio
import email
import email.policy
import socket

import pytest
from aiosmtpd.smtp import SMTP
from msgspec.structs import replace

from buzzwatch.clock import VirtualClock
from buzzwatch.delivery.channel import PermanentDeliveryError, TransientDeliveryError
from buzzwatch.delivery.channels.apprise import KEY_HEADER, AppriseChannel
from buzzwatch.delivery.courier import Courier

SECRET = "pa55word"

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # of Apprise


class MailServer:
    """Keeps what it accepts; answers RCPT with `refusal` as long as there is one."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.refusal = None
        self.mails = []

    @property
    def url(self):
        return f"mailto://buzz@127.0.0.1:{self.port}?from=buzz@acme.example&to=com@acme.example&mode=insecure"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd looks for it
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd looks for it
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    async def up(self):
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, loop=loop), "127.0.0.1", self.port)

    async def down(self):
        self._server.close()
        await self._server.wait_closed()


@pytest.fixture
async def server():
    server = MailServer()
    await server.up()
    yield server
    await server.down()


async def test_a_mail_has_both_parts_the_subject_and_the_key(server, message):
    await AppriseChannel(server.url).send(message)
    [mail] = server.mails
    assert mail["Subject"] == message.title
    assert mail[KEY_HEADER] == message.key
    assert mail["To"] == "com@acme.example"
    text, html = mail.get_body(["plain"]).get_content(), mail.get_body(["html"]).get_content()
    assert "46 angry posts é" in text
    assert message.key in text
    assert "<p>" not in text
    assert html.strip() == message.html


async def test_a_title_cannot_add_a_header(server, message):
    await AppriseChannel(server.url).send(replace(message, title="a\r\nBcc: spy@evil.example\r\n\r\nbody"))
    [mail] = server.mails
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]


async def test_451_may_be_tried_again_and_550_may_not(server, message):
    server.refusal = "451 4.3.0 try later"
    with pytest.raises(TransientDeliveryError, match=r"^mailto:// answered 451$"):
        await AppriseChannel(server.url).send(message)
    server.refusal = "550 5.1.1 no such mailbox"
    with pytest.raises(PermanentDeliveryError, match=r"^mailto:// answered 550$"):
        await AppriseChannel(server.url).send(message)


async def test_a_server_that_is_down_may_be_tried_again_and_no_secret_is_told(message, root_log):
    server = MailServer()
    url = f"mailto://buzz:{SECRET}@127.0.0.1:{server.port}?from=buzz@acme.example&to=com@acme.example&mode=insecure"
    with pytest.raises(TransientDeliveryError) as caught:
        await AppriseChannel(url).send(message)
    assert not caught.value.doubtful
    assert SECRET not in str(caught.value) + repr(AppriseChannel(url)) + root_log.getvalue()
    assert message.text not in root_log.getvalue()


async def test_through_an_outage_a_451_and_a_550_each_mail_comes_once_or_is_given_up(server, outbox, put, message):
    async def compose(lease):
        return replace(message, key=lease.notice.key)

    clock = VirtualClock(0)
    events = asyncio.Condition()

    async def noting(keep, *args, **options):
        await keep(*args, **options)
        async with events:
            events.notify_all()

    postpone, report = outbox.postpone, outbox.report
    outbox.postpone = lambda *args, **options: noting(postpone, *args, **options)

    async def until(condition):
        async with asyncio.timeout(20), events:
            await events.wait_for(condition)

    await server.down()
    courier = Courier(outbox, compose, lambda _: AppriseChannel(server.url), lambda d: noting(report, d), clock)
    put("one")
    running = asyncio.create_task(courier.run())
    await until(lambda: len(outbox.postponed) == 1)

    await server.up()
    server.refusal = "451 4.3.0 try later"
    await clock.advance(outbox.postponed[-1][1] - clock.now())
    await until(lambda: len(outbox.postponed) == 2)

    server.refusal = None
    await clock.advance(outbox.postponed[-1][1] - clock.now())
    await until(lambda: outbox.delivered)

    server.refusal = "550 5.1.1 no such mailbox"
    put("two")
    courier.notify()
    await until(lambda: len(outbox.delivered) == 2)

    courier.stop()
    await running
    assert [mail[KEY_HEADER] for mail in server.mails] == ["one"]
    assert [(d.key, d.sent, d.why) for d in outbox.delivered] == [
        ("one", True, ""),
        ("two", False, "mailto:// answered 550"),
    ]
