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
from collections.abc import Iterable, Iterator
from itertools import islice
from math import exp
from statistics import median

import msgspec
from stage.cascades import START, conversations, sighting
from stage.machine import introduce, resident

from buzzwatch.detect.thread import Escalation
from buzzwatch.model.instant import DAY, HOUR, SECOND, Instant
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
    """Fifty conversations that bring ten mentions a second; a crowd of 5,000."""
    dice = random.Random(SEED)
    for number in range(MENTIONS):
        yield sighting(since + number * SECOND // 10, name(dice.randrange(50)), dice.randrange(1, 5_000))


def lively(since: Instant) -> Iterator[Sighting]:
    """Some large conversations and many small ones, one beginning each minute."""
    dice = random.Random(SEED)
    for at, thread in islice(conversations(SEED, 20_000, 60 * SECOND), MENTIONS):
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
        ("busy conversations", busy, 200_000),
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
    """How far forecasts after an hour are off, and how often the truth lies in their interval."""
    for pace in (2 * 60 * SECOND, 10 * 60 * SECOND, HOUR):
        tracker, first, errors, held = Tracker(Escalation()), dict[str, Instant](), list[float](), list[bool]()
        waiting: dict[str, tuple[float, float, float, int]] = {}
        counts: dict[str, int] = {}
        events = list(conversations(SEED, 8_000, 60 * SECOND, pace))
        ends = sorted(
            (moment, kind, thread)
            for thread, at in {thread: at for at, thread in reversed(events)}.items()
            for kind, moment in enumerate((at + HOUR, at + HOUR + DAY))
        )
        position = 0
        for at, thread in events:
            while position < len(ends) and ends[position][0] < at:
                moment, kind, judged = ends[position]
                position += 1
                slot = tracker.slot_of("acme", judged)
                if kind == 0 and slot is not None and counts[judged] >= FEWEST:
                    likely = tracker.view(slot, moment).likely
                    waiting[judged] = (likely.least, likely.mentions, likely.most, counts[judged])
                elif judged in waiting:
                    least, middle, most, seen = waiting.pop(judged)
                    truth = counts[judged]
                    errors.append(abs((seen + middle) / truth - 1))
                    held.append(least <= truth - seen <= most)
            first.setdefault(thread, at)
            counts[thread] = counts.get(thread, 0) + 1
            tracker.count(sighting(at, thread, 1))
        later = len(errors) // 5
        share = sum(held[later:]) / len(held[later:])
        print(
            f"forecasts after an hour, answers after {pace // 60_000} min: {len(errors)} conversations, "
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
