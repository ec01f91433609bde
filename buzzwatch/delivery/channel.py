"""How a message leaves: the protocol of channels, and the two ways in which sending fails."""

from typing import Protocol

from msgspec import Struct

from buzzwatch.model.instant import Span
from buzzwatch.model.notification import Message


class PermanentDeliveryError(Exception):
    """Sending again will not help."""


class TransientDeliveryError(Exception):
    """Sending again may help, at the earliest after `retry_after`. `doubtful`: it may have arrived all the same."""

    def __init__(self, why: str, retry_after: Span | None = None, *, doubtful: bool = False) -> None:
        super().__init__(why)
        self.retry_after = retry_after
        self.doubtful = doubtful


class Sent(Struct, frozen=True, gc=False):
    """What a channel may tell of a message that it sent: what the receiver calls it, and how long it wants no other.

    `lacking` says whom of several it did not reach, and never will.
    """

    sent_as: str = ""
    rest: Span = 0
    lacking: str = ""


class Channel(Protocol):
    """A way out."""

    async def send(self, message: Message) -> Sent | None:
        """Send, or raise one of the two errors above, whose text holds no secret."""
