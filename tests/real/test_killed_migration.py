"""A daemon killed while it migrates what an older version wrote: every row is there, and a whole copy of what was."""

import asyncio
import os
import random
import shutil
import sqlite3
import time
from collections import Counter
from contextlib import closing

import pytest
from drill import PATIENCE_S, gather, show
from nursery import Nursery

from buzzwatch.store.database import FILE, _migrations

SEED = int(os.environ.get("SEED", "63"))
KILLS = int(os.environ.get("MIGRATION_KILLS", "60"))
AGAIN = 0.6
"""So often the next start finds the old database, else what the kill has left."""
COMMON = ("journal", "content", "position", "ruleset", "incident", "change", "outbox")


@pytest.fixture
async def nursery(daemon):
    nursery = Nursery(daemon.take_line)
    await nursery.open()
    yield nursery
    await daemon.kill()
    await nursery.close()


class Old:
    """A state directory as an older version left it, with the rows of a present one."""

    def __init__(self, daemon, version):
        self.version = version
        self.newest = _migrations()[-1][0]
        self._state = daemon.folder / "state"
        self._kept = daemon.folder / "old.db"
        self._looked_at = daemon.folder / "looked-at"
        self._looked_at.mkdir()
        self._write(self._state / FILE)
        self.rows = self.count(self._kept)
        self.kills = Counter()

    def _write(self, present):
        with closing(sqlite3.connect(self._kept, isolation_level=None)) as db:
            for number, script in _migrations():
                if number <= self.version:
                    db.executescript(f"BEGIN;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
            db.execute("ATTACH ? AS present", (str(present),))
            for table in COMMON:
                columns = [each[1] for each in db.execute(f"PRAGMA main.table_info({table})")]
                named = ", ".join(columns)
                db.execute(f"INSERT OR REPLACE INTO main.{table} ({named}) SELECT {named} FROM present.{table}")

    def put_back(self):
        for path in (*self._state.glob(f"{FILE}*"), *self._state.glob("snapshot*")):
            path.unlink()
        shutil.copy(self._kept, self._state / FILE)

    def count(self, path):
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            return {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COMMON}

    def look(self, path=None):
        """Its version, after the check that it is whole."""
        path = path or self._state / FILE
        for each in self._looked_at.iterdir():
            each.unlink()
        for each in path.parent.glob(f"{path.name}*"):  # a twin: who looks at it mends what the kill has left
            shutil.copy(each, self._looked_at / each.name)
        twin = self._looked_at / path.name
        there = self.count(twin)
        assert all(there[table] >= number for table, number in self.rows.items()), "what has migrated may live on"
        with closing(sqlite3.connect(twin)) as db:
            return db.execute("PRAGMA user_version").fetchone()[0]

    def copies(self):
        return sorted(path for path in self._state.glob(f"{FILE}.before-*") if path.suffix[-4:].isdigit())

    def note_kill(self):
        """Where it fell."""
        if not self.copies() and not list(self._state.glob(f"{FILE}.before*")):
            self.kills["before the copy"] += 1
            return
        version = self.look()
        if version == self.version:
            self.kills["while it was copied, or before the first step"] += 1
            return
        assert self.look(self.copies()[0]) == self.version, "the first copy is of what was"
        self.kills["between two steps" if version < self.newest else "after the last step"] += 1


def drills():
    yield pytest.param(5, 3, 300, id="quick")
    for version in (1, 5, 10):
        long = [pytest.mark.soak, pytest.mark.timeout(1_800)]
        yield pytest.param(version, KILLS, 30_000, id=f"from-{version}", marks=long)


@pytest.mark.parametrize(("version", "kills", "number"), list(drills()))
async def test_kills_during_a_migration_leave_every_row_and_a_copy(daemon, nursery, version, kills, number, capsys):
    daemon.configure()
    daemon.watch()
    await daemon.start(until="source_heard")
    mentions, _ = gather(number, 10 * number)
    for start in range(0, number, 2_000):
        assert (await daemon.post(*mentions[start : start + 2_000]))[0] == 200
    assert await daemon.stop() == 0
    old, chance = Old(daemon, version), random.Random(SEED)
    daemon.nursery = nursery
    old.put_back()
    took_s = await _migrate(daemon, old)
    old.put_back()
    for _ in range(kills):
        await daemon.begin()
        await asyncio.sleep(chance.uniform(0, took_s * 1.1))
        await daemon.kill()
        old.note_kill()
        if chance.random() < AGAIN:
            old.put_back()
    await daemon.start()
    assert await daemon.stop() == 0
    assert old.look(old.copies()[0]) == version
    journalled = [name for (name,) in daemon.rows("SELECT mention FROM journal WHERE kind = 'sighting'")]
    assert sorted(journalled) == sorted(each["id"] for each in mentions)
    told = f"version {version}, {number} mentions, seed {SEED}, {took_s:.2f} s long"
    show(capsys, f"{told}: {sum(old.kills.values())} kills, {dict(old.kills)}")


async def _migrate(daemon, old):
    """Let it, and return how long that takes."""
    began = time.monotonic()
    await daemon.begin()
    async with asyncio.timeout(PATIENCE_S):
        while daemon.rows("PRAGMA user_version") != [(old.newest,)]:  # noqa: ASYNC110 - nothing tells us of it
            await asyncio.sleep(0.002)
    took_s = time.monotonic() - began
    await daemon.kill()
    return took_s
