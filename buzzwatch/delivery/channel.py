"""How a message leaves: the protocol of channels, and the two ways in which sending fails."""

from typing import Protocol

from buzzwatch.model.instant import Span
from buzzwatch.model.notification import Message


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
