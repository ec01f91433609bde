"""From what a tool or a platform sends, in its own shape, to mentions."""

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from buzzwatch.ingest import meta
from buzzwatch.ingest.decode import without_faulty_characters
from buzzwatch.ingest.mapping import MAX_ITEMS, FaultError, Fields, find_items, read_item
from buzzwatch.model.instant import Instant
from buzzwatch.model.mention import Mention

_HEAD = 1_500
"""Bytes of a faulty item that are kept: with why, no more than is kept of any."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Fault(Struct, frozen=True):
    """An item that could not be understood: its position, why, and how it begins."""

    position: int
    why: str
    head: str


class Translated(Struct, frozen=True):
    """What a payload comes to.

    `mentions` go with the position of their item in the payload, `passed` counts those that are none of our business.
    """

    mentions: list[tuple[int, Mention]] = []
    faults: list[Fault] = []
    passed: int = 0


class Translation(Protocol):
    """Turns what a tool sends into mentions."""

    def translate(self, payload: bytes, received_at: Instant) -> Translated:
        """Take it apart; raises `UnreadableError` where nothing in it can be read."""


class UnreadableError(Exception):
    """A payload of which nothing can be understood; the text says why."""


class ByMapping:
    """By a mapping that somebody wrote, or that comes along."""

    def __init__(self, mapping: Fields) -> None:
        self._mapping = mapping

    def translate(self, payload: bytes, received_at: Instant) -> Translated:
        """See `Translation`."""
        arrived = _EPOCH + timedelta(milliseconds=received_at)
        mentions: list[tuple[int, Mention]] = []
        faults: list[Fault] = []
        position = passed = 0
        for document in read_documents(payload):
            try:
                items, strangers = find_items(self._mapping, document)
            except FaultError as fault:
                faults.append(_fault(position, fault, document))
                position += 1
                continue
            _bound(position + passed + len(items) + strangers)
            passed += strangers
            for item in items:
                try:
                    mentions.append((position, read_item(self._mapping, item, arrived).mention))
                except FaultError as fault:
                    faults.append(_fault(position, fault, item))
                position += 1
        return Translated(mentions, faults, passed)


class ByMeta:
    """What Meta sends of comments on Facebook and Instagram."""

    def translate(self, payload: bytes, received_at: Instant) -> Translated:  # noqa: ARG002 - it bears its own times
        """See `Translation`."""
        mentions: list[tuple[int, Mention]] = []
        faults: list[Fault] = []
        passed = 0
        for position, change in enumerate(
            change for document in read_documents(payload) for change in meta.changes(document)
        ):
            _bound(position)
            try:
                mention = meta.read_change(change)
            except meta.ChangeError as error:
                faults.append(_fault(position, error, change.value))
                continue
            if mention is None:
                passed += 1
            else:
                mentions.append((position, mention))
        return Translated(mentions, faults, passed)


def _bound(items: int) -> None:
    """Of a whole payload, however many documents it is. Raises `UnreadableError`."""
    if items > MAX_ITEMS:
        raise UnreadableError(f"more than {MAX_ITEMS} items: send them in parts")


def _fault(position: int, error: Exception, item: Any) -> Fault:  # noqa: ANN401 - any JSON
    return Fault(position, str(error), msgspec.json.encode(item)[:_HEAD].decode(errors="replace"))


def read_documents(payload: bytes) -> list[Any]:
    """The JSON of a payload: one, or one a line.

    Raises:
        UnreadableError: there is none, it is nested deeper than the decoder goes, or it has too many lines.
    """
    try:
        return [decode_document(payload)]
    except UnreadableError:
        lines = [line for line in payload.split(b"\n") if line.strip()]
        if len(lines) < 2:  # noqa: PLR2004 - one line is the whole
            raise
        _bound(len(lines))
        return [decode_document(line) for line in lines]


def decode_document(text: bytes) -> Any:  # noqa: ANN401 - it may hold anything
    """One JSON; raises `UnreadableError`."""
    text = text.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b" ")
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        mended = without_faulty_characters(text)  # msgspec calls half a surrogate pair malformed
        if mended != text:
            return decode_document(mended)
        raise UnreadableError(f"no JSON: {error}") from None
