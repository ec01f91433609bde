"""The journal's beginning is let go: what is left gives the same memory and the same outcomes."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from corpus import Lived, swaps
from stage import says

from buzzwatch.app.recover import from_snapshot, recover, replay_journal
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.memory import Memory
from buzzwatch.model.instant import DAY
from buzzwatch.model.mention import Sighting
from buzzwatch.spine import Spine
from buzzwatch.store import keeping
from buzzwatch.store.database import open_database
from buzzwatch.store.journal import Ledger, read_journal
from buzzwatch.store.keeping import Anchor
from buzzwatch.store.snapshot import read_snapshots, write_snapshot
from buzzwatch.store.texts import read_shown


class Shortened:
    """A copy of what was lived, without its mentions up to a snapshot in the middle, and without most other rows."""

    def __init__(self, lived: Lived, folder: Path) -> None:
        shutil.copytree(lived.folder, folder, dirs_exist_ok=True)
        self.folder, self.lived = folder, lived
        seq, dumped = lived.snapshots[len(lived.snapshots) // 2]
        self.dumped = msgspec.msgpack.decode(dumped)
        self.anchor = Anchor(seq, self.dumped["now"])
        self.db = open_database(folder)
        self.before = self.heard()
        self.newest = [found for found, _ in read_snapshots(folder, 1 << 62)]
        write_snapshot(folder, seq, self.dumped, spared={seq, *self.newest})
        keeping.move_head(self.db, self.anchor)

    def heard(self) -> Counter[tuple[str, int, bool]]:
        """Mentions of each brand and hour, and whether they entered windows, by journal and counts together."""
        told = keeping.sum_hours(
            item for _, item in read_journal(self.db, 0, 1 << 62, swaps()) if isinstance(item, Sighting)
        )
        counted = [keeping.Hour(*row) for row in self.db.execute("SELECT * FROM hour")]
        sums: Counter[tuple[str, int, bool]] = Counter()
        for each in (*told, *counted):
            sums[each.brand, each.hour, True] += each.mentions
            sums[each.brand, each.hour, False] += each.aside
        return +sums

    def let_go(self, batches: int = 1_000_000) -> None:
        after = 0
        for _ in range(batches):
            looked, after = keeping.let_mentions_go(self.db, after, self.lived.spine.memory.now, 90 * DAY, most=7)
            if not looked:
                break

    def digest(self) -> str:
        return recover(self.db, self.folder, compile_rules).memory.digest()

    def forget(self, *seqs: int) -> None:
        for seq in seqs:
            (self.folder / f"snapshot-{seq:015d}").unlink()


@pytest.fixture
def shortened(lived: Lived, tmp_path: Path) -> Iterator[Shortened]:
    shortened = Shortened(lived, tmp_path)
    yield shortened
    shortened.db.close()


def rows(db: sqlite3.Connection) -> int:
    (number,) = db.execute("SELECT count(*) FROM journal WHERE kind = 'sighting'").fetchone()
    return int(number)


def test_the_memory_is_the_same_from_the_newest_snapshot_the_older_one_and_the_one_put_aside(shortened: Shortened):
    assert rows(shortened.db) > 100
    whole = shortened.digest()
    shortened.let_go()
    first = next(seq for seq, item in read_journal(shortened.db, 0, 1 << 62, swaps()) if isinstance(item, Sighting))
    assert first > shortened.anchor.seq or read_shown(shortened.db)
    assert len(shortened.newest) == 2
    for gone in (None, *shortened.newest):
        if gone is not None:
            shortened.forget(gone)
        assert shortened.digest() == whole


def test_outcomes_of_a_replay_from_the_snapshot_put_aside_are_those_of_the_live_run(shortened: Shortened):
    shortened.let_go()
    spine = Spine(Memory.load(shortened.dumped, swaps()[shortened.dumped["rules"]].rules))
    seq, now = Ledger(shortened.db).position()
    replayed = [
        (at, outcome)
        for at, outcome in replay_journal(spine, shortened.db, shortened.anchor.seq, seq, now, swaps())
        if says(outcome)
    ]
    assert replayed
    assert replayed == shortened.lived.outcomes[-len(replayed) :]


def test_without_any_snapshot_it_begins_with_what_is_left(shortened: Shortened):
    shortened.let_go()
    shortened.forget(*shortened.newest, shortened.anchor.seq)
    assert from_snapshot(read_snapshots(shortened.folder, 1 << 62), {})[0] == 0
    recovered = recover(shortened.db, shortened.folder, compile_rules).memory
    lived = shortened.lived.spine.memory
    assert (recovered.now, recovered.rules.digest) == (lived.now, lived.rules.digest)
    assert set(recovered.desk.real) == set(lived.desk.real)


@pytest.mark.parametrize("batches", [0, 1, 3])
def test_counts_stay_exact_wherever_it_is_cut_off_and_goes_on(shortened: Shortened, batches: int):
    shortened.let_go(batches)
    assert shortened.heard() == shortened.before
    shortened.let_go()
    assert shortened.heard() == shortened.before
    assert shortened.db.execute("SELECT count(*) FROM hour").fetchone() != (0,)


def test_a_kill_in_the_middle_of_a_batch_leaves_all_of_it(shortened: Shortened):
    number = rows(shortened.db)
    shortened.db.execute(
        "CREATE TEMP TRIGGER cut BEFORE DELETE ON content BEGIN SELECT raise(ABORT, 'the power is cut'); END"
    )
    with pytest.raises(sqlite3.IntegrityError):
        shortened.let_go()
    assert rows(shortened.db) == number
    assert shortened.heard() == shortened.before
    assert shortened.db.execute("SELECT count(*) FROM hour").fetchone() == (0,)
