"""From a score to "how often would ordinary traffic look like this", learnt from the past of the same score."""

from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any

from buzzwatch.model.instant import DAY, Instant, Span

LINE = 2.0
"""Scores above it are peaks, and make the tail."""

_HALF_LIFE = 60 * DAY
_CAP = 4.0
"""A peak counts for at most so many mean excesses, lest a crisis teach that crises are ordinary."""


class Tail:
    """Peaks of one score over LINE: how many a day (Gamma prior), how high (exponential, Gamma prior on its rate).

    One peak is the highest score of a cluster; scores above the line less than `apart` from each other are one cluster.
    Cold start: before it has seen anything it believes in a peak every three days, with a mean excess of 0.7, on the
    strength of six such peaks; ceilings then follow the brand's own past within weeks. The past fades with a half-life
    of 60 days.
    """

    __slots__ = ("_at", "_days", "_excess", "_over_at", "_peaks", "_top")

    _PRIOR_DAYS = 18.0
    _PRIOR_PEAKS = 6.0
    _PRIOR_EXCESS = 0.7 * _PRIOR_PEAKS

    def __init__(self, now: Instant) -> None:
        self._at = now
        self._days = 0.0
        self._peaks = 0.0
        self._excess = 0.0
        self._top = 0.0  # highest score of the open cluster, 0 when there is none
        self._over_at = now

    def observe(self, score: float, now: Instant, apart: Span) -> None:
        """Take a score into account; `now` never goes backwards."""
        if self._top and now - self._over_at >= apart:
            self._close()
        if score > LINE:
            self._top = max(self._top, score)
            self._over_at = now

    @property
    def open(self) -> bool:
        """A cluster is open; when none is, a score at or under LINE need not be observed."""
        return self._top > 0

    def rise(self, before: float, after: float, now: Instant) -> None:
        """Take into account that a maximum which is a peak by itself (a thread's) rose to a score over LINE."""
        self._age(now)
        cap = self._cap()
        if before <= LINE:
            self._peaks += 1
        self._excess += min(after - LINE, cap) - min(max(0.0, before - LINE), cap)

    def ceiling(self, rate: float, now: Instant) -> float:
        """The score that ordinary traffic reaches `rate` times a day; never under LINE.

        The predictive law of an exponential excess whose mean is uncertain is a Lomax: heavier while little is known.
        """
        days, peaks, excess = self._aged(now)
        shape = self._PRIOR_PEAKS + peaks
        frequency = shape / (self._PRIOR_DAYS + days)
        if rate >= frequency:
            return LINE
        return LINE + (self._PRIOR_EXCESS + excess) * (exp(log(frequency / rate) / shape) - 1)

    def dump(self) -> tuple[float, ...]:
        """Six numbers."""
        return self._at, self._days, self._peaks, self._excess, self._top, self._over_at

    @classmethod
    def load(cls, dumped: Sequence[float]) -> "Tail":
        """What `dump` gave, alive again."""
        tail = cls(int(dumped[0]))
        tail._days, tail._peaks, tail._excess, tail._top = dumped[1:5]
        tail._over_at = int(dumped[5])
        return tail

    def habits(self) -> dict[str, float]:
        """What was learnt, without dates; an open cluster is left out."""
        return {"days": self._days, "peaks": self._peaks, "excess": self._excess}

    def adopt(self, habits: Mapping[str, Any]) -> None:
        """Believe from now on what another tail had learnt."""
        self._days, self._peaks, self._excess = (float(habits[name]) for name in ("days", "peaks", "excess"))

    def _close(self) -> None:
        self._age(self._over_at)
        self._peaks += 1
        self._excess += min(self._top - LINE, self._cap())
        self._top = 0.0

    def _cap(self) -> float:
        return _CAP * (self._PRIOR_EXCESS + self._excess) / (self._PRIOR_PEAKS + self._peaks)

    def _age(self, now: Instant) -> None:
        self._days, self._peaks, self._excess = self._aged(now)
        self._at = max(self._at, now)

    def _aged(self, now: Instant) -> tuple[float, float, float]:
        """Days, peaks and excess as they count at an instant: asking for a ceiling must not change what is kept."""
        passed = now - self._at
        if passed <= 0:
            return self._days, self._peaks, self._excess
        kept = exp(-passed * log(2) / _HALF_LIFE)
        days = self._days * kept + (1 - kept) * _HALF_LIFE / DAY / log(2)
        return days, self._peaks * kept, self._excess * kept
