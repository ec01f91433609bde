"""What the rhythm of a source is worth: false reports in quiet months, and how soon a muted source is found out.

    python benchmarks/silence.py [--months N] [--seeds N]

Traffic is generated, with seeds that no constant was chosen by: it has the shape of a week, days that are busier or
quieter than others, and comes in bursts.
"""

import argparse
from collections.abc import Iterator
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


class Kind(NamedTuple):
    """Traffic of one kind: posts a day, how many come at once, how much days differ (log-normal), how empty nights are.

    `burst` is the mean of a geometric number; `spread` is the standard deviation of the logarithm of a day's level,
    `stir` that of an hour's; `night` is the rate at four in the morning by that of the afternoon.
    """

    name: str
    a_day: float
    burst: float
    spread: float
    stir: float
    night: float
    weekend: float


KINDS = (
    Kind("firehose, 1,000 a minute", 1_440_000, 1, 0.2, 0.1, 0.4, 0.9),
    Kind("broker, 5 a minute", 7_200, 3, 0.4, 0.4, 0.05, 0.6),
    Kind("feed, 3 a day", 3, 2.5, 0.4, 0.3, 0.02, 0.3),
    Kind("webhook, 1 a day", 1, 1, 0.4, 0.3, 0.1, 0.7),
)


def shape(kind: Kind, hour: int) -> float:
    """By how much an hour of the week differs from the mean, before all of them are made to average one."""
    of_day, weekend = hour % 24, hour >= 5 * 24
    asleep = of_day < 6 or of_day == 23
    return (kind.night if asleep else 1.0) * (kind.weekend if weekend else 1.0)


def traffic(kind: Kind, random: Random, since: Instant, until: Instant) -> Iterator[tuple[Instant, int]]:
    """When how many posts come, at most once a minute."""
    mean = sum(shape(kind, hour) for hour in range(168)) / 168
    level, day, at = 1.0, -1, since
    while at < until:
        hour, end = hour_of_week(PARIS, at)
        if (at - since) // DAY != day:
            day, level = (at - since) // DAY, random.lognormvariate(-(kind.spread**2) / 2, kind.spread)
        stir = random.lognormvariate(-(kind.stir**2) / 2, kind.stir)
        rate = kind.a_day * DAY**-1 * shape(kind, hour) / mean * level * stir
        yield from _hour(rate, kind, random, at, min(end, until))
        at = end


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
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    asked = parser.parse_args()
    print(f"{asked.seeds} sources of each kind, {asked.days} days, then muted at a random instant of a week")
    for kind in KINDS:
        drills = [drill(kind, asked.first_seed + number, asked.days) for number in range(asked.seeds)]
        months = sum(each.months for each in drills)
        found = sorted(each.found / HOUR for each in drills)
        print(
            f"{kind.name:26} {months:6.1f} months; silences reported falsely {sum(d.false for d in drills)} "
            f"({sum(d.false for d in drills) / months:.2f} a month), in the first week {sum(d.young for d in drills)}, "
            f"floods {sum(d.floods for d in drills) / months:.2f} a month; muted: reported after a median of "
            f"{median(found):.2f} h ({found[0]:.2f} to {found[-1]:.2f}), "
            f"{median(d.due for d in drills):.1f} expected posts"
        )


if __name__ == "__main__":
    main()
