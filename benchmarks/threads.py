"""Speed and size of the thread tracker: `python benchmarks/threads.py [threads] [mentions]`."""

import random
import sys
import time
import tracemalloc

from buzzwatch.detect.thread import Escalation
from buzzwatch.model.instant import SECOND
from buzzwatch.model.mention import Kind, Sighting
from buzzwatch.threads.tracker import Tracker

START = 1_750_000_000_000
BRANDS = [f"brand-{number}" for number in range(1_000)]


def sightings(threads: int, mentions: int) -> list[Sighting]:
    """Every thread once, then mentions that fall on few threads often and on many rarely."""
    dice = random.Random(7)
    found = []
    for number in range(threads + mentions):
        root = number if number < threads else int(threads * dice.random() ** 3)
        at = START + number * SECOND // 20
        name = f"x:{1_790_000_000_000_000_000 + root}"
        found.append(
            Sighting(
                seen_at=at, posted_at=at - dice.randrange(20_000), mention=name if number < threads else f"x:{number}",
                brand=BRANDS[root % len(BRANDS)], source="x", thread=name, parent=None, kind=Kind.POST,
                author=dice.randrange(1, 1 << 32), followers=None, official=False, negativity=0.3, scorer="bench@1",
                lang="en", copy=number,
            )
        )  # fmt: skip
    return found


def main() -> None:
    threads, mentions = (int(word) for word in (sys.argv[1:] + ["200000", "200000"][len(sys.argv) - 1 :])[:2])
    stream = sightings(threads, mentions)
    tracker = Tracker(Escalation(), capacity=threads)
    began = time.process_time()
    for sighting in stream[:threads]:
        tracker.count(sighting)
    print(f"open a thread: {(time.process_time() - began) / threads * 1e6:.2f} us")
    began = time.process_time()
    for sighting in stream[threads:]:
        tracker.count(sighting)
    print(f"join a thread: {(time.process_time() - began) / mentions * 1e6:.2f} us")
    began = time.process_time()
    dumped = tracker.dump()
    print(f"dump {len(tracker)} threads: {(time.process_time() - began) * 1e3:.1f} ms")
    began = time.process_time()
    Tracker.load(dumped, Escalation())
    print(f"load them: {(time.process_time() - began) * 1e3:.1f} ms")
    del tracker, dumped
    tracemalloc.start()
    tracker = Tracker(Escalation(), capacity=threads)
    for sighting in sightings(threads, mentions):
        tracker.count(sighting)
    print(f"memory: {tracemalloc.get_traced_memory()[0] / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
