"""Whoever is forgotten leaves every number and every decision as it was."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from corpus import BOOK, Lived, swaps
from test_equality import telling

from buzzwatch.app.recover import recover, replay_journal
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.memory import Memory
from buzzwatch.model.forgotten import FORGOTTEN
from buzzwatch.renaming import Renaming, rename_dump
from buzzwatch.spine import Spine
from buzzwatch.store.database import open_database
from buzzwatch.store.forgetting import clean, finish_renaming, forget
from buzzwatch.store.journal import Ledger
from buzzwatch.store.persons import find_persons

NAMES = (
    "root",
    "re3",
    "mob0",
    "mob1",
    "mob4",
    "mob8",
    "stray36",
    "copy3",
    "smoke1",
    "back11-2",
    "echo2",
    "seen",
    "zmob4",
)


class Forgot(NamedTuple):
    """What is left of the corpus without some of its authors."""

    folder: Path
    db: sqlite3.Connection
    renaming: Renaming
    before: dict[str, list[Any]]
    lived: Lived


def numbers(db: sqlite3.Connection) -> dict[str, list[Any]]:
    """Counts of everything."""
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: db.execute(f"SELECT count(*) FROM {name}").fetchall() for name in tables if "forg" not in name}


def plain(outcomes: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(outcomes))


@pytest.fixture(scope="module")
def forgot(lived: Lived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forgot]:
    folder = tmp_path_factory.mktemp("forgot") / "state"
    shutil.copytree(lived.folder, folder)
    db = open_database(folder)
    before = numbers(db)
    persons = find_persons(db, [f"x:@a-{name}" for name in NAMES])
    assert [len(person.posts) for person in persons] == [1] * len(NAMES)
    forget(db, persons, 1, "ines")
    (body,) = db.execute("SELECT body FROM forgetting").fetchone()
    renaming = Renaming(**msgspec.msgpack.decode(body), chance=lambda: "never")
    finish_renaming(db, folder)
    assert clean(db, folder)
    yield Forgot(folder, db, renaming, before, lived)
    db.close()


def test_a_replay_comes_to_what_it_came_to_under_the_other_names(forgot: Forgot):
    seq, now = Ledger(forgot.db).position()
    spine = Spine()
    outcomes = telling(replay_journal(spine, forgot.db, 0, seq, now, swaps()))
    was = forgot.renaming.walk(plain(telling(forgot.lived.outcomes)))
    for _, outcome in was:
        for complaint in outcome["complaints"]:
            complaint["author"] = forgot.renaming.authors.get(complaint["author"], complaint["author"])
    assert plain(outcomes) == was
    assert FORGOTTEN.encode() in msgspec.json.encode(was)
    moved = rename_dump(forgot.lived.spine.memory.dump(), forgot.renaming)
    assert spine.memory.digest() == Memory.load(moved, spine.memory.rules).digest()


def test_a_start_from_the_snapshot_finds_the_memory_that_there_was(forgot: Forgot):
    risen = recover(forgot.db, forgot.folder, compile_rules)
    moved = rename_dump(forgot.lived.spine.memory.dump(), forgot.renaming)
    assert risen.memory.digest() == Memory.load(moved, BOOK[moved["rules"]]).digest()


def test_no_row_is_gone_and_no_byte_of_them_is_left(forgot: Forgot):
    after = numbers(forgot.db)
    for grows in ("alias",):
        assert after.pop(grows)[0] >= forgot.before[grows][0]
    assert after == {name: count for name, count in forgot.before.items() if name in after}
    raw = b"".join(path.read_bytes() for path in forgot.folder.iterdir())
    for name in NAMES:
        assert f'a-{name}"'.encode() not in raw
        assert f'x:{name}"'.encode() not in raw
        assert f"({name})".encode() not in raw
    assert b"a-mob2" in raw
    assert forgot.db.execute("SELECT by FROM forgotten").fetchall() == [("ines",)] * len(NAMES)
