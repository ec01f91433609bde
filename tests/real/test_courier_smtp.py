"""The courier, letters of ours, and a real SMTP server."""

import asyncio
import email
import email.policy
import re
import socket
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from msgspec.structs import replace

from buzzwatch.clock import VirtualClock
from buzzwatch.delivery.channel import PermanentDeliveryError, Sent, TransientDeliveryError
from buzzwatch.delivery.channels import mail_letter
from buzzwatch.delivery.channels.apprise import KEY_HEADER, AppriseChannel
from buzzwatch.delivery.channels.mail import MailChannel, Served
from buzzwatch.delivery.channels.mail_account import account_of, is_mail
from buzzwatch.delivery.courier import Courier
from buzzwatch.model.curve import Point
from buzzwatch.model.incident import State
from buzzwatch.model.instant import MINUTE
from buzzwatch.model.notification import Picture, Standing
from buzzwatch.notify.render import PICTURE

SECRET = "pa55word"
COM, LEA, TOM = "com@acme.example", "lea@acme.example", "tom@acme.example"

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # of Apprise


class MailServer:
    """Keeps what it accepts; answers RCPT with the refusal for its address, or for all ("*"), while there is one."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.refusals = {}
        self.mails = []
        self.reached = []
        self.raw = []
        self.after_data = "250 OK"

    def url(self, *to, more=""):
        return f"mailto://buzz@127.0.0.1:{self.port}?from=buzz@acme.example&to={','.join(to)}&mode=insecure{more}"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd looks for it
        if refusal := self.refusals.get(address) or self.refusals.get("*"):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd looks for it
        if self.after_data is None:
            session.peer_transport.abort()
            return "250 never heard"
        if self.after_data.startswith("250"):
            self.raw.append(envelope.content)
            self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
            self.reached.append(envelope.rcpt_tos)
        return self.after_data

    async def up(self, tls=None, *, implicit=False):
        loop = asyncio.get_running_loop()
        options = {} if tls is None else {"authenticator": self._authenticate, "auth_require_tls": not implicit}
        if tls and not implicit:
            options |= {"tls_context": tls, "require_starttls": True}

        class Protocol(SMTP):
            def connection_made(self, transport):
                super().connection_made(transport)
                self.session.peer_transport = transport

        self._server = await loop.create_server(
            lambda: Protocol(self, loop=loop, **options), "127.0.0.1", self.port, ssl=tls if implicit else None
        )

    def _authenticate(self, server, session, envelope, mechanism, data):
        return AuthResult(success=data.login == b"buzz" and data.password == SECRET.encode(), handled=False)

    async def down(self):
        self._server.close()
        await self._server.wait_closed()


@pytest.fixture
async def server():
    server = MailServer()
    await server.up()
    yield server
    await server.down()


@pytest.fixture
def channel(server):
    """By its recipients; all channels of a test know whom the others served."""
    served = Served()
    with ThreadPoolExecutor(1) as executor:
        yield lambda *to, more="": MailChannel(server.url(*(to or (COM,)), more=more), served, executor)


@pytest.fixture
def illustrated(message):
    """With a chart of which the sentence needs escaping."""
    points = tuple(Point(quarter * 15 * MINUTE, 3 + 40 * (quarter > 44), 3.2) for quarter in range(48))
    html = message.html.replace("</body>", f"{PICTURE}</body>")
    return replace(message, html=html, picture=Picture(points, 'au plus "43" <posts> & é'))


def said_of(message, sent_as="", **changes):
    standing = Standing("acme-1", State.OPEN, "en", sent_as=sent_as)
    return replace(message, subject="Acme: bad-buzz, 22/11 23:28 [acme-1]", standing=standing, **changes)


async def test_a_letter_has_text_and_html_and_says_that_a_machine_wrote_it(server, channel, message):
    await channel().send(said_of(message))
    [mail] = server.mails
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    text, html = mail.get_body(["plain"]).get_content(), mail.get_body(["html"]).get_content()
    assert text.replace("\r\n", "\n").startswith(f"{message.title}\n\n{message.text}")
    assert html.strip() == message.html
    assert (mail["To"], mail["From"], mail[KEY_HEADER]) == (COM, "buzzwatch <buzz@acme.example>", message.key)
    assert (mail["Subject"], mail["Thread-Topic"]) == ("Acme: bad-buzz, 22/11 23:28 [acme-1]",) * 2
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "OOF" in mail["X-Auto-Response-Suppress"]
    assert (mail["Importance"], mail["X-Priority"]) == ("high", "1")
    assert mail["Date"].datetime is not None
    assert not mail.defects


async def test_the_chart_is_inside_the_letter_and_its_sentence_stands_for_it(server, channel, illustrated):
    await channel().send(illustrated)
    [mail] = server.mails
    text, related = mail.iter_parts()
    assert (text.get_content_type(), related.get_content_type()) == ("text/plain", "multipart/related")
    html, picture = related.iter_parts()
    assert (html.get_content_type(), picture.get_content_type()) == ("text/html", "image/png")
    assert picture.get_content().startswith(b"\x89PNG")
    assert picture.get_content_disposition() == "inline"
    [shown] = re.findall(r"<img [^>]*>", html.get_content())
    assert f'src="cid:{picture["Content-ID"][1:-1]}"' in shown
    assert 'alt="au plus &quot;43&quot; &lt;posts&gt; &amp; é"' in shown
    assert PICTURE not in html.get_content()


@pytest.mark.parametrize("fault", [ValueError("no"), type("PanicException", (BaseException,), {})("Rust")])
async def test_where_the_painter_fails_the_letter_leaves_without_the_chart(
    server, channel, illustrated, monkeypatch, fault
):
    def fail(points):
        raise fault

    monkeypatch.setattr(mail_letter, "paint", fail)
    await channel().send(illustrated)
    [mail] = server.mails
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "<img" not in mail.get_body(["html"]).get_content()


async def test_too_few_points_make_no_chart(server, channel, illustrated):
    await channel().send(replace(illustrated, picture=Picture((Point(0, 1, 1),), "says")))
    assert [part.get_content_type() for part in server.mails[0].iter_parts()] == ["text/plain", "text/html"]


async def test_where_the_html_fails_the_text_leaves(server, channel, message, monkeypatch):
    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr(mail_letter, "_bodies", fail)
    await channel().send(message)
    [mail] = server.mails
    assert mail.get_content_type() == "text/plain"
    assert message.key in mail.get_content()


async def test_all_letters_of_an_incident_are_one_conversation(server, channel, message):
    first = await channel().send(said_of(message, key="acme-1.1.0.mail"))
    second = await channel().send(said_of(message, first.sent_as, key="acme-1.2.0.mail", title="taken"))
    third = await channel().send(said_of(message, second.sent_as, key="acme-1.3.0.mail", title="over", severity=None))
    one, two, three = server.mails
    assert first.sent_as == second.sent_as == third.sent_as == one["Message-ID"]
    assert one["References"] is one["In-Reply-To"] is None
    assert two["References"] == two["In-Reply-To"] == three["References"] == three["In-Reply-To"] == one["Message-ID"]
    assert len({mail["Message-ID"] for mail in server.mails}) == 3
    assert {mail["Subject"].removeprefix("Re: ") for mail in server.mails} == {one["Subject"]}
    assert {mail["Thread-Topic"] for mail in server.mails} == {one["Subject"]}
    assert three["Importance"] is None


async def test_the_same_message_has_the_same_id_however_often_it_leaves(server, channel, message):
    await channel().send(message)
    await channel().send(message)
    one, two = server.mails
    assert one["Message-ID"] == two["Message-ID"]
    assert one["Message-ID"].endswith("@acme.example>")


@pytest.mark.parametrize("other", ["C0123/1700000000.1", "<a@b>\r\nBcc: spy@evil.example", "<a b@c>", "<@>"])
async def test_what_another_channel_called_its_message_is_no_reference(server, channel, message, other):
    sent = await channel().send(said_of(message, other))
    [mail] = server.mails
    assert sent.sent_as == mail["Message-ID"]
    assert mail["References"] is None
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    "subject",
    [
        "Acme Airlines: one conversation, 2026-11-26 02:08 [acme-261126-0108]",
        "Acme Airlines : «\u00a0écran\u00a0» revient, 22/11 23:28 [acme-261122-2230]",
        f"{'A' * 200} {'b' * 200}",
        "x " * 120,
    ],
)
async def test_a_subject_comes_as_it_was_written_and_begins_on_its_line(server, channel, message, subject):
    await channel().send(replace(said_of(message, "<first@acme.example>"), subject=subject))
    [mail] = server.mails
    written = " ".join(subject.split())
    assert (mail["Subject"], mail["Thread-Topic"]) == (f"Re: {written}", written)
    assert b"Subject: \r\n" not in server.raw[0]
    assert b"Subject:\r\n" not in server.raw[0]
    assert max(map(len, server.raw[0].split(b"\r\n"))) <= 100


async def test_a_long_id_is_not_taken_apart(server, channel, message):
    root = f"<{'a' * 90}@{'b' * 60}.example>"
    await channel().send(said_of(message, root))
    assert f"\r\nReferences: {root}\r\n".encode() in server.raw[0]


async def test_no_text_can_add_a_header_or_end_the_letter(server, channel, message):
    hostile = "a\r\nBcc: spy@evil.example\r\n\r\nbody\r\n.\r\nMAIL FROM:<x@y>"
    await channel(more="&+X-Team=a%0D%0ABcc:%20spy@evil.example").send(
        replace(message, subject=hostile, key=hostile, text=f"\r\n.\r\n.{hostile}\ud800\0", title=hostile)
    )
    [mail] = server.mails
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"] + mail["Thread-Topic"] + mail[KEY_HEADER] + mail["X-Team"]
    assert "MAIL FROM:<x@y>" in mail.get_body(["plain"]).get_content()
    assert "\n..a" not in mail.get_body(["plain"]).get_content()
    assert server.reached == [[COM]]


async def test_several_recipients_get_one_letter_and_hidden_ones_are_not_named(server, channel, message):
    await channel(COM, LEA, more=f"&cc=Tom<{TOM}>&bcc=secret@acme.example&reply=desk@acme.example").send(message)
    [mail] = server.mails
    assert server.reached == [[COM, LEA, TOM, "secret@acme.example"]]
    assert (mail["To"], mail["Cc"], mail["Reply-To"]) == (f"{COM}, {LEA}", f"Tom <{TOM}>", "desk@acme.example")
    assert b"secret@" not in server.raw[0]


async def test_a_refused_recipient_does_not_lose_the_others_and_is_told(server, channel, message):
    server.refusals[LEA] = "550 5.1.1 no such mailbox lea@acme.example"
    sent = await channel(COM, LEA, TOM).send(message)
    assert server.reached == [[COM, TOM]]
    assert sent == Sent(server.mails[0]["Message-ID"], lacking="mailto:// answered 550 for 1 of 3 recipients")


async def test_who_is_asked_to_wait_gets_it_later_and_nobody_gets_it_twice(server, channel, message):
    server.refusals[LEA] = "451 4.7.1 greylisted"
    with pytest.raises(TransientDeliveryError, match=r"^mailto:// answered 451 for 1 of 2 recipients$"):
        await channel(COM, LEA).send(message)
    server.refusals.clear()
    assert (await channel(COM, LEA).send(message)).lacking == ""
    assert server.reached == [[COM], [LEA]]
    await channel(COM, LEA).send(message)
    assert server.reached[2:] == [[COM, LEA]]


async def test_who_was_asked_to_wait_and_is_then_refused_is_told(server, channel, message):
    server.refusals[LEA] = "451 4.7.1 greylisted"
    with pytest.raises(TransientDeliveryError):
        await channel(COM, LEA).send(message)
    server.refusals[LEA] = "550 5.7.1 no"
    assert (await channel(COM, LEA).send(message)).lacking == "mailto:// answered 550 for 1 of 2 recipients"
    assert server.reached == [[COM]]


async def test_451_may_be_tried_again_and_550_may_not(server, channel, message):
    server.refusals["*"] = "451 4.3.0 try later"
    with pytest.raises(TransientDeliveryError, match=r"^mailto:// answered 451$") as caught:
        await channel().send(message)
    assert not caught.value.doubtful
    server.refusals["*"] = "550 5.1.1 no such mailbox"
    with pytest.raises(PermanentDeliveryError, match=r"^mailto:// answered 550$"):
        await channel().send(message)


async def test_what_the_server_says_of_the_content_counts(server, channel, message):
    server.after_data = "452 4.3.1 full"
    with pytest.raises(TransientDeliveryError, match=r"^mailto:// answered 452$") as caught:
        await channel().send(message)
    assert not caught.value.doubtful
    server.after_data = "554 5.6.0 spam"
    with pytest.raises(PermanentDeliveryError, match=r"^mailto:// answered 554$"):
        await channel().send(message)


async def test_a_connection_that_is_cut_after_the_letter_has_left_is_doubtful(server, channel, message):
    server.after_data = None
    with pytest.raises(TransientDeliveryError, match=r"^mailto:// did not answer \(\w+\)$") as caught:
        await channel().send(message)
    assert caught.value.doubtful


async def test_a_server_that_is_down_may_be_tried_again_and_no_secret_is_told(message, root_log):
    server = MailServer()
    url = server.url(COM).replace("buzz@127", f"buzz:{SECRET}@127")
    channel = MailChannel(url, Served())
    with pytest.raises(TransientDeliveryError) as caught:
        await channel.send(message)
    assert not caught.value.doubtful
    assert SECRET not in str(caught.value) + repr(channel) + repr(account_of(url)) + root_log.getvalue()
    assert message.text not in root_log.getvalue()


@pytest.fixture
def certificate(tmp_path):
    """One that nobody has signed, and what a server needs of it."""
    key, path = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    options = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", path]
    subprocess.run([*make.split(), *options], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path, key)
    return SimpleNamespace(path=path, context=context)


@pytest.mark.parametrize("mode", ["starttls", "ssl"])
async def test_letters_go_encrypted_and_signed_in_where_the_certificate_is_trusted(
    server, message, certificate, mode, monkeypatch, root_log
):
    await server.down()
    await server.up(certificate.context, implicit=mode == "ssl")
    url = server.url(COM, more=f"&mode={mode}").replace("mode=insecure&", "").replace("buzz@127", f"buzz:{SECRET}@127")
    with pytest.raises(TransientDeliveryError, match=r"did not answer \(SSLCertVerificationError\)$"):
        await MailChannel(url, Served()).send(message)
    monkeypatch.setenv("SSL_CERT_FILE", certificate.path)
    await MailChannel(url, Served()).send(message)
    assert server.reached == [[COM]]
    wrong = url.replace(SECRET, "wrong")
    with pytest.raises(PermanentDeliveryError, match=r"^mailtos?:// answered 535$"):
        await MailChannel(wrong, Served()).send(message)
    assert SECRET not in root_log.getvalue()


@pytest.mark.parametrize(
    ("more", "error"),
    [("", r"^mailto:// the server offers no STARTTLS or no login"), ("&mode=starttls", "no STARTTLS or no login")],
)
async def test_a_password_leaves_only_where_the_server_asks_for_one(server, message, more, error, root_log):
    url = server.url(COM, more=more).replace("buzz@127", f"buzz:{SECRET}@127")
    if more:
        url = url.replace("&mode=insecure", "")
    with pytest.raises(PermanentDeliveryError, match=error) as caught:
        await MailChannel(url, Served()).send(message)
    assert SECRET not in str(caught.value) + root_log.getvalue()
    assert server.mails == []


async def test_a_url_that_names_nobody_or_is_none_is_refused_for_good(message):
    for url in ("mailto://", "mailto://u@h.example?from=a@b.example&to=nobody"):
        with pytest.raises(PermanentDeliveryError, match=r"^(Apprise refuses this mailto|mailto:// has no recipient)"):
            await MailChannel(url, Served()).send(message)


@pytest.mark.parametrize(
    ("url", "host", "port", "mode", "user", "sender", "to"),
    [
        ("mailtos://me:app@gmail.com", "smtp.gmail.com", 587, "starttls", "me@gmail.com",
         "me@gmail.com", "me@gmail.com"),
        ("mailtos://u:p@h.example?from=a@b.example&to=c@d.example", "h.example", 587, "starttls", "u",
         "a@b.example", "c@d.example"),
        ("mailtos://u:p@h.example?mode=ssl&smtp=s.example", "s.example", 465, "ssl", "u", "u@h.example", "u@h.example"),
        ("mailto://h.example:26/c@d.example?from=a@b.example", "h.example", 26, "insecure", "",
         "a@b.example", "c@d.example"),
    ],
)  # fmt: skip
def test_urls_mean_what_they_mean_to_apprise(url, host, port, mode, user, sender, to):
    account = account_of(url)
    assert (account.host, account.port, account.mode, account.user) == (host, port, mode, user)
    assert (account.sender.mailbox, account.recipients) == (sender, (to,))


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("mailto://u@h?to=a@b.example", True),
        (" MAILTOS://u@h", True),
        ("mailtos://u@h?pgp=sign", False),
        ("mailtos://u@h?to=a@b.example&wkd=yes", False),
        ("mailgun://u@h/key", False),
        ("a@b.example", False),
    ],
)
def test_letters_that_are_signed_or_go_by_a_mail_service_stay_apprises(url, ours):
    assert is_mail(url) is ours


async def test_the_short_form_still_goes_through_apprise(server, message):
    await AppriseChannel(server.url(COM), brief=True).send(message)
    [mail] = server.mails
    assert message.short in mail.get_content()
    assert mail[KEY_HEADER] == message.key


async def test_through_an_outage_a_451_and_a_550_each_mail_comes_once_or_is_given_up(
    server, channel, outbox, put, message
):
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
    courier = Courier(outbox, compose, lambda _: channel(), lambda d: noting(report, d), clock)
    put("one")
    running = asyncio.create_task(courier.run())
    await until(lambda: len(outbox.postponed) == 1)

    await server.up()
    server.refusals["*"] = "451 4.3.0 try later"
    await clock.advance(outbox.postponed[-1][1] - clock.now())
    await until(lambda: len(outbox.postponed) == 2)

    server.refusals.clear()
    await clock.advance(outbox.postponed[-1][1] - clock.now())
    await until(lambda: outbox.delivered)

    server.refusals["*"] = "550 5.1.1 no such mailbox"
    put("two")
    courier.notify()
    await until(lambda: len(outbox.delivered) == 2)

    courier.stop()
    await running
    assert [mail[KEY_HEADER] for mail in server.mails] == ["one"]
    assert [(d.key, d.sent, d.why, d.sent_as) for d in outbox.delivered] == [
        ("one", True, "", server.mails[0]["Message-ID"]),
        ("two", False, "mailto:// answered 550", ""),
    ]
