"""Where letters go and from whom, as an Apprise `mailto://` or `mailtos://` URL says it.

Apprise's own plug-in reads the URL, so that every form of it that people write goes on meaning the same: providers
known by the domain, ports, secure modes, several recipients. https://appriseit.com/services/email/
"""

import re
from urllib.parse import urlsplit

from msgspec import Struct

from buzzwatch.delivery.channel import PermanentDeliveryError
from buzzwatch.delivery.channels.apprise import schema_of, service_of

MAIL = frozenset({"mailto", "mailtos"})
_SIGNED = re.compile(r"(?:^|[&?])(?:pgp|wkd)=", re.IGNORECASE)


class Address(Struct, frozen=True, gc=False):
    """A mailbox, and the name of who reads it, "" if unknown."""

    mailbox: str
    name: str = ""


class Account(Struct, frozen=True):
    """A mail server and the people at both ends.

    `mode` is `starttls`, `ssl` or `insecure`; `patience_s` is how long connecting may take. `headers` are further ones.
    """

    host: str
    port: int
    mode: str
    user: str
    password: str
    verify: bool
    patience_s: float
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    headers: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Account({self.host}:{self.port})"

    @property
    def domain(self) -> str:
        """That of the sender."""
        return self.sender.mailbox.rpartition("@")[2]

    @property
    def recipients(self) -> tuple[str, ...]:
        """Every mailbox that gets the letter, once."""
        return tuple(dict.fromkeys(each.mailbox for each in (*self.to, *self.cc, *self.bcc)))


def is_mail(url: str) -> bool:
    """Whether letters of ours may go by this URL. Those that are to be signed or encrypted stay Apprise's."""
    return schema_of(url) in MAIL and not _SIGNED.search(urlsplit(url.strip()).query)


def account_of(url: str) -> Account:
    """What a URL says. Blocks: the first one loads Apprise.

    Raises:
        PermanentDeliveryError: Apprise refuses the URL, or it names nobody whom a letter could reach.
    """
    service = service_of(url)
    name, sender = service.from_addr
    account = Account(
        host=service.smtp_host,
        port=service.port,
        mode=service.secure_mode,
        user=service.user or "",
        password=service.password or "",
        verify=service.verify_certificate,
        patience_s=float(service.socket_connect_timeout),
        sender=Address(sender, name or "buzzwatch"),
        to=tuple(Address(mailbox, name or "") for name, mailbox in service.targets),
        cc=_sorted(service.cc, service.names),
        bcc=_sorted(service.bcc, service.names),
        reply_to=_sorted(service.reply_to, service.names),
        headers=dict(service.headers),
    )
    if not account.recipients:
        raise PermanentDeliveryError(f"{schema_of(url)}:// has no recipient with a valid address")
    if not all(mailbox.isascii() for mailbox in (sender, *account.recipients)):
        raise PermanentDeliveryError(f"{schema_of(url)}:// has an address with letters outside ASCII")
    return account


def _sorted(mailboxes: set[str], names: dict[str, str]) -> tuple[Address, ...]:
    return tuple(Address(mailbox, names.get(mailbox) or "") for mailbox in sorted(mailboxes))
