"""Invented conversations: each mention begets others after a while, some conversations more than others."""

import random
from collections.abc import Callable, Iterator

from buzzwatch.model.instant import DAY, MINUTE, Instant, Span
from buzzwatch.model.mention import Kind, Sighting

START: Instant = 1_795_996_800_000
MOST = 5_000
"""Mentions of one conversation."""


def cascade(dice: random.Random, begets: float, pace: Span, size: float = 1.0) -> list[Span]:
    """Ages of the mentions of one conversation, ascending.

    A mention begets `begets` others in the mean (under 1); `pace` is the median
    delay of one, with a tail like 1 / t. `size` is the mean number of mentions that the world outside adds at once.
    """
    ahead = [0] + [int(dice.random() * pace) for _ in range(int(dice.expovariate(1 / size)))]
    ages = []
    while ahead and len(ages) < MOST:
        age = ahead.pop()
        ages.append(age)
        more = dice.random() < begets / 2
        while more:
            delay = int(pace * (1 / (1 - dice.random()) - 1))
            if age + delay < 3 * DAY:
                ahead.append(age + delay)
            more = dice.random() < 0.5
    return sorted(ages)


def conversations(
    seed: int, number: int, apart: Span, pace: Span = 10 * MINUTE, grows: Callable[[float], float] = lambda _part: 1.0
) -> Iterator[tuple[Instant, str]]:
    """When, and in which conversation, in order of time. `grows`: size of conversations by part of the stream."""
    dice = random.Random(seed)
    events: list[tuple[Instant, str]] = []
    began_at = float(START)
    for root in range(number):
        began_at += dice.expovariate(1 / apart)
        begets, size = 0.9 * dice.random() ** 0.5, grows(root / number) * dice.paretovariate(1.2)
        ages = cascade(dice, begets, pace, min(size, 300.0))
        events += ((int(began_at) + age, f"x:{1_790_000_000_000_000_000 + root}") for age in ages)
    return iter(sorted(events))


def sighting(at: Instant, thread: str, author: int, brand: str = "acme") -> Sighting:
    """A mention that was seen when it was posted."""
    return Sighting(
        seen_at=at,
        posted_at=at,
        mention=f"x:{author}",
        brand=brand,
        source="x",
        thread=thread,
        parent=None,
        kind=Kind.REPLY,
        author=author,
        followers=None,
        official=False,
        negativity=0.3,
        scorer="bench@1",
        lang="en",
        copy=author,
    )
