"""What slow signals find, when, and how often for nothing, on invented days: `python benchmarks/slow.py [STREAMS]`.

Voices of a day are negative-binomial, on days that differ for the whole brand. On ordinary days every finding is a
false one by construction. Events befall a brand that is 120 days old; each stream has its own seed.
"""

import random
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from math import sqrt
from statistics import median
from typing import NamedTuple

from rig.chance import draw

from buzzwatch.detect.slow import Diary
from buzzwatch.model.instant import DAY, HOUR, Instant
from buzzwatch.model.mention import Kind, Sighting

MONDAY: Instant = 1_767_571_200_000
STREAMS, YEAR, AGE = 50, 365, 120
BUDGET = 1 / 30
OTHERS, SCREEN = "", "screen"

Shape = Callable[[int, str], float]
"""By the day (0: what happens begins) and theme: so many times the usual."""


class Case(NamedTuple):
    """Voices a day by theme, the themeless ones under OTHERS; what happens; how much days differ."""

    name: str
    rates: Mapping[str, float]
    shape: Shape = lambda _day, _theme: 1.0
    noise: float = 0.1
    age: int = AGE
    days: int = YEAR - AGE


def draw_voices(chance: random.Random, mean: float, noise: float) -> int:
    """A negative-binomial count: Poisson about a mean that differs, its squared relative deviation being the noise."""
    return draw(chance, mean * chance.gammavariate(1 / noise, noise), exact=50.0)


def post(at: Instant, author: int) -> Sighting:
    return Sighting(
        at, at, f"x:{author}", "acme", "x", f"x:{author}", None, Kind.POST, author, None, False, 0.2, "", "en", author
    )


def found(case: Case, seed: int) -> list[tuple[int, str]]:
    """Days and subjects of the findings of one stream."""
    chance, diary = random.Random(seed), Diary(UTC, MONDAY)
    told: list[tuple[int, str]] = []
    for day in range(-case.age, case.days):
        mood, noon = chance.lognormvariate(-0.01, 0.14), MONDAY + (day + case.age) * DAY + 12 * HOUR
        for theme, rate in case.rates.items():
            subjects = (f"theme:{theme}",) if theme else ()
            for _ in range(draw_voices(chance, rate * mood * case.shape(day, theme), case.noise)):
                diary.count(post(noon, chance.getrandbits(32)), subjects)
        told += [(day, each.subject) for each in diary.close(noon + 12 * HOUR, (), BUDGET) if each.fresh]
    return told


def grows(day: int, theme: str) -> float:
    """From 0.5 to 8 a day within a fortnight."""
    return 1 + 15 * min(max(day, 0) / 14, 1) if theme == SCREEN else 1


def grows_faster(day: int, theme: str) -> float:
    """The same, every day the same part more."""
    return 16 ** min(max(day, 0) / 14, 1) if theme == SCREEN else 1


def goes_viral(day: int, theme: str) -> float:
    """A hundred times for a day, ten on the next, three on the third."""
    return {0: 100, 1: 10, 2: 3}.get(day, 1) if theme == SCREEN else 1


def flares_up(day: int, theme: str) -> float:
    """A hundred times for a day, and nothing after it."""
    return 100 if day == 0 and theme == SCREEN else 1


def bills(day: int, theme: str) -> float:
    """Five times as much for three days every month: bills go out."""
    return 5 if day % 30 < 3 and theme == SCREEN else 1


def rests(day: int, _theme: str) -> float:
    """Half as much at weekends, and a third of it for a fortnight."""
    return (0.5 if day % 7 in {3, 4} else 1.2) * (1 / 3 if 0 <= day < 14 else 1)


def rests_alone(day: int, theme: str) -> float:
    """The same, of one theme only: nobody speaks of offices at weekends."""
    return rests(day, theme) if theme == SCREEN else 1


def doubles(day: int, _theme: str) -> float:
    """The whole brand, for good."""
    return 2 if day >= 0 else 1


def triples_alone(day: int, theme: str) -> float:
    """One theme, for good."""
    return 3 if day >= 0 and theme == SCREEN else 1


MIXED = {OTHERS: 40.0, "rare": 0.2, "seat": 0.2, "price": 2.0, "delay": 2.0, "staff": 10.0}
ORDINARY = (
    Case("0.2 a day", {OTHERS: 5.0, SCREEN: 0.2}),
    Case("2 a day", {OTHERS: 20.0, SCREEN: 2.0}),
    Case("20 a day", {OTHERS: 60.0, SCREEN: 20.0}),
    Case("five themes", MIXED),
    Case("five themes, bursty", MIXED, noise=1.0),
    Case("weekends, a holiday", {OTHERS: 40.0, SCREEN: 5.0}, rests),
    Case("the same, theme alone", {OTHERS: 40.0, SCREEN: 5.0}, rests_alone),
    Case("three days a month", {OTHERS: 40.0, SCREEN: 2.0}, bills),
    Case("brand twice for good", {OTHERS: 20.0, SCREEN: 2.0, "staff": 10.0}, doubles),
)
EVENTS = (
    Case("0.5 to 8 in a fortnight", {OTHERS: 40.0, SCREEN: 0.5, "price": 2.0}, grows, days=28),
    Case("the same, small brand", {OTHERS: 3.0, SCREEN: 0.5}, grows, days=28),
    Case("the same, 20 days old", {OTHERS: 40.0, SCREEN: 0.5}, grows, age=20, days=28),
    Case("the same, bursty days", {OTHERS: 40.0, SCREEN: 0.5}, grows, noise=1.0, days=28),
    Case("the same, exponentially", {OTHERS: 40.0, SCREEN: 0.5}, grows_faster, days=28),
    Case("5 to 15 at once, for good", {OTHERS: 40.0, SCREEN: 5.0}, triples_alone),
    Case("one loud day", {OTHERS: 40.0, SCREEN: 2.0}, flares_up, days=28),
    Case("one viral day and its echo", {OTHERS: 40.0, SCREEN: 2.0}, goes_viral, days=28),
)


def main(streams: int) -> None:
    began = time.process_time()
    print(f"Budget: {BUDGET * YEAR:.0f} findings for nothing a brand and year. {streams} streams each.\n")
    print("ordinary days            findings a brand-year   streams above the 95 % interval")
    for case in ORDINARY:
        each = [len(found(case, seed)) for seed in range(streams)]
        allowed = BUDGET * (case.age + case.days)
        above = sum(count > allowed + 2 * sqrt(allowed) for count in each)
        print(f"{case.name:25} {sum(each) / streams * YEAR / (case.age + case.days):19.2f} {above:14}")
    print("\nsomething happens           recall  median day (earliest, latest)  findings a stream  others, or before")
    for case in EVENTS:
        told = [found(case, seed) for seed in range(streams)]
        true = [[day for day, subject in one if day >= 0 and subject == f"theme:{SCREEN}"] for one in told]
        first = [days[0] + 1 for days in true if days]
        when = f"{median(first):5.0f} ({min(first)}, {max(first)})" if first else "    -"
        more, false = sum(map(len, true)) / streams, sum(map(len, told)) - sum(map(len, true))
        print(f"{case.name:27} {len(first) / streams:6.2f}  {when:29} {more:17.2f} {false:19}")
    print(f"\n{time.process_time() - began:.0f} s of processor time")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else STREAMS)
