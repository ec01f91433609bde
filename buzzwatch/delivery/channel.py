"""How a message leaves: the protocol of channels, and the two ways in which sending fails."""

from typing import Protocol

from msgspec import Struct

from buzzwatch.model.instant import Span


class Message(Struct, frozen=True):
    """Words ready to leave: plain text for everybody, and HTML where a channel shows it. `key` names it for ever."""

    key: str
    title: str
    text: str
    html: str
    short: str
    """One SMS segment: GSM-7, at most 160 characters."""


class PermanentDeliveryError(Exception):
    """Sending again will not help."""


class TransientDeliveryError(Exception):
    """Sending again may help, at the earliest after `retry_after`."""

    def __init__(self, why: str, retry_after: Span | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Channel(Protocol):
    """A way out."""

    async def send(self, message: Message) -> None:
        """Send, or raise one of the two errors above, whose text holds no secret."""
