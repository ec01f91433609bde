"""Which invented rises are called urgent, and how soon: `python benchmarks/urgency.py`.

A brand with 20 posts an hour, on top of which comes one of the shapes below for 40 minutes; looked at once a minute, as
a rule that holds from 15 posts in 15 minutes would. What jumps to a new level or decays should not be urgent.
"""

import random
from collections.abc import Callable
from datetime import UTC
from math import exp

from rig.chance import draw
from rig.machine import introduce

from buzzwatch.detect.pulse import Pulse
from buzzwatch.model.incident import URGENT
from buzzwatch.model.instant import DAY, MINUTE, SECOND, Instant
from buzzwatch.model.signal import Detector

SEED, TIMES, MINUTES, DAYS = 1, 60, 40, 3
MONDAY: Instant = 1_767_571_200_000
OVER = 15 * MINUTE
LEAST = 15
SHAPES: dict[str, Callable[[int], float]] = {
    "doubles every 5 minutes, half an hour": lambda minute: 0.5 * 2 ** (min(minute, 30) / 5),
    "doubles every 10 minutes": lambda minute: 0.7 * 2 ** (minute / 10),
    "doubles every 20 minutes": lambda minute: 2 ** (minute / 20),
    "one post a minute more every 6 minutes": lambda minute: minute / 6,
    "jumps to 1.5 a minute and stays": lambda _minute: 1.5,
    "jumps to 4 a minute and stays": lambda _minute: 4.0,
    "jumps to 20 a minute and stays": lambda _minute: 20.0,
    "jumps to 10 a minute and decays": lambda minute: 10 * exp(-minute / 15),
}


def urgent_after(chance: random.Random, shape: Callable[[int], float]) -> tuple[int, int] | None:
    """Minutes after its beginning at which a rise was first called urgent, and posts of 15 minutes by then."""
    pulse, first = Pulse(UTC, MONDAY), MONDAY // MINUTE
    for minute in range(DAYS * DAY // MINUTE + MINUTES):
        since = minute - DAYS * DAY // MINUTE
        pulse.spread(first + minute, 1, draw(chance, 20 / 60 + (shape(since) if since >= 0 else 0.0)))
        if since < 0 and minute % 15:
            continue
        pulse.look((first + minute + 1) * MINUTE - SECOND)
        if since >= 0 and pulse.mentions(OVER) >= LEAST:
            doubling = pulse.doubling(Detector.VOLUME, OVER)
            if doubling is not None and doubling <= URGENT:
                return since + 1, pulse.mentions(OVER)
    return None


def main() -> None:
    introduce(SEED)
    print("\n| shape | called urgent | minutes after, median | posts in 15 min then |\n|---|---|---|---|")
    for name, shape in SHAPES.items():
        chance = random.Random(SEED)
        found = sorted(filter(None, (urgent_after(chance, shape) for _ in range(TIMES))))
        middle = "{} | {}".format(*found[len(found) // 2]) if found else "- | -"
        print(f"| {name} | {len(found)} of {TIMES} | {middle} |")


if __name__ == "__main__":
    main()
