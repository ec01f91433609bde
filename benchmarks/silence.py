"""What the rhythm of a source is worth: false reports in quiet months, and how soon a muted source is found out.

    python benchmarks/silence.py [--months N] [--seeds N]

Traffic is generated, with seeds that no constant was chosen by: it has the shape of a week, days that are busier or
quieter than others, and comes in bursts.
"""

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from random import Random
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from buzzwatch.detect.rhythm import Rhythm
from buzzwatch.detect.week import hour_of_week
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant, Span

PARIS = ZoneInfo("Europe/Paris")
MONDAY: Instant = 1_767_567_600_000
"""2026-01-05 00:00 in Paris."""
FIRST_SEED = 9_000
LOOK: Span = MINUTE
SPARSE = 100
"""Posts a day."""
HOLIDAY = 9
"""The tenth week."""
FETCHED: Span = 6 * HOUR
"""When what is fetched once a day is fetched, after midnight."""


class Kind(NamedTuple):
    """Traffic of one kind: posts a day, how many come at once, how much days differ (log-normal), how empty nights are.

    `burst` is the mean of a geometric number; `spread` is the standard deviation of the logarithm of a day's level,
    `stir` that of an hour's; `night` is the rate at four in the morning by that of the afternoon. `drift` is by how
    much the rate is multiplied in thirty days, `holiday` what the tenth week is by others. What is polled comes at once
    `every` so long; what stalls, so many times a day, comes after five to twenty minutes of nothing.
    """

    name: str
    a_day: float
    burst: float
    spread: float
    stir: float
    night: float
    weekend: float
    drift: float = 1.0
    holiday: float = 1.0
    every: Span = 0
    stalls: float = 0.0


KINDS = (
    Kind("firehose, 1,000 a minute", 1_440_000, 1, 0.2, 0.1, 0.4, 0.9),
    Kind("broker, 5 a minute", 7_200, 3, 0.4, 0.4, 0.05, 0.6),
    Kind("feed, 3 a day", 3, 2.5, 0.4, 0.3, 0.02, 0.3),
    Kind("webhook, 1 a day", 1, 1, 0.4, 0.3, 0.1, 0.7),
    Kind("webhook, 2 a week", 2 / 7, 1, 0.4, 0.3, 0.1, 0.7),
    Kind("feed, weekdays alone, 10 a day", 10, 2, 0.4, 0.3, 0.02, 0.0),
    Kind("shop that is closed at night, 200 a day", 200, 2, 0.4, 0.4, 0.0, 0.6),
    Kind("export at 06:00, 50 a day", 50, 2, 0.4, 0.3, 0.1, 0.7, every=DAY),
    Kind("poll of 15 minutes, 100 a day", 100, 2, 0.4, 0.4, 0.1, 0.7, every=15 * MINUTE),
    Kind("list that grows, 20 a day, doubles monthly", 20, 2, 0.3, 0.3, 0.1, 0.7, drift=2.0),
    Kind("list that dies, 400 a day, halves monthly", 400, 2, 0.3, 0.3, 0.1, 0.7, drift=0.5),
    Kind("stream that stalls daily, 100 a minute", 144_000, 2, 0.2, 0.2, 0.4, 0.9, stalls=1.0),
    Kind("shop with a week of holidays, 100 a day", 100, 2, 0.4, 0.4, 0.05, 0.6, holiday=0.2),
)


def shape(kind: Kind, hour: int) -> float:
    """By how much an hour of the week differs from the mean, before all of them are made to average one."""
    of_day, weekend = hour % 24, hour >= 5 * 24
    asleep = of_day < 6 or of_day == 23
    return (kind.night if asleep else 1.0) * (kind.weekend if weekend else 1.0)


def traffic(kind: Kind, random: Random, since: Instant, until: Instant) -> Iterator[tuple[Instant, int]]:
    """When how many posts come, at most once a minute."""
    posted = _posted(kind, random, since, until)
    return _delayed(kind, random, posted) if kind.every or kind.stalls else posted


def _posted(kind: Kind, random: Random, since: Instant, until: Instant) -> Iterator[tuple[Instant, int]]:
    mean = sum(shape(kind, hour) for hour in range(168)) / 168
    level, day, at = 1.0, -1, since
    while at < until:
        hour, end = hour_of_week(PARIS, at)
        if (at - since) // DAY != day:
            day, level = (at - since) // DAY, random.lognormvariate(-(kind.spread**2) / 2, kind.spread)
            level *= kind.drift ** (day / 30) * (kind.holiday if day // 7 == HOLIDAY else 1.0)
        stir = random.lognormvariate(-(kind.stir**2) / 2, kind.stir)
        rate = kind.a_day * DAY**-1 * shape(kind, hour) / mean * level * stir
        if rate:
            yield from _hour(rate, kind, random, at, min(end, until))
        at = end


def _delayed(kind: Kind, random: Random, posted: Iterator[tuple[Instant, int]]) -> Iterator[tuple[Instant, int]]:
    """What is posted while nothing is fetched comes at once."""
    until, kept, stall = 0, 0, MONDAY
    for at, posts in posted:
        if kept and at >= until:
            yield until, kept
            kept = 0
        if kind.every and at >= until:
            until = at - (at - MONDAY - FETCHED) % kind.every + kind.every
        elif kind.stalls and at >= stall:
            until = at + round(random.uniform(5, 20) * MINUTE)
            stall = until + round(random.expovariate(kind.stalls / DAY))
        if at < until:
            kept += posts
        else:
            yield at, posts


def _hour(rate: float, kind: Kind, random: Random, since: Instant, until: Instant) -> Iterator[tuple[Instant, int]]:
    """Within an hour, at `rate` posts a millisecond."""
    if rate * MINUTE > 50:
        for at in range(since, until, MINUTE):
            mean = rate * MINUTE
            yield at + MINUTE - 1, max(0, round(random.gauss(mean, (mean * kind.burst) ** 0.5)))
        return
    at = float(since)
    while (at := at + random.expovariate(rate / kind.burst)) < until:
        size = 1
        while kind.burst > 1 and random.random() > 1 / kind.burst:
            size += 1
        yield int(at), size


class Drill(NamedTuple):
    """What came of months of traffic and a mute at the end of them.

    `false` are the silences reported in them after the first week, `young` those in it; `found` is how long after the
    last post the mute was reported, `due` how many posts were expected meanwhile.
    """

    months: float
    young: int
    false: int
    floods: int
    found: Span
    due: float
    patience: float


def drill(kind: Kind, seed: int, days: int) -> Drill:
    """Hear so many days, then nothing."""
    random = Random(seed)
    rhythm = Rhythm(PARIS, MONDAY)
    rhythm.listen(MONDAY, hears=True)
    muted = MONDAY + days * DAY + round(random.random() * 7 * DAY)
    reports = {Ail.SILENT: [0, 0], Ail.FLOODING: [0, 0]}
    before: Ail | None = None
    look = MONDAY
    for at, posts in traffic(kind, random, MONDAY, muted):
        while (following := _next_look(look, at)) <= at:
            look = following
            ail = rhythm.judge(look).ail
            if ail != before and ail in reports:
                reports[ail][look > MONDAY + 7 * DAY] += 1
            before = ail
        rhythm.hear(at, posts)
    (young, false), floods = reports[Ail.SILENT], sum(reports[Ail.FLOODING])
    at = muted
    while (standing := rhythm.judge(at)).ail is not Ail.SILENT:
        at += LOOK
    return Drill(
        (muted - MONDAY) / (30 * DAY), young, false, floods, at - standing.since, standing.due, standing.patience
    )


def _next_look(look: Instant, at: Instant) -> Instant:
    """Every minute where posts come every minute, and every ten where they are rare: silences are hours then."""
    return look + (LOOK if at - look < HOUR else 10 * LOOK)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=120, help="before the mute")
    parser.add_argument(
        "--seeds", type=int, default=2, help="of each kind; twice as many where less than 100 a day come"
    )
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    asked = parser.parse_args()
    print(f"{asked.days} days, then mute at a random instant of a week; half of one false report a month is allowed\n")
    print(
        "| source | months | false a month | in the first week | floods | found after, median (all) | posts expected |"
    )
    print("|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor() as pool:
        for kind in KINDS:
            seeds = range(asked.first_seed, asked.first_seed + asked.seeds * (1 if kind.a_day > SPARSE else 2))
            drills = list(pool.map(drill, repeat(kind), seeds, repeat(asked.days)))
            print(row(kind, drills), flush=True)


def row(kind: Kind, drills: list[Drill]) -> str:
    """Of the table."""
    months = sum(each.months for each in drills)
    found = sorted(each.found / HOUR for each in drills)
    false, young, floods = sum(d.false for d in drills), sum(d.young for d in drills), sum(d.floods for d in drills)
    return (
        f"| {kind.name} | {months:.0f} | {false / months:.2f} | {young} | {floods} | "
        f"{median(found):.2f} h ({found[0]:.2f} to {found[-1]:.2f}) | {median(d.due for d in drills):.1f} |"
    )


if __name__ == "__main__":
    main()
