"""What became of a payload, for the source that handed it over."""

from msgspec import Struct


class Refusal(Struct, frozen=True, gc=False):
    """One item of a payload that was not taken; `position` counts from 0 within the payload."""

    position: int
    reason: str


class Receipt(Struct, frozen=True):
    """Counts of mentions by what was done with them; given once everything is committed.

    `accepted` were new or edits, `known` were there already word for word, `mended` were accepted after a repair,
    `ignored` name no watched brand and hang on no known conversation.
    """

    accepted: int = 0
    known: int = 0
    mended: int = 0
    ignored: int = 0
    refused: tuple[Refusal, ...] = ()
    erased: int = 0
    """Texts taken back by their authors."""
