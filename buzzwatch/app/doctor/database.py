"""The database: whole, not swollen, with a memory beside it from which a start is quick."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from buzzwatch.app.doctor.finding import Bytes, Finding, Lasting, aside, fine, wary, wrong
from buzzwatch.model.instant import DAY, MINUTE, SECOND
from buzzwatch.store.database import FILE
from buzzwatch.store.snapshot import read_snapshots
from buzzwatch.store.swap import ASIDE

if TYPE_CHECKING:
    from buzzwatch.app.doctor.patient import Patient

_LONGEST_LOOK_S = 60.0
_STEPS = 200_000
"""Of SQLite's machine, between two looks at the clock."""
_SWOLLEN = 256_000_000
"""Bytes of the log of writes: sixteen times the 4,000 pages at which it is folded into the database."""
_A_SECOND = 3_000
"""Inputs that a start steps through; see docs/decisions/0045: 0.31 ms a mention under six rules."""
_LONG_START = 2 * MINUTE
"""The service is given five."""
_LONG_KEPT = 30 * DAY


@contextmanager
def looking_into(patient: "Patient") -> Iterator[sqlite3.Connection | None]:
    """The database of a patient, None where there is none that opens; nothing beside it is written.

    Where nobody has it open it is read as a file that does not change: otherwise SQLite would put two files beside it.
    """
    path = None if patient.state is None else patient.state / FILE
    if path is None or not _is_there(path):
        yield None
        return
    log = path.with_name(f"{FILE}-wal")
    quiet = patient.status is None and not (log.exists() and log.stat().st_size)
    db = sqlite3.connect(f"file:{path}?mode=ro{'&immutable=1' if quiet else ''}", uri=True, timeout=5)
    try:
        yield db
    finally:
        db.close()


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def check_database(patient: "Patient") -> Iterator[Finding]:
    """Whether it is there, may be read, and is whole."""
    if patient.state is None:
        return
    path = patient.state / FILE
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        said = "no database yet at {path}: the daemon has never run here"
        yield wary(said, "{command}; or mend `state` in buzzwatch.yaml", path=path, command=patient.start)
        return
    except OSError:
        said = "{path} may not be read by you"
        yield aside(said, "sudo usermod --append --groups buzzwatch-admin $USER, and log in again", path=path)
        return
    try:
        with looking_into(patient) as db:
            faults = [] if db is None else _faults(db, size, patient)
    except sqlite3.DatabaseError as error:
        faults = [str(error)]
    if faults is None:
        command = f"sqlite3 -readonly {path} 'PRAGMA quick_check'"
        said = "the database ({size}) was looked through for {span} and not to its end; nothing was found till then"
        yield aside(said, "{command}", size=Bytes(size), span=Lasting(int(_LONGEST_LOOK_S * SECOND)), command=command)
    elif faults:
        said = "the database is damaged: {why}"
        yield wrong(said, "stop the daemon, and restore a backup: docs/backup.md", why=faults[0])
    else:
        yield fine("the database is whole ({size})", size=Bytes(size))
    yield from _of_log(path)


def _faults(db: sqlite3.Connection, size: int, patient: "Patient") -> list[str] | None:
    """What is wrong with it; None where that takes too long to say."""
    began, read = time.monotonic(), _bytes_read()

    def look() -> bool:
        patient.progress(min(0.99, (_bytes_read() - read) / max(1, size)))
        return time.monotonic() - began > _LONGEST_LOOK_S

    db.set_progress_handler(look, _STEPS)
    try:
        found = [str(row[0]) for row in db.execute("PRAGMA quick_check(5)")]
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            return None
        raise
    finally:
        db.set_progress_handler(None, 0)
    return [] if found == ["ok"] else found


def _bytes_read() -> int:
    """By this process so far, whether from the disk or from memory."""
    try:
        return int(Path("/proc/self/io").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _of_log(path: Path) -> Iterator[Finding]:
    log = path.with_name(f"{FILE}-wal")
    size = log.stat().st_size if log.exists() else 0
    if size > _SWOLLEN:
        said = "{path} has grown to {size}: something reads the database without end"
        yield wary(said, "fuser -v {path}", path=log, size=Bytes(size))


def check_restart(patient: "Patient") -> Iterator[Finding]:
    """How long a start would take: from the newest snapshot that can be read to the end of the journal."""
    with looking_into(patient) as db:
        if db is None or patient.state is None:
            return
        seq, _ = db.execute("SELECT seq, now FROM position").fetchone()
        began = [start for start, _ in read_snapshots(patient.state, seq)]
    tail = seq - (began[0] if began else 0)
    takes = tail * SECOND // _A_SECOND
    values = {"n": len(began), "tail": tail, "takes": Lasting(takes)}
    if takes > _LONG_START:
        said = "a start would step through {tail} inputs, some {takes}; snapshots that can be read: {n}"
        yield wary(
            said, "ls -l {state}/snapshot-*; journalctl -u buzzwatch | grep snapshot_", state=patient.state, **values
        )
    elif seq:
        yield fine("a start takes some {takes}: {tail} inputs after the newest of {n} snapshots", **values)


def check_old_copies(patient: "Patient") -> Iterator[Finding]:
    """Copies from before a migration or a restore, perhaps not needed any more: they hold what people wrote, too."""
    if patient.state is None:
        return
    for path in sorted(patient.state.glob(f"{FILE}.before-*")):
        age, size = patient.now - int(path.stat().st_mtime * SECOND), Bytes(path.stat().st_size)
        if age > _LONG_KEPT:
            said = "{path} is a copy from before an upgrade, {age} old ({size}); it holds personal data"
            yield wary(said, "rm {path}", path=path, age=Lasting(age), size=size)
        else:
            said = "{path}: a copy from before the last upgrade ({size}), to go back to"
            yield fine(said, path=path, size=size)
    for path in sorted(path for path in patient.state.glob(f"{ASIDE}*") if path.is_dir()):
        age = patient.now - int(path.stat().st_mtime * SECOND)
        size = Bytes(sum(each.stat().st_size for each in path.rglob("*")))
        if age > _LONG_KEPT:
            said = "{path} is a state from before a restore, {age} old ({size}); it holds personal data"
            yield wary(said, "rm -r {path}", path=path, age=Lasting(age), size=size)
        else:
            yield fine("{path}: a state from before a restore ({size}), to go back to", path=path, size=size)
