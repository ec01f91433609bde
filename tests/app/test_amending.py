"""What changes the record between two turns: whoever asked hears of it, and nothing goes on with half a memory."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from stage import MONDAY, PATIENCE_S, House, mention, rules

from buzzwatch.app.amending import DriveEndedError
from buzzwatch.app.drive import RETRY
from buzzwatch.app.oblivion import Oblivion, Wish
from buzzwatch.clock import VirtualClock, settle
from buzzwatch.model.input import RulesSwapped, Trouble
from buzzwatch.model.instant import HOUR, SECOND
from buzzwatch.store.batch import Batch
from buzzwatch.store.record import Record

NOON = MONDAY + 12 * HOUR


class FullDisk(Record):
    full = False

    async def commit(self, batch: Batch) -> None:
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        await super().commit(batch)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path, VirtualClock(NOON), FullDisk)
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    yield house
    await house.kill()


def nothing(_: sqlite3.Connection) -> None:
    pass


async def until_stuck(house: House) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while house.drive.stuck is None:
            await house.record.write(nothing)


async def test_it_waits_for_a_commit_that_is_stuck_and_loses_nothing_of_it(house: House):
    house.record.full = True
    said = house.queue.submit("push", msgspec.json.encode([mention(NOON, "one")]))
    await until_stuck(house)
    seen: list[int] = []
    amending = asyncio.create_task(
        house.drive.amend(lambda db: seen.append(db.execute("SELECT count(*) FROM journal").fetchone()[0]))
    )
    await house.clock.advance(RETRY)
    assert (seen, amending.done()) == ([], False)
    house.record.full = False
    await house.clock.advance(RETRY)
    await asyncio.wait_for(amending, PATIENCE_S)
    assert (await asyncio.wait_for(said, PATIENCE_S)).accepted == 1
    assert seen == [2]


async def test_one_whose_asker_has_gone_is_passed_over_or_ends_quietly(house: House):
    made: list[str] = []
    first = asyncio.create_task(house.drive.amend(lambda _: first.cancel() and made.append("first")))
    second = asyncio.create_task(house.drive.amend(lambda _: made.append("second")))
    third = asyncio.create_task(house.drive.amend(lambda _: made.append("third")))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait_for(third, PATIENCE_S)
    assert made == ["first", "third"]
    assert (await house.say(mention(NOON, "one"))).accepted == 1


async def test_what_is_told_meanwhile_is_answered_afterwards(house: House):
    told: list[asyncio.Future[object]] = []
    loop = asyncio.get_running_loop()
    submit = lambda: told.append(house.queue.tell(Trouble(0, "x", NOON, "meanwhile")))  # noqa: E731
    await house.drive.amend(lambda _: loop.call_soon_threadsafe(submit) and None)
    await settle()
    await asyncio.wait_for(told[0], PATIENCE_S)


async def test_one_that_fails_is_told_to_who_asked_and_the_drive_goes_on(house: House):
    def fails(db: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(sqlite3.OperationalError):
        await asyncio.wait_for(house.drive.amend(fails), PATIENCE_S)
    assert (await house.say(mention(NOON, "one"))).accepted == 1


async def test_where_the_memory_cannot_be_built_anew_the_drive_ends_and_who_asked_is_told(house: House):
    def fails(_: sqlite3.Connection) -> None:
        raise OSError("no space left on device")

    house.drive._rebuild = fails
    with pytest.raises(DriveEndedError):
        await asyncio.wait_for(house.drive.amend(nothing), PATIENCE_S)
    await asyncio.wait([house._driving], timeout=PATIENCE_S)
    assert isinstance(house._driving.exception(), OSError)


async def test_at_a_stop_whoever_waits_is_told_and_nobody_waits_afterwards(house: House):
    made: list[int] = []
    waiting = asyncio.create_task(house.drive.amend(lambda _: made.append(1)))
    await asyncio.sleep(0)
    house.queue.close()
    await asyncio.wait_for(asyncio.wait([waiting]), PATIENCE_S)
    assert bool(made) == (waiting.exception() is None)
    await asyncio.wait_for(house._driving, PATIENCE_S)
    with pytest.raises(DriveEndedError):
        await asyncio.wait_for(house.drive.amend(nothing), PATIENCE_S)
    answer = await Oblivion(house.drive, house.record).grant(Wish(("x:@a-one",), "ines"))
    assert (answer.done, answer.lines[0][:23]) == (False, "the daemon is stopping;")


async def test_where_room_is_short_nobody_is_forgotten_and_no_snapshot_is_written(house: House):
    await house.say(mention(NOON, "one"))
    house.queue.hold("disk")
    answer = await Oblivion(house.drive, house.record).grant(Wish(("x:@a-one",), "ines"))
    assert (answer.done, answer.lines[0][:26]) == (False, "nobody is forgotten while ")
    await house.drive.amend(nothing)
    assert list(house.record.directory.glob("snapshot-*")) == []
    house.queue.release("disk")
    assert (await Oblivion(house.drive, house.record).grant(Wish(("x:@a-one",), "ines"))).done


async def test_a_snapshot_that_cannot_be_renamed_ends_the_drive_and_the_next_one_renames_it(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    await house.say(mention(NOON, "one"), mention(NOON, "reply", root="x:one"))
    await house.move(NOON + 2 * SECOND)

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("buzzwatch.store.forgetting.write_snapshot", full)
    answer = await Oblivion(house.drive, house.record).grant(Wish(("x:@a-one",), "ines"))
    assert not answer.done
    await asyncio.wait([house._driving], timeout=PATIENCE_S)
    assert isinstance(house._driving.exception(), OSError)
    monkeypatch.undo()
    house.record.close()
    again = House(house.record.directory, house.clock)
    tracker = again.drive.spine.memory.tracker
    [(gone,)] = again.rows("SELECT mention FROM content WHERE mention NOT IN ('x:reply')")
    assert (tracker.slot_of("acme", "x:one"), tracker.slot_of("acme", gone) is not None) == (None, True)
    again.record.close()
    house.record = Record(house.record.directory)
