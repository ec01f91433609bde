"""How fast a brand that doubled or halved for good is normal again: `python benchmarks/regime.py [SEEDS]`.

Invented counts of half an hour, six weeks at one level and six at another, with a daily rhythm, quieter weekends and
days that differ. Compared are ways to notice that the level moved: none but the slow level (half-life ten days), the
one in use, and river's ADWIN over hourly observed / expected (`pip install "river>=0.26,<0.27"` in an environment of
its own; left out where it is missing). Prints the days until the level stays within 20 % of the new one for a day,
changes accepted in a quiet year, and alarms of a rule with one false alarm in four weeks in the six weeks after.
"""

import random
import sys
from collections.abc import Callable
from datetime import UTC
from math import pi, sin
from statistics import median
from typing import Any, NamedTuple

from quiet import MONDAY
from rig.chance import draw

from buzzwatch.detect.pulse import Pulse
from buzzwatch.detect.shift import Shift
from buzzwatch.model.instant import EVERY_WINDOW, MINUTE, SECOND
from buzzwatch.model.signal import Detector

ROW, WEEKS, SEEDS = 30, 6, 4
DAY = 24 * 60 // ROW
SIZES = (3.0, 30.0, 300.0)
CHANGES = {"doubles": 2.0, "halves": 0.5, "stays": 1.0}


class Counted:
    """A way to notice, and how often it did."""

    def __init__(self, way: Any) -> None:
        self.way, self.times = way, 0

    def hear(self, *hour: Any) -> tuple[float, float] | None:
        """As `Shift.hear`."""
        moved = self.way.hear(*hour) if self.way else None
        self.times += moved is not None
        return moved


class Adwin:
    """The mean of the window that ADWIN keeps, once it cut it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make, self._adwin = make, make()

    def hear(self, count: float, expected: float, shape: float, _: Any) -> tuple[float, float] | None:
        """As `Shift.hear`."""
        self._adwin.update(min(4.0, count / expected))
        if not self._adwin.drift_detected:
            return None
        mean, hours = self._adwin.estimation, self._adwin.width
        self._adwin = self._make()  # what comes is measured by the new level
        return mean * expected / shape * hours, hours


class Course(NamedTuple):
    """Days until normal, level changes accepted, alarms after the change."""

    days: float
    accepted: int
    rung: int


def course(seed: int, per_hour: float, times: float, way: Any) -> Course:
    dice, pulse = random.Random(seed), Pulse(UTC, MONDAY)
    counted = pulse._baseline._shift = Counted(way)  # noqa: SLF001 - what is compared
    phase, mood, before = dice.random(), 1.0, 0
    near, days, rung, held = 0, float("inf"), 0, False
    for row in range(2 * WEEKS * 7 * DAY):
        if row % DAY == 0:
            mood = dice.lognormvariate(-0.01, 0.14)
        after = row - WEEKS * 7 * DAY
        if after == 0:
            before = counted.times
        level = per_hour * ROW / 60 * (times if after >= 0 else 1) * (0.8 if row // DAY % 7 >= 5 else 1)
        first = MONDAY // MINUTE + row * ROW
        pulse.spread(first, ROW, draw(dice, level * mood * (1 + 0.6 * sin(2 * pi * (row / DAY + phase)))))
        pulse.look((first + ROW) * MINUTE - SECOND)
        score = pulse.score(Detector.VOLUME, EVERY_WINDOW)
        holds = score > 0 and score >= pulse.ceiling(Detector.VOLUME, EVERY_WINDOW, 1 / 28)
        if after < 0:
            held = holds
            continue
        rung += holds and not held
        held = holds
        usual = pulse._usual.level / (per_hour * times * 6.6 / 7)  # noqa: SLF001 - without the rhythm of the day
        near = near + 1 if 0.8 <= usual <= 1.25 else 0
        if near == DAY and days == float("inf"):
            days = (after + 1 - DAY) / DAY
    return Course(days, counted.times - before if times != 1 else counted.times, rung)


def ways() -> dict[str, Callable[[], Any]]:
    found: dict[str, Callable[[], Any]] = {"slow level alone": lambda: None, "in use": Shift}
    try:
        from river.drift import ADWIN  # noqa: PLC0415 - it takes seconds, and is no dependency
    except ImportError:
        print("river is not installed: ADWIN is left out")
        return found
    for delta in (0.002, 0.00002):
        found[f"ADWIN {delta:g}"] = lambda delta=delta: Adwin(lambda: ADWIN(delta=delta))
    return found


def main(seeds: int) -> None:
    for name, way in ways().items():
        for change, times in CHANGES.items():
            for size in SIZES:
                each = [course(seed, size, times, way()) for seed in range(seeds)]
                rung = sum(it.rung for it in each) / seeds
                accepted = sum(it.accepted for it in each) / seeds
                told = f"{accepted:.1f} changes accepted"
                if change == "stays":
                    told = f"{accepted * 52 / (2 * WEEKS):.1f} changes accepted a year"
                else:
                    days = [it.days for it in each]
                    told = f"normal after {median(days):4.1f} days ({max(days):.1f} at most), {told}"
                print(f"{name:17} {size:4.0f} an hour {change:8}: {told}, {rung:.1f} alarms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
