import sqlite3
import subprocess
import sys

import pytest

from buzzwatch.store.database import FILE, StateError, StateLock, open_database, open_for_reading


def test_a_second_daemon_on_the_same_state_is_refused_and_told_which_process_has_it(tmp_path):
    lock = StateLock(tmp_path)
    take = f"import pathlib, buzzwatch.store.database as d; d.StateLock(pathlib.Path({str(tmp_path)!r}))"
    other = subprocess.run([sys.executable, "-c", take], capture_output=True, text=True, check=False)
    assert "another buzzwatch (process" in other.stderr
    lock.release()
    assert subprocess.run([sys.executable, "-c", take], check=False).returncode == 0


def test_a_newer_database_is_refused_in_clear_words(tmp_path):
    open_database(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()
    with pytest.raises(StateError, match=r"newer buzzwatch \(database version 999, this one knows \d+\)"):
        open_database(tmp_path)


def test_a_damaged_database_is_refused_with_a_remedy(tmp_path):
    (tmp_path / FILE).write_bytes(b"not a database at all" * 100)
    with pytest.raises(StateError, match="restore a backup"):
        open_database(tmp_path)


def test_reading_before_the_first_run_says_so(tmp_path):
    with pytest.raises(StateError, match="no database here"):
        open_for_reading(tmp_path)


def test_reading_what_an_older_version_wrote_says_what_to_do(tmp_path):
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("PRAGMA user_version = 4")
    db.close()
    with pytest.raises(StateError, match="older buzzwatch; start the daemon"):
        open_for_reading(tmp_path)


def test_a_copy_is_kept_before_a_migration(tmp_path, monkeypatch):
    from buzzwatch.store import database

    open_database(tmp_path).close()
    real = database._migrations()
    last = real[-1][0]
    later = [(last + 1, "CREATE TABLE later (x);"), (last + 2, "CREATE TABLE last (x);")]
    monkeypatch.setattr(database, "_migrations", lambda: [*real, *later])
    open_database(tmp_path).close()
    assert len(list(tmp_path.glob(f"{FILE}.before-*"))) == 1, "one copy, however many there are: it may be large"
    copy = tmp_path / f"{FILE}.before-{real[-1][0] + 1:04d}"
    with sqlite3.connect(copy) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    db.close()
    assert "journal" in tables
    assert "later" not in tables


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path, monkeypatch):
    from buzzwatch.store import database

    open_database(tmp_path).close()
    real = database._migrations()
    broken = [*real, (real[-1][0] + 1, "CREATE TABLE later (x); CREATE TABLE later (x);")]
    monkeypatch.setattr(database, "_migrations", lambda: broken)
    with pytest.raises(StateError):
        open_database(tmp_path)
    monkeypatch.undo()
    open_database(tmp_path).close()


def test_what_is_committed_is_synchronised_in_full(tmp_path):
    db = open_database(tmp_path)
    assert db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()
