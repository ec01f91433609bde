"""What the disk of the state holds, how fast it fills, and the room that is kept in reserve on it."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import NamedTuple

from buzzwatch.model.instant import DAY, HOUR, Instant, Span
from buzzwatch.store.database import FILE

SAMPLED: Span = 6 * HOUR
"""How often it is written down."""
BELIEVED: Span = DAY
"""No trend is told of less."""
LOOKED_BACK: Span = 28 * DAY
KEPT: Span = 60 * DAY
RESERVE = "reserve"
_PARTS = ((FILE, "database"), (f"{FILE}-wal", "wal"), ("snapshot-", "snapshots"), (f"{FILE}.before", "copies"))


class Room(NamedTuple):
    """Bytes of a file system: used, free for us; and what the state directory holds, by part."""

    used: int
    free: int
    parts: dict[str, int]

    @property
    def share(self) -> float:
        """What is used of what we could use, 0 to 1: as `df` says it."""
        return self.used / max(1, self.used + self.free)

    @property
    def size(self) -> int:
        """What we could use if nothing else were there."""
        return self.used + self.free

    @property
    def ours(self) -> int:
        """All that the state directory holds."""
        return sum(self.parts.values())


class Sample(NamedTuple):
    """What was used at an instant, and of it by us."""

    at: Instant
    used: int
    ours: int


class Told(NamedTuple):
    """What was told and is not over: how bad it is now, since when, how many times it was told."""

    level: int
    since: Instant
    times: int


def measure(directory: Path) -> Room:
    """Look at the file system, and at the files of the state."""
    found = os.statvfs(directory)
    parts = dict.fromkeys(("database", "wal", "snapshots", "copies", "other"), 0)
    for path in directory.iterdir():
        with suppress(FileNotFoundError):
            part = next((part for start, part in reversed(_PARTS) if path.name.startswith(start)), "other")
            parts[part] += path.lstat().st_size
    return Room(found.f_frsize * (found.f_blocks - found.f_bfree), found.f_frsize * found.f_bavail, parts)


def trend(values: Sequence[tuple[Instant, int]]) -> float | None:
    """Bytes a day: the median of the slopes between any two (Theil 1950, Sen 1968). None: too little is known.

    A night's copy that is gone by the morning, or one large file, moves it little.
    """
    if len(values) < 2 or values[-1][0] - values[0][0] < BELIEVED:  # noqa: PLR2004 - of one there is no slope
        return None
    return median((later[1] - first[1]) * DAY / (later[0] - first[0]) for first, later in combinations(values, 2))


def read_samples(db: sqlite3.Connection, since: Instant) -> list[Sample]:
    """In order."""
    rows = db.execute("SELECT at, used, ours FROM disk WHERE at >= ? ORDER BY at", (since,))
    return [Sample(*row) for row in rows]


def write_sample(db: sqlite3.Connection, sample: Sample) -> None:
    """Keep it, and drop what is long past, or lies in a future that was a mistake of the clock."""
    db.execute("DELETE FROM disk WHERE at < ? OR at >= ?", (sample.at - KEPT, sample.at))
    db.execute("INSERT INTO disk VALUES (?, ?, ?)", sample)


def read_told(db: sqlite3.Connection) -> dict[str, Told]:
    """By key."""
    return {key: Told(*told) for key, *told in db.execute("SELECT key, level, since, times FROM disk_told")}


def write_told(db: sqlite3.Connection, key: str, told: Told | None) -> None:
    """None: it is over."""
    if told is None:
        db.execute("DELETE FROM disk_told WHERE key = ?", (key,))
    else:
        db.execute("INSERT OR REPLACE INTO disk_told VALUES (?, ?, ?, ?)", (key, *told))


def take_reserve(directory: Path, size: int) -> None:
    """Hold some room that nothing else may have. OSError where there is none."""
    path = directory / RESERVE
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(handle, 0, size)
        os.fsync(handle)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def has_reserve(directory: Path) -> bool:
    """Whether it is held."""
    return (directory / RESERVE).exists()


def give_up_reserve(directory: Path) -> bool:
    """Let what must be written have it; whether there was any."""
    held = has_reserve(directory)
    (directory / RESERVE).unlink(missing_ok=True)
    return held
