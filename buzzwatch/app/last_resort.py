"""The page that says that the daemon is down: text in, Apprise out; no database, no state, no rules, no configuration.

The addresses are a systemd credential, `last_resort`: one a line, `#` begins a remark. Lines from `http` on are left to
systemd/last-resort.sh, which needs no Python.
"""

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path

from msgspec import Struct

from buzzwatch.delivery.channel import PermanentDeliveryError, TransientDeliveryError
from buzzwatch.delivery.channels.apprise import AppriseChannel, warm
from buzzwatch.model.incident import Severity
from buzzwatch.model.notification import Message
from buzzwatch.notify.quoting import cut

CREDENTIAL = "last_resort"
_LARGEST = 65_536
_MOST_LINES = 20
_LONGEST_TEXT = 8_000
_SMS = 160


class Address(Struct, frozen=True):
    """Where to send: an Apprise URL, a secret, and the number of its line, which is what may be said of it."""

    line: int
    url: str


class Sending(Struct, frozen=True):
    """What became of one: `why` is "" where the service has taken it."""

    line: int
    why: str


class NobodyNamedError(Exception):
    """The credential is not there or cannot be read; the text says so, without its content."""


def read_addresses(file: Path | None, environment: Mapping[str, str] = os.environ) -> list[Address]:
    """Those for Apprise, at most 20, of a file or of the credential of systemd.

    Raises:
        NobodyNamedError: there is no such file, or it is no text.
    """
    directory = environment.get("CREDENTIALS_DIRECTORY")
    if file is None and directory is None:
        raise NobodyNamedError("no credentials: outside systemd name the file of addresses with --to")
    path = file or Path(directory or "") / CREDENTIAL
    try:
        with path.open("rb") as opened:
            text = opened.read(_LARGEST).decode()
    except OSError as error:
        raise NobodyNamedError(f"{path.name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NobodyNamedError(f"{path.name} is not UTF-8 text") from None
    lines = [Address(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    wanted = [each for each in lines if each.url and not each.url.lower().startswith(("#", "http://", "https://"))]
    return wanted[:_MOST_LINES]


def message_of(text: str) -> Message:
    """The first line is the title, the rest is said as it stands."""
    title, _, rest = text[:_LONGEST_TEXT].replace("\0", "").partition("\n")
    title = " ".join(title.split()) or "buzzwatch"
    body = rest.strip() or title
    return Message(
        key="last-resort",
        title=title,
        text=body,
        html=f"<pre>{escape(body)}</pre>",
        short=cut(title, _SMS),
        severity=Severity.CRITICAL,
    )


async def send_to_all(addresses: list[Address], message: Message, patience_s: float) -> list[Sending]:
    """Send to all at once and wait for `patience_s` in all; the threads of who has not answered by then are left."""
    if not addresses:
        return []
    executor = ThreadPoolExecutor(len(addresses))
    await asyncio.get_running_loop().run_in_executor(executor, warm)  # no receiver's fault
    sendings = {asyncio.create_task(_send(each, message, executor)): each.line for each in addresses}
    done, late = await asyncio.wait(sendings, timeout=patience_s)
    for task in late:
        task.cancel()
    executor.shutdown(wait=False, cancel_futures=True)
    outcomes = [task.result() for task in done] + [Sending(sendings[task], "no answer in time") for task in late]
    return sorted(outcomes, key=lambda outcome: outcome.line)


async def _send(address: Address, message: Message, executor: ThreadPoolExecutor) -> Sending:
    try:
        await AppriseChannel(address.url, executor).send(message)
    except (PermanentDeliveryError, TransientDeliveryError) as error:
        return Sending(address.line, str(error))
    except Exception as error:  # noqa: BLE001 - whatever a plug-in raises; its text may hold the address, a secret
        return Sending(address.line, type(error).__name__)
    return Sending(address.line, "")
