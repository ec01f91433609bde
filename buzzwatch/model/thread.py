"""A conversation as rules and messages read it."""

from enum import StrEnum

from msgspec import Struct

from buzzwatch.model.instant import Instant
from buzzwatch.model.signal import Trend


class Phase(StrEnum):
    """Where a conversation stands in its life, by the hour behind against its best and its worst hour."""

    RISING = "rising"
    PEAKING = "peaking"
    """As lively as ever, give or take a half."""
    FADING = "fading"
    OVER = "over"
    REBOUND = "rebound"
    """Livelier again, after three quarters had gone."""


class Forecast(Struct, frozen=True, gc=False):
    """Mentions to come in the next 24 h: about `mentions`; eight times of ten at least `least` and at most `most`."""

    least: float
    mentions: float
    most: float


class Milestone(Struct, frozen=True, gc=False):
    """When a rising conversation will make `rate` mentions an hour, if it goes on as it does: about `at`.

    Eight times of ten not before `earliest` and not after `latest`; None: perhaps never.
    """

    rate: int
    at: Instant
    earliest: Instant
    latest: Instant | None


class Day(Struct, frozen=True, gc=False):
    """How far a conversation has come by the end of a day of its.

    `most` is its mentions on its largest day, `score` its highest score; the two `before` are what they were when the
    day before ended, 0 if there was none.
    """

    most_before: int
    most: int
    score_before: float
    score: float


class ThreadView(Struct, frozen=True, gc=False):
    """One conversation of one brand at one instant.

    `score` is the escalation score (unbounded, higher is worse). `rate` is mentions an hour now. `forecast` is the
    number of mentions expected in the next 24 h, `likely` the same with its interval. `milestone` is the next round
    rate of a conversation that rises, None for the others. `reach` adds up the known followers of its distinct
    mentions, None if none is known. `negative_share` is a fraction. `authors` counts distinct ones without the official
    accounts. `answered`: an official reply in the last 30 minutes and no speeding-up since.
    """

    id: str
    brand: str
    mentions: int
    authors: int
    negative_share: float
    reach: int | None
    rate: float
    forecast: float
    score: float
    answered: bool
    trend: Trend
    first_at: Instant
    last_at: Instant
    phase: Phase = Phase.PEAKING
    likely: Forecast | None = None
    milestone: Milestone | None = None
