"""A copy of the database while it is being written to: one instant of it, checked, on disk, for its owner alone."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from buzzwatch.rules.words import Said

Progress = Callable[[float], None]
"""Takes what part is done, 0 to 1."""

_PAGES = 2_000
"""Copied in one step: 8 MB."""
_BUSY_S = 10.0
_CHECKING = 0.8
"""The part of the work at which copying has ended and checking begins."""


class StateError(Exception):
    """The state directory cannot be used; the text says why and what to do."""


def unwatched(_fraction: float) -> None:
    """Nobody looks at the progress."""


@contextmanager
def one_instant(path: Path) -> Iterator[sqlite3.Connection]:
    """The database as it stands now, whatever is written meanwhile; reads only, also where the directory is read-only.

    Raises:
        StateError: there is none, or it cannot be read.
    """
    if not path.exists():
        told = "{file}: no database here; has `buzzwatch run` been started with this `state:` directory?"
        raise StateError(Said(told, {"file": path}))
    with _quiet(path) as options:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{options}", uri=True, timeout=_BUSY_S)
        try:
            connection.execute("BEGIN")  # without it a copy in steps would begin anew at each commit of the daemon
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            yield connection
        except sqlite3.Error as error:
            told = "{file}: cannot be read ({why}); ask while the daemon runs, or as its user"
            raise StateError(Said(told, {"file": path, "why": error})) from error
        finally:
            connection.close()


@contextmanager
def _quiet(path: Path) -> Iterator[str]:
    """How to open it: where nobody has it open and nothing may be written beside it, nobody is to open it meanwhile."""
    beside = [path.with_name(f"{path.name}-{end}") for end in ("wal", "shm")]
    if os.access(path.parent, os.W_OK) or any(each.exists() for each in beside):
        yield "mode=ro"
        return
    with (path.parent / "lock").open() as lock:
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield "mode=ro" if any(each.exists() for each in beside) else "mode=ro&immutable=1"


def copy_database(source: sqlite3.Connection, target: Path, progress: Progress = unwatched) -> None:
    """Copy it to a file that appears whole, or not at all; an older one of that name is replaced.

    Raises:
        StateError: the disk is full, or the copy is not what it should be.
    """
    unfinished = target.with_name(f"{target.name}.part")
    unfinished.unlink(missing_ok=True)
    try:
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _fill(source, unfinished, progress)
        settle_file(unfinished)
        unfinished.replace(target)
        settle_directory(target.parent)
    except (OSError, sqlite3.Error) as error:
        told = "{file}: the copy could not be made ({why}); make room on the disk, then try again"
        raise StateError(Said(told, {"file": target, "why": error})) from error
    finally:
        unfinished.unlink(missing_ok=True)
    progress(1.0)


def _fill(source: sqlite3.Connection, target: Path, progress: Progress) -> None:
    copy = sqlite3.connect(target, isolation_level=None)
    try:

        def follow(_status: int, remaining: int, total: int) -> None:
            progress(_CHECKING * (1 - remaining / max(total, 1)))

        source.backup(copy, pages=_PAGES, progress=follow)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, which needs none beside it
        check(copy, target)
    finally:
        copy.close()


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Read every page; raises StateError where one is damaged."""
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        told = "{file}: damaged ({why}); take an earlier backup, and look at the disk"
        raise StateError(Said(told, {"file": path, "why": found}))


def version_of(connection: sqlite3.Connection) -> int:
    """The last migration that was made; 0: it is empty."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def settle_file(path: Path) -> None:
    """Return once its bytes are on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def settle_directory(path: Path) -> None:
    """Return once its names are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
