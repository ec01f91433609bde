import asyncio

from stage import MONDAY, House, mention, rules

from buzzwatch.app.ears.ears import POISON, Ears
from buzzwatch.app.intake import IntakeQueue
from buzzwatch.clock import VirtualClock, settle
from buzzwatch.model.ear import Ail
from buzzwatch.model.input import Gap, RulesSwapped, Trouble
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, moment_of
from buzzwatch.model.notification import Deaf
from buzzwatch.model.receipt import Receipt
from buzzwatch.web.metrics import Metrics

FOREVER = 2**62
_HOURS = ("hour", "usual_hour")
PATIENCE_S = 20


class Tap:
    """A source that hears until it is stopped, or fails at once."""

    name = "tap"

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.runs = 0

    async def run(self, intake, _clock):
        self.runs += 1
        if self.fails:
            raise ValueError("no such thing")
        intake.status(self.name, connected=True)
        await asyncio.get_running_loop().create_future()


class Room:
    def __init__(self, tap: Tap) -> None:
        self.tap, self.clock = tap, VirtualClock(MONDAY)
        self.queue = IntakeQueue(self.clock, Metrics("test"))
        self.ears = Ears({"tap": tap}, self.queue, self.clock)
        self.task = asyncio.create_task(self.ears.listen())

    def told(self, kind):
        return [told.item for told in self.queue.take()[0] if isinstance(told.item, kind)]

    async def stop(self):
        self.task.cancel()
        await asyncio.wait_for(asyncio.wait([self.task]), PATIENCE_S)


async def test_a_source_is_deaf_until_it_says_that_it_hears():
    room = Room(Tap())
    await settle()
    assert room.told(Gap) == [Gap(0, "tap", MONDAY, FOREVER), Gap(0, "tap", MONDAY, MONDAY)]
    assert room.ears.deaf() == ()
    await room.stop()


async def test_what_came_in_the_last_hour_is_gauged_beside_what_usually_does():
    room, metrics = Room(Tap()), Metrics("test")
    await settle()
    room.queue.on_heard("tap", Receipt(accepted=3), (SECOND,))
    room.ears.gauge(metrics)
    figures = [metrics.registry.get_sample_value(f"buzzwatch_source_{name}", {"source": "tap"}) for name in _HOURS]
    assert figures[0] == 3
    assert 0 < figures[1] < 3
    await room.stop()


async def test_a_source_that_falls_silent_is_deaf_since_its_last_post():
    room = Room(Tap())
    await settle()
    ear = room.ears._ears["tap"]
    ear.ail, ear.since = Ail.SILENT, MONDAY + 90 * MINUTE
    (said,) = room.ears.deaf()
    assert said == f"source tap is deaf: silent since {moment_of(MONDAY + 90 * MINUTE):%Y-%m-%d %H:%M} UTC"
    await room.stop()


async def test_what_a_source_lost_while_it_was_away_is_no_second_gap():
    room = Room(Tap())
    await settle()
    room.told(Gap)
    gone = room.clock.now()
    room.queue.status("tap", connected=False, why="gone")
    await room.clock.advance(HOUR)
    room.queue.gap("tap", gone, room.clock.now())
    room.queue.status("tap", connected=True)
    assert room.told(Gap) == [Gap(0, "tap", gone, FOREVER), Gap(0, "tap", gone, gone + HOUR)]
    room.queue.gap("another", gone, gone + HOUR)
    assert room.told(Gap) == [Gap(0, "another", gone, gone + HOUR)]
    await room.stop()


async def test_one_that_was_deaf_when_the_last_run_ended_has_been_deaf_since_then():
    room = Room(Tap())
    await room.stop()
    room.told(Gap)
    room.task = asyncio.create_task(room.ears.listen({"tap": MONDAY - HOUR}))
    await settle()
    assert room.told(Gap) == [Gap(0, "tap", MONDAY - HOUR, FOREVER), Gap(0, "tap", MONDAY - HOUR, MONDAY)]
    await room.stop()


async def test_messages_name_a_source_once_it_is_away_for_longer_than_connecting_takes():
    room = Room(Tap(fails=True))
    await room.clock.advance(29 * SECOND)
    assert room.ears.unheard() == ()
    await room.clock.advance(SECOND)
    assert room.ears.unheard() == (Deaf("tap", MONDAY, Ail.AWAY),)
    await room.stop()
    well = Room(Tap())
    await well.clock.advance(HOUR)
    assert well.ears.unheard() == ()
    await well.stop()


async def test_one_that_fails_is_started_again_and_ops_hear_of_it_once():
    room = Room(Tap(fails=True))
    await room.clock.advance(HOUR)
    assert room.tap.runs > 60
    assert room.ears.deaf() == ("source tap is deaf: ValueError: no such thing",)
    assert [trouble.key for trouble in room.told(Trouble)] == ["source-tap"]
    await room.stop()


async def test_poison_pauses_a_source_for_ten_minutes():
    room = Room(Tap())
    await settle()
    for _ in range(POISON):
        room.ears.poison("tap")
    await room.clock.advance(10 * MINUTE - SECOND)
    assert room.ears.deaf() == ("source tap is deaf: paused: what it brings makes decisions fail; see the log",)
    assert room.tap.runs == 1
    await room.clock.advance(SECOND)
    assert (room.tap.runs, room.ears.deaf()) == (2, ())
    await room.stop()


async def test_stopping_just_when_poison_pauses_a_source_does_not_wait_for_it():
    room = Room(Tap())
    await settle()
    for _ in range(POISON):
        room.ears.poison("tap")
    await asyncio.sleep(0)
    await room.stop()
    assert room.task.cancelled()


async def test_what_came_of_a_payload_is_a_sign_of_life_with_its_lag(tmp_path):
    house, heard = House(tmp_path, VirtualClock(MONDAY)), []
    house.queue.on_heard = lambda source, receipt, lags: heard.append((source, receipt.accepted, lags))
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    await house.say(mention(MONDAY - 3 * MINUTE, "old"))
    await house.close()
    ((_, accepted, (lag,)),) = heard
    assert accepted == 1
    assert 3 * MINUTE <= lag < 4 * MINUTE
