"""Which mention goes by a name: several sources tell of the same post, each in its own way."""

import hashlib
import sqlite3
from collections.abc import Iterable

import msgspec

_encode = msgspec.json.Encoder().encode


def name_key(name: str) -> int:
    """A 63-bit digest of a name, the same in every process: names of posts may hold names of people."""
    body = name.encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(body, digest_size=8).digest(), "big") >> 1


def has_names(db: sqlite3.Connection) -> bool:
    """Whether any mention has a further name."""
    return db.execute("SELECT 1 FROM alias LIMIT 1").fetchone() is not None


def find_named(db: sqlite3.Connection, names: Iterable[str], own: Iterable[str] = ()) -> dict[str, str]:
    """Mentions on record by those of their further names that are asked for.

    Of `own`, names that may be ids, those that are ids of mentions on record are found too.
    """
    asked = {name_key(name): name for name in names}
    rows = db.execute(
        "SELECT t.name, t.mention FROM json_each(?) e CROSS JOIN alias t ON t.name = e.value",
        (_encode(list(asked)).decode(),),
    )
    found = {asked[key]: mention for key, mention in rows}
    known = db.execute(
        "SELECT t.mention FROM json_each(?) e CROSS JOIN content t ON t.mention = e.value",
        (_encode(list(own)).decode(),),
    )
    return found | {mention: mention for (mention,) in known}


def write_names(db: sqlite3.Connection, names: Iterable[tuple[str, str]]) -> None:
    """Keep further names, each with its mention; a name that is known stays with the mention that has it."""
    rows = sorted((name_key(name), mention) for name, mention in names)
    db.executemany("INSERT INTO alias VALUES (?, ?) ON CONFLICT DO NOTHING", rows)
