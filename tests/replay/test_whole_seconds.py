"""An input of a whole second at which a decision is due, and a kill before that decision: it is taken after all."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from stage import MONDAY, PATIENCE_S, House, mention, rules, warmed

from buzzwatch.app.recover import recover
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock, settle
from buzzwatch.model.input import RulesSwapped
from buzzwatch.model.instant import HOUR, MINUTE, SECOND
from buzzwatch.store.batch import Batch
from buzzwatch.store.database import open_for_reading
from buzzwatch.store.record import Record

BEGIN = MONDAY + 12 * HOUR
WHOLE = BEGIN + SECOND
CROWD = [mention(BEGIN, f"mob{number}", angry=True) for number in range(30)]
LAST = mention(WHOLE, "last")


class Cut(Record):
    """After so many commits, none comes to its end."""

    left = 1_000

    async def commit(self, batch: Batch) -> None:
        if self.left == 0:
            await asyncio.Event().wait()
        await super().commit(batch)
        self.left -= 1


async def heard_on_the_whole_second(folder: Path, commits: int) -> House:
    """A crowd, and one more post exactly when what to do about the crowd is due; then so many commits."""
    house = House(folder, VirtualClock(BEGIN - SECOND // 2), Cut)
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    await house.tell(warmed(0, "acme"))
    await house.move(BEGIN + SECOND // 2)
    await house.say(*CROWD)
    assert house.drive.spine.memory.next_due == WHOLE
    house.record.left = commits
    said = house.queue.submit("push", msgspec.json.encode([LAST]))
    house.clock._now = WHOLE  # both come at once
    await house._hear(said)
    async with asyncio.timeout(PATIENCE_S):
        while house.record.left or house.drive.spine.memory.next_due == WHOLE:
            await settle()
    await settle()
    assert house.rows("SELECT seen_at FROM journal WHERE mention = 'x:last'") == [(WHOLE,)]
    return house


@pytest.mark.parametrize("commits", [1, 2], ids=["before its commit", "after its commit"])
async def test_a_decision_due_at_an_input_is_sent_once_though_the_process_dies(tmp_path: Path, commits: int):
    house = await heard_on_the_whole_second(tmp_path, commits)
    rang = [notice.key for _, outcome in house.outcomes for notice in outcome.notices]
    assert bool(rang) == (commits > 1)
    await house.kill()
    await house.clock.advance(MINUTE)
    house = House(tmp_path, house.clock)
    house.open()
    await house.move(house.clock.now() + 2 * SECOND)
    told = [notice.page for notice in await house.deliver()]
    assert told.count(True) == 1
    [(opened,)] = house.rows("SELECT count(*) FROM change WHERE kind = 'opened'")
    assert opened == 1
    await house.close()


@pytest.mark.parametrize("commits", [1, 2], ids=["before the decision", "after the decision"])
async def test_recovery_steps_as_far_as_the_process_had_come(tmp_path: Path, commits: int):
    house = await heard_on_the_whole_second(tmp_path, commits)
    db = open_for_reading(tmp_path)
    recovered = recover(db, tmp_path, compile_rules).memory
    db.close()
    assert recovered.next_due == WHOLE if commits == 1 else recovered.next_due > WHOLE
    await house.kill()
