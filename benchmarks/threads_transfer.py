"""Time scales chosen on one set of conversations, judged on another: `python benchmarks/threads_transfer.py [FILE...]`.

Each FILE is what `buzzwatch detect threads` reads, in order of time. Without any, two invented sets are taken. Every
pair of a fast and a slow memory is tried on each set; the best one there is judged on the others. A growing
conversation reaches what 5 % of the first 60 % exceed in a day; earliness is the mean share of that which was still to
come at the alarm, with a backstop at half, over the later 40 %; an alarm is false on one that stays under half.
Then budgets under drift: invented streams whose conversations grow to three times their size.
"""

import gzip
import json
import sys
import time
from collections.abc import Iterable
from itertools import combinations
from math import exp, log
from pathlib import Path
from statistics import mean

from rig.cascades import conversations
from rig.machine import introduce

from buzzwatch.detect.ordinary import Ordinary
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span
from buzzwatch.model.thread import Day

SEED = 20261122
SHARE = 0.05
EARLIER = 0.6
BIG = 0.95
MEMORIES = (2 * MINUTE, 5 * MINUTE, 10 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR)
USED = (5 * MINUTE, 6 * HOUR)
Event = tuple[Instant, str]


class Followed:
    """One conversation under two memories."""

    __slots__ = (
        "alarm_at",
        "begun_at",
        "counted",
        "fast",
        "highest",
        "highest_before",
        "last_at",
        "most",
        "slow",
        "times",
    )

    def __init__(self, at: Instant) -> None:
        self.fast = self.slow = self.highest = self.highest_before = 0.0
        self.last_at, self.begun_at = at, None
        self.counted = self.most = 0
        self.alarm_at = None
        self.times: list[Instant] = []


def follow(events: Iterable[Event], memories: tuple[Span, Span]) -> dict[str, Followed]:
    """What the detector does, for any two memories; alarms are its own, thresholds learnt from the stream's past."""
    fast, slow = memories
    ordinary, found, open_days = Ordinary(), {}, []
    first = 0
    for at, thread in events:
        each = found.get(thread)
        if each is None:
            each = found[thread] = Followed(at)
        while first < len(open_days) and at - open_days[first].begun_at >= DAY:
            end_day(open_days[first], ordinary)
            first += 1
        if each.begun_at is None:
            each.begun_at, each.counted = at, len(each.times)
            open_days.append(each)
        passed, each.last_at = at - each.last_at, at
        each.fast = each.fast * exp(-passed / fast) + 1
        each.slow = each.slow * exp(-passed / slow) + 1
        each.times.append(at)
        score = 1.25 * log((2 + each.fast) * (1 + each.slow) / 6)
        each.highest = max(each.highest, score)
        if each.alarm_at is None and score >= ordinary.ceiling(SHARE):
            each.alarm_at = at
    return found


def end_day(each: Followed, ordinary: Ordinary) -> None:
    before = each.most
    each.most, each.begun_at = max(before, len(each.times) - each.counted), None
    ordinary.learn(Day(before, each.most, each.highest_before, each.highest))
    each.highest_before = each.highest


def day_counts(times: list[Instant]) -> list[int]:
    """Mentions in the 24 h up to and with each."""
    counts, first = [], 0
    for place, at in enumerate(times):
        while times[first] < at - DAY:
            first += 1
        counts.append(place - first + 1)
    return counts


def judge(found: dict[str, Followed]) -> tuple[float, float]:
    """Earliness at the alarms, and false alarms over the budget."""
    counts = [day_counts(each.times) for each in found.values()]
    split = int(EARLIER * len(counts))
    big = sorted(max(each) for each in counts[:split])[int(BIG * split)]
    earliness, false = [], []
    for each, seen in list(zip(found.values(), counts, strict=True))[split:]:
        if max(seen) >= big:
            rung = [each.alarm_at is not None and at >= each.alarm_at for at in each.times]
            at_alarm = next(n for n, rings in zip(seen, rung, strict=True) if rings or n >= big / 2)
            earliness.append(1 - min(1.0, at_alarm / big))
        elif max(seen) < big / 2:
            false.append(each.alarm_at is not None)
    return mean(earliness), mean(false) / SHARE


def read(path: Path) -> list[Event]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = (json.loads(line) for line in raw.splitlines() if line.strip())
    return sorted((int(row["at"] * SECOND), row["thread"]) for row in rows)


def transfer(sets: dict[str, list[Event]]) -> None:
    pairs = list(combinations(MEMORIES, 2))
    worth = {name: {pair: judge(follow(events, pair)) for pair in pairs} for name, events in sets.items()}
    for chosen_on, known in worth.items():
        best = max(pairs, key=lambda pair: known[pair][0] if known[pair][1] <= 1.3 else 0.0)
        for judged_on, figures in worth.items():
            earliness, ratio = figures[best]
            what = "in-sample" if judged_on == chosen_on else f"transfer to {judged_on}"
            print(f"{told(best)} chosen on {chosen_on}, {what}: earliness {earliness:.3f}, false/budget {ratio:.2f}")
    for name, figures in worth.items():
        earliness, ratio = figures[USED]
        print(f"{told(USED)}, as the daemon has it, on {name}: earliness {earliness:.3f}, false/budget {ratio:.2f}")


def told(memories: tuple[Span, Span]) -> str:
    return " and ".join(f"{each // MINUTE} min" for each in memories)


def drift() -> None:
    """Budgets while conversations grow to three times their size, or shrink to a third, over the stream."""
    for what, grows in (("x3", lambda part: 3**part), ("x1/3", lambda part: 3**-part), ("steady", lambda _part: 1.0)):
        ratios = []
        for seed in range(1, 21):
            stream = conversations(seed, 1_500, 20 * MINUTE, grows=grows)
            ratios.append(judge(follow(stream, USED))[1])
        shown = " ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"size {what}, seeds 1 to 20, false/budget: mean {mean(ratios):.2f}, most {max(ratios):.2f}: {shown}")


def main() -> None:
    introduce(SEED)
    sets = {Path(name).name: read(Path(name)) for name in sys.argv[1:]} or {
        "quick": list(conversations(SEED, 1_500, 10 * MINUTE, 3 * MINUTE)),
        "slow": list(conversations(SEED + 1, 1_500, 10 * MINUTE, 40 * MINUTE)),
    }
    began = time.process_time()
    transfer(sets)
    drift()
    print(f"{time.process_time() - began:.0f} s of processor time")


if __name__ == "__main__":
    main()
