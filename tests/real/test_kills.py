"""The daemon killed at random instants while everything befalls it: nothing is lost or doubled, nobody left untold."""

import os
import time
from contextlib import AsyncExitStack

import pytest
from drill import show
from ears import EARS
from faults import Disk, Network, WallClock
from turmoil import FAULTS, Turmoil, Weather, served

KILLS = int(os.environ.get("KILLS", "1000"))
SEED = int(os.environ.get("SEED", "63"))
SPEED = int(os.environ.get("SPEED", "10"))
"""How fast time flies in good weather: after a jump of the clock ten minutes of it are needed."""
CALM_EVERY = int(os.environ.get("CALM_EVERY", "200"))
ALONE = int(os.environ.get("ALONE", "20"))
"""Kills under each fault by itself."""


@pytest.fixture
def network():
    network = Network()
    yield network
    network.leave()


@pytest.fixture
def disk(daemon):
    disk = Disk(daemon.folder / "state", size="512m")
    yield disk
    disk.remove()


@pytest.fixture
def clock(tmp_path):
    return WallClock(tmp_path)


@pytest.fixture
def weather(network, disk, clock):
    return Weather(clock, disk, network)


@pytest.fixture
def hearers(mail_server, alert_receiver, slack):
    return mail_server, alert_receiver, slack


@pytest.fixture
async def turmoil(weather, daemon, broker, hearers, request):
    """In a network of its own, where there may be one: so that comes first."""
    async with AsyncExitStack() as stack:
        ears = [await stack.enter_async_context(served(ear(request.getfixturevalue), weather.clock)) for ear in EARS]
        turmoil = Turmoil(weather, daemon, ears, broker, hearers, SEED)
        daemon.watch()
        yield turmoil
        await turmoil.end()


def drills():
    long = [pytest.mark.soak, pytest.mark.timeout(4 * 3_600)]
    yield pytest.param(
        4, [fault for fault in FAULTS if fault != "clock moved"], id="quick", marks=pytest.mark.timeout(600)
    )
    yield pytest.param(KILLS, [], id="everything", marks=long)
    for fault in FAULTS:
        yield pytest.param(ALONE, [fault], id=fault.replace(" ", "-"), marks=long)


@pytest.mark.parametrize(("kills", "faults"), list(drills()))
async def test_kills_lose_nothing_double_nothing_and_silence_nobody(turmoil, kills, faults, capsys):
    began = time.monotonic()
    turmoil.faults = [name for name in faults or turmoil.faults if name in turmoil.faults]
    if not turmoil.faults:
        pytest.skip("this takes rights that this user does not have")

    def tell(*lines):
        show(capsys, f"{time.monotonic() - began:.0f} s", *lines)

    await turmoil.begin(SPEED)
    for kill in range(1, kills + 1):
        while not await turmoil.round():
            turmoil.ended += 1
        if not kill % 20:
            tell(f"{kill} kills, {turmoil.ended} lives had ended before")
        if not kill % CALM_EVERY or kill == kills:
            await turmoil.calm(SPEED)
            tell(f"seed {SEED}", *turmoil.table())
            turmoil.assert_well()
