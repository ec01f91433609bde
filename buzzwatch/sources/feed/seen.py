"""What a feed has shown before: kept as bounded hashes, in the commit of what it brought."""

import base64
import struct
from collections.abc import Sequence
from hashlib import blake2b

import msgspec
from msgspec import Struct

from buzzwatch.model.instant import Instant
from buzzwatch.sources.feed.document import Entry

MOST_KNOWN = 1_500
"""Entries remembered of one feed, those that it shows now first."""
_PAIR = struct.Struct("<QQ")


class Place(Struct, frozen=True, omit_defaults=True):
    """How far we have come with a feed; its JSON is the cursor.

    `first` is when it was first asked, `heard` when it last brought something, by our clock. `known` holds a pair of
    64-bit hashes for each entry: of its name, and of its words and author.
    """

    first: Instant = 0
    heard: Instant = 0
    etag: str = ""
    modified: str = ""
    known: str = ""

    @classmethod
    def load(cls, cursor: str) -> "Place":
        """What `dump` gave; a place at the very beginning where it cannot be read."""
        try:
            place = msgspec.json.decode(cursor, type=cls)
            place.pairs()
        except (ValueError, RecursionError, struct.error):
            return cls()
        return place

    def dump(self) -> str:
        """The cursor."""
        return msgspec.json.encode(self).decode()

    def pairs(self) -> dict[int, int]:
        """By the hash of an entry's name that of its words, the longest unseen first."""
        return dict(_PAIR.iter_unpack(base64.b64decode(self.known)))


class Sifted(Struct, frozen=True):
    """What of a document is to be handed over, in its order; `apart`: it shows nothing that was there before."""

    new: list[Entry]
    edited: list[Entry]
    apart: bool


def sift(known: dict[int, int], entries: Sequence[Entry]) -> Sifted:
    """Which entries are new, and which say something else than before.

    An entry with the words and the author of an earlier one that is no longer shown is that one under another name:
    some feeds name everything anew when their software changes.
    """
    names = [_hash(entry.name) for entry in entries]
    shown = set(names)
    gone = {words for name, words in known.items() if name not in shown}
    new, edited, apart = [], [], bool(known)
    told: set[int] = set()
    for name, entry in zip(names, entries, strict=True):
        words = _words(entry)
        if name in told:
            continue
        told.add(name)
        if name in known or words in gone:
            apart = False
        if name not in known and words not in gone:
            new.append(entry)
        elif name in known and known[name] != words:
            edited.append(entry)
    return Sifted(new, edited, apart and bool(entries))


def remember(known: dict[int, int], entries: Sequence[Entry]) -> str:
    """`Place.known` after these entries were shown."""
    now = {_hash(entry.name): _words(entry) for entry in reversed(entries)}
    merged = [*((name, words) for name, words in known.items() if name not in now), *now.items()]
    return base64.b64encode(b"".join(_PAIR.pack(*pair) for pair in merged[-MOST_KNOWN:])).decode()


def _words(entry: Entry) -> int:
    return _hash(f"{entry.author}\0{entry.title}\0{entry.text}")


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")
