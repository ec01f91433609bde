"""Invented brands with labelled bursts, in the layout of the Numenta Anomaly Benchmark.

From one mention in two hours to 4,000 an hour, other days and weeks, rougher and smoother, with a level that wanders,
doubles or halves, with silences of days, with bursts in the first weeks and bursts close together, and with small bumps
that nobody labelled. 55 days of counts of 5 minutes each.
"""

import json
import random
from datetime import datetime, timedelta
from math import exp, log, pi, sin
from pathlib import Path

from quiet import draw

ROWS, DAY, HOUR = 55 * 288, 288, 12
START = datetime(2026, 1, 5, 7, 30)  # noqa: DTZ001 - as NAB writes times


def bump(rates: list[float], at: int, height: float, rise: int, half_life: float) -> None:
    """Add mentions that come up within some rows and then halve and halve again."""
    for row in range(at, min(len(rates), at + int(half_life * 8))):
        since = row - at
        rates[row] += height * (since + 1) / rise if since < rise else height * 0.5 ** ((since - rise) / half_life)


def usual(dice: random.Random, per_row: float) -> list[float]:
    """What would be expected without bumps and bursts."""
    swing, phase, second, weekend = dice.uniform(0.1, 0.9), dice.random(), dice.uniform(0, 0.3), dice.uniform(0.5, 1.1)
    mood_width, drift, step_at = dice.uniform(0.05, 0.25), dice.uniform(0, 0.04), dice.randrange(3 * ROWS)
    mood, level, rates = 1.0, per_row, []
    for row in range(ROWS):
        if row % DAY == 0:
            mood = exp(dice.gauss(0, mood_width))
            level *= exp(dice.gauss(0, drift))
        if row == step_at:
            level *= dice.choice((0.5, 2.0))
        hour = 2 * pi * (row / DAY + phase)
        shape = max(0.05, 1 + swing * sin(hour) + second * sin(2 * hour + 1))
        rates.append(level * mood * shape * (weekend if row // DAY % 7 >= 5 else 1))
    return rates


def places(dice: random.Random) -> list[int]:
    """Rows of two to five bursts, half a day apart at least, at times a day or two after another."""
    found = [dice.randrange(HOUR * 30, ROWS - DAY)]
    for _ in range(dice.randrange(1, 5)):
        close = found[-1] + dice.randrange(DAY, 3 * DAY) if dice.random() < 0.3 else ROWS
        found.append(close if close < ROWS - DAY else dice.randrange(HOUR * 30, ROWS - DAY))
    return sorted(row for place, row in enumerate(found) if all(abs(row - each) > DAY / 2 for each in found[:place]))


def brand(seed: int) -> tuple[list[int], list[int]]:
    """Counts, and the rows at which bursts begin."""
    dice = random.Random(seed)
    per_row = exp(dice.uniform(log(0.04), log(330)))
    rates, rough = usual(dice, per_row), dice.uniform(0.02, 0.25)
    for _ in range(dice.randrange(10, 90)):
        bump(
            rates, dice.randrange(ROWS), per_row * dice.expovariate(1 / 0.5), dice.randrange(1, 7), dice.uniform(3, 18)
        )
    labels = places(dice)
    for row in labels:
        least = 1.5 if per_row < 1 else 0.0  # mentions a row: 18 an hour
        height = max(least, per_row * exp(dice.uniform(log(2.5), log(25))))
        bump(rates, row, height, dice.randrange(1, 9), HOUR * dice.uniform(0.7, 6))
    if dice.random() < 0.3:
        silent = dice.randrange(ROWS)
        rates[silent : silent + DAY * 2] = [0.0] * len(rates[silent : silent + DAY * 2])
        labels = [row for row in labels if not silent <= row < silent + DAY * 2]
    return [draw(dice, rate * dice.gammavariate(1 / rough, rough)) for rate in rates], labels


def write(folder: Path, brands: int, seed: int) -> None:
    """So many of them into a folder, with combined_windows.json."""
    folder.mkdir(parents=True, exist_ok=True)
    times = [f"{START + timedelta(minutes=5 * row):%Y-%m-%d %H:%M:%S}" for row in range(ROWS)]
    windows: dict[str, list[list[str]]] = {}
    for number in range(brands):
        counts, labels = brand(seed * 1_000 + number)
        name = f"brand_{number:02}.csv"
        rows = (f"{time},{count}" for time, count in zip(times, counts, strict=True))
        (folder / name).write_text("\n".join(["timestamp,value", *rows]) + "\n")
        half = ROWS // (20 * max(1, len(labels)))
        spans: list[list[int]] = []
        for row in labels:
            since, until = max(0, row - half), min(ROWS - 1, row + half)
            if spans and since <= spans[-1][1]:
                spans[-1][1] = until
            else:
                spans.append([since, until])
        windows[name] = [[times[since], times[until]] for since, until in spans]
    (folder / "combined_windows.json").write_text(json.dumps(windows, indent=1))
