"""The rules directory as the file system tells of it: what was saved, by whose hand as far as that is known, and when.

A look costs one `stat` a file, so it is the looks that are trusted; inotify only says when to look. What inotify does
not see (another machine's writes on a network mount, a directory whose symlink was switched, one that was removed and
came back, no watch left on this system) is found by the look that comes every ten seconds all the same.
"""

import asyncio
import os
import pwd
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Protocol, TypeAlias

from buzzwatch.model.reading import Saved
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.rules.files import SUFFIXES, read

LOOK_EVERY_S = 10.0
_STEP_MS = 250
_ATTEMPTS = 3
_MILLISECOND_NS = 1_000_000

Stamp: TypeAlias = tuple[tuple[str | int, ...], ...]
"""Of each rule file: name, times, size and inode; equal stamps, equal files. Editors' temporary files are no part."""


def stamp_of(directory: Path) -> Stamp:
    """What the files look like now; never fails, since what cannot be looked at looks like that."""
    try:
        names = sorted(entry.name for entry in os.scandir(directory) if Path(entry.name).suffix in SUFFIXES)
    except OSError as error:
        return (("", error.errno or 0),)
    return tuple(_stamp_of_file(directory / name) for name in names)


def _stamp_of_file(path: Path) -> tuple[str | int, ...]:
    try:
        found = path.stat()
    except OSError as error:
        return (path.name, error.errno or 0)
    return (path.name, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev)


def read_whole(directory: Path) -> tuple[Stamp, dict[str, str] | RuleFaults]:
    """The texts, or why they cannot be had, with the stamp that they had before and after: nothing changed meanwhile.

    Where somebody writes all the time, what was found last; its stamp then fits nothing, so that it is read again.
    """
    found: dict[str, str] | RuleFaults
    for _ in range(_ATTEMPTS):
        stamp = stamp_of(directory)
        try:
            found = read(directory)
        except RuleFaults as faults:
            found = faults
        if stamp_of(directory) == stamp:
            return stamp, found
    return (), found


def saved_files(directory: Path, files: Iterable[str]) -> tuple[Saved, ...]:
    """What is known of who saved files and when."""
    return tuple(_saved(directory / file) for file in files)


def _saved(path: Path) -> Saved:
    try:
        found = path.stat()
    except OSError:
        return Saved(path.name)
    return Saved(path.name, user_name(found.st_uid), found.st_mtime_ns // _MILLISECOND_NS)


def user_name(uid: int) -> str:
    """The name of one of the system's users, else its number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


class Hints(Protocol):
    """Says when it is worth looking at the rules directory."""

    def listen(self) -> AsyncIterator[None]:
        """Something may have changed, each time."""

    def close(self) -> None:
        """Say nothing more."""


class Inotify:
    """Hints from the kernel, and one every ten seconds whatever it says.

    `say` is told once why it says nothing, where the system has no watch left or the directory is away.
    """

    def __init__(self, directory: Path, say: Callable[[str], None]) -> None:
        self._directory = directory
        self._say = say
        self._closed = asyncio.Event()

    def close(self) -> None:
        """See `Hints`."""
        self._closed.set()

    async def listen(self) -> AsyncIterator[None]:
        """See `Hints`."""
        told = ""
        while not self._closed.is_set():
            try:
                async for _ in self._watch():
                    told = ""
                    yield
            except Exception as error:  # noqa: BLE001 - whatever keeps it from watching, the looks go on
                if str(error) != told:
                    told = str(error)
                    self._say(f"{type(error).__name__}: {error}")
            yield
            if told:
                await asyncio.sleep(LOOK_EVERY_S)

    async def _watch(self) -> AsyncIterator[None]:
        """Until the directory is another one; `awatch` waits on a thread, which looks up every `_STEP_MS`."""
        from watchfiles import awatch  # noqa: PLC0415 - commands that read rules do without it

        before = _identity(self._directory)
        watching = awatch(
            self._directory,
            watch_filter=None,
            debounce=2 * _STEP_MS,
            step=_STEP_MS,
            stop_event=self._closed,
            rust_timeout=int(LOOK_EVERY_S * 1_000),
            yield_on_timeout=True,
            recursive=False,
        )
        async with aclosing(watching) as changes:
            async for _ in changes:
                yield
                if _identity(self._directory) != before:
                    return


def _identity(directory: Path) -> tuple[int, int] | None:
    try:
        found = directory.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
