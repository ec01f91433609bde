"""Short codes that lead to incident pages: nobody can guess one, and the same holder keeps theirs.

A code is a keyed digest of incident, person and turn, not a number drawn: so a message that leaves twice carries the
same code although the database holds its digest alone.
"""

import hashlib
import hmac
import os
import secrets
import sqlite3
from functools import partial
from pathlib import Path

from msgspec import Struct

from buzzwatch.app.config import CODE_LENGTH, page_url
from buzzwatch.model.instant import DAY, Instant, Span
from buzzwatch.store.record import Record

KEPT: Span = 30 * DAY
"""How long a link leads to an incident that is closed."""
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Nothing that is taken for something else when it is read from a screen and typed."""
_FILE = "links.key"
_KEY_BYTES = 32
_MOST_UNWRITTEN = 10_000


QUEUE = "queue:"
"""Begins, before the brand, what a link to the queue of a brand is to, in the place of an incident."""


STATUS = "status"
"""What a link to the status page is to, in the place of an incident."""


class Holder(Struct, frozen=True):
    """Who has a link, to which incident; `person` is empty for a channel."""

    incident: str
    person: str


class Links:
    """Codes are keyed by a secret of this installation, kept beside the database; the record says whose they are."""

    def __init__(self, record: Record, directory: Path, base_url: str) -> None:
        self._record = record
        self._key = _load_key(directory / _FILE)
        self._base_url = base_url
        self._unwritten: dict[bytes, Holder] = {}
        self.revocations = 0
        """How often any were revoked since the start: what is open on a link asks anew when it grows."""

    async def url(self, incident: str, person: str = "") -> str:
        """Where the page of an incident is for a person, or for a channel."""
        return page_url(self._base_url, await self._record.write(partial(self._code, holder=Holder(incident, person))))

    async def open(self, code: str, now: Instant) -> Holder | None:
        """Whose code it is; None where it is nobody's, was revoked, or its incident was closed too long ago."""
        digest = self._digest(code.upper())
        return self._unwritten.get(digest) or await self._record.read(partial(_read, digest=digest, now=now))

    async def revoke(self, incident: str, now: Instant) -> int:
        """Let none of the codes of an incident lead to it any more; how many there were. Later messages get others."""
        self._unwritten = {key: holder for key, holder in self._unwritten.items() if holder.incident != incident}
        done = await self._record.write(partial(_revoke, incident=incident, now=now))
        self.revocations += 1
        return done

    def _code(self, db: sqlite3.Connection, holder: Holder) -> str:
        """The holder's present code, put on record if it is not; it works where that cannot be written, too."""
        rows = "SELECT turn, revoked_at FROM link WHERE incident = ? AND person = ? ORDER BY turn DESC LIMIT 1"
        turn, revoked_at = db.execute(rows, (holder.incident, holder.person)).fetchone() or (-1, 0)
        if revoked_at is None:
            return self._spell(holder, turn)
        while True:
            turn += 1
            code = self._spell(holder, turn)
            digest = self._digest(code)
            try:
                db.execute("INSERT INTO link VALUES (?, ?, ?, ?, NULL)", (digest, holder.incident, holder.person, turn))
            except sqlite3.IntegrityError:  # somebody else's, once in a thousand million
                continue
            except sqlite3.OperationalError:  # a full disk must not keep an alarm from leaving
                if len(self._unwritten) < _MOST_UNWRITTEN:
                    self._unwritten[digest] = holder
            return code

    def _spell(self, holder: Holder, turn: int) -> str:
        told = f"{holder.incident}\n{holder.person}\n{turn}".encode()
        number = int.from_bytes(hmac.new(self._key, told, hashlib.blake2s).digest(), "big")
        letters = []
        for _ in range(CODE_LENGTH):
            number, letter = divmod(number, len(_ALPHABET))
            letters.append(_ALPHABET[letter])
        return "".join(letters)

    def _digest(self, code: str) -> bytes:
        """Keyed: there are few enough codes to try them all on a stolen database."""
        return hmac.new(self._key, f"code\n{code}".encode(), hashlib.blake2s).digest()[:16]


def forget_links(db: sqlite3.Connection, now: Instant) -> None:
    """Drop the links of incidents that were closed too long ago."""
    db.execute(
        "DELETE FROM link WHERE incident IN (SELECT id FROM incident WHERE CAST(body AS TEXT) ->> 'closed_at' < ?)",
        (now - KEPT,),
    )


def _read(db: sqlite3.Connection, digest: bytes, now: Instant) -> Holder | None:
    row = db.execute(
        "SELECT link.incident, person, CAST(body AS TEXT) ->> 'closed_at' FROM link "
        "LEFT JOIN incident ON incident.id = link.incident WHERE digest = ? AND revoked_at IS NULL "
        "AND (incident.id IS NOT NULL OR substr(link.incident, 1, ?) = ? OR link.incident = ?)",
        (digest, len(QUEUE), QUEUE, STATUS),
    ).fetchone()
    return None if row is None or (row[2] is not None and row[2] < now - KEPT) else Holder(row[0], row[1])


def _revoke(db: sqlite3.Connection, incident: str, now: Instant) -> int:
    done = db.execute("UPDATE link SET revoked_at = ? WHERE incident = ? AND revoked_at IS NULL", (now, incident))
    return done.rowcount


def _load_key(path: Path) -> bytes:
    key = path.read_bytes() if path.exists() else b""
    if len(key) != _KEY_BYTES:  # none yet, or a power cut left less of it: whoever knows the key knows every code
        key = secrets.token_bytes(_KEY_BYTES)
        scratch = path.with_suffix(".part")
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(key)
            out.flush()
            os.fsync(out.fileno())
        scratch.replace(path)
    return key
