"""The daemon killed while each kind of source is fed: every post is on record once."""

import asyncio
import random
import time

import pytest
from ears import EARS
from turmoil import served

from buzzwatch.clock import SystemClock

PATIENCE_S = 90
"""X is searched half a minute after its stream is heard again; the others need a second or two."""
SEED = 17
QUICK = {"mqtt", "http", "bluesky", "mastodon", "webhook"}
"""The others take a minute to hear what was missed, which is for the long drills."""


async def until(fact):
    """Look again and again: the daemon is another process."""
    async with asyncio.timeout(PATIENCE_S):
        while not fact():  # noqa: ASYNC110 - nothing tells us of a commit in another process
            await asyncio.sleep(0.02)


@pytest.fixture
async def ear(request, daemon):
    """Serving, and a daemon configured to hear it by the line."""
    async with served(request.param(request.getfixturevalue), SystemClock()) as ear:
        daemon.configure(sources={"ear": {ear.kind: ear.entry(ear.line.port)}})
        daemon.watch()
        yield ear
        await daemon.kill()


def now():
    return time.time_ns() // 1_000_000


def drills():
    long = [pytest.mark.soak, pytest.mark.timeout(900)]
    for ear in EARS:
        yield pytest.param(ear, 20, id=f"{ear.kind}-20", marks=long)
        if ear.kind in QUICK:
            yield pytest.param(ear, 1, id=f"{ear.kind}-1")


@pytest.mark.parametrize(("ear", "kills"), list(drills()), indirect=["ear"])
async def test_kills_lose_and_double_nothing(ear, daemon, kills):
    chance = random.Random(SEED)
    await daemon.start()
    await until(lambda: ear.is_ready() if hasattr(ear, "is_ready") else daemon.said("source_heard"))
    said = await (_kill_who_asks if ear.kind == "feed" else _kill_who_is_told)(ear, daemon, kills, chance)
    expected = sorted(ear.id_of(number) for number in range(said))
    query = "SELECT mention FROM journal WHERE kind = 'sighting'"

    def all_heard():
        _chatter(ear)
        return set(expected) <= {name for (name,) in daemon.rows(query)}

    await until(all_heard)
    assert sorted(name for (name,) in daemon.rows(query)) == expected
    assert await daemon.stop() == 0


async def _kill_who_is_told(ear, daemon, kills, chance):
    """Kill it as so many bytes have reached it since something new was said; how much was said."""
    await ear.say([0], now(), now())
    await until(lambda: _chatter(ear) or daemon.rows("SELECT 1 FROM journal WHERE kind = 'sighting'"))
    for kill in range(kills + 1):
        if hasattr(ear, "is_ready"):  # else X would say it to the search alone, which is asked half a minute later
            await until(ear.is_ready)
        carried = asyncio.create_task(ear.line.carried(chance.randrange(1, 2_000)))
        await asyncio.sleep(0)
        await ear.say(range(1 + 30 * kill, 31 + 30 * kill), now(), now())
        await carried
        if kill < kills:
            await daemon.kill()
            await daemon.start()
    return 31 + 30 * kills


async def _kill_who_asks(ear, daemon, kills, chance):
    """Kill it a while after it has asked, as it does at its start and then once a minute at most; how much was said.

    The feed shows its last hundred articles, and no fewer are said: so all can be heard, however often it is killed.
    """
    for kill in range(kills + 1):
        await daemon.kill()
        await ear.say(range(4 * kill, 4 * kill + 4), now(), now())
        carried = asyncio.create_task(ear.line.carried(chance.randrange(1, 2_000)))
        await asyncio.sleep(0)
        await daemon.start()
        await carried
        await asyncio.sleep(chance.uniform(0, 0.2))
    return 4 * kills + 4


def _chatter(ear):
    """Somebody says something, where that is what keeps a connection alive."""
    if hasattr(ear, "chatter"):
        ear.chatter(now())
