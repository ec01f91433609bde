"""Puts another state in the place of one: each step can be cut off and is gone on with, and nothing is thrown away.

`restore.part` is being made and counts for nothing. Renamed to `restore.ready`, it is what holds: what is in the
directory moves aside; then it is renamed to `restore.entering`, and moves in.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from buzzwatch.model.instant import Instant, moment_of
from buzzwatch.store.copying import settle_directory

PART = "restore.part"
READY = "restore.ready"
ENTERING = "restore.entering"
ASIDE = "before-restore-"
"""What the names of directories begin with that hold an earlier state."""
_ASIDE_NAME = ".aside"
_OURS = ("buzzwatch.db*", "links.*", "calendars", "snapshot*")
"""What a state consists of; whatever else lies in its directory is somebody's, and stays."""


def begin(state: Path) -> Path:
    """An empty directory for the state to come; what a restore that was cut off had left is gone."""
    part = state / PART
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o750)
    own(part, state)
    return part


def own(path: Path, state: Path) -> None:
    """Give what root has made to the owner of the state; what anybody else makes is theirs."""
    if os.geteuid() == 0:
        owner = state.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def holds_something(state: Path) -> bool:
    """A database, or what one needs or leaves."""
    return any(state.glob("buzzwatch.db*"))


def decide(state: Path, at: Instant) -> Path:
    """From here on the new state holds, whatever happens; where the old one will be."""
    aside = f"{ASIDE}{moment_of(at):%Y%m%dT%H%M%S%fZ}"
    (state / PART / _ASIDE_NAME).write_text(aside, "utf-8")
    own(state / PART / _ASIDE_NAME, state)
    for directory in [path for path in (state / PART).rglob("*") if path.is_dir()]:
        settle_directory(directory)
    settle_directory(state / PART)
    (state / PART).rename(state / READY)
    settle_directory(state)
    return state / aside


def go_on(state: Path) -> bool:
    """Finish what was decided, if anything was; whether it was. By whoever holds the lock of the state."""
    shutil.rmtree(state / PART, ignore_errors=True)
    decided = False
    if (state / READY).is_dir():
        aside = state / (state / READY / _ASIDE_NAME).read_text("utf-8")
        aside.mkdir(mode=0o700, exist_ok=True)
        own(aside, state)
        for path in _old(state):
            path.rename(aside / path.name)
        settle_directory(aside)
        settle_directory(state)
        (state / READY).rename(state / ENTERING)
        settle_directory(state)
    if (state / ENTERING).is_dir():
        for path in (state / ENTERING).iterdir():
            if path.name != _ASIDE_NAME:
                path.replace(state / path.name)
        settle_directory(state)
        shutil.rmtree(state / ENTERING)
        decided = True
    for aside in state.glob(f"{ASIDE}*"):
        with suppress(OSError):  # what lies there is no reason not to start: it may be root's, and closed
            if not any(aside.iterdir()):
                aside.rmdir()
    return decided


def _old(state: Path) -> Iterator[Path]:
    for pattern in _OURS:
        yield from sorted(state.glob(pattern))
