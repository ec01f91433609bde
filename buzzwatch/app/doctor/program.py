"""The program: its version beside that of the daemon and of the database, and what it runs on."""

import sqlite3
import sys
from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING

from buzzwatch import __version__
from buzzwatch.app.doctor.database import looking_into
from buzzwatch.app.doctor.finding import Finding, fine, wary, wrong

if TYPE_CHECKING:
    from buzzwatch.app.doctor.patient import Patient

_MIGRATIONS = files("buzzwatch.store") / "migrations"
_PYTHON = (3, 11)
_SQLITE = (3, 40)
"""That of Debian 12, with which all of it was tested."""


def check_versions(patient: "Patient") -> Iterator[Finding]:
    """This program, the one that runs, Python and SQLite."""
    running = next((labels["version"] for labels, _ in patient.metrics.get("buzzwatch_build_info", ())), None)
    if running is not None and running != __version__:
        said = "this is version {ours}, and {running} runs"
        yield wary(said, "systemctl restart buzzwatch", ours=__version__, running=running)
    else:
        yield fine("version {ours}", ours=__version__)
    python = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _PYTHON:
        yield wrong("Python {version} is too old", "apt install python3.11", version=python)
    elif sqlite3.sqlite_version_info < _SQLITE:
        said = "SQLite {version} is older than what buzzwatch was tested with (3.40)"
        yield wary(said, "apt upgrade libsqlite3-0", version=sqlite3.sqlite_version)
    else:
        yield fine("Python {python}, SQLite {sqlite}", python=python, sqlite=sqlite3.sqlite_version)


def check_database_version(patient: "Patient") -> Iterator[Finding]:
    """Whether this program and the database fit each other."""
    with looking_into(patient) as db:
        if db is None:
            return
        (found,) = db.execute("PRAGMA user_version").fetchone()
    known = max(int(each.name[:4]) for each in _MIGRATIONS.iterdir() if each.name.endswith(".sql"))
    values = {"found": str(found), "known": str(known)}
    if found > known:
        said = "the database is of version {found}, this program knows {known}"
        yield wrong(said, "install the newer program again, or restore a backup from before", **values)
    elif found < known:
        said = "the database is of version {found}, this program makes it {known} when it starts"
        yield wary(said, "systemctl restart buzzwatch", **values)
    else:
        yield fine("the database is of version {found}, as this program knows it", **values)
