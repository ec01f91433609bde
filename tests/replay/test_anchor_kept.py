"""A snapshot that was put aside survives a backup, a restore and a forgetting: the past is stepped from it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from corpus import Lived, swaps
from test_after_deletion import Shortened
from test_forgetting import NAMES, plain

from buzzwatch.app.backing_up import back_up
from buzzwatch.app.recover import recover, replay_journal
from buzzwatch.app.restoring import restore
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.memory import Memory
from buzzwatch.model.forgotten import FORGOTTEN
from buzzwatch.model.instant import DAY
from buzzwatch.renaming import Renaming
from buzzwatch.spine import Spine
from buzzwatch.store import keeping
from buzzwatch.store.copying import unwatched
from buzzwatch.store.database import open_database
from buzzwatch.store.forgetting import clean, finish_renaming, forget
from buzzwatch.store.journal import Ledger
from buzzwatch.store.persons import find_persons
from buzzwatch.store.snapshot import list_snapshots, read_snapshot


@pytest.fixture
def whole(lived: Lived, tmp_path: Path) -> Iterator[Shortened]:
    """With a snapshot put aside, and every row still there."""
    whole = Shortened(lived, tmp_path / "state")
    keeping.put_aside(whole.db, whole.anchor)
    yield whole
    whole.db.close()


@pytest.fixture
def shortened(whole: Shortened) -> Shortened:
    whole.let_go()
    return whole


def replayed_from_head(folder: Path) -> Any:
    """What stepping the journal from the snapshot at its head comes to."""
    db = open_database(folder)
    try:
        head = keeping.read_head(db)
        dumped = read_snapshot(folder, head.seq)
        assert dumped is not None
        spine = Spine(Memory.load(dumped, swaps()[dumped["rules"]].rules))
        seq, now = Ledger(db).position()
        stepped = replay_journal(spine, db, head.seq, seq, now, swaps())
        return plain([(at, out) for at, out in stepped if out.changes or out.notices])
    finally:
        db.close()


@pytest.mark.parametrize("days", [0, 30], ids=["young messages", "old messages, which are given up"])
def test_after_a_restore_recovery_and_replay_come_to_what_they_came_to(shortened: Shortened, tmp_path: Path, days: int):
    was, told = shortened.digest(), replayed_from_head(shortened.folder)
    assert told
    _, path = back_up(shortened.folder, str(tmp_path / "b.tar"), 1, None, unwatched)
    assert path is not None
    other, at = tmp_path / "other", shortened.lived.spine.memory.now + days * DAY
    restored = restore(other, path, at, lambda _: True, unwatched, replace=False)
    assert restored is not None
    assert bool(restored.old) == bool(days)
    assert shortened.anchor.seq in list_snapshots(other)
    again = replayed_from_head(other)
    assert again[: len(told)] == told
    db = open_database(other)
    if not days:
        assert recover(db, other, compile_rules).memory.digest() == was
    first = recover(db, other, compile_rules).memory.digest()
    for seq in list_snapshots(other):
        if seq != shortened.anchor.seq:
            (other / f"snapshot-{seq:015d}").unlink()
    assert recover(db, other, compile_rules).memory.digest() == first
    db.close()


def test_whoever_is_forgotten_leaves_the_outcomes_from_there_as_they_were(whole: Shortened):
    told = replayed_from_head(whole.folder)
    db, said = whole.db, msgspec.json.encode(told)
    posts = [mention for (mention,) in db.execute("SELECT mention FROM content ORDER BY mention")]
    shown = [post.removeprefix("x:") for post in posts if f'"{post}"'.encode() in said]
    accounts = [f"x:@a-{name}" for name in sorted({*shown[:5], *NAMES})]
    persons = [person for person in find_persons(db, accounts) if person.posts]
    forget(db, persons, 1, "ines")
    (body,) = db.execute("SELECT body FROM forgetting").fetchone()
    renaming = Renaming(**msgspec.msgpack.decode(body), chance=lambda: "never")
    finish_renaming(db, whole.folder)
    assert clean(db, whole.folder)
    assert whole.anchor.seq in list_snapshots(whole.folder)
    assert len(list_snapshots(whole.folder)) == 3
    again = replayed_from_head(whole.folder)
    was = renaming.walk(told)
    for _, outcome in was:
        for complaint in outcome["complaints"]:
            complaint["author"] = renaming.authors.get(complaint["author"], complaint["author"])
    assert again == was
    assert FORGOTTEN.encode() in msgspec.json.encode(again)
    anchored = (whole.folder / f"snapshot-{whole.anchor.seq:015d}").read_bytes()
    before = msgspec.msgpack.encode(whole.dumped)
    theirs = [msgspec.msgpack.encode(post) for person in persons for post in person.posts]
    assert any(post in before for post in theirs)
    assert not any(post in anchored for post in theirs)


def test_a_backup_from_amid_a_forgetting_is_renamed_to_its_end_when_it_is_put_back(whole: Shortened, tmp_path: Path):
    """Old messages are given up on a memory that goes by the names of its rows."""
    persons = [person for person in find_persons(whole.db, [f"x:@a-{name}" for name in NAMES]) if person.posts]
    forget(whole.db, persons, 1, "ines")
    _, path = back_up(whole.folder, str(tmp_path / "b.tar"), 1, None, unwatched)
    assert path is not None
    other = tmp_path / "other"
    restored = restore(other, path, whole.lived.spine.memory.now + 30 * DAY, lambda _: True, unwatched, replace=False)
    assert restored is not None
    assert restored.old
    theirs = [msgspec.msgpack.encode(post) for person in persons for post in person.posts]
    for file in other.glob("snapshot-*"):
        assert not any(post in file.read_bytes() for post in theirs), file.name
