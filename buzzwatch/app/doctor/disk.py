"""Room on the disk: now, and for how long."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from buzzwatch.app.doctor.database import looking_into
from buzzwatch.app.doctor.finding import Bytes, Finding, aside, fine, wary, wrong
from buzzwatch.model.instant import DAY, Instant
from buzzwatch.store.database import FILE

if TYPE_CHECKING:
    from buzzwatch.app.doctor.patient import Patient

_SHORT, _EMPTY = 0.2, 0.05
"""Shares of the disk that are free."""
_LEAST = 200_000_000
_SOON_DAYS, _LONG_DAYS = 30, 3_650
_LOOKED_BACK = 7
"""Days over which growth is measured."""


def check_room(patient: "Patient") -> Iterator[Finding]:
    """Free space and free inodes where the state is, and in how many days they are used up."""
    if patient.state is None:
        return
    try:
        told = os.statvfs(_existing(patient.state))
    except OSError as error:
        yield aside("{path}: its disk cannot be seen ({why})", path=patient.state, why=error.strerror)
        return
    free, whole = told.f_bavail * told.f_frsize, told.f_blocks * told.f_frsize
    values = {"free": Bytes(free), "whole": Bytes(whole), "path": patient.state}
    remedy = "du -xsh {path}/* | sort -h; see `keep` in docs/disk.md"
    if free < max(_EMPTY * whole, min(_LEAST, whole / 2)):
        yield wrong("{free} free of {whole} at {path}", remedy, **values)
    elif free < _SHORT * whole:
        yield wary("{free} free of {whole} at {path}", remedy, **values)
    else:
        yield fine("{free} free of {whole} at {path}", **values)
    if told.f_files and told.f_favail < _EMPTY * told.f_files:
        said = "only {n} more files fit on the disk of {path}"
        yield wrong(said, "df -i {path}", n=told.f_favail, path=patient.state)
    yield from _forecast(patient, free)


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _forecast(patient: "Patient", free: int) -> Iterator[Finding]:
    try:
        with looking_into(patient) as db:
            growth = None if db is None or patient.state is None else _growth(db, patient.state / FILE, patient.now)
    except sqlite3.Error:
        return
    if not growth:
        return
    days = int(free / growth)
    values = {"growth": Bytes(growth), "days": days}
    said = "the database grows by {growth} a day: full in {days} days"
    if days > _LONG_DAYS:
        yield fine("the database grows by {growth} a day: room for years", growth=Bytes(growth))
    elif days < _SOON_DAYS:
        yield wary(said, "keep less (docs/disk.md), or enlarge the disk", **values)
    else:
        yield fine(said, **values)


def _growth(db: sqlite3.Connection, path: Path, now: Instant) -> float:
    """Bytes a day: the inputs of the last days, at what an input takes of the file on the average."""
    first, last = db.execute("SELECT min(seq), max(seq) FROM journal").fetchone()
    if last is None:
        return 0.0
    recent: int = last - _seq_at(db, now - _LOOKED_BACK * DAY, first, last)
    each = path.stat().st_size / int(last - first + 1)
    return each * recent / _LOOKED_BACK


def _seq_at(db: sqlite3.Connection, at: Instant, low: int, high: int) -> int:
    """The last row before an instant, by halving: rows are in the order of time, which has no index."""
    low -= 1
    while low < high:
        middle = (low + high + 1) // 2
        row = db.execute("SELECT seq, seen_at FROM journal WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)).fetchone()
        if row is None or row[1] >= at:
            high = middle - 1
        else:
            low = max(middle, row[0])
    return low
