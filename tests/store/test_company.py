"""Snapshots that go with a backup: those that agree with the instant of the database, whatever happens meanwhile."""

import sqlite3
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from buzzwatch.app.backing_up import back_up
from buzzwatch.app.restoring import restore
from buzzwatch.store import company, keeping
from buzzwatch.store.copying import StateError, unwatched
from buzzwatch.store.database import open_database
from buzzwatch.store.keeping import Anchor
from buzzwatch.store.snapshot import list_snapshots, write_snapshot

AT = 1_800_000_000_000
OLD, LATER, NEWEST, AHEAD = 10, 20, 30, 40
KEPT = {OLD, LATER, NEWEST}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir()
    with_database(state).close()
    for seq in (OLD, LATER, NEWEST, AHEAD):
        write_snapshot(state, seq, {"now": AT, "seq": seq}, spared=KEPT)
    for name in ("reserve", "lock", "snapshot.part", "links.part"):
        (state / name).write_bytes(b"x")
    return state


def with_database(state: Path, until: int = 35) -> sqlite3.Connection:
    db = open_database(state)
    db.execute("UPDATE position SET seq = ?, now = ?", (until, AT))
    keeping.put_aside(db, Anchor(OLD, AT))
    return db


def backed_up(state: Path) -> tuple[Path, set[str]]:
    _, path = back_up(state, str(state.parent / "b.tar"), AT, None, unwatched)
    assert path is not None
    with tarfile.open(path) as tar:
        return path, set(tar.getnames()) - {"manifest.json", "buzzwatch.db"}


def names(*seqs: int) -> set[str]:
    return {f"snapshot-{seq:015d}" for seq in seqs}


def anchors(state: Path) -> list[int]:
    db = open_database(state)
    found = [anchor.seq for anchor in keeping.read_anchors(db)]
    db.close()
    return found


def test_those_put_aside_and_the_newest_that_the_database_knows_go_in_and_nothing_else(state: Path):
    assert backed_up(state)[1] == names(OLD, LATER, NEWEST)


def test_none_is_from_after_the_last_row(state: Path):
    with_database(state, until=NEWEST - 1).close()
    assert backed_up(state)[1] == names(OLD, LATER)


def test_they_are_there_after_a_restore(state: Path, tmp_path: Path):
    path, _ = backed_up(state)
    restore(tmp_path / "other", path, AT, lambda _: True, unwatched, replace=False)
    assert set(list_snapshots(tmp_path / "other")) == KEPT
    assert anchors(tmp_path / "other") == [OLD]


@pytest.fixture
def meddling(monkeypatch: pytest.MonkeyPatch) -> Iterator[list]:
    """What is done between the look at the database and that at the snapshots, each once."""
    acts: list = []
    real = company._copy_snapshots

    def meddled(*args):
        if acts:
            acts.pop(0)()
        return real(*args)

    monkeypatch.setattr(company, "_copy_snapshots", meddled)
    yield acts
    assert not acts


def test_one_that_is_let_go_meanwhile_is_not_named_either(state: Path, tmp_path: Path, meddling: list):
    def let_go() -> None:
        db = open_database(state)
        keeping.drop_anchor(db, OLD)
        db.close()
        (state / f"snapshot-{OLD:015d}").unlink()

    meddling.append(let_go)
    path, told = backed_up(state)
    assert told == names(LATER, NEWEST)
    restore(tmp_path / "other", path, AT, lambda _: True, unwatched, replace=False)
    with sqlite3.connect(f"file:{tmp_path}/other/buzzwatch.db?mode=ro", uri=True) as db:
        assert db.execute("SELECT * FROM anchor").fetchall() == []
    db.close()


def test_one_that_was_renamed_meanwhile_comes_with_the_database_that_was(state: Path, tmp_path: Path, meddling: list):
    """As somebody is forgotten between the two looks: rows of before would not fit."""

    def forget() -> None:
        db = open_database(state)
        db.execute("INSERT INTO forgotten (at, by) VALUES (1, 'ines')")
        db.close()
        write_snapshot(state, NEWEST, {"now": AT, "renamed": True}, spared=KEPT)

    meddling.append(forget)
    path, _ = backed_up(state)
    restore(tmp_path / "other", path, AT, lambda _: True, unwatched, replace=False)
    db = open_database(tmp_path / "other")
    assert db.execute("SELECT count(*) FROM forgotten").fetchone() == (1,)
    db.close()


def test_it_gives_up_in_words_where_they_change_for_ever(state: Path, meddling: list):
    def forget() -> None:
        db = open_database(state)
        db.execute("INSERT INTO forgotten (at, by) VALUES (1, 'ines')")
        db.close()

    meddling += [forget] * company.ATTEMPTS
    with pytest.raises(StateError, match="try again in a minute"):
        backed_up(state)


def test_one_that_was_lost_long_ago_keeps_no_backup_from_being_made(state: Path, tmp_path: Path):
    (state / f"snapshot-{OLD:015d}").unlink()
    path, told = backed_up(state)
    assert told == names(LATER, NEWEST)
    restore(tmp_path / "other", path, AT, lambda _: True, unwatched, replace=False)
    assert anchors(tmp_path / "other") == []


def test_a_backup_with_one_from_after_its_database_is_refused(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    real = company._copy_snapshots
    monkeypatch.setattr(company, "_copy_snapshots", lambda there, put, _, to: real(there, put, AHEAD, to))
    path, told = backed_up(state)
    assert told >= names(AHEAD)
    with pytest.raises(StateError, match="from after its database, which ends at 35"):
        restore(tmp_path / "other", path, AT, lambda _: True, unwatched, replace=False)
    assert list_snapshots(tmp_path / "other") == []


def test_a_copy_of_the_database_alone_keeps_those_that_were_put_aside_for_it(state: Path, tmp_path: Path):
    copy = tmp_path / "copy.db"
    with sqlite3.connect(state / "buzzwatch.db") as db, sqlite3.connect(copy) as out:
        db.backup(out)
    db.close()
    out.close()
    restore(state, copy, AT, lambda _: True, unwatched, replace=True)
    assert list_snapshots(state) == [OLD]
    assert anchors(state) == [OLD]


def test_but_not_where_somebody_was_forgotten_since(state: Path, tmp_path: Path):
    copy = tmp_path / "copy.db"
    with sqlite3.connect(state / "buzzwatch.db") as db, sqlite3.connect(copy) as out:
        db.backup(out)
        db.execute("INSERT INTO forgotten (at, by) VALUES (1, 'ines')")
    db.close()
    out.close()
    restore(state, copy, AT, lambda _: True, unwatched, replace=True)
    assert list_snapshots(state) == []
