"""From a score to "how often would ordinary traffic look like this", learnt from the past of the same score."""

from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any, NamedTuple

from buzzwatch.model.instant import DAY, Instant, Span
from buzzwatch.model.signal import LEAST_CEILING

LINE = LEAST_CEILING
"""Scores above it are peaks, and make the tail."""

_LINES = (LINE, 4.0, 6.0, 9.0, 13.0)
_ENOUGH = 12.0  # peaks over a higher line, for it to speak for itself
_HALF_LIFE = 60 * DAY
_CAP = 8.0
"""A peak counts for at most so many mean excesses, lest a crisis teach that crises are ordinary."""


class Prior(NamedTuple):
    """What a tail believes before it has seen anything: so many peaks in so many days, and their mean excess."""

    peaks: float
    days: float
    excess: float


USUAL = Prior(peaks=6.0, days=18.0, excess=0.7)
"""A peak every three days, on the strength of six of them."""


class Tail:
    """Peaks of one score over LINE: how many a day (Gamma prior), how high (exponential, Gamma prior on its rate).

    One peak is the highest score of a cluster; scores above the line less than `apart` from each other are one cluster.
    Where peaks are many, a higher line with enough of them over it takes the place of LINE: a tail is exponential only
    far out. Cold start: it believes in its prior on the strength of so many peaks; ceilings then follow the brand's own
    past within weeks. The past fades with a half-life of 60 days.
    """

    __slots__ = ("_at", "_days", "_excess", "_over_at", "_peaks", "_prior", "top")

    def __init__(self, now: Instant, prior: Prior = USUAL) -> None:
        self._prior = prior
        self._at = now
        self._days = 0.0
        self._peaks = [0.0] * len(_LINES)
        self._excess = [0.0] * len(_LINES)
        self.top = 0.0
        """The open cluster's highest score, 0 if there is none: then a score of LINE or less need not be observed."""
        self._over_at = now

    def observe(self, score: float, now: Instant, apart: Span) -> None:
        """Take a score into account; `now` never goes backwards."""
        if self.top and now - self._over_at >= apart:
            self._age(self._over_at)
            self._add(0.0, self.top)
            self.top = 0.0
        if score > LINE:
            self.top = max(self.top, score)
            self._over_at = now

    def rise(self, before: float, after: float, now: Instant) -> None:
        """Take into account that a maximum which is a peak by itself (a thread's) rose to a score over LINE."""
        self._age(now)
        self._add(before, after)

    def ceiling(self, rate: float, now: Instant) -> float:
        """The score that ordinary traffic reaches `rate` times a day; never under LINE.

        The predictive law of an exponential excess whose mean is uncertain is a Lomax: heavier while little is known.
        """
        days, kept = self._aged(now)
        prior = self._prior
        days += prior.days
        line, peaks = LINE, prior.peaks + self._peaks[0] * kept
        excess = prior.excess * prior.peaks + self._excess[0] * kept
        for index in range(1, len(_LINES)):
            higher = self._peaks[index] * kept
            if higher < _ENOUGH or higher / days < rate:
                break
            line, peaks, excess = _LINES[index], higher, self._excess[index] * kept
        usual = peaks / days
        return line + excess * (exp(log(usual / rate) / peaks) - 1) if usual > rate else LINE

    def dump(self) -> tuple[float, ...]:
        """Fourteen numbers."""
        return self._at, self._days, self.top, self._over_at, *self._peaks, *self._excess

    @classmethod
    def load(cls, dumped: Sequence[float], prior: Prior = USUAL) -> "Tail":
        """What `dump` gave, alive again."""
        tail = cls(int(dumped[0]), prior)
        tail._days, tail.top, tail._over_at = dumped[1], dumped[2], int(dumped[3])
        tail._peaks, tail._excess = list(dumped[4:9]), list(dumped[9:])
        return tail

    def habits(self) -> dict[str, Any]:
        """What was learnt, without dates; an open cluster is left out."""
        return {"days": self._days, "peaks": self._peaks.copy(), "excess": self._excess.copy()}

    def adopt(self, habits: Mapping[str, Any]) -> None:
        """Believe from now on what another tail had learnt. ValueError if it is not one of this kind."""
        if len(habits["peaks"]) != len(_LINES) or len(habits["excess"]) != len(_LINES):
            raise ValueError(f"a tail over {len(habits['peaks'])} lines: {len(_LINES)} are needed; learn it again")
        self._days, self._peaks, self._excess = habits["days"], list(habits["peaks"]), list(habits["excess"])

    def _add(self, before: float, after: float) -> None:
        """One peak grew from one score to another."""
        prior = self._prior
        mean = (prior.excess * prior.peaks + self._excess[0]) / (prior.peaks + self._peaks[0])
        after = min(after, LINE + _CAP * mean)
        for index, line in enumerate(_LINES):
            if after <= line:
                break
            if before <= line:
                self._peaks[index] += 1
            self._excess[index] += max(0.0, after - max(line, before))

    def _age(self, now: Instant) -> None:
        self._days, kept = self._aged(now)
        if kept < 1:
            self._peaks = [each * kept for each in self._peaks]
            self._excess = [each * kept for each in self._excess]
            self._at = now

    def _aged(self, now: Instant) -> tuple[float, float]:
        """The days as they count at an instant, and what is kept of the rest: asking must not change anything."""
        passed = now - self._at
        if passed <= 0:
            return self._days, 1.0
        kept = exp(-passed * log(2) / _HALF_LIFE)
        return self._days * kept + (1 - kept) * _HALF_LIFE / DAY / log(2), kept
