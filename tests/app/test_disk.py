"""How full the disk is, when it will be, what ops hear of it, and that nothing is taken in while it is short."""

import asyncio
import json
from collections.abc import AsyncIterator
from math import isnan
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from stage import MONDAY, House, rules

from buzzwatch.app.disk import FLOOR, Disk
from buzzwatch.app.ears.ears import Ears
from buzzwatch.clock import VirtualClock, settle
from buzzwatch.model.input import Gap, RulesSwapped, Trouble
from buzzwatch.model.instant import HOUR, MINUTE
from buzzwatch.store import disk
from buzzwatch.store.disk import Room, trend

NOON = MONDAY + 12 * HOUR
GB = 1_000_000_000
SIZE = 100 * GB
POST = {"text": "acme", "created_at": "2026-03-02T12:00:00Z"}


class Quiet:
    """A source of which nothing comes by itself."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def run(self, intake: object, _clock: object) -> None:
        """See `Source`."""
        intake.status(self.name, connected=True)
        await asyncio.Event().wait()


class Den:
    """A house on a disk of which the test says how full it is."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.house = House(folder, VirtualClock(NOON))
        self.used, self.ours = 10 * GB, GB
        monkeypatch.setattr(disk, "measure", lambda _: Room(self.used, SIZE - self.used, {"database": self.ours}))
        monkeypatch.setattr(disk, "take_reserve", lambda *_: None)
        self.told: list[Trouble | Gap] = []
        self.house.open()
        tell = self.house.queue.tell

        def hear(item: Trouble | Gap) -> object:
            self.told.append(item)
            return tell(item)

        self.house.queue.tell = hear
        self.ears = Ears({"push": Quiet("push")}, self.house.queue, self.house.clock, lambda: ZoneInfo("UTC"), {})
        self.begin()

    def begin(self) -> None:
        """As after a restart."""
        self.disk = Disk(self.house.drive, self.ears, self.house.record, self.house.clock, self.house.metrics)

    async def look(self, used: float | None = None) -> list[Trouble]:
        """What is told of a look."""
        self.used = self.used if used is None else int(used)
        before = len(self.told)
        await self.disk.look()
        return [item for item in self.told[before:] if isinstance(item, Trouble)]

    async def live(self, days: float, per_day: int) -> list[Trouble]:
        """What is told while the disk fills by so much a day."""
        told = []
        for _ in range(int(days * 4)):
            await self.house.clock.advance(6 * HOUR)
            told += await self.look(self.used + per_day // 4)
        return told


@pytest.fixture
async def den(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Den]:
    den = Den(tmp_path, monkeypatch)
    await den.house.tell(RulesSwapped(0, rules()))
    yield den
    await den.house.kill()


async def test_ops_are_told_at_each_bar_once_and_when_it_is_well_below_the_first(den: Den):
    shares = [0.79, 0.81, 0.81, 0.79, 0.81, 0.91, 0.89, 0.91, 0.96, 0.91, 0.79, 0.77, 0.77]
    told = [await den.look(share * SIZE) for share in shares]
    assert [(n, t.over, t.again) for n, each in enumerate(told) for t in each] == [
        (1, False, 0), (5, False, 1), (8, False, 2), (11, True, 2),
    ]  # fmt: skip
    [first] = told[1]
    assert "81% full" in first.said["en"]
    assert "81\u202f%" in first.said["fr"]
    assert first.text == first.said["en"]


async def test_a_restart_does_not_tell_it_again(den: Den):
    assert await den.look(0.85 * SIZE)
    den.begin()
    assert not await den.look(0.85 * SIZE)
    [over] = await den.look(0.5 * SIZE)
    assert over.over
    assert over.since == NOON


async def test_an_ample_disk_that_hardly_fills_is_told_without_hurry(den: Den):
    await den.live(10, 2_000_000)
    [told] = await den.look(0.81 * SIZE)
    assert told.said["en"].endswith("it hardly fills. There is no hurry.")


@pytest.mark.parametrize(("per_day", "heard"), [(2 * GB, 0), (6 * GB, 1)])
async def test_a_disk_that_will_be_full_in_two_weeks_is_told_once(den: Den, per_day: int, heard: int):
    told = await den.live(4, per_day)
    assert [each.key for each in told] == ["disk-fills"] * heard
    assert all("6\u00a0GB go each day" in each.text for each in told)


async def test_nothing_is_said_of_days_before_three_are_seen_and_no_number_before_one(den: Den):
    days = den.house.metrics.disk_days._value
    assert not await den.live(0.75, 10 * GB)
    assert isnan(days.get())
    assert not await den.live(1.5, 10 * GB)
    assert 4 < days.get() < 9


def test_one_large_file_and_nightly_copies_do_not_make_a_trend():
    hours = range(0, 24 * 20, 6)
    steady = [(hour * HOUR, 50 * GB + hour * 1_000_000 + (20 * GB if hour % 24 == 0 else 0)) for hour in hours]
    assert trend(steady) == pytest.approx(24_000_000, rel=0.05)
    jump = [(hour * HOUR, 50 * GB + hour * 1_000_000 + (20 * GB if hour > 300 else 0)) for hour in hours]
    assert trend(jump) < GB
    assert trend(steady[:4]) is None


async def test_nothing_is_taken_in_while_room_is_short_and_what_came_waits(den: Den):
    queue, house = den.house.queue, den.house
    listening = asyncio.create_task(den.ears.listen())
    await settle()
    await den.look(SIZE - FLOOR + 1)
    assert queue.full
    [reason] = den.disk.ails()
    assert reason.startswith("the disk of the state is nearly full (64\u00a0MB)")
    post = {"id": "x:1", "text": "acme", "created_at": "2026-03-02T12:00:00Z"}
    receipt = queue.submit("push", json.dumps(post).encode())
    await house.move(NOON + MINUTE)
    assert not receipt.done()
    assert house.rows("SELECT count(*) FROM journal WHERE kind = 'sighting'") == [(0,)]
    await den.look(SIZE - FLOOR * 1.2)
    assert queue.full, "a quarter more than the floor is asked for"
    [well] = [each for each in await den.look(SIZE - FLOOR * 1.3) if each.key == "disk-intake"]
    assert well.over
    assert "1\u00a0min" in well.text
    await house.move(NOON + 2 * MINUTE)
    assert (await receipt).accepted == 1
    gaps = [(gap.since, gap.until) for gap in house.drive.spine.memory.gaps if gap.source == "push"]
    assert gaps[-1] == (NOON, NOON + MINUTE)
    listening.cancel()
    await asyncio.wait([listening])


async def test_two_reasons_to_wait_are_undone_one_by_one(den: Den):
    queue = den.house.queue
    queue.hold("stuck")
    await den.look(SIZE - 1)
    queue.release("stuck")
    assert queue.full
    await den.look(SIZE // 2)
    assert not queue.full


async def test_two_reasons_undone_in_the_other_order_let_through_in_order_what_came_meanwhile(den: Den):
    house = den.house
    await den.look(SIZE - 1)
    first = house.queue.submit("push", json.dumps(POST | {"id": "x:1"}).encode())
    house.queue.hold("stuck")
    second = house.queue.submit("push", json.dumps(POST | {"id": "x:2"}).encode())
    await den.look(SIZE // 2)
    assert house.queue.full
    assert not first.done()
    house.queue.release("stuck")
    assert not house.queue.full
    assert [(await each).accepted for each in (first, second)] == [1, 1]
    assert house.rows("SELECT mention FROM journal WHERE kind = 'sighting' ORDER BY seq") == [("x:1",), ("x:2",)]


async def test_a_stop_while_it_waits_gives_back_what_was_not_taken(den: Den):
    await den.look(SIZE - 1)
    receipt = den.house.queue.submit("push", b"{}")
    den.house.queue.close()
    assert receipt.cancelled()
    await asyncio.wait_for(den.house._driving, 20)


async def test_the_reserve_is_given_up_when_nothing_can_be_written(den: Den, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    folder = den.house.record.directory
    disk.take_reserve(folder, 1_000_000)
    assert (folder / "reserve").stat().st_size == 1_000_000
    den.house.drive.on_stuck()
    assert not disk.has_reserve(folder)


async def test_an_hour_of_fast_growth_is_kept_free(den: Den):
    assert den.disk.floor == 0
    for _ in range(8):
        await den.house.clock.advance(6 * HOUR)
        den.ours += 12 * GB
        await den.look()
    assert den.disk.floor == 2 * GB


def test_what_is_measured_is_what_the_files_hold(tmp_path: Path):
    for name, size in (("buzzwatch.db", 10), ("buzzwatch.db-wal", 5), ("snapshot-000000000000001", 3), ("lock", 2)):
        (tmp_path / name).write_bytes(bytes(size))
    (tmp_path / "buzzwatch.db.before-0014").write_bytes(bytes(7))
    room = disk.measure(tmp_path)
    assert room.parts == {"database": 10, "wal": 5, "snapshots": 3, "copies": 7, "other": 2}
    assert room.ours == 27
    assert 0 < room.share < 1
