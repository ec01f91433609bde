"""Letters by SMTP (RFC 5321), spoken by the standard library on a thread.

Each recipient is answered for: one that is refused does not keep the letter from the others, and one that was served
does not get it again because another is asked to wait.
"""

import asyncio
import re
import smtplib
import ssl
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from threading import Lock

from buzzwatch.delivery.channel import PermanentDeliveryError, Sent, TransientDeliveryError
from buzzwatch.delivery.channels.apprise import schema_of
from buzzwatch.delivery.channels.mail_account import Account, account_of
from buzzwatch.delivery.channels.mail_letter import first_of, letter
from buzzwatch.model.notification import Message

ANSWER_S = 45.0
"""How long a server may take over one answer: less than the courier waits."""
MOST_SERVED = 1_000
"""Messages of which it is known whom they reached, the newest."""
_OK, _FORWARDED, _GO_ON, _CLOSING = 250, 251, 354, 421
_FAILURE, _FOR_GOOD = 400, 500
_DOT = re.compile(rb"^\.", re.MULTILINE)


class Served:
    """Whom each message has reached that has not reached everybody yet; for the threads of all channels."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._mailboxes: dict[str, frozenset[str]] = {}

    def of(self, key: str) -> frozenset[str]:
        """The mailboxes that have a message."""
        return self._mailboxes.get(key, frozenset())

    def note(self, key: str, mailboxes: frozenset[str]) -> None:
        """A message has reached these."""
        with self._lock:
            self._mailboxes[key] = self.of(key) | mailboxes
            if len(self._mailboxes) > MOST_SERVED:
                del self._mailboxes[next(iter(self._mailboxes))]

    def forget(self, key: str) -> None:
        """A message has reached whom it can reach."""
        with self._lock:
            self._mailboxes.pop(key, None)


class MailChannel:
    """One `mailto://` or `mailtos://` URL. `served` outlives the channel; `executor` runs what blocks."""

    def __init__(self, url: str, served: Served, executor: Executor | None = None) -> None:
        self._url = url.strip()
        self._served = served
        self._executor = executor

    def __repr__(self) -> str:
        return f"MailChannel({schema_of(self._url)}://…)"

    async def send(self, message: Message) -> Sent:
        """See `Channel`; what a letter was sent as is the `Message-ID` that later ones refer to."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._send, message)

    def _send(self, message: Message) -> Sent:
        account, schema = account_of(self._url), schema_of(self._url)
        wanted = [each for each in account.recipients if each not in self._served.of(message.key)]
        talk = _Talk(schema)
        refused = talk.deliver(account, wanted, letter(message, account)) if wanted else {}
        if reached := frozenset(wanted) - refused.keys():
            self._served.note(message.key, reached)
        lacking = _tell(schema, refused, len(account.recipients)) if refused else ""
        if any(code < _FOR_GOOD for code in refused.values()):
            raise TransientDeliveryError(lacking)
        if not self._served.of(message.key):
            raise PermanentDeliveryError(f"{schema}:// answered {_codes(refused)}")
        self._served.forget(message.key)
        return Sent(first_of(message, account.domain), lacking=lacking)


class _Talk:
    """One connection to a server. No error repeats what the server says: it may quote an address or a secret."""

    def __init__(self, schema: str) -> None:
        self._schema = schema
        self._left = False
        """Some of the letter has left: if the connection ends now, nobody knows whether it arrived."""

    def deliver(self, account: Account, recipients: list[str], content: bytes) -> dict[str, int]:
        """Hand a letter over; the codes of the recipients that were refused, all of them if nobody was taken."""
        try:
            with self._connected(account) as server:
                return self._hand_over(server, account.sender.mailbox, recipients, content)
        except smtplib.SMTPResponseException as answered:
            raise self._error(answered.smtp_code) from None
        except smtplib.SMTPNotSupportedError:
            raise PermanentDeliveryError(
                f"{self._schema}:// the server offers no STARTTLS or no login; see `mode` of the URL"
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            why = f"{self._schema}:// did not answer ({type(error).__name__})"
            raise TransientDeliveryError(why, doubtful=self._left) from None

    @contextmanager
    def _connected(self, account: Account) -> Iterator[smtplib.SMTP]:
        context = ssl.create_default_context()
        if not account.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        where, patience = (account.host, account.port), account.patience_s
        if account.mode == "ssl":
            server: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=patience, context=context)
        else:
            server = smtplib.SMTP(*where, timeout=patience)
        try:
            if account.mode == "starttls":
                server.starttls(context=context)
            if account.user and account.password:
                server.login(account.user, account.password)
            server.ehlo_or_helo_if_needed()
            if server.sock is not None:
                server.sock.settimeout(ANSWER_S)
            yield server
            with suppress(OSError, smtplib.SMTPException):  # it has taken the letter: how it says goodbye is no matter
                server.quit()
        finally:
            server.close()

    def _hand_over(self, server: smtplib.SMTP, sender: str, recipients: list[str], content: bytes) -> dict[str, int]:
        size = [f"size={len(content)}"] if server.has_extn("size") else []
        self._expect(_OK, server.mail(sender, size)[0])
        refused: dict[str, int] = {}
        for recipient in recipients:
            code = server.rcpt(recipient)[0]
            if code == _CLOSING:
                raise self._error(code)
            if code not in {_OK, _FORWARDED}:
                refused[recipient] = code
        if len(refused) < len(recipients):
            self._expect(_GO_ON, server.docmd("DATA")[0])
            self._left = True
            server.send(_DOT.sub(b"..", content.removesuffix(b"\r\n")) + b"\r\n.\r\n")
            code = server.getreply()[0]
            self._left = False
            self._expect(_OK, code)
        return refused

    def _expect(self, wanted: int, code: int) -> None:
        if code != wanted:
            raise self._error(code)

    def _error(self, code: int) -> PermanentDeliveryError | TransientDeliveryError:
        why = f"{self._schema}:// answered {code}"
        return PermanentDeliveryError(why) if code >= _FOR_GOOD else TransientDeliveryError(why)


def _tell(schema: str, refused: dict[str, int], number: int) -> str:
    of = f" for {len(refused)} of {number} recipients" if number > 1 else ""
    return f"{schema}:// answered {_codes(refused)}{of}"


def _codes(refused: dict[str, int]) -> str:
    return ", ".join(map(str, sorted(set(refused.values()))))
