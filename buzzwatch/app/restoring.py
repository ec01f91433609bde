"""Puts a backup in the place of a state. What it holds for people and is old went out before: it is not sent again."""

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from msgspec import Struct

from buzzwatch.app.recover import recover
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.app.snapshots import copy_memory
from buzzwatch.app.ticking import feed
from buzzwatch.model.input import Delivered
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Instant, Span, moment_of
from buzzwatch.model.notification import Target
from buzzwatch.rules.words import Said, why_of
from buzzwatch.store import swap
from buzzwatch.store.archive import unpack
from buzzwatch.store.batch import Batch
from buzzwatch.store.company import settle_anchors, take_anchors
from buzzwatch.store.copying import (
    Progress,
    StateError,
    check,
    copy_database,
    one_instant,
    settle_directory,
    settle_file,
    version_of,
)
from buzzwatch.store.database import FILE, StateLock, contents, copies_of, newest, open_database
from buzzwatch.store.forgetting import finish_renaming
from buzzwatch.store.forgotten import FILE as FORGOTTEN
from buzzwatch.store.forgotten import find_returned, remember_both
from buzzwatch.store.journal import Ledger
from buzzwatch.store.keeping import read_anchors
from buzzwatch.store.outbox import Waiting, doubt_waiting, read_waiting
from buzzwatch.store.snapshot import write_snapshot

OLD: Span = HOUR
"""A message that has waited for longer went out in the life from before, or came to nothing then."""
ASIDES = 2
"""States that gave way, the latest: each is as large as a state."""
_ASIDE = re.compile(swap.ASIDE + r"\d{8}T\d+Z", re.ASCII)
_SQLITE = b"SQLite format 3\0"


class Restored(Struct):
    """What is put in place, and what gives way to it."""

    heard_until: Instant
    """The last instant of the record that is put in place; 0: nothing was heard."""
    old: list[Waiting]
    """Not sent again."""
    young: int
    """They leave when the daemon starts, and say that they may have come before."""
    replaced_until: Instant | None = None
    """The last instant of the record that gives way; None: there is none, or it cannot be read."""
    replaced_inputs: int | None = None
    """Inputs of it that come after those of the backup, as far as it can be read."""
    aside: Path | None = None
    """Where it is kept."""
    returned: int = 0
    """Accounts in what is put in place that were forgotten since, or before."""
    removed: list[Path] = []
    """States that gave way to earlier restores, and are not kept any more."""


Agree = Callable[[Restored], bool]
"""Whether it is to be done, before anything is."""


def restore(
    state: Path, backup: Path, at: Instant, agree: Agree, progress: Progress, *, replace: bool
) -> Restored | None:
    """Put a backup, or a copy of a database, in the place of a state; None: it was not agreed to.

    Cut off at any instant, the earlier state holds, or this one as soon as a daemon or a restore begins.

    Raises:
        StateError: a daemon works on the state; there is one already, and `replace` is not set; the backup is not fit.
    """
    lock = StateLock(state)
    try:
        swap.own(state / "lock", state)
        swap.go_on(state)
        if swap.holds_something(state) and not replace:
            told = "{place}: there is a state already; with --replace it is moved aside, and nothing of it is lost"
            raise StateError(Said(told, {"place": state}))
        part = swap.begin(state)
        try:
            _fill(part, backup, state, progress)
            remember_both(part, state)
            restored = _prepare(part, backup, at)
            _compare(restored, state, part)
            if not agree(restored):
                return None
            _hand_over(part, state)
            aside = swap.decide(state, at)
        except (OSError, sqlite3.Error) as error:
            told = "{place}: the backup could not be put in place ({why}); the state is as it was"
            raise StateError(Said(told, {"place": state, "why": error})) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        swap.go_on(state)
        restored.aside = aside if aside.exists() else None
        restored.removed = _let_older_go(state, aside)
        return restored
    finally:
        lock.release()


def copy_to_return_to(state: Path) -> Path | None:
    """The copy from before the migration that makes this version unable to read the state; None: it can.

    Raises:
        StateError: there is no copy that it can read.
    """
    with one_instant(state / FILE) as db:
        if version_of(db) <= newest():
            return None
    for copy in copies_of(state):
        with suppress(StateError), one_instant(copy) as db:
            if version_of(db) <= newest():
                return copy
    told = "{place}: no copy here of database version {known} or older; restore a backup from before the upgrade"
    raise StateError(Said(told, {"place": state, "known": newest()}))


def _let_older_go(state: Path, latest: Path) -> list[Path]:
    """Remove all but the latest states that gave way; what somebody has named otherwise stays."""
    asides = sorted(path for path in state.glob(f"{swap.ASIDE}*") if _ASIDE.fullmatch(path.name) and path != latest)
    older = asides[: -(ASIDES - 1)]
    for each in older:
        shutil.rmtree(each, ignore_errors=True)
    return older


def _fill(part: Path, backup: Path, state: Path, progress: Progress) -> None:
    """The files of the state to come; a database alone keeps the company of the present one."""
    try:
        with backup.open("rb") as file:
            if not file.peek(len(_SQLITE)).startswith(_SQLITE):
                unpack(str(backup), file, part, progress)
                return
    except OSError as error:
        told = "{file}: cannot be read ({why})"
        raise StateError(Said(told, {"file": backup, "why": why_of(error)})) from error
    with one_instant(backup) as source:
        copy_database(source, part / FILE, progress)
        with suppress(StateError, sqlite3.Error), one_instant(state / FILE) as present:
            take_anchors(source, state, present, part)
    for name in ("links.key", "calendars"):
        if (state / name).is_dir():
            shutil.copytree(state / name, part / name)
        elif (state / name).exists():
            shutil.copy2(state / name, part / name)


def _prepare(part: Path, backup: Path, at: Instant) -> Restored:
    """The database as this version knows it, with the old messages held back."""
    path = part / FILE
    try:
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA trusted_schema = OFF")
            version = version_of(db)
            check(db, path)
    except sqlite3.Error as error:
        told = "{file}: its database cannot be read ({why}); take another backup"
        raise StateError(Said(told, {"file": backup, "why": error})) from error
    if not 0 < version <= newest():
        told = (
            "{file}: of database version {version}, this buzzwatch knows 1 to {known}; install the version that made it"
        )
        raise StateError(Said(told, {"file": backup, "version": version, "known": newest()}))
    db = open_database(part)
    try:
        strange = contents(db) ^ contents()
        if strange:
            told = (
                "{file}: its database holds what none of ours holds, or lacks something ({what}); take another backup"
            )
            raise StateError(Said(told, {"file": backup, "what": " ".join(min(strange))}))
        settle_anchors(db, part, str(backup))
        finish_renaming(db, part)
        (heard_until,) = db.execute("SELECT now FROM position").fetchone()
        waiting = read_waiting(db)
        old = [each for each in waiting if at - each.written_at > OLD]
        hold_back(db, part, old, at)
        doubt_waiting(db)
        returned = len(find_returned(db, part))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.close()
    for copy in copies_of(part):
        copy.unlink()
    return Restored(heard_until, old, len(waiting) - len(old), returned=returned)


def hold_back(db: sqlite3.Connection, directory: Path, old: list[Waiting], at: Instant) -> None:
    """Tell the spine that these messages are given up, by inputs as every other, in one commit."""
    if not old:
        return
    ledger = Ledger(db)
    spine = recover(db, directory, compile_rules)
    seq, now = ledger.position()
    now += 1 if (now + 1) % SECOND else 2  # an instant that was ticked takes no more inputs, nor one that may be
    batch = Batch(seq, now)
    for each in old:
        batch.seq += 1
        name, _, by = each.target.partition("/")
        item = Delivered(now, each.key, each.incident, Target(name, by), sent=False, why=_why(each, at), lapsed=True)
        batch.inputs.append((batch.seq, item))
        batch.outcomes += list(feed(spine, item))
    ledger.commit(batch)
    spared = frozenset(anchor.seq for anchor in read_anchors(db))
    write_snapshot(directory, batch.seq, copy_memory(spine), spared)


def _why(each: Waiting, at: Instant) -> str:
    minutes = (at - each.written_at) // MINUTE
    age = f"{minutes // 60} h {minutes % 60:02}"
    return f"not sent again: {age} old when a backup was restored, {moment_of(at):%Y-%m-%d %H:%M} UTC"


def _compare(restored: Restored, state: Path, part: Path) -> None:
    """What is heard in the state that gives way, and not in the other; it may be too damaged to say."""
    seen = "SELECT seq, now FROM position"
    with suppress(StateError, sqlite3.Error), one_instant(state / FILE) as present, one_instant(part / FILE) as coming:
        seq, restored.replaced_until = present.execute(seen).fetchone()
        restored.replaced_inputs = max(0, seq - coming.execute(seen).fetchone()[0])


def _hand_over(part: Path, state: Path) -> None:
    """Owner and modes as the daemon would have given them, and everything on the disk."""
    for beside in ("-wal", "-shm"):
        (part / f"{FILE}{beside}").unlink(missing_ok=True)
    (part / "lock").unlink(missing_ok=True)
    for path in [part, *part.rglob("*")]:
        if path.is_dir():
            path.chmod(0o750)
        else:
            path.chmod(0o600 if path.name in ("links.key", FORGOTTEN) else 0o640)
            settle_file(path)
        swap.own(path, state)
    settle_directory(part)
