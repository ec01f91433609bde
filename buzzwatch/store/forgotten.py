"""Who was forgotten, by keyed digests beside the database: what an older backup brings back is known by them.

The key is in the same file, which holds no name and from which none can be read; whoever has it can ask it of a name
that they know. It is not part of the database, so that a backup that is put back does not take it along.
"""

import hashlib
import os
import secrets
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from buzzwatch.model.mention import Author
from buzzwatch.store.persons import Person, platform, signed, spelled

FILE = "forgotten.json"
_KEY_BYTES = 32


class Forgotten(Struct):
    """The file: a key, and a digest of each id and handle."""

    key: bytes
    digests: set[bytes] = set()

    def knows(self, source: str, name: str) -> bool:
        """Whether an account was forgotten."""
        return self._digest(source, name) in self.digests

    def add(self, person: Person) -> None:
        """Keep what an account is known by."""
        names = {*person.ids, *(person.handles if not person.ids else ())} or {person.name}
        self.digests |= {self._digest(person.source, name) for name in names}

    def _digest(self, source: str, name: str) -> bytes:
        told = f"{source}:{name}".encode("utf-8", "replace")
        return hashlib.blake2b(told, key=self.key, digest_size=16).digest()


def read_forgotten_accounts(directory: Path) -> Forgotten:
    """Those of a state directory; none where there is no such file.

    Raises:
        OSError: it is there and cannot be read.
        msgspec.DecodeError: it is damaged.
    """
    path = directory / FILE
    if not path.exists():
        return Forgotten(secrets.token_bytes(_KEY_BYTES))
    return msgspec.json.decode(path.read_bytes(), type=Forgotten)


def remember_forgotten(directory: Path, persons: Iterable[Person]) -> None:
    """Keep by keyed digests who is forgotten; on disk before anything is forgotten."""
    known = read_forgotten_accounts(directory)
    for person in persons:
        known.add(person)
    path = directory / FILE
    scratch = path.with_suffix(".part")
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(msgspec.json.encode(known))
        out.flush()
        os.fsync(out.fileno())
    scratch.replace(path)


def find_returned(db: sqlite3.Connection, directory: Path) -> list[str]:
    """The accounts in a database that were forgotten before, as `forget` takes them.

    An older backup was put back, or they have posted since. Each text on record is looked at.
    """
    known = read_forgotten_accounts(directory)
    found: dict[str, None] = {}
    for told in signed(db):
        source, author = platform(told.source), told.author or Author()
        for name in (author.id, author.handle, None if author.id or author.handle else author.name):
            account = f"{source}:{spelled(name or '')}"
            if name and account not in found and known.knows(source, spelled(name)):
                found[account] = None
    return list(found)
