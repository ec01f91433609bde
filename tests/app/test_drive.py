"""The loop: one commit for a batch, and what happens when a step or a commit fails."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from stage import MONDAY, House, mention, rules, warmed

from buzzwatch.app.drive import RETRY
from buzzwatch.app.recover import recover
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock, settle
from buzzwatch.lookout import Lookout
from buzzwatch.model.input import Outcome, RulesSwapped
from buzzwatch.model.instant import HOUR, SECOND
from buzzwatch.model.mention import Sighting
from buzzwatch.spine import Spine
from buzzwatch.store.batch import Batch
from buzzwatch.store.database import open_for_reading
from buzzwatch.store.record import Record

NOON = MONDAY + 12 * HOUR


class FullDisk(Record):
    """A record that cannot be written while `full`."""

    full = False

    async def commit(self, batch: Batch) -> None:
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        await super().commit(batch)


@pytest.fixture
async def house(tmp_path: Path) -> House:
    house = House(tmp_path, VirtualClock(NOON), FullDisk)
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    await house.tell(warmed(0))
    yield house
    await house.kill()


async def until_stuck(house: House) -> None:
    async with asyncio.timeout(10):
        while house.drive.stuck is None:
            await house.record.write(lambda _: None)


def journalled(house: House) -> list[tuple[str, str | None]]:
    return house.rows("SELECT mention, skipped FROM journal WHERE kind = 'sighting' ORDER BY seq")


async def test_a_commit_that_fails_is_retried_and_nothing_is_stepped_or_answered_meanwhile(house: House):
    house.record.full = True
    first = house.queue.submit("push", b'{"id": "x:1", "text": "acme", "created_at": "2026-03-02T12:00:00Z"}')
    await until_stuck(house)
    assert house.drive.stuck == "database or disk is full"
    await settle()
    stepped = house.drive.spine.memory.digest()
    second = house.queue.submit("push", b'{"id": "x:2", "text": "acme", "created_at": "2026-03-02T12:00:00Z"}')
    for _ in range(3):
        await house.clock.advance(RETRY)
    assert house.drive.spine.memory.digest() == stepped
    assert not first.done()
    assert not second.done()
    assert journalled(house) == []
    house.record.full = False
    await house.clock.advance(RETRY)
    assert (await asyncio.wait_for(first, 10)).accepted == (await asyncio.wait_for(second, 10)).accepted == 1
    assert journalled(house) == [("x:1", None), ("x:2", None)]
    assert house.drive.stuck is None
    await house.move(house.clock.now() + SECOND)
    told = [notice for _, outcome in house.outcomes for notice in outcome.notices]
    assert [notice.incident.subject.brand for notice in told] == [""], "ops hears of it once, when it is over"


async def test_an_input_that_makes_a_step_fail_is_marked_skipped_by_replay_and_its_neighbours_go_on(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    step, poisoned = Spine.step, []

    def poisonable(spine: Spine, item: object) -> Outcome:
        outcome = step(spine, item)
        if isinstance(item, Sighting) and item.mention == "x:poison":
            raise ZeroDivisionError("half-way")
        return outcome

    monkeypatch.setattr(Spine, "step", poisonable)
    house.drive.on_poison = poisoned.append
    receipt = await house.say(mention(NOON, "before"), mention(NOON, "poison"), mention(NOON, "after"))
    assert receipt.accepted == 3
    assert poisoned == ["push"]
    assert journalled(house) == [
        ("x:before", None),
        ("x:poison", "ZeroDivisionError: half-way"),
        ("x:after", None),
    ]
    known = [
        name for name in ("before", "poison", "after") if house.drive.spine.memory.tracker.brands_of(NOON, f"x:{name}")
    ]
    assert known == ["before", "after"]
    monkeypatch.undo()
    database = open_for_reading(house.record.directory)
    recovered = recover(database, house.record.directory, compile_rules)
    assert recovered.memory.digest() == house.drive.spine.memory.digest()
    database.close()


async def test_a_decision_that_fails_sets_one_brand_aside_until_the_rules_change_and_tells_ops(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    evidence = Lookout.evidence

    def broken(lookout: Lookout, *arguments: object) -> object:
        if lookout.brand.key == "acme":
            raise KeyError("a bug")
        return evidence(lookout, *arguments)

    monkeypatch.setattr(Lookout, "evidence", broken)

    async def outcry(name: str) -> None:
        for brand in ("acme", "zephyr"):
            await house.say(*[mention(house.clock.now(), f"{name}-{brand}{n}", brand, angry=True) for n in range(20)])
        await house.move(house.clock.now() + 2 * SECOND)

    await outcry("first")
    await house.move(house.clock.now() + SECOND)
    brands = [notice.incident.subject.brand for _, outcome in house.outcomes for notice in outcome.notices]
    assert set(brands) == {"zephyr", ""}
    assert brands.count("") == 1
    monkeypatch.undo()
    await outcry("second")
    assert "acme" not in {i.subject.brand for i in house.drive.spine.memory.desk.incidents.values()}
    await house.tell(RulesSwapped(0, rules("Europe/London")))
    await outcry("third")
    assert "acme" in {i.subject.brand for i in house.drive.spine.memory.desk.incidents.values()}


async def test_what_was_stepped_and_not_committed_when_the_process_died_happens_again(tmp_path: Path):
    house = House(tmp_path, VirtualClock(NOON), FullDisk)
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    house.record.full = True
    lost = house.queue.submit("push", b'{"id": "x:1", "text": "acme", "created_at": "2026-03-02T12:00:00Z"}')
    await until_stuck(house)
    await house.kill()
    assert not lost.done()
    house = House(tmp_path, house.clock)
    house.open()
    assert (await house.say(mention(NOON, "1"))).accepted == 1
    await house.close()


async def test_the_tick_owed_from_before_a_downtime_comes_after_it(tmp_path: Path):
    house = House(tmp_path, VirtualClock(NOON))
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    await house.say(mention(NOON, "owed"))
    await house.kill()
    await house.clock.advance(HOUR)
    house = House(tmp_path, house.clock)
    house.open()
    assert (await house.say(mention(house.clock.now(), "next"))).accepted == 1
    await house.move(house.clock.now() + 2 * SECOND)
    assert house.drive.spine.memory.next_due is None or house.drive.spine.memory.next_due > house.clock.now()
    await house.close()


async def test_a_stop_drains_what_was_taken_and_leaves_a_snapshot(house: House):
    promise = house.queue.submit("push", b'{"id": "x:1", "text": "acme", "created_at": "2026-03-02T12:00:00Z"}')
    house.queue.close()
    assert (await asyncio.wait_for(promise, 10)).accepted == 1
    await asyncio.wait([house._driving], timeout=10)
    assert house.queue.submit("push", b"{}").cancelled()
    assert [path.name for path in house.record.directory.glob("snapshot-*")] == ["snapshot-000000000000003"]


async def test_lives_too_short_for_a_snapshot_leave_one_in_the_end(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("buzzwatch.app.snapshots.INPUTS", 4)
    for life in range(4):
        house = House(tmp_path, VirtualClock(NOON + life))
        house.open()
        if not life:
            await house.tell(RulesSwapped(0, rules()))
        await house.say(mention(NOON, f"said-{life}"))
        if life < 3:
            await house.kill()
    async with asyncio.timeout(10):
        while not list(house.record.directory.glob("snapshot-*")):
            await house.record.write(lambda _: None)
    await house.kill()


async def test_the_receipt_says_what_became_of_each_item(house: House):
    said = mention(NOON, "said")
    await house.say(said)
    payload = b'[%s, {"id": "x:new", "text": "acme", "created_at": "2027-01-01T00:00:00Z"}, {"id": 3}, ' % (
        b'{"id": "x:said", "text": "", "created_at": "2026-03-02T12:00:00Z", "deleted": true}'
    )
    payload += b'{"id": "x:none", "text": "bonjour", "created_at": "2026-03-02T12:00:00Z"}]'
    receipt = await asyncio.wait_for(house.queue.submit("push", payload), 10)
    assert (receipt.accepted, receipt.mended, receipt.ignored, receipt.erased) == (1, 1, 1, 1)
    assert [refusal.position for refusal in receipt.refused] == [2]
    assert (await house.say(said)).known == 1, "what its author took back does not come back with a copy"
    assert b"porte" not in house.rows("SELECT body FROM content WHERE mention = 'x:said'")[0][0]


async def test_a_cursor_is_on_record_with_its_mentions_and_not_before(house: House):
    house.record.full = True
    told = b'{"id": "x:1", "text": "acme", "created_at": "2026-03-02T12:00:00Z"}'
    receipt = house.queue.submit("feed", told, {"news": "17"})
    await until_stuck(house)
    assert house.queue.cursors("feed") == {}
    house.record.full = False
    await house.clock.advance(RETRY)
    await asyncio.wait_for(receipt, 10)
    assert house.queue.cursors("feed") == {"news": "17"}
    assert house.rows("SELECT source, name, value FROM cursor") == [("feed", "news", "17")]
    assert house.rows("SELECT CAST(body AS TEXT) ->> 'road' FROM journal WHERE kind = 'sighting'") == [("feed",)]


async def test_a_cursor_moves_without_mentions_and_an_empty_one_is_forgotten(house: House):
    assert (await asyncio.wait_for(house.queue.submit("feed", b"", {"news": "17", "blog": "3"}), 10)).refused == ()
    await asyncio.wait_for(house.queue.submit("feed", b"", {"news": "18", "blog": ""}), 10)
    assert house.rows("SELECT name, value FROM cursor") == [("news", "18")]
    assert house.queue.cursors("feed") == {"news": "18"}
