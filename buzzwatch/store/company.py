"""The snapshots that belong to one instant of the database: those put aside that it names, and the newest.

The daemon goes on while they are copied. What it lets go or renames meanwhile would not fit, so it is looked at again.
"""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from buzzwatch.rules.words import Said
from buzzwatch.store.copying import StateError, one_instant
from buzzwatch.store.keeping import drop_anchor, read_anchors
from buzzwatch.store.snapshot import KEPT, list_snapshots, read_snapshot

SNAPSHOT = re.compile(r"snapshot-\d{15}", re.ASCII)
ATTEMPTS = 5
"""Looks at an instant of a database whose snapshots changed meanwhile."""


class _Named(NamedTuple):
    """What a database says of the files beside it."""

    anchors: frozenset[int]
    forgotten: int
    """How often snapshots were to be renamed."""


@contextmanager
def one_instant_with_snapshots(database: Path, scratch: Path) -> Iterator[tuple[sqlite3.Connection, dict[str, Path]]]:
    """The database as it stands now, and copies of its snapshots in `scratch`, by their names.

    None is newer than its last row: in a restored state, which comes to that row anew, it would be believed.

    Raises:
        StateError: there is none, or it cannot be read, or its snapshots change whenever they are copied.
    """
    for _ in range(ATTEMPTS):
        with one_instant(database) as source:
            named = _read_named(source)
            (until,) = source.execute("SELECT seq FROM position").fetchone()
            copied = _copy_snapshots(database.parent, named.anchors, until, scratch)
            if _still_fit(database, named, copied):
                yield source, {path.name: path for path in copied.values()}
                return
    told = "{place}: snapshots changed each time that they were copied; try again in a minute"
    raise StateError(Said(told, {"place": database.parent}))


def _read_named(db: sqlite3.Connection) -> _Named:
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    anchors = {anchor.seq for anchor in read_anchors(db)} if "anchor" in tables else set()
    (forgotten,) = db.execute("SELECT count(*) FROM forgotten").fetchone() if "forgotten" in tables else (0,)
    return _Named(frozenset(anchors), forgotten)


def _copy_snapshots(state: Path, anchors: frozenset[int], until: int, scratch: Path) -> dict[int, Path]:
    fit = [seq for seq in list_snapshots(state) if seq <= until]
    copied = {}
    for seq in sorted({*fit[:KEPT], *anchors.intersection(fit)}):
        name = f"snapshot-{seq:015d}"
        with suppress(FileNotFoundError):  # it was let go just now
            shutil.copyfile(state / name, scratch / name)
            copied[seq] = scratch / name
    return copied


def _still_fit(database: Path, named: _Named, copied: dict[int, Path]) -> bool:
    """Whether none was renamed, and none of those missing was let go, since the instant; else it was lost before."""
    with one_instant(database) as later:
        since = _read_named(later)
    return since.forgotten == named.forgotten and named.anchors - set(copied) <= since.anchors


def take_anchors(db: sqlite3.Connection, state: Path, present: sqlite3.Connection, target: Path) -> None:
    """Copy from a state the snapshots that an earlier copy of its database names, where it is of the same life."""
    named, there = _read_named(db), _read_named(present)
    if named.forgotten != there.forgotten or not named.anchors & there.anchors:
        return
    for anchor in read_anchors(db):
        dumped = read_snapshot(state, anchor.seq)
        if dumped is not None and dumped["now"] == anchor.at:
            name = f"snapshot-{anchor.seq:015d}"
            shutil.copyfile(state / name, target / name)


def settle_anchors(db: sqlite3.Connection, state: Path, name: str) -> None:
    """Let a database that was put back name the snapshots that came with it, and no others.

    Raises:
        StateError: one of them is newer than its last row.
    """
    there = list_snapshots(state)
    (until,) = db.execute("SELECT seq FROM position").fetchone()
    if there and there[0] > until:
        told = "{file}: its snapshot {seq} is from after its database, which ends at {until}; take another backup"
        raise StateError(Said(told, {"file": name, "seq": there[0], "until": until}))
    for anchor in read_anchors(db):
        if anchor.seq not in there:
            drop_anchor(db, anchor.seq)
