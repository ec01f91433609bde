"""Who was forgotten, by keyed digests beside the database: what an older backup brings back is known by them.

The key is in the same file, which holds no name and from which none can be read; whoever has it can ask it of a name
that they know. It is not part of the database: where a backup is put back, both the state's and the backup's hold.
"""

import hashlib
import os
import secrets
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from buzzwatch.model.mention import Author
from buzzwatch.rules.words import Said
from buzzwatch.store.copying import StateError
from buzzwatch.store.persons import Person, platform, signed, spelled

FILE = "forgotten.json"
_KEY_BYTES = 32


class Forgotten(Struct):
    """The file: a key, and a digest of each id and handle."""

    key: Annotated[bytes, Meta(max_length=64)]
    digests: set[bytes] = set()
    others: list["Forgotten"] = []
    """What another state had, under a key of its own."""

    def knows(self, source: str, name: str) -> bool:
        """Whether an account was forgotten."""
        return self._digest(source, name) in self.digests or any(other.knows(source, name) for other in self.others)

    def unite(self, other: "Forgotten") -> None:
        """Know what another knows, too."""
        for each in (other, *other.others):
            same = next((known for known in (self, *self.others) if known.key == each.key), None)
            if same is None:
                self.others.append(Forgotten(each.key, each.digests))
            else:
                same.digests |= each.digests

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
    _write(directory, known)


def remember_both(directory: Path, present: Path) -> None:
    """Let the state in a directory, which is to come, know whom it or the present one has forgotten.

    Raises:
        StateError: one of the files cannot be read.
    """
    known = None
    for place in (present, directory):
        if not (place / FILE).exists():
            continue
        try:
            read = read_forgotten_accounts(place)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            told = "{file}: cannot be read ({why}), and who was forgotten would not be known any more; move it away"
            raise StateError(Said(told, {"file": place / FILE, "why": error})) from error
        if known is None:
            known = read
        else:
            known.unite(read)
    if known is not None:
        _write(directory, known)


def _write(directory: Path, known: Forgotten) -> None:
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
    if not known.digests and not known.others:
        return []
    found: dict[str, None] = {}
    for told in signed(db):
        source, author = platform(told.source), told.author or Author()
        for name in (author.id, author.handle, None if author.id or author.handle else author.name):
            account = f"{source}:{spelled(name or '')}"
            if name and account not in found and known.knows(source, spelled(name)):
                found[account] = None
    return list(found)
