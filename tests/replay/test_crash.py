"""A crash between any two writes: nothing is lost, and nothing is told a second time under another key."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

import pytest
from stage import MONDAY, House, mention, rules, warmed

from buzzwatch.clock import VirtualClock
from buzzwatch.ingest.scorer import load
from buzzwatch.model.incident import State
from buzzwatch.model.input import Command, Delivered, Mark, RulesSwapped, Verb
from buzzwatch.model.instant import HOUR, MINUTE, SECOND
from buzzwatch.store.batch import Batch
from buzzwatch.store.journal import Ledger, read_sighting
from buzzwatch.store.outbox import OutboxTable
from buzzwatch.store.record import Record

BEGIN = MONDAY + 12 * HOUR
CROWD = [mention(BEGIN + number * 12 * SECOND, f"mob{number}", angry=True) for number in range(20)]
Act = Callable[[House, list[str]], Awaitable[object]]


class PowerCutError(Exception):
    """Nothing of the process goes on."""


class Mains:
    """Fails at the n-th write to the database, or after the n-th commit, before anybody hears of it."""

    def __init__(self, write: int = 0, commit: int = 0) -> None:
        self.writes = self.commits = 0
        self.at = write, commit

    def check(self) -> None:
        if self.at in {(self.writes, 0), (0, self.commits)} - {(0, 0)}:
            self.at = 0, 0
            raise PowerCutError


class Plugged:
    """A connection that depends on the mains."""

    def __init__(self, db: sqlite3.Connection, mains: Mains) -> None:
        self._db, self._mains = db, mains

    def __getattr__(self, name: str) -> object:
        return getattr(self._db, name)

    def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
        if not sql.startswith(("SELECT", "ROLLBACK")):
            self._mains.writes += 1
            self._mains.check()
        return self._db.execute(sql, *parameters)

    def executemany(self, sql: str, rows: list[object]) -> sqlite3.Cursor:
        if rows:
            self._mains.writes += 1
            self._mains.check()
        return self._db.executemany(sql, rows)


def plugged(mains: Mains) -> Callable[[Path], Record]:
    class PluggedRecord(Record):
        def __init__(self, directory: Path) -> None:
            super().__init__(directory)
            self.write_now(lambda db: db.execute("PRAGMA synchronous = OFF"))  # what is cut is the process
            self._db = Plugged(self._db, mains)
            self._ledger, self._outbox = Ledger(self._db), OutboxTable(self._db)

        async def commit(self, batch: Batch) -> None:
            await super().commit(batch)
            mains.commits += 1
            mains.check()

    return PluggedRecord


async def swap(house: House, _: list[str]) -> None:
    if house.drive.spine.memory.rules.digest != rules().digest:
        await house.tell(RulesSwapped(0, rules()))


async def post(house: House, _: list[str]) -> None:
    await house.say(*[each for each in CROWD if each.created_at.timestamp() * SECOND <= house.clock.now()])


async def send(house: House, sent: list[str]) -> None:
    while leases := await house.record.lease(house.clock.now(), 100, {}):
        for lease in leases:
            sent.append(lease.notice.key)
            await house.tell(Delivered(0, lease.notice.key, lease.notice.incident.id, lease.notice.target, sent=True))


async def mark(house: House, _: list[str]) -> None:
    told = CROWD[3]
    sighted = house.record.write_now(lambda db: read_sighting(db, told.id, "acme"))
    await house.tell(house.drive.hearing.reader.mark(told, sighted, Mark.NOT_NEGATIVE, "ines"))


async def take(house: House, _: list[str]) -> None:
    for incident in house.drive.spine.memory.desk.incidents.values():
        if incident.state is State.OPEN:
            await house.tell(Command(0, Verb.TAKE, incident.id, "ines"))
            return


async def live(folder: Path, mains: Mains) -> tuple[list[tuple[str]], list[str], list[tuple[str, str]]]:
    """A crisis; whoever hears no answer says it again. Mentions on record, keys sent, and the outbox."""
    acts: list[Act] = [swap, lambda house, _: house.tell(warmed(0, "acme"))]
    for minute in (2, 4, 6, 150, 300):
        acts += [lambda house, _, until=BEGIN + minute * MINUTE: house.move(until)]
        acts += [post, mark] if minute == 2 else [post] if minute < 5 else [take]
        acts += [lambda house, _: house.move(house.clock.now() + SECOND), send]
    house, sent = House(folder, VirtualClock(BEGIN), plugged(mains)), []
    house.open()
    while acts:
        try:
            await acts[0](house, sent)
        except PowerCutError:
            await house.kill()
            house = House(folder, house.clock, plugged(mains))
            house.open()
        else:
            del acts[0]
    mentions = house.rows("SELECT mention FROM journal WHERE kind = 'sighting' ORDER BY mention")
    outbox = house.rows("SELECT key, state FROM outbox ORDER BY key")
    assert list(house.drive.spine.memory.lessons["acme"].kept) == [CROWD[3].id]
    scorers = {json.loads(body)["scorer"] for (body,) in house.rows("SELECT body FROM journal WHERE kind = 'sighting'")}
    assert len(scorers) == 2, "some posts came before the mark and some after"
    await house.close()
    return mentions, sent, outbox


def matter(key: str) -> str:
    """What is told to whom: a key without its instant, which is another one when an answer had to be given again."""
    incident, revision, _, target = key.split(".")
    return f"{incident}.{revision}.{target}"


@pytest.fixture(autouse=True)
def _one_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buzzwatch.app.hearing.load", cache(load))  # every start reads the word lists


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.soak)])
async def test_a_crash_at_any_write_or_after_any_commit_loses_nothing_and_repeats_nothing(tmp_path: Path, every: int):
    clean = Mains()
    mentions, sent, outbox = await live(tmp_path / "clean", clean)
    assert mentions == [(each.id,) for each in sorted(CROWD, key=lambda each: each.id)]
    assert len(sent) == len(set(sent)) > 5
    matters = sorted((matter(key), state) for key, state in outbox)
    assert {state for _, state in outbox} <= {"sent", "superseded"}
    cuts = [Mains(write=n + 1) for n in range(clean.writes)] + [Mains(commit=n + 1) for n in range(clean.commits)]
    for number, mains in enumerate(cuts[::every]):
        there, again, kept = await live(tmp_path / str(number), mains)
        assert mains.at == (0, 0), "the cut came"
        assert there == mentions
        assert sorted(map(matter, set(again))) == sorted(map(matter, sent)), "told once, under one key"
        assert sorted((matter(key), state) for key, state in kept) == matters
        assert len(again) <= len(sent) + 1


async def test_an_answer_that_was_never_given_is_given_when_the_payload_comes_again(tmp_path: Path):
    house = House(tmp_path, VirtualClock(BEGIN), plugged(Mains(commit=2)))
    house.open()
    await swap(house, [])
    receipt = asyncio.ensure_future(house.say(CROWD[0]))
    await asyncio.wait([receipt])
    assert isinstance(receipt.exception(), PowerCutError)
    await house.kill()
    house = House(tmp_path, house.clock)
    house.open()
    assert (await house.say(CROWD[0])).known == 1
    await house.close()
