"""What a large installation weighs: `python benchmarks/memory.py [brands] [threads]`.

Steps sightings through a spine until every brand has windows full of mentions and every thread is alive, then takes a
snapshot the way the daemon does: a copy on the loop, which pauses for it, encoded and written by another thread.
"""

import gc
import random
import sys
import time
from array import array
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from rig.machine import introduce, resident
from rig.mentions import SEED, brand_keys, rule_files

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.app.snapshots import copy_memory
from buzzwatch.app.ticking import feed
from buzzwatch.memory import Memory
from buzzwatch.model.input import RulesSwapped
from buzzwatch.model.instant import HOUR, Instant
from buzzwatch.model.mention import Kind, Sighting
from buzzwatch.model.story import MOST_PAIRS, StoryKeys
from buzzwatch.spine import Spine
from buzzwatch.store.snapshot import read_snapshots, write_snapshot

START: Instant = 1_795_996_800_000
SPAN = 12 * HOUR
REPLIES = 2
"""For each thread."""


def sightings(keys: list[str], threads: int) -> Iterator[Sighting]:
    """Every thread and its replies, some threads more sought after than others, over twelve hours."""
    chance = random.Random(SEED)
    count = threads * (1 + REPLIES)
    begun = 0
    for number in range(count):
        at = START + SPAN * number // count
        fresh = begun * (1 + REPLIES) <= number
        root = begun if fresh else int(begun * chance.random() ** 3)
        begun += fresh
        thread = f"x:{1_790_000_000_000_000_000 + root}"
        yield Sighting(
            seen_at=at,
            posted_at=at - chance.randrange(20_000),
            mention=thread if fresh else f"x:{number}",
            brand=keys[root % len(keys)],
            source="x",
            thread=thread,
            parent=None if fresh else thread,
            kind=Kind.POST if fresh else Kind.REPLY,
            author=chance.randrange(1, 1 << 32),
            followers=chance.randrange(5_000),
            official=False,
            negativity=chance.random() ** 2,
            scorer="bench@1",
            lang="en",
            copy=number + 1,
            keys=_keys(chance, number),
        )


def _keys(chance: random.Random, number: int) -> StoryKeys:
    """Of a text of its own, or of one in five as another has it."""
    pairs = random.Random(number - 1 if number % 5 == 0 else number).sample(range(1 << 32), MOST_PAIRS)
    return StoryKeys(array("I", sorted(pairs)).tobytes(), number + 1, (chance.getrandbits(64),))


def main() -> None:
    brands, threads = (int(word) for word in (sys.argv[1:] + ["1000", "200000"][len(sys.argv) - 1 :])[:2])
    introduce(SEED)
    keys = brand_keys(brands)
    rules = compile_rules(rule_files(keys))
    spine = Spine(Memory(threads))
    print(f"{len(keys)} brands, 5 rules each: {resident():.0f} MB")
    for _ in feed(spine, RulesSwapped(START, rules)):
        pass
    began = time.process_time()
    for sighting in sightings(keys, threads):
        for _ in feed(spine, sighting):
            pass
    spent = time.process_time() - began
    count = threads * (1 + REPLIES)
    print(
        f"{len(spine.memory.tracker)} threads, {count} mentions: "
        f"{resident():.0f} MB, {spent / count * 1e6:.1f} us a mention"
    )
    pauses = []
    for _ in range(3):
        dumped = None  # the writing thread lets go of it, not the loop
        gc.collect()
        began = time.perf_counter()
        dumped = copy_memory(spine)
        pauses.append(time.perf_counter() - began)
    print(f"copy for a snapshot, the loop pauses: {', '.join(f'{pause * 1e3:.0f}' for pause in pauses)} ms")
    with TemporaryDirectory() as directory:
        began = time.perf_counter()
        size = write_snapshot(Path(directory), 1, dumped).stat().st_size
        print(f"encode and write it: {time.perf_counter() - began:.2f} s, {size / 1e6:.0f} MB; now {resident():.0f} MB")
        del dumped
        began = time.perf_counter()
        ((_, found),) = read_snapshots(Path(directory), 1)
        again = Memory.load(found, rules)
        print(f"read and load it: {time.perf_counter() - began:.2f} s")
    assert again.digest() == spine.memory.digest()


if __name__ == "__main__":
    main()
