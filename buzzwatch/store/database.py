"""One SQLite file: opened, locked, migrated, and written by one thread."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import IO

from buzzwatch.rules.words import Said, why_of
from buzzwatch.store.copying import StateError as StateError  # noqa: PLC0414 - whoever opens it meets it here
from buzzwatch.store.copying import copy_database

FILE = "buzzwatch.db"
COPIES = 3
"""Copies from before a migration that are kept: one for each upgrade of late, or of one that was cut off."""
_BUSY_S = 10.0


class StateLock:
    """Holds the state directory for this process; the kernel lets go when the process dies."""

    def __init__(self, directory: Path) -> None:
        self._file: IO[str] = self._take(directory)

    @staticmethod
    def _take(directory: Path) -> IO[str]:
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o750)
            lock = (directory / "lock").open("a+")
        except OSError as error:
            told = "{place}: cannot keep the state here ({why}); make it writable"
            raise StateError(Said(told, {"place": directory, "why": why_of(error)})) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read(20).strip() or "unknown"
            lock.close()
            told = (
                "{place}: another buzzwatch (process {holder}) works on this state; "
                "stop it, or give this one another `state:` directory"
            )
            raise StateError(Said(told, {"place": directory, "holder": holder})) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return lock

    def release(self) -> None:
        """Let another process have the state."""
        self._file.close()


def open_database(directory: Path) -> sqlite3.Connection:
    """The database of a state directory, for its one writer: migrated, durable at every commit.

    Raises:
        StateError: it is damaged, unreadable, or was written by a newer version.
    """
    path = directory / FILE
    newest()
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)  # transactions are ours
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        _migrate(connection, path)
    except sqlite3.OperationalError as error:
        told = "{file}: {why}; check that the disk has room and that the file may be written"
        raise StateError(Said(told, {"file": path, "why": error})) from error
    except sqlite3.DatabaseError as error:
        told = "{file}: {why}; restore a backup, or move the file away to begin anew"
        raise StateError(Said(told, {"file": path, "why": error})) from error
    return connection


def open_for_reading(directory: Path) -> sqlite3.Connection:
    """The same database, read-only, for pages and commands.

    Raises:
        StateError: there is none yet, it may not be read, or another version wrote it.
    """
    path = directory / FILE
    if not path.exists():
        told = "{file}: no database here; has `buzzwatch run` been started with this `state:` directory?"
        raise StateError(Said(told, {"file": path}))
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_BUSY_S)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        connection.close()
        told = "{file}: cannot be read ({why}); ask while the daemon runs, or as its user"
        raise StateError(Said(told, {"file": path, "why": error})) from error
    if version < newest():
        connection.close()
        told = "{file}: written by an older buzzwatch; start the daemon of this version, which migrates it"
        raise StateError(Said(told, {"file": path}))
    if version > newest():
        connection.close()
        raise StateError(_newer(path, version))
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is written inside, or nothing of it, also where it is interrupted."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:  # passed on: whatever it is, nothing is left half written
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@cache
def newest() -> int:
    """The version that this process knows, also after another was installed in its place."""
    return max(int(script.name[:4]) for script in _scripts())


def _scripts() -> list[Traversable]:
    return [s for s in (files("buzzwatch.store") / "migrations").iterdir() if s.name.endswith(".sql")]


def _migrations() -> list[tuple[int, str]]:
    return sorted((int(script.name[:4]), script.read_text()) for script in _scripts())


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    migrations = _migrations()
    newest = migrations[-1][0]
    if version > newest:
        told = "{newer}, or restore the copy it kept before it migrated"
        raise StateError(Said(told, {"newer": _newer(path, version)}))
    pending = [each for each in migrations if each[0] > version]
    if version and pending:
        copy_database(connection, path.with_name(f"{path.name}.before-{pending[0][0]:04d}"))
        for older in copies_of(path.parent)[COPIES:]:
            older.unlink(missing_ok=True)
    for number, script in pending:
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def contents(connection: sqlite3.Connection | None = None) -> set[tuple[str, str]]:
    """Kind and name of all that a database is made of; of one of this version, where none is given."""
    if connection is None:
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as empty:
            for _, script in _migrations():
                empty.executescript(script)
            return contents(empty)
    return set(connection.execute("SELECT type, name FROM sqlite_master WHERE name NOT GLOB 'sqlite_*'"))


def _newer(path: Path, version: int) -> Said:
    told = (
        "{file}: written by a newer buzzwatch (database version {version}, this one knows {known}); "
        "install that version again"
    )
    return Said(told, {"file": path, "version": version, "known": newest()})


def copies_of(directory: Path) -> list[Path]:
    """Copies from before a migration, that of the latest first."""
    return sorted(directory.glob(f"{FILE}.before-[0-9][0-9][0-9][0-9]"), reverse=True)
