import asyncio

import pytest

from buzzwatch.clock import SystemClock, VirtualClock, settle, until
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND

START = 1_800_000_000.0


class Hands:
    """A wall clock and a monotonic clock that a test moves."""

    def __init__(self):
        self.wall = START
        self.monotonic = 50.0

    def pass_time(self, seconds):
        self.wall += seconds
        self.monotonic += seconds

    def clock(self, at_least=0):
        return SystemClock(at_least, lambda: self.wall, lambda: self.monotonic)


def test_time_follows_the_wall_clock():
    hands = Hands()
    clock = hands.clock()
    hands.pass_time(90)
    assert clock.now() == (START + 90) * SECOND
    assert clock.jump is None


def test_a_jump_to_2099_and_back_changes_nothing():
    hands = Hands()
    clock = hands.clock()
    hands.wall += 73 * 365 * 86400
    assert clock.now() == START * SECOND
    assert clock.jump.by == 73 * 365 * DAY
    hands.pass_time(300)
    assert clock.now() == (START + 300) * SECOND
    hands.wall -= 73 * 365 * 86400
    assert clock.now() == (START + 300) * SECOND
    assert clock.jump is None


def test_a_jump_is_accepted_after_ten_stable_minutes():
    hands = Hands()
    clock = hands.clock()
    hands.wall += 3600
    clock.now()
    hands.pass_time(599)
    assert clock.now() == (START + 599) * SECOND
    hands.pass_time(1)
    assert clock.now() == (START + 600 + 3600) * SECOND


def test_going_back_for_good_is_told_and_only_then_followed():
    hands = Hands()
    clock = hands.clock()
    told = []
    clock.went_back = told.append
    hands.wall -= 3600
    assert clock.now() == START * SECOND
    hands.pass_time(600)
    assert clock.now() == (START + 600 - 3600) * SECOND
    assert told == [(START + 600 - 3600) * SECOND]


def test_small_backward_steps_are_waited_for():
    hands = Hands()
    clock = hands.clock()
    before = clock.now()
    hands.wall -= 1
    assert clock.now() == before


def test_a_start_with_a_clock_behind_the_record_goes_on_from_the_record():
    hands = Hands()
    recorded = round(START * SECOND) + 2 * HOUR
    clock = hands.clock(at_least=recorded)
    assert clock.now() == recorded
    assert clock.jump is not None


def test_a_start_years_after_the_record_is_not_believed_at_once():
    hands = Hands()
    recorded = round(START * SECOND) - 3000 * DAY
    assert hands.clock(at_least=recorded).now() == recorded


async def test_waiters_of_a_virtual_clock_wake_in_order_and_at_their_instants():
    clock = VirtualClock(0)
    woken = []

    async def wait(instant):
        await clock.wait_until(instant)
        woken.append((instant, clock.now()))

    tasks = [asyncio.create_task(wait(instant)) for instant in (3 * SECOND, SECOND, 2 * SECOND)]
    await clock.advance(MINUTE)
    await asyncio.gather(*tasks)
    assert woken == [(SECOND, SECOND), (2 * SECOND, 2 * SECOND), (3 * SECOND, 3 * SECOND)]
    assert clock.now() == MINUTE


async def test_what_may_go_on_until_an_instant_is_ended_at_it_and_not_before():
    clock = VirtualClock(0)

    async def last():
        async with until(clock, SECOND):
            await asyncio.get_running_loop().create_future()

    lasting = asyncio.create_task(last())
    await clock.advance(SECOND - 1)
    assert not lasting.done()
    await clock.advance(1)
    with pytest.raises(TimeoutError):
        await lasting


async def test_what_ends_before_its_instant_is_never_ended_by_it():
    clock = VirtualClock(0)
    async with until(clock, SECOND):
        await settle()
    await clock.advance(MINUTE)


async def test_an_instant_that_is_past_ends_what_waits_at_once():
    with pytest.raises(TimeoutError):
        async with until(VirtualClock(SECOND), SECOND):
            await asyncio.get_running_loop().create_future()
