"""Where the calendar of a rota is read: an address or a file; and the last good copy of it in the state directory."""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from buzzwatch.app.rota.ical import CalendarError, Expansion, Question, Reader, expand, window
from buzzwatch.app.secret import SecretError, Secrets, WithheldError
from buzzwatch.model.brand import Person
from buzzwatch.model.instant import Instant
from buzzwatch.model.rota import Listed

LARGEST = 1_000_000
"""Bytes of a calendar, unpacked."""


class Copy(Struct, frozen=True):
    """A calendar as it was read last and found good. `source` is a digest of where that was."""

    source: str
    read_at: Instant
    text: str
    etag: str = ""
    modified: str = ""


def source_digest(rota: Listed) -> str:
    """Tells whether a copy is of the calendar that the rota names now; an address may be a secret."""
    return hashlib.blake2b(rota.source.encode(), digest_size=8).hexdigest()


def copy_path(state: Path, rota: str) -> Path:
    """Where the last good copy of a rota's calendar is."""
    return state / "calendars" / f"{rota}.json"


def load_copy(state: Path, rota: Listed) -> Copy | None:
    """The last good copy; None where there is none, or it is of another calendar."""
    with suppress(OSError, msgspec.DecodeError):
        copy = msgspec.json.decode(copy_path(state, rota.name).read_bytes(), type=Copy)
        return copy if copy.source == source_digest(rota) else None
    return None


def keep_copy(state: Path, rota: Listed, copy: Copy) -> None:
    """Put it in the place of the one before, whole or not at all; raises `OSError`."""
    path = copy_path(state, rota.name)
    path.parent.mkdir(mode=0o750, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(msgspec.json.encode(copy))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def address_of(rota: Listed, secrets: Secrets) -> str | None:
    """The address of its calendar with secrets filled in; None where that is a file.

    Raises:
        WithheldError: the address is a secret that nobody asks for.
        CalendarError: it names a secret that is not there.
    """
    source = _resolved(rota, secrets)
    scheme, colon, rest = source.partition("://")
    return None if not colon else f"https://{rest}" if scheme.lower() == "webcal" else source


def read_file(rota: Listed, rules: Path, secrets: Secrets) -> str:
    """The text of its calendar, where that is a file; a relative path begins in the rules directory.

    Raises:
        CalendarError: it cannot be read.
    """
    path = rules / _resolved(rota, secrets)
    try:
        if path.exists() and not path.is_file():  # a pipe would keep us waiting
            raise CalendarError("is not a regular file")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise CalendarError(f"cannot be read: {error.strerror}") from None
    return text_of(content)


def expanded(text: str, at: Instant, readers: tuple[Reader, ...], timezone: str) -> Expansion:
    """What a calendar comes to around an instant; see `rota_ical.expand`."""
    return expand(Question(text, *window(at), timezone, readers))


def readers_of(people: Iterable[Person], secrets: Secrets) -> tuple[Reader, ...]:
    """Whom events may name."""
    from buzzwatch.app.config import mails_of  # noqa: PLC0415 - `check` reads it only where it is needed

    return tuple(Reader(person.key, person.name, mails_of(person, secrets)) for person in people)


def _resolved(rota: Listed, secrets: Secrets) -> str:
    try:
        return secrets.resolve(rota.source)
    except WithheldError:
        raise
    except SecretError as error:
        raise CalendarError(f"cannot be read: {error}") from None


def text_of(content: bytes) -> str:
    """The text of a calendar; raises `CalendarError` where it is too large, or none."""
    if len(content) > LARGEST:
        raise CalendarError(f"is larger than {LARGEST:,} bytes; let it hold less of the past")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CalendarError("is no UTF-8 text") from None
