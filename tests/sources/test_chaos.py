"""Every adapter under every fault: what was handed over is on record once, and the rest is told."""

import functools
import logging
import random
from collections.abc import AsyncIterator

import pytest
from chaos import World, call
from ears import EARS

from buzzwatch.app import hearing
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import DAY, MINUTE

YEARS = 3_652 * DAY
PORTAL = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"
FAULTS = (
    "gone",
    "half_open",
    "rubbish",
    "killed_before_a_commit",
    "killed_after_a_commit",
    "forgotten",
)
IN_LONG_DRILLS = (
    "slow",
    "babbling",
    "skewed",
    "expired",
    "broken_in_mid_message",
    "full",
)


load = functools.cache(hearing.load)
"""A scorer costs more to load than most cases to go through; nothing here changes it."""


@pytest.fixture
async def world(request, tmp_path, monkeypatch) -> AsyncIterator[World]:
    monkeypatch.setattr(hearing, "load", load)
    world = World(tmp_path / "state", request.param(request.getfixturevalue))
    await world.begin()
    await world.wait(1)
    await world.say(10)
    await world.until_heard()
    yield world
    await world.end()


def table():
    return [
        pytest.param(kind, globals()[fault], id=f"{kind.kind}-{fault}", marks=marks)
        for faults, marks in ((FAULTS, ()), (IN_LONG_DRILLS, pytest.mark.soak))
        for kind in EARS
        for fault in faults
        if fault not in kind.lacks
    ]


async def gone(world: World) -> None:
    """The port is closed for ten minutes."""
    seen = len(world.statuses)
    await world.line.stop()
    await world.say(10)
    if world.ear.connects:
        await world.until_deaf(seen)
    since = world.clock.now()
    await world.wait(10 * MINUTE)
    await world.say(10)
    await world.line.start()
    await world.until_heard()
    if world.ear.connects:
        await world.until(lambda: world.covered(since))


async def slow(world: World) -> None:
    """Bytes come one by one, or few at a time."""
    for drops in (1, 7, 100):
        world.line.drops = drops
        await world.say(10)
        await world.until_heard()
    world.line.drops = 0


async def half_open(world: World) -> None:
    """Connections stand and new ones are taken, and nothing comes through."""
    seen = len(world.statuses)
    world.line.fall_silent()
    await world.say(10)
    world.hurries = True
    if world.ear.connects:
        await world.until_deaf(seen)
    since = world.clock.now()
    await world.wait(10 * MINUTE)
    await world.say(10)
    world.hurries = False
    world.line.flow()
    await world.until_heard()
    if world.ear.connects:
        await world.until(lambda: world.covered(since))


async def babbling(world: World) -> None:
    """Something else is on the line: noise, a hotel's web page, very much of nothing."""
    chance = random.Random(11)
    seen = len(world.statuses)
    world.line.nonsense.extend([chance.randbytes(1), chance.randbytes(4_000), b"", PORTAL, bytes(3_000_000)])
    await world.line.hang_up()
    await world.say(10)
    world.hurries = True
    await world.until(lambda: not world.line.nonsense)
    world.hurries = False
    await world.until_heard()
    if world.ear.connects:
        await world.until_deaf(seen)


async def rubbish(world: World) -> None:
    """Whole messages that make no sense, and one that is far too large, among others that do."""
    await call(world.ear.talk_rubbish)
    await world.say(10)
    await world.until_heard()


async def skewed(world: World) -> None:
    """Their clock is wrong by a day, by ten years, either way."""
    for ago in (DAY, -DAY, YEARS, -YEARS):
        await world.say(5, ago=ago)
    await world.until_heard()


async def expired(world: World) -> None:
    """A token is no longer good; then it is."""
    seen = len(world.statuses)
    await call(world.ear.expire)
    await world.line.hang_up()
    await world.say(10)
    await world.until(world.ear.is_refused)
    if world.ear.connects:
        await world.until_deaf(seen, Ail.REFUSED)
    await call(world.ear.renew)
    await world.until_heard()


async def broken_in_mid_message(world: World) -> None:
    """The line breaks again and again, at any byte."""
    chance = random.Random(13)
    for _ in range(15):
        world.line.break_after(chance.choice((1, 30, 300, 1_500)) + chance.randrange(100))
        await world.say(5)
        await world.until_heard()


async def killed(world: World, hangs: str) -> None:
    """We are killed with payloads taken whose commit is not written, or written and not known of; four times."""
    for _ in range(4):
        world.house.record.hangs = hangs
        await world.say(7)
        await world.until(lambda: world.house.record.hung)
        await world.say(3)
        await world.kill()
        await world.say(5)
        seen = len(world.statuses)
        world.live()
        await world.until_hears(seen)
        await world.until_heard()


async def killed_before_a_commit(world: World) -> None:
    await killed(world, "before")


async def killed_after_a_commit(world: World) -> None:
    await killed(world, "after")


async def full(world: World) -> None:
    """For a while nothing can be committed."""
    world.house.queue.hold("stuck")
    await world.say(getattr(world.ear, "most_at_once", 300))
    await world.wait(MINUTE)
    world.house.queue.release("stuck")
    await world.until_heard()


async def forgotten(world: World) -> None:
    """What was said while we were away is gone for good: a gap holds the time, and we say so."""
    seen = len(world.statuses)
    await world.line.stop()
    await world.until_deaf(seen)
    await world.say(10, lost=True)
    lost_at = world.clock.now()
    await world.wait(10 * MINUTE)
    await call(world.ear.forget, world.clock.now())
    await world.line.start()
    await world.until_hears(len(world.statuses))
    await world.until(lambda: world.covered(lost_at) and world.lost_something())


@pytest.mark.parametrize(("world", "fault"), table(), indirect=["world"])
async def test_no_adapter_loses_or_doubles(world, fault, caplog):
    caplog.set_level(logging.DEBUG)
    await fault(world)
    assert world.lost_something() == (fault is forgotten)
    await world.say(10)
    await world.until_heard()
    await world.until(lambda: world.statuses[-1][0])
    world.assert_sound(caplog.text)
