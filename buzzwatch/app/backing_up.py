"""Backups: under which name, where they are made, which are let go."""

import fcntl
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from buzzwatch import __version__
from buzzwatch.model.instant import Instant, moment_of
from buzzwatch.rules.words import Said, why_of
from buzzwatch.store.archive import Manifest, write_archive
from buzzwatch.store.copying import Progress, StateError, settle_directory, settle_file

STDOUT = "-"
PLACE = Path("/var/backups/buzzwatch")
"""Where the timer keeps them."""
_NAME = "buzzwatch-%Y%m%dT%H%M%SZ.tar"
_NAMED = re.compile(r"buzzwatch-\d{8}T\d{6}Z\.tar", re.ASCII)
_SCRATCH = ".buzzwatch-backup-"


def back_up(state: Path, where: str, at: Instant, keep: int | None, progress: Progress) -> tuple[Manifest, Path | None]:
    """Write a backup to a file, into a directory under the name of its instant, or to standard output.

    Of a directory the `keep` latest stay; None: all. What the backup says, and where it is.

    Raises:
        StateError: it cannot be made; nothing of that name is there then.
    """
    target = None if where == STDOUT else _target(Path(where), at)
    place = Path(tempfile.gettempdir()) if target is None else target.parent
    try:
        with _scratch(place) as scratch:
            whole = scratch / "backup.tar"
            with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                manifest = write_archive(state, out, scratch, at, __version__, progress)
            if target is None:
                with whole.open("rb") as done:
                    shutil.copyfileobj(done, sys.stdout.buffer)
                sys.stdout.buffer.flush()
                return manifest, None
            settle_file(whole)
            whole.rename(target)
            settle_directory(place)
    except BrokenPipeError:
        raise
    except OSError as error:
        told = "{place}: the backup could not be made ({why}); it needs room for the state twice"
        raise StateError(Said(told, {"place": place, "why": why_of(error)})) from error
    if keep is not None:
        for old in sorted(path for path in place.iterdir() if _NAMED.fullmatch(path.name))[:-keep]:
            old.unlink(missing_ok=True)
    return manifest, target


def count_backups(place: Path) -> int:
    """How many lie in a directory, packed or not; OSError where that may not be known."""
    return sum(".tar" in path.name for path in place.iterdir()) if place.exists() else 0


def _target(where: Path, at: Instant) -> Path:
    if where.is_dir():
        return where / f"{moment_of(at):{_NAME}}"
    if where.exists() or where.is_symlink():
        told = "{file}: there already, and may be all that you have; name another file, or a directory"
        raise StateError(Said(told, {"file": where}))
    if not where.parent.is_dir():
        raise StateError(Said("{place}: no such directory; make it, with mode 0700", {"place": where.parent}))
    return where


@contextmanager
def _scratch(place: Path) -> Iterator[Path]:
    """A directory for what is not whole yet, locked; those of backups that were killed are removed."""
    for left in place.glob(f"{_SCRATCH}*"):
        with suppress(OSError), _locked(left, fcntl.LOCK_EX | fcntl.LOCK_NB):
            shutil.rmtree(left, ignore_errors=True)
    while True:
        scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=place))
        with _locked(scratch, fcntl.LOCK_EX):
            if not scratch.exists():  # another backup took it for left
                continue
            try:
                yield scratch
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
            return


@contextmanager
def _locked(directory: Path, how: int) -> Iterator[None]:
    """The kernel lets go of it when the process dies; raises OSError where another has it and `how` does not wait."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)
