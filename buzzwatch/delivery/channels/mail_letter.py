"""A message as a letter: text and HTML, the chart inside, and headers by which an incident stays one conversation.

Threading as in RFC 5322, 3.6.4, and https://www.jwz.org/doc/threading.html: the first letter's `Message-ID` is what all
later ones refer to, and the subject stays. `Thread-Topic` is Outlook's word for that subject. `Auto-Submitted` is RFC
3834; `X-Auto-Response-Suppress` is Exchange's (MS-OXCMAIL).
"""

import hashlib
import re
from email.header import Header
from email.headerregistry import Address as Mailbox
from email.headerregistry import HeaderRegistry, MessageIDHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formatdate
from html import escape

import structlog

from buzzwatch.delivery.channels.apprise import KEY_HEADER
from buzzwatch.delivery.channels.mail_account import Account, Address
from buzzwatch.delivery.channels.picture import paint
from buzzwatch.model.incident import Severity
from buzzwatch.model.notification import Message
from buzzwatch.notify.render import PICTURE

_MESSAGE_ID = re.compile(r"<[^<>@\s]{1,200}@[^<>@\s]{1,255}>")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_LONGEST_VALUE = 500
_SUBJECTS = frozenset({"Subject", "Thread-Topic"})
_LINE, _LONGEST_WORD = 76, 60
_SUPPRESSED = "DR, RN, NRN, OOF, AutoReply"
"""Answers of machines that nobody needs; of what cannot be delivered we want to hear."""
_STYLE = "display:block; width:100%; max-width:568px; height:auto; margin:16px 0 4px; border:0"

_names = HeaderRegistry()
for _name in ("In-Reply-To", "References"):  # each is one id, which no other way of writing may take apart
    _names.map_to_type(_name, MessageIDHeader)  # type: ignore[arg-type] # typeshed asks for a base that it lacks


class _Policy(EmailPolicy):
    """The library's, but that a subject begins on the line of its name: it leaves that empty before a long one."""

    def fold_binary(self, name: str, value: object) -> bytes:
        """The lines of one header."""
        if name not in _SUBJECTS:
            return super().fold_binary(name, value)  # type: ignore[arg-type] # a header or text, whatever it gave us
        text = str(value)
        plain = text.isascii() and all(len(word) <= _LONGEST_WORD for word in text.split())
        folded = Header(text, "us-ascii" if plain else "utf-8", _LINE, name).encode(linesep="\r\n")
        return f"{name}: {folded}\r\n".encode("ascii")


_POLICY = _Policy(linesep="\r\n", header_factory=_names)

_log = structlog.get_logger()


def message_id(key: str, domain: str) -> str:
    """The same for the same message, however often it leaves."""
    return f"<buzzwatch.{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}@{domain}>"


def first_of(message: Message, domain: str) -> str:
    """The `Message-ID` of the first letter about the incident to this target: this one's, where there is no earlier."""
    earlier = message.standing.sent_as if message.standing else ""
    return earlier if _MESSAGE_ID.fullmatch(earlier) else message_id(message.key, domain)


def letter(message: Message, account: Account) -> bytes:
    """The whole letter, its lines ended as SMTP wants them. What cannot be shown is left out, the text always goes."""
    try:
        return _write(message, account, _bodies(message, account))
    except Exception as error:  # noqa: BLE001 - whatever it is, an alert without a picture or HTML is still one
        _log.warning("letter_simplified", key=message.key, error=type(error).__name__)
        return _write(message, account, _text(message))


def _bodies(message: Message, account: Account) -> EmailMessage:
    body = _text(message)
    picture = _picture(message)
    cid = message_id(f"{message.key}.png", account.domain)
    shown = "" if picture is None or message.picture is None else _image(cid, message.picture.says)
    body.add_alternative(_sound(message.html.replace(PICTURE, shown, 1)), subtype="html", cte="quoted-printable")
    if picture is not None:
        *_, html = (part for part in body.iter_parts() if isinstance(part, EmailMessage))
        html.add_related(picture, "image", "png", cid=cid, filename="chart.png", disposition="inline")
    return body


def _text(message: Message) -> EmailMessage:
    body = EmailMessage(policy=_POLICY)
    body.set_content(_sound(f"{message.title}\n\n{message.text}"), cte="quoted-printable")
    return body


def _picture(message: Message) -> bytes | None:
    if message.picture is None:
        return None
    try:
        return paint(message.picture.points)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of the painter is no Exception; the sentence says the same
        _log.warning("picture_failed", key=message.key, error=type(error).__name__)
        return None


def _image(cid: str, says: str) -> str:
    return f'<img src="cid:{cid[1:-1]}" width="568" alt="{escape(says)}" style="{_STYLE}">'


def _write(message: Message, account: Account, body: EmailMessage) -> bytes:
    for name, value in _headers(message, account).items():
        body[name] = value
    body["From"] = _header(account.sender)
    for name, addresses in (("To", account.to), ("Cc", account.cc), ("Reply-To", account.reply_to)):
        if addresses:
            body[name] = tuple(map(_header, addresses))
    for name, value in account.headers.items():
        if _HEADER.fullmatch(name) and name not in body:
            body[name] = _line(value)
    return body.as_bytes()


def _headers(message: Message, account: Account) -> dict[str, str]:
    subject = _line(message.subject or message.title)
    own, first = message_id(message.key, account.domain), first_of(message, account.domain)
    headers = {
        "Message-ID": own,
        "Date": formatdate(localtime=True),
        "Subject": subject,
        "Thread-Topic": subject,
        KEY_HEADER: _line(message.key),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": _SUPPRESSED,
    }
    if first != own:
        headers |= {"Subject": f"Re: {subject}", "In-Reply-To": first, "References": first}
    if message.severity is Severity.CRITICAL:
        headers |= {"Importance": "high", "X-Priority": "1"}
    return headers


def _header(address: Address) -> Mailbox:
    return Mailbox(_line(address.name), addr_spec=address.mailbox)


def _line(text: str) -> str:
    """One line: what stands behind a line end would be a header of its own."""
    return " ".join(_sound(text[:_LONGEST_VALUE]).split())


def _sound(text: str) -> str:
    """Text that can be encoded."""
    return text.encode("utf-8", "replace").decode("utf-8")
