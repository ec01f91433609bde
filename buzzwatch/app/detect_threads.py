"""Conversations of a file judged as the daemon would, mention by mention: to try it on an export of one's own."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta, Struct

from buzzwatch.detect.ordinary import Ordinary
from buzzwatch.detect.thread import Escalation
from buzzwatch.model.instant import DAY, SECOND, Instant
from buzzwatch.model.mention import Kind, Sighting
from buzzwatch.model.thread import Day
from buzzwatch.rules.units import read_budget
from buzzwatch.sources.file import FileFaultError
from buzzwatch.threads.tracker import Tracker

_CAPACITY = 1_000_000
_IDLE = 365 * DAY
"""One that wakes up later would be counted as a new conversation, and as one more that stayed ordinary."""
_PER_THREADS = re.compile(r"([0-9]{1,6}) per ([0-9]{1,6}) threads")
_REMEDY = 'write {"thread": "x:1790", "at": 1790000000.5}'
_KIND = Kind.POST
_LATEST = 253_402_300_799  # the end of the year 9999


class Event(Struct, frozen=True, gc=False):
    """A mention in a conversation; `at` is in seconds since 1970-01-01T00:00:00Z. What else is told is passed over."""

    thread: Annotated[str, Meta(min_length=1, max_length=500)]
    at: Annotated[float, Meta(ge=0, le=_LATEST)]


class Judgement(Struct, frozen=True, gc=False):
    """How a conversation stands after one mention; `forecast` is its mentions by then and in the next 24 h."""

    thread: str
    score: float
    alarm: bool
    forecast: float


class Threshold(Protocol):
    """The score from which on a conversation rings."""

    def __call__(self, now: Instant) -> float:
        """At an instant."""


class Counting(Escalation):
    """An Escalation that also learns how high the conversations that stay ordinary rise, one by one."""

    __slots__ = ("ordinary",)

    def __init__(self) -> None:
        super().__init__()
        self.ordinary = Ordinary()

    def learn(self, before: int, most: int, heat_before: float, heat: float) -> None:
        """Note how far a conversation has come by the end of a day of its."""
        self.ordinary.learn(Day(before, most, self.score(heat_before) if before else 0.0, self.score(heat)))


def judge(path: Path, budget: str) -> Iterator[bytes]:
    """One JSON object a line for each event, in order; a conversation is alarmed once at most.

    Events are seen in the order of the file: one that is older than the one before it counts as late, as it would in
    the daemon. The same line twice is two mentions.

    Raises:
        FileFaultError: the file cannot be read, a line is no event, or the budget is none.
    """
    escalation = Counting()
    threshold = _threshold(escalation, budget)
    tracker = Tracker(escalation, _CAPACITY, _IDLE)
    encoder, now, rung = msgspec.json.Encoder(), 0, set[str]()
    for event in _events(path):
        at = int(event.at * SECOND)
        now = max(now, at)
        slot = tracker.count(_sighting(event, at, now))
        score, forecast = tracker.outlook(slot, now)
        alarm = event.thread not in rung and score >= threshold(now)
        if alarm:
            rung.add(event.thread)
        most = tracker.mentions(slot) + forecast.mentions
        yield encoder.encode(Judgement(event.thread, score, alarm, most)) + b"\n"


def _threshold(escalation: Counting, budget: str) -> Threshold:
    """Of `50 per 1000 threads`: that part of those that stay ordinary; of `1 per month`: as in a rule."""
    found, rate = _PER_THREADS.fullmatch(budget), read_budget(budget)
    if found and 0 < int(found[1]) < int(found[2]):
        share = int(found[1]) / int(found[2])
        return lambda _now: escalation.ordinary.ceiling(share)
    if rate is None:
        raise FileFaultError(f"{budget!r} is no budget: write `50 per 1000 threads` or `1 per month`")
    return lambda now: escalation.ceiling("", rate, now)


def _events(path: Path) -> Iterator[Event]:
    """Empty lines are passed over, and so is the mark with which some programs begin a file of UTF-8."""
    decode = msgspec.json.Decoder(Event).decode
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield decode(line if number > 1 else line.removeprefix(BOM_UTF8))
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                    if line.removeprefix(BOM_UTF8).strip():
                        raise FileFaultError(f"{path}, line {number}: {error}: {_REMEDY}") from None
    except OSError as error:
        raise FileFaultError(f"{path}: cannot be read ({error.strerror}): check path and rights") from None


def _sighting(event: Event, at: Instant, now: Instant) -> Sighting:
    """By position: by name it would take twice as long."""
    return Sighting(now, at, "", "", "", event.thread, None, _KIND, 0, None, False, 0.0, "", "", 0)
