"""How rule files came to be read, and what is known of who changed them."""

from enum import StrEnum

from msgspec import Struct

from buzzwatch.model.instant import Instant, Span


class How(StrEnum):
    """What made the daemon read its rule files."""

    START = "start"
    ITSELF = "by-itself"
    COMMAND = "command"
    SIGNAL = "signal"


class Saved(Struct, frozen=True):
    """A file that differs from what was read before, as the file system tells of it.

    `owner` is the system's user who owns it, who need not be who wrote it; "" and 0 where it is gone.
    """

    file: str
    owner: str = ""
    at: Instant = 0


class Origin(Struct, frozen=True):
    """Where a reading came from. Nothing here is guessed: what is not known is empty."""

    how: How
    by: str = ""
    """The key of the person who asked for it, as they said."""
    user: str = ""
    """The system's user who asked for it, as the kernel says."""
    saved: tuple[Saved, ...] = ()
    changes: dict[str, tuple[str, ...]] = {}
    """What differs from the rules before, in lines, by language."""


class Refusal(Struct, frozen=True):
    """Rule files are refused since an instant; `told` names the faults that people were told last, at `told_at`."""

    since: Instant
    told_at: Instant
    told: str

    def shifted(self, span: Span) -> "Refusal":
        """The same, by a clock that is set so much later."""
        return Refusal(self.since + span, self.told_at + span, self.told)
