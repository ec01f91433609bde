"""river's anomaly detectors, wrapped so that they can be compared: one-sided, unbounded, safe on a flat series.

As river gives them, GaussianScorer and StandardAbsoluteDeviation rise as much on a drop as on a burst and divide by
nothing on a flat series, GaussianScorer stops at 1, HalfSpaceTrees needs inputs in 0..1. `step` is as in `rules`.
"""

from math import log

from river.anomaly import GaussianScorer, HalfSpaceTrees, OneClassSVM, StandardAbsoluteDeviation

from rivals import DAY, HOUR, WEEK
from rivals.rules import Onset, Trailing

_FEW = 0.5
_ALMOST = 1e-9
_MOST = 1_000.0


class Gaussian:
    """GaussianScorer on the last hour's count, over a week, in standard deviations: its score before it saturates."""

    def __init__(self) -> None:
        self._hour, self._scorer = Trailing(HOUR), GaussianScorer(window_size=WEEK)

    def step(self, count: float) -> float:
        """Deviations over the mean."""
        self._hour.add(count)
        known = self._scorer.gaussian
        score = (self._hour.total - known.mu) / max(_FEW, known.sigma) if known.n_samples > HOUR else 0.0
        self._scorer.learn_one(None, self._hour.total)
        return score


class Absolute:
    """StandardAbsoluteDeviation on the last hour's count, drops and flat series aside."""

    def __init__(self) -> None:
        self._hour, self._scorer = Trailing(HOUR), StandardAbsoluteDeviation()

    def step(self, count: float) -> float:
        """Deviations over the mean."""
        self._hour.add(count)
        rises = self._hour.total > self._scorer.sub_stat.get() and self._scorer.variance.get() > _ALMOST
        score = self._scorer.score_one(None, self._hour.total) if rises else 0.0
        self._scorer.learn_one(None, self._hour.total)
        return score


class Trees:
    """HalfSpaceTrees at onset, on the last quarter of an hour and the last hour against a week, both in 0..1.

    A new window every day; 0 where the last hour is no more than usual. Where its score is at its end, the busier hour
    is the higher.
    """

    def __init__(self) -> None:
        self._quarter, self._hour, self._week = Trailing(HOUR // 4), Trailing(HOUR), Trailing(WEEK)
        self._scorer, self._onset = HalfSpaceTrees(n_trees=10, height=6, window_size=DAY, seed=1), Onset()

    def step(self, count: float) -> float:
        """The scorer's, stretched so that it has no upper end."""
        for trailing in (self._quarter, self._hour, self._week):
            trailing.add(count)
        quarter, hour, usual = (each.mean * HOUR for each in (self._quarter, self._hour, self._week))
        shape = {name: part / (part + 4 * usual + _FEW) for name, part in (("quarter", quarter), ("hour", hour))}
        score = self._scorer.score_one(shape) if hour > usual else 0.0
        self._scorer.learn_one(shape)
        return self._onset.of(-log(max(_ALMOST, 1 - score)) + _ALMOST * shape["hour"])


class Svm:
    """OneClassSVM at onset, on the last hour in standard deviations of a week; 0 where it is no more than usual."""

    def __init__(self) -> None:
        self._hour, self._week = Trailing(HOUR), Trailing(WEEK)
        self._scorer, self._onset = OneClassSVM(nu=0.1), Onset()

    def step(self, count: float) -> float:
        """The distance from the ordinary."""
        self._hour.add(count)
        self._week.add(self._hour.total)
        distance = (self._hour.total - self._week.mean) / self._week.deviation
        told = {"hour": max(-_MOST, min(_MOST, distance))}
        score = self._scorer.score_one(told) if distance > 0 else 0.0
        self._scorer.learn_one(told)
        return self._onset.of(score)
