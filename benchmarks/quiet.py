"""How the alarm budget holds on 200 seeded quiet streams, a quarter of a year each: `python benchmarks/quiet.py`.

Invented counts of half an hour with a daily rhythm and days that differ, nothing else: as they are, ten times as many,
shifted by nine hours, and every mention three times from the start. An alarm there is a false one by construction.
"""

import random
import sys
from datetime import UTC
from math import pi, sin, sqrt

from rig.chance import draw

from buzzwatch.detect.pulse import Pulse
from buzzwatch.model.instant import EVERY_WINDOW, MINUTE, SECOND, Instant
from buzzwatch.model.signal import Detector

MONDAY: Instant = 1_767_571_200_000
STREAMS, WEEKS, ROW = 200, 12, 30
SIZES = (0.02, 0.1, 0.5, 2.0, 5.0, 20.0, 60.0, 200.0)
BUDGETS = {"1 per week": 1 / 7, "1 per 2 weeks": 1 / 14, "1 per 4 weeks": 1 / 28}
KINDS = {"plain": (1.0, 1, 0), "scaled": (10.0, 1, 0), "shifted": (1.0, 1, 9), "duplicated": (1.0, 3, 0)}


def alarms(seed: int, scale: float, copies: int, shift: int) -> list[int]:
    """False alarms of one stream under each budget."""
    chance = random.Random(seed)
    per_hour = SIZES[seed % len(SIZES)] * scale
    pulse, mood = Pulse(UTC, MONDAY), 1.0
    rung, held = [0] * len(BUDGETS), [False] * len(BUDGETS)
    for row in range(WEEKS * 7 * 24 * 60 // ROW):
        hours = row * ROW / 60
        if hours % 24 == 0:
            mood = chance.lognormvariate(-0.01, 0.14)
        mean = per_hour * ROW / 60 * mood * (1 + 0.6 * sin(2 * pi * (hours + shift) / 24))
        first = MONDAY // MINUTE + row * ROW
        pulse.spread(first, ROW, copies * draw(chance, mean))
        pulse.look((first + ROW) * MINUTE - SECOND)
        score = pulse.signal(Detector.VOLUME, EVERY_WINDOW).score
        for place, rate in enumerate(BUDGETS.values()):
            holds = score > 0 and score >= pulse.ceiling(Detector.VOLUME, EVERY_WINDOW, rate)
            rung[place] += holds and not held[place]
            held[place] = holds
    return rung


def main(streams: int) -> None:
    for kind, shape in KINDS.items():
        each = [alarms(seed, *shape) for seed in range(streams)]
        for place, (budget, rate) in enumerate(BUDGETS.items()):
            allowed = rate * 7 * WEEKS
            total, upper = sum(rung[place] for rung in each), allowed + 2 * sqrt(allowed)
            over = sum(rung[place] > upper for rung in each) / streams
            print(
                f"{kind:10} {budget:13}: {total:4} alarms on {streams} streams, {allowed * streams:.0f} allowed "
                f"(ratio {total / (allowed * streams):.2f}); {over:.1%} of the streams above their 95 % interval"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else STREAMS)
