"""Speed, size and foresight of the thread tracker: `python benchmarks/threads.py [threads]`.

Speed is `Tracker.count` alone on ready sightings, in processor time of one core. They are made a thousand at a time,
just before: in life they have just been decoded, and lie in the processor's cache. Memory is measured in a process of
its own, the strings of the ids included.
"""

import random
import subprocess
import sys
import time
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from math import exp
from statistics import median

import msgspec
from rig.cascades import START, conversations, sighting
from rig.machine import introduce, resident

from buzzwatch.detect.thread import Escalation
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.threads.tracker import Tracker

SEED = 20261122
BATCH = 1_000
MENTIONS = 100_000
FEWEST = 20
"""Mentions in its first hour from which on a conversation's forecast is judged."""


def name(number: int) -> str:
    return f"x:{1_790_000_000_000_000_000 + number}"


def busy(since: Instant) -> Iterator[Sighting]:
    """Fifty conversations that bring ten mentions a second, by nobody knows whom."""
    dice = random.Random(SEED)
    for number in range(MENTIONS):
        yield sighting(since + number * SECOND // 10, name(dice.randrange(50)), 0)


def crowd(since: Instant) -> Iterator[Sighting]:
    """The same, by 5,000 people."""
    dice = random.Random(SEED)
    for number in range(MENTIONS):
        yield sighting(since + number * SECOND // 10, name(dice.randrange(50)), dice.randrange(1, 5_000))


def lively(since: Instant) -> Iterator[Sighting]:
    """Some large conversations and many small ones, one beginning each minute."""
    dice = random.Random(SEED)
    for at, thread in islice(conversations(SEED, 20_000, MINUTE), MENTIONS):
        yield sighting(since + at - START, thread, dice.randrange(1, 1 << 32))


def lone(since: Instant) -> Iterator[Sighting]:
    """Each mention opens a conversation of its own."""
    for number in range(MENTIONS):
        yield sighting(since + number * SECOND // 10, name(number), number + 1)


def spent(tracker: Tracker, stream: Iterable[Sighting]) -> float:
    """Microseconds a mention, in counting alone."""
    seconds, mentions, stream = 0.0, 0, iter(stream)
    while batch := list(islice(stream, BATCH)):
        began = time.process_time()
        for each in batch:
            tracker.count(each)
        seconds, mentions = seconds + time.process_time() - began, mentions + len(batch)
    return seconds / mentions * 1e6


def show(what: str, micros: float) -> None:
    print(f"{what}: {micros:.2f} us, {1e6 / micros:,.0f} events/s")


def floor() -> None:
    """What the machine can do at all: one exponential and eight places of arrays, read and written."""
    columns = [array("f", bytes(4 * 50)) for _ in range(4)]
    first, second, third, fourth = columns
    began = time.process_time()
    for number in range(MENTIONS):
        slot, fade = number % 50, exp(-0.3)
        first[slot] = first[slot] * fade + 1
        second[slot] = second[slot] * fade + 1
        third[slot] = third[slot] * fade + 1
        fourth[slot] = fourth[slot] * fade + 1
    show("floor: a loop with an exponential and eight array accesses", (time.process_time() - began) / MENTIONS * 1e6)


def speeds() -> None:
    for what, stream, capacity in (
        ("busy conversations, authors unknown", busy, 200_000),
        ("busy conversations, 5,000 authors", crowd, 200_000),
        ("lively ones, few and many", lively, 200_000),
        ("the same, 500 slots for all: eviction at every opening", lively, 500),
        ("lone mentions, each takes the slot of another one", lone, 20_000),
    ):
        tracker = Tracker(Escalation(), capacity)
        show(what, spent(tracker, stream(START)))
        twin = Tracker.load(msgspec.msgpack.decode(msgspec.msgpack.encode(tracker.dump())), Escalation())
        show("  after a restart", spent(twin, stream(START + 30 * DAY)))


def weigh(threads: int, mentions: int) -> None:
    """Live conversations, `mentions` of each, each by another author."""
    before = resident()
    tracker = Tracker(Escalation(), threads)
    for number in range(threads * mentions):
        tracker.count(sighting(START + number * SECOND // 50, name(number % threads), number + 1))
    weight = resident()
    print(f"{len(tracker):,} live, {mentions} mentions each: {weight:.0f} MB ", end="")
    print(f"({(weight - before) * 1e6 / threads:.0f} bytes each, and {before:.0f} MB without any)")
    began = time.process_time()
    dumped = tracker.dump()
    copied = time.process_time()
    snapshot = msgspec.msgpack.encode(dumped)
    print(f"  copied in {(copied - began) * 1e3:.0f} ms; snapshot {len(snapshot) / 1e6:.0f} MB, ", end="")
    del tracker, dumped
    dumped = msgspec.msgpack.decode(snapshot)
    began = time.process_time()
    Tracker.load(dumped, Escalation())
    print(f"loaded in {time.process_time() - began:.1f} s")


def foresee() -> None:
    """How far forecasts at the end of the first hour are off, and how often the truth lies in their interval."""
    for pace in (2 * MINUTE, 10 * MINUTE, HOUR):
        events = list(conversations(SEED, 8_000, MINUTE, pace))
        times: dict[str, list[Instant]] = {}
        for at, thread in events:
            times.setdefault(thread, []).append(at)
        tracker, counts, errors, held = Tracker(Escalation()), dict.fromkeys(times, 0), list[float](), list[bool]()
        for at, thread in events:
            slot = tracker.count(sighting(at, thread, 1))
            counts[thread] += 1
            seen = bisect_right(times[thread], times[thread][0] + HOUR)
            if counts[thread] == seen >= FEWEST:
                _, likely = tracker.outlook(slot, at)
                came = bisect_right(times[thread], at + DAY) - seen
                errors.append(abs((seen + likely.mentions) / (seen + came) - 1))
                held.append(likely.least <= came <= likely.most)
        later = len(errors) // 5
        share = sum(held[later:]) / len(held[later:])
        print(
            f"forecasts after an hour, answers after {pace // MINUTE} min: {len(errors)} conversations, "
            f"median error {median(errors[later:]):.0%}, the truth in the interval {share:.0%}"
        )


def main() -> None:
    if sys.argv[1:2] == ["weigh"]:
        weigh(int(sys.argv[2]), int(sys.argv[3]))
        return
    threads = sys.argv[1] if len(sys.argv) > 1 else "1000000"
    introduce(SEED)
    floor()
    speeds()
    for mentions in ("1", "3"):
        subprocess.run([sys.executable, __file__, "weigh", threads, mentions], check=True)
    foresee()


if __name__ == "__main__":
    main()
