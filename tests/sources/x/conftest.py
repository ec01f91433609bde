"""X, and a clock for it."""

import pytest
from x_room import NOW, brand
from x_stand_in import XStandIn

from buzzwatch.clock import VirtualClock


@pytest.fixture
async def clock():
    return VirtualClock(NOW)


@pytest.fixture
async def server(intake, clock):
    intake.wanted.brands = {"acme": brand()}
    stand_in = XStandIn(clock.now)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()
