"""Invented traffic for the detectors, and how often they would ring."""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, tzinfo
from math import sqrt

from buzzwatch.detect.pulse import Pulse
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant, Span, next_second
from buzzwatch.model.mention import Kind, Sighting
from buzzwatch.model.signal import Detector

MONDAY: Instant = 1_767_571_200_000
"""2026-01-05T00:00:00Z."""


def sighting(posted_at: Instant, seen_at: Instant | None = None, **changes: object) -> Sighting:
    """A calm post by somebody, its text not like any other; `changes` name fields."""
    fields: dict[str, object] = {
        "seen_at": posted_at if seen_at is None else seen_at,
        "posted_at": posted_at,
        "mention": f"x:{posted_at}",
        "brand": "acme",
        "source": "x",
        "thread": f"x:{posted_at}",
        "parent": None,
        "kind": Kind.POST,
        "author": posted_at % 1_000_003 + 1,
        "followers": None,
        "official": False,
        "negativity": 0.2,
        "scorer": "test@1",
        "lang": "en",
        "copy": posted_at % 4_294_967_291,
    }
    return Sighting(**(fields | changes))  # type: ignore[arg-type]


def poisson(dice: random.Random, since: Instant, until: Instant, per_hour: float) -> Iterator[Instant]:
    """Instants of chance alone."""
    at = since + dice.expovariate(per_hour) * HOUR
    while at < until:
        yield int(at)
        at += dice.expovariate(per_hour) * HOUR


def drawn(dice: random.Random, mean: float) -> int:
    """A Poisson count; normal where that is the same."""
    if mean > 30:
        return max(0, round(dice.gauss(mean, sqrt(mean))))
    at, count = dice.expovariate(1), 0
    while at < mean:
        at, count = at + dice.expovariate(1), count + 1
    return count


def follow(pulse: Pulse, sightings: Iterable[Sighting]) -> Iterator[Instant]:
    """Count and look as the spine does; after each look, its instant."""
    due: Instant | None = None
    for item in sightings:
        if due is not None and item.seen_at > due:
            pulse.look(due)
            yield due
        pulse.count(item)
        due = next_second(item.seen_at)
    if due is not None:
        pulse.look(due)
        yield due


def alarms(
    pulse: Pulse,
    sightings: Iterable[Sighting],
    over: Span,
    rate: float,
    detectors: Sequence[Detector] = tuple(Detector)[:2],
) -> list[Instant]:
    """When a rule with this budget (a day) would ring; what lies six hours or less apart is one alarm."""
    rung: list[Instant] = []
    last = dict.fromkeys(detectors, -DAY)
    for now in follow(pulse, sightings):
        for detector in detectors:
            if pulse.signal(detector, over).score >= pulse.ceiling(detector, over, rate):
                if now - last[detector] > 6 * HOUR:
                    rung.append(now)
                last[detector] = now
    return rung


def aged(per_hour: float, days: int = 28, zone: tzinfo = UTC, seed: int = 1) -> Pulse:
    """A brand that has lived a while on chance traffic, up to MONDAY."""
    pulse = Pulse(zone, MONDAY - days * DAY)
    dice = random.Random(seed)
    items = [sighting(at, negativity=dice.random() ** 2) for at in poisson(dice, MONDAY - days * DAY, MONDAY, per_hour)]
    for _ in follow(pulse, items):
        pass
    pulse.look(MONDAY)
    return pulse


def burst(since: Instant, per_minute: int, minutes: int, **changes: object) -> list[Sighting]:
    """Evenly spread mentions."""
    return [
        sighting(since + minute * MINUTE + number * MINUTE // per_minute, **changes)
        for minute in range(minutes)
        for number in range(per_minute)
    ]
