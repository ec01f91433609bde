"""river's anomaly detectors as a rule may name them: fitted to the past, one-sided, finite and unbounded.

As river gives them, GaussianScorer says 1 on a flat series, stops at 1, and fires on drops as on rises; HalfSpaceTrees
needs inputs in known bounds and stops at 1; OneClassSVM answers in a unit of its own. Here all score 0 at or below what
is usual, and above it in about standard deviations, so that `budget.Tail` means the same for each as for our own.

river is imported when something is fitted, never sooner: that takes 1.5 seconds and 80 MB, and most rules do without.
"""

from collections.abc import Sequence
from math import log2, sqrt
from typing import NamedTuple, Protocol

from buzzwatch.model.signal import Comparator

LEAST_FITTED = 48
"""Samples under which nothing is fitted: a day of half-hours."""

_FEW = 5.0
"""Mentions added to every count, so that a handful is little wherever nothing is usual."""
_CHANCE = 0.5
"""The standard deviation of a square root of a count by chance alone: none is believed to be less."""
_TREES, _HEIGHT = 8, 6
"""Ten times smaller than river's own default of trees and height is in memory, 190 kB."""
_SEED = 1
_NU = 0.1
_TINY = 1e-9


class Sample(NamedTuple):
    """How many there are in a window, and how many against the twelve hours that end with it, usually about 1.

    Both are of square roots of counts: the variance of those is about the same everywhere.
    """

    level: float
    rise: float


class Fitted(Protocol):
    """A comparator that has learnt; it does not change any more."""

    def score(self, sample: Sample) -> float:
        """In about standard deviations above what is usual; 0 at or below it, finite, unbounded above."""


def sample(count: float, day_count: float, part: float) -> Sample:
    """Of a count in a window, that of twelve hours, and which part of what was heard of those the window is."""
    level = sqrt(count + _FEW)
    return Sample(level, level / sqrt(day_count * part + _FEW))


def fit(by: Comparator, samples: Sequence[Sample]) -> Fitted:
    """Let a comparator learn from the past, the oldest sample first; at least `LEAST_FITTED` of them.

    The same samples give the same comparator in every process.
    """
    match by:
        case Comparator.GAUSSIAN:
            return _Gaussian(samples)
        case Comparator.HALF_SPACE_TREES:
            return _Trees(samples)
        case Comparator.ONE_CLASS_SVM:
            return _Svm(samples)


class _Gaussian:
    """How many standard deviations above the mean: what GaussianScorer knows, before it makes 1 of all that is far."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        from river.anomaly import GaussianScorer  # noqa: PLC0415 - see the module

        scorer = GaussianScorer()
        for each in samples:
            scorer.learn_one(None, each.level)
        self.mean = float(scorer.gaussian.mu)
        self._deviation = max(_CHANCE, float(scorer.gaussian.sigma))

    def score(self, sample: Sample) -> float:
        return max(0.0, (sample.level - self.mean) / self._deviation)


class _Trees:
    """How empty HalfSpaceTrees find a place, as bits of its density, in the geometric mean with how far up it is.

    The trees cannot tell far from very far, since all is empty there; the distance cannot tell rare from usual.
    All samples are one window of the trees: they answer by all of the past, and by nothing that they learn later.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        from river.anomaly import HalfSpaceTrees  # noqa: PLC0415 - see the module

        self._height = _Gaussian(samples)
        inputs = [_bounded(each) for each in samples]
        self._trees = HalfSpaceTrees(
            n_trees=_TREES, height=_HEIGHT, window_size=len(inputs), limits=_limits(inputs), seed=_SEED
        )
        for each in inputs:
            self._trees.learn_one(each)

    def score(self, sample: Sample) -> float:
        height = self._height.score(sample)
        if height <= 0:
            return 0.0
        density = max(0.5 ** (_HEIGHT + 1), 1 - self._trees.score_one(_bounded(sample)))
        return sqrt(height * -log2(density))


class _Svm:
    """OneClassSVM's answer, in its own standard deviations above its own mean over the past.

    It is linear, which is why it has no bound; a kernel would have one.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        from river.anomaly import OneClassSVM  # noqa: PLC0415 - see the module

        self._height = _Gaussian(samples)
        self._svm = OneClassSVM(nu=_NU)
        for each in samples:
            self._svm.learn_one(self._scaled(each))
        answers = [self._answer(each) for each in samples]
        self._mean = sum(answers) / len(answers)
        variance = sum((answer - self._mean) ** 2 for answer in answers) / len(answers)
        usual = self._height.mean
        by_chance = self._answer(Sample(usual + _CHANCE, 1 + _CHANCE / usual)) - self._answer(Sample(usual, 1.0))
        self._deviation = max(by_chance, sqrt(variance), _TINY)

    def score(self, sample: Sample) -> float:
        if self._height.score(sample) <= 0:
            return 0.0
        return max(0.0, (self._answer(sample) - self._mean) / self._deviation)

    def _answer(self, sample: Sample) -> float:
        return float(self._svm.score_one(self._scaled(sample)))

    def _scaled(self, sample: Sample) -> dict[str, float]:
        return {"level": sample.level / self._height.mean, "rise": sample.rise}


def _bounded(sample: Sample) -> dict[str, float]:
    """Both parts in 0..1, a rise of 1 in the middle."""
    return {"level": sample.level / (sample.level + 10), "rise": sample.rise / (sample.rise + 1)}


def _limits(inputs: Sequence[dict[str, float]]) -> dict[str, tuple[float, float]]:
    """From the least that was seen to as far above the most, a twentieth at least: room for what never was."""
    limits = {}
    for name in inputs[0]:
        low, high = min(each[name] for each in inputs), max(each[name] for each in inputs)
        limits[name] = (low, min(1.0, high + max(0.05, high - low)))
    return limits
