"""Calm traffic of a brand with real texts in it, and real negative posts injected on top: no labelled stream exists."""

import gzip
import json
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from math import exp, pi, sin, sqrt
from pathlib import Path
from typing import NamedTuple

from rig.chance import draw

from buzzwatch.ingest.scorer import load
from buzzwatch.ingest.sight import Reader
from buzzwatch.model.brand import Brand, Match
from buzzwatch.model.instant import Instant
from buzzwatch.model.mention import Mention
from rivals import DAY, HOUR

MONDAY: Instant = 1_767_571_200_000
"""2026-01-05T00:00:00Z, when every stream begins."""
NIGHT, WEEK_END = 0.6, 0.75
"""The hour of the day swings by so much about its mean; a day of the week-end has so much of another day's traffic."""
_DAYS, _HOURS = (0.3, DAY), (0.25, HOUR)
_ODDS = (0.3, DAY)
"""Standard deviations of the logarithm, and ticks after which it has forgotten 1 - 1/e."""


class Texts(NamedTuple):
    """Negativity in thousandths of each text of a language, as the daemon's scorer sees it, by its label."""

    negative: list[int]
    other: list[int]

    @property
    def share(self) -> float:
        """Of texts labelled negative."""
        return len(self.negative) / (len(self.negative) + len(self.other))


class Calm(NamedTuple):
    """What is usual, and what came: for each tick the posts usually expected, and the negativity of each post."""

    usual: list[float]
    posts: list[list[int]]


def read_texts(path: Path, languages: Iterable[str]) -> dict[str, Texts]:
    """Score labelled texts, JSON lines with text, lang and label, through the daemon's own reader."""
    brand = Brand(
        "acme", "Acme", UTC, "UTC", "en", competitor=False, match=Match(("acme",)), official=frozenset(), rules=()
    )
    reader = Reader({"acme": brand}, load())
    texts = {language: Texts([], []) for language in languages}
    with gzip.open(path) as lines:
        for number, row in enumerate(map(json.loads, lines)):
            if row["lang"] not in texts:
                continue
            mention = Mention(
                f"x:{number}", row["text"], datetime.fromtimestamp(MONDAY / 1_000, UTC), lang=row["lang"], brand="acme"
            )
            milli = int(reader.read(mention, MONDAY).sightings[0].negativity * 1_000 + 0.5)
            known = texts[row["lang"]]
            (known.negative if row["label"] == "negative" else known.other).append(milli)
    return texts


def calm(seed: int, per_hour: float, ticks: int, texts: Texts) -> Calm:
    """Traffic without any crisis, so many posts an hour on average.

    Hours of the day differ, week-ends are calmer; days and hours are livelier or calmer than usual, and days are more
    or less negative, all by slow random walks about their mean; the rest is chance. The noise lies in the middle of
    what five real brands show (counts of 2015, labelled bursts aside: the logarithm of days scatters by 0.12 to
    0.53, that of hours by 0.18 to 0.43). Real conversations of customers with 70 brands show a mean probability that
    scatters by 0.006 to 0.027 between hours and days; here by about 0.01.
    """
    chance = random.Random(f"calm {seed} {per_hour}")
    usual = [per_hour / HOUR * _shape(tick) for tick in range(ticks)]
    days, hours, odds = (_walk(chance, *noise, ticks) for noise in (_DAYS, _HOURS, _ODDS))
    mean = texts.share / (1 - texts.share)
    posts = []
    for expected, day, hour, mood in zip(usual, days, hours, odds, strict=True):
        share = mean * exp(mood) / (1 + mean * exp(mood))
        count = draw(chance, expected * exp(day + hour))
        posts.append([chance.choice(texts.negative if chance.random() < share else texts.other) for _ in range(count)])
    return Calm(usual, posts)


def inject(seed: str, usual: Iterable[float], texts: Texts, factor: float) -> list[list[int]]:
    """Negative posts to add in each tick, so that `factor` times the usual number of negative posts come.

    What is multiplied is the usual traffic of that hour of the week times the language's share of negative texts:
    a factor of 1.5 adds half of that, by chance, whatever the day is like.
    """
    chance = random.Random(seed)
    return [
        [chance.choice(texts.negative) for _ in range(draw(chance, (factor - 1) * expected * texts.share))]
        for expected in usual
    ]


def _shape(tick: int) -> float:
    mean = (5 + 2 * WEEK_END) / 7
    lively = 1 + NIGHT * sin(2 * pi * (tick / DAY - 0.375))
    return lively * (WEEK_END if tick // DAY % 7 >= 5 else 1.0) / mean


def _walk(chance: random.Random, deviation: float, memory: float, ticks: int) -> Iterator[float]:
    """An Ornstein-Uhlenbeck walk; the exponential of it is 1 on average."""
    kept = exp(-1 / memory)
    step, value = deviation * sqrt(1 - kept * kept), chance.gauss(0, deviation)
    for _ in range(ticks):
        yield value - deviation**2 / 2
        value = kept * value + chance.gauss(0, step)
