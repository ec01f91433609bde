"""Three sources under one clock; each is muted in turn, is reported, and is heard again; a night rings for nothing."""

from random import Random

import pytest
from stage import MONDAY

from buzzwatch.app.ears.ears import Ears
from buzzwatch.app.intake import IntakeQueue
from buzzwatch.clock import VirtualClock
from buzzwatch.model.ear import Ail
from buzzwatch.model.input import Gap, Trouble
from buzzwatch.model.instant import DAY, HOUR, MINUTE
from buzzwatch.web.metrics import Metrics

STEP = 10 * MINUTE
FOREVER = 2**62
SOURCES = ("broker", "firehose", "flux")


class Street:
    """Traffic by the hour: a broker that sleeps at night, a firehose, and a feed with a few articles a day."""

    def __init__(self):
        self.clock, self.random = VirtualClock(MONDAY), Random(11)
        self.queue = IntakeQueue(self.clock, Metrics("test"))
        self.ears = Ears(dict.fromkeys(SOURCES), self.queue, self.clock)
        for name in SOURCES:
            self.queue.status(name, connected=True)
        self.told = []

    async def live(self, span, muted=""):
        """Until the time is over, or something is told of the muted one; how long that took."""
        began = self.clock.now()
        while self.clock.now() < began + span:
            await self.clock.advance(STEP)
            hour = (self.clock.now() - MONDAY) % DAY // HOUR
            for name, mean in (("broker", 40 if 7 <= hour < 23 else 0.3), ("firehose", 9_000), ("flux", 0.05)):
                if name != muted and (posts := self._some(mean)):
                    self.queue.passed(name, posts)
            for name in SOURCES:
                self.ears._tell(self.ears._ears[name].look(self.clock.now()))
            told = [each.item for each in self.queue.take()[0]]
            self.told += told
            if muted and any(isinstance(each, Trouble) and not each.over for each in told):
                return self.clock.now() - began
        return self.clock.now() - began

    def _some(self, mean):
        return round(mean * self.random.uniform(0.6, 1.4)) if mean > 5 else int(self.random.random() < mean)

    def troubles(self):
        told, self.told = self.told, []
        return [(each.key, each.over) for each in told if isinstance(each, Trouble)]


@pytest.mark.soak
async def test_each_source_muted_in_turn_is_reported_within_its_own_time_and_a_quiet_night_is_not():
    street = Street()
    await street.live(15 * DAY + 12 * HOUR)
    assert street.troubles() == []
    times = {}
    for name in ("firehose", "broker", "flux"):
        times[name] = await street.live(20 * DAY, muted=name)
        gap = next(each for each in reversed(street.told) if isinstance(each, Gap))
        assert gap.source == name
        assert gap.until == FOREVER
        assert street.troubles() == [(f"source-{name}", False)]
        assert [deaf.source for deaf in street.ears.unheard()] == [name]
        assert street.ears.unheard()[0].ail is Ail.SILENT
        (said,) = street.ears.deaf()
        assert said.startswith(f"source {name} is deaf: silent since 20")
        await street.live(2 * DAY)
        *again, end = street.troubles()
        assert {over for _, over in again} <= {False}
        assert end == (f"source-{name}", True)
        assert street.ears.deaf() == ()
    assert times["firehose"] <= times["broker"] < times["flux"]
    assert times["broker"] <= HOUR
    assert times["flux"] <= 10 * DAY
