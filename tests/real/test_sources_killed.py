"""The daemon killed while each kind of source is fed: every post is on record once."""

import asyncio
import random
import sys
import time
from pathlib import Path

import pytest

from buzzwatch.clock import SystemClock

sys.path.append(str(Path(__file__).parents[1] / "sources"))

from ears import EARS
from line import Line

PATIENCE_S = 25
EACH = 30
"""Posts between two kills."""
PUSHED = [ear for ear in EARS if ear.kind != "feed"]
"""A feed is asked once a minute at most. X takes us back only after a while, which is for the long drills."""


async def until(fact):
    """Look again and again: the daemon is another process."""
    async with asyncio.timeout(PATIENCE_S):
        while not fact():  # noqa: ASYNC110 - nothing tells us of a commit in another process
            await asyncio.sleep(0.02)


@pytest.fixture
async def ear(request, daemon):
    """Serving, and a daemon configured to hear it by the line."""
    ear = request.param(request.getfixturevalue)
    line = Line(lambda: ear.port, ear_connects=ear.connects)
    await line.start()
    await ear.start()
    if not ear.connects:
        ear.call(line.port, SystemClock())
    daemon.configure(sources={"ear": {ear.kind: ear.entry(line.port)}})
    daemon.watch()
    ear.line = line
    yield ear
    await daemon.kill()
    await ear.stop()
    await line.stop()


def now():
    return time.time_ns() // 1_000_000


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=[pytest.mark.soak, pytest.mark.timeout(900)])])
@pytest.mark.parametrize(
    "ear",
    [pytest.param(ear, id=ear.kind, marks=[pytest.mark.soak] if ear.kind == "x" else []) for ear in PUSHED],
    indirect=True,
)
async def test_kills_lose_and_double_nothing(ear, daemon, kills):
    chance = random.Random(17)
    await daemon.start()
    await until(lambda: ear.is_ready() if hasattr(ear, "is_ready") else daemon.said("source_heard"))
    await ear.say([0], now(), now())
    said = 1
    await until(lambda: _chatter(ear) or daemon.rows("SELECT 1 FROM journal WHERE kind = 'sighting'"))
    for _ in range(kills + 1):
        carried = asyncio.create_task(ear.line.carried(chance.randrange(1, 2_000)))
        await asyncio.sleep(0)
        await ear.say(range(said, said + EACH), now(), now())
        said += EACH
        await carried
        if said <= kills * EACH + 1:
            await daemon.kill()
            await daemon.start()
    expected = sorted(ear.id_of(number) for number in range(said))
    query = "SELECT mention FROM journal WHERE kind = 'sighting'"

    def all_heard():
        _chatter(ear)
        return set(expected) <= {name for (name,) in daemon.rows(query)}

    await until(all_heard)
    assert sorted(name for (name,) in daemon.rows(query)) == expected
    assert await daemon.stop() == 0


def _chatter(ear):
    """Somebody says something, where that is what keeps a connection alive."""
    if hasattr(ear, "chatter"):
        ear.chatter(now())
