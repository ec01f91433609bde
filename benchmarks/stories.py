"""Speed, size and quality of putting look-alike mentions together, on invented texts: `python benchmarks/stories.py`.

Each text of 10 to 25 words comes once, three in ten again in one to six edited copies. Speed is measured while both
generations of the memory are full.
"""

import random
import time
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from buzzwatch.ingest.likeness import keys_of
from buzzwatch.model.instant import SECOND
from buzzwatch.model.mention import Mention
from buzzwatch.model.story import StoryKeys
from buzzwatch.threads.stories import Stories

Placed: TypeAlias = list[tuple[int, str]]
SEED = 20261122
START = 1_750_000_000_000
CAPACITY = 40_000
TEXTS = 40_000
COMMON, WORDS = 150, 6_000
POSTED = datetime(2026, 1, 5, tzinfo=UTC)


def invent_words(chance: random.Random) -> list[str]:
    return ["".join(chance.choice("abcdeilmnoprstuvyz") for _ in range(chance.randint(2, 9))) for _ in range(WORDS)]


def invent_text(chance: random.Random, words: list[str]) -> list[str]:
    """Half of a text consists of its language's most common words."""
    return [
        words[chance.randrange(COMMON)] if chance.random() < 0.5 else chance.choice(words)
        for _ in range(chance.randint(10, 25))
    ]


def edit(text: list[str], chance: random.Random) -> list[str]:
    place = chance.randrange(len(text))
    match chance.randrange(5):
        case 0:
            return ["RT", "@somebody:", *text]
        case 1:
            return [*text[: max(6, int(len(text) * chance.uniform(0.7, 0.95)))], "…"]
        case 2:
            return [*text, f"https://link.example/{chance.getrandbits(40):x}"]
        case 3:
            return [*text[:place], *text[place + 1 :]]
        case _:
            return [*text[:place], "really", *text[place + 1 :]]


def invent_stream(chance: random.Random) -> list[tuple[int, str]]:
    """Texts with the number of the one that they copy, shuffled."""
    words, stream = invent_words(chance), []
    for number in range(TEXTS):
        text = invent_text(chance, words)
        stream.append((number, " ".join(text)))
        for _ in range(chance.randint(1, 6) if chance.random() < 0.3 else 0):
            copy = text
            for _ in range(chance.choice((1, 1, 2))):
                copy = edit(copy, chance)
            stream.append((number, " ".join(copy)))
    chance.shuffle(stream)
    return stream


def pairs(groups: Sequence[object]) -> int:
    return sum(count * (count - 1) // 2 for count in Counter(groups).values())


def show_quality(label: str, placed: Placed) -> None:
    both, told, true = pairs(placed), pairs([story for _, story in placed]), pairs([number for number, _ in placed])
    print(f"{label}: pair precision {both / told:.4f}, recall {both / true:.4f}")


def place(stream: list[tuple[int, StoryKeys]], stories: Stories) -> tuple[Placed, float]:
    began = time.process_time()
    placed = [
        (number, stories.place(f"x:{at}", keys, START + at * SECOND).story) for at, (number, keys) in enumerate(stream)
    ]
    return placed, (time.process_time() - began) / len(stream) * 1e6


def main() -> None:
    stream = invent_stream(random.Random(SEED))
    mentions = [Mention(f"x:{at}", text, POSTED) for at, (_, text) in enumerate(stream)]
    began = time.process_time()
    keys = [keys_of(mention) for mention in mentions]
    print(f"keys of a text: {(time.process_time() - began) / len(stream) * 1e6:.1f} us")
    known = [(number, said) for (number, _), said in zip(stream, keys, strict=True)]
    placed, cost = place(known, Stories(4 * TEXTS))
    print(f"place a mention, everything remembered: {cost:.1f} us")
    show_quality("everything remembered", placed)
    tracemalloc.start()
    stories = Stories(CAPACITY)
    place(known, stories)
    print(f"memory for {CAPACITY} texts: {tracemalloc.get_traced_memory()[0] / 1e6:.0f} MB")
    tracemalloc.stop()
    placed, cost = place([(-number, said) for number, said in known[: CAPACITY // 2]], stories)
    print(f"place a mention, both generations full: {cost:.1f} us")
    began = time.process_time()
    dumped = stories.dump()
    print(f"dump: {(time.process_time() - began) * 1e3:.1f} ms")
    began = time.process_time()
    Stories.load(dumped)
    print(f"load: {(time.process_time() - began) * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
