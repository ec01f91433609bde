"""river's anomaly detectors, wrapped so that they can be compared: one-sided, unbounded, safe on a flat series.

As river gives them, GaussianScorer and StandardAbsoluteDeviation rise as much on a drop as on a burst and divide by
nothing on a flat series, GaussianScorer stops at 1, HalfSpaceTrees needs inputs in 0..1. `step` is as in `rules`.
"""

from math import log, log2

from river.anomaly import GaussianScorer, HalfSpaceTrees, OneClassSVM, StandardAbsoluteDeviation

from rivals import DAY, HOUR, WEEK
from rivals.rules import Trailing

_FEW = 0.5
_ALMOST = 1e-9


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


class Shape:
    """What a learner of many inputs is told: 15 minutes and an hour against a day, a day against a week, in 0..1."""

    def __init__(self) -> None:
        self._quarter, self._hour = Trailing(HOUR // 4), Trailing(HOUR)
        self._day, self._week = Trailing(DAY), Trailing(WEEK)

    def of(self, count: float) -> dict[str, float]:
        """The shape once this count is in."""
        for trailing in (self._quarter, self._hour, self._day, self._week):
            trailing.add(count)
        quarter, hour, day, week = (each.mean * HOUR for each in (self._quarter, self._hour, self._day, self._week))
        return {
            "quarter": (quarter + _FEW) / (quarter + day + 2 * _FEW),
            "hour": (hour + _FEW) / (hour + day + 2 * _FEW),
            "day": (day + _FEW) / (day + week + 2 * _FEW),
        }


class Trees:
    """HalfSpaceTrees on the shape, a new window every day; 0 where the last hour is no more than usual."""

    def __init__(self) -> None:
        self._shape = Shape()
        self._scorer = HalfSpaceTrees(n_trees=10, height=6, window_size=DAY, seed=1)

    def step(self, count: float) -> float:
        """The scorer's, stretched so that it has no upper end."""
        shape = self._shape.of(count)
        score = self._scorer.score_one(shape) if shape["hour"] > 0.5 else 0.0
        self._scorer.learn_one(shape)
        return -log(max(_ALMOST, 1 - score)) + _ALMOST * shape["hour"]


class Svm:
    """OneClassSVM on the logarithms of the shape; 0 where the last hour is no more than usual."""

    def __init__(self) -> None:
        self._shape, self._scorer = Shape(), OneClassSVM(nu=0.1)

    def step(self, count: float) -> float:
        """The distance from the ordinary."""
        shape = {name: 1 + log2(2 * share) for name, share in self._shape.of(count).items()}
        score = self._scorer.score_one(shape) if shape["hour"] > 1 else 0.0
        self._scorer.learn_one(shape)
        return score
