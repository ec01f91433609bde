"""What one commit writes, and what the record says of a mention before it."""

import hashlib
from enum import Enum, auto

import msgspec
from msgspec import Struct

from buzzwatch.model.input import Input, Outcome
from buzzwatch.model.instant import Instant
from buzzwatch.model.mention import Mention, Sighting
from buzzwatch.store.texts import Text


class Verdict(Enum):
    """What the ledger says of a mention of a brand."""

    NEW = auto()
    EDIT = auto()
    REPEAT = auto()
    GONE = auto()
    """New, and its author has taken it back already: it counts, and its text is not kept."""


class Heard(Struct, frozen=True):
    """A sighting with what was said; the digest tells an edit from a repeat. `names` are further names of the post."""

    sighting: Sighting
    mention: Mention
    digest: int
    names: tuple[str, ...] = ()

    @property
    def text(self) -> Text:
        """What is kept of it beside the sighting."""
        seen = self.sighting
        return Text(self.mention, self.digest, seen.negativity, seen.road, seen.seen_at, self.names)


class RefusedPayload(Struct, frozen=True):
    """What was not taken: why, and the first 2 kB."""

    seen_at: Instant
    source: str
    reason: str
    head: bytes


class Batch(Struct):
    """All that one commit writes. `inputs` are numbered; `seq` and `now` say how far the spine has gone."""

    seq: int
    now: Instant
    inputs: list[tuple[int, Input]] = []
    heard: list[Heard] = []
    """New and edited mentions, whose content is to be kept."""
    erased: list[Mention] = []
    """Mentions whose authors took them back: id and date remain."""
    outcomes: list[tuple[Instant, Outcome]] = []
    refused: list[RefusedPayload] = []
    names: list[tuple[str, str]] = []
    """Further names of mentions, and the mention that each names."""
    at: Instant = 0
    """What the clock showed, where nothing need be stepped."""
    cursors: dict[tuple[str, str], str] = {}
    """How far sources have come, by source and name; "" removes one."""
    skipped: dict[int, str] = {}
    """Inputs that made the spine fail, by number, with the error: no replay steps them."""


def content_digest(mention: Mention) -> int:
    """A 63-bit key of all that an edit can change."""
    told = (mention.text, mention.title, mention.author, mention.engagement, mention.url, mention.deleted)
    body = msgspec.json.encode(told if mention.stars is None else (*told, mention.stars))
    return int.from_bytes(hashlib.blake2b(body, digest_size=8).digest(), "big") >> 1
